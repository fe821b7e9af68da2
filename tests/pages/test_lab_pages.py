"""The stream lab on Day 3's page, run by Streamlit's own test harness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from connection import connect
from course import ROOT, settings
from course.lab import breaking, compare, cost, views
from course.lab import streams as calls
from course.language import Language, texts

PAGE = "pages/day_03_write_streams.py"
# Only a hang takes as long.
SECONDS = 300

OTHERS = ("wire", "breaking", "cost")


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
        app = app.selectbox(key=f"lab-question-{language}").set_value("short").run()
    return app


def begin(app: AppTest, view: str) -> AppTest:
    return app.button(key=f"lab-run-{view}").click().run()


def everything(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.code]
    return "\n".join(part.value for part in parts)


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


@pytest.mark.parametrize("language", ["en", pytest.param("ko", marks=pytest.mark.thorough)])
def test_a_comparison_shows_every_answer_and_what_to_look_for(language: Language) -> None:
    app = begin(open_lab("compare", language), "compare")
    assert not app.exception
    said = everything(app)
    for way in ("direct", "custom", "ours"):
        assert texts(language)[f"lab.way.{way}"] in said
    assert texts(language)["lab.found.heading"] in said
    assert texts(language)["lab.nothing_yet"] not in said
    assert not app.button(key="lab-run-compare").disabled
    runs = app.session_state["lab-compare"]
    assert len({lane.text for lane in runs.lanes}) == 1
    assert [row["run"] for row in runs.rows] == [1, 1, 1]


def test_one_way_that_fails_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = calls.open_stream

    def open_stream(session: object, way: str, settings: calls.Settings) -> object:
        given = replace(settings, name="no-such-model") if way == "custom" else settings
        return usual(session, way, given)  # type: ignore[arg-type]

    monkeypatch.setattr(calls, "open_stream", open_stream)
    app = begin(open_lab(), "compare")
    assert not app.exception
    assert len(app.error) == 1
    assert "Method 2" in app.error[0].value
    lanes = {lane.way: lane for lane in app.session_state["lab-compare"].lanes}
    assert lanes["custom"].code == "bad_request"
    assert lanes["direct"].text == lanes["ours"].text != ""


def test_the_wire_is_shown_step_by_step() -> None:
    app = begin(open_lab("wire"), "wire")
    assert not app.exception
    steps = app.session_state["lab-wire"].steps
    assert len(steps) > 10
    assert steps[0].event.startswith("data: {")
    # To begin with, the first half of the emoji.
    assert app.slider(key="lab-step").value == 2
    assert "U+D83D" in everything(app)
    app = app.button(key="lab-step-after").click().run()
    assert app.slider(key="lab-step").value == 3
    assert "U+1F600" in everything(app)
    assert "127.0.0.1" not in everything(app)


def test_a_cost_is_measured_or_it_is_said_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "GAP_SECONDS", 0.0)
    app = begin(open_lab("cost"), "cost")
    assert not app.exception
    meters = app.session_state["lab-cost"].meters
    assert set(meters) == {"naive", "ours"}
    assert "CPU time" in everything(app)


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
    assert "Local Cortex could not start" in app.error[0].value
    assert not app.button(key="lab-run-compare").disabled
    monkeypatch.undo()
    st.cache_resource.clear()


def test_a_run_that_nobody_waits_for_any_more_does_not_begin() -> None:
    app = open_lab()
    app.session_state[views.WANTED] = ("compare", -1_000.0)
    app = app.run()
    assert not app.session_state["lab-compare"].lanes
    assert isinstance(app.session_state["lab-compare"], compare.Runs)


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
    monkeypatch.setattr(cost, "GAP_SECONDS", 0.0)
    app = open_lab(view)
    for _ in range(2):
        app = begin(app, view)
    assert not app.exception
    assert texts("en")["limits.learner_requests"].format(limit=1) in everything(app)
    assert not app.button(key=f"lab-run-{view}").disabled
    if view in ("compare", "breaking"):
        # All of a run's questions are let in or none.
        assert not getattr(app.session_state[f"lab-{view}"], "lanes", [])
        assert not getattr(app.session_state[f"lab-{view}"], "outcomes", ())
