"""The default engine: answers written in advance, streamed at the pace of a model.

The same call gives the same text, in the same pieces, on the same schedule. ``topics.toml`` says by
which words a prompt is recognised, so a learner can vary it; to any other prompt the script says
honestly that it is one. Prompts such as "What is my name?" or "Shorter, please" are answered from
the earlier messages of the request, and from nothing else.

The answers are Markdown files, ``answers/<language>/<topic>.md``, in parts that a comment begins:
``<!-- line -->`` is the answer in one sentence, ``<!-- body -->`` the usual one, and
``<!-- more -->`` follows the body when a long answer is asked for.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
import tomllib
import zlib
from dataclasses import replace
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import regex

from local_cortex import tokens
from local_cortex.engines import (
    Begin,
    Call,
    Delta,
    End,
    Event,
    Message,
    Thinking,
    Tool,
    ToolPiece,
    Usage,
    prompt_tokens,
    tasks,
)
from local_cortex.engines.tools import choose_tool, fill, schema_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence

    from local_cortex.engines import FinishReason

ANSWERS = Path(__file__).with_name("answers")
PART = re.compile(r"^<!-- (\w+) -->\n", re.MULTILINE)
HANGUL = re.compile(r"[가-힣\u1100-\u11ff\u3131-\u318e]")
# A prompt longer than this is somebody's own text, whatever words happen to be in it.
LONGEST_PROMPT = 300
# Of a message in which a name is looked for.
LONGEST_READ = 2_000
# How much of a prompt is quoted. A cluster has no greatest length of its own (marks can be piled
# up without end), so code points are limited too.
QUOTED_CLUSTERS = 240
QUOTED_CODE_POINTS = 1_000
QUOTED_LINES = 6
# Of a call's arguments in one piece.
ARGUMENT_CHARACTERS = 5
# Control characters, line separators that are not Markdown's, and halves of surrogate pairs,
# which no client could decode.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

NUMBERS = {
    "a": 1, "one": 1, "single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6,
}  # fmt: skip
NUMBER = rf"({'|'.join(NUMBERS)}|\d{{1,2}})"
LINE = re.compile(r"\bone[- ]lin(?:e|er)\b|한 ?줄", re.IGNORECASE)
SENTENCES = re.compile(rf"\b(?:in )?{NUMBER}[- ]sentences?\b|{NUMBER} ?문장", re.IGNORECASE)
LONG = re.compile(
    r"\b(?:in (?:more )?(?:detail|depth)|detailed|thorough(?:ly)?|at length|essay)\b"
    r"|(?<!how )\blong(?:er)?\b|자세|상세|길게|긴 |구체적|깊이 있|장문",
    re.IGNORECASE,
)
SHORT = re.compile(r"\b(?:briefly|in short|short|concise(?:ly)?)\b|간단히|간략|짧게", re.IGNORECASE)
SHORT_SENTENCES = 3
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
# Running text: no heading, list, table, quotation or code.
PROSE = re.compile(r"(?!#|[-*+] |\d+\. |\||>|```|.*:$)", re.DOTALL)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE)


_TOPICS = tomllib.loads(Path(__file__).with_name("topics.toml").read_text("utf-8"))
OWN_TASK, FILLER = _words(_TOPICS["own_task"]), _words(_TOPICS["filler"])
FORMS: Mapping[str, Sequence[re.Pattern[str]]] = {
    topic: (_words(one["form"]), _words(one["subject"])) for topic, one in _TOPICS["forms"].items()
}
SUBJECTS: Mapping[str, Sequence[re.Pattern[str]]] = {
    topic: [*map(_words, parts)] for topic, parts in _TOPICS["subjects"].items()
}
ASKED_FOR: Mapping[str, re.Pattern[str]] = {
    language: _words(one) for language, one in _TOPICS["asked_for"].items()
}
EARLIER: Mapping[str, re.Pattern[str]] = {
    kind: _words(one) for kind, one in _TOPICS["earlier"].items()
}
#: What refers to the last answer, as a whole prompt.
REFERENCES = ("again", "shorter", "translate", "why")
SAID: Mapping[str, Mapping[str, str]] = _TOPICS["said"]


class ScriptedEngine:
    """An engine that plays a script.

    ``first_token`` is in seconds, from the first request for a delta. Token *i* (from 0) is due at
    ``first_token + i / tokens_per_second``; a call may ask for another speed. Each is timed against
    that schedule, so neither the clock's grain nor a slow consumer adds up.
    """

    name = "scripted"

    def __init__(
        self,
        first_token: float = 0.4,
        tokens_per_second: float = 40.0,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.first_token = first_token
        self.tokens_per_second = tokens_per_second
        self._sleep = sleep
        self._clock = clock

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        started = self._clock()
        if call.schema is None:
            call = replace(call, schema=_schema_asked_for(call.messages))
        # In a thread: filling a large schema takes a while, and other streams go on. Before the
        # headers: a schema that cannot be filled has a status.
        filled = call.tools or call.schema is not None
        made = await asyncio.to_thread(_pieces, call) if filled else _pieces(call)
        pieces, reason, stopped = made
        yield Begin()
        cut = pieces[: call.max_tokens]
        speed = call.tokens_per_second or self.tokens_per_second
        for number, piece in enumerate(cut):
            due = started + self.first_token + number / speed
            # Also when nothing is left to wait for: other streams and a cancellation get a turn.
            await self._sleep(max(0.0, due - self._clock()))
            yield piece
        thought = sum(isinstance(piece, Thinking) for piece in cut)
        usage = Usage(prompt_tokens(call.messages), len(cut), thought)
        if len(cut) < len(pieces):
            reason, stopped = "length", None
        yield End(reason, usage, stopped)

    async def task(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Do a task of :mod:`local_cortex.engines.tasks`, no sooner than a model would begin."""
        await self._sleep(self.first_token)
        # In a thread: the rules may read long texts, and other streams go on.
        return await asyncio.to_thread(tasks.RULES[name], arguments)


