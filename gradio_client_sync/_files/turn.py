"""A lock with deadlines, for work that one thread does and that other threads then use."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Callable

from .._transport.signal_safe import SafeCondition, new_lock

if TYPE_CHECKING:
    from .._transport.deadlines import Deadline


class Turn:
    """A lock whose waits have deadlines. One thread at a time has the turn."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._busy: tuple[object, int, int] | None = None

    @contextmanager
    def take(self, deadline: Deadline, timed_out: Callable[[], Exception]) -> Iterator[None]:
        """Wait for the turn, and hold it during the ``with`` block.

        A thread that has the turn already does not wait.

        Args:
            deadline: The time limit of the wait.
            timed_out: A function that makes the error for a turn that was not free before the
                deadline.
        """
        mine = object()
        me = threading.get_ident(), os.getpid()
        held = self._busy
        if held is not None and held[1:] == me:  # a progress callback may read the same file
            yield
            return
        try:
            if not self._changed.wait_for(partial(self._claim, mine, me), deadline.left):
                raise timed_out()
            yield
        finally:
            with self._lock:
                if self._busy is not None and self._busy[0] is mine:
                    self._busy = None
                    self._changed.notify_all()

    def _claim(self, mine: object, me: tuple[int, int]) -> bool:
        if self._busy is not None and self._busy[2] == os.getpid():
            return False
        # After a fork, the thread of the parent process that had the turn does not exist here.
        self._busy = mine, *me
        return True
