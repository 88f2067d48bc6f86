"""The status line of the command ``map`` on a terminal: ended items, rate, and remaining time.

Items end on worker threads, and each of them may draw the line.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .._transport.signal_safe import new_lock
from .live import METER

if TYPE_CHECKING:
    from ..many import Outcome
    from .screen import Screen

REDRAW = 0.1  # s between two drawings, at least


class MapLine:
    """Counts the items that have ended, and shows it. Safe to use from several threads.

    Args:
        screen: Where to draw.
        total: How many items there are; ``None`` if that is not known.

    Attributes:
        done: How many have a result.
        failed: How many have failed.
        replayed: How many outcomes came from the journal.
    """

    def __init__(self, screen: Screen, total: int | None) -> None:
        self._screen = screen
        self._total = total
        self._lock = new_lock()
        self._began = time.monotonic()
        self._drawn = 0.0
        self.done = self.failed = self.replayed = 0

    def add(self, outcome: Outcome) -> None:
        """Count an item that has ended."""
        now = time.monotonic()
        with self._lock:
            self.done += outcome.error is None
            self.failed += outcome.error is not None
            self.replayed += outcome.replayed
            is_due = now - self._drawn >= REDRAW
            if is_due:
                self._drawn = now
        if is_due and self._screen.is_live:
            self._screen.draw([self.text(now - self._began)])

    def text(self, spent: float) -> str:
        """Return the line.

        Args:
            spent: Seconds since the beginning.
        """
        ended, called = self.done + self.failed, self.done + self.failed - self.replayed
        rate = called / spent if spent > 0 else 0.0
        parts = []
        if self._total:
            full = round(METER * min(ended / self._total, 1.0))
            parts += ["█" * full + "░" * (METER - full), f"{ended}/{self._total}"]
        else:
            parts.append(f"{ended} items")
        if rate > 0:
            parts.append(f"{rate:.1f}/s" if rate < 100 else f"{rate:.0f}/s")
            if self._total and self._total > ended:
                parts.append(f"{clock((self._total - ended) / rate)} left")
        return "  ".join(parts) + self._extra("  ")

    def summary(self) -> str:
        """Return how many items have ended, and how long that took, as the last line."""
        spent = clock(time.monotonic() - self._began)
        ended = self.done + self.failed
        items = f"{ended} items" if ended != 1 else "1 item"
        of = f" of {self._total}" if self._total is not None and self._total != ended else ""
        return f"{items}{of} in {spent}" + self._extra(", ")

    def _extra(self, separator: str) -> str:
        texts = ((self.failed, "failed"), (self.replayed, "from the journal"))
        return "".join(f"{separator}{number} {what}" for number, what in texts if number)


def clock(seconds: float) -> str:
    """Return a time as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
