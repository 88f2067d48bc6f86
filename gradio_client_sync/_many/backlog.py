"""`Backlog`: the items of a map that wait for a call, the first one or a repeated one.

Pure. Items that are called again come before items that were never called.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .items import Item


class Backlog:
    """Items in the order in which they are called.

    Attributes:
        ahead: Items that were read and never called.
    """

    def __init__(self) -> None:
        self.ahead: deque[Item] = deque()
        self._again: list[tuple[int, Item]] = []  # a heap by index

    def __len__(self) -> int:
        return len(self.ahead) + len(self._again)

    def again(self, item: Item) -> None:
        """Add an item that has to be called again."""
        heapq.heappush(self._again, (item.index, item))

    def take(self) -> Item:
        """Remove and return the next item. The backlog must not be empty."""
        return heapq.heappop(self._again)[1] if self._again else self.ahead.popleft()

    def drop_after(self, index: int) -> None:
        """Drop all items with a larger index."""
        self.ahead = deque(item for item in self.ahead if item.index < index)
        self._again = [pair for pair in self._again if pair[0] < index]
        heapq.heapify(self._again)
