"""`Order`: the outcomes of a map that have not been given to the user yet.

Pure. Each outcome is removed in the order of the payloads or in that of their ends, as the caller
asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .items import Outcome


class Order:
    """Outcomes by index.

    Attributes:
        given: How many outcomes were removed.
    """

    def __init__(self) -> None:
        self.given = 0
        self._outcomes: dict[int, Outcome] = {}  # in the order in which they ended
        self._next = 0
        self._early: set[int] = set()  # removed before their turn

    def add(self, outcome: Outcome) -> None:
        """Add an outcome."""
        self._outcomes[outcome.index] = outcome

    def has_next(self, *, in_order: bool) -> bool:
        """Return whether there is an outcome to remove."""
        if not in_order:
            return bool(self._outcomes)
        while self._next in self._early:
            self._early.discard(self._next)
            self._next += 1
        return self._next in self._outcomes

    def take(self, *, in_order: bool) -> Outcome:
        """Remove and return the next outcome. `has_next` must have returned true."""
        index = self._next if in_order else next(iter(self._outcomes))
        outcome = self._outcomes.pop(index)
        self.given += 1
        if index == self._next:
            self._next += 1
        else:
            self._early.add(index)
        return outcome
