"""The recorder: what a program draws becomes events, which the page repeats.

The arguments and the checks are those of the installed Streamlit (``sandbox/signatures.py``). An
element that is not in ``SPECIAL`` is checked, sent and returns its place.
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

__all__ = [
    "KINDS",
    "PAGE",
    "SIDEBAR",
    "SPECIAL",
    "DeltaGenerator",
    "as_text",
    "begin",
    "draw",
    "into",
    "page",
    "sidebar",
]

PAGE, SIDEBAR = 0, -1
# The page takes no event with more columns or tabs.
MOST_COLUMNS = 20
# A chat message's picture that needs no look at Streamlit's lists of emoji and icons.
AVATARS = ("user", "assistant", "human", "ai")
# Arguments that become text, whatever is given.
TEXTS = ("body", "label", "help", "placeholder", "title", "text")

#: Element -> what it does instead of being drawn alone; other modules add theirs.
SPECIAL: dict[str, Callable[..., Any]] = {}

# The with blocks that the program is in.
_within: list[DeltaGenerator] = []


def begin() -> None:
    """Begin a new page."""
    DeltaGenerator._made = 0
    _within.clear()


class DeltaGenerator(signatures.Mixins):
    """A place on the page; the functions of ``st`` are the methods of the page itself."""

    # How many there are beside the page and the sidebar.
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
        return special(self, **given) if special else draw(self, name, given)


class ExpanderContainer(DeltaGenerator):
    """What ``st.expander`` returns; ``with ... as`` gives the place itself."""

    open = None

    def __enter__(self) -> Any:
        super().__enter__()
        return self


class TabContainer(ExpanderContainer):
    """A tab of ``st.tabs``."""


class PopoverContainer(ExpanderContainer):
    """What ``st.popover`` returns."""


class StatusContainer(DeltaGenerator):
    """What ``st.status`` returns: its block's end is also its own."""

    _state = "running"

    def __enter__(self) -> Any:
        super().__enter__()
        return self

    def __exit__(self, kind: Any = None, *error: object) -> None:
        super().__exit__(kind, *error)
        if self._state == "running" and kind is not channel.Stop:
            self.update(state="complete" if kind is None else "error")

    def update(self, *, label: Any = None, expanded: Any = None, state: Any = None) -> None:
        _check("state", state, signatures.CHECKS["status"]["state"])
        self._state = state or self._state
        given = {"label": label, "expanded": expanded, "state": state}
        draw(self, "update", {key: each for key, each in given.items() if each is not None})


KINDS: dict[str, type[DeltaGenerator]] = {
    "expander": ExpanderContainer,
    "popover": PopoverContainer,
    "status": StatusContainer,
    "tabs": TabContainer,
}

#: The page itself, and the sidebar.
page, sidebar = DeltaGenerator(PAGE), DeltaGenerator(SIDEBAR, in_sidebar=True)


def into(place: DeltaGenerator) -> DeltaGenerator:
    """Return where a call on this place draws: the page's calls follow the with blocks."""
    return _within[-1] if place is page and _within else place


def draw(place: DeltaGenerator, name: str, given: dict[str, Any]) -> Any:
    """Check a call, send it, and return the place that it makes."""
    return draw_all(place, name, given, 1)[0]


def draw_all(
    place: DeltaGenerator, name: str, given: dict[str, Any], count: int
) -> list[DeltaGenerator]:
    """Check a call, send it, and return the places that it makes.

    Raises:
        streamlit.errors.StreamlitAPIException, TypeError: an argument cannot be used.
        UnicodeEncodeError: an argument has half of a surrogate pair in it.
    """
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
    """Return the text that is sent to the browser.

    Raises:
        UnicodeEncodeError: it has half of a surrogate pair in it.
    """
    text = str(value)
    text.encode()
    return text


