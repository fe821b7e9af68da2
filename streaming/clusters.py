"""Text that never ends inside a character, as a reader understands "character".

A delta may end in the middle of an emoji family, a flag, a decomposed Hangul syllable or even a
surrogate pair. :class:`Clusters` is fed deltas and gives back whole grapheme clusters (Unicode
Standard Annex 29), holding back the last one until it is known to be whole.
"""

from __future__ import annotations

from collections import deque

import regex

__all__ = ["Clusters"]

# What a zero-width joiner joins stays together, also where this version of Unicode does not count
# the two as one: which symbols count has changed from version to version.
CLUSTER = regex.compile(r"\X(?:(?<=\u200d)\X)*")
SURROGATE = regex.compile(r"[\ud800-\udfff]")
# Between two of these there is always a boundary, whatever stands before them: most of an English,
# Korean, Japanese or Chinese text.
ALONE = r"[\n -~·—‘’“”…、。가-힣ぁ-ゖァ-ヺ一-鿿]"
# The last such place is found from the end (?r), and only what follows it has to be looked at.
BOUNDARY = regex.compile(f"(?r)(?<={ALONE}){ALONE}")
# No cluster that a person wrote is longer. A run of combining marks without end is shown as it
# comes: held back, it would be scanned again with every delta.
MAX_HELD = 64


class Clusters:
    """A buffer of whole grapheme clusters; no clock, no I/O.

    Attributes:
        ready: how many code points may be taken.
        held: the last cluster, which the next delta may continue.
    """

    def __init__(self) -> None:
        self.ready = 0
        self._parts: deque[str] = deque()
        # What has been taken of the first part.
        self._start = 0
        self.held = ""

    def feed(self, delta: str) -> None:
        """Add a delta that is not empty; everything but its last cluster becomes ready."""
        text = self.held + delta if self.held else delta
        half = ""
        if text.isascii():
            # In ASCII only a carriage return joins what follows it.
            cut = len(text) - (2 if text.endswith("\r\n") else 1)
        else:
            if "\ud800" <= text[-1] <= "\udbff":
                # The first half of a surrogate pair; the other half is in a delta to come.
                text, half = text[:-1], text[-1]
            text = _join_surrogates(text)
            cut = _last_cluster(text)
        self.held = text[cut:] + half
        if cut:
            self._parts.append(text[:cut])
            self.ready += cut

    def finish(self) -> None:
        """Make all of it ready: the text has ended."""
        if self.held:
            self._parts.append(_join_surrogates(self.held))
            self.ready += len(self._parts[-1])
            self.held = ""

    def pause(self) -> None:
        """Make all but half a surrogate pair ready: an event comes next, not text."""
        half = self.held[-1:] if "\ud800" <= self.held[-1:] <= "\udbff" else ""
        self.held = self.held.removesuffix(half)
        self.finish()
        self.held = half

    def take(self, at_least: int) -> str:
        """Remove and return whole clusters: the fewest that hold ``at_least`` code points."""
        if at_least >= self.ready:
            piece = "".join(self._parts)[self._start :]
            self._parts.clear()
            self._start = self.ready = 0
            return piece
        taken = []
        missing = at_least
        while missing > 0:
            # A part begins and ends at a boundary, so clusters are counted in the last one only.
            part = self._parts[0]
            whole = len(part) - self._start
            end = len(part) if whole <= missing else _boundary(part, self._start, missing)
            taken.append(part[self._start : end])
            missing -= end - self._start
            self._start = end
            if end == len(part):
                self._parts.popleft()
                self._start = 0
        piece = "".join(taken)
        self.ready -= len(piece)
        return piece


def _boundary(text: str, start: int, at_least: int) -> int:
    """Return the first end of a cluster that is ``at_least`` code points after ``start``."""
    end = start
    for match in CLUSTER.finditer(text, start):
        end = match.end()
        if end - start >= at_least:
            break
    return end


def _last_cluster(text: str) -> int:
    """Return where the last cluster of ``text`` begins."""
    certain = BOUNDARY.search(text)
    position = certain.start() if certain else 0
    for match in CLUSTER.finditer(text, position):
        position = match.start()
    return position if len(text) - position <= MAX_HELD else len(text)


def _join_surrogates(text: str) -> str:
    """Rejoin surrogate pairs and replace halves that stand alone: neither can be sent as UTF-8."""
    if not SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
