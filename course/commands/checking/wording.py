"""What is wrong with the texts in TOML files, which readers see like the prose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from course import toml_models
from course.content.markdown import faults, leads_somewhere, tokens, unknown_icons
from course.problems import Problem
from practice import exercises
from practice.sources import read_text


def texts_in(
    model: object, place: toml_models.Place = ()
) -> Iterator[tuple[toml_models.Place, toml_models.Both | exercises.Both]]:
    """Yield every text in both languages that a file holds, and where."""
    if isinstance(model, toml_models.Both | exercises.Both):
        yield place, model
    elif isinstance(model, BaseModel):
        for name in type(model).model_fields:
            yield from texts_in(getattr(model, name), place if name == "root" else (*place, name))
    elif isinstance(model, dict):
        for name, value in model.items():
            yield from texts_in(value, (*place, name))
    elif isinstance(model, list | tuple):
        for number, value in enumerate(model):
            yield from texts_in(value, (*place, number))


def text_faults(path: Path, model: BaseModel) -> Iterator[Problem]:
    """Yield links that lead nowhere and icons that do not exist in a file's texts."""
    source = ""
    for place, both in texts_in(model):
        for language in ("ko", "en"):
            for what, fix in _faults(both.of(language)):
                source = source or read_text(path)
                line = toml_models.line_of(source, (*place, language))
                yield Problem(path, line, f"`{'.'.join(map(str, place))}`: {what}", fix)
    for name in unknown_icons(getattr(model, "icon", "")):
        line = toml_models.line_of(read_text(path), ("icon",))
        fix = "Use one of https://fonts.google.com/icons"
        yield Problem(path, line, f"there is no icon `:material/{name}:`", fix)


def _faults(text: str) -> Iterator[tuple[str, str]]:
    if "](" not in text and ":material/" not in text:
        return
    for token in tokens(text):
        yield from faults(token.children or ())
        for span in token.children or ():
            target = str(span.attrs.get("href", ""))
            if span.type == "link_open" and not leads_somewhere(target):
                fix = "Write it in full, such as https://docs.snowflake.com"
                yield f"the link `{target}` leads nowhere", fix
