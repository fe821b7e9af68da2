"""The mistakes that beginners make in any exercise, as a table of rules.

A rule looks at a program and at what it did, and returns what it found only where that is certain:
its text in ``mistakes.toml`` must be true of every program that it fits. An exercise's own
mistakes, in ``exercise.toml``, are asked before those of ``SIGHTS``.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeVar

from practice.conditions import Condition, parameters
from practice.evidence import Evidence
from practice.exercises import Exercise
from practice.patterns import parse_program
from practice.sandbox.signatures import ELEMENTS
from practice.slips import Found

__all__ = ["CATCHES", "ERRORS", "INPUTS", "SIGHTS", "SLIPS", "Trial", "first_of", "outside_if"]

Rule = Callable[["Trial"], Found | None]
Node = TypeVar("Node", bound=ast.AST)
# Methods that do nothing, and are worth nothing, unless they are called.
METHODS = frozenset(
    {name for name in (*dir(str), *dir(list)) if not name.startswith("_")} - {"index", "count"}
    | {"collect", "create", "configs", "close", "sleep"}
)
#: What a page is asked for; anything else that it draws shows something.
INPUTS = (
    *("button", "selectbox", "text_input", "text_area", "radio", "spinner", "checkbox"),
    "chat_input",
)
HOLDERS = (ast.If, ast.Try, ast.ExceptHandler, ast.For, ast.While, ast.FunctionDef)
# What a value can be kept in, beside a name.
INSIDE = (ast.Subscript, ast.Attribute)
# What is for a button to start.
ASKING = ("Complete", "session.sql", "st.write_stream")
# What is run wherever the page is: no branch, no loop, no function.
STRAIGHT = (
    *(ast.Module, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.With, ast.withitem),
    *(ast.Call, ast.keyword, ast.Attribute, ast.Subscript, ast.BinOp, ast.JoinedStr),
    *(ast.FormattedValue, ast.List, ast.Tuple, ast.Starred),
)
# Shorter texts are found in others by chance.
TELLING = 4
# A pause that is long enough to be what ended a program.
LONG_PAUSE = 0.2
# How similar two names are, from 0 to 1. Python has so many names that one often comes close.
SIMILAR, SURE = 0.7, 0.85
# A name of so few characters is like many.
SHORT = 2
# A function's name and the opening bracket after it, in SQL.
SQL_CALL = re.compile(r"([A-Z_][A-Z_.]*)\s*\(")
# Python's and Streamlit's own guess. Nobody means a special method: ``__ne__`` for ``__name__``.
MEANT = r"Did you mean:? (?:'|st\.)(?!_)(\w+)"
# What programs call the exception that they caught.
CAUGHT = ("e", "err", "error", "ex", "exc", "exception")
# What gives a new value and leaves the old as it is.
PURE = ("strip", "lstrip", "rstrip", "replace", "lower", "upper", "split", "join", "format")
# What Python says of a value of the wrong kind, and what it means.
TYPES = (
    (r"TypeError: can only concatenate str \(not \"(?P<other>\w+)\"\)", "no_text_to_add"),
    (r"TypeError: can only concatenate list \(not \"(?P<other>\w+)\"\)", "no_list_to_add"),
    (r"TypeError: '(?P<other>\w+)' object is not callable", "not_a_function"),
    (r"TypeError: .*'?generator'? (object is not subscriptable|has no len)", "generator_whole"),
    (r"TypeError: list indices must be integers or slices, not (str|tuple)", "name_of_list"),
    (r"TypeError: string indices must be integers", "text_index"),
    (r"TypeError: '(?P<other>\w+)' object cannot be interpreted as an integer", "number_needed"),
    (r"TypeError: sequence item \d+: expected str instance, (?P<other>\w+) found", "join_types"),
    (r"TypeError: exceptions must derive from BaseException", "raised_no_exception"),
    (r"TypeError: catching classes that do not inherit", "no_exception"),
    (r"TypeError: type '(?P<name>\w+)' is not subscriptable", "square_brackets"),
    (r"TypeError: .*NoneType", "none_used"),
    (r"TypeError: the JSON object must be str, .* not (?P<other>\w+)", "json_type"),
    (r"TypeError: 'int' object is not iterable", "number_iterated"),
    (r"TypeError: '(?P<other>\w+)' object is not iterable", "not_iterable"),
    (r"TypeError: '(?P<other>\w+)' object does not support the context manager", "no_with"),
    (r"IndexError: \w+ index out of range", "index"),
    (r"KeyError: '?(?P<name>[^']+)'?$", "key"),
    (r"SyntaxError: '(?P<name>return|yield|await)' outside function", "outside_function"),
    (r"SyntaxError: keyword argument repeated: (?P<name>\w+)", "argument_twice"),
)


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
        sql = (_text_of(each).upper() for each in ast.walk(parse_program(self.exercise.solution)))
        return [name for text in sql if "SELECT" in text for name in SQL_CALL.findall(text)]

    @cached_property
    def called(self) -> set[str]:
        """What the program calls, as it is written."""
        return {ast.unparse(call.func) for call in self.each(ast.Call)}

    def function(self, node: ast.AST) -> ast.FunctionDef | None:
        """Return the function that a node stands in."""
        return next((each for each in self.above(node) if isinstance(each, ast.FunctionDef)), None)


def _text_of(node: ast.AST) -> str:
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


# ---- What has no effect, wherever it stands ----


def not_called(trial: Trial) -> Found | None:
    """A method or a function of ``st`` that is named, where only calling it would do anything."""
    for node in trial.each(ast.Attribute):
        parent = trial.parents[node]
        drawn = isinstance(node.value, ast.Name) and node.value.id == "st" and node.attr in ELEMENTS
        if not isinstance(node.ctx, ast.Load) or not (drawn or node.attr in METHODS):
            continue
        alone = isinstance(parent, ast.Expr)
        used = isinstance(
            parent,
            ast.UnaryOp | ast.BoolOp | ast.Compare | ast.If | ast.Subscript | ast.FormattedValue,
        )
        kept = isinstance(parent, ast.Assign) and not trial.called & {
            ast.unparse(each) for each in parent.targets
        }
        if alone or (not drawn and (used or kept)):
            plain = isinstance(node.value, ast.Name)
            return (
                "not_called",
                node.lineno,
                {"name": f"{ast.unparse(node) if plain else node.attr}"},
            )
    return None


def function_kept(trial: Trial) -> Found | None:
    """A function that a variable is given, where its result was meant: nobody calls it later."""
    for node in trial.each(ast.Assign):
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        places = trial.bound.get(name, [])
        # Classes are kept under another name for good reasons.
        function = name == "Complete" or name[:1].islower()
        known = function and all(isinstance(each, ast.alias | ast.FunctionDef) for each in places)
        if places and known and not trial.called & _targets(node):
            return "not_called", node.lineno, {"name": name}
    return None


def lost(trial: Trial) -> Found | None:
    """A call that only makes a value, and a value that nobody keeps."""
    makers = {each.name for each in trial.each(ast.FunctionDef) if _only_makes(each)}
    for node in trial.each(ast.Expr):
        if isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func).rpartition(".")[2]
            method = isinstance(node.value.func, ast.Attribute)
            if name in (PURE if method else makers):
                return "lost", node.lineno, {"name": name}
    return None


def _only_makes(function: ast.FunctionDef) -> bool:
    """Whether a function gives something and draws nothing."""
    inside = [*ast.walk(function)]
    gives = any(isinstance(each, ast.Yield | ast.Return) and each.value for each in inside)
    return gives and not any(isinstance(each, ast.Name) and each.id == "st" for each in inside)


def unkept(trial: Trial) -> Found | None:
    """A value in the session state that an exercise can't hand on to its next run.

    A stream is one as well, but its text was to be kept: an exercise says that itself.
    """
    for name in () if _keeps_a_stream(trial) else trial.evidence.lost:
        used = [each.lineno for each in trial.each(ast.Constant) if each.value == name]
        used += [each.lineno for each in trial.each(ast.Attribute) if each.attr == name]
        if used:
            return "unkept", min(used), {"name": name}
    return None


def _keeps_a_stream(trial: Trial) -> bool:
    kept = [each.value for each in trial.each(ast.Assign) if isinstance(each.targets[0], INSIDE)]
    kept += [value for each in trial.each(ast.Dict) for value in each.values]
    kept += [value for each in trial.each(ast.List) for value in each.elts]
    names = {each.id for each in kept if isinstance(each, ast.Name)}
    return any(
        isinstance(each.value, ast.Call)
        and ast.unparse(each.value.func) == "Complete"
        and names.intersection(map(ast.unparse, each.targets))
        for each in trial.each(ast.Assign)
    )


def compared(trial: Trial) -> Found | None:
    """A comparison whose result nobody uses."""
    for node in trial.each(ast.Expr):
        if isinstance(node.value, ast.Compare) and isinstance(node.value.ops[0], ast.Eq):
            return "compared", node.lineno, {"name": ast.unparse(node.value.left)}
    return None


def overwritten(trial: Trial) -> Found | None:
    """A function of ``st`` that is given a value."""
    for node in trial.each(ast.Attribute):
        name = ast.unparse(node)
        if isinstance(node.ctx, ast.Store) and name.removeprefix("st.") in ELEMENTS:
            return "overwritten", node.lineno, {"name": name}
    return None


def f_missing(trial: Trial) -> Found | None:
    """A text that shows the name of a variable in braces."""
    # Looked for once: a program may show very much.
    shown = {each for text in trial.evidence.texts for each in re.findall(r"\{[^{}]+\}", text)}
    for node in trial.each(ast.Constant):
        if not isinstance(node.value, str) or isinstance(trial.parents[node], ast.JoinedStr):
            continue
        for inner in re.findall(r"\{([^{}]+)\}", node.value):
            names = re.findall(r"^[A-Za-z_]\w*|(?<=\()[A-Za-z_]\w*", inner)
            known = bool(names) and any(name in trial.bound for name in names)
            if known and f"{{{inner}}}" in shown:
                return "f_missing", node.lineno, {"name": f"{{{inner}}}"}
    return None


def own_copy(trial: Trial) -> Found | None:
    """A function that collects into a variable of its own, where the one outside stays empty."""
    for function in trial.each(ast.FunctionDef):
        shared = {name for node in ast.walk(function) for name in getattr(node, "names", ())}
        parameters = {each.arg for each in function.args.args}
        for node in ast.walk(function):
            if not isinstance(node, ast.Assign) or not _is_empty(node.value):
                continue
            for name in _targets(node) - shared:
                named = {"name": name, "other": function.name}
                if name in parameters and node in function.body:
                    return "parameter_replaced", node.lineno, named
                if name not in parameters and _stays_empty(trial, name, function):
                    return "own_copy", node.lineno, named
    return None


def _is_empty(value: ast.expr) -> bool:
    return ast.unparse(value) in ("''", "[]", "list()", "str()")


def _stays_empty(trial: Trial, name: str, function: ast.FunctionDef) -> bool:
    """Whether all that the page itself does to a variable is to empty it, and to look at it."""
    inside = {id(node) for node in ast.walk(function)}
    outside = [node for node in trial.each(ast.Name) if node.id == name and id(node) not in inside]
    parents = [trial.parents[node] for node in outside]
    gives = (ast.Return, ast.Yield)
    given = [node.value for node in ast.walk(function) if isinstance(node, gives)]
    return (
        any(isinstance(each, ast.Assign) for each in parents)
        and all(not isinstance(each, ast.Assign) or _is_empty(each.value) for each in parents)
        and not any(isinstance(each, ast.Attribute | ast.AugAssign) for each in parents)
        and not any(value is not None and name in ast.unparse(value) for value in given)
    )


def swapped(trial: Trial) -> Found | None:
    """Two arguments in each other's place, as their names tell."""
    parameters = {
        each.name: [arg.arg for arg in each.args.args] for each in trial.each(ast.FunctionDef)
    }
    for call in trial.each(ast.Call):
        wanted = parameters.get(ast.unparse(call.func), [])
        given = [each.id if isinstance(each, ast.Name) else "" for each in call.args]
        for (one, first), (two, second) in itertools.combinations(
            zip(given, wanted, strict=False), 2
        ):
            if one != two and (one, two) == (second, first):
                named = {"name": ast.unparse(call.func), "other": ", ".join(wanted)}
                return "swapped", call.lineno, named
    return None


