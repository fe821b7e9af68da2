"""`make check`: what it finds, and what it says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course import __main__ as command
from course.commands.checking import lesson_files
from course.commands.checking.lesson_files import check_files
from course.content import lesson as catalog
from course.content import translations
from course.content.length import MOST_WORDS, words
from course.language import Language
from course.problems import Problem
from course.toml_models import MOST_PROBLEMS
from tests.course.making import META, PROSE, in_section, loaded, make_lesson, told

TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"


def said_of(root: Path) -> str:
    return told(dict.fromkeys(check_files(root)))


def right(tmp_path: Path, **differences: str) -> Path:
    """Build a lesson whose translation is recorded."""
    found = loaded(tmp_path, **differences)
    translations.record(found, "en")
    return found.folder


def test_a_lesson_that_is_right_is_passed_over_in_silence(tmp_path: Path) -> None:
    right(tmp_path)
    assert said_of(tmp_path) == ""


def test_no_lesson_at_all_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lessons").mkdir()
    assert "error: lessons: there is no lesson." in said_of(tmp_path)


def test_a_missing_translation_is_an_error(tmp_path: Path) -> None:
    (right(tmp_path) / "en.md").unlink()
    assert "error: lessons/day_07_caching/en.md: cannot be read" in said_of(tmp_path)


def test_a_stale_translation_is_a_warning_that_says_what_to_run(tmp_path: Path) -> None:
    (right(tmp_path) / "ko.md").write_text(in_section("theory", "Other."), encoding="utf-8")
    (said,) = said_of(tmp_path).splitlines()
    assert said.startswith("warning: lessons/day_07_caching/en.md: the Korean text has changed")
    assert "translated: theory." in said
    assert "`.venv/bin/python -m course translated 7 en`" in said


@pytest.mark.parametrize(("language", "most"), [("en", "1,300"), ("ko", "1,000")])
def test_a_day_that_is_too_long_is_an_error_with_the_count(
    tmp_path: Path, language: Language, most: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = right(tmp_path)
    prose = folder / f"{language}.md"
    prose.write_text(prose.read_text("utf-8") + "\nword" * 1_300, encoding="utf-8")
    (said,) = [each for each in said_of(tmp_path).splitlines() if "a day has at most" in each]
    assert said.startswith(f"error: lessons/day_07_caching/{language}.md: the day has 1,3")
    assert f"at most {most}. Shorten it, or make two days of it" in said
    monkeypatch.setitem(MOST_WORDS, language, words(catalog.load(folder), language))
    assert "a day has at most" not in said_of(tmp_path)


def test_a_solution_that_waits_for_an_unknown_exercise_is_an_error(tmp_path: Path) -> None:
    right(tmp_path, meta='solution_after = ["1_none"]\n' + META)
    assert "solution_after names no exercise: 1_none" in said_of(tmp_path)


def test_a_snippet_in_one_language_only_is_an_error(tmp_path: Path) -> None:
    shown = "```python file=steps/step_1_cache.py"
    right(tmp_path, en=PROSE.replace(shown, f"{shown} run=yes"))
    assert "here the snippet `steps/step_1_cache.py#`, there" in said_of(tmp_path)


TERM = '[token]\nterm.ko = "토큰"\nterm.en = "Token"\ntext.ko = "글"\ntext.en = "T."\n'
BEGUN = 'from course.page import lesson_page\n\npage = lesson_page("day_07_caching")\n'
QUESTION = "> [!QUESTION] {#q}\n> What?\n>\n> - [x] A\n>\n>   a\n>\n> - [ ] B\n>\n>   b\n"
OTHER_RIGHT = QUESTION.replace("[x]", "[o]").replace("[ ]", "[x]").replace("[o]", "[ ]")


@pytest.mark.parametrize(
    ("ko", "en", "said"),
    [
        ("### A {#a}", "### A {#b}", "with the id `b`"),
        ("### A {#a}", "A", "the section's end"),
        ("- 1\n- 2", "- 1", "a list's item"),
        (TABLE, TABLE + "| 3 | 4 |\n", "a table's tr"),
        ("> [!TIP]\n> a", "> [!NOTE]\n> a", "a callout [!NOTE]"),
        ("```text\na\n```", "```text\nb\n```", "a text fence's 'b'"),
        ("```python file=steps/step_1_cache.py\n```", "x", "the code `steps/step_1_cache.py#`"),
        (QUESTION, OTHER_RIGHT, "number 2"),
        (QUESTION.replace("A", "`1`"), QUESTION.replace("A", "`2`"), "option 1 of `q`"),
        ("```text\n" + "a" * 50 + "b\n```", "```text\n" + "a" * 50 + "c\n```", "aac'"),
        ('```toml\na = 1\n```', '```toml\na = 2\n```', "a toml fence's 'a = 2'"),
        ('```mermaid caption="a"\ngraph TD\nA --> B\n```',
         '```mermaid caption="a"\ngraph TD\nA --> C\n```', "a diagram's 'A --> C'"),
        ('```mermaid caption="a"\ngraph TD\n```', '```mermaid caption="b"\npie\n```', "pie"),
        ('```mermaid caption="a"\nsequenceDiagram\nrect red\nend\n```',
         '```mermaid caption="a"\nsequenceDiagram\nrect blue\nend\n```', "'rect blue'"),
        ("[a](https://a.b)", "a", "links to `https://a.b` in ko.md only"),
        ("[a](term:token)", "a", "links to `term:token` in ko.md only"),
    ],
)  # fmt: skip
def test_a_translation_of_another_structure_is_an_error(
    tmp_path: Path, ko: str, en: str, said: str
) -> None:
    right(tmp_path, prose=in_section("theory", ko), en=in_section("theory", en))
    found = said_of(tmp_path)
    assert "error: lessons/day_07_caching/en.md:" in found
    assert "section `theory`" in found
    assert said in found


MOVED = '[[moved]]\nfrom = "day_06_old/q-old"\nto = "day_07_caching/{}"\n'
LINKS = "[a](https://a.b) [b](https://c.d)"


def test_captions_and_labels_may_differ_between_languages(tmp_path: Path) -> None:
    graph = 'graph TD\n%% {0}\nA["{0} {0}"] -- "{0}" --> B({0})\nA -- {0} --> C\n'
    sequence = "sequenceDiagram\nparticipant A as {0}\nloop {0} {0}\nA->>B: {0}\nend\n"
    figures = '```mermaid caption="{0}"\n' + graph + '```\n\n```mermaid caption="{0}"\n' + sequence
    settings = '```\n\n```toml\n# {0}\npassword = "{0}"\n```\n\n```sql\nSELECT 1 -- {0}\n```\n\n'
    both = figures + settings
    ko = both.format("하나") + LINKS
    en = both.format("one") + " ".join(reversed(LINKS.split()))
    right(tmp_path, prose=in_section("theory", ko), en=in_section("theory", en))
    assert said_of(tmp_path) == ""


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("steps/step_1_cache.py", "x = (\n", "step_1_cache.py:1: is not valid Python"),
        ("steps/step_1_cache.py", "x  =  1\n", "is not formatted. Run `.venv/bin/ruff format less"),
        ("steps/step_1_cache.py", "x\u00a0= 1\n", "py:1: an invisible character (U+00A0)"),
        ("en.md", PROSE.replace("Text of", "Text\u00a0of"), "en.md:3: an invisible character"),
        ("ko.md", in_section("theory", "> [!TODO]\n> x"), "ko.md:7: still to be written: x"),
        ("ko.md", in_section("theory", "[a](term:none)"), "the glossary has no `none`"),
        ("lesson.toml", "prerequisites = [9]\n" + META, "prerequisites name day 9"),
        ("lesson.toml", "prerequisites = [7]\n" + META, "prerequisites name day 7"),
        ("lesson.toml", 'lab = ["wires"]\n' + META, "field `lab.0`: must be 'compare'"),
        ("lesson.toml", 'lab = ["wire", "wire"]\n' + META, "field `lab`: names a view twice"),
        ("lesson.toml", "lab = true\n" + META, "toml:1: field `lab`: must be a list in [ ]"),
        ("en.md", in_section("theory", "[a](term:Token)"), "the glossary has no `Token`"),
        ("ko.md", PROSE.replace("Text", "T\u3164ext"), "an invisible character (U+3164)"),
        ("ko.md", PROSE.replace("Text", "T\u2028ext"), "an invisible character (U+2028)"),
        ("../glossary.toml", "# a\u00a0b\n", "glossary.toml:1: an invisible character"),
        ("../moved.toml", MOVED.format("q-old"), "moved.toml:3: field `moved.0.to`: `day_07_cac"),
        ("../moved.toml", MOVED.format("Q!"), "moved.toml:3: field `moved.0.to`: must be a place"),
        ("steps/more.py", "x = 1\n", "warning: lessons/day_07_caching/steps/more.py: the prose do"),
        ("code/more.py", "x = 1\n", "code/more.py: this code is in the wrong folder"),
        ("../day_08_other", "", "lessons/day_08_other: this isn't a folder"),
        ("../../pages/day_07_caching.py", "x = (\n", "day_07_caching.py:1: is not valid Python"),
        ("../../pages/day_09_none.py", "x = 1\n", "pages/day_09_none.py: the page has no lesson"),
        ("../../pages/day_07_caching.py", "x = 1\n", "the page does not begin its lesson"),
        ("../../pages/day_07_caching.py", BEGUN, "the page has no live demo"),
        ("../../pages/day_07_caching.py", BEGUN + "x = 1\n" * 57, "the page has 60 lines"),
        ("../../pages/day_07_caching.py", BEGUN + "\nst.write_stream(x)\n", "5: `.write_stre"),
        ("../../pages/day_07_caching.py", BEGUN + "\nimport streaming.view\n", "without checking"),
        ("../../pages/day_07_caching.py", BEGUN + "\nfrom streaming import stream\n", "asks"),
        ("../../course.toml", "[limits]\nlocl = 1\n", "course.toml:2: unknown field `limits.locl`"),
        ("../day4/x.md", "", "lessons/day4: the folder's name isn't a lesson's"),
        ("../glossary.toml", "[token]\nterm = 1\n", "glossary.toml:2: field `token.term`"),
        ("translated.toml", "en = 1\n", "translated.toml:1: field `en`"),
        ("translated.toml", "[en]\ngoals = 1\n", "toml:2: field `en.goals`: must be a text"),
        ("ko.md", in_section("theory", "a\0b"), "ko.md:7: an invisible character (U+0000)"),
        ("ko.md", in_section("theory", "a\x1b[31mb"), "ko.md:7: an invisible character (U+001B)"),
        ("lesson.toml", f'icon = ":material/sparkls:"\n{META}', "toml:1: there is no icon `:mater"),
        (
            "lesson.toml",
            META.replace("Remember results.", "See [x](https://)."),
            "lesson.toml:9: `summary`: the link `https://` leads nowhere",
        ),
        ("../glossary.toml", TERM.replace("T.", ":material/no:"), "toml:5: `token.text`: there is"),
        ("../../pages/day_07_caching.py", BEGUN + 's = ":material/no:"\n', "4: there is no icon"),
        ("steps/step_1_more.py", "x = 1\n", "step_1_more.py: step_1_cache.py has the same number"),
        ("lesson.toml", META.replace("= 2", "= " + "9" * 5000), "toml: is not valid TOML: a"),
        ("steps/step_1_cache.py", f"x = {'-' * 20000}1\n", "py:1: is not valid Python: too deeply"),
        ("../glossary.toml", "x = " + "[" * 5000, "glossary.toml: is not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_is_found(tmp_path: Path, file: str, content: str, said: str) -> None:
    path = right(tmp_path) / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    assert said in said_of(tmp_path)


def test_a_lesson_without_a_step_is_an_error(tmp_path: Path) -> None:
    (right(tmp_path) / "steps" / "step_1_cache.py").unlink()
    assert "error: lessons/day_07_caching/steps: there is no step." in said_of(tmp_path)


@pytest.mark.parametrize("more", [0, 1])
def test_of_very_many_mistakes_the_first_twenty_are_told(tmp_path: Path, more: int) -> None:
    unknown = "".join(f"x{number} = 1\n" for number in range(MOST_PROBLEMS + more))
    make_lesson(tmp_path, meta=unknown + META)
    said = [each for each in map(str, check_files(tmp_path)) if "lesson.toml" in each]
    assert len(said) == MOST_PROBLEMS + more
    assert ("has more than" in said[-1]) == bool(more)


def test_an_icon_that_an_f_string_fills_in_is_right(tmp_path: Path) -> None:
    page = right(tmp_path).parents[1] / "pages" / "day_07_caching.py"
    with page.open("a", encoding="utf-8") as file:
        file.write('name = f":material/{page}:"\n')
    assert said_of(tmp_path) == ""


def test_an_untranslated_copy_is_a_warning(tmp_path: Path) -> None:
    folder = right(tmp_path)
    shutil.copy(folder / "ko.md", folder / "en.md")
    said = "warning: lessons/day_07_caching/en.md: is a copy of ko.md. Translate it."
    assert said_of(tmp_path) == said


def test_an_untranslated_section_is_a_warning(tmp_path: Path) -> None:
    right(tmp_path, prose=in_section("theory", "One more."))
    (said,) = said_of(tmp_path).splitlines()
    assert said.startswith("warning: lessons/day_07_caching/en.md:5: section `theory` has the same")


@pytest.mark.parametrize(
    ("ko", "en", "line"),
    [
        ("하나.\n\n둘.", "One.", 9),
        ("하나.", "One.\n\nTwo.", 9),
        ("> [!NOTE]\n> 하나.\n>\n> 둘.", "> [!NOTE]\n> One.", 9),
        (QUESTION.replace(">   a\n", ">   a\n>\n>   더.\n"), QUESTION, 7),
    ],
)
def test_a_paragraph_that_one_language_lacks_is_a_warning(
    tmp_path: Path, ko: str, en: str, line: int
) -> None:
    right(tmp_path, prose=in_section("theory", ko), en=in_section("theory", en))
    said = [each for each in said_of(tmp_path).splitlines() if "has other paragraphs" in each]
    assert len(said) == 1
    assert said[0].startswith("warning: lessons/day_07_caching/en.md:")
    assert "section `theory` has other paragraphs than ko.md" in said[0]


def test_one_day_is_checked_alone(tmp_path: Path) -> None:
    folder = right(tmp_path)
    (folder / "ko.md").unlink()
    other = META.replace("day = 7", "day = 8").replace("caching", "other")
    broken = make_lesson(tmp_path, meta=other, name="day_08_other")
    (broken / "lesson.toml").write_text("day =")
    (tmp_path / "course.toml").write_text("x =")
    said = {name: list(check_files(tmp_path, [name])) for name in (folder.name, broken.name)}
    assert {each.path for each in said[folder.name]} == {folder / "ko.md"}
    assert {each.path for each in said[broken.name]} == {broken / "lesson.toml"}


def test_a_broken_day_is_told_all_of_its_faults_at_once(tmp_path: Path) -> None:
    folder = right(tmp_path)
    (folder / "lesson.toml").write_text("day =")
    (folder / "steps" / "step_1_cache.py").write_text("x = (\n")
    said = said_of(tmp_path)
    assert "lesson.toml:1: is not valid TOML" in said
    assert "step_1_cache.py:1: is not valid Python" in said


@pytest.mark.parametrize("day", ["4", "04", "day_04", "day_04_caching"])
def test_a_day_may_be_called_in_any_of_these_ways(
    day: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    days = [catalog.Broken(tmp_path / name, 4, ()) for name in ("day_04_caching", "day_41_x")]
    monkeypatch.setattr(command, "entries", lambda: days)
    asked: list[str] = []

    def note(only: list[str]) -> list[Problem]:
        asked.extend(only)
        return []

    monkeypatch.setattr(lesson_files, "check_files", note)
    assert command.main(["check", day, "--files-only"]) == 0
    assert asked == ["day_04_caching"]


def test_a_day_that_is_not_there_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["check", "99"]) == 2
    said = capsys.readouterr().err
    assert "There is no day '99'; there are day_01_connect, day_02_hello_cortex, day_03" in said


def test_one_file_that_does_not_parse_hides_no_other_that_is_not_formatted(tmp_path: Path) -> None:
    folder = right(tmp_path)
    (folder / "steps" / "step_1_cache.py").write_text("x = (\n")
    (folder / "steps" / "step_2_more.py").write_text("x  =  1\n")
    assert "step_2_more.py:1: is not formatted" in said_of(tmp_path)


def test_a_week_that_goes_back_is_found(tmp_path: Path) -> None:
    right(tmp_path)
    earlier = META.replace("day = 7", "day = 8").replace("week = 2", "week = 1")
    make_lesson(tmp_path, meta=earlier, name="day_08_caching")
    assert "day_08_caching/lesson.toml: week 1 comes after week 2 of day_07" in said_of(tmp_path)
