"""A host with something to steal, which notices what an attack takes, changes or leaves."""

from __future__ import annotations

import re
import socket
import threading
import time
from pathlib import Path

import pytest

from practice import Event, RunLimits
from practice.events import Ended, Failed
from practice.exercises import Language
from practice.explain import explain_end, explain_error, messages
from tests.practice.attacks.attack import Attack
from tests.practice.programs import children, descriptors, end, ran

__all__ = ["SECRET", "Host"]

SECRET = "correct-horse-battery-staple"
# Other tests' pages and servers open files for a moment; what is still there by then stays.
GONE_SECONDS = 30.0


class Host:
    """This process, a file with a secret in it, and a port on which it listens."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / ".streamlit" / "secrets.toml"
        self.file.parent.mkdir()
        self.file.write_text(f'password = "{SECRET}"\n')
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self._port = self._listening.getsockname()[1]
        self._before = _held()

    def close(self) -> None:
        self._listening.close()

    def withstands(self, attack: Attack) -> None:
        """Run an attack; check that it is contained, explained and leaves nothing behind."""
        events = ran(self.aimed(attack), limits=attack.limits)
        ended = end(events)
        assert ended in attack.ends, ended
        assert SECRET not in "".join(map(repr, events))
        self.is_unharmed()
        _is_explained(events, ended.partition("@")[0])

    def aimed(self, attack: Attack) -> str:
        """Return the attack's program, with this host's file and port in it."""
        code = attack.code.replace("{secret}", repr(str(self.file)))
        return code.replace("{port}", str(self._port))

    def is_unharmed(self) -> None:
        """Check that nothing is left behind, nothing is changed, and nobody has connected."""
        deadline = time.monotonic() + GONE_SECONDS
        while (left := _held() - self._before) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not left
        assert list(self.temporary.iterdir()) == []
        assert self.file.read_text() == f'password = "{SECRET}"\n'
        assert list(self.file.parent.parent.rglob("owned")) == []
        with pytest.raises(BlockingIOError):
            self._listening.accept()


def _held() -> set[object]:
    """Return this process's children, threads and open files."""
    threads = {thread.name for thread in threading.enumerate()}
    return {*children(), *threads, *descriptors()}


def _is_explained(events: list[Event], code: str) -> None:
    for language in ("ko", "en"):
        said = _said(events, language)
        # An end without a text of its own is an error in Python's words, or no failure at all.
        assert bool(said) == (code in messages())
        if said:
            beginning = messages()[code][language].partition("{")[0]
            assert said.startswith(beginning)
            assert not re.search(r"[{}]", said)


def _said(events: list[Event], language: Language) -> str:
    """Return what the page says about how a run ended."""
    *_, last = events
    assert isinstance(last, Ended)
    failed = next((event for event in events if isinstance(event, Failed)), None)
    if failed:
        return explain_error(failed, language)
    return explain_end(last.reason, language, RunLimits())
