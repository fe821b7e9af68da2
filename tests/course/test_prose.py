"""A lesson's prose: what each element becomes, and what a mistake says."""

from __future__ import annotations

from pathlib import Path

import pytest

from course import prose
from course.blocks import Callout, Chart, Code, Diagram, Heading, Markdown, Option, Question
from course.problems import LessonError
from tests.course.making import PROSE, in_section, loaded

QUESTION = """\
> [!QUESTION] {#q-call}
> What does it print?
>
> ```python file=steps/step_1_cache.py region=slow
> ```
>
> - [ ] `1`
>
>   No: nothing is printed.
>
> - [x] Nothing
>
>   Right.
>
>   It only waits.
"""
CHART = """\
```altair file=figures/curve.py caption="A curve."
time: 초 (s)
y: characters: shown
```
"""


def test_a_callout_and_an_include_become_blocks_of_their_own(tmp_path: Path) -> None:
    text = in_section(
        "steps",
        "Before.\n\n> [!TIP]\n> Look **here**.\n\n"
        "```python file=steps/step_1_cache.py region=slow\n```\n\nAfter.",
    )
    blocks = prose.sections(loaded(tmp_path, prose=text), "en")["steps"]
    assert blocks == (
        Heading("steps", 2, "steps", 9),
        Markdown("Before.", 11),
        Callout("tip", "Look **here**.", 13),
        Code("def slow():\n    time.sleep(1)\n", "steps/step_1_cache.py#slow", 16),
        Markdown("After.", 19),
    )


def test_a_question_has_blocks_and_explained_options(tmp_path: Path) -> None:
    found = loaded(tmp_path, prose=in_section("theory", QUESTION))
    _, question = prose.sections(found, "ko")["theory"]
    assert isinstance(question, Question)
    assert question.id == "q-call"
    assert [type(block) for block in question.blocks] == [Markdown, Code]
    assert question.options == (
        Option("`1`", right=False, explanation="No: nothing is printed."),
        Option("Nothing", right=True, explanation="Right.\n\nIt only waits."),
    )


def test_figures_have_captions_and_labels(tmp_path: Path) -> None:
    text = in_section("theory", f'```mermaid caption="Two ways."\ngraph TD\nA-->B\n```\n\n{CHART}')
    found = loaded(tmp_path, prose=text)
    (found.folder / "figures").mkdir()
    (found.folder / "figures" / "curve.py").write_text("")
    _, diagram, chart = prose.sections(found, "en")["theory"]
    assert isinstance(diagram, Diagram)
    assert (diagram.source, diagram.caption) == ("graph TD\nA-->B\n", "Two ways.")
    assert isinstance(chart, Chart)
    assert chart.labels == (("time", "초 (s)"), ("y", "characters: shown"))


def test_an_edit_of_any_of_its_files_shows_at_once(tmp_path: Path) -> None:
    text = in_section("steps", "```python file=steps/step_1_cache.py region=slow\n```")
    found = loaded(tmp_path, prose=text)
    before = prose.sections(found, "en")
    step = found.folder / "steps" / "step_1_cache.py"
    step.write_text(step.read_text("utf-8").replace("sleep(1)", "sleep(100)"), encoding="utf-8")
    after = prose.sections(found, "en")
    assert [before["steps"][1], after["steps"][1]] == [
        Code("def slow():\n    time.sleep(1)\n", "steps/step_1_cache.py#slow", 11),
        Code("def slow():\n    time.sleep(100)\n", "steps/step_1_cache.py#slow", 11),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (PROSE.replace(" {#theory}", ""), 5, "a heading has no ASCII id"),
        (PROSE.replace("{#theory}", "{#이론}"), 5, "a heading has no ASCII id"),
        (PROSE.replace("## theory {#theory}", ""), 1, "They must be goals, theory"),
        ("Hello.\n\n" + PROSE, 1, "there is text before the first section"),
        (PROSE + "\n```python file=steps/none.py\n```\n", 25, "there is no file `steps/none.py`"),
        (PROSE + "\n```python file=../../secret.py\n```\n", 25, "there is no file `../../secret.p"),
        (PROSE + "\n```python file=steps/step_1_cache.py region=fast\n```\n", 25, "# region: fast"),
        (PROSE + "\n```python\nx = 1\n```\n", 25, "Python is pasted into the prose"),
        (PROSE + "\n```py\nx = 1\n```\n", 25, "a fence with `py`"),
        (PROSE + "\n```\nx = 1\n```\n", 25, "does not say what it holds"),
        (PROSE + "\n```text foo=1\nx\n```\n", 25, "no setting `foo`"),
        (PROSE + "\n```mermaid\ngraph TD\n```\n", 25, "a figure has no caption"),
        (PROSE + "\n" + CHART, 25, "there is no chart `figures/curve.py`"),
        (PROSE + "\n> [!DANGER]\n> x\n", 25, "there is no callout [!DANGER]"),
        (PROSE + "\nA <b>word</b>.\n", 25, "there is HTML in the prose"),
        (PROSE + "\n<div>\n</div>\n", 25, "there is HTML in the prose"),
        (PROSE + "\nSee [there](#nowhere).\n", 25, "the link to `#nowhere` leads to no heading"),
        (PROSE + "\nSee [there](http://a.b).\n", 25, "the link `http://a.b`"),
        (PROSE + "\n### Again {#goals}\n", 25, "the id `goals` is taken"),
        (PROSE + "\n> [!NOTE]\n> [a](term:token)\n", 25, "a term in a callout"),
        (PROSE + "\n" + QUESTION.replace(" {#q-call}", ""), 25, "a question has no id"),
        (PROSE + "\n" + QUESTION.replace("[x]", "[ ]"), 25, "needs one right option"),
        (PROSE + "\n" + QUESTION.replace("[ ]", "[x]"), 25, "needs one right option"),
        (PROSE + "\n" + QUESTION.replace(">   No: nothing is printed.\n", ""), 25, "explanation"),
        (PROSE + "\n" + QUESTION.replace("- [x] ", "- "), 25, "an option has no mark: 'Nothing'"),
        (PROSE + "\n" + QUESTION + ">\n> Goes on.\n", 25, "goes on after its options"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    (tmp_path / "secret.py").write_text("SECRET = 1")
    with pytest.raises(LessonError) as caught:
        prose.sections(loaded(tmp_path, prose=text), "en")
    assert f"lessons/day_07_caching/en.md:{line}: " in str(caught.value)
    assert said in str(caught.value)


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = PROSE + "\n```py\n```\n\n[a](#b)\n\n> [!X]\n> y\n"
    assert len(prose.read(loaded(tmp_path, prose=text), "en").problems) == 3


def test_a_missing_language_is_named(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    (found.folder / "en.md").unlink()
    assert "en.md: cannot be read" in str(prose.read(found, "en").problems[0])
    assert prose.sections(found, "ko")
