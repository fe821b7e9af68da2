"""What a program did in one scene, put together from its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from practice.events import (
    Asked,
    Delta,
    Draw,
    Ended,
    Event,
    Failed,
    Piece,
    Queried,
    Reason,
    Shown,
)

__all__ = ["Call", "Evidence", "Stream", "scenes_of"]


@dataclass(frozen=True)
class Call:
    """A call of something: its name, its arguments, its line."""

    name: str
    arguments: dict[str, Any]
    line: int


@dataclass
class Stream:
    """A use of ``st.write_stream``: where its text came from, and when; ``None`` is no text."""

    source: dict[str, Any]
    line: int
    pieces: list[tuple[float, str | None]] = field(default_factory=list)
    ended: bool = False

    @property
    def text(self) -> str:
        """All text that it was given."""
        return "".join(text for _, text in self.pieces if text)

    @property
    def spread(self) -> float:
        """Seconds from the first piece to the last."""
        return self.pieces[-1][0] - self.pieces[0][0] if self.pieces else 0.0


@dataclass
class Evidence:
    """What is known of one run.

    Attributes:
        calls: all calls, in order.
        streams: the uses of ``st.write_stream``, by the number of their place.
        answers: what the model sent, by the number of the call.
        value: the first value of the first row that the last statement gave, as a text.
        error: what ended the program, if it was an error of its own.
        ended: how the run ended; ``None`` if its events are not complete.
    """

    calls: list[Call] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    value: str = ""
    error: Failed | None = None
    ended: Reason | None = None

    @property
    def answer(self) -> str:
        """What the model sent last."""
        return self.answers[max(self.answers)] if self.answers else ""

    def take(self, event: Event) -> None:
        """Take an event in."""
        match event:
            case Draw():
                self._take_draw(event)
            case Piece() if event.id in self.streams:
                self.streams[event.id].pieces.append((event.at, event.text))
            case Shown() if event.id in self.streams:
                self.streams[event.id].ended = True
            case Asked():
                asked = event.model_dump(include={"model", "prompt", "options", "stream"})
                self.calls.append(Call("Complete", asked, event.line))
                self.answers[event.call] = ""
            case Delta() if event.call in self.answers:
                self.answers[event.call] += event.text or ""
            case Queried():
                queried = {"query": event.query, "params": event.params}
                self.calls.append(Call("session.sql", queried, event.line))
                self.value = event.value
            case Failed():
                self.error = event
            case Ended():
                self.ended = event.reason

    def _take_draw(self, event: Draw) -> None:
        name = "write_stream" if event.name == "stream" else event.name
        self.calls.append(Call(f"st.{name}", dict(event.args), event.line))
        if event.name == "stream":
            source = event.args.get("source")
            known = source if isinstance(source, dict) else {}
            self.streams[event.id] = Stream(known, event.line)


def scenes_of(events: Iterable[Event]) -> Iterator[Evidence]:
    """Yield what is known of each scene: its events end with an ``Ended``."""
    evidence = Evidence()
    for event in events:
        evidence.take(event)
        if isinstance(event, Ended):
            yield evidence
            evidence = Evidence()
