"""Locks, conditions, events and thread starts that stay correct when a signal handler raises.

Python runs a signal handler, such as that of Ctrl-C, at any point of the main thread. This point
may be inside `threading.Condition`, which is written in Python. If the handler then raises an
exception, the lock of the condition may stay locked, or the caller gets "release unlocked lock".
`threading.Event`, semaphores and `Thread.start` use such conditions.

A lock by itself is written in C, and ``with`` acquires and releases it in one step (on Python 3.14
and later, only a lock that `new_lock` makes). So in this module, no thread waits while it holds a
lock, and every lock is held by ``with``. The locks are reentrant: a signal handler or the garbage
collector may run in a thread that holds a lock, and may call methods that need the same lock.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading
import time
from contextlib import AbstractContextManager
from typing import Any, Callable

from ..errors import GradioClientError, no_thread

#: Seconds of the first part of every wait. A signal that arrives just before the main thread starts
#: to wait does not interrupt the wait, and Python runs its handler only afterwards. So the handler
#: runs after this time at the latest.
NOTICED = 0.5

#: Seconds of each part of a wait of the main thread; ``None`` if a signal ends a wait. On Windows
#: before Python 3.14, Ctrl-C does not end the wait for a lock, with or without a limit (cpython
#: 80116, 125541). So the wait ends and begins again, and Python runs the handler in between.
SLICE: float | None = 0.25 if os.name == "nt" and sys.version_info < (3, 14) else None


_CLock: Any = _thread.RLock  # typeshed says that it is final, and leaves out some of its methods


class _Lock(_CLock):  # type: ignore[misc]  # a subclass of `Any`
    """A reentrant lock for Python 3.14 and later.

    There, ``with`` calls ``__enter__`` like any other function. A signal handler may run after this
    call and before the block. If it raises, nothing releases the lock. A handler does not run where
    a function written in Python returns, so this ``__enter__`` returns with the lock or raises
    without it. ``__exit__`` stays the one written in C: it has released the lock before a handler
    can run.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        count = self._recursion_count()
        try:
            self.acquire()
        except BaseException:
            if self._recursion_count() != count:
                self.release()
            raise


def _new_lock() -> threading.RLock:
    """Make a lock on Python 3.14 and later."""
    lock: Any = threading.RLock()
    return _Lock() if type(lock) is _thread.RLock else lock  # gevent has another class


#: Makes a reentrant lock for ``with``, which a signal handler cannot leave locked. On Python 3.9 it
#: still may, if it raises as the block ends.
new_lock: Callable[[], threading.RLock]
new_lock = _new_lock if sys.version_info >= (3, 14) else threading.RLock


class SafeCondition:
    """A condition variable for state that a lock guards.

    Args:
        lock: A lock of `new_lock`. Callers hold it when they call `notify_all`, and do not hold it
            when they call `wait_for`.
    """

    __slots__ = ("_lock", "_waiters")

    def __init__(self, lock: AbstractContextManager[object]) -> None:
        self._lock = lock
        self._waiters: list[threading.Lock] = []

    def wait_for(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `ready` returns true.

        Args:
            ready: A function that is called with the lock held. It may also claim what it finds,
                so that no other thread gets it.
            timeout: Seconds to wait. ``None`` waits without a limit.

        Returns:
            Whether `ready` returned true. It is called once more after `timeout`.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            waiter = threading.Lock()
            waiter.acquire()
            woken = False
            try:
                with self._lock:
                    # Registered before the check: a signal handler that runs in between may
                    # change the state, and its notification must not be lost.
                    self._waiters.append(waiter)
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
        """Wake all waiting threads, so that each calls its `ready` again."""
        if self._waiters:
            for waiter in tuple(self._waiters):
                if waiter.locked():
                    waiter.release()
                # Removed only after it is woken: if a signal handler raises in this loop, the next
                # `notify_all` still wakes the remaining threads.
                self._forget(waiter)

    def _forget(self, waiter: threading.Lock) -> None:
        """Remove a waiter, without the lock.

        `list.remove` is one step for other threads, so no lock is needed. Waiting for the lock
        here could be interrupted by a signal handler, too.
        """
        try:
            self._waiters.remove(waiter)
        except ValueError:
            pass  # `notify_all` in another thread has woken and removed it


def _await(lock: threading.Lock, end: float | None) -> bool:
    """Wait until the lock is released.

    Args:
        lock: The lock.
        end: The time on the monotonic clock at which the wait ends; ``None`` for no limit.

    Returns:
        Whether the lock was released before `end`.
    """
    if SLICE is not None and threading.get_ident() == threading.main_thread().ident:
        while not lock.acquire(timeout=_until(end, SLICE)):
            if end is not None and time.monotonic() >= end:
                return False
        return True
    if end is None:
        return lock.acquire(timeout=NOTICED) or lock.acquire()
    parts = (NOTICED, threading.TIMEOUT_MAX)
    return any(lock.acquire(timeout=_until(end, most)) for most in parts)


def _until(end: float | None, most: float) -> float:
    """Return the seconds until a time on the monotonic clock, at most `most`."""
    return most if end is None else max(0.0, min(end - time.monotonic(), most))


class SafeEvent:
    """A flag that is set once, and for which threads can wait (like `threading.Event`)."""

    __slots__ = ("_changed", "_is_set", "_lock")

    def __init__(self) -> None:
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._is_set = False

    def is_set(self) -> bool:
        """Return whether the event is set."""
        return self._is_set

    def set(self) -> None:
        """Set the event, and wake all threads that wait for it."""
        with self._lock:
            self._is_set = True
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the event is set, for up to `timeout` seconds, and return whether it is."""
        return self._changed.wait_for(self.is_set, timeout)


def start_thread(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        GradioClientError: The interpreter could not start a thread.
        BaseException: The exception that a signal handler raised during the start. The thread is
            usually running then, unless the handler interrupted `Thread.start` earlier.
    """
    handled = sys.exc_info()[1]
    try:
        thread.start()
    except RuntimeError as exc:
        if thread.ident is None and thread not in threading.enumerate():
            raise no_thread(exc) from exc
        cause = exc.__context__
        if type(exc) is RuntimeError and cause is not None and cause is not handled:
            raise cause from None  # the handler raised while `start` waited for the thread to run
        raise


def start_or_run(start: Callable[[Callable[[], None]], None], task: Callable[[], None]) -> None:
    """Run a task on another thread, or on this one if no thread can be started.

    Args:
        start: A function that runs another function on a thread.
        task: The function to run.
    """
    try:
        start(task)
    except GradioClientError:
        task()
