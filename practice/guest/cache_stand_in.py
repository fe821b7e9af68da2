"""``st.cache_data`` and ``st.cache_resource``, within one run: nothing expires."""

from __future__ import annotations

from collections.abc import ItemsView
from enum import Enum
from functools import partial, update_wrapper
from io import BytesIO, StringIO
from types import BuiltinFunctionType, MappingProxyType, ModuleType

from practice.guest import signatures
from practice.guest.snowpark_stand_in import DataFrame

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "BoundCachedFunc",
    "CacheData",
    "CacheResource",
    "CachedFunc",
    "UnevaluatedDataFrameError",
    "UnhashableParamError",
    "UnserializableReturnValueError",
]

DOCS = "https://docs.streamlit.io/develop/concepts/architecture/caching"


class UnhashableParamError(signatures.StreamlitAPIException):
    """An argument cannot be part of a key."""


class UnevaluatedDataFrameError(signatures.StreamlitAPIException):
    """A statement that has not been run cannot be kept."""


class UnserializableReturnValueError(signatures.MarkdownFormattedException):
    """A value cannot be kept by ``st.cache_data``."""


class CachedFunc:
    """A decorated function."""

    def __init__(self, function: Any, api: str) -> None:
        self._function, self._api = function, api
        self._kept: dict[object, Any] = {}
        update_wrapper(self, function)

    def __repr__(self) -> str:
        return f"<CachedFunc: {self._function}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else update_wrapper(BoundCachedFunc(self, instance), self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = self._key(args, kwargs)
        if key not in self._kept:
            value = self._function(*args, **kwargs)
            self._kept[key] = self._pickled(value) if self._api == "cache_data" else value
            return value
        return _unpickled(self._kept[key]) if self._api == "cache_data" else self._kept[key]

    def clear(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            self._kept.pop(self._key(args, kwargs), None)
        else:
            self._kept.clear()

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        code = getattr(self._function, "__code__", None)
        names = code.co_varnames[: code.co_argcount] if code is not None else ()
        named = [*zip([*names, *[None] * len(args)], args, strict=False), *kwargs.items()]
        key = []
        for name, value in named:
            if name is not None and name.startswith("_"):
                continue
            try:
                key.append((name, _hashable(value)))
            except Exception as error:
                raise UnhashableParamError(_unhashable(self, name, value)) from error
        return tuple(key)

    def _pickled(self, value: Any) -> bytes:
        import pickle  # rarely needed, and slow to import

        try:
            return pickle.dumps(value)
        except (pickle.PicklingError, TypeError) as error:
            if isinstance(value, DataFrame):
                raise UnevaluatedDataFrameError(_unevaluated(self._function, value)) from error
            raise UnserializableReturnValueError(_unserializable(self._function, value)) from error


class BoundCachedFunc:
    """A decorated method."""

    def __init__(self, cached: CachedFunc, instance: Any) -> None:
        self._cached, self._instance = cached, instance

    def __repr__(self) -> str:
        return f"<BoundCachedFunc: {self._cached._function} of {self._instance}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._cached(self._instance, *args, **kwargs)

    def clear(self, *args: Any, **kwargs: Any) -> None:
        self._cached.clear(*((self._instance, *args) if args or kwargs else ()), **kwargs)


def _unpickled(kept: bytes) -> Any:
    import pickle  # rarely needed, and slow to import

    return pickle.loads(kept)  # noqa: S301 - the program's own


def _hashable(value: Any) -> object:
    """Return what an argument counts as (streamlit/runtime/caching/hashing.py).

    Raises:
        Exception: it cannot be told from others, such as a function or a generator.
    """
    kind = type(value).__qualname__
    if value is None or isinstance(value, str | bytes | int | float):
        return kind, value
    if isinstance(value, list | tuple):
        return kind, *map(_hashable, value)
    if isinstance(value, dict | MappingProxyType | ItemsView):
        return kind, *map(_hashable, dict(value).items())
    if hasattr(type(value), "__dataclass_fields__") and not isinstance(value, type):
        return kind, _hashable(vars(value))
    if isinstance(value, Enum):
        return kind, str(value)
    if isinstance(value, StringIO | BytesIO):
        return kind, value.tell(), value.getvalue()
    if isinstance(value, BuiltinFunctionType | ModuleType | type):
        return kind, value.__name__
    if isinstance(value, partial):
        return kind, *map(_hashable, (value.args, value.func, value.keywords))
    return kind, *map(_hashable, value.__reduce__())


def _unhashable(function: Any, name: str | None, value: Any) -> str:
    kind = type(value)
    called = function.__name__
    return f"""\
Cannot hash argument '{name or "(unnamed)"}' (of type `{kind.__module__}.{kind.__qualname__}`) in \
'{called}'.

To address this, you can tell Streamlit not to hash this argument by adding a
leading underscore to the argument's name in the function signature:

```
@st.{function._api}
def {called}(_{name or "arg"}, ...):
    ...
```
            """


def _unevaluated(function: Any, value: Any) -> str:
    kind = type(value)
    return (
        f"The function `{function.__name__}()` is decorated with `st.cache_data` but it returns an "
        f"unevaluated data object of type `{kind.__module__}.{kind.__qualname__}`. Please convert "
        "the object to a serializable format (e.g. Pandas DataFrame) before returning it, so "
        "`st.cache_data` can serialize and cache it."
    )


def _unserializable(function: Any, value: Any) -> str:
    kind = type(value).__name__
    module = getattr(value, "__module__", None)
    named = f"`{value.__name__}()`" if hasattr(value, "__name__") else f"`{kind}`"
    told = f"`{module}.{kind}`" if module is not None else named
    return f"""
            Cannot serialize the return value (of type {told})
            in `{function.__name__}()`. `st.cache_data` uses
            [pickle](https://docs.python.org/3/library/pickle.html) to serialize the
            function's return value and safely store it in the cache
            without mutating the original object. Please convert the return value to a
            pickle-serializable type. If you want to cache unserializable objects such
            as database connections or Tensorflow sessions, use `st.cache_resource`
            instead (see [our docs]({DOCS}) for differences)."""


class _Cache:
    """A decorator, with and without arguments."""

    def __init__(self) -> None:
        self._functions: list[CachedFunc] = []

    def _call(self, name: str, given: dict[str, Any]) -> Any:
        if given["scope"] not in ("global", "session"):
            raise signatures.StreamlitValueError("scope", ["'global'", "'session'"])

        def decorated(function: Callable[..., Any]) -> CachedFunc:
            self._functions.append(CachedFunc(function, name))
            return self._functions[-1]

        return decorated if given["func"] is None else decorated(given["func"])

    def clear(self) -> None:
        for function in self._functions:
            function.clear()


class CacheData(_Cache, signatures.CacheDataAPI):
    """``st.cache_data``: keeps a copy of each value, and gives a new copy each time."""


class CacheResource(_Cache, signatures.CacheResourceAPI):
    """``st.cache_resource``: keeps each value itself."""
