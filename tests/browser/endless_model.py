"""A model server that never ends an answer, and knows how many of them somebody still reads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["EndlessModel", "endless_model"]

WORD = json.dumps({"choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]})
GAP_SECONDS = 0.05
PATIENCE_SECONDS = 120


class EndlessModel(ThreadingHTTPServer):
    """Serves on a free port of this machine; ``being_read`` counts the open answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.being_read = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def comes_to_be_read_by(self, number: int) -> None:
        """Wait for what Playwright does not see; generous, as a busy machine takes its time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.being_read != number:
            assert time.monotonic() < deadline, f"{self.being_read} answers are being read"
            time.sleep(0.02)

    def count(self, change: int) -> None:
        with self.lock:
            self.being_read += change


class _Answers(BaseHTTPRequestHandler):
    server: EndlessModel

    def log_message(self, *_: object) -> None:
        """Say nothing: the tests' output is not the place."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.server.count(1)
        try:
            while True:
                self.wfile.write(f"data: {WORD}\n\n".encode())
                time.sleep(GAP_SECONDS)
        except OSError:
            return  # nobody reads it any more
        finally:
            self.server.count(-1)


@contextmanager
def endless_model() -> Iterator[EndlessModel]:
    """Run such a server in a thread."""
    model = EndlessModel()
    thread = threading.Thread(target=model.serve_forever, daemon=True)
    thread.start()
    yield model
    model.shutdown()
    model.server_close()
    thread.join()
