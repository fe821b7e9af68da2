"""Conditions: what may hold of a program and of what it did, as data.

``practice.evidence`` tells whether one holds.
"""

from __future__ import annotations

import builtins
import difflib
import inspect
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    model_validator,
)

from practice.events import Reason
from practice.patterns import PatternError, parse_pattern
from practice.sandbox.signatures import ELEMENTS
from practice.sources import INVISIBLE


class Table(BaseModel):
    """A table of an exercise's file; it may hold nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _words(text: str) -> str:
    if not INVISIBLE.sub("", text).strip():
        raise ValueError("must not be blank: learners read it")
    if found := INVISIBLE.search(text):
        raise ValueError(f"holds an invisible character (U+{ord(found[0]):04X})")
    return text


#: A text that people read, Markdown.
Words = Annotated[str, AfterValidator(_words)]


def _pattern(text: str) -> str:
    try:
        parse_pattern(text)
    except PatternError as error:
        raise ValueError(str(error)) from error
    return text


@cache
def _arguments() -> dict[str, set[str]]:
    """Return what may have been called, and by which names its arguments go."""
    from streamlit.delta_generator import DeltaGenerator

    # A call of st.write is recorded as the element that it draws.
    names = [name for name in ELEMENTS if name != "write"]
    drawn = {
        f"st.{name}": {*inspect.signature(getattr(DeltaGenerator, name)).parameters}
        for name in names
    }
    known = {
        "Complete": {"model", "prompt", "options", "stream"},
        "session.sql": {"query", "params"},
    }
    return known | {"st.*": set().union(*drawn.values())} | drawn


def parameters(function: str) -> set[str]:
    """Return the names of a function's arguments, as far as it is known here."""
    return _arguments().get(function, set()) | ({"session"} if function == "Complete" else set())


def _called(name: str) -> str:
    if name == "st.write":
        raise ValueError("`st.write` is recorded as what it draws, such as `st.markdown`")
    return _one_of(name, _arguments())


def _kind(name: str) -> str:
    return _one_of(name, {"complete", "generator", *dir(builtins)})


def _one_of(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    if name in known:
        return name
    close = difflib.get_close_matches(name, known, 1)
    meant = f"; did you mean `{close[0]}`?" if close else ""
    raise ValueError(f"there is no `{name}` here{meant}")


class Text(Table):
    """What is to be in an argument's text, and what is not."""

    contains: str | None = None
    lacks: str | None = None


class Pieces(Text):
    """What ``st.write_stream`` was given; sizes in characters.

    ``contains`` and ``lacks`` are about all texts put together. ``live``: the first piece came
    before the model had sent the last; ``pause``: the seconds that were slept between any two of
    them; ``other``: something came that is no text.
    """

    at_least: int = 1
    longest: int | None = None
    shortest: int | None = None
    live: bool | None = None
    pause: float | None = None
    other: bool | None = None


class Messages(Text):
    """Which messages a model was sent; a prompt that is a text is one, from ``user``.

    ``roles`` are those of all of them; ``contains`` and ``lacks`` are about all texts together,
    ``first`` and ``last`` about one.
    """

    roles: list[str] | None = None
    count: int | None = None
    first: Text | None = None
    last: Text | None = None


class Chat(Text):
    """What the chat of one page shows: a ``st.chat_message``, and what is in it.

    ``times`` is in how many messages of this ``role`` the text is; ``roles`` are those of all
    messages, from top to bottom, and ``first`` is about the text of the topmost.
    """

    role: str | None = None
    times: int | None = None
    roles: list[str] | None = None
    first: Text | None = None


def _wanted(value: object) -> object:
    """Return what an argument is to be; a table is no value but a ``Text``."""
    if not isinstance(value, dict):
        return value
    for name in value:
        _one_of(name, Text.model_fields)
    return Text.model_validate(value)


class Condition(Table):
    """Something that holds of a program and of what it did in a scene: all that is given.

    ``lessons/README.md`` says what each field means, and what ``{answer}`` and others stand for in
    a text.
    """

    all: list[Condition] | None = None
    any: list[Condition] | None = None
    no: Condition | None = None
    code: Annotated[str, AfterValidator(_pattern)] | None = None
    catches: str | None = None
    uses: str | None = None
    called: Annotated[str, AfterValidator(_called)] | None = None
    with_: dict[str, Annotated[Text | JsonValue, PlainValidator(_wanted)]] = Field(
        default_factory=dict, alias="with"
    )
    messages: Messages | None = None
    times: int | None = None
    inside: str | None = None
    chat: Chat | None = None
    run: Annotated[int, Field(ge=0)] | None = None
    shown: Annotated[str, AfterValidator(_kind)] | None = None
    pieces: Pieces | None = None
    whole: bool | None = None
    part: Literal["start", "end"] | None = None
    read: bool | None = None
    closed: bool | None = None
    kept: Text | None = None
    under: str | None = None
    error: str | None = None
    message: Text | None = None
    missed: bool | None = None
    ended: Reason | None = None

    @property
    def has_line(self) -> bool:
        """Whether something that makes it hold is in a line of the program."""
        own = {"code", "catches", "called", "chat", "shown", "pieces", "whole", "part"}
        own |= {"error", "missed"}
        return (
            bool(own & self.model_fields_set and self.times != 0 and self.error != "")
            or self.closed is False
            or any(each.has_line for each in self.all or ())
            or (bool(self.any) and all(each.has_line for each in self.any or ()))
        )

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set - {"with_", "run"} or [] in (self.all, self.any):
            raise ValueError("is empty: it would always hold, or never")
        if (self.with_ or self.times is not None) and self.called is None:
            raise ValueError("`with` and `times` need `called`")
        if self.inside is not None and self.called is None:
            raise ValueError("`inside` needs `called`")
        if self.under is not None and self.kept is None:
            raise ValueError("`under` needs `kept`")
        if self.messages is not None and self.called != "Complete":
            raise ValueError('`messages` needs `called = "Complete"`')
        for name in self.with_:
            _one_of(name, _arguments()[self.called or ""])
        return self

    @property
    def is_tentative(self) -> bool:
        """Whether it may hold for a while and no longer at the end of a run."""
        parts = [*(self.all or ()), *(self.any or ())]
        pieces = self.pieces
        ends = {"longest", "shortest", "live", "pause"}
        sized = pieces is not None and bool(ends & pieces.model_fields_set)
        # What the model sent, or a statement gave, last is another thing after the next call.
        texts = (*self.with_.values(), self.messages)
        filled = any("{" in str(wanted) for wanted in texts)
        given = (
            *(self.no, self.times, self.chat, self.whole, self.part),
            *(self.error, self.message, self.missed, self.ended),
        )
        return (
            sized
            or filled
            or self.read is False
            or self.closed is not None
            or self.kept is not None
            or any(each is not None for each in given)
            or any(part.is_tentative for part in parts)
        )
