"""What a click in the lab has started: it works in a thread of its own, and pages watch it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

from course.limits import Admission, Refusal

# How often a job looks whether it is its turn, or whether what it waits for has come; seconds.
LOOK_SECONDS = 0.05


class Job(ABC):
    """Work that goes on while pages are drawn, left and drawn again.

    A subclass keeps the record that pages draw. No Streamlit in here: a thread has no page.
    ``ahead`` is how many learners are before it in the server's queue, ``None`` once it is in.
    """

    def __init__(self, admission: Admission) -> None:
        self.ahead: int | None = None
        self.refusal: Refusal | None = None
        self.begun = False
        self._admission = admission
        self._cancelled = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lab-job", daemon=True)

    @abstractmethod
    def work(self) -> None:
        """Do the work, in the job's thread; leave nothing running behind."""

    def start(self) -> None:
        """Begin to wait for a place among the server's streams, and then to work."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether its record may still change."""
        return not self._over.is_set()

    @property
    def stopped(self) -> bool:
        return self._cancelled.is_set()

    @property
    def phase(self) -> object:
        """What a page is drawn for: when it changes, more than the record has to be drawn."""
        return self.ahead

    def cancel(self) -> None:
        """Stop it, from any thread; what it has recorded stays."""
        if self.running:
            self._cancelled.set()

    def join(self, seconds: float) -> bool:
        """Wait until its thread is done, at most so long; return whether it is."""
        return self._over.wait(seconds)

    def wait_for(self, done: Callable[[], bool], every: float = LOOK_SECONDS) -> None:
        """Wait until it is ``done`` or cancelled; check every ``every`` seconds."""
        while not done() and not self._cancelled.wait(every):
            pass

    def _run(self) -> None:
        try:
            self.wait_for(self._is_let_in)
            if self._cancelled.is_set():
                self._admission.cancel()
            else:
                self.begun = True
                self.work()
        except Refusal as refusal:
            # Without the traceback, which holds the frames of this thread.
            self.refusal = refusal.again()
        except BaseException:
            self._admission.cancel()
            raise
        finally:
            self.ahead = None
            self._over.set()

    def _is_let_in(self) -> bool:
        self.ahead = self._admission.wait(LOOK_SECONDS)
        return self.ahead is None
