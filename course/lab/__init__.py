"""The stream lab: ways of streaming side by side, broken on purpose, and what they and a chat cost.

Its figures are measured on the streams of the page; none is written down.
"""

from course.lab.views import draw

__all__ = ["draw"]
