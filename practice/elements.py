"""What a program may show: for each element its arguments, their types and sizes, and its places.

A program can write any call to its pipe, so nothing is drawn that is not in this table. No argument
in it is a file, an address that the server opens, or a function. Arguments that make no difference
here, such as callbacks, keys and tooltips, are not in it, and the stand-ins do not send them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from pydantic_core import from_json

# Characters of Markdown. Looking for images in them takes 0.2 s at worst.
MOST_MARKDOWN = 10_000
MOST_TEXT = 100_000
MOST_LABEL = 2_000
MOST_OPTIONS = 1_000
MOST_COLUMNS = 20
MOST_PIXELS = 10_000
# The largest whole number that a browser holds exactly.
SAFE_INTEGER = 2**53 - 1
# How deep a value that is shown as JSON may be, as in guest/channel.py.
DEEPEST_JSON = 60
AVATARS = ("user", "assistant", "human", "ai")


class Undrawable(Exception):
    """A call with an ``argument`` that the table does not have; ``what`` is its sentence's code."""

    def __init__(self, argument: str, what: str) -> None:
        super().__init__(argument)
        self.argument = argument
        self.what = what


def _known(text: str) -> str:
    """Check that this is an emoji or a Material icon of the installed Streamlit's."""
    from streamlit.errors import StreamlitAPIException  # Streamlit takes a second to import
    from streamlit.string_util import validate_emoji, validate_material_icon

    try:
        return (validate_material_icon if text.startswith(":") else validate_emoji)(text)
    except StreamlitAPIException as error:
        raise ValueError("neither an emoji nor an icon") from error


def _icon(text: str) -> str:
    text = text.strip()
    return text if text in ("", "spinner") else _known(text)


def _avatar(text: str) -> str:
    # Streamlit opens whatever is none of these.
    return text if text in AVATARS else _known(text)


def _shallow(text: str) -> str:
    """Check that a text is JSON, or at least not brackets upon brackets."""
    try:
        value = from_json(text)
    except ValueError:
        value = None
        if sum(map(text.count, "[{")) > DEEPEST_JSON:
            raise
    if _is_deeper(value, DEEPEST_JSON):
        raise ValueError("nested too deeply")
    return text


def _is_deeper(value: Any, most: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict | list) and (
        most < 1 or any(_is_deeper(each, most - 1) for each in inner)
    )


