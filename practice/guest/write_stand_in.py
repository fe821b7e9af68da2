"""``st.write`` and ``st.write_stream``, as streamlit/elements/write.py has them.

What there cannot be in the sandbox, such as charts and data frames of pandas, is left out.
"""

from __future__ import annotations

from collections import ChainMap, UserDict, UserList
from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from io import StringIO
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MethodType,
    ModuleType,
)

from practice.guest import channel, cortex_stand_in, page_stand_in, signatures
from practice.guest.channel import NotHere
from practice.guest.page_stand_in import DeltaGenerator
from practice.guest.snowpark_stand_in import DataFrame, Row

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["SPECIAL", "StreamingOutput"]

JSON_LIKE = (
    *(dict, list, map, enumerate, MappingProxyType, UserDict, ChainMap, UserList),
    *(ItemsView, KeysView, ValuesView),
)
HELP_TYPES = (DeltaGenerator, BuiltinFunctionType, FunctionType, MethodType, ModuleType, type)
OTHER_TYPES = (Exception, StringIO, GeneratorType, AsyncGeneratorType)
# Of a function's code, in the documentation of ``inspect``.
GENERATOR, ASYNC_GENERATOR = 0x20, 0x200


class StreamingOutput(list):  # type: ignore[type-arg]
    """What ``write_stream`` returns when not all of it was text."""


def _write(place: DeltaGenerator, args: tuple[Any, ...], unsafe_allow_html: bool) -> None:
    if len(args) > 1 and not place._is_top_level:
        raise signatures.StreamlitAPIException(
            "Cannot replace a single element with multiple elements.\n\nThe `write()` method only "
            "supports multiple elements when inserting elements rather than replacing. That is, "
            "only when called as `st.write()` or `st.sidebar.write()`.",
            error_id="write-cannot-replace-with-multiple-elements",
        )
    texts: list[str] = []

    def flush() -> None:
        if texts:
            place.markdown(" ".join(texts), unsafe_allow_html=unsafe_allow_html)
            texts.clear()

    for value in args:
        if isinstance(value, str):
            texts.append(value)
        elif _is_more_than_text(value):
            flush()
            _write_one(place, value, unsafe_allow_html)
        elif _is_address(text := str(value)):
            flush()
            page_stand_in.draw(place, "help", {"text": text})
        else:
            texts.append(_in_backticks(text))
    flush()


def _is_more_than_text(value: Any) -> bool:
    return (
        isinstance(value, (*OTHER_TYPES, *JSON_LIKE, *HELP_TYPES))
        or _is_json_like(value)
        or _is_table(value)
        or hasattr(type(value), "__dataclass_fields__")
    )


def _write_one(place: DeltaGenerator, value: Any, unsafe_allow_html: bool) -> None:
    if isinstance(value, StreamingOutput):
        for item in value:
            place.write(item, unsafe_allow_html=unsafe_allow_html)
    elif isinstance(value, Exception):
        place.exception(value)
    elif _is_table(value):
        raise NotHere("streamlit", "st.dataframe")
    elif isinstance(value, JSON_LIKE) or _is_json_like(value):
        place.json(value)
    elif isinstance(value, StringIO):
        place.markdown(value.getvalue())
    elif isinstance(value, GeneratorType | AsyncGeneratorType) or _makes_stream(value):
        place.write_stream(value)
    else:
        page_stand_in.draw(place, "help", {"text": repr(value)})


def _is_json_like(value: Any) -> bool:
    # Named tuples, and the mappings of Streamlit's own: secrets and the session's state.
    is_named = isinstance(value, tuple) and callable(getattr(value, "_asdict", None))
    return is_named or (isinstance(value, Mapping) and callable(getattr(value, "to_dict", None)))


def _is_table(value: Any) -> bool:
    rows = isinstance(value, list) and len(value) > 0 and isinstance(value[0], Row)
    return rows or isinstance(value, DataFrame)


def _is_address(text: str) -> bool:
    return text.startswith("<") and " at 0x" in text and text.endswith(">")


def _makes_stream(value: Any, kinds: int = GENERATOR | ASYNC_GENERATOR) -> bool:
    return isinstance(value, FunctionType) and bool(value.__code__.co_flags & kinds)


def _in_backticks(text: str) -> str:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    if "\n" in text:
        fence = "`" * max(3, longest + 1)
        return f"{fence}\n{text}\n{fence}"
    fence = "`" * (longest + 1)
    return f"{fence}{text}{fence}"


def _write_stream(place: DeltaGenerator, stream: Any, cursor: str | None) -> Any:
    if isinstance(stream, str) or _is_table(stream):
        raise signatures.StreamlitInvalidParameterTypeError(
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
        raise signatures.StreamlitAPIException(
            f"The provided input (type: {type(stream)}) cannot be iterated. Please make sure that "
            "it is a generator, generator function or iterable.",
            error_id="write-stream-not-iterable",
        ) from error
    made = page_stand_in.draw(place, "stream", {"source": _source(stream), "cursor": cursor})
    try:
        return _shown(place, made._number, stream)
    finally:
        channel.say("shown", id=made._number)


def _shown(place: DeltaGenerator, number: int, stream: Any) -> Any:
    shown = StreamingOutput()
    text = ""
    for chunk in stream:
        if isinstance(chunk, str):
            if chunk:
                if not chunk.isascii():
                    # Half a surrogate pair cannot be sent.
                    (text + chunk).strip().encode()
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


def _source(stream: Any) -> dict[str, Any]:
    number = cortex_stand_in.number_of(stream)
    if number is not None:
        return {"kind": "complete", "call": number}
    if isinstance(stream, GeneratorType):
        return {"kind": "generator", "name": stream.__name__}
    return {"kind": type(stream).__name__}


#: What each element does beyond being drawn.
SPECIAL: dict[str, Callable[..., Any]] = {"write": _write, "write_stream": _write_stream}
