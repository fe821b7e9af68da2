"""A family of seven code points, cut after the fifth: what each side becomes."""

import altair as alt

FAMILY = "👨‍👩‍👧‍👦"
CUT = 5
JOINER = "\u200d"


def chart(labels: dict[str, str]) -> alt.LayerChart:
    boxes = [
        {
            "x": place,
            "shown": "ZWJ" if point == JOINER else point,
            # Without "U+": seven of them are beside each other on a phone.
            "code": f"{ord(point):04X}",
            "side": labels["first"] if place < CUT else labels["second"],
        }
        for place, point in enumerate(FAMILY)
    ]
    # Where each side's result stands: in the middle of its boxes.
    results = [
        {"x": (CUT - 1) / 2, "shown": FAMILY[:CUT], "side": labels["first"]},
        {"x": (CUT + len(FAMILY) - 1) / 2, "shown": FAMILY[CUT:], "side": labels["second"]},
    ]
    x = alt.X("x:Q", axis=None).scale(domain=[-0.5, len(FAMILY) - 0.5])
    side = alt.Color("side:N").legend(None).scale(domain=[labels["first"], labels["second"]])
    points = alt.Chart(alt.Data(values=boxes)).encode(x=x, color=side)
    whole = alt.Chart(alt.Data(values=results)).encode(x=x, color=side)
    return alt.layer(
        points.mark_square(size=1400, filled=False, strokeWidth=2).encode(y=alt.value(40)),
        points.mark_text(fontSize=15).encode(y=alt.value(40), text="shown:N"),
        points.mark_text(fontSize=12).encode(y=alt.value(74), text="code:N"),
        whole.mark_text(fontSize=34).encode(y=alt.value(130), text="shown:N"),
        whole.mark_text(fontSize=12).encode(y=alt.value(165), text="side:N"),
    ).properties(width="container", height=180)
