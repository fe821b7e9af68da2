"""What a run is asked to do: the request's body and an agent's specification, checked and bounded.

Fields are those of Snowflake's Cortex Agents Run API (docs, October 2026). A field that is not
named here is accepted and has no effect.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeVar

from local_cortex import engines, models, speed
from local_cortex.engines import EngineError, Message
from local_cortex.engines.tools import check_schemas
from local_cortex.faults import Refusal

MOST_TOOLS = 128
MOST_MESSAGES = 500
MOST_SPEC_CHARACTERS = 50_000  # of YAML: PyYAML takes a second for them
MAX_NESTING = 40
MOST_SPEC_NODES = 20_000  # once read: a node that is named again counts again
# An agent object has these already (docs: they can't be set in its `:run`).
OBJECT_FIELDS = ("models", "instructions", "orchestration", "tools", "tool_resources")
CHOICES = ("auto", "required", "none", "tool")

T = TypeVar("T")
WORDS = {str: "text", dict: "an object", list: "a list", bool: "true or false", int: "an integer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(engines.Tool):
    """A tool of an agent; ``resource`` is its entry in ``tool_resources``."""

    type: str
    resource: Mapping[str, Any]

    @property
    def client_side(self) -> bool:
        """Whether the client runs it: a generic tool that names no function and no procedure."""
        return self.type == "generic" and not self.resource


@dataclass(frozen=True, slots=True)
class Spec:
    """An agent. ``seconds`` is its time budget, ``tokens_per_second`` the speed in its model."""

    model: str
    tokens_per_second: float | None
    instructions: str
    questions: tuple[str, ...]
    seconds: float | None
    tools: tuple[Tool, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; ``messages`` are as they came, ``choice`` and ``names`` are ``tool_choice``."""

    spec: Spec
    messages: tuple[dict[str, Any], ...]
    stream: bool
    background: bool
    thread_id: int | None
    parent_id: int
    choice: str
    names: tuple[str, ...]


def read_body(body: Mapping[str, Any], spec: Spec | None = None) -> Asked:
    """Read a run's body; ``Refusal`` 400 names the wrong field; ``spec`` is an agent object's."""
    # Snowflake's quickstart names one for an agent object, too, and reads today's events.
    if "model" in body and spec is None:
        raise Refusal(
            400,
            "model: Local Cortex does not speak the old schema of agent:run (message.delta "
            "events). Give models.orchestration instead.",
        )
    if spec is not None:
        for name in OBJECT_FIELDS:
            if body.get(name):
                raise Refusal(400, f"{name}: can't be set here, the agent object has it")
    choice = _get(body, "tool_choice", dict, {})
    kind = _get(choice, "type", str, "auto", "tool_choice.")
    if kind not in CHOICES:
        raise Refusal(400, f"tool_choice.type: must be one of {', '.join(CHOICES)}")
    names = _get(choice, "name", list, [], "tool_choice.")
    if not all(isinstance(name, str) for name in names):
        raise Refusal(400, "tool_choice.name: must be a list of text")
    spec = spec or read_spec(body)
    if unknown := [name for name in names if name not in {tool.name for tool in spec.tools}]:
        raise Refusal(400, f"tool_choice.name: there is no tool {unknown[0][:100]!r}")
    thread_id = body.get("thread_id")
    asked = Asked(
        spec=spec,
        messages=_messages(body),
        stream=_get(body, "stream", bool, True),
        background=_get(body, "background", bool, False),
        thread_id=None if thread_id is None else _get(body, "thread_id", int, 0),
        parent_id=_get(body, "parent_message_id", int, 0),
        choice=kind,
        names=tuple(names),
    )
    if asked.thread_id is not None and "parent_message_id" not in body:
        raise Refusal(400, "parent_message_id: required with thread_id; 0 for the first message")
    if asked.background and asked.thread_id is None:
        raise Refusal(400, "background: needs a thread_id")
    return asked


def read_spec(given: Mapping[str, Any]) -> Spec:
    """Read an agent's specification; ``Refusal`` 400 names the wrong field."""
    chosen = _get(_get(given, "models", dict, {}), "orchestration", str, "", "models.")
    if chosen in ("", "auto"):
        chosen = models.DEFAULTS[-1]
    model, tokens_per_second = speed.asked_for(chosen)
    told = _get(given, "instructions", dict, {})
    parts = [_get(told, name, str, "", "instructions.") for name in ("system", "response")]
    samples = _get(told, "sample_questions", list, [], "instructions.")
    questions = [one.get("question") if isinstance(one, dict) else one for one in samples]
    budget = _get(_get(given, "orchestration", dict, {}), "budget", dict, {}, "orchestration.")
    seconds = _get(budget, "seconds", int, 0, "orchestration.budget.")
    if seconds < 0:
        raise Refusal(400, "orchestration.budget.seconds: must be above 0")
    listed = _get(given, "tools", list, [])
    if len(listed) > MOST_TOOLS:
        raise Refusal(400, f"tools: {MOST_TOOLS} at most")
    resources = _get(given, "tool_resources", dict, {})
    tools = tuple(_tool(one, at, resources) for at, one in enumerate(listed))
    if len({tool.name for tool in tools}) < len(tools):
        raise Refusal(400, "tools: two have the same name")
    try:
        check_schemas(*(tool.parameters for tool in tools))
    except EngineError as error:
        raise Refusal(400, f"tools: input_schema: {error}") from None
    return Spec(
        model=model,
        tokens_per_second=tokens_per_second,
        instructions="\n".join(filter(None, parts)),
        questions=tuple(str(one) for one in questions if one),
        seconds=seconds or None,
        tools=tools,
    )


