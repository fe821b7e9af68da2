"""The programs that test_parity.py runs both ways, by what they are about."""

from __future__ import annotations

from tests.practice.parity_programs.drawing import DRAWING
from tests.practice.parity_programs.language import LANGUAGE
from tests.practice.parity_programs.models import MODELS
from tests.practice.parity_programs.sessions import SESSIONS
from tests.practice.parity_programs.state import STATE
from tests.practice.parity_programs.widgets import WIDGETS
from tests.practice.parity_programs.writing import WRITING

__all__ = ["PROGRAMS"]

PROGRAMS = (*DRAWING, *WRITING, *WIDGETS, *STATE, *SESSIONS, *MODELS, *LANGUAGE)
