"""The events of one job: kept as they came, read by anyone, told to listeners.

What is kept are the wire's messages, at most `history` of them, with at most
`history_bytes` together (but always the last one). Events are made from
them when somebody looks, by a `Cursor`: a position in the messages and the state that
decoding needs there. Each loop has a cursor of its own. Listeners that have seen the
same messages share one, so that each event is made once for all of them and told in
the order in which they were registered; a late listener starts with its own at the
first message, and joins the others when it has caught up.

Only one thread at a time tells events, and never under the lock.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Callable, Union

from .._protocol.queue.decode import DATA_MESSAGES, Decoder
from .._protocol.queue.event_factory import EventFactory
from .._protocol.queue.statuses import STATUS_MESSAGES, status_of
from .._protocol.queue.wire import Message
from .._transport.signal_safe import SafeCondition
from ..errors import GradioClientError, ProtocolError
from ..events import Data, Status

if TYPE_CHECKING:
    from .._protocol.queue.diff import DiffAccumulator
    from ..events import Event
    from ..types import EventName

log = logging.getLogger(__name__)

#: A message of the wire, or events that were made on this side.
Record = Union[Message, Sequence["Event"]]


class Restarted(list["Event"]):
    """Events after which the job's messages start from the beginning: it was sent once more."""


#: Of all that a job keeps: no more than one message may have.
HISTORY_BYTES = 2**28


def _tells_status(record: Record) -> bool:
    if isinstance(record, Message):
        return record.msg in STATUS_MESSAGES
    return any(isinstance(event, Status) for event in record)


class _Subscription:
    __slots__ = ("active", "event", "listener", "number")

    def __init__(self, number: int, event: EventName, listener: Callable[[Any], object]) -> None:
        self.number = number
        self.event = event
        self.listener = listener
        self.active = True


class _Cursor:
    """A reader's place: the number of its next message, and what decoding needs there."""

    __slots__ = ("decoder", "index", "missed", "subscriptions")

    def __init__(self, index: int, decoder: Decoder) -> None:
        self.index = index
        self.decoder: Decoder | None = decoder  # None: it passed by values undecoded
        self.subscriptions: list[_Subscription] = []
        self.missed = 0  # messages that were dropped before it came to them


