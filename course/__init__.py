"""What turns a lesson folder into a page."""

import re
from pathlib import Path

__all__ = ["FOLDER", "LESSONS", "ROOT"]

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "lessons"
#: The name of a lesson's folder: its day and its slug.
FOLDER = re.compile(r"day_([0-9]{2,3})_([a-z0-9_]{1,60})")
