"""How long a lesson is: its words, and the minutes that it takes.

Counted from the files as they are, without reading the prose into blocks: Home shows the minutes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from course.content.lesson import Lesson
from course.content.outline import outline_of
from course.language import LANGUAGES, Language
from practice.sources import SourceError, exercise_files, kept_until_changed, read_text, read_toml

#: Of one day: English words, and Korean 어절.
MOST_WORDS: dict[Language, int] = {"en": 1_300, "ko": 1_000}
#: How many of them a learner reads in a minute, code beside them included.
WORDS_A_MINUTE: dict[Language, int] = {"en": 130, "ko": 100}
SNIPPET_MINUTES, QUESTION_MINUTES, EXERCISE_MINUTES = 1.0, 0.5, 5.0
ROUNDED_TO = 5

FENCE = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})(?P<info>.*)")
CAPTION = re.compile(r'caption="([^"]*)"')
#: What the page does not show: ids of headings, kinds of callouts, marks of options, and addresses.
UNSEEN = re.compile(
    r"\{#[^}]*\}|^[ \t]*>[ \t]*\[!\w+\]|^[ \t>]*[-*+][ \t]+\[[ xX]\]|(?<=\])\([^)]*\)"
    r"|^[ \t>]*[0-9]+\.(?=[ \t])"
)
SNIPPET = re.compile(r"^```python .*\brun=yes\b", re.MULTILINE)


def words(lesson: Lesson, language: Language) -> int:
    """Return how many words a lesson's own files put on its page: between spaces, with a letter.

    They are its prose, captions, title, summary, demo hint and what was built, and its exercises'
    titles and tasks. Code, output, links at the end, hints and messages are not counted.
    """
    meta = lesson.meta
    about = [meta.title, meta.summary, *(each for each in (meta.demo, meta.built) if each)]
    counted = sum(_counted(each.of(language)) for each in about)
    counted += sum(_task(path, language) for path in exercise_files(lesson.folder))
    prose = lesson.folder / f"{language}.md"
    return counted + _prose(prose)[0]


def minutes(lesson: Lesson) -> int:
    """Return how long a lesson takes, in the language in which that is longer.

    An exercise's minutes are for reading its task, too.
    """
    longest, has = 0.0, outline_of(lesson)
    for language in LANGUAGES:
        prose = lesson.folder / f"{language}.md"
        with suppress(SourceError):  # the page says that the lesson is broken
            counted, snippets = _prose(prose)
            taken = counted / WORDS_A_MINUTE[language] + snippets * SNIPPET_MINUTES
            longest = max(longest, taken)
    longest += len(has.questions) * QUESTION_MINUTES + len(has.exercises) * EXERCISE_MINUTES
    return max(ROUNDED_TO, math.ceil(longest / ROUNDED_TO) * ROUNDED_TO)


@kept_until_changed
def _prose(path: Path) -> tuple[int, int]:
    """Return the words and snippets of a file."""
    source = read_text(path)
    counted = sum(map(_counted, _shown(source)))
    return counted, len(SNIPPET.findall(source))


@kept_until_changed
def _task(path: Path, language: Language) -> int:
    """Return the words of an exercise's title and task."""
    try:
        about: dict[str, Any] = read_toml(path)[0]
        return sum(_counted(str(about[name][language])) for name in ("title", "task"))
    except (SourceError, LookupError, TypeError):
        return 0  # the check says what is wrong with it


def _shown(source: str) -> Iterator[str]:
    """Yield the lines of prose that stand on the page, and the captions of figures."""
    fence = ""
    for row in source.split("\n"):
        found = FENCE.match(row)
        if fence:
            if found and found["fence"].startswith(fence) and not found["info"].strip():
                fence = ""
        elif found:
            fence = found["fence"]
            yield from CAPTION.findall(found["info"])
        else:
            yield UNSEEN.sub("", row)


def _counted(text: str) -> int:
    return sum(any(map(str.isalnum, each)) for each in text.split())
