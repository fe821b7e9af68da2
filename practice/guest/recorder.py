"""The recorder: what a program draws becomes events, which the page repeats.

Arguments and checks are those of the installed Streamlit (``sandbox/signatures.py``). An element
that is not in ``SPECIAL`` is checked, sent, and returns its place.
"""

from __future__ import annotations

import json
from contextlib import contextmanager

from practice.guest import channel, signatures
from practice.guest.carried import streamlit_errors as errors
from practice.guest.channel import NotHere

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

PAGE, SIDEBAR = 0, -1
# The page takes no event with more columns or tabs.
MOST_COLUMNS = 20
# Avatars that need no look at Streamlit's lists of emoji and icons.
AVATARS = ("user", "assistant", "human", "ai")
# Arguments that become text, whatever they are.
TEXTS = ("body", "label", "help", "placeholder", "title", "text")

#: Element -> what it does beyond being drawn, given its place, its name and its arguments.
SPECIAL: dict[str, Callable[..., Any]] = {}
# The with blocks that the program is in.
_within: list[DeltaGenerator] = []


class DeltaGenerator(signatures.Mixins):
    """A place on the page; the functions of ``st`` are the methods of the page itself."""

    __module__ = "streamlit.delta_generator"
    _made = 0

    def __init__(self, number: int, in_sidebar: bool = False, in_form: bool = False) -> None:
        self._number, self._in_sidebar, self._in_form = number, in_sidebar, in_form

    def __enter__(self) -> Any:
        _within.append(self)

    def __exit__(self, *error: object) -> None:
        _within.pop()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"'DeltaGenerator' object has no attribute '{name}'")
        if name in signatures.PLACES:
            raise NotHere("streamlit", f"st.{name}")
        owner = "`st.sidebar`" if self._in_sidebar else "`DeltaGenerator` objects"
        text = f"Method `{name}()` does not exist for {owner}. Did you mean `st.{name}()`?"
        if name not in signatures.COMMANDS:
            text = f"`{name}()` is not a valid Streamlit command."

        def wrapper(*_: Any, **__: Any) -> NoReturn:
            raise errors.StreamlitAPIException(text)

        return wrapper

    def _call(self, name: str, given: dict[str, Any]) -> Any:
        del given["self"]
        special = SPECIAL.get(name)
        return special(self, name, **given) if special else draw(self, name, given)


class _Entered(DeltaGenerator):
    """A place that ``with ... as`` gives."""

    def __enter__(self) -> Any:
        super().__enter__()
        return self


class StatusContainer(_Entered):
    """What ``st.status`` returns: its block's end is also its own."""

    __module__ = "streamlit.elements.lib.mutable_status_container"
    _state = "running"

    def __exit__(self, kind: Any = None, *error: object) -> None:
        super().__exit__(kind, *error)
        if self._state == "running" and kind is not channel.Stop:
            self.update(state="complete" if kind is None else "error")

    def update(self, *, label: Any = None, expanded: Any = None, state: Any = None) -> None:
        _check("state", state, signatures.CHECKS["status"]["state"])
        self._state = state or self._state
        given = {"label": label, "expanded": expanded, "state": state}
        draw(self, "update", {key: each for key, each in given.items() if each is not None})


def _kind(name: str) -> type[DeltaGenerator]:
    home = f"streamlit.elements.lib.mutable_{name}_container"
    return type(f"{name.title()}Container", (_Entered,), {"__module__": home})


KINDS: dict[str, type[DeltaGenerator]] = {
    "expander": _kind("expander"),
    "popover": _kind("popover"),
    "status": StatusContainer,
    "tabs": _kind("tab"),
}
#: The page itself, and the sidebar.
page, sidebar = DeltaGenerator(PAGE), DeltaGenerator(SIDEBAR, in_sidebar=True)


def into(place: DeltaGenerator) -> DeltaGenerator:
    """Return where a call on this place draws: the page's calls follow the with blocks."""
    return _within[-1] if place is page and _within else place


