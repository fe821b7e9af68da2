"""The stream lab's box on a lesson's page, and what its views share: one run at a time."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from connection import Connection, ConnectionFailed, connect
from course import connection_panel, limits, script, shelf
from course.content import LabView
from course.lab.jobs import Job
from course.language import choice, drawer, text
from course.limits import Refusal
from streaming.view import Turn, again, pulse

if TYPE_CHECKING:
    from streamlit.elements.lib.mutable_expander_container import ExpanderContainer

# The names of a view's texts and of its module, where they are not its own: break is no name.
NAMES: dict[LabView, str] = {"break": "breaking", "tokens": "conversation"}
QUESTIONS = ("short", "medium", "long")
#: Seconds between two drawings of a run that goes on.
LOOK_SECONDS = 0.14
# A cancelled run ends within a few milliseconds, unless its program is slow to.
CANCEL_SECONDS = 0.1
RUNNING = "lab-running"
# The key of what a tab has, and about how much a run of three answers records.
BENCH = "lab-bench"
RECORD_CHARACTERS = 20_000

#: Draws what a run has recorded meanwhile in the place of what was drawn before.
Redraw = Callable[[], None]
SomeJob = TypeVar("SomeJob", bound=Job)


class Bench:
    """What a tab's lab has on it: each view's last run, and the one that was asked for.

    Streamlit starts a session's next script before it has ended the last one, so a run that was
    asked for stays so until it has been started.
    """

    def __init__(self) -> None:
        self.wanted: str | None = None
        #: The view whose run began last.
        self.view = ""
        self.jobs: dict[str, Job] = {}
        self.failed: ConnectionFailed | Refusal | None = None
        #: The run beside which Stop was drawn last, and its phase.
        self.drawn: tuple[Job | None, object] = None, None
        #: What decides which elements the lab has, as it was last drawn.
        self.layout: object = None
        #: The figures of past comparisons, the newest last.
        self.past: list[dict[str, Any]] = []

    @property
    def going_on(self) -> Job | None:
        return next((job for job in self.jobs.values() if job.running), None)

    @property
    def running(self) -> bool:
        return self.going_on is not None

    @property
    def characters(self) -> int:
        return RECORD_CHARACTERS * len(self.jobs)

    def want(self, view: str) -> None:
        self.wanted = view

    def begin(self, view: str, make: Callable[[], Job]) -> None:
        """Start a run, and end what still runs; or note why it cannot start."""
        self.failed = None
        try:
            job = make()
        except (ConnectionFailed, Refusal) as error:
            # Without the traceback, which would keep all of this script's run in the session.
            self.failed = error.again()
            self.failed.__cause__ = None
        except Exception:
            self.wanted = None
            raise
        else:
            self.cancel()
            self.jobs[view] = job
            self.view = view
            job.start()
        self.wanted = None

    def cancel(self) -> None:
        """End what runs, and wait a moment, so that its end can be drawn at once."""
        for job in list(self.jobs.values()):
            job.cancel()
            job.join(CANCEL_SECONDS)

    def forget_failure(self) -> None:
        self.failed = None


class Spot:
    """A spot on the page that is drawn over again and again, and never empty in between."""

    def __init__(self, inside: DeltaGenerator) -> None:
        self._at = inside
        self._shown: str | None = None
        self._done = False

    def markdown(self, shown: str) -> None:
        """Draw Markdown in the place of the last element, if it is another one."""
        if shown != self._shown:
            self._shown = shown
            self.draw(lambda at: at.markdown(shown))

    def draw_once(self, how: Callable[[DeltaGenerator], DeltaGenerator]) -> None:
        if not self._done:
            self._done = True
            self.draw(how)

    def draw(self, how: Callable[[DeltaGenerator], DeltaGenerator]) -> None:
        self._at = how(self._at)


@st.fragment
def draw(views: Sequence[LabView]) -> None:
    """Draw the lab with these views where the page is now; closed, it costs next to nothing."""
    connection_panel.rerun_if_fixed()
    with st.container(key="lab"):
        st.subheader(text("lab.heading"), anchor="lab")
        st.caption(text("lab.about"))
        names = [NAMES.get(view, view) for view in views]
        bench = bench_of_tab()
        if shelf.came_back(BENCH) and bench.view in names:
            st.session_state["lab-drawer"], st.session_state["lab-view"] = True, bench.view
        box = drawer(text("lab.open"), key="lab-drawer", icon=":material/science:")
        if box.open:
            with box:
                _view(bench, connect(connection_panel.preferred()), names)


def bench_of_tab() -> Bench:
    """Return this tab's, which pages change in place."""
    bench: Bench = st.session_state.setdefault(BENCH, Bench())
    return bench


