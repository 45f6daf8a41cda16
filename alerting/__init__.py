"""Tells people what metrics.alerts says: every alert once per cause until it clears, over each channel that is set up."""