def always_true(trial: Trial) -> Found | None:
    """A condition with a bare value after ``or``: a comparison does not go on behind it."""
    for node in trial.each(ast.BoolOp):
        holder = trial.parents[node]
        if not isinstance(holder, ast.If | ast.While) or not isinstance(node.op, ast.Or):
            continue
        first, *others = node.values
        bare = next((each for each in others if isinstance(each, ast.Constant)), None)
        if isinstance(first, ast.Compare) and bare is not None and bare.value:
            return "always_true", node.lineno, {"name": ast.unparse(bare)}
    return None


def read_early(trial: Trial) -> Found | None:
    """A look into what a generator fills, before ``st.write_stream`` has run the generator."""
    fillers = {each.name: _filled(each) for each in trial.each(ast.FunctionDef)}
    for call in trial.each(ast.Call):
        shown = [ast.unparse(each.func) for each in trial.above(call) if isinstance(each, ast.Call)]
        if "st.write_stream" not in shown:
            continue
        given = zip(call.args, fillers.get(ast.unparse(call.func), ()), strict=False)
        names = {each.id for each, filled in given if filled and isinstance(each, ast.Name)}
        for node in trial.each(ast.Subscript):
            name = ast.unparse(node.value)
            reads = isinstance(node.ctx, ast.Load) and name in names and not trial.function(node)
            if reads and node.lineno < call.lineno and not _in_loop(trial, call):
                return "read_early", node.lineno, {"name": name, "other": str(call.lineno)}
    return None


