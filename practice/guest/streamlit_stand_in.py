"""What ``import streamlit as st`` gives a program in the sandbox.

Each call becomes an event, and the page repeats it with the real Streamlit. The arguments are those
of the installed one (``signatures`` is made from it); what is returned and which errors are raised
is written in the modules beside this one, and compared with the real ones by
tests/practice/test_parity.py.
"""

from __future__ import annotations

from types import ModuleType

from practice.guest import (
    cache_stand_in,
    page_stand_in,
    signatures,
    slider_stand_in,
    state_stand_in,
    widgets_stand_in,
    write_stand_in,
)
from practice.guest.channel import NotHere, Stop

TYPE_CHECKING = False  # the real one takes 10 ms to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

__all__ = ["modules"]

for _module in (slider_stand_in, widgets_stand_in, write_stand_in):
    page_stand_in.SPECIAL.update(_module.SPECIAL)


def stop() -> NoReturn:
    """End the program."""
    raise Stop


class _MissingStreamlitAttributeMessage:
    """Makes a suggestion when it is read; most who ask for an attribute only want to know."""

    __module__ = "streamlit"

    def __init__(self, name: str, module: ModuleType) -> None:
        self._name, self._module = name, module

    def __str__(self) -> str:
        return str(signatures.missing_streamlit_attribute_message(self._name, self._module))


class _Streamlit(ModuleType):
    """The module; a name that only the real Streamlit has is told apart from a slip of the pen."""

    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__("streamlit")
        self.__path__: list[str] = []
        self.__version__ = job["streamlit"]["version"]
        for name in dir(signatures.Mixins):
            if not name.startswith("_"):
                setattr(self, name, getattr(page_stand_in.page, name))
        self.sidebar = page_stand_in.sidebar
        self.secrets = state_stand_in.Secrets(job["secrets"])
        self.session_state = state_stand_in.session_state
        self.cache_data = cache_stand_in.CacheData()
        self.cache_resource = cache_stand_in.CacheResource()
        self.stop, self.set_page_config = stop, signatures.set_page_config
        self._real_names = frozenset(job["streamlit"]["names"])

    def __dir__(self) -> list[str]:
        return [name for name in self.__dict__ if not name.startswith("_")]

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__.get("_real_names", ()):
            raise NotHere("streamlit", f"st.{name}")
        # The message has Streamlit's suggestion; with a name, Python would add another.
        message = _MissingStreamlitAttributeMessage(name, self)
        raise AttributeError(message, name=False, obj=self)  # type: ignore[arg-type]


#: Class -> where it seems to come from.
AT_HOME = {
    NotHere: "practice.NotHere",
    Stop: "streamlit.runtime.scriptrunner_utils.exceptions.StopException",
    _Streamlit: "builtins.module",
    page_stand_in.DeltaGenerator: "streamlit.delta_generator.DeltaGenerator",
    page_stand_in.ExpanderContainer: (
        "streamlit.elements.lib.mutable_expander_container.ExpanderContainer"
    ),
    write_stand_in.StreamingOutput: "streamlit.elements.write.StreamingOutput",
    state_stand_in.AttrDict: "streamlit.runtime.secrets.AttrDict",
    state_stand_in.Secrets: "streamlit.runtime.secrets.Secrets",
    state_stand_in.SessionStateProxy: (
        "streamlit.runtime.state.session_state_proxy.SessionStateProxy"
    ),
    cache_stand_in.CacheData: "streamlit.runtime.caching.cache_data_api.CacheDataAPI",
    cache_stand_in.CacheResource: "streamlit.runtime.caching.cache_resource_api.CacheResourceAPI",
    cache_stand_in.CachedFunc: "streamlit.runtime.caching.cache_utils.CachedFunc",
    cache_stand_in.BoundCachedFunc: "streamlit.runtime.caching.cache_utils.BoundCachedFunc",
    cache_stand_in.UnevaluatedDataFrameError: (
        "streamlit.runtime.caching.cache_errors.UnevaluatedDataFrameError"
    ),
    cache_stand_in.UnhashableParamError: (
        "streamlit.runtime.caching.cache_errors.UnhashableParamError"
    ),
    cache_stand_in.UnserializableReturnValueError: (
        "streamlit.runtime.caching.cache_errors.UnserializableReturnValueError"
    ),
}


def modules(job: dict[str, Any]) -> dict[str, ModuleType]:
    """Return the modules that programs import, by their names."""
    st, errors = _Streamlit(job), ModuleType("streamlit.errors")
    page_stand_in.begin()
    state_stand_in.begin()
    widgets_stand_in.begin(job["inputs"])
    for kind in vars(signatures).values():
        if isinstance(kind, type) and issubclass(kind, Exception):
            kind.__module__ = errors.__name__
            setattr(errors, kind.__name__, kind)
    for kind, home in AT_HOME.items():
        kind.__module__, _, kind.__name__ = home.rpartition(".")
        kind.__qualname__ = kind.__name__
    signatures.set_page_config.__module__ = "streamlit.commands.page_config"
    stop.__module__ = "streamlit.commands.execution_control"
    st.__dict__["errors"] = errors
    return {"streamlit": st, "streamlit.errors": errors}
