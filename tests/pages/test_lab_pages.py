"""The stream lab on Day 3's page, run by Streamlit's own test harness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, get_args

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from connection import connect
from course import ROOT, lab, settings, shelf
from course.content import LabView
from course.lab import breaking, compare, conversation, cost, wire
from course.lab import streams as calls
from course.lab.jobs import Job
from course.lab.streams import Way
from course.language import Language, texts
from course.limits import Admission, Refusal
from course.stream_errors import explain
from streaming import SimulatedStrategy, Strategy, StreamUnavailable
from streaming.view import show
from tests.local_cortex.cortex_engines import eventually

if TYPE_CHECKING:
    from snowflake.snowpark import Session

PAGE = "pages/day_03_write_streams.py"
# Only a hang takes as long.
SECONDS = 300

VIEWS: tuple[LabView, ...] = get_args(LabView)
# Each asks for its place in a way of its own; the others ask as a comparison does.
OTHERS = ("wire", "breaking", "conversation", "stop")


@pytest.fixture(autouse=True)
def every_view(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the day's lab every view, unless the test is about which ones it has."""
    if "its_views" not in request.fixturenames:
        draw = lab.draw
        monkeypatch.setattr(lab, "draw", lambda _: draw(VIEWS))


@pytest.fixture
def its_views(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open the lab of a day with these views."""

    def open_with(*views: LabView) -> AppTest:
        draw = lab.draw
        monkeypatch.setattr(lab, "draw", lambda _: draw(views))
        app = open_page()
        app.session_state["lab-drawer"] = True
        return app.run()

    return open_with


def open_page(language: Language = "en", page: str = PAGE) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=SECONDS)
    app.query_params["lang"] = language
    return app.run().switch_page(page).run()


def open_lab(view: str = "compare", language: Language = "en") -> AppTest:
    app = open_page(language)
    # AppTest has no way to open an expander.
    app.session_state["lab-drawer"] = True
    app = app.run()
    app = app.radio(key=f"lab-view-{language}").set_value(view).run()
    if view == "compare":
        # Method 2 takes a second for every hundred characters otherwise.
        app.slider(key="lab-delay").set_value(0.0)
        question = app.selectbox(key=f"lab-question-{language}")
        assert question.value == "medium"
        app = question.set_value("short").run()
    return app


def begin(app: AppTest, view: str) -> AppTest:
    return app.button(key=f"lab-run-{view}").click().run()


def job(app: AppTest, view: str) -> Job:
    found: Job = app.session_state["lab-bench"].jobs[view]
    return found


def run_to_its_end(app: AppTest, view: str) -> AppTest:
    app = begin(app, view)
    assert not app.exception
    assert job(app, view).join(SECONDS)
    # Where a browser would start the lab's fragment again.
    return app.run()


def lanes(app: AppTest) -> dict[Way, calls.Lane]:
    comparison = job(app, "compare")
    assert isinstance(comparison, compare.Comparison)
    return {lane.way: lane for lane in comparison.lanes}


def everything(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.code]
    return "\n".join(part.value for part in parts)


@pytest.mark.thorough
def test_the_labs_settings_stay_through_a_change_of_language_and_back() -> None:
    app = open_lab()
    app.select_slider(key="lab-speed-en").set_value(80.0)
    app.selectbox(key="lab-pace-en").set_value("calm")
    app = app.selectbox(key="model-en").set_value("mistral-large").run()
    for language in ("ko", "en"):
        app = app.radio(key="course_language_chooser").set_value(language).run()
        assert not app.exception
        assert app.selectbox(key=f"lab-question-{language}").value == "short"
        assert app.select_slider(key=f"lab-speed-{language}").value == 80.0
        assert app.selectbox(key=f"lab-pace-{language}").value == "calm"
        assert app.selectbox(key=f"model-{language}").value == "mistral-large"
    app = app.radio(key="lab-view-en").set_value("breaking").run()
    app = app.selectbox(key="lab-fault-en").set_value(breaking.FAULTS[2]).run()
    app = app.radio(key="course_language_chooser").set_value("ko").run()
    assert app.radio(key="lab-view-ko").value == "breaking"
    assert app.selectbox(key="lab-fault-ko").value == breaking.FAULTS[2]


def test_a_closed_lab_is_a_heading_and_a_drawer() -> None:
    app = open_page()
    assert not app.exception
    assert "Stream lab" in [part.value for part in app.subheader]
    assert not [each.key for each in app.radio if each.key and each.key.startswith("lab-")]
    assert "[Stream lab](#lab)" in everything(app)


def test_other_days_have_no_lab() -> None:
    app = open_page(page="pages/day_02_hello_cortex.py")
    assert "Stream lab" not in [part.value for part in app.subheader]
    assert "#lab" not in everything(app)


def test_the_lab_offers_only_its_days_views(its_views: Callable[..., AppTest]) -> None:
    app = its_views("cost", "wire")
    titles = [texts("en")[f"lab.{name}.title"] for name in ("cost", "wire")]
    assert app.radio(key="lab-view-en").options == titles
    assert app.button(key="lab-run-cost")


def test_a_lab_with_one_view_has_nothing_to_choose(its_views: Callable[..., AppTest]) -> None:
    app = its_views("break")
    assert not app.exception
    assert not [each for each in app.radio if (each.key or "").startswith("lab-view")]
    assert app.button(key="lab-run-breaking")


def test_a_comparison_shows_every_answer_and_what_to_look_for() -> None:
    app = run_to_its_end(open_lab("compare"), "compare")
    assert not app.exception
    said = everything(app)
    for way in ("direct", "custom", "ours"):
        assert texts("en")[f"lab.way.{way}"] in said
    assert texts("en")["lab.found.heading"] in said
    assert texts("en")["lab.nothing_yet"] not in said
    assert not [button for button in app.button if button.key == "lab-stop"]
    assert len({lane.text for lane in lanes(app).values()}) == 1
    assert [row["run"] for row in app.session_state["lab-bench"].past] == [1, 1, 1]


def test_a_refreshed_page_opens_the_lab_with_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tab that was refreshed is gone.
    monkeypatch.setattr(shelf, "SHELF", shelf.Shelf(lambda _: False))
    before = open_lab("cost")
    before.session_state[shelf.TAB] = "5" * 32
    before = begin(before.run(), "cost")
    after = open_page()
    assert "lab-view-en" not in [each.key for each in after.radio]
    after.session_state[shelf.TAB] = "5" * 32
    after = after.run()
    assert not after.exception
    assert after.radio(key="lab-view-en").value == "cost"
    assert job(after, "cost") is job(before, "cost")
    job(after, "cost").cancel()


def test_both_protocols_show_their_events_and_only_one_tells_why_it_ended() -> None:
    app = run_to_its_end(open_lab("protocols"), "protocols")
    assert not app.exception
    said = everything(app)
    assert said.count("`length`") == 1
    assert said.count("`[DONE]`") == 1
    assert said.count(texts("en")["lab.protocols.nothing"]) == 2
    tables = [part.proto.body for part in app.get("html") if "<table>" in part.proto.body]
    assert ["finish_reason" in each for each in tables] == [False, True]


def test_other_views_pages_and_languages_leave_a_run_alone_and_stop_ends_it() -> None:
    app = open_lab()
    app.slider(key="lab-delay").set_value(0.1)
    app = begin(app.select_slider(key="lab-speed-en").set_value(10.0).run(), "compare")
    running = job(app, "compare")
    app = app.radio(key="lab-view-en").set_value("wire").run()
    app = app.radio(key="course_language_chooser").set_value("ko").run()
    app = app.switch_page("pages/day_02_hello_cortex.py").run()
    app = app.switch_page(PAGE).run()
    app = app.radio(key="lab-view-ko").set_value("compare").run()
    assert not app.exception
    assert job(app, "compare") is running
    assert running.running
    app = app.button(key="lab-stop").click().run()
    assert running.join(SECONDS)
    app = app.run()
    assert texts("ko")["lab.stopped"] in everything(app)
    assert not [button for button in app.button if button.key == "lab-stop"]


def test_a_run_that_waits_for_its_place_says_how_many_are_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = open_lab()
    monkeypatch.setattr(Admission, "wait", lambda *_: 7)
    app = begin(app, "compare")
    waiting = job(app, "compare")
    assert eventually(lambda: waiting.ahead == 7)
    app = app.run()
    assert texts("en")["limits.waiting"].format(ahead=7) in everything(app)
    app = app.button(key="lab-stop").click().run()
    assert waiting.join(SECONDS)
    app = app.run()
    assert texts("en")["lab.stopped"] in everything(app)
    assert not app.session_state["lab-bench"].past


def test_a_run_that_is_refused_while_it_waits_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Refusal("learner_requests", limit=3)

    app = open_lab()
    monkeypatch.setattr(Admission, "wait", refuse)
    app = run_to_its_end(app, "compare")
    assert not app.exception
    assert texts("en")["limits.learner_requests"].format(limit=3) in everything(app)


def test_a_run_ends_the_one_before_it() -> None:
    app = open_lab()
    app = begin(app.select_slider(key="lab-speed-en").set_value(10.0).run(), "compare")
    first = job(app, "compare")
    app = begin(app.radio(key="lab-view-en").set_value("wire").run(), "wire")
    assert not app.exception
    assert first.join(SECONDS)
    assert first.stopped
    assert not job(app, "wire").stopped
    app.button(key="lab-stop").click().run()
    assert job(app, "wire").join(SECONDS)


def test_one_way_that_fails_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = calls.strategy_of

    def fail(_: object) -> Iterator[str]:
        raise StreamUnavailable("bad_request")

    def strategy_of(session: Session, way: Way, settings: calls.Settings) -> Strategy:
        return SimulatedStrategy(fail) if way == "custom" else usual(session, way, settings)

    monkeypatch.setattr(calls, "strategy_of", strategy_of)
    app = run_to_its_end(open_lab(), "compare")
    assert not app.exception
    assert len(app.error) == 1
    assert "Method 2" in app.error[0].value
    assert lanes(app)["custom"].code == "bad_request"
    assert lanes(app)["direct"].text == lanes(app)["ours"].text != ""


def test_a_fault_shows_what_day_3s_program_loses_beside_what_the_library_keeps() -> None:
    app = open_lab("breaking").selectbox(key="lab-fault-en").set_value("truncated").run()
    app = run_to_its_end(app, "breaking")
    assert not app.exception
    english, said = texts("en"), everything(app)
    assert f"#### fault-truncated: {english['lab.fault.truncated']}" in said
    for name, _ in breaking.SIDES:
        assert f"**{english[f'lab.breaking.{name}']}**" in said
    experiment = job(app, "breaking")
    assert isinstance(experiment, breaking.Experiment)
    _, library = experiment.outcomes
    assert library.shown
    assert said.count(library.shown) == 2
    assert english["lab.breaking.kept"].format(characters=0) in said
    assert english["lab.breaking.kept"].format(characters=len(library.shown)) in said
    assert str(library.said) in said


def test_the_wire_is_shown_step_by_step() -> None:
    app = run_to_its_end(open_lab("wire"), "wire")
    assert not app.exception
    look = job(app, "wire")
    assert isinstance(look, wire.Look)
    steps = look.steps
    assert len(steps) > 10
    assert steps[0].event.startswith("data: {")
    # To begin with, the first half of the emoji.
    assert app.slider(key="lab-step").value == 3
    assert "U+D83D" in everything(app)
    app = app.button(key="lab-step-after").click().run()
    assert app.slider(key="lab-step").value == 4
    assert "U+1F600" in everything(app)
    assert "127.0.0.1" not in everything(app)


def test_a_cost_is_measured_or_it_is_said_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "GAP_SECONDS", 0.0)
    # In this harness the whole page runs, so a turn would be over at once.
    monkeypatch.setattr(cost, "Turn", lambda: SimpleNamespace(over=False))
    monkeypatch.setattr(cost, "show", lambda stream, key: show(stream))
    app = run_to_its_end(open_lab("cost"), "cost").run()
    assert not app.exception
    measurement = job(app, "cost")
    assert isinstance(measurement, cost.Measurement)
    assert measurement.measured
    assert measurement.shown == len(measurement.answer) > 0
    assert not measurement.running
    assert "CPU time" in everything(app)


def test_a_conversation_within_a_budget_sends_fewer_tokens_than_one_that_is_sent_whole() -> None:
    app = open_lab("conversation")
    app.slider(key="lab-turns").set_value(3)
    app = app.slider(key="lab-budget").set_value(50).run()
    app = run_to_its_end(app, "conversation")
    assert not app.exception
    ran = job(app, "conversation")
    assert isinstance(ran, conversation.Conversations)
    whole, trimmed = ran.turns["whole"], ran.turns["trimmed"]
    assert [turn.messages for turn in whole] == [1, 3, 5]
    assert [turn.messages for turn in trimmed] == [1, 1, 1]
    # The server's own count, which the client throws away.
    assert all(turn.counted for turn in (*whole, *trimmed))
    assert whole[1].sent > whole[0].sent + whole[0].received
    (table,) = (each.value for each in app.dataframe)
    assert list(table["whole_sent"]) == [turn.sent for turn in whole]
    first, second, third = map(float, table["whole_credits"])
    assert 0 < first < second < third
    assert f"{sum(turn.sent for turn in whole):,} tokens" in everything(app)


def test_a_conversation_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> Iterator[str]:
        raise StreamUnavailable("bad_request")

    monkeypatch.setattr(conversation, "DirectStrategy", lambda _: SimulatedStrategy(fail))
    app = run_to_its_end(open_lab("conversation"), "conversation")
    assert not app.exception
    said = explain(StreamUnavailable("bad_request"), "en")
    assert f"**{texts('en')['lab.conversation.ended']}** {said}" in everything(app)


def test_on_an_account_a_fault_and_a_speed_cannot_be_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = open_lab("breaking")
    account = replace(connect(None), kind="account")
    monkeypatch.setattr("course.lab.views.connect", lambda _: account)
    app = app.run()
    assert not app.exception
    assert "Local Cortex only" in everything(app)
    assert not [each for each in app.selectbox if each.key == "lab-fault-en"]
    app = app.radio(key="lab-view-en").set_value("compare").run()
    assert app.select_slider(key="lab-speed-en").disabled
    assert texts("en")["lab.compare.speed_fixed"] in everything(app)


def test_a_connection_that_fails_is_explained_in_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_lab()
    connect("local").reset()
    st.cache_resource.clear()
    monkeypatch.setenv("COURSE_RELAY_URL", "127.0.0.1:11434/v1")
    app = begin(app, "compare")
    assert not app.exception
    assert "Local Cortex couldn't start" in app.error[0].value
    monkeypatch.undo()
    st.cache_resource.clear()


@pytest.mark.parametrize(
    "view",
    ["compare", *(pytest.param(each, marks=pytest.mark.thorough) for each in OTHERS)],
)
def test_what_this_server_does_not_allow_is_not_asked_and_it_is_said_why(
    view: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "server.toml"
    file.write_text("[limits]\nlocal = true\n[limits.learner]\nrequests_per_day = 1\n")
    monkeypatch.setenv(settings.VARIABLE, str(file))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    app = open_lab(view)
    # All of a run's questions are let in or none.
    one_question = view == "wire"
    if one_question:
        app = run_to_its_end(app, view)
    app = begin(app, view)
    assert not app.exception
    assert len(app.session_state["lab-bench"].jobs) == one_question
    assert texts("en")["limits.learner_requests"].format(limit=1) in everything(app)
