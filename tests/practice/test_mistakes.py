"""A beginner's mistake is recognised by what is certain of it, and by nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from practice.events import (
    Again,
    Asked,
    Closed,
    Decided,
    Decision,
    Delta,
    Draw,
    Ended,
    Event,
    Failed,
    Kept,
    Piece,
    Printed,
    Queried,
    SessionState,
    Shown,
    Slept,
)
from practice.exercises import Exercise, ExerciseFile, shared_mistakes
from practice.grading import CheckResult, grade
from practice.slips import misread
from practice.sources import parse_python

TEXT = {"ko": "기타", "en": "Anything else"}
END = Ended(reason="end")
IMPORTS = "import streamlit as st\nimport time\nfrom snowflake.cortex import Complete\n"


def test_a_quote_of_the_f_string_in_its_braces_is_named_where_it_ends_it() -> None:
    # Python 3.11's words; from 3.12 on it is no mistake.
    error = SyntaxError("f-string: unmatched '['", ("<source>", 1, 1, None))
    assert misread('f"{rows[0]["A"]}"', error) == ("nested_quotes", 1, {"name": '"'})


def judged(
    code: str,
    *events: Event,
    passes: dict[str, Any] | None = None,
    scenes: Sequence[dict[str, Any]] = ({"id": "one"},),
    solution: str = IMPORTS,
) -> CheckResult:
    """Return the first check that fails, of an exercise that wants ``st.success``."""
    check = {"id": "shown", "title": TEXT, "otherwise": TEXT}
    check |= {"passes": passes or {"called": "st.success", "with": {"body": "9.40.1"}}}
    about = {"title": TEXT, "task": TEXT, "hints": [TEXT], "scenes": [*scenes]}
    given = ExerciseFile.model_validate(about | {"checks": [check]})
    exercise = Exercise(day="day_01_x", name="1_x", about=given, starter=IMPORTS, solution=solution)
    results = grade(exercise, code, events or [END], "en")
    found = next(each for each in results if not each.passed)
    if found.mistake in shared_mistakes():
        blanks = f"{found.mistake}: {filled(found)}"
        assert blanks in FILLED, "If this is right, add it to tests/practice/filled.txt"
    return found


#: What fills the blanks of each mistake's text in these tests.
FILLED = frozenset(Path(__file__).with_name("filled.txt").read_text("utf-8").splitlines())


def filled(found: CheckResult) -> str:
    """Return what fills the blanks of a mistake's text, read from the message."""
    pattern, seen = "", set()
    for before, name, _, _ in Formatter().parse(shared_mistakes()[found.mistake or ""]["en"]):
        pattern += re.escape(before)
        if name is not None:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>[^\\n]*?)"
            seen.add(name)
    match = re.match(f"{pattern}(\n|$)", found.message)
    assert match is not None, found.message
    return " ".join(f"{name}={value!r}" for name, value in sorted(match.groupdict().items()))


def failed(said: str, line: int, code: str) -> CheckResult:
    """Return the verdict on a program that fails in ``line``."""
    kind, _, message = said.partition(": ")
    error = Failed(type=kind, module="builtins", message=message, lines=[line])
    return judged(code, error, Ended(reason="error"))


@pytest.mark.parametrize(
    ("code", "mistake", "line"),
    [
        ('x = "open', "quote_open", 1),
        ("x = 1\nf(x", "bracket_open", 2),
        ("f(x))", "bracket_extra", 1),
        ("f(x]", "bracket_other", 1),
        ("f(“x”)", "character", 1),
        ("if x:\ny = 1", "indent_missing", 2),
        ("x = 1\n  y = 2", "indent_extra", 2),
        ("if x:\n    y = 1\n  z = 2", "indent_between", 3),
        ("try:\n    x = 1\ny = 2", "except_missing", 3),
        ("def five:\n    pass", "def_brackets", 1),
        ("try:\n    f()\nexcept A, B:\n    pass", "except_brackets", 3),
        ("if x:\n    pass\nelse if y:\n    pass", "else_if", 3),
        ("session.sql(SELECT CURRENT_VERSION())", "sql_unquoted", 1),
        ('st.write(f "{x}")', "f_apart", 1),
        ("f(\n    model=model\n    stream=True,\n)", "comma_missing", 2),
        ("f(sql params=x)", "comma_missing", 1),
        ("st.write_stream stream", "brackets_missing", 1),
        ("print x", "brackets_missing", 1),
        ('f("a" b)', "between", 1),
        ('f("a" b)\nif x:\n    y = 1\n  z = 2', "between", 1),
        ("x = f(\n    a,\n), stream=True", "argument_outside", 3),
        ("f(\n    a=1,\n    stream: True,\n)", "colon_in_call", 3),
        ('f("stream"=True)', "argument_quoted", 1),
        ("f(stream=>True)", "arrow", 1),
        ("if x.strip() = '':\n    pass", "single_equals", 1),
        ("if x:\n    pass\nelse\n    pass", "colon_missing", 3),
        ("f(\n    a=1,\n    stream==True,\n)", "equals_in_call", 3),
        ("f(a=1, True)", "positional_after", 1),
        ("time.sleep(0,05)", "decimal_comma", 1),
        ("x = 05", "leading_zero", 1),
        ('f([{"a": 1} {"b": 2}])', "comma_missing", 1),
        ("f(url=https://{host}/x)", "address_unquoted", 1),
        ("def f():\n    Yield x", "capital", 2),
        ("st.chat_message(x):\n    pass", "block_word_missing", 1),
        ("try:\n    f()\nfinaly:\n    g()", "misspelt", 3),
        ("try:\n    f()\nexept ValueError:\n    g()", "misspelt", 3),
        ("whlie x:\n    f()", "misspelt", 1),
        ("def f():\n    retrun x", "misspelt", 2),
        ('f([\n    {"a": 1}\n    {"b": 2},\n])', "comma_missing", 2),
        ("def f():\n    yield return x", "two_words", 2),
        ("try:\n    f()\nexcept m.Fault error:\n    g()", "word_missing", 3),
        ("import streamlit st", "word_missing", 1),
        ("for x all:\n    f(x)", "word_missing", 1),
    ],
)
def test_what_is_no_python_is_named_where_it_is(code: str, mistake: str, line: int) -> None:
    with pytest.raises(SyntaxError) as caught:
        parse_python(code)
    found = misread(code, caught.value)
    assert found is not None
    assert found[:2] == (mistake, line)
    for language in ("ko", "en"):
        assert shared_mistakes()[mistake][language].format(line=line, **found[2])


def test_a_value_that_the_next_run_does_not_get_is_named_without_a_line() -> None:
    # The list of this line is kept; what another line puts into it is not.
    code = f"{IMPORTS}turns = st.session_state['turns'] = []\nturns.append(deque())"
    result = judged(code, Kept(state=SessionState(), lost={"turns": "object"}), END)
    assert (result.mistake, result.line) == ("unkept", 0)
    assert "line" not in result.message


def test_a_misspelt_name_in_the_session_state_is_named_if_its_value_is_kept() -> None:
    code = "state = st.session_state['history'] = []\nst.session_state.histroy = state"
    code += "\nst.write(st.session_state.history)"
    kept = SessionState(values={"history": [], "histroy": []})
    result = judged(code, Kept(state=kept), END)
    assert (result.mistake, result.line) == ("unread_key", 2)
    assert "`histroy`" in result.message
    assert judged(code, END).mistake is None
    both = f"{code}\nst.write(st.session_state.histroy)"
    assert judged(both, Kept(state=kept), END).mistake is None
    other = SessionState(values={"history": [], "chat": []})
    unlike = code.replace("histroy", "chat")
    assert judged(unlike, Kept(state=other), END).mistake == "kept_unread"


def test_st_in_a_finally_is_named_where_a_scene_stops_the_script() -> None:
    code = "try:\n    f()\nfinally:\n    st.session_state['x'] = 1"
    stopped = [{"id": "one", "stop_after": 1}]
    assert judged(code, scenes=stopped).mistake == "st_in_finally"
    assert judged(code).mistake is None


@pytest.mark.parametrize("code", ["x = = 1", "f(*)", "1 +", "class = 2", "f(x for x in)"])
def test_of_other_code_that_is_no_python_only_python_speaks(code: str) -> None:
    result = judged(code)
    assert (result.id, result.mistake) == ("parses", None)
    assert result.message.startswith("Line 1 is not valid Python")


KEEP = """\
def keep(stream):
    text = ''
    for x in stream:
        text += x
        yield x
"""


CLOCK = "begin = time.time()\nfor x in stream:\n    {}\n"


