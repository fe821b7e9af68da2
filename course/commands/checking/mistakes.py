"""Whether an exercise's messages can be said: blanks that are filled, mistakes that happen."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from course.commands.checking.wording import Place, texts_in
from practice.conditions import Condition, Text
from practice.exercises import Check, ExerciseFile, Mistake

__all__ = ["never", "placeholders", "unproven"]

# Where a warning stands, what is wrong and how to fix it.
Found = tuple[Place, str, str]

CODE = re.compile(r"(`+)[^`].*?\1(?!`)", re.DOTALL)
BLANK = re.compile(r"\{\w*\}")
#: Placeholders, in the message for a mistake and in the pattern of a condition.
IN_MESSAGES = ("{line}",)
IN_CONDITIONS = ("{answer}", "{answer_length}", "{value}")


def placeholders(about: ExerciseFile) -> Iterator[Found]:
    """Yield the blanks in messages and conditions that nobody fills in."""
    for place, both in texts_in(about):
        known = IN_MESSAGES if place[-1] == "say" else ()
        for language in ("ko", "en"):
            plain = CODE.sub("", both.of(language))
            for blank in dict.fromkeys(BLANK.findall(plain)):
                if blank not in known:
                    what = f"nothing is filled in for `{blank}`"
                    fix = f"Known here: {', '.join(known) or 'none'}; write code between backticks"
                    yield (*place, language), what, fix
    for place, condition in _conditions(about):
        for blank in dict.fromkeys(blank for text in _texts(condition) for blank in text):
            if blank not in IN_CONDITIONS:
                what = f"nothing is filled in for `{blank}` in a condition"
                yield place, what, f"Known here: {', '.join(IN_CONDITIONS)}"


def unproven(about: ExerciseFile, seen: Collection[tuple[str, str | None]]) -> Iterator[Found]:
    """Yield the mistakes that no wrong answer makes.

    Args:
        about: the exercise; one without any wrong answer is another matter.
        seen: the check and the mistake of each result of its wrong answers.
    """
    for place, check, mistake in _mistakes(about) if about.wrong else ():
        if (check.id if check else "runs", mistake.id) not in seen:
            what = f"no wrong answer makes the mistake `{mistake.id}`"
            yield place, what, "Add a [[wrong]] that makes it, or remove the mistake"


def never(about: ExerciseFile) -> Iterator[Found]:
    """Yield mistakes that cannot be recognised, whatever the program does."""
    before: list[Mistake] = []
    for place, check, mistake in _mistakes(about):
        if place[-1] == 0:
            before = []
        parts = _parts(mistake.when)
        earlier = next((each for each in before if _follows(parts, _parts(each.when))), None)
        before.append(mistake)
        if earlier is not None:
            reason, fix = f"`{earlier.id}` always fits before it", f"Put it before `{earlier.id}`"
        elif check is not None and _follows(parts, _parts(check.passes)):
            reason, fix = "where it fits, the check passes", "Change its condition"
        elif any(part.no is not None and _follows(parts, _parts(part.no)) for part in parts):
            reason, fix = "its condition contradicts itself", "Change its condition"
        elif check is None and any(part.error == "" or part.ended == "end" for part in parts):
            reason, fix = "it needs a program without an error", "Move it to a check"
        else:
            continue
        yield place, f"the mistake `{mistake.id}` is never recognised: {reason}", fix


def _mistakes(about: ExerciseFile) -> Iterator[tuple[Place, Check | None, Mistake]]:
    for number, check in enumerate(about.checks):
        for index, mistake in enumerate(check.mistakes):
            yield ("checks", number, "mistakes", index), check, mistake
    for index, mistake in enumerate(about.errors):
        yield ("errors", index), None, mistake


def _parts(condition: Condition) -> list[Condition]:
    """Return a condition's parts, all of which must hold, each with one thing that it asks for."""
    parts = [part for each in condition.all or () for part in _parts(each)]
    # These belong together: they are about one call, one stream, one error.
    for names in (("called", "with_", "times"), ("shown", "pieces", "whole")):
        given = {name: getattr(condition, name) for name in names if _is_given(condition, name)}
        if given:
            parts.append(Condition.model_construct(set(given), **given))
    for name in ("any", "no", "code", "read", "error", "message", "ended"):
        if _is_given(condition, name):
            value = getattr(condition, name)
            parts.append(Condition.model_construct({name}, **{name: value}))
    return parts


def _is_given(condition: Condition, name: str) -> bool:
    default = Condition.model_fields[name].get_default(call_default_factory=True)
    return bool(getattr(condition, name) != default)


def _follows(parts: Sequence[Condition], others: Sequence[Condition]) -> bool:
    """Tell whether all of ``others`` hold wherever all of ``parts`` do, as far as can be seen."""
    return all(any(_implies(part, other) for part in parts) for other in others)


def _implies(part: Condition, other: Condition) -> bool:
    if part == other:
        return True
    if other.called is not None:
        # Called with more arguments, it was called; any function of Streamlit's is `st.*`.
        every = "st.*" if (part.called or "").startswith("st.") else None
        named = other.called in (part.called, every)
        given = all(part.with_.get(name) == wanted for name, wanted in other.with_.items())
        return named and given and other.times is None and part.times != 0
    asked = [name for name in ("shown", "pieces", "whole") if _is_given(other, name)]
    return bool(asked) and all(getattr(part, name) == getattr(other, name) for name in asked)


def _conditions(about: ExerciseFile) -> Iterator[tuple[Place, Condition]]:
    for number, check in enumerate(about.checks):
        yield ("checks", number, "passes"), check.passes
    for place, _, mistake in _mistakes(about):
        yield (*place, "when"), mistake.when


def _texts(condition: Condition) -> Iterator[list[str]]:
    """Yield the blanks in each text that a condition looks for."""
    for wanted in (*condition.with_.values(), condition.message):
        texts = (wanted.contains, wanted.lacks) if isinstance(wanted, Text) else (wanted,)
        for text in texts:
            if isinstance(text, str):
                yield BLANK.findall(text)
    inner = (*(condition.all or ()), *(condition.any or ()))
    for each in (*inner, condition.no) if condition.no else inner:
        yield from _texts(each)