def _filled(function: ast.FunctionDef) -> list[bool]:
    """Return for each parameter whether the function puts something into it."""
    nodes = [*ast.walk(function)]
    filled = {
        ast.unparse(each.value)
        for each in nodes
        if (isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store))
        or (isinstance(each, ast.Attribute) and each.attr in ("append", "extend", "update"))
    }
    return [each.arg in filled for each in function.args.args]


def _in_loop(trial: Trial, node: ast.AST) -> bool:
    return any(isinstance(each, ast.For | ast.While) for each in trial.above(node))


def except_or(trial: Trial) -> Found | None:
    """Exceptions that `or` or `and` joins: only one of them is caught."""
    for handler in trial.each(ast.ExceptHandler):
        if isinstance(handler.type, ast.BoolOp):
            return "except_or", handler.lineno, {}
    return None


def exception_made(trial: Trial) -> Found | None:
    """An exception that is made after `except`, which only names what it catches."""
    for handler in trial.each(ast.ExceptHandler):
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for each in types:
            name = ast.unparse(each.func) if isinstance(each, ast.Call) else ""
            if name.rpartition(".")[2][:1].isupper():
                return "exception_made", handler.lineno, {"name": name}
    return None


# ---- What ended the program ----


def undefined(trial: Trial) -> Found | None:
    """A name without a value: why it has none, as far as the program shows it."""
    found = re.match(r"NameError: name '(\w+)' is not defined", trial.said)
    if not found:
        return _local(trial)
    name, line = found[1], trial.line
    if name.title() in ("True", "False", "None"):
        return "capital", line, {"name": name, "other": name.title()}
    if places := trial.bound.get(name):
        return _without_value(trial, name, places)
    return _unknown(trial, name)


