"""The widgets and ``st.session_state``: their values, and what a page keeps of them for later runs.

A widget's value is what the program has set, else what the learner has in this run, else what it
was in the run before, else its default.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import EnumMeta

from practice.guest import channel
from practice.guest.carried import streamlit_errors as errors
from practice.guest.carried import streamlit_session_state_proxy as proxy
from practice.guest.carried.snowflake_row import Row
from practice.guest.channel import NotHere
from practice.guest.recorder import SPECIAL, DeltaGenerator, as_text, draw, into

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Arguments that do not tell one widget from another (streamlit/elements/lib/utils.py).
NOT_IDENTITY = {
    *("key", "disabled", "label_visibility", "wrap", "format_func", "bind", "persist_state"),
    *("on_change", "on_click", "on_submit", "args", "kwargs"),
}
# The host takes no more; longer and deeper values are left out.
MOST_STATE, ROOM_EACH, LONGEST_NAME = 100_000, 100, 2_000
DEEPEST_STATE = 20
LARGEST_NUMBER = 2**63
MOST_LOST = 100
# What a slider can have for a value.
SLIDES = ("int", "float", "date", "time", "datetime")

# Of the run before: values in st.session_state, which of them are widgets', and the values of
# widgets without a key, by label.
_before: dict[str, Any] = {}
_keyed: set[str] = set()
_unkeyed: dict[str, Any] = {}
# Of this run: what the scene sets, by label; what the program sets; what widgets are.
_inputs: dict[str, Any] = {}
# Whether st.rerun() began it, and the message that nobody has taken yet.
_now: dict[str, Any] = {}
_set: dict[str, Any] = {}
_widgets: dict[str, Any] = {}
_buttons: set[str] = set()
_shown: dict[str, Any] = {}
_identities: set[tuple[Any, ...]] = set()


def begin(job: dict[str, Any]) -> None:
    """Take in what the scene has set widgets to, and what ``kept`` returned in the run before."""
    state = job["state"] or {"values": {}, "keyed": [], "widgets": {}}
    _inputs.update(job["inputs"])
    _now.update(is_rerun=job["is_rerun"], message=job["message"])
    _before.update(state["values"])
    _keyed.update(state["keyed"])
    _unkeyed.update(state["widgets"])


def kept() -> dict[str, Any]:
    """Return what the next run begins with, and the names of values that cannot be kept."""
    values = {key: value for key, value in _before.items() if key not in _keyed}
    values |= {key: value for key, value in _widgets.items() if key not in _buttons} | _set
    room, lost = MOST_STATE, dict[str, str]()
    for mapping in (values, _shown):
        for key, value in [*mapping.items()]:
            # Each takes some room, so there are never more than the host takes.
            odd = _odd({key: value})
            taken = ROOM_EACH + (room if odd else len(json.dumps([key, value])))
            if taken <= room and len(key) <= LONGEST_NAME:
                room -= taken
            else:
                del mapping[key]
                if len(lost) < MOST_LOST:
                    lost[key[:100].encode("utf-8", "replace").decode()] = odd
    keyed = [key for key in _widgets if key in values]
    return {"state": {"values": values, "keyed": keyed, "widgets": _shown}, "lost": lost}


def _odd(value: Any, levels: int = DEEPEST_STATE) -> str:
    """Return the name of the type that keeps a value from being plain; ``""`` if it is."""
    kind = type(value)
    if kind is str:
        plain = value == value.encode("utf-8", "ignore").decode()
    elif kind in (int, float):
        plain = -LARGEST_NUMBER < value < LARGEST_NUMBER
    elif kind in (dict, tuple) or isinstance(value, list):
        keys = [*value] if kind is dict else []
        inner = [*keys, *(value.values() if kind is dict else value)]
        if not levels or any(type(key) is not str for key in keys):
            return "object"
        return next(filter(None, (_odd(each, levels - 1) for each in inner)), "")
    else:
        plain = value is None or kind is bool
    return "" if plain else kind.__name__ if kind.__name__.isidentifier() else "object"


class _State:
    """What Streamlit's own proxy asks; a program can be stopped at each of its questions."""

    @property
    def filtered_state(self) -> dict[str, Any]:
        return {**_before, **_widgets, **_set}

    def __getitem__(self, key: str) -> Any:
        channel.yield_point()
        if key not in self.filtered_state:
            text = proxy._missing_attr_error_message(key)
            raise KeyError(text.replace("attribute", "key", 1))
        return self.filtered_state[key]

    def __setitem__(self, key: str, value: Any) -> None:
        channel.yield_point()
        if key in _widgets:
            raise errors.StreamlitWidgetAlreadyInstantiatedError(key)
        _set[key] = value

    def __delitem__(self, key: str) -> None:
        self[key]
        for values in (_before, _widgets, _set):
            values.pop(key, None)