FILL = """
def fill(stream, end):
    for x in stream:
        end["why"] = x
        yield x


end = {"why": None}
"""
READ = "s = Complete(m, p, stream=True)\n"
OWN = "class A:\n    def f(self):\n"
MAKE = "def make():\n    yield 1\n"
GROW = "def grow(s, t):\n    for x in s:\n        t += x\n        yield x\n"


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        ("st.success", "not_called"),
        ("if not name.strip:\n    pass", "not_called"),
        ("rows = frame.collect", "not_called"),
        ("x = y.append(1)\nf(x)", "in_place"),
        ("st.session_state['y'] = y.sort()", "in_place"),
        ("f(y.extend([1]))", "in_place"),
        ("answer = Complete", "not_called"),
        ("name.strip()", "lost"),
        ("def make():\n    return 1\nmake()", "lost"),
        ("text == 1", "compared"),
        ("st.success = 1", "overwritten"),
        (f"{KEEP}text = ''\nst.write_stream(keep(x))\nst.write(text)", "own_copy"),
        ("def keep(to):\n    to = []\n    return len(to)\nst.write(keep(x))", "parameter_replaced"),
        ("def keep(a, b):\n    return a\nst.write(keep(b, a))", "swapped"),
        ("try:\n    f()\nexcept KeyError or OSError:\n    pass", "except_or"),
        ("try:\n    f()\nexcept KeyError and not x:\n    pass", "except_condition"),
        ("x = []\ntry:\n    f()\nexcept KeyError and x:\n    pass", "except_condition"),
        ("from m import x\ntry:\n    f()\nexcept KeyError or x:\n    pass", "except_or"),
        ("try:\n    f()\nexcept (KeyError, OSError()):\n    pass", "exception_made"),
        ("if name == 'a' or 'b':\n    st.info(name)", "always_true"),
        ("x = name == 'a' or 'b'\nif x:\n    st.info(name)", "always_true"),
        (f"{FILL}say = end['why']\nst.write_stream(fill(x, end))", "read_early"),
        ("def late():\n    st.success('9.40.1')", "uncalled_function"),
        ("class Page:\n    def late(self):\n        st.success('9.40.1')", "uncalled_function"),
        ("st.stop", "not_called"),
        ("def show():\n    st.write('x')\nshow", "not_called"),
        ("def make():\n    f()\n    yield 1\nmake()", "generator_lost"),
        ("def make():\n    return 1\n    yield 2\nf(make())", "unreachable"),
        (f"{READ}x = list(s)\nst.write_stream(s)", "read_again"),
        ("show = st.write_stream", "not_called"),
        ("def f(to):\n    to.append(1)\nf([])", "list_unnamed"),
        ("for i in range(0, 9, 5):\n    f(x[i:5])", "slice_end"),
        ("for i in range(9), 5:\n    f(i)", "range_outside"),
        ("i = 0\nwhile i < 9:\n    f(x[i:5])\n    i += 5", "slice_end"),
        ("if x is 'length': f()", "compared_by_is"),
        ("if x is not 1: f()", "compared_by_is"),
        ("x = st.session_state['x']\nx = x + [1]\nf(x)", "state_replaced"),
        ("y = x.copy()\ny.append(1)", "copy_grown"),
        ("y = x[:]\ny.extend([1])", "copy_grown"),
        (
            "def f():\n    try:\n        return 1\n    finally:\n        return 2\ng(f())",
            "return_in_finally",
        ),
        (
            f"{READ}try:\n    st.write_stream(s)\nexcept KeyError:\n    pass\nx = ''.join(s)",
            "read_again",
        ),
        (CLOCK.format("now = time.time()\n    f(now - begin)\n    begin = now"), "restarted"),
        (CLOCK.format("begin = time.time()\n    if time.time() - begin > 2: f()"), "restarted"),
        (CLOCK.format("if time.time() - begin > 2: f()\n    begin = time.time()"), "restarted"),
        ("while x:\n    begin = time.time()\n    if time.time() - begin > 2: f()", "restarted"),
        ("if name:\n    st.success('9.40.1')", "skipped_if"),
        ("tell = lambda: st.success('9.40.1')", "uncalled_function"),
        (CLOCK.format("if begin > 2: raise TimeoutError"), "clock_once"),
        (CLOCK.format("if begin - time.time() > 2: raise TimeoutError"), "clock_backwards"),
        (f"{FILL}y = fill(x, end)\nsay = end['why']\nst.write_stream(y)", "read_early"),
        (f"{FILL}y = fill(x, end)\nfor why in end: f(why)\nst.write_stream(y)", "read_early"),
        (
            f"def f(s, a):\n    for x in s:\n        yield x\n    for x in s:\n        a.append(x)"
            f"\n{READ}st.write_stream(f(s, b))",
            "read_again",
        ),
        (
            "def f(x, to):\n    for y in x:\n        to = [y]\n        yield y\ng(f(x, to))",
            "parameter_grown",
        ),
        ("text = ''\nst.session_state['x'] = text\nfor x in y:\n    text += x", "string_stored"),
        (f"{GROW}t = ''\nf(grow(x, t))\nst.write(t)", "parameter_grown"),
        ("x = []\nf(s)\ng(''.join(x))\nx.append(1)", "copied_empty"),
        (
            f"{OWN}        self.x = []\n        self.y = [*self.x]\n        g(self.x)",
            "copied_empty",
        ),
        ("def f(to):\n    to.append(1)\nf(to=[])", "list_unnamed"),
        ("class A:\n    def show(self):\n        st.write('x')\nA().show", "not_called"),
        ("def f(a, b):\n    return a\nst.write(f(m['b'], m['a']))", "swapped"),
        (
            f"{MAKE}def f():\n    try:\n        return make()\n    except KeyError: pass\ng(f())",
            "lazy_try",
        ),
        (f"{MAKE}try:\n    x = make()\nexcept KeyError:\n    pass\nst.write_stream(x)", "lazy_try"),
        ("x = str(y)\nif x == 429:\n    f()", "never_equal"),
        ("if 429 != f'{y}':\n    f()", "never_equal"),
        (f"{MAKE}x = make()\nst.write(sum(len(y) for y in x))\nst.write_stream(x)", "read_again"),
        ("x = map(f, y)\nz = [a for a in x]\nst.write_stream(x)", "read_again"),
    ],
)
def test_code_that_does_nothing_is_named(code: str, mistake: str) -> None:
    assert judged(f"{IMPORTS}{code}\n").mistake == mistake


