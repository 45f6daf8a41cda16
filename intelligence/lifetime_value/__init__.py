"""What customers are going to buy: how often, whether they are still there, and for how much."""
