"""What a comparison shows, in words: which sentences, with the figures of this very run."""

from __future__ import annotations

from collections.abc import Sequence

from course.lab.reading import Lane

__all__ = ["Finding", "findings"]

#: The key of a text and its figures: seconds, or numbers of pieces.
Finding = tuple[str, dict[str, float]]

# Less than this nobody sees, and a busy machine makes it up.
SEEN_SECONDS = 0.1


def findings(lanes: Sequence[Lane]) -> list[Finding]:
    """Return what to look for in these lanes that have ended; nothing is said of what is missing.

    Only answers that came to their end are compared with each other.
    """
    by_way = {lane.way: lane for lane in lanes if lane.status in ("complete", "unknown_end")}
    custom, direct, ours = (by_way.get(way) for way in ("custom", "direct", "ours"))
    found: list[Finding] = []
    live = direct or ours
    if custom is not None and live is not None:
        found += _first_word(custom, live)
    if custom is not None:
        found += _typing(custom)
    if custom is not None and live is not None:
        found += _total(custom, live)
    if direct is not None and ours is not None:
        found += _steps(direct, ours)
    return found


def _first_word(custom: Lane, live: Lane) -> list[Finding]:
    late, early = custom.metrics.time_to_first_text, live.metrics.time_to_first_text
    if late is None or early is None:
        return []
    if late - early < SEEN_SECONDS:
        return [("lab.found.first_alike", {})]
    return [("lab.found.first_later", {"seconds": late - early})]


def _typing(custom: Lane) -> list[Finding]:
    existed, total = custom.answer_existed, custom.metrics.total
    if existed is None or total is None or total - existed < SEEN_SECONDS:
        return []
    return [("lab.found.typing", {"seconds": total - existed})]


def _total(custom: Lane, live: Lane) -> list[Finding]:
    slow, fast = custom.metrics.total, live.metrics.total
    if slow is None or fast is None or slow - fast < SEEN_SECONDS:
        return []
    return [("lab.found.total", {"slow": slow, "fast": fast})]


def _steps(direct: Lane, ours: Lane) -> list[Finding]:
    found: list[Finding] = []
    if ours.metrics.pieces < direct.metrics.pieces:
        pieces = {"direct": float(direct.metrics.pieces), "ours": float(ours.metrics.pieces)}
        found.append(("lab.found.pieces", pieces))
    added = ours.metrics.pacing_added
    if added is not None and added >= SEEN_SECONDS:
        found.append(("lab.found.pacing", {"seconds": added}))
    return found
