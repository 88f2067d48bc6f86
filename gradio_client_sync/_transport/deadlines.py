"""`Deadline` and `Timers`: points in time by which calls must end, and functions called then.

A `Deadline` is a value that is passed down with a call. `Timers` calls a function when the deadline
passes. The function ends the call's wait from another thread. A limit on each read would not be
enough: a server that sends a byte now and then could extend the wait without end.
"""

from __future__ import annotations

import math
import os
import threading
import time
from typing import Callable

from .._basics.record import FrozenRecord
from .signal_safe import SafeCondition, new_lock, start_thread

_CALLBACK_SECONDS = 0.5  # how long `close` waits for a callback, which only wakes other threads
_IDLE_SECONDS = 5.0  # how long the thread waits for a new timer; a waiting thread costs a little


class Deadline(FrozenRecord):
    """A point in time on the monotonic clock, which does not change with the time of day.

    Attributes:
        seconds: The seconds until the deadline when it was set; ``None`` for no limit.
        end: The deadline, on the monotonic clock.
    """

    seconds: float | None = None
    end: float = math.inf

    @classmethod
    def after(cls, seconds: float | None) -> Deadline:
        """Return the deadline that is this many seconds from now; ``None`` for no limit."""
        return NEVER if seconds is None else cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """The seconds until the deadline: never negative, infinite if there is no limit."""
        return max(0.0, self.end - time.monotonic())

    def clip(self, seconds: float | None) -> float | None:
        """Return a timeout of this many seconds, or of those that are left if they are fewer."""
        if self.seconds is None:
            return seconds
        left = max(self.left, 0.001)  # a timeout of 0 makes a socket non-blocking
        return left if seconds is None else min(seconds, left)


NEVER = Deadline()


class Timers:
    """Calls functions at deadlines. The thread exists only while there are timers, and 5 s more."""

    def __init__(self) -> None:
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        """Start without timers. After a fork, the existing ones belong to the parent process."""
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._timers: dict[object, tuple[float, Callable[[], None]]] = {}
        self._next_end = math.inf  # the time until which the thread waits
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()

    def set(self, deadline: Deadline, callback: Callable[[], None]) -> Callable[[], None]:
        """Set a timer, which calls a function at a deadline.

        Args:
            deadline: The deadline. If it has no limit, the function is never called.
            callback: The function. It must not block.

        Returns:
            A function that cancels the timer. It may be called more than once, and after the
            deadline.

        Raises:
            GradioClientError: No thread could be started.
        """
        if deadline.seconds is None:
            return _do_nothing
        if self._pid != os.getpid():
            self._reset()
        timer = object()
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="gradio-deadlines", daemon=True)
                start_thread(thread)  # it waits for the lock
                self._thread = thread
            elif deadline.end < self._next_end:
                self._changed.notify_all()
            self._timers[timer] = deadline.end, callback

        def cancel() -> None:
            with self._lock:
                self._timers.pop(timer, None)

        return cancel

    def close(self) -> None:
        """Cancel all timers, and wait until the thread has ended, for at most 0.5 s."""
        with self._lock:
            self._closed = True
            self._timers.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_CALLBACK_SECONDS)

    def _run(self) -> None:
        """Run the thread: call each function whose deadline has passed."""
        while self._wait():
            with self._lock:
                now = time.monotonic()
                due = [timer for timer, (end, _) in list(self._timers.items()) if end <= now]
                # With a default: the garbage collector may run here and close a client, which
                # removes the timers.
                callbacks = [self._timers.pop(timer, (now, _do_nothing))[1] for timer in due]
            # Each callback is dropped before the next wait. It refers to a job, and the job to a
            # client, which could not be collected while this thread waits.
            while callbacks:
                callbacks.pop(0)()

    def _wait(self) -> bool:
        """Wait for the next deadline, or until an earlier one is set.

        Returns:
            Whether the thread must continue.
        """
        with self._lock:
            self._next_end = end = self._first_end()
            wait = _IDLE_SECONDS if end == math.inf else end - time.monotonic()
        self._changed.wait_for(lambda: self._closed or self._first_end() < self._next_end, wait)
        with self._lock:
            if self._closed or not self._timers:
                self._thread = None
            return self._thread is not None

    def _first_end(self) -> float:
        return min((end for end, _ in list(self._timers.values())), default=math.inf)


def _do_nothing() -> None:
    pass
