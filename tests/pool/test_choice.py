"""The choice of the replica with the least to do."""

from __future__ import annotations

import pytest

from gradio_client_sync._pool.choice import Load, choose


@pytest.mark.parametrize(
    ("loads", "chosen"),
    [
        ([Load(0, 3), Load(0, 1), Load(0, 2)], 1),  # the least to do
        ([Load(0, 9), Load(1, 0), Load(2, 0)], 0),  # a better state counts more
        ([Load(0, 1, used=5), Load(0, 1, used=2)], 1),  # not used for longer
        ([Load(0, 1, 1.0, used=5), Load(0, 1, 3.0, used=2)], 0),  # clearly faster
        ([Load(0, 1, 1.0, used=5), Load(0, 1, 1.9, used=2)], 1),  # about as fast
        ([Load(0, 1, 1.0, used=2), Load(0, 1, None, used=5)], 0),
        ([Load(0, 1, 1.0, used=5), Load(0, 1, None, used=2)], 1),  # to learn how fast it is
        ([Load(0, 1, 0.1), Load(0, 0, 9.0)], 1),  # a slow one that is idle
        ([Load(3, 0)], 0),
    ],
)
def test_choice_of_replica(loads: list[Load], chosen: int) -> None:
    """State, then load, then speed, then the time since the last call decide."""
    assert choose(loads) == chosen


def test_choice_keeps_all_replicas_busy() -> None:
    """With a fixed number of calls in flight, a slow replica has no more calls than the others."""
    speeds = {0: 1, 1: 1, 2: 10}  # steps for one call; each replica runs one call at a time
    in_flight, left, ended = [0, 0, 0], dict(speeds), [0, 0, 0]
    for step in range(1000):
        while sum(in_flight) < 6:
            chosen = choose([Load(0, calls, used=step) for calls in in_flight])
            in_flight[chosen] += 1
        assert min(in_flight) >= 1
        for replica in speeds:
            left[replica] -= 1
            if left[replica] == 0:
                left[replica] = speeds[replica]
                in_flight[replica] -= 1
                ended[replica] += 1
    assert ended == [1000, 1000, 100]
