"""Errors that come from the sandbox are explained to the learner."""

from __future__ import annotations

import re

import pytest

from practice.events import Failed
from practice.explain import error_code, explain_error, messages


def failed(type: str, message: str = "", **more: str) -> Failed:  # noqa: A002
    given = {"type": type, "module": "builtins", "message": message, "lines": [], **more}
    return Failed.model_validate(given)


NETWORK = (
    *("socket", "ssl", "urllib.request", "http.client", "http.server", "ftplib", "smtplib"),
    *("asyncio", "selectors", "socketserver", "xmlrpc.client"),
)
PROCESSES = ("subprocess", "multiprocessing.pool", "pty", "concurrent.futures", "threading")
LACKING = (
    *("OSError", "URLError", "gaierror", "AttributeError", "ImportError", "ModuleNotFoundError"),
    *("NotImplementedError", "RuntimeError", "error"),
)
FILES = (
    *("FileNotFoundError", "PermissionError", "IsADirectoryError", "NotADirectoryError"),
    *("FileExistsError", "OSError"),
)
OS = ("fork", "system", "popen", "spawnv", "execv", "kill", "waitpid", "pipe")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        *((failed("OSError", inside=each), "no_network") for each in NETWORK),
        *((failed(each, inside="socket"), "no_network") for each in LACKING),
        (failed("AttributeError", "no attribute", inside="asyncio.base_events"), "no_network"),
        (failed("ModuleNotFoundError", "No module named '_ssl', nor 'ssl'"), "no_network"),
        *((failed("AttributeError", f"'os' has no attribute '{x}'"), "no_processes") for x in OS),
        (failed("NameError", "name '_execvpe' is not defined", inside="os"), "no_processes"),
        (failed("RuntimeError", "can't start new thread"), "no_processes"),
        *((failed("OSError", inside=each), "no_processes") for each in PROCESSES),
        *((failed(each, "[Errno 44] No such file"), "no_files") for each in FILES),
        (
            failed("OperationalError", "unable to open database file", module="sqlite3"),
            "no_files",
        ),
        (failed("RecursionError", "maximum recursion depth exceeded"), "no_recursion"),
        (failed("MemoryError", "too complex to parse"), "no_recursion"),
        (failed("MemoryError"), "no_memory"),
        (failed("KeyError", "'HOME'", inside="os"), "no_environment"),
        (failed("ModuleNotFoundError", "No module named 'pandas'"), "no_modules"),
        (failed("NotHere", "input", what="input"), "no_input"),
    ],
)
def test_what_the_sandbox_lacks_is_recognised(error: Failed, code: str) -> None:
    assert error_code(error) == code


@pytest.mark.parametrize(
    "error",
    [
        failed("FileNotFoundError", "no such recipe"),
        failed("KeyError", "'HOME'"),
        failed("AttributeError", "module 'os' has no attribute 'listdri'"),
        failed("ValueError", "bad port", inside="socket"),
        failed("MemoryError", module="__main__"),
        failed("OSError", inside="socketlike"),
    ],
)
def test_a_programs_own_error_keeps_pythons_words(error: Failed) -> None:
    assert error_code(error) == ""


def test_no_name_breaks_out_of_the_sentence_it_is_in() -> None:
    name = "st.x`\n\n![](//evil)" + "x" * 4_000
    said = explain_error(failed("NotHere", name[:4_000], what="streamlit"), "en")
    assert "`st.x ![](//evil)xxx" in said
    assert said.count("`") == 2
    assert len(said) < 300


def test_every_code_has_a_text_in_both_languages() -> None:
    for code, texts in messages().items():
        assert set(texts) == {"ko", "en"}, code
        assert re.search("[가-힣]", texts["ko"]), code
        assert not re.search("[가-힣]", texts["en"]), code
