"""`Scheduler`: which item of a map runs, which waits to go again, and in which order they end.

Payloads are read by the thread that asks for outcomes, because users' iterators often belong to
it (files, database cursors). Workers make the calls. A worker that has ended an item takes the next
one itself, so no thread hands items over. To keep workers busy while the user's code handles a
result, some payloads are read ahead: the chunk.

An item that the app did not take goes again after a pause. One worker waits for the end of the
pause; the others leave.

No lock is held while the user's iterator, a call or a callback runs.
"""

from __future__ import annotations

import heapq
import logging
import random
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from .._transport.signal_safe import SafeCondition, new_lock
from ..errors import ClientClosedError, GradioClientError
from .again import FIRST_PAUSE, LONGEST_PAUSE, may_repeat
from .items import Counts, Item, NotTaken, Outcome
from .noted import noted

if TYPE_CHECKING:
    from .items import Caller
    from .source import Source
    from .window import Window

log = logging.getLogger(__name__)

#: The payloads that are read ahead are this many times those in flight, but at least `LEAST_CHUNK`.
#: They keep the app busy while one slow item holds back the results after it.
CHUNK, LEAST_CHUNK = 3, 16

#: Seconds. A source that took longer for its last payload is not read while a result is ready.
QUICK = 0.002

_READ, _WAIT, _END = object(), object(), object()


