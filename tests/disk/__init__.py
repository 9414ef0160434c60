"""The disk under a server fails: what was acknowledged is there, and the server goes on when the disk does."""
