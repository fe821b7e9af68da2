"""The values that a program's conditions looked at, and those in the line that ended it.

A teacher asks a learner what is in ``x`` here; this is how a check knows. A condition's parts are
wrapped in calls that note their values and give them back, so nothing runs twice.
"""

from __future__ import annotations

import ast
import itertools
import linecache
import reprlib

from practice.guest.carried.snowflake_row import Row
from practice.guest.channel import MOST_LINES, PROGRAM

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

#: What the program's own code calls to note a value, and the outcome of a condition.
NOTE_PART, NOTE_TEST = "__note_part__", "__note_test__"
# The host takes no more, and no longer ones.
MOST_CONDITIONS, MOST_VALUES, LONGEST = 40, 3, 60
# What a value may be: to write any other object would run code of the program's.
PLAIN = (str, int, float, bool, type(None), list, tuple, dict, Row)

# What was noted of a condition that is being looked at, by its line; and how each ended last.
_parts: dict[int, dict[str, str]] = {}
_decided: dict[int, tuple[bool, dict[str, str]]] = {}


def watch(tree: ast.Module) -> dict[str, Any]:
    """Let each ``if`` note what it looks at; return what they call to do so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If):
            node.test = _call(NOTE_TEST, node.test, node.lineno, _watched(node.test, node.lineno))
    return {NOTE_PART: _note_part, NOTE_TEST: _note_test}


def decided() -> list[dict[str, Any]]:
    """Return how each condition was decided last, and by which values."""
    return [
        {"line": min(line, MOST_LINES), "held": held, "values": _first(values)}
        for line, (held, values) in itertools.islice(_decided.items(), MOST_CONDITIONS)
    ]


def values_at(trace: TracebackType | None) -> dict[str, str]:
    """Return the values of the names in what the program was doing when it failed."""
    found = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == PROGRAM:
            found = trace
        trace = trace.tb_next
    if found is None:
        return {}
    frame = found.tb_frame
    known = {**frame.f_globals, **frame.f_locals}
    names = (each for each in _names_at(found) if each in known and len(each) <= LONGEST)
    shown = {name: _shown(known[name]) for name in names}
    return _first({name: text for name, text in shown.items() if text})


def _watched(test: ast.expr, line: int) -> ast.expr:
    """Return a condition whose parts note their values."""
    match test:
        case ast.BoolOp():
            test.values = [_watched(each, line) for each in test.values]
        case ast.UnaryOp(op=ast.Not()):
            test.operand = _watched(test.operand, line)
        case ast.Compare():
            test.left = _watched(test.left, line)
            test.comparators = [_watched(each, line) for each in test.comparators]
        case _ if any(isinstance(each, ast.Name) for each in ast.walk(test)):
            return _noted(test, line)
    return test


def _noted(part: ast.expr, line: int) -> ast.expr:
    text = ast.unparse(part)[:LONGEST]
    if isinstance(part, ast.Call):
        part.args = [_noted(e, line) if isinstance(e, ast.Name) else e for e in part.args]
        if isinstance(part.func, ast.Attribute) and isinstance(part.func.value, ast.Name):
            part.func.value = _noted(part.func.value, line)
    return _call(NOTE_PART, part, line, ast.copy_location(ast.Constant(text), part), part)


def _call(name: str, at: ast.expr, line: int, *args: ast.expr) -> ast.expr:
    """Return a call that stands, for tracebacks, where its argument does."""
    call = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(line), *args], [])
    return ast.fix_missing_locations(ast.copy_location(call, at))


def _note_part(line: int, text: str, value: Any) -> Any:
    if shown := _shown(value):
        _parts.setdefault(line, {})[text] = shown
    return value


def _note_test(line: int, value: Any) -> bool:
    held = bool(value)
    _decided[line] = held, _parts.pop(line, {})
    return held


def _first(values: dict[str, str]) -> dict[str, str]:
    return dict(itertools.islice(values.items(), MOST_VALUES))


class _Short(reprlib.Repr):
    """Writes plain values in short, and any other object in them as ``...``."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring = 2, LONGEST
        self.maxlist = self.maxtuple = self.maxdict = 5

    def repr1(self, value: Any, level: int) -> str:
        kind = type(value)
        # Python refuses to write a number of 5,000 digits.
        if kind not in PLAIN or (kind is int and abs(value) >= 10**LONGEST):
            return self.fillvalue
        return repr(value) if kind is Row else super().repr1(value, level)


_short = _Short()


def _shown(value: Any) -> str:
    """Return a plain value as Python writes it, shortened; ``""`` for any other object."""
    text = _short.repr(value)
    if text == _short.fillvalue:
        return ""
    return text if len(text) <= 2 * LONGEST else f"{text[: 2 * LONGEST]}..."


def _names_at(trace: TracebackType) -> list[str]:
    """Return the names in the code that failed, in their order."""
    positions = trace.tb_frame.f_code.co_positions()
    line, end, column, end_column = next(itertools.islice(positions, trace.tb_lasti // 2, None))
    tree = ast.parse("".join(linecache.getlines(PROGRAM)))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.expr | ast.stmt)
            and (node.lineno, node.end_lineno) == (line, end)
            and (node.col_offset, node.end_col_offset) == (column, end_column)
        ):
            names = (each.id for each in ast.walk(node) if isinstance(each, ast.Name))
            return [*dict.fromkeys(names)]
    return []
