"""`Window`: how many items of a map are in flight.

Pure: it knows no threads and no clock. The scheduler passes each event with its time, and reads
`limit`. `AdaptiveWindow` finds the number in this way:

- It grows by doubling, as long as the rate of ended items grows with it. While all items in flight
  run at once, it does not wait for their ends, because the app has room for more.
- Then it tries another number now and then: a larger or a smaller one. The first trials double and
  halve it, later ones change it by a quarter. A trial that pays is followed by the next one soon, a
  trial that fails by a longer pause. The more the times of the items differ, the longer the rates
  are measured. So it follows an app that becomes faster or slower, and an app that becomes slower
  with more items at once.
- The app's queue says how long items wait in it. If more of our items wait than are needed to keep
  the app busy, the window shrinks, so that other users of the app get their turns. It leaves more
  of them waiting if a trial shows that the app needs them, but only while an item waits less than
  50 ms: up to Gradio 5, servers look into their queue so often, and all items wait for it.
- A refusal (a full queue, 429) halves it. The number that was refused becomes its ceiling, to which
  it returns in a few rounds. It passes the ceiling after some rounds without refusals, and each
  time later.

A round is as many ended items as are in flight, and each measurement has whole rounds. A
measurement in which the window was not full says nothing about the app: then the payloads, or the
user's loop, are slower.
"""

from __future__ import annotations

import math
from typing import Protocol

