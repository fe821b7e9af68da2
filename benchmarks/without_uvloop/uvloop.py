"""Hides the course's uvloop from the pages that ours are compared with."""

raise ModuleNotFoundError("uvloop is not what this page installs")
