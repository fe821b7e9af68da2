"""A Local Cortex in a process of its own, which two pages share and which can be killed."""

from __future__ import annotations

import gc
import multiprocessing
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.figures import NotMeasured
from local_cortex import LocalCortex
from local_cortex.environment import Settings
from local_cortex.launch import connection_block
from local_cortex.loopback import write_certificate

START_SECONDS = 20.0


class SharedCortex:
    """Starts a Local Cortex that any number of programs use as an account; see ``settings``."""

    def __init__(self, folder: Path, settings: Settings, public_authorities: bool) -> None:
        # Kept, because a server that has read its certificate reads it again after a restart.
        self._certificate, self.bundle, _ = write_certificate(folder, {})
        if not public_authorities:
            _keep_the_last(self.bundle)
        self._secrets = folder / "secrets.toml"
        self.secret = secrets.token_urlsafe(24)
        self._settings = settings
        self._port = 0
        self.start()

    def start(self) -> None:
        """Start the process; after a ``kill`` it is the same account at the same port."""
        context = multiprocessing.get_context("spawn")
        self._line, far = context.Pipe()
        given = (far, self._settings, self._port, self.secret, self._certificate)
        self._process = context.Process(target=_serve, args=given, daemon=True)
        self._process.start()
        far.close()
        if not self._line.poll(START_SECONDS):
            self.kill()
            raise NotMeasured("Local Cortex did not start")
        self._port = self._line.recv()
        self._secrets.write_text(connection_block(self._port, self.secret), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """What a program is to find in its environment, so that it uses this account."""
        return {
            "COURSE_CONNECTION": "account",
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "SSL_CERT_FILE": str(self.bundle),
            "STREAMLIT_SECRETS_FILES": str(self._secrets),
        }

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self._port}"

    def kill(self) -> None:
        """End the process as a crash would."""
        self._process.kill()
        self._process.join()


@contextmanager
def shared_cortex(
    *, first_token: float, tokens_per_second: float, public_authorities: bool = True
) -> Iterator[SharedCortex]:
    """Run a Local Cortex of this pace: seconds to the first token, then tokens a second.

    With ``public_authorities`` its users trust these, too, as for an account: snowflake.cortex by
    itself reads all of their certificates for each request.
    """
    settings = Settings(first_token=first_token, tokens_per_second=tokens_per_second)
    with tempfile.TemporaryDirectory(prefix="shared-cortex-") as folder:
        cortex = SharedCortex(Path(folder), settings, public_authorities)
        try:
            yield cortex
        finally:
            cortex.kill()


def _keep_the_last(bundle: Path) -> None:
    """Leave nothing in a bundle but the authority that it ends with, Local Cortex's own."""
    begin = b"-----BEGIN CERTIFICATE-----"
    bundle.write_bytes(begin + bundle.read_bytes().rpartition(begin)[2])


def _serve(line: Connection, settings: Settings, port: int, secret: str, certificate: Path) -> None:
    for name in [name for name in os.environ if name.startswith("COURSE_RELAY")]:
        del os.environ[name]
    cortex = LocalCortex.start(settings=settings, port=port, secret=secret, certificate=certificate)
    line.send(cortex.port)
    # What it collects would hold up every answer, and seem to be a page's doing.
    gc.freeze()
    gc.disable()
    with suppress(EOFError, OSError):
        line.recv()  # nothing is sent: it ends when the caller has gone
