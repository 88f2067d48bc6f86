"""Outcomes are taken in order, or as they end."""

from __future__ import annotations

import pytest

from gradio_client_sync._many.items import Outcome
from gradio_client_sync._many.order import Order

pytestmark = pytest.mark.once


def outcome(index: int) -> Outcome:
    return Outcome(index, [index], index, None, 0.1, 1)


def test_outcomes_are_taken_in_order() -> None:
    """An outcome waits for those before it."""
    order = Order()
    order.add(outcome(1))
    assert not order.has_next(in_order=True)
    order.add(outcome(0))
    taken = [order.take(in_order=True).index for _ in range(2) if order.has_next(in_order=True)]
    assert taken == [0, 1]
    assert order.given == 2


def test_outcomes_are_taken_as_they_end() -> None:
    """Both ways may be mixed, and each outcome is taken once."""
    order = Order()
    for index in (2, 0, 1, 3):
        order.add(outcome(index))
    assert order.take(in_order=False).index == 2
    taken = []
    while order.has_next(in_order=True):
        taken.append(order.take(in_order=True).index)
    assert taken == [0, 1, 3]
    assert not order.has_next(in_order=False)
