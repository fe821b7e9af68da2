"""Threads: conversations that Cortex keeps, as trees of messages, in memory and bounded.

The form is that of Snowflake's Cortex Agents threads API (docs, October 2026). A message names the
one it answers, so a second answer to an older message forks the thread.
"""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from local_cortex.faults import Refusal

MOST_THREADS = 1_000  # the one that was used longest ago goes
MOST_MESSAGES = 500  # of one thread
MOST_BYTES = 64_000_000  # of all messages
LONGEST_NAME = 256
LONGEST_ORIGIN = 16  # bytes, as documented


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message of a thread; ``parent_id`` is 0 for the first."""

    id: int
    parent_id: int
    role: str
    content: list[dict[str, Any]]
    created_on: int
    size: int

    def shown(self) -> dict[str, Any]:
        """Return it as the API lists it; the payload is JSON as text."""
        message = {"role": self.role, "content": self.content}
        return {
            "message_id": self.id,
            "parent_id": self.parent_id,
            "created_on": self.created_on,
            "role": self.role,
            "message_payload": json.dumps(message, ensure_ascii=False),
            "request_id": "",
        }


@dataclass(slots=True, eq=False)
class Thread:
    """One thread; times are in milliseconds since 1970."""

    id: int
    owner: str
    origin_application: str
    created_on: int
    updated_on: int
    name: str = ""
    messages: dict[int, ThreadMessage] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """Return its metadata."""
        return {
            "thread_id": self.id,
            "thread_name": self.name,
            "origin_application": self.origin_application,
            "created_on": self.created_on,
            "updated_on": self.updated_on,
        }

    def until(self, message_id: int) -> list[ThreadMessage]:
        """Return the branch that ends with an assistant's message of this thread; none for 0."""
        if message_id and getattr(self.messages.get(message_id), "role", "") != "assistant":
            raise Refusal(
                400,
                "parent_message_id: must be 0 or the id of an assistant's message of the thread",
            )
        branch: list[ThreadMessage] = []
        while message_id:
            branch.append(self.messages[message_id])
            message_id = branch[-1].parent_id
        return branch[::-1]


class Threads:
    """All threads of one server; ``owner`` is a user, and nobody sees another's."""

    def __init__(self) -> None:
        self._ids, self._message_ids = itertools.count(1), itertools.count(1)
        # In the order of last use.
        self._threads: dict[int, Thread] = {}
        self._bytes = 0

    def create(self, owner: str, origin_application: str) -> Thread:
        """Begin a thread; ``Refusal`` 400 for an application's name that is too long."""
        if len(origin_application.encode("utf-8", "surrogatepass")) > LONGEST_ORIGIN:
            raise Refusal(400, f"origin_application: {LONGEST_ORIGIN} bytes at most")
        thread = Thread(next(self._ids), owner, origin_application, _now(), _now())
        self._threads[thread.id] = thread
        self._forget()
        return thread

    def get(self, owner: str, thread_id: int) -> Thread:
        """Return a thread; ``Refusal`` 404 for one that is not there, or another's."""
        thread = self._threads.get(thread_id)
        if thread is None or thread.owner != owner:
            raise Refusal(404, f"Thread {thread_id} does not exist or not authorized.")
        return thread

    def of(self, owner: str, origin_application: str | None = None) -> list[Thread]:
        """Return a user's threads, the last used first."""
        return [
            one
            for one in reversed(self._threads.values())
            if one.owner == owner and origin_application in (None, one.origin_application)
        ]

    def rename(self, thread: Thread, name: str) -> None:
        """Name a thread; ``Refusal`` 400 for a name that is too long."""
        if len(name) > LONGEST_NAME:
            raise Refusal(400, f"thread_name: {LONGEST_NAME} characters at most")
        thread.name = name
        self._use(thread)

    def delete(self, thread: Thread) -> None:
        """Forget a thread and its messages."""
        if self._threads.pop(thread.id, None) is not None:
            self._bytes -= sum(one.size for one in thread.messages.values())

    def add(
        self, thread: Thread, parent_id: int, role: str, content: list[dict[str, Any]]
    ) -> ThreadMessage:
        """Put a message into a thread; ``Refusal`` 400, it has too many."""
        if len(thread.messages) >= MOST_MESSAGES:
            raise Refusal(400, f"thread_id: the thread has {MOST_MESSAGES} messages, begin another")
        size = len(json.dumps(content))
        message = ThreadMessage(next(self._message_ids), parent_id, role, content, _now(), size)
        thread.messages[message.id] = message
        # A thread that was deleted meanwhile stays so.
        if thread.id in self._threads:
            self._bytes += size
            self._use(thread)
            self._forget()
        return message

    def _use(self, thread: Thread) -> None:
        thread.updated_on = _now()
        self._threads[thread.id] = self._threads.pop(thread.id)

    def _forget(self) -> None:
        while len(self._threads) > MOST_THREADS or self._bytes > MOST_BYTES:
            self.delete(next(iter(self._threads.values())))


def _now() -> int:
    return int(time.time() * 1_000)
