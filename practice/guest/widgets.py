"""The widgets: each has the value that it has been set to, and returns it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import EnumMeta

from practice.guest.carried import streamlit_errors as errors
from practice.guest.channel import NotHere
from practice.guest.page import DeltaGenerator, as_text, draw, into
from practice.guest.snowpark import Row
from practice.guest.state import is_set, session_state, take_widget

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["SPECIAL", "begin"]

# Arguments that do not tell one widget from another (streamlit/elements/lib/utils.py).
NOT_IDENTITY = {
    *("key", "disabled", "label_visibility", "wrap", "format_func", "bind", "persist_state"),
    *("on_change", "on_click", "on_submit", "args", "kwargs"),
}

# What the widgets have been set to, by their labels; which widgets there are already.
_inputs: dict[str, Any] = {}
_known: set[tuple[Any, ...]] = set()


def begin(inputs: dict[str, Any]) -> None:
    """Begin a new run, with widgets that have been set to these values."""
    _inputs.clear()
    _inputs.update(inputs)
    _known.clear()


def _registered(place: DeltaGenerator, name: str, given: dict[str, Any]) -> str | None:
    """Check what all widgets have in common, and return the key.

    Raises:
        streamlit.errors.StreamlitAPIException: the widget is not the only one of its kind.
        NotHere: it has a callback.
    """
    _check_callbacks(given)
    key = None if given["key"] is None else str(given["key"])
    seen = {each: str(value) for each, value in given.items() if each not in NOT_IDENTITY}
    identity = (name, place._in_sidebar, *seen.items()) if key is None else ("key", key)
    if identity in _known:
        duplicate = errors.StreamlitDuplicateElementId(name)
        raise duplicate if key is None else errors.StreamlitDuplicateElementKey(key)
    _known.add(identity)
    return key


def _check_callbacks(given: dict[str, Any]) -> None:
    for parameter in {"on_change", "on_click", "on_submit"} & given.keys():
        modes = () if parameter != "on_change" else ("rerun", "ignore")
        callback = given[parameter]
        if callable(callback):
            raise NotHere("callbacks", parameter)
        if callback is not None and callback not in modes:
            values = [*map(repr, modes), "a callback function"]
            raise errors.StreamlitValueError(parameter, values)


def _pressed(name: str) -> Callable[..., bool]:
    def button(place: DeltaGenerator, **given: Any) -> bool:
        if into(place)._in_form is not (name == "form_submit_button"):
            rule = "can't be used in" if name == "button" else "must be used inside"
            raise errors.StreamlitInvalidLayoutContextError(f"`st.{name}()` {rule} an `st.form()`.")
        if given["key"] is not None and is_set(str(given["key"])):
            raise errors.StreamlitValueAssignmentNotAllowedError(key=str(given["key"]))
        key = _registered(place, name, given)
        pressed = bool(_inputs.get(str(given["label"]), False)) and not given["disabled"]
        draw(place, name, {**given, "now": pressed})
        if key is not None:
            take_widget(key, pressed)
        return pressed

    return button


def _valued(
    place: DeltaGenerator, name: str, given: dict[str, Any], default: Any, taken: Callable[..., Any]
) -> Any:
    """Draw a widget and return its value: what the program has set, else the learner, else this.

    What becomes of a value that the learner has set, ``taken`` says.
    """
    key = _registered(place, name, {**given, "default": default})
    label = str(given["placeholder" if name == "chat_input" else "label"])
    value = taken(_inputs[label]) if label in _inputs else default
    if key is not None and is_set(key):
        value = session_state[key]
    draw(place, name, {**given, "now": bool(value) if isinstance(default, bool) else value})
    if key is not None:
        take_widget(key, value)
    return value


def _text_widget(name: str) -> Callable[..., Any]:
    def widget(place: DeltaGenerator, value: Any = None, **given: Any) -> Any:
        most = given["max_chars"]

        def cut(text: Any) -> Any:
            return text if text is None or not isinstance(most, int) else text[:most]

        return _valued(place, name, given, cut(None if value is None else str(value)), cut)

    return widget


def _checkbox(name: str) -> Callable[..., bool]:
    def widget(place: DeltaGenerator, value: Any, **given: Any) -> bool:
        return bool(_valued(place, name, given, bool(value), bool))

    return widget


def _choice(name: str) -> Callable[..., Any]:
    def widget(
        place: DeltaGenerator, options: Any, index: Any, format_func: Any, **given: Any
    ) -> Any:
        listed = _listed(options)
        texts = [format_func(option) for option in listed]
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("bad argument type for built-in operation")  # protobuf's words
        _check_index(index, len(listed))
        given["options"] = [as_text(text) for text in texts]
        key = _registered(place, name, {**given, "index": index})
        chosen, new = index if listed else None, None
        asked = _inputs.get(str(given["label"]))
        if key is not None and is_set(key):
            asked = session_state[key]
            asked = format_func(asked) if asked in listed else None
            chosen = chosen if asked is not None or session_state[key] is not None else None
        if asked in texts:
            # Of options that look the same, Streamlit takes the last.
            chosen = len(texts) - 1 - texts[::-1].index(asked)
        elif asked is not None and given.get("accept_new_options"):
            chosen, new = None, asked
        value = new if chosen is None else listed[chosen]
        draw(place, name, {**given, "now": None if chosen is None else int(chosen)})
        if key is not None:
            take_widget(key, value)
        return value

    return widget


def _check_index(index: Any, count: int) -> None:
    if index is not None and not isinstance(index, int):
        kind = type(index).__name__
        raise errors.StreamlitInvalidParameterTypeError("index", kind, ["int", "None"])
    if index is not None and count and not 0 <= index < count:
        raise errors.StreamlitValueOutOfRangeError("index", index, 0, count - 1)


def _listed(options: Any) -> list[Any]:
    # streamlit/dataframe_util.py, convert_anything_to_list
    if options is None:
        return []
    if isinstance(options, EnumMeta):
        members: list[Any] = list(options)
        return [each.value if issubclass(options, str) else each for each in members]
    if isinstance(options, list) and options and isinstance(options[0], Row):
        return [row[0] for row in options]
    if isinstance(options, Mapping) or (
        hasattr(options, "__iter__") and not isinstance(options, str | bytes)
    ):
        return list(options)
    return [options]


def _slider(
    place: DeltaGenerator, min_value: Any, max_value: Any, value: Any, step: Any, **given: Any
) -> Any:
    if value is None:
        value = 0 if min_value is None else min_value
    is_single = not isinstance(value, list | tuple)
    values = [value] if is_single else list(value)
    for each in values:
        if type(each).__name__ in ("date", "time", "datetime"):
            raise NotHere("streamlit", f"st.slider(value={type(each).__name__})")
    is_whole = all(isinstance(each, int) for each in values)
    bounds = [
        default if each is None else each
        for each, default in zip(
            (min_value, max_value, step), (0, 100, 1) if is_whole else (0.0, 1.0, 0.01), strict=True
        )
    ]
    low, high, step = bounds
    if step == 0:
        raise errors.StreamlitValueError("step", ["a number"], detail="Zero is not allowed.")
    kinds = {int if isinstance(each, int) else type(each) for each in (*values, *bounds)}
    if len(kinds) > 1 or not kinds <= {int, float} or len(values) > 2:
        raise _mixed_kinds(value, low, high, step)
    values = sorted(values or (low, high))
    low, high = min([low, high, *values]), max([low, high, *values])
    if low == high:
        raise errors.StreamlitInvalidMinMaxError(low, high)
    default = values[0] if is_single else tuple(values)

    def taken(asked: Any) -> Any:
        asked = asked if is_single else tuple(asked)
        inside = all(low <= each <= high for each in ([asked] if is_single else asked))
        return asked if inside else default

    given |= {"min_value": low, "max_value": high, "step": step}
    return _valued(place, "slider", given, default, taken)


def _mixed_kinds(value: Any, low: Any, high: Any, step: Any) -> Exception:
    """Return the error for numbers that do not go together, such as 0 and 1.0."""
    named = {"min_value": low, "max_value": high, "step": step}
    expected = ["matching numeric types", "matching date/time types"]
    if len({type(each) for each in named.values()}) == 1:
        named = {"value": value, "min_value": low, "max_value": high}
        expected = ["value and arguments with matching types"]
    kinds = ", ".join(f"{name}={type(each).__name__}" for name, each in named.items())
    error: Exception = errors.StreamlitInvalidParameterTypeError("value", kinds, expected)
    return error


#: What each element does beyond being drawn.
SPECIAL: dict[str, Callable[..., Any]] = {
    "button": _pressed("button"),
    "chat_input": _text_widget("chat_input"),
    "checkbox": _checkbox("checkbox"),
    "form_submit_button": _pressed("form_submit_button"),
    "radio": _choice("radio"),
    "selectbox": _choice("selectbox"),
    "slider": _slider,
    "text_area": _text_widget("text_area"),
    "text_input": _text_widget("text_input"),
    "toggle": _checkbox("toggle"),
}
