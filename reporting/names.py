"""The reports there are. This module reads nothing, so that settings may ask it without all that makes a report."""

#: How often each is meant to be made. The function of this name in the module of this name makes it.
EVERY = {"at_risk_accounts": "day", "health_changes": "week", "retention": "month"}