@pytest.mark.parametrize(
    "code",
    [
        "write = st.write\nwrite('x')",
        "add = pieces.append\nadd('x')",
        "done = y.append(1)",
        "f(z for z in y if y.append(z) or z)",
        "class A:\n    def append(self, x):\n        return x\nf(A().append(1))",
        "ask = Complete\nask()",
        "Known = ValueError",
        "names = map(str.strip, lines)",
        "def show():\n    st.write('x')\n    return 1\nshow()",
        "x = text == 1",
        "tell = lambda: 1\ntell()",
        f"{READ}x = list(s)\ndef f(s):\n    for y in s:\n        g(y)\nf(x)",
        "text = ''\ntext += 'a'\nst.session_state['x'] = text",
        "text = ''\nst.session_state['x'] = text\ntext += 'a'\nst.session_state['x'] = text",
        f"{FILL}y = fill(x, end)\nst.write_stream(y)\nst.write(end['why'])",
        f"{FILL}ends = [end]\nst.write_stream(fill(x, end))",
        "def f(a, to):\n    to = [a]\n    return to\nst.write(f(1, None))",
        CLOCK.format("now = time.time()\n    if now - begin > 2: raise TimeoutError"),
        CLOCK.format("if time.time() - begin > 2: raise TimeoutError"),
        CLOCK.format("f(time.time())\n    if begin > 2: raise TimeoutError"),
        f"def late():\n    return time.time()\n{CLOCK.format('if begin < late(): f()')}",
        "pieces.append(1)",
        # The name of a method that only makes a value, and of a function that does.
        "def join(x):\n    st.write(x)\njoin('x')",
        "def make():\n    return 1\nf(make())\nbox.make()",
        f"{KEEP}text = ''\nst.write_stream(keep(x))\ntext += 'x'",
        f"{KEEP}    return text\ntext = ''\ntext = keep(x)",
        KEEP.replace("    text = ''", "    global text\n    text = ''")
        + "text = ''\nf(keep, text)",
        "def keep(to):\n    if not to:\n        to = []\n    return to\nf(keep(x))",
        "def keep(a, b):\n    return a\nst.write(keep(a, b))",
        "try:\n    f()\nexcept (KeyError, OSError):\n    pass",
        "try:\n    f()\nexcept all_of(errors):\n    pass",
        "if name == 'a' or name:\n    st.info(name)",
        "if name or 'b':\n    st.info(name)",
        "x = name == 'a' or 'b'\nst.info(x)",
        f"{FILL}st.write_stream(fill(x, end))\nsay = end['why']",
        f"{FILL}end['why'] = 1\nst.write_stream(fill(x, end))",
        f"{FILL}for y in x:\n    f(end['why'])\n    st.write_stream(fill(y, end))",
        "class A:\n    def __iter__(self):\n        self.draw()\n    def draw(self): pass\nf(A)",
        "end = stream.close\nlater(end)",
        "def add(x):\n    all.append(x)\n    return x\nadd(1)",
        "def show():\n    def parts():\n        yield 1\n    st.write_stream(parts())\nshow()",
        "def none():\n    return\n    yield\nf(none())",
        "for i in range(0, 9, 5):\n    f(x[i : i + 5], x[0:5])",
        "x = st.session_state['x']\nx = x + [1]\nst.session_state['x'] = x",
        "y = [*x]\ny.append(1)\nf(y)",
        "def f():\n    try:\n        g()\n    finally:\n        return 2\ng(f())",
        f"{READ}if x:\n    list(s)\nelse:\n    st.write_stream(s)",
        f"{READ}for x in s:\n    if x:\n        break\nst.write_stream(s)",
        f"{READ}x = list(s)\ns = Complete(m, p, stream=True)\nst.write_stream(s)",
        f"{READ}print(s)\nst.write_stream(s)",
        CLOCK.format("now = time.time()\n    if now - begin > 2: f()"),
        CLOCK.format("now = time.time()\n    if begin - now > 2: f()"),
        f"{GROW}t = ''\nf(grow(x, t))\nt += 'x'",
        f"{GROW}t = []\nf(grow(x, t))",
        "x = []\nfor y in z:\n    x.append(y)\nf(''.join(x))",
        "x = []\nst.write_stream(s)\nf(''.join(x))",
        "x = []\nst.write_stream(f(x))\ng(list(x))",
        "def f():\n    return x.strip\ng = f()\ng()",
        "class A:\n    @property\n    def show(self):\n        st.write('x')\nA().show",
        f"{MAKE}try:\n    x = list(make())\nexcept KeyError:\n    pass\nf(x)",
        f"{MAKE}def f():\n    try:\n        yield from make()\n    except KeyError: pass\ng(f())",
        "if str(y) == '429' or y == 429:\n    f()",
        "if x.strip() == '' or x.strip(' ') == ' ' or x.strip() in ' ':\n    f()",
        "end = {'why': 1}\nif end['why'] == 1 or len(end) == 1:\n    f()",
        "end = {'why': 1}\nend = f(end)\nif end is None:\n    f()",
        "end = {'why': 1}\ndef tell(end):\n    return end == 'length'\nf(tell(end['why']))",
        f"{MAKE}x = make()\nlater = lambda: list(x)\nst.write_stream(x)\nlater()",
        "def run(f): f()\ndef g(): pass\nx = g\nrun(x)",
        "def g(): pass\njob.source = g\njob.source()",
        "def draw(box, x):\n    return box.markdown(x)\ndraw(st, 'x')",
        "def add(to, x):\n    return to.append(x)\nadd(y, 1)",
        "def add(to, x):\n    to += [x]\n    return to\nadd(y, 1)",
        "def show():\n    st.write('x')\ndef all():\n    return show()\nall()",
        f"{MAKE}try:\n    x = make(f())\nexcept KeyError:\n    pass\nst.write_stream(x)",
        f"{MAKE}try:\n    x = make()\nexcept KeyError:\n    pass\n"
        "try:\n    st.write_stream(x)\nexcept OSError:\n    pass",
        f"{FILL}end = st.session_state['end']\nf(end['why'])\nst.write_stream(fill(x, end))",
        "begin = time.time()\npassed = lambda: time.time() - begin\nfor y in z:\n    "
        "if passed() < 2: f()",
        CLOCK.format("begin += y\n    if begin > 2: f()"),
        f"{KEEP}def into(to):\n    to.append(1)\ntext = []\ninto(text)\nst.write_stream(keep(x))",
        "def keep(text):\n    parts = list(text)\n    text = ''\n    f(text, parts)\nf(keep(x))",
        "def f(to):\n    to.append(1)\n    return to\ng(f([]))",
        "def cut(s, t):\n    for x in s:\n        t += x\n        yield t\nt = ''\nf(cut(x, t))",
        "x = []\nlater = lambda: ''.join(x)\nx.append(1)\nf(later())",
        "x = []\ny = f(x) or ''.join(x)\nx.append(1)",
        "text = ''\nst.session_state['x'] = text\ntext += 'a'\n"
        "st.session_state['x'] = ''.join([text])",
        "x = len(st.session_state['x'])\nx = x + 1\nf(x)",
        "x = st.session_state['x']\nx = x + [1]\nst.session_state['x'] = x + [2]",
        "for i in range(0, 5, 2):\n    f(x[i:5])",
    ],
)
def test_what_looks_like_a_mistake_and_is_none_gets_no_name(code: str) -> None:
    result = judged(f"{IMPORTS}{code}\n", Draw(name="info", args={}, into=0, id=1, line=4), END)
    assert result.mistake is None
    assert result.message == (
        "Anything else\n\nWhat your program called when it ran: `st.info` (line 4)"
    )


def test_where_nobody_knows_the_mistake_the_first_pieces_are_told_too() -> None:
    drawn = Draw(name="stream", args={"kind": "generator"}, into=0, id=1, line=4)
    pieces = [Piece(id=1, text=text) for text in ("ab", "b c", "x" * 99)]
    said = judged(f"{IMPORTS}f()", drawn, *pieces, END).message
    shown = f"`'ab'`, `'b c'`, `'{'x' * 30}'`"
    assert said.endswith(f"The first pieces that `st.write_stream` got: {shown}")


UNBOUND = "UnboundLocalError: cannot access local variable 'x' where it has no value"
GIVEN = "StreamlitInvalidParameterTypeError: Invalid `stream` type. Provided type: str."
METHOD = "A().f(1)\nclass A:\n    def f(self, x): pass"
NOT_SKIPPED = "f().x\ndef f(): return 1"


