"""Programs that use secrets, the session's state and caches."""

from __future__ import annotations

from tests.practice.parity_programs.building import TRIED, each, program, tried

__all__ = ["STATE"]

# What takes an assignment or a deletion, which no expression does.
STATEMENTS = """\
def run(text):
    exec(text, globals())
"""

STATE = (
    each(
        "a secret is found by key and as an attribute, or missed in words",
        *(f"st.secrets{way}" for way in ("['nope']", ".nope", "['connections']['nope']", "[0]")),
        *(f"st.secrets{way}" for way in (".connections.nope", ".connections.snowflake.nope")),
        "st.secrets['connections']['snowflake']['user']",
        "st.secrets.connections.snowflake.user",
        "st.secrets.get('nope')",
        "st.secrets['connections'].get('nope', 4)",
        "hasattr(st.secrets, 'nope')",
        "getattr(st.secrets, 'nope', 5)",
    ),
    each(
        "secrets are a mapping of mappings",
        *("'nope' in st.secrets", "'connections' in st.secrets", "list(st.secrets)"),
        *("len(st.secrets)", "list(st.secrets.keys())", "list(st.secrets['connections'])"),
        *("list(st.secrets['connections'].keys())", "len(st.secrets['connections'])"),
        *("type(st.secrets)", "type(st.secrets['connections'])", "type(st.secrets.to_dict())"),
        "type(dict(st.secrets['connections'])['snowflake'])",
        "type({**st.secrets['connections']['snowflake']})",
        "isinstance(st.secrets['connections'], dict)",
        "st.secrets['connections'] == st.secrets['connections'].to_dict()",
        "list(st.secrets['connections']['snowflake'])[:2]",
        "st.secrets()",
        "st.secrets.has_key('connections')",
        "[name for name, table in st.secrets.items()]",
    ),
    each(
        "secrets cannot be changed",
        *(f"run('{text}')" for text in ("st.secrets.x = 1", "del st.secrets.x")),
        *(f'run("{text}")' for text in ("st.secrets['x'] = 1", "del st.secrets['x']")),
        *(f"run(\"st.secrets['connections']{text}\")" for text in ("['x'] = 1", ".x = 1")),
        "run(\"del st.secrets['connections']['x']\")",
        first=STATEMENTS,
    ),
    each(
        "without a secrets file there are no secrets",
        "st.secrets['connections']",
        "st.secrets.connections",
        "st.secrets.get('connections')",
        "'connections' in st.secrets",
        "list(st.secrets)",
        "hasattr(st.secrets, 'connections')",
        inside=True,
    ),
    each(
        "the session's state is found by key and as an attribute, or missed in words",
        *(f"st.session_state{way}" for way in ("['nope']", ".nope", "['']", "[5]", ".nope.x")),
        "st.session_state.get('nope')",
        "st.session_state.get('nope', 3)",
        "'nope' in st.session_state",
        "hasattr(st.session_state, 'nope')",
        "getattr(st.session_state, 'nope', 7)",
        "st.session_state.pop('nope')",
        "st.session_state.pop('nope', 3)",
        "st.session_state.setdefault('z', 4)",
        "st.session_state.z",
        "st.session_state()",
        *(f'run("{text}")' for text in ("del st.session_state.nope", "del st.session_state['x']")),
        first=STATEMENTS,
    ),
    program(
        "the session's state is a mapping",
        """\
if "count" not in st.session_state:
    st.session_state.count = 0
st.session_state.count += 1
st.session_state["a b"] = [1]
st.session_state[7] = "seven"
st.session_state.update(more=1)
st.session_state["a b"].append(2)
print(st.session_state.count, sorted(st.session_state), len(st.session_state))
print(sorted(st.session_state.to_dict().items()), 7 in st.session_state, "7" in st.session_state)
del st.session_state["count"]
del st.session_state.more
print(sorted(st.session_state), type(st.session_state))
for key in list(st.session_state):
    del st.session_state[key]
print(dict(st.session_state), str(st.session_state), bool(st.session_state))
st.session_state.count += 1
""",
    ),
    program(
        "a widget's value can be set before it is made, and not after",
        TRIED
        + """\
st.session_state.q = "hello"
print(st.text_input("q", key="q"), st.session_state.q)
def late():
    st.session_state.q = 5
def late_item():
    st.session_state["q"] = 5
tried(0, late)
tried(1, late_item)
st.session_state.update(b=True, s="zz", o="b", t=None, c=5, n=5, big=500, small=-1, ok=5)
"""
        + tried(
            "st.button('b', key='b')",
            "st.selectbox('s', ['a', 'b'], key='s')",
            "st.session_state.s",
            "st.radio('o', ['a', 'b'], key='o')",
            "st.text_input('t', 'x', key='t')",
            "st.checkbox('c', key='c')",
            "st.text_input('n', key='n')",
            "st.slider('big', 0, 10, key='big')",
            "st.slider('small', 0, 10, key='small')",
            "st.slider('ok', 0, 10, key='ok')",
        ),
    ),
    program(
        "a function that keeps its value is run once",
        """\
@st.cache_resource
def connect(name, times=1):
    print("connecting", name, times)
    return [name] * times
first, second = connect("a"), connect("a")
print(first is second, connect("a", 1), connect("a", times=2), connect(name="a"))
connect.clear()
print(connect("a"), connect.__name__, connect)
connect.clear("a")
connect("a")
st.cache_resource.clear()
connect("a")
""",
    ),
    program(
        "kept data is copied each time",
        """\
@st.cache_data
def load(n):
    print("loading", n)
    return {"list": [n]}
mine = load(1)
mine["list"].append("changed")
again = load(1)
print(again, load(1) is again, load(2))
st.cache_data.clear()
load(1)
""",
    ),
    program(
        "caches take arguments of their own",
        """\
@st.cache_data(ttl=60, show_spinner=False, max_entries=5)
def a(): return 1
@st.cache_resource(ttl="1h", show_spinner="Connecting...")
def b(): return 2
c = st.cache_data(lambda x: x * 2)
print(a(), b(), c(4), a, b.__doc__)
""",
    ),
    each(
        "caches say which of their arguments are wrong",
        "st.cache_data(nope=1)",
        "st.cache_resource(nope=1)",
        "st.cache_data(lambda: 1, 5)",
        "st.cache_resource(scope='x')",
        "st.cache_data(lambda: 1)(5)",
        "st.cache_data(scope='session')(lambda: 1)()",
    ),
    program(
        "what cannot be told apart cannot be an argument of a kept function",
        """\
@st.cache_data
def ask(stream, prompt): return prompt
ask((n for n in [1]), "x")
""",
    ),
    program(
        "an argument that begins with an underscore is not looked at",
        """\
@st.cache_data
def ask(_stream, prompt):
    print("asked")
    return prompt
print(ask((n for n in [1]), "x"), ask((n for n in [2]), "x"), ask(None, "y"))
""",
    ),
    each(
        "what cannot be told from others cannot be an argument, whatever it is in",
        *(f"keep({value})" for value in ("None", "True", "1.5", "'x'", "b'x'", "bytearray(b'x')")),
        *(f"keep({value})" for value in ("[1]", "(1,)", "{'a': 1}", "{1}", "frozenset({1})", "1j")),
        *(f"keep({value})" for value in ("day", "Colour.RED", "Card()", "Plain()", "Plain", "len")),
        *(
            f"keep({value})"
            for value in ("lambda: 1", "keep", "iter([1])", "range(3)", "[Plain()]")
        ),
        *(f"keep({value})" for value in ("object()", "ValueError('v')", "{}.keys()", "{}.items()")),
        *(f"keep({value})" for value in ("st", "st.secrets", "functools.partial(int, 1)", "...")),
        first="""\
import dataclasses, datetime, enum, functools
day = datetime.date(2026, 1, 2)
class Plain: pass
class Colour(enum.Enum): RED = 1
@dataclasses.dataclass
class Card: name: str = "n"
@st.cache_data
def keep(value): return 1
""",
    ),
    program(
        "a method that keeps its values is not told its object",
        """\
class Model:
    def __init__(self, name): self.name = name
    @st.cache_data
    def ask(_self, prompt):
        print("asked", _self.name)
        return prompt + _self.name
    @st.cache_resource
    def careless(self, prompt): return prompt
model = Model("a")
print(model.ask("x"), model.ask("x"), Model.ask(model, "x"), model.ask)
model.ask.clear()
print(model.ask("x"))
model.careless("x")
""",
    ),
    program(
        "rows can be kept, a session cannot be an argument, a statement cannot be kept",
        TRIED
        + """\
from snowflake.snowpark import Session
session = Session.builder.configs(st.secrets["connections"]["snowflake"]).create()
@st.cache_data
def ask(session, query): return session.sql(query).collect()
@st.cache_data
def rows(_session, query): return _session.sql(query).collect()
@st.cache_data
def statement(_session, query): return _session.sql(query)
"""
        + tried(
            "ask(session, 'select 1')",
            "rows(session, 'select 1 as a')",
            "rows(session, 'select 1 as a')[0]['A']",
            "statement(session, 'select 1')",
        ),
    ),
    program(
        "a stream cannot be kept as data",
        """\
@st.cache_data
def stream():
    yield "a"
print(stream())
""",
    ),
    program(
        "a function cannot be kept as data",
        "@st.cache_data\ndef make():\n    return lambda: 1\nprint(make())\n",
    ),
    program(
        "a stream that is kept as a resource is used up",
        """\
@st.cache_resource
def stream():
    yield "a"
    yield "b"
print(repr(st.write_stream(stream())), repr(st.write_stream(stream())))
""",
    ),
    program(
        "an error is not kept",
        """\
@st.cache_data
def fail():
    print("tried")
    raise ValueError("v")
for _ in range(2):
    try:
        fail()
    except ValueError as error:
        print(error)
fail(1)
""",
    ),
)
