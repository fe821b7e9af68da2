"""Every page, run by Streamlit's own test harness: both languages, cold and through Home."""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from snowflake.snowpark.exceptions import SnowparkSQLException
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from connection import Connection, connect
from course import ROOT, emptied, moved, navigation, shelf
from course.connection_panel import PREFERENCE_KEY
from course.content import draw, glossary, translations
from course.content import lesson as catalog
from course.content.length import minutes
from course.content.lesson import Broken, Lesson
from course.content.lesson_blocks import Question
from course.content.outline import outline_of
from course.content.prose import sections
from course.demo_state import Demo
from course.language import LANGUAGES, Language, texts
from course.moved import Moved
from course.problems import LessonError, Problem
from course.progress import EXERCISE, learner_panel
from course.progress.facts import Fact
from course.progress.record import Progress
from course.progress.stores import SqliteStore, default_path
from tests.pages.pressing import asked, press

LESSONS = catalog.lessons()
DIRECT = "Method 1: Direct (stream=True)"
CUSTOM = "Method 2: Custom Generator"
# Method 2 takes a second for every hundred characters.
SHORT = "What is Snowflake Cortex, in one sentence?"
# An account on a port of this machine where nobody listens.
UNREACHABLE = {
    "account": "SECRET-ACCOUNT",
    "user": "SECRET-USER",
    "password": "SECRET-PASSWORD",
    "host": "127.0.0.1",
    "port": 9,
    "login_timeout": 1,
    "network_timeout": 1,
    "socket_timeout": 1,
}
# Only a hang takes as long: a page takes a fraction of a second, the clients' import a few.
SECONDS = 300


def open_home(language: str = "ko") -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=SECONDS)
    app.query_params["lang"] = language
    return app.run()


def open_page(lesson: str, language: str = "en", *, cold: bool = True) -> AppTest:
    path = f"pages/{lesson}.py"
    if not cold:
        return open_home(language).switch_page(path).run()
    app = AppTest.from_file(str(ROOT / path), default_timeout=SECONDS)
    app.query_params["lang"] = language
    return app.run()


def open_day_3(language: str = "en") -> AppTest:
    return open_page("day_03_write_streams", language)


def ask(app: AppTest, prompt: str) -> AppTest:
    app.text_input(key="prompt").set_value(prompt).run()
    return press(app, "Generate")


def response(app: AppTest, method: str = DIRECT) -> str:
    """Return what is shown of a method's answer; both stand side by side if there are two."""
    shown = [element.value for element in app.markdown]
    heading = f"**{method}**" if f"**{method}**" in shown else "### Response:"
    return shown[shown.index(heading) + 1]


def everything(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.success]
    return "\n".join(part.value for part in parts)


def labels(app: AppTest) -> list[str]:
    """Return what the links to pages say."""
    return [link.proto.label for link in app.get("page_link")]


@pytest.fixture(scope="module")
def day_3() -> AppTest:
    """Day 3's page, for tests that only read it."""
    return open_day_3()


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_shows_a_card_for_every_lesson(language: Language) -> None:
    app = open_home(language)
    assert not app.exception
    cards = [part.value for part in app.markdown if "\n### " in part.value]
    assert len(cards) == len(LESSONS)
    for card, lesson in zip(cards, LESSONS, strict=True):
        assert lesson.meta.title.of(language) in card
        assert lesson.meta.summary.of(language) in card
        assert f"{minutes(lesson)}" in card


# `make check` draws each of them in both ways in both languages.
@pytest.mark.parametrize(
    ("language", "cold"), [("ko", True), ("en", False)], ids=["ko cold", "en through home"]
)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_lesson_renders(lesson: Lesson, language: Language, cold: bool) -> None:
    app = open_page(lesson.name, language, cold=cold)
    assert not app.exception
    title = lesson.meta.title.of(language)
    assert app.title[0].value == f"Day {lesson.meta.day}. {title}"
    assert len(app.header) == len(lesson.meta.sections)
    assert texts(language)["demo.heading"] in [part.value for part in app.subheader]
    assert lesson.meta.summary.of(language) in app.info[0].value


