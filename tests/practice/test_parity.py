"""What the sandbox gives a program behaves like the real libraries.

Small programs are run both ways, all at once and once in a run of the tests. A wrong call ends with
the same kind of error, whose first sentence is the same; a right one returns and draws the same.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st

from practice import Scene
from practice.events import Draw, Failed
from practice.explain import explain_error
from practice.sandbox.signatures import ELEMENTS, guest_modules
from tests.practice.parity import Both, Case, Outcome
from tests.practice.programs import printed, ran

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")

# Names of ours that no program is to see.
OURS = ("practice.guest", "<string>", "<practice", "carried")
# What a call of each function needs, by the names of its parameters.
NEEDED = {
    "body": "'x'",
    "label": "'x'",
    "value": "1",
    "options": "['a']",
    "spec": "2",
    "tabs": "['a']",
    "exception": "ValueError('x')",
    "name": "'user'",
    "stream": "['x']",
    "args": "'x'",
}
# A family, a flag, decomposed Hangul, a skin tone, accents, line ends; halves of some of them.
CLUSTERS = (
    *("👨‍👩‍👧‍👦 ok", "대한민국🇰🇷", "🇰🇷🇺", "\u1112\u1161\u11ab\u1100\u1173\u11af", "한글\u11a8"),
    *("👍🏽👍", "e\u0301a\u0300", "a\r\n\nb", "\u200d👩", "क\u093f", ""),
)
# A value that Streamlit does not take, by what it takes (``signatures.CHECKS``).
WRONG = {"icon": "'rocket'", "content": "'big'", "pixels": "0"}


def _checks() -> dict[str, dict[str, Any]]:
    names: dict[str, Any] = {"__name__": "signatures"}
    exec(guest_modules()["practice.guest.signatures"], names)
    found: dict[str, dict[str, Any]] = names["CHECKS"]
    return found


def _call(name: str, number: int, **given: str) -> str:
    """Return a call of a function of ``st`` with what it needs and with these arguments."""
    parameters = inspect.signature(getattr(st, name)).parameters.values()
    needs = [each.name for each in parameters if each.default is each.empty and each.name in NEEDED]
    args = {each: NEEDED[each] for each in needs} | given
    positional = args.pop("args", "")
    if any(each.name == "key" for each in parameters):
        args["key"] = f"'{name} {number}'"
    told = ", ".join(f"{key}={value}" for key, value in args.items())
    call = f"st.{name}({', '.join(filter(None, (positional, told)))})"
    return f"{call}.__enter__()" if name == "spinner" else call


def _calls(name: str) -> list[Case]:
    """Return a right call of a function, and every kind of wrong one."""
    inside = {"form_submit_button": "with st.form('f {}'): "}.get(name, "")
    calls = [
        _call(name, 0),
        f"st.{name}(nope=1)",
        f"st.{name}({', '.join(['1'] * 40)})",
        f"st.sidebar.{name}(nope=1)",
    ]
    if any(value.default is value.empty for value in _parameters(name)):
        calls.append(f"st.{name}()")
    for number, (parameter, wanted) in enumerate(_checks()[name].items(), 1):
        wrong = WRONG.get(wanted, "'zorro'") if isinstance(wanted, str) else "'zorro'"
        calls.append(_call(name, number, **{parameter: wrong}))
    if not inside:
        return [(call,) for call in calls]
    return [
        (f"{inside.format(number)}\n    it = {call}", "it") for number, call in enumerate(calls)
    ]


def _parameters(name: str) -> list[inspect.Parameter]:
    parameters = inspect.signature(getattr(st, name)).parameters.values()
    return [each for each in parameters if each.kind is not each.VAR_POSITIONAL]


#: Conversations, good and bad.
MESSAGES = [
    "[{'role': 'user', 'content': 'A'}, {'role': 'assistant', 'content': 'B'},"
    " {'role': 'user', 'content': 'C'}]",
    "[{'role': 'system', 'content': 'Short.'}, {'role': 'user', 'content': 'A'}]",
    "[{'content': 'no role'}]",
    "[{'role': 'human', 'content': 'A'}]",
    "[{'role': 'user', 'content': 'A'}, {'role': 'assistant', 'content': 'B'}]",
    "[{'role': 'user', 'content': 'A', 'avatar': 'x'}]",
    "[{'role': 'user', 'content': ''}]",
    "[{'role': 'user', 'content': None}]",
    "[{'role': 'user'}]",
    "[]",
]

SECRETS = "dict(st.secrets['connections']['snowflake'])"
SET = "st.session_state.update(q='hello', o='b', t=None, n=7)"
M = "'llama3.1-8b'"
ANSWER = f"ai_complete({M}, 'Hi')"


def _each(*expressions: str, first: str = "") -> list[Case]:
    return [tuple(filter(None, (first, each))) for each in expressions]


USAGE = "stream_options={'include_usage': True}"
COUNTED = "(u.total_tokens - u.prompt_tokens - u.completion_tokens, u.completion_tokens > 0)"
FOUND = "error.response.headers['x-snowflake-request-id'] == error.body['request_id']"
# The whole of it, not only its first sentence.
SAID = "error.body['message'].split() + str(error).split()"
#: A model of each family.
ALL = ("llama3.1-8b", "claude-haiku-4-5", "openai-gpt-5-mini")

#: What is run both ways, by what it is about.
CASES: dict[str, list[Case]] = {
    **{f"st.{name}": _calls(name) for name in ELEMENTS},
    "st.write shows every type": _each(
        *(
            f"st.write({value})"
            for value in (
                *("'a *text*'", "''", "3", "None", "{'a': [1]}", "[1, 'two']", "(1, 'two')", "{1}"),
                *("b'x'", "ValueError('v')", "words()", "words", "Point(1, 2)", "Colour.RED"),
                *("map(str, [1])", "{'a': 1}.keys()", "'a', 3, 'b'", "'before', [1], 'after'"),
                *("len", "Plain", "Plain()", "math", "st.container()", "'a`b', 2"),
            )
        ),
        "st.container().write('a', 'b')",
        "st.write(st.write_stream(['a', 1, 'b']))",
    ),
    "st.write_stream takes what can be iterated": _each(
        *(
            f"st.write_stream({value})"
            for value in (
                *("'text'", "5", "None", "object", "['a', 'b']", "[]", "[1]", "['a', None, 'b']"),
                *(
                    "words()",
                    "words",
                    "iter(['a'])",
                    "('a', 'b')",
                    "lambda: 'a'",
                    "[b'ab']",
                    "[print]",
                    "words().__next__",
                ),
                *("{'a': 1}", "broken()", "['a', {'b': 1}, 'c']", "['a'], cursor='|'"),
            )
        ),
        first="stream = None",
    ),
    "containers hold what is drawn into them": [
        ("left, right = st.columns([1, 2])", "right.write('right')", "left.write('left')"),
        ("with st.container() as c: inside = repr(c)", "inside"),
        ("with st.expander('x') as c: st.write('in')", "type(c)"),
        ("with st.popover('x') as c: st.write('in')", "type(c)"),
        ("with st.status('x') as c: st.write('in')", "c.update(label='done', state='complete')"),
        ("c = st.status('y')", "c.update(state='zorro')"),
        ("c = st.status('z')", "c.update('zorro')"),
        ("one, two = st.tabs(['1', '2'])", "two.write('2')"),
        ("box = st.empty()", "box.write('first')", "box.write('second')"),
        ("with st.chat_message('user'): st.markdown('Hi')", "None"),
        ("with st.form('a'): st.form('b')", "None"),
        ("with st.form('c'): st.button('b', key='in form')", "None"),
        ("st.form_submit_button('out')",),
        ("with st.spinner('x') as it: st.write('in')", "it"),
        ("@st.spinner('busy')\ndef work(n): return n + 1", "work(1)"),
        *_each("st.columns(0)", "st.columns([1, 0])", "st.columns('ab')", "st.columns(2.5)"),
        *_each("len(st.columns((1, 2)))", "len(st.tabs(('a', 'b')))", "len(st.tabs('ab'))"),
        *_each("st.tabs([])", "st.tabs([1])", "st.expander(None)", "st.popover(5)"),
        *_each("st.chat_message(None)", "st.chat_message(5)", "st.container().nope()"),
        *_each("st.sidebar.set_page_config()", "st.json({1: 2, (1, 2): 3})", "st.json('{')"),
    ],
    "misspelt names are told what was meant": _each(
        *("st.wrte('x')", "st.Button", "st.writestream('x')", "st.input('x')", "st.cache", "st._x"),
        *("hasattr(st, 'nope')", "st.experimental_rerun()", "st.zzzzzz"),
    ),
    "choices take options of every kind": _each(
        *(
            f"st.{name}('a', {given}, key='{name} of {number}')"
            for name in ("selectbox", "radio")
            for number, given in enumerate(
                (
                    *("['x', 'y']", "('p', 'q')", "range(3)", "{'p': 1}", "'xyz'", "5", "None"),
                    *("[]", "Colour", "[None, 2]", "['x'], index=None", "['x'], index=2"),
                    *("['x', 'y'], index='x'", "['x', 'y'], 1, str", "[1], format_func='x'"),
                    *("[1], format_func=lambda v: v", "['x'], on_change=5", "['x'], index=True"),
                    *("(n for n in 'ab')", "b'xy'", "Name", "[Row(a=7), Row(a=8)]"),
                )
            )
        ),
    ),
    "texts, flags and numbers have their defaults": _each(
        *(
            f"st.{call}, key='default {number}')"
            for number, call in enumerate(
                (
                    *("text_input('a', 'v'", "text_input('a', None", "text_input('a', 5"),
                    *("text_area('a'", "text_area('a', 'abcdef', max_chars=3", "checkbox('a', 'x'"),
                    *("toggle('a'", "toggle('a', True", "button('a'", "chat_input('a'"),
                    *("slider('a', 1, 10", "slider('a', 1, 10, 20", "slider('a', 0.0, 1.0, 0.5"),
                    *("slider('a', value=(5, 1)", "slider('a', 0, 1.0", "slider('a', 0, 1, 0.5"),
                    *("slider('a', 1, 1", "slider('a', step=0", "slider('a', 0, 10, None, 2"),
                    *("slider('a', 'x'", "slider('a', 0.0, 1.0, 1", "button('a', on_click=5"),
                    *("slider('a', value=[5, 1]", "slider('a', 0, 9, ()", "slider('a', 5"),
                    *("slider('a', 0.0, 1.0, (0.2, 0.5)", "slider('a', value=(1, 2, 3)"),
                )
            )
        ),
    ),
    "widgets that are the same need keys": [
        *_each("st.button('same')", "st.sidebar.button('same')", "st.button('same')"),
        *_each("st.button('a', key='k')", "st.text_input('b', key='k')"),
    ],
    "secrets are found by key and as an attribute": [
        *_each(
            *("st.secrets['connections']['snowflake']['user'] and 1", "st.secrets['nope']"),
            *("st.secrets.nope", "st.secrets.connections.nope", "st.secrets.get('nope')"),
            *("'connections' in st.secrets", "list(st.secrets)", "type(st.secrets)"),
            *("type(st.secrets['connections'])", "isinstance(st.secrets['connections'], dict)"),
            *("hasattr(st.secrets, 'nope')", "run('st.secrets.x = 1')", "st.secrets()"),
            "run('st.secrets[1] = 1')",
        ),
    ],
    "the session's state is a mapping": [
        *_each(*("st.session_state['nope']", "st.session_state.nope", "st.session_state.get('x')")),
        *_each("'nope' in st.session_state", "run('del st.session_state.nope')"),
        ("st.session_state.count = 0", "st.session_state.count += 1", "st.session_state.count"),
        ("st.session_state[7] = 'seven'", "(st.session_state['7'], 7 in st.session_state)"),
        ("del st.session_state['count']", "'count' in st.session_state"),
        (SET, "st.text_input('q', key='q')"),
        *_each("st.radio('o', ['a', 'b'], key='o')", "st.text_input('t', 'x', key='t')"),
        *_each("st.slider('n', 0, 10, key='n')", "run('st.session_state.q = 5')"),
        ("st.session_state.b = True", "st.button('b', key='b')"),
    ],
    "caches keep values": [
        ("@st.cache_resource\ndef f(n, m=1): return [n]", "f(1) is f(1)"),
        ("@st.cache_data\ndef g(n): return [n]", "(g(1) is g(1), g(1) == g(1), g.__name__)"),
        ("kept = f(1), f(2)", "f.clear(1)", "(f(1) is kept[0], f(2) is kept[1])"),
        ("f.clear()", "f(2) is kept[1]"),
        ("asked = []", "@st.cache_data\ndef o(): return asked.append(1)", "o()"),
        ("o()", "st.cache_data.clear()", "o()", "len(asked)"),
        ("h = st.cache_data(ttl=60, show_spinner=False)(lambda _stream, n: n)", "h(words(), 1)"),
        ("@st.cache_data\ndef i(stream): return 1", "i(words())"),
        ("@st.cache_data\ndef j(): return words()", "j()"),
        ("@st.cache_data\ndef k(): return lambda: 1", "k()"),
        ("@st.cache_data\ndef l(s): return 1", "l(session)"),
        ("only = lambda: 1", "@st.cache_data\ndef m(): return only", "m()"),
        *_each("i(lambda: 1)", "i([1, {'a': (2,)}])", "st.cache_data(nope=1)", "f()"),
        *_each("st.cache_resource(scope='x')", "st.cache_data(lambda: 1)(5)"),
        ("class Model:\n    @st.cache_data\n    def ask(_self, n): return n", "Model().ask(3)"),
    ],
    "functions that draw nothing": _each(
        *("st.set_page_config(page_title='x')", "st.set_page_config(nope=1)", "st.stop(1)"),
    ),
    "a session is found, made and closed": [
        *_each("session", "get_active_session() is session", "Session.builder.getOrCreate()"),
        *_each("Session.builder.configs(5)", "Session.builder.configs({'user': 'x'}).create()"),
        *_each("Session.builder.configs(st.secrets).create()", "Session.builder.nope"),
        *_each("Session.builder.configs({'account': 'x', 'user': 'y'}).create()"),
        *_each("Session.builder.config('user', 'x').create()", "Session.get_active_session()"),
        *_each("session.sqll('x')", "session.sql()", "session.sql(5)", "session()"),
        (f"other = Session.builder.configs({SECRETS}).create()", "get_active_session()"),
        ("Complete('llama3.1-8b', 'Hi')",),
        ("other.close()", "other.sql('select 1').collect()"),
        (f"Complete({M}, 'Hi', session=other)",),
        ("session.close()", "get_active_session()"),
        (f"Complete({M}, 'Hi', stream=True)",),
        ("session = connect()", "get_active_session() is session"),
    ],
    "statements are bound, run and fail": [
        *_each(
            *("session.sql('select 1 as a, null').collect()", "session.sql('select 1').colect()"),
            *("session.sql('select ?, ?', params=['a', 1]).collect()", "len(session.sql('x'))"),
            *("session.sql('select ?', ['x']).collect()", "session.sql('select ?').collect()"),
            *(
                "session.sql('select ?', params=('a',)).collect()",
                "session.sql('select 1').select(['a'])",
            ),
            *("session.sql('select ?', params='x').collect()", "session.sql('selec 1').collect()"),
            *("session.sql('select ?', params=[{1: 2}]).collect()", "session.sql('x') + 1"),
            *("session.sql('select nope').collect()", "session.sql('x').collect(nope=1)"),
            "session.sql(\"select snowflake.cortex.complete('m', 'It's me')\").collect()",
            f"session.sql('select AI_COMPLETE(?, ?)', params=[{M}, 'Hi']).collect()",
            "session.sql('select AI_COMPLETE(?, ?)', params=['nope', 'Hi']).collect()",
            f'session.range(1).select(ai_complete({M}, "It\'s C:\\\\new")).collect()',
            f"session.range(1).select(ai_complete({M}, 'Hi').alias('answer')).collect()",
            *(
                f"[*session.range(1).select({ANSWER}.alias({name!r})).collect()[0].as_dict()]"
                for name in ("my_answer", "a$b", '"own"', "two words", "답")
            ),
            "session.range(3).collect()",
            *(
                f"session.range(1).select({given}).collect()"
                for given in (f"[{ANSWER}]", f"({ANSWER},)")
            ),
            *(
                f"session.range(1).select({ANSWER}.{name}('a')).collect()"
                for name in ("as_", "name")
            ),
            f"session.range(1).select(ai_complete({M}, 'Hi', None, {{'max_tokens': 3}})).collect()",
            *(
                "ai_complete('m')",
                "ai_complete('m', object())",
                "bool(ai_complete('m', 'x'))",
            ),
            *("session.range(1).select()", "session.range(1).select(5)"),
        ),
        (
            "try: session.sql('selec 1').collect()\nexcept SnowparkSQLException as e: error = e",
            "(error.sql_error_code, error.error_code, error.message, error.raw_message)",
        ),
    ],
    "a row is found by number, by name and as an attribute": _each(
        *("row[0]", "row['A']", "row.A", "row['b c']", "row[9]", "row['a']", "row.a", "row[0:1]"),
        *("row.as_dict()", "row.asDict()", "list(row)", "'A' in row", "len(row)", "row == (1, 2)"),
        *("run('row[0] = 3')", "run('row.A = 3')", "row", "rows.collect()", "rows['A']"),
        *("Row(1, 2)", "Row(a=1)", "Row(1, a=2)", "Row('a', 'b')(1, 2)", "Row(1).as_dict()"),
        first="rows = session.sql('select 1 as a, 2 as \"b c\"').collect(); row = rows[0]",
    ),
    "Complete answers, or says what is wrong": _each(
        *(
            f"Complete({given})"
            for given in (
                *(
                    f"{M}, 'Hi'",
                    f"model={M}, prompt='Hi', session=session",
                    "",
                    M,
                    "'m', 'p', True",
                ),
                *("'m', 'p', nope=1", "'m', 'p', Stream=True", "5, 'Hi'", f"{M}, 5", f"{M}, ''"),
                *("5, 'Hi', stream=True", f"{M}, 5, stream=True", f"{M}, object()", "'nope', 'Hi'"),
                *(f"{M}, [{{'role': 'user', 'content': 'Hi'}}]", f"{M}, ['x']", f"{M}, None"),
                *(f"{M}, {messages}" for messages in MESSAGES),
                *(f"{M}, 'Hi', options={{'max_tokens': 5}}", f"{M}, 'Hi', options={{'top_p': 3}}"),
                f"{M}, 'Hi', options={{'max_tokens': '5'}}",
                f"{M}, {MESSAGES[0]}, options=CompleteOptions(max_tokens=9, temperature=0.2)",
                *(f"{M}, 'Hi', options=5", f"{M}, 'Hi', timeout=-1", f"{M}, 'Hi', timeout='5'"),
                *(f"{M}, 'Hi', session=5", "'m', 'p', timeout=1, deadline=2"),
                *(f"{M}, 'Hi', options={{'response_format': {given}}}" for given in ("5", "{}")),
            )
        ),
    ),
    "a stream is a generator of texts, and is used up": [
        (f"stream = complete({M}, 'Hi', stream=True)", "type(stream)"),
        *_each("next(stream)", "list(stream)", "next(stream)", "len(stream)", "stream + 'x'"),
        *_each(
            "stream[0]", "''.join(stream)", "stream.text", f"Complete({M}, 'Hi', stream=1) and 1"
        ),
        (f"stream = Complete({M}, 'Hi', stream='True')", "st.write_stream(stream)"),
        ("st.write_stream(stream)",),
        (f"st.write(Complete({M}, 'Hi', stream=True))",),
    ],
    "faults of the service are the client's errors": [
        *_each(*(f"Complete('fault-{n}', 'Hi')" for n in (500, 401, 403, 404, 400))),
        *(
            (f"st.write_stream(Complete('fault-{fault}', 'Hi', stream=True))",)
            for fault in ("reset", "truncated", "error-data", "bad-json", "length", "no-end")
        ),
        (
            "try: Complete('fault-500', 'Hi')\nexcept HTTPError as e: error = e",
            "(error.response.status_code, bool(error.response), isinstance(error, OSError))",
        ),
        ("begun = Complete('fault-truncated-first', 'Hi', stream=True)", "list(begun)"),
        ("[kind.__name__ for kind in ChunkedEncodingError.__mro__]",),
        ("raise_ = MidStreamException('reason', request_id='r')", "run('raise raise_')"),
    ],
    "the OpenAI client asks for chat completions": _each(
        *("ask().choices[0].message.content", "ask(max_completion_tokens=50).choices[0].index"),
        "[c.choices[0].delta.content for c in ask(stream=True) if c.choices[0].delta.content]",
        "[c.choices[0].finish_reason for c in ask(stream=True)][-1]",
        *("st.write_stream(ask(stream=True))", "ask(nope=1)", "ask('nope')"),
        *(f"ask('fault-{fault}')" for fault in (300, 400, 402, 403, 404, 500, 503)),
        *("client().chat.completions.create()", "client().nope", "OpenAI('key')"),
        *("ask('fault-429')", "list(ask('fault-truncated', stream=True))"),
        *("ask().choices[0].message.role", "ask(max_tokens=5)", "ask(temperature='0.5')"),
        *("ask(temperature=9)", "ask(max_completion_tokens=0)"),
        "client().chat.completions.create(model='llama3.1-8b', messages=[])",
        "client().chat.completions.create(model='llama3.1-8b', messages=[{'role': 'user'}])",
        "client().chat.completions.create(model='llama3.1-8b', messages='Hi')",
        "client().chat.completions.create('llama3.1-8b', [])",
        "client().chat.completions.create(model='llama3.1-8b')",
        "ask(stream=True).choices",
        *(f"ask('{name}', stream=True, {USAGE}).__next__().choices[0].delta.role" for name in ALL),
        *(f"[c.choices for c in ask('{name}', stream=True, {USAGE})][-1]" for name in ALL),
        *(
            f"(lambda u: {COUNTED})([*ask('{name}', stream=True, {USAGE})][-1].usage)"
            for name in ALL
        ),
        *(f"{{c.usage for c in ask('{name}', stream=True)}}" for name in ALL),
        *(f"ask('{name}').choices[0].finish_reason" for name in ALL),
        *(f"(lambda u: {COUNTED})(ask('{name}').usage)" for name in ALL),
        *(
            f"ask('{name}').usage.{part}_tokens_details is None"
            for name in ALL
            for part in ("prompt", "completion")
        ),
        f"[c.choices[0].delta.content for c in ask(stream=True, {USAGE})]",
        f"st.write_stream(ask(stream=True, {USAGE}))",
        *(
            "ask().content",
            "ask().choices.message",
            "ask().choices[0].text",
            "ask(stream=True).usage",
        ),
    ),
    "an error of the OpenAI client tells what Cortex says": [
        case
        for wrong in ("'nope'", "'fault-401'", "'fault-429-forever'", "max_tokens=5")
        for case in _each(
            *("error.status_code", "'message' in error.body", "type(error.message)"),
            *("error.request_id", "error.response.status_code", "isinstance(error, OSError)"),
            *("[kind.__name__ for kind in type(error).__mro__]", FOUND),
            *(("str(error)", "error.message", SAID) if "fault" not in wrong else ()),
            first=f"try: ask({wrong})\nexcept Exception as e: error = e",
        )
    ],
    "the OpenAI client has to find Cortex": _each(
        *("OpenAI()", "OpenAI(api_key=None)", "OpenAI(api_key='x', nope=1)"),
    ),
    "names of Snowflake that are misspelt are not found": _each(
        *(
            f"run('{line}')"
            for line in (
                "from snowflake.cortex import compleet",
                "from snowflake.cortx import Complete",
                "from snowflake.snowpark import Sesion",
                "from snowflake.snowpark.functions import ai_compleet",
                "from snowflake.snowpark.context import get_active_sesion",
                "from streamlit import zzzzzz",
                "import streamlitt",
            )
        ),
    ),
    "regex finds clusters, and the rest as re does": [
        *_each(
            *(
                f"regex.findall(r'{pattern}', {text!r})"
                for pattern in (r"\X", r"\X{1,5}", r"\X{3}", r"(\X)(\X)")
                for text in CLUSTERS
            ),
            r"[m.span() for m in regex.finditer(r'\X', 'e\u0301\r\nx')]",
            r"[(m.start(), m.end(), m.group()) for m in regex.finditer(r'\X', 'e\u0301x')]",
            r"regex.compile(r'\X').findall('ab')",
            r"regex.findall(r'\w+', 'a b')",
            *("regex.sub('a', 'b', 'cat')",),
            r"__import__('re').findall(r'\X', 'x')",
        )
    ],
    "time.sleep takes seconds": _each("time.sleep(0)", "time.sleep('1')", "time.sleep(-1)"),
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, runtime: object) -> Iterator[Both]:
    with pytest.MonkeyPatch.context() as patch:
        running = Both(tmp_path_factory.mktemp("both"), patch)
        yield running
        running.close()


@pytest.fixture(scope="module")
def outcomes(both: Both) -> dict[Case, tuple[Outcome, Outcome]]:
    """What becomes of each program, in the sandbox and for real."""
    cases = [case for cases in CASES.values() for case in cases]
    found = zip(both.in_sandbox(cases), both.for_real(cases), strict=True)
    return dict(zip(cases, found, strict=True))


# The sandbox is Python 3.12, and these end in Python's own words: 3.13 has others.
IN_PYTHONS_WORDS = {
    "st.write shows every type",
    "caches keep values",
    "faults of the service are the client's errors",
    "regex finds clusters, and the rest as re does",
}


@pytest.mark.parametrize("title", CASES)
def test_the_sandbox_agrees_with_the_real_libraries(
    title: str, outcomes: dict[Case, tuple[Outcome, Outcome]]
) -> None:
    if sys.version_info >= (3, 13) and title in IN_PYTHONS_WORDS:
        pytest.skip("Python 3.13 says it in other words than the sandbox's 3.12")
    differ = {}
    for case in CASES[title]:
        here, there = (each.in_kind_and_meaning() for each in outcomes[case])
        if here != there:
            differ[case] = {"sandbox": here, "real": there}
    assert differ == {}


def test_the_two_ways_are_two(both: Both) -> None:
    where = [("__import__('sys').platform",)]
    assert both.in_sandbox(where)[0].value.endswith("'wasi'")
    assert both.for_real(where)[0].value.endswith(repr(sys.platform))


def test_no_outcome_has_a_name_of_ours(outcomes: dict[Case, tuple[Outcome, Outcome]]) -> None:
    told = [text for sandbox, _ in outcomes.values() for text in map(str, sandbox)]
    assert not [text for text in told if any(name in text for name in OURS)]


# --- What the sandbox has not

NOT_HERE = {
    "streamlit": (
        *(
            "st.dataframe([1])",
            "st.progress(0)",
            "st.number_input('n')",
            "st.rerun(scope='fragment')",
            "st.fragment(print)",
        ),
        *("st.container().dataframe([1])", "st.sidebar.image('i')", "st.query_params"),
        *("st.write(session.sql('select 1').collect())", "st.write('a', session.sql('select 1'))"),
        *("st.slider('d', value=__import__('datetime').date(2026, 1, 2))", "st.connection('x')"),
    ),
    "callbacks": ("st.button('b', on_click=print)", "st.text_input('t', on_change=print)"),
    "room": ("st.columns(30)", "st.tabs(['a'] * 30)"),
    "rows": ("session.sql('select 1').show()", "session.sql('select 1')[0]"),
    "snowpark": (
        *("session.table('t')", "ai_complete('m', 'p', file='f')", "ai_complete(1, ['x'])"),
        "__import__('snowflake.connector').connector.connect()",
        "run('from snowflake.snowpark.functions import upper')",
    ),
    "cortex": ("run('from snowflake.cortex import Summarize')",),
    "openai": (
        *("ask(tools=[])", "ask(stream=True).response", "client().embeddings"),
        "run('from openai import AsyncOpenAI')",
    ),
    "regex": (
        r"__import__('regex').split(r'\X', 'x')",
        r"__import__('regex').findall(r'a\X', 'x')",
        "__import__('regex').subf",
    ),
    "network": ("__import__('requests').get('https://example.com')",),
    "avatar": ("st.chat_message('x', avatar='cat.png')",),
    "input": (
        *("input('Your name? ')", "__import__('sys').stdin.read()"),
        *("__import__('sys').stdin.readline()", "[*__import__('sys').stdin]"),
    ),
}


def test_what_the_sandbox_lacks_is_named_and_explained(both: Both) -> None:
    cases = [(what, case) for what, calls in NOT_HERE.items() for case in calls]
    for (what, case), outcome in zip(
        cases, both.in_sandbox([(case,) for _, case in cases]), strict=True
    ):
        failed = Failed(type="NotHere", module="", message=outcome.message, lines=[], what=what)
        assert (outcome.error, outcome.what) == ("practice.NotHere", what), case
        assert explain_error(failed, "ko"), case
        assert explain_error(failed, "en"), case


# --- What cannot be run with others

INPUTS = {
    "Ask": True,
    "Model": "large",
    "Level": "level 3",
    "Prompt": "Goodbye",
    "Quick": False,
    "Count": 7,
    "Span": [1, 99],
    "Say": "hello",
    "Number": 99,
}
WIDGETS = """\
import streamlit as st
print(st.button("Ask"), st.selectbox("Model", ["small", "large"]))
print(st.radio("Level", [1, 2, 3], format_func=lambda n: f"level {n}"))
print(st.text_input("Prompt", "Hello", max_chars=4), st.checkbox("Quick", True), st.toggle("Loud"))
print(st.slider("Count", 1, 10), st.slider("Span", value=(20, 40)), st.slider("Number", 0, 10, 3))
print(st.chat_input("Say"), st.text_input("Kept", key="kept"), st.session_state.kept == "")
"""


def test_widgets_have_the_values_that_they_have_been_set_to(runtime: object) -> None:
    told = printed(ran(WIDGETS, scene=Scene(inputs=INPUTS)))
    assert told == "True large\n3\nGood False False\n7 (1, 99) 3\nhello  True\n"


def test_inside_snowflake_there_is_a_session_and_there_are_no_secrets(runtime: object) -> None:
    code = """\
