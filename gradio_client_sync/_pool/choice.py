"""The choice of the replica for a call: the one with the least to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Replicas count as equally fast if one takes less than this many times as long as the other.
SIMILAR = 2.0


class Load(NamedTuple):
    """What a replica has to do.

    Attributes:
        rank: How well it can be used. A replica with a lower number comes first, with any load.
        waiting: How many calls it has to do: those of this pool, or all in its queue.
        seconds: How long it takes for one call of the endpoint; ``None`` if that is not known.
        used: When it got its last call, as a number that grows.
    """

    rank: int
    waiting: int
    seconds: float | None = None
    used: int = 0


def choose(loads: Sequence[Load]) -> int:
    """Return the position of the replica that gets the next call.

    Of those with the least to do, this is one of the fast ones, or one whose speed is not known.
    Of these it is the one that was not used for the longest time.

    Args:
        loads: The load of each replica; at least one.
    """
    best = min((load.rank, load.waiting) for load in loads)
    equal = [n for n, load in enumerate(loads) if (load.rank, load.waiting) == best]
    known = [seconds for n in equal if (seconds := loads[n].seconds) is not None]
    slowest = SIMILAR * min(known, default=0.0)
    fast = [n for n in equal if (seconds := loads[n].seconds) is None or seconds <= slowest]
    return min(fast, key=lambda n: loads[n].used)
