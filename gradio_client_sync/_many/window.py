"""`Window`: how many items of a map are in flight.

Pure: it knows no threads and no clock. The scheduler passes each event with its time, and reads
`limit`. `AdaptiveWindow` finds the number in this way:

- It grows, at first by doubling, as long as the rate of ended items grows with it. While all items
  in flight run at once, it does not wait for their ends, because the app has room for more.
- The app's queue says how long items wait in it. If more of our items wait than are needed to keep
  the app busy, the window shrinks, so that other users of the app get their turns.
- A refusal (a full queue, 429) halves it. The number that was refused becomes its ceiling, which it
  approaches again from below, and passes only after a long time without refusals.

The rate is measured over whole rounds, in which each item in flight ends once. A round in which the
window was not full says nothing about the app: then the payloads, or the user's loop, are slower.
"""

from __future__ import annotations

import math
from typing import Protocol

FIRST = 4  # items in flight at the start
EARLY = 16  # up to here, the window grows without waiting for ends
MOST = 256  # items in flight, each with a thread; no app was faster with more
LEAST = 8  # ended items in a measurement
DOUBLED = 1.15  # growth of the rate for which the window doubles again
BETTER = 1.04  # growth of the rate for which a larger window is kept
ALIKE = 0.99  # share of the rate for which a smaller window is kept
PROBE = 1.25  # the factor of a larger or smaller window that is tried now and then
SURE = 4  # how many times longer the measurement of such a trial is
FIRST_PROBE, LAST_PROBE = 8, 64  # measurements between two trials
FORGET = 20  # measurements without a refusal, after which the ceiling rises


class Window(Protocol):
    """The limit of the items in flight. All times are of one clock, in seconds.

    Attributes:
        limit: How many items may be in flight now.
    """

    limit: int

    def started(self, now: float, in_flight: int, waiting: int) -> None:
        """Record that the app runs one more item.

        Args:
            now: The time.
            in_flight: How many items are in flight.
            waiting: How many of them the app does not run yet.
        """

    def ended(self, now: float, seconds: float, waited: float | None, in_flight: int) -> None:
        """Record that an item has ended.

        Args:
            now: The time.
            seconds: How long its last attempt took.
            waited: How much of that it waited in the app's queue; ``None`` if not known.
            in_flight: How many items were in flight, this one included.
        """

    def refused(self, now: float, began: float, in_flight: int) -> None:
        """Record that the app refused an item.

        Args:
            now: The time.
            began: When the item was sent.
            in_flight: How many items were in flight, this one included.
        """


