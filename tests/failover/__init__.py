"""Servers over a database that fails, is replaced by its standby, or is away for a while; servers that are replaced."""
