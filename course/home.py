"""The home page: what the course is, the next thing to do, and how far the learner is."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Sequence
from itertools import count
from types import ModuleType

import streamlit as st

from course import connection_panel, content, contents, milestone, progress
from course.content import Broken, Lesson
from course.language import current, text
from course.navigation import HOME_SEEN, found, page_of, title_of
from course.problems import log_once
from course.script import allow_stop, draw_again
from course.standing import Standing, next_step, standing_of

PARSER = "markdown_it"  # imported with the first lesson that is read
BROKEN_KEY = "course_home_broken"
CARD_WIDTH = 280  # pixels: three beside each other on a laptop, one on a phone
#: About as long as a token, in letters.
PIECE = re.compile(r"\s*\S{1,4}")
_drawn = count()


def draw() -> None:
    if shelf := _shelf():
        shelf.arrive()
    st.set_page_config(page_title=text("course.title"))
    connection_panel.badge()
    entries = found()
    progress.refresh()
    learned = progress.current()
    days = {
        entry.name: standing_of(entry, learned) for entry in entries if isinstance(entry, Lesson)
    }
    _hero(list(days.values()), learned.last_opened())
    progress.say_if_not_saved()
    if not entries:
        st.info(text("home.none"), icon=":material/menu_book:")
    week = 1
    weeks: dict[int, list[Lesson | Broken]] = {}
    for entry in entries:
        # A broken lesson does not say which week it is for: that of the one before.
        week = entry.meta.week if isinstance(entry, Lesson) else week
        weeks.setdefault(week, []).append(entry)
    for number, group in weeks.items():
        st.header(text("course.week", week=number), anchor=f"week-{number}")
        with st.grid(min_column_width=CARD_WIDTH, key=f"week-{number}", row_height="content"):
            for entry in group:
                with st.container(border=True, key=f"card-{entry.name}"):
                    _card(entry, days.get(entry.name))
    st.header(text("progress.heading"), anchor="progress")
    progress.controls([entry.name for entry in entries])
    _look_into(entries)
    if shelf:
        shelf.take_back()


def _shelf() -> ModuleType | None:
    """Return what keeps the tabs' answers, if it keeps any: no lesson has loaded it before."""
    shelf = sys.modules.get("course.shelf")
    return shelf if shelf is not None and len(shelf.SHELF) else None


def _hero(days: Sequence[Standing], last: str | None) -> None:
    """Draw the first screen: what the course is and what to do next, beside an answer."""
    with st.container(key="hero"):
        start, answer = st.columns(2, gap="medium", vertical_alignment="center")
        with start:
            st.title(text("course.title"), anchor=False)
            st.markdown(text("course.tagline"))
            _next(days, last)
        with answer, st.container(key="hero-answer"):
            _typed_answer()
            st.caption(text("home.scripted"))


def _next(days: Sequence[Standing], last: str | None) -> None:
    """Draw the button to what is truly next, with what was just finished above it."""
    step = next_step(days, last)
    if step is not None:
        if step.kind in ("repeat", "own"):
            st.markdown(f"**{text('home.finished')}** {text(f'home.finished_{step.kind}')}")
        elif step.after is not None:
            st.markdown(milestone.done(step.after))
        # No link: a link could not say at which part of the page to go on.
        if st.button(
            milestone.what_next(step), key="next", type="primary", icon=":material/play_arrow:"
        ):
            contents.go_to(step.lesson.name, step.place)
            st.switch_page(page_of(step.lesson))
    if any(day.opened for day in days):
        totals = {
            "done": sum(day.done for day in days),
            "days": len(days),
            "solved": sum(len(day.solved) for day in days),
            "exercises": sum(len(day.has.exercises) for day in days),
            "right": sum(len(day.right) for day in days),
            "questions": sum(len(day.has.questions) for day in days),
        }
        st.caption(text("home.totals", **totals))
    else:
        st.caption(text("course.how"))


def _typed_answer() -> None:
    """Draw a question and its scripted answer, which appears piece by piece.

    By style sheet alone: it takes no run of the server, no script in the browser, and no room that
    would move when the text grows. Assistive technology has the whole text at once.
    """
    language = st.session_state.setdefault(HOME_SEEN, current())
    answer = text("home.answer")
    pieces = html.escape(answer)
    if language == current():
        pieces = (
            f'<span class="only-heard">{pieces}</span><span aria-hidden="true">'
            + "".join(
                f'<span class="home-piece" style="--n: {number}">{html.escape(piece)}</span>'
                for number, piece in enumerate(PIECE.findall(answer))
            )
            + "</span>"
        )
    else:
        # Only at first sight, and not in another language either.
        st.session_state[HOME_SEEN] = ""
    asked = html.escape(text("home.asked"))
    st.html(f'<p class="home-asked">{asked}</p><p class="home-answer">{pieces}</p>')


def _card(entry: Lesson | Broken, day: Standing | None) -> None:
    if isinstance(entry, Broken) or day is None:
        st.markdown(f"### {title_of(entry)}", anchors=False)
    else:
        meta, language = entry.meta, current()
        minutes = text("course.minutes", minutes=content.minutes(entry))
        st.markdown(
            f":small[{text('course.day', day=entry.day)} · {minutes}]\n\n"
            f"### {meta.icon} {meta.title.of(language)}\n\n"
            f"{meta.summary.of(language)}\n\n"
            f":small[{_state(day)}]",
            anchors=False,
        )
    if isinstance(entry, Broken) or entry.name in st.session_state.get(BROKEN_KEY, ()):
        st.warning(text("home.broken"), icon=":material/build:")
    # The day is in the label, or a screen reader's list of links would say "open" at each.
    label = text("course.open", day=entry.day)
    st.page_link(page_of(entry), label=label, icon=":material/arrow_forward:")


def _state(day: Standing) -> str:
    if day.done:
        state = f":green[:material/task_alt: {text('home.done')}]"
    elif day.read:
        state = f":green[:material/check_circle: {text('home.read')}]"
    elif day.opened:
        state = f":blue[{text('home.opened')}]"
    else:
        return text("home.new")
    states = [state]
    if exercises := day.has.exercises:
        states.append(text("home.exercises", solved=len(day.solved), count=len(exercises)))
    if questions := day.has.questions:
        states.append(text("home.questions", right=len(day.right), count=len(questions)))
    return " · ".join(states)


def _look_into(entries: Sequence[Lesson | Broken]) -> None:
    """Find the lessons whose prose is broken, once everything has been drawn."""
    # The first Home of a process would wait 0.1 s for the parser.
    if next(_drawn) == 0 and PARSER not in sys.modules:
        return
    broken = set()
    for entry in entries:
        allow_stop()
        read = entry if isinstance(entry, Broken) else content.read(entry, current())
        if read.problems:
            log_once("A lesson cannot be shown", read.problems)
            broken.add(entry.name)
    shown = {entry.name for entry in entries if isinstance(entry, Broken)}
    if broken != st.session_state.get(BROKEN_KEY, shown):
        st.session_state[BROKEN_KEY] = broken
        draw_again()
