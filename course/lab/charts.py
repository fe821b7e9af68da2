"""What the lab's charts have in common: lines and bars of several names, told apart twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Spec = dict[str, Any]

# So that nobody needs colours to tell names apart.
DASHES = ([1, 0], [6, 4], [2, 2])


def told_apart(
    field: str,
    names: Sequence[str],
    shown: Sequence[str] | None = None,
    channels: Sequence[str] = ("color",),
    **legend: str,
) -> Spec:
    """Return the channels that tell the names in a field apart: colours and dashes.

    The theme gives out its colours by the places of ``names``; those that are ``shown`` are in the
    legend.
    """
    name = {
        "field": field,
        "type": "nominal",
        "title": None,
        "scale": {"domain": names},
        "legend": {
            "orient": "bottom",
            "direction": "vertical",
            "labelLimit": 300,
            "values": shown or names,
            **legend,
        },
    }
    dashes = name | {"scale": {"domain": names, "range": DASHES[: len(names)]}}
    return {**dict.fromkeys(channels, name), "strokeDash": dashes}


def lines(x: Spec, y: Spec, apart: Spec, **mark: Any) -> Spec:
    """Return a chart with a line for each name, given its axes and what tells names apart."""
    return {
        "height": 300,
        "mark": {"type": "line", "strokeWidth": 2.5, **mark},
        "encoding": {"x": x, "y": y, **apart},
    }


def quantity(field: str, title: str) -> Spec:
    return {"field": field, "type": "quantitative", "title": title}
