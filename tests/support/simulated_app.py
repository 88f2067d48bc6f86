"""A simulated app for the window of a map: workers, a queue, batches, a clock of its own."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from typing import Any, Callable

from gradio_client_sync._many.window import Window

RETRY = 0.25  # s after which a refused item is called again, if it is alone


@dataclass
class App:
    """What is simulated.

    Attributes:
        workers: How many calls or batches run at once.
        seconds: Returns how long a call takes.
        delay: Seconds of a request and its response.
        max_size: How many calls may wait; ``None`` for any number.
        batch: How many calls run together.
        reports: Whether the app reports when a call begins to run.
        looks: Seconds between two checks of the queue by the app; 0 if it starts calls at once.
        cores: Calls that run at full speed. With more at once, all together become slower.
        users: How many other users there are. Each makes one call after another.
    """

    workers: int
    seconds: Callable[[random.Random], float]
    delay: float = 0.01
    max_size: int | None = None
    batch: int = 1
    reports: bool = True
    looks: float = 0.0
    cores: int | None = None
    users: int = 0

    def slowness(self, running: int) -> float:
        """Return the factor of the time of a call, with so many at once."""
        if self.cores is None or running <= self.cores:
            return 1.0
        return running / self.cores * (1 + (running - self.cores) / 10)


class Simulation:
    """A map of `items` items with a window.

    Attributes:
        seconds: How long it took.
        refused: How many items were refused.
        waited: How many items waited at the app on average.
    """

    def __init__(self, app: App, window: Window, items: int) -> None:
        self.app = app
        self.window = window
        self.seconds = 0.0
        self.refused = 0
        self.waited = 0.0
        self._left = items
        self._random = random.Random(1)
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        # When each was sent and queued. The calls of other users were sent at no time.
        self._queue: list[tuple[float | None, float]] = []
        self._running = self._in_flight = self._not_started = 0
        self._will_look = False
        for _ in range(app.users):
            self._queue.append((None, 0.0))
        self._fill()
        while self._left or self._in_flight:
            now, _, happens, arguments = heapq.heappop(self._events)
            ours = sum(began is not None for began, _ in self._queue)
            self.waited += ours * (now - self.seconds)
            self.seconds = now
            happens(*arguments)
        self.waited /= self.seconds

    def _after(self, seconds: float, happens: Callable[..., None], *arguments: Any) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.seconds + seconds, self._number, happens, arguments))

    def _fill(self) -> None:
        while self._left and self._in_flight < self.window.limit:
            self._left -= 1
            self._in_flight += 1
            self._not_started += 1
            self._after(self.app.delay / 2, self._arrive, self.seconds)

    def _arrive(self, began: float) -> None:
        if self.app.max_size is not None and len(self._queue) >= self.app.max_size:
            self._after(self.app.delay / 2, self._refuse, began)
            return
        self._queue.append((began, self.seconds))
        self._serve()

    def _refuse(self, began: float) -> None:
        self.refused += 1
        self.window.refused(self.seconds, began, self._in_flight)
        self._in_flight -= 1
        self._not_started -= 1
        self._left += 1
        self._after(0.0 if self._in_flight else RETRY, self._fill)

    def _serve(self) -> None:
        if not self.app.looks:
            self._start_some()
        elif not self._will_look:
            self._will_look = True
            self._after(self.app.looks - self.seconds % self.app.looks, self._look)

    def _look(self) -> None:
        self._will_look = False
        self._start_some()

    def _start_some(self) -> None:
        while self._queue and self._running < self.app.workers:
            taken, self._queue = self._queue[: self.app.batch], self._queue[self.app.batch :]
            self._running += 1
            for began, _ in taken:
                if began is not None:
                    self._after(self.app.delay / 2, self._start)
            seconds = self.app.seconds(self._random) * self.app.slowness(self._running)
            self._after(seconds, self._finish, taken, self.seconds)

    def _start(self) -> None:
        self._not_started -= 1
        if self.app.reports:
            self.window.started(self.seconds, self._in_flight, self._not_started)
            self._fill()

    def _finish(self, taken: list[tuple[float | None, float]], started: float) -> None:
        self._running -= 1
        for began, queued in taken:
            if began is None:
                self._queue.append((None, self.seconds))
                continue
            self._after(self.app.delay / 2, self._end, began, started - queued)
        self._serve()

    def _end(self, began: float, waited: float) -> None:
        known = waited if self.app.reports else None
        self.window.ended(self.seconds, self.seconds - began, known, self._in_flight)
        self._in_flight -= 1
        self._fill()
