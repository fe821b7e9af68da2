"""The exercises on a lesson's page, run by Streamlit's own test harness."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest

from connection import ConnectionFailed
from course import ROOT, shelf
from course import progress as progress_panel
from course.content import anchor_of
from course.exercises import answering, live_run
from course.exercises import workbench as practice_panel
from course.exercises.rate import RateLimit
from course.language import texts
from course.progress.stores import SqliteStore, default_path
from course.visitor import Learner
from practice import Event, Exercise, ExerciseError, Unavailable, grade, load_exercises
from practice.exercises import LESSONS
from tests.pages.pressing import SECONDS, programs_go_on

PAGE = ROOT / "pages" / "day_01_connect.py"
DAY_3 = ROOT / "pages" / "day_03_write_streams.py"
EXERCISE = LESSONS / "day_01_connect" / "practice" / "1_both_places"


@pytest.fixture(autouse=True)
def _nobody_has_learned_anything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))


def open_page(language: str = "en") -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=SECONDS)
    app.query_params["lang"] = language
    return app.run()


def editor(app: AppTest, name: str = EXERCISE.name) -> Any:
    (found,) = (each for each in app.get("bidi_component") if f"-{name}-editor" in each.proto.id)
    return found.proto


def shown(app: AppTest, name: str = EXERCISE.name) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(editor(app, name).json)
    return data


def press(app: AppTest, button: str, value: object = True, name: str = EXERCISE.name) -> AppTest:
    """Press a button of an editor, as a browser does."""
    states = WidgetStates()
    state = states.widgets.add()
    state.id = _make_trigger_id(editor(app, name).id, "events")
    state.json_trigger_value = json.dumps([{"event": button, "value": value}])
    return app._run(states)


def run(app: AppTest, code: str, name: str = EXERCISE.name) -> AppTest:
    """Press Run, and draw the page again until the program has ended."""
    return over(press(app, "run", code, name), name)


def over(app: AppTest, name: str = EXERCISE.name) -> AppTest:
    """Draw the page again until what it runs has ended."""
    until = time.monotonic() + SECONDS
    while shown(app, name)["running"]:
        assert time.monotonic() < until
        programs_go_on()
        app.run()
    return app


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.warning, app.error, app.success)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def program(name: str) -> str:
    return (EXERCISE / name).read_text("utf-8")


def test_a_page_begins_with_the_starter_and_without_a_verdict() -> None:
    app = open_page()
    assert not app.exception
    assert shown(app)["code"] == program("starter.py")
    assert texts("en")["practice.passed"] not in said(app)


def test_a_right_program_passes_every_check_and_is_kept_as_solved() -> None:
    app = run(open_page(), program("solution.py"))
    assert not app.exception
    assert texts("en")["practice.solved"] in said(app)
    (learner,) = [fact for fact in kept() if fact.kind == "solved"]
    assert (learner.item, learner.value) == ("exercise:1_both_places", program("solution.py"))


RERUNS = """\
import streamlit as st
heard = st.session_state.setdefault("heard", [])
for text in heard:
    st.chat_message("user").markdown(text)
if prompt := st.chat_input("Say"):
    heard.append(f"heard {prompt}")
    st.markdown("an earlier page")
    st.rerun()
