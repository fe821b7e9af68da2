"""What a run tells: what the program did, as it does it, and how it ended.

What comes out of the sandbox is untrusted: a program can write whatever it likes to the pipe. A
line that is none of these events ends the run, and so does a call that no page draws.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from practice.elements import MOST_MARKDOWN, NOT_CALLED, TABLE, Undrawable

__all__ = [
    "Asked",
    "Delta",
    "Done",
    "Draw",
    "Drawing",
    "Ended",
    "Event",
    "Failed",
    "Forged",
    "Idle",
    "Piece",
    "Preparing",
    "Printed",
    "Queried",
    "Queued",
    "Reason",
    "Shown",
    "Slept",
    "guest_event",
    "undrawn",
]

#: How a run ended: by itself (``end``), by an error of the program (``error``), at a limit
#: (``cpu``, ``silence``, ``sleep``, ``wall``, ``model``, ``drawing``, ``memory``, ``flood``,
#: ``code``), because what came out of the sandbox was no event (``protocol``), or because the
#: sandbox failed (``crash``).
# fmt: off
Reason = Literal[
    "end", "error",
    "cpu", "silence", "sleep", "wall", "model", "drawing", "memory", "flood", "code",
    "protocol", "crash",
]
# fmt: on

# How pydantic tells a call that no page draws from a line that is no event.
UNDRAWABLE = "undrawable"

# An argument of a function of st.
Name = Annotated[str, Field(max_length=64, pattern=r"^[a-z][a-z_]*$")]
# Of a module or a class. A page may write it among its Markdown.
Identifier = Annotated[str, Field(max_length=200, pattern=r"^[\w.]*$")]
Number = Annotated[int, Field(ge=-1, le=1_000_000)]
Text = Annotated[str, Field(max_length=200_000)]


class _Event(BaseModel):
    """Common to all: ``at`` is seconds since the run began, ``line`` the program's line, or 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: float = 0.0
    line: Number = 0


def _custom(name: str, argument: str, what: str, line: int) -> PydanticCustomError:
    told = {"name": name, "argument": argument, "what": what, "line": line}
    return PydanticCustomError(UNDRAWABLE, "no page draws this", told)


class Draw(_Event):
    """A call of a function of ``st``, with arguments that its page can draw (``elements.py``).

    ``into`` is the place that it draws into: 0 the page, -1 the sidebar, else another call's. What
    it makes is ``count`` places, numbered from ``id``.
    """

    op: Literal["draw"] = "draw"
    name: Annotated[str, Field(max_length=64)]
    args: dict[Name, JsonValue]
    into: Number
    id: Number
    count: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _is_in_the_table(self) -> Self:
        element = TABLE.get(self.name)
        if element is None:
            raise ValueError("nothing that is drawn")
        try:
            args = element.checked(self.args)
        except Undrawable as error:
            raise _custom(self.name, error.argument, error.what, self.line) from None
        if self.count != element.places(args):
            raise ValueError("not the number of places that it makes")
        return self


class Piece(_Event):
    """``st.write_stream`` has been given a text; ``None`` stands for something else."""

    op: Literal["piece"] = "piece"
    id: Number
    text: Text | None

    @model_validator(mode="after")
    def _is_no_longer_than_markdown(self) -> Self:
        if len(self.text or "") > MOST_MARKDOWN:
            raise _custom("stream", "stream", "room", self.line)
        return self


class Shown(_Event):
    """``st.write_stream`` has ended, with or without an error."""

    op: Literal["shown"] = "shown"
    id: Number


class Done(_Event):
    """A ``with`` block has ended, such as a spinner's."""

    op: Literal["done"] = "done"
    id: Number


class Printed(_Event):
    """The program has printed something."""

    op: Literal["print"] = "print"
    text: Text


class Slept(_Event):
    """The program goes to sleep."""

    op: Literal["sleep"] = "sleep"
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=True)]


class Asked(_Event):
    """``Complete`` has been called; ``call`` counts the calls, from 0, as the answer to it says."""

    op: Literal["complete"] = "complete"
    model: Any
    prompt: Any
    options: Any
    stream: bool
    call: int = -1


class Delta(_Event):
    """The program wants the next piece of an answer; ``text`` is what it got, ``None`` the end."""

    op: Literal["next"] = "next"
    call: Number
    text: str | None = None
    failed: str = ""