@pytest.mark.parametrize(
    ("said", "code", "mistake"),
    [
        ("NameError: name 'true' is not defined", "f(true)", "capital"),
        ("NameError: name 'false' is not defined", "f(false)", "capital"),
        ("NameError: name 'none' is not defined", "f(none)", "capital"),
        ("NameError: name 'time' is not defined", "time.sleep(1)", "import_missing"),
        ("NameError: name 'stream' is not defined", "stream == f(x)", "compared"),
        (
            "NameError: name 'pieces' is not defined",
            "def keep(pieces): pass\nkeep(pieces)\npieces = []",
            "too_early",
        ),
        ("NameError: name 'success' is not defined", "success(1)", "st_missing"),
        ("NameError: name 'text' is not defined", "f(len(text))", "undefined"),
        ("NameError: name 'ai_complete' is not defined", "ai_complete(1)", "other_function"),
        ("NameError: name 'stream' is not defined", "Complete(stream==1)", "equals_in_call"),
        ("NameError: name 'stream' is not defined", "f(stream==1)", "undefined"),
        (
            "NameError: name 'streamlit' is not defined",
            "import streamlit as st; streamlit.x",
            "imported_as",
        ),
        (
            "NameError: name 'snowflake' is not defined",
            "from snowflake.cortex import Complete; snowflake.Complete",
            "name_alone",
        ),
        (
            "NameError: name 'snowflake' is not defined",
            "from snowflake.cortex import Complete\nsnowflake.cortex.x",
            "import_missing",
        ),
        ("NameError: name 'datetime' is not defined", "datetime.now()", "import_missing"),
        (
            "AttributeError: type object 'Zebra' has no attribute 'code'",
            "try: f()\nexcept Zebra: g(Zebra.code)",
            "class_asked",
        ),
        ("TypeError: time.sleep() takes exactly one argument (2 given)", "x", "decimal_comma"),
        ("TypeError: the JSON object must be str, bytes or bytearray, not list", "x", "json_type"),
        ("TypeError: 'int' object is not iterable", "x", "number_iterated"),
        ("TypeError: 'float' object is not iterable", "x", "not_iterable"),
        ("TypeError: 'str' object does not support the context manager protocol", "x", "no_with"),
        ("TypeError: type() takes no keyword arguments", "type(1, stream=1)", "no_such_argument"),
        ("NameError: name 'sleep' is not defined", "sleep(1)", "module_missing"),
        ("NameError: name 'promt' is not defined", "f(promt, prompt := 1)", "misspelt"),
        ("NameError: name 'zebra' is not defined", "f(zebra)", "undefined"),
        ("NameError: name 'Zebra' is not defined", "raise Zebra('x')", "unknown_exception"),
        (
            "NameError: name 'Zebra' is not defined",
            "try: f()\nexcept (ValueError, Zebra): pass",
            "unknown_exception",
        ),
        ("NameError: name 'zebra' is not defined", "raise ValueError(zebra)", "undefined"),
        ("NameError: name 'zebra' is not defined", "raise zebra.Fault", "undefined"),
        ("NameError: name 'x' is not defined", "f(x)\nx = 1", "too_early"),
        ("NameError: name 'x' is not defined", "f(x)\ndef g(x): pass", "only_inside"),
        ("NameError: name 'x' is not defined", "f(x)\n[y for x in z]", "in_comprehension"),
        ("NameError: name 'x' is not defined", "f(x)\nclass A:\n    x = 1", "of_a_class"),
        (
            "NameError: name 'x' is not defined",
            "f(x)\nwhile f():\n    try: f()\n    except KeyError as x: pass",
            "after_except",
        ),
        (
            "UnboundLocalError: cannot access local variable 'x' where it has no value",
            "def f():\n    try: g()\n    except KeyError as x: pass\n    raise x",
            "after_except",
        ),
        (
            "TypeError: A.f() missing 1 required positional argument: 'x'",
            METHOD,
            "argument_missing",
        ),
        (
            "TypeError: A.__init__() missing 1 required positional argument: 'x'",
            "A()\nclass A:\n    def __init__(self, x): pass",
            "argument_missing",
        ),
        (
            "TypeError: A.f() takes 1 positional argument but 2 were given",
            METHOD.replace("self, x", "x"),
            "self_missing",
        ),
        ("TypeError: list.append() takes exactly one argument (0 given)", "x", "no_argument"),
        ("TypeError: 'method' object is not subscriptable", "f.g['x']", "square_brackets"),
        ("TypeError: 'method' object is not subscriptable", "f.g[0]", "brackets_before"),
        (
            "TypeError: string indices must be integers",
            "for x in y: f(x['a']['b'])",
            "text_index",
        ),
        (
            "ValueError: too many values to unpack (expected 2)",
            "for x, (y, z) in enumerate(a): f()",
            "unpacked",
        ),
        (
            "AttributeError: 'dict' object has no attribute 'append'",
            "x.append(1)",
            "no_such_method",
        ),
        ('TypeError: can only concatenate str (not "NoneType") to str', "x", "none_used"),
        (
            "TypeError: unsupported operand type(s) for +: 'NoneType' and 'str'",
            "f().x + 'a'\ndef f():\n    if y: return z",
            "none_used",
        ),
        ("AttributeError: module 'streamlit' has no attribute 'succes'", "x", "misspelt_in_module"),
        ("AttributeError: module 'streamlit' has no attribute 'zebra'", "x", "no_such_in_module"),
        (
            "AttributeError: module 'time' has no attribute 'slep'. Did you mean: 'sleep'?",
            "x",
            "misspelt_in_module",
        ),
        ("TypeError: exceptions must derive from BaseException", "x", "raised_no_exception"),
        (
            "NameError: name 're' is not defined. Did you forget to import 're'",
            "re.findall(x)",
            "import_missing",
        ),
        ("AttributeError: 'str' object has no attribute 'read'", "json.load(x)", "json_load"),
        ("AttributeError: 'str' object has no attribute 'stip'", "x.stip", "misspelt_method"),
        ("AttributeError: 'list' object has no attribute 'strip'", "x.strip", "no_such_method"),
        ("AttributeError: 'list' object has no attribute 'lower'", "f(['x'])", "odd_argument_here"),
        ("AttributeError: 'list' object has no attribute 'lower'", "f(x)", "odd_argument"),
        ("NameError: name 'close' is not defined", "close(x.y)", "method_alone"),
        ("NameError: name 'close' is not defined", "f(close)", "undefined"),
        ("TypeError: 'int' object is not subscriptable", "x[0[1]]", "no_items"),
        ("TypeError: any", "for i in range(0, 9), 5: x[i : i + 5]", "range_outside"),
        ("AttributeError: 'NoneType' object has no attribute 'x'", "x", "none_used"),
        (
            "AttributeError: 'NoneType' object has no attribute 'x'",
            "def later(): pass",
            "uncalled_function",
        ),
        ("TypeError: g() missing 1 required positional argument: 't'", "g()", "argument_missing"),
        (
            "TypeError: g() missing 1 required positional argument: 't'",
            "def g(t): pass",
            "passed_uncalled",
        ),
        (
            "TypeError: f() got an unexpected keyword argument 'Stream'",
            "Complete(Stream=1)",
            "misspelt_argument",
        ),
        (
            "TypeError: f() got an unexpected keyword argument 'stream'",
            "f(Complete(), stream=1)",
            "argument_of_another",
        ),
        (
            "TypeError: Complete() got an unexpected keyword argument 'sesion'",
            "Complete(sesion=1)",
            "misspelt_argument",
        ),
        (
            "TypeError: f() got an unexpected keyword argument 'session'",
            "f(Complete(), session=1)",
            "argument_of_another",
        ),
        (
            "TypeError: f() got an unexpected keyword argument 'key'",
            "f(st.button('x'), key=1)",
            "no_such_argument",
        ),
        ("TypeError: 'method' object is not subscriptable", "x[0]", "brackets_before"),
        ("TypeError: 'method' object is not subscriptable", "x[-1:]", "brackets_before"),
        ("TypeError: 'method' object is not subscriptable", "x.y[z]", "square_brackets"),
        ("TypeError: 'method' object is not subscriptable", "st.text[a['b']]", "square_brackets"),
        ("TypeError: 'function' object is not subscriptable", "a[b['c']]", "brackets_before"),
        ("TypeError: Object of type set is not JSON serializable", "f({'a', 1})", "set_for_dict"),
        ("TypeError: Object of type set is not JSON serializable", "f({'a'})", "not_json"),
        ("TypeError: Object of type Row is not JSON serializable", "f(x)", "not_json"),
        (
            "AttributeError: 'str' object has no attribute 'collect'",
            "x.collect()",
            "no_such_method",
        ),
        (
            "AttributeError: 'str' object has no attribute 'collect'",
            "session.sql(x.collect())",
            "collect_inside",
        ),
        ("Error: (1304): Bind variable ?2 not set.", "x = f(['m, x'])", "joined_values"),
        ("Error: (1304): Bind variable ?2 not set.", "x = f(['m, y'])", None),
        ("TypeError: string indices must be integers, not 'tuple'", "x[a, a + 5]", "slice_comma"),
        ("TypeError: string indices must be integers, not 'tuple'", "x[a]", "text_index"),
        (
            "TypeError: list indices must be integers or slices, not tuple",
            "x[0, 0]",
            "item_comma",
        ),
        ("TypeError: 'str' object is not callable", "x()", "not_a_function"),
        ('TypeError: can only concatenate str (not "int") to str', "x", "no_text_to_add"),
        ("TypeError: object of type 'generator' has no len()", "x", "generator_whole"),
        ("TypeError: type 'range' is not subscriptable", "x", "square_brackets"),
        ("TypeError: 'str' object cannot be interpreted as an integer", "x", "number_needed"),
        (
            "AttributeError: DataFrame object has no attribute colect. Did you mean: 'collect'?",
            "x",
            "misspelt_method",
        ),
        ('TypeError: can only concatenate list (not "str") to list', "x", "no_list_to_add"),
        ("IndexError: list index out of range", "x", "index"),
        (
            "AttributeError: 'function' object has no attribute 'y'",
            "x = f.create; x.y",
            "not_called",
        ),
        ("AttributeError: 'function' object has no attribute 'y'", "f.y", "no_such_method"),
        ("AttributeError: 'function' object has no attribute 'y'", "f.g.y(1)", "not_called"),
        ("AttributeError: 'NoneType' object has no attribute 'z'", "f(y.sort())", "in_place"),
        ("TypeError: 'NoneType' object is not iterable", "f(*y.sort())", "in_place"),
        ("ValueError: 'x' must be a list", "x = y.append(1); f(x)", "in_place"),
        ("ValueError: 'x' must be a list", "f(z)\nx = y.append(1); g(x)", None),
        ("IndexError: list index out of range", "f(x[-1])", "list_empty"),
        ("IndexError: list index out of range", "f(x[0][0])", "index"),
        (
            "TypeError: list indices must be integers or slices, not str",
            "for x in all: all['a']",
            "whole_list",
        ),
        (
            "TypeError: list indices must be integers or slices, not str",
            "def f(x): return all['role']",
            "key_of_list",
        ),
        ("TypeError: list indices must be integers or slices, not str", "x['0']", "name_of_list"),
        (
            "TypeError: list indices must be integers or slices, not str",
            "for x in all: x['a']",
            "item_of_other_type",
        ),
        ("AttributeError: 'dict' object has no attribute 'role'", "x.role", "dict_dot"),
        ("KeyError: 'version'", "x", "key"),
        ("KeyError: 'st.session_state has no key \"a\". Did you forget?'", "x", "key"),
        (
            "ImportError: cannot import name 'Complet' from 'snowflake.cortex'",
            "x",
            "misspelt_import",
        ),
        ("ImportError: cannot import name 'Zebra' from 'snowflake.cortex'", "x", "no_such_import"),
        ("ModuleNotFoundError: No module named 'streamlt'", "x", "misspelt_module"),
        ("TypeError: list.append() takes exactly one argument (2 given)", "x", "one_item"),
        (
            "ModuleNotFoundError: No module named 'snowflake.ai'",
            "from snowflake.ai import Complete",
            "import_elsewhere",
        ),
        ("SyntaxError: 'return' outside function", "return", "outside_function"),
        ("ValueError: too many values to unpack", "for x, y in z: f()", "item_unpacked"),
        ("ValueError: too many values to unpack", "x, y = z", "unpacked"),
        ("TypeError: 'Usage' object is not subscriptable", "x['y']", "no_items"),
        (
            "TypeError: f() got an unexpected keyword argument 'submit_mode'",
            "f(st.chat_input('x'), submit_mode=1)",
            "argument_of_another",
        ),
        ("KeyError: 'st.secrets has no key \"x\". Did you'", "st.secrets['x']", "key"),
        ("ValueError: no", "raise ValueError('no')\ntry: f()\nexcept A: g()", "raised_uncaught"),
        ("ValueError: no", "f(ValueError('no'))\ntry: f()\nexcept A: g()", None),
        ('BadRequestError: Error code: 400 - unknown model "gpt"', "x", "unknown_model"),
        (
            "StreamlitAPIException: The provided input (type: <class '__main__.f.<locals>.A'>) "
            "cannot be iterated.",
            "st.write_stream(A())",
            "no_stream_given",
        ),
        (
            "StreamlitInvalidParameterTypeError: Invalid `stream` type. Provided type: str.",
            "st.write_stream('x'); x = 1",
            "quoted_code",
        ),
        ("ValueError: anything else", "x", None),
        (UNBOUND, "x = 1\ndef f(): x += 1", "own_variable"),
        (UNBOUND, "def f(): x += 1", "no_value_yet"),
        ("NameError: name 'x' is not defined", "x = x + 1", "no_value_yet"),
        (UNBOUND, "def f(): x == 1; x = 2", "compared"),
        ("NameError: name 'json' is not defined", "json.loads(x)", "import_missing"),
        ("NameError: name 'random' is not defined", "random.random()", "import_missing"),
        ("NameError: name 'st' is not defined", "st.write(x)", "import_missing"),
        ("NameError: name 'pint' is not defined", "pint(x)", "misspelt"),
        ("NameError: name 'ab' is not defined", "ab(abc := 1)", "undefined"),
        ("NameError: name 'Complete' is not defined", "Complete(x)", "import_missing"),
        ("AttributeError: 'method' object has no attribute 'z'", "x.z", "brackets_before"),
        ("AttributeError: 'NoneType' object has no attribute 'x'", NOT_SKIPPED, "none_used"),
        ("TypeError: f() takes 1 positional argument but 2 were given", "f(1, 2)", "too_many"),
        (
            "TypeError: complete() takes from 2 to 3 positional arguments but 4 were given",
            "Complete(1, 2, 3, 4)",
            "too_many",
        ),
        ("TypeError: f() missing 2 required positional arguments: 'a'", "f()", "argument_missing"),
        ("TypeError: f() got an unexpected keyword argument 'k'", "f(k=1), g(k=2)", None),
        ("TypeError: string indices must be integers, not 'str'", "x['a']", "text_index"),
        ("TypeError: sequence item 0: expected str instance, int found", "x", "join_types"),
        ("TypeError: catching classes that do not inherit from Base", "x", "no_exception"),
        (
            "TypeError: 'in <string>' requires string as left operand, not NoneType",
            "x in 'length'",
            "in_string",
        ),
        ("TypeError: list indices must be integers or slices, not tuple", "x", "name_of_list"),
        ("TypeError: 'generator' object is not subscriptable", "x", "generator_whole"),
        ("TypeError: unsupported operand: 'function' and 'str'", "x", "brackets_before"),
        ("TypeError: 'builtin_function_or_method' object is not", "x", "brackets_before"),
        ("ValueError: not enough values to unpack (expected 2, got 1)", "x, y = z", "unpacked"),
        ("IndexError: string index out of range", "x[0]", "list_empty"),
        ("ImportError: cannot import name 'Complete' from 'streamlit'", "x", "import_elsewhere"),
        ("SyntaxError: keyword argument repeated: model", "f(model=1, model=2)", "argument_twice"),
        ("ValueError: in REST mode, 'prompt' must be a string or a list", "f(x)", "prompt_type"),
        (GIVEN, "def f(): return 'x'\nst.write_stream(f())", "no_yield"),
        (GIVEN, "st.write_stream(stream=5)", "no_stream_given"),
        (GIVEN, "for x in y: st.write_stream(x)", "piece_streamed"),
        (GIVEN, "for x in y: st.write_stream(z)", "no_stream_given"),
        (GIVEN.replace("str", "function"), "st.write_stream(f)", "function_streamed"),
        (GIVEN.replace("str", "method"), "st.write_stream(f.g)", "function_streamed"),
    ],
)
def test_what_ended_a_program_is_named(said: str, code: str, mistake: str | None) -> None:
    result = failed(said, 1, code)
    assert (result.id, result.mistake, result.line) == ("runs", mistake, 1)
    assert "None " not in result.message
    assert "Line 1 raised an error: " in result.message


