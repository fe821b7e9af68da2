"""Measurements of what the course promises; `make bench` runs them all.

`python -m benchmarks` prints one table, and ends with 1 if a budget is broken or could not be
measured; `python -m benchmarks NAME ...` runs some. Everything happens on 127.0.0.1, with servers
and browsers of its own that end with the measurement.
"""
