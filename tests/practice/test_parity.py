"""The stand-ins of the sandbox behave like what they stand in for.

A table of small programs is run both ways, in the sandbox and for real, and must print the same,
draw the same and end with the same error, word for word; the table is parity_programs/, and how it
is done stands in parity.py, parity_sandbox.py and parity_reality.py. What cannot be run both ways
has a test of its own here, which says why.
"""

from __future__ import annotations

import datetime as dt
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
import streamlit as st
from snowflake.cortex import _complete
from snowflake.snowpark import DataFrame, Row, Session, context, exceptions, functions

from practice import signatures
from practice.explain import explain_error
from practice.signatures import ELEMENTS, missing, streamlit_mixins
from tests.practice.parity import Outcome, Program
from tests.practice.parity_programs import PROGRAMS
from tests.practice.parity_programs.building import CONNECT, program
from tests.practice.parity_reality import Reality
from tests.practice.parity_sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")

# Names of ours that no program is to see.
OURS = ("practice.guest", "stand_in", "<string>", "<practice")


@pytest.fixture(scope="module")
def reality(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reality]:
    with pytest.MonkeyPatch.context() as patch:
        running = Reality(tmp_path_factory.mktemp("reality"), patch)
        yield running
        running.cortex.close()


@pytest.fixture(scope="module")
def sandbox(reality: Reality) -> Iterator[Sandbox]:
    session = reality.session_apart()
    yield Sandbox(session)
    session.close()


@pytest.fixture(scope="module")
def in_sandbox(request: pytest.FixtureRequest, sandbox: Sandbox) -> dict[str, Outcome]:
    """What becomes of the table's programs, those that have been asked for; all in one sandbox."""
    params = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = {spec.params["each"].title for spec in params if spec and "each" in spec.params}
    programs = [each for each in PROGRAMS if each.title in wanted]
    outcomes = sandbox.run(programs)
    return {each.title: outcome for each, outcome in zip(programs, outcomes, strict=True)}


def titles(each: Program) -> str:
    return each.title


@pytest.mark.parametrize("each", PROGRAMS, ids=titles)
def test_both_ways_agree(each: Program, in_sandbox: dict[str, Outcome], reality: Reality) -> None:
    outcome = in_sandbox[each.title]
    assert outcome == reality.run(each).in_the_words_of(outcome)


@pytest.mark.parametrize("name", ELEMENTS)
def test_every_element_is_in_the_table(name: str) -> None:
    assert any(re.search(rf"\.{name}\(", each.code) for each in PROGRAMS)


def test_the_two_ways_are_two(sandbox: Sandbox, reality: Reality) -> None:
    spy = Program("where am I", "import sys\nprint(sys.platform)\n")
    assert sandbox.run([spy])[0].printed == "wasi\n"
    assert reality.run(spy).printed == f"{sys.platform}\n"


ALONE = (
    "widgets have the values that they have been set to",
    "st.stop ends the program without an error",
    "a misspelt st.wrte is told what was meant",
    "what is not Python is told: a missing colon",
    "inside Snowflake Complete finds the session",
    "the fault model fault-error-data ends a program with the client's error",
    "COMPLETE answers in SQL",
)


@pytest.mark.parametrize("each", [each for each in PROGRAMS if each.title in ALONE], ids=titles)
def test_a_program_does_the_same_when_it_is_alone(
    each: Program, in_sandbox: dict[str, Outcome], sandbox: Sandbox
) -> None:
    assert sandbox.run_alone(each) == in_sandbox[each.title]