"""


def test_the_output_is_the_page_of_the_last_run_and_its_chat_goes_on() -> None:
    app = run(open_page(), RERUNS)
    for number, message in enumerate(("one", "two"), 1):
        # Of the first scene; the other one's page keeps what it has.
        over(app.chat_input[0].set_value(message).run())
        assert not app.exception
        heard = [each.markdown[0].value for each in app.chat_message]
        assert heard == ["heard one", "heard two"][:number]
        assert "an earlier page" not in said(app)


def test_a_click_in_the_output_scrolls_no_other_scene_into_view() -> None:
    def scrolls(app: AppTest) -> bool:
        return any("box.scrollTop" in each.proto.body for each in app.get("html"))

    app = run(open_page(), RERUNS)
    assert scrolls(app)
    app = over(app.chat_input[0].set_value("one").run())
    assert not scrolls(app)


def test_a_solved_run_shows_the_scene_that_the_exercise_is_about() -> None:
    app = run(open_page(), program("solution.py"))
    (script,) = [each.proto.body for each in app.get("html") if "box.scrollTop" in each.proto.body]
    scene = load_exercises(PAGE.stem)[0].about.scenes[0].id
    assert f"{scene}-" in script


def kept() -> list[Any]:
    return list(SqliteStore(default_path()).load("local"))


def test_a_wrong_program_is_told_the_first_thing_to_fix_and_its_line_is_marked() -> None:
    code = program("solution.py").replace("except SnowparkSessionException:", "except:")
    app = run(open_page(), code)
    assert "catches everything" in said(app)
    (mark,) = shown(app)["marks"]
    assert mark["line"] == 8
    assert texts("en")["practice.solved"] not in said(app)


def test_what_was_run_is_there_again_in_the_next_session_and_in_the_other_language() -> None:
    run(open_page(), "print('mine')\n")
    assert shown(open_page("ko"))["code"] == "print('mine')\n"


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [
        ("", False, True),
        ("never", False, False),
        pytest.param("always", True, True, marks=pytest.mark.thorough),
    ],
)
def test_the_solution_is_shown_when_the_instructor_wants_it_to_be(
    mode: str, before: bool, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(practice_panel.SOLUTIONS, mode)
    app = open_page()
    assert shows_the_solution(app) is before
    assert shows_the_solution(run(app, "x = 1\n")) is after


@pytest.mark.parametrize(("mode", "offered"), [("always", True), ("never", False), ("", False)])
def test_the_whole_program_comes_with_the_solution(
    mode: str, offered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(practice_panel.SOLUTIONS, mode)
    buttons = open_page().get("download_button")
    labels = [each.proto.label for each in buttons]
    assert (texts("en")["course.download"].format(file="day1.py") in labels) is offered
    # What streams meanwhile would begin again.
    assert buttons
    assert all(each.proto.ignore_rerun for each in buttons)


def shows_the_solution(app: AppTest) -> bool:
    return texts("en")["practice.solution"] in [each.label for each in app.expander]


def test_a_learner_who_runs_too_often_is_asked_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice_panel, "RATE", RateLimit(count=1, seconds=3_600.0))
    app = run(run(open_page(), "x = 1\n"), "x = 2\n")
    assert "You've run programs too often" in said(app)
    assert shown(app)["code"] == "x = 2\n"
    assert "You've run programs too often" not in said(app.run())


@pytest.mark.parametrize(
    ("how", "waits"),
    [pytest.param("anonymous", True, marks=pytest.mark.thorough), ("local", False)],
)
def test_runs_are_counted_for_a_learner_and_not_for_a_window(
    how: Literal["anonymous", "local"], waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(practice_panel, "RATE", RateLimit(count=1, seconds=3_600.0))
    monkeypatch.setattr(progress_panel, "learner", lambda: Learner("the same", how))
    run(open_page(), "x = 1\n")
    assert ("You've run programs too often" in said(run(open_page(), "x = 2\n"))) is waits


@pytest.mark.thorough
def test_a_scene_in_which_nothing_was_shown_says_so() -> None:
    app = run(open_page(), program("starter.py"))
    assert said(app).count(texts("en")["practice.nothing"]) == 1


@pytest.mark.thorough
def test_a_run_too_many_leaves_what_came_of_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice_panel, "RATE", RateLimit(count=1, seconds=3_600.0))
    code = program("solution.py")
    app = run(run(open_page(), code), code)
    assert "You've run programs too often" in said(app)
    assert texts("en")["practice.solved"] in said(app)


def test_a_program_that_is_no_python_is_not_run_and_told_only_that() -> None:
    app = run(open_page(), "st.write(\n")
    assert "Line 1 is not valid Python" in said(app)
    assert texts("en")["practice.output"] not in said(app)
    assert len(app.error) == 0


def test_a_failed_connection_is_told_and_no_try_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*given: object, **options: object) -> object:
        raise ConnectionFailed("network")

    monkeypatch.setattr(live_run, "Backend", failing)
    app = run(open_page(), program("solution.py"))
    assert not app.exception
    assert texts("en")["connection.failed"] in said(app)
    assert not [fact for fact in kept() if fact.kind == "tried"]
    assert not shows_the_solution(app)


def test_a_failed_connection_is_no_longer_told_once_it_has_been_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*given: object, **options: object) -> object:
        raise ConnectionFailed("network")

    monkeypatch.setattr(live_run, "Backend", failing)
    app = run(open_page(), "x = 1\n")
    app.button(key="practice-day_01_connect-1_both_places-failure-use-local").click().run()
    assert texts("en")["connection.failed"] not in said(app)


def test_a_fault_of_the_courses_own_leaves_a_page_that_can_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*given: object, **options: object) -> object:
        raise OSError("no room")

    monkeypatch.setattr(live_run, "Backend", failing)
    app = run(open_page(), "x = 1\n")
    assert not app.exception
    assert texts("en")["practice.crashed"] in said(app)
    assert shown(app)["running"] is False
    monkeypatch.undo()
    assert texts("en")["practice.crashed"] not in said(run(app, "x = 1\n"))


def test_each_exercise_runs_in_a_panel_of_its_own_and_the_list_says_how_far_one_is() -> None:
    app = AppTest.from_file(str(DAY_3), default_timeout=SECONDS)
    app.query_params["lang"] = "en"
    app.run()
    exercises = load_exercises(DAY_3.stem)
    (solved,) = (each for each in exercises if each.name == "1_make_a_stream")
    before = {each.name: shown(app, each.name)["code"] for each in exercises}
    line = f"#exercise-1-make-a-stream) :small[:gray[{texts('en')['practice.is_solved']}"
    assert line not in said(app)
    run(app, solved.solution, solved.name)
    changed = [name for name, code in before.items() if shown(app, name)["code"] != code]
    assert changed == [solved.name]
    assert line in said(app)


def draw_the_list(placed: list[str]) -> None:
    from course import exercises

    exercises.draw_practice("day_01_connect", placed)


@pytest.mark.parametrize(("placed", "panels"), [([], 1), (["1_both_places"], 0)])
def test_an_exercise_that_stands_in_the_text_is_only_listed_at_the_end(
    placed: list[str], panels: int
) -> None:
    listed = len(load_exercises("day_01_connect"))
    app = AppTest.from_function(draw_the_list, default_timeout=SECONDS, args=(placed,)).run()
    assert len(app.get("bidi_component")) == listed - 1 + panels
    assert said(app).count("(#exercise-") == listed


def draw_a_snippet(code: str) -> None:
    import streamlit as st

    from course import exercises

    exercises.draw_snippet("day_01_connect", "steps/example.py#", code)
    st.caption("below")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('print("hello")\n', "hello"),
        ("print(missing)\n", "NameError"),
        ("print(\n", "never closed"),
    ],
)
def test_a_snippet_shows_its_output_or_its_error_and_is_no_progress(code: str, told: str) -> None:
    app = AppTest.from_function(draw_a_snippet, default_timeout=SECONDS, args=(code,))
    app.query_params["lang"] = "en"
    run(app.run(), code, "steps-example-py")
    assert not app.exception
    assert told in said(app) + "".join(each.value for each in app.code)
    for unsaid in ("solved", "passed", "failed", "unchanged", "is_tried"):
        assert texts("en")[f"practice.{unsaid}"] not in said(app)
    assert not kept()


@pytest.mark.thorough
def test_what_a_program_does_very_often_costs_the_server_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []
    real = grade

    def counted(exercise: Exercise, code: str, events: list[Event]) -> Any:
        looks.append(len(events))
        return real(exercise, code, events)

    monkeypatch.setattr(live_run, "grade", counted)
    code = "import streamlit as st\nfor n in range(300): st.write_stream(iter(['x']))\n"
    app, begun = open_page(), time.monotonic()
    run(app, code)
    assert max(looks) > 900
    # Each scene's end is looked at as well.
    assert len(looks) < (time.monotonic() - begun) / live_run.LOOK_SECONDS + 10


def test_a_run_of_the_unchanged_starter_opens_no_solution_and_says_that_nothing_changed() -> None:
    app = run(open_page(), f"# Mine.\n\n{program('starter.py')}")
    assert texts("en")["practice.unchanged"] in said(app)
    assert not shows_the_solution(app)
    assert not [fact for fact in kept() if fact.kind == "tried"]
    changed = run(app, program("starter.py").replace("ImportError", "ValueError"))
    assert texts("en")["practice.unchanged"] not in said(changed)
    assert shows_the_solution(changed)


def test_the_editor_begins_with_what_was_run_last_though_another_program_has_passed() -> None:
    progress, (first, *_) = progress_panel.current(), load_exercises("day_01_connect")
    progress.record(first.day, "solved", f"exercise:{first.name}", "x = 'passed'")
    assert shown(open_page())["code"] == "x = 'passed'"
    progress.record(first.day, "tried", f"exercise:{first.name}", "x = 'later'")
    assert shown(open_page())["code"] == "x = 'later'"


def test_a_days_solutions_come_after_an_attempt_at_each_exercise_that_counts() -> None:
    first, second, *_ = exercises = load_exercises("day_03_write_streams")
    progress = progress_panel.current()
    progress.record(first.day, "tried", f"exercise:{first.name}", "x = 1")
    assert not practice_panel.awaited(first.day, [first.name])
    assert practice_panel.awaited(first.day, [first.name, second.name])
    assert practice_panel.awaited(first.day, None)
    for each in exercises:
        progress.record(each.day, "tried", f"exercise:{each.name}", "x = 1")
    assert not practice_panel.awaited(first.day, None)


def test_where_solutions_are_never_shown_nothing_is_said_to_lead_to_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hidden() -> None:
        from course.exercises import say_why_hidden
        from practice import load_exercises

        say_why_hidden(load_exercises("day_03_write_streams"))

    monkeypatch.setenv(practice_panel.SOLUTIONS, "never")
    (told,) = AppTest.from_function(hidden, default_timeout=SECONDS).run().caption
    assert texts("ko")["practice.solution_never"] in told.value


def test_a_program_that_holds_another_exercises_answer_is_shown_once_that_one_was_tried() -> None:
    before, after = (each.name for each in load_exercises("day_05_chat")[1:3])
    page = str(ROOT / "pages" / "day_05_chat.py")
    app = AppTest.from_file(page, default_timeout=SECONDS).run()
    link = f"#{anchor_of(before)}"
    assert any(link in each.value for each in app.caption)
    with pytest.raises(ValueError, match="not enough values"):
        editor(app, after)
    app = run(app, "x = 1", before)
    assert editor(app, after)


def test_while_a_program_runs_the_page_is_drawn_and_nothing_is_disabled() -> None:
    app = press(open_page(), "run", "import time\nprint('begun')\ntime.sleep(15)\n")
    assert not app.exception
    assert shown(app)["running"] is True
    assert not [each for each in app.button if each.disabled and "practice" in str(each.key)]
    app.button(key="practice-day_01_connect-1_both_places-hint-first").click().run()
    assert shown(app)["running"] is True
    app = press(app, "stop")
    assert shown(app)["running"] is False
    assert texts("en")["practice.stopped"] in said(app)
    assert texts("en")["practice.solved"] not in said(app)


def test_a_refreshed_page_has_its_program_still_running_and_then_what_came_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The tab that was refreshed is gone.
    monkeypatch.setattr(shelf, "SHELF", shelf.Shelf(lambda _: False))

    def tab(app: AppTest) -> AppTest:
        app.session_state[shelf.TAB] = "5" * 32
        return app.run()

    before = press(tab(open_page()), "run", "import time\nprint('begun')\ntime.sleep(15)\n")
    after = tab(open_page())
    assert shown(after)["running"] is True
    after = press(after, "stop")
    assert before.session_state["practice-day_01_connect-1_both_places-attempt"].run.end
    once_more = tab(open_page())
    assert not once_more.exception
    assert texts("en")["practice.stopped"] in said(once_more)


def test_starting_over_ends_the_program() -> None:
    app = press(open_page(), "run", "import time\ntime.sleep(15)\n")
    started = app.session_state["practice-day_01_connect-1_both_places-attempt"].run
    app = press(app, "reset")
    assert started.end == "stopped"
    assert shown(app)["code"] == program("starter.py")


COUNTER = """\
import streamlit as st

