"""Files that people write: what is wrong with one is told with its line and its fix."""

from __future__ import annotations

import ast
import os
import threading
from pathlib import Path

import pytest

from practice import sources
from practice.sources import SourceError, parse_python, read_python, read_text, read_toml, stamp


def said_of(path: Path) -> str:
    """Return what reading a file says, without its folder."""
    readers = {".toml": read_toml, ".py": read_python}
    with pytest.raises(SourceError) as caught:
        readers.get(path.suffix, read_text)(path)
    return str(caught.value).removeprefix(f"{path.parent}{os.sep}")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.md", b"one\ntw\xff", "a.md:2: cannot be read (it is not UTF-8). Save it as UTF-8."),
        ("a.md", b"\xef\xbb\xbfone", "a.md:1: begins with an invisible byte order mark (BOM)"),
        ("a.md", b"x" * 250_001, "a.md: cannot be read (it is larger than 250 KB)"),
        ("a.toml", b"a = " + b"9" * 5000, "a.toml: is not valid TOML: a number is too long, or"),
        ("a.toml", b"a = " + b"[" * 9000, "a.toml: is not valid TOML: a number is too long, or"),
        ("a.toml", b"a = 1\na = 2\n", "a.toml:2: is not valid TOML: a name is there twice"),
        ("a.toml", b"a.b = 1\n[a]\n", "a.toml:2: is not valid TOML: a name is there twice"),
        ("a.toml", b'a = "x\n', "a.toml:1: is not valid TOML: a text does not end"),
        ("a.toml", b'a = "x\\y"\n', "a.toml:1: is not valid TOML: a `\\` in a text is followed"),
        ("a.toml", b'a = "x\x1b"\n', "a.toml:1: is not valid TOML: there is a control character"),
        ("a.toml", b"a = x\n", "a.toml:1: is not valid TOML: a value cannot be read"),
        ("a.toml", b"a = 0001-01-01T00:00:00+99:99\n", "a.toml:1: is not valid TOML"),
        ("a.toml", b"a\n", "a.toml:1: is not valid TOML: this is no `name = value`"),
        ("a.toml", b"a = 1 b = 2\n", "a.toml:1: is not valid TOML: something stands behind"),
        ("a.toml", b"a = [1\n", "a.toml:2: is not valid TOML: a bracket is not closed"),
        ("a.py", b"x = 1\nx = (\n", "a.py:2: is not valid Python: '(' was never closed."),
        ("a.py", b"x = " + b"-" * 20000 + b"1\n", "a.py:1: is not valid Python: too deeply"),
        ("a.py", b"\nx = " + b"1+" * 150 + b"1\n", "a.py:2: is not valid Python: too deeply"),
        ("a.py", b"x = " + b"9" * 5000 + b"\n", "a.py:1: is not valid Python: a number is too"),
        ("a.py", b"x = 1\nreturn x\n", "a.py:2: is not valid Python: 'return' outside function"),
        ("a.py", b"x = 1\n\0\n", "a.py:2: is not valid Python: there is a NUL character"),
    ],
)
def test_a_fault_is_told_with_its_line_and_its_fix(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in said_of(tmp_path / name)


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "folder: cannot be read (it is a folder)" in said_of(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    assert "pipe: cannot be read (it is no ordinary file)" in said_of(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "loop: cannot be read (Too many levels of symbolic links)" in said_of(tmp_path / "loop")
    assert "none: cannot be read (there is no such file)" in said_of(tmp_path / "none")
    assert stamp(tmp_path / "none") is None
    (tmp_path / "link").symlink_to(tmp_path / "none")
    with pytest.raises(SourceError, match="link: cannot be read"):
        stamp(tmp_path / "link")


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.md").write_text("")
    monkeypatch.setattr(Path, "open", refuse)
    assert "a.md: cannot be read (it may not be read)" in said_of(tmp_path / "a.md")


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_lines_may_end_as_on_any_system(tmp_path: Path, ends: str) -> None:
    (tmp_path / "a.toml").write_bytes(f"a = 1{ends}b = 2{ends}".encode())
    assert read_toml(tmp_path / "a.toml") == ({"a": 1, "b": 2}, "a = 1\nb = 2\n")


@pytest.mark.parametrize(
    "source",
    [
        *("-" * 20000 + "1", "not " * 20000 + "x", "lambda:" * 20000 + "1", "1+" * 20000 + "1"),
        *("a" + ".b" * 20000, "f" + "()" * 20000, "(" * 20000),
        "if a: 1\n" + "elif a: 1\n" * 20000,
    ],
)
def test_python_that_is_nested_too_deeply_is_a_syntax_error_in_a_thread_too(source: str) -> None:
    raised: list[BaseException] = []

    def parse() -> None:
        try:
            parse_python(source)
        except BaseException as error:
            raised.append(error)

    parse()
    thread = threading.Thread(target=parse)
    thread.start()
    thread.join()
    assert [type(error) for error in raised] == [SyntaxError, SyntaxError]


def test_half_a_character_is_a_syntax_error_with_its_line() -> None:
    with pytest.raises(SyntaxError, match="half a character") as caught:
        parse_python("x = 1\ny = '\ud800'\n")
    assert caught.value.lineno == 2


def test_a_tree_that_another_thread_has_disturbed_is_built_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcomes: list[SystemError | ast.Module] = [
        SystemError("AST constructor recursion depth mismatch"),
        ast.parse("x = 1"),
    ]

    def parse(*_: object) -> ast.Module:
        outcome = outcomes.pop(0)
        if isinstance(outcome, SystemError):
            raise outcome
        return outcome

    monkeypatch.setattr(ast, "parse", parse)
    assert isinstance(sources.syntax_tree("x = 1").body[0], ast.Assign)
