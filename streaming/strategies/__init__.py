"""Ways to get an answer as a series of deltas, behind one interface; a new one is one file."""
