"""The course's pages, and the guard that lets each of them be entered cold.

With a ``pages/`` folder, Streamlit runs the page of the first deep link after a server start
without running Home.py first, and so without translated titles; ``AppTest.switch_page`` does the
same. The guard registers the navigation in that case; from the next run on, Home.py is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.errors import FragmentHandledException
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import StopException

from connection import connect
from course import ASSETS, ROOT, content, contents, emptied, moved
from course.content import Broken, Lesson
from course.language import chooser, current, text
from course.visitor import foreign_name

STYLE = ASSETS / "style.css"
#: In the session: the language in which Home was first seen, "" once something else was.
HOME_SEEN = "course_home_seen"
Entries = Sequence[Lesson | Broken]
# What a run through Home.py has found. Not in the session state: a later run of the session needs
# its own.
_found: ContextVar[Entries | None] = ContextVar("found", default=None)


def found() -> Entries:
    """Return the lessons of this run by day, with what is broken in its place."""
    entries = _found.get()
    return content.entries() if entries is None else entries


def lessons() -> list[Lesson]:
    """Return the lessons of this run that can be shown, by day."""
    return [entry for entry in found() if isinstance(entry, Lesson)]


def run(home: Callable[[], None]) -> None:
    """Run the page that was asked for; called by Home.py, with what draws the home page."""
    _run(*_register(home))


def guard(name: str) -> None:
    """Do for the page called ``name`` what Home.py does, if Home.py is not there.

    Every page calls this first.
    """
    if _found.get() is not None:
        return
    chosen, entries = _register(lambda: None)
    if chosen.url_path != name:
        # The page is the app itself, as in AppTest.from_file; it goes on without a router.
        with st.sidebar:
            chooser()
        return
    # Once more from the top, as the router runs it: only then do its widgets have the identity
    # that they will have in every later run, and a first click finds its button again.
    _run(chosen, entries)
    # Not st.stop(): it forgets what was clicked in a fragment while this run went on.
    raise StopException


def page_of(entry: Lesson | Broken) -> StreamlitPage:
    """Return a lesson's page as Streamlit knows it; a broken lesson's page says that it is."""
    # No icon, here or for Home: Streamlit would fetch it from a font server for the browser's tab.
    # The path is also what Streamlit makes of the file without a navigation, so a deep link means
    # the same page before and after the navigation is known.
    page: Path | Callable[[], None] = ROOT / "pages" / f"{entry.name}.py"
    if isinstance(entry, Broken):
        page = partial(content.say_that_it_is_broken, entry.name, entry.problems)
    return st.Page(page, title=title_of(entry), url_path=entry.name)


def title_of(entry: Lesson | Broken) -> str:
    """Return a lesson's title with its day; a broken one's is its folder's name."""
    if isinstance(entry, Broken):
        title = entry.name.split("_", 2)[2].replace("_", " ").capitalize()
    else:
        title = entry.meta.title.of(current())
    return text("lesson.title", day=entry.day, title=title)


def _register(home: Callable[[], None]) -> tuple[StreamlitPage, Entries]:
    entries = content.entries()
    weeks = {"": [st.Page(home, title=text("course.home"), default=True)]}
    heading = ""
    for entry in entries:
        if isinstance(entry, Lesson):
            heading = text("course.week", week=entry.meta.week)
        # A broken lesson does not say its week: it stands where its day does.
        weeks.setdefault(heading, []).append(page_of(entry))
    weeks[""] += _former(entries)
    return st.navigation(weeks, expanded=True), entries


def _former(entries: Entries) -> list[StreamlitPage]:
    """Return a hidden page for each lesson's former address."""
    names = {entry.name for entry in entries}
    return [
        st.Page(
            partial(contents.lead_on, to),
            title=text("course.home"),
            url_path=name,
            visibility="hidden",
        )
        for name, to in moved.kept().lessons().items()
        if name not in names and to in names
    ]


def _run(page: StreamlitPage, entries: Entries) -> None:
    token = _found.set(entries)
    try:
        st.html(STYLE)
        with st.sidebar:
            chooser()
            emptied.look(page.url_path)
        _refuse_a_foreign_name()
        if page.url_path and HOME_SEEN in st.session_state:
            st.session_state[HOME_SEEN] = ""
        page.run()
    except FragmentHandledException:
        raise  # Streamlit's own: it has been shown already
    except Exception as error:  # whatever the page's own code raises
        if not page.url_path:
            raise
        content.say_that_code_failed(page.url_path, "page", error)
    finally:
        _found.reset(token)


def _refuse_a_foreign_name() -> None:
    """End the run for a page that reached this machine under another's name, unless that is meant.

    Hosts that ``server.allowedHosts`` names are checked by Streamlit itself. Inside Snowflake
    nothing can be set, and what its ingress says of itself is not documented.
    """
    inside_snowflake = connect("local").attempts[0].outcome != "not_inside"
    if st.get_option("server.allowedHosts") or inside_snowflake:
        return
    name = foreign_name(st.context.ip_address, st.context.headers)
    if name is not None:
        shown = name if re.fullmatch(r"[\w.-]{1,100}", name) else "?"
        st.error(text("course.foreign_name", name=shown), icon=":material/block:")
        st.stop()
