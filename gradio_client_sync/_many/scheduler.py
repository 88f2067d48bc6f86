"""`Scheduler`: which item of a map runs, which waits, and what the user gets next.

Payloads are read by the thread that asks for outcomes, because users' iterators often belong to
it (files, database cursors). Workers make the calls. A worker takes its next item itself, so items
need no other thread. To keep workers busy while the user's code handles a
result, some payloads are read ahead: the chunk.

An item that the app refused is called again, usually after a pause. One worker waits for the end of
the pause; the others end. No lock is held while the user's iterator, a call or a callback runs.
"""

from __future__ import annotations

import logging
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from .._transport.signal_safe import SafeCondition, new_lock
from ..errors import ClientClosedError, GradioClientError
from .backlog import Backlog
from .items import Counts, Item, ItemRefused, Outcome
from .order import Order
from .pauses import Pauses
from .repeats import may_repeat, refusal_of

if TYPE_CHECKING:
    from .items import Caller
    from .recorder import OutcomeRecorder
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
        recorder: Makes the outcomes.
        start: Runs a function on a thread.
        raises: Whether the first failed item ends the map.
        idempotent: Whether an item that may have run is called again.
    """

    def __init__(
        self,
        caller: Caller,
        source: Source,
        window: Window,
        recorder: OutcomeRecorder,
        start: Callable[[Callable[[], None]], None],
        *,
        raises: bool,
        idempotent: bool,
    ) -> None:
        self._caller = caller
        self._source = source
        self._window = window
        self._recorder = recorder
        self._start = start
        self._raises = raises
        self._idempotent = idempotent
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)  # for threads that want outcomes
        self._idle = SafeCondition(self._lock)  # for the end of all workers
        self._resumed = SafeCondition(self._lock)  # for the worker that waits for a pause
        self._reading = self._exhausted = False
        self._quick = True  # the source gave its last payload at once
        self._source_error: BaseException | None = None
        self._backlog = Backlog()
        self._pauses = Pauses()
        self._in_flight: dict[int, Item] = {}
        self._not_started = 0  # how many of them the app does not run yet
        self._workers, self._pausing = 0, False  # whether one waits for the end of a pause
        self._order = Order()
        self._in_order = True
        self._first_failed = math.inf  # the index of the item that ends the map
        self._stopped: BaseException | None = None
        self._read = self._done = self._failed = self._replayed = self._refused = 0

    # -- for the user's threads -----------------------------------------------------

    @property
    def counts(self) -> Counts:
        """The numbers of items, by their state."""
        with self._lock:
            ended = self._done, self._failed, self._replayed
            return Counts(*ended, len(self._in_flight), self._refused)

    def next(self, *, in_order: bool) -> Outcome | None:
        """Wait for the next outcome, and return it; ``None`` after the last one.

        Args:
            in_order: Return the outcomes in the order of the payloads, not as they end.

        Raises:
            CancelledError: `stop` was called.
            ClientClosedError: The client was closed.
            BaseException: What the user's iterator raised.
        """
        self._in_order = in_order
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
        """End the map: cancel all items in flight, and start no more.

        Args:
            reason: What threads that wait for outcomes get.
        """
        with self._lock:
            has_ended = self._exhausted and self._order.given == self._read
            if not has_ended or self._source_error is not None:
                self._end(reason)
            items = list(self._in_flight.values())
        for item in items:
            item.cancel()

    def _end(self, reason: BaseException) -> None:
        self._stopped = self._stopped or reason
        self._backlog.drop_after(-1)
        self._changed.notify_all()
        self._resumed.notify_all()

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until no worker runs, and return whether that is so."""
        return self._idle.wait_for(lambda: self._workers == 0, timeout)

    # -- reading --------------------------------------------------------------------

    def _choose(self, in_order: bool) -> Any:
        """Return the next outcome, or what the waiting thread has to do. The caller has the
        lock.
        """
        can_read = self._can_read()
        if self._order.has_next(in_order=in_order) and not (can_read and self._quick):
            return self._order.take(in_order=in_order)
        if self._stopped is not None:
            raise self._stopped
        if can_read:
            self._reading = True
            return _READ
        if self._order.given < self._read or self._reading:
            return _WAIT
        error, self._source_error = self._source_error, None
        if error is not None:
            raise error
        return _END

    def _can_read(self) -> bool:
        if self._reading or self._exhausted or self._stopped is not None:
            return False
        limit = self._window.limit
        chunk = max(CHUNK * limit, LEAST_CHUNK)
        kept = self._read - self._order.given
        return len(self._backlog.ahead) < chunk and kept < limit + chunk

    def _read_one(self) -> None:
        """Read a payload, without the lock, and start a worker for it."""
        began, item, known = time.monotonic(), None, None
        try:
            payload = self._source.read()
            item = None if payload is None else Item(*payload)
            known = None if item is None else self._recorder.recall(item)
        except Exception as exc:  # noqa: BLE001 - it is raised after the results before it
            self._source_error, item = exc, None
        except BaseException:  # Ctrl-C
            with self._lock:
                self._reading, self._exhausted = False, True
                self._changed.notify_all()  # another thread may loop over the map, too
            raise
        with self._lock:
            self._reading = False
            self._quick = known is not None or time.monotonic() - began < QUICK
            if item is None:
                self._exhausted = True
            elif self._stopped is None and not self._exhausted:
                self._read += 1
                if known is None:
                    self._backlog.ahead.append(item)
                else:
                    self._give(known)
            self._changed.notify_all()
            more = self._workers_to_start()
        self._start_workers(more)

    # -- workers --------------------------------------------------------------------

    def _workers_to_start(self) -> int:
        """Return how many workers have to start, and count them. The caller has the lock."""
        room, waiting = self._window.limit - self._workers, len(self._backlog)
        if room <= 0 or not waiting or self._stopped is not None:
            return 0
        more = min(waiting, room)
        if self._pauses.until > time.monotonic():
            more = 0 if self._pausing or self._workers else 1
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
        """Run items until this worker is no longer needed."""
        try:
            item = self._next_item(None)
            while item is not None:
                item = self._next_item(self._run(item))
        except BaseException as exc:
            with self._lock:
                self._workers -= 1
                self._idle.notify_all()
            self.stop(exc)
            if not isinstance(exc, GradioClientError):  # such as a full disk for the journal
                raise

    def _next_item(self, note: Callable[[], list[Item]] | None) -> Item | None:
        """Wait for a pause to end and return the next item; ``None`` if the worker has to end.

        Args:
            note: Notes how the last item of this worker ended. Returns items to cancel.
        """
        while True:
            item, cancelled, more = None, [], 0
            with self._lock:
                if note is not None:
                    cancelled, note = note(), None
                now = time.monotonic()
                wanted = self._stopped is None and self._workers <= self._window.limit
                wanted = wanted and len(self._backlog) > 0
                pause = self._pauses.until - now
                stays = wanted and (pause <= 0 or not self._pausing)
                if not stays:
                    self._workers -= 1
                    self._idle.notify_all()
                elif pause > 0:
                    self._pausing = True
                else:
                    item = self._take()
                    more = self._workers_to_start()
            for other in cancelled:
                other.cancel()
            self._start_workers(more)
            if item is not None or not stays:
                return item
            self._resumed.wait_for(lambda: self._stopped is not None, pause)
            with self._lock:
                self._pausing = False

    def _take(self) -> Item:
        """Take an item to run. The caller has the lock."""
        item = self._backlog.take()
        self._in_flight[item.index] = item
        self._not_started += 1
        item.started = False
        if 2 * len(self._backlog.ahead) <= CHUNK * self._window.limit and not self._exhausted:
            self._changed.notify_all()  # it is time to read more
        return item

    # -- calls ----------------------------------------------------------------------

    def _run(self, item: Item) -> Callable[[], list[Item]]:
        """Make one attempt of an item, and return the function that notes how it ended."""
        began, data, error = time.monotonic(), None, None
        item.on_start = partial(self._on_start, item)
        try:
            data = self._caller.call(item)
        except ItemRefused as exc:
            return partial(self._note_refusal, item, exc.error, began)
        except BaseException as exc:  # noqa: BLE001 - it is the outcome of the item
            error = exc
        seconds = time.monotonic() - began
        item.on_cancel(None)
        item.attempts += 1
        item.seconds += seconds
        if error is not None and (item.cancelled or isinstance(error, ClientClosedError)):
            return partial(self._note_stop, item, error)
        again = self._idempotent and item.attempts <= self._caller.retries
        if error is not None and again and may_repeat(error):
            return partial(self._note_repeat, item, error)
        outcome = self._recorder.record(item, data, error)
        return partial(self._note_outcome, item, outcome, seconds)

    def _on_start(self, item: Item) -> None:
        """Record that the app runs an item now."""
        with self._lock:
            if item.started or item.index not in self._in_flight:
                return
            item.started = True
            self._not_started -= 1
            self._window.started(time.monotonic(), len(self._in_flight), self._not_started)
            more = self._workers_to_start()
        self._start_workers(more)

    # -- ends of attempts, with the lock --------------------------------------------

    def _leave_flight(self, item: Item) -> int:
        """Remove an item from those in flight, and return how many there were."""
        in_flight = len(self._in_flight)
        del self._in_flight[item.index]
        self._not_started -= not item.started
        return in_flight

    def _note_outcome(self, item: Item, outcome: Outcome, seconds: float) -> list[Item]:
        in_flight = self._leave_flight(item)
        self._window.ended(time.monotonic(), seconds, item.waited, in_flight)
        self._pauses.ended()
        if self._stopped is not None:
            return []
        self._give(outcome)
        if outcome.error is None or not self._raises or outcome.index > self._first_failed:
            return []
        # The results before the failed item are still wanted, if they are given in order.
        self._first_failed, self._exhausted = outcome.index, True
        last = outcome.index if self._in_order else -1
        self._backlog.drop_after(last)
        return [other for other in self._in_flight.values() if other.index > last]

    def _give(self, outcome: Outcome) -> None:
        self._order.add(outcome)
        self._done += outcome.error is None
        self._failed += outcome.error is not None
        self._replayed += outcome.replayed
        if not self._in_order or self._order.has_next(in_order=True):
            self._changed.notify_all()

    def _note_stop(self, item: Item, error: BaseException) -> list[Item]:
        self._leave_flight(item)
        if not item.cancelled:  # the client was closed
            self._end(error)
        return []

    def _note_repeat(self, item: Item, error: BaseException) -> list[Item]:
        self._leave_flight(item)
        log.debug("item %d of the map is sent again after %s", item.index, type(error).__name__)
        if self._stopped is None:
            self._backlog.again(item)
        return []

    def _note_refusal(self, item: Item, error: GradioClientError, began: float) -> list[Item]:
        in_flight, now = self._leave_flight(item), time.monotonic()
        self._refused += 1
        if item.cancelled or self._stopped is not None:
            return []
        refusal = refusal_of(error)
        if not self._pauses.refused(now, began, refusal, alone=in_flight == 1):
            failed = self._recorder.record(item, None, error)
            self._in_flight[item.index] = item
            return self._note_outcome(item, failed, 0.0)
        if not refusal.absent:
            self._window.refused(now, began, in_flight)
        self._backlog.again(item)
        return []