def draw(place: DeltaGenerator, name: str, given: dict[str, Any]) -> Any:
    """Check a call, send it, and return the place that it makes."""
    return _draw_all(place, name, given, 1)[0]


def _draw_all(
    place: DeltaGenerator, name: str, given: dict[str, Any], count: int
) -> list[DeltaGenerator]:
    """Check a call, send it, and return the places that it makes.

    Raises:
        streamlit.errors.StreamlitAPIException, TypeError: an argument cannot be used.
        UnicodeEncodeError: an argument has half of a surrogate pair in it.
    """
    if count > MOST_COLUMNS:
        raise NotHere("room", f"st.{name}({count})")
    for key, wanted in signatures.CHECKS.get(name, {}).items():
        if key in given:
            _check(key, given[key], wanted)
    place = into(place)
    first = DeltaGenerator._made + 1
    DeltaGenerator._made += count
    sent = signatures.SENT[name]
    args = {key: _sent(key, value) for key, value in given.items() if key in sent}
    channel.say("draw", name=name, args=args, into=place._number, id=first, count=count)
    kind, in_form = KINDS.get(name, DeltaGenerator), place._in_form or name == "form"
    return [kind(first + number, place._in_sidebar, in_form) for number in range(count)]


def as_text(value: Any) -> str:
    """Return a value's text; raise UnicodeEncodeError if the browser could not get it."""
    text = str(value)
    text.encode()
    return text


def _sent(key: str, value: Any) -> Any:
    """Return an argument as it is sent: JSON, or the text of what JSON has no form for."""
    if key in ("wrap", "horizontal"):
        return value if value is None else bool(value)
    if key == "label" and value is None:
        return ""
    if isinstance(value, bool) and key in ("width", "height", "min_value", "max_value", "step"):
        return int(value)
    if value is None or (isinstance(value, bool | int | float) and key not in TEXTS):
        return as_text(value) if key == "body" else value
    if isinstance(value, list | tuple) and key not in TEXTS:
        return [_sent("", each) for each in value]
    if isinstance(value, dict) and key not in TEXTS:
        return {str(name): _sent("", each) for name, each in value.items()}
    return as_text(value)


def _check(parameter: str, value: Any, wanted: Any) -> None:
    """Check an argument as Streamlit does; ``wanted`` is from ``signatures.CHECKS``.

    Raises:
        streamlit.errors.StreamlitAPIException, TypeError: it cannot be used.
    """
    kind = type(value).__name__
    if wanted in ("bool", "bool | None", "int | None"):
        if not isinstance(value, int) and not (value is None and wanted != "bool"):
            raise TypeError(f"'{kind}' object cannot be interpreted as an integer")
    elif value is None:
        return
    elif wanted == "icon":
        if not isinstance(value, str):
            raise errors.StreamlitInvalidParameterTypeError("icon", kind, ["str", "None"])
        # Which emoji and icons exist is left to the page: the lists are long.
        known = value.strip() in ("", "spinner") or value.startswith(":material/")
        if value.isascii() and not known:
            raise errors.StreamlitAPIException(
                f'The value "{value}" is not a valid icon. Please use a single emoji or a Material '
                "icon shortcode like `:material\u200b/thumb_up:`."
            )
    elif wanted in ("content", "pixels"):
        words = ("stretch", "auto") if wanted == "pixels" else ("stretch", "auto", "content")
        is_size = value in words if isinstance(value, str) else isinstance(value, int) and value > 0
        if not is_size:
            size = "Width" if parameter == "width" else "Height"
            invalid = getattr(errors, f"StreamlitInvalid{size}Error")
            raise invalid(value, allow_content=wanted == "content")
    elif value not in wanted and not (parameter == "gap" and isinstance(value, int)):
        raise errors.StreamlitValueError(parameter, [repr(word) for word in wanted])


@contextmanager
def _spinner(place: DeltaGenerator, name: str, /, _cache: bool, **given: Any) -> Iterator[None]:
    made = draw(place, name, given)
    try:
        yield
    finally:
        channel.say("shown", id=made._number)


