"""``snowflake.snowpark.Row``."""

from __future__ import annotations

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["Row", "made"]


class Row(tuple):  # type: ignore[type-arg]
    """A row of a result: values by position, by name and as attributes."""

    __module__ = "snowflake.snowpark.row"
    _fields: list[str] | None

    def __new__(cls, *values: Any, **named_values: Any) -> Row:
        if values and named_values:
            raise ValueError("Either values or named_values is required but not both.")
        return made(list(named_values) or None, tuple(named_values.values()) or values)

    @property
    def _named(self) -> dict[str, Any]:
        fields = self._fields
        if not fields or len(set(fields)) < len(fields):
            return {}
        return dict(zip(fields, self, strict=True))

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, int):
            return super().__getitem__(item)
        if isinstance(item, slice):
            return made(None, super().__getitem__(item))
        fields = self._fields or []
        if item not in fields:
            raise KeyError(item)
        return super().__getitem__(fields.index(item))

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError("Row object does not support item assignment")

    def __getattr__(self, item: str) -> Any:
        if item not in (self.__dict__.get("_fields") or ()):
            raise AttributeError(f"Row object has no attribute {item}")
        return self[item]

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError("Can't set attribute to Row object")

    def __contains__(self, item: Any) -> bool:
        return item in self._fields if self._fields else super().__contains__(item)

    def __call__(self, *args: Any, **kwargs: Any) -> Row:
        if args and kwargs:
            raise ValueError(
                "A Row instance should have either values or field-value pairs but not both."
            )
        if args and len(args) != len(self):
            raise ValueError(f"{len(self)} values are expected.")
        if self._named:
            return self._changed(args, kwargs)
        if self._fields:
            raise ValueError("The Row object can't be called because it has duplicate fields")
        if kwargs:
            raise ValueError(
                "The Row object can't be called with field-value pairs "
                "because it doesn't have field-value pairs"
            )
        if len(args) != len(self) or any(not isinstance(value, str) for value in self):
            raise ValueError(
                "The called Row object and input values must have the same size and the called "
                "Row object shouldn't have any non-str fields."
            )
        return made(list(self), args)

    def _changed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Row:
        if args:
            raise ValueError(
                "The Row object can't be called with a list of values "
                "because it already has fields and values."
            )
        for key in kwargs:
            if key not in self._named:
                raise ValueError(f"Wrong keyword argument {key} for {self}")
        # Snowpark's own has the new values by name only.
        return made(self._fields, tuple({**self._named, **kwargs}.values()))

    def __repr__(self) -> str:
        if not self._fields:
            return f"Row({', '.join(map(repr, self))})"
        named = (f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"Row({', '.join(named)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return made, (self._fields, tuple(self))

    def as_dict(self, recursive: bool = False) -> dict[str, Any]:
        if not self._named:
            raise TypeError("Cannot convert a Row without key values or duplicated keys to a dict.")
        return {key: _converted(value, recursive) for key, value in self._named.items()}

    asDict = as_dict  # noqa: N815 - Snowpark's name for it


def made(fields: list[str] | None, values: Any) -> Row:
    """Return a row with these columns."""
    row = tuple.__new__(Row, values)
    row.__dict__["_fields"] = fields
    return row


def _converted(value: Any, recursive: bool) -> Any:
    return value.as_dict(True) if recursive and isinstance(value, Row) else value