proxy.state = _State()
#: ``st.session_state``.
session_state: Any = proxy.SessionStateProxy()


def _registered(place: DeltaGenerator, name: str, given: dict[str, Any]) -> str | None:
    """Check what all widgets have in common, and return the key.

    Raises:
        streamlit.errors.StreamlitAPIException: the widget is not the only one of its kind.
        NotHere: it has a callback.
    """
    for parameter in {"on_change", "on_click", "on_submit"} & given.keys():
        modes = () if parameter != "on_change" else ("rerun", "ignore")
        if callable(given[parameter]):
            raise NotHere("callbacks", parameter)
        if given[parameter] is not None and given[parameter] not in modes:
            values = [*map(repr, modes), "a callback function"]
            raise errors.StreamlitValueError(parameter, values)
    key = None if given["key"] is None else str(given["key"])
    seen = {each: str(value) for each, value in given.items() if each not in NOT_IDENTITY}
    identity = (name, place._in_sidebar, *seen.items()) if key is None else ("key", key)
    if identity in _identities:
        duplicate = errors.StreamlitDuplicateElementId(name)
        raise duplicate if key is None else errors.StreamlitDuplicateElementKey(key)
    _identities.add(identity)
    return key


def _asked(label: str, key: str | None) -> tuple[bool, Any]:
    """Return whether a widget has been set to something, and what to."""
    if key is not None and key in _set:
        return True, _set[key]
    if label in _inputs:
        return True, _inputs[label]
    before, name = (_unkeyed, label) if key is None else (_before, key)
    return name in before, before.get(name)


def _take(key: str | None, label: str, value: Any) -> Any:
    """Let a widget have a value, for now and for the next run."""
    if key is None:
        _shown[label] = value
    else:
        _set.pop(key, None)
        _widgets[key] = value
    return value


def _take_once(key: str | None, value: Any) -> Any:
    """Let a widget have a value in this run alone."""
    if key is not None:
        _buttons.add(key)
        _take(key, "", value)
    return value


def _typed_or_pressed(label: Any) -> Any:
    """Return what a learner has done to a widget for one run: ``st.rerun()`` begins another."""
    return None if _now["is_rerun"] else _inputs.get(str(label))


def _button(place: DeltaGenerator, name: str, /, **given: Any) -> bool:
    if into(place)._in_form is not (name == "form_submit_button"):
        rule = "can't be used in" if name == "button" else "must be used inside"
        raise errors.StreamlitInvalidLayoutContextError(f"`st.{name}()` {rule} an `st.form()`.")
    if given["key"] is not None and str(given["key"]) in _set:
        raise errors.StreamlitValueAssignmentNotAllowedError(key=str(given["key"]))
    key = _registered(place, name, given)
    pressed = bool(_typed_or_pressed(given["label"])) and not given["disabled"]
    draw(place, name, {**given, "now": pressed})
    return bool(_take_once(key, pressed))


def _chat_input(place: DeltaGenerator, name: str, /, **given: Any) -> Any:
    key, text = _registered(place, name, given), _typed_or_pressed(given["placeholder"])
    if text is None and not given["disabled"]:
        text = _now.pop("message", None)
    if isinstance(given["max_chars"], int) and text is not None:
        text = text[: given["max_chars"]]
    draw(place, name, {**given, "now": text})
    return _take_once(key, text)


def _valued(
    place: DeltaGenerator, name: str, given: dict[str, Any], default: Any, taken: Callable[..., Any]
) -> Any:
    """Draw a widget and return its value; ``taken`` is what becomes of one that is set."""
    key, label = _registered(place, name, {**given, "default": default}), str(given["label"])
    is_set, asked = _asked(label, key)
    by_program = key is not None and key in _set
    value = asked if by_program else taken(asked) if is_set else default
    draw(place, name, {**given, "now": bool(value) if isinstance(default, bool) else value})
    return _take(key, label, value)


def _text(place: DeltaGenerator, name: str, /, value: Any = None, **given: Any) -> Any:
    most = given["max_chars"]

    def cut(text: Any) -> Any:
        return text if text is None or not isinstance(most, int) else text[:most]

    return _valued(place, name, given, cut(None if value is None else str(value)), cut)


def _checkbox(place: DeltaGenerator, name: str, /, value: Any, **given: Any) -> bool:
    return bool(_valued(place, name, given, bool(value), bool))


