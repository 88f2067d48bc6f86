"""`Window`: how many items of a map are in flight.

Pure: it knows no threads and no clock. The scheduler tells it what happens and when, and asks for
`limit`.
"""

from __future__ import annotations

from typing import Protocol


class Window(Protocol):
    """What the scheduler asks and tells. All times are of one clock, in seconds.

    Attributes:
        limit: How many items may be in flight now.
    """

    limit: int

    def ended(self, now: float, seconds: float, waited: float | None, in_flight: int) -> None:
        """Take note of an item that ended.

        Args:
            now: The time.
            seconds: How long its last attempt took.
            waited: How much of that it waited in the app's queue; ``None`` if not known.
            in_flight: How many items were in flight, this one included.
        """

    def refused(self, now: float, began: float, in_flight: int) -> None:
        """Take note of an item that the app did not take.

        Args:
            now: The time.
            began: When the item was sent.
            in_flight: How many items were in flight, this one included.
        """


class FixedWindow:
    """A number that the user chose.

    Args:
        limit: How many items may be in flight.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def ended(self, now: float, seconds: float, waited: float | None, in_flight: int) -> None:
        """Change nothing."""

    def refused(self, now: float, began: float, in_flight: int) -> None:
        """Change nothing: refused items wait, which is enough."""
