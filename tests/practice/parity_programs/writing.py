"""Programs that write: st.write of every type, st.write_stream of everything."""

from __future__ import annotations

from tests.practice.parity_programs.building import each, program

__all__ = ["WRITING"]

THINGS = """\
import collections, dataclasses, datetime, enum, io, math, types
Point = collections.namedtuple("Point", "x y")

@dataclasses.dataclass
class Card:
    name: str = "n"

class Plain:
    pass

class Told:
    def __str__(self):
        return "told `so`"

class Lines:
    def __str__(self):
        return "one\\ntwo ``` three"

class Colour(enum.Enum):
    RED = 1

def function():
    "A function."

def words():
    yield "some "
    yield "words"

"""

WRITING = (
    *(
        program(f"st.write shows {title}", f"{THINGS}print(repr(st.write({value})))")
        for title, value in {
            "a text": "'a *text*'",
            "an empty text": "''",
            "a whole number": "3",
            "a broken number": "0.1 + 0.2",
            "None": "None",
            "True": "True",
            "a dict": "{'a': [1, 2], 'b': None}",
            "a list": "[1, 'two', None]",
            "a tuple": "(1, 'two')",
            "a set": "{1}",
            "a frozenset": "frozenset({1})",
            "bytes": "b'abc'",
            "a range": "range(3)",
            "a complex number": "1j",
            "an error": "ValueError('wrong')",
            "an error without a text": "KeyError()",
            "a generator": "words()",
            "a generator expression": "(word for word in ['a', 'b'])",
            "a generator function": "words",
            "a named tuple": "Point(1, 2)",
            "a date": "datetime.date(2026, 1, 2)",
            "an enum's member": "Colour.RED",
            "a StringIO": "io.StringIO('in memory')",
            "a text with back ticks": "'a `b` c', Told()",
            "a text of several lines": "Lines()",
            "the keys of a dict": "{'a': 1}.keys()",
            "the items of a dict": "{'a': 1}.items()",
            "a map": "map(str, [1, 2])",
            "an enumerate": "enumerate('ab')",
            "a Counter": "collections.Counter('aab')",
            "a deque": "collections.deque([1])",
            "a read-only dict": "types.MappingProxyType({'a': 1})",
            "a ChainMap": "collections.ChainMap({'a': 1})",
            "an iterator": "iter([1])",
            "several texts as one": "'a', 'b', 3, None",
            "texts around a list": "'before', [1], 'after', 'all', 2",
            "HTML only if it is told to": "'<b>x</b>', unsafe_allow_html=True",
            "the session's state": "st.session_state",
        }.items()
    ),
    *(
        program(f"st.write describes {title}", f"{THINGS}print(repr(st.write({value})))")
        for title, value in {
            "a function": "function",
            "a built-in function": "len",
            "a method": "'a'.upper",
            "a lambda": "lambda: 1",
            "a class": "Plain",
            "a module": "math",
            "a data class": "Card()",
            "an object": "Plain()",
            "a place": "st.container()",
            "what st.write_stream itself is": "st.write_stream",
        }.items()
    ),
    program(
        "what st.write_stream returns can be written again",
        "back = st.write_stream(['a', 1, 'b'])\nprint(type(back), back)\nst.write(back)\n",
    ),
    *(
        each(
            f"st.write_stream takes {title}",
            *(f"st.write_stream({value})" for value in values),
            first=THINGS,
        )
        for title, values in {
            "no text, number or nothing": ("'text'", "5", "None", "object", "''"),
            "lists, tuples, sets and dicts": (
                *("['a', 'b']", "('a', 'b')", "{'a'}", "{'a': 1, 'b': 2}", "[]", "['']", "[1]"),
                *("[None]", "[['a']]", "['a', None, 'b']", "['a', 1, 'b']", "range(2)"),
            ),
            "generators of every kind": (
                *("words()", "words", "(w for w in 'ab')", "iter(['a', 'b'])", "map(str, [1, 2])"),
                *("lambda: words()", "function", "words().__next__", "reversed(['a', 'b'])"),
            ),
            "bytes and errors as values, not as text": ("[b'ab']", "[ValueError('v'), 'x']"),
            "functions, which it calls": ("[lambda: print('called'), 'x']", "[print]"),
        }.items()
    ),
    each(
        "st.write_stream takes a cursor",
        "st.write_stream(['a', 'b'], cursor='|')",
        "st.write_stream(['a'], '|')",
        "st.container().write_stream(['a'])",
    ),
    program(
        "st.write_stream says once what it got, and the rest is gone",
        """\
def words():
    print("begins")
    yield "a "
    print("goes on")
    yield "b"
stream = words()
print(repr(st.write_stream(stream)))
print(repr(st.write_stream(stream)))
""",
    ),
    program(
        "an iterator of one's own is a stream",
        """\
class Countdown:
    def __init__(self, start): self.n = start
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0: raise StopIteration
        self.n -= 1
        return f"{self.n} "
print(repr(st.write_stream(Countdown(3))))
class Indexed:
    def __getitem__(self, index):
        if index > 2: raise IndexError
        return "x"
print(repr(st.write_stream(Indexed())))
""",
    ),
    program(
        "what was shown before a stream breaks stays, and nothing is returned",
        """\
def broken():
    yield "kept "
    yield "too"
    raise RuntimeError("broken in the middle")
answer = "unset"
try:
    answer = st.write_stream(broken())
except RuntimeError as error:
    print(error, answer)
st.write_stream(broken())
""",
    ),
    program(
        "st.stop in a stream ends the program",
        "def stream():\n    yield 'a'\n    st.stop()\nst.write_stream(stream())\nprint('never')\n",
    ),
    program(
        "what a stream draws itself stands where it is drawn",
        """\
def stream():
    yield "before "
    st.divider()
    yield "after "
    yield {"a": 1}
    yield "end"
print(st.write_stream(stream()))
""",
    ),
    program(
        "a stream of mixed values is returned in parts",
        """\
parts = st.write_stream(["a", "b", 1, None, "", "c", [2], "d", "e"])
print(parts, type(parts).__name__, len(parts), isinstance(parts, list))
""",
    ),
    *(
        program(
            f"a {kind} that contains itself is not shown by st.{name}", f"{code}\nst.{name}(it)"
        )
        for kind, code in (
            ("list", "it = []\nit.append(it)"),
            ("dict", "it = {}\nit['self'] = it"),
        )
        for name in ("json", "write")
    ),
    program(
        "a value is asked for its text once",
        """\
class Told:
    def __str__(self):
        print("asked")
        return "told"
st.write(Told())
st.write("a", Told(), 1)
st.title(Told())
""",
    ),
    program(
        "a value that stands by itself is written",
        """\
"a text"
1 + 1
x = {"a": 1}
x
x, "and", 2
[n for n in range(2)]
None
f"{x}"
print("a call is not")
st.title
def function():
    "A docstring is not."
    "a text inside is"
    return 5
function()
class Thing:
    "no"
    1
    def method(self):
        "no"
        self.name
    name = "name"
Thing().method()
for n in range(2):
    n
else:
    "else"
if x:
    "if"
elif 0:
    "never"
try:
    "try"
    1 / 0
except ZeroDivisionError as error:
    error
finally:
    "finally"
with st.container():
    "with"
while True:
    "while"
    break
match x:
    case dict():
        "case"
def words():
    yield "a"
words
lambda: 1
x["a"]
x.get
not x
"last"
""",
    ),
    program("a docstring of the program is not written", '"""About."""\n"shown"\n'),
    program("an error in a value that stands by itself has its line", "x = 1\nx.nope\n"),
    program(
        "joining what a stream has drawn fails where it is no text",
        "print(''.join(st.write_stream(['a', 1])))",
    ),
)
