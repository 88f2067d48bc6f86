"""Pauses after refusals: how long, and for which."""

from __future__ import annotations

import pytest

from gradio_client_sync._many.pauses import FIRST, LONGEST, PATIENCE, Pauses, Refusal

pytestmark = pytest.mark.once

FULL = Refusal(full=True, absent=False, retry_after=None)
LIMITED = Refusal(full=False, absent=False, retry_after=None)
ABSENT = Refusal(full=False, absent=True, retry_after=None)


def test_pause_grows_with_each_refusal_that_follows_it() -> None:
    """Pauses double up to a limit; up to half of each is removed at random."""
    pauses, now = Pauses(), 10.0
    for expected in (FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST, LONGEST, LONGEST):
        assert pauses.refused(now, now, LIMITED, alone=True)
        assert expected / 2 <= pauses.until - now <= expected
        now = pauses.until


def test_pause_shrinks_after_an_item_was_taken() -> None:
    """It does not start from the beginning, since the limit is still there."""
    pauses = Pauses()
    pauses.refused(1.0, 1.0, LIMITED, alone=True)
    pauses.refused(2.0, 2.0, LIMITED, alone=True)
    pauses.ended()
    pauses.refused(3.0, 3.0, LIMITED, alone=True)
    assert FIRST <= pauses.until - 3.0 <= 2 * FIRST


def test_pause_is_the_same_for_items_that_were_refused_together() -> None:
    """Items that were sent before the pause began do not make it longer."""
    pauses = Pauses()
    pauses.refused(1.0, 0.5, LIMITED, alone=False)
    until = pauses.until
    pauses.refused(1.01, 0.5, LIMITED, alone=False)
    assert pauses.until == until


def test_pause_is_as_long_as_the_server_asks() -> None:
    """Retry-After counts for all items."""
    pauses = Pauses()
    pauses.refused(1.0, 0.5, LIMITED._replace(retry_after=30.0), alone=False)
    assert pauses.until == 31.0


def test_full_queue_needs_no_pause_while_others_are_in_flight() -> None:
    """When one of them ends, there is room for the next."""
    pauses = Pauses()
    pauses.refused(1.0, 0.5, FULL, alone=False)
    assert pauses.until <= 1.0
    pauses.refused(1.0, 0.5, FULL, alone=True)
    assert pauses.until > 1.0


def test_items_fail_if_there_is_no_server_for_a_long_time() -> None:
    """An accepted item, or one that a server has refused, restarts the time."""
    pauses = Pauses()
    assert pauses.refused(0.0, 0.0, ABSENT, alone=True)
    assert pauses.refused(PATIENCE, PATIENCE, ABSENT, alone=True)
    assert not pauses.refused(PATIENCE + 1, PATIENCE + 1, ABSENT, alone=True)
    pauses.refused(PATIENCE + 2, PATIENCE + 2, LIMITED, alone=True)
    assert pauses.refused(PATIENCE + 3, PATIENCE + 3, ABSENT, alone=True)
    pauses.ended()
    assert pauses.refused(3 * PATIENCE, 3 * PATIENCE, ABSENT, alone=True)
