"""A lesson folder, read and drawn."""