Markdown = Annotated[str, Field(max_length=MOST_MARKDOWN)]
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Label = Annotated[str, Field(max_length=MOST_LABEL)]
# One of Streamlit's own words, which it looks up in a list of its own.
Word = Annotated[str, Field(max_length=30, pattern=r"^[A-Za-z_-]+$")]
Flag = bool | None
Pixels = Annotated[int, Field(ge=0, le=MOST_PIXELS)]
Size = Literal["stretch", "content", "auto"] | Pixels | None
Index = Annotated[int, Field(ge=0, lt=MOST_OPTIONS)] | None
Position = (
    Annotated[int, Field(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]
    | Annotated[float, Field(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]
)
Number = bool | Annotated[int, Field(ge=-(10**100), le=10**100)] | float
Weight = Annotated[float, Field(gt=0, le=1_000)]
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(BaseModel):
    """Where the text of a stream comes from: an answer of a model's, a generator, another type."""

    model_config = STRICT

    kind: Annotated[str, Field(max_length=200)]
    call: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    name: Annotated[str, Field(max_length=200)] | None = None


@dataclass(frozen=True)
class Element:
    """A row of the table: its arguments, those of them that are Markdown, and what it is."""

    arguments: type[BaseModel]
    markdown: frozenset[str]
    is_block: bool
    is_widget: bool

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as they are given to Streamlit.

        Raises:
            Undrawable: one of them is not in the table, or not like that.
        """
        try:
            model = self.arguments.model_validate(given)
        except pydantic.ValidationError as error:
            raise _undrawable(error) from None
        return model.model_dump(exclude_unset=True)

    def places(self, given: Mapping[str, Any]) -> int:
        """Return how many places a call with such arguments makes."""
        made = given.get("spec", given.get("tabs", 1))
        return made if isinstance(made, int) else len(made)


# pydantic's names for what is too long, too many, too small or too large.
_SIZES = ("too_long", "greater_than", "less_than", "finite_number")
_ICONS = {"avatar": "avatar", "icon": "icon"}


def _undrawable(error: pydantic.ValidationError) -> Undrawable:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    argument = str(errors[0]["loc"][0])
    kinds = [each["type"] for each in errors if each["loc"][0] == argument]
    is_size = any(size in kind for kind in kinds for size in _SIZES)
    return Undrawable(argument, _ICONS.get(argument, "room" if is_size else "drawing"))


#: Argument -> its type, in every element that has it and does not say otherwise.
TYPES: dict[str, Any] = {
    **dict.fromkeys(("width", "height"), Size),
    **dict.fromkeys(("border", "disabled", "anchors", "wrap", "horizontal", "autoscroll"), Flag),
    **dict.fromkeys(("show_time", "line_numbers", "wrap_lines", "expanded"), Flag),
    **dict.fromkeys(("type", "state", "text_alignment", "icon_position", "label_visibility"), Word),
    **dict.fromkeys(("horizontal_alignment", "vertical_alignment", "chart_type"), Word),
    "submit_mode": Word,
    **dict.fromkeys(("delta_color", "delta_arrow"), Word),
    **dict.fromkeys(("min_value", "max_value", "step"), Position),
    **dict.fromkeys(("value", "delta"), Label | Number | None),
    **dict.fromkeys(("placeholder", "default", "delta_description"), Label | None),
    **dict.fromkeys(("body", "exception"), Markdown),
    **dict.fromkeys(("label", "name", "text"), Label),
    "title": Markdown | None,
    "icon": Annotated[str, Field(max_length=100), AfterValidator(_icon)] | None,
    "avatar": Annotated[str, Field(max_length=100), AfterValidator(_avatar)] | None,
    "divider": bool | Word | None,
    "gap": Word | Pixels | None,
    "language": Annotated[str, Field(max_length=50)] | None,
    "cursor": Annotated[str, Field(max_length=100)] | None,
    "source": Source,
    "options": Annotated[list[Label], Field(max_length=MOST_OPTIONS)],
    "captions": Annotated[list[Label | None], Field(max_length=MOST_OPTIONS)] | None,
    "tabs": Annotated[list[Label], Field(min_length=1, max_length=MOST_COLUMNS)],
    "spec": (
        Annotated[int, Field(ge=1, le=MOST_COLUMNS)]
        | Annotated[list[Weight], Field(min_length=1, max_length=MOST_COLUMNS)]
    ),
    "chart_data": (
        Annotated[
            list[Annotated[float, Field(allow_inf_nan=False)]], Field(max_length=MOST_OPTIONS)
        ]
        | None
    ),
    # How a browser writes a number: `%10000000d` would be ten million characters.
    "format": Annotated[str, Field(max_length=30, pattern=r"^\D*(\d{1,3}\D+)*\d{0,3}$")] | None,
}
MARKDOWN = {
    *("body", "title", "label", "text", "exception", "delta_description", "captions", "tabs"),
    "default",
}


def _row(
    needed: str, optional: str = "", /, *, also: str = "", plain: bool = False, **own: Any
) -> Element:
    """Return an element with the arguments that it needs and may have, by name.

    Others can be drawn into a ``block``; a ``widget`` has a value, ``now``; none of the texts of a
    ``plain`` one is Markdown. ``own`` are types that differ from ``TYPES``.
    """
    types = TYPES | own
    # The options of a radio are Markdown, those of a select box are not.
    markdown = MARKDOWN | ({"options"} if "captions" in optional else set())
    fields: dict[str, Any] = {name: (types[name], ...) for name in needed.split()}
    fields |= {name: (types[name], None) for name in optional.split()}
    return Element(
        create_model("Arguments", __config__=STRICT, **fields),
        frozenset() if plain else frozenset(markdown & {*fields}),
        is_block=also == "block",
        is_widget=also == "widget",
    )


def _widget(needed: str, now: Any, optional: str = "") -> Element:
    optional += " disabled label_visibility width"
    return _row(f"label now {needed}", optional, also="widget", now=now)


_HEADING = "icon width text_alignment wrap"
_ALERT = _row("body", "icon title width")

#: What st.write_stream writes into, what st.write shows of a function, and how a status changes: no
#: program calls them by these names (guest/recorder.py, guest/writing.py).
NOT_CALLED = {"stream": "write_stream", "help": "write", "update": "status"}
#: Element -> what is known of it.
TABLE: Mapping[str, Element] = {
    "title": _row("body", _HEADING),
    "header": _row("body", f"divider {_HEADING}"),
    "subheader": _row("body", f"divider {_HEADING}"),
    "markdown": _row("body", "anchors width text_alignment wrap"),
    "caption": _row("body", "width text_alignment wrap"),
    "text": _row("body", "width text_alignment wrap", plain=True, body=Text),
    "code": _row("body", "language line_numbers wrap_lines width height", plain=True, body=Text),
    "divider": _row("", "width"),
    "json": _row(
        "body",
        "expanded width",
        plain=True,
        body=Annotated[Text, AfterValidator(_shallow)],
        expanded=bool | Annotated[int, Field(ge=0, le=MOST_OPTIONS)],
    ),
    "metric": _row(
        "label value",
        "delta delta_color delta_arrow delta_description icon label_visibility border width height "
        "chart_data chart_type format",
    ),
    **dict.fromkeys(("success", "info", "warning", "error"), _ALERT),
    "exception": _row("exception", "width"),
    "help": _row("text", plain=True, text=Text),
    "spinner": _row("text", "show_time width"),
    "stream": _row("source", "cursor"),
    "container": _row(
        "",
        "border width height horizontal wrap horizontal_alignment vertical_alignment gap "
        "autoscroll",
        also="block",
    ),
    "columns": _row("spec", "gap vertical_alignment border width wrap", also="block"),
    "expander": _row("label", "expanded icon type width", also="block"),
    "tabs": _row("tabs", "width height default", also="block"),
    "popover": _row("label", "type icon disabled width", also="block"),
    "form": _row("", "border width height", also="block"),
    "status": _row("label", "expanded state type width", also="block"),
    "update": _row("", "label expanded state"),
    "empty": _row(""),
    "chat_message": _row("name", "avatar width", also="block"),
    "button": _widget("", bool, "type icon icon_position"),
    "form_submit_button": _widget("", bool, "type icon icon_position"),
    "chat_input": _row("now", "placeholder width submit_mode", also="widget", now=Text | None),
    "text_input": _widget("", Text | None, "type icon placeholder"),
    "text_area": _widget("", Text | None, "height placeholder"),
    "selectbox": _widget("options", Index, "icon placeholder"),
    "radio": _widget("options", Index, "horizontal captions"),
    "checkbox": _widget("", bool),
    "toggle": _widget("", bool),
    "slider": _widget(
        "",
        Position | Annotated[list[Position], Field(min_length=1, max_length=2)],
        "min_value max_value step format",
    ),
}
