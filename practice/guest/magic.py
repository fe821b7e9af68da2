"""Streamlit's magic: a value that stands by itself on a line is written to the page.

The rules are those of streamlit/runtime/scriptrunner/magic.py; ``ast`` is not imported, which would
take 15 ms of every run.
"""

from __future__ import annotations

import _ast

from practice.guest.page import page

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["NAME", "transparent_write", "with_magic"]

#: What the function is called in the program.
NAME = "__streamlitmagic__"
ONLY_AST = 0x400  # ast.PyCF_ONLY_AST
# Kind of statement -> where it has others in it.
BODIES = {
    **dict.fromkeys(("FunctionDef", "AsyncFunctionDef", "With", "AsyncWith"), ("body",)),
    **dict.fromkeys(("For", "While", "AsyncFor", "If"), ("body", "orelse")),
    **dict.fromkeys(("Try", "TryStar"), ("body", "finalbody", "orelse")),
    **dict.fromkeys(("ExceptHandler", "match_case"), ("body",)),
}
WITH_DOCSTRING = ("FunctionDef", "AsyncFunctionDef", "Module")
NOT_SHOWN = _ast.Call | _ast.Yield | _ast.YieldFrom | _ast.Await


def transparent_write(*args: Any) -> Any:
    """Write values and return them."""
    page.write(*args)
    return args[0] if len(args) == 1 else args


def with_magic(source: str, filename: str) -> _ast.Module:
    """Return the program, with a call around each value that stands by itself.

    Raises:
        SyntaxError: it is not Python.
    """
    tree = compile(source, filename, "exec", flags=ONLY_AST, dont_inherit=True)
    _change(tree, "body")
    return tree  # type: ignore[no-any-return]


def _change(parent: Any, body: str) -> None:
    for number, node in enumerate(getattr(parent, body)):
        kind = type(node).__name__
        for inner in BODIES.get(kind, ()):
            _change(node, inner)
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            _change(part, "body")
        if kind == "ClassDef":
            for each in node.body:
                if type(each).__name__ in ("FunctionDef", "AsyncFunctionDef"):
                    _change(each, "body")
        is_first = number == 0 and type(parent).__name__ in WITH_DOCSTRING
        if kind == "Expr" and not (is_first and _is_text(node.value)):
            node.value = _written(node.value)


def _is_text(value: Any) -> bool:
    return isinstance(value, _ast.Constant) and isinstance(value.value, str)


def _written(value: Any) -> Any:
    if isinstance(value, NOT_SHOWN):
        return value
    place = {name: getattr(value, name) for name in value._attributes}
    name = _ast.Name(NAME, _ast.Load(), **place)
    args = value.elts if isinstance(value, _ast.Tuple) else [value]
    return _ast.Call(name, args, [], **place)
