"""What outlives a line of a program: ``st.secrets``, ``st.session_state`` and the two caches."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from functools import update_wrapper

from practice.guest import signatures
from practice.guest.carried import streamlit_errors as errors

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn

__all__ = [
    "AttrDict",
    "CacheData",
    "CacheResource",
    "CachedFunc",
    "Secrets",
    "SessionStateProxy",
    "UnhashableParamError",
    "UnserializableReturnValueError",
    "begin",
    "is_set",
    "session_state",
    "take_widget",
]

MORE_SECRETS = (
    "Did you forget to add it to secrets.toml, mount it to secret directory, or the app settings "
    "on Streamlit Cloud? More info: "
    "https://docs.streamlit.io/deploy/streamlit-community-cloud/deploy-your-app/secrets-management"
)
MORE_STATE = (
    "Did you forget to initialize it? More info: "
    "https://docs.streamlit.io/develop/concepts/architecture/session-state#initialization"
)
NO_SECRETS = (
    "No secrets found. Valid paths for a secrets.toml file or secret directories are: {file_paths}"
)


class AttrDict(Mapping):  # type: ignore[type-arg]
    """A table of the secrets."""

    def __init__(self, values: dict[str, Any] | None) -> None:
        self.__dict__["_values"] = values

    def _all(self) -> dict[str, Any]:
        return self.__dict__["_values"]  # type: ignore[no-any-return]

    def __getitem__(self, key: Any) -> Any:
        values = self._all()
        if key not in values:
            raise KeyError(f'st.secrets has no key "{key}". {MORE_SECRETS}')
        return AttrDict(values[key]) if isinstance(values[key], dict) else values[key]

    def __getattr__(self, name: str) -> Any:
        if name not in (self.__dict__["_values"] or {}):
            raise AttributeError(f'st.secrets has no attribute "{name}". {MORE_SECRETS}')
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError("Secrets does not support item assignment.")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise TypeError("Secrets does not support attribute assignment.")

    def to_dict(self) -> dict[str, Any]:
        from copy import deepcopy  # rarely needed

        return deepcopy(self._all())


class Secrets(AttrDict):
    """``st.secrets``; ``None`` in place of values: there are no secrets."""

    def _all(self) -> dict[str, Any]:
        if self.__dict__["_values"] is None:
            raise errors.StreamlitSecretNotFoundError(
                NO_SECRETS, file_paths=".streamlit/secrets.toml"
            )
        return super()._all()

    def __contains__(self, key: Any) -> bool:
        return key in self._all()


# What the program has set, and what its widgets' values are, by their keys. Not in the object
# itself: there, any name is the program's.
_set: dict[str, Any] = {}
_widgets: dict[str, Any] = {}


def begin() -> None:
    """Begin a new session."""
    _set.clear()
    _widgets.clear()


def is_set(key: str) -> bool:
    """Return whether the program itself has given this key a value."""
    return key in _set


def take_widget(key: str, value: Any) -> None:
    """Let a widget of this key have the value, instead of what the program has set."""
    _widgets[key] = value
    if key in _set:
        _set[key] = value


class SessionStateProxy(MutableMapping):  # type: ignore[type-arg]
    """``st.session_state``."""

    def __getitem__(self, key: Any) -> Any:
        values = self.to_dict()
        if str(key) not in values:
            raise KeyError(f'st.session_state has no key "{key}". {MORE_STATE}')
        return values[str(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        if str(key) in _widgets:
            raise errors.StreamlitWidgetAlreadyInstantiatedError(str(key))
        _set[str(key)] = value

    def __delitem__(self, key: Any) -> None:
        self[key]
        _set.pop(str(key), None)
        _widgets.pop(str(key), None)

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(f'st.session_state has no attribute "{name}". {MORE_STATE}')
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        getattr(self, name)
        del self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_dict())

    def __len__(self) -> int:
        return len(self.to_dict())

    def __str__(self) -> str:
        return str(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        return {**_widgets, **_set}


#: ``st.session_state``.
session_state = SessionStateProxy()


class UnhashableParamError(errors.StreamlitAPIException):  # type: ignore[misc]
    """An argument cannot be part of a key."""


class UnserializableReturnValueError(errors.MarkdownFormattedException):  # type: ignore[misc]
    """A value cannot be kept by ``st.cache_data``."""


class CachedFunc:
    """A decorated function. Within one run nothing expires."""

    def __init__(self, function: Any, api: str) -> None:
        self._function, self._api = function, api
        self._kept: dict[object, Any] = {}
        update_wrapper(self, function)

    def __repr__(self) -> str:
        return f"<CachedFunc: {self._function}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        from types import MethodType  # rarely needed

        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = self._key(args, kwargs)
        if key not in self._kept:
            value = self._function(*args, **kwargs)
            self._kept[key] = value if self._api == "cache_resource" else self._pickled(value)
            return value
        return self._kept[key] if self._api == "cache_resource" else _unpickled(self._kept[key])

    def clear(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            self._kept.pop(self._key(args, kwargs), None)
        else:
            self._kept.clear()

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
        import pickle  # slow to import

        code = getattr(self._function, "__code__", None)
        names = code.co_varnames[: code.co_argcount] if code is not None else ()
        named = [*zip([*names, *[""] * len(args)], args, strict=False), *kwargs.items()]
        key = b""
        for name, value in named:
            try:
                key += b"" if name.startswith("_") else pickle.dumps((name, value))
            except Exception as error:
                raise UnhashableParamError(self._unhashable(name, value)) from error
        return key

    def _unhashable(self, name: str, value: Any) -> str:
        kind, called = type(value), self._function.__name__
        return (
            f"Cannot hash argument '{name or '(unnamed)'}' (of type "
            f"`{kind.__module__}.{kind.__qualname__}`) in '{called}'.\n\nTo address this, you can "
            "tell Streamlit not to hash this argument by adding a\nleading underscore to the "
            f"argument's name in the function signature:\n\n```\n@st.{self._api}\n"
            f"def {called}(_{name or 'arg'}, ...):\n    ...\n```"
        )

    def _pickled(self, value: Any) -> bytes:
        import pickle  # slow to import

        try:
            return pickle.dumps(value)
        except (pickle.PicklingError, TypeError) as error:
            named = f"{getattr(value, '__name__', type(value).__name__)}()"
            has_module = getattr(value, "__module__", None) is not None
            kind = f"{value.__module__}.{type(value).__name__}" if has_module else named
            raise UnserializableReturnValueError(
                f"Cannot serialize the return value (of type `{kind}`) in "
                f"`{self._function.__name__}()`. `st.cache_data` uses pickle to serialize the "
                "function's return value. Please convert the return value to a "
                "pickle-serializable type. If you want to cache unserializable objects such as "
                "database connections, use `st.cache_resource` instead."
            ) from error


def _unpickled(kept: bytes) -> Any:
    import pickle  # slow to import

    return pickle.loads(kept)  # noqa: S301 - the program's own


class _Cache:
    """A decorator, with and without arguments."""

    def __init__(self) -> None:
        self._functions: list[CachedFunc] = []

    def _call(self, name: str, given: dict[str, Any]) -> Any:
        if given["scope"] not in ("global", "session"):
            raise errors.StreamlitValueError("scope", ["'global'", "'session'"])

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
