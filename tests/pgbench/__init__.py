"""What Stator over a PostgreSQL reaches, beside what the same statements reach without it."""
