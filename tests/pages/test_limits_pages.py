"""A server's limits on its pages: over one, the page says so and the lesson stays."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from course import ROOT, settings
from course.content import lesson as catalog
from course.exercises import workbench as practice_panel
from course.exercises.rate import RateLimit
from course.language import Language, texts
from course.limits import admission as limits_panel
from course.limits.ledgers import SqliteLedger, Used
from course.limits.policy import Entry, StreamQueue
from course.problems import log_once
from course.progress.stores import default_path
from practice import load_exercises
from practice.exercises import LESSONS
from tests.pages.pressing import asked, finish, press, programs_go_on
from tests.streaming.asking import wait_for

PAGES = ROOT / "pages"
DAY_2, DAY_3 = (PAGES / f"{lesson.name}.py" for lesson in catalog.lessons()[1:3])
HEADINGS = {PAGES / f"{lesson.name}.py": len(lesson.meta.sections) for lesson in catalog.lessons()}
# Only a hang takes as long.
SECONDS = 300
FEW = "[limits]\nlocal = true\noutput_tokens = 200\n[limits.learner]\nrequests_per_day = {}\n"


@pytest.fixture(autouse=True)
def line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StreamQueue:
    """Let nobody have asked anything, and nobody stand in line."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(practice_panel, "RATE", RateLimit(count=99, seconds=60.0))
    line = StreamQueue(grace=0.0)
    monkeypatch.setattr(limits_panel, "QUEUE", line)
    return line


@pytest.fixture
def set_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Return what writes the server's settings."""
    file = tmp_path / "server.toml"
    monkeypatch.setenv(settings.VARIABLE, str(file))
    changes = iter(range(1, 99))

    def write(source: str) -> None:
        file.write_text(source)
        os.utime(file, ns=(next(changes),) * 2)

    return write


def open_page(page: Path = DAY_3, language: str = "en") -> AppTest:
    app = AppTest.from_file(str(page), default_timeout=SECONDS)
    app.query_params["lang"] = language
    return app.run()


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error, app.success)
    html = [each.proto.body for each in app.get("html")]
    return "\n".join([*(str(each.value) for kind in kinds for each in kind), *html])


def counted() -> Used:
    return SqliteLedger(default_path()).totals(datetime.now(UTC).date()).used


def run_program(app: AppTest, code: str) -> AppTest:
    """Press Run in the editor, and draw the page until the program ends, as a browser does."""

    def editor() -> Any:
        (found,) = (
            each for each in app.get("bidi_component") if "1_make_a_stream-editor" in each.proto.id
        )
        return found.proto

    states = WidgetStates()
    state = states.widgets.add()
    state.id = _make_trigger_id(editor().id, "events")
    state.json_trigger_value = json.dumps([{"event": "run", "value": code}])
    app._run(states)
    while json.loads(editor().json)["running"]:
        programs_go_on()
        app.run()
    return app


@pytest.mark.parametrize(
    ("page", "button", "language"),
    [
        (DAY_2, "Ask", "ko"),
        (DAY_3, "Generate", "en"),
    ],
    ids=["day 2 by SQL", "day 3"],
)
def test_a_learner_over_the_limit_is_told_which_and_until_when_and_the_lesson_stays(
    page: Path, button: str, language: Language, set_to: Callable[[str], None]
) -> None:
    set_to(FEW.format(1))
    app = press(open_page(page, language), button)
    assert len(app.metric) == 3
    assert not app.exception
    app = press(app, button)
    assert not app.exception
    assert not app.error
    known = texts(language)
    told = said(app)
    assert known["limits.learner_requests"].format(limit=1) in told
    assert "**00:00**" in told
    assert "(UTC)" in told
    assert known["limits.meanwhile"] in told
    assert not app.metric
    assert len(app.header) == HEADINGS[page]
    assert counted().requests == 1


def test_a_refusal_stays_when_another_widget_changes_and_asks_nothing(
    set_to: Callable[[str], None],
) -> None:
    set_to(FEW.format(1))
    app = press(press(open_page(), "Generate"), "Generate")
    app.text_input(key="prompt").set_value("Something else").run()
    assert texts("en")["limits.learner_requests"].format(limit=1) in said(app)
    assert counted().requests == 1


def test_what_an_answer_took_is_counted_in_the_end(set_to: Callable[[str], None]) -> None:
    set_to(FEW.format(9))
    press(open_page(), "Generate")
    used = counted()
    assert used.requests == 1
    assert 10 < used.tokens <= 220


