"""The panel with the hands-on exercises under a lesson."""
