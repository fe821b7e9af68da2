"""What a program may show: for each element its arguments, their types and sizes, and its places.

A program can write any call to its pipe, so nothing is drawn that is not in this table. No argument
in it is a file, an address that the server opens, or a function. Arguments that make no difference
here, such as callbacks, keys and tooltips, are not in it, and the stand-ins do not send them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pydantic
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model
from pydantic_core import from_json

__all__ = ["NOT_CALLED", "TABLE", "Element", "Undrawable"]

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
    """A call that the table does not have.

    Args:
        argument: the first one that is wrong.
        what: the code of the sentence for the learner, without ``no_`` (``messages.toml``).
    """

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
        if sum(map(text.count, "[{")) > DEEPEST_JSON:
            raise
        return text
    level = [value]
    for _ in range(DEEPEST_JSON):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    if level:
        raise ValueError("nested too deeply")
    return text


Markdown = Annotated[str, Field(max_length=MOST_MARKDOWN)]
Text = Annotated[str, Field(max_length=MOST_TEXT)]
Label = Annotated[str, Field(max_length=MOST_LABEL)]
# One of Streamlit's own words, which it looks up in a list of its own.
Word = Annotated[str, Field(max_length=30, pattern=r"^[A-Za-z_-]+$")]
Icon = Annotated[str, Field(max_length=100), AfterValidator(_icon)] | None
Avatar = Annotated[str, Field(max_length=100), AfterValidator(_avatar)] | None
Flag = bool | None
Pixels = Annotated[int, Field(ge=0, le=MOST_PIXELS)]
Size = Literal["stretch", "content", "auto"] | Pixels | None
Index = Annotated[int, Field(ge=0, lt=MOST_OPTIONS)] | None
Options = Annotated[list[Label], Field(max_length=MOST_OPTIONS)]
Tabs = Annotated[list[Label], Field(min_length=1, max_length=MOST_COLUMNS)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Position = (
    Annotated[int, Field(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]
    | Annotated[float, Field(ge=-SAFE_INTEGER, le=SAFE_INTEGER)]
)
# How a browser writes a number: `%10000000d` would be ten million characters.
Format = Annotated[str, Field(max_length=30, pattern=r"^\D*(\d{1,3}\D+)*\d{0,3}$")] | None
Number = bool | Annotated[int, Field(ge=-(10**100), le=10**100)] | float
Shown = Label | Number | None
Weight = Annotated[float, Field(gt=0, le=1_000)]
Spec = (
    Annotated[int, Field(ge=1, le=MOST_COLUMNS)]
    | Annotated[list[Weight], Field(min_length=1, max_length=MOST_COLUMNS)]
)
STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(BaseModel):
    """Where the text of a stream comes from: an answer of a model's, a generator, another type."""

    model_config = STRICT

    kind: Annotated[str, Field(max_length=200)]
    call: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    name: Annotated[str, Field(max_length=200)] | None = None


@dataclass(frozen=True)
class Element:
    """A row of the table.

    Args:
        arguments: the model of its arguments.
        markdown: its arguments that are Markdown, and are made harmless.
        is_block: whether others can be drawn into it.
        is_widget: whether it has a value, which is the argument ``now``.
        places: how many places a call with such arguments makes.
    """

    arguments: type[BaseModel]
    markdown: frozenset[str] = frozenset()
    is_block: bool = False
    is_widget: bool = False
    places: Callable[[Mapping[str, Any]], int] = lambda _: 1

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


# pydantic's names for what is too long, too many, too small or too large.
_SIZES = ("too_long", "greater_than", "less_than", "finite_number")
_ICONS = {"avatar": "avatar", "icon": "icon"}


def _undrawable(error: pydantic.ValidationError) -> Undrawable:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    argument = str(errors[0]["loc"][0])
    kinds = [each["type"] for each in errors if each["loc"][0] == argument]
    is_size = any(size in kind for kind in kinds for size in _SIZES)
    return Undrawable(argument, _ICONS.get(argument, "room" if is_size else "drawing"))


def _arguments(needed: Mapping[str, Any], optional: Mapping[str, Any]) -> type[BaseModel]:
    fields: dict[str, Any] = {name: (kind, ...) for name, kind in needed.items()}
    fields |= {name: (kind, None) for name, kind in optional.items()}
    return create_model("Arguments", __config__=STRICT, **fields)


_MARKDOWN = {"body", "title", "label", "text", "exception", "delta_description", "captions"}


def _shown(needed: Mapping[str, Any], **optional: Any) -> Element:
    markdown = frozenset(_MARKDOWN & {*needed, *optional})
    return Element(_arguments(needed, {"width": Size, **optional}), markdown)


def _plain(needed: Mapping[str, Any], **optional: Any) -> Element:
    return Element(_arguments(needed, {"width": Size, **optional}))


def _block(needed: Mapping[str, Any], **optional: Any) -> Element:
    markdown = frozenset(_MARKDOWN & {*needed})
    return Element(_arguments(needed, optional), markdown, is_block=True)


