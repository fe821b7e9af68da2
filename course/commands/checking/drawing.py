"""Draw what running.py asks for, and print what fails as problems in JSON.

`... pages NAME...` draws lessons' pages with Streamlit's own test harness and presses their demos'
buttons. `... charts FOLDER...` makes lessons' charts.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeAlias

from streamlit import config
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Checkbox, Radio, Selectbox, Toggle, Widget

from course import ROOT
from course.commands.checking.running import STUCK
from course.content import draw
from course.content.lesson import load
from course.content.lesson_blocks import Chart
from course.content.prose import read
from course.language import LANGUAGES, Language, texts
from course.problems import Problem, to_json

SECONDS = 60
FIX = "Open the page, and read the log"
Choice: TypeAlias = "Radio[Any] | Selectbox[Any]"
#: The frame's own buttons, and how other widgets of the frame, the exercises, the lab and the
#: questions begin; all others are the demo's.
OURS = ("mark-read", "stop")
NOT_DEMOS = ("practice-", "lab-", "question-", "course_")
#: How it begins what was done when an option was chosen.
OPTION = "with "
#: Of one widget: a page draws in a fraction of a second, but a hundred options take a minute.
MOST_OPTIONS = 20
#: The message that the check sends to a demo's chat.
MESSAGE = "Hello"
PLACE = re.compile(r'File "[^"]*pages[/\\]\w+\.py", line (\d+)')


class Log(logging.Handler):
    """Keeps what the pages have logged of their own failures."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


class Drawing:
    """Draws pages; ``found`` are the ways in which a page has failed at a line until now."""

    def __init__(self, output: TextIO) -> None:
        self.found: dict[tuple[str, int, str], list[str]] = {}
        self._output = output
        self._log = Log()
        draw.BROKEN.addHandler(self._log)

    def draw_all(self, names: Sequence[str]) -> None:
        """Draw Home and the pages called ``names``, in every language, cold and through Home."""
        for language in LANGUAGES:
            home = _app("Home.py", language)
            self._draw(home, "", language, language)
            for name in names:
                home.switch_page(f"pages/{name}.py")
                self._draw(home, name, language, f"{language}, through Home")
            for name in names:
                cold = _app(f"pages/{name}.py", language)
                self._draw(cold, name, language, f"{language}, cold")
                # The demo is the same in every language.
                if language == LANGUAGES[0]:
                    self.try_demo(cold, name, language)

    def try_demo(self, app: AppTest, name: str, language: Language) -> None:
        """Press each button, and again with each option of the demo's widgets."""
        self._press_each_button(app, name, language, "")
        count = len(_choices(app))
        for number in range(count):
            options = _choices(app)[number : number + 1]
            for option in range(len(options[0].options) if options else 0):
                found = _choices(app)
                # One may come or go when another is set.
                if number >= len(found) or option >= min(len(found[number].options), MOST_OPTIONS):
                    break
                choice = found[number]
                if choice.index == option:
                    continue  # has been tried
                way = f"{OPTION}{choice.options[option]!r} as {choice.label!r}"
                _choose(choice, option)
                self._draw(app, name, language, way)
                self._press_each_button(app, name, language, f"{way}, ")

        for number in range(len(_switches(app))):
            for switch in _switches(app)[number : number + 1]:
                switch.set_value(not switch.value)
                way = f"{OPTION}{switch.label!r} {'on' if switch.value else 'off'}"
                self._draw(app, name, language, way)
                self._press_each_button(app, name, language, f"{way}, ")

    def _press_each_button(self, app: AppTest, name: str, language: Language, how: str) -> None:
        for chat in (each for each in app.chat_input if _is_demos(each)):
            chat.set_value(MESSAGE)
            self._draw(app, name, language, f"{how}when a message is sent")
        pressed = set(OURS)
        # A button may come or go when another is pressed.
        while new := [
            each for each in app.button if _is_demos(each) and _name(each) not in pressed
        ]:
            button = new[0]
            pressed.add(_name(button))
            button.click()
            self._draw(app, name, language, f"{how}when {button.label!r} is pressed")

    def _draw(self, app: AppTest, name: str, language: Language, way: str) -> None:
        self._log.said.clear()
        # AppTest waits for its script even when its own time is over.
        timer = threading.Timer(SECONDS, self._give_up, (name, way))
        timer.daemon = True
        timer.start()
        app.run()
        timer.cancel()
        for trace, what in self._faults(app, language):
            places = PLACE.findall(trace)
            fault = name, int(places[-1]) if places else 0, what
            # An option is named where it matters.
            if not way.startswith(OPTION) or fault not in self.found:
                self.found.setdefault(fault, []).append(way)

    def _give_up(self, name: str, way: str) -> None:
        what = f"it does not end within {SECONDS} s; pages after it were not drawn"
        self.found.setdefault((name, 0, what), []).append(way)
        self.tell(STUCK)

    def tell(self, code: int = 0) -> None:
        """Print what has failed, and end the process, whatever its threads still do."""
        problems = [
            Problem(_file(name), line, f"fails ({'; '.join(ways)}): {what}", FIX)
            for (name, line, what), ways in self.found.items()
        ]
        print(to_json(problems), file=self._output, flush=True)
        os._exit(code)

    def _faults(self, app: AppTest, language: Language) -> Iterator[tuple[str, str]]:
        for said in self._log.said:
            yield said, said.splitlines()[-1]
        for error in app.exception:
            yield "\n".join(error.stack_trace), f"{error.proto.type}: {error.message}"
        if not app.title and not self._log.said:
            yield "", "there is no title"
        elif app.title and app.title[0].value == texts(language)["lesson.broken_title"]:
            yield "", "the page says that the lesson is broken"


