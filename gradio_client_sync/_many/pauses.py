"""`Pauses`: how long a map waits after the app has refused an item.

Pure: the scheduler passes each event with its time. A pause holds back all items, so that refusals
do not follow each other quickly. A full queue needs no pause while other items of the map are in
flight: the next item is sent when one of them ends.
"""

from __future__ import annotations

import random
from typing import NamedTuple

FIRST = 0.25  # s; each further pause is twice as long
LONGEST = 8.0  # s
PATIENCE = 120.0  # s without a server, after which items fail


class Refusal(NamedTuple):
    """The reason why the app refused an item.

    Attributes:
        full: The queue of the app is full.
        absent: No server responded.
        retry_after: The seconds that the server asked to wait; ``None`` if it did not.
    """

    full: bool
    absent: bool
    retry_after: float | None


class Pauses:
    """The pauses of one map. All times are of one clock, in seconds.

    Attributes:
        until: The end of the present pause.
    """

    def __init__(self) -> None:
        self.until = 0.0
        self._next = FIRST
        self._last = -1.0  # the last refusal that began a pause
        self._absent_since: float | None = None

    def ended(self) -> None:
        """Record that the app accepted an item."""
        self._next = max(FIRST, self._next / 2)
        self._absent_since = None

    def refused(self, now: float, began: float, refusal: Refusal, *, alone: bool) -> bool:
        """Record that the app refused an item.

        Args:
            now: The time.
            began: When the item was sent. If a refusal has begun a pause since then, this one does
                not make the pause longer.
            refusal: The reason.
            alone: Whether nothing else of the map is in flight.

        Returns:
            Whether the item may be called again. It may not if no server has responded for
            `PATIENCE` seconds.
        """
        if not refusal.absent:
            self._absent_since = None
        elif self._absent_since is None:
            self._absent_since = now
        elif now - self._absent_since > PATIENCE:
            return False
        wait = refusal.retry_after or 0.0
        if began >= self._last and (alone or not refusal.full):
            self._last = now
            # Up to half of it is removed at random, so that many clients do not return at once.
            wait = max(wait, self._next * (1 - random.random() / 2))
            self._next = min(2 * self._next, LONGEST)
        self.until = max(self.until, now + wait)
        return True
