"""`EventLog`: what a job has heard, kept as it came, read by any thread, delivered to listeners.

It keeps the last `history` records of `history_bytes` together, and always the last one (see
`records`). Events are made from them when somebody reads, each reader at a `Cursor` of its own.
Listeners that have been given the same records share a cursor, so that each event is made once
for all of them, and delivered in the order in which they were registered. A late listener
starts with a cursor of its own at the first record, and joins the others when it has caught up.

Only one thread at a time calls listeners, and never under the lock.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from .._protocol.queue.decode import DATA_MESSAGES
from .._protocol.queue.wire import Message
from .._transport.signal_safe import SafeCondition
from ..errors import GradioClientError, ProtocolError
from ..events import Data, Status
from .records import Cursor, Made, Record, Restarted, Subscription, status_in, tells_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .._protocol.queue.event_factory import EventFactory
    from ..events import Event
    from ..types import EventName

log = logging.getLogger(__name__)

#: How many bytes a job keeps; a single message may have no more either.
HISTORY_BYTES = 2**28

_DATA: frozenset[EventName] = frozenset(("data",))


class EventLog:
    """The records of one job.

    Args:
        event_factory: Makes the events.
        history: How many records to keep.
        start: Runs a function on a worker thread of the job.
        history_bytes: How long they may be together.
        pending: The status of the job before the app says anything.

    Attributes:
        order: The job's number among those that have a value, by when its first one came.
    """

    def __init__(
        self,
        event_factory: EventFactory,
        history: int,
        start: Callable[[Callable[[], None]], None],
        history_bytes: int = HISTORY_BYTES,
        pending: Status | None = None,
    ) -> None:
        self.order: int | None = None
        self._event_factory = event_factory
        self._history = history
        self._history_bytes = history_bytes
        self._kept_bytes = 0
        self._start = start
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._records: deque[Record] = deque([Made((pending,))] if pending is not None else ())
        self._first = 0  # the number of the oldest record that is still kept
        self._past: Cursor | None = None  # has passed the records that were dropped
        self._past_status: Record | None = None  # the latest of those that told a status
        self._ended = False
        self._cursors: list[Cursor] = []
        self._subscribed = 0
        self._notifier: int | None = None  # the thread that is telling events

    # -- writing: the job's worker ------------------------------------------------

    def publish(self, message: Message) -> None:
        """Add a message. After the end it is ignored."""
        self._append(message, len(message.raw))

    def add(self, event: Event) -> None:
        """Add an event that was made on this side. After the end it is ignored."""
        self._append(Made((event,)), 0)

    def restart(self, status: Status) -> None:
        """Record that the job is sent once more. After the end that is ignored."""
        self._append(Restarted((status,)), 0)

    def _append(self, record: Record, size: int) -> None:
        with self._lock:
            if self._ended:
                return
            self._records.append(record)
            self._kept_bytes += size
            while len(self._records) > self._history or (
                self._kept_bytes > self._history_bytes and len(self._records) > 1
            ):
                self._forget_oldest()
            self._changed.notify_all()

    def end(self, events: Sequence[Event]) -> bool:
        """Add the last events. Everything after them is ignored, another end, too.

        Returns:
            Whether the job had not ended before.
        """
        with self._lock:
            if self._ended:
                return False
            if events:
                self._records.append(Made(events))
            self._ended = True
            self._changed.notify_all()
        return True

    def wait_until_ended(self, timeout: float | None) -> bool:
        """Wait for up to `timeout` seconds until nothing comes any more; whether that is so."""
        return self._ended or self._changed.wait_for(lambda: self._ended, timeout)

    @property
    def succeeded(self) -> bool:
        """Whether the function has run to its end."""
        status = self.status
        return status is not None and status.stage == "complete" and status.success is not False

    def cancel(self, time: float) -> None:
        """End with the status of a cancelled job, and have listeners called on a thread."""
        self.end([self._event_factory.cancelled(time)])
        self.tell_soon()

    def _forget_oldest(self) -> None:
        if self._past is None:
            self._past = Cursor(self._event_factory, self._first)
        record = self._records.popleft()
        self._first += 1
        self._past.skip(record)
        if tells_status(record):
            self._past_status = record
        if isinstance(record, Message):
            self._kept_bytes -= len(record.raw)

    # -- listeners ----------------------------------------------------------------

    def subscribe(self, event: EventName, listener: Callable[[Any], object]) -> None:
        """Call a listener with the events so far, then with each that comes.

        After the job's end this returns when the listener has been given everything, unless
        a listener of this job subscribes it.
        """
        with self._lock:
            self._subscribed += 1
            cursor = self._cursor()
            cursor.subscriptions.append(Subscription(self._subscribed, event, listener))
            self._cursors.append(cursor)
            missed, ended = bool(self._records), self._ended
            idle = self._notifier is None
        if missed and idle:
            self.tell_soon()
        if ended and not self.is_telling_here:
            self.wait_until_told()

    def unsubscribe(
        self, event: EventName | None = None, listener: Callable[[Any], object] | None = None
    ) -> None:
        """Drop a listener, or all of them."""
        with self._lock:
            for cursor in self._cursors:
                for subscription in cursor.subscriptions:
                    # Equality, not identity: a bound method is a new object each time.
                    if event is None or (
                        subscription.event == event and subscription.listener == listener
                    ):
                        subscription.active = False
                cursor.subscriptions = [s for s in cursor.subscriptions if s.active]
            self._cursors = [cursor for cursor in self._cursors if cursor.subscriptions]

    @property
    def is_telling_here(self) -> bool:
        """Whether this thread runs a listener of this job."""
        return self._notifier == threading.get_ident()

    @property
    def has_news(self) -> bool:
        """Whether a listener has not been given everything, and no thread is at it."""
        if not self._cursors:
            return False
        with self._lock:
            return self._notifier is None and self._furthest_behind() is not None

    def tell_soon(self) -> None:
        """Have a thread of the job call the listeners, unless one is at it."""
        if self.has_news:
            try:
                self._start(self.tell)
            except GradioClientError as exc:  # no more threads: the worker does it at the end
                log.debug("listeners of %r wait: %s", self._event_factory.endpoint.name, exc)

    def tell(self) -> None:
        """Call listeners with all there is, unless another thread is at it."""
        with self._lock:
            if self._notifier is not None:
                return
            self._notifier = threading.get_ident()
        try:
            while self._tell_next():
                continue
        except BaseException:
            with self._lock:
                self._notifier = None
                self._changed.notify_all()
            raise

    def tell_all(self) -> None:
        """Call listeners with all there is, and wait until every one has got it."""
        if self._cursors or self._notifier is not None:
            self.tell()
            self.wait_until_told()

    def wait_until_told(self) -> None:
        """Wait until every listener has been given all there is."""
        self._changed.wait_for(lambda: self._notifier is None and self._furthest_behind() is None)

    def _tell_next(self) -> bool:
        with self._lock:
            cursor = self._furthest_behind()
            if cursor is None:
                self._notifier = None
                self._changed.notify_all()
                return False
            self._join_others(cursor)
            record = self._take(cursor)
            subscriptions = list(cursor.subscriptions)
        if cursor.missed:
            self._warn(cursor)
        for event in cursor.read(record, {s.event for s in subscriptions}):
            for subscription in subscriptions:
                if subscription.active and subscription.event == event.type:
                    try:
                        subscription.listener(event)
                    except BaseException:  # SystemExit too: it would end the worker, not the script
                        log.exception(
                            "listener %r of %r failed", subscription.listener, event.endpoint
                        )
        return True

    def _furthest_behind(self) -> Cursor | None:
        end = self._first + len(self._records)
        behind = [cursor for cursor in self._cursors if cursor.index < end]
        return min(behind, key=lambda cursor: cursor.index) if behind else None

    def _join_others(self, cursor: Cursor) -> None:
        for other in [c for c in self._cursors if c is not cursor and c.index == cursor.index]:
            cursor.join(other)
            self._cursors.remove(other)

    def _warn(self, cursor: Cursor) -> None:
        log.warning(
            "a slow reader of %r missed %d messages: the client keeps %d (option history) "
            "of %d bytes together (option history_bytes)",
            self._event_factory.endpoint.name,
            cursor.missed,
            self._history,
            self._history_bytes,
        )
        cursor.missed = 0

    # -- reading: any thread ------------------------------------------------------

    def data(self, *, wait: bool) -> Iterator[Data]:
        """Yield each value, from the first that is kept.

        Args:
            wait: Whether to go on until the job's end, or to stop at what is there.
        """
        with self._lock:
            cursor = self._cursor()
        while True:
            if wait and not self._behind(cursor):
                self._changed.wait_for(lambda: self._behind(cursor) or self._ended)
            with self._lock:
                if not self._behind(cursor):
                    return
                record = self._take(cursor)
            if isinstance(record, Message) and record.msg not in DATA_MESSAGES:
                continue
            if cursor.missed:
                self._warn(cursor)
            for event in cursor.read(record, _DATA):
                if isinstance(event, Data):
                    yield event

    @property
    def status(self) -> Status | None:
        """The latest status."""
        with self._lock:
            latest = next(filter(tells_status, reversed(self._records)), self._past_status)
        if latest is None:
            return None
        try:
            return status_in(latest, self._event_factory)
        except ProtocolError:  # a reader logs it
            with self._lock:
                records = [record for record in self._records if tells_status(record)]
        for record in reversed(records):
            try:
                return status_in(record, self._event_factory)
            except ProtocolError:
                continue
        return None

    def _cursor(self) -> Cursor:
        """Make one at the first record that is kept."""
        return Cursor(self._event_factory, self._first, self._past)

    def _behind(self, cursor: Cursor) -> bool:
        return cursor.index < self._first + len(self._records)

    def _take(self, cursor: Cursor) -> Record:
        """Return the next record for a cursor, and move it on."""
        if cursor.index < self._first:
            cursor.jump(self._first, self._past)
        record = self._records[cursor.index - self._first]
        cursor.index += 1
        return record