def _columns(place: DeltaGenerator, name: str, /, spec: Any, **given: Any) -> list[DeltaGenerator]:
    try:
        weights = [1] * spec if isinstance(spec, int) else list(spec)
        is_wrong = not weights or any(weight <= 0 for weight in weights)
    except TypeError as error:
        raise errors.StreamlitInvalidParameterTypeError(
            "spec", type(spec).__name__, ["int", "sequence of numbers"]
        ) from error
    if is_wrong:
        raise errors.StreamlitInvalidColumnSpecError
    spec = int(spec) if isinstance(spec, int) else weights
    return _draw_all(place, name, {"spec": spec, **given}, len(weights))


def _tabs(place: DeltaGenerator, name: str, /, tabs: Any, **given: Any) -> Any:
    if not tabs:
        raise errors.StreamlitMissingRequiredParameterError("tabs")
    for tab in tabs:
        if not isinstance(tab, str):
            kind, expected = type(tab).__name__, ["a string for each tab label"]
            raise errors.StreamlitInvalidParameterTypeError("tabs", kind, expected)
    return tuple(_draw_all(place, name, {"tabs": list(tabs), **given}, len(tabs)))


def _labelled(place: DeltaGenerator, name: str, /, label: Any, **given: Any) -> Any:
    if label is None:
        raise errors.StreamlitMissingRequiredParameterError("label")
    if not isinstance(label, str):
        raise TypeError("bad argument type for built-in operation")
    return draw(place, name, {"label": label, **given})


def _form(place: DeltaGenerator, name: str, /, **given: Any) -> Any:
    if into(place)._in_form:
        raise errors.StreamlitInvalidLayoutContextError("Forms cannot be nested in other forms.")
    return draw(place, name, given)


def _chat_message(
    place: DeltaGenerator, element: str, /, name: Any, avatar: Any, **given: Any
) -> Any:
    if name is None:
        raise errors.StreamlitMissingRequiredParameterError("name")
    if avatar is None:
        name.lower()
    elif avatar not in AVATARS and not (
        isinstance(avatar, str) and (not avatar.isascii() or avatar.startswith(":material/"))
    ):
        raise NotHere("avatar", "st.chat_message(avatar=...)")
    return draw(place, element, {"name": name, "avatar": avatar, **given})


def _exception(place: DeltaGenerator, name: str, /, exception: Any, width: Any) -> Any:
    # Streamlit shows an error whatever its text is, and whatever is no error, too.
    text = str(exception).encode("utf-8", "ignore").decode()
    told = f"{type(exception).__name__}: {text}"
    return draw(place, name, {"exception": told, "width": width})


def _json(place: DeltaGenerator, name: str, /, body: Any, expanded: Any, width: Any) -> Any:
    if not isinstance(expanded, int):
        kind = type(expanded).__name__
        raise errors.StreamlitInvalidParameterTypeError("expanded", kind, ["bool", "int"])
    for convert in ("to_dict", "_asdict"):
        body = getattr(body, convert)() if hasattr(body, convert) else body
    if callable(getattr(body, "keys", None)):
        body = dict(body)
    elif not isinstance(body, str) and hasattr(body, "__iter__"):
        body = list(body)

    def serialized(value: Any) -> Any:
        return list(value) if isinstance(value, set) else repr(value)

    try:
        text = body if isinstance(body, str) else json.dumps(body, default=serialized)
    except TypeError as error:
        place.warning(
            "Warning: this data structure was not fully serializable as JSON due to one or more "
            f"unexpected keys.  (Error was: {error})"
        )
        text = json.dumps(body, skipkeys=True, default=serialized)
    return draw(place, name, {"body": text, "expanded": expanded, "width": width})


SPECIAL |= dict.fromkeys(("expander", "popover", "status"), _labelled)
SPECIAL |= {"columns": _columns, "tabs": _tabs, "form": _form, "spinner": _spinner}
SPECIAL |= {"chat_message": _chat_message, "exception": _exception, "json": _json}
