"""Programs that mean harm are contained, explained to their author, and felt by nobody else.

The programs are in ``attacks.txt``.
"""

from __future__ import annotations

import json
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice import Event, RunLimits
from practice.events import Ended, Failed, guest_event
from practice.exercises import Language
from practice.explain import explain_end, explain_error, messages
from practice.sandbox.places import Places
from tests.practice.attacks import ATTACKS, Attack
from tests.practice.programs import children, descriptors, end, printed, ran, slowness

pytestmark = pytest.mark.usefixtures("runtime")

SECRET = "correct-horse-battery-staple"
# Seconds that no contained run takes, however busy the machine is: a program on the loose takes for
# ever. How long attacks really take, `make bench` measures.
SECONDS = 30.0
# What a run may take of the process that started it: bytes, seconds without a turn.
GROWTH = 30 << 20
STALL = 0.5


class Host:
    """This process, with what nobody is to find, and a thread that notes when it gets no turn."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / ".streamlit" / "secrets.toml"
        self.file.parent.mkdir()
        self.file.write_text(f'password = "{SECRET}"\n')
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self.port = self._listening.getsockname()[1]
        self.worst_stall = 0.0
        self._stop = threading.Event()
        self._ticking = threading.Thread(target=self._tick, name="ticker")
        self._ticking.start()
        # Streamlit's lists of emoji and icons are 5 MB, once.
        ran("import streamlit as st\nst.success('x', icon='🙂')")
        self._memory = _memory()
        self._traces = self._left()
        self._files = set(self.temporary.iterdir())

    def close(self) -> None:
        self._stop.set()
        self._ticking.join()
        self._listening.close()

    def check(self) -> None:
        """Check that nothing is left behind, nothing is changed, and nobody has been here."""
        # Other tests' pages and servers open files for a moment, too: what is left stays.
        deadline = time.monotonic() + 5.0
        while (left := self._new()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left
        assert set(self.temporary.iterdir()) == self._files
        assert self.file.read_text() == f'password = "{SECRET}"\n'
        assert list(self.file.parent.parent.rglob("owned")) == []
        with pytest.raises(BlockingIOError):
            self._listening.accept()
        assert _memory() - self._memory < GROWTH
        assert self.worst_stall < STALL * slowness()

    def _left(self) -> set[object]:
        threads = {thread.name for thread in threading.enumerate()}
        return {*children(), *threads, *descriptors()}

    def _new(self) -> set[object]:
        return self._left() - self._traces

    def _tick(self) -> None:
        before = time.monotonic()
        while not self._stop.wait(0.01):
            now = time.monotonic()
            self.worst_stall, before = max(self.worst_stall, now - before), now


def _memory() -> int:
    """Return the bytes that this process has in memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096


@pytest.fixture(scope="module")
def host(runtime: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_SECRET", SECRET)
        host = Host(tmp_path_factory.mktemp("host"))
        patch.setattr(tempfile, "tempdir", str(host.temporary))
        yield host
        host.close()


def _aimed(attack: Attack, host: Host) -> str:
    code = attack.code.replace("{secret}", repr(str(host.file)))
    return code.replace("{port}", str(host.port))


def _said(events: list[Event], language: Language) -> str:
    """Return what the page says of an end."""
    *_, last = events
    assert isinstance(last, Ended)
    failed = next((event for event in events if isinstance(event, Failed)), None)
    if failed:
        return explain_error(failed, language)
    return explain_end(last.reason, language, RunLimits())


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
def test_an_attack_is_contained_and_explained(attack: Attack, host: Host) -> None:
    begun = time.monotonic()
    events = ran(_aimed(attack, host))
    came_to = end(events)
    assert came_to in attack.ends
    assert time.monotonic() - begun < SECONDS
    assert SECRET not in "".join(map(repr, events))
    host.check()
    code = came_to.partition("@")[0]
    for language in ("ko", "en"):
        said = _said(events, language)
        # What has no text of its own is an error in Python's words, or no failure at all.
        assert bool(said) == (code in messages())
        if said:
            beginning = re.split(r"[{]", messages()[code][language])[0]
            assert said.startswith(beginning)
            assert not re.search(r"[{}]", said)


def test_no_name_breaks_out_of_the_sentence_it_is_in() -> None:
    name = "st.x`\n\n![](//evil)" + "x" * 4_000
    failed = Failed(type="NotHere", module="", message=name[:4_000], lines=[], what="streamlit")
    said = explain_error(failed, "en")
    assert said.startswith("`st.x ![](//evil)xxx")
    assert said.count("`") == 2
    assert len(said) < 300


def test_every_code_has_a_text_in_both_languages() -> None:
    for code, texts in messages().items():
        assert set(texts) == {"ko", "en"}, code
        assert re.search("[가-힣]", texts["ko"]), code
        assert not re.search("[가-힣]", texts["en"]), code


def test_other_programs_run_meanwhile_as_if_nothing_were(host: Host) -> None:
    by_name = {attack.name: attack for attack in ATTACKS}
    attacks = [
        *("loop: catches everything", "memory: bytes", "flood: st.write", "time: select"),
        *("forged: 50 MB at once", "interpreter: no limit to C"),
    ]
    places, told = Places(2), dict[str, list[Event]]()

    def run_it(name: str, code: str) -> None:
        told[name] = ran(code, places=places)

    programs = {name: _aimed(by_name[name], host) for name in attacks}
    programs |= {f"good {n}": f"import time\ntime.sleep(0.1)\nprint({n})" for n in range(6)}
    threads = [threading.Thread(target=run_it, args=item) for item in programs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in attacks:
        assert end(told[name]) in by_name[name].ends
    for number in range(6):
        assert printed(told[f"good {number}"]) == f"{number}\n"
        assert end(told[f"good {number}"]) == "end"
    host.check()


LINES = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {"op": st.sampled_from(["draw", "piece", "print", "sleep", "complete", "next", "error"])},
        optional={
            name: st.one_of(st.integers(-5, 10**6), st.text(max_size=10), st.none(), st.floats())
            for name in ("line", "id", "into", "name", "text", "call", "seconds", "message", "at")
        },
    ).map(lambda value: json.dumps(value).encode()),
)


@given(LINES)
@settings(max_examples=300)
def test_whatever_comes_out_of_the_sandbox_is_an_event_or_is_refused(line: bytes) -> None:
    try:
        event = guest_event(line)
    except pydantic.ValidationError:
        return
    assert event.op in (
        *("draw", "piece", "shown", "done", "print", "sleep", "complete", "next", "sql"),
        *("error", "ready", "end"),
    )


def _seconds(read: Callable[[bytes], object], line: bytes) -> float:
    """Return the processor time that reading takes, at best: any one may meet a collection."""
    took = []
    for _ in range(5):
        begun = time.thread_time()
        read(line)
        took.append(time.thread_time() - begun)
    return min(took)


@pytest.mark.parametrize("body", [b"[],", b"1,", b'"x",', b"1.5,"])
def test_the_longest_line_takes_less_than_fifty_times_what_json_takes(body: bytes) -> None:
    values = body * (256 * 1024 // len(body))
    line = b'{"op":"sql","query":"","params":[' + values + b"0]}"
    assert guest_event(line).op == "sql"
    assert _seconds(guest_event, line) < 50 * _seconds(json.loads, line)
