"""What runs beside a learner's program inside the sandbox, on CPython 3.12 for WASI.

These modules are compiled in the sandbox once, sent into it with each program, and imported there
under the names of what they stand in for; outside it, only tests import them. They may use the
standard library and each other.
"""
