"""The time that one statement has, and how its computation learns that there is none left.

A statement is computed on a worker thread, and nothing can end a thread from outside. So whatever
takes long calls :func:`check`: the parser for each token, an expression for each row.
"""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["Allowance", "Stopped", "check", "use"]


class Stopped(BaseException):
    """The statement is to end: its deadline has passed, or somebody aborted it.

    Not an ``Exception``, so that no function which tolerates bad values takes it for one.
    """


class Allowance:
    """The allowance of one statement; any thread may set ``stopped``.

    ``seconds`` is how long it may still compute.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stopped = False


# Code that runs for no statement, as in a unit test of one function, has this one to itself.
_CURRENT: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


def use(allowance: Allowance) -> None:
    """Make this the allowance of the code that runs in this context."""
    _CURRENT.set(allowance)


def check() -> None:
    """Go on, if the statement may.

    Raises:
        Stopped: it may not.
    """
    allowance = _CURRENT.get()
    if allowance is not None and allowance.stopped:
        raise Stopped
