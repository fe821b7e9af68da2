"""Threads in memory: what is forgotten, and what is refused."""

from __future__ import annotations

import pytest

from local_cortex.agents import threads
from local_cortex.agents.threads import Threads
from local_cortex.faults import Refusal

TEXT = [{"type": "text", "text": "hello"}]


def test_the_thread_that_was_used_longest_ago_is_forgotten() -> None:
    kept = Threads()
    first, second = kept.create("A", ""), kept.create("A", "")
    kept.add(first, 0, "user", TEXT)

    for _ in range(threads.MOST_THREADS - 1):
        kept.create("A", "")

    assert kept.get("A", first.id) is first
    with pytest.raises(Refusal):
        kept.get("A", second.id)


def test_all_threads_together_hold_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_BYTES", 100)
    kept = Threads()
    first, second = kept.create("A", ""), kept.create("A", "")
    kept.add(first, 0, "user", TEXT)
    kept.add(second, 0, "user", TEXT)
    kept.add(second, 0, "user", TEXT)

    assert kept.of("A") == [second]


def test_a_thread_has_so_many_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_MESSAGES", 1)
    kept = Threads()
    thread = kept.create("A", "")
    kept.add(thread, 0, "user", TEXT)

    with pytest.raises(Refusal, match="begin another"):
        kept.add(thread, 0, "user", TEXT)


def test_a_message_of_a_thread_that_was_deleted_meanwhile_counts_for_nothing() -> None:
    kept = Threads()
    thread = kept.create("A", "")
    kept.delete(thread)

    kept.add(thread, 0, "assistant", TEXT)

    assert kept.of("A") == []
