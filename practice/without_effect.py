"""Mistakes that end no program: what has no effect, wherever it stands."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator

from practice.comparisons import always_true, compared_by_is, never_equal
from practice.excepts import (
    except_or,
    exception_made,
    lazy_try,
    return_in_finally,
    st_in_finally,
)
from practice.kept_in_vain import INSIDE
from practice.sandbox.signatures import ELEMENTS
from practice.slips import Found
from practice.trial import (
    Rule,
    Trial,
    blocks,
    given_to,
    is_generator,
    targets,
)

# Methods that do nothing, and are worth nothing, unless they are called.
METHODS = frozenset(
    {name for name in (*dir(str), *dir(list)) if not name.startswith("_")} - {"index", "count"}
    | {"collect", "create", "configs", "close", "sleep"}
)
CALLED = (*ELEMENTS, "stop", "rerun")
# What changes a list and returns nothing.
IN_PLACE = ("append", "extend", "insert", "sort", "reverse")
HEADINGS = ("st.title", "st.header", "st.subheader")
# What changes something that others see, or draws.
ACTING = (*IN_PLACE, *ELEMENTS, "clear", "close", "pop", "remove", "update")
# What gives a new value and leaves the old as it is.
PURE = ("strip", "lstrip", "rstrip", "replace", "lower", "upper", "split", "join", "format")


def not_called(trial: Trial) -> Found | None:
    """A method or a function of ``st`` that is named, where only calling it would do anything."""
    functions = {each.name for each in trial.each(ast.FunctionDef) if not each.decorator_list}
    for line in trial.each(ast.Expr):
        name = ast.unparse(line.value)
        if isinstance(line.value, ast.Name | ast.Attribute) and functions & {*name.split(".")[-1:]}:
            return "not_called", line.lineno, {"name": name}
    given = {ast.unparse(each) for call in trial.each(ast.Call) for each in call.args}
    for node in trial.each(ast.Attribute):
        parent = trial.parents[node]
        drawn = isinstance(node.value, ast.Name) and node.value.id == "st" and node.attr in CALLED
        if not isinstance(node.ctx, ast.Load) or not (drawn or node.attr in METHODS):
            continue
        alone = isinstance(parent, ast.Expr)
        used = isinstance(
            parent,
            ast.UnaryOp | ast.BoolOp | ast.Compare | ast.If | ast.Subscript | ast.FormattedValue,
        )
        # What is passed on may be called there.
        kept = isinstance(parent, ast.Assign) and not (trial.called | given) & {
            ast.unparse(each) for each in parent.targets
        }
        if alone or kept or (used and not drawn):
            plain = isinstance(node.value, ast.Name)
            return (
                "not_called",
                node.lineno,
                {"name": f"{ast.unparse(node) if plain else node.attr}"},
            )
    return None


def function_kept(trial: Trial) -> Found | None:
    """A function that a variable is given, where its result was meant: nobody calls it later."""
    read = {node.id for node in trial.each(ast.Name) if isinstance(node.ctx, ast.Load)}
    for node in trial.each(ast.Assign):
        if isinstance(node.value, ast.Lambda) and (names := targets(node) - read):
            return "uncalled_function", node.lineno, {"name": min(names)}
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        places = trial.bound.get(name, [])
        # Classes are kept under another name for good reasons.
        function = name == "Complete" or name[:1].islower()
        known = function and all(isinstance(each, ast.alias | ast.FunctionDef) for each in places)
        if places and known and targets(node) and not _may_call(trial, targets(node)):
            return "not_called", node.lineno, {"name": name}
    return None


def _may_call(trial: Trial, names: set[str]) -> bool:
    """Whether the program calls one of these names, or gives it to a function of its own."""
    own = {each.name for each in trial.each(ast.FunctionDef)}
    given = {
        value.id
        for call in trial.each(ast.Call)
        for value in (*call.args, *(each.value for each in call.keywords))
        if ast.unparse(call.func).rpartition(".")[2] in own and isinstance(value, ast.Name)
    }
    return bool(names & (trial.called | given))


def lost(trial: Trial) -> Found | None:
    """A call that only makes a value, and a value that nobody keeps."""
    functions = [*trial.each(ast.FunctionDef)]
    doers = {each.name for each in functions if not _only_makes(each)}
    # What calls one that does something does so itself, unless it is a generator.
    for _ in functions:
        doers |= {
            each.name
            for each in functions
            if not is_generator(each) and doers & {*_called_in(each)}
        }
    makers = {each.name for each in functions} - doers
    generators = {each.name for each in functions if is_generator(each)}
    for node in trial.each(ast.Expr):
        if isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func).rpartition(".")[2]
            method = isinstance(node.value.func, ast.Attribute)
            if name in (PURE if method else makers):
                code = "generator_lost" if not method and name in generators else "lost"
                return code, node.lineno, {"name": name}
    return None


def _called_in(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def in_place(trial: Trial) -> Found | None:
    """The ``None`` of a method that changes its list, where it is used as a value."""
    own = {each.name for each in trial.each(ast.FunctionDef)}
    read = {node.id for node in trial.each(ast.Name) if isinstance(node.ctx, ast.Load)}
    passes = (ast.Call, ast.keyword, ast.Yield, ast.Starred, ast.BinOp, ast.FormattedValue)
    for call in trial.each(ast.Call):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name not in IN_PLACE or name in own:
            continue
        parent = trial.parents[call]
        stored = isinstance(parent, ast.Assign) and isinstance(parent.targets[0], INSIDE)
        kept = isinstance(parent, ast.Assign) and (stored or targets(parent) & read)
        if kept or isinstance(parent, passes):
            return "in_place", call.lineno, {"name": name}
    return None


def first_rounds(trial: Trial) -> Iterator[tuple[ast.For | ast.While, ast.Return | ast.Break]]:
    """Yield each loop that always ends in its first round, and what ends it."""
    loops: list[ast.For | ast.While] = [*trial.each(ast.For), *trial.each(ast.While)]
    for loop in loops:
        end = next((each for each in loop.body if isinstance(each, ast.Return | ast.Break)), None)
        again = any(isinstance(node, ast.Continue) for node in ast.walk(loop))
        if end is not None and not again:
            yield loop, end


def returned_in_loop(trial: Trial) -> Found | None:
    """A loop that never gets to its second round; a value may be meant for a ``yield``."""
    for loop, end in first_rounds(trial):
        function = trial.function(loop)
        generator = function is not None and is_generator(function)
        if generator or isinstance(end, ast.Break) or end.value is None:
            return "returned_in_loop", loop.lineno, {"other": str(end.lineno)}
    return None


def unreachable(trial: Trial) -> Found | None:
    """A ``yield`` of a value behind a line that always leaves its block."""
    for holder in (trial.program, *trial.each(ast.AST)):
        for block in blocks(holder):
            ends = [each for each in block if isinstance(each, ast.Return | ast.Raise | ast.Break)]
            for line in block[block.index(ends[0]) + 1 :] if ends else ():
                # A bare one makes a generator of a function that has nothing to hand out.
                if any(isinstance(each, ast.Yield) and each.value for each in ast.walk(line)):
                    named = {"name": type(ends[0]).__name__.lower(), "other": str(ends[0].lineno)}
                    return "unreachable", line.lineno, named
    return None


def _only_makes(function: ast.FunctionDef) -> bool:
    """Whether a call of a function does nothing but give something.

    A generator does nothing until somebody takes something out of it.
    """
    inside = [*ast.walk(function)]
    gives = any(isinstance(each, ast.Return) and each.value for each in inside)
    parameters = {each.arg for each in function.args.args}
    acts = any(
        (isinstance(each, ast.Call) and getattr(each.func, "attr", "") in ACTING)
        or (isinstance(each, ast.AugAssign) and ast.unparse(each.target) in parameters)
        for each in inside
    )
    does = any(
        isinstance(each, ast.Expr | ast.Global | ast.Nonlocal | ast.Delete)
        or (isinstance(each, INSIDE) and isinstance(each.ctx, ast.Store))
        or (isinstance(each, ast.Name) and each.id == "st")
        for each in inside
        if not isinstance(getattr(each, "value", None), ast.Constant)
    )
    return is_generator(function) or (gives and not does and not acts)


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


def quoted_name(trial: Trial) -> Found | None:
    """A variable's name between quotes: the page shows the name, and nothing reads the variable.

    A function may read its parameter elsewhere, but does not give back its name. The name may also
    be a key of a dictionary: of several strings, it is the one in a line that showed it.
    """
    shown = {
        (str(value), call.line)
        for call in trial.evidence.calls
        for name, value in call.arguments.items()
        # A label or a heading may be called like a variable.
        if name not in ("name", "label", "key") and call.name not in HEADINGS
    }
    texts = {text for text, _ in shown}
    found: list[ast.Constant] = []
    read = {node.id for node in trial.each(ast.Name) if isinstance(node.ctx, ast.Load)}
    for node in trial.each(ast.Constant):
        if not isinstance(node.value, str) or node.value not in texts & trial.bound.keys():
            continue
        function = trial.function(node)
        given = isinstance(trial.parents[node], ast.Return) and function is not None
        parameters = {each.arg for each in function.args.args} if function and given else set()
        if node.value not in read or node.value in parameters:
            found.append(node)
    here = [node for node in found if (node.value, node.lineno) in shown]
    if here or len(found) == 1:
        node = (here or found)[0]
        return "quoted_code", node.lineno, {"name": str(node.value)}
    return None


def slice_end(trial: Trial) -> Found | None:
    """A slice whose start goes on with the loop, and whose end does not."""
    moving: dict[ast.stmt, set[str]] = {}
    for loop in trial.each(ast.For):
        if ast.unparse(loop.iter).startswith("range("):
            moving[loop] = {ast.unparse(loop.target)}
    for around in trial.each(ast.While):
        grown = (each for each in ast.walk(around) if isinstance(each, ast.AugAssign))
        moving[around] = {ast.unparse(each.target) for each in grown}
    for repeated, names in moving.items():
        for node in ast.walk(repeated):
            if not isinstance(node, ast.Slice) or not isinstance(node.upper, ast.Constant):
                continue
            moves = node.lower is not None and ast.unparse(node.lower) in names
            end = node.upper.value
            if moves and isinstance(end, int) and end > 0 and not _ends_by(repeated, end):
                return "slice_end", node.lineno, {"name": str(end)}
    return None


def _ends_by(loop: ast.stmt, end: int) -> bool:
    """Whether a loop over a ``range`` goes no further than a number."""
    match loop:
        case (
            ast.For(iter=ast.Call(args=[ast.Constant(value=int(last))]))
            | ast.For(iter=ast.Call(args=[_, ast.Constant(value=int(last)), *_]))
        ):
            return last <= end
    return False


def range_outside(trial: Trial) -> Found | None:
    """A loop over a ``range`` and a number after it, which was meant to be in it."""
    for loop in trial.each(ast.For):
        match loop.iter:
            case ast.Tuple(elts=[ast.Call(func=ast.Name(id="range")) as numbers, step]):
                named = {"name": ast.unparse(numbers)[:60], "other": ast.unparse(step)[:60]}
                return "range_outside", loop.lineno, named
    return None


def swapped(trial: Trial) -> Found | None:
    """Two arguments in each other's place, as their names tell."""
    for function, call in itertools.product(trial.each(ast.FunctionDef), [*trial.each(ast.Call)]):
        given = [(name, _named(value)) for name, value in given_to(function, call)]
        for (first, one), (second, two) in itertools.combinations(given, 2):
            if one != two and (one, two) == (second, first):
                wanted = ", ".join(each.arg for each in function.args.args)
                return "swapped", call.lineno, {"name": function.name, "other": wanted}
    return None