class Queried(_Event):
    """A statement was run.

    ``value`` is the first value of its first row, as a text; ``failed`` is Snowflake's number for
    why it could not be run.
    """

    op: Literal["sql"] = "sql"
    query: Text
    params: list[JsonValue] | None
    value: str = ""
    failed: int | None = None


class Failed(_Event):
    """The program ended with an error.

    ``lines`` are those of the program that led to it, outermost first; ``inside`` is the module in
    which it was raised if that is none of the program's; ``what`` says which thing it wanted that
    the sandbox has not.
    """

    op: Literal["error"] = "error"
    type: Identifier
    module: Identifier
    message: Annotated[str, Field(max_length=4_000)]
    lines: list[Number] = Field(max_length=20)
    inside: Identifier = ""
    what: Identifier = ""


class _Ready(_Event):
    """The interpreter has started; what comes now is the program's."""

    op: Literal["ready"] = "ready"


class _End(_Event):
    op: Literal["end"] = "end"


class Preparing(_Event):
    """The sandbox is being compiled, which happens once on a machine."""

    op: Literal["preparing"] = "preparing"


class Queued(_Event):
    """The run waits for its turn; ``ahead`` runs are before it."""

    op: Literal["queued"] = "queued"
    ahead: int


class Idle(_Event):
    """Nothing has happened for a moment: a chance to look whether anybody still watches."""

    op: Literal["idle"] = "idle"


class Ended(_Event):
    """The last event of every run."""

    op: Literal["ended"] = "ended"
    reason: Reason


ProgramEvent = Draw | Piece | Shown | Done | Printed | Slept | Asked | Delta | Queried | Failed
GuestEvent = ProgramEvent | _Ready | _End
Event = ProgramEvent | Preparing | Queued | Idle | Ended

_GUEST: TypeAdapter[GuestEvent] = TypeAdapter(Annotated[GuestEvent, Field(discriminator="op")])


def guest_event(line: bytes) -> GuestEvent:
    """Read one line that came out of the sandbox.

    A call that no page draws is an error of the program's.

    Raises:
        pydantic.ValidationError: it is no event.
    """
    try:
        return _GUEST.validate_json(line)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] != UNDRAWABLE:
            raise
        return undrawn(**first["ctx"])


def undrawn(name: str, argument: str, what: str, line: int, at: float = 0.0) -> Failed:
    """Return the error of a program whose call is not drawn; ``no_`` and ``what`` is its code."""
    name = NOT_CALLED.get(name, name)
    call = f"st.{name}({argument}=...)" if argument else f"st.{name}"
    return Failed(
        type="NotHere", module="practice", message=call, lines=[line], what=what, line=line, at=at
    )


class Forged(Exception):
    """An event cannot have come from an honest program: it has written to the pipe itself."""


class Drawing:
    """What one run has drawn, as far as its next events have to fit to it.

    Args:
        nesting: how many containers may be in each other.
        spinners: how many may be open at once.
    """

    def __init__(self, nesting: int, spinners: int) -> None:
        self._nesting, self._most_spinners = nesting, spinners
        # Place -> in how many containers it is; 0 is the page, -1 the sidebar.
        self._depths = {0: 0, -1: 0}
        self._spinners: set[int] = set()

    def take(self, event: Draw | Piece | Shown | Done) -> Draw | Piece | Shown | Done | Failed:
        """Note an event and return it; one that is too much is the program's error instead.

        Raises:
            Forged: it belongs to no place, or makes one that there is.
        """
        if not isinstance(event, Draw):
            if event.id not in self._depths:
                raise Forged
            self._spinners.discard(event.id)
            return event
        made = range(event.id, event.id + event.count)
        if event.into not in self._depths or not self._depths.keys().isdisjoint(made):
            raise Forged
        depth = self._depths[event.into] + TABLE[event.name].is_block
        if depth > self._nesting:
            return undrawn(event.name, "", "nesting", event.line, event.at)
        if event.name == "spinner":
            self._spinners.add(event.id)
            if len(self._spinners) > self._most_spinners:
                return undrawn(event.name, "", "spinners", event.line, event.at)
        self._depths.update(dict.fromkeys(made, depth))
        return event