def _view(bench: Bench, connection: Connection, names: Sequence[str]) -> None:
    asked = bench.wanted is not None
    view = names[0] if len(names) == 1 else _chosen(names)
    # Imported when it is looked at: most pages are closed before the lab is opened.
    module = importlib.import_module(f"course.lab.{view}")
    redraw: Redraw | None = module.draw(connection)
    connection_panel.say_if_replaced(*bench.jobs.values())
    if asked:
        # The settings fill a phone's window, and the learner wants to see what happens.
        watch = script.scroll_script(".st-key-lab-run", uuid.uuid4().hex)
        st.html(watch, unsafe_allow_javascript=True)
    _watch(bench, view, redraw)


def _chosen(names: Sequence[str]) -> str:
    return choice(
        st.radio,
        text("lab.choose"),
        names,
        key="lab-view",
        format_func={name: text(f"lab.{name}.title") for name in names}.__getitem__,
        horizontal=True,
    )


def _watch(bench: Bench, view: str, redraw: Redraw | None) -> None:
    """Draw a run until it ends or changes its phase, or somebody else on the page waits."""
    job, phase = bench.drawn
    if job is None:
        return
    turn = Turn()
    pulse(turn, "lab")
    layout = (view, job, phase, bench.failed, st.session_state.get("lab-past"))
    # Elements that this layout lacks stay on the page until the script ends: let it end first.
    changed, bench.layout = layout != bench.layout, layout
    while not changed and job.running and job.phase == phase and not turn.wait(LOOK_SECONDS):
        if redraw is not None:
            redraw()
    # After its end once more: Stop goes, and what belongs to a finished run comes.
    again(turn, "lab")


def leave_again_to_show() -> None:
    """Start this fragment again no more: ``streaming.view.show`` has had the browser do it."""
    bench_of_tab().drawn = None, None


def run(view: str, kind: type[SomeJob], make: Callable[[], SomeJob]) -> SomeJob | None:
    """Draw a view's button, with Stop beside it while anything runs; start what it asks for.

    Return the view's last run, unless nothing came of it.
    """
    bench = bench_of_tab()
    if bench.wanted == view:
        bench.begin(view, make)
        shelf.keep(BENCH, bench)
    running = bench.going_on
    bench.drawn = running, running.phase if running else None
    with st.container(horizontal=True, key="lab-run"):
        st.button(
            text(f"lab.{view}.run"),
            key=f"lab-run-{view}",
            type="primary",
            icon=":material/play_arrow:",
            on_click=bench.want,
            args=(view,),
        )
        if running is not None:
            with st.container(key=RUNNING, width="content"):
                st.button(
                    text("demo.stop"),
                    icon=":material/stop_circle:",
                    key="lab-stop",
                    on_click=bench.cancel,
                )
    job = bench.jobs.get(view)
    # Always there, so that what stands below keeps its place.
    with st.container():
        _say(bench, job)
    return job if isinstance(job, kind) and (job.running or job.begun) else None


def _say(bench: Bench, job: Job | None) -> None:
    """Show what a run waits for, or why there is none."""
    if isinstance(bench.failed, Refusal):
        limits.say_refusal(bench.failed)
    elif bench.failed is not None:
        connection_panel.failure(bench.failed, key="lab", on_fixed=bench.forget_failure)
    elif job is not None and job.refusal is not None:
        limits.say_refusal(job.refusal)
    elif job is not None and job.ahead is not None:
        st.info(text("limits.waiting", ahead=job.ahead), icon=":material/group:")
    elif job is not None and job.stopped:
        st.info(text("lab.stopped"), icon=":material/stop_circle:")


def settings(view: str) -> ExpanderContainer:
    return drawer(text("lab.settings"), key=f"lab-settings-{view}", icon=":material/tune:")


def lanes(view: str, names: Sequence[str]) -> list[DeltaGenerator]:
    """Return a column for each name.

    A phone shows one of them, chosen above: the style sheet knows which, without a server's turn.
    """
    with st.container(key=f"lab-lanes-{view}"):
        with st.container(key="lab-lane-choice"):
            choice(
                st.radio,
                text("lab.lane"),
                range(len(names)),
                key=f"lab-lane-{view}",
                format_func=names.__getitem__,
                horizontal=True,
                label_visibility="collapsed",
            )
        return st.columns(len(names))


def heading(title: str) -> None:
    st.markdown(f"#### {title}", anchors=False)


def choose_question(key: str) -> str:
    questions = {name: text(f"lab.question.{name}") for name in QUESTIONS}
    lengths = {name: len(question) for name, question in questions.items()}
    labels = {name: text(f"lab.length.{name}", characters=lengths[name]) for name in QUESTIONS}
    chosen = choice(
        st.selectbox,
        text("lab.compare.question"),
        QUESTIONS,
        key=key,
        index=1,
        format_func=labels.__getitem__,
    )
    return questions[chosen]


def table(label: str, heads: str, rows: str) -> str:
    """Return cells in HTML as a table that can be scrolled with the keyboard."""
    return (
        f'<div class="lab-wire" role="region" tabindex="0" aria-label="{escape(label)}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def figures(lines: Iterable[tuple[str, str]]) -> str:
    """Return a list of figures, given the keys of their texts, as Markdown."""
    return "\n".join(f"- {text(key)} **{value}**" for key, value in lines)
