"""What a run is given: a program, the world that it finds, its limits, and the guest's modules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from practice.events import SessionState
from practice.sandbox.signatures import guest_modules

GUEST = Path(__file__).parent.parent / "guest"
# What in that folder is no module that another one imports.
APART = ("__init__", "start", "compile")
# What st.secrets holds; nobody's.
ACCOUNT = {"account": "practice", "user": "learner", "password": "not-a-real-one"}


MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Limits of one run of a learner's program; times in seconds, sizes in bytes."""

    cpu: float = 1.5
    """Processor time, the start of the interpreter (0.2 s) included."""
    silence: float = 2.0
    """Without an event, while it neither computes nor sleeps nor waits for a model."""
    sleep: float = 20.0
    """In ``time.sleep``, all in all."""
    wall: float = 60.0
    """In which it is waited for, sleep included; ``model`` and ``drawing`` not."""
    memory: int = 96 * MEBIBYTE
    """Of the sandbox, the interpreter's 20 MiB included."""
    events: int = 5_000
    """How often it may draw, print, ask or sleep; the pieces of answers are not counted."""
    draws: int = 1_000
    """How many places it may make: the server draws each of them, too."""
    nesting: int = 16
    """How many containers may be in each other."""
    spinners: int = 4
    """How many may turn at once: each takes a thread of the server's."""
    sleeps: int = 2_500
    """Each costs the server half a millisecond, which no limit of processor time counts."""
    output: int = 2_000_000
    """Of all its events."""
    calls: int = 20
    """How often it may ask a model or run a statement."""
    prompt: int = 8_000
    """Characters of a prompt, or of a statement and its parameters."""
    code: int = 20_000
    """Characters of the program itself."""
    reruns: int = 5
    """By ``st.rerun()``, one after another. All other limits are those of one of the runs."""
    start: float = 15.0
    """For the interpreter to start, on a machine that is busy."""
    model: float = 60.0
    """Waiting for models and statements, all in all."""
    drawing: float = 10.0
    """In which the server draws what it shows, all in all."""


@dataclass(frozen=True)
class Scene:
    """The world that a program finds.

    Args:
        inputs: what its widgets have been set to, by their labels; a button is pressed with
            ``True``.
        inside_snowflake: whether there is an active session, and no secrets, as in Snowflake.
        say: messages for its ``st.chat_input``: it runs once without one, then once for each.
        stop_after: how many pieces the program gets of an answer before Stop is pressed.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    inside_snowflake: bool = False
    say: Sequence[str] = ()
    stop_after: int | None = None


@dataclass(frozen=True)
class Turn:
    """One of the runs of a scene: what its page kept, and why it runs.

    Args:
        state: what the run before kept, or an empty one for the first; ``None``: nothing is kept.
        message: what ``st.chat_input`` returns.
        is_rerun: whether it was ``st.rerun()``: no button is pressed, and nothing was typed.
    """

    state: SessionState | None
    message: str | None = None
    is_rerun: bool = False


def job(code: str, scene: Scene, turn: Turn, modules: bytes) -> bytes:
    """Return the line that ``guest/start.py`` reads; ``modules`` are those of the runtime."""
    sent = {
        "code": code,
        "inputs": dict(scene.inputs),
        "inside_snowflake": scene.inside_snowflake,
        "stop_after": scene.stop_after,
        "state": None if turn.state is None else turn.state.model_dump(),
        "message": turn.message,
        "is_rerun": turn.is_rerun,
        "secrets": None if scene.inside_snowflake else {"connections": {"snowflake": ACCOUNT}},
    }
    # They are JSON already, and long.
    return b'{"modules": %b, %b' % (modules, json.dumps(sent).encode()[1:])


def sources() -> dict[str, str]:
    """Return what runs beside a program: the texts of modules, by their names."""
    own = {
        f"practice.guest.{path.stem}": path.read_text("utf-8")
        for path in GUEST.glob("*.py")
        if path.stem not in APART
    }
    own |= {"practice": "", "practice.guest": ""}
    return own | guest_modules()
