"""Encryption at rest, seen from outside."""
