"""Servers in processes of their own, whose exit is timed and whose processor time is read.

It takes a Unix: nothing else tells what an ended process has used.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import NotMeasured
from tests.browser.server import ROOT, START_SECONDS, environment, streamlit_command

HOME = ROOT / "Home.py"
#: Settings of a page that ours are compared with: it runs on what it installs itself, which is
#: Streamlit without uvloop.
PLAIN = {"PYTHONPATH": str(ROOT / "benchmarks" / "without_uvloop")}

# A process that has not ended by then is killed, and this is what its exit took.
EXIT_SECONDS = 10.0
POLL_SECONDS = 0.002
CHILD_SECONDS = 120.0


class Server:
    """A process that is to be stopped once; ``log`` is where its output goes."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log
        self.processor_seconds = 0.0

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.returncode is not None or self._reap()

    @property
    def processor_seconds_so_far(self) -> float:
        """What it has used until now, user and system, to a hundredth of a second.

        Raises:
            NotMeasured: there is no /proc that says so, as outside Linux.
        """
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError as error:
            raise NotMeasured("there is no /proc") from error
        # Fields 14 and 15 of proc(5), of which the first two stand before the bracket.
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> float:
        """Send what Ctrl-C sends and return the seconds until the process is gone.

        From then on ``processor_seconds`` is what it and the processes that it waited for used,
        user and system.
        """
        start = time.perf_counter()
        if not self.ended:
            self.process.send_signal(signal.SIGINT)
        while not self.ended:
            if time.perf_counter() - start > EXIT_SECONDS:
                self.process.kill()
            time.sleep(POLL_SECONDS)
        return time.perf_counter() - start

    def _reap(self) -> bool:
        # Popen would reap the process too, and forget what it used.
        pid, status, used = os.wait4(self.process.pid, os.WNOHANG)
        if pid:
            self.process.returncode = os.waitstatus_to_exitcode(status)
            self.processor_seconds = used.ru_utime + used.ru_stime
        return bool(pid)


@contextmanager
def running(command: Sequence[str], url: str = "", **settings: str) -> Iterator[Server]:
    """Run ``python COMMAND`` in the repository, with an empty home, and always stop it."""
    with running_in(ROOT, command, url, settings) as server:
        yield server


@contextmanager
def running_in(
    folder: Path, command: Sequence[str], url: str, settings: Mapping[str, str]
) -> Iterator[Server]:
    """Run ``python COMMAND`` in ``folder``, with an empty home, and always stop it."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        home = Path(name)
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                env=environment(home, **{"COURSE_CONNECTION": "local", **settings}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            server = Server(process, url, home / "log")
            try:
                yield server
            finally:
                server.stop()


@contextmanager
def streamlit(script: Path, **settings: str) -> Iterator[Server]:
    """Run a page with `streamlit run` on a free port, and yield it once it answers."""
    command, url = streamlit_command(script)
    with running(command, url, **settings) as server:
        wait_until_it_answers(server)
        yield server


def in_fresh_process(task: str, **settings: str) -> str:
    """Run one of ``benchmarks.children``'s tasks to its end and return what it printed.

    Raises:
        NotMeasured: it failed.
    """
    with running(["-m", "benchmarks.children", task], **settings) as server:
        deadline = time.monotonic() + CHILD_SECONDS
        while not server.ended and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        output = server.log.read_text()
        if server.process.returncode != 0:
            last = output.strip().splitlines()[-1:] or ["no output"]
            raise NotMeasured(f"{task} failed: {last[0]}")
    return output


def wait_until_it_answers(server: Server) -> None:
    """Return once a Streamlit server answers.

    Raises:
        NotMeasured: it did not in good time.
    """
    # Keep requests to ourselves away from the machine's proxies.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not server.ended:
        try:
            with opener.open(f"{server.url}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise NotMeasured("Streamlit did not start")
