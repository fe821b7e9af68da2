"""Judges a program by its text and by what it did."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from practice.events import Event, Failed
from practice.evidence import Call, Evidence, holds, is_about_code, scenes_of
from practice.excepts import CATCHES
from practice.exercises import Check, Exercise, Language, Mistake, shared_mistakes
from practice.explain import error_code, explain_end, explain_error, messages
from practice.kept_in_vain import IN_VAIN
from practice.patterns import parse_program
from practice.reached import unwanted, written
from practice.sandbox.job import RunLimits
from practice.slips import Found, misread
from practice.trial import Rule, Trial, first_of
from practice.unpressed import outside_if
from practice.what_ended import ERRORS, joined_values, slow_statement
from practice.what_is_seen import SIGHTS
from practice.when_read import WHEN_READ
from practice.without_effect import SLIPS

BLANK = "____"
# What a page is asked for; anything else that it draws shows something.
INPUTS = (
    *("button", "selectbox", "text_input", "text_area", "radio", "spinner", "checkbox"),
    "chat_input",
)
# What to say of a mistake, its id, and its line or 0.
Told = tuple[str, str | None, int]
# Of the calls that a program made and of the pieces that it showed, where nothing else can be
# said of it.
MOST_SEEN, LONGEST_PIECE = 5, 30
# The most that a check quotes of an error; the program's output has all of it.
LONGEST_MESSAGE = 300
# Errors of looking something up, where it helps to see in what, even if the mistake is named.
LOOKUPS = ("AttributeError", "IndexError", "KeyError")
# Before the text of an error of Snowflake's: "(1304): 01bf-...: 001003 (42000): SQL compilation".
QUERY_ID = re.compile(r"(?<=\(1304\): )[0-9a-f-]{36}: ")
# Asked before an exercise's own errors: whose fault it is, and why an `except` has missed it.
FIRST: dict[str, Rule] = {
    rule.__name__: rule for rule in (slow_statement, joined_values, *CATCHES.values())
}


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
    texts = {code: text[language] for code, text in messages().items()}
    unjudged = [
        CheckResult(each.id, False, each.title.of(language)) for each in exercise.about.checks
    ]
    try:
        program = parse_program(code)
    except SyntaxError as error:
        return [_misread(code, error, texts, language), *unjudged]
    results = [CheckResult("parses", True, texts["check_parses"])]
    if blank := _blank(program):
        said = texts["blank"].format(line=blank, blank=BLANK)
        failed = CheckResult("blanks", False, texts["check_blanks"], said, "blank", blank)
        return [*results, failed, *unjudged]
    ids = [scene.id for scene in exercise.about.scenes]
    scenes = dict(zip(ids, scenes_of(events), strict=False))
    if scenes:
        trials = [Trial(program, evidence, exercise) for evidence in scenes.values()]
        results.append(_runs(trials, language))
        results += _labels(exercise, scenes, texts)
        if found := outside_if(trials[0]) if results[-1].passed else None:
            told = _shared(found, language)
            results.append(CheckResult("pressed", False, texts["check_pressed"], *told))
    for check in exercise.about.checks:
        evidence = scenes.get(check.scene or ids[0])
        if evidence is not None or is_about_code(check.passes):
            trial = Trial(program, evidence or Evidence(), exercise, check.passes)
            results.append(_judge(check, trial, language))
    return results


def _misread(
    code: str, error: SyntaxError, texts: Mapping[str, str], language: Language
) -> CheckResult:
    line, title = error.lineno or 0, texts["check_parses"]
    said, mistake = _located("syntax", line, error.msg, texts), None
    if found := misread(code, error):
        told, mistake, line = _shared(found, language)
        said = f"{told}\n\n{said}"
    return CheckResult("parses", False, title, said, mistake, line)


def can_be_run(code: str) -> bool:
    """Whether a program parses and has no blank left: else there is no use in running it."""
    try:
        return not _blank(parse_program(code))
    except SyntaxError:
        return False


def _blank(program: ast.Module) -> int:
    """Return the line of the first blank, wherever a name may stand, or 0."""
    lines = (
        getattr(node, "lineno", 1)
        for node in ast.walk(program)
        if BLANK in (getattr(node, field, None) for field in ("id", "attr", "arg", "name"))
    )
    return min(lines, default=0)


def _runs(trials: Iterable[Trial], language: Language) -> CheckResult:
    title = messages()["check_runs"][language]
    for trial in trials:
        if trial.evidence.error is not None:
            return _failed(trial, trial.evidence.error, language)
        if trial.evidence.ended != "end":
            errors = trial.exercise.about.errors
            told = _recognised(errors, trial, language) or _rules(ERRORS, trial, language)
            if told is None:
                ended = trial.evidence.ended or "crash"
                told = (explain_end(ended, language, RunLimits()), None, 0)
            return CheckResult("runs", False, title, *told)
    return CheckResult("runs", True, title)


def _labels(
    exercise: Exercise, scenes: Mapping[str, Evidence], texts: Mapping[str, str]
) -> list[CheckResult]:
    """Name a button or a field that a scene wants to use and no scene draws, if all have ended."""
    if any(evidence.ended != "end" for evidence in scenes.values()):
        return []
    calls = [call for evidence in scenes.values() for call in evidence.calls]
    drawn = [call.arguments.get("label") for call in calls]
    wanted = [("no_button", each) for scene in exercise.about.scenes for each in scene.press]
    wanted += [("no_field", each) for scene in exercise.about.scenes for each in scene.inputs]
    for code, label in wanted:
        if label not in drawn:
            said = texts[code].format(label=_as_code(label))
            return [CheckResult("labels", False, texts["check_labels"], said, "label")]
    talks = any(scene.say for scene in exercise.about.scenes)
    if talks and not any(call.name == "st.chat_input" for call in calls):
        said = texts["no_chat_input"]
        return [CheckResult("labels", False, texts["check_labels"], said, "label")]
    return []


def _failed(trial: Trial, error: Failed, language: Language) -> CheckResult:
    """Say what ended a program: the mistake first, then the error in Python's words."""
    texts = {code: text[language] for code, text in messages().items()}
    line = error.lines[-1] if error.lines else 0
    # On one line, without what only Snowflake's support can read.
    message = QUERY_ID.sub(
        "", " ".join(f"{error.type}: {error.message}".removesuffix(": ").split())
    )
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[:LONGEST_MESSAGE]}..."
    said = _located("error", line, message, texts)
    told, known, at = (
        _rules(FIRST, trial, language)
        or _recognised(trial.exercise.about.errors, trial, language)
        or _rules(ERRORS, trial, language)
        or ("", None, 0)
    )
    if known is None and (code := error_code(error)):
        told, known = explain_error(error, language), code
    if error.what:
        # What the sandbox lacks is no error that anybody could look up.
        said = texts["line"].format(line=line) if line else ""
    if error.values and (known is None or error.type in LOOKUPS):
        values = _as_code(written(error.values))
        said = f"{said}  \n{texts['values'].format(values=values)}"
    said = f"{told}\n\n{said}".strip()
    return CheckResult("runs", False, texts["check_runs"], said, known, at or line)


