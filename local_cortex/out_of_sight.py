"""Which variables and files hold real credentials, and so are kept from a program under ``run``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

# Unlike Path.is_file it raises nothing, whatever a word of a command looks like.
from os.path import isfile
from pathlib import Path

# Some of the course and of Streamlit, which lead to secrets, too, and one of the Snowflake CLI.
NAMES = (
    *("COURSE_CONNECTION_NAME", "COURSE_RELAY_API_KEY", "PRIVATE_KEY_PASSPHRASE"),
    "STREAMLIT_SECRETS_FILES",
)
# The token of a container in Snowflake, and what other platforms mount.
TOKEN = "/snowflake/session/token"  # noqa: S105 - a path
MOUNTED = (TOKEN, "/run/secrets")
# Where a project, or its owner, keeps secrets; the names alone hide them.
PROJECT_FILES = (".streamlit/secrets.toml", ".env")
CLIENT_FILES = ("connections.toml", "config.toml", "config")


def is_secret(name: str, value: str) -> bool:
    """Return whether a variable of the environment leads to an account, or may hold its secrets."""
    upper, content = name.upper(), value.lower()
    return (
        upper in NAMES
        or upper.startswith("SF_")
        or any(word in upper for word in ("SNOWFLAKE", "SNOWSQL"))
        or any(word in content for word in ("snowflake://", "snowflakecomputing"))
    )


def places(environment: Mapping[str, str]) -> list[str]:
    """Return the files and folders, as absolute paths, that hold nothing but credentials."""
    home = _home()
    above = [home / ".config", home / "Library" / "Application Support"]
    variables = ("XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA")
    above += [Path(environment[name]) for name in variables if environment.get(name)]
    listed = [home / ".snowflake", home / ".snowsql", *(folder / "snowflake" for folder in above)]
    if chosen := environment.get("SNOWFLAKE_HOME"):
        # The folder may hold other files as well.
        listed.append(Path(chosen).expanduser() / "config.toml")
    listed += map(Path, (*environment.get("STREAMLIT_SECRETS_FILES", "").split(), *MOUNTED))
    full = [way for path in listed for way in (os.path.abspath(path), os.path.realpath(path))]
    return list(dict.fromkeys(map(os.path.normcase, full)))


def found(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Name what to hide from ``command``: files, then variables."""
    # Streamlit looks beside the script as well.
    scripts = [Path(word).absolute().parent for word in command if isfile(word)]
    files = [folder / name for folder in (Path.cwd(), *scripts, _home()) for name in PROJECT_FILES]
    for place in map(Path, places(environment)):
        files += [place, *(place / name for name in CLIENT_FILES)]
    if chosen := environment.get("SNOWFLAKE_HOME"):
        files.append(Path(chosen).expanduser() / "connections.toml")
    variables = [name for name, value in environment.items() if is_secret(name, value)]
    return [*dict.fromkeys(_shown(path) for path in files if isfile(path)), *sorted(variables)]


def _home() -> Path:
    # Unlike Path.home it raises nothing where there is none, as for some users in containers.
    return Path(os.path.expanduser("~"))


def _shown(path: Path) -> str:
    for folder, sign in ((Path.cwd(), ""), (_home(), "~/")):
        if path.is_relative_to(folder):
            return sign + path.relative_to(folder).as_posix()
    return str(path)
