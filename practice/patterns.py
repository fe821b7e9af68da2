"""Shapes of code: a piece of Python with gaps, looked for in a program.

A pattern is written as Python. ``__`` stands for any expression, ``__str`` for a string and
``__clock`` for a call that reads a clock; ``...`` among the arguments of a call stands for any
further ones, by position or by name, and as a body for any statements. ``except X: ...`` alone is
a handler, also one with ``as``; ``try: ...`` with a ``finally`` may have handlers, and an ``if`` an
``else``; ``def __(): ...`` is any function with any parameters. ::

    Complete(..., stream='True')
    st.write(__)
    except ImportError: ...
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import TypeGuard

from practice.sources import parse_python

# What tells the time.
MODULES = ("", "time.", "datetime.", "datetime.datetime.")
READINGS = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time", "now")
CLOCKS = frozenset(f"{module}{name}()" for module in MODULES for name in READINGS)
# What stands for code of a kind.
GAPS: Mapping[str, Callable[[object], bool]] = {
    "__": lambda found: isinstance(found, ast.expr),
    "__str": lambda found: isinstance(found, ast.Constant) and isinstance(found.value, str),
    "__clock": lambda found: isinstance(found, ast.Call) and ast.unparse(found) in CLOCKS,
}
# Where code is, and what has no meaning for its shape.
IGNORED = {"lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "type_comment", "kind"}


class PatternError(ValueError):
    """A pattern is not Python, or not one statement or handler."""


def parse_program(code: str) -> ast.Module:
    """Parse a learner's program, without running any of it.

    A name that ``from ... import ... as`` gives becomes the name that it has where it comes from,
    and one that is only called what it stands for: after ``clock = time.time``, ``clock()`` is
    ``time.time()``.

    Raises:
        SyntaxError: it is no Python, or too deeply nested for its parser.
    """
    program = parse_python(code)
    names = {
        alias.asname: alias.name
        for node in ast.walk(program)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    for node in ast.walk(program) if names else ():
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return _spelt_out(program)


def _spelt_out(program: ast.Module) -> ast.Module:
    """Write out names that are given a function once, and are only called after that."""
    nodes = [*ast.walk(program)]
    imports = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    known = {each.asname or each.name.partition(".")[0] for one in imports for each in one.names}
    names = Counter(
        node.id if isinstance(node, ast.Name) else node.arg
        for node in nodes
        if isinstance(node, ast.Name | ast.arg)
    )
    calls = [
        each for each in nodes if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
    ]
    called = Counter(_root(call.func) for call in calls)
    meant: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if _root(node.value) in known and names[name] == called[name] + 1 > 1:
                meant[name] = node.value
                node.targets, node.value = [ast.Name("_", ast.Store())], ast.Constant(None)
                ast.fix_missing_locations(node)
    for call in calls:
        call.func = deepcopy(meant.get(_root(call.func), call.func))
    return program


def _root(node: ast.expr) -> str:
    """Return the first name of a dotted one, or ``""``; such a name has four parts at most."""
    for _ in range(3):
        node = node.value if isinstance(node, ast.Attribute) else node
    return node.id if isinstance(node, ast.Name) else ""


@cache
def parse_pattern(pattern: str) -> ast.AST:
    """Parse a pattern.

    Raises:
        PatternError: see there.
    """
    handler = pattern.lstrip().startswith("except")
    try:
        source = f"try: ...\n{pattern.strip()}" if handler else pattern.strip()
        body = parse_python(source).body
    except SyntaxError as error:
        raise PatternError(f"`{pattern}` is not Python: {error.msg}") from error
    if len(body) != 1:
        raise PatternError(f"`{pattern}` is not one statement")
    node = body[0]
    if handler and isinstance(node, ast.Try):
        return node.handlers[0]
    return node.value if isinstance(node, ast.Expr) else node


def find(pattern: str, program: ast.Module) -> list[int]:
    """Return the lines at which the pattern occurs in the program, in their order."""
    wanted, kinds = parse_pattern(pattern), (ast.expr, ast.stmt, ast.excepthandler)
    nodes = (node for node in ast.walk(program) if isinstance(node, kinds))
    return sorted({node.lineno for node in nodes if _same(wanted, node)})


def lines_inside(name: str, program: ast.Module) -> set[int]:
    """Return the lines of the functions of this name."""
    functions = (node for node in ast.walk(program) if isinstance(node, ast.FunctionDef))
    return {
        line
        for each in functions
        if each.name == name
        for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)
    }


def uses_all(name: str, program: ast.Module) -> bool:
    """Tell whether the functions of this name read each of their parameters."""
    functions = (node for node in ast.walk(program) if isinstance(node, ast.FunctionDef))
    return all(
        {each.arg for each in function.args.args}
        <= {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        for function in functions
        if function.name == name
    )


def caught(name: str, program: ast.Module) -> list[int]:
    """Return the lines of the ``except`` and ``suppress`` that name an exception among others."""
    handlers = (node for node in ast.walk(program) if isinstance(node, ast.ExceptHandler))
    lines = [node.lineno for node in handlers if name in caught_by(node, program)]
    return lines + [call.lineno for call in _suppressing(program) if name in _named(call.args)]


def _suppressing(node: ast.AST) -> Iterator[ast.Call]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and ast.unparse(each.func).endswith("suppress"):
            yield each


def missed(lines: Sequence[int], program: ast.Module) -> list[int]:
    """Return where an error that came from these lines got past what names other exceptions."""
    found = []
    for node in ast.walk(program):
        if isinstance(node, ast.Try) and node.handlers:
            again = any(isinstance(each, ast.Raise) for each in _inside(node.handlers))
            at = 0 if again else node.handlers[0].lineno
        elif isinstance(node, ast.With):
            at = next((call.lineno for item in node.items for call in _suppressing(item)), 0)
        else:
            continue
        first, last = node.body[0].lineno, node.body[-1].end_lineno or 0
        found += [at] if at and any(first <= line <= last for line in lines) else []
    return found


def _inside(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    return (each for node in nodes for each in ast.walk(node))


def caught_by(handler: ast.ExceptHandler, program: ast.Module) -> list[str]:
    """Return the names of the exceptions that an ``except`` catches."""
    node = handler.type
    if isinstance(node, ast.Name | ast.Attribute):
        # A variable that holds the exceptions, as in `except BROKEN:` or `except self.broken:`.
        (name,) = _named([node])
        given = (each.value for each in ast.walk(program) if _assigns(each, name))
        node = next(given, node)
    return _named(node.elts if isinstance(node, ast.Tuple) else [node] if node else [])


def _named(exceptions: Iterable[ast.expr]) -> list[str]:
    return [ast.unparse(each).rpartition(".")[2] for each in exceptions]


def _assigns(node: ast.AST, name: str) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and _named(node.targets) == [name]


def _same(wanted: object, found: object) -> bool:
    if isinstance(wanted, ast.Name) and wanted.id in GAPS:
        return GAPS[wanted.id](found)
    if isinstance(wanted, ast.Call) and isinstance(found, ast.Call):
        return _same(wanted.func, found.func) and _same_arguments(wanted, found)
    if isinstance(wanted, ast.FunctionDef) and isinstance(found, ast.FunctionDef):
        return wanted.name in ("__", found.name) and _same_body(wanted.body, found.body)
    if isinstance(wanted, ast.ExceptHandler) and isinstance(found, ast.ExceptHandler):
        named = wanted.name in (None, found.name)
        return named and _same(wanted.type, found.type) and _same_body(wanted.body, found.body)
    if isinstance(wanted, list) and isinstance(found, list):
        return _same_body(wanted, found)
    if isinstance(wanted, ast.AST):
        more = _may_follow(wanted, found)
        return type(wanted) is type(found) and all(
            _same(getattr(wanted, name, None), getattr(found, name, None))
            for name in wanted._fields
            if name not in IGNORED | more
        )
    # True == 1, but they are not the same to write.
    return type(wanted) is type(found) and wanted == found


def _may_follow(wanted: ast.AST, found: object) -> set[str]:
    """Return what code may have that its shape leaves out."""
    match wanted:
        case ast.If(orelse=[]):
            return {"orelse"}
        case ast.Try(handlers=[]) if getattr(found, "finalbody", None):
            return {"handlers", "orelse"}
        case ast.Raise(cause=None):
            return {"cause"}
    return set()


def _same_arguments(wanted: ast.Call, found: ast.Call) -> bool:
    positional = [each for each in wanted.args if not _is_gap(each)]
    more = len(positional) < len(wanted.args)
    named = {each.arg: each.value for each in found.keywords}
    for each in wanted.keywords:
        if each.arg not in named or not _same(each.value, named.pop(each.arg)):
            return False
    if len(positional) > len(found.args) or not all(map(_same, positional, found.args)):
        return False
    return more or (len(found.args) == len(positional) and not named)


def _same_body(wanted: Sequence[object], found: Sequence[object]) -> bool:
    if len(wanted) == 1 and isinstance(wanted[0], ast.Expr) and _is_gap(wanted[0].value):
        return True
    return len(wanted) == len(found) and all(map(_same, wanted, found))


def _is_gap(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
