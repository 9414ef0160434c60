"""What requests cost, how that grows, and what an idle server takes: every figure that has a bound."""
