"""A value that can't do what is asked of it, told by what Python says of its type."""

from __future__ import annotations

import ast
import re

from practice.no_value import nothing_given
from practice.sandbox.signatures import ELEMENTS
from practice.slips import Found
from practice.trial import Rule, Trial, text_of
from practice.without_effect import not_called

# What Python says of a value of the wrong kind, and what it means.
TYPES = (
    (
        r"TypeError: can only concatenate str \(not \"(?!NoneType)(?P<other>\w+)\"\)",
        "no_text_to_add",
    ),
    (
        r"TypeError: can only concatenate list \(not \"(?!NoneType)(?P<other>\w+)\"\)",
        "no_list_to_add",
    ),
    (r"TypeError: '(?P<other>\w+)' object is not callable", "not_a_function"),
    (r"TypeError: .*'?generator'? (object is not subscriptable|has no len)", "generator_whole"),
    (r"TypeError: list indices must be integers or slices, not (str|tuple)", "name_of_list"),
    (r"TypeError: string indices must be integers", "text_index"),
    (r"TypeError: '(?P<other>\w+)' object cannot be interpreted as an integer", "number_needed"),
    (r"TypeError: sequence item \d+: expected str instance, (?P<other>\w+) found", "join_types"),
    (r"TypeError: exceptions must derive from BaseException", "raised_no_exception"),
    (r"TypeError: catching classes that do not inherit", "no_exception"),
    (r"TypeError: type '(?P<name>\w+)' is not subscriptable", "square_brackets"),
    (r"TypeError: '(?!NoneType)(?P<other>\w+)' object is not subscriptable", "no_items"),
    (r"TypeError: 'in <string>' requires string as left operand, not (?P<other>\w+)", "in_string"),
    (r"TypeError: .*NoneType", "none_used"),
    (r"TypeError: the JSON object must be str, .* not (?P<other>\w+)", "json_type"),
    (r"TypeError: Object of type (?P<other>\w+) is not JSON serializable", "not_json"),
    (r"TypeError: 'int' object is not iterable", "number_iterated"),
    (r"ValueError: (too many|not enough) values to unpack", "unpacked"),
    (r"TypeError: '(?P<other>\w+)' object is not iterable", "not_iterable"),
    (r"TypeError: '(?P<other>\w+)' object does not support the context manager", "no_with"),
    (r".*unknown model \"(?P<name>[^\"]+)\"", "unknown_model"),
    (r"IndexError: \w+ index out of range", "index"),
    (r"KeyError: 'st\.\w+ has no key \"(?P<name>[^\"]+)\"", "key"),
    (r"KeyError: '?(?P<name>[^']+)'?$", "key"),
    (r"SyntaxError: '(?P<name>return|yield|await)' outside function", "outside_function"),
    (r"SyntaxError: keyword argument repeated: (?P<name>\w+)", "argument_twice"),
)


def wrong_type(trial: Trial) -> Found | None:
    """A value that cannot do what is asked of it."""
    if re.search(r"'?(method|function|builtin_function_or_method)'? (object|and|has)", trial.said):
        return (
            _called_by_brackets(trial) or not_called(trial) or ("brackets_before", trial.line, {})
        )
    for said, code in TYPES:
        if found := re.match(said, trial.said):
            better = MORE[code](trial) if code in MORE else None
            return better or (code, trial.line, found.groupdict())
    return None


def _called_by_brackets(trial: Trial) -> Found | None:
    """A function with square brackets after it; with a number in them, an item may be meant."""
    own = {each.name for each in trial.each(ast.FunctionDef)} | trial.imports.keys()
    named = {
        ast.unparse(node.value): node.slice
        for node in _subscripts(trial)
        if isinstance(node.value, ast.Name | ast.Attribute)
    }
    known = [each for each in named if each in own or each.removeprefix("st.") in ELEMENTS]
    match known or [*named]:
        case [name] if trial.said.endswith("is not subscriptable") and not _is_place(named[name]):
            return "square_brackets", trial.line, {"name": name}
    return None


def _is_place(index: ast.expr) -> bool:
    """Whether this is a place in a list: a number, or a slice."""
    number = isinstance(index, ast.Constant) and isinstance(index.value, int)
    return number or isinstance(index, ast.Slice | ast.UnaryOp)


def _comma(trial: Trial) -> Found | None:
    """A comma between two places in the square brackets after a string or a list."""
    for node in _subscripts(trial) if "tuple" in trial.said else ():
        match node.slice:
            case ast.Tuple(elts=[one, two]):
                start, end, value = map(ast.unparse, (one, two, node.value))
                named = {"name": value[:60], "where": f"{value}[{start}:{end}]"}
                code = "slice_comma" if trial.said.startswith("TypeError: str") else "item_comma"
                return code, node.lineno, named | {"other": f"{value}[{start}][{end}]"}
    return None


