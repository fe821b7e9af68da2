"""The instructor's commands: check, new-day, translated, grade, limits."""
