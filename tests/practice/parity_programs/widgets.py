"""Programs with widgets."""

from __future__ import annotations

from tests.practice.parity_programs.building import each, program

__all__ = ["WIDGETS"]

KINDS = """\
import enum
from decimal import Decimal
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
class Word(str, enum.Enum):
    A = "a"
n = 0
def k():
    global n
    n += 1
    return f"key {n}"
"""
OPTIONS = (
    *("['x', 'y']", "('p', 'q')", "range(3)", "{'p': 1, 'q': 2}", "{'p'}", "'xyz'", "5", "None"),
    *("[]", "()", "range(0)", "(c for c in 'ab')", "map(str, [1, 2])", "iter([1, 2])", "b'ab'"),
    *("Colour", "Word", "[None, 2]", "[['l'], 2]", "[1.5, True]", "[Decimal('1')]", "2.5", "True"),
    *("['same', 'same']", "frozenset({1})", "[print]", "''"),
)
ALL = """\
pressed = st.button("Ask")
model = st.selectbox("Model", ["small", "large"])
level = st.radio("Level", [1, 2, 3], index=1, format_func=lambda n: f"level {n}")
prompt = st.text_input("Prompt", "Hello", max_chars=8)
notes = st.text_area("Notes")
quick = st.checkbox("Quick", True)
loud = st.toggle("Loud")
count = st.slider("Count", 1, 10)
share = st.slider("Share", 0.0, 1.0, 0.25)
span = st.slider("Span", value=(20, 40))
print(pressed, repr(model), repr(level), repr(prompt), repr(notes), quick, loud, count, share, span)
"""