def _unknown(trial: Trial, name: str) -> Found:
    line, named = trial.line, {"name": name}
    if name.upper() in trial.sql_functions:
        return "sql_in_python", line, named
    if name.lower() == "ai_complete" and "Complete" in trial.imports:
        return "other_function", line, named | {"other": "Complete"}
    if _is_compared_argument(trial, name):
        return "equals_in_call", line, {}
    if found := _module(trial, name) or _caught(trial, name):
        return found
    known = name in ("time", "json", "random") or "Did you forget to import" in trial.said
    if module := trial.imports.get(name, name if known else ""):
        said = f"import {module}" if name == module else f"from {module} import {name}"
        said = "import streamlit as st" if name == "st" else said
        return "import_missing", line, named | {"other": said}
    if name in ELEMENTS and name in trial.called:
        return "st_missing", line, named
    if name == "sleep" and "time" in trial.imports:
        return "module_missing", line, named | {"other": "time.sleep"}
    close = difflib.get_close_matches(name, dir(builtins), 1, SURE)
    if len(name) > SHORT and (other := similar(name, trial.bound) or "".join(close)):
        return "misspelt", line, named | {"other": other}
    return "undefined", line, named


def _is_compared_argument(trial: Trial, name: str) -> bool:
    """Whether this is the name of an argument, with `==` between it and its value."""
    for node in trial.each(ast.Compare):
        call = trial.parents[node]
        left = isinstance(node.left, ast.Name) and node.left.id == name
        if left and isinstance(node.ops[0], ast.Eq) and isinstance(call, ast.Call):
            return node in call.args and name in parameters(ast.unparse(call.func))
    return False


def _module(trial: Trial, name: str) -> Found | None:
    """A module that the program uses and knows under another name, or not as a whole."""
    used = next(
        (each for each in trial.each(ast.Attribute) if ast.unparse(each.value) == name), None
    )
    if used is None:
        return None
    for alias, module in trial.imports.items():
        if module == name and alias in trial.bound:
            return "imported_as", trial.line, {"name": name, "other": alias}
        if alias == used.attr and module.partition(".")[0] == name and alias in trial.bound:
            return "name_alone", trial.line, {"name": alias, "other": name}
    return None


def _caught(trial: Trial, name: str) -> Found | None:
    """A caught exception, where the ``except`` has no ``as``."""
    for handler in trial.each(ast.ExceptHandler) if name in CAUGHT else ():
        inside = handler.lineno < trial.line <= (handler.end_lineno or 0)
        if inside and handler.name is None:
            return "as_missing", trial.line, {"name": name, "other": str(handler.lineno)}
    return None


def _local(trial: Trial) -> Found | None:
    found = re.match(r"UnboundLocalError: \D*'(\w+)'", trial.said)
    if not found:
        return None
    name, line = found[1], trial.line
    inside = [trial.function(node) for node in trial.bound.get(name, ())]
    if None in inside:
        return "own_variable", line, {"name": name}
    return "no_value_yet", line, {"name": name}


