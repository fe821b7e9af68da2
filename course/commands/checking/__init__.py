"""What `python -m course check` looks at."""