class Scheduler:
    """The items of one map.

    Args:
        caller: Makes the calls.
        source: The payloads.
        window: How many items are in flight.
        start: Runs a function on a thread.
        shape: Turns a `Data` into what the user gets.
        raises: Whether the first failed item ends the map.
        idempotent: Whether an item that may have run is sent again.
        on_end: Called with each outcome when it ends, on any thread, in no order.
    """

    def __init__(
        self,
        caller: Caller,
        source: Source,
        window: Window,
        start: Callable[[Callable[[], None]], None],
        *,
        shape: Callable[[Any], Any],
        raises: bool,
        idempotent: bool,
        on_end: Callable[[Outcome], object] | None = None,
    ) -> None:
        self._caller = caller
        self._source = source
        self._window = window
        self._start = start
        self._shape = shape
        self._raises = raises
        self._idempotent = idempotent
        self._on_end = on_end
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)  # for threads that want outcomes
        self._idle = SafeCondition(self._lock)  # for the end of all workers
        self._resumed = SafeCondition(self._lock)  # for the worker that waits for a pause
        self._reading = False
        self._quick = True  # the source gave its last payload at once
        self._exhausted = False
        self._source_error: BaseException | None = None
        self._read = self._given = 0
        self._ahead: deque[Item] = deque()
        self._again: list[tuple[float, int, Item]] = []  # a heap: when, index, item
        self._in_flight: dict[int, Item] = {}
        self._workers = 0
        self._pausing = False  # a worker waits for the end of a pause
        self._paused_until = 0.0
        self._pause = FIRST_PAUSE
        self._pause_began = -1.0  # items that were sent before this do not make the pause longer
        self._absent_since: float | None = None
        self._ended: dict[int, Outcome] = {}
        self._next = 0  # the index of the next outcome in order
        self._early: set[int] = set()  # outcomes that were given before their turn
        self._stopped: BaseException | None = None
        self._done = self._failed = self._replayed = self._refused = 0

    # -- for the user's threads -----------------------------------------------------

    @property
    def counts(self) -> Counts:
        """How far the map is."""
        with self._lock:
            return Counts(
                self._done, self._failed, self._replayed, len(self._in_flight), self._refused
            )

    @property
    def total(self) -> int | None:
        """How many items there are; ``None`` if that is not known."""
        return self._source.total

    def next(self, *, in_order: bool) -> Outcome | None:
        """Return the next outcome, and wait for it. ``None`` after the last one.

        Args:
            in_order: Return the outcomes in the order of the payloads, not as they end.

        Raises:
            CancelledError: `stop` was called.
            ClientClosedError: The client was closed.
            BaseException: What the user's iterator raised, or the error of an item.
        """
        found: list[Any] = []

        def ready() -> bool:
            found[:] = [self._choose(in_order)]
            return found[0] is not _WAIT

        while True:
            self._changed.wait_for(ready)
            if found[0] is _END:
                return None
            if found[0] is not _READ:
                outcome: Outcome = found[0]
                return outcome
            self._read_one()

    def stop(self, reason: BaseException) -> None:
        """End the map: cancel what is in flight, and start nothing more.

        Args:
            reason: What threads that wait for outcomes get.
        """
        with self._lock:
            if self._stopped is None:
                self._stopped = reason
            items = list(self._in_flight.values())
            self._ahead.clear()
            self._again.clear()
            self._changed.notify_all()
            self._resumed.notify_all()
        for item in items:
            item.cancel()

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until no worker runs, and return whether that is so."""
        return self._idle.wait_for(lambda: self._workers == 0, timeout)

    # -- choosing, with the lock held -----------------------------------------------

    def _choose(self, in_order: bool) -> Any:
        """Return the next outcome, or what the thread that wants it has to do."""
        if in_order:
            while self._next in self._early:
                self._early.discard(self._next)
                self._next += 1
            index = self._next if self._next in self._ended else None
        else:
            index = next(iter(self._ended), None)
        can_read = self._can_read()
        if index is not None and not (can_read and self._quick):
            outcome = self._ended.pop(index)
            self._given += 1
            if index == self._next:
                self._next += 1
            else:
                self._early.add(index)
            return outcome
        if self._stopped is not None:
            raise self._stopped
        if can_read:
            self._reading = True
            return _READ
        if self._given == self._read and not self._reading:
            if self._source_error is not None:
                error, self._source_error = self._source_error, None
                raise error
            return _END
        return _WAIT

    def _can_read(self) -> bool:
        if self._reading or self._exhausted or self._stopped is not None:
            return False
        limit, waiting = self._window.limit, len(self._ahead)
        chunk = max(CHUNK * limit, LEAST_CHUNK)
        return waiting < chunk and self._read - self._given < limit + chunk

    def _read_one(self) -> None:
        """Read a payload, without the lock, and start workers for it."""
        began = time.monotonic()
        item = None
        try:
            read = self._source.read()
            if read is not None:
                item = Item(*read)
        except Exception as exc:  # noqa: BLE001 - it is raised after the results before it
            self._source_error = exc
        except BaseException:
            with self._lock:
                self._reading = False
                self._exhausted = True
            raise
        with self._lock:
            self._reading = False
            self._quick = time.monotonic() - began < QUICK
            if item is None:
                self._exhausted = True
            elif self._stopped is None:
                self._read += 1
                self._ahead.append(item)
            self._changed.notify_all()
            more = self._workers_to_start()
        self._start_workers(more)

    # -- workers --------------------------------------------------------------------

    def _workers_to_start(self) -> int:
        """Return how many workers have to start. They are counted from now on."""
        if self._stopped is not None:
            return 0
        waiting = len(self._ahead) + len(self._again)
        if self._paused_until > time.monotonic():
            more = 0 if self._pausing or not waiting else 1
        else:
            more = max(0, min(waiting, self._window.limit - self._workers))
        self._workers += more
        return more

    def _start_workers(self, count: int) -> None:
        for started in range(count):
            try:
                self._start(self._work)
            except GradioClientError as exc:  # no thread could be started
                with self._lock:
                    self._workers -= count - started
                    others = self._workers
                if not others:
                    self.stop(exc)
                return

    def _work(self) -> None:
        """Run items until there is none for this worker."""
        try:
            item = self._wait_for_item(None)
            while item is not None:
                item = self._wait_for_item(self._run(item))
        except BaseException as exc:
            with self._lock:
                self._workers -= 1
                self._idle.notify_all()
            self.stop(exc)
            raise

    def _wait_for_item(self, record: Callable[[], None] | None) -> Item | None:
        """Take the next item, after a pause if there is one; ``None`` if this worker ends.

        Args:
            record: Notes how the last item of this worker ended.
        """
        while True:
            with self._lock:
                if record is not None:
                    record()
                    record = None
                now = time.monotonic()
                item, pause = self._take(now)
                if item is None and pause is None:
                    self._workers -= 1
                    if not self._workers:
                        self._idle.notify_all()
                    return None
                more = self._workers_to_start() if item is not None else 0
            if more:
                self._start_workers(more)
            if item is not None:
                return item
            self._resumed.wait_for(lambda: self._stopped is not None, pause)
            with self._lock:
                self._pausing = False

    def _take(self, now: float) -> tuple[Item | None, float | None]:
        """Return an item to run, or the seconds to wait for one, or neither."""
        if self._stopped is not None or self._workers > self._window.limit:
            return None, None
        due = self._paused_until
        if due <= now:
            if self._again and self._again[0][0] <= now:
                item = heapq.heappop(self._again)[2]
            elif self._ahead:
                item = self._ahead.popleft()
                if len(self._ahead) * 2 <= CHUNK * self._window.limit:
                    self._changed.notify_all()  # time to read more
            elif self._again:
                due = self._again[0][0]
                return None, self._claim_pause(due - now)
            else:
                return None, None
            self._in_flight[item.index] = item
            return item, None
        if not (self._again or self._ahead):
            return None, None
        return None, self._claim_pause(due - now)

    def _claim_pause(self, seconds: float) -> float | None:
        if self._pausing:
            return None
        self._pausing = True
        return max(seconds, 0.0)

    # -- calls ----------------------------------------------------------------------

    def _run(self, item: Item) -> Callable[[], None]:
        """Make one attempt of an item, and return the function that notes how it ended."""
        began = time.monotonic()
        data: Any = None
        error: BaseException | None = None
        try:
            data = self._caller.call(item)
        except NotTaken as exc:
            refusal, ended = exc, time.monotonic()
            return lambda: self._note_refusal(item, refusal, began, ended)
        except BaseException as exc:  # noqa: BLE001 - it is the outcome of the item
            error = exc
        seconds = time.monotonic() - began
        item.attempts += 1
        item.seconds += seconds
        item.on_cancel(None)
        closed = isinstance(error, ClientClosedError)
        repeats = (
            error is not None
            and self._idempotent
            and item.attempts <= self._caller.retries
            and not item.cancelled
            and may_repeat(error)
        )
        if error is not None and (closed or repeats or item.cancelled):
            failure = error
            return lambda: self._note_end(item, failure, closed=closed, repeats=repeats)
        if error is not None:
            error = noted(error, item)
        outcome = Outcome._make(
            index=item.index,
            payload=item.payload,
            data=None if error is not None else self._shape(data),
            error=error,
            seconds=item.seconds,
            attempts=item.attempts,
        )
        if self._on_end is not None:
            self._on_end(outcome)
        return lambda: self._note_outcome(item, outcome, began, seconds)

    def _note_outcome(self, item: Item, outcome: Outcome, began: float, seconds: float) -> None:
        in_flight = len(self._in_flight)
        del self._in_flight[item.index]
        self._window.ended(began + seconds, seconds, item.waited, in_flight)
        self._pause, self._absent_since = FIRST_PAUSE, None
        if self._stopped is not None:
            return
        self._ended[item.index] = outcome
        self._done += outcome.error is None
        self._failed += outcome.error is not None
        self._changed.notify_all()

    def _note_end(self, item: Item, error: BaseException, *, closed: bool, repeats: bool) -> None:
        """Note an attempt that gives no outcome."""
        del self._in_flight[item.index]
        if closed and self._stopped is None:
            self._stopped = error
            self._ahead.clear()
            self._again.clear()
            self._changed.notify_all()
            self._resumed.notify_all()
        elif repeats:
            log.debug("item %d is sent again after %s", item.index, type(error).__name__)
            heapq.heappush(self._again, (time.monotonic() + FIRST_PAUSE, item.index, item))

    def _note_refusal(self, item: Item, refusal: NotTaken, began: float, now: float) -> None:
        in_flight = len(self._in_flight)
        del self._in_flight[item.index]
        self._refused += 1
        if item.cancelled or self._stopped is not None:
            return
        self._window.refused(now, began, in_flight)
        if began >= self._pause_began:  # the first refusal of a burst
            self._pause_began = now
            wait = max(self._pause * (1 - random.random() / 2), refusal.retry_after or 0.0)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        else:
            wait = refusal.retry_after or 0.0
        self._paused_until = max(self._paused_until, now + wait)
        heapq.heappush(self._again, (now, item.index, item))
