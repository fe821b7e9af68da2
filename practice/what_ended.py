"""Mistakes that end a program, told by its error and the line of it."""

from __future__ import annotations

import ast
import re

from practice.conditions import parameters
from practice.no_attribute import attribute
from practice.no_value import nothing_given, undefined
from practice.patterns import lines_inside
from practice.sandbox.signatures import ELEMENTS
from practice.slips import Found
from practice.trial import (
    SQL_CALL,
    Rule,
    Trial,
    is_generator,
    similar,
    targets,
    text_of,
)
from practice.without_effect import (
    in_place,
    lost,
    not_called,
    range_outside,
)

# A pause that is long enough to be what ended a program.
LONG_PAUSE = 0.2
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
    (r"TypeError: '(?!NoneType)(?P<other>\w+)' object is not subscriptable", "no_items"),
    (r"TypeError: 'in <string>' requires string as left operand, not (?P<other>\w+)", "in_string"),
    (r"TypeError: .*NoneType", "none_used"),
    (r"TypeError: the JSON object must be str, .* not (?P<other>\w+)", "json_type"),
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
    if found := re.match(r"TypeError: list\.(\w+)\(\) takes exactly one argument \(\d", said):
        return "one_item", line, {"name": found[1]}
    if found := re.match(r"TypeError: ([\w.]+)\(\) takes .* given", said):
        name = found[1].rpartition(".")[2]
        # The client's own name for `Complete` is in small letters.
        written = {each.rpartition(".")[2].lower(): each for each in sorted(trial.called)}
        return "too_many", line, {"name": written.get(name.lower(), name)}
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
    # What one function of `st` has can be meant for no other.
    drawn = [each for each in ELEMENTS if name in parameters(f"st.{each}")]
    known = ("Complete", "session.sql", *(f"st.{each}" for each in drawn if len(drawn) == 1))
    owners = (each for each in known if each in trial.called and each != function)
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
            if text_of(node.slice) and ast.unparse(loop.iter) == ast.unparse(node.value):
                named = {"name": ast.unparse(node.value), "other": loop.target.id}
                return "whole_list", trial.line, named
    return None


def _odd_item(trial: Trial) -> Found | None:
    """An item of a list that a loop walks through, and that is no dictionary."""
    other = "list" if "list indices" in trial.said else "str"
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
    return _whole_list(trial) or _odd_item(trial) or _key_of_list(trial)


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


def _index_of_number(trial: Trial) -> Found | None:
    """An item of a number, between the square brackets after a list."""
    for node in _subscripts(trial):
        number = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
        outer = trial.parents[node]
        if number and isinstance(outer, ast.Subscript) and outer.slice is node:
            parts = map(ast.unparse, (outer.value, node.value, node.slice))
            meant = "{}[{}][{}]".format(*parts)
            named = {"name": ast.unparse(node), "other": meant[:60]}
            return "index_of_number", node.lineno, named
    return None


def none_given(trial: Trial) -> Found | None:
    """``None`` from a method that changes its list, used in the line that ends the program."""
    found = in_place(trial)
    if found is None or found[1] == trial.line:
        return found
    made = [each for each in trial.each(ast.Assign) if each.lineno == found[1]]
    names = {name for each in made for name in targets(each)}
    used = [each for each in trial.each(ast.Name) if each.lineno == trial.line]
    return found if names & {each.id for each in used} else None


def _taken_apart(trial: Trial) -> Found | None:
    """What a loop takes each item of apart."""
    for loop in trial.each(ast.For):
        if loop.lineno == trial.line and isinstance(loop.target, ast.Tuple):
            named = {"name": ast.unparse(loop.iter)[:60], "other": str(len(loop.target.elts))}
            return "item_unpacked", trial.line, named
    return None


def _subscripts(trial: Trial) -> list[ast.Subscript]:
    """Return where the line of the error takes an item out of something."""
    return [node for node in trial.each(ast.Subscript) if node.lineno == trial.line]


