"""Many clients, one item."""
