"""Programs about Python itself: imports, time, and the errors that everybody makes."""

from __future__ import annotations

from tests.practice.parity import Program
from tests.practice.parity_programs.building import each, program

__all__ = ["LANGUAGE"]

LANGUAGE = (
    *(
        Program(f"{title}", f"{code}\nprint('imported')\n")
        for title, code in {
            "Session and Row are imported from snowflake.snowpark": (
                "from snowflake.snowpark import DataFrame, Row, Session"
            ),
            "the session's errors are imported": (
                "from snowflake.snowpark.exceptions import SnowparkClientException, "
                "SnowparkSQLException, SnowparkSessionException"
            ),
            "the functions are imported as F": (
                "import snowflake.snowpark.functions as F\nprint(F.ai_complete.__module__)"
            ),
            "the errors of the connector are imported": (
                "from snowflake.connector.errors import DatabaseError, Error, ProgrammingError"
            ),
            "the errors of requests are imported": (
                "import requests\nfrom requests.exceptions import ChunkedEncodingError, HTTPError, "
                "ReadTimeout, Timeout\nprint(requests.HTTPError is HTTPError)"
            ),
            "the errors of Streamlit are imported": (
                "from streamlit.errors import StreamlitAPIException, StreamlitSecretNotFoundError\n"
                "print(StreamlitAPIException.__mro__)"
            ),
            "elements are imported from streamlit": (
                "from streamlit import session_state, sidebar, write, write_stream\nwrite('x')"
            ),
            "a name that streamlit has not cannot be imported": "from streamlit import zzzzzz",
            "a name that snowpark has not cannot be imported": (
                "from snowflake.snowpark import Sesion"
            ),
            "a name that the functions have not cannot be imported": (
                "from snowflake.snowpark.functions import ai_compleet"
            ),
            "a name that the context has not cannot be imported": (
                "from snowflake.snowpark.context import get_active_sesion"
            ),
            "a module that is misspelt is not found": (
                "from snowflake.snowpark.contxt import get_active_session"
            ),
            "a module that does not exist is not found": "import streamlitt as st",
        }.items()
    ),
    each(
        "time.sleep takes seconds",
        *(f"time.sleep({seconds})" for seconds in ("0", "0.001", "-1", "'1'", "None", "[1]")),
        *(f"time.sleep({seconds})" for seconds in ("", "1, 2", "seconds=1", "float('nan')")),
        first="import time\n",
    ),
    *(
        program(title, code)
        for title, code in {
            "a misspelt name is told what was meant": "prompt = 'x'\nprint(promt)",
            "a misspelt function is told what was meant": "pritn('x')",
            "a misspelt method is told what was meant": "'x'.uper()",
            "a name before its assignment": "def f():\n    print(x)\n    x = 1\nf()",
            "a text and a number do not add": "'a' + 1",
            "a number that is none": "int('x')",
            "a key that is missing": "{'a': 1}['b']",
            "an index that is too large": "[1, 2][5]",
            "a division by zero": "1 / 0",
            "None has no methods": "None.upper()",
            "None cannot be indexed": "nothing = None\nnothing[0]",
            "too many values": "a, b = 1, 2, 3",
            "an assertion": "assert 1 == 2, 'not equal'",
            "an error of one's own": "class Mine(Exception): pass\nraise Mine('mine')",
            "an error with a cause": (
                "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n"
                "    raise RuntimeError('outer') from error"
            ),
            "an error of several lines": "raise ValueError('one\\ntwo\\n  three')",
            "an error without a text": "raise ValueError",
            "an error with a note": "e = ValueError('v')\ne.add_note('a note')\nraise e",
            "a StopIteration": "next(iter([]))",
            "a function called with too little": "def ask(model, prompt): pass\nask('m')",
            "a generator has no length": "len(x for x in 'ab')",
            "a list is not called": "things = [1]\nthings(0)",
            "an error that cannot be raised": "raise 'text'",
        }.items()
    ),
    *(
        Program(f"what is not Python is told: {title}", code)
        for title, code in {
            "a bracket that is never closed": "print('a'\nprint('b')",
            "an indentation": "if True:\nprint('x')",
            "a missing colon": "if True\n    print('x')",
            "a text that is never closed": "print('a",
            "return outside a function": "return 5",
            "an assignment in place of a comparison": "if x = 1:\n    pass",
        }.items()
    ),
    program(
        "a program is its own main module",
        "class A: pass\nprint(__name__, A, A.__module__)\nif __name__ == '__main__': print('main')",
    ),
)