st.session_state.setdefault("count", 0)
kind = st.selectbox("Kind", ["small", "large"])
if st.button("More"):
    st.session_state.count += 1
st.write(f"{kind}: {st.session_state.count}")
if st.session_state.count > 2:
    st.write(unknown)
"""


def test_the_widgets_in_the_output_run_the_program_again_and_leave_the_verdict() -> None:
    app = run(open_page(), COUNTER)
    verdict = [each.value for each in app.warning]
    assert said(app).count("small: 0") == 2
    for _ in range(2):
        app = over(of_first_scene(app.button, "More").click().run())
    app = over(of_first_scene(app.selectbox, "Kind").set_value("large").run())
    assert not app.exception
    assert (said(app).count("large: 2"), said(app).count("small: 0")) == (1, 1)
    assert [each.value for each in app.warning] == verdict


def test_a_click_in_the_output_solves_no_exercise() -> None:
    only_here = program("solution.py").replace("\nrows", "    rows")
    only_here = only_here.replace("\nst.text", "\n    st.text") + 'st.button("More")\n'
    app = run(open_page(), only_here)
    app = over(of_first_scene(app.button, "More").click().run())
    assert not app.exception
    assert len([each for each in app.text if "Row(" in str(each.value)]) == 1
    assert not [fact for fact in kept() if fact.kind == "solved"]


def test_an_error_after_a_click_in_the_output_is_told_beside_the_verdict() -> None:
    app = run(open_page(), COUNTER)
    for _ in range(3):
        app = over(of_first_scene(app.button, "More").click().run())
    assert "`unknown`" in said(app)
    app = run(app, program("solution.py"))
    assert "`unknown`" not in said(app)


def of_first_scene(found: Any, label: str) -> Any:
    return next(each for each in found if each.label == label and "-laptop-" in str(each.key))


def test_an_error_is_said_once() -> None:
    app = run(open_page(), "nobody = unknown\n")
    assert (said(app) + "".join(each.value for each in app.code)).count("NameError") == 1


def test_where_no_program_can_be_run_the_shape_of_the_code_is_checked_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unavailable(*args: object, **options: object) -> Iterator[object]:
        raise Unavailable("wasmtime", "not for this machine")
        yield

    monkeypatch.setattr(answering, "run", unavailable)
    app = run(open_page(), program("solution.py").replace("SnowparkSessionException:", ":"))
    assert texts("en")["practice.unavailable"] in said(app)
    assert "catches everything" in said(app)
    assert texts("en")["practice.solved"] not in said(app)
    assert not [fact for fact in kept() if fact.kind == "solved"]


def test_an_exercise_that_cannot_be_read_takes_nothing_else_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(lesson: str, _: object) -> list[object]:
        raise ExerciseError(f"{lesson}: exercise.toml is no TOML")

    monkeypatch.setattr(practice_panel, "_loaded", broken)
    app = open_page()
    assert not app.exception
    assert texts("en")["practice.broken"] in said(app)
    assert app.title[0].value.startswith("Day 1")
    assert os.fspath(EXERCISE) not in said(app)
