"""``st.secrets`` and ``st.session_state``."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from practice.guest import signatures

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView
    from typing import Any, NoReturn

__all__ = [
    "AttrDict",
    "Secrets",
    "SessionStateProxy",
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


class _ReadOnly(Mapping):  # type: ignore[type-arg]
    """What secrets and each table in them have in common."""

    def _all(self) -> dict[str, Any]:
        raise NotImplementedError

    def __getitem__(self, key: Any) -> Any:
        values = self._all()
        if key not in values:
            raise KeyError(f'st.secrets has no key "{key}". {MORE_SECRETS}')
        return AttrDict(values[key]) if isinstance(values[key], dict) else values[key]

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

    def __delitem__(self, key: Any) -> NoReturn:
        raise TypeError("Secrets does not support item deletion.")

    def to_dict(self) -> dict[str, Any]:
        from copy import deepcopy  # rarely needed

        return deepcopy(self._all())


def _missing_attribute(name: str) -> AttributeError:
    return AttributeError(f'st.secrets has no attribute "{name}". {MORE_SECRETS}')


class AttrDict(_ReadOnly):
    """A table of the secrets."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.__dict__["_values"] = value

    def _all(self) -> dict[str, Any]:
        return self.__dict__["_values"]  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name not in self._all():
            raise _missing_attribute(name)
        return self[name]


class Secrets(_ReadOnly):
    """``st.secrets``; ``None`` in place of values: there are no secrets."""

    def __init__(self, values: dict[str, Any] | None) -> None:
        self.__dict__["_values"] = values

    def _all(self) -> dict[str, Any]:
        values = self.__dict__["_values"]
        if values is None:
            raise signatures.StreamlitSecretNotFoundError(
                NO_SECRETS, file_paths=".streamlit/secrets.toml", error_id="no-secrets-found"
            )
        return values  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name not in (self.__dict__["_values"] or {}):
            raise _missing_attribute(name)
        return self[name]

    def __contains__(self, key: Any) -> bool:
        return key in self._all()

    def has_key(self, k: str) -> bool:
        return k in self._all()

    def keys(self) -> KeysView[str]:
        return self._all().keys()

    def values(self) -> ValuesView[Any]:
        return self._all().values()

    def items(self) -> ItemsView[str, Any]:
        return self._all().items()


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
    """``st.session_state``, for one run."""

    def __getitem__(self, key: Any) -> Any:
        signatures.require_valid_user_key(str(key))
        values = self.to_dict()
        if str(key) not in values:
            raise KeyError(f'st.session_state has no key "{key}". {MORE_STATE}')
        return values[str(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        signatures.require_valid_user_key(str(key))
        if str(key) in _widgets:
            raise signatures.StreamlitWidgetAlreadyInstantiatedError(str(key))
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
        if name not in self:
            raise AttributeError(f'st.session_state has no attribute "{name}". {MORE_STATE}')
        del self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_dict())

    def __len__(self) -> int:
        return len(self.to_dict())

    def __str__(self) -> str:
        return str(self.to_dict())

    def __repr__(self) -> str:
        return object.__repr__(self)

    def to_dict(self) -> dict[str, Any]:
        return {**_widgets, **_set}


#: ``st.session_state``.
session_state = SessionStateProxy()