import streamlit as st
from snowflake.snowpark.context import get_active_session
for named in ({"name": "snowflake"}, {"name": "mine", "type": "snowflake"}):
    print(get_active_session() is st.connection(**named).session())
try:
    st.secrets["connections"]
except Exception as error:
    print(type(error).__name__)
"""
    told = printed(ran(code, scene=Scene(inside_snowflake=True)))
    assert told == "True\nTrue\nStreamlitSecretNotFoundError\n"


@pytest.mark.parametrize(
    ("code", "error", "message"),
    [
        ("prompt = 1\nprint(promt)", "NameError", "Did you mean: 'prompt'?"),
        ("'x'.uper()", "AttributeError", "Did you mean: 'upper'?"),
        ("from snowflake.cortex import Complet", "ImportError", "cannot import name 'Complet'"),
        ("print('a'", "SyntaxError", "'(' was never closed"),
        ("return 5", "SyntaxError", "'return' outside function"),
        ("import streamlit as st\ntry:\n    st.stop()\nexcept Exception: 1 / 0", "", ""),
        ("raise SystemExit(3)", "", ""),
    ],
)
def test_a_program_ends_with_the_words_of_python(
    code: str, error: str, message: str, runtime: object
) -> None:
    failed = [event for event in ran(code) if isinstance(event, Failed)]
    assert [each.type for each in failed] == ([error] if error else [])
    assert all(message in each.message for each in failed)


def test_a_value_that_stands_by_itself_is_written(runtime: object) -> None:
    code = """\
"A docstring is not."
x = {"a": 1}
x, "and", 2
None
def function():
    "Nor is this one."
    "a text inside is"
function()
for n in range(2):
    n
print("a call is not")
"""
    bodies = [event.args["body"] for event in ran(code) if isinstance(event, Draw)]
    assert bodies == ['{"a": 1}', "and `2`", "`None`", "a text inside is", "`0`", "`1`"]
