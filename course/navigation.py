"""The course's pages, and the guard that lets each of them be entered cold.

With a ``pages/`` folder, Streamlit runs the page of the first deep link after a server start
without running Home.py first, and so without translated titles; ``AppTest.switch_page`` does the
same. The guard registers the navigation in that case; from the next run on, Home.py is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.errors import FragmentHandledException
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import StopException
from streamlit.watcher.path_watcher import get_default_path_watcher_class

from connection import connect
from course import ROOT
from course.content import (
    Broken,
    Lesson,
    entries,
    say_that_code_failed,
    say_that_it_is_broken,
)
from course.language import chooser, current, text, texts
from course.visitor import foreign_name

__all__ = ["guard", "page_of", "run", "title_of"]

# Per run, not in the session state: a later run of the session needs its navigation, too.
STYLE = Path(__file__).parent / "assets" / "style.css"
_through_home: ContextVar[bool] = ContextVar("through_home", default=False)


def run(home: Callable[[], None]) -> None:
    """Run the page that was asked for; called by Home.py, with what draws the home page."""
    if st.context.url is not None:  # AppTest watches nothing
        _keep_watching()
    _run(_register(home))


def guard(name: str) -> None:
    """Do for the page called ``name`` what Home.py does, if Home.py is not there.

    Every page calls this first.
    """
    if _through_home.get():
        return
    chosen = _register(_nothing)
    if chosen.url_path != name:
        # The page is the app itself, as in AppTest.from_file; it goes on without a router.
        _sidebar()
        return
    # Once more from the top, as the router runs it: only then do its widgets have the identity
    # that they will have in every later run, and a first click finds its button again.
    _run(chosen)
    # Not st.stop(): it forgets what was clicked in a fragment while this run went on.
    raise StopException


def page_of(entry: Lesson | Broken) -> StreamlitPage:
    """Return a lesson's page as Streamlit knows it; its URL path is the file's name.

    A broken lesson's page says that it is broken.
    """
    # No icon, here or for Home: Streamlit would fetch it from a font server for the browser's tab.
    # The path is also what Streamlit makes of the file without a navigation, so a deep link means
    # the same page before and after the navigation is known.
    page: Path | Callable[[], None] = ROOT / "pages" / f"{entry.name}.py"
    if isinstance(entry, Broken):
        page = partial(_draw_broken, entry)
    return st.Page(page, title=title_of(entry), url_path=entry.name)


def title_of(entry: Lesson | Broken) -> str:
    """Return a lesson's title with its day; a broken one's is its folder's name."""
    language = current()
    if isinstance(entry, Broken):
        day, title = entry.day, entry.name.split("_", 2)[2].replace("_", " ").capitalize()
    else:
        day, title = entry.meta.day, entry.meta.title.of(language)
    return texts(language)["lesson.title"].format(day=day, title=title)


def _register(home: Callable[[], None]) -> StreamlitPage:
    front = st.Page(home, title=text("course.home"), default=True)
    weeks: dict[str, list[StreamlitPage]] = {"": [front]}
    heading = ""
    for entry in entries():
        if isinstance(entry, Lesson):
            heading = text("course.week", week=entry.meta.week)
        # A broken lesson does not say its week: it stands where its day does.
        weeks.setdefault(heading, []).append(page_of(entry))
    return st.navigation(weeks, expanded=True)


def _run(page: StreamlitPage) -> None:
    token = _through_home.set(True)
    try:
        st.html(STYLE)
        _sidebar()
        _refuse_a_foreign_name()
        if not page.url_path:
            page.run()
            return
        try:
            page.run()
        except FragmentHandledException:
            raise  # Streamlit's own: it has been shown already
        except Exception as error:  # whatever the page's own code raises
            say_that_code_failed(page.url_path, "page", error)
    finally:
        _through_home.reset(token)


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


def _draw_broken(entry: Broken) -> None:
    say_that_it_is_broken(entry.name, entry.problems)


def _sidebar() -> None:
    with st.sidebar:
        chooser()


@st.cache_resource(show_spinner=False)
def _keep_watching() -> object:
    """Hold on to Streamlit's watch of the course's folder, from one visitor to the next.

    Streamlit watches it, with the thousands of folders of a virtual environment in it, for as long
    as somebody is there; starting again takes a third of a second of the next visitor's time.
    """
    watcher = get_default_path_watcher_class()
    return watcher(str(ROOT / "Home.py"), lambda _: None)


def _nothing() -> None:
    """Stand in for the home page while another page registers the navigation."""
