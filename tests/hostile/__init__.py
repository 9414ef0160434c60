"""Slow and hostile clients, and one that behaves, which must not notice."""