def _without_value(trial: Trial, name: str, places: list[ast.AST]) -> Found:
    inside = [trial.function(node) for node in places]
    first = min(places, key=lambda node: getattr(node, "lineno", 0))
    named = {"name": name, "other": str(getattr(first, "lineno", 0))}
    if all(inside) and inside[0] is not None and not isinstance(first, ast.FunctionDef):
        return "only_inside", trial.line, named | {"other": inside[0].name}
    if getattr(first, "lineno", 0) > trial.line:
        return "too_early", trial.line, named
    holder = next((each for each in trial.above(first) if isinstance(each, HOLDERS)), None)
    if holder is None:
        return "no_value_yet", trial.line, named
    return "skipped_value", trial.line, named | {"where": str(getattr(holder, "lineno", 0))}


def attribute(trial: Trial) -> Found | None:
    """A name behind a dot that there is not."""
    line = trial.line
    if found := re.match(r"AttributeError: module '([\w.]+)' has no attribute '(\w+)'", trial.said):
        return _not_in_module(trial, *found.groups())
    found = re.match(r"AttributeError: '?(\w+)'? object has no attribute '?(\w+)'?", trial.said)
    if not found:
        return None
    owner, name = found.groups()
    named = {"name": name, "other": owner}
    if (owner, name) == ("str", "read") and "json.load" in trial.called:
        return "json_load", line, {}
    if owner == "function" and (kept := function_kept(trial)):
        return kept
    if owner in ("method", "builtin_function_or_method"):
        return not_called(trial) or ("brackets_before", line, named)
    if owner == "NoneType":
        return "none_used", line, named
    meant = re.search(MEANT, trial.said)
    kind = getattr(builtins, owner, None)
    known = [each for each in dir(kind) if not each.startswith("_")] if kind else []
    if other := meant[1] if meant else similar(name, known):
        return "misspelt_method", line, {"name": name, "where": owner, "other": other}
    if owner == "dict":
        return "dict_dot", line, named
    return "no_such_method", line, named


def _not_in_module(trial: Trial, module: str, name: str) -> Found:
    streamlit = module == "streamlit"
    short = "st" if streamlit else module
    named = {"name": f"{short}.{name}", "where": "Streamlit" if streamlit else f"`{module}`"}
    meant = re.search(MEANT, trial.said)
    if other := meant[1] if meant else similar(name, ELEMENTS if streamlit else ()):
        return "misspelt_in_module", trial.line, named | {"other": f"{short}.{other}"}
    return "no_such_in_module", trial.line, named


def called_wrongly(trial: Trial) -> Found | None:
    """A call with other arguments than the function takes."""
    line, said = trial.line, trial.said
    if found := re.match(
        r"TypeError: ([\w.]+)\(\) missing \d+ required [\w-]+ arguments?: (.+)", said
    ):
        named = {"name": found[1].rpartition(".")[2], "other": found[2].replace("'", "")}
        passed = named["name"] in trial.bound and named["name"] not in trial.called
        return "passed_uncalled" if passed else "argument_missing", line, named
    if said.startswith("TypeError: time.sleep() takes exactly one argument (2"):
        return "decimal_comma", line, {}
    if found := re.match(r"TypeError: ([\w.]+)\(\) takes .* given", said):
        return "too_many", line, {"name": found[1].rpartition(".")[2]}
    found = re.match(r"TypeError: .*got an unexpected keyword argument '(\w+)'", said)
    if found is None and (without := re.match(r"TypeError: (\w+)\(\) takes no keyword", said)):
        given = [c for c in trial.each(ast.Call) if ast.unparse(c.func) == without[1]]
        found = re.match(r"(\w+)", next((c.keywords[0].arg or "" for c in given if c.keywords), ""))
    if not found:
        return None
    name = found[1]
    calls = [c for c in trial.each(ast.Call) if name in {each.arg for each in c.keywords}]
    calls = [call for call in calls if call.lineno <= line <= (call.end_lineno or line)] or calls
    if len({ast.unparse(call.func) for call in calls}) != 1:
        return None
    function = ast.unparse(calls[0].func)
    named = {"name": name, "where": function}
    if other := similar(name, parameters(function)):
        return "misspelt_argument", line, named | {"other": other}
    others = (ast.unparse(call.func) for call in trial.each(ast.Call))
    owners = (each for each in others if each in ("Complete", "session.sql") and each != function)
    other = next((each for each in owners if name in parameters(each)), "")
    code = "argument_of_another" if other else "no_such_argument"
    return code, line, named | {"other": other}


def wrong_type(trial: Trial) -> Found | None:
    """A value that cannot do what is asked of it."""
    if re.search(r"'?(method|function|builtin_function_or_method)'? (object|and|has)", trial.said):
        return not_called(trial) or ("brackets_before", trial.line, {})
    for said, code in TYPES:
        if found := re.match(said, trial.said):
            better = MORE[code](trial) if code in MORE else None
            return better or (code, trial.line, found.groupdict())
    return None


