"""What waits and what starts threads: as `threading` does it, but right when a signal comes.

Python runs a signal's handler, such as that of Ctrl-C, wherever its main thread is: also within
`threading.Condition`, which is written in Python. What the handler raises then leaves its lock
taken for ever, or comes out as "release unlocked lock". `threading.Event`, semaphores and the start
of a thread are made of it. A lock alone is written in C, and ``with`` takes and frees it in one
step (from Python 3.10 to 3.13); so here nobody waits while holding one, and what is held is held
by ``with``. Locks are reentrant, for handlers that do not raise but call, and for the collector,
which may run anywhere, too.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import AbstractContextManager
from typing import Callable

from ..errors import no_thread

#: Seconds that a wait without end lasts at first. A signal that comes just as the main thread goes
#: to sleep does not wake it: Python hears of it when the wait is over.
NOTICED = 0.5


class SafeCondition:
    """Wakes those who wait for something that a lock guards.

    Args:
        lock: A reentrant one. `notify_all` is called with it, `wait_for` without.
    """

    __slots__ = ("_lock", "_waiters")

    def __init__(self, lock: AbstractContextManager[object]) -> None:
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
                    self._waiters.append(waiter)  # first: a handler may change what is asked for
                    if ready():
                        return True
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
            for waiter in tuple(self._waiters):
                if waiter.locked():
                    waiter.release()
                self._forget(waiter)  # last: if a handler strikes, the next one wakes the others

    def _forget(self, waiter: threading.Lock) -> None:
        """Without the lock, which may be what a signal has left taken; it is one step in a list."""
        try:
            self._waiters.remove(waiter)
        except ValueError:
            pass  # it was told meanwhile


def _await(lock: threading.Lock, end: float | None) -> bool:
    """Wait for a lock until a time of the monotonic clock; whether it came."""
    if end is None:
        return lock.acquire(timeout=NOTICED) or lock.acquire()
    for most in (NOTICED, threading.TIMEOUT_MAX):
        left = min(end - time.monotonic(), most)
        if lock.acquire(timeout=max(0.0, left)):
            return True
    return False


class SafeEvent:
    """Something that happens once."""

    __slots__ = ("_changed", "_is_set", "_lock")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
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
        BaseException: What a signal's handler raised meanwhile. The thread mostly runs then, but
            Python's own part of the start may have been struck, too.
    """
    handled = sys.exc_info()[1]
    try:
        thread.start()
    except RuntimeError as exc:
        if thread.ident is None and thread not in threading.enumerate():
            raise no_thread(exc) from exc
        cause = exc.__context__
        if type(exc) is RuntimeError and cause is not None and cause is not handled:
            raise cause from None  # it struck where the start waits for the thread
        raise
