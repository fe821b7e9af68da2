"""A program, what it did, and what was asked of it: what a rule for a mistake looks at.

A rule returns what it found only where that is certain: its text in ``mistakes.toml`` must be true
of every program that it fits.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeVar

from practice.conditions import Condition
from practice.evidence import Evidence
from practice.exercises import Exercise
from practice.patterns import parse_program
from practice.slips import Found

Rule = Callable[["Trial"], Found | None]
Node = TypeVar("Node", bound=ast.AST)
HOLDERS = (ast.If, ast.Try, ast.ExceptHandler, ast.For, ast.While, ast.FunctionDef)
# How similar two names have to be, from 0 to 1. SURE is for Python's own names: nearly every word
# looks like one of them, misspelt.
SIMILAR, SURE = 0.7, 0.85
# Shorter texts are found in others by chance.
TELLING = 4
# A function's name and the opening bracket after it, in SQL.
SQL_CALL = re.compile(r"([A-Z_][A-Z_.]*)\s*\(")


@dataclass
class Trial:
    """A program in one scene, and what is asked of it there; ``wanted`` is ``None`` if it ended."""

    program: ast.Module
    evidence: Evidence
    exercise: Exercise
    wanted: Condition | None = None
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.program):
            self.parents.update(dict.fromkeys(ast.iter_child_nodes(node), node))

    def each(self, kind: type[Node]) -> Iterator[Node]:
        """Yield the program's nodes of a kind."""
        return (node for node in self.parents if isinstance(node, kind))

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node stands in, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    @property
    def line(self) -> int:
        """The line of the error, or 0."""
        error = self.evidence.error
        return error.lines[-1] if error and error.lines else 0

    @property
    def said(self) -> str:
        """The error, as ``NameError: name 'x' is not defined``."""
        error = self.evidence.error
        return f"{error.type}: {error.message}" if error else ""

    @cached_property
    def bound(self) -> dict[str, list[ast.AST]]:
        """What gives each name a value."""
        found: dict[str, list[ast.AST]] = {}
        for node in self.parents:
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                    found.setdefault(name, []).append(node)
                case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                    found.setdefault(name, []).append(node)
                case ast.alias():
                    name = (node.asname or node.name).partition(".")[0]
                    found.setdefault(name, []).append(node)
        return found

    @cached_property
    def imports(self) -> dict[str, str]:
        """The names that the exercise's own programs import, and where from."""
        return _imports(self.exercise.starter) | _imports(self.exercise.solution)

    @cached_property
    def sql_functions(self) -> list[str]:
        """The SQL functions that the exercise's solution calls."""
        sql = (text_of(each).upper() for each in ast.walk(parse_program(self.exercise.solution)))
        return [name for text in sql if "SELECT" in text for name in SQL_CALL.findall(text)]

    @cached_property
    def called(self) -> set[str]:
        """What the program calls, as it is written."""
        return {ast.unparse(call.func) for call in self.each(ast.Call)}

    def function(self, node: ast.AST) -> ast.FunctionDef | None:
        """Return the function that a node stands in."""
        return next((each for each in self.above(node) if isinstance(each, ast.FunctionDef)), None)


def is_generator(function: ast.FunctionDef) -> bool:
    """Whether a function has a ``yield`` of its own, and not only in a function inside it."""
    nodes: list[ast.AST] = [*function.body]
    for node in nodes:
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            nodes += ast.iter_child_nodes(node)
    return False


def text_of(node: ast.AST) -> str:
    """Return the text of a string in a program; ``""`` for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@lru_cache(maxsize=64)
def _imports(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(parse_program(code)):
        if isinstance(node, ast.ImportFrom):
            found |= {each.asname or each.name: node.module or "" for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {each.asname or each.name: each.name for each in node.names}
    return found


def first_of(rules: dict[str, Rule], trial: Trial) -> Found | None:
    """Return the first mistake of a table that is found."""
    return next((found for rule in rules.values() if (found := rule(trial))), None)


def similar(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like one, or ``""``."""
    others = {each.lower(): each for each in known if each != name}
    close = difflib.get_close_matches(name.lower(), others, 1, SIMILAR)
    return others[close[0]] if close else ""


def given_to(function: ast.FunctionDef, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Yield which of a function's parameters a call gives which value."""
    if ast.unparse(call.func) == function.name:
        names = [each.arg for each in function.args.args]
        yield from zip(names, call.args, strict=False)
        yield from ((each.arg, each.value) for each in call.keywords if each.arg)


def targets(node: ast.Assign) -> set[str]:
    return {each.id for each in node.targets if isinstance(each, ast.Name)}


def blocks(holder: ast.AST) -> list[list[ast.stmt]]:
    """Return the blocks of statements that code holds."""
    found = [getattr(holder, each, []) for each in ("body", "orelse", "finalbody")]
    return [each for each in found if isinstance(each, list)]


def in_loop(trial: Trial, node: ast.AST) -> bool:
    """Whether a loop runs this."""
    return any(isinstance(each, ast.For | ast.While) for each in trial.above(node))
