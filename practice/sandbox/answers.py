"""Answers what a program asks for: a model's words, a statement's rows, or the error instead."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

import pydantic

from practice.events import Asked, Delta, Forged, Queried
from practice.sandbox.job import RunLimits
from streaming import CompletionRequest
from streaming.errors import STATUS_CODES, from_exception

LOG = logging.getLogger(__name__)

#: Answers a program's ``Complete``: a whole text, or the deltas of one.
Complete = Callable[[CompletionRequest], "str | Iterable[str]"]
#: Answers ``session.sql(query, params=...).collect()``: the columns' names and the rows.
Sql = Callable[[str, "list[Any] | None"], "tuple[list[str], list[list[Any]]]"]

LONGEST_NAME = 200
WORD = re.compile(r"\s*\S+\s*|\s+")
# streaming's code for what went wrong -> what the guest raises for it (guest/snowflake_cortex.py);
# for any other a failure of the service.
KINDS: Mapping[str, str] = {
    "connection": "connection",
    "cut": "cut",
    "bad_answer": "parse",
    **dict.fromkeys(("first_chunk", "idle", "total", "client_timeout"), "timeout"),
}
# The same, for those that the client tells as an HTTP status.
STATUSES = {code: status for status, code in reversed(STATUS_CODES.items()) if code != "service"}


#: What Cortex documents that it says, by status (Cortex REST API).
DOCUMENTED = {
    400: "schema validation failed",
    402: "budget exceeded",
    403: "not authorized",
    429: "too many requests",
    503: "inference timed out",
}
# What it says of the request alone.
HARMLESS = re.compile(
    r'unknown model "[^"]*"|max tokens of count exceeded'
    r"|(invalid options object|schema validation failed)(: [\w ,]+)?"
)
OLD_NAME = "invalid options object: max_tokens is not supported, use max_completion_tokens"


class Refused(Exception):
    """What a program asked for is not given to it; ``what`` is a code for the page."""

    def __init__(self, what: str, message: str = "") -> None:
        super().__init__(message or what)
        self.what = what


class SqlError(Exception):
    """A statement failed; what ``SnowparkSQLException`` says of it."""

    def __init__(self, message: str, number: int | None, query_id: str) -> None:
        super().__init__(message)
        self.number = number
        self.query_id = query_id


class Answers:
    """The answers to one program, and how many it has had."""

    def __init__(
        self,
        complete: Complete,
        sql: Sql,
        limits: RunLimits,
        chat: Complete | None = None,
    ) -> None:
        self._complete, self._sql, self._limits = complete, sql, limits
        self._chat = chat or complete
        self._calls = self._asked = 0
        self._streams: dict[int, Iterator[str]] = {}
        # Their first texts, or what came in place of one: a call waits for it, to be refused.
        self._first: dict[int, str | Exception | None] = {}
        # Those of which text has come: a connection lost from then on has been cut.
        self._begun: set[int] = set()

    def to(self, event: Asked | Delta | Queried) -> tuple[Asked | Delta | Queried, bytes]:
        """Return the event as the caller of ``run`` gets it, and the line that answers it.

        Raises:
            Forged: it belongs to no call.
        """
        match event:
            case Asked():
                return self._to_call(event)
            case Delta():
                return self._to_next(event)
        return self._to_query(event)

    def close(self) -> None:
        """Close the models' answers, in whatever thread; one that is waited for ends, too."""
        for stream in list(self._streams.values()):
            # One that has no close, or fails, must not keep the others open.
            with contextlib.suppress(Exception):
                stream.close()  # type: ignore[attr-defined]

    def _to_call(self, event: Asked) -> tuple[Asked, bytes]:
        number, self._asked = self._asked, self._asked + 1
        try:
            self._count(event.prompt)
            answer = (self._chat if event.chat else self._complete)(_request(event))
            deltas = iter([answer] if isinstance(answer, str) else answer)
            self._streams[number] = _Words(deltas)
            self._first[number] = next(self._streams[number], None)
            line = _line({"value": number})
        except Exception as error:
            told = _in_the_clients_terms(error, text_came=False)
            line = _line({"error": told})
            if told["kind"] == "cut":
                # It had begun to answer: the client's call succeeds, and taking a piece fails.
                self._streams.setdefault(number, iter(()))
                self._first[number], line = error, _line({"value": number})
        return event.model_copy(update={"call": number}), line

    def _to_next(self, event: Delta) -> tuple[Delta, bytes]:
        stream = self._streams.get(event.call)
        if stream is None:
            raise Forged
        text, failed = None, ""
        try:
            first = event.call in self._first
            came = self._first.pop(event.call) if first else next(stream, None)
            if isinstance(came, Exception):
                raise came
            text = came
            line = _line({"value": text} | ({} if text is not None else _end_of(stream)))
        except Exception as error:
            told = _in_the_clients_terms(error, text_came=event.call in self._begun)
            failed, line = str(told["kind"]), _line({"error": told})
        if text:
            self._begun.add(event.call)
        usage = getattr(stream, "usage", None) if text is None else None
        tokens = usage.completion_tokens if usage else None
        return event.model_copy(update={"text": text, "failed": failed, "tokens": tokens}), line

    def _to_query(self, event: Queried) -> tuple[Queried, bytes]:
        value, failed = "", None
        try:
            self._count(event.query, *(event.params or ()))
            columns, rows = self._sql(event.query, event.params)
            value = _text_of(rows[0][0]) if rows and rows[0] else ""
            line = _line({"columns": columns, "rows": rows})
        except Refused as error:
            line = _line({"error": {"kind": error.what, "message": str(error)}})
        except Exception as error:
            if not isinstance(error, SqlError):
                LOG.exception("A statement of a practice program could not be run")
                error = SqlError("SQL execution internal error", None, "")
            failed = error.number or 0
            told = {"message": str(error), "error_code": "1304", "sfqid": error.query_id}
            line = _line({"error": {**told, "sql_error_code": error.number}})
        return event.model_copy(update={"value": value, "failed": failed}), line

    def _count(self, *sent: object) -> None:
        self._calls += 1
        if self._calls > self._limits.calls:
            raise Refused("calls")
        if sum(len(str(each)) for each in sent) > self._limits.prompt:
            raise Refused("prompt")