def _file(name: str) -> Path:
    return ROOT / "pages" / f"{name}.py" if name else ROOT / "Home.py"


def _name(widget: Widget) -> str:
    return widget.key or str(getattr(widget, "label", ""))


def _is_demos(widget: Widget) -> bool:
    return not getattr(widget, "disabled", False) and not _name(widget).startswith(NOT_DEMOS)


def _choices(app: AppTest) -> list[Choice]:
    return [each for each in (*app.selectbox, *app.radio) if _is_demos(each)]


def _switches(app: AppTest) -> list[Checkbox | Toggle]:
    return [each for each in (*app.checkbox, *app.toggle) if _is_demos(each)]


def _choose(choice: Choice, option: int) -> None:
    """Choose an option by what the page calls it: what it stands for is known to the page alone."""
    kind = type(choice)
    by_label = {"format_func": property(lambda _: str)}
    choice.__class__ = type(kind.__name__, (kind,), by_label)
    choice.set_value(choice.options[option])


def _app(file: str, language: Language) -> AppTest:
    app = AppTest.from_file(str(ROOT / file), default_timeout=2 * SECONDS)
    app.query_params["lang"] = language
    return app


def failing_charts(folder: Path) -> Iterator[Problem]:
    """Yield each chart that cannot be made, where the prose shows it."""
    found = load(folder)
    for language in LANGUAGES:
        prose = read(found, language)
        for blocks in prose.sections.values():
            for chart in blocks:
                if isinstance(chart, Chart):
                    try:
                        draw.chart_of(chart.file, chart.labels)
                    except Exception as error:  # an instructor's program: whatever it raises
                        what = f"{type(error).__name__}: {error}"
                        what = f"the chart {chart.file.name} fails: {what}"
                        fix = "Correct the chart's file, or its labels"
                        yield Problem(prose.path, chart.line, what, fix)


def main(what: str, names: Sequence[str]) -> None:
    output, sys.stdout = sys.stdout, sys.stderr  # for what pages and charts print
    if what == "charts":
        failing = (each for name in names for each in failing_charts(Path(name)))
        print(to_json(failing), file=output)
        return
    # Otherwise the instructor never sees the error's text.
    config.set_option("client.showErrorDetails", "full")
    drawing = Drawing(output)
    drawing.draw_all(names)
    drawing.tell()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
