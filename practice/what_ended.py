"""Mistakes that end a program, told by its error and the line of it."""

from __future__ import annotations

import ast
import re

from practice.conditions import parameters
from practice.no_attribute import attribute
from practice.no_value import undefined
from practice.patterns import caught_by, lines_inside
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
    range_outside,
)
from practice.wrong_type import wrong_type

# A pause that is long enough to be what ended a program.
LONG_PAUSE = 0.2


def called_wrongly(trial: Trial) -> Found | None:
    """A call with other arguments than the function takes."""
    line, said = trial.line, trial.said
    if found := re.match(
        r"TypeError: ([\w.]+)\(\) missing \d+ required [\w-]+ arguments?: (.+)", said
    ):
        # A class is called by its own name.
        name = found[1].removesuffix(".__init__").rpartition(".")[2]
        named = {"name": name, "other": found[2].replace("'", "")}
        called = {each.rpartition(".")[2] for each in trial.called}
        passed = name in trial.bound and name not in called
        return "passed_uncalled" if passed else "argument_missing", line, named
    if counted := _counted(trial, line, said):
        return counted
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


def _counted(trial: Trial, line: int, said: str) -> Found | None:
    """A call with more values than the function takes, or with none."""
    if said.startswith("TypeError: time.sleep() takes exactly one argument (2"):
        return "decimal_comma", line, {}
    if found := re.match(r"TypeError: ([\w.]+)\(\) takes .*\(0 given\)", said):
        return "no_argument", line, {"name": found[1].rpartition(".")[2]}
    if found := re.match(r"TypeError: list\.(\w+)\(\) takes exactly one argument \(\d", said):
        return "one_item", line, {"name": found[1]}
    if found := re.match(r"TypeError: ([\w.]+)\(\) takes .* given", said):
        name = found[1].rpartition(".")[2]
        if method := _without_self(trial, found[1]):
            return "self_missing", line, {"name": name, "other": str(method.lineno)}
        # The client's own name for `Complete` is in small letters.
        written = {each.rpartition(".")[2].lower(): each for each in sorted(trial.called)}
        return "too_many", line, {"name": written.get(name.lower(), name)}
    return None


def _without_self(trial: Trial, name: str) -> ast.FunctionDef | None:
    """Return the method of this name that has no parameter for its object."""
    owner, _, method = name.rpartition(".")
    for function in trial.each(ast.FunctionDef):
        around = trial.parents[function]
        if isinstance(around, ast.ClassDef) and (around.name, function.name) == (owner, method):
            first = [each.arg for each in function.args.args][:1]
            if first not in (["self"], ["cls"]) and not function.decorator_list:
                return function
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


def joined_values(trial: Trial) -> Found | None:
    """Two values in one pair of quotes, where the second of them is missing."""
    if not re.search(r"Bind variable|missing \d+ required", trial.said):
        return None
    for node in trial.each(ast.Constant):
        first, _, second = (each.strip() for each in text_of(node).partition(","))
        given = isinstance(trial.parents[node], ast.List | ast.Tuple | ast.Call)
        if given and first and second in trial.bound:
            named = {"name": text_of(node)[:60], "other": f'"{first[:60]}", {second}'}
            return "joined_values", node.lineno, named
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
    here = [each for each in calls if each.lineno <= trial.line <= (each.end_lineno or 0)]
    calls = here or calls
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
    loops = [each for each in trial.above(argument) if isinstance(each, ast.For)]
    if any(ast.unparse(each.target) == named["name"] for each in loops):
        return "piece_streamed", line, named
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
        handlers = [*trial.each(ast.ExceptHandler)]
        named = any(name in caught_by(each, trial.program) for each in handlers)
        uncaught = error and node.lineno == trial.line and name == error.type and not named
        if uncaught and [*trial.each(ast.Try)]:
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
        *(endless, long_pauses, raised_uncaught, refused, none_given, prompt_type),
    )
}
