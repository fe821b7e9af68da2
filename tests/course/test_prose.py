"""A lesson's prose: what each element becomes, and what a mistake says."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content import prose
from course.content.lesson import Lesson
from course.content.lesson_blocks import (
    Block,
    Callout,
    Chart,
    Code,
    Diagram,
    ExercisePlace,
    Heading,
    Markdown,
    Option,
    Question,
)
from course.content.outline import outline_of
from course.language import LANGUAGES
from course.problems import LessonError
from tests.course.making import BEHIND, PROSE, in_section, loaded, told

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


EXERCISE = "```exercise name=1_x\n```\n"
SNIPPET = "```python file=steps/step_1_cache.py run=yes\n```\n"


def with_exercise(tmp_path: Path, text: str) -> Lesson:
    found = loaded(tmp_path, prose=in_section("theory", text))
    folder = found.folder / "practice" / "1_x"
    folder.mkdir(parents=True)
    (folder / "exercise.toml").write_text("", encoding="utf-8")
    return found


def test_an_exercise_and_a_snippet_stand_where_their_fence_is(tmp_path: Path) -> None:
    found = with_exercise(tmp_path, f"{EXERCISE}\n{SNIPPET}\n[there](#exercise-1-x)")
    _, place, snippet, _ = prose.sections(found, "en")["theory"]
    assert place == ExercisePlace("1_x", 7)
    assert isinstance(snippet, Code)
    assert snippet.run


def test_a_folded_heading_is_read_as_one(tmp_path: Path) -> None:
    found = loaded(tmp_path, prose=in_section("theory", "### In a shell {#shell folded}\n\nText."))
    assert prose.sections(found, "en")["theory"][1] == Heading("In a shell", 3, "shell", 7, True)


def test_code_that_shows_text_has_a_file_for_each_language(tmp_path: Path) -> None:
    fence = "```python file=steps/say_{language}.py\n```\n"
    found = loaded(tmp_path, prose=in_section("theory", fence))
    for language in LANGUAGES:
        (found.folder / "steps" / f"say_{language}.py").write_text(f'"{language}"\n')
    for language in LANGUAGES:
        _, code = prose.sections(found, language)["theory"]
        assert isinstance(code, Code)
        assert code.text == f'"{language}"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{EXERCISE}\n{EXERCISE}", "`1_x` stands here a second time"),
        (f"{SNIPPET}\n{SNIPPET}", "`steps/step_1_cache.py` stands here a second time"),
        ("```exercise name=2_y\n```", "there is no exercise `2_y` in the lesson"),
        ("```exercise name=../x\n```", "there is no exercise `../x` in the lesson"),
        ("```exercise name=1_x\nDo it.\n```", "there is text in an exercise's fence"),
        ("- a\n\n  ```exercise name=1_x\n  ```", "a fence with `exercise` inside something else"),
        (SNIPPET.replace("yes", "on"), "run=on says neither yes nor no"),
        (SNIPPET.replace("run=yes", "fails=yes"), "code that nobody runs cannot fail"),
        ("### A {#a folded}\n\n### B {#b}", "nothing stands in this folded part"),
        ("## A {#a folded}", "a section cannot be folded"),
        (f"{EXERCISE}\n### A {{#exercise-1-x}}", "the id `exercise-1-x` is taken"),
        (
            QUESTION.replace("region=slow", "run=yes"),
            "an exercise or a snippet inside a question",
        ),
    ],
)
def test_a_mistake_about_what_learners_run_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LessonError) as caught:
        prose.sections(with_exercise(tmp_path, text), "en")
    assert said in told(caught.value.problems)


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


@pytest.mark.parametrize(
    ("text", "block"),
    [
        (">[!TIP]\n>Look.", Callout("tip", "Look.", 7)),
        ("   > [!TIP]\n  > Look.", Callout("tip", "Look.", 7)),
        ("> [!TIP] Look.", Callout("tip", "Look.", 7)),
        ("~~~mermaid caption='A.'\ngraph\n~~~".replace("'", '"'), Diagram("graph\n", "A.", 7)),
    ],
)
def test_a_block_is_known_in_each_form_that_markdown_has_for_it(
    tmp_path: Path, text: str, block: Block
) -> None:
    found = loaded(tmp_path, prose=in_section("theory", text))
    assert prose.sections(found, "en")["theory"][1] == block


def test_the_outline_has_each_heading_and_question_that_the_page_has(tmp_path: Path) -> None:
    question = QUESTION.replace("> [!QUESTION]", "  >[!QUESTION]")
    found = loaded(tmp_path, prose=in_section("theory", f"  ### Two {{#two}}\n\n{question}"))
    _, heading, drawn = prose.sections(found, "ko")["theory"]
    assert isinstance(heading, Heading)
    assert isinstance(drawn, Question)
    has = outline_of(found)
    assert (has.questions, heading.id in has.anchors) == ((drawn.id,), True)


@pytest.mark.parametrize(("one", "other"), [("[x]", "[X]"), ("> - ", "> * "), ("> - ", "> + ")])
def test_an_option_is_marked_as_any_task_of_a_list_is(tmp_path: Path, one: str, other: str) -> None:
    found = loaded(tmp_path, prose=in_section("theory", QUESTION.replace(one, other)))
    _, question = prose.sections(found, "en")["theory"]
    assert isinstance(question, Question)
    assert [option.right for option in question.options] == [False, True]


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


def test_an_edit_of_a_solution_shows_at_once(tmp_path: Path) -> None:
    text = in_section("solution", "```python file=practice/1_x/solution.py\n```")
    found = loaded(tmp_path, prose=text)
    solution = found.folder / "practice" / "1_x" / "solution.py"
    solution.parent.mkdir(parents=True)
    for code in ("x = 1\n", "x = 10\n"):
        solution.write_text(code)
        assert (
            Code(code, "practice/1_x/solution.py#", 23) in prose.sections(found, "en")["solution"]
        )


def swapped(one: str, other: str) -> str:
    """Return the prose of a right lesson with two of its sections in each other's place."""
    return PROSE.replace(one, "\0").replace(other, one).replace("\0", other)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (PROSE.replace(" {#theory}", ""), 5, "a heading has no ASCII id"),
        (PROSE.replace("{#theory}", "{#이론}"), 5, "a heading has no ASCII id"),
        (PROSE.replace("{#theory}", f"{{#{'a' * 61}}}"), 5, "a heading has no ASCII id"),
        (PROSE.replace("## theory", "## <b>theory</b>"), 5, "there is HTML in the prose"),
        (PROSE.replace("{#theory}", "{#thery}"), 5, "`thery` is no section's id"),
        (swapped("theory", "steps"), 5, "the section `steps` stands too early"),
        ("Hello.\n\n" + PROSE, 1, "there is text before the first section"),
        (in_section("goals", "[tokens](term:token)"), 3, "a term cannot be explained in a heading"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    assert_named(tmp_path, text, line, said)


def assert_named(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(LessonError) as caught:
        prose.sections(loaded(tmp_path, prose=text), "en")
    assert f"lessons/day_07_caching/en.md:{line}: " in str(caught.value)
    assert said in told(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```python file=steps/none.py\n```", "there is no file `steps/none.py`"),
        ("```python file=../../secret.py\n```", "there is no file `../../secret.py`"),
        ("```python file=lesson.toml\n```", "there is no file `lesson.toml`"),
        ("```python file=steps/step_1_cache.py region=fast\n```", "has no `# region: fast`"),
        ("```python file=steps/step_1_cache.py slow\n```", "`slow` after python cannot be read"),
        ("```python\nx = 1\n```", "Python is pasted into the prose"),
        ("    x = 1", "code is pasted into the prose as an indented block"),
        ("- a\n\n  ```python file=steps/step_1_cache.py\n  ```", "a fence with `python` inside"),
        ("> ```python\n> x = 1\n> ```", "a fence with `python` inside"),
        ("> [!NOTE]\n> ```python\n> x = 1\n> ```", "a fence with `python` inside"),
        ("```py\nx = 1\n```", "a fence with `py`"),
        ("```\nx = 1\n```", "does not say what it holds"),
        ("```text foo=1\nx\n```", "no setting `foo`"),
        ("```mermaid\ngraph TD\n```", "a figure has no caption"),
        ('```mermaid caption="A "b" c."\ngraph TD\n```', "after mermaid cannot be read"),
        (CHART, "there is no chart `figures/curve.py`"),
        (CHART.replace("figures/", "figures/../../../"), "there is no chart `figures/../../../c"),
        ("> [!DANGER]\n> x", "there is no callout [!DANGER]"),
        ("> [!note]\n> x", "there is no callout [!note]"),
        ("- a\n\n  > [!NOTE]\n  > x", "a callout or question inside something else"),
        ("- a\n\n  ### x {#x}", "a heading inside a list or a quote"),
        ("A <b>word</b>.", "there is HTML in the prose"),
        ("<div>\n</div>", "there is HTML in the prose"),
        ("- <div>x</div>", "there is HTML in the prose"),
        ("> [!NOTE]\n> <div>x</div>", "there is HTML in the prose"),
        (QUESTION.replace("Nothing", "<b>Nothing</b>"), "there is HTML in the prose"),
        ("![x](missing.png)", "a picture"),
        ("See [there][nowhere].", "the link `[there][nowhere]` leads nowhere"),
        ("See [there][a].\n\n[a]: https://a.b", "the address after `[a]:` stands apart"),
        ("> See [a].\n>\n> [a]: https://a.b", "the address after `[a]:` stands apart"),
        ("See [there](#nowhere).", "the link to `#nowhere` leads to no heading"),
        ("See [there](http://a.b).", "the link `http://a.b`"),
        ("See [there](https://).", "the link `https://` is neither https:// with a host"),
        ("See [there](https:///path).", "the link `https:///path` is neither"),
        ("See [there](https://[).", "is neither https:// with a host"),
        ("See [there](https://nowhere).", "the link `https://nowhere` is neither"),
        ("See <https://>.", "the link `https://` is neither"),
        ("See [there]().", "the link `` is neither"),
        ("See [there](#).", "the link to `#` leads to no heading"),
        ("See [there](term:).", "the link `term:` is neither"),
        ("See [there](two words).", "`](two words).` cannot be read as a link"),
        ("See [there](javascript:alert(1)).", "cannot be read as a link"),
        ("An icon :material/sparkls:.", "there is no icon `:material/sparkls:`"),
        ("> [!NOTE]\n> :material/no_such:", "there is no icon `:material/no_such:`"),
        ("### Again {#goals}", "the id `goals` is taken"),
        ("### Links {#links}", "the id `links` is taken"),
        ("### [x](http://a.b) {#x}", "the link `http://a.b`"),
        ("> [!NOTE]\n> [a](term:token)", "a term cannot be explained in a heading"),
        ("### [a](term:token) {#x}", "a term cannot be explained in a heading"),
        (QUESTION.replace("Right.", "[Right](term:token)."), "a term cannot be explained in a"),
        (QUESTION.replace(" {#q-call}", ""), "a question has no id"),
        (QUESTION.replace("[x]", "[ ]"), "needs one right option"),
        (QUESTION.replace("[ ]", "[x]"), "needs one right option"),
        (QUESTION.replace(">   No: nothing is printed.\n", ""), "has no explanation"),
        (QUESTION.replace("- [x] ", "- "), "an option has no mark: 'Nothing'"),
        (QUESTION + ">\n> Goes on.", "goes on after its options"),
    ],
)
def test_a_mistake_in_a_block_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "secret.py").write_text("SECRET = 1")
    with pytest.raises(LessonError) as caught:
        prose.sections(loaded(tmp_path, prose=f"{PROSE}\n{text}\n"), "en")
    first = int(str(caught.value).partition("en.md:")[2].partition(":")[0])
    assert BEHIND <= first <= BEHIND + len(text.splitlines())
    assert said in told(caught.value.problems)


