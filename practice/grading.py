"""Judges a program by its text and by what it did."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from practice.events import Event, Failed
from practice.evidence import Evidence, holds, is_about_code, scenes_of
from practice.exercises import Check, Exercise, Language, Mistake
from practice.explain import explain_end, explain_error, messages
from practice.patterns import parse_program
from practice.sandbox.job import RunLimits

__all__ = ["CheckResult", "can_be_run", "grade"]

BLANK = "____"
# The most that a check quotes of an error; the program's output has all of it.
LONGEST_MESSAGE = 300
# Before the text of an error of Snowflake's: "(1304): 01bf-...: 001003 (42000): SQL compilation".
QUERY_ID = re.compile(r"(?<=\(1304\): )[0-9a-f-]{36}: ")


@dataclass(frozen=True)
class CheckResult:
    """One line of the list: whether it is green, and if not, what to say.

    ``id`` is the check's, or ``parses``, ``blanks`` or ``runs``; ``mistake`` the id of the mistake
    that was recognised. ``line`` is the program's line that the message is about, or 0.
    """

    id: str
    passed: bool
    title: str
    message: str = ""
    mistake: str | None = None
    line: int = 0


def grade(
    exercise: Exercise, code: str, events: Iterable[Event], language: Language = "ko"
) -> list[CheckResult]:
    """Judge a program in three stages: it parses; no blank is left; it does what was asked.

    Args:
        exercise: what was asked.
        code: the program.
        events: what it did in each of the exercise's scenes, in their order; none where programs
            cannot be run: what only a run can tell is left out then.
        language: of the titles and messages.
    """
    try:
        program = parse_program(code)
    except SyntaxError as error:
        return [_does_not_parse(error, language), *_unjudged(exercise, language)]
    parses = CheckResult("parses", True, messages()["check_parses"][language])
    blank = _blank(program)
    if blank:
        return [parses, _blank_is_left(blank, language), *_unjudged(exercise, language)]
    scenes = dict(
        zip((scene.id for scene in exercise.about.scenes), scenes_of(events), strict=False)
    )
    results = [parses]
    if scenes:
        results.append(_runs(exercise, program, scenes.values(), language))
        results += _labels(exercise, scenes, language)
    for check in exercise.about.checks:
        evidence = scenes.get(check.scene or exercise.about.scenes[0].id)
        if evidence is None and not is_about_code(check.passes):
            continue
        results.append(_judge(check, program, evidence or Evidence(), language))
    return results


def can_be_run(code: str) -> bool:
    """Whether a program parses and has no blank left: else there is no use in running it."""
    try:
        return not _blank(parse_program(code))
    except SyntaxError:
        return False


def _does_not_parse(error: SyntaxError, language: Language) -> CheckResult:
    text = messages()["check_parses"]
    line = error.lineno or 0
    said = _located("syntax", line, error.msg, language)
    return CheckResult("parses", False, text[language], said, line=line)


def _blank(program: ast.Module) -> int:
    """Return the line of the first blank, wherever a name may stand, or 0."""
    lines = (
        getattr(node, "lineno", 1)
        for node in ast.walk(program)
        if BLANK in (getattr(node, field, None) for field in ("id", "attr", "arg", "name"))
    )
    return min(lines, default=0)


def _blank_is_left(line: int, language: Language) -> CheckResult:
    said = messages()["blank"][language].format(line=line, blank=BLANK)
    return CheckResult("blanks", False, messages()["check_blanks"][language], said, line=line)


def _unjudged(exercise: Exercise, language: Language) -> list[CheckResult]:
    return [CheckResult(each.id, False, each.title.of(language)) for each in exercise.about.checks]


def _runs(
    exercise: Exercise, program: ast.Module, scenes: Iterable[Evidence], language: Language
) -> CheckResult:
    title = messages()["check_runs"][language]
    for evidence in scenes:
        if evidence.error is not None:
            return _failed(exercise, program, evidence, evidence.error, language)
        if evidence.ended != "end":
            said = explain_end(evidence.ended or "crash", language, RunLimits())
            return CheckResult("runs", False, title, said)
    return CheckResult("runs", True, title)


def _labels(
    exercise: Exercise, scenes: Mapping[str, Evidence], language: Language
) -> list[CheckResult]:
    """Say that a button or a field is missing that a scene wants to use; nothing if none is.

    One that is drawn in another scene is not missing: a program may end before it, and rightly.
    """
    if any(evidence.ended != "end" for evidence in scenes.values()):
        return []
    calls = (call for evidence in scenes.values() for call in evidence.calls)
    drawn = [call.arguments.get("label") for call in calls]
    for scene in exercise.about.scenes:
        for label in (*scene.press, *scene.inputs):
            if label not in drawn:
                code = "no_button" if label in scene.press else "no_field"
                said = messages()[code][language].format(label=_as_code(label))
                title = messages()["check_labels"][language]
                return [CheckResult("labels", False, title, said)]
    return []


def _failed(
    exercise: Exercise, program: ast.Module, evidence: Evidence, error: Failed, language: Language
) -> CheckResult:
    line = error.lines[-1] if error.lines else 0
    message = f"{error.type}: {error.message}".removesuffix(": ")
    said = _located("error", line, _shortened(message), language)
    told, lines, known = _recognised(exercise.about.errors, program, evidence, language)
    behind = told or explain_error(error, language)
    if error.what:
        # What the sandbox has not is no error that anybody could look up.
        said = messages()["line"][language].format(line=line) if line else ""
    title = messages()["check_runs"][language]
    line = line or (lines[0] if lines else 0)
    return CheckResult("runs", False, title, f"{said}\n\n{behind}".strip(), known, line)


def _shortened(message: str) -> str:
    """Return an error's message on one line, without what only Snowflake's support can read."""
    text = QUERY_ID.sub("", " ".join(message.split()))
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}..."


def _located(code: str, line: int, message: str, language: Language) -> str:
    text = messages()[code if line else f"{code}_nowhere"][language]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return text.format(line=line, message=_as_code(message), version=version)


def _as_code(text: str) -> str:
    """Return the text as Markdown code on one line, whatever backticks it holds."""
    text = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def _recognised(
    mistakes: Iterable[Mistake], program: ast.Module, evidence: Evidence, language: Language
) -> tuple[str, list[int], str | None]:
    """Return what to say of the first mistake that was made, its lines, and its id."""
    for mistake in mistakes:
        lines: list[int] = []
        if holds(mistake.when, program, evidence, lines):
            said = mistake.say.of(language).replace("{line}", str(lines[0] if lines else 0))
            return said, lines, mistake.id
    return "", [], None


def _judge(
    check: Check, program: ast.Module, evidence: Evidence, language: Language
) -> CheckResult:
    title = check.title.of(language)
    if holds(check.passes, program, evidence):
        return CheckResult(check.id, True, title)
    said, lines, mistake = _recognised(check.mistakes, program, evidence, language)
    if mistake is not None:
        return CheckResult(check.id, False, title, said, mistake, lines[0] if lines else 0)
    # The error itself says what to fix; what it prevented is no second fault.
    cut_short = evidence.error is not None or evidence.ended not in (None, "end")
    return CheckResult(check.id, False, title, "" if cut_short else check.otherwise.of(language))
