"""Personal data by its form, for AI_REDACT: patterns find it, whichever engine answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local_cortex.engines import EngineError

__all__ = ["CATEGORIES", "redact", "spans"]

# In this order: an identity number must not pass for a phone number.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("EMAIL", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")),
    ("NATIONAL_ID", re.compile(r"(?<!\d)(?:\d{6}-[1-4]\d{6}|\d{3}-\d{2}-\d{4})(?!\d)")),
    ("PAYMENT_CARD_DATA", re.compile(r"(?<!\d)\d{4}(?:[ -]\d{4}){3}(?!\d)")),
    ("IP_ADDRESS", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")),
    (
        "PHONE_NUMBER",
        re.compile(r"(?<!\d)(?:\+\d{1,3}[ -]?)?\(?\d{2,4}\)?[ -]\d{3,4}[ -]\d{4}(?!\d)"),
    ),
    (
        "NAME",
        re.compile(
            r"(?:(?<=[Mm]y name is )|(?<=I am )|(?<=I'm )|(?<=Mr\. )|(?<=Ms\. )|(?<=Mrs\. )"
            r"|(?<=Dr\. ))[A-Z][a-z]+(?: [A-Z][a-z]+)?"
            r"|(?:(?<=이름은 )|(?<=저는 ))[가-힣]{2,4}?(?=입니다|이고|이에요|예요)"
            r"|(?<![가-힣])[가-힣]{3}(?=\s?(?:님|씨)(?![가-힣]))"
        ),
    ),
)
#: What AI_REDACT may be asked for (docs, November 2026); only those of ``PATTERNS`` are found.
CATEGORIES = frozenset(
    {
        *("NAME", "EMAIL", "PHONE_NUMBER", "DATE_OF_BIRTH", "GENDER", "AGE", "ADDRESS"),
        *("NATIONAL_ID", "PASSPORT", "TAX_IDENTIFIER", "PAYMENT_CARD_DATA", "DRIVERS_LICENSE"),
        "IP_ADDRESS",
    }
)


def spans(text: str, categories: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Find personal data; with ``categories`` only of these.

    Raises:
        EngineError: 400, a category that Snowflake does not know.
    """
    wanted = CATEGORIES if not categories else {str(one).upper() for one in categories}
    if unknown := sorted(wanted - CATEGORIES):
        raise EngineError(400, f'unsupported category "{unknown[0][:50]}"')
    found: list[dict[str, Any]] = []
    for category, pattern in PATTERNS:
        for match in pattern.finditer(text) if category in wanted else ():
            start, end = match.span()
            if all(end <= one["start"] or start >= one["end"] for one in found):
                found.append({"category": category, "start": start, "end": end, "text": match[0]})
    return sorted(found, key=lambda one: one["start"])


def redact(text: str, categories: Sequence[str] | None = None) -> str:
    """Replace personal data by its category: ``[EMAIL]``.

    Raises:
        EngineError: see :func:`spans`.
    """
    for one in reversed(spans(text, categories)):
        text = f"{text[: one['start']]}[{one['category']}]{text[one['end'] :]}"
    return text