@pytest.mark.parametrize(
    ("prompt", "mistake", "named"),
    [
        ([], "no_messages", ""),
        ([[], {"role": "user", "content": "x"}], "message_type", "item 1"),
        ([{"role": "user"}], "message_key", "`content`"),
        ([{"role": "model", "content": "x"}], "message_role", "`model`"),
        ([{"role": "user", "content": ["x"]}], "message_content", "`list`"),
        ([{"role": "assistant", "content": "x"}], "message_last", "`assistant`"),
        ([{"role": "user", "content": "x"}], None, ""),
        ("x", None, ""),
    ],
)
def test_what_is_wrong_with_messages_that_are_refused_is_named(
    prompt: object, mistake: str | None, named: str
) -> None:
    asked = Asked(model="m", prompt=prompt, options=None, stream=True, call=0, line=4)
    error = Failed(type="HTTPError", module="r", message="400 Client Error: Bad", lines=[4])
    result = judged(f"{IMPORTS}Complete(m, p)", asked, error, Ended(reason="error"))
    assert (result.mistake, result.line) == (mistake, 4)
    assert named in result.message


@pytest.mark.parametrize(
    ("inside", "named"), [("ask()", True), ("raise", False), ("raise KeyError", False)]
)
def test_what_an_except_raises_itself_is_told_from_what_it_raises_again(
    inside: str, named: bool
) -> None:
    code = f"{IMPORTS}try:\n    ask()\nexcept KeyError:\n    {inside}"
    assert (failed("KeyError: 'x'", 7, code).mistake == "raised_in_except") == named


def test_an_item_that_is_no_dictionary_is_named_with_its_list() -> None:
    code = f"{IMPORTS}for each in history:\n    st.write(each['role'])"
    said = "TypeError: list indices must be integers or slices, not str"
    result = failed(said, 5, code)
    assert result.mistake == "item_of_other_type"
    assert "`history`" in result.message
    result = failed("TypeError: string indices must be integers, not 'str'", 5, code)
    assert "type `str`" in result.message


def test_an_argument_that_is_set_on_an_answer_is_named_as_an_argument() -> None:
    code = f"{IMPORTS}answer = Complete(m, p)\nanswer.stream = True"
    said = "AttributeError: 'str' object has no attribute 'stream'"
    assert failed(said, 5, code).mistake == "attribute_for_argument"


def decisions(**values: str) -> Decided:
    """Return how the conditions in lines 4 and 5 were decided: both were false."""
    known = [Decision(line=line, held=False, values=values) for line in (4, 5)]
    return Decided(conditions=known)


def test_a_condition_that_kept_a_line_from_running_is_told_with_its_values() -> None:
    code = f"{IMPORTS}if name.isspace():\n    st.success('9.40.1')"
    result = judged(code, decisions(name="''"), END)
    assert result.mistake == "skipped_if_by"
    assert "`name.isspace()`" in result.message
    assert "`name = ''`" in result.message


