"""What a program draws: the page, the places on it, and the calls that the page repeats."""

from __future__ import annotations

import json
from contextlib import contextmanager

from practice.guest import channel, signatures
from practice.guest.arguments_stand_in import as_text, prepare
from practice.guest.channel import NotHere

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

__all__ = ["SPECIAL", "DeltaGenerator", "begin", "draw", "page", "sidebar"]

PAGE, SIDEBAR = 0, -1
# A page with more columns than this is a mistake, and an event with more is not taken.
MOST_COLUMNS = 20
# What a chat message's picture may be without a look at Streamlit's lists of emoji and icons.
AVATARS = ("user", "assistant", "human", "ai")

#: What an element does beyond being drawn, by its name; streamlit_stand_in adds what is elsewhere.
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

    def __init__(self, number: int, in_sidebar: bool = False) -> None:
        self._number = number
        self._in_sidebar = in_sidebar

    def __enter__(self) -> Any:
        _within.append(self)

    def __exit__(self, *error: object) -> None:
        _within.pop()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _raise_for_unknown_command(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"'DeltaGenerator' object has no attribute '{name}'")
        if name in signatures.PLACES:
            raise NotHere("streamlit", f"st.{name}")
        owner, code = "`DeltaGenerator` objects", "delta-generator-method-does-not-exist"
        if self._in_sidebar:
            owner, code = "`st.sidebar`", "sidebar-method-does-not-exist"
        text = f"Method `{name}()` does not exist for {owner}. Did you mean `st.{name}()`?"
        if name not in signatures.COMMANDS:
            text = f"`{name}()` is not a valid Streamlit command."
            code = "invalid-streamlit-command"

        def wrapper(*_: Any, **__: Any) -> NoReturn:
            raise signatures.StreamlitAPIException(text, error_id=code)

        return wrapper

    __getattr__ = _raise_for_unknown_command

    @property
    def _is_top_level(self) -> bool:
        return self._number in (PAGE, SIDEBAR)

    def _call(self, name: str, given: dict[str, Any]) -> Any:
        del given["self"]
        special = SPECIAL.get(name)
        return special(self, **given) if special else draw(self, name, given)


class ExpanderContainer(DeltaGenerator):
    """What ``st.expander`` returns; unlike the others, ``with ... as`` gives it."""

    open = None

    def __enter__(self) -> ExpanderContainer:
        super().__enter__()
        return self


#: The page itself, and the sidebar.
page, sidebar = DeltaGenerator(PAGE), DeltaGenerator(SIDEBAR, in_sidebar=True)


def draw(place: DeltaGenerator, name: str, given: dict[str, Any]) -> DeltaGenerator:
    """Check a call, send it, and return the place that it makes."""
    return _send(place, name, prepare(name, given), 1)[0]


def _send(
    place: DeltaGenerator, name: str, sent: dict[str, Any], count: int
) -> list[DeltaGenerator]:
    into = _within[-1] if place is page and _within else place
    first = DeltaGenerator._made + 1
    DeltaGenerator._made += count
    args = {key: _plain(value) for key, value in sent.items() if key in signatures.SENT[name]}
    channel.say("draw", name=name, args=args, into=into._number, id=first, count=count)
    kind = ExpanderContainer if name == "expander" else DeltaGenerator
    return [kind(number, into._in_sidebar) for number in range(first, first + count)]


def _plain(value: Any) -> Any:
    """Return the value if JSON has it, else its text."""
    if isinstance(value, str):
        return as_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    return as_text(value)


@contextmanager
def _spinner(place: DeltaGenerator, _cache: bool, **given: Any) -> Iterator[None]:
    made = draw(place, "spinner", given)
    try:
        yield
    finally:
        channel.say("done", id=made._number)


def _columns(place: DeltaGenerator, spec: Any, **given: Any) -> list[DeltaGenerator]:
    if isinstance(spec, int) and spec > MOST_COLUMNS:
        raise NotHere("room", f"st.columns({spec})")
    weights = (1,) * spec if isinstance(spec, int) else spec
    try:
        is_wrong = len(weights) == 0 or any(weight <= 0 for weight in weights)
    except TypeError as error:
        raise signatures.StreamlitInvalidParameterTypeError(
            "spec", type(spec).__name__, ["int", "sequence of numbers"]
        ) from error
    if is_wrong:
        raise signatures.StreamlitInvalidColumnSpecError
    if len(weights) > MOST_COLUMNS:
        raise NotHere("room", f"st.columns({len(weights)})")
    sent = prepare("columns", given)
    spec = int(spec) if isinstance(spec, int) else list(weights)
    return _send(place, "columns", {"spec": spec, **sent}, len(weights))