@pytest.mark.parametrize(
    "text",
    [
        r"Not a link: \[a\]\[b\], and neither is `rows[0][1]`.",
        "1. Run it:\n\n   ```sh\n   make run\n   ```\n\n   - and look",
        "> A quote with [a link](https://a.b 'and a title') and <https://c.d>.",
        "| a | b |\n|---|---|\n| `x | y` | [t](term:token) |",
        "> [!NOTE]\n> Terms are written `[word](term:token)`.",
        "```text\n[a]: https://a.b\n<b>\n```",
        "An icon :material/star: and `:material/name:`, and `rows[0](x)`.",
        QUESTION.replace(">   ", ">    ").replace("> - [", ">  - ["),
    ],
)
def test_ordinary_markdown_is_no_mistake(tmp_path: Path, text: str) -> None:
    found = loaded(tmp_path, prose=f"{PROSE}\n{text}\n")
    assert [str(problem) for problem in prose.read(found, "en").problems] == []


def test_a_strange_line_separator_shifts_nothing(tmp_path: Path) -> None:
    text = in_section("theory", "One\u2028two\x0cthree.\n\n> [!NOTE]\n> Look.")
    blocks = prose.sections(loaded(tmp_path, prose=text), "en")["theory"]
    assert blocks[1:] == (
        Markdown("One\u2028two\x0cthree.", 7),
        Callout("note", "Look.", 9),
    )