class EventLog:
    """The messages of one job.

    Args:
        scribe: Makes the events.
        history: How many messages to keep.
        start: Runs a function on a worker thread of the job.
        history_bytes: How long they may be together.
        pending: Where the job stands before the app says anything.

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
        self._records: deque[Record] = deque([(pending,)] if pending is not None else ())
        self._first = 0  # the number of the oldest record that is still kept
        self._past: Decoder | None = None  # has read what is no longer kept
        self._past_status: Record | None = None  # the latest status in it
        self._ended = False
        self._cursors: list[_Cursor] = []
        self._subscribed = 0
        self._notifier: int | None = None  # the thread that is telling events

    # -- writing: the job's worker ------------------------------------------------

    def publish(self, record: Record) -> None:
        """Add a message or events; after the end they are passed over."""
        with self._lock:
            if self._ended:
                return
            self._records.append(record)
            if isinstance(record, Message):
                self._kept_bytes += len(record.raw)
            while len(self._records) > self._history or (
                self._kept_bytes > self._history_bytes and len(self._records) > 1
            ):
                self._forget_oldest()
            self._changed.notify_all()

    def end(self, events: Sequence[Event]) -> bool:
        """Add the last events; nothing comes after them, not even another end.

        Returns:
            Whether this was the end.
        """
        with self._lock:
            if self._ended:
                return False
            if events:
                self._records.append(events)
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
        """End with the status of a cancelled job, and have it told."""
        self.end([self._event_factory.cancelled(time)])
        self.tell_soon()

    def _forget_oldest(self) -> None:
        record = self._records.popleft()
        self._first += 1
        if _tells_status(record):
            self._past_status = record
        if self._past is None:
            self._past = Decoder(self._event_factory)
        if isinstance(record, Restarted):
            self._past = Decoder(self._event_factory)
        if isinstance(record, Message):
            self._kept_bytes -= len(record.raw)
            try:
                self._past.skip(record)
            except ProtocolError as exc:
                log.debug(
                    "a message of %r was passed over: %s", self._event_factory.endpoint.name, exc
                )

    # -- listeners ----------------------------------------------------------------

    def subscribe(self, event: EventName, listener: Callable[[Any], object]) -> None:
        """Tell a listener what was, then what comes.

        Once the job is over, returns when the listener has been told everything,
        unless a listener of this job subscribes it.
        """
        with self._lock:
            self._subscribed += 1
            cursor = self._cursor()
            cursor.subscriptions.append(_Subscription(self._subscribed, event, listener))
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
        """Forget a listener, or all of them."""
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
        """Whether this thread is inside a listener of this job."""
        return self._notifier == threading.get_ident()

    @property
    def has_news(self) -> bool:
        """Whether some listener has not been told everything, and nobody is telling."""
        if not self._cursors:
            return False
        with self._lock:
            return self._notifier is None and self._furthest_behind() is not None

    def tell_soon(self) -> None:
        """Have listeners told by a thread of the job, unless one is at it."""
        if self.has_news:
            try:
                self._start(self.tell)
            except GradioClientError as exc:  # no more threads: the worker tells it at the end
                log.debug("listeners of %r wait: %s", self._event_factory.endpoint.name, exc)

    def tell(self) -> None:
        """Tell listeners all there is, unless another thread is at it."""
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
        """Have every listener told everything that is there; returns when that is done."""
        if self._cursors or self._notifier is not None:
            self.tell()
            self.wait_until_told()

    def wait_until_told(self) -> None:
        """Wait until every listener has been told everything that is there."""
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
        for event in self._events(cursor, record, {s.event for s in subscriptions}):
            for subscription in subscriptions:
                if subscription.active and subscription.event == event.type:
                    try:
                        subscription.listener(event)
                    except BaseException:  # SystemExit too: it would end the worker, not the script
                        log.exception(
                            "listener %r of %r failed", subscription.listener, event.endpoint
                        )
        return True

    def _furthest_behind(self) -> _Cursor | None:
        end = self._first + len(self._records)
        behind = [cursor for cursor in self._cursors if cursor.index < end]
        return min(behind, key=lambda cursor: cursor.index) if behind else None

    def _join_others(self, cursor: _Cursor) -> None:
        """Take over the listeners of cursors at the same place."""
        for other in [c for c in self._cursors if c is not cursor and c.index == cursor.index]:
            cursor.subscriptions.extend(other.subscriptions)
            cursor.subscriptions.sort(key=lambda subscription: subscription.number)
            cursor.decoder = cursor.decoder or other.decoder
            self._cursors.remove(other)

    def _events(self, cursor: _Cursor, record: Record, wanted: set[EventName]) -> Sequence[Event]:
        if cursor.missed:
            log.warning(
                "a slow reader of %r missed %d messages: the client keeps %d (option history) "
                "of %d bytes together (option history_bytes)",
                self._event_factory.endpoint.name,
                cursor.missed,
                self._history,
                self._history_bytes,
            )
            cursor.missed = 0
        if isinstance(record, Restarted):
            cursor.decoder = Decoder(self._event_factory)
        if not isinstance(record, Message):
            return record
        try:
            if wanted & {"data", "render"} and cursor.decoder is not None:
                return cursor.decoder.events(record, status="status" in wanted)
            if record.msg in DATA_MESSAGES:
                cursor.decoder = None
            if "status" in wanted and record.msg in STATUS_MESSAGES:
                return [status_of(self._event_factory, record)]
            if "log" in wanted and record.msg == "log":
                return Decoder(self._event_factory).events(record)
        except ProtocolError as exc:
            log.debug("a message of %r was passed over: %s", self._event_factory.endpoint.name, exc)
        return ()

    # -- reading: any thread ------------------------------------------------------

    def data(self, *, wait: bool) -> Iterator[Data]:
        """Each value from the first that is kept on.

        Args:
            wait: Go on until the job's end; otherwise stop at what is there.
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
            for event in self._events(cursor, record, {"data"}):
                if isinstance(event, Data):
                    yield event

    @property
    def status(self) -> Status | None:
        """The latest status."""
        with self._lock:
            latest = next(filter(_tells_status, reversed(self._records)), self._past_status)
        try:
            return self._status_in(latest)
        except ProtocolError:  # logged where it is told or looped over
            with self._lock:
                records = [record for record in self._records if _tells_status(record)]
        for record in reversed(records):
            try:
                return self._status_in(record)
            except ProtocolError:
                continue
        return None

    def _status_in(self, record: Record | None) -> Status | None:
        if isinstance(record, Message):
            return status_of(self._event_factory, record)
        return next((e for e in reversed(record or ()) if isinstance(e, Status)), None)

    def _cursor(self) -> _Cursor:
        """A new one at the first record that is kept."""
        return _Cursor(self._first, Decoder(self._event_factory, self._past_diffs()))

    def _past_diffs(self) -> DiffAccumulator | None:
        return self._past.diffs if self._past is not None else None

    def _behind(self, cursor: _Cursor) -> bool:
        return cursor.index < self._first + len(self._records)

    def _take(self, cursor: _Cursor) -> Record:
        """The next record for a cursor, which moves on."""
        if cursor.index < self._first:
            cursor.missed += self._first - cursor.index
            cursor.index = self._first
            cursor.decoder = Decoder(self._event_factory, self._past_diffs())
        record = self._records[cursor.index - self._first]
        cursor.index += 1
        return record
