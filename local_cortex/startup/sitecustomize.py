"""Keeps a program under ``python -m local_cortex run`` to Local Cortex.

Python imports the first module of this name on its path when it starts (see ``site``). It may be
another Python than the course's: nothing but its own library is used, and little of it, because
every program pays for the imports.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

OURS = os.path.dirname(__file__)
# Names the file in which launch.py says where Local Cortex is.
VARIABLE = "LOCAL_CORTEX_RUN"
LOOPBACK = "127.0.0.1"
# Stands for a Snowflake host between resolving and connecting. Nothing listens there, so a client
# that connects past us fails on this machine.
STAND_IN = "127.83.70.1"
DOMAINS = ("snowflake.app", "app.snowflake.com")
OUT_OF_SIGHT = "Out of sight under `local_cortex run`"
NO_SUCH_FILE = 2
SECRET_FORMATS = (".toml", ".json", ".yaml", ".yml", ".ini")
RESOLVING = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


def is_snowflake(host: object) -> bool:
    """Return whether a host name is one of Snowflake's, however it is written."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    if not host.isascii():
        try:
            host = host.encode("idna").decode()  # as the resolver does
        except UnicodeError:
            return False
    name = host.lower().rstrip(".")
    return "snowflakecomputing" in name.split(".") or any(
        name == domain or name.endswith(f".{domain}") for domain in DOMAINS
    )


def is_credentials(path: str, hidden: Iterable[str]) -> bool:
    """Return whether people keep credentials in such a file; ``hidden`` are files and folders."""
    name = os.path.basename(path).lower()
    if (
        name in (".env", ".envrc", "connections.toml")
        or name.startswith((".env.", "credential_cache", "temporary_credential"))
        or name.endswith(".env")
        or ("secrets" in name and any(ending in name for ending in SECRET_FORMATS))
    ):
        return True
    full = os.path.normcase(path)
    return any(full == entry or full.startswith(entry + os.sep) for entry in hidden)