def test_of_conditions_in_each_other_the_outermost_that_was_false_is_named() -> None:
    code = f"{IMPORTS}if a:\n    if b:\n        for x in y:\n            st.success('9.40.1')"
    assert judged(code, decisions(a="0"), END).message.count("line 4 is True: `a`") == 1
    in_function = f"{IMPORTS}if a:\n    def f():\n        st.success('9.40.1')\n"
    assert judged(in_function, decisions(a="0"), END).mistake == "uncalled_function"


def test_a_call_that_was_not_wanted_is_told_with_the_condition_that_let_it_run() -> None:
    drawn = Draw(name="warning", args={"body": "cut"}, into=0, id=1, line=7)
    code = f"{IMPORTS}if end == 'length':\n    pass\nelse:\n    st.warning('cut')"
    for passes in ({"no": {"called": "st.warning"}}, {"called": "st.warning", "times": 0}):
        result = judged(code, drawn, decisions(end="None"), END, passes=passes)
        assert "Line 7 ran because the condition in line 4 was False" in result.message
        assert "`end = None`" in result.message
    widget = code.replace("end == 'length'", "st.toggle('Cut')")
    wanted = {"no": {"called": "st.warning"}}
    result = judged(widget, drawn, decisions(x="None"), END, passes=wanted)
    assert "ran because" not in result.message


def test_values_are_told_with_an_error_that_nobody_knows_or_that_looks_something_up() -> None:
    for said, told in (
        ("ValueError: no", True),
        ("TypeError: complete() got an unexpected keyword argument 'streaming'", False),
        ("AttributeError: 'str' object has no attribute 'stream'", True),
    ):
        kind, _, message = said.partition(": ")
        held = {"x": "`[]`"}
        error = Failed(type=kind, module="builtins", message=message, lines=[5], values=held)
        code = f"{IMPORTS}answer = ''\nanswer.stream = Complete(x, streaming=True)"
        result = judged(code, error, Ended(reason="error"))
        assert ("`` x = `[]` ``" in result.message) == told


def test_a_bubble_of_nobody_is_named() -> None:
    drawn = Draw(name="chat_message", args={"name": "model"}, into=0, id=1, line=4)
    result = judged(f"{IMPORTS}st.chat_message('model')", drawn, END)
    assert (result.mistake, result.line) == ("bubble_name", 4)


def test_the_beginning_of_a_text_is_named_unless_the_program_has_it_or_shows_all_of_it() -> None:
    queried = Queried(query="SELECT 1", params=[], value="A qubit", line=4)
    for code, bodies, mistake in (
        ("st.markdown(x)", ["A"], "part_shown"),
        ("st.markdown('A')", ["A"], None),
        ("st.markdown(x)", ["A", "A qubit"], None),
        ("st.markdown(x)", ["qubit"], None),
    ):
        drawn = [
            Draw(name="markdown", args={"body": body}, into=0, id=number, line=4)
            for number, body in enumerate(bodies, 1)
        ]
        assert judged(f"{IMPORTS}{code}", queried, *drawn, END).mistake == mistake


def test_a_list_that_is_written_out_is_named_but_no_text_that_looks_like_one() -> None:
    for body, mistake in (("('text', True)", "container_shown"), ("['text'] is a list", None)):
        drawn = Draw(name="markdown", args={"body": body}, into=0, id=1, line=4)
        assert judged(f"{IMPORTS}st.markdown(text)", drawn, END).mistake == mistake


@pytest.mark.parametrize(
    ("code", "closed", "mistake"),
    [
        ("x = keep(s)\nst.write_stream(x)\nx.close()", False, "wrapper_closed"),
        ("s = keep(s)\nst.write_stream(s)\ns.close()", False, "wrapper_closed"),
        ("x = (y for y in s)\nst.write_stream(x)\nx.close()", False, "wrapper_closed"),
        ("x = keep(s)\nst.write_stream(x)\nx.close()", True, None),
        ("x = keep(s)\nst.write_stream(x)\ns.close()", False, None),
        ("x = shut(s)\nst.write_stream(x)\nx.close()", False, None),
    ],
)
def test_a_closed_generator_around_an_open_stream_is_named(
    code: str, closed: bool, mistake: str | None
) -> None:
    functions = KEEP + "def shut(s):\n    try: yield from s\n    finally: s.close()\n"
    asked = Asked(model="m", prompt="p", options=None, stream=True, call=0, line=15)
    ends = [Closed(call=0)] if closed else []
    result = judged(f"{IMPORTS}{functions}{READ}{code}\nf(keep, shut)", asked, *ends, END)
    assert result.mistake == mistake


def test_a_stream_in_the_session_state_is_told_from_other_values() -> None:
    code = f"{IMPORTS}st.session_state['turns'] = s"
    result = judged(code, Kept(state=SessionState(), lost={"turns": "generator"}), END)
    assert result.mistake == "unkept_stream"


@pytest.mark.parametrize(
    ("added", "mistake"),
    [
        ("turns += (x, [])", "added_singly"),
        ("turns.extend([x, y])", "added_singly"),
        ("turns += [(x, [])]", "item_unpacked"),
        ("turns += (x, y), (x, y)", "item_unpacked"),
        ("turns += (x,)", "item_unpacked"),
    ],
)
def test_a_pair_that_a_list_got_one_by_one_is_named_where_it_was_added(
    added: str, mistake: str
) -> None:
    said = "ValueError: too many values to unpack (expected 2)"
    result = failed(said, 1, f"for x, y in turns: f()\n{added}")
    assert (result.mistake, result.line) == (mistake, 2 if mistake == "added_singly" else 1)


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        ("try: x = f()\nexcept A as x: x = g()\nh(x)", "after_except"),
        ("try: f()\nexcept A as x: g()\nh(x)", "after_except"),
        ("def y():\n    try: x = f()\n    except A as x: x = g()\ny(x)", "only_inside"),
        ("if f:\n    try: x = f()\n    except A as x: x = g()\nh(x)", "skipped_value"),
        ("if f:\n    try: x = f()\n    except A: g()\nh(x)", "skipped_value"),
        ("try: x = f()\nexcept A: g()\nif y: h(x)", "skipped_in_try"),
    ],
)
def test_a_name_that_an_except_deletes_is_told_from_one_that_was_never_given(
    code: str, mistake: str
) -> None:
    line = code.count("\n") + 1
    assert failed("NameError: name 'x' is not defined", line, code).mistake == mistake
    inside = "def y():\n    try: x = f()\n    except A as x: x = g()\n    h(x)"
    assert failed(UNBOUND, 4, inside).mistake == "after_except"


def test_a_list_that_stands_for_its_item_is_named_and_so_is_the_item() -> None:
    said = "TypeError: list indices must be integers or slices, not str"
    message = failed(said, 1, "for x in all: all['a']").message
    assert "`all` is the whole list. Inside this loop, one item is called `x`" in message


def test_a_value_that_a_branch_did_not_give_is_explained_by_the_branch() -> None:
    result = failed("NameError: name 'x' is not defined", 3, "if y:\n    x = 1\nf(x)")
    assert result.mistake == "skipped_value"
    assert (
        "Line 2, which assigns to it, is inside the block that begins in line 1" in result.message
    )


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        ("while True:\n    x = 1", "endless_true"),
        ("while True:\n    break", None),
        ("while x < len(text):\n    print(text[x:])", "endless"),
        ("while x < len(text):\n    x += 1", None),
        ("while text:\n    text.pop()", None),
        ("while more():\n    x = 1", None),
        ("while box.open:\n    shut(box)", None),
    ],
)
def test_a_loop_is_endless_only_if_nothing_can_end_it(code: str, mistake: str | None) -> None:
    result = judged(code, Ended(reason="cpu"))
    assert (result.id, result.mistake) == ("runs", mistake)


def test_long_pauses_are_told_with_what_was_slept() -> None:
    result = judged("x", Slept(seconds=5.0, line=3), Ended(reason="sleep"))
    assert (result.mistake, result.line) == ("long_pauses", 3)
    assert "sleeps for 5 s at a time" in result.message


