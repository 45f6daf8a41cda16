"""The command `customer-analytics`."""
