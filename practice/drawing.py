"""What a program has drawn so far: which places there are, and how deep they are in each other."""

from __future__ import annotations

from practice.answers import Forged
from practice.elements import TABLE
from practice.events import Done, Draw, Failed, Piece, Shown, undrawn
from practice.limits import RunLimits

__all__ = ["Drawing"]


class Drawing:
    """What one run has drawn, as far as its next events have to fit to it."""

    def __init__(self, limits: RunLimits) -> None:
        self._limits = limits
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
        if depth > self._limits.nesting:
            return undrawn(event.name, "", "nesting", event.line, event.at)
        if event.name == "spinner":
            self._spinners.add(event.id)
            if len(self._spinners) > self._limits.spinners:
                return undrawn(event.name, "", "spinners", event.line, event.at)
        self._depths.update(dict.fromkeys(made, depth))
        return event
