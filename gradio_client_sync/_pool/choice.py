"""The choice of the replica for a call: the one with the least to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Replicas count as equally fast if one takes less than this many times as long as the other, or
#: if the difference is too small to matter.
SIMILAR = 2.0
SMALL = 0.1  # s


class Load(NamedTuple):
    """The calls of a replica that run or wait.

    Attributes:
        rank: Its rank. A replica with a lower rank is chosen first, whatever its load.
        in_flight: The calls of this pool that run there or wait in its queue.
        waiting: How many calls wait in its queue.
        seconds: How long one call of the endpoint runs there; ``None`` if that is not known.
        used: When it got its last call, as a number that grows.
    """

    rank: int
    in_flight: int
    waiting: int = 0
    seconds: float | None = None
    used: int = 0


def choose(loads: Sequence[Load]) -> int:
    """Return the position of the replica that gets the next call.

    This is the replica where the call waits for the shortest time. Among those where no call waits,
    it is the one with the fewest calls. So a slow replica is always busy, and its queue is never
    longer than those of the others, in seconds. Among equal replicas, a fast one is chosen, and
    among equally fast ones the one whose last call is the oldest.

    Args:
        loads: The load of each replica; at least one.
    """
    known = [load.seconds for load in loads if load.seconds is not None]
    fastest = min(known, default=1.0)

    def order(load: Load) -> tuple[float, ...]:
        seconds = fastest if load.seconds is None else load.seconds
        is_slow = seconds > SIMILAR * fastest and seconds > fastest + SMALL
        wait = _wait(load, seconds if is_slow else fastest)
        return load.rank, wait, load.in_flight, is_slow, load.used

    return min(range(len(loads)), key=lambda position: order(loads[position]))


def _wait(load: Load, seconds: float) -> float:
    """Return how long one more call would wait; 0 if no call waits now.

    Args:
        load: The load.
        seconds: How long one call runs.
    """
    if not load.waiting:
        return 0.0
    running = max(load.in_flight - load.waiting, 1)
    return (load.waiting + 1) * seconds / running