class _Words:
    """An answer word by word, however many of the model's pieces have come at once.

    On a busy machine many do. A program that shows each as it comes would get one or two, and be
    told that it had waited for the whole answer; and Stop would come later in the text.
    """

    def __init__(self, deltas: Iterator[str]) -> None:
        self._deltas = deltas
        self._words: deque[str] = deque()

    def __iter__(self) -> _Words:
        return self

    def __next__(self) -> str:
        while not self._words:
            self._words.extend(WORD.findall(next(self._deltas)))
        return self._words.popleft()

    def __getattr__(self, name: str) -> Any:
        # What a service says at the end of an answer.
        return getattr(self._deltas, name)

    def close(self) -> None:
        self._deltas.close()  # type: ignore[attr-defined]


def _end_of(stream: object) -> dict[str, Any]:
    """Return what the service says at the end of an answer."""
    usage = getattr(stream, "usage", None)
    return {
        "finish_reason": getattr(stream, "finish_reason", None),
        "usage": usage and asdict(usage),
    }


def _text_of(value: object) -> str:
    """Return what a page should show of a value: the text of a JSON string, nothing of NULL."""
    if value is None:
        return ""
    try:
        text = json.loads(str(value))
    except (ValueError, RecursionError):
        return str(value)
    return text if isinstance(text, str) else str(value)


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, default=str).encode()


def _request(event: Asked) -> CompletionRequest:
    """Build the request; what the service would refuse is refused.

    Raises:
        Refused: ``400``.
    """
    options = event.options if isinstance(event.options, dict) else {}
    if event.chat:
        if not isinstance(event.prompt, list):
            raise Refused("400", "Missing required field: messages")
        if options.get("max_tokens") is not None:
            raise Refused("400", OLD_NAME)
        renamed = {"max_completion_tokens": "max_tokens"}
        options = {
            renamed.get(name, name): value for name, value in options.items() if value is not None
        }
    known = {key: options[key] for key in ("max_tokens", "temperature", "top_p") if key in options}
    question = {"prompt": event.prompt}
    if isinstance(event.prompt, list):
        question = {"messages": [_message(each) for each in event.prompt]}
    if not isinstance(event.model, str) or len(event.model) > LONGEST_NAME:
        raise Refused("400")
    # The request would take "5" for 5; the service does not.
    if any(isinstance(value, str | bool) for value in known.values()):
        raise Refused("400", "invalid options object")
    try:
        return CompletionRequest(model=event.model, **question, **known)
    except (pydantic.ValidationError, TypeError) as error:
        raise Refused("400") from error


def _message(sent: object) -> object:
    """Return what the service reads of a message: it has no look at other keys."""
    if not isinstance(sent, dict):
        return sent
    return {key: sent[key] for key in ("role", "content") if key in sent}


def _told(error: BaseException | None, status: int) -> str:
    """Return what the service says of a refusal, in words that hold nothing of an account."""
    body = getattr(error, "body", None)
    message = str(body.get("message", "")) if isinstance(body, dict) else ""
    return message if HARMLESS.fullmatch(message) else _documented(status)


def _documented(status: int) -> str:
    if status in DOCUMENTED:
        return DOCUMENTED[status]
    return HTTPStatus(status).phrase.lower() if status in set(HTTPStatus) else ""


def _in_the_clients_terms(error: Exception, *, text_came: bool) -> dict[str, Any]:
    """Return which error the Snowflake client would raise for this one."""
    if isinstance(error, Refused):
        if error.what.isdigit():
            refused = int(error.what)
            told = str(error) if str(error) != error.what else _documented(refused)
            return {"kind": "http", "status": refused, "message": told}
        return {"kind": error.what, "message": str(error)}
    failure = from_exception(error, text_came=text_came)
    status = failure.status or STATUSES.get(failure.code)
    if status is not None:
        return {"kind": "http", "status": status, "message": _told(failure.__cause__, status)}
    kind = KINDS.get(failure.code, "service")
    if failure.code == "unknown":
        LOG.error("A practice program's model has failed", exc_info=error)
    return {"kind": kind, "message": "the model has failed" if kind == "service" else ""}
