"""Why the service refused, read from what it says: its number first, then its words.

The words are those of Snowflake and of the models' makers, whose messages Cortex hands on. Nothing
of a body is ever shown: it leads to a code, and the code to a text of ours.
"""

from __future__ import annotations

import json
import re

__all__ = ["find"]

#: Snowflake's numbers; those of logins are the ones that ``connection.diagnose`` knows, too.
NUMBERS = {
    # "This account is not allowed to access this endpoint."
    3001: "account_type",
    **dict.fromkeys((390186, 390189), "forbidden"),
    **dict.fromkeys((390420, 390422, 390432), "network_policy"),
    # Logins, and sessions and tokens that have run out or were never given.
    **dict.fromkeys((390100, 390101, 390102, 390104, 390144), "unauthorised"),
    **dict.fromkeys((*range(390110, 390116), 390195, 390303, 390318, 394400), "unauthorised"),
}

# In SQL the same number says that the role may not do something.
PRIVILEGES = re.compile(r"insufficient privileges")

#: Words -> code; the first that is found counts. All in lower case.
WORDS = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (
            r"cross[ _-]region|cortex_enabled_cross_region"
            r"|(unavailable|n.t (available|supported|offered|enabled)) in .{0,25}region",
            "region",
        ),
        (
            r"network policy|incoming request with ip|\bip\b.{0,60}not allowed"
            r"|not allowed to access snowflake",
            "network_policy",
        ),
        (
            r"account is not allowed|account (is|has) not (been )?enabled|account type"
            r"|(trial|free) (account|edition|tier)"
            r"|(trial|account) (has (ended|expired)|is suspended)"
            r"|not (available|supported|enabled|allowed) (for|in|on) (this|your|trial) account",
            "account_type",
        ),
        (
            r"insufficient (privilege|permission)|cortex_(rest_api_)?user|not authorized (to|for)"
            r"|does not have .{0,40}(privilege|permission)"
            r"|\brole\b.{0,80}(not authorized|does not have|does not exist|not granted|lacks)",
            "forbidden",
        ),
        (
            r"end with (a |the )?user|(last|final) (message|role) .{0,20}must"
            r"|last message is from the assistant|expected last role"
            r"|assistant.{0,20}prefill|roles must alternate|must alternate between"
            r"|start with (a |the )?user",
            "last_message",
        ),
        (
            r"max tokens of .{0,20}exceeded|(context|prompt|input)[ _](length|window|size|limit)"
            r"|maximum context|(prompt|input|request|conversation) (is|was)? ?too (long|large)"
            r"|too many (input |prompt )?tokens|(prompt|input|context)\b.{0,60}exceed"
            r"|exceeds? .{0,40}\bcontext\b",
            "too_long",
        ),
        (
            r"budget (was |is |has been )?(exceeded|exhausted|used up)|budget limit"
            r"|exceeded .{0,40}budget|insufficient[ _]quota|exceeded your current quota"
            r"|credit (balance|limit|quota)|spending limit|billing",
            "budget",
        ),
        (
            r"throttl|too many (concurrent )?requests|rate[ _-]?limit|usage quota",
            "rate_limited",
        ),
        (r"model\b.{0,80}(not found|does not exist)|unknown model", "bad_request"),
    )
)
# Only where a login is what may have failed: elsewhere a "token" may be one of JSON's.
LOGIN_WORDS = re.compile(
    r"(session|token)\b.{0,40}(expired|no longer|not valid|invalid|revoked)"
    r"|(expired|invalid).{0,20}(session|token|api key)|log ?in again"
)
LOGIN_STATUSES = frozenset({200, 401, 403})

# In what is no JSON, or was cut off.
NUMBERED = re.compile(r"""["']((?:error_)?code)["']\s*:\s*["']?(\d{4,6})\b""")

#: Where an error says something; an "input" beside it repeats what was asked.
SAYING = frozenset(
    {"code", "description", "detail", "details", "error", "error_code", "errors", "message"}
    | {"msg", "param", "loc", "reason", "title", "type"}
)
DEEPEST = 5


def find(body: str, status: int | None) -> str | None:
    """Return the code of a :class:`StreamError` for what a refusal says; ``None``: nothing known.

    Args:
        body: of the response, or the message of an error that has none.
        status: the HTTP status; ``None`` without one.
    """
    numbers, said = _said(body)
    named = next((NUMBERS[number] for number in numbers if number in NUMBERS), None)
    if named is not None:
        return "forbidden" if named == "account_type" and PRIVILEGES.search(said) else named
    found = next((code for words, code in WORDS if words.search(said)), None)
    if status == 429 and found != "budget":
        return None
    if found is None and status in LOGIN_STATUSES and LOGIN_WORDS.search(said):
        return "unauthorised"
    return found


def _said(body: str) -> tuple[list[int], str]:
    """Return the numbers in an error, and its words in lower case."""
    try:
        parts = list(_parts(json.loads(body), 0))
    except (RecursionError, ValueError):
        parts = [("message", body), *NUMBERED.findall(body)]
    numbers = [int(said) for name, said in parts if name in ("code", "error_code") and _six(said)]
    return numbers, "\n".join(said for _, said in parts).lower()


def _parts(value: object, depth: int, name: str = "error") -> list[tuple[str, str]]:
    if depth > DEEPEST:
        return []
    if isinstance(value, dict):
        named = [(key, part) for key, part in value.items() if key in SAYING]
    elif isinstance(value, list):
        named = [(name, part) for part in value]
    else:
        return [(name, str(value))] if isinstance(value, str | int) else []
    return [part for key, inner in named for part in _parts(inner, depth + 1, key)]


def _six(said: str) -> bool:
    return said.isascii() and said.isdecimal() and len(said) <= 6
