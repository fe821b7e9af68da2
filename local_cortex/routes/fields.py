"""Fields that the three completions share: tools, schemas, thinking, pictures."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from local_cortex.engines import Image, Message, Tool, ToolCall
from local_cortex.faults import Refusal, invalid, wrong_option

#: Of a request with pictures, as documented.
MAX_BODY_BYTES = 20 * 1024 * 1024
MOST_IMAGES = 20
IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")
# OpenAI's limits; Snowflake documents none, and for stop sequences neither does Anthropic.
MOST_TOOLS = 128
MOST_STOPS = 4
MOST_STOP_SEQUENCES = 128
DESCRIBED_CHARACTERS = 4_000
NAME = re.compile(r"[\w.-]{1,64}")
#: Of what Claude thinks; clients send it back unread, and a script has nothing to sign.
SIGNATURE = "local-cortex"
# The budget that stands for an effort; Snowflake documents the conversion, not the numbers.
EFFORTS = {"none": 0, "minimal": 512, "low": 1_024, "medium": 4_096, "high": 16_384}


def objects(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Read a list of objects that need not be there."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid(f"{name} must be a list of objects")
    if len(value) > MOST_TOOLS:
        raise invalid(f"{name} has more than {MOST_TOOLS} entries")
    return value


def tool(given: Mapping[str, Any], schema: str) -> Tool:
    """Read a tool whose parameters are in the field ``schema``."""
    name, described, parameters = (given.get(one) for one in ("name", "description", schema))
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise invalid("a tool's name must be 1 to 64 letters, digits, _, . or -")
    if not isinstance(described, str | None) or len(described or "") > DESCRIBED_CHARACTERS:
        raise invalid(f"a tool's description must be text of {DESCRIBED_CHARACTERS} characters")
    if not isinstance(parameters, dict | None):
        raise invalid(f"a tool's {schema} must be an object")
    return Tool(name, described or "", {"type": "object", **(parameters or {})})


def schema(given: object, kind: str, refusal: str) -> Mapping[str, Any] | None:
    """Read the schema of an answer's form of this ``kind``, if a form is asked for."""
    if given is None:
        return None
    found = given.get("schema") if isinstance(given, dict) and given.get("type") == kind else None
    if not isinstance(found, dict):
        raise Refusal(400, refusal)
    return found


def named(tools: Iterable[Tool], name: object) -> Tool:
    """Find the tool that ``tool_choice`` names."""
    found = next((one for one in tools if one.name == name), None)
    if found is None:
        raise invalid("tool_choice names none of the tools")
    return found


def stops(given: object, name: str, most: int) -> tuple[str, ...]:
    """Read the texts before which an answer ends."""
    listed = [given] if isinstance(given, str) else given or []
    if not isinstance(listed, list) or not all(isinstance(one, str) and one for one in listed):
        raise invalid(f"{name} must be texts that are not empty")
    if len(listed) > most:
        raise invalid(f"{name} has more than {most} entries")
    return tuple(listed)


def budget(tokens: float | None) -> int:
    """Check a number of tokens to think with."""
    if tokens is None or not 1 <= tokens <= 1_000_000 or tokens % 1:
        raise wrong_option("the tokens to think with must be 1 or more")
    return int(tokens)


def effort(given: object) -> int:
    """Return the tokens to think with that stand for an effort, none for none."""
    if given is None:
        return 0
    if not isinstance(given, str) or given not in EFFORTS:
        raise wrong_option(f"effort must be one of {', '.join(EFFORTS)}")
    return EFFORTS[given]


def call_made(given: Mapping[str, Any], id_name: str) -> ToolCall:
    """Read a call of the assistant's, whose id is in the field ``id_name``."""
    found, name, value = (given.get(one) for one in (id_name, "name", "input"))
    if not isinstance(found, str) or not isinstance(name, str) or not isinstance(value, dict):
        raise invalid(f"a tool_use needs {id_name}, name and input")
    return ToolCall(found, name, json.dumps(value, ensure_ascii=False))


def arguments(call: ToolCall) -> Any:
    """Read a call's arguments; those that ``max_tokens`` cut are empty."""
    try:
        return json.loads(call.arguments or "{}")
    except ValueError:
        return {}


def image(media_type: object, content: object) -> Image:
    """Read a picture in base64."""
    if media_type not in IMAGE_TYPES or not isinstance(content, str):
        raise invalid(f"an image must be one of {', '.join(IMAGE_TYPES)}, in base64")
    try:
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise invalid("an image is not in base64") from None
    return Image(str(media_type), content)


def check_images(messages: Iterable[Message], *, taken: bool) -> None:
    """Refuse pictures where none are taken, and more than a conversation may have."""
    count = sum(len(one.images) for one in messages)
    if count and not taken:
        raise wrong_option("this model does not support images")
    if count > MOST_IMAGES:
        raise invalid(f"a conversation has at most {MOST_IMAGES} images")