def _whole_list(trial: Trial) -> Found | None:
    """A name that is looked up in the list that a loop walks through, not in its item."""
    for node in _subscripts(trial):
        for loop in trial.above(node):
            if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
                continue
            if _text_of(node.slice) and ast.unparse(loop.iter) == ast.unparse(node.value):
                named = {"name": ast.unparse(node.value), "other": loop.target.id}
                return "whole_list", trial.line, named
    return None


def _empty_list(trial: Trial) -> Found | None:
    """The first or the last item of a list that has none; the only one that the line takes."""
    match _subscripts(trial):
        case [node] if ast.unparse(node.slice) in ("0", "-1"):
            return "list_empty", trial.line, {"name": ast.unparse(node.value)[:60]}
    return None


def _subscripts(trial: Trial) -> list[ast.Subscript]:
    """Return where the line of the error takes an item out of something."""
    return [node for node in trial.each(ast.Subscript) if node.lineno == trial.line]


# What is certain of an error once the line is looked at, too.
MORE: dict[str, Rule] = {"name_of_list": _whole_list, "index": _empty_list}


def imported(trial: Trial) -> Found | None:
    """An import that does not exist."""
    line = trial.line
    found = re.match(r"ImportError: cannot import name '(\w+)' from '([\w.]+)'", trial.said)
    if found:
        named = {"name": found[1], "where": found[2]}
        if module := trial.imports.get(found[1]):
            return "import_elsewhere", line, named | {"other": module}
        if other := similar(found[1], trial.imports):
            return "misspelt_import", line, named | {"other": other}
        return "no_such_import", line, named
    if found := re.match(r"ModuleNotFoundError: No module named '([\w.]+)'", trial.said):
        modules = {*trial.imports.values(), "streamlit", "snowflake.cortex", "time", "json"}
        if other := similar(found[1], modules):
            return "misspelt_module", line, {"name": found[1], "other": other}
    return None


def unknown_sql(trial: Trial) -> Found | None:
    """SQL that is none of the course's, with a function whose name is nearly right."""
    error = trial.evidence.error
    unknown = re.search(r"SQL compilation error:\s*Unknown function ([\w.]+)", trial.said)
    if unknown and trial.sql_functions:
        other = trial.sql_functions[0]
        return "misspelt_sql", trial.line, {"name": unknown[1], "other": other}
    if error is None or error.what != "statement":
        return None
    for node in trial.each(ast.Constant):
        if re.search(r"CURRENT_VERSION\b(?!\s*\()", str(node.value).upper()):
            return "sql_brackets", node.lineno, {"name": "CURRENT_VERSION"}
        for name in SQL_CALL.findall(str(node.value).upper()):
            if name in ("CURRENT_VERSION", "AI_COMPLETE", "SNOWFLAKE.CORTEX.COMPLETE"):
                if not str(node.value).upper().lstrip().startswith("SELECT"):
                    return "select_missing", node.lineno, {"name": name}
            elif name in ("VERSION", "CURRENTVERSION", "GET_VERSION"):
                return "misspelt_sql", node.lineno, {"name": name, "other": "CURRENT_VERSION()"}
            elif other := similar(name, ("CURRENT_VERSION", "AI_COMPLETE")):
                return "misspelt_sql", node.lineno, {"name": name, "other": other}
    return None


def streamed(trial: Trial) -> Found | None:
    """``st.write_stream`` was given what is no stream."""
    calls = [c for c in trial.each(ast.Call) if ast.unparse(c.func) == "st.write_stream"]
    given = [*(each.args[0] for each in calls if each.args)]
    given += [named.value for each in calls for named in each.keywords if named.arg == "stream"]
    kind = re.search(r"Provided type: (\w+)|type: <class '(\w+)'>\) cannot be iterated", trial.said)
    if not kind or not trial.said.startswith("Streamlit") or not given:
        return None
    argument = given[0]
    what, line = kind[1] or kind[2], argument.lineno
    named = {"name": ast.unparse(argument)[:60], "other": what}
    name = argument.func if isinstance(argument, ast.Call) else argument
    functions = {each.name: each for each in trial.each(ast.FunctionDef)}
    function = functions.get(name.id) if isinstance(name, ast.Name) else None
    if function is not None and isinstance(argument, ast.Call):
        yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))
        named["name"] = function.name
        return None if yields else ("no_yield", function.lineno, named)
    code = "function_streamed" if what in ("function", "method") else "no_stream_given"
    return code, line, named