# --- What comes from the guest's Python 3.12, where the host has 3.11


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "from streamlit import wrte",
            "cannot import name 'wrte' from 'streamlit'. Did you mean: 'write'?",
        ),
        ("print(sys)", "name 'sys' is not defined. Did you forget to import 'sys'"),
        (
            "class A:\n    x = 1\n    def f(self): return x\nA().f()",
            "name 'x' is not defined. Did you mean: 'self.x'?",
        ),
        (
            CONNECT + "from snowflake.cortex import Complete\n"
            "Complete('m', 'p', options={'temperature': float('nan')})",
            "Out of range float values are not JSON compliant: nan",
        ),
    ],
)
def test_the_sandbox_has_more_to_say_where_its_python_has(
    code: str, message: str, sandbox: Sandbox, reality: Reality
) -> None:
    there, here = sandbox.run([Program("", code)])[0].error, reality.run(Program("", code)).error
    assert there is not None
    assert here is not None
    assert (there.type, there.message) == (here.type, message)
    assert message.startswith(here.message)


def test_quotes_may_be_the_same_inside_an_f_string_in_the_sandbox(
    sandbox: Sandbox, reality: Reality
) -> None:
    same = Program("", "d = {'a': 1}\nprint(f'{d['a']}')")
    assert sandbox.run([same])[0].printed == "1\n"
    if sys.version_info < (3, 12):
        assert reality.run(same).error is not None


# --- What cannot be run under AppTest


def test_secrets_are_printed_as_a_running_app_prints_them(sandbox: Sandbox) -> None:
    # Under AppTest there is no runtime, and without one Streamlit does not say what is in them.
    (outcome,) = sandbox.run([program("", "print(st.secrets, repr(st.secrets.connections))")])
    account = {"account": "practice", "user": "learner", "password": "not-a-real-one"}
    table = {"snowflake": account}
    assert outcome.printed == f"{ {'connections': table} } {table}\n"


ENDS = ("raise SystemExit(3)", "import sys\nsys.exit()")


def test_a_program_may_end_itself(sandbox: Sandbox) -> None:
    # It would end the thread that AppTest waits for.
    outcomes = sandbox.run([Program("", f"print('a')\n{end}\nprint('b')") for end in ENDS])
    assert [(each.printed, each.error) for each in outcomes] == [("a\n", None), ("a\n", None)]


def test_a_session_without_options_finds_no_connection(sandbox: Sandbox) -> None:
    # For real it would read the connections of whoever runs the tests, and try them.
    (outcome,) = sandbox.run(
        [Program("", "from snowflake.snowpark import Session\nSession.builder.create()")]
    )
    assert outcome.error == (
        "snowflake.connector.errors.Error",
        "Default connection with name 'default' cannot be found, known ones are []",
    )


