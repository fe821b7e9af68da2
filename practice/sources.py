"""Reading files that people write: bounded, and with one kind of error.

Whatever is wrong with such a file is a ``SourceError`` that names the file, the line and the fix.
"""

from __future__ import annotations

import ast
import re
import stat
import tomllib
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
Made = TypeVar("Made")

#: Bytes of one file; the course's own have at most 22 KB.
LARGEST = 250_000
#: Levels of Python's syntax tree; the course's own have 20. A recursive walk of such a tree stays
#: far from Python's limit of 1,000 frames.
DEEPEST = 100
#: Control characters, and what looks like a space, or like nothing, and breaks code that is copied.
#: The joiners of emoji are not among them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\xa0\u00ad\u1680\u2000-\u200b\u200e\u200f\u2028-\u202f"
    "\u205f-\u2064\u2066-\u2069\u3000\u3164\ufeff\uffa0]"
)
# How often a syntax tree that another thread has disturbed is built again.
TRIES = 5
BOM = "\ufeff"
#: What tomllib says, a pattern, and what it means for somebody who writes a lesson.
TOML_FAULTS = {
    "overwrite|declare|Duplicate|mutate|expand": (
        *("a name is there twice", "Remove one of the two"),
    ),
    r"Unterminated|Illegal character '\\n'": (
        *("a text does not end", "End it with the quotes that it begins with"),
    ),
    "Unescaped|escape": (
        r"a `\` in a text is followed by what it cannot stand before",
        "Write two of them, or put the text into single quotes",
    ),
    "Illegal character|Found invalid character": (
        *("there is a control character", "Delete it, or write the line again"),
    ),
    r"Unclosed|Expected '\]": ("a bracket is not closed", "Close it in the same line"),
    "Expected newline": (
        "something stands behind a value",
        "Put each `name = value` on a line of its own, and texts in double quotes",
    ),
    "Expected '='|Invalid statement|Invalid initial character": (
        "this is no `name = value` and no `[name]`",
        "Put each `name = value` on a line of its own, and begin a remark with #",
    ),
    "": (
        "a value cannot be read",
        "Put texts in double quotes; numbers, dates, true and false stand without any",
    ),
}


class SourceError(ValueError):
    """A file cannot be used: which, in which line (0: as a whole), what is wrong, how to fix it."""

    def __init__(self, path: Path, line: int, what: str, fix: str) -> None:
        self.path, self.line, self.what, self.fix = path, line, what, fix
        super().__init__(f"{path}{f':{line}' if line else ''}: {what}. {fix}.")


def exercise_files(lesson: Path) -> list[Path]:
    """Return the ``exercise.toml`` of each exercise in a lesson's folder, by their numbers."""

    def place(path: Path) -> tuple[int, str]:
        number = path.parent.name.partition("_")[0]
        return (int(number) if number.isdecimal() else 0), path.parent.name

    return sorted(lesson.glob("practice/*/exercise.toml"), key=place)


def stamp(path: Path) -> tuple[int, int] | None:
    """Return when a file was last written and its size; ``None`` if there is none.

    Raises:
        SourceError: it is no ordinary file, or cannot be looked at.
    """
    try:
        found = path.stat()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise _unreadable(path, error) from error
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no ordinary file"
        raise SourceError(path, 0, f"cannot be read (it is {kind})", "Put a text file there")
    return found.st_mtime_ns, found.st_size


def kept_until_changed(
    made_of: Callable[Concatenate[Path, P], Made],
) -> Callable[Concatenate[Path, P], Made]:
    """Call a function of a file again only when the file has changed; errors are not kept."""

    def made(path: Path, _: object, *args: Any, **kwargs: Any) -> Made:
        return made_of(path, *args, **kwargs)

    # More than a course has files of a kind.
    kept: Callable[..., Made] = lru_cache(maxsize=4096)(made)

    def current(path: Path, /, *args: P.args, **kwargs: P.kwargs) -> Made:
        return kept(path, stamp(path), *args, **kwargs)

    return current


