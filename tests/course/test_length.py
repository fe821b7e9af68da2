"""How long a day is: the words that are counted, and the minutes."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.content.length import minutes, words
from tests.course.making import META, PROSE, in_section, loaded

#: The words of "The text of theory.", whose place the text takes.
REPLACED = 4
QUESTION = """\
> [!QUESTION] {#q}
> One two?
>
> - [x] Three
>
>   Four five.
>
> - [ ] Six
>
>   Seven.
"""


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("One **two** - three, `four five`.", 5),
        ("[one two](https://example.com/three?four) [five](term:six)", 3),
        ("[문서](https://example.com/three)를 [one](term:two), and (three)", 4),
        ("### One {#two folded}\n\nThree.", 2),
        ("> [!TIP]\n> One two.", 2),
        ("1. One\n2. Two", 2),
        ("| one | two |\n|---|---|\n| 3 | -- |", 3),
        ("```sh\none two\n```\nThree.", 1),
        ("> [!NOTE]\n> One.\n>\n> ```text\n> two\n> ```\n>\n> Three.", 2),
        ('```mermaid caption="One two."\nthree\n```', 2),
        (QUESTION, 7),
    ],
)
def test_what_a_reader_reads_is_counted_and_code_is_not(
    tmp_path: Path, text: str, counted: int
) -> None:
    without = words(loaded(tmp_path / "without"), "en")
    found = loaded(tmp_path / "with", prose=in_section("theory", text))
    assert words(found, "en") - without == counted - REPLACED


def test_title_summary_hint_and_the_exercises_tasks_are_counted(tmp_path: Path) -> None:
    found = loaded(tmp_path, meta=META + '[demo]\nko = "눌러 보세요."\nen = "Press it now."\n')
    without = words(found, "en"), words(found, "ko")
    folder = found.folder / "practice" / "1_x"
    folder.mkdir(parents=True)
    (folder / "exercise.toml").write_text(
        'title.ko = "하나"\ntitle.en = "One"\ntask.ko = "둘 셋"\ntask.en = "Two three four"\n'
        'hints = [{ ko = "넷", en = "Five" }]\n',
        encoding="utf-8",
    )
    assert (words(found, "en"), words(found, "ko")) == (without[0] + 4, without[1] + 3)
    assert without[0] - words(loaded(tmp_path / "no_hint"), "en") == 3


def test_minutes_grow_with_words_snippets_questions_and_exercises(tmp_path: Path) -> None:
    assert minutes(loaded(tmp_path / "short")) == 5
    # 1,300 words are ten minutes of reading; two questions, two snippets and an exercise are eight.
    text = "word " * 1_250 + f"\n\n{QUESTION}\n{QUESTION}" + 2 * "\n```python run=yes\n```\n"
    found = loaded(tmp_path, en=PROSE + "\n" + text)
    assert minutes(found) == 15
    folder = found.folder / "practice" / "1_x"
    folder.mkdir(parents=True)
    (folder / "exercise.toml").write_text("", encoding="utf-8")
    assert minutes(found) == 20


def test_the_language_that_takes_longer_sets_the_minutes(tmp_path: Path) -> None:
    long = PROSE + "\n" + "word " * 1_300
    assert minutes(loaded(tmp_path / "en", prose=PROSE, en=long)) == 15
    assert minutes(loaded(tmp_path / "ko", prose=long, en=PROSE)) == 15
