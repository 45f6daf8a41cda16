"""What to do next for an account, and what a way of choosing would have brought."""
