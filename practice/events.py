"""What a run tells: what the program did, as it does it, and how it ended.

What comes out of the sandbox is untrusted: a program can write whatever it likes to the pipe. A
line that is none of these events ends the run, and so does a call that no page draws.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from practice.elements import MOST_LABEL, MOST_MARKDOWN, NOT_CALLED, TABLE, Undrawable

#: How a run ended: by itself, by an error of the program, at a limit (``cpu`` to ``reruns``),
#: because what came out of the sandbox was no event, or because the sandbox failed or didn't start.
# fmt: off
Reason = Literal[
    "end", "error",
    "cpu", "silence", "sleep", "wall", "model", "drawing", "memory", "flood", "code",
    "reruns",
    "protocol", "crash", "start",
]
# fmt: on

MOST_STATE_VALUES = 1_000
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


class Piece(_Event):
    """``st.write_stream`` has been given a text; ``None`` stands for something else."""

    op: Literal["piece"] = "piece"
    id: Number
    text: Text | None


class Shown(_Event):
    """A ``st.write_stream`` or a spinner has ended, with or without an error."""

    op: Literal["shown"] = "shown"
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
    """A model is asked; ``call`` counts the questions, from 0, as the answer to it says.

    ``chat``: by the OpenAI client, with its names for the options; else by ``Complete``.
    """

    op: Literal["complete"] = "complete"
    model: Any
    prompt: Any
    options: Any
    stream: bool
    chat: bool = False
    call: int = -1


class Delta(_Event):
    """The program wants the next piece of an answer; ``text`` is what it got, ``None`` the end.

    ``tokens``: of the answer, as the service counted them, at the end of one that tells.
    """

    op: Literal["next"] = "next"
    call: Number
    text: str | None = None
    failed: str = ""
    tokens: int | None = None


class Closed(_Event):
    """The program has closed an answer before its end."""

    op: Literal["closed"] = "closed"
    call: Number


class Queried(_Event):
    """A statement was run: the first value of its first row, or Snowflake's number of its error."""

    op: Literal["sql"] = "sql"
    query: Text
    params: list[JsonValue] | None
    value: str = ""
    failed: int | None = None


# Of a value in st.session_state, or of a widget.
StateName = Annotated[str, Field(max_length=MOST_LABEL)]
StateValues = Annotated[dict[StateName, JsonValue], Field(max_length=MOST_STATE_VALUES)]


class SessionState(BaseModel):
    """What a page keeps from one run of a program to the next: plain values, as JSON.

    Args:
        values: those in ``st.session_state``, and those of widgets with a key.
        keyed: which of them are widgets': one that is no longer drawn is forgotten.
        widgets: values of widgets without a key, by label.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: StateValues = Field(default_factory=dict)
    keyed: list[StateName] = Field(default_factory=list, max_length=MOST_STATE_VALUES)
    widgets: StateValues = Field(default_factory=dict)


class Kept(_Event):
    """The program has ended; ``state`` is what its next run begins with.

    ``lost`` names values that are not plain, or too large, and are not in it, each with the type
    that stands in the way. With ``rerun`` it has ended by ``st.rerun()``: its next run begins at
    once.
    """

    op: Literal["kept"] = "kept"
    state: SessionState
    lost: dict[StateName, Identifier] = Field(default_factory=dict, max_length=MOST_STATE_VALUES)
    rerun: bool = False


# Plain values by how the program writes them, both shortened (guest/values.py).
Values = Annotated[
    dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=130)]],
    Field(max_length=3),
]


class Decision(BaseModel):
    """How the ``if`` in a line was decided last, and the values that it looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: Number
    held: bool
    values: Values = Field(default_factory=dict)


class Decided(_Event):
    """The conditions of a program that has come to its end."""

    op: Literal["decided"] = "decided"
    conditions: Annotated[list[Decision], Field(max_length=40)]


class Failed(_Event):
    """The program ended with an error.

    ``lines`` are those of the program that led to it, outermost first; ``inside`` is the module
    that raised it, if not the program; ``what`` names the thing that the sandbox lacks; ``values``
    are those of the names in the code that failed.
    """

    op: Literal["error"] = "error"
    type: Identifier
    module: Identifier
    message: Annotated[str, Field(max_length=4_000)]
    lines: list[Number] = Field(max_length=20)
    inside: Identifier = ""
    what: Identifier = ""
    values: Values = Field(default_factory=dict)


class _Mark(_Event):
    """The interpreter has started, or the program has ended well."""

    op: Literal["ready", "end"]


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


class Again(_Event):
    """The program runs again with what its page kept, and the page is empty again.

    ``said`` is the message that ``st.chat_input`` returns in this run; ``None`` after
    ``st.rerun()``.
    """

    op: Literal["again"] = "again"
    said: str | None


class Ended(_Event):
    """The last event of every run, and of all runs of a chat."""

    op: Literal["ended"] = "ended"
    reason: Reason


ProgramEvent = (
    Draw
    | Piece
    | Shown
    | Printed
    | Slept
    | Asked
    | Delta
    | Closed
    | Queried
    | Kept
    | Decided
    | Failed
)
GuestEvent = ProgramEvent | _Mark
Event = ProgramEvent | Preparing | Queued | Idle | Again | Ended

_GUEST: TypeAdapter[GuestEvent] = TypeAdapter(Annotated[GuestEvent, Field(discriminator="op")])


def guest_event(line: bytes) -> GuestEvent:
    """Read one line from the sandbox; a call that no page draws is an error of the program's.

    Raises:
        pydantic.ValidationError: it is no event.
        Forged: it draws what is not in the table, or makes other places than its arguments say.
    """
    event = _GUEST.validate_json(line)
    if isinstance(event, Piece) and len(event.text or "") > MOST_MARKDOWN:
        return undrawn("stream", "stream", "room", event.line)
    if not isinstance(event, Draw):
        return event
    if event.name not in TABLE:
        raise Forged
    try:
        args = TABLE[event.name].checked(event.args)
    except Undrawable as error:
        return undrawn(event.name, error.argument, error.what, event.line)
    if event.count != TABLE[event.name].places(args):
        raise Forged
    return event


def undrawn(name: str, argument: str, what: str, line: int, at: float = 0.0) -> Failed:
    """Return the error of a program whose call is not drawn; ``no_`` and ``what`` is its code."""
    name = NOT_CALLED.get(name, name)
    call = f"st.{name}({argument}=...)" if argument else f"st.{name}"
    return Failed(
        type="NotHere", module="practice", message=call, lines=[line], what=what, line=line, at=at
    )


class Forged(Exception):
    """An event cannot have come from an honest program: it has written to the pipe itself."""


class DrawnPage:
    """What one run has drawn: its next events have to fit, within ``RunLimits``."""

    def __init__(self, nesting: int, spinners: int) -> None:
        self._nesting, self._most_spinners = nesting, spinners
        # Place -> in how many containers it is; 0 is the page, -1 the sidebar.
        self._depths = {0: 0, -1: 0}
        self._spinners: set[int] = set()

    def take(self, event: Draw | Piece | Shown) -> Draw | Piece | Shown | Failed:
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
        if event.name == "spinner":
            self._spinners.add(event.id)
        many = "nesting" if depth > self._nesting else "spinners"
        if depth > self._nesting or len(self._spinners) > self._most_spinners:
            return undrawn(event.name, "", many, event.line, event.at)
        self._depths.update(dict.fromkeys(made, depth))
        return event