def read_yaml(text: str) -> dict[str, Any]:
    """Read a specification in YAML; ``Refusal`` 400 for a large one, or one that is no mapping."""
    # A dependency of Snowpark's own.
    import yaml

    if len(text) > MOST_SPEC_CHARACTERS:
        raise Refusal(400, f"the specification has more than {MOST_SPEC_CHARACTERS:,} characters")
    # PyYAML's time grows with the square of it.
    if max(accumulate((one in "[{") - (one in "]}") for one in text), default=0) > MAX_NESTING:
        raise Refusal(400, f"the specification has more than {MAX_NESTING} brackets in brackets")
    try:
        given = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise Refusal(400, f"the specification is not YAML{where}") from None
    if not isinstance(given, dict):
        raise Refusal(400, "the specification must be a mapping, such as `models:` and `tools:`")
    try:
        # Dates and the like become text: the specification is shown as JSON.
        plain: dict[str, Any] = json.loads(json.dumps(_checked(given), default=str))
    except (TypeError, ValueError):
        raise Refusal(400, "the specification has a key that is no text") from None
    return plain


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """Return a specification; ``Refusal`` 400 for one whose YAML aliases make a forest of it."""
    pending: list[Any] = [given]
    seen = 0
    while pending:
        one = pending.pop()
        seen += 1
        if seen > MOST_SPEC_NODES:
            raise Refusal(400, f"the specification has more than {MOST_SPEC_NODES:,} values")
        if isinstance(one, dict):
            pending += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set):
            pending += one
    return given


def _tool(one: Any, at: int, resources: Mapping[str, Any]) -> Tool:
    where = f"tools[{at}].tool_spec"
    given = one.get("tool_spec") if isinstance(one, dict) else None
    if not isinstance(given, dict):
        raise Refusal(400, f"{where}: required, an object")
    name = _get(given, "name", str, "", f"{where}.")
    kind = _get(given, "type", str, "", f"{where}.")
    for field, value in (("name", name), ("type", kind)):
        if not value:
            raise Refusal(400, f"{where}.{field}: required")
    return Tool(
        type=kind,
        name=name,
        description=_get(given, "description", str, "", f"{where}."),
        parameters=_get(given, "input_schema", dict, {"type": "object"}, f"{where}."),
        resource=_get(resources, name, dict, {}, "tool_resources."),
    )


def _messages(body: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    messages = _get(body, "messages", list, [])
    if not messages:
        raise Refusal(400, "messages: required, a list that is not empty")
    if len(messages) > MOST_MESSAGES:
        raise Refusal(400, f"messages: {MOST_MESSAGES} at most")
    for at, one in enumerate(messages):
        where = f"messages[{at}]"
        if not isinstance(one, dict):
            raise Refusal(400, f"{where}: must be an object")
        if one.get("role") not in ("user", "assistant"):
            raise Refusal(400, f"{where}.role: must be user or assistant")
        for number, part in enumerate(_get(one, "content", list, [], f"{where}.")):
            _check_part(part, f"{where}.content[{number}]")
    if messages[-1]["role"] != "user" or not messages[-1].get("content"):
        raise Refusal(400, "messages: the last one must have role user, and content")
    return tuple(one if one.get("content") else {**one, "content": []} for one in messages)


def _check_part(part: Any, where: str) -> None:
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        raise Refusal(400, f"{where}.type: required, text")
    kind = part["type"]
    if kind == "text" and not isinstance(part.get("text"), str):
        raise Refusal(400, f"{where}.text: required, text")
    if kind in ("tool_use", "tool_result"):
        inner = part.get(kind)
        if not isinstance(inner, dict) or not isinstance(inner.get("tool_use_id"), str):
            raise Refusal(400, f"{where}.{kind}.tool_use_id: required, text")


def _get(given: Mapping[str, Any], name: str, kind: type[T], missing: T, where: str = "") -> T:
    value = given.get(name)
    if value is None:
        return missing
    # A bool is an int to Python alone.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refusal(400, f"{where}{name}: must be {WORDS[kind]}")
    return value


def check_results(asked: Asked, history: tuple[dict[str, Any], ...]) -> None:
    """Refuse with 400 a tool's result that no tool use before it asked for."""
    known: set[str] = set()
    for message in (*history, *asked.messages):
        for part in message["content"]:
            if part["type"] == "tool_use":
                known.add(part["tool_use"]["tool_use_id"])
            elif part["type"] == "tool_result":
                used = part["tool_result"]["tool_use_id"]
                if used not in known:
                    raise Refusal(
                        400, f"tool_result.tool_use_id: no tool use {used[:100]!r} comes before it"
                    )


def said(message: Mapping[str, Any]) -> str:
    """Return the text of a message."""
    return "".join(part["text"] for part in message["content"] if part["type"] == "text")


def conversation(messages: tuple[dict[str, Any], ...]) -> tuple[Message, ...]:
    """Return the messages that have text, as an engine reads them."""
    return tuple(Message(one["role"], text) for one in messages if (text := said(one)).strip())
