"""The instructor's commands: check, new-day, grade, limits."""
