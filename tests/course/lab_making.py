"""What the tests of the lab are made of: a lane of which a test states only what matters."""

from __future__ import annotations

from typing import Any

from course.lab import views
from course.lab.streams import Lane, Way
from streaming import StreamMetrics


def make_lane(way: Way = "direct", /, **given: Any) -> Lane:
    """Return a lane that has ended well; its metrics' fields may be given by name, too."""
    metrics = {
        name: given.pop(name) for name in StreamMetrics.__dataclass_fields__ if name in given
    }
    usual: dict[str, Any] = {
        "text": "Hello there.",
        "marks": ((0.5, 6), (1.0, 12)),
        "status": "unknown_end",
        "code": None,
    }
    numbers = {"time_to_first_text": 0.5, "total": 1.0, "pieces": 2, "characters": 12} | metrics
    return Lane(way=way, metrics=StreamMetrics(**numbers), **(usual | given))


class Page:
    """A page on which any element can be drawn; ``drawn`` is their names, in order."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    def spot(self, _: object) -> views.Spot:
        """Return a spot on it, in the place of one inside a real container."""
        return views.Spot(self)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        def draw(*_: object, **__: object) -> Page:
            self.drawn.append(name)
            return self

        return draw