def _named(value: ast.expr) -> str:
    """Return the name that a value goes by: its variable's, or its key's in a dictionary."""
    match value:
        case ast.Name(id=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(name))) | ast.Attribute(attr=name):
            return name
    return ""


def wrapper_closed(trial: Trial) -> Found | None:
    """A generator around a stream that is shown and closed, where the stream in it stays open."""
    makers = {
        each.name
        for each in trial.each(ast.FunctionDef)
        if is_generator(each) and not re.search(r"\.close\b|\bclosing\b", ast.unparse(each))
    }
    calls = [*trial.each(ast.Call)]
    shown = {ast.unparse(each) for call in calls if _is_shown(call) for each in call.args}
    for call in calls if trial.evidence.open else ():
        closed = call.func.value if isinstance(call.func, ast.Attribute) else None
        if closed is None or ast.unparse(call.func) != f"{ast.unparse(closed)}.close":
            continue
        made = [
            each.value
            for each in trial.each(ast.Assign)
            if ast.unparse(closed) in targets(each) & shown and each.lineno < call.lineno
        ]
        last = max(made, key=lambda value: value.lineno, default=None)
        called = ast.unparse(last.func) if isinstance(last, ast.Call) else ""
        if called in makers or isinstance(last, ast.GeneratorExp):
            return "wrapper_closed", call.lineno, {"name": ast.unparse(closed)}
    return None


def _is_shown(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith("write_stream")


SLIPS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        *(not_called, function_kept, lost, unreachable, returned_in_loop, return_in_finally),
        *(compared, overwritten, f_missing, quoted_name, st_in_finally, slice_end, swapped),
        range_outside,
        *(except_or, exception_made, lazy_try, always_true, never_equal, compared_by_is),
        *(in_place, wrapper_closed),
    )
}
