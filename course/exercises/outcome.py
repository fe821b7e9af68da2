"""The result of a run on the page, while it grows and after its end: verdict, output, checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from course import connection_panel, limits, progress
from course.exercises.attempt import first_wrong, key_of, verdict_on
from course.exercises.live_run import Run, item
from course.language import current, text
from course.script import show_inside_script
from practice import CheckResult, Event, Exercise
from practice.events import Again, Draw, Ended, Printed
from practice.exercises import SceneText
from practice.replay import Replay
from streaming.view import Turn

# With the verdict above it, it fits into a window: nobody has to scroll to see what happens.
OUTPUT_HEIGHT = 320
# Seconds between two looks while there is no output yet.
TICK = 0.125

State = Literal["passed", "open", "failed"]
ICONS: Mapping[State, str] = {
    "passed": ":green[:material/check_circle:]",
    "open": ":gray[:material/radio_button_unchecked:]",
    "failed": ":red[:material/cancel:]",
}


class Result:
    """The places of a run's verdict, output and checks on the page, one below the other.

    ``again`` is the run of one scene that a click in the output has started: it takes the scene's
    place in the output, and the verdict stays. A click calls ``use``.
    """

    def __init__(
        self,
        exercise: Exercise,
        run: Run,
        again: Run | None,
        use: Callable[[int, str, object], None],
    ) -> None:
        self._exercise, self._run, self._again, self._use = exercise, run, again, use
        # No st.empty(): what is on the page would vanish for a moment whenever it is drawn again.
        self._verdict, self._output, self._checks = (st.container() for _ in range(3))
        self._scenes: list[_Scene] = []
        self._progress = _Line(self._verdict, "info")
        self._list = _Line(self._checks, "markdown")

    def follow(self, turn: Turn, *, goes_on: bool) -> None:
        """Draw the run so far; then, if it ``goes_on``, until it ends or someone waits.

        When the program runs again, as for a chat's next message, its page is drawn in a turn of
        its own, which removes what is no longer on it.
        """
        while True:
            # Looked at first: what comes until the end is drawn then.
            running = self._running
            graded = self._run.running
            self._draw_scenes()
            if graded:
                self._draw_progress()
            tick = max((each.replay.tick for each in self._scenes), default=TICK)
            begins_again = any(each.is_left for each in self._scenes)
            if not running or not goes_on or begins_again or turn.wait(tick):
                return

    def show(self, results: Sequence[CheckResult]) -> None:
        """Draw a run that has ended, and what its checks say."""
        wrong = first_wrong(results)
        with self._verdict:
            self._say_how_it_ended(self._run)
            # A snippet is there to be run as it is.
            tried = not self._exercise.is_graded or self._exercise.is_attempt(self._run.code)
            if wrong is not None and tried:
                st.warning(wrong.message, icon=":material/lightbulb:")
            elif wrong is not None:
                said = f"{text('practice.unchanged')}\n\n{wrong.message}"
                st.info(said, icon=":material/edit:")
            graded = self._exercise.is_graded and self._run.end == "judged"
            if graded and all(each.passed for each in results):
                st.success(text("practice.solved"), icon=":material/celebration:")
                progress.say_if_unsaved(self._exercise.day, "solved", item(self._exercise))
            if self._again is not None:
                self._say_how_it_ended(self._again)
                self._say_what_ended(self._again, wrong)
        self._draw_scenes()
        # After a click in the output the learner looks at the scene of that.
        if (wrong is not None or graded) and self._again is None and len(self._scenes) > 1:
            # The run has left its last scene in sight, and the verdict is about this one. Without
            # one, the exercise is about its first.
            scene = self._scenes[self._scene_of(wrong) if wrong is not None else 0].selector
            with self._output:
                script = show_inside_script(scene, f".st-key-{key_of(self._exercise, 'output')}")
                st.html(script, unsafe_allow_javascript=True)
        self._draw_checks(
            [
                ("passed" if each.passed else "failed" if each is wrong else "open", each.title)
                for each in results
            ]
            if self._exercise.is_graded
            else []
        )

    def _scene_of(self, wrong: CheckResult) -> int:
        about = self._exercise.about
        named = {check.id: check.scene for check in about.checks}
        if wrong.id in named:
            ids = [scene.id for scene in about.scenes]
            number = ids.index(named[wrong.id] or ids[0])
        else:
            ends = [events[-1] if events else None for events in self._run.scenes]
            failed = [not isinstance(each, Ended) or each.reason != "end" for each in ends]
            number = failed.index(True) if True in failed else 0
        return min(number, len(self._scenes) - 1)

    def _say_what_ended(self, run: Run, told: CheckResult | None) -> None:
        """Show what ended a run that is not checked, unless the verdict has ``told`` it."""
        for each in verdict_on(self._exercise, run):
            known = told is not None and told.message == each.message
            if each.id == "runs" and each.message and not known:
                st.warning(each.message, icon=":material/lightbulb:")

    @property
    def _running(self) -> bool:
        return self._run.running or (self._again is not None and self._again.running)

    def _say_how_it_ended(self, run: Run) -> None:
        match run.end:
            case "stopped":
                st.info(text("practice.stopped"), icon=":material/stop_circle:")
            case "unavailable":
                st.info(text("practice.unavailable"), icon=":material/info:")
            case "broken":
                st.error(text("practice.crashed"), icon=":material/build:")
            case "failed" if run.failure is not None:
                key = key_of(self._exercise, "failure")
                connection_panel.failure(run.failure, key, run.forget_failure)
            case "refused" if run.refusal is not None:
                limits.say_refusal(run.refusal, of_exercise=True)

    def _draw_scenes(self) -> None:
        for number, events in enumerate(list(self._run.scenes)):
            again = self._again
            if again is None or again.use is None or again.use.scene != number:
                again = None
            shown = again or self._run
            over = not shown.running
            if not self._scenes:
                key = key_of(self._exercise, "output")
                # A finished run is read from its beginning, and a scene of it where it stands.
                follows = self._run.running or (self._running and len(self._run.scenes) == 1)
                self._output = self._output.container(
                    height=OUTPUT_HEIGHT, autoscroll=follows, key=key
                )
            if number == len(self._scenes):
                with self._output:
                    # A program can be used when it has come to its end.
                    use = None if self._run.running else partial(self._use, number)
                    scene = self._exercise.about.scenes[number]
                    # A run's widgets are not those of the run before it.
                    key = key_of(self._exercise, f"{scene.id}-{self._run.id}")
                    self._scenes.append(_Scene(self._exercise, scene, key, use))
            self._scenes[number].draw(again.events if again else events, over=over)

    def _draw_progress(self) -> None:
        """Show what the run waits for or has done; a check that hasn't passed is still open."""
        passed, waiting = self._run.passed, self._run.waiting
        # All of them in their order, those of scenes that are still to come, too.
        checks = self._exercise.about.checks
        if waiting is not None:
            said = text(f"practice.{waiting.what}", number=waiting.number)
        elif not checks:
            said = text("practice.snippet_running")
        else:
            done = sum(each.id in passed for each in checks)
            said = text("practice.running", passed=done, count=len(checks))
        self._progress.say(said)
        self._draw_checks(
            [
                ("passed" if each.id in passed else "open", each.title.of(current()))
                for each in checks
            ]
        )

    def _draw_checks(self, checks: Sequence[tuple[State, str]]) -> None:
        """Draw the list of checks: icons, and their meaning in words."""
        self._list.say(
            "  \n".join(
                f"{ICONS[state]} {title} :small[:gray[{text(f'practice.{state}')}]]"
                for state, title in checks
            )
        )


