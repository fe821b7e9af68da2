"""The process of one run: started, written to, listened to, ended."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil

from practice.events import Reason
from practice.sandbox.job import RunLimits
from practice.sandbox.runtime import Runtime
from practice.sandbox.worker import CPU, MEMORY, PROTOCOL

HERE = Path(__file__).parent
#: What runs in it first.
START = (HERE.parent / "guest" / "start.py").read_text("utf-8")
# Longer than anything that the guest's channel sends; what is longer has been forged.
LONGEST_LINE = 256 * 1024
# Below the server's own; on Windows, where a process cannot lower itself, and without a window.
WINDOWS_FLAGS: int = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) | getattr(
    subprocess, "CREATE_NO_WINDOW", 0
)
# Empty, but Windows starts no Python without its root.
ENVIRONMENT = {"SYSTEMROOT": os.environ.get("SYSTEMROOT", "")} if os.name == "nt" else {}
EXIT_REASONS: Mapping[int, Reason] = {
    CPU: "cpu",
    MEMORY: "memory",
    PROTOCOL: "protocol",
    # The system's own limit, should the worker's clock have been late.
    -getattr(signal, "SIGXCPU", CPU): "cpu",
}


class Process:
    """A worker (``worker.py``), and a thread for each of its pipes: a program need not read.

    Raises:
        OSError: no process could be started, or no thread for it.
    """

    def __init__(self, runtime: Runtime, limits: RunLimits) -> None:
        #: The lines that it has written; ``None`` says that there are no more.
        self.lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._to_send: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._most = limits.output
        self._flooded = False
        worker = [sys.executable, "-I", "-S", str(HERE / "worker.py")]
        worker += [str(runtime.folder), str(runtime.compiled)]
        worker += [str(limits.memory), str(limits.cpu), START]
        self._process = subprocess.Popen(  # noqa: S603 - the command is this module's
            worker,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd=Path(sys.executable).anchor,
            start_new_session=True,
            creationflags=WINDOWS_FLAGS,
        )
        jobs = {"practice-reader": self._read, "practice-writer": self._write}
        self._threads = [
            threading.Thread(target=job, name=name, daemon=True) for name, job in jobs.items()
        ]
        try:
            self._seen = psutil.Process(self._process.pid)
            for thread in self._threads:
                thread.start()
        except (OSError, RuntimeError, psutil.Error) as error:
            self._process.kill()
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]
            self._process.wait()
            raise OSError(f"a process could not be looked after: {error}") from error

    def send(self, line: bytes) -> None:
        self._to_send.put(line + b"\n")

    def has_taken_all(self) -> bool:
        """Whether no line waits to be written: an honest program reads before it asks again."""
        return self._to_send.empty()

    def kill(self) -> None:
        """End it at once, with all that belongs to it."""
        self._process.kill()
        self._to_send.put(None)
        self._process.wait()
        for thread in self._threads:
            # The garbage collector may have called this, in any thread.
            if thread is not threading.current_thread():
                thread.join()

    def computed(self) -> float:
        """Return its processor time in seconds, user and system; 0 when it is gone."""
        with contextlib.suppress(psutil.Error):
            return float(sum(self._seen.cpu_times()[:2]))
        return 0.0

    def is_ready(self) -> bool:
        """Return whether it would compute if it had a processor; only Linux says so."""
        with contextlib.suppress(psutil.Error):
            return sys.platform == "linux" and self._seen.status() == psutil.STATUS_RUNNING
        return False

    def resident(self) -> int:
        """Return the bytes of memory that it has; 0 when it is gone."""
        with contextlib.suppress(psutil.Error):
            return int(self._seen.memory_info().rss)
        return 0

    def has_ended(self) -> bool:
        """Whether it has ended, its last lines read or not."""
        return self._process.poll() is not None

    def why_it_ended(self) -> Reason:
        """Return the reason, after its last line."""
        if self._flooded:
            return "flood"
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "protocol"  # it has closed its pipe and goes on
        return EXIT_REASONS.get(code, "crash" if code else "end")

    def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - it was asked for
        rest, total = bytearray(), 0
        with pipe:
            while data := os.read(pipe.fileno(), 1 << 16):
                total += len(data)
                self._flooded = total > self._most or len(rest) > LONGEST_LINE
                if self._flooded:
                    break
                first, *others = data.split(b"\n")
                rest += first
                for other in others:
                    self.lines.put(bytes(rest))
                    rest = bytearray(other)
        if rest and not self._flooded:
            self.lines.put(bytes(rest))
        self.lines.put(None)

    def _write(self) -> None:
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        # It may have ended: its last words say why.
        with contextlib.suppress(OSError), pipe:
            while (line := self._to_send.get()) is not None:
                pipe.write(line)
                pipe.flush()
