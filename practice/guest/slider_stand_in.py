"""``st.slider``, as streamlit/elements/widgets/slider.py has it, for numbers."""

from __future__ import annotations

from practice.guest import signatures
from practice.guest.channel import NotHere
from practice.guest.page_stand_in import DeltaGenerator
from practice.guest.state_stand_in import is_set, session_state
from practice.guest.widgets_stand_in import registered, valued

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["SPECIAL"]


def _slider(
    place: DeltaGenerator, min_value: Any, max_value: Any, value: Any, step: Any, **given: Any
) -> Any:
    bounds = {"min_value": min_value, "max_value": max_value, "step": step}
    key = registered(place, "slider", {**given, **bounds, "value": value})
    set_to = session_state[key] if key is not None and is_set(key) else None
    if value is None:
        value = 0 if min_value is None else min_value
        if isinstance(set_to, list | tuple):
            value = [value, 100 if max_value is None else max_value]
    single = not isinstance(value, list | tuple)
    values = [value] if single else list(value)
    is_whole = _checked_kind(value, values)
    defaults = (0, 100, 1) if is_whole else (0.0, 1.0, 0.01)
    low, high, step = (
        default if each is None else each
        for each, default in zip((min_value, max_value, step), defaults, strict=True)
    )
    _check_range(value, is_whole, low, high, step)
    values = sorted(int(each) if is_whole else each for each in values or (low, high))
    low, high = min([low, high, *values]), max([low, high, *values])
    if low == high:
        raise signatures.StreamlitInvalidMinMaxError(low, high)
    for each in _several(set_to):
        if each < low:
            raise signatures.StreamlitValueBelowMinError(each, low)
        if each > high:
            raise signatures.StreamlitValueAboveMaxError(each, high)
    default = values[0] if single else tuple(values)

    def taken(asked: Any) -> Any:
        inside = all(low <= each <= high for each in _several(asked))
        return default if not inside else asked if single else tuple(asked)

    given |= {"min_value": low, "max_value": high, "step": step}
    return valued(place, "slider", given, default, taken)


def _several(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _are_numbers(values: Any) -> bool:
    return all(isinstance(each, int | float) for each in values)


def _checked_kind(value: Any, values: list[Any]) -> bool:
    """Return whether the slider's value is a whole number, or are several."""
    kinds = [isinstance(each, int) for each in values if isinstance(each, int | float)]
    if len(values) > 2:
        raise signatures.StreamlitValueError(
            "value",
            [
                *("int", "float", "date", "time", "datetime"),
                "a list containing up to two such values",
                "a tuple containing up to two such values",
            ],
        )
    if len(kinds) < len(values):
        raise _not_a_number(value, next(each for each in values if not _are_numbers([each])))
    if len(set(kinds)) > 1:
        kind = ", ".join(type(each).__name__ for each in value)
        raise signatures.StreamlitInvalidParameterTypeError(
            "value", kind, ["list or tuple containing values of the same type"]
        )
    return not kinds or kinds[0]


def _not_a_number(value: Any, one: Any) -> Exception:
    kind = type(one).__name__
    if kind in ("date", "time", "datetime"):
        return NotHere("streamlit", f"st.slider(value={kind})")
    if isinstance(value, list | tuple):
        return KeyError(type(one))
    expected = ["int", "float", "date", "time", "datetime", "list", "tuple"]
    error: Exception = signatures.StreamlitInvalidParameterTypeError("value", kind, expected)
    return error


def _check_range(value: Any, is_whole: bool, low: Any, high: Any, step: Any) -> None:
    if step == 0:
        raise signatures.StreamlitValueError("step", ["a number"], detail="Zero is not allowed.")
    names = {"min_value": low, "max_value": high, "step": step}
    given = ", ".join(f"{name}={type(each).__name__}" for name, each in names.items())
    all_whole = all(isinstance(each, int) for each in names.values())
    if not all_whole and not all(isinstance(each, float) for each in names.values()):
        raise signatures.StreamlitInvalidParameterTypeError(
            "value", given, ["matching numeric types", "matching date/time types"]
        )
    if is_whole != all_whole:
        names = {"value": value, "min_value": low, "max_value": high}
        given = ", ".join(f"{name}={type(each).__name__}" for name, each in names.items())
        raise signatures.StreamlitInvalidParameterTypeError(
            "value", given, ["value and arguments with matching types"]
        )


#: What the element does beyond being drawn.
SPECIAL = {"slider": _slider}
