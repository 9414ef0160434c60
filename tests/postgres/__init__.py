"""The tests that know no store, against a server over PostgreSQL."""
