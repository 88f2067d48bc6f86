"""Until when something has to be over, and what happens then.

A `Deadline` is a value that is passed down with a call. `Timers` acts on it: at the deadline it
calls a function, which ends the wait from outside, whatever it waits for. So a server that sends
a byte now and then cannot stretch a wait, as it could with limits on each read alone.
"""

from __future__ import annotations

import math
import os
import threading
import time
from typing import Callable

from .._record import FrozenRecord
from .signal_safe import SafeCondition, start_thread

_RINGING_SECONDS = 0.5  # an alarm wakes somebody, which takes no time
_IDLE_SECONDS = 5.0  # a thread that waits costs little, but not nothing


class Deadline(FrozenRecord):
    """A point on the clock that no change of the time of day moves.

    Attributes:
        seconds: How long it was away when it was set; ``None`` if there is no limit.
        end: When it is, on the monotonic clock.
    """

    seconds: float | None = None
    end: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """So many seconds from now; ``None`` for no limit."""
        return NEVER if seconds is None else cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds from now, at least none; infinite without a limit."""
        return max(0.0, self.end - time.monotonic())

    def clip(self, seconds: float | None) -> float | None:
        """A wait of so many seconds, or of what is left if that is less."""
        if self.seconds is None:
            return seconds
        left = max(self.left, 0.001)  # no wait at all would mean another thing to a socket
        return left if seconds is None else min(seconds, left)


NEVER = Deadline()


class Timers:
    """Calls functions at deadlines, on a thread that there is only while one is awaited."""

    def __init__(self) -> None:
        self._closed = False
        self._begin()

    def _begin(self) -> None:
        """Without an alarm: in a fork, those that are set are its parent's."""
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._set: dict[object, tuple[float, Callable[[], None]]] = {}
        self._awaited = math.inf  # what the thread waits for
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    def set(self, deadline: Deadline, ring: Callable[[], None]) -> Callable[[], None]:
        """Have a function called at a deadline. It must not block.

        Returns:
            What calls it off; harmless when repeated, and when it has rung.

        Raises:
            GradioClientError: No thread could be started.
        """
        if deadline.seconds is None:
            return _nothing
        if self._pid != os.getpid():
            self._begin()
        alarm = object()
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._watch, name="gradio-deadlines", daemon=True)
                start_thread(thread)  # it waits for the lock
                self._thread = thread
            elif deadline.end < self._awaited:
                self._changed.notify_all()
            self._set[alarm] = deadline.end, ring

        def call_off() -> None:
            with self._lock:
                self._set.pop(alarm, None)

        return call_off

    def close(self) -> None:
        """Ring no more. Returns when the thread has ended, unless an alarm is ringing for long."""
        with self._lock:
            self._closed = True
            self._set.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_RINGING_SECONDS)

    def _watch(self) -> None:
        while self._wait():
            with self._lock:
                now = time.monotonic()
                due = [alarm for alarm, (end, _) in list(self._set.items()) if end <= now]
                # The collector may close a client right here, and with it these alarms.
                rings = [self._set.pop(alarm, (now, _nothing))[1] for alarm in due]
            while rings:  # a thread that waits must not keep a job, and with it a client, alive
                rings.pop(0)()

    def _wait(self) -> bool:
        """Wait for the next deadline or for an earlier one; whether the thread goes on."""
        with self._lock:
            self._awaited = self._next()
            wait = _IDLE_SECONDS if self._awaited == math.inf else self._awaited - time.monotonic()
        self._changed.wait_for(lambda: self._closed or self._next() < self._awaited, wait)
        with self._lock:
            if self._closed or not self._set:
                self._thread = None
            return self._thread is not None

    def _next(self) -> float:
        return min((end for end, _ in list(self._set.values())), default=math.inf)


def _nothing() -> None:
    pass
