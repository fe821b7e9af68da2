"""What to tell a learner of how a run ended; the texts are in ``messages.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from practice.events import Failed, Reason
from practice.exercises import Language
from practice.sandbox.job import RunLimits

# The modules in which an error is raised that says: there is no such thing in the sandbox; and how
# such an error looks. Others raised there are what the program gave them.
_INSIDE = {
    "no_network": (
        *("socket", "ssl", "urllib.request", "http.client", "http.server", "ftplib", "smtplib"),
        *("asyncio", "selectors", "socketserver", "xmlrpc"),
    ),
    "no_processes": ("subprocess", "multiprocessing", "pty", "concurrent", "threading"),
}
_OF_THE_SANDBOX = (
    *("OSError", "URLError", "gaierror", "AttributeError", "ImportError", "ModuleNotFoundError"),
    *("NotImplementedError", "RuntimeError", "error"),
)
_FILES = (
    *("FileNotFoundError", "PermissionError", "IsADirectoryError", "NotADirectoryError"),
    *("FileExistsError", "OSError"),
)
_PROCESS_NAME = re.compile(r"'os' has no attribute '(fork|system|popen|spawn|exec|kill|wait|pipe)")
# A name in a sentence.
_LONGEST_NAME = 80


@cache
def messages() -> dict[str, dict[str, str]]:
    """Return all texts: code -> language -> text."""
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text("utf-8"))


def explain_end(reason: Reason, language: Language, limits: RunLimits) -> str:
    """Return a sentence for a run that was ended; ``""`` for one that did so itself."""
    if reason in ("end", "error"):
        return ""
    named = {name: f"{value:g}" for name, value in asdict(limits).items()}
    named |= {"memory": str(limits.memory >> 20), "code": str(limits.code)}
    return messages()[reason][language].format(**named)


def explain_error(failed: Failed, language: Language) -> str:
    """Return what is behind an error that has to do with the sandbox; ``""`` for any other."""
    text = messages().get(error_code(failed), {}).get(language, "")
    # Within backticks, which it must not end.
    name = " ".join(failed.message[:_LONGEST_NAME].replace("`", "").split())
    return text.format(name=name)


def error_code(failed: Failed) -> str:
    """Return the code of that text, such as ``no_files``; ``""`` for any other error."""
    if failed.what:
        return f"no_{failed.what}"
    for code, modules in _INSIDE.items():
        if _is_in(failed.inside, modules) and failed.type in _OF_THE_SANDBOX:
            return code
    if failed.module == "builtins":
        # The system's own errors have a number; a program's own do not.
        if failed.type in _FILES and failed.message.startswith("[Errno"):
            return "no_files"
        return next((code for code, fits in _BUILTIN.items() if fits(failed)), "")
    # All that sqlite3 has to say when there is no folder.
    return "no_files" if "unable to open database file" in failed.message else ""


_BUILTIN: dict[str, Callable[[Failed], bool]] = {
    "no_recursion": lambda failed: (
        failed.type == "RecursionError" or "too complex to parse" in failed.message
    ),
    "no_memory": lambda failed: failed.type == "MemoryError",
    "no_network": lambda failed: failed.type == "ModuleNotFoundError" and "'ssl'" in failed.message,
    "no_modules": lambda failed: failed.type == "ModuleNotFoundError",
    "no_environment": lambda failed: failed.type == "KeyError" and failed.inside == "os",
    "no_processes": lambda failed: (
        (failed.type == "AttributeError" and bool(_PROCESS_NAME.search(failed.message)))
        or (failed.type == "NameError" and failed.inside == "os")
        or (failed.type == "RuntimeError" and "start new thread" in failed.message)
    ),
}


def _is_in(module: str, modules: tuple[str, ...]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in modules)