def test_settings_that_cannot_be_used_are_said_and_nothing_is_asked_until_they_are_mended(
    set_to: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    log_once.cache_clear()
    set_to("[limits]\nlocl = true\n")
    app = open_page()
    where = "`server.toml` (2)"
    assert texts("en")["limits.settings"].format(where=where) in [e.value for e in app.error]
    assert len(app.header) == HEADINGS[DAY_3]
    app = press(app, "Generate")
    assert not app.exception
    assert not app.metric
    assert "Did you mean `local`?" in caplog.text
    assert "Did you mean" not in said(app)
    set_to("[limits]\nlocal = true\n")
    app = press(app, "Generate")
    assert not app.error
    assert len(app.metric) == 3


def test_counters_that_cannot_be_reached_stop_the_demo_and_not_the_lesson(
    set_to: Callable[[str], None], tmp_path: Path
) -> None:
    set_to(FEW.format(9))
    (tmp_path / "data").write_text("in the way")
    app = press(open_page(), "Generate")
    assert not app.exception
    assert texts("en")["limits.store"] in said(app)
    assert len(app.header) == HEADINGS[DAY_3]


def test_models_that_are_not_allowed_are_marked_and_refused(
    set_to: Callable[[str], None],
) -> None:
    set_to('[limits]\nlocal = true\nmodels = ["claude-haiku-4-5", "one-of-ours"]\n')
    app = open_page()
    model = app.selectbox(key="model-en")
    assert model.value == "claude-haiku-4-5"
    assert "llama3.1-8b (not offered here)" in model.options
    assert "one-of-ours" in model.options
    model.set_value("llama3.1-8b").run()
    offered = "It offers: `claude-haiku-4-5`, `one-of-ours`"
    assert offered in said(app)
    app = press(app, "Generate")
    assert not app.metric
    assert any(offered in warning.value for warning in app.warning)


def test_a_prompt_may_be_as_long_as_the_settings_say(set_to: Callable[[str], None]) -> None:
    set_to("[limits]\nlocal = true\nprompt_characters = 10\n")
    app = open_page()
    app.text_input(key="prompt").set_value("x" * 11).run()
    app = press(app, "Generate")
    assert any("11 characters" in each.value and "10" in each.value for each in app.warning)
    assert not app.metric


def test_a_learner_has_so_many_streams_at_once(
    set_to: Callable[[str], None], line: StreamQueue
) -> None:
    set_to("[limits.learner]\nstreams_at_once = 1\n")
    place = Entry(line, "local", most=1).enter()
    app = press(open_page(), "Generate")
    assert texts("en")["limits.streams"].format(limit=1) in said(app)
    place.leave()
    assert len(press(app, "Generate").metric) == 3


def test_who_has_to_wait_is_shown_the_place_in_line_and_gets_an_answer_in_turn(
    set_to: Callable[[str], None], line: StreamQueue
) -> None:
    set_to("[streams]\nat_once = 1\n")
    first = Entry(line, "somebody else", at_once=1).enter()
    second = Entry(line, "another", at_once=1, queue=9, patience=60)
    second.wait(0)
    told = texts("en")["limits.waiting"]
    app = open_page()
    next(button for button in app.button if button.label == "Generate").click().run()
    assert told.format(ahead=1) in said(app)
    first.leave()
    assert second.wait(0) is None
    (question,) = asked(app)
    wait_for(lambda: question.ahead == 0)
    assert told.format(ahead=0) in said(app.run())
    second.leave()
    finish(app)
    assert told.format(ahead=0) not in said(app)
    assert not app.exception
    assert len(app.metric) == 3
    assert len(line._ends) == 0


def test_stop_leaves_the_line(set_to: Callable[[str], None], line: StreamQueue) -> None:
    set_to(FEW.format(1) + "[streams]\nat_once = 1\n")
    place = Entry(line, "somebody else", at_once=1).enter()
    app = open_page()
    next(button for button in app.button if button.label == "Generate").click().run()
    app.button(key="stop").click().run()
    assert texts("en")["demo.stopped_early"] in said(app)
    assert (len(line._waiting), counted().requests) == (0, 0)
    place.leave()
    assert len(press(app, "Generate").metric) == 3


def test_a_program_over_the_limit_is_not_to_blame_and_not_judged(
    set_to: Callable[[str], None],
) -> None:
    known = texts("en")
    set_to(FEW.format(99))
    (exercise, *_) = load_exercises("day_03_write_streams", LESSONS)
    app = run_program(open_page(), exercise.solution)
    assert known["practice.passed"] in said(app)
    calls = counted().requests
    assert calls > 0
    set_to(FEW.format(calls))
    app = run_program(app, exercise.solution)
    assert not app.exception
    told = said(app)
    assert known["limits.practice"] in told
    assert known["limits.learner_requests"].format(limit=calls) in told
    for verdict in ("passed", "failed", "open"):
        assert f"[{known[f'practice.{verdict}']}]" not in told
    assert known["practice.stopped"] not in told
    assert counted().requests == calls
