"""`Once`: a cached value that one thread requests for all threads that need it."""

from __future__ import annotations

import time
from typing import Callable, Generic, TypeVar

from .deadlines import Deadline
from .signal_safe import SafeCondition, new_lock

T = TypeVar("T")


class Once(Generic[T]):
    """A value that is requested at first need, by one thread at a time, and then cached.

    Args:
        request: A function that requests the value. It returns the value, and the seconds for
            which it is cached. If it raises, the thread that called it gets the exception, and the
            next thread calls it again.
    """

    def __init__(self, request: Callable[[Deadline], tuple[T, float]]) -> None:
        self._request = request
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._value: T | None = None
        self._until = 0.0  # the time on the monotonic clock until which the value is valid
        self._requesting = False
        # How often `forget` was called: a request that began before the last call is not cached.
        self._forgotten = 0

    @property
    def known(self) -> T | None:
        """The cached value; ``None`` if there is none, or if the value itself is ``None``."""
        return self._value if time.monotonic() < self._until else None

    def forget(self) -> None:
        """Drop the cached value. The result of a request that is running now is not cached."""
        with self._lock:
            self._until = 0.0
            self._forgotten += 1

    def get(self, deadline: Deadline, *, again: bool = False) -> T | None:
        """Return the value. Request it if it is not cached.

        Args:
            deadline: The deadline of the request. It also limits the wait for a request of another
                thread.
            again: Request the value even if it is cached, unless another thread is requesting it
                now.

        Returns:
            The value; ``None`` if another thread did not receive it before the deadline.

        Raises:
            Exception: The exception that `request` raised in this thread.
        """
        while True:
            mine = False
            try:
                with self._lock:
                    if not again and time.monotonic() < self._until:
                        return self._value
                    forgotten = self._forgotten
                    if not self._requesting:
                        # `mine` is assigned first: if a signal handler raises between the two
                        # assignments, `finally` still releases the other threads.
                        mine = self._requesting = True
                if mine:
                    value, seconds = self._request(deadline)
                    with self._lock:
                        if self._forgotten == forgotten:
                            self._value, self._until = value, time.monotonic() + seconds
                    return value
            finally:
                if mine:
                    with self._lock:
                        self._requesting = False
                        self._changed.notify_all()
            again = False
            left = None if deadline.seconds is None else deadline.left
            if not self._changed.wait_for(lambda: not self._requesting, left):
                return None
