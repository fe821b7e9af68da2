"""What goes into the sandbox: a program, the world that it finds, and the stand-ins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from practice.signatures import guest_modules

__all__ = ["Scene", "job", "sources"]

GUEST = Path(__file__).parent / "guest"
# What in that folder is no module that another one imports.
APART = ("__init__", "start", "compile")
# What st.secrets holds; nobody's.
ACCOUNT = {"account": "practice", "user": "learner", "password": "not-a-real-one"}


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
