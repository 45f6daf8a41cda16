"""What changed that nobody asked about: days out of the ordinary, trends, and metrics that move together, without false alarms."""