def read_text(path: Path, largest: int = LARGEST) -> str:
    r"""Return the text of a UTF-8 file of at most ``largest`` bytes, with ``\n`` for line ends.

    Raises:
        SourceError: there is no such file, it cannot be read, is too large, or is not UTF-8.
    """
    # A pipe would be waited for.
    if stamp(path) is None:
        raise SourceError(path, 0, "cannot be read (there is no such file)", "Write it")
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(content) > largest:
        what = f"cannot be read (it is larger than {largest // 1000} KB)"
        raise SourceError(path, 0, what, "Split it, or remove what does not belong there")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(
            path, line, "cannot be read (it is not UTF-8)", "Save it as UTF-8"
        ) from None
    if text.startswith(BOM):
        what = "begins with an invisible byte order mark (BOM)"
        raise SourceError(path, 1, what, "Save it as UTF-8 without BOM")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(path: Path, error: OSError) -> SourceError:
    if isinstance(error, PermissionError):
        reason, fix = "it may not be read", "Give the course the right to read it"
    else:
        reason, fix = error.strerror or type(error).__name__, "Put a text file there"
    return SourceError(path, 0, f"cannot be read ({reason})", fix)


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """Return what a TOML file says, and its text.

    Raises:
        SourceError: it cannot be read, or is not TOML.
    """
    source = read_text(path)
    try:
        return tomllib.loads(source), source
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = re.search(r"line (\d+)", said)
        line = int(at[1]) if at else len(source.split("\n"))
        what, fix = next(told for words, told in TOML_FAULTS.items() if re.search(words, said))
        raise SourceError(path, line, f"is not valid TOML: {what}", fix) from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a thousand brackets
        what = "is not valid TOML: a number is too long, or lists stand too deep in each other"
        raise SourceError(path, 0, what, "Shorten it") from error


def read_python(path: Path) -> tuple[str, ast.Module]:
    """Return the text of a Python file and its syntax tree.

    Raises:
        SourceError: it cannot be read, or is not Python.
    """
    source = read_text(path)
    try:
        tree = parse_python(source)
        # What only the compiler finds: a `return` outside of a function.
        compile(tree, "<source>", "exec", dont_inherit=True)
    except SyntaxError as error:
        said = "a number is too long" if "Exceeds the limit" in error.msg else error.msg
        what = f"is not valid Python: {said}"
        raise SourceError(path, error.lineno or 0, what, "Correct it") from error
    return source, tree


def parse_python(source: str) -> ast.Module:
    """Return the syntax tree of a program, without running any of it.

    Raises:
        SyntaxError: it is not Python, or nested more than ``DEEPEST`` levels deep.
    """
    if "\0" in source:
        raise _no_python("there is a NUL character", _line_at(source, source.index("\0")))
    try:
        tree = syntax_tree(source)
    except (RecursionError, MemoryError) as error:
        # Python 3.11 to 3.13 guard their parser like this, also in a thread. They name no line.
        rows = source.split("\n")
        line = rows.index(max(rows, key=len)) + 1
        raise _no_python(TOO_DEEP, line) from error
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise _no_python("there is half a character", _line_at(source, error.start)) from error
    if (deep := _deep_line(tree)) is not None:
        raise _no_python(TOO_DEEP, deep)
    return tree


def syntax_tree(source: str) -> ast.Module:
    """Return what ``ast.parse`` does, although another thread may be parsing, too.

    Before 3.13 Python counts the depth of all threads' trees in one place, and gives up where it
    finds another thread's count (github.com/python/cpython/issues/106905).

    Raises:
        SyntaxError, RecursionError, MemoryError, ValueError: as ``ast.parse`` does.
    """
    for _ in range(TRIES):
        with suppress(SystemError):
            return ast.parse(source, "<source>")
    return ast.parse(source, "<source>")


TOO_DEEP = "too deeply nested"


def _no_python(what: str, line: int) -> SyntaxError:
    return SyntaxError(what, ("<source>", line, 1, None))


def _deep_line(tree: ast.Module) -> int | None:
    """Return the line in which a tree has more than ``DEEPEST`` levels; ``None`` if it has not."""
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return None
    return next((line for node in level if (line := getattr(node, "lineno", 0))), 1)


def _line_at(source: str, position: int) -> int:
    return source.count("\n", 0, position) + 1
