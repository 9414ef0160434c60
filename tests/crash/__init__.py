"""The crash test: what the server acknowledged must be found after SIGKILL, and nothing may be half there."""
