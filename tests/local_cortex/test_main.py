"""The command line, as it is typed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from snowflake.cortex import Complete
from snowflake.snowpark import Session

from local_cortex import LocalCortex, Settings, faults, launch
from local_cortex import __main__ as command

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ROOT = Path(__file__).parents[2]
SECONDS = 240


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `python -m local_cortex serve` and give the process and what it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local_cortex", "serve", "--first-token", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        printed: list[str] = []
        while not printed or not printed[-1].startswith("and api_key"):
            printed.append(process.stdout.readline())
            assert printed[-1], process.communicate()
        yield process, "".join(printed)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=SECONDS)
        finally:
            process.kill()


def pasted(printed: str) -> str:
    """Return the block that a learner pastes."""
    match = re.search(r"^\[connections\.snowflake\]\n(?:\w+ = .*\n)+", printed, re.MULTILINE)
    assert match, printed
    return match[0]


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with serving() as (_, printed):
        yield printed


def test_the_printed_block_works_when_it_is_pasted(plain: str) -> None:
    block = tomllib.loads(pasted(plain))["connections"]["snowflake"]
    session = Session.builder.configs(block).create()
    assert session.sql("SELECT 1").collect()[0][0] == 1
    assert 'session.connection.scheme = "http"' in plain
    session.connection.scheme = "http"
    pieces = list(Complete("llama3.1-8b", "hi", session=session, stream=True))
    assert len(pieces) > 10
    session.close()


def test_the_printed_address_and_password_work_for_an_openai_client(plain: str) -> None:
    address = re.search(r"base_url = (\S+)", plain)
    assert address
    key = tomllib.loads(pasted(plain))["connections"]["snowflake"]["password"]
    with openai.OpenAI(base_url=address[1], api_key=key) as client:
        answer = client.chat.completions.create(
            model="llama3.1-8b", messages=[{"role": "user", "content": "hi"}]
        )
    assert answer.choices[0].message.content


TLS_PROGRAM = """
import sys, tomllib, warnings
warnings.simplefilter("ignore")
from snowflake.cortex import Complete
from snowflake.snowpark import Session
block = tomllib.loads(sys.stdin.read())["connections"]["snowflake"]
session = Session.builder.configs(block).create()
print(session.sql("SELECT 41 + 1").collect()[0][0])
print(len(list(Complete("llama3.1-8b", "hi", session=session, stream=True))) > 10)
session.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="what is printed is for a POSIX shell")
def test_with_tls_the_printed_lines_are_all_that_a_program_needs() -> None:
    with serving("--tls") as (process, printed):
        export = next(line for line in printed.splitlines() if line.startswith("export "))
        program = subprocess.run(
            ["sh", "-c", f'{export}; exec "$0" -c "$1"', sys.executable, TLS_PROGRAM],
            input=pasted(printed),
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert (program.stdout, program.stderr) == ("42\nTrue\n", "")
        bundle = Path(re.findall(r"SSL_CERT_FILE=(\S+)", export)[0])
        assert [path.name for path in bundle.parent.iterdir()] == [bundle.name], "and no key"
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        assert not bundle.parent.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_ctrl_c_ends_it_without_waiting_for_the_end_of_a_stream() -> None:
    # The whole answer would take minutes.
    with serving("--tokens-per-second", "0.2") as (process, printed):
        block = tomllib.loads(pasted(printed))["connections"]["snowflake"]
        url = f"http://{block['host'].removesuffix('/sf')}/api/v2/cortex/inference:complete"
        body = {"model": "llama3.1-8b", "messages": [{"content": "hi"}]}
        headers = {"authorization": f"Bearer {block['password']}"}
        with (
            httpx.Client(trust_env=False) as client,
            client.stream("POST", url, json=body, headers=headers) as answer,
        ):
            text = answer.iter_text()
            assert next(text)
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == 0
        assert process.communicate() == ("", "")


def test_a_port_that_is_taken_is_said_and_is_exit_code_2(
    cortex: LocalCortex, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [signal.getsignal(number) for number in launch.SIGNALS]
    try:
        assert command.main(["serve", "--port", str(cortex.port)]) == 2
    finally:
        for number, handler in zip(launch.SIGNALS, before, strict=True):
            signal.signal(number, handler)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"Local Cortex cannot listen on 127.0.0.1:{cortex.port} ")
    assert "Choose another port" in printed.err


@pytest.mark.parametrize(
    ("which", "option", "value"),
    [("serve", "--first-token", "-1"), ("run", "--tokens-per-second", "0")],
)
def test_a_value_that_cannot_be_used_is_said_with_its_option(
    which: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([which, option, value, *(["--", "x"] if which == "run" else [])]) == 2
    assert capsys.readouterr().err.startswith(f"{option}=")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: command"),
        (["run"], "name a command to run: python -m local_cortex run -- COMMAND ..."),
        (["run", "--"], "name a command to run"),
        (["serve", "--first-token", "soon"], "argument --first-token: invalid float value: 'soon'"),
        (["serve", "--port", "http"], "argument --port: invalid int value: 'http'"),
    ],
)
def test_what_cannot_be_understood_is_a_usage_error(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("usage: python -m local_cortex")
    assert words in error


@pytest.mark.parametrize(
    ("arguments", "program", "setup", "settings"),
    [
        (["--", "streamlit", "run", "day3.py"], ["streamlit", "run", "day3.py"], [], {}),
        (["python", "x.py", "--strict-models"], ["python", "x.py", "--strict-models"], [], {}),
        (["--strict-models", "--", "a", "--", "b"], ["a", "--", "b"], [], {"strict_models": True}),
        (["--setup", "a.sql", "--setup", "b.sql", "--", "c"], ["c"], ["a.sql", "b.sql"], {}),
        (
            ["--first-token", "0.5", "--tokens-per-second", "9", "--", "a"],
            ["a"],
            [],
            {"first_token": 0.5, "tokens_per_second": 9},
        ),
    ],
)
def test_options_before_the_program_are_ours_and_all_after_it_are_the_programs(
    arguments: list[str],
    program: list[str],
    setup: list[str],
    settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("COURSE_FIRST_TOKEN", "COURSE_TOKENS_PER_SECOND"):
        monkeypatch.delenv(name)
    seen: list[tuple[Any, ...]] = []

    def run(words: Sequence[str], *, setup: Sequence[str], settings: Settings) -> int:
        seen.append((words, setup, settings))
        return 9

    monkeypatch.setattr(launch, "run", run)
    assert command.main(["run", *arguments]) == 9
    assert seen == [(program, setup, Settings(**settings))]


def test_faults_lists_every_fault_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["faults"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [*faults.FAULTS, *faults.AGENT_FAULTS]


@pytest.mark.skipif(os.name == "nt", reason="a pipe whose reader is gone is another error there")
def test_a_reader_that_has_read_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "local_cortex", "faults"]
    done = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