BUTTON = 'if st.button("Go"):\n    stream = Complete()\n'


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        (f"{BUTTON}st.write_stream(stream)", "outside_if"),
        (f"{BUTTON}st.write(stream)", "outside_if_used"),
        (f"{BUTTON}session.sql('SELECT 1').collect()", "outside_if"),
        (f"{BUTTON}query = session.sql('SELECT 1')", "skipped_if"),
        ('st.button("Go")\nComplete()', "button_unused"),
        ('if st.chat_input():\n    st.button("Stop")\n    Complete()', "skipped_if"),
        ('Complete()\nst.button("Go")', "skipped_if"),
        (f"{BUTTON}else:\n    stream = []\nst.write(stream)", "skipped_if"),
        (f'{BUTTON}if st.button("Go"):\n    st.write_stream(stream)', "skipped_if"),
        ('if not st.button("Go"):\n    st.stop()\nComplete()', "skipped_if"),
        ('if st.button("Go") and x:\n    f()\nelif y:\n    Complete()', "in_the_else"),
        ('go = st.button("Go")\nif go and x:\n    f()\nelif go:\n    Complete()', "skipped_if"),
        ('if not st.button("Go"):\n    f()\nelse:\n    Complete()', "skipped_if"),
        ('if st.button("Go"):\n    f()\nelif st.chat_input():\n    Complete()', "skipped_if"),
        ('st.button("Go", key="go")\nif st.session_state.go:\n    Complete()', "skipped_if"),
        (f"{BUTTON}def later():\n    st.write_stream(stream)\nlater()", "skipped_if"),
    ],
)
def test_what_does_not_wait_for_the_button_is_named_only_if_it_never_waits(
    code: str, mistake: str
) -> None:
    # What is not flagged gets to the check, whose call was not reached either.
    never = f"{IMPORTS}{code}\nif 0:\n    st.success('9.40.1')\n"
    assert judged(never).mistake == mistake


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("x = st.session_state['answer'] = []\n{}", 4),
        ("x = []\nst.session_state.answer = x\n{}", 5),
        ("if 'answer' not in st.session_state:\n    st.session_state['answer'] = []\n{}", 0),
        ("st.session_state['answer'] = st.session_state.get('answer', [])\n{}", 0),
        ("st.session_state['other'] = []\n{}", 0),
        ("{}    st.session_state['answer'] = []\n", 0),
        ("x = []\n{}    x = [1]\nst.session_state['answer'] = x\n", 0),
    ],
)
def test_what_the_task_asks_to_keep_is_emptied_by_each_run_outside_the_buttons_if(
    code: str, line: int
) -> None:
    never = f"{IMPORTS}{code.format(BUTTON)}if 0:\n    st.success('9.40.1')\n"
    result = judged(never, solution='st.session_state["answer"] = []')
    assert (result.line if result.mistake == "emptied_each_run" else 0) == line


def test_a_generator_that_is_shown_is_told_from_what_it_hands_out() -> None:
    body = "<generator object <genexpr> at 0x1>"
    drawn = Draw(name="success", args={"body": body}, into=0, id=1, line=4)
    assert judged(f"{IMPORTS}st.success(x)", drawn, END).mistake == "generator_shown"


def test_a_text_with_the_name_of_a_variable_in_braces_lacks_its_f() -> None:
    code = 'version = 1\nst.success("Version {version}")\n'
    shown = Draw(name="success", args={"body": "Version {version}"}, into=0, id=1, line=2)
    assert (judged(code, shown, END).mistake, judged(code, shown, END).line) == ("f_missing", 2)
    assert judged(code, END).mistake != "f_missing", "it was not shown"


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        ("def f(pieces):\n    pieces = pieces + [1]", "parameter_grown"),
        ("def f(pieces):\n    pieces = pieces + [1]\n    st.write(pieces)", None),
        ("def f(text):\n    text = text + 'x'", None),
        ("state['a'] = pieces\npieces = []", "list_replaced"),
        ("turns.append((prompt, pieces))\npieces = []", "list_replaced"),
        ("pieces = []\nstate['a'] = pieces", None),
        ("for x in y:\n    state[x] = pieces\n    pieces = []", None),
    ],
)
def test_a_list_that_cannot_get_what_is_added_is_named(code: str, mistake: str | None) -> None:
    assert judged(f"{code}\nf()", END).mistake == mistake


def test_code_in_quotes_is_named_where_it_was_shown() -> None:
    code = 'rows = 1\nst.info("rows[0]")\n'
    shown = Draw(name="info", args={"body": "rows[0]"}, into=0, id=1, line=2)
    assert (judged(code, shown, END).mistake, judged(code, shown, END).line) == ("quoted_code", 2)
    assert judged(code, END).mistake is None, "it was not shown"
    assert judged(code.replace("rows =", "other ="), shown, END).mistake is None, "it is no code"


@pytest.mark.parametrize(
    ("code", "mistake"),
    [
        ('version = 1\nst.info("version")', "quoted_code"),
        ('version = {"version": 1}\nst.info("version")', "quoted_code"),
        ('version = {"version": 1, "x": "version"}\nf(x)', None),
        ('def f(version):\n    g(version)\n    return "version"', "quoted_code"),
        ('version = 1\nst.info("version")\nf(version)', None),
        ('other = 1\nst.info("version")', None),
    ],
)
def test_a_variables_name_in_quotes_is_a_slip_if_nothing_reads_the_variable(
    code: str, mistake: str | None
) -> None:
    shown = Draw(name="info", args={"body": "version"}, into=0, id=1, line=2)
    assert judged(code, shown, END).mistake == mistake


def test_what_st_write_drew_is_called_as_the_program_has_it() -> None:
    shown = Draw(name="markdown", args={"body": "Hello"}, into=0, id=1, line=2)
    assert "`st.write` (line 2)" in judged('x = 1\nst.write("Hello")\n', shown, END).message
    assert "`st.markdown` (line 2)" in judged('x = 1\nst.markdown("Hello")\n', shown, END).message


def test_what_is_printed_and_not_shown_is_named() -> None:
    queried = Queried(query="SELECT 1", params=None, value="9.40.1")
    printed = Printed(text="9.40.1\n", line=7)
    assert judged("x", queried, printed, END).mistake == "printed"
    shown = Draw(name="info", args={"body": "9.40.1"}, into=0, id=1)
    assert judged("x", queried, printed, shown, END).mistake is None


def test_the_prompt_is_told_from_the_answer() -> None:
    field = Draw(name="text_input", args={"label": "Prompt", "now": "What is it?"}, into=0, id=1)
    shown = Draw(name="markdown", args={"body": "What is it?"}, into=0, id=2, line=8)
    sent: list[Event] = [
        Asked(model="m", prompt="p", options=None, stream=False, call=0),
        Delta(call=0, text="A"),
    ]
    assert judged("x", field, *sent, shown, END).mistake == "wrong_value"
    streamed: list[Event] = [
        Draw(name="stream", args={"source": {"kind": "generator"}}, into=0, id=2, line=8),
        Piece(id=2, text="What is it?"),
        Shown(id=2),
    ]
    assert judged("x", field, *sent, *streamed, END).mistake == "wrong_value"
    more = Delta(call=0, text="n answer.")
    answer = Draw(name="text", args={"body": "An answer."}, into=0, id=3, line=3)
    assert judged("x", field, *sent, more, shown, answer, END).mistake is None
    other = field.model_copy(update={"args": {"label": "Text:", "now": "What is it?"}})
    assert judged("x", other, shown, END).mistake is None, "it is no prompt"


def test_sql_that_is_only_prepared_is_not_said_to_be_skipped() -> None:
    passes = {"called": "session.sql"}
    code = "if x:\n    rows = session.sql('SELECT 1')"
    assert judged(code, END, passes=passes).mistake == "not_collected"
    assert judged(f"{code}.collect()", END, passes=passes).mistake == "skipped_if"


def test_a_call_that_ought_not_to_happen_is_told_with_the_condition_that_let_it() -> None:
    code = "if a == '':\n    st.info('x')\nif b == '':\n    st.success('y')\nst.write('z')"
    seen = [Decision(line=line, held=True, values={"b": "''"}) for line in (1, 3)]
    calls = [
        Draw(name=name, args={"body": body}, into=0, id=number, line=2 * number)
        for number, (name, body) in enumerate((("info", "x"), ("success", "y")), 1)
    ]
    passes = {"called": "st.info", "no": {"called": "st.success"}}
    said = judged(code, *calls, Decided(conditions=seen), END, passes=passes).message
    assert "Line 4 ran because the condition in line 3 was True" in said


def test_every_shared_mistake_is_told_in_both_languages_and_with_the_same_names() -> None:
    for name, text in shared_mistakes().items():
        assert set(text) == {"ko", "en"}, name
        assert len({frozenset(re.findall(r"{\w+}", each)) for each in text.values()}) == 1, name


