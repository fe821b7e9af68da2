"""The terms that prose explains where they are first used: lessons/glossary.toml."""

from __future__ import annotations

import html
import re
from pathlib import Path

from pydantic import ConfigDict, RootModel

from course.language import Language
from course.toml_models import Both, Table, kept

TERM = re.compile(r"\[(?P<shown>[^\]\n]+)\]\(term:(?P<key>[^)\s]+)\)")


class Term(Table):
    """A term's name and its explanation."""

    term: Both
    text: Both


class Glossary(RootModel[dict[str, Term]]):
    """All terms by their keys."""

    model_config = ConfigDict(frozen=True)


def load(folder: Path) -> Glossary:
    """Read a folder's glossary, which is empty without a file; or raise ``LessonError``."""
    return kept(Glossary, folder / "glossary.toml") or Glossary({})


def with_tips(text: str, glossary: Glossary, language: Language) -> str:
    """Return Markdown in which each term carries its explanation, as HTML that can be focused.

    A term that the glossary lacks stays the word it is; `make check` names it.
    """

    def tip(match: re.Match[str]) -> str:
        term = glossary.root.get(match["key"])
        if term is None:
            return match["shown"]
        # Streamlit reads Markdown inside HTML too, and no explanation is to become a heading.
        said = html.escape(f"{term.term.of(language)}: {term.text.of(language)}")
        said = said.replace("|", "&#124;")  # a table's cell would end there
        return (
            f'<span class="course-term" tabindex="0">{match["shown"]}'
            f'<span class="course-tip" role="tooltip">{said}</span></span>'
        )

    return TERM.sub(tip, text)


def keys(text: str) -> list[str]:
    return [match["key"] for match in TERM.finditer(text)]
