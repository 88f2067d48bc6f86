"""`Once`: ask for something once for all threads that need it, and remember it for a while."""

from __future__ import annotations

import threading
import time
from typing import Callable, Generic, TypeVar

from .deadlines import Deadline
from .signal_safe import SafeCondition

T = TypeVar("T")


class Once(Generic[T]):
    """A value that is asked for when it is needed, by one thread at a time.

    Args:
        ask: Return the value, and for how many seconds to remember it. What it raises goes to
            the thread that asked; the next thread asks again.
    """

    def __init__(self, ask: Callable[[Deadline], tuple[T, float]]) -> None:
        self._ask = ask
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._value: T | None = None
        self._until = 0.0  # on the monotonic clock
        self._asking = False
        self._forgotten = 0  # how often: a value from before does not count

    @property
    def known(self) -> T | None:
        """The value if it is remembered; a value of ``None`` cannot be told from none."""
        return self._value if time.monotonic() < self._until else None

    def forget(self) -> None:
        """Ask at the next `get`, whatever is remembered or asked for now."""
        with self._lock:
            self._until = 0.0
            self._forgotten += 1

    def get(self, deadline: Deadline, *, again: bool = False) -> T | None:
        """Return the value.

        Args:
            deadline: Until when to wait for another thread that asks.
            again: Ask even if the value is remembered, unless another thread is asking now.

        Returns:
            The value; ``None`` if another thread did not get it before the deadline.
        """
        while True:
            mine = False
            try:
                with self._lock:
                    if not again and time.monotonic() < self._until:
                        return self._value
                    forgotten = self._forgotten
                    if not self._asking:
                        mine = self._asking = True  # this order: a signal may strike in between
                if mine:
                    value, seconds = self._ask(deadline)
                    with self._lock:
                        if self._forgotten == forgotten:
                            self._value, self._until = value, time.monotonic() + seconds
                    return value
            finally:
                if mine:
                    with self._lock:
                        self._asking = False
                        self._changed.notify_all()
            again = False
            left = None if deadline.seconds is None else deadline.left
            if not self._changed.wait_for(lambda: not self._asking, left):
                return None
