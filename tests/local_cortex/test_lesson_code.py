"""What the lessons show beside their assembled programs runs on Local Cortex, as they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from course.content.catalog import find
from course.content.lesson import read_code
from local_cortex.engines import Message, script
from tests.local_cortex.programs import command_line, variables

PROMPT = "Explain quantum computing in one sentence."
ANSWER = script.answer([Message("user", PROMPT)])
DRIVER = """
import sys
from streamlit.testing.v1 import AppTest

app = AppTest.from_file("app.py", default_timeout=50).run()
for button in app.button:
    button.click().run()
print([each.value for each in app.exception])
print(*(each.value for each in [*app.success, *app.error, *app.markdown]), sep="\\n")
"""


def shown(folder: Path, *parts: str) -> str:
    """Return what an app shows that is put together from ``parts``, its buttons pressed."""
    (folder / "app.py").write_text("\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        command_line(sys.executable, "-c", DRIVER),
        cwd=folder,
        env=variables(folder),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    exceptions, _, rest = done.stdout.partition("\n")
    assert exceptions == "[]", exceptions
    return rest


def step(day: str, name: str) -> str:
    return read_code(find(day), f"steps/{name}.py")


def test_the_one_line_of_day_1_connects(tmp_path: Path) -> None:
    names = ("step_1_libraries", "one_line", "step_3_version")
    text = shown(tmp_path, *(step("day_01_connect", name) for name in names))
    assert "Connected. Snowflake version: 0.1.0-local-cortex" in text


def test_chat_completions_of_day_3_stream_from_the_host_in_the_secrets(tmp_path: Path) -> None:
    fields = f"import streamlit as st\nmodel, prompt = 'llama3.1-8b', {PROMPT!r}"
    text = shown(tmp_path, fields, step("day_03_write_streams", "chat_completions"))
    assert text.strip() == ANSWER


def test_the_assembled_program_of_day_2_shows_the_text_of_the_answer(tmp_path: Path) -> None:
    names = ("step_1_libraries", "step_2_connection")
    head = (step("day_02_hello_cortex", name) for name in names)
    fields = f"model, prompt = 'llama3.1-8b', {PROMPT!r}"
    text = shown(tmp_path, *head, fields, step("day_02_hello_cortex", "step_4_ask"))
    assert text.strip() == ANSWER


def test_day_2_s_handled_page_says_that_null_is_no_answer(tmp_path: Path) -> None:
    names = ("step_1_libraries", "step_2_connection")
    head = (step("day_02_hello_cortex", name) for name in names)
    ask = "".join(
        read_code(find("day_02_hello_cortex"), "steps/step_4_ask.py", region)
        for region in ("statement", "text")
    )
    fields = f"model, prompt = 'no-such-model', {PROMPT!r}"
    text = shown(tmp_path, *head, fields, ask, step("day_02_hello_cortex", "handled"))
    assert text.strip() == "No answer this time. Snowflake's error number: -"