WIDGETS = (
    program("widgets have their defaults until they are touched", ALL),
    program(
        "widgets have the values that they have been set to",
        ALL,
        inputs={
            "Ask": True,
            "Model": "large",
            "Level": "level 3",
            "Prompt": "Bye",
            "Notes": "a\nb",
            "Quick": False,
            "Loud": True,
            "Count": 7,
            "Share": 0.5,
            "Span": (1, 99),
        },
    ),
    program(
        "a text that is too long is cut",
        "print(st.text_input('Prompt', max_chars=3), st.text_area('Notes', 'abcdef', max_chars=2))",
        inputs={"Prompt": "abcdef"},
    ),
    program(
        "a text can be set where there was none",
        "print(repr(st.text_input('Prompt', None)))\n"
        "print(repr(st.selectbox('Model', ['a'], index=None)))\n",
        inputs={"Prompt": "now", "Model": "a"},
    ),
    program(
        "an option is chosen by its text, and given back as it is",
        """\
options = {"small": "llama3.1-8b", "large": "claude-haiku-4-5"}
print(repr(st.selectbox("Model", options, format_func=options.get)))
print(repr(st.radio("Number", (1.5, 2), format_func=lambda n: f"<{n}>")))
""",
        inputs={"Model": "claude-haiku-4-5", "Number": "<2>"},
    ),
    program(
        "a new option is taken where it is accepted",
        "print(repr(st.selectbox('Model', ['a', 'b'], accept_new_options=True)))",
        inputs={"Model": "mine"},
    ),
    program(
        "a widget with a key is in the session's state",
        """\
prompt = st.text_input("Prompt", "a", key="prompt")
st.selectbox("Model", ["x", "y"], key="model")
st.button("Ask", key="ask")
print(prompt, sorted(st.session_state.to_dict().items()))
""",
        inputs={"Prompt": "b", "Model": "y", "Ask": True},
    ),
    program(
        "what is done when a button is pressed is done once",
        "if st.button('Ask'):\n    print('asked')\nelse:\n    print('not yet')\n",
        inputs={"Ask": True},
    ),
    program("a button is not pressed by itself", "if st.button('Ask'):\n    print('asked')\n"),
    *(
        each(
            f"st.{name} takes options of every kind",
            *(f"st.{name}('a', {options}, key=k())" for options in OPTIONS),
            first=KINDS,
        )
        for name in ("selectbox", "radio")
    ),
    *(
        each(
            f"st.{name} checks its index and what makes its texts",
            *(f"st.{name}('a', ['x', 'y'], index={n}, key=k())" for n in ("1", "None", "2", "-1")),
            *(f"st.{name}('a', ['x', 'y'], index={n}, key=k())" for n in ("'x'", "0.0", "True")),
            f"st.{name}('a', [], index=3, key=k())",
            f"st.{name}('a', [], index=None, key=k())",
            f"st.{name}('a', [1, 2], format_func=lambda v: v + 1, key=k())",
            f"st.{name}('a', [1, 2], format_func='x', key=k())",
            f"st.{name}('a', [1, 2], format_func=lambda: 1, key=k())",
            f"st.{name}('a', [1, 2], 1, str, k(), 'help')",
            first=KINDS,
        )
        for name in ("selectbox", "radio")
    ),
    each(
        "a selectbox's and a radio's own arguments are checked",
        "st.selectbox('a', ['x'], filter_mode='x', key=k())",
        "st.selectbox('a', ['x'], filter_mode=None, key=k())",
        "st.selectbox('a', ['x'], placeholder=5, key=k())",
        "st.selectbox('a', ['x'], placeholder='p', key=k())",
        "st.radio('a', ['x'], captions=['c'], key=k())",
        "st.radio('a', ['x'], captions=[5], key=k())",
        "st.radio('a', ['x'], captions=[None], key=k())",
        "st.radio('a', ['x'], horizontal='x', key=k())",
        "st.radio('a', ['x'], horizontal=True, key=k())",
        first=KINDS,
    ),
    *(
        each(
            f"st.{name} gives a bool whatever it is given",
            *(f"st.{name}('a', {value}, key=k())" for value in ("True", "None", "'x'", "0", "[]")),
            f"st.{name}('a', key=k())",
            f"st.{name}('a', disabled='x', key=k())",
            first=KINDS,
        )
        for name in ("checkbox", "toggle")
    ),
    *(
        each(
            f"st.{name} gives text, or None",
            *(f"st.{name}('a', {value}, key=k())" for value in ("'v'", "None", "5", "['x']", "''")),
            f"st.{name}('a', key=k())",
            f"st.{name}('a', '  v\\n w ', key=k())",
            f"st.{name}('a', 'abcdef', max_chars=3, key=k())",
            f"st.{name}('a', max_chars='x', key=k())",
            f"st.{name}('a', max_chars=0, key=k())",
            f"st.{name}('a', placeholder=5, key=k())",
            first=KINDS,
        )
        for name in ("text_input", "text_area")
    ),
    each(
        "a text input's and a button's type is one of a few",
        "st.text_input('a', type='x', key=k())",
        "st.text_input('a', type='password', key=k())",
        "st.button('a', type='x', key=k())",
        "st.button('a', type='primary', key=k())",
        first=KINDS,
    ),
    each(
        "a button takes any label and no mode of a rerun",
        *(f"st.button({label}, key=k())" for label in ("5", "None", "''", "['x']")),
        "st.button('a', disabled=None, key=k())",
        "st.button('a', disabled=1, key=k())",
        "st.button('a', on_click=None, key=k())",
        "st.button('a', on_click=5, key=k())",
        "st.button('a', on_click='rerun', key=k())",
        "st.button('a', on_click=print('at once'), key=k())",
        "st.button('a', use_container_width=True, key=k())",
        first=KINDS,
    ),
    each(
        "a label may be anything, and is best a text",
        *(f"st.text_input({label}, key=k())" for label in ("None", "5", "''", "['x']")),
        "st.selectbox('a', ['x'], label_visibility='no', key=k())",
        "st.selectbox('a', ['x'], label_visibility='hidden', key=k())",
        "st.selectbox('a', ['x'], on_change=5, key=k())",
        "st.selectbox('a', ['x'], on_change='ignore', key=k())",
        "st.selectbox('a', ['x'], on_change=None, key=k())",
        "st.selectbox('a', ['x'], help=5, key=k())",
        "st.selectbox('a', ['x'], key='')",
        "st.selectbox('a', ['x'], key='$$ID-x')",
        first=KINDS,
    ),
    each(
        "a slider's value is in its range, which grows to have it",
        *(f"st.slider('a', {given}, key=k())" for given in ("1, 10", "1, 10, 5", "1, 10, 20")),
        *(
            f"st.slider('a', {given}, key=k())"
            for given in ("1, 10, -20", "10, 1", "200", "-5, -1")
        ),
        *(f"st.slider('a', {given}, key=k())" for given in ("None, 10", "-10, None", "True", "3")),
        *(f"st.slider('a', {given}, key=k())" for given in ("0.0, 1.0", "0.0, 1.0, 0.5", "0.5")),
        "st.slider('a', value=0.5, key=k())",
        "st.slider('a', min_value=3, max_value=7, value=None, key=k())",
        "st.slider('a', 0, 10, None, 2, key=k())",
        "st.slider('a', key=k())",
        first=KINDS,
    ),
    each(
        "a slider of two values gives a tuple",
        *(f"st.slider('a', value={value}, key=k())" for value in ("(1, 5)", "(5, 1)", "[1, 5]")),
        *(f"st.slider('a', value={value}, key=k())" for value in ("[]", "(3,)", "(0.25, 0.75)")),
        "st.slider('a', 0.0, 1.0, (0.2, 0.4), key=k())",
        first=KINDS,
    ),
    each(
        "a slider does not mix whole and broken numbers",
        *(f"st.slider('a', {given}, key=k())" for given in ("0, 1.0", "0.0, 1.0, 1", "1, 1")),
        *(f"st.slider('a', {given}, key=k())" for given in ("'1', '2'", "max_value=0.5")),
        *(f"st.slider('a', value={value}, key=k())" for value in ("'x'", "(1, 2, 3)", "(1, 2.0)")),
        *(f"st.slider('a', step={step}, key=k())" for step in ("0", "0.5", "'x'")),
        "st.slider('a', 0, 10, 5, 2, '%d', 'k', 'h', None, None, None, 5)",
        first=KINDS,
    ),
    program(
        "two widgets that are the same need keys",
        "st.button('a')\nst.button('b')\nst.sidebar.button('a')\nst.button('a')\n",
    ),
    program(
        "what makes two widgets different may be any argument that is seen",
        """\
st.text_input("a")
st.text_input("a", "v")
st.text_input("a", help="h")
st.text_input("a", placeholder="p")
st.slider("a")
st.slider("a", 0)
st.slider("a", 0, 100)
st.selectbox("a", ["x"])
st.radio("a", ["x"])
st.checkbox("a")
st.toggle("a")
st.text_input("a", disabled=True)
""",
    ),
    program(
        "a key can be used once",
        "st.button('a', key='k')\nst.text_input('b', key=5)\nst.checkbox('c', key='k')\n",
    ),
    program(
        "a key is a text, whatever it is", "st.text_input('a', key=5)\nst.button('b', key='5')\n"
    ),
)