def endless(trial: Trial) -> Found | None:
    """A loop whose condition nothing in it changes, in a program that was stopped."""
    if trial.evidence.ended in (None, "end", "error"):
        return None
    shared = {name for node in trial.each(ast.Global) for name in node.names}
    for loop in trial.each(ast.While):
        inside = [node for each in loop.body for node in ast.walk(each)]
        if any(isinstance(node, ast.Break | ast.Return | ast.Raise) for node in inside):
            continue
        if isinstance(loop.test, ast.Constant) and loop.test.value:
            return "endless_true", loop.lineno, {}
        test = [*ast.walk(loop.test)]
        calls = [ast.unparse(node.func) for node in test if isinstance(node, ast.Call)]
        # What else a condition looks at may change out of sight.
        if any(isinstance(node, ast.Attribute | ast.Subscript) for node in test) or (
            set(calls) - {"len"}
        ):
            continue
        names = {node.id for node in test if isinstance(node, ast.Name)} - {"len"}
        used = [node for node in inside if isinstance(node, ast.Name)]
        changed = {node.id for node in used if _changes(trial, node)}
        if names and not names & (changed | shared):
            return "endless", loop.lineno, {"name": ast.unparse(loop.test)}
    return None


def _changes(trial: Trial, node: ast.Name) -> bool:
    """Whether a name is given a value here, or what it stands for may be changed."""
    parent = trial.parents[node]
    if isinstance(parent, ast.Call):
        return ast.unparse(parent.func) not in ("len", "range", "print", "str", "st.write")
    return isinstance(parent, ast.Attribute) or not isinstance(
        getattr(parent if isinstance(parent, ast.Subscript) else node, "ctx", None), ast.Load
    )


def long_pauses(trial: Trial) -> Found | None:
    """Pauses so long that the program was stopped in them."""
    if trial.evidence.ended != "sleep":
        return None
    longest = max(trial.evidence.sleeps, default=(0.0, 0))
    if longest[0] < LONG_PAUSE:
        return None
    named = {"name": f"{longest[0]:g}", "other": str(len(trial.evidence.sleeps))}
    return "long_pauses", longest[1], named


# ---- What runs without the button ----


def outside_if(trial: Trial) -> Found | None:
    """What asks the model, or needs what only a pressed button makes, and does not wait for one."""
    buttons = _button_ifs(trial)
    for call in trial.each(ast.Call) if not buttons else ():
        alone = isinstance(trial.parents[call], ast.Expr)
        unused = alone and ast.unparse(call.func) == "st.button" and not _kept(call)
        if unused and any(_asks(each, call.lineno) for each in trial.each(ast.Call)):
            return "button_unused", call.lineno, {}
    if not buttons or trial.called & {"st.stop", "st.rerun", "exit", "sys.exit", "quit"}:
        return None
    # Either branch of an `if` may give a name its value; one with an `else` is no reason.
    pressed = {id(node) for each in buttons if not each.orelse for node in ast.walk(each)}
    for node in trial.each(ast.expr):
        if not _always_runs(trial, node):
            continue
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in ASKING:
            return "outside_if", node.lineno, {"name": name, "other": str(buttons[0].lineno)}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            places = trial.bound.get(node.id, [])
            if places and all(id(place) in pressed for place in places):
                where = {"name": node.id, "other": str(buttons[0].lineno)}
                return "outside_if_used", node.lineno, where
    return None


def _asks(call: ast.Call, after: int) -> bool:
    """Whether a call below a line is one that a button should start."""
    name = ast.unparse(call.func)
    return call.lineno > after and (name in ASKING or name.endswith(".collect"))


def _kept(button: ast.Call) -> bool:
    """Whether a button tells that it was pressed in another way than by its value."""
    return bool({"key", "on_click"} & {each.arg for each in button.keywords})


def _button_ifs(trial: Trial) -> list[ast.If]:
    """Return each ``if`` that looks at a button, or at a variable that holds one."""
    kept = [each for each in trial.each(ast.Assign) if _has_button(each.value)]
    names = set().union(*map(_targets, kept))
    return [
        each
        for each in trial.each(ast.If)
        if _has_button(each.test)
        or any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(each.test))
    ]


def _has_button(value: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".button")
        for node in ast.walk(value)
    )


def _targets(node: ast.Assign) -> set[str]:
    return {each.id for each in node.targets if isinstance(each, ast.Name)}


def _always_runs(trial: Trial, node: ast.AST) -> bool:
    """Whether the page runs this whenever it is drawn, unless it ends before."""
    return all(isinstance(each, STRAIGHT) for each in trial.above(node))


# ---- What is seen where a check fails ----


