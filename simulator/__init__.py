"""A simulated software company: exports as a real one writes them, with the truth kept beside them."""