def _rules(rules: dict[str, Rule], trial: Trial, language: Language) -> Told | None:
    found = first_of(rules, trial)
    return None if found is None else _shared(found, language)


def _shared(found: Found, language: Language) -> Told:
    """Return what to say of a mistake that all exercises share."""
    mistake, line, named = found
    text = shared_mistakes()[mistake][language]
    # Within backticks, which a name must not end.
    plain = {name: value.replace("`", "'") for name, value in named.items()}
    return text.format(line=line, **plain), mistake, line


def _located(code: str, line: int, message: str, texts: Mapping[str, str]) -> str:
    text = texts[code if line else f"{code}_nowhere"]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return text.format(line=line, message=_as_code(message), version=version)


def _as_code(text: str) -> str:
    """Return the text as Markdown code on one line, whatever backticks it holds."""
    text = " ".join(text.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def _recognised(mistakes: Iterable[Mistake], trial: Trial, language: Language) -> Told | None:
    """Return what to say of the first of an exercise's own mistakes that was made."""
    for mistake in mistakes:
        lines: list[int] = []
        if holds(mistake.when, trial.program, trial.evidence, lines):
            line = lines[0] if lines else 0
            return mistake.say.of(language).replace("{line}", str(line)), mistake.id, line
    return None


def _judge(check: Check, trial: Trial, language: Language) -> CheckResult:
    title, evidence = check.title.of(language), trial.evidence
    if holds(check.passes, trial.program, evidence):
        return CheckResult(check.id, True, title)
    about_run = not is_about_code(check.passes)
    # The error itself says what to fix; what it prevented is no second fault.
    if about_run and (evidence.error is not None or evidence.ended not in (None, "end")):
        return CheckResult(check.id, False, title)
    told = _rules(SLIPS | WHEN_READ | IN_VAIN, trial, language) if about_run else None
    told = told or _recognised(check.mistakes, trial, language)
    if told is None and about_run:
        told = _rules(SIGHTS, trial, language)
    if told is None:
        said = check.otherwise.of(language)
        told = (f"{said}\n\n{_seen(trial, language)}" if about_run else said), None, 0
    if about_run and (found := unwanted(trial)):
        told = f"{told[0]}\n\n{_shared(found, language)[0]}", *told[1:]
    return CheckResult(check.id, False, title, *told)


def _seen(trial: Trial, language: Language) -> str:
    """Say what the program did, for a mistake that nobody knows."""
    texts = messages()
    calls = {
        _as_written(each, trial.program): each.line
        for each in trial.evidence.calls
        if each.name[3:] not in INPUTS
    }
    done = ", ".join(
        texts["seen_call"][language].format(call=call, line=line)
        for call, line in [*calls.items()][:MOST_SEEN]
    )
    said = texts["seen" if done else "seen_nothing"][language].format(calls=done)
    for stream in [*trial.evidence.streams.values()][-1:]:
        pieces = ", ".join(
            _as_code(repr(each[:LONGEST_PIECE])) for each in stream.texts[:MOST_SEEN]
        )
        said += f" {texts['seen_pieces'][language].format(pieces=pieces)}" if pieces else ""
    return said


def _as_written(call: Call, program: ast.Module) -> str:
    """Return the name of a call as the program has it: ``st.write`` draws by other functions."""
    written = {
        ast.unparse(node.func)
        for node in ast.walk(program)
        if isinstance(node, ast.Call) and node.lineno <= call.line <= (node.end_lineno or 0)
    }
    if call.name in written:
        return call.name
    # The OpenAI client asks the same as ``Complete``.
    kinds = ("st.write",) if call.name.startswith("st.") else ("client.chat.completions.create",)
    return next((each for each in kinds if each in written), call.name)