def _widget(needed: Mapping[str, Any], **optional: Any) -> Element:
    always = {"disabled": Flag, "label_visibility": Word, "width": Size}
    arguments = _arguments({"label": Label, **needed}, always | optional)
    # The options of a radio are Markdown, those of a select box are not.
    markdown = frozenset({"label", "captions"} | ({"options"} if "captions" in optional else set()))
    return Element(arguments, markdown, is_widget=True)


def _columns(given: Mapping[str, Any]) -> int:
    spec = given["spec"]
    return spec if isinstance(spec, int) else len(spec)


_ALIGNED = {"text_alignment": Word, "wrap": Flag}
_HEADING = {"icon": Icon, **_ALIGNED}
_ALERT = _shown({"body": Markdown}, icon=Icon, title=Markdown | None)
_FIELD = {"placeholder": Label | None}

#: What st.write_stream writes into, what st.write shows of a function, and how a status changes: no
#: program calls them by these names (guest/page.py, guest/writing.py).
NOT_CALLED = {"stream": "write_stream", "help": "write", "update": "status"}
#: Element -> what is known of it.
TABLE: Mapping[str, Element] = {
    "title": _shown({"body": Markdown}, **_HEADING),
    "header": _shown({"body": Markdown}, divider=bool | Word | None, **_HEADING),
    "subheader": _shown({"body": Markdown}, divider=bool | Word | None, **_HEADING),
    "markdown": _shown({"body": Markdown}, anchors=Flag, **_ALIGNED),
    "caption": _shown({"body": Markdown}, **_ALIGNED),
    "text": _plain({"body": Text}, **_ALIGNED),
    "code": _plain(
        {"body": Text},
        language=Annotated[str, Field(max_length=50)] | None,
        line_numbers=Flag,
        wrap_lines=Flag,
        height=Size,
    ),
    "divider": _shown({}),
    "json": _plain(
        {"body": Annotated[Text, AfterValidator(_shallow)]},
        expanded=bool | Annotated[int, Field(ge=0, le=MOST_OPTIONS)],
    ),
    "metric": _shown(
        {"label": Label, "value": Shown},
        delta=Shown,
        delta_color=Word,
        delta_arrow=Word,
        delta_description=Label | None,
        icon=Icon,
        label_visibility=Word,
        border=Flag,
        height=Size,
        chart_data=Annotated[list[Finite], Field(max_length=MOST_OPTIONS)] | None,
        chart_type=Word,
        format=Format,
    ),
    **dict.fromkeys(("success", "info", "warning", "error"), _ALERT),
    "exception": _shown({"exception": Markdown}),
    "help": Element(_arguments({"text": Text}, {})),
    "spinner": _shown({"text": Label}, show_time=Flag),
    "stream": Element(
        _arguments({"source": Source}, {"cursor": Annotated[str, Field(max_length=100)] | None})
    ),
    "container": _block(
        {},
        border=Flag,
        width=Size,
        height=Size,
        horizontal=Flag,
        wrap=Flag,
        horizontal_alignment=Word,
        vertical_alignment=Word,
        gap=Word | Pixels | None,
        autoscroll=Flag,
    ),
    "columns": Element(
        _arguments(
            {"spec": Spec},
            {
                "gap": Word | Pixels | None,
                "vertical_alignment": Word,
                "border": Flag,
                "width": Size,
                "wrap": Flag,
            },
        ),
        is_block=True,
        places=_columns,
    ),
    "expander": _block({"label": Label}, expanded=Flag, icon=Icon, type=Word, width=Size),
    "tabs": Element(
        _arguments({"tabs": Tabs}, {"width": Size, "height": Size, "default": Label | None}),
        markdown=frozenset({"tabs", "default"}),
        is_block=True,
        places=lambda given: len(given["tabs"]),
    ),
    "popover": _block({"label": Label}, type=Word, icon=Icon, disabled=Flag, width=Size),
    "form": _block({}, border=Flag, width=Size, height=Size),
    "status": _block({"label": Label}, expanded=Flag, state=Word, type=Word, width=Size),
    "update": Element(
        _arguments({}, {"label": Label, "expanded": Flag, "state": Word}), frozenset({"label"})
    ),
    "empty": Element(_arguments({}, {})),
    "chat_message": _block({"name": Label}, avatar=Avatar, width=Size),
    "button": _widget({"now": bool}, type=Word, icon=Icon, icon_position=Word),
    "form_submit_button": _widget({"now": bool}, type=Word, icon=Icon, icon_position=Word),
    "chat_input": Element(
        _arguments({"now": Text | None}, {"placeholder": Label, "width": Size}), is_widget=True
    ),
    "text_input": _widget({"now": Text | None}, type=Word, icon=Icon, **_FIELD),
    "text_area": _widget({"now": Text | None}, height=Size, **_FIELD),
    "selectbox": _widget({"options": Options, "now": Index}, icon=Icon, **_FIELD),
    "radio": _widget(
        {"options": Options, "now": Index},
        horizontal=Flag,
        captions=Annotated[list[Label | None], Field(max_length=MOST_OPTIONS)] | None,
    ),
    "checkbox": _widget({"now": bool}),
    "toggle": _widget({"now": bool}),
    "slider": _widget(
        {"now": Position | Annotated[list[Position], Field(min_length=1, max_length=2)]},
        min_value=Position,
        max_value=Position,
        step=Position,
        format=Format,
    ),
}