def _markdown(name: str) -> Callable[..., DeltaGenerator]:
    def markdown(place: DeltaGenerator, **given: Any) -> DeltaGenerator:
        if given["wrap"] is False and given["unsafe_allow_html"]:
            raise signatures.StreamlitIncompatibleParametersError(
                "wrap=False",
                "unsafe_allow_html=True",
                explanation="One-line markdown cannot ellipsize raw HTML. Pass `wrap=True` to "
                "render HTML, or omit `unsafe_allow_html` to truncate.",
            )
        return draw(place, name, given)

    return markdown


def _container(place: DeltaGenerator, **given: Any) -> DeltaGenerator:
    if given["wrap"] is False and not given["horizontal"]:
        raise signatures.StreamlitIncompatibleParametersError(
            "wrap=False",
            "horizontal=False",
            explanation="A vertical container has no horizontal row of elements to keep in a "
            "single, scrolling row. Set `horizontal=True` to use `wrap=False`, or remove the "
            "`wrap` argument.",
        )
    return draw(place, "container", given)


def _expander(place: DeltaGenerator, label: Any, **given: Any) -> DeltaGenerator:
    if label is None:
        raise signatures.StreamlitMissingRequiredParameterError("label")
    if not isinstance(label, str):
        raise TypeError("bad argument type for built-in operation")
    return draw(place, "expander", {"label": label, **given})


def _chat_message(place: DeltaGenerator, name: Any, avatar: Any, **given: Any) -> DeltaGenerator:
    if name is None:
        raise signatures.StreamlitMissingRequiredParameterError("name")
    if avatar is None:
        name.lower()
    elif avatar not in AVATARS and not _may_be_icon(avatar):
        raise NotHere("avatar", "st.chat_message(avatar=...)")
    return draw(place, "chat_message", {"name": name, "avatar": avatar, **given})


def _may_be_icon(avatar: object) -> bool:
    return isinstance(avatar, str) and (not avatar.isascii() or avatar.startswith(":material/"))


def _exception(place: DeltaGenerator, exception: Any, width: Any) -> DeltaGenerator:
    # Streamlit shows an error whatever its text, and whatever is no error, too.
    text = str(exception).encode("utf-8", "ignore").decode()
    told = f"{type(exception).__name__}: {text}"
    return draw(place, "exception", {"exception": told, "width": width})


def _json(place: DeltaGenerator, body: Any, expanded: Any, width: Any) -> DeltaGenerator:
    text = body if isinstance(body, str) else _json_text(place, body)
    if not isinstance(expanded, int):
        raise signatures.StreamlitInvalidParameterTypeError(
            "expanded", type(expanded).__name__, ["bool", "int"]
        )
    return draw(place, "json", {"body": text, "expanded": expanded, "width": width})


def _json_text(place: DeltaGenerator, body: Any) -> str:
    # streamlit/elements/json.py, for what there can be in the sandbox.
    as_dict = getattr(body, "_asdict", None)
    if isinstance(body, tuple) and callable(as_dict):
        body = as_dict()
    elif callable(getattr(body, "keys", None)) and not isinstance(body, dict):
        body = dict(body)
    elif not isinstance(body, dict) and hasattr(body, "__iter__"):
        body = list(body)

    def serialized(value: Any) -> Any:
        return list(value) if isinstance(value, set) else repr(value)

    try:
        return json.dumps(body, default=serialized)
    except TypeError as error:
        place.warning(
            "Warning: this data structure was not fully serializable as JSON due to one or more "
            f"unexpected keys.  (Error was: {error})"
        )
        return json.dumps(body, skipkeys=True, default=serialized)


SPECIAL |= {
    "markdown": _markdown("markdown"),
    "caption": _markdown("caption"),
    "spinner": _spinner,
    "columns": _columns,
    "container": _container,
    "expander": _expander,
    "chat_message": _chat_message,
    "exception": _exception,
    "json": _json,
}
