"""Two listeners for tests: one keeps events and can be waited for, one blocks its job."""

from __future__ import annotations

import threading
from typing import Any, Callable

BOUND = 20.0  # s; a test that waits longer has failed
LATE = 0.5  # s; how late an end may be


class EventRecorder:
    """A listener that keeps its events; `wait_for` waits for one."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.threads: list[str] = []
        self._changed = threading.Condition()

    def __call__(self, event: Any) -> None:
        with self._changed:
            self.events.append(event)
            self.threads.append(threading.current_thread().name)
            self._changed.notify_all()

    def wait_for(
        self, wanted: Callable[[Any], bool] = lambda event: True, *, after: int = 0
    ) -> Any:
        """Return the first event that is ``wanted``, after skipping the first ``after`` events."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: next(((e,) for e in self.events[after:] if wanted(e)), None), BOUND
            )
        assert found, f"no such event within {BOUND:g} s; the last are {self.events[-5:]}"
        return found[0]

    def values(self) -> list[Any]:
        """Return the first output of each data event."""
        return [event[0] for event in self.events]


class BlockingListener:
    """A listener that does not return until `free` is called."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._freed = threading.Event()

    def __call__(self, event: Any) -> None:
        self._reached.set()
        assert self._freed.wait(BOUND), "the test did not call free()"

    def wait_until_reached(self) -> None:
        """Wait until the job has called the listener."""
        assert self._reached.wait(BOUND), "the listener was not called"

    def free(self) -> None:
        """Let this call of the listener, and all later ones, return."""
        self._freed.set()
