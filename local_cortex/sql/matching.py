"""LIKE, without regular expressions: ``%a%a%a%`` must not take exponential time."""

from __future__ import annotations

from collections.abc import Callable

from .allowance import check
from .errors import SqlError

__all__ = ["like"]

ANY_TEXT = object()
ANY_CHARACTER = object()


def like(pattern: str, escape: str = "", *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Return the test of a pattern: ``%`` is any text, ``_`` any character, ``escape`` quotes both.

    Raises:
        SqlError: 100140, ``escape`` is not one character, or ends the pattern.
    """
    items = _items(pattern.casefold() if ignore_case else pattern, escape)

    def matches(value: str) -> bool:
        return _matches(value.casefold() if ignore_case else value, items)

    return matches


def _items(pattern: str, escape: str) -> list[object]:
    if len(escape) > 1 or (
        escape and pattern.endswith(escape) and not pattern.endswith(escape * 2)
    ):
        raise SqlError(f"Invalid escape character '{escape[:9]}'", code="100140", sqlstate="22019")
    items: list[object] = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            items.append(next(characters, escape))
        elif character == "%":
            if not items or items[-1] is not ANY_TEXT:
                items.append(ANY_TEXT)
        else:
            items.append(ANY_CHARACTER if character == "_" else character)
    return items


def _matches(value: str, items: list[object]) -> bool:
    # Only the latest % ever needs to take one character more: it can do what earlier ones would.
    at = item = 0
    resume_item, resume_at = -1, 0
    while at < len(value):
        check()
        if item < len(items) and items[item] is ANY_TEXT:
            resume_item, resume_at = item, at
            item += 1
        elif item < len(items) and items[item] in (ANY_CHARACTER, value[at]):
            item += 1
            at += 1
        elif resume_item >= 0:
            resume_at += 1
            item, at = resume_item + 1, resume_at
        else:
            return False
    return all(rest is ANY_TEXT for rest in items[item:])
