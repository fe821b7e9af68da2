"""What a tab has: answers and runs, kept over any click, a change of page and a refresh.

A refreshed page is a new session to Streamlit, which knows nothing of the last one. The browser
keeps a secret for each tab (``sessionStorage``: no other tab and no address has it), and hands it
over once the page is there.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from course import ASSETS, progress
from course.language import choose
from streaming import view

# What the browser makes: 128 random bits; anything else is no tab of ours.
SECRET = re.compile(r"[0-9a-f]{32}")
# Of a whole server, and for how long what has ended waits for its tab; seconds.
MOST = 1_000
MOST_CHARACTERS = 20_000_000
LONGEST = 600.0
# The page that is drawn, this tab's secret, and the keys of all that it has, and of what has come
# back to it and was not drawn yet.
PAGE, TAB, MINE, BACK = "shelf-page", "shelf-tab", "shelf-mine", "shelf-back"
TAB_COMPONENT = "course-tab"
#: The keys of a demo's fields; the model's labels change with the language.
MODEL = "model"
FIELDS = (MODEL, "prompt", "method", "budget")

_tab = st.components.v2.component("course_tab", js=(ASSETS / "tab.js").read_text("utf-8"))


class Held(Protocol):
    """What a tab has: a page's answers, an exercise's run, or the lab's.

    If it has ``streams``, they are kept with it.
    """

    @property
    def running(self) -> bool: ...

    @property
    def characters(self) -> int: ...

    def cancel(self) -> None: ...


#: Whose it is: a learner and a tab.
Owner = tuple[str, str]
Made = TypeVar("Made", bound=Held)


@dataclass(frozen=True)
class _Kept:
    held: Held
    session: str
    """Which session shows it."""
    since: float
    """Seconds, on the shelf's clock."""


class Shelf:
    """What all tabs have, the longest untouched first."""

    def __init__(
        self, is_there: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._is_there = is_there
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Owner, str], _Kept] = OrderedDict()

    def keep(self, owner: Owner, key: str, held: Held, session: str) -> None:
        """Keep what ``session`` has under ``key``; its owner has one.

        A tab that the browser has copied knows the secret, too: what the first one shows stays.
        """
        with self._lock:
            kept = self._kept.get((owner, key))
            if kept is None or kept.session == session or not self._is_there(kept.session):
                self._put(owner, key, held, session)
                self._make_room()

    def take_back(self, owner: Owner, session: str) -> dict[str, Held]:
        """Return what ``owner`` has to a new session of the same tab, by its keys.

        What a session shows that is still there stays with that.
        """
        with self._lock:
            self._make_room()
            taken = {
                key: kept.held
                for (whose, key), kept in self._kept.items()
                if whose == owner and not self._is_there(kept.session)
            }
            for key, held in taken.items():
                self._put(owner, key, held, session)
            return taken

    def __len__(self) -> int:
        return len(self._kept)

    def _put(self, owner: Owner, key: str, held: Held, session: str) -> None:
        self._kept.pop((owner, key), None)
        self._kept[owner, key] = _Kept(held, session, self._clock())

    def _make_room(self) -> None:
        now = self._clock()
        for place, kept in list(self._kept.items()):
            if not kept.held.running and now > kept.since + LONGEST:
                del self._kept[place]
        characters = sum(kept.held.characters for kept in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > MOST or characters > MOST_CHARACTERS):
            _, oldest = self._kept.popitem(last=False)
            characters -= oldest.held.characters
            # Nobody could take it back any more.
            if not self._is_there(oldest.session):
                oldest.held.cancel()


SHELF = Shelf(view.is_open)


def arrive() -> None:
    """Report as early as possible that a page is being loaded: it may be a refreshed one."""
    if TAB not in st.session_state:
        view.arriving()


def begin(name: str) -> None:
    """Begin a page and restore its fields; call it before any of them is drawn."""
    st.session_state[PAGE] = name
    # A demo draws by itself what has come back to it; runs are elsewhere on the page.
    if any(not key.startswith(_slot("")) for key in _claim()):
        st.rerun()
    held = st.session_state.get(_slot(name))
    back = came_back(_slot(name))
    for field, value in held.values.items() if held is not None else ():
        if back and field == MODEL:
            choose(field, value)
        elif back:
            st.session_state[field] = value
        else:
            st.session_state.setdefault(field, value)


def came_back(key: str) -> bool:
    """Tell, once, whether a refresh of this tab has brought back what is kept under ``key``."""
    back: set[str] = st.session_state.get(BACK, set())
    found = key in back
    back.discard(key)
    return found


def _slot(name: str) -> str:
    return f"shelf-{name}"


@st.fragment
def take_back() -> None:
    """Take back what a refresh has left, on a page that shows nothing of it."""
    _claim()
    _ask()


def _ask() -> None:
    """Ask the browser which tab this is; its word runs the fragment around this again."""
    if TAB not in st.session_state:
        _tab(key=TAB_COMPONENT, on_secret_change=_told)


def _claim() -> set[str]:
    """Bring back what a refresh has left in this tab, once; return its keys."""
    state, context, mine = st.session_state, get_script_run_ctx(), _mine()
    if TAB not in state or BACK in state or context is None:
        return set()
    taken = SHELF.take_back(_owner(state[TAB]), context.session_id)
    # What has begun since then stays.
    state[BACK] = back = {key for key in taken if key not in mine or not state[key].running}
    for key in back | mine:
        keep(key, taken[key] if key in back else state[key])
    view.arrived()
    return {*back}


def _mine() -> set[str]:
    mine: set[str] = st.session_state.setdefault(MINE, set())
    return mine


def _owner(secret: str) -> Owner:
    return progress.learner().id, secret


def page() -> str:
    return str(st.session_state[PAGE])


def preset_key() -> str:
    """Return the key of the prompt that this page's field was last preset with."""
    return f"preset-{page()}"


def of_page(make: Callable[[], Made]) -> Made:
    """Return what this page has in this tab; made when it is first asked for."""
    key = _slot(page())
    if key not in st.session_state:
        keep(key, make())
    made: Made = st.session_state[key]
    return made


def keep_page(held: Held) -> None:
    keep(_slot(page()), held)


def keep(key: str, held: Held) -> None:
    """Keep something for this tab in its session's state, and end it with the tab."""
    st.session_state[key] = held
    _mine().add(key)
    # What show() keeps is kept for the session that has shown it; that may be gone.
    for call in (held, *getattr(held, "streams", ())):
        view.keep(call)
    secret, context = st.session_state.get(TAB), get_script_run_ctx()
    if secret is not None and context is not None:
        SHELF.keep(_owner(secret), key, held, context.session_id)


def end() -> None:
    """Note the values of this page's fields, and ask the browser which tab this is.

    What a refresh has left comes back in the run that the browser's word begins.
    """
    held = st.session_state.get(_slot(page()))
    if held is not None:
        names = (*FIELDS, preset_key())
        known = {name: st.session_state[name] for name in names if name in st.session_state}
        held.values.update(known)
    _ask()


def _told() -> None:
    secret = st.session_state[TAB_COMPONENT].get("secret")
    if isinstance(secret, str) and SECRET.fullmatch(secret):
        st.session_state[TAB] = secret
