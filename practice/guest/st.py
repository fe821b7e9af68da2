"""What ``import streamlit as st`` gives a program in the sandbox."""

from __future__ import annotations

from types import ModuleType

from practice.guest import page, signatures, snowpark, state, widgets, writing
from practice.guest.carried import streamlit_command_suggestions, streamlit_errors
from practice.guest.channel import NotHere, Stop

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["modules"]

page.SPECIAL.update(widgets.SPECIAL | writing.SPECIAL)


def stop() -> NoReturn:
    """End the program."""
    raise Stop


def set_page_config(*args: Any, **kwargs: Any) -> None:
    """Check the arguments; the page is the course's."""
    signatures.set_page_config(*args, **kwargs)


def fragment(*args: Any, **kwargs: Any) -> Any:
    """Return the function as it is: a run has no clicks that only a fragment would answer."""
    function = signatures.fragment(*args, **kwargs)["func"]
    return function or (lambda decorated: decorated)


class SnowflakeConnection:
    """What ``st.connection("snowflake")`` returns."""

    def session(self) -> Any:
        return snowpark.opened()

    def __getattr__(self, name: str) -> NoReturn:
        raise NotHere("streamlit", f"st.connection(...).{name}")


def connection(name: str, type: str | None = None, **_: Any) -> SnowflakeConnection:  # noqa: A002
    """Return the one connection that there is."""
    if "snowflake" not in (name, type):
        raise NotHere("streamlit", "st.connection(...)")
    return SnowflakeConnection()


class _Streamlit(ModuleType):
    """The module: a name that only the real Streamlit has gets another error than a typo."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__("streamlit")
        self.__path__: list[str] = []
        self.__version__ = signatures.VERSION
        for name in signatures.CHECKS:
            setattr(self, name, getattr(page.page, name))
        self.sidebar = page.sidebar
        self.secrets = state.Secrets(job["secrets"])
        self.session_state = state.session_state
        self.cache_data, self.cache_resource = state.CacheData(), state.CacheResource()
        self.stop, self.set_page_config, self.fragment = stop, set_page_config, fragment
        self.connection = connection

    def __dir__(self) -> list[str]:
        return [name for name in self.__dict__ if not name.startswith("_")]

    def __getattr__(self, name: str) -> Any:
        if name in signatures.STREAMLIT:
            raise NotHere("streamlit", f"st.{name}")
        suggest = streamlit_command_suggestions.missing_streamlit_attribute_message
        # The message has Streamlit's suggestion; with a name, Python would add another.
        raise AttributeError(suggest(name, self), name=False, obj=self)  # type: ignore[arg-type]


MUTABLE = "streamlit.elements.lib.mutable"
#: Class or function -> where it seems to come from.
AT_HOME: dict[Any, str] = {
    NotHere: "practice.NotHere",
    Stop: "streamlit.runtime.scriptrunner_utils.exceptions.StopException",
    stop: "streamlit.commands.execution_control.stop",
    set_page_config: "streamlit.commands.page_config.set_page_config",
    fragment: "streamlit.runtime.fragment.fragment",
    connection: "streamlit.runtime.connection_factory.connection",
    SnowflakeConnection: "streamlit.connections.snowflake_connection.SnowflakeConnection",
    _Streamlit: "builtins.module",
    page.DeltaGenerator: "streamlit.delta_generator.DeltaGenerator",
    writing.StreamingOutput: "streamlit.elements.write.StreamingOutput",
    state.AttrDict: "streamlit.runtime.secrets.AttrDict",
    state.Secrets: "streamlit.runtime.secrets.Secrets",
    state.SessionStateProxy: "streamlit.runtime.state.session_state_proxy.SessionStateProxy",
    state.CacheData: "streamlit.runtime.caching.cache_data_api.CacheDataAPI",
    state.CacheResource: "streamlit.runtime.caching.cache_resource_api.CacheResourceAPI",
    state.CachedFunc: "streamlit.runtime.caching.cache_utils.CachedFunc",
    state.UnhashableParamError: "streamlit.runtime.caching.cache_errors.UnhashableParamError",
    state.UnserializableReturnValueError: (
        "streamlit.runtime.caching.cache_errors.UnserializableReturnValueError"
    ),
    page.ExpanderContainer: f"{MUTABLE}_expander_container.ExpanderContainer",
    page.PopoverContainer: f"{MUTABLE}_popover_container.PopoverContainer",
    page.StatusContainer: f"{MUTABLE}_status_container.StatusContainer",
    page.TabContainer: f"{MUTABLE}_tab_container.TabContainer",
}


def modules(job: dict[str, Any]) -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    st, errors = _Streamlit(job), ModuleType("streamlit.errors")
    page.begin()
    state.begin()
    widgets.begin(job["inputs"])
    known = vars(streamlit_errors).items()
    errors.__dict__.update({name: kind for name, kind in known if isinstance(kind, type)})
    for thing, home in AT_HOME.items():
        thing.__module__, _, thing.__name__ = home.rpartition(".")
        thing.__qualname__ = thing.__name__
    st.__dict__["errors"] = errors
    return {"streamlit": st, "streamlit.errors": errors}
