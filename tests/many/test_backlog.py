"""Items that wait: the order in which they are called."""

from __future__ import annotations

import pytest

from gradio_client_sync._many.backlog import Backlog
from gradio_client_sync._many.items import Item

pytestmark = pytest.mark.once


def test_items_that_go_again_come_first() -> None:
    """They come in the order of the payloads."""
    waiting = Backlog()
    waiting.ahead.extend(Item(index, None) for index in (4, 5))
    for index in (3, 1):
        waiting.again(Item(index, None))
    assert [waiting.take().index for _ in range(len(waiting))] == [1, 3, 4, 5]


def test_items_after_an_index_are_dropped() -> None:
    """A failed item ends the map for those after it."""
    waiting = Backlog()
    waiting.ahead.extend(Item(index, None) for index in (4, 5))
    for index in (3, 1):
        waiting.again(Item(index, None))
    waiting.drop_after(4)
    assert [waiting.take().index for _ in range(len(waiting))] == [1, 3]
