"""What ``import streamlit as st`` gives a program in the sandbox."""

from __future__ import annotations

from functools import update_wrapper
from types import MethodType, ModuleType

from practice.guest import recorder, signatures, snowpark, widgets
from practice.guest import writing as writing  # it adds st.write to the recorder
from practice.guest.carried import streamlit_cache_errors as cache_errors
from practice.guest.carried import streamlit_command_suggestions as suggestions
from practice.guest.carried import streamlit_errors as errors
from practice.guest.carried import streamlit_secrets
from practice.guest.channel import NotHere, Rerun, Stop

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

NO_SECRETS = (
    "No secrets found. Valid paths for a secrets.toml file or secret directories are: {file_paths}"
)


def stop() -> NoReturn:
    raise Stop


def rerun(scope: Any = "app") -> NoReturn:
    """End the program, and let it run again."""
    if scope != "app":
        raise NotHere("streamlit", "st.rerun(scope=...)")
    raise Rerun


class SnowflakeConnection:
    """What ``st.connection("snowflake")`` returns."""

    __module__ = "streamlit.connections.snowflake_connection"

    def session(self) -> Any:
        return snowpark.opened()

    def __getattr__(self, name: str) -> NoReturn:
        raise NotHere("streamlit", f"st.connection(...).{name}")


def connection(name: str, type: str | None = None, **_: Any) -> SnowflakeConnection:  # noqa: A002
    if "snowflake" not in (name, type):
        raise NotHere("streamlit", "st.connection(...)")
    return SnowflakeConnection()


class CachedFunc:
    """A decorated function. Within one run nothing expires."""

    __module__ = "streamlit.runtime.caching.cache_utils"

    def __init__(self, function: Any, api: str) -> None:
        self._function, self._api = function, api
        self._kept: dict[object, Any] = {}
        update_wrapper(self, function)

    def __repr__(self) -> str:
        return f"<CachedFunc: {self._function}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        import pickle  # slow to import

        key, copies = self._key(args, kwargs), self._api == "cache_data"
        if key in self._kept:
            kept = self._kept[key]
            return pickle.loads(kept) if copies else kept  # noqa: S301 - the program's own
        value = self._function(*args, **kwargs)
        try:
            self._kept[key] = pickle.dumps(value) if copies else value
        except (pickle.PicklingError, TypeError) as error:
            raise cache_errors.UnserializableReturnValueError(self._function, value) from error
        return value

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
                raise cache_errors.UnhashableParamError(
                    self._api, self._function, name or None, value, error
                ) from error
        return key


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


class CacheDataAPI(_Cache, signatures.CacheDataAPI):
    """``st.cache_data``: keeps a copy of each value, and gives a new copy each time."""

    __module__ = "streamlit.runtime.caching.cache_data_api"


class CacheResourceAPI(_Cache, signatures.CacheResourceAPI):
    """``st.cache_resource``: keeps each value itself."""

    __module__ = "streamlit.runtime.caching.cache_resource_api"


class _Streamlit(ModuleType):
    """The module: a name that only the real Streamlit has gets another error than a typo."""

    def __dir__(self) -> list[str]:
        return [name for name in self.__dict__ if not name.startswith("_")]

    def __getattr__(self, name: str) -> Any:
        if name in signatures.STREAMLIT:
            raise NotHere("streamlit", f"st.{name}")
        text = suggestions.missing_streamlit_attribute_message(name, self)
        # The message has Streamlit's suggestion; with a name, Python would add another.
        raise AttributeError(text, name=False, obj=self)  # type: ignore[arg-type]


def _secrets(values: dict[str, Any] | None) -> Any:
    """Return Streamlit's own ``st.secrets`` with these values; ``None``: there are no secrets."""

    def parse(_: Any) -> dict[str, Any]:
        if values is None:
            raise errors.StreamlitSecretNotFoundError(
                NO_SECRETS, file_paths=".streamlit/secrets.toml"
            )
        return values

    streamlit_secrets.Secrets._parse = parse
    return streamlit_secrets.Secrets.__new__(streamlit_secrets.Secrets)


def modules(job: dict[str, Any]) -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    widgets.begin(job)
    stop.__module__ = rerun.__module__ = "streamlit.commands.execution_control"
    st = _Streamlit("streamlit")
    drawing = {name: getattr(recorder.page, name) for name in signatures.CHECKS}
    st.__dict__.update(
        drawing,
        __path__=[],
        __version__=signatures.VERSION,
        sidebar=recorder.sidebar,
        secrets=_secrets(job["secrets"]),
        session_state=widgets.session_state,
        cache_data=CacheDataAPI(),
        cache_resource=CacheResourceAPI(),
        stop=stop,
        rerun=rerun,
        set_page_config=signatures.set_page_config,  # the page is the course's
        connection=connection,
        errors=errors,
    )
    return {"streamlit": st, "streamlit.errors": errors}


def transparent_write(*args: Any) -> Any:
    """Write what stands by itself on a line, as Streamlit's magic has it."""
    recorder.page.write(*args)
    return args[0] if len(args) == 1 else args
