"""Text that never ends inside a character, as a reader understands "character".

A delta may end in the middle of an emoji family, a flag, a decomposed Hangul syllable or even a
surrogate pair. :class:`Clusters` is fed deltas and gives back whole grapheme clusters (Unicode
Standard Annex 29), holding back the last one until it is known to be whole.
"""

from __future__ import annotations

import regex

__all__ = ["Clusters"]

CLUSTER = regex.compile(r"\X")
SURROGATE = regex.compile(r"[\ud800-\udfff]")
# No cluster that a person wrote is longer. A run of combining marks without end is shown as it
# comes: held back, it would be scanned again with every delta.
MAX_HELD = 64


class Clusters:
    """A buffer of whole grapheme clusters; no clock, no I/O."""

    def __init__(self) -> None:
        self._ready = ""
        self._start = 0
        self._held = ""

    def __len__(self) -> int:
        """Return how many code points are ready."""
        return len(self._ready) - self._start

    def feed(self, delta: str) -> None:
        """Add a delta; everything but its last cluster becomes ready."""
        text = self._held + delta
        half = ""
        if "\ud800" <= text[-1] <= "\udbff":
            # The first half of a surrogate pair; the other half is in a delta to come.
            text, half = text[:-1], text[-1]
        text = _join_surrogates(text)
        cut = _last_cluster(text)
        self._append(text[:cut])
        self._held = text[cut:] + half

    def finish(self) -> None:
        """Make all of it ready: nothing more will come."""
        self._append(_join_surrogates(self._held))
        self._held = ""

    def take(self, at_least: int) -> str:
        """Remove and return whole clusters: the fewest that hold ``at_least`` code points."""
        if at_least >= len(self):
            piece, self._ready, self._start = self._ready[self._start :], "", 0
            return piece
        end = self._start
        for match in CLUSTER.finditer(self._ready, self._start):
            end = match.end()
            if end - self._start >= at_least:
                break
        piece = self._ready[self._start : end]
        self._start = end
        return piece

    def _append(self, text: str) -> None:
        if text:
            self._ready = self._ready[self._start :] + text
            self._start = 0


def _last_cluster(text: str) -> int:
    """Return where the last cluster of ``text`` begins."""
    if text.isascii():
        # In ASCII only a carriage return joins what follows it.
        return len(text) - (2 if text.endswith("\r\n") else 1) if text else 0
    position = 0
    for match in CLUSTER.finditer(text):
        position = match.start()
    return position if len(text) - position <= MAX_HELD else len(text)


def _join_surrogates(text: str) -> str:
    """Rejoin surrogate pairs and replace halves that stand alone: neither can be sent as UTF-8."""
    if not SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
