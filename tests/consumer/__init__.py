"""A consumer of a stream with several workers, and the checker that says whether it was told everything, once and in order."""