def _pieces(call: Call) -> tuple[list[Delta | Thinking | ToolPiece], FinishReason, str | None]:
    """Make the whole answer, one piece for each token; tell why it ends, and at which ``stop``."""
    said = SAID[language_of(call.messages)]
    question = _last_prompt(call.messages)
    tool = _tool_to_call(call, question)
    pieces: list[Delta | Thinking | ToolPiece] = []
    if call.thinking_tokens:
        plan = said["calls"].format(tool=tool.name) if tool else said["answers"]
        thought = said["thinks"].format(question=question.strip()[:QUOTED_CLUSTERS], plan=plan)
        thought = UNPRINTABLE.sub("\ufffd", thought)
        pieces += map(Thinking, tokens.split(thought)[: call.thinking_tokens])
    if tool:
        arguments = json.dumps(fill(tool.parameters, question), ensure_ascii=False)
        # The same call has the same id, and another turn's another one.
        known = zlib.crc32(
            f"{len(call.messages)} {tool.name} {arguments}".encode("utf-8", "replace")
        )
        pieces.append(ToolPiece(0, id=f"call_{known:08x}", name=tool.name))
        # At least three pieces, which end anywhere: within a word, too.
        size = max(1, min(ARGUMENT_CHARACTERS, len(arguments) // 3))
        starts = range(0, len(arguments), size)
        pieces += [ToolPiece(0, arguments[at : at + size]) for at in starts]
        return pieces, "tool_calls", None
    results = _tool_results(call.messages)
    if call.schema is not None:
        sentences = SENTENCE_END.split(_prose(answer(call.messages)))
        text = "\n".join([*results, question])
        value = fill(call.schema, text, sentences)
        whole = json.dumps(value, ensure_ascii=False)
    elif results:
        whole = "\n\n".join(said["result"].format(result=quote(one)) for one in results)
    elif images := next((one.images for one in reversed(call.messages) if one.role == "user"), ()):
        lines = (said["image"].format(kind=one.media_type, size=one.size) for one in images)
        whole = "\n".join([*lines, said["blind"]])
    else:
        whole = answer(call.messages)
    found = ((at, one) for one in call.stop if (at := whole.find(one)) >= 0)
    end, stopped = min(found, default=(len(whole), None))
    pieces += map(Delta, tokens.split(whole[:end]))
    return pieces, "stop", stopped


def _prose(text: str) -> str:
    blocks = text.split("\n\n")
    return " ".join(block for block in blocks if PROSE.match(block)) or text


def _tool_to_call(call: Call, question: str) -> Tool | None:
    """Choose a tool by its words; with its result at hand, only where a call is asked for."""
    if not isinstance(call.tool_choice, str):
        return call.tool_choice
    if not call.tools or call.tool_choice == "none":
        return None
    if call.tool_choice == "required":
        return choose_tool(question, call.tools) or call.tools[0]
    return None if call.messages[-1].role == "tool" else choose_tool(question, call.tools)


def _schema_asked_for(messages: Sequence[Message]) -> Mapping[str, Any] | None:
    asked = (schema_in(turn.content) for turn in reversed(messages) if turn.role != "assistant")
    return next((schema for schema in asked if schema is not None), None)


def _tool_results(messages: Sequence[Message]) -> list[str]:
    """Return the results that the last turns bring."""
    last = list(takewhile(lambda turn: turn.role == "tool", reversed(messages)))
    return [turn.content for turn in reversed(last)]


def answer(messages: Sequence[Message]) -> str:
    """Answer the last user message, as Markdown; the same messages always get the same answer."""
    return _from_earlier(messages) or _written(messages, language_of(messages))


def _written(messages: Sequence[Message], language: str) -> str:
    prompt = _last_prompt(messages)
    topic = topic_of(prompt)
    parts = _parts(language, topic or "unknown")
    if topic is None:
        return parts["body"].replace("{prompt}", quote(prompt))
    return _cut(sentences_asked_for(prompt), **parts)


def _cut(sentences: float | None, line: str, body: str, more: str = "") -> str:
    everything = f"{body}\n\n{more}".strip()
    if sentences is None or math.isinf(sentences):
        return body if sentences is None else everything
    prose = [SENTENCE_END.split(one) for one in everything.split("\n\n") if PROSE.match(one)]
    first = [sentence for block in prose if len(block) > 1 for sentence in block]
    return " ".join([*first[: int(sentences) - 1], line])


def sentences_asked_for(prompt: str) -> float | None:
    """Read how long an answer a prompt asks for: infinity for a long one, ``None`` for no wish."""
    if LINE.search(prompt):
        return 1
    if match := SENTENCES.search(prompt):
        given = (match[1] or match[2]).lower()
        return max(1, NUMBERS.get(given) or int(given))
    if LONG.search(prompt):
        return math.inf
    return SHORT_SENTENCES if SHORT.search(prompt) else None


def refers_to(prompt: str) -> str | None:
    """Name what a prompt says of earlier messages: ``name``, ``whose``, or a ``REFERENCES``."""
    if len(prompt) > LONGEST_PROMPT:
        return None
    given = EARLIER["name"].search(prompt)
    if EARLIER["whose"].search(prompt) and (not given or "?" in prompt):
        return "whose"
    if given:
        return "name"
    plain = " ".join(EARLIER["polite"].sub(" ", prompt).split())
    return next((kind for kind in REFERENCES if EARLIER[kind].fullmatch(plain)), None)


def _from_earlier(messages: Sequence[Message]) -> str | None:
    """Answer a prompt about earlier messages, from what the request holds of them."""
    prompt, language = _last_prompt(messages), language_of(messages)
    kind, said = refers_to(prompt), SAID[language]
    if kind is None:
        return None
    if kind in ("name", "whose"):
        asked = [turn.content for turn in reversed(messages) if turn.role == "user"]
        names = (match for text in asked if (match := EARLIER["name"].search(text[:LONGEST_READ])))
        if not (name := next(names, None)):
            return said["no_name"].format(count=len(messages))
        text = said["hello" if kind == "name" else "name"]
        return text.format(name=name[name.lastgroup or 0])
    last = next((turn.content for turn in reversed(messages) if turn.role == "assistant"), "")
    last = UNPRINTABLE.sub("\ufffd", last)
    if not last.strip():
        return said["no_answer"]
    if kind == "translate":
        return _translated(messages, last) or said["no_translation"]
    prose = [block for block in last.strip().split("\n\n") if PROSE.match(block)] or [last.strip()]
    first = SENTENCE_END.split(prose[0])[0]
    return {"again": last, "shorter": first, "why": said["why"].format(first=first)}[kind]


def _translated(messages: Sequence[Message], last: str) -> str | None:
    """Return the last answer in the other language, if it is one of the script's."""
    asked = [
        number
        for number, turn in enumerate(messages)
        if turn.role == "user" and refers_to(turn.content) is None
    ]
    before = messages[: asked[-1] + 1] if asked else ()
    prompt = _last_prompt(messages)
    other = "en" if HANGUL.search(last) else "ko"
    wanted = [name for name, asks in ASKED_FOR.items() if asks.search(prompt)]
    if not before or topic_of(_last_prompt(before)) is None:
        return None
    return _written(before, [*wanted, other][0])


def topic_of(prompt: str) -> str | None:
    """Name the topic of one of the course's own prompts; ``None`` for any other prompt."""
    prompt = prompt.strip()
    if len(prompt) > LONGEST_PROMPT or OWN_TASK.search(prompt):
        return None
    for topic, (form, subject) in FORMS.items():
        if form.search(prompt):
            rest = FILLER.sub(" ", form.sub(" ", prompt))
            # The subject may stand inside what names the form: "write a generator function".
            if subject.search(prompt) or not re.search(r"\w", rest):
                return topic
    for topic, parts in SUBJECTS.items():
        if all(part.search(prompt) for part in parts):
            return topic
    return None


def language_of(messages: Sequence[Message]) -> str:
    """Choose ``ko`` or ``en``: the language asked for last, else that of the last user message."""
    prompt = _last_prompt(messages)
    systems = (turn.content for turn in reversed(messages) if turn.role == "system")
    for text in (prompt, *systems):
        for language, asked in ASKED_FOR.items():
            if asked.search(text):
                return language
    return "ko" if HANGUL.search(prompt) else "en"


def quote(prompt: str) -> str:
    """Quote a prompt, its beginning if it is long, as a code block that nothing in it can end."""
    # Enough to tell that a prompt is longer than its quote.
    read = prompt.strip()[: 10 * QUOTED_CODE_POINTS]
    text = UNPRINTABLE.sub("\ufffd", read.replace("\r\n", "\n").replace("\r", "\n"))
    shown = ""
    for match in islice(regex.finditer(r"\X", text), QUOTED_CLUSTERS):
        longer = shown + match[0]
        if len(longer) > QUOTED_CODE_POINTS or longer.count("\n") >= QUOTED_LINES:
            break
        shown = longer
    if len(shown) < len(text):
        shown = shown.rstrip() + " …"
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown}\n{fence}"


def _last_prompt(messages: Sequence[Message]) -> str:
    return next((turn.content for turn in reversed(messages) if turn.role == "user"), "")


def _parts(language: str, topic: str) -> dict[str, str]:
    """Read one answer file: part name -> its Markdown."""
    pieces = PART.split((ANSWERS / language / f"{topic}.md").read_text("utf-8"))[1:]
    return {name: part.strip() for name, part in zip(pieces[::2], pieces[1::2], strict=True)}
