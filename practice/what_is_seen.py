"""Mistakes that are seen where a check fails.

They are asked after an exercise's own, in ``exercise.toml``, which know more.
"""

from __future__ import annotations

import ast
import re

from practice.reached import skipped
from practice.slips import Found
from practice.trial import TELLING, Rule, Trial, text_of
from practice.without_effect import first_rounds


def quoted_code(trial: Trial) -> Found | None:
    """Code between quotes: it is shown as it is written."""
    shown = {text for call in trial.evidence.calls for text in call.texts}
    for node in trial.each(ast.Constant):
        written = text_of(node).strip()
        if not any(written in text for text in shown if written):
            continue
        try:
            code = ast.parse(written, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        names = {each.id for each in ast.walk(code) if isinstance(each, ast.Name)}
        # The name of something in a module, such as `st.write_stream`, may be what a text is about.
        modules = all(
            isinstance(each, ast.alias) for name in names for each in trial.bound.get(name, ())
        )
        if isinstance(code, ast.Attribute) and modules:
            continue
        if isinstance(code, ast.Call | ast.Subscript | ast.Attribute) and names & {*trial.bound}:
            return "quoted_code", node.lineno, {"name": ast.unparse(code)[:60]}
    return None


def uncalled_function(trial: Trial) -> Found | None:
    """A function that is written and used nowhere; Python itself calls ``__iter__`` and others."""
    used = {node.id for node in trial.each(ast.Name) if isinstance(node.ctx, ast.Load)}
    used |= {node.attr for node in trial.each(ast.Attribute)}
    functions = [each.name for each in trial.each(ast.FunctionDef)]
    given = set(re.findall(r"^def (\w+)", trial.exercise.starter, re.MULTILINE))
    # A learner who wrote another function doesn't need the starter's.
    replaced = given if set(functions) - given else set()
    for function in trial.each(ast.FunctionDef):
        if function.name not in used | replaced and not function.name.startswith("__"):
            return "uncalled_function", function.lineno, {"name": function.name}
    return None


def returned_in_loop(trial: Trial) -> Found | None:
    """A loop that its first round ends with a value."""
    for loop, end in first_rounds(trial):
        return "returned_in_loop", loop.lineno, {"other": str(end.lineno)}
    return None


def object_shown(trial: Trial) -> Found | None:
    """Python's description of an object is shown where its value should be."""
    shown = [(text, call.line) for call in trial.evidence.calls for text in call.texts]
    for text, line in (*shown, *trial.evidence.printed):
        if re.search(r"<(function|bound method) ", text):
            return "brackets_before", line, {}
        if "<generator object " in text:
            return "generator_shown", line, {}
        if found := re.search(r"<class \w*", text):
            return "object_shown", line, {"name": f"{found[0]} ...>"}
    return None


def container_shown(trial: Trial) -> Found | None:
    """A list or a tuple with texts, written out with its brackets."""
    for call in trial.evidence.calls:
        body = str(call.arguments.get("body", ""))
        if call.name == "st.json" or body[:2] not in ("('", '("', "['", '["'):
            continue
        try:
            value = ast.literal_eval(body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        if isinstance(value, list | tuple):
            return "container_shown", call.line, {"name": type(value).__name__}
    return None


def wrong_value(trial: Trial) -> Found | None:
    """The prompt that was typed in is shown, or given on, and the answer nowhere."""
    asked = {
        str(call.arguments.get("now")).strip()
        for call in trial.evidence.calls
        if call.name.removeprefix("st.") in ("text_input", "text_area")
        and "prompt" in str(call.arguments.get("label")).lower()
    }
    names = [call.name for call in trial.evidence.calls]
    began = min(
        (names.index(each) for each in ("Complete", "session.sql") if each in names), default=0
    )
    # What is shown before the model is asked may well be the question.
    shown = [
        (str(call.arguments.get("body", "")), call.line)
        for call in trial.evidence.calls[began:]
        if call.name not in ("st.warning", "st.error", "st.caption")
    ]
    shown += [("".join(each.texts), each.line) for each in trial.evidence.streams.values()]
    answered = any(
        len(each) >= TELLING and each in text
        for each in (trial.evidence.answer, trial.evidence.value)
        for text in trial.evidence.drawn
    )
    for text, line in () if answered else shown:
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


def part_shown(trial: Trial) -> Found | None:
    """Only the beginning of the answer, or of a statement's value, is shown."""
    written = {text_of(node) for node in trial.each(ast.Constant)}
    shown = "\n".join(trial.evidence.drawn)
    for call in trial.evidence.calls:
        body = str(call.arguments.get("body", ""))
        for whole in (trial.evidence.answer, trial.evidence.value):
            begins = body and body != whole and whole.startswith(body) and whole not in shown
            if begins and call.name not in ("st.caption", "st.warning") and body not in written:
                return "part_shown", call.line, {"name": body[:60]}
    return None


def bubble_name(trial: Trial) -> Found | None:
    """A bubble whose name is nobody's."""
    for bubble in trial.evidence.bubbles:
        if bubble.role not in ("user", "assistant"):
            return "bubble_name", bubble.line, {"name": bubble.role[:60]}
    return None


SIGHTS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        *(object_shown, container_shown, wrong_value, printed, part_shown, quoted_code),
        *(returned_in_loop, uncalled_function, bubble_name, skipped),
    )
}