def test_every_question_of_a_lesson_explains_each_option() -> None:
    lesson = LESSONS[0]
    blocks = [block for part in sections(lesson, "en").values() for block in part]
    questions = [block for block in blocks if isinstance(block, Question)]
    app = open_page(lesson.name)
    for question in questions:
        for number, option in enumerate(question.options):
            choose = app.radio(key=f"question-{lesson.name}-{question.id}-en")
            app = choose.set_value(number).run()
            assert option.explanation in [part.value for part in [*app.success, *app.info]]
    assert not app.exception


def test_an_answer_is_still_there_after_a_change_of_language_and_back() -> None:
    lesson = LESSONS[0]
    blocks = [block for part in sections(lesson, "en").values() for block in part]
    questions = [block.id for block in blocks if isinstance(block, Question)]
    app = open_page(lesson.name)
    for question in questions:
        app = app.radio(key=f"question-{lesson.name}-{question}-en").set_value(1).run()
    for language in ("ko", "en"):
        app = app.radio(key="course_language_chooser").set_value(language).run()
        assert not app.exception
        keys = [f"question-{lesson.name}-{question}-{language}" for question in questions]
        assert [app.radio(key=key).value for key in keys] == [1] * len(questions)
    app = app.radio(key=keys[0]).set_value(0).run()
    assert not app.exception
    facts = SqliteStore(default_path()).load("local")
    kept = {
        fact.item: fact.value
        for fact in facts
        if (fact.lesson, fact.kind) == (lesson.name, "answered")
    }
    assert [kept[question] for question in questions] == ["0", *["1"] * (len(questions) - 1)]


def test_what_was_read_survives_a_new_session_and_a_change_of_language() -> None:
    first = open_day_3("en")
    press(first, "I've read this")
    assert "You've read this lesson" in everything(first)
    assert "읽은 강의입니다" in everything(open_day_3("ko"))
    home = open_home("ko")
    assert "읽음" in everything(home)
    again = open_day_3("en")
    press(again, "Mark as unread")
    assert "You've read this lesson" not in everything(open_day_3("en"))


