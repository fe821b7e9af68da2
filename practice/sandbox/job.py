"""What a run is given: a program, the world that it finds, its limits, and the guest's modules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from practice.sandbox.signatures import guest_modules

__all__ = ["RunLimits", "Scene", "job", "sources"]

GUEST = Path(__file__).parent.parent / "guest"
# What in that folder is no module that another one imports.
APART = ("__init__", "start", "compile")
# What st.secrets holds; nobody's.
ACCOUNT = {"account": "practice", "user": "learner", "password": "not-a-real-one"}


MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Limits of one run of a learner's program.

    Args:
        cpu: seconds of processor time, the start of the interpreter (0.2 s) included.
        silence: seconds without an event while the program neither computes nor is asleep nor waits
            for a model.
        sleep: seconds that it may be asleep in ``time.sleep``, all in all.
        wall: seconds that are waited for it, its sleep included; ``model`` and ``drawing`` not.
        memory: bytes of the sandbox's memory, the interpreter's 20 MiB included.
        events: how often it may draw, print, ask or sleep; the pieces of answers are not counted.
        draws: how many places it may make on the page: each of them is drawn by the server, too.
        nesting: how many containers may be in each other.
        spinners: how many may turn at once: each takes a thread of the server's.
        sleeps: how often it may sleep, however briefly: each costs the server about half a
            millisecond, which no limit of processor time counts.
        output: bytes of what it says, all in all.
        calls: how often it may ask a model or run a statement.
        prompt: characters of a prompt, or of a statement and its parameters.
        code: characters of the program itself.
        start: seconds that the interpreter may take to start, on a machine that is busy.
        model: seconds that it may wait for models and statements, all in all.
        drawing: seconds that the server may take to draw what it shows, all in all.
    """

    cpu: float = 1.5
    silence: float = 2.0
    sleep: float = 20.0
    wall: float = 60.0
    memory: int = 96 * MEBIBYTE
    events: int = 5_000
    draws: int = 1_000
    nesting: int = 16
    spinners: int = 4
    sleeps: int = 2_500
    output: int = 2_000_000
    calls: int = 20
    prompt: int = 8_000
    code: int = 20_000
    start: float = 15.0
    model: float = 60.0
    drawing: float = 10.0


@dataclass(frozen=True)
class Scene:
    """The world that a program finds.

    Args:
        inputs: what its widgets have been set to, by their labels; a button is pressed with
            ``True``.
        inside_snowflake: whether there is an active session, and no secrets, as in Snowflake.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    inside_snowflake: bool = False


def job(code: str, scene: Scene, modules: bytes) -> bytes:
    """Return the line that ``guest/start.py`` reads; ``modules`` are those of the runtime."""
    sent = {
        "code": code,
        "inputs": dict(scene.inputs),
        "inside_snowflake": scene.inside_snowflake,
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
