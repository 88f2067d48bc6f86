"""`Pauses`: when items go on after the app did not take one.

Pure: the scheduler tells what happens and when. A pause holds back all items, so that refusals do
not come in a storm. A full queue needs no pause while other items of the map are in flight: the
next one goes when one of them ends.
"""

from __future__ import annotations

import random
from typing import NamedTuple

FIRST = 0.25  # s; each further pause is twice as long
LONGEST = 8.0  # s
PATIENCE = 120.0  # s without a server, after which items fail


class Refusal(NamedTuple):
    """Why the app did not take an item.

    Attributes:
        full: The queue of the app is full.
        absent: No server responded.
        retry_after: The seconds that the server asks for; ``None`` if it does not say.
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
        """Take note that the app took an item."""
        self._next = max(FIRST, self._next / 2)
        self._absent_since = None

    def refused(self, now: float, began: float, refusal: Refusal, *, alone: bool) -> bool:
        """Take note that the app did not take an item.

        Args:
            now: The time.
            began: When the item was sent. If a refusal has begun a pause since then, this one
                makes it no longer.
            refusal: Why.
            alone: Whether nothing else of the map is in flight.

        Returns:
            Whether the item may go again. It may not if there has been no server for `PATIENCE`.
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
