"""Identity resolution: which source records speak of the same person."""