def test_code_that_cannot_be_read_is_named_and_raises_nothing_else(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    (found.folder / "steps" / "step_1_cache.py").write_bytes(b'x = "\xff"')
    (problem, *_) = prose.read(found, "en").problems
    assert "`steps/step_1_cache.py` cannot be read (it is not UTF-8)" in str(problem)


def test_a_step_that_is_no_file_is_named(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    (found.folder / "steps" / "step_2_more.py").mkdir()
    (problem,) = prose.read(found, "en").problems
    assert "steps/step_2_more.py: cannot be read (it is a folder)" in str(problem)


def test_a_file_that_could_not_be_read_for_a_moment_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loaded(tmp_path)

    def refuse(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        assert "it may not be read" in str(prose.read(found, "en").problems[0])
    assert prose.read(found, "en").problems == ()


def test_a_file_that_moves_to_another_folder_is_noticed(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert prose.read(found, "en").problems == ()
    (found.folder / "practice").mkdir()
    step = found.folder / "steps" / "step_1_cache.py"
    step.rename(found.folder / "practice" / step.name)
    assert "there is no file" in str(prose.read(found, "en").problems[0])


def test_a_missing_section_is_named(tmp_path: Path) -> None:
    found = loaded(tmp_path, prose=PROSE.replace("## theory {#theory}", ""))
    said = told(prose.read(found, "en").problems)
    assert said.startswith("error: lessons/day_07_caching/en.md: the section `theory` is missing.")


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = PROSE + "\n```py\n```\n\n[a](#b)\n\n> [!X]\n> y\n"
    assert len(prose.read(loaded(tmp_path, prose=text), "en").problems) == 3


def test_a_missing_language_is_named(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    (found.folder / "en.md").unlink()
    assert "en.md: cannot be read" in str(prose.read(found, "en").problems[0])
    assert prose.sections(found, "ko")
