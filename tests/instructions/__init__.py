"""How many instructions the parts of a request take, held by a file of numbers."""
