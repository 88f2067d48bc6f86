"""`Tally`: how far a map is, for its display.

Items end on worker threads. A display that fails is logged, and never ends the map.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Callable, Literal, NamedTuple

from .._basics.words import called
from .._transport.signal_safe import new_lock

if TYPE_CHECKING:
    from .items import Outcome

log = logging.getLogger(__name__)

Phase = Literal["not started", "running", "complete", "cancelled", "failed"]

KEPT = 5  # failures, for the display


class Failure(NamedTuple):
    """A failed item.

    Attributes:
        item: The position of the item among the payloads, counted from 0.
        name: The class of its error.
        message: The text of its error.
    """

    item: int
    name: str
    message: str


class Tally:
    """How far a map is. Every method may be called from any thread.

    Args:
        endpoint: The endpoint's name, or its number if it has none.
        total: How many items there are; ``None`` if that is not known.

    Attributes:
        phase: What the map does.
        done: How many items have a result.
        failed: How many have failed.
        replayed: How many outcomes came from the journal.
        failures: The first items that failed.
        error: The error that ended the map, as its class and its text.
        in_flight: Returns how many items are at the app.
    """

    def __init__(self, endpoint: str | int, total: int | None) -> None:
        self.endpoint = endpoint
        self.total = total
        self.phase: Phase = "not started"
        self.done = self.failed = self.replayed = 0
        self.failures: list[Failure] = []
        self.error: tuple[str, str] | None = None
        self.in_flight: Callable[[], int] = int
        self._lock = new_lock()
        self._began = self._ended = 0.0
        self._watchers: tuple[Callable[[], object], ...] = ()

    def watch(self, watcher: Callable[[], object]) -> None:
        """Call a function after each change, on the thread that made it."""
        with self._lock:
            self._watchers = (*self._watchers, watcher)

    def begin(self) -> None:
        """Record that the first outcome is read."""
        if self.phase != "not started":
            return
        with self._lock:
            self._began, self.phase = time.monotonic(), "running"
        self._changed()

    def add(self, outcome: Outcome) -> None:
        """Count an item that has ended."""
        error = outcome.error
        with self._lock:
            self.done += error is None
            self.failed += error is not None
            self.replayed += outcome.replayed
            if error is not None and len(self.failures) < KEPT:
                self.failures.append(Failure(outcome.index, type(error).__name__, str(error)))
        self._changed()

    def end(self, phase: Phase, error: BaseException | None = None) -> None:
        """Record the end of the map. Later calls do nothing.

        Args:
            phase: How it has ended. A map is complete if all its items have ended, also if a loop
                over it stops there and does not ask for more.
            error: The error that ended it.
        """
        with self._lock:
            if self._ended:
                return
            self._ended = time.monotonic()
            self._began = self._began or self._ended
            all_ended = self.total is not None and self.done + self.failed == self.total
            self.phase = "complete" if phase == "cancelled" and all_ended else phase
            self.error = None if error is None else (type(error).__name__, str(error))
        self._changed()

    def _changed(self) -> None:
        for watcher in self._watchers:
            try:
                watcher()
            except Exception:
                log.exception("the display of a map has failed")

    @property
    def seconds(self) -> float:
        """How long the map has run."""
        if self.phase == "not started":
            return 0.0
        return (self._ended or time.monotonic()) - self._began

    @property
    def rate(self) -> float:
        """How many items ended per second. Those from the journal do not count."""
        seconds = self.seconds
        return (self.done + self.failed - self.replayed) / seconds if seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """How many seconds the rest will take; ``None`` if that is not known."""
        rate = self.rate
        if self.total is None or not rate:
            return None
        return max(0, self.total - self.done - self.failed) / rate

    def __repr__(self) -> str:
        of = "" if self.total is None else f" of {self.total}"
        counts = f"{self.done}{of} done, {self.failed} failed, {self.in_flight()} in flight"
        return f"<Map of {called(self.endpoint)}: {counts}>"