# What is certain of an error once the line is looked at, too.
MORE: dict[str, Rule] = {
    "name_of_list": _name_of_list,
    "text_index": _odd_item,
    "index": _empty_list,
    "no_items": _index_of_number,
    "none_used": nothing_given,
    "unpacked": _taken_apart,
}


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
        wanted = [each for each in trial.each(ast.ImportFrom) if each.module == found[1]]
        for name in (alias.name for each in wanted for alias in each.names):
            if module := trial.imports.get(name):
                named = {"name": name, "where": found[1], "other": module}
                return "import_elsewhere", line, named
        modules = {*trial.imports.values(), "streamlit", "snowflake.cortex", "time", "json"}
        if other := similar(found[1], modules):
            return "misspelt_module", line, {"name": found[1], "other": other}
    return None


def slow_statement(trial: Trial) -> Found | None:
    """A statement that the clock has ended: none that a program may send takes long by itself."""
    error = trial.evidence.error
    ended = error is not None and "statement or warehouse timeout" in error.message
    return ("slow_statement", trial.line, {}) if ended else None


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
    kind = re.search(
        r"Provided type: (\w+)|type: <class '(?:[\w.<>]+\.)?(\w+)'>\) cannot be iterated",
        trial.said,
    )
    if not kind or not trial.said.startswith("Streamlit") or not given:
        return None
    argument = given[0]
    what, line = kind[1] or kind[2], argument.lineno
    if text_of(argument) in trial.bound:
        return "quoted_code", line, {"name": text_of(argument)}
    named = {"name": ast.unparse(argument)[:60], "other": what}
    name = argument.func if isinstance(argument, ast.Call) else argument
    functions = {each.name: each for each in trial.each(ast.FunctionDef)}
    function = functions.get(name.id) if isinstance(name, ast.Name) else None
    if function is not None and isinstance(argument, ast.Call):
        named["name"] = function.name
        if (found := lost(trial)) and found[1] in lines_inside(function.name, trial.program):
            return found
        return None if is_generator(function) else ("no_yield", function.lineno, named)
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


def raised_uncaught(trial: Trial) -> Found | None:
    """An exception that the program makes and raises itself, where none of its `except` fits."""
    error = trial.evidence.error
    for node in trial.each(ast.Raise):
        made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        name = ast.unparse(made).rpartition(".")[2] if made else ""
        if error and node.lineno == trial.line and name == error.type and [*trial.each(ast.Try)]:
            return "raised_uncaught", node.lineno, {"name": name}
    return None


def refused(trial: Trial) -> Found | None:
    """Messages that Cortex refuses: what is wrong with which of them."""
    error = trial.evidence.error
    asked = [call for call in trial.evidence.calls if call.name == "Complete"]
    sent = asked[-1].arguments["prompt"] if asked else None
    if error is None or "400" not in error.message or not isinstance(sent, list):
        return None
    line = asked[-1].line
    if not sent:
        return "no_messages", line, {}
    for number, message in enumerate(sent, 1):
        named = {"other": str(number)}
        if not isinstance(message, dict):
            return "message_type", line, named | {"name": type(message).__name__}
        for key in ("role", "content"):
            if key not in message:
                return "message_key", line, named | {"name": key}
        if message["role"] not in ("system", "user", "assistant"):
            return "message_role", line, named | {"name": str(message["role"])[:60]}
        if not isinstance(message["content"], str):
            kind = type(message["content"]).__name__
            return "message_content", line, named | {"name": kind}
    last = str(sent[-1]["role"])
    return None if last == "user" else ("message_last", line, {"name": last})


def prompt_type(trial: Trial) -> Found | None:
    """A prompt of a type that ``Complete`` doesn't take."""
    odd = trial.said.startswith("ValueError: in REST mode, 'prompt' must be")
    return ("prompt_type", trial.line, {}) if odd else None


def long_pauses(trial: Trial) -> Found | None:
    """Pauses so long that the program was stopped in them."""
    if trial.evidence.ended != "sleep":
        return None
    longest = max(trial.evidence.sleeps, default=(0.0, 0))
    if longest[0] < LONG_PAUSE:
        return None
    named = {"name": f"{longest[0]:g}", "other": str(len(trial.evidence.sleeps))}
    return "long_pauses", longest[1], named


ERRORS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        *(undefined, range_outside, attribute, called_wrongly, wrong_type, imported),
        *(unknown_sql, streamed),
        *(endless, long_pauses, raised_uncaught, refused, prompt_type, none_given),
    )
}