class _Line:
    """A text in a place of its own, sent again when it changes."""

    def __init__(self, place: DeltaGenerator, kind: Literal["info", "markdown"]) -> None:
        self._place, self._kind, self._said = place, kind, ""

    def say(self, said: str) -> None:
        if said != self._said:
            self._said, self._place = said, getattr(self._place, self._kind)(said)


class _Scene:
    """What a program does in one scene, in the output: the page of its last run so far.

    ``is_left``: it has begun another, which is not drawn here.
    """

    def __init__(
        self,
        exercise: Exercise,
        scene: SceneText,
        key: str,
        use: Callable[[str, object], None] | None,
    ) -> None:
        several = scene.title and len(exercise.about.scenes) > 1
        title = scene.title.of(current()) if scene.title and several else text("practice.output")
        # The style sheet keeps the title in sight while its scene is.
        with st.container(key=f"{key}-scene"):
            with st.container(key=f"{key}-scene-title"):
                st.caption(f":material/play_circle: {title}")
            self._place = st.container()
        self.selector = f".st-key-{key}-scene"
        with self._place:
            self.replay = Replay(
                key=key,
                use=use,
                printed=text("practice.printed"),
                sidebar=text("practice.sidebar"),
                undrawn=partial(text, "practice.undrawn"),
                too_much=text("practice.too_much"),
            )
        self._seen: int | None = None
        self._over = self.is_left = False

    def draw(self, events: Sequence[Event], *, over: bool) -> None:
        """Draw what has come since the last time; ``over``: no more will come."""
        begun = [number for number, each in enumerate(events, 1) if isinstance(each, Again)]
        start = begun[-1] if begun else 0
        self._seen = start if self._seen is None else self._seen
        self.is_left = start > self._seen
        if self._over or self.is_left:
            return
        page, new = events[start:], events[self._seen :]
        self._seen += len(new)
        self._over = over or any(isinstance(each, Ended) for each in new[-1:])
        with self._place:
            self.replay.take(new)
            self.replay.show(last=self._over)
            if self._over and not any(isinstance(each, Draw | Printed) for each in page):
                # An empty box would look like a fault of the page.
                st.caption(text("practice.nothing"))
