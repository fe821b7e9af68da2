"""The instructor's commands: `python -m course new-day | check | translated | grade | limits`."""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from course import __version__
from course.content import entries, lessons
from course.language import LANGUAGES, Language
from course.problems import LessonError, short


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, 1 if something is wrong, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m course", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new-day", help="write the files of a new day")
    new.add_argument("day", type=_day, help="its number, such as 4")
    new.add_argument("title", help='its title, such as "Caching"')
    new.add_argument("--slug", default="", help="the name of its files, by default from the title")
    new.set_defaults(run=_new_day)
    check = commands.add_parser("check", help="check every lesson, in both languages")
    check.add_argument("day", nargs="?", default="", help="one day, such as 3; without it, all")
    check.add_argument("--files-only", action="store_true", help="run no code, draw no page")
    check.set_defaults(run=_check)
    done = commands.add_parser("translated", help="record that a translation is up to date")
    done.add_argument("day", type=_day)
    done.add_argument("language", choices=LANGUAGES)
    done.set_defaults(run=_translated)
    work = commands.add_parser("grade", help="check learners' exported work again")
    work.add_argument("files", nargs="+", type=Path, help="learners' exports")
    work.add_argument("--language", choices=LANGUAGES, default="en", help="of the messages")
    work.set_defaults(run=_grade)
    limits = commands.add_parser("limits", help="show the settings in force and today's counters")
    limits.set_defaults(run=_limits)
    given = vars(parser.parse_args(arguments))
    given.pop("command")
    return int(given.pop("run")(**given))


def _limits() -> int:
    from course.commands import limits_report

    return limits_report.main()


def _day(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} isn't a day's number; write one such as 4")
    return int(text)


def _new_day(day: int, title: str, slug: str) -> int:
    from course.commands.checking.lesson_files import check_files
    from course.commands.new_day import NewDayError, create

    try:
        written = create(day, title, slug)
    except NewDayError as error:
        print(f"No day was made: {error}.", file=sys.stderr)
        return 2
    print("Written:", *map(short, written), sep="\n  ")
    folder = next(path.parent for path in written if path.name == "lesson.toml")
    todos = check_files(only=[folder.name])
    print("\nStill to write (`make check` lists it again):", *todos, sep="\n  ")
    print(f"\nSee it: `make run`, then http://localhost:8501/{folder.name}")
    return 0


def _translated(day: int, language: Language) -> int:
    from course.content import read, translations

    found = next((lesson for lesson in lessons() if lesson.day == day), None)
    if found is None:
        days = ", ".join(str(lesson.day) for lesson in lessons())
        print(f"Day {day} is missing or can't be read. Days: {days}.", file=sys.stderr)
        return 2
    try:
        problems = [problem for each in LANGUAGES for problem in read(found, each).problems]
        if problems:
            raise LessonError(problems)
        path = translations.record(found, language)
    except ValueError as error:
        print(f"Nothing was recorded: {error}.", file=sys.stderr)
        return 2
    except LessonError as error:
        print(f"Nothing was recorded; fix this first:\n{error}", file=sys.stderr)
        return 1
    print(f"{short(path)}: {language} is recorded as up to date.")
    return 0


def _grade(files: Sequence[Path], language: Language) -> int:
    from connection import ConnectionFailed
    from course.commands.grade import grade_files, table
    from practice import Unavailable

    # The scripted model answers faster here, with the same text.
    os.environ.setdefault("COURSE_FIRST_TOKEN", "0.05")
    os.environ.setdefault("COURSE_TOKENS_PER_SECOND", "400")
    try:
        rows = list(grade_files(files, language))
    except ConnectionFailed as error:
        print(f"Local Cortex does not start: {error.where or error}", file=sys.stderr)
        return 1
    except Unavailable as error:
        print(f"Programs cannot be run on this machine: {error}.", file=sys.stderr)
        return 1
    print(table(rows))
    return 1 if any(row.note == "UNREAD" for row in rows) else 0


def _check(day: str, *, files_only: bool) -> int:
    from course.commands.check import check
    from course.commands.checking.lesson_files import check_files

    found = entries()
    only = [entry.name for entry in found if not day or day in _names_of(entry.name)]
    if day and not only:
        known = ", ".join(entry.name for entry in found)
        print(f"There is no day {day!r}; there are {known}.", file=sys.stderr)
        return 2
    named = only if day else None
    if files_only:
        problems = list(dict.fromkeys(check_files(only=named)))
    else:
        problems = check(say=print, only=named)
    for problem in problems:
        print(f"{problem.severity}: {problem}")
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = len(problems) - len(errors)
    counts = (len(only), "lesson"), (len(errors), "error"), (warnings, "warning")
    print(", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts) + ".")
    return 1 if errors else 0


def _names_of(folder: str) -> tuple[str, ...]:
    """Return the names of a day on the command line: 3, 03, day_03, or its folder's."""
    number = folder.split("_")[1]
    return folder, f"day_{number}", number, str(int(number))


if __name__ == "__main__":
    # As after Ctrl-C, what a check has started ends with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
