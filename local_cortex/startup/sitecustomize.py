"""Gives Streamlit's secrets to programs that `streamlit run` does not start.

``streamlit run`` alone heeds STREAMLIT_SECRETS_FILES: ``st.secrets`` in `python my_script.py` or in
a test of an app does not (streamlit/config.py takes only sensitive options from the environment).
Python imports the first module of this name on its path when it starts; see the documentation of
``site``. The Python may be another than the course's, so nothing but its own library is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

OURS = str(Path(__file__).parent)
CONFIG = "streamlit.config"


class SecretsFinder:
    """Finds ``streamlit.config`` as Python does, and sets the option as soon as it is loaded."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = list(files)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find one module, once; leave all others to the next finder."""
        if name != CONFIG:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_set(module: ModuleType) -> None:
                load(module)
                module.set_option("secrets.files", self._files)

            spec.loader.exec_module = load_and_set  # type: ignore[method-assign]
        return spec


def run_the_next() -> None:
    """Run the module of this name that Python would have found without ours."""
    sys.path[:] = [entry for entry in sys.path if entry != OURS]
    spec = PathFinder.find_spec(__name__)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


if __name__ == "sitecustomize":
    # The program may go to another folder before it asks.
    named = os.environ.get("STREAMLIT_SECRETS_FILES", "").split()
    if named:
        sys.meta_path.insert(0, SecretsFinder([str(Path(file).absolute()) for file in named]))
    run_the_next()
