"""Histories of concurrent clients: who makes them, and the checker that says whether they are strictly serializable."""
