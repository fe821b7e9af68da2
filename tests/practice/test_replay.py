"""What a program did is drawn with the real Streamlit, and nothing of it harms the page."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pydantic
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from pydantic import JsonValue
from streamlit.testing.v1 import AppTest

from practice.elements import MOST_COLUMNS, MOST_MARKDOWN, TABLE
from practice.events import (
    Draw,
    DrawnPage,
    Event,
    Failed,
    Forged,
    Idle,
    Piece,
    Printed,
    Shown,
    guest_event,
)
from practice.replay import MOST_PRINTED, PAGE, SIDEBAR, Replay
from practice.sandbox.job import RunLimits
from streaming.view.untrusted import safe


def _app(events):  # type: ignore[no-untyped-def]
    # Streamlit runs its text alone.
    import streamlit as st

    from practice.replay import Replay

    replay = Replay(key="test", printed="Printed", sidebar="Sidebar")
    replay.take(events)
    replay.show(last=True)
    st.caption("below")


# Seconds that no page takes to run, however busy the machine is.
TIMEOUT = 60


def drawn(*events: Event) -> AppTest:
    """Return the page on which these events have been drawn."""
    page = AppTest.from_function(_app, args=(events,), default_timeout=TIMEOUT).run()
    assert not page.exception
    return page


def draw(name: str, id: int, into: int = 0, count: int = 1, **args: JsonValue) -> Draw:  # noqa: A002
    return Draw(name=name, args=args, into=into, id=id, count=count)


def test_elements_are_drawn_where_the_program_put_them() -> None:
    page = drawn(
        draw("columns", 1, spec=2, count=2),
        draw("markdown", 3, into=2, body="right"),
        draw("markdown", 4, into=1, body="left"),
        draw("success", 5, body="below"),
    )
    assert [each.value for column in page.columns for each in column.markdown] == ["left", "right"]
    assert page.success[0].value == "below"


def test_what_goes_into_the_sidebar_stays_in_the_exercise() -> None:
    page = drawn(draw("markdown", 1, into=-1, body="aside"))
    assert [each.value for each in page.main.markdown] == ["aside"]
    assert not page.sidebar.markdown
    assert [each.value for each in page.caption] == ["Sidebar", "below"]


def test_a_stream_grows_and_what_happens_meanwhile_is_drawn() -> None:
    page = drawn(
        draw("stream", 1, source={"kind": "complete", "call": 0}, cursor=None),
        Piece(id=1, text="One "),
        Printed(text="a piece\n"),
        Piece(id=1, text=None),
        Piece(id=1, text="two."),
        Shown(id=1),
        draw("info", 2, body="after"),
    )
    assert [each.value for each in page.markdown] == ["One", "two."]
    assert page.code[0].value == "a piece"
    assert page.info[0].value == "after"


def test_a_stream_that_has_ended_has_no_cursor_though_the_program_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A page in the middle of a run.
    monkeypatch.setattr(Replay, "show", lambda _, *, last: None)
    page = drawn(
        draw("stream", 1, source={"kind": "complete", "call": 0}, cursor="|"),
        Piece(id=1, text="One "),
        Shown(id=1),
        draw("markdown", 2, body="after"),
    )
    assert [each.value for each in page.markdown] == ["One", "after"]


def test_html_of_a_program_stays_text() -> None:
    page = drawn(draw("markdown", 1, body="<script>1</script>"))
    assert page.markdown[0].allow_html is False


def test_widgets_show_what_the_program_was_given_and_cannot_be_touched() -> None:
    page = drawn(
        draw("selectbox", 1, label="Model", options=["a", "b"], now=1),
        draw("text_input", 2, label="Prompt", now="Hi"),
        draw("button", 3, label="Go", now=True),
    )
    assert (page.selectbox[0].value, page.selectbox[0].disabled) == ("b", True)
    assert (page.text_input[0].value, page.text_input[0].disabled) == ("Hi", True)
    assert page.button[0].disabled
    assert page.text_input[0].key == "test-2"


def test_a_widget_that_is_used_tells_its_label_and_its_new_value() -> None:
    def page() -> None:
        import streamlit as st

        from practice.events import Draw
        from practice.replay import Replay

        used = st.session_state.setdefault("used", [])
        replay = Replay(key="k", use=lambda *use: used.append(use), printed="", sidebar="")
        fields = [
            Draw(
                name="selectbox", id=1, into=0, args={"label": "M", "options": ["a", "b"], "now": 0}
            ),
            Draw(name="text_input", id=2, into=0, args={"label": "P", "now": "Hi"}),
            Draw(name="button", id=3, into=0, args={"label": "Go", "now": False}),
            Draw(
                name="button", id=4, into=0, args={"label": "Off", "now": False, "disabled": True}
            ),
            Draw(name="form", id=5, into=0, args={}),
            Draw(name="checkbox", id=6, into=5, args={"label": "In", "now": False}),
        ]
        replay.take(fields)

    app = AppTest.from_function(page).run()
    assert not app.exception
    app.selectbox[0].set_value("b").run()
    app.text_input[0].set_value("Hello").run()
    app.button[0].click().run()
    assert app.session_state["used"] == [("M", "b"), ("P", "Hello"), ("Go", True)]
    assert app.button[1].disabled
    assert app.checkbox[0].disabled


def test_a_call_that_streamlit_refuses_is_shown_as_its_refusal_and_keeps_nothing_else_off() -> None:
    page = drawn(draw("header", 1, body="x", divider="pink"), draw("markdown", 2, body="next"))
    assert page.error[0].value.startswith("`st.header`: ")
    assert page.markdown[0].value == "next"


def test_a_spinner_ends_with_its_block_or_with_the_run() -> None:
    for last in ([Shown(id=1)], []):
        page = drawn(draw("spinner", 1, text="Thinking..."), *last)
        assert "Thinking" not in str(page.main)


def test_a_status_changes_and_nothing_else_takes_a_change() -> None:
    status = draw("status", 1, label="Working", state="running")
    page = drawn(status, draw("update", 2, into=1, label="Done", state="complete"))
    assert [(each.label, each.state) for each in page.status] == [("Done", "complete")]
    page = drawn(draw("container", 1), draw("update", 2, into=1, label="Done"))
    assert "st.status" in page.error[0].value


def test_forms_tabs_and_what_is_in_them_are_drawn() -> None:
    page = drawn(
        draw("tabs", 1, tabs=["one", "two"], count=2),
        draw("form", 3, into=2, border=True),
        draw("form_submit_button", 4, into=3, label="Send", now=True),
        draw("chat_input", 5, placeholder="Say something", now=None),
    )
    assert [each.label for each in page.tabs[1].button] == ["Send"]
    assert page.chat_input[0].placeholder == "Say something"
    assert page.chat_input[0].disabled


def test_only_the_end_of_very_much_that_is_printed_is_kept() -> None:
    page = drawn(Printed(text="begin"), Printed(text="x" * MOST_PRINTED), Idle())
    assert page.code[0].value == "x" * MOST_PRINTED


def test_a_text_without_end_goes_on_in_the_next_element() -> None:
    pieces = [Piece(id=1, text="x" * 6_000) for _ in range(4)]
    page = drawn(draw("stream", 1, source={"kind": "list"}), *pieces)
    assert [len(each.value) for each in page.markdown] == [6_000] * 4


def shows(*takes: tuple[Event, ...]) -> list[str]:
    """Return the texts that are drawn when a page takes and shows events, again and again."""
    looks: list[str] = []

    def app(takes, looks):  # type: ignore[no-untyped-def]
        from unittest.mock import patch

        from streamlit.delta_generator import DeltaGenerator

        from practice.replay import Replay

        for kind in ("markdown", "code"):
            real = getattr(DeltaGenerator, kind)

            def noted(place, *args, real=real, **options):  # type: ignore[no-untyped-def]
                looks.append(options.get("body") or args[0])
                return real(place, *args, **options)

            patch.object(DeltaGenerator, kind, noted).start()
            patch(f"streamlit.{kind}", lambda text, noted=noted, **_: noted(st._main, text)).start()
        import streamlit as st

        replay = Replay(key="", printed="", sidebar="")
        for number, events in enumerate(takes, 1):
            replay.take(events)
            replay.show(last=number == len(takes))
        patch.stopall()

    AppTest.from_function(app, args=(takes, looks), default_timeout=TIMEOUT).run()
    return looks


STREAM = draw("stream", 1, source={"kind": "list"}, cursor="|")


def test_what_is_there_already_is_drawn_at_once_and_does_not_begin_anew() -> None:
    pieces = [Piece(id=1, text=text) for text in ("One", " and", " two.")]
    assert shows((STREAM, *pieces, Printed(text="a"), Printed(text="b")), ()) == [
        *("One and two.|", "ab", "One and two.")
    ]


def test_of_a_text_that_grows_only_the_open_block_is_sent_again() -> None:
    first = Piece(id=1, text="A paragraph.\n\nAnother")
    assert shows((STREAM, first), (Piece(id=1, text=" one"),)) == [
        *("A paragraph.\n\n", "Another|", "Another one")
    ]


def test_of_what_was_in_a_place_one_after_the_other_the_last_is_drawn() -> None:
    frames = [draw("markdown", number, into=1, body=f"{number}") for number in range(2, 9)]
    assert shows((draw("empty", 1), *frames[:5]), (frames[5], frames[6])) == ["6", "8"]


def test_what_was_in_a_container_that_was_replaced_is_not_drawn_elsewhere() -> None:
    page = drawn(
        draw("empty", 1),
        draw("container", 2, into=1),
        draw("markdown", 3, into=2, body="gone"),
        draw("stream", 4, into=2, source={"kind": "list"}),
        draw("container", 5, into=1),
        Piece(id=4, text="gone, too"),
        draw("markdown", 6, into=5, body="there"),
    )
    assert [each.value for each in page.markdown] == ["there"]


def test_what_takes_too_long_to_draw_is_left_out_and_said() -> None:
    def app(events):  # type: ignore[no-untyped-def]
        from itertools import count

        from practice.replay import Replay

        ticks = count()
        replay = Replay(
            key="", printed="", sidebar="", too_much="too much", clock=lambda: next(ticks)
        )
        replay.take(events)
        replay.show(last=True)

    events = [draw("markdown", number, body=str(number)) for number in range(1, 99)]
    page = AppTest.from_function(app, args=(events,), default_timeout=TIMEOUT).run()
    assert [each.value for each in page.markdown] == ["1", "2", "3"]
    assert [each.value for each in page.caption] == ["too much"]


# Seconds of processor time; it takes 0.2 at most.
HANG = 5.0

PICTURE = "![x](http://x.test/y)"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("markdown", {"body": PICTURE}),
        ("success", {"body": "x", "title": PICTURE}),
        ("exception", {"exception": PICTURE}),
        ("radio", {"label": "x", "options": [PICTURE], "now": 0}),
    ],
)
def test_no_picture_of_a_program_is_fetched(name: str, args: dict[str, JsonValue]) -> None:
    page = drawn(Draw(name=name, args=args, into=0, id=1))
    shown = "".join(str(each.proto) for each in page.main)
    # An image that is escaped is an exclamation mark and a link.
    assert "![" not in shown.replace(r"\\![", "")
    assert "[x](http://x.test/y)" in shown


def test_images_in_the_longest_markdown_are_found_in_time() -> None:
    runs = "".join("![" + "`" * length + " " for length in range(1, 200))
    for text in (runs, "![", "![`", "```\n![\n", "[", "`a"):
        begun = time.thread_time()
        safe((text * MOST_MARKDOWN)[:MOST_MARKDOWN])
        assert time.thread_time() - begun < HANG, text[:20]


OPENED: list[str] = []


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event in ("open", "os.listdir", "socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        OPENED.append(f"{event} {args}")


BAIT = "bait-that-nothing-may-open"
TEXTS = some.sampled_from(
    [
        *(f"/tmp/{BAIT}", f"./{BAIT}.svg", f"http://{BAIT}.test/x.png", f"file:///{BAIT}"),
        *(f"![x](http://{BAIT}.test)", f"data:image/png,{BAIT}", "user", "🙂", ":material/home:"),
        *("", "x", "stretch", "\0", "$$", "`" * 40, "[" * 200, "%d", "red"),
    ]
)
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
NAMES = sorted({name for row in TABLE.values() for name in row.arguments.model_fields})
# What is needed is likely to be right, so that not all calls are refused for the same reason.
LIKELY: dict[str, some.SearchStrategy[object]] = {
    **dict.fromkeys(("body", "label", "name", "text", "exception", "avatar", "icon"), TEXTS),
    "now": some.sampled_from([None, False, 0, 1, "x", [0, 1]]),
    "options": some.lists(TEXTS, min_size=2, max_size=3),
    "value": some.integers() | TEXTS,
    "spec": some.sampled_from([1, 2, 3, [1, 2.5], 21]),
    "source": some.just({"kind": "generator"}),
}


@some.composite
def calls(pick: some.DrawFn) -> dict[str, object]:
    """Return a call that a program may write to its pipe."""
    name = pick(some.sampled_from([*TABLE, "write", "image", "_enqueue"]))
    fields = TABLE[name].arguments.model_fields if name in TABLE else {}
    args = {
        field: pick(LIKELY.get(field, VALUES))
        for field, info in fields.items()
        if info.is_required() or pick(some.sampled_from(range(8))) == 7
    }
    if pick(some.sampled_from(range(8))) == 7:
        args |= {pick(some.sampled_from(NAMES)): pick(VALUES)}
    spec = args.get("spec", 1)
    return {
        "op": "draw",
        "name": name,
        "args": args,
        "into": pick(some.integers(0, 30)),
        "count": spec if isinstance(spec, int) else 2,
    }


OTHERS = some.sampled_from(
    [
        *({"op": "shown", "id": number} for number in range(30)),
        *({"op": "piece", "id": number, "text": f"![]({BAIT})"} for number in range(30)),
    ]
)


LIMITS = RunLimits()


def _as_a_run_tells(lines: list[dict[str, Any]]) -> list[Event]:
    """Return the events of these lines; a run lets nothing be drawn twice, or into nowhere."""
    page, made, blocks = DrawnPage(LIMITS.nesting, LIMITS.spinners), [PAGE], [PAGE, SIDEBAR]
    events: list[Event] = []
    for number, line in enumerate(lines, 1):
        if line["op"] == "draw":
            where = {"id": number * MOST_COLUMNS, "into": blocks[line["into"] % len(blocks)]}
        else:
            where = {"id": made[line["id"] % len(made)]}
        try:
            event = guest_event(json.dumps(line | where).encode())
        except (pydantic.ValidationError, Forged):
            continue
        if isinstance(event, Draw | Piece | Shown):
            event = page.take(event)
        if isinstance(event, Failed):
            continue
        assert isinstance(event, Draw | Piece | Shown)
        events.append(event)
        if isinstance(event, Draw):
            made += range(event.id, event.id + event.count)
            blocks += made[-event.count :] if TABLE[event.name].is_block else []
    return events


@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, *HealthCheck],
)
@given(some.lists(calls() | calls() | OTHERS, min_size=20, max_size=40))
def test_whatever_a_program_draws_opens_nothing_and_ends_no_page(
    lines: list[dict[str, Any]],
) -> None:
    events = _as_a_run_tells(lines)
    OPENED.clear()
    page = drawn(*events)
    assert page.caption[-1].value == "below"
    assert not [each for each in OPENED if BAIT in each]


def test_the_ear_hears_what_is_opened(tmp_path: Path) -> None:
    (tmp_path / BAIT).write_text("x")
    assert any(BAIT in each for each in OPENED)


sys.addaudithook(_hear)
