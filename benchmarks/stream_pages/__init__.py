"""Pages that show the same answer at the same pace, each in its own way."""