def _set_for_dict(trial: Trial) -> Found | None:
    """A set that has its values in pairs, as a dictionary would."""
    match [*trial.each(ast.Set)]:
        case [made] if text_of(made.elts[0]) and len(made.elts) % 2 == 0:
            parts = [ast.unparse(each) for each in made.elts]
            pairs = map(": ".join, zip(parts[::2], parts[1::2], strict=True))
            return "set_for_dict", made.lineno, {"other": f"{{{', '.join(pairs)}}}"}
    return None


def _whole_list(trial: Trial) -> Found | None:
    """A name that is looked up in the list that a loop walks through, not in its item."""
    for node in _subscripts(trial):
        for loop in trial.above(node):
            if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
                continue
            if text_of(node.slice) and ast.unparse(loop.iter) == ast.unparse(node.value):
                named = {"name": ast.unparse(node.value), "other": loop.target.id}
                return "whole_list", trial.line, named
    return None


def _odd_item(trial: Trial) -> Found | None:
    """An item of a list that a loop walks through, and that is no dictionary."""
    other = "list" if "list indices" in trial.said else "str"
    # Of an item's item, the error may be about that.
    if any(isinstance(node.value, ast.Subscript) for node in _subscripts(trial)):
        return None
    for node in _subscripts(trial):
        for around in trial.above(node):
            loops = [around] if isinstance(around, ast.For) else getattr(around, "generators", ())
            for loop in loops:
                each = ast.unparse(loop.target)
                if text_of(node.slice) and each == ast.unparse(node.value):
                    named = {"name": ast.unparse(loop.iter)[:60], "where": text_of(node.slice)}
                    return "item_of_other_type", trial.line, named | {"other": other}
    return None


def _name_of_list(trial: Trial) -> Found | None:
    return _comma(trial) or _whole_list(trial) or _odd_item(trial) or _key_of_list(trial)


def _text_index(trial: Trial) -> Found | None:
    return _comma(trial) or _odd_item(trial)


def _key_of_list(trial: Trial) -> Found | None:
    """A list that is asked for a name; digits in quotes are a number that was meant."""
    match _subscripts(trial):
        case [node] if (key := text_of(node.slice)) and not key.isdigit():
            named = {"name": ast.unparse(node.value)[:60], "other": key[:60]}
            return "key_of_list", trial.line, named
    return None


def _empty_list(trial: Trial) -> Found | None:
    """The first or the last item of a list that has none; the only one that the line takes."""
    match _subscripts(trial):
        case [node] if ast.unparse(node.slice) in ("0", "-1"):
            return "list_empty", trial.line, {"name": ast.unparse(node.value)[:60]}
    return None


def _taken_apart(trial: Trial) -> Found | None:
    """What a loop takes each item of apart."""
    for loop in trial.each(ast.For):
        if loop.lineno != trial.line or not isinstance(loop.target, ast.Tuple):
            continue
        # What is taken apart inside an item may be what doesn't fit.
        if all(isinstance(each, ast.Name) for each in loop.target.elts):
            name, wanted = ast.unparse(loop.iter), len(loop.target.elts)
            named = {"name": name[:60], "other": str(wanted)}
            return _added_singly(trial, name, wanted) or ("item_unpacked", trial.line, named)
    return None


def _added_singly(trial: Trial, name: str, wanted: int) -> Found | None:
    """Values that a list gets one by one, and whose number is that of an item's values."""
    added: list[tuple[ast.expr, ast.expr]] = [
        (each.target, each.value) for each in trial.each(ast.AugAssign)
    ]
    for call in trial.each(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "extend":
            added += [(call.func.value, each) for each in call.args]
    for grown, values in added:
        if ast.unparse(grown) != name or not isinstance(values, ast.Tuple | ast.List):
            continue
        if len(values.elts) == wanted and not any(map(_may_be_item, values.elts)):
            item = ", ".join(map(ast.unparse, values.elts))
            named = {"name": name[:60], "other": f"{name}.append(({item}))"}
            return "added_singly", values.lineno, named
    return None


def _may_be_item(value: ast.expr) -> bool:
    return isinstance(value, ast.Tuple | ast.Starred) or (
        isinstance(value, ast.List) and bool(value.elts)
    )


def _subscripts(trial: Trial) -> list[ast.Subscript]:
    """Return where the line of the error takes an item out of something."""
    return [node for node in trial.each(ast.Subscript) if node.lineno == trial.line]


# What is certain of an error once the line is looked at, too.
MORE: dict[str, Rule] = {
    "name_of_list": _name_of_list,
    "text_index": _text_index,
    "not_json": _set_for_dict,
    "index": _empty_list,
    "none_used": nothing_given,
    "unpacked": _taken_apart,
}
