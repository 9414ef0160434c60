"""Ten times the load that the server can serve: what it answers, what it refuses, what it holds, and when it is well again."""