def _choice(
    place: DeltaGenerator, name: str, /, options: Any, index: Any, format_func: Any, **given: Any
) -> Any:
    listed = _listed(options)
    texts = [format_func(option) for option in listed]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("bad argument type for built-in operation")  # protobuf's words
    if index is not None and not isinstance(index, int):
        kind = type(index).__name__
        raise errors.StreamlitInvalidParameterTypeError("index", kind, ["int", "None"])
    if index is not None and listed and not 0 <= index < len(listed):
        raise errors.StreamlitValueOutOfRangeError("index", index, 0, len(listed) - 1)
    given["options"] = [as_text(text) for text in texts]
    key, label = _registered(place, name, {**given, "index": index}), str(given["label"])
    chosen, new = index if listed else None, None
    is_set, asked = _asked(label, key)
    if key is not None and label not in _inputs and is_set:
        # The program's own value is an option, not the text that shows it.
        chosen = None if asked is None else chosen
        asked = format_func(asked) if asked in listed else None
    if asked in texts:
        # Of options that look the same, Streamlit takes the last.
        chosen = len(texts) - 1 - texts[::-1].index(asked)
    elif asked is not None and given.get("accept_new_options"):
        chosen, new = None, asked
    value = new if chosen is None else listed[chosen]
    draw(place, name, {**given, "now": None if chosen is None else int(chosen)})
    _take(key, label, value if key is not None else new if chosen is None else texts[chosen])
    return value


def _listed(options: Any) -> list[Any]:
    # streamlit/dataframe_util.py, convert_anything_to_list
    if isinstance(options, EnumMeta):
        members: list[Any] = list(options)
        return [each.value if issubclass(options, str) else each for each in members]
    if isinstance(options, list) and options and isinstance(options[0], Row):
        return [row[0] for row in options]
    if isinstance(options, str | bytes) or not isinstance(options, Iterable):
        return [] if options is None else [options]
    return list(options)


def _slider(
    place: DeltaGenerator,
    name: str,
    /,
    min_value: Any,
    max_value: Any,
    value: Any,
    step: Any,
    **given: Any,
) -> Any:
    if value is None:
        value = 0 if min_value is None else min_value
    is_single = not isinstance(value, list | tuple)
    values = [value] if is_single else list(value)
    if type(values[0] if values else 0).__name__ in ("date", "time", "datetime"):
        raise NotHere("streamlit", f"st.slider(value={type(values[0]).__name__})")
    if len(values) > 2:
        many = [f"a {kind} containing up to two such values" for kind in ("list", "tuple")]
        raise errors.StreamlitValueError("value", [*SLIDES, *many])
    is_whole = all(isinstance(each, int) for each in values)
    defaults = (0, 100, 1) if is_whole else (0.0, 1.0, 0.01)
    low, high, step = bounds = [
        default if each is None else each
        for each, default in zip((min_value, max_value, step), defaults, strict=True)
    ]
    if step == 0:
        raise errors.StreamlitValueError("step", ["a number"], detail="Zero is not allowed.")
    kinds = {int if isinstance(each, int) else type(each) for each in (*values, *bounds)}
    if len(kinds) > 1 or not kinds <= {int, float}:
        # Numbers that do not go together, such as 0 and 1.0.
        named = {"min_value": low, "max_value": high, "step": step}
        expected = ["matching numeric types", "matching date/time types"]
        if len({type(each) for each in bounds}) == 1:
            named = {"value": value, "min_value": low, "max_value": high}
            expected = ["value and arguments with matching types"]
        told = ", ".join(f"{each}={type(number).__name__}" for each, number in named.items())
        raise errors.StreamlitInvalidParameterTypeError("value", told, expected)
    values = sorted(values or (low, high))
    low, high = min([low, high, *values]), max([low, high, *values])
    if low == high:
        raise errors.StreamlitInvalidMinMaxError(low, high)
    default = values[0] if is_single else tuple(values)

    def taken(asked: Any) -> Any:
        given = [asked] if is_single else [*asked]
        inside = all(isinstance(each, int | float) and low <= each <= high for each in given)
        return default if not inside else asked if is_single else tuple(asked)

    given |= {"min_value": low, "max_value": high, "step": step}
    return _valued(place, name, given, default, taken)


SPECIAL |= {"button": _button, "form_submit_button": _button, "chat_input": _chat_input}
SPECIAL |= {"text_input": _text, "text_area": _text, "checkbox": _checkbox, "toggle": _checkbox}
SPECIAL |= {"radio": _choice, "selectbox": _choice, "slider": _slider}
