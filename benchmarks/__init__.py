"""Measurements of what the course promises; `make bench` runs them all.

`python -m benchmarks` prints one table, writes it to docs/performance.md, and ends with 1 if a
budget is broken or could not be measured; `python -m benchmarks NAME ...` runs some and only prints
them. Everything happens on 127.0.0.1, with servers and browsers of its own that end with the
measurement.
"""