def quoted_code(trial: Trial) -> Found | None:
    """Code between quotes: it is shown as it is written."""
    shown = {text for call in trial.evidence.calls for text in call.texts}
    for node in trial.each(ast.Constant):
        written = _text_of(node).strip()
        if not any(written in text for text in shown if written):
            continue
        try:
            code = ast.parse(written, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        names = {each.id for each in ast.walk(code) if isinstance(each, ast.Name)}
        if isinstance(code, ast.Call | ast.Subscript | ast.Attribute) and names & {*trial.bound}:
            return "quoted_code", node.lineno, {"name": ast.unparse(code)[:60]}
    return None


def uncalled_function(trial: Trial) -> Found | None:
    """A function that is written and used nowhere."""
    used = {node.id for node in trial.each(ast.Name) if isinstance(node.ctx, ast.Load)}
    for function in trial.each(ast.FunctionDef):
        if function.name not in used:
            return "uncalled_function", function.lineno, {"name": function.name}
    return None


def returned_in_loop(trial: Trial) -> Found | None:
    """A loop that always ends in its first round: nothing in it runs a second time."""
    loops: list[ast.For | ast.While] = [*trial.each(ast.For), *trial.each(ast.While)]
    for loop in loops:
        end = next((each for each in loop.body if isinstance(each, ast.Return | ast.Break)), None)
        again = any(isinstance(node, ast.Continue) for node in ast.walk(loop))
        if end is not None and not again:
            return "returned_in_loop", loop.lineno, {"other": str(end.lineno)}
    return None


def object_shown(trial: Trial) -> Found | None:
    """Python's description of an object is shown where its value should be."""
    shown = [(text, call.line) for call in trial.evidence.calls for text in call.texts]
    for text, line in (*shown, *trial.evidence.printed):
        if found := re.search(r"<(function|generator object|bound method|class) \w*", text):
            return "object_shown", line, {"name": f"{found[0]} ...>"}
    return None


def wrong_value(trial: Trial) -> Found | None:
    """What was typed in is shown, or given on, where something else is asked for."""
    asked = {
        str(call.arguments.get("now")).strip()
        for call in trial.evidence.calls
        if call.name.removeprefix("st.") in ("text_input", "text_area")
    }
    shown = [
        (str(call.arguments.get("body", "")), call.line)
        for call in trial.evidence.calls
        if call.name not in ("st.warning", "st.error", "st.caption")
    ]
    shown += [("".join(each.texts), each.line) for each in trial.evidence.streams.values()]
    for text, line in shown:
        if len(text) >= TELLING and text.strip() in asked:
            return "wrong_value", line, {}
    return None


def printed(trial: Trial) -> Found | None:
    """The answer, or a statement's value, is printed and not shown."""
    evidence = trial.evidence
    wanted = [each for each in (evidence.answer, evidence.value) if len(each) >= TELLING]
    everything = "".join(text for text, _ in evidence.printed)
    for text in wanted:
        drawn = any(text in each for each in evidence.drawn)
        if not drawn and "".join(text.split()) in "".join(everything.split()):
            return "printed", evidence.printed[0][1], {}
    return None


def skipped(trial: Trial) -> Found | None:
    """The call that the check wants is there, and was not reached."""
    names = dict.fromkeys(_wanted(trial.wanted) if trial.wanted else ())
    made = {call.name for call in trial.evidence.calls}
    for name in names:
        lines = [c for c in trial.each(ast.Call) if ast.unparse(c.func) == name]
        if name in made or not lines:
            continue
        if name == "session.sql":
            # What is counted is the statement that ran, which `collect` does.
            runs = [c for c in trial.each(ast.Call) if ast.unparse(c.func).endswith(".collect")]
            if not runs:
                return "not_collected", lines[0].lineno, {}
            lines = runs
        holder = next((n for n in trial.above(lines[0]) if isinstance(n, HOLDERS)), None)
        if holder is not None:
            where = {"name": name, "other": str(getattr(holder, "lineno", 0))}
            return "skipped", lines[0].lineno, where
    return None


def _wanted(condition: Condition) -> Iterator[str]:
    """Yield what a condition wants to be called."""
    if condition.called not in (None, "st.*"):
        yield str(condition.called)
    for each in (*(condition.all or ()), *(condition.any or ())):
        yield from _wanted(each)


SLIPS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        *(not_called, function_kept, lost, compared, overwritten, f_missing),
        *(own_copy, swapped, except_or, unkept, exception_made, always_true, read_early),
    )
}
#: Why an `except` missed an error: tried before every other rule.
CATCHES: dict[str, Rule] = {"except_or": except_or, "exception_made": exception_made}
ERRORS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        *(undefined, attribute, called_wrongly, wrong_type, imported, unknown_sql, streamed),
        *(endless, long_pauses),
    )
}
SIGHTS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        *(object_shown, wrong_value, printed, quoted_code, returned_in_loop, uncalled_function),
        skipped,
    )
}