def _sent(key: str, value: Any) -> Any:
    """Return an argument as it is sent: JSON, or the text of what JSON has no form for."""
    if key == "wrap" or key == "horizontal":
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
        # Which emoji and icons there are is left to the page: the lists are long.
        known = value.strip() in ("", "spinner") or value.startswith(":material/")
        if value.isascii() and not known:
            raise errors.StreamlitAPIException(
                f'The value "{value}" is not a valid icon. Please use a single emoji or a Material '
                "icon shortcode like `:material\u200b/thumb_up:`."
            )
    elif wanted in ("content", "pixels"):
        words = ("stretch", "auto") if wanted == "pixels" else ("stretch", "auto", "content")
        if not (value in words if isinstance(value, str) else _is_positive(value)):
            size = "Width" if parameter == "width" else "Height"
            invalid = getattr(errors, f"StreamlitInvalid{size}Error")
            raise invalid(value, allow_content=wanted == "content")
    elif value not in wanted and not (parameter == "gap" and isinstance(value, int)):
        raise errors.StreamlitValueError(parameter, [repr(word) for word in wanted])


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0


@contextmanager
def _spinner(place: DeltaGenerator, _cache: bool, **given: Any) -> Iterator[None]:
    made = draw(place, "spinner", given)
    try:
        yield
    finally:
        channel.say("done", id=made._number)


def _columns(place: DeltaGenerator, spec: Any, **given: Any) -> list[DeltaGenerator]:
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
    return _several(place, "columns", {"spec": spec, **given}, len(weights))


def _tabs(place: DeltaGenerator, tabs: Any, **given: Any) -> tuple[DeltaGenerator, ...]:
    if not tabs:
        raise errors.StreamlitMissingRequiredParameterError("tabs")
    for tab in tabs:
        if not isinstance(tab, str):
            kind = type(tab).__name__
            expected = ["a string for each tab label"]
            raise errors.StreamlitInvalidParameterTypeError("tabs", kind, expected)
    return tuple(_several(place, "tabs", {"tabs": list(tabs), **given}, len(tabs)))


def _several(
    place: DeltaGenerator, name: str, given: dict[str, Any], count: int
) -> list[DeltaGenerator]:
    if count > MOST_COLUMNS:
        raise NotHere("room", f"st.{name}({count})")
    return draw_all(place, name, given, count)


def _labelled(name: str) -> Callable[..., DeltaGenerator]:
    def labelled(place: DeltaGenerator, label: Any, **given: Any) -> Any:
        if label is None:
            raise errors.StreamlitMissingRequiredParameterError("label")
        if not isinstance(label, str):
            raise TypeError("bad argument type for built-in operation")
        return draw(place, name, {"label": label, **given})

    return labelled


def _form(place: DeltaGenerator, **given: Any) -> Any:
    if into(place)._in_form:
        raise errors.StreamlitInvalidLayoutContextError("Forms cannot be nested in other forms.")
    return draw(place, "form", given)


def _chat_message(place: DeltaGenerator, name: Any, avatar: Any, **given: Any) -> Any:
    if name is None:
        raise errors.StreamlitMissingRequiredParameterError("name")
    if avatar is None:
        name.lower()
    elif avatar not in AVATARS and not (
        isinstance(avatar, str) and (not avatar.isascii() or avatar.startswith(":material/"))
    ):
        raise NotHere("avatar", "st.chat_message(avatar=...)")
    return draw(place, "chat_message", {"name": name, "avatar": avatar, **given})


def _exception(place: DeltaGenerator, exception: Any, width: Any) -> Any:
    # Streamlit shows an error whatever its text is, and whatever is no error, too.
    text = str(exception).encode("utf-8", "ignore").decode()
    told = f"{type(exception).__name__}: {text}"
    return draw(place, "exception", {"exception": told, "width": width})


def _json(place: DeltaGenerator, body: Any, expanded: Any, width: Any) -> Any:
    if not isinstance(expanded, int):
        kind = type(expanded).__name__
        raise errors.StreamlitInvalidParameterTypeError("expanded", kind, ["bool", "int"])
    if hasattr(body, "to_dict") or hasattr(body, "_asdict"):
        body = body.to_dict() if hasattr(body, "to_dict") else body._asdict()
    elif callable(getattr(body, "keys", None)):
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
    return draw(place, "json", {"body": text, "expanded": expanded, "width": width})


SPECIAL |= {
    "chat_message": _chat_message,
    "columns": _columns,
    "exception": _exception,
    "expander": _labelled("expander"),
    "form": _form,
    "json": _json,
    "popover": _labelled("popover"),
    "spinner": _spinner,
    "status": _labelled("status"),
    "tabs": _tabs,
}
