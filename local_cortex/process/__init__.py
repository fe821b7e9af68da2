"""Local Cortex in a process of its own, watched and replaced."""