class Ceiling:
    """The largest number of items that the app accepts, after it has refused some."""

    def __init__(self) -> None:
        self._number = math.inf
        self._refused_at = -math.inf
        self._calm = 0  # rounds since the last refusal

    @property
    def is_known(self) -> bool:
        """Whether the app has refused items."""
        return self._number < math.inf

    def highest(self, most: int) -> int:
        """Return the largest limit for now, which is at most `most`."""
        if not self.is_known:
            return most
        number = int(self._number)
        return max(1, min(most, number - max(1, number // 10)))

    def end_round(self) -> None:
        """Record that as many items have ended as are in flight."""
        self._calm += 1
        if self._calm >= FORGET and self.is_known:
            self._calm, self._number = 0, self._number * PROBE + 1

    def refused(self, now: float, began: float, in_flight: int) -> bool:
        """Record a refusal, and return whether it is the first one of a group.

        Args:
            now, began, in_flight: As for `Window.refused`.
        """
        self._number, self._calm = min(self._number, max(2, in_flight)), 0
        if began <= self._refused_at:
            return False
        self._refused_at = now
        return True


def _recovered(limit: int) -> int:
    """Return the limit of the next round after a refusal."""
    return limit + 1 + limit // 2


class FixedWindow:
    """A number that the user chose. Only refusals lower it, for some time.

    Args:
        limit: How many items may be in flight.
    """

    def __init__(self, limit: int) -> None:
        self._chosen = self.limit = limit
        self._ceiling = Ceiling()
        self._ended = 0

    def started(self, now: float, in_flight: int, waiting: int) -> None:
        """Change nothing."""

    def ended(self, now: float, seconds: float, waited: float | None, in_flight: int) -> None:
        """Return to the chosen number step by step. See `Window.ended`."""
        self._ended += 1
        if self._ended >= self.limit:
            self._ended = 0
            self._ceiling.end_round()
            self.limit = min(_recovered(self.limit), self._ceiling.highest(self._chosen))

    def refused(self, now: float, began: float, in_flight: int) -> None:
        """Halve the limit, once for all items that were in flight. See `Window.refused`."""
        if self._ceiling.refused(now, began, in_flight):
            self.limit, self._ended = max(1, min(self.limit, in_flight) // 2), 0


class AdaptiveWindow:
    """Finds how many items in flight keep the app busy.

    Args:
        most: The most items that may be in flight.
        batch: How many items the app runs together; 1 if it has no batches.
        servers: How many servers get items. Each one needs an item that waits in its queue.

    Attributes:
        limit: How many items may be in flight now.
    """

    def __init__(self, most: int, batch: int = 1, servers: int = 1) -> None:
        self._most = min(most, MOST * servers)
        self._batch = batch
        self._servers = servers
        self.limit = min(self._most, max(FIRST, 2 * batch) * servers)
        self._grows = True
        self._ceiling = Ceiling()
        self._probe_from: int | None = None  # the limit to return to
        self._before: tuple[int, float] | None = None  # the limit and its rate before it grew
        self._second = False  # this limit is measured for the second time
        self._quiet = 0  # measurements since the last trial
        self._probe_after = FIRST_PROBE
        self._probes_down = False
        self._unsettled = 0
        self._settle()

    # -- what happens ---------------------------------------------------------------

    def started(self, now: float, in_flight: int, waiting: int) -> None:
        """Grow if the app runs all items at once. See `Window.started`."""
        has_room = self._grows and not waiting and in_flight >= self.limit
        early = EARLY * self._servers
        if has_room and self.limit < min(early, self._highest()):
            self._set(min(2 * self.limit, early))

    def ended(self, now: float, seconds: float, waited: float | None, in_flight: int) -> None:
        """Measure, and change the limit after a measurement. See `Window.ended`."""
        if in_flight * 4 < self.limit * 3:
            self._settle()  # there are too few items to measure
            return
        if self._unsettled:
            self._unsettled -= 1
            self._began = now
            return
        self._count += 1
        self._seconds += seconds
        self._in_flight += in_flight
        if waited is None:
            self._knows_waits = False
        else:
            self._waited += waited
        needed = max(self.limit, LEAST)
        if self._probe_from is not None or self._quiet >= self._probe_after:
            needed *= SURE
        if self._count >= needed and now > self._began:
            self._decide(self._count / (now - self._began))

    def refused(self, now: float, began: float, in_flight: int) -> None:
        """Halve the limit, once for all items that were in flight. See `Window.refused`."""
        if self._ceiling.refused(now, began, in_flight):
            self._grows, self._probe_from = False, None
            self._set(max(1, min(self.limit, in_flight) // 2))

    # -- decisions ------------------------------------------------------------------

    def _decide(self, rate: float) -> None:
        """Change the limit after a measurement.

        Args:
            rate: The ended items per second.
        """
        number = self._in_flight / self._count
        waiting = None
        if self._knows_waits and self._seconds > 0:
            waiting = number * min(1.0, self._waited / self._seconds)
        self._ceiling.end_round()
        if waiting is not None and waiting > 1.5 * self._reserve(number - waiting):
            self._shrink(number - waiting)
        elif self._probe_from is not None:
            self._end_probe(rate)
        elif self._grows:
            self._grow(rate, waiting, number)
        elif self._ceiling.is_known and self.limit < self._highest():
            self._set(_recovered(self.limit))
        else:
            self._hold(rate, waiting, number)

    def _grow(self, rate: float, waiting: float | None, number: float) -> None:
        limit, before = self.limit, self._before
        if waiting is not None and waiting >= self._reserve(number - waiting):
            self._stay()
        elif before is None or rate >= before[1] * _wanted(DOUBLED, limit / before[0]):
            self._before = limit, rate
            if limit >= self._highest():
                self._stay()
            else:
                self._set(2 * limit)
        elif rate >= before[1] * BETTER:
            self._stay()
        elif not self._second:
            self._restart()
            self._second = True
        else:
            self._grows = False
            self._set(before[0])

    def _hold(self, rate: float, waiting: float | None, number: float) -> None:
        """Keep the limit, and try a larger one now and then."""
        self._quiet += 1
        if self._quiet <= self._probe_after:
            self._restart()
            return
        self._quiet = 0
        fills = waiting is not None and waiting >= self._reserve(number - waiting)
        larger, smaller = math.ceil(self.limit * PROBE), int(self.limit / PROBE)
        # If the app reports how long items wait, `_shrink` lowers a limit that is too large.
        self._probes_down = waiting is None and not self._probes_down
        wanted = smaller if self._probes_down else larger
        if fills or not 1 <= wanted <= self._highest():
            self._restart()
            return
        self._before, self._probe_from = (self.limit, rate), self.limit
        self._set(wanted)

    def _end_probe(self, rate: float) -> None:
        assert self._before is not None and self._probe_from is not None  # noqa: S101 - set together
        before, self._probe_from = self._probe_from, None
        if rate >= self._before[1] * (BETTER if self.limit > before else ALIKE):
            self._probe_after = FIRST_PROBE
            self._restart()
        else:
            self._probe_after = min(2 * self._probe_after, LAST_PROBE)
            self._set(before)

    def _shrink(self, running: float) -> None:
        self._grows, self._probe_from = False, None
        self._set(min(self.limit, math.ceil(running + self._reserve(running))))

    def _stay(self) -> None:
        self._grows = False
        self._restart()

    def _reserve(self, running: float) -> float:
        """Return how many items may wait at the app, so that it always has a next one."""
        least = 2.0 * self._servers
        return max(least, running / 4 if self._batch == 1 else max(2 * self._batch, running))

    def _highest(self) -> int:
        """Return the largest limit for now."""
        return self._ceiling.highest(self._most)

    # -- measurements ---------------------------------------------------------------

    def _set(self, limit: int) -> None:
        limit = max(1, min(limit, self._highest()))
        if limit == self.limit:
            self._restart()
            return
        self.limit = limit
        self._settle()

    def _settle(self) -> None:
        """Measure after one round, when the items that are in flight now have ended."""
        self._unsettled = self.limit
        self._restart()

    def _restart(self) -> None:
        """Begin a measurement with the next item that ends."""
        self._second = False
        self._unsettled = max(1, self._unsettled)
        self._began = math.inf
        self._count = self._in_flight = 0
        self._seconds = self._waited = 0.0
        self._knows_waits = True


def _wanted(growth: float, factor: float) -> float:
    """Return the growth of the rate that is wanted for a limit that grew by a factor."""
    return 1 + (growth - 1) * (factor - 1)
