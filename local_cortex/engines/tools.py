"""What the scripted engine goes by where a request has tools or a JSON schema.

Both rules compare words, in Korean and English, and the same input always gives the same answer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from local_cortex.engines import EngineError, Tool
from local_cortex.engines.tasks import DATA, HANGUL, KINDS, PAIR, classify, decide, shared, words_of

SAYS_NOTHING = frozenset(DATA["words"]["tool_says_nothing"].split())
MEANS: Mapping[str, str] = DATA["meanings"]
# A schema that refers to itself ends somewhere, and one that asks for a million items is refused.
DEEPEST = 12
MOST_VALUES = 500
# Of all schemas of a request together: checking these takes tenths of a second.
SCHEMA_CHARACTERS = 30_000
# Of a question: each property is looked for in it.
READ_CHARACTERS = 2_000
DESCRIBED_CHARACTERS = 200
MOST_PAIRS = 15
DECIDED_CHARACTERS = 500
QUOTED = re.compile(r"[\"“「']([^\"”」']{1,200})[\"”」']")
# Capitalised words within a sentence; "I" names nothing.
NAMED = re.compile(r"(?<![.!?] )(?<!^)\b(?!I\b)[A-Z][\w-]*(?: (?!I\b)[A-Z][\w-]*){0,3}")
NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:,\d{3})*(?:\.\d+)?")
# The rules heed these, so that what they make is valid; checking it against a stranger's schema
# might never end (patterns, branches of branches) or open an address ($ref).
HEEDED = frozenset({
    *("$defs", "definitions", "$id", "$ref", "$schema", "$comment", "title", "description"),
    *("examples", "deprecated", "readOnly", "writeOnly", "strict", "format", "default"),
    *("type", "enum", "const"),
    *("properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
    *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("anyOf", "oneOf", "allOf"),
})  # fmt: skip
BRANCHES = ("anyOf", "oneOf", "allOf")
# How LangChain's parsers tell any model in its prompt what to answer.
OUTPUT = "output schema"
OUTPUT_SCHEMA = re.compile(rf"{OUTPUT}[^`]{{0,300}}```(?:json)?\s*(\{{.*?\}})\s*```", re.DOTALL)
# Arguments that take the question as it is.
WHOLE = re.compile(r"quer|question|search|prompt|input|질문|검색", re.IGNORECASE)


T = TypeVar("T", bound=Tool)


def choose_tool(question: str, tools: Sequence[T]) -> T | None:
    """Choose the tool whose words, those of its name twice, the question shares most."""
    asked = _subjects(question)
    scored = [
        (2 * shared(_subjects(spoken), asked) + shared(_subjects(tool.description), asked), tool)
        for tool in tools
        for spoken in [re.sub(r"[_.-]|(?<=[a-z])(?=[A-Z])", " ", tool.name)]
    ]
    score, best = max(scored, key=lambda one: one[0], default=(0, None))
    return best if score else None


def fill(schema: Mapping[str, Any], question: str, said: Sequence[str] = ()) -> Any:
    """Make the JSON value that ``schema`` asks for, from what the question says.

    ``said`` holds sentences for text that the question does not give. Optional properties about
    which nothing is found are left out. ``EngineError`` 400 for what these rules cannot fill.
    """
    _check(schema)
    try:
        value = _Filling(schema, question[:READ_CHARACTERS], said).value("", schema, 0)
        # 1e999 is a number in a schema, and infinity to Python, which JSON has no word for.
        json.dumps(value, allow_nan=False)
    except (OverflowError, ValueError):
        raise _bad("a number in it is too large") from None
    except RecursionError:
        raise _bad("it is nested too deeply") from None
    return value


def check_schemas(*schemas: Mapping[str, Any] | None) -> None:
    """Refuse, with ``EngineError`` 400, what is no JSON schema, or too large all together."""
    given = [one for one in schemas if one is not None]
    try:
        characters = sum(len(json.dumps(one)) for one in given)
    except RecursionError:
        raise _bad("it is nested too deeply") from None
    if characters > SCHEMA_CHARACTERS:
        raise _bad(f"all schemas together have more than {SCHEMA_CHARACTERS:,} characters")
    for one in given:
        _check(one)


def schema_in(prompt: str) -> Mapping[str, Any] | None:
    """Return the JSON schema by which a prompt asks for its answer, if it does."""
    # Only the last: a prompt of a hundred kilobytes may hold ten thousand beginnings.
    begin = prompt.rfind(OUTPUT)
    found = OUTPUT_SCHEMA.match(prompt, begin) if begin >= 0 else None
    if found is None:
        return None
    try:
        schema: Mapping[str, Any] = json.loads(found[1])
        check_schemas(schema)
    except (ValueError, RecursionError, EngineError):
        return None
    return schema


def _check(schema: object) -> None:
    # Importing it takes as long as a whole answer; most calls have no schema.
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise _bad(f"{error.json_path}: {error.message[:100]}") from None
    except RecursionError:
        raise _bad("it is nested too deeply") from None


def _bad(what: str) -> EngineError:
    return EngineError(400, f"schema validation failed: invalid JSON schema: {what}")


def _subjects(text: str) -> list[str]:
    """List the words that name a subject, Korean ones with their English meaning."""
    words = [word for word in words_of(text) if word not in SAYS_NOTHING]
    means = [MEANS[known] for known in MEANS if any(word.startswith(known) for word in words)]
    return [*words, *" ".join(means).split()]


def _named(text: str) -> Iterator[str]:
    """Yield what a question names: quotations, names, Korean words, any other words."""
    yield from QUOTED.findall(text)
    yield from NAMED.findall(text)
    words = [word for word in words_of(text) if word not in SAYS_NOTHING and not word.isdigit()]
    yield from (word for word in words if HANGUL.search(word))
    yield from (word for word in reversed(words) if not HANGUL.search(word))


class _Filling:
    """One filling of a schema: each name, number and sentence is used once."""

    def __init__(self, schema: Mapping[str, Any], question: str, said: Sequence[str]) -> None:
        self._whole = schema
        self._question = question
        # A question often repeats what a property is called: that is not its value.
        called = words_of(" ".join(schema.get("properties") or ()).replace("_", " "))
        self._named = (one for one in dict.fromkeys(_named(question)) if one not in called)
        self._numbers = (float(one.replace(",", "")) for one in NUMBER.findall(question))
        self._said = iter(said)
        self._many = 2 if said else 1
        pairs = islice(PAIR.finditer(question), MOST_PAIRS)
        self._pairs = [(key, pair[2].strip()) for pair in pairs if (key := words_of(pair[1]))]
        self._values = 0

    def _count(self, depth: int) -> None:
        self._values += 1
        if depth > DEEPEST or self._values > MOST_VALUES:
            raise _bad("it asks for too much")

    def value(self, name: str, schema: Any, depth: int) -> Any:
        """Return a value for the property ``name``; ``None`` where nothing is found."""
        self._count(depth)
        schema = self._resolved(schema)
        if strange := sorted(schema.keys() - HEEDED):
            raise EngineError(
                400, f"the scripted engine doesn't fill {strange[0][:40]!r} of a schema"
            )
        if "const" in schema:
            return schema["const"]
        if options := schema.get("enum"):
            return self._chosen(options)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kinds = [kind] if isinstance(kind, str) else list(kind)
        first = next((one for one in kinds if one != "null"), "null")
        if first == "null":
            return None
        return getattr(self, f"_{first}")(name, schema, depth)

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        """Follow ``$ref`` within the schema, and take the first branch that is not null."""
        for _ in range(DEEPEST):
            if not isinstance(schema, Mapping):
                return {}
            rest = {name: one for name, one in schema.items() if name not in ("$ref", *BRANCHES)}
            if isinstance(ref := schema.get("$ref"), str):
                taken = self._target(ref)
            elif branches := next((schema[name] for name in BRANCHES if schema.get(name)), None):
                if "allOf" in schema and len(branches) > 1:
                    raise EngineError(400, "the scripted engine doesn't fill an allOf of several")
                full = (one for one in branches if one != {"type": "null"})
                taken = next(full, branches[0])
            else:
                return schema
            schema = {**rest, **taken} if isinstance(taken, Mapping) else rest
        raise _bad("a $ref leads to itself")

    def _target(self, ref: str) -> Any:
        target: Any = self._whole
        path = ref.split("/")
        for part in path[1:]:
            target = target.get(part) if isinstance(target, Mapping) else None
        if path[0] != "#" or target is None:
            raise _bad("a $ref leads nowhere")
        return target

    def _chosen(self, options: Sequence[Any]) -> Any:
        labels = [{"label": str(one)} for one in options]
        (chosen,) = classify({"text": self._question, "labels": labels})
        return next(one for one in options if str(one) == chosen)

    def _found(self, name: str, schema: Mapping[str, Any]) -> str | None:
        """Return what a "key: value" of the question, or a pattern for the kind, says of it."""
        described = str(schema.get("description", ""))[:DESCRIBED_CHARACTERS]
        words = words_of(f"{name.replace('_', ' ')} {described}")
        words += [known for known, means in MEANS.items() if set(words) & set(means.split())]
        scored = [(shared(key, words), value) for key, value in self._pairs]
        score, value = max(scored, key=lambda one: one[0], default=(0, ""))
        if score:
            return value
        asks = " ".join([*words, str(schema.get("format", ""))])
        kinds = (finds.search(self._question) for kind, finds in KINDS if kind.search(asks))
        return next((match[0].strip() for match in kinds if match), None)

    def _object(self, _: str, schema: Mapping[str, Any], depth: int) -> Any:
        properties = schema.get("properties") or {}
        required = schema.get("required", list(properties))
        made = {}
        for name, one in {**{key: {} for key in required}, **properties}.items():
            self._count(depth)
            wanted = self._resolved(one)
            if name in required or "default" in wanted or self._found(name, wanted) is not None:
                made[name] = self.value(name, one, depth + 1)
        return made

    def _array(self, name: str, schema: Mapping[str, Any], depth: int) -> Any:
        least, most = schema.get("minItems", 0), schema.get("maxItems", MOST_VALUES)
        if depth >= DEEPEST - 1 and not least:
            return []
        count = int(min(max(least, self._many), most))
        return [self.value(name, schema.get("items", {}), depth + 1) for _ in range(count)]

    def _string(self, name: str, schema: Mapping[str, Any], _: int) -> str | None:
        found = self._found(name, schema)
        if found is None and WHOLE.search(name):
            found = self._question.strip()
        if found is None and "null" in schema.get("type", ""):
            return None
        if found is None:
            found = next(self._said, None) or next(self._named, schema.get("default", ""))
        least, most = schema.get("minLength", 0), schema.get("maxLength", 10_000)
        return found[: int(most)].ljust(min(int(least), 10_000), ".")

    def _number(self, name: str, schema: Mapping[str, Any], _: int) -> float | None:
        found = NUMBER.search(self._found(name, schema) or "")
        value = float(found[0].replace(",", "")) if found else next(self._numbers, None)
        if value is None:
            if "null" in schema.get("type", ""):
                return None
            value = float(schema.get("default", 0))
        far = math.inf
        least = max(schema.get("minimum", -far), schema.get("exclusiveMinimum", -far) + 1)
        most = min(schema.get("maximum", far), schema.get("exclusiveMaximum", far) - 1)
        return float(min(max(value, least), most))

    def _integer(self, name: str, schema: Mapping[str, Any], depth: int) -> int | None:
        value = self._number(name, schema, depth)
        return None if value is None else int(value)

    def _boolean(self, name: str, schema: Mapping[str, Any], _: int) -> bool:
        asks = str(schema.get("description") or name.replace("_", " "))
        text = self._question[:DECIDED_CHARACTERS]
        return bool(text.strip()) and decide({"question": asks, "text": text})
