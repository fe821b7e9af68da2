"""Running programs for real, and telling what becomes of them.

For real means Streamlit's own script runner under AppTest, Snowpark and ``snowflake.cortex``, which
talk to a Local Cortex as ``python -m local_cortex run`` has it.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from snowflake.ml._internal import telemetry
from snowflake.snowpark import Session
from snowflake.snowpark import session as snowpark_session
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.runtime.scriptrunner import exec_code
from streamlit.runtime.state.common import TESTING_KEY
from streamlit.testing.v1 import AppTest, app_test, local_script_runner
from streamlit.testing.v1.element_tree import Element

from local_cortex import LocalCortex
from local_cortex.certificate import write_certificate
from local_cortex.launch import connection_block
from local_cortex.proxies import bypass
from tests.local_cortex.cortex_engines import END, Playing
from tests.practice.parity import Error, Outcome, Program, cleaned, normal

__all__ = ["Reality"]

# Elements whose text the program has no part in.
WITHOUT_TEXT = ("divider", "empty", "help_info")
# Longer than any program here takes, even on a busy machine.
SECONDS = 30


class Reality:
    """Streamlit, Snowpark and ``snowflake.cortex``, and a Local Cortex."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        # What `python -m local_cortex run` does for a program of its own.
        certificate, bundle, _ = write_certificate(folder, os.environ)
        patch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        patch.setenv("SSL_CERT_FILE", str(bundle))
        for name, value in bypass(os.environ).items():
            patch.setenv(name, value)
        # It copies what it has not sent from session to session: see local_cortex/client.py.
        patch.setattr(telemetry, "_get_snowflake_connection", lambda: None)
        # An answer of a few pieces: a program's time is in asking for each.
        engine = Playing(
            "The ", "model ", "says: ", "hello, ", "world! ", "한국어", ".\n", "✨", END
        )
        self.cortex = LocalCortex.start(engine=engine, certificate=certificate)
        block = connection_block(self.cortex.port, self.cortex.secret)
        self._secrets = tomllib.loads(block)
        self._errors: list[BaseException] = []
        self._runners: list[_Runner] = []
        reality = self

        class Runner(_Runner):
            def run(self, *args: Any, **kwargs: Any) -> Any:
                reality._runners.append(self)
                return super().run(*args, **kwargs)

        patch.setattr(app_test, "LocalScriptRunner", Runner)
        patch.setattr(
            exec_code, "handle_user_script_exception", lambda error, _: self._errors.append(error)
        )
        # It reads all installed packages' metadata, for each run: 0.15 s.
        patch.setattr(
            BidiComponentManager, "discover_and_register_components", lambda *_, **__: None
        )

    def session(self) -> Session:
        """Open a session as a program does."""
        return Session.builder.configs(self._secrets["connections"]["snowflake"]).create()

    def session_apart(self) -> Session:
        """Open a session that no program finds."""
        session = self.session()
        snowpark_session._remove_session(session)
        return session

    def run(self, program: Program) -> Outcome:
        """Run a program, and once more with its widgets set."""
        self._errors.clear()
        _forget()
        kept = [self.session()] if program.inside else []
        app = AppTest.from_string(program.code, default_timeout=SECONDS)
        if not program.inside:
            app.secrets.update(self._secrets)
        printed = _run(app)
        if program.inputs:
            for label, value in program.inputs.items():
                _set(app, label, value)
            self._errors.clear()
            printed = _run(app)
        for session in kept:
            session.close()
        _forget()
        errors = [*self._errors, *self._runners[-1].errors()]
        drawn = drawn_in(app)
        if not errors:
            return Outcome(normal(printed), drawn)
        kind = f"{type(errors[0]).__module__}.{type(errors[0]).__name__}"
        message, shown = str(errors[0]).strip(), _shown(errors[0])
        if isinstance(errors[0], SyntaxError):
            message = shown = errors[0].msg
        error, said = Error(kind, normal(message)), Error(kind, normal(shown))
        return Outcome(normal(printed), drawn, error, said)


class _Runner(local_script_runner.LocalScriptRunner):
    def errors(self) -> list[BaseException]:
        """Return the errors because of which a program was not even begun."""
        return [data["exception"] for data in self.event_data if data.get("exception") is not None]


def _forget() -> None:
    for session in list(snowpark_session._active_sessions):
        session.close()
    st.cache_data.clear()
    st.cache_resource.clear()


def _run(app: AppTest) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        app.run()
    return printed.getvalue()


def _set(app: AppTest, label: str, value: Any) -> None:
    for kind in ("button", "text_input", "text_area", "checkbox", "toggle", "slider"):
        for widget in getattr(app, kind):
            if widget.label == label:
                widget.set_value(value)
                return
    for kind in ("selectbox", "radio"):
        for widget in getattr(app, kind):
            if widget.label == label:
                # What is clicked at is a text; AppTest would make it from the option.
                widget.root.session_state[TESTING_KEY][widget.id] = str
                if value not in widget.options:
                    widget.options.append(value)
                widget.set_value(value)
                return
    raise AssertionError(f"there is no widget with the label {label!r}")


def _shown(error: BaseException) -> str:
    """Return what Python itself says of an error, its suggestion included."""
    shown, kind = io.StringIO(), type(error)
    with contextlib.redirect_stderr(shown):
        # Before 3.12 only this makes suggestions; the module traceback does not.
        sys.__excepthook__(kind, error, error.__traceback__)
    name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else ""
    head = name or f"{kind.__module__}.{kind.__qualname__}"
    return shown.getvalue().rpartition(f"\n{head}: ")[2].strip()


def drawn_in(app: AppTest) -> tuple[tuple[str, str], ...]:
    """Return what a page shows, from top to bottom."""
    nodes = (*app.main, *app.sidebar)
    return tuple((node.type, _text_of(node)) for node in nodes if isinstance(node, Element))


def _text_of(element: Any) -> str:
    if element.type == "exception":
        return cleaned(f"{element.proto.type}: {element.message}")
    if element.type in WITHOUT_TEXT:
        return ""
    if getattr(element, "label", None) is not None:
        return cleaned(element.label)
    return cleaned(getattr(element, "value", ""))
