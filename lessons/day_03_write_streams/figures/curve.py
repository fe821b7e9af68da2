"""Characters on the screen over time, streamed (method 1) and simulated (method 2)."""

import altair as alt

CHARACTERS = 2_000
FIRST_PIECE = 0.4
GENERATION = 10
# Method 2 shows five characters, then waits 0.05 seconds.
IMITATION = CHARACTERS / 5 * 0.05


def chart(labels: dict[str, str]) -> alt.LayerChart:
    end = GENERATION + IMITATION
    corners = {
        labels["method_1"]: [
            (0, 0),
            (FIRST_PIECE, 0),
            (GENERATION, CHARACTERS),
            (end, CHARACTERS),
        ],
        labels["method_2"]: [(0, 0), (GENERATION, 0), (end, CHARACTERS)],
    }
    points = [
        {"method": method, "time": time, "characters": characters}
        for method, path in corners.items()
        for time, characters in path
    ]
    lines = (
        alt.Chart(alt.Data(values=points))
        .mark_line(strokeWidth=3)
        .encode(
            alt.X("time:Q", title=labels["time"]).scale(domain=[0, end]).axis(tickCount=6),
            alt.Y("characters:Q", title=labels["characters"]).axis(tickCount=4, format=",d"),
            alt.Color("method:N", title=None)
            .scale(domain=list(corners))
            .legend(orient="bottom", direction="vertical", labelLimit=280),
            alt.StrokeDash("method:N", title=None)
            .scale(domain=list(corners), range=[[1, 0], [6, 4]])
            .legend(orient="bottom", direction="vertical", labelLimit=280),
        )
    )
    return alt.layer(lines).properties(width="container", height=340)
