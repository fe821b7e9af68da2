"""How Streamlit takes the arguments of its elements: what it refuses, and what becomes text.

The checks themselves are Streamlit's own (``signatures`` carries them over); here is only which
argument is given to which. Defaults need no check.
"""

from __future__ import annotations

from practice.guest import signatures

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["as_text", "checked_callback", "checked_key", "prepare"]

# Arguments that are text, whatever is given; ``None`` stays.
TEXTS = ("help", "placeholder", "title", "text")
NUMBERS = ("width", "height", "min_value", "max_value", "step")


def as_text(value: Any) -> str:
    """Return the text that is sent to the browser.

    Raises:
        UnicodeEncodeError: it has half of a surrogate pair in it.
    """
    text = str(value)
    text.strip().encode()
    return text


def prepare(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of an element as they are sent.

    Raises:
        streamlit.errors.StreamlitAPIException: one of them cannot be used.
        TypeError, UnicodeEncodeError: one of them cannot be sent.
    """
    for key, value in given.items():
        if value is not None and key in CHECKS:
            CHECKS[key](value)
        if key in CHECKS_OF and (value is not None or key == "width"):
            CHECKS_OF[key](name, value)
    for key, may_be_none in signatures.FLAGS.get(name, {}).items():
        flag = given.get(key, False)
        if not isinstance(flag, int) and not (flag is None and may_be_none):
            kind = type(flag).__name__
            raise TypeError(f"'{kind}' object cannot be interpreted as an integer")
    flags = {*signatures.FLAGS.get(name, ()), "horizontal"} & given.keys()
    sent = given | {flag: bool(given[flag]) for flag in flags if given[flag] is not None}
    # True is a number, too.
    sent |= {key: int(given[key]) for key in NUMBERS if isinstance(given.get(key), bool)}
    if "body" in given and name != "json":
        sent["body"] = as_text(given["body"])
    if "label" in given:
        sent["label"] = "" if given["label"] is None else as_text(given["label"])
    for key in TEXTS:
        if given.get(key) is not None:
            sent[key] = as_text(given[key])
    return sent


def checked_key(key: Any) -> str | None:
    """Return the key of an element as text."""
    if key is None:
        return None
    signatures.require_valid_user_key(str(key))
    return str(key)


def checked_callback(parameter: str, callback: Any) -> bool:
    """Return whether this is a function; what is neither that nor a mode is refused."""
    if callback is None or callable(callback):
        return callback is not None
    modes = () if parameter == "on_click" else ("rerun", "ignore")
    if callback in modes:
        return False
    if isinstance(callback, str) and callback in ("rerun", "ignore"):
        raise signatures.StreamlitAPIException(
            f'`{parameter}="{callback}"` is not supported on this widget. '
            f"Pass a callback, or omit `{parameter}`.",
            error_id="unsupported-on-change-mode",
        )
    values = [*map(repr, modes), "a callback function"]
    raise signatures.StreamlitValueError(parameter, values)


def _check_width(name: str, width: Any) -> None:
    if not (name == "markdown" and width == "auto"):
        signatures.validate_width(width, allow_content=name in signatures.CONTENT_WIDTH)


def _check_height(height: Any) -> None:
    signatures.validate_height(height, allow_content=True)


def _check_wrap(name: str, wrap: Any) -> None:
    if name not in ("button", "checkbox", "toggle"):
        signatures.validate_wrap(wrap)


def _check_divider(divider: Any) -> None:
    if divider and divider is not True and divider not in DIVIDERS:
        values = ["True", *map(repr, DIVIDERS)]
        raise signatures.StreamlitValueError("divider", values)


def _check_anchor(anchor: Any) -> None:
    if anchor is True:
        raise signatures.StreamlitValueError("anchor", ["None", "False", "any string"])
    if anchor is not False and not isinstance(anchor, str):
        kind = type(anchor).__name__
        values = ["str", "None", "False"]
        raise signatures.StreamlitInvalidParameterTypeError("anchor", kind, values)


def _check_gap(gap: Any) -> None:
    if isinstance(gap, int) and not isinstance(gap, bool) and gap >= 0:
        return
    if not (isinstance(gap, str) and repr(gap.lower()) in signatures._VALID_GAP_VALUES):
        values = signatures._VALID_GAP_VALUES
        raise signatures.StreamlitValueError("gap", values, detail=f"Got {gap!r}.")


def _check_vertical(name: str, alignment: Any) -> None:
    if name != "columns":
        signatures.validate_vertical_alignment(alignment)
    elif alignment not in COLUMN_ALIGNMENTS:
        values = [repr(each) for each in COLUMN_ALIGNMENTS]
        detail = f"Got {alignment!r}."
        raise signatures.StreamlitValueError("vertical_alignment", values, detail=detail)


def _check_type(name: str, value: Any) -> None:
    _one_of("type", *TYPES[name])(value)


def _check_value(name: str, value: Any) -> None:
    if name == "metric":
        _number("value")(value)


def _check_language(language: Any) -> None:
    if not isinstance(language, str):
        raise TypeError("bad argument type for built-in operation")


def _number(parameter: str) -> Callable[[Any], None]:
    """Return a check of a metric's number, which may be a text."""

    def check(value: Any) -> None:
        from numbers import Number  # rarely needed

        if not isinstance(value, str | Number):
            raise signatures.StreamlitInvalidParameterTypeError(
                parameter,
                type(value).__name__,
                ["int", "float", "Decimal", "NumPy number"],
                detail="Convert the value to a number type.",
            )

    return check


def _one_of(parameter: str, *values: str) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if value not in values:
            raise signatures.StreamlitValueError(parameter, [repr(each) for each in values])

    return check


DIVIDERS = ("red", "orange", "yellow", "blue", "green", "violet", "gray", "grey", "rainbow")
COLUMN_ALIGNMENTS = ("top", "center", "bottom")
TYPES = {
    "button": ("primary", "secondary", "tertiary"),
    "text_input": ("default", "password", "email", "url", "phone", "search"),
    "expander": ("default", "compact", "step"),
}
DELTA_COLORS = (
    *("normal", "inverse", "off", "red", "orange", "yellow", "green", "blue", "violet"),
    *("gray", "grey", "primary"),
)
# Argument -> how it is checked, whatever element it is of.
CHECKS: dict[str, Callable[[Any], None]] = {
    "anchor": _check_anchor,
    "delta": _number("delta"),
    "delta_arrow": _one_of("delta_arrow", "auto", "up", "down", "off"),
    "delta_color": _one_of("delta_color", *DELTA_COLORS),
    "divider": _check_divider,
    "gap": _check_gap,
    "height": _check_height,
    "horizontal_alignment": signatures.validate_horizontal_alignment,
    "icon": signatures.validate_icon_or_emoji,
    "label_visibility": _one_of("label_visibility", "visible", "hidden", "collapsed"),
    "language": _check_language,
    "text_alignment": signatures.validate_text_alignment,
}
# Argument -> how it is checked, given the element's name.
CHECKS_OF: dict[str, Callable[[str, Any], None]] = {
    "type": _check_type,
    "value": _check_value,
    "vertical_alignment": _check_vertical,
    "width": _check_width,
    "wrap": _check_wrap,
}
