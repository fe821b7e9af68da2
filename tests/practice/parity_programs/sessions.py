"""Programs that open sessions and run SQL."""

from __future__ import annotations

from tests.practice.parity import Program
from tests.practice.parity_programs.building import CONNECT, TRIED, each, program, tried

__all__ = ["SESSIONS"]

ROWS = """\
SQL = "select 1 as a, 'it''s' as \\"b c\\", null as d, true as e"
rows = session.sql(SQL).collect()
"""
COLUMNS = "from snowflake.snowpark.functions import ai_complete, col, lit\n"


def connected(title: str, *expressions: str, first: str = "") -> Program:
    return Program(title, CONNECT + first + TRIED + tried(*expressions))


SESSIONS = (
    Program(
        "the course's way to a session works outside Snowflake",
        """\
import streamlit as st
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSessionException
try:
    session = get_active_session()
except SnowparkSessionException as error:
    print(error.error_code, error, repr(error), error.message, error.args)
    session = Session.builder.configs(st.secrets["connections"]["snowflake"]).create()
print(session.sql("SELECT CURRENT_VERSION()").collect()[0][0], get_active_session() is session)
""",
    ),
    Program(
        "the course's way to a session works inside Snowflake",
        """\
import streamlit as st
from snowflake.snowpark import Session
from snowflake.snowpark.context import get_active_session
from snowflake.snowpark.exceptions import SnowparkSessionException
try:
    session = get_active_session()
except SnowparkSessionException:
    session = Session.builder.configs(st.secrets["connections"]["snowflake"]).create()
print(session.sql("SELECT 1 AS ONE").collect(), type(session))
""",
        inside=True,
    ),
    Program(
        "the error for no session is no ImportError",
        """\
from snowflake.snowpark.context import get_active_session
try:
    get_active_session()
except Exception as error:
    print(type(error).__name__, error.error_code, isinstance(error, ImportError))
    print([kind.__name__ for kind in type(error).__mro__])
try:
    get_active_session()
except ImportError:
    print("never")
""",
    ),
    connected(
        "several sessions are one too many for those who look for one",
        "get_active_session() is session",
        "Session.builder.getOrCreate() is session",
        "Session.getActiveSession() is session",
        "[second := Session.builder.configs(dict(SECRETS)).create()][0]",
        "get_active_session()",
        "Session.builder.getOrCreate()",
        "Session.get_active_session()",
        "globals()['session'].close()",
        "get_active_session()",
        first="from snowflake.snowpark.context import get_active_session\n"
        'SECRETS = st.secrets["connections"]["snowflake"]\n',
    ),
    connected(
        "a session's builder takes options in several ways",
        "Session.builder",
        "Session.builder.config('account', 'a')",
        "Session.builder.app_name('x')",
        "Session.builder.configs(5)",
        "Session.builder.configs('x')",
        "Session.builder.configs()",
        "Session.builder.config('x')",
        "Session.builder.nope",
        "Session.builder()",
        "Session()",
        "Session.create()",
        "[name for name in st.secrets['connections']['snowflake']][:2]",
    ),
    *(
        Program(
            f"a session cannot be made from {title}",
            "import streamlit as st\nfrom snowflake.snowpark import Session\n"
            f"Session.builder{options}.create()",
        )
        for title, options in {
            "all secrets": ".configs(st.secrets)",
            "the table of all connections": ".configs(st.secrets['connections'])",
            "a user without a password": ".configs({'account': 'x', 'user': 'y'})",
            "a user and a password without an account": ".configs({'user': 'x', 'password': 'y'})",
            "an account alone": ".configs({'account': 'x'})",
        }.items()
    ),
    connected(
        "a closed session runs nothing",
        "session.close()",
        "session.sql('select 1').collect()",
        "session.close()",
        "session.close(1)",
        "Session.builder.getOrCreate()",
    ),
    Program(
        "a session is closed at the end of its with block",
        CONNECT
        + """\
from snowflake.snowpark.context import get_active_session
session.close()
with Session.builder.configs(st.secrets["connections"]["snowflake"]).create() as session:
    print(session.sql("select 1").collect())
get_active_session()
""",
    ),
    connected(
        "session.sql makes a statement that is not run yet",
        "session.sql('selec 1')",
        "session.sql(5)",
        "session.sql()",
        "session.sql(query='select 1').collect()",
        "session.sql('  select 1 ; ').collect()",
        "session.sql('select 1 as x where 1 = 0').collect()",
        "len(session.sql('select 1'))",
        "session.sql('select 1') + 1",
        "bool(session.sql('select 1'))",
        "session.sql('select 1').collect",
        "session.sql('select 1').collect(nope=5)",
        "session.sql('select 1').colect()",
        "session.sqll('select 1')",
        "session()",
    ),
    connected(
        "a row is found by number, by name and as an attribute",
        *("rows", "len(rows)", "rows[0]", "rows[1]", "rows.collect()", "rows['A']"),
        *("rows[0][0]", "rows[0]['A']", "rows[0].A", "rows[0]['b c']", "rows[0][-1]", "rows[0][9]"),
        *("rows[0]['a']", "rows[0].a", "rows[0]['nope']", "rows[0].nope", "rows[0][1.5]"),
        *("rows[0][0:2]", "rows[0][:1].as_dict()", "rows[0].as_dict()", "rows[0].asDict(True)"),
        *("list(rows[0])", "tuple(rows[0])", "'A' in rows[0]", "1 in rows[0]", "len(rows[0])"),
        *('rows[0] == (1, "it\'s", None, True)', "rows[0].index(1)", "rows[0].strip()"),
        *("rows[0] + 'x'", "rows[0][0][0]", "rows[0]('x')", "rows[0](Z=5)"),
        "run('rows[0][\"A\"] = 3')",
        "run('rows[0].A = 3')",
        first=ROWS + "def run(text):\n    exec(text, globals())\n",
    ),
    connected(
        "values have the types that Snowpark gives them",
        "session.sql('select 1, 1.5, 2::float, true, null').collect()",
        "session.sql(\"select to_date('2026-01-02'), to_time('03:04:05')\").collect()",
        "session.sql(\"select to_timestamp('2026-01-02 03:04:05.678')\").collect()",
        "session.sql(\"select to_binary('6162', 'hex')\").collect()",
        "session.sql('select array_construct(1, 2)').collect()",
    ),
    connected(
        "columns of the same name make a row without a dict",
        "row",
        "row['A']",
        "row.A",
        "row.as_dict()",
        "row['nope']",
        "row()",
        first="row = session.sql('select 1 as a, 2 as a').collect()[0]\n",
    ),
    each(
        "a row can be made by hand",
        *("Row(1, 2)", "Row(a=1)", "Row('a', 'b')(1, 2)", "Row(1, 2)[0]", "Row(1, a=2)", "Row()"),
        *("Row(1).as_dict()", "Row(1)['a']", "Row(1)('x')", "Row('a')(1, 2)", "Row('a')(a=1)"),
        "Row(a=Row(b=1)).as_dict(True)",
        first="from snowflake.snowpark import Row\n",
    ),
    connected(
        "parameters are bound to question marks",
        "session.sql('select ?, ?', params=['a', 1]).collect()",
        "session.sql('select ?', params=(1,)).collect()",
        "session.sql('select ?', ['x']).collect()",
        "session.sql('select :1', params=['x']).collect()",
        "session.sql('select ?, ?, ?', params=[None, True, 2.5]).collect()",
        "session.sql('select 1', params=[1]).collect()",
        "session.sql('select 1', params=[]).collect()",
        "session.sql('select ?', params='x').collect()",
        "session.sql('select 1', params=5).collect()",
        "session.sql('select ?, ?', params=[1]).collect()",
        "session.sql('select ?').collect()",
        "session.sql('select ?', params=[{'a': 1}]).collect()",
        "session.sql('select ?', params=[object()]).collect()",
        "session.sql('select ?', params=[[1, 2]]).collect()",
        "session.sql('select ?', params=['a']).queries",
    ),
    connected(
        "a statement that fails says why",
        "session.sql('selec 1').collect()",
        "session.sql('select nope').collect()",
        "session.sql('select * from nope').collect()",
        "session.sql('select 1; select 2').collect()",
        'session.sql("select \'open").collect()',
    ),
    Program(
        "the error of a statement has Snowflake's number and words",
        CONNECT
        + """\
from snowflake.snowpark.exceptions import SnowparkSQLException
try:
    session.sql("selec 'x'").collect()
except SnowparkSQLException as error:
    print(error.sql_error_code, error.error_code, repr(error.raw_message), repr(error.message))
    print(error.args, error.query, len(error.sfqid), error.telemetry_message == error.message)
    print([kind.__name__ for kind in type(error).__mro__], type(error).__module__)
session.sql("selec 'x'").collect()
""",
    ),
    Program(
        "an apostrophe in a prompt breaks a statement that it is pasted into",
        CONNECT
        + """\
prompt = "It's me"
session.sql(f"SELECT SNOWFLAKE.CORTEX.COMPLETE('llama3.1-8b', '{prompt}')").collect()
""",
    ),
    Program(
        "COMPLETE answers in SQL",
        CONNECT
        + """\
SQL = "SELECT SNOWFLAKE.CORTEX.COMPLETE(?, ?)"
rows = session.sql(SQL, params=["llama3.1-8b", "It's me"]).collect()
print(rows[0][0])
print(session.sql("select snowflake.cortex.complete('llama3.1-8b', 'Hi') as answer").collect())
session.sql(SQL, params=["no-such-model", "x"]).collect()
""",
    ),
    Program(
        "AI_COMPLETE answers as JSON, over a range of one and with bound values",
        CONNECT
        + COLUMNS
        + """\
import json
answers = session.range(1).select(ai_complete(model="llama3.1-8b", prompt="It's \\\\ me\\n"))
value = answers.collect()[0][0]
print(value)
print(json.loads(value))
SQL = "SELECT AI_COMPLETE(?, ?)"
print(session.sql(SQL, params=["llama3.1-8b", "It's me"]).collect())
print(session.sql(SQL, params=["no-such-model", "x"]).collect())
print(session.sql(SQL, params=["llama3.1-8b", "  "]).collect())
rows = session.range(1).select(
    ai_complete("llama3.1-8b", "Hi", model_parameters={"max_tokens": 3}).alias("answer")
).collect()
print(rows, rows[0]["ANSWER"], session.range(3).collect())
""",
    ),
    connected(
        "a column of answers is written as Snowpark writes it",
        *(
            f"session.range(1).select(ai_complete({given})).queries"
            for given in (
                *("'m', 'p'", 'model=\'m\', prompt="it\'s \\\\ \\n\\t\\"q\\""', "'m', col('p')"),
                *("'m', lit('p')", "5, 'p'", "'m', 5", "'m', None", "'m', True", "'m', 1.5"),
                *("'m', ['a']", "'m', {'a': 1}", "'m', col('Some Name')", "'m', col('\"q\"')"),
                "'m', 'p', model_parameters={'temperature': 0.5, 'x': True, 'y': None, 'z': \"'\"}",
                "'m', 'p', model_parameters={}",
                "'m', 'p', response_format={'type': 'json', 'schema': {'a': [1, 2]}}",
                "'m', 'p', show_details=False, return_error_details=True",
            )
        ),
        *(
            f"session.range({given}).queries"
            for given in ("3", "1, 3", "5, 1, -2", "0", "1, step=2")
        ),
        "session.range(1).select('id', ai_complete('m', 'p').alias('Answer')).queries",
        "session.range(1).select([ai_complete('m', 'p').as_('a b')]).queries",
        "session.range(1).select(lit(1), lit('x'), lit(None), lit(1.5), lit(True)).queries",
        "session.sql('select 1 as p').select(ai_complete('m', col('p'))).queries",
        "session.sql('select ? as p', params=['x']).select(col('p')).collect()",
        first=COLUMNS,
    ),
    connected(
        "columns and selections say what is wrong with them",
        *("ai_complete()", "ai_complete('m')", "ai_complete('m', 'p', nope=1)", "col(5)", "col()"),
        *("ai_complete('m', object())", "session.range()", "session.range('x')", "lit()"),
        *("session.range(1, 5, 0)", "session.range(1).select()", "session.range(1).select(5)"),
        *("ai_complete('m', 'p')", "lit('x')", "col('x')", "str(col('x'))", "col('x').alias('y')"),
        *("col('x').alias()", "col('x').nope", "len(col('x'))", "bool(col('x'))", "col('x')()"),
        first=COLUMNS,
    ),
    program(
        "st.write shows a row as its text",
        "from snowflake.snowpark import Row\nst.write(Row(a=1))\nst.write([1], Row(1, 2))\n"
        "print(st.selectbox('row', [Row(a=1, b=2), Row(a=3, b=4)]))\n",
    ),
)
