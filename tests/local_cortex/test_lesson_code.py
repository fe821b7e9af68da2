"""What the lessons show, the handout's Day 3 program included, runs on Local Cortex unmodified."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from course.content.lesson import find, program, read_code
from local_cortex import tokens
from local_cortex.engines import Message, scripted
from tests.local_cortex.programs import command_line, variables

pytestmark = pytest.mark.thorough

PROMPT = "Explain quantum computing in one sentence."
METHODS = ("Method 1: Direct (stream=True)", "Method 2: Custom Generator")
ANSWER = scripted.answer([Message("user", PROMPT)])
# One program runs them all, as starting it and importing the clients takes the longest.
DRIVER = """
import json, sys
from streamlit.testing.v1 import AppTest

seen = {}
for asked in sys.argv[2:]:
    name, _, model = asked.partition(" ")
    app = AppTest.from_file(f"{name}.py", default_timeout=200).run()
    if model:
        app.selectbox[0].set_value(model)
    for field in app.text_input:
        field.set_value(sys.argv[1])
    for method in app.radio[0].options if app.radio else [""]:
        for choice in app.radio:
            choice.set_value(method)
        for button in app.button:
            button.click().run()
        for message in ["My name is Mina.", "What is my name?"] if app.chat_input else []:
            app.chat_input[0].set_value(message).run()
        boxes = [*app.success, *app.error, *app.warning]
        shown = [each.value for each in [*boxes, *app.markdown, *app.caption]]
        exceptions = [each.value for each in app.exception]
        seen[f"{asked} {method}".strip()] = {"exceptions": exceptions, "shown": shown}
print(json.dumps(seen))
"""

# Model -> how Day 4's program says that its answer ended, and whether all of it is on the page.
DAY_4 = {
    "fault-truncated": ("ChunkedEncodingError", False),
    "fault-stall-mid": ("TimeoutError", False),
    "fault-error-event": ("no error", False),
    "fault-500-then-ok": ("no error", True),
}

# What the prose of Day 2 takes for granted around its last piece of code.
ASK = """
from snowflake.snowpark.exceptions import SnowparkSQLException


def ask(prompt):
    return session.sql("SELECT AI_COMPLETE(?, ?)", params=[model, prompt]).collect()[0][0]
"""


def step(day: str, name: str) -> str:
    return read_code(find(day), f"steps/{name}.py")


def fields(model: str) -> str:
    return f"import streamlit as st\nmodel, prompt = {model!r}, {PROMPT!r}"


def handout() -> str:
    """Return the program that a learner downloads on Day 3: it knows nothing of Local Cortex."""
    source = program(find("day_03_write_streams"))
    one_line = "".join(source.split()).replace(",)", ")")
    assert 'Session.builder.configs(st.secrets["connections"]["snowflake"]).create()' in one_line
    assert "local_cortex" not in source
    return source


def apps() -> dict[str, list[str]]:
    """Return the parts of each app, in their order."""
    day_1, day_2 = "day_01_connect", "day_02_hello_cortex"
    day_4, day_5 = "day_04_when_it_breaks", "day_05_chat"
    head = [step(day_2, name) for name in ("step_1_libraries", "step_2_connection")]
    return {
        "one_line": [
            step(day_1, name) for name in ("step_1_libraries", "one_line", "step_3_version")
        ],
        "assembled": [*head, fields("llama3.1-8b"), step(day_2, "step_4_ask")],
        "handled": [*head, fields("no-such-model"), ASK, step(day_2, "handled")],
        "day3": [handout()],
        "day4": [program(find(day_4))],
        "day5": [program(find(day_5))],
        "counted": [
            *(step(day_5, name) for name in ("step_1_libraries", "step_2_connection")),
            fields("llama3.1-8b"),
            step(day_5, "count_exactly"),
        ],
    }


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each app shows, its buttons pressed."""
    folder = tmp_path_factory.mktemp("apps")
    written = apps()
    asked = [*(name for name in written if name != "day4"), *(f"day4 {each}" for each in DAY_4)]
    for name, parts in written.items():
        (folder / f"{name}.py").write_text("\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        command_line(sys.executable, "-c", DRIVER, PROMPT, *asked),
        cwd=folder,
        env=variables(folder),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    # The clients may have something to say before.
    seen = json.loads(done.stdout.splitlines()[-1])
    assert {name: found["exceptions"] for name, found in seen.items()} == {
        name: [] for name in seen
    }
    return {name: "\n".join(found["shown"]) for name, found in seen.items()}


def test_the_one_line_of_day_1_connects(shown: dict[str, str]) -> None:
    assert "Connected. Snowflake version: 0.1.0-local-cortex" in shown["one_line"]


def test_the_assembled_program_of_day_2_shows_the_text_of_the_answer(shown: dict[str, str]) -> None:
    assert shown["assembled"].strip() == ANSWER


def test_day_2_s_handled_page_says_that_null_is_no_answer(shown: dict[str, str]) -> None:
    said = "No answer this time. Snowflake's error number: -"
    assert shown["handled"].strip() == said


@pytest.mark.parametrize("method", METHODS)
def test_both_methods_of_the_handout_answer(shown: dict[str, str], method: str) -> None:
    assert shown[f"day3 {method}"] == f"### Response:\n{ANSWER}"


def test_the_chat_of_day_5_remembers_and_shows_each_message_once(shown: dict[str, str]) -> None:
    said = shown["day5"]
    assert "Your name is Mina." in said
    assert said.count("My name is Mina.") == said.count("What is my name?") == 1
    assert "Sent: 3 messages, about " in said


def test_day_5_counts_tokens_with_a_statement(shown: dict[str, str]) -> None:
    assert shown["counted"] == f"{tokens.count(PROMPT)} tokens"


@pytest.mark.parametrize("model", DAY_4)
def test_day_4_s_program_keeps_what_came_and_says_how_it_ended(
    shown: dict[str, str], model: str
) -> None:
    ended, complete = DAY_4[model]
    *warned, _, text, caption = shown[f"day4 {model}"].split("\n")
    assert ANSWER.startswith(text)
    assert (text == ANSWER) == complete
    assert caption == f"Kept: {text[:20]} … ({len(text)} code points, {ended})"
    assert bool(warned) == (ended != "no error")
