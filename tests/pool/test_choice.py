"""The choice of the replica with the least to do."""

from __future__ import annotations

import pytest

from gradio_client_sync._pool.choice import Load, choose


@pytest.mark.parametrize(
    ("loads", "chosen"),
    [
        ([Load(0, 3), Load(0, 1), Load(0, 2)], 1),  # the fewest calls
        ([Load(0, 9), Load(1, 0), Load(2, 0)], 0),  # a better state counts more
        ([Load(0, 4, 0), Load(0, 2, 1)], 0),  # all of its calls run, so the next one may run, too
        ([Load(0, 3, 2), Load(0, 3, 1)], 1),  # the shorter queue
        ([Load(0, 0, 8), Load(0, 3, 3)], 1),  # a queue that others have filled
        ([Load(0, 6, 4), Load(0, 3, 2)], 0),  # five waits of two at once, or three of one
        ([Load(0, 2, 1, 9.0), Load(0, 8, 7, 1.0)], 1),  # a slow one has enough to do
        ([Load(0, 1, 1, used=5), Load(0, 1, 1, used=2)], 1),  # not used for longer
        ([Load(0, 0, 0, 1.0, used=5), Load(0, 0, 0, 3.0, used=2)], 0),  # clearly faster
        ([Load(0, 0, 0, 1.0, used=5), Load(0, 0, 0, 1.9, used=2)], 1),  # about as fast
        ([Load(0, 0, 0, 0.01, used=5), Load(0, 0, 0, 0.1, used=2)], 1),  # nobody notices that
        ([Load(0, 0, 0, 1.0, used=5), Load(0, 0, 0, None, used=2)], 1),  # to learn how fast it is
        ([Load(0, 1, 0, 0.1), Load(0, 0, 0, 9.0)], 1),  # a slow one that is idle
        ([Load(3, 0)], 0),
    ],
)
def test_choice_of_replica(loads: list[Load], chosen: int) -> None:
    """State, then the wait, then the number of calls, then speed decide."""
    assert choose(loads) == chosen


@pytest.mark.parametrize(
    ("steps", "workers", "in_flight"),
    [
        ((10, 10, 10), (1, 1, 1), 6),
        ((10, 10, 100), (1, 1, 1), 6),
        ((10, 10, 100), (1, 1, 1), 30),
        ((10, 10, 10), (4, 1, 2), 14),
        ((10, 30, 10), (1, 4, 1), 12),
    ],
)
def test_choice_keeps_all_replicas_busy(
    steps: tuple[int, ...], workers: tuple[int, ...], in_flight: int
) -> None:
    """2,000 calls take at most a tenth longer than on replicas that never wait."""
    running: list[list[int]] = [[], [], []]
    queues, left, step, calls = [0, 0, 0], 2000, 0, 2000
    seconds: list[float | None] = [None, None, None]
    while calls:
        while left and sum(map(len, running)) + sum(queues) < in_flight:
            loads = [
                Load(0, len(running[n]) + queues[n], queues[n], seconds[n], step) for n in range(3)
            ]
            chosen = choose(loads)
            queues[chosen] += 1
            left -= 1
        for n in range(3):
            while queues[n] and len(running[n]) < workers[n]:
                queues[n] -= 1
                running[n].append(steps[n])
            running[n] = [rest - 1 for rest in running[n]]
            ended = running[n].count(0)
            if ended:
                calls -= ended
                seconds[n] = steps[n]
                running[n] = [rest for rest in running[n] if rest]
        step += 1
    best = 2000 / sum(count / length for count, length in zip(workers, steps))
    assert step <= 1.1 * best
