"""The widgets: each has the value that it has been set to, and returns it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, EnumMeta

from practice.guest import signatures
from practice.guest.arguments_stand_in import as_text, checked_callback, checked_key
from practice.guest.channel import NotHere
from practice.guest.page_stand_in import DeltaGenerator, draw
from practice.guest.snowpark_stand_in import Row
from practice.guest.state_stand_in import is_set, session_state, take_widget

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["SPECIAL", "begin", "registered", "valued"]

# Arguments that do not tell one widget from another (streamlit/elements/lib/utils.py).
NOT_IDENTITY = {
    *("key", "disabled", "label_visibility", "wrap", "format_func", "bind", "persist_state"),
    *("on_change", "on_click", "args", "kwargs"),
}

FILTER_MODES = ("fuzzy", "contains", "prefix")

# What the widgets have been set to, by their labels; which widgets there are already.
_inputs: dict[str, Any] = {}
_known: set[tuple[Any, ...]] = set()


def begin(inputs: dict[str, Any]) -> None:
    """Begin a new run, with widgets that have been set to these values."""
    _inputs.clear()
    _inputs.update(inputs)
    _known.clear()


def registered(place: DeltaGenerator, name: str, given: dict[str, Any]) -> str | None:
    """Check what all widgets have in common, and return the key.

    Raises:
        streamlit.errors.StreamlitAPIException: the widget is not the only one of its kind.
        NotHere: it has a callback.
    """
    key = checked_key(given["key"])
    parameter = "on_click" if name == "button" else "on_change"
    if checked_callback(parameter, given[parameter]):
        raise NotHere("callbacks", parameter)
    seen = {each: str(value) for each, value in given.items() if each not in NOT_IDENTITY}
    identity = (name, place._in_sidebar, *seen.items()) if key is None else ("key", key)
    if identity in _known and key is not None:
        raise signatures.StreamlitDuplicateElementKey(key)
    if identity in _known:
        raise signatures.StreamlitDuplicateElementId(name)
    _known.add(identity)
    return key


def _button(place: DeltaGenerator, **given: Any) -> bool:
    key = checked_key(given["key"])
    if key is not None and is_set(key):
        raise signatures.StreamlitValueAssignmentNotAllowedError(key=key)
    key = registered(place, "button", given)
    pressed = bool(_inputs.get(str(given["label"]), False)) and not given["disabled"]
    draw(place, "button", {**given, "now": pressed})
    if key is not None:
        take_widget(key, pressed)
    return pressed


def valued(
    place: DeltaGenerator,
    name: str,
    given: dict[str, Any],
    default: Any,
    taken: Callable[[Any], Any],
) -> Any:
    """Draw a widget and return its value: what the program has set, else the learner, else this.

    What becomes of a value that the learner has set, ``taken`` says.
    """
    key, label = checked_key(given["key"]), str(given["label"])
    value = taken(_inputs[label]) if label in _inputs else default
    if key is not None and is_set(key):
        value = session_state[key]
        if name in ("text_input", "text_area"):
            _check_texts([value])
    shown = bool(value) if name in ("checkbox", "toggle") else value
    draw(place, name, {**given, "now": shown})
    if key is not None:
        take_widget(key, value)
    return value


def _text_widget(name: str) -> Callable[..., Any]:
    def widget(place: DeltaGenerator, value: Any, **given: Any) -> Any:
        default, most = None if value is None else str(value), given["max_chars"]
        registered(place, name, {**given, "value": default})
        if most is not None and not isinstance(most, int):
            kind = type(most).__name__
            raise TypeError(f"'{kind}' object cannot be interpreted as an integer")

        def cut(text: Any) -> Any:
            return text if text is None or most is None else text[:most]

        return valued(place, name, given, cut(default), cut)

    return widget


def _checkbox(name: str) -> Callable[..., bool]:
    def widget(place: DeltaGenerator, value: Any, **given: Any) -> bool:
        registered(place, name, {**given, "value": bool(value)})
        return valued(place, name, given, bool(value), bool)  # type: ignore[no-any-return]

    return widget


def _choice(name: str) -> Callable[..., Any]:
    def widget(
        place: DeltaGenerator, options: Any, index: Any, format_func: Any, **given: Any
    ) -> Any:
        listed = _listed(options)
        texts = [format_func(option) for option in listed]
        _check_index(index, len(listed))
        _check_texts([*texts, given.get("placeholder")])
        _check_choice(given)
        given["options"] = [as_text(text) for text in texts]
        key = registered(place, name, {**given, "index": index})
        by_text = {text: number for number, text in enumerate(texts)}
        chosen, new = index if listed else None, None
        asked = _inputs.get(str(given["label"]))
        if key is not None and is_set(key):
            value = session_state[key]
            chosen = None if value is None else by_text.get(_formatted(format_func, value), chosen)
        elif asked in by_text:
            chosen = by_text[asked]
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
        raise signatures.StreamlitInvalidParameterTypeError("index", kind, ["int", "None"])
    if index is not None and count and not 0 <= index < count:
        raise signatures.StreamlitValueOutOfRangeError("index", index, 0, count - 1)


def _check_texts(texts: list[Any]) -> None:
    if not all(isinstance(text, str | None) for text in texts):
        # protobuf's words.
        raise TypeError("bad argument type for built-in operation")


def _check_choice(given: dict[str, Any]) -> None:
    for caption in given.get("captions") or ():
        if not isinstance(caption, str | None):
            raise signatures.StreamlitInvalidParameterTypeError(
                "captions", type(caption).__name__, ["str", "None"]
            )
    if given.get("filter_mode") not in (None, *FILTER_MODES):
        raise signatures.StreamlitValueError("filter_mode", [*FILTER_MODES, "None"])


def _formatted(format_func: Any, value: Any) -> Any:
    try:
        return format_func(value)
    except Exception:
        return None


def _listed(options: Any) -> list[Any]:
    # streamlit/dataframe_util.py, convert_anything_to_list
    if options is None:
        return []
    if isinstance(options, str | int | float):
        return [options]
    if isinstance(options, EnumMeta):
        members: list[Enum] = list(options)
        return [each.value if issubclass(options, str) else each for each in members]
    if isinstance(options, Mapping):
        return list(options)
    if isinstance(options, list) and options and isinstance(options[0], Row):
        return [row[0] for row in options]
    try:
        return [options] if isinstance(options, bytes) else list(options)
    except TypeError:
        return [options]


#: What each element does beyond being drawn.
SPECIAL: dict[str, Callable[..., Any]] = {
    "button": _button,
    "text_input": _text_widget("text_input"),
    "text_area": _text_widget("text_area"),
    "selectbox": _choice("selectbox"),
    "radio": _choice("radio"),
    "checkbox": _checkbox("checkbox"),
    "toggle": _checkbox("toggle"),
}
