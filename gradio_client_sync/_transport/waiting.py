"""What waits and what starts threads: as `threading` does it, but right when a signal comes.

Python runs a signal's handler, such as that of Ctrl-C, wherever its main thread is: also within
`threading.Condition`, which is written in Python. What the handler raises then leaves its lock
taken for ever, or comes out as "release unlocked lock". `threading.Event` and the start of a thread
are made of it. A lock alone is written in C, and ``with`` takes it in one step; so here nobody
waits while holding one, and all that is held is held by ``with``.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Callable

from ..errors import no_thread

#: Seconds that a wait without end lasts at first. A signal that comes just as the main thread goes
#: to sleep does not wake it: Python hears of it when the wait is over.
NOTICED = 0.5


class Change:
    """Wakes those who wait for something that a lock guards.

    Args:
        lock: The lock. `notify_all` is called with it, `wait_for` without.
    """

    __slots__ = ("_lock", "_waiters")

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._waiters: list[threading.Lock] = []

    def wait_for(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait for up to `timeout` seconds until `ready`, which is asked under the lock.

        It may take what it finds, so that nobody else does.

        Returns:
            Whether it was.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            waiter = threading.Lock()
            waiter.acquire()
            woken = False
            try:
                with self._lock:
                    if ready():
                        return True
                    self._waiters.append(waiter)
                woken = _await(waiter, end)
            finally:
                if not woken:
                    self._forget(waiter)
            if not woken:
                with self._lock:
                    return ready()

    def notify_all(self) -> None:
        """Have all who wait ask again."""
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                waiter.release()

    def _forget(self, waiter: threading.Lock) -> None:
        with self._lock:
            if waiter in self._waiters:
                self._waiters.remove(waiter)


def _await(lock: threading.Lock, end: float | None) -> bool:
    """Wait for a lock until a time of the monotonic clock; whether it came."""
    if end is None:
        return lock.acquire(timeout=NOTICED) or lock.acquire()
    for most in (NOTICED, threading.TIMEOUT_MAX):
        left = min(end - time.monotonic(), most)
        if lock.acquire(timeout=max(0.0, left)):
            return True
    return False


class Flag:
    """Something that happens once."""

    __slots__ = ("_changed", "_is_set", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = Change(self._lock)
        self._is_set = False

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._is_set

    def set(self) -> None:
        """It happens."""
        with self._lock:
            self._is_set = True
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for up to `timeout` seconds; whether it has happened."""
        return self._changed.wait_for(self.is_set, timeout)


def start_thread(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        GradioClientError: The interpreter starts none.
        BaseException: What a signal's handler raised meanwhile; the thread runs.
    """
    handled = sys.exc_info()[1]
    try:
        thread.start()
    except RuntimeError as exc:
        cause = exc.__context__
        if cause is not None and cause is not handled:
            raise cause from None
        raise no_thread(exc) from exc
