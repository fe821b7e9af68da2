"""Programs that ask a model with ``snowflake.cortex``."""

from __future__ import annotations

from tests.practice.parity import Program
from tests.practice.parity_programs.building import CONNECT, TRIED, tried

__all__ = ["MODELS"]

ASK = CONNECT + "from snowflake.cortex import Complete, complete\n"
M = "'llama3.1-8b'"


def asked(title: str, *calls: str) -> Program:
    return Program(title, ASK + TRIED + tried(*(f"Complete({call})" for call in calls)))


def asked_for(model: str) -> str:
    return f"""\
pieces = []
try:
    for piece in Complete("{model}", "Hi", stream=True):
        pieces.append(piece)
except Exception as error:
    print(type(error), error, repr(error), pieces)
Complete("{model}", "Hi")
"""


MODELS = (
    asked(
        "Complete answers in one text, whichever way it is asked",
        f"{M}, 'Hi'",
        f"model={M}, prompt='Hi'",
        f"{M}, prompt='Hi', session=session",
        f"{M}, 'Hi', stream=False",
        f"{M}, 'Hi', stream=None",
        f"{M}, 'Hi', session=None",
        f"{M}, 'Hi', options=None",
        f"{M}, [{{'role': 'user', 'content': 'Hi'}}]",
        f"{M}, [{{'role': 'system', 'content': 'Be brief.'}}, {{'role': 'user', 'content': 'Hi'}}]",
    ),
    asked(
        "anything true streams",
        f"{M}, 'Hi', stream=True",
        f"{M}, 'Hi', stream='True'",
        f"{M}, 'Hi', stream='False'",
        f"{M}, 'Hi', stream=1",
        f"{M}, 'Hi', stream=0",
    ),
    asked(
        "Complete says which arguments are missing, too many or unknown",
        "",
        M,
        "'m', 'p', True",
        "'m', 'p', nope=1",
        "'m', 'p', Stream=True",
        "prompt='p'",
        "'m', 'p', model='m'",
        "'m', 'p', timeout=1, deadline=2",
    ),
    asked(
        "a model or a prompt that is no text is refused",
        *(f"5, 'Hi'{more}" for more in ("", ", stream=True")),
        *(f"{M}, {prompt}" for prompt in ("5", "None", "['x']", "{'a': 1}", "''", "[]")),
        f"{M}, [{{'content': 'Hi'}}]",
        f"{M}, [{{'role': 'robot', 'content': 'Hi'}}]",
        f"{M}, 5, stream=True",
        f"{M}, ('a',), stream=True",
        f"{M}, object()",
        "object(), 'Hi'",
        "None, None",
        f"{M}, [{{'role': 'user', 'content': print}}]",
    ),
    asked(
        "a model that there is not is refused at once",
        "'no-such-model', 'Hi'",
        "'no-such-model', 'Hi', stream=True",
        "'', 'Hi'",
    ),
    asked(
        "options are a dict, and what is unknown in them is not looked at",
        *(f"{M}, 'Hi', options={given}" for given in ("{'max_tokens': 5}", "{'temperature': 0.1}")),
        *(
            f"{M}, 'Hi', options={given}"
            for given in ("{'nope': 1}", "{}", "[]", "5", "'x'", "[1]")
        ),
        *(f"{M}, 'Hi', options={given}" for given in ("{'max_tokens': -1}", "{'max_tokens': 0}")),
        *(f"{M}, 'Hi', options={given}" for given in ("{'temperature': 5}", "{'top_p': 3}")),
        *(
            f"{M}, 'Hi', options={given}"
            for given in ("{'temperature': 'hot'}", "{'max_tokens': 2.5}")
        ),
        f"{M}, 'Hi', options={{'max_tokens': '5'}}",
        f"{M}, 'Hi', options={{'temperature': '0.5'}}",
        f"{M}, 'Hi', options={{'temperature': True}}",
        f"{M}, 'Hi', options={{'temperature': 1}}",
        f"{M}, 'Hi', options={{'temperature': print}}",
        f"{M}, 'Hi', options={{'max_tokens': 5, 'guardrails': True}}",
        f"{M}, 'Hi', max_tokens=5",
    ),
    asked(
        "a form of the answer is checked before it is asked for",
        *(f"{M}, 'Hi', options={{'response_format': {given}}}" for given in ("5", "{}", "None")),
        f"{M}, 'Hi', options={{'response_format': {{'type': 5}}}}",
        f"{M}, 'Hi', options={{'response_format': {{'type': 'json'}}}}",
        f"{M}, 'Hi', options={{'response_format': {{'type': 'json', 'schema': 5}}}}",
    ),
    asked(
        "a time that has passed is a TimeoutError",
        f"{M}, 'Hi', timeout=-1",
        f"{M}, 'Hi', timeout=-1, stream=True",
        f"{M}, 'Hi', deadline=1",
        f"{M}, 'Hi', timeout='5'",
        f"{M}, 'Hi', deadline='x'",
        f"{M}, 'Hi', timeout=60",
    ),
    asked(
        "what is no session has no connection",
        f"{M}, 'Hi', session='x'",
        f"{M}, 'Hi', session=5",
        f"{M}, 'Hi', session=0",
    ),
    Program(
        "without a session nothing is asked",
        "from snowflake.cortex import Complete\nComplete('llama3.1-8b', 'Hi', stream=True)\n",
    ),
    Program(
        "a session that is closed asks nothing",
        ASK + "session.close()\nComplete('llama3.1-8b', 'Hi', session=session)\n",
    ),
    Program(
        "with two sessions Complete has to be told which",
        ASK
        + """\
other = Session.builder.configs(st.secrets["connections"]["snowflake"]).create()
print(len(Complete("llama3.1-8b", "Hi", session=other)))
Complete("llama3.1-8b", "Hi")
""",
    ),
    Program(
        "inside Snowflake Complete finds the session",
        "from snowflake.cortex import Complete\nprint(Complete('llama3.1-8b', 'Hi'))\n",
        inside=True,
    ),
    Program(
        "a stream is a generator of texts, and is used up",
        ASK
        + TRIED
        + """\
stream = Complete("llama3.1-8b", "Hi", stream=True)
print(type(stream), stream, iter(stream) is stream, stream.__name__)
first = next(stream)
rest = list(stream)
print(repr(first), rest, "".join([first, *rest]))
"""
        + tried(
            "list(stream)",
            "len(stream)",
            "stream[0]",
            "next(stream)",
            "next(stream, 'none')",
            "stream + 'x'",
            "'x' + stream",
            "f'{stream}'[:17]",
            "stream.text",
            "''.join(stream)",
            "stream.close()",
            "stream()",
        ),
    ),
    Program(
        "a stream is shown as it comes, once",
        ASK
        + """\
stream = complete("llama3.1-8b", "Hi", stream=True)
text = st.write_stream(stream)
print(repr(text), repr(st.write_stream(stream)))
print(text == Complete("llama3.1-8b", "Hi"))
st.write(Complete("llama3.1-8b", "Hi", stream=True))
""",
    ),
    Program(
        "a stream of one's own can hand the model's on",
        ASK
        + """\
def simulated(size):
    answer = Complete("llama3.1-8b", "Hi")
    for start in range(0, len(answer), size):
        yield answer[start : start + size]
def direct():
    yield "> "
    yield from Complete("llama3.1-8b", "Hi", stream=True)
print(st.write_stream(simulated(5)), st.write_stream(direct()), st.write_stream(direct))
""",
    ),
    Program(
        "a program may ask several things at once",
        ASK
        + """\
streams = [Complete("llama3.1-8b", text, stream=True) for text in ("Hi", "What is Streamlit?")]
print([next(stream) for stream in streams], [next(stream) for stream in streams])
streams[0].close()
print("".join(streams[1]))
""",
    ),
    *(
        Program(
            f"the fault model {model} ends a program with the client's error",
            ASK + asked_for(model),
        )
        for model in (
            *("fault-500", "fault-401", "fault-402", "fault-403", "fault-404", "fault-400"),
            *("fault-reset", "fault-truncated", "fault-error-data", "fault-bad-json"),
        )
    ),
    *(
        Program(f"the fault model {model} only makes an answer short", ASK + asked_for(model))
        for model in ("fault-error-event", "fault-no-end", "fault-length", "fault-empty-delta")
    ),
    Program(
        "the errors of requests are related to each other, and have what failed",
        ASK
        + """\
from requests.exceptions import ChunkedEncodingError, ConnectionError, HTTPError, RequestException
try:
    Complete("fault-500", "Hi")
except HTTPError as error:
    print(error.response, error.response.status_code, error.response.reason, error.response.ok)
    print([kind.__name__ for kind in type(error).__mro__], bool(error.response), error.errno)
try:
    st.write_stream(Complete("fault-reset", "Hi", stream=True))
except RequestException as error:
    print(type(error).__name__, error.response, error.request, error, error.args)
print(issubclass(ConnectionError, OSError), ConnectionError.__module__)
raise ChunkedEncodingError("cut in the middle")
""",
    ),
    Program(
        "an error in the middle can be caught, and what came is kept",
        ASK
        + """\
from requests.exceptions import ChunkedEncodingError
from snowflake.cortex._complete import MidStreamException, ResponseParseException
def remember(stream, pieces):
    for piece in stream:
        pieces.append(piece)
        yield piece
for model in ("fault-truncated", "fault-error-data", "fault-bad-json"):
    pieces = []
    try:
        st.write_stream(remember(Complete(model, "Hi", stream=True), pieces))
    except (ChunkedEncodingError, MidStreamException, ResponseParseException) as error:
        st.warning("The answer was cut short.")
    st.session_state["answer"] = "".join(pieces)
    print(model, type(error := None), st.session_state.answer)
raise MidStreamException("reason", request_id="r")
""",
    ),
    Program(
        "the module can be imported in several ways",
        """\
import snowflake.cortex as c
import snowflake.cortex
from snowflake.cortex import Complete, CompleteOptions, ConversationMessage, complete
from snowflake.cortex._complete import Complete as inner
print(c.Complete is Complete, c.__name__, Complete.__module__, complete.__name__, inner is Complete)
print(snowflake.cortex.complete is complete, CompleteOptions(max_tokens=5, temperature=0.1))
print(ConversationMessage(role="user", content="Hi"), type(CompleteOptions()))
""",
    ),
    Program(
        "a misspelt name cannot be imported from snowflake.cortex",
        "from snowflake.cortex import compleet",
    ),
    Program("a misspelt module of snowflake is not found", "from snowflake.cortx import Complete"),
)