FIRST = 4  # items in flight at the start
EARLY = 32  # up to here, the window grows without waiting for ends
MOST = 256  # items in flight, each with a thread; no app was faster with more
LEAST = 8  # ended items in a measurement
SURE = 4  # rounds in a measurement for a trial
EXACT = 8  # in a trial, the change of the limit is so many times the error of the rate
DOUBLED = 1.3  # growth of the rate for which it doubles again at once
BETTER = 1.2  # growth of the rate for which a window of twice the size is kept
ALIKE = 0.99  # share of the rate for which a smaller window is kept
WORSE = 0.8  # share of the rate for which a window is given up at once
SMALL = 1.25  # the factor of trials after those that double and halve
SOON, RARELY = 2, 64  # measurements between two trials
LOOK = 0.05  # s; up to Gradio 5, servers look into their queue so often, and all items wait for it
CALM = 10  # rounds without a refusal, after which the ceiling rises for the first time


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
        self._calm = 0.0  # rounds since the last refusal
        self._wanted = CALM / 2  # such rounds until the number rises

    @property
    def is_known(self) -> bool:
        """Whether the app has refused items."""
        return self._number < math.inf

    def highest(self, most: int) -> int:
        """Return the largest limit for now, which is at most `most`."""
        if not self.is_known:
            return most
        number = int(self._number)
        return max(1, min(most, number - max(1, number // 20)))

    def end_rounds(self, rounds: float = 1) -> None:
        """Record rounds without a refusal."""
        self._calm += rounds
        if self._calm >= self._wanted and self.is_known:
            self._calm, self._number = 0.0, self._number * SMALL + 1

    def refused(self, now: float, began: float, in_flight: int) -> bool:
        """Record a refusal, and return whether it is the first one of a group.

        Args:
            now, began, in_flight: As for `Window.refused`.
        """
        self._number, self._calm = min(self._number, max(2, in_flight)), 0.0
        if began <= self._refused_at:
            return False
        self._refused_at = now
        self._wanted = min(2 * self._wanted, RARELY)
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
            self._ceiling.end_rounds()
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
        self._ceiling = Ceiling()
        self._grows = True
        self._was_full = False  # whether too many items have waited at the app
        self._fills = False  # whether enough items wait there now
        self._before: tuple[int, float] | None = None  # the limit before this one, and its rate
        self._trial = False  # this limit is tried
        self._down = False  # the last trial was that of a smaller limit
        self._factors = [2.0, 2.0]  # of the next trial of a larger limit, and of a smaller one
        self._quiet = 0  # measurements since the last trial
        self._pause = SOON  # measurements until the next one
        self._spare = 1.0  # factor of the items that have to wait at the app
        self._now = self._began = math.nan  # not known yet
        self._present = 0  # items in flight
        self._unsettled = 0  # items that have to end before a measurement begins
        self._restart()

    # -- what happens ---------------------------------------------------------------

    def started(self, now: float, in_flight: int, waiting: int) -> None:
        """Grow if the app runs all items at once. See `Window.started`."""
        has_room = self._grows and not waiting and in_flight >= self.limit
        most = min(EARLY * self._servers, self._highest())
        if has_room and self.limit < most:
            self.limit = min(2 * self.limit, most)

    def ended(self, now: float, seconds: float, waited: float | None, in_flight: int) -> None:
        """Measure, and change the limit after a measurement. See `Window.ended`."""
        self._now, self._present = now, in_flight - 1
        if in_flight * 4 < self.limit * 3:
            self._settle()  # there are too few items to measure
            return
        if self._unsettled:
            self._unsettled -= 1
            self._began = now
            return
        if math.isnan(self._began):
            self._began = now - seconds
        self._count += 1
        self._seconds += seconds
        self._squares += (seconds - (waited or 0.0)) ** 2
        self._in_flight += in_flight
        self._waited += waited or 0.0
        if waited is None:
            self._knows_waits = False
        if now > self._began:
            rate = self._count / (now - self._began)
            if self._count >= self._wanted() or self._fails(rate):
                self._decide(rate)

    def refused(self, now: float, began: float, in_flight: int) -> None:
        """Halve the limit, once for all items that were in flight. See `Window.refused`."""
        self._now, self._present = now, in_flight - 1
        if self._ceiling.refused(now, began, in_flight):
            self._grows = self._trial = False
            self._set(max(1, min(self.limit, in_flight) // 2))

    # -- decisions ------------------------------------------------------------------

    def _decide(self, rate: float) -> None:
        """Change the limit after a measurement.

        Args:
            rate: The ended items per second.
        """
        number = self._in_flight / self._count
        waiting = None
        if self._knows_waits:
            waiting = number * min(1.0, self._waited / self._seconds) if self._seconds else 0.0
        self._ceiling.end_rounds(self._count / self.limit)
        if self._trial:
            self._end_trial(rate)
        elif waiting is not None and waiting > 1.5 * self._reserve(number - waiting):
            self._shrink(number - waiting)
        elif self._grows:
            self._grow(rate, waiting, number)
        elif self._recovers():
            self._measure(_recovered(self.limit))
        else:
            self._hold(rate, waiting, number)

    def _grow(self, rate: float, waiting: float | None, number: float) -> None:
        limit, before = self.limit, self._before
        enough = self._reserve(number - (waiting or 0.0)) / (2 if self._batch == 1 else 1)
        if waiting is not None and waiting >= enough:
            self._grows = False
            self._restart()
        elif before is None or rate >= before[1] * _wanted(DOUBLED, limit / before[0]):
            self._before, self._grows = (limit, rate), limit < self._highest()
            self._measure(2 * limit)
        else:
            # A short measurement may be wrong: try twice as many soon, or half.
            self._grows, self._quiet = False, self._pause
            self._down = rate >= before[1] * _wanted(BETTER, limit / before[0])
            self._set(before[0] if rate < before[1] * WORSE else limit)

    def _hold(self, rate: float, waiting: float | None, number: float) -> None:
        """Keep the limit, and try another one now and then."""
        self._quiet += 1
        self._fills = waiting is not None and waiting >= self._reserve(number - waiting)
        has_room = self._was_full and waiting is not None and waiting < 0.5
        if self._harms() or self._quiet <= self._pause:
            if has_room:  # the app has become faster, or has fewer users
                self._quiet = self._pause
            self._restart()
            return
        self._quiet = 0
        # If items wait at the app, or were refused, there is no need to look for what is too much.
        self._down = not (has_room or waiting or self._ceiling.is_known or self._down)
        factor = self._factors[self._down]
        self._before, self._trial = (self.limit, rate), True
        self._set(int(self.limit / factor) if self._down else math.ceil(self.limit * factor))
        self._trial = self.limit != self._before[0]

    def _end_trial(self, rate: float) -> None:
        assert self._before is not None  # noqa: S101 - a trial has set it
        self._trial = False
        before, rate_before = self._before
        wanted = ALIKE if self._down else _wanted(BETTER, self.limit / before)
        if rate >= rate_before * wanted and not self._harms():
            self._pause = self._quiet = SOON
            self._spare *= 2.0 if self._fills and not self._down else 1.0
            self._down = not self._down  # so that the next trial has the same direction
            self._restart()
        else:
            self._pause = min(2 * self._pause, RARELY)
            self._factors[self._down] = SMALL
            self._set(before)

    def _shrink(self, running: float) -> None:
        self._grows, self._was_full = False, True
        self._set(min(self.limit, math.ceil(running + self._reserve(running))))

    def _harms(self) -> bool:
        """Return whether more items in flight would only make other users of the app wait."""
        return self._fills and self._waited > LOOK * self._count

    def _reserve(self, running: float) -> float:
        """Return how many items may wait at the app, so that it always has a next one."""
        share = running / 4 if self._batch == 1 else max(2 * self._batch, running)
        return self._spare * max(2.0 * self._servers, share)

    def _highest(self) -> int:
        """Return the largest limit for now."""
        return self._ceiling.highest(self._most)

    def _recovers(self) -> bool:
        """Return whether the limit returns to what the app takes, after a refusal."""
        return not self._grows and self._ceiling.is_known and self.limit < self._highest()

    # -- measurements ---------------------------------------------------------------

    def _wanted(self) -> float:
        """Return how many ended items the present measurement needs."""
        if self._recovers():
            return self.limit
        wanted = float(max(self.limit, LEAST))
        if self._trial or (self._quiet >= self._pause and not self._grows):
            mean = (self._seconds - self._waited) / self._count
            spread = self._squares / self._count / (mean * mean) - 1 if mean > 0 else 0.0
            error = (self._factors[self._down == self._trial] - 1) / EXACT
            wanted = min(max(SURE * wanted, spread / error**2), 5 * SURE * wanted)
        return math.ceil(wanted / self._batch) * self._batch

    def _fails(self, rate: float) -> bool:
        """Return whether a trial is so bad that it needs no long measurement."""
        if not self._trial or self._before is None or rate >= WORSE * self._before[1]:
            return False
        return self._count == max(2 * self.limit, SURE * LEAST)

    def _measure(self, limit: int) -> None:
        """Change the limit, and measure at once: the items that are in flight count, too."""
        self.limit = max(1, min(limit, self._highest()))
        self._restart()

    def _set(self, limit: int) -> None:
        """Change the limit, and measure when the items that are in flight now have ended."""
        limit = max(1, min(limit, self._highest()))
        changed, self.limit = limit != self.limit, limit
        if changed:
            self._settle()
        else:
            self._restart()

    def _settle(self) -> None:
        """Measure when the items that are in flight now have ended."""
        self._unsettled = max(self.limit, self._present)
        self._restart()

    def _restart(self) -> None:
        """Begin a measurement now. The first one begins when its first item was sent."""
        self._began = self._now
        self._count = self._in_flight = 0
        self._seconds = self._squares = self._waited = 0.0
        self._knows_waits = True


def _wanted(growth: float, factor: float) -> float:
    """Return the growth of the rate that is wanted for a limit that grew by a factor."""
    return 1 + (growth - 1) * (factor - 1)
