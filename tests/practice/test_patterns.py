"""Shapes of code are found where a learner wrote them, and nowhere else."""

from __future__ import annotations

import pytest

from practice.patterns import (
    PatternError,
    caught,
    find,
    lines_inside,
    missed,
    parse_program,
    uses_all,
)


def lines(pattern: str, code: str) -> list[int]:
    return find(pattern, parse_program(code))


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("st.write(__)", "st.write(stream)"),
        ("st.write(__)", "x = [st.write(1 + 2)]"),
        ("Complete(..., stream='True')", 'Complete(m, p, session=s, stream="True")'),
        ("Complete(..., stream='True')", "Complete(stream='True')"),
        ("Complete(..., stream=__str)", "Complete(m, stream='no')"),
        ("Complete(__, __, __, ...)", "Complete(m, p, s, True, x=1)"),
        ("__clock > x", "time.monotonic() > x"),
        ("__clock > x", "from time import time as now\nnow() > x"),
        ("__clock > x", "import time\nclock = time.time\nclock() > x"),
        ("st.write(__)", "import streamlit as st\nshow = st.write\nshow(x)\nshow(y)"),
        ("__.split(__)", "for word in text.split(' '): pass"),
        ("except: ...", "try:\n  pass\nexcept:\n  pass"),
        ("except A: ...", "from a import A as B\ntry:\n  pass\nexcept B:\n  pass"),
        ("except ImportError: ...", "try:\n  pass\nexcept ImportError:\n  print(1)\n  print(2)"),
        ("except ImportError: ...", "try:\n  pass\nexcept ImportError as error:\n  print(error)"),
        ("except (A, __): ...", "try:\n  pass\nexcept (A, B):\n  pass"),
        ("def five(): ...", "def five(text, size=5):\n  return text"),
        ("def __(): ...", "def anything(*a): pass"),
        ("for __ in __: ...", "for piece in stream:\n  print(piece)"),
        ("yield text[__:5]", "def f():\n  yield text[start:5]"),
        ("__ = st.write_stream(__)", "text = st.write_stream(stream)"),
        ("return __", "def f():\n  return [1]"),
        ("raise A", "raise A from None"),
        ("try: ...\nfinally: ...", "try:\n  f()\nexcept A:\n  pass\nfinally:\n  g()"),
    ],
)
def test_a_shape_is_found(pattern: str, code: str) -> None:
    assert lines(pattern, code)


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("st.write(__)", "st.write()"),
        ("st.write(__)", "st.write(1, 2)"),
        ("st.write(__)", "st.write_stream(x)"),
        ("st.write(__)", "# st.write(x)"),
        ("st.write(__)", "'st.write(x)'"),
        ("Complete(..., stream='True')", "Complete(stream=True)"),
        ("Complete(stream=True)", "Complete(m, stream=True)"),
        ("Complete(stream=True)", "Complete(stream=1)"),
        ("Complete(..., stream=__str)", "Complete(stream=f'{x}')"),
        ("except ImportError: ...", "try:\n  pass\nexcept ValueError:\n  pass"),
        ("except: ...", "try:\n  pass\nexcept Exception:\n  pass"),
        ("except A as e: ...", "try:\n  pass\nexcept A:\n  pass"),
        ("return __", "def f():\n  return"),
        ("__clock", "time.sleep(1)"),
        ("raise A from __", "raise A"),
        ("try: ...\nfinally: ...", "try:\n  f()\nexcept A:\n  pass"),
    ],
)
def test_another_shape_is_not(pattern: str, code: str) -> None:
    assert lines(pattern, code) == []


@pytest.mark.parametrize(
    "names",
    ["A", "(A, B)", "m.A", "BROKEN", "MANY", "self.MANY"],
    ids=["one", "two", "module", "name", "names", "attribute"],
)
def test_what_an_except_names_is_caught_also_where_a_variable_names_it(names: str) -> None:
    code = f"BROKEN = A\nMANY = (B, m.A)\ntry:\n  f()\nexcept {names}:\n  pass"
    assert caught("A", parse_program(code)) == [5]
    assert caught("C", parse_program(code)) == []


@pytest.mark.parametrize("call", ["suppress(A)", "contextlib.suppress(B, m.A)"])
def test_what_is_suppressed_is_caught(call: str) -> None:
    code = f"with {call}:\n  f()"
    assert caught("A", parse_program(code)) == [1]
    assert caught("C", parse_program(code)) == []


@pytest.mark.parametrize(
    ("code", "lines", "found"),
    [
        ("try:\n  f()\nexcept A:\n  pass", [2], [3]),
        ("try:\n  f()\nexcept A:\n  pass", [2, 9], [3]),
        ("try:\n  f()\nexcept A:\n  g()", [4], []),
        ("try:\n  f()\nexcept A:\n  raise", [2], []),
        ("try:\n  f()\nfinally:\n  pass", [2], []),
        ("with suppress(A):\n  f()", [2], [1]),
        ("with suppress(A):\n  f()", [1], []),
        ("with g(A):\n  f()", [2], []),
    ],
)
def test_an_error_missed_the_excepts_that_it_got_past(
    code: str, lines: list[int], found: list[int]
) -> None:
    assert missed(lines, parse_program(code)) == found


def test_a_function_uses_what_it_is_given_if_it_reads_each_parameter() -> None:
    assert uses_all("f", parse_program("def f(a, b):\n  return a + b"))
    assert not uses_all("f", parse_program("def f(a, b):\n  return a"))
    assert uses_all("f", parse_program("x = 1"))


def test_a_name_that_stands_for_a_function_is_spelt_out_only_where_it_is_sure() -> None:
    imports = "import time\n"
    for code in (
        "now = time.time\nx = now",
        "now = time.time\nnow()\nnow = 1",
        "now = f\nnow()",
        "now = time.time\ndef f(now): now()",
    ):
        assert lines("time.time()", imports + code) == []
    dotted = "import snowflake.cortex\nask = snowflake.cortex.Complete\nask(x)"
    assert lines("snowflake.cortex.Complete(x)", dotted) == [3]


def test_the_lines_of_a_function_are_those_from_its_first_to_its_last() -> None:
    code = "f()\ndef f():\n  if x:\n    y()\nf()"
    assert lines_inside("f", parse_program(code)) == {2, 3, 4}


def test_the_lines_are_those_of_the_program() -> None:
    assert lines("st.write(__)", "import st\n\nst.write(1)\nif x:\n    st.write(2)\n") == [3, 5]


@pytest.mark.parametrize("pattern", ["", "st.write(", "a\nb", "except ValueError"])
def test_a_pattern_that_is_not_one_piece_of_python_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        lines(pattern, "x = 1")


@pytest.mark.parametrize(
    "code", ["x = (", "\0", "(" * 5_000, "-" * 100_000 + "1", "a" + ".a" * 100_000, "9" * 5_000]
)
def test_whatever_cannot_be_parsed_is_a_syntax_error_and_nothing_worse(code: str) -> None:
    with pytest.raises(SyntaxError):
        parse_program(code)
