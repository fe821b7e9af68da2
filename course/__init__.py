"""What turns a lesson folder into a page."""

import re
from pathlib import Path

__all__ = ["ASSETS", "FOLDER", "LESSONS", "ROOT", "__version__"]

#: The course's version. pyproject.toml reads it here, since the course runs from its own folder.
__version__ = "0.2.0"
ROOT = Path(__file__).parents[1]
ASSETS = Path(__file__).parent / "assets"
LESSONS = ROOT / "lessons"
#: The name of a lesson's folder: its day and its slug.
FOLDER = re.compile(r"day_([0-9]{2,3})_([a-z0-9_]{1,60})")