class Keeper:
    """Changes the program as launch.py says in ``told``, whose entries may all be missing."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.address = (LOOPBACK, told.get("port", 0))
        self.authority = told.get("authority", "")
        # Tells Local Cortex that it is this program, whatever token it has for its account.
        self.name = told.get("name")
        self.secrets = list(told.get("secrets", ()))
        self.hidden = tuple(told.get("hidden", ()))
        self.shown = tuple(folder + os.sep for folder in told.get("shown", ()))

    def hides(self, path: object) -> bool:
        """Return whether the program may not see the file at ``path``."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False  # a descriptor, of a file that is open already
        full = os.path.abspath(os.fsdecode(path))
        if os.path.islink(full):
            full = os.path.realpath(full)
        return is_credentials(full, self.hidden) and not full.startswith(self.shown)

    def hide_files(self) -> None:
        """Have ``os.stat`` not find them, on which ``exists`` and ``is_file`` rest."""
        real = os.stat

        def stat(path: Any, *options: Any, **more: Any) -> os.stat_result:
            found = real(path, *options, **more)
            # A folder may be called .env.
            if found.st_mode & 0o170000 == 0o100000 and self.hides(path):
                raise FileNotFoundError(NO_SUCH_FILE, OUT_OF_SIGHT, path)
            return found

        os.stat = stat
        for supporting in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
            if real in supporting:
                supporting.add(stat)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Refuse what gets past the replaced functions."""
        if event == "open" and not arguments[2] & os.O_WRONLY and self.hides(arguments[0]):
            raise FileNotFoundError(NO_SUCH_FILE, OUT_OF_SIGHT, arguments[0])
        host: object = None
        if event in RESOLVING:
            host = arguments[0]
        elif event in SENDING and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        elif event == "http.client.send" and isinstance(arguments[1], bytes):
            # To a proxy: CONNECT host:443, or POST http://host/path.
            host = _host(b"".join(arguments[1][:500].split(b" ", 2)[1:2]).decode("latin-1"))
        elif event == "webbrowser.open":
            host = _host(str(arguments[0]))
        if is_snowflake(host):
            raise ConnectionRefusedError(f"{OUT_OF_SIGHT}: Snowflake accounts")

    def redirect(self, address: Any) -> Any:
        """Return where to connect instead of ``address``."""
        if isinstance(address, tuple) and (address[0] == STAND_IN or is_snowflake(address[0])):
            return self.address
        return address

    def guard_sockets(self, module: ModuleType) -> None:
        """Have the module ``socket`` resolve and connect names of Snowflake's to Local Cortex."""

        def resolving(resolve: Callable[..., Any]) -> Callable[..., Any]:
            return lambda host, *options, **more: resolve(
                STAND_IN if is_snowflake(host) else host, *options, **more
            )

        def redirected(connect: Callable[..., Any]) -> Callable[..., Any]:
            return lambda socket, address: connect(socket, self.redirect(address))

        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            setattr(module, name, resolving(getattr(module, name)))
        for name in ("connect", "connect_ex"):
            setattr(module.socket, name, redirected(getattr(module.socket, name)))

    def guard_tls(self, module: ModuleType) -> None:
        """Have the module ``ssl`` trust Local Cortex alone for Snowflake's names."""

        def guarded(wrap: Callable[..., Any]) -> Callable[..., Any]:
            def handshake(context: Any, *given: Any, **named: Any) -> Any:
                if is_snowflake(named.get("server_hostname")):
                    context = module.SSLContext(module.PROTOCOL_TLS_CLIENT)
                    # A certificate can't name hosts of every depth; only we have this key.
                    context.check_hostname = False
                    if self.authority:
                        context.load_verify_locations(cadata=self.authority)
                    named["server_hostname"] = self.name or named["server_hostname"]
                    named.pop("session", None)  # of another context
                return wrap(context, *given, **named)

            return handshake

        for name in ("wrap_socket", "wrap_bio"):
            setattr(module.SSLContext, name, guarded(getattr(module.SSLContext, name)))

    def give_secrets(self, module: ModuleType) -> None:
        """Have the module ``streamlit.config`` name our secrets and no others."""
        real = module.get_option
        module.get_option = lambda key: (  # type: ignore[attr-defined]
            list(self.secrets) if key == "secrets.files" else real(key)
        )

    def keep(self, more: dict[str, Callable[[ModuleType], None]]) -> None:
        """Begin; ``more`` maps modules to what changes them once they are loaded."""
        self.hide_files()
        sys.addaudithook(self.audit)
        wanted: dict[str, Callable[[ModuleType], None]] = {
            **more,
            "socket": self.guard_sockets,
            "ssl": self.guard_tls,
            "streamlit.config": self.give_secrets,
        }
        for name in [name for name in wanted if name in sys.modules]:
            wanted.pop(name)(sys.modules[name])
        sys.meta_path.insert(0, AfterImport(wanted))


def _host(address: str) -> str:
    """Return the host's name in an address of the form ``[scheme://][user@]host[:port][/path]``."""
    own = address.partition("?")[0].rpartition("//")[2].partition("/")[0]
    return own.rpartition("@")[2].partition(":")[0]


class AfterImport:
    """Finds modules as Python does, and has each of some changed as soon as it is loaded."""

    def __init__(self, wanted: dict[str, Callable[[ModuleType], None]]) -> None:
        self._wanted = wanted

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find one module, once; leave all others to the next finder."""
        change = self._wanted.pop(name, None)
        if change is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_change(module: ModuleType) -> None:
                load(module)
                if module.__name__ == name:  # a loader of a zip file is shared
                    change(module)

            spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec


def run_the_next() -> None:
    """Run the module of this name that Python would have found without ours."""
    sys.path[:] = [entry for entry in sys.path if entry != OURS]
    spec = PathFinder.find_spec(__name__)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


def start() -> None:
    """Prepare the program that this Python runs next."""
    import json

    from local_cortex_ways import prepare  # type: ignore[import-not-found]

    told: dict[str, Any] = {}
    # Where Local Cortex has ended, there is no file any more.
    with suppress(OSError), open(os.environ.get(VARIABLE, ""), encoding="utf-8") as file:
        told = json.load(file)
    Keeper(told).keep(prepare(told, is_snowflake))


if __name__ == "sitecustomize":
    start()
    run_the_next()