def test_a_loop_that_its_first_round_ends_is_named_but_not_one_that_goes_on() -> None:
    loop = "while True:\n    x = 1\n    break"
    assert judged(loop).mistake == "returned_in_loop"
    assert judged("for x in [1, 2]:\n    break\n    f(x)").mistake == "returned_in_loop"
    assert judged("def g():\n    for x in y:\n        return x\ng()").mistake == "lost"
    assert judged("def g():\n    for x in y:\n        return x\nf(g())").mistake == (
        "returned_in_loop"
    )
    assert judged("for x in [1, 2]:\n    if x:\n        continue\n    break").mistake is None


@pytest.mark.parametrize("name", ["e", "err", "error", "ex", "exc", "exception"])
def test_an_exception_without_a_name_is_told_from_any_other_name_without_a_value(
    name: str,
) -> None:
    said = f"NameError: name '{name}' is not defined"
    code = f"try: f()\nexcept A:\n    f({name})"
    assert failed(said, 3, code).mistake == "as_missing"
    for line, other in ((3, code.replace("A:", "A as b:")), (2, code), (4, f"{code}\nf({name})")):
        assert failed(said, line, other).mistake in ("undefined", "misspelt")


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("SELECT CURRENT_VERSION", "sql_brackets"),
        ("CURRENT_VERSION()", "select_missing"),
        ("ai_complete(?, ?)", "select_missing"),
        ("SNOWFLAKE.CORTEX.COMPLETE(?, ?)", "select_missing"),
        ("SELECT VERSION()", "misspelt_sql"),
        ("SELECT CURRENTVERSION()", "misspelt_sql"),
        ("SELECT GET_VERSION()", "misspelt_sql"),
        ("SELECT CURRENT_VERSON()", "misspelt_sql"),
        ("SELECT AI_COMPLET(?, ?)", "misspelt_sql"),
        ("  select ai_complete(?, ?), 1", "no_statement"),
        ("SELECT UPPER(?)", "no_statement"),
    ],
)
def test_a_statement_that_is_none_of_the_courses_is_named(query: str, mistake: str) -> None:
    error = Failed(type="NotHere", module="practice", message="no", lines=[1], what="statement")
    result = judged(f"session.sql('{query}')", error, Ended(reason="error"))
    assert (result.id, result.mistake) == ("runs", mistake)


def test_a_statement_that_the_clock_has_ended_is_nobodys_mistake() -> None:
    said = "(1304): Statement reached its statement or warehouse timeout of 10 second(s)"
    code = "try: session.sql('SELECT 1').collect()\nexcept ValueError: pass"
    assert failed(f"SnowparkSQLException: {said}", 1, code).mistake == "slow_statement"


def test_a_function_that_snowflake_does_not_know_is_named_beside_the_exercises() -> None:
    said = "SQL compilation error:\nUnknown function CURENT_VERSION"
    error = Failed(type="SnowparkSQLException", module="x", message=said, lines=[1])
    solution = "session.sql('SELECT CURRENT_VERSION()')"
    result = judged("x", error, Ended(reason="error"), solution=solution)
    assert result.mistake == "misspelt_sql"
    assert "`CURENT_VERSION`" in result.message
    assert "CURRENT_VERSION" in result.message.replace("CURENT_VERSION", "")
    named = Failed(type="NameError", module="builtins", message=NO_NAME, lines=[1])
    result = judged("current_version()", named, Ended(reason="error"), solution=solution)
    assert result.mistake == "sql_in_python"


NO_NAME = "name 'current_version' is not defined"


def test_a_function_whose_only_return_may_be_skipped_is_named_where_none_is_used() -> None:
    said = "TypeError: 'NoneType' object is not iterable"
    within = "def f(x):\n    while x:\n        return [x]\nfor y in f(0): g(y)"
    after = within.replace("        return", "        x = 0\n    return")
    assert failed(said, 4, within).mistake == "return_skipped"
    assert failed(said, 5, after).mistake == "none_used"
    kept = within.replace("for y in f(0): g(y)", "z = f(0)\nfor y in z: g(y)")
    assert failed(said, 5, kept).mistake == "return_skipped"


def test_an_exception_that_only_another_except_names_lacks_its_own_name() -> None:
    code = "try: f()\nexcept A as error:\n    g(error)\nexcept B:\n    g(error)"
    assert failed("NameError: name 'error' is not defined", 5, code).mistake == "as_missing"


def test_a_misspelt_value_in_the_condition_of_what_did_not_run_is_named() -> None:
    code, solution = "if why == 'lenght':\n    st.success('9.40.1')", "if why == 'length': f()"
    assert judged(code, solution=IMPORTS + solution).mistake == "misspelt_value"


def test_an_error_of_a_generator_that_a_try_only_makes_is_named_by_the_try() -> None:
    code = f"{MAKE}try:\n    x = make()\nexcept {{}}:\n    pass\nelse:\n    st.write_stream(x)"
    error = Failed(type="KeyError", module="builtins", message="'x'", lines=[9, 2])
    ended = Ended(reason="error")
    assert judged(code.format("KeyError"), error, ended).mistake == "lazy_try"
    assert judged(code.format("OSError"), error, ended).mistake == "key", "nobody means to catch it"
    elsewhere = error.model_copy(update={"lines": [9]})
    assert judged(code.format("KeyError"), elsewhere, ended).mistake == "key"


def test_a_generator_that_a_function_makes_for_nothing_is_named_for_what_it_returns() -> None:
    code = "def f():\n    def g():\n        yield 1\n    g()\nst.write_stream(f())"
    said = GIVEN.replace("str", "NoneType")
    assert failed(said, 5, code).mistake == "generator_lost"
    assert failed(said, 5, code.replace("    g()\n", "    x = g()\n")).mistake == "no_yield"


@pytest.mark.parametrize(
    ("inner", "mistake"),
    [
        ("return", "caught_first"),
        ("raise", "skipped"),
        ("return\n    except OSError:\n        raise", "caught_first"),
    ],
)
def test_an_except_that_takes_an_exception_from_another_is_named(inner: str, mistake: str) -> None:
    code = (
        f"def f():\n    try:\n        yield 1\n    except KeyError:\n        {inner}\n"
        "try:\n    g(f())\nexcept KeyError:\n    st.success('9.40.1')"
    )
    assert judged(code).mistake == mistake
    other = code.replace("try:\n    g(f())", "try:\n    g(h())")
    assert judged(f"{other}\nh(f())").mistake == "skipped", "it is not called in there"


def test_a_list_that_each_run_begins_empty_is_named_where_the_model_is_sent_it() -> None:
    code = "said = []\nsaid.append(x)\nComplete('m', said)"
    runs: list[Event] = [Again(said="Hello"), Again(said="And?"), END]
    assert judged(code, *runs).mistake == "new_each_run"
    assert judged(code.replace("append", "extend"), *runs).mistake == "new_each_run"
    assert judged(code, END).mistake is None, "there is one run"
    assert judged(code.replace("Complete('m', ", "f("), *runs).mistake is None, "it isn't sent"
    state = "kept = st.session_state.kept\n"
    assert judged(f"{state}{code}\nsaid.extend(kept)", *runs).mistake is None
    assert judged(f"{code}\nfor x in st.session_state.kept: said.append(x)", *runs).mistake is None


def test_a_list_that_a_function_fills_from_the_state_is_none_that_begins_empty() -> None:
    code = "def load(): return st.session_state.kept\nkept = load()\nsaid = []\n"
    code += "for x in kept: said.append(x)\nComplete('m', said)"
    assert judged(code, Again(said="Hello"), Again(said="And?"), END).mistake is None


def test_a_try_that_has_ended_before_the_answer_may_use_st_in_its_finally() -> None:
    code = "try:\n    f()\nfinally:\n    st.write(1)\nst.write_stream(x)"
    assert judged(code, scenes=[{"id": "one", "stop_after": 1}]).mistake is None


@pytest.mark.parametrize(
    "code",
    [
        "idle = not st.button('Go')\nif idle:\n    f()\nelse:\n    st.write_stream(x)",
        "f(a.collect())\nif st.button('Go'):\n    f(b.collect())",
    ],
)
def test_what_is_no_answer_without_its_button_is_not_named(code: str) -> None:
    assert judged(code).mistake is None


def test_the_if_of_the_button_above_a_line_is_the_one_that_is_named() -> None:
    code = "if st.button('A'): f()\nif st.button('B'): f()\nf(a.collect())"
    assert "`if` in line 2" in judged(code).message


def test_an_exception_that_an_except_elsewhere_names_is_not_called_uncaught() -> None:
    code = "raise KeyError(x)\ntry: f()\nexcept KeyError: pass"
    assert failed("KeyError: 'x'", 1, code).mistake == "key"


def test_a_stream_of_two_is_named_by_the_line_that_failed() -> None:
    found = failed(GIVEN, 2, "st.write_stream(x)\nst.write_stream(y)")
    assert found.line == 2