def test_a_stale_translation_has_a_badge(day_3: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    badge = texts("en")["lesson.stale"]
    assert badge not in everything(day_3)
    monkeypatch.setattr(translations, "_record", lambda _: {"en": {}})
    assert badge in everything(open_day_3("en"))
    assert texts("ko")["lesson.stale"] not in everything(open_day_3("ko"))


def test_a_lesson_leads_to_its_neighbours_and_to_what_comes_first() -> None:
    page = open_page("day_02_hello_cortex")
    links = labels(page)
    for label in ("Previous: Day 1. Connect", "Next: Day 3. Write Streams"):
        assert any(link.startswith(label) for link in links)
    assert "Recommended first" in everything(page)


def test_on_this_machine_a_lesson_says_where_to_edit_it(day_3: AppTest) -> None:
    assert "`lessons/day_03_write_streams/en.md`" in everything(day_3)


def test_a_folded_part_has_a_heading_for_those_who_listen(day_3: AppTest) -> None:
    bodies = [str(each.proto.body) for each in day_3.get("html")]
    names = ["Run it in a terminal", "Going further: what comes after Complete?"]
    headings = [f'<h3 class="only-heard">{name}</h3>' for name in names]
    assert [body for body in bodies if "only-heard" in body] == headings


def test_a_figure_that_fails_leaves_its_caption_and_the_lesson(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(draw, "chart_of", fail)
    app = open_day_3("en")
    assert not app.exception
    assert "The figure couldn't be drawn. It shows: The model writes 2,000" in everything(app)


def test_a_glossary_that_is_broken_leaves_its_words(
    day_3: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path) -> None:
        raise LessonError([Problem(folder / "glossary.toml", 1, "is broken", "Mend it")])

    assert "Time to first token (TTFT)" in everything(day_3)
    monkeypatch.setattr(glossary, "load", fail)
    app = open_day_3("en")
    assert not app.exception
    assert "time to first token, TTFT) gets much shorter" in everything(app)


@pytest.mark.usefixtures("new_learner")
def test_what_was_solved_stands_on_the_card_beside_what_there_is() -> None:
    page = open_page("day_01_connect", "en")
    press(page, "Show the version")
    page.radio(key="question-day_01_connect-q-rerun-en").set_value(2).run()
    cards = (part.value for part in open_home("en").markdown if "\n### " in part.value)
    card = next(cards)
    assert "Reading" in card
    has = outline_of(LESSONS[0])
    assert f"Exercises 0/{len(has.exercises)}" in card
    assert f"Questions 1/{len(has.questions)}" in card


def test_what_a_press_without_a_model_shows_stays_while_the_learner_goes_on() -> None:
    app = press(open_page("day_01_connect", "en"), "Show the version")
    app.radio(key="question-day_01_connect-q-rerun-en").set_value(2).run()
    assert [each.value for each in app.success if each.value.startswith("Connected (")]


def test_sql_that_fails_is_explained_without_the_errors_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = open_page("day_01_connect", "en")

    def refuse(*_: object, **__: object) -> None:
        raise SnowparkSQLException("SECRET-ACCOUNT", sql_error_code=1003)

    monkeypatch.setattr("snowflake.snowpark.Session.sql", refuse)
    press(app, "Show the version")
    assert not app.exception
    assert "001003" in app.error[0].value
    assert "SECRET" not in everything(app)


class Value:
    """A statement whose result is one value."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def collect(self) -> list[list[str | None]]:
        return [[self._value]]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('A "qubit".', 'A "qubit".'),
        ('"A \\"qubit\\"."', 'A "qubit".'),
        ('["a list"]', '["a list"]'),
    ],
    ids=["text", "a JSON string", "other JSON"],
)
def test_an_answer_by_sql_is_shown_whether_it_comes_as_text_or_as_json(
    value: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("day_02_hello_cortex")
    sent: list[object] = []

    def answer(_: object, query: str, params: list[str]) -> Value:
        sent.append((query, params))
        return Value(value)

    monkeypatch.setattr("snowflake.snowpark.Session.sql", answer)
    press(app, "Ask")
    assert sent == [("SELECT AI_COMPLETE(?, ?)", ["llama3.1-8b", "What is Snowflake Cortex?"])]
    assert shown in [element.value for element in app.markdown]


def test_an_answer_by_sql_that_is_null_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("day_02_hello_cortex")
    monkeypatch.setattr("snowflake.snowpark.Session.sql", lambda *_, **__: Value(None))
    press(app, "Ask")
    assert not app.exception
    assert "The request was refused" in app.error[0].value
    assert "None" not in [element.value for element in app.markdown]


@pytest.fixture
def new_learner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))


def button_to_what_is_next(home: AppTest) -> Button:
    return home.button(key="next")


@pytest.mark.usefixtures("new_learner")
def test_home_begins_with_day_1_and_goes_on_where_the_learner_left_off() -> None:
    assert button_to_what_is_next(open_home("en")).label == "Start with Day 1"
    open_day_3()
    home = open_home("en")
    assert button_to_what_is_next(home).label == "Continue: Day 3. Write Streams"
    button_to_what_is_next(home).click().run()
    assert not home.exception
    assert home.title[0].value == "Day 3. Write Streams"


def solve(lesson: Lesson) -> None:
    """Let everything of a lesson be done, but let it not be read."""
    learned = Progress(SqliteStore(default_path()), "local")
    for exercise in outline_of(lesson).exercises:
        learned.record(lesson.name, "solved", EXERCISE + exercise, "code")
    for question in outline_of(lesson).questions:
        learned.record(lesson.name, "solved", question)


@pytest.mark.usefixtures("new_learner")
def test_a_finished_day_is_celebrated_once_on_its_page_and_leads_on_from_home() -> None:
    lesson = LESSONS[0]
    assert lesson.meta.built is not None
    solve(lesson)
    page = open_page(lesson.name)
    done = "You've finished Day 1."
    assert done not in everything(page)
    press(page, "I've read this")
    assert done in everything(page)
    assert lesson.meta.built.en in everything(page)
    assert labels(page).count("Next: Day 2. Hello, Cortex!") == 1
    assert page.session_state["course_moment"] == lesson.name
    again = open_page(lesson.name)
    assert done in everything(again)
    assert "course_moment" not in again.session_state
    home = open_home("en")
    assert done in everything(home)
    assert lesson.meta.built.en in everything(home)
    assert button_to_what_is_next(home).label == "Next: Day 2. Hello, Cortex!"
    assert f"Days finished: 1 of {len(LESSONS)}" in everything(home)


@pytest.mark.usefixtures("new_learner")
def test_a_day_that_was_read_says_how_many_exercises_are_left() -> None:
    page = open_day_3()
    press(page, "I've read this")
    assert f"Exercises left: {len(outline_of(LESSONS[2]).exercises)}" in everything(page)
    assert "You've finished" not in everything(page)


@pytest.mark.usefixtures("new_learner")
def test_home_says_when_every_day_is_finished() -> None:
    for lesson in LESSONS:
        solve(lesson)
        Progress(SqliteStore(default_path()), "local").record(lesson.name, "read", value="yes")
    home = open_home("en")
    assert "You've finished every day." in everything(home)
    assert "Build your own app" in button_to_what_is_next(home).label
    button_to_what_is_next(home).click().run()
    assert not home.exception


def answer_on(home: AppTest) -> str:
    bodies = [str(each.proto.body) for each in home.get("html")]
    (found,) = [body for body in bodies if '<p class="home-answer">' in body]
    assert texts("en")["home.answer"] in html.unescape(found)
    return found


def test_the_answer_on_home_is_typed_at_first_sight_only() -> None:
    home, piece = open_home("en"), "home-piece"
    assert piece in answer_on(home)
    home.run()
    assert piece in answer_on(home)
    home.switch_page("pages/day_01_connect.py").run()
    # What the session keeps, since the harness cannot switch back to a page that is a function.
    kept = home.session_state[navigation.HOME_SEEN]
    back = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=SECONDS)
    back.session_state[navigation.HOME_SEEN] = kept
    back.query_params["lang"] = "en"
    assert piece not in answer_on(back.run())


def test_home_loads_a_component_only_once_a_lesson_could_empty_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shelf, "SHELF", shelf.Shelf(lambda _: False))
    home, component = open_home("en"), "bidi_component"
    assert not home.get(component)
    home.switch_page("pages/day_01_connect.py").run()
    back = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=SECONDS)
    back.session_state[emptied.LESSON_SEEN] = home.session_state[emptied.LESSON_SEEN]
    assert back.run().get(component)


def test_home_asks_which_tab_it_is_once_something_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shelf, "SHELF", shelf.Shelf(lambda _: False))
    shelf.SHELF.keep(("learner", "0" * 32), "shelf-day", Demo(), "gone")
    assert [each.key for each in open_home("en").get("bidi_component")] == [shelf.TAB_COMPONENT]


def test_a_session_keeps_no_components_state_but_which_tab_it_is(day_3: AppTest) -> None:
    # The key follows the hash in a widget's id.
    drawn = [each.proto.id.split("-", 2)[2] for each in day_3.get("bidi_component")]
    assert len(drawn) > len({shelf.TAB_COMPONENT})
    assert [key for key in drawn if key in day_3.session_state] == [shelf.TAB_COMPONENT]


def test_a_change_of_language_types_nothing_again() -> None:
    home = open_home("en")
    for language in ("ko", "en"):
        home.radio(key="course_language_chooser").set_value(language).run()
    assert "home-piece" not in answer_on(home)


def test_a_lesson_that_was_renamed_has_a_hidden_page_at_its_former_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: dict[str, str] = {}

    def note(page: object, *, title: str, url_path: str = "", **how: Any) -> Any:
        made[url_path] = how.get("visibility", "visible")
        return real(page, title=title, url_path=url_path or None, **how)

    moves = [("day_09_old", "day_01_connect"), ("day_08_old", "day_99_none")]
    entries = [{"from": source, "to": to} for source, to in moves]
    found = Moved.model_validate({"moved": entries})
    monkeypatch.setattr(moved, "kept", lambda: found)
    real: Any = st.Page
    monkeypatch.setattr(st, "Page", note)
    assert not open_home().exception
    assert made["day_09_old"] == "hidden"
    assert "day_08_old" not in made


def test_where_progress_cannot_be_kept_the_lesson_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "file"))
    app = open_day_3("en")
    assert any("Your progress isn't being saved" in warning.value for warning in app.warning)
    ask(app, SHORT)
    assert not app.exception
    assert "Snowflake" in response(app)
    app.radio(key="question-day_03_write_streams-q-method-2-en").set_value(0).run()
    assert any("Your progress isn't being saved" in caption.value for caption in app.caption)
    monkeypatch.undo()
    assert "not being saved" not in everything(open_day_3("en"))


def question_of_day_2(language: Language) -> Question:
    blocks = sections(catalog.find("day_02_hello_cortex"), language).values()
    return next(block for part in blocks for block in part if isinstance(block, Question))


def test_who_learns_is_found_out_once_for_each_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def ask_for(prefer: str | None) -> Connection:
        asked.append(prefer)
        return connect(prefer)

    monkeypatch.setattr(learner_panel, "connect", ask_for)
    app = open_page("day_01_connect").run()
    assert asked == [None]
    app.session_state[PREFERENCE_KEY] = "local"
    app.run()
    assert asked == [None, "local"]


def test_an_answer_that_is_no_options_number_leaves_the_question_open() -> None:
    # A change of language once made the option's text of its number.
    text_of_option = question_of_day_2("ko").options[0].text
    lesson, question = "day_02_hello_cortex", question_of_day_2("en").id
    for value in (text_of_option, "²", "9" * 5_000, "-1", "3"):
        fact = Fact(lesson, "answered", question, value, datetime.now(UTC))
        SqliteStore(default_path()).save("local", [fact])
        app = open_page(lesson)
        assert not app.exception
        assert app.radio(key=f"question-{lesson}-{question}-en").value is None
    app = app.radio(key=f"question-{lesson}-{question}-en").set_value(0).run()
    assert not app.exception
    assert open_page(lesson).radio(key=f"question-{lesson}-{question}-en").value == 0


@pytest.mark.parametrize("chosen", ["an option that is gone", None])
def test_a_choice_that_the_lesson_no_longer_has_is_not_noted(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "session_state", {"key": chosen})
    learned = Progress(SqliteStore(default_path()), "local")
    monkeypatch.setattr("course.progress.current", lambda: learned)
    question = question_of_day_2("en")
    draw._note("day_02_hello_cortex", question, "key")
    assert not learned.has("day_02_hello_cortex", "answered", question.id)


def changed_lessons(monkeypatch: pytest.MonkeyPatch, entries: list[Lesson | Broken]) -> None:
    found = {entry.folder: entry for entry in entries}
    monkeypatch.setattr(catalog, "_entry", found.__getitem__)


def test_home_stands_when_a_week_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    weeks = [1, 2, *[1] * (len(LESSONS) - 2)]
    mixed: list[Lesson | Broken] = [
        replace(lesson, meta=lesson.meta.model_copy(update={"week": week}))
        for lesson, week in zip(LESSONS, weeks, strict=True)
    ]
    changed_lessons(monkeypatch, mixed)
    app = open_home("en")
    assert not app.exception
    assert [header.value for header in app.header[:2]] == ["Week 1", "Week 2"]
    assert len([part for part in app.markdown if "\n### " in part.value]) == len(LESSONS)


def test_a_broken_lesson_says_so_on_its_page_and_on_home_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, *others = LESSONS
    problem = Problem(second.folder / "lesson.toml", 4, "SECRET mistake", "Mend it")
    changed_lessons(monkeypatch, [first, Broken(second.folder, 2, (problem,)), *others])
    home = open_home("en")
    assert "This lesson can't be shown right now" in everything(home)
    assert len([part for part in home.markdown if "\n### " in part.value]) == len(LESSONS) - 1
    caplog.clear()
    # Through Home a real browser looks at one, in tests/browser/test_instructor.py.
    app = open_page(second.name, "en")
    assert not app.exception
    assert app.title[0].value == "This lesson can't be shown right now"
    assert "`lessons/day_02_hello_cortex/lesson.toml` (4)" in app.error[0].value
    assert "SECRET" not in everything(app)
    assert "SECRET mistake. Mend it." in caplog.text
    assert open_day_3("en").title[0].value == "Day 3. Write Streams"


def test_a_demo_that_fails_leaves_the_lesson_to_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> str:
        raise ValueError("the instructor's mistake")

    monkeypatch.setattr("course.demo.choose_model", fail)
    app = open_day_3("en")
    assert not app.exception
    assert "The demo's code failed" in app.error[0].value
    assert len(app.header) == len(LESSONS[2].meta.sections)
    assert "mistake" not in everything(app)
    assert "ValueError: the instructor's mistake" in caplog.text
    assert 'day_03_write_streams.py", line' in caplog.text


def test_an_error_that_streamlit_has_shown_is_not_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @st.fragment
    def fail(*_: object) -> str:
        raise ValueError("the instructor's mistake")

    monkeypatch.setattr("course.demo.choose_model", fail)
    # Both the demo and, through Home, the page look for errors.
    app = open_page("day_03_write_streams", "en", cold=False)
    assert app.exception
    assert not [each for each in app.error if "code failed" in each.value]


def test_a_page_that_fails_outside_its_demo_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = "-".join(["SECRET", "ACCOUNT"])  # the log has the lines of code

    def fail(*_: object, **__: object) -> None:
        raise SnowparkSQLException(said)

    monkeypatch.setattr("course.page.LessonPage.draw", fail)
    app = open_page("day_03_write_streams", "en", cold=False)
    assert not app.exception
    assert "This page's code failed" in app.error[0].value
    assert "SnowparkSQLException" in caplog.text
    assert said not in caplog.text + everything(app)


def test_both_methods_stream_the_same_answer() -> None:
    app = open_day_3()
    answers: list[str] = []
    for method in (DIRECT, CUSTOM):
        app.radio(key="method").set_value(method).run()
        ask(app, SHORT)
        assert not app.exception
        assert not app.error
        assert len(app.metric) == 3 * len(answers) + 3
        answers.append(response(app, method))
    assert "Snowflake" in answers[0]
    assert response(app, DIRECT) == answers[0]
    assert answers[0] == answers[1]


def test_the_handouts_models_are_all_there_the_retired_ones_marked_and_a_living_one_chosen(
    day_3: AppTest,
) -> None:
    model = day_3.selectbox(key="model-en")
    options = model.options
    assert "claude-3-5-sonnet (retired 2026-03-31)" in options
    assert "mistral-large (retired 2026-07-10)" in options
    assert "llama3.1-8b" in options
    assert len([option for option in options if "retired" not in option]) > 2
    assert model.value == "llama3.1-8b"


def test_stop_ends_the_model_call_and_keeps_the_text() -> None:
    app = open_day_3()
    next(button for button in app.button if button.label == "Generate").click().run()
    (question,) = asked(app)
    assert question.stream is not None
    first = next(question.stream)
    app.button(key="stop").click().run()
    assert not app.exception
    assert question.stream.status == "cancelled"
    assert first.startswith(response(app))
    assert texts("en")["demo.stopped"] in everything(app)


def test_an_answer_stays_when_another_widget_changes() -> None:
    app = open_day_3()
    press(app, "Generate")
    before = response(app)
    app.radio(key="method").set_value(CUSTOM).run()
    assert response(app) == before


def test_an_untouched_preset_follows_the_language_and_a_written_prompt_stays() -> None:
    app = open_day_3("ko")
    preset = "Explain quantum computing in simple terms."
    chooser = "course_language_chooser"
    field = app.text_input(key="prompt")
    # The browser has it with the field, and not only from the session's state.
    assert field.value == field.proto.default == "양자 컴퓨팅을 쉽게 설명해 주세요."
    assert texts("ko")["demo.english_preset"] in everything(app)
    app = app.radio(key=chooser).set_value("en").run()
    assert app.text_input(key="prompt").value == preset
    assert texts("en")["demo.english_preset"] not in everything(app)
    # The handout's own, typed on the Korean page, is what the learner wants to ask.
    app = app.radio(key=chooser).set_value("ko").run()
    app = app.text_input(key="prompt").set_value(preset).run()
    app = app.run()
    assert app.text_input(key="prompt").value == preset


@pytest.mark.parametrize(
    ("typed", "language"),
    [(None, "en"), ("Explain quantum computing in simple terms.", "ko")],
    ids=["untouched, in another language", "typed"],
)
def test_a_refreshed_page_knows_whether_its_prompt_is_a_preset(
    typed: str | None, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tab that was refreshed is gone.
    monkeypatch.setattr(shelf, "SHELF", shelf.Shelf(lambda _: False))
    before, secret = open_day_3("ko"), "5" * 32
    # What the browser hands over, and what a refreshed page has for it.
    before.session_state[shelf.TAB] = secret
    before.run()
    if typed:
        before.text_input(key="prompt").set_value(typed).run()
    after = open_day_3(language)
    after.session_state[shelf.TAB] = secret
    after.run()
    preset = "Explain quantum computing in simple terms."
    assert after.text_input(key="prompt").value == preset


def test_a_refreshed_chat_has_its_model_and_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tab that was refreshed is gone.
    monkeypatch.setattr(shelf, "SHELF", shelf.Shelf(lambda _: False))
    before, secret = open_page("day_05_chat"), "6" * 32
    before.session_state[shelf.TAB] = secret
    before.run()
    before.selectbox[0].set_value("claude-haiku-4-5").run()
    before.slider(key="budget").set_value(20).run()
    press(before, "My name is Mina.")
    after = open_page("day_05_chat")
    after.session_state[shelf.TAB] = secret
    after.run()
    assert after.selectbox[0].value == "claude-haiku-4-5"
    assert after.slider(key="budget").value == 20
    assert not after.exception


def test_the_answer_to_a_query_is_one_piece() -> None:
    app = open_page("day_02_hello_cortex")
    press(app, "Ask")
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures[texts("en")["demo.pieces"]] == "1"


def test_an_empty_or_overlong_prompt_is_answered_with_a_message() -> None:
    app = open_day_3()
    lesson_warnings = len(app.warning)
    for prompt in ("", "   ", "x" * 8_001):
        ask(app, prompt)
        assert not app.exception
        assert len(app.warning) == lesson_warnings + 1
        assert not app.metric


def test_the_demo_says_that_the_answers_are_scripted(day_3: AppTest) -> None:
    assert any("script" in caption.value for caption in day_3.caption)


def test_an_account_that_fails_is_explained_without_its_secrets_and_local_cortex_is_offered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COURSE_CONNECTION", "auto")
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=SECONDS)
    app.query_params["lang"] = "en"
    app.secrets["connections"] = {"snowflake": UNREACHABLE}
    app.run().switch_page("pages/day_03_write_streams.py").run()
    press(app, "Generate")
    assert not app.exception
    everything = [*app.error, *app.markdown, *app.caption, *app.warning]
    said = " ".join(element.value for element in everything)
    assert "Snowflake couldn't be reached" in said
    assert "SECRET" not in said
    press(app, "Continue with Local Cortex")
    ask(app, SHORT)
    assert not app.error
    assert "Snowflake" in response(app)


def test_a_setting_that_local_cortex_cannot_use_is_named_with_its_fix(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect("local").reset()
    st.cache_resource.clear()
    monkeypatch.setenv("COURSE_RELAY_URL", "127.0.0.1:11434/v1")
    app = open_day_3()
    press(app, "Generate")
    assert not app.exception
    assert "COURSE_RELAY_URL" in app.error[0].value
    assert "Local Cortex couldn't start" in app.error[0].value
    monkeypatch.undo()
    st.cache_resource.clear()


def test_a_setting_that_names_no_connection_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_CONNECTION", "cloud")
    app = open_home()
    assert not app.exception
    assert "COURSE_CONNECTION" in app.error[0].value


@pytest.mark.parametrize(("outcome", "refused"), [("not_inside", True), ("used", False)])
def test_a_foreign_name_is_refused_on_this_machine_and_not_inside_snowflake(
    monkeypatch: pytest.MonkeyPatch, outcome: str, *, refused: bool
) -> None:
    monkeypatch.setattr(navigation, "foreign_name", lambda *_: "evil.example")
    where = SimpleNamespace(attempts=[SimpleNamespace(outcome=outcome)])
    monkeypatch.setattr(navigation, "connect", lambda _: where)
    app = open_page("day_01_connect", cold=False)
    assert any("evil.example" in each.value for each in app.error) is refused
    assert bool(app.title) is not refused