# --- Arguments


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[dict[str, ModuleType]]:
    """The stand-ins, in this Python."""
    signatures = ModuleType("practice.guest.signatures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, signatures.__name__, signatures)
        exec(streamlit_mixins(), signatures.__dict__)
        from practice.guest import cortex_stand_in, snowpark_stand_in, streamlit_stand_in

        job = {"inputs": {}, "inside_snowflake": False, "secrets": None}
        names = {"names": dir(st), "version": st.__version__}
        yield {
            **streamlit_stand_in.modules({**job, "streamlit": names}),
            **snowpark_stand_in.modules(job),
            **cortex_stand_in.modules(),
        }
    for name in [name for name in sys.modules if name.startswith("practice.guest.")]:
        if name.endswith("_stand_in"):
            del sys.modules[name]


def test_all_checks_are_carried_over_from_the_installed_streamlit() -> None:
    assert missing() == []


def test_with_another_streamlit_less_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(signatures.CARRIED, "streamlit.gone", ("validate_it", "GoneError", "_X"))
    assert missing() == [
        "streamlit.gone.validate_it",
        "streamlit.gone.GoneError",
        "streamlit.gone._X",
    ]
    names: dict[str, Any] = {}
    exec(streamlit_mixins.__wrapped__(), names)
    assert (names["validate_it"](1, two=2), names["_X"]) == ("", ())
    assert issubclass(names["GoneError"], Exception)


@pytest.mark.parametrize(
    ("told", "value"),
    [
        (1, 1),
        ("a", "a"),
        (None, None),
        ({"decimal": "1.50"}, Decimal("1.50")),
        ({"bytes": "6162"}, b"ab"),
        ({"date": "2026-01-02"}, dt.date(2026, 1, 2)),
        ({"time": "03:04:05"}, dt.time(3, 4, 5)),
        ({"datetime": "2026-01-02T03:04:05.678000"}, dt.datetime(2026, 1, 2, 3, 4, 5, 678_000)),
    ],
)
def test_a_row_can_have_values_that_json_has_not(
    told: object, value: object, stand_ins: dict[str, ModuleType]
) -> None:
    from practice.guest import snowpark_stand_in

    assert snowpark_stand_in._value(told) == value


def arguments(function: Callable[..., Any]) -> list[tuple[str, str, object]]:
    parameters = inspect.signature(function).parameters.values()
    told = [(each.name, each.kind.description, each.default) for each in parameters]
    return [each for each in told if not each[0].startswith("_")]


@pytest.mark.parametrize("name", [*ELEMENTS, "stop", "set_page_config"])
def test_functions_of_st_have_the_arguments_of_the_installed_streamlit(
    name: str, stand_ins: dict[str, ModuleType]
) -> None:
    ours = getattr(stand_ins["streamlit"], name)
    assert arguments(ours) == arguments(getattr(st, name))
    if name in ELEMENTS:
        assert ours.__qualname__ == getattr(st, name).__qualname__
        place = getattr(stand_ins["streamlit"].sidebar, name)
        assert arguments(place) == arguments(getattr(st.sidebar, name))


@pytest.mark.parametrize("name", ["cache_data", "cache_resource"])
@pytest.mark.parametrize("method", ["__call__", "clear"])
def test_caches_have_the_arguments_of_the_installed_streamlit(
    name: str, method: str, stand_ins: dict[str, ModuleType]
) -> None:
    ours, real = (getattr(getattr(module, name), method) for module in (stand_ins["streamlit"], st))
    assert arguments(ours) == arguments(real)


@pytest.mark.parametrize(
    ("module", "path", "real"),
    [
        ("snowflake.cortex", "complete", _complete.complete),
        ("snowflake.cortex", "Complete", _complete.Complete),
        ("snowflake.cortex._complete", "MidStreamException", _complete.MidStreamException),
        ("snowflake.snowpark.functions", "ai_complete", functions.ai_complete),
        ("snowflake.snowpark.functions", "lit", functions.lit),
        ("snowflake.snowpark.functions", "col", functions.col),
        ("snowflake.snowpark.context", "get_active_session", context.get_active_session),
        *(
            ("snowflake.snowpark", f"Session.{name}", getattr(Session, name))
            for name in ("sql", "range", "close", "get_active_session")
        ),
        *(
            ("snowflake.snowpark", f"Session.builder.{name}", getattr(Session.builder, name))
            for name in ("config", "configs", "create", "getOrCreate", "app_name", "appName")
        ),
        *(
            ("snowflake.snowpark", f"DataFrame.{name}", getattr(DataFrame, name))
            for name in ("collect", "select")
        ),
        *(
            ("snowflake.snowpark", f"Row.{name}", getattr(Row, name))
            for name in ("as_dict", "asDict")
        ),
        *(
            ("snowflake.snowpark.exceptions", name, getattr(exceptions, name))
            for name in ("SnowparkClientException", "SnowparkSQLException")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_snowflakes_functions_have_the_arguments_of_the_installed_ones(
    module: str, path: str, real: Callable[..., Any], stand_ins: dict[str, ModuleType]
) -> None:
    ours: Any = stand_ins[module]
    for name in path.split("."):
        ours = getattr(ours, name)
    assert arguments(ours) == arguments(real)


# --- What the sandbox has not

NOT_HERE = {
    **{
        f"st.{name}": f"st.{name}"
        for name in (
            *("dataframe([1])", "line_chart([1])", "chat_input()", "progress(0)", "status('s')"),
            *("tabs(['a'])", "form('f')", "number_input('n')", "multiselect('m', [])", "rerun()"),
            *("toast('t')", "image('i')", "html('h')", "query_params", "connection('c')"),
            *("help(1)", "fragment", "dialog('d')", "date_input('d')", "file_uploader('f')"),
        )
    },
    "a place's data frame": "st.container().dataframe([1])",
    "the sidebar's form": "st.sidebar.form('f')",
    "what is called when a button is pressed": "st.button('b', on_click=print)",
    "what is called when a text changes": "st.text_input('t', on_change=print)",
    "a slider of dates": "import datetime\nst.slider('d', value=datetime.date(2026, 1, 2))",
    "more columns than a page has room for": "st.columns(30)",
    "a stream that has to be awaited": "async def words():\n    yield 'a'\nst.write_stream(words)",
    "writing rows": CONNECT + "st.write(session.sql('select 1').collect())",
    "writing a statement": CONNECT + "st.write('a', session.sql('select 1'))",
    "showing a statement": CONNECT + "session.sql('select 1').show()",
    "a statement's first row": CONNECT + "session.sql('select 1')[0]",
    "a table": CONNECT + "session.table('t')",
    "a frame of one's own": CONNECT + "session.create_dataframe([[1]])",
    "another function of Snowpark": "from snowflake.snowpark.functions import upper",
    "another function of Cortex": "from snowflake.cortex import Summarize",
    "the connector": "import snowflake.connector\nsnowflake.connector.connect()",
    "a parameter that is a date": CONNECT
    + "import datetime\nsession.sql('select ?', params=[datetime.date(2026, 1, 2)]).collect()",
    "a file for a model": CONNECT
    + "from snowflake.snowpark.functions import ai_complete\nai_complete('m', 'p', file='f')",
    "the network": "import requests\nrequests.get('https://example.com')",
    "what the service wrote": CONNECT + "from snowflake.cortex import Complete\n"
    "try:\n    Complete('fault-500', 'p')\nexcept OSError as error:\n    error.response.json()",
    "the keyboard": "name = input('Your name? ')",
}


@pytest.fixture(scope="module")
def not_here(sandbox: Sandbox) -> dict[str, Outcome]:
    outcomes = sandbox.run([program(title, code) for title, code in NOT_HERE.items()])
    return dict(zip(NOT_HERE, outcomes, strict=True))


@pytest.mark.parametrize("title", NOT_HERE)
def test_what_the_sandbox_lacks_is_named_and_explained(
    title: str, not_here: dict[str, Outcome]
) -> None:
    failed = not_here[title].failed
    assert failed is not None
    assert failed.what, f"{failed.type}: {failed.message}"
    texts = {language: explain_error(failed, language) for language in ("ko", "en")}
    assert all(texts.values())
    shown = [failed.type, failed.message, *texts.values()]
    assert not [text for text in shown if any(name in text for name in OURS)]


def test_a_program_that_catches_what_is_not_here_sees_no_name_of_ours(sandbox: Sandbox) -> None:
    code = """\
import sys
try:
    st.dataframe([1])
except Exception as error:
    print(type(error), error, repr(error))
try:
    st.stop()
except BaseException as error:
    print(type(error), error, repr(error), sys.exc_info()[0])
print(st, st.write, st.stop, st.secrets, st.session_state, st.cache_data, st.container().nope)
print(st.cache_data(lambda: 1), st.spinner(), st.errors, st.set_page_config, type(st))
"""
    assert not [name for name in OURS if name in sandbox.run([program("", code)])[0].printed]


def test_errors_in_stand_ins_have_no_name_of_ours(in_sandbox: dict[str, Outcome]) -> None:
    told = [
        text
        for outcome in in_sandbox.values()
        for text in (outcome.printed, *(outcome.error or ()), str(outcome.drawn))
    ]
    assert not [text for text in told if any(name in text for name in OURS)]
