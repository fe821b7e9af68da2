"""Day 7's program, as learners download it, chats through the real OpenAI client."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from course.content.lesson import find, program
from tests.local_cortex.programs import command_line, variables

pytestmark = pytest.mark.thorough

DRIVER = """
import json
from streamlit.testing.v1 import AppTest

app = AppTest.from_file("day7.py", default_timeout=200).run()
seen = []
for model in ("openai-gpt-5-mini", "claude-haiku-4-5", "fault-429-forever", "fault-truncated"):
    app.selectbox[0].set_value(model).run()
    app.chat_input[0].set_value("Explain a qubit in one sentence.").run()
    seen.append({
        "caption": [each.value for each in app.caption],
        "warning": [each.value for each in app.warning],
        "error": [each.value for each in [*app.error, *app.exception]],
        "history": [each["role"] for each in app.session_state.messages],
    })
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[str]]]:
    """What the page shows after a question to each model."""
    folder: Path = tmp_path_factory.mktemp("day7")
    source = program(find("day_07_one_protocol"))
    faults = '"openai-gpt-5-mini", "fault-429-forever", "fault-truncated"]'
    source = source.replace('"openai-gpt-5-mini"]', faults)
    source = source.replace("    return OpenAI(\n", "    return OpenAI(\n        max_retries=0,\n")
    assert "max_retries=0" in source
    (folder / "day7.py").write_text(source, "utf-8")
    done = subprocess.run(
        command_line(sys.executable, "-c", DRIVER),
        cwd=folder,
        env=variables(folder),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, list[str]]] = json.loads(done.stdout)
    return found


def test_each_family_answers_in_the_same_chat_and_says_what_it_can_of_the_end(
    seen: list[dict[str, list[str]]],
) -> None:
    openai, claude, *_ = seen
    assert openai["caption"] == ["finish_reason: stop, tokens: 50"]
    assert claude["caption"] == ["finish_reason: None, tokens: 50"]
    assert claude["history"] == ["user", "assistant"] * 2


def test_an_answer_that_fails_is_told_in_words_and_stays_out_of_the_history(
    seen: list[dict[str, list[str]]],
) -> None:
    *_, busy, cut = seen
    assert busy["warning"] == ["Too many requests. Try again in a minute."]
    assert cut["warning"] == ["The answer didn't arrive in full."]
    assert (busy["error"], cut["error"]) == ([], [])
    assert cut["history"] == ["user", "assistant"] * 2
