"""``st.write`` and ``st.write_stream``: which element shows a value."""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)

from practice.guest import channel, snowflake_cortex
from practice.guest.carried import streamlit_errors as errors
from practice.guest.carried.snowflake_row import Row
from practice.guest.channel import NotHere
from practice.guest.openai_client import ChatCompletionChunk, Model
from practice.guest.recorder import PAGE, SIDEBAR, SPECIAL, DeltaGenerator, draw
from practice.guest.snowpark import DataFrame

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class StreamingOutput(list):  # type: ignore[type-arg]
    """What ``write_stream`` returns when not all of it was text."""

    __module__ = "streamlit.elements.write"


JSON_LIKE = (dict, list, map, enumerate, Mapping, ItemsView, KeysView, ValuesView)
HELP_TYPES = (DeltaGenerator, BuiltinFunctionType, FunctionType, MethodType, ModuleType, type)
# Of a function's code, in the documentation of ``inspect``: it makes a generator, of either kind.
MAKES_STREAM = 0x20 | 0x200


def _write(
    place: DeltaGenerator, _: str, /, args: tuple[Any, ...], unsafe_allow_html: bool
) -> None:
    if len(args) > 1 and place._number not in (PAGE, SIDEBAR):
        raise errors.StreamlitAPIException(
            "Cannot replace a single element with multiple elements.\n\nThe `write()` method only "
            "supports multiple elements when inserting elements rather than replacing. That is, "
            "only when called as `st.write()` or `st.sidebar.write()`."
        )
    texts: list[str] = []

    def flush() -> None:
        if texts:
            place.markdown(" ".join(texts), unsafe_allow_html=unsafe_allow_html)
            texts.clear()

    for value in args:
        element = _element_for(place, value)
        if element is not None:
            flush()
            element(value)
        else:
            texts.append(value if isinstance(value, str) else _in_backticks(str(value)))
    flush()


def _element_for(place: DeltaGenerator, value: Any) -> Callable[[Any], object] | None:
    """Return what shows a value; ``None`` if it is shown as text."""
    if isinstance(value, str):
        return None
    if isinstance(value, StreamingOutput):
        return lambda parts: [place.write(part) for part in parts] and None
    if isinstance(value, Exception):
        return place.exception
    if isinstance(value, Model):
        return lambda answer: place.json(answer.model_dump())
    if _is_table(value):
        raise NotHere("streamlit", "st.dataframe")
    if isinstance(value, JSON_LIKE) or (isinstance(value, tuple) and hasattr(value, "_asdict")):
        return place.json
    if isinstance(value, GeneratorType | AsyncGeneratorType) or _makes_stream(value):
        return place.write_stream
    text = str(value)
    is_help = isinstance(value, HELP_TYPES) or hasattr(type(value), "__dataclass_fields__")
    if is_help or (text.startswith("<") and " at 0x" in text):
        return lambda thing: draw(place, "help", {"text": repr(thing)})
    return None


def _is_table(value: Any) -> bool:
    rows = isinstance(value, list) and len(value) > 0 and isinstance(value[0], Row)
    return rows or isinstance(value, DataFrame)


def _makes_stream(value: Any) -> bool:
    return isinstance(value, FunctionType) and bool(value.__code__.co_flags & MAKES_STREAM)


def _in_backticks(text: str) -> str:
    fence = "`"
    while fence in text:
        fence += "`"
    return f"``{fence}\n{text}\n``{fence}" if "\n" in text else f"{fence}{text}{fence}"


def _write_stream(place: DeltaGenerator, _: str, /, stream: Any, cursor: str | None) -> Any:
    if isinstance(stream, str) or _is_table(stream):
        raise errors.StreamlitInvalidParameterTypeError(
            "stream",
            type(stream).__name__,
            ["generator", "stream-like object"],
            detail="Please use `st.write` instead for this data type.",
        )
    if _makes_stream(stream):
        stream = stream()
    if isinstance(stream, AsyncGeneratorType):
        raise NotHere("streamlit", "st.write_stream(async ...)")
    try:
        iter(stream)
    except TypeError as error:
        raise errors.StreamlitAPIException(
            f"The provided input (type: {type(stream)}) cannot be iterated. Please make sure that "
            "it is a generator, generator function or iterable."
        ) from error
    made = draw(place, "stream", {"source": _source(stream), "cursor": cursor})
    try:
        return _shown(place, made._number, stream)
    finally:
        channel.say("shown", id=made._number)


def _source(stream: Any) -> dict[str, Any]:
    number = snowflake_cortex.number_of(stream)
    if number is not None:
        return {"kind": "complete", "call": number}
    if isinstance(stream, GeneratorType):
        return {"kind": "generator", "name": stream.__name__}
    return {"kind": type(stream).__name__}


def _shown(place: DeltaGenerator, number: int, stream: Any) -> Any:
    shown = StreamingOutput()
    text = ""
    for given in stream:
        is_answer = isinstance(given, ChatCompletionChunk)
        chunk = given
        if is_answer:
            chunk = (given.choices[0].delta.content or "") if given.choices else ""
        if isinstance(chunk, str):
            if chunk:
                text += chunk
                channel.say("piece", id=number, text=chunk)
            continue
        if text:
            shown.append(text)
            text = ""
        channel.say("piece", id=number, text=None)
        if callable(chunk):
            chunk()
        else:
            place.write(chunk)
            shown.append(chunk)
    if text:
        shown.append(text)
    if not shown:
        return ""
    return shown[0] if len(shown) == 1 and isinstance(shown[0], str) else shown


SPECIAL |= {"write": _write, "write_stream": _write_stream}
