"""`EventLog`: the messages that a job keeps, for loops on any thread and for listeners.

The log keeps messages as they came. It keeps the newest `history` records with `history_bytes`
bytes in total, and always the newest one (see `records`). Events are created when a loop or the
listeners need them. Each loop has its own `Cursor`.

Listeners that have received the same records share a cursor. So each event is created once for all
of them, and they are called in the order of their registration. A late listener begins with its
own cursor at the first record, and joins the others when it has caught up.

Only one thread at a time calls listeners, and never under the lock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from .._basics.words import called, counted
from .._protocol.queue.decode import DATA_MESSAGES
from .._protocol.queue.wire import Message
from .._transport.signal_safe import SafeCondition, new_lock
from ..errors import GradioClientError, ProtocolError
from ..events import Data, Status
from .records import Cursor, LocalEvents, Record, Restarted, Subscription, has_status, status_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from .._protocol.queue.event_factory import EventFactory
    from ..events import Event
    from ..types import EventName

log = logging.getLogger(__name__)

#: The number of bytes that a job keeps. A single message cannot be larger either.
HISTORY_BYTES = 2**28

_DATA: frozenset[EventName] = frozenset(("data",))


class EventLog:
    """The records of one job.

    Args:
        event_factory: Creates the events.
        history: The number of records to keep.
        start: Runs a function on a worker thread of the job.
        history_bytes: The number of bytes to keep.
        pending: The status of the job before the first message of the app.

    Attributes:
        order: The position of the job among all jobs that have a value, by the time of the first
            value. ``None`` before that.
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
        self._event_factory = self._first_factory = event_factory
        self._history = history
        self._history_bytes = history_bytes
        self._kept_bytes = 0
        self._start = start
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._records: deque[Record] = deque(
            [LocalEvents((pending,))] if pending is not None else ()
        )
        self._first = 0  # the number of the oldest record that is still kept
        self._past: Cursor | None = None  # has read the records that were dropped
        self._past_status: Record | None = None  # the newest dropped record that has a status
        self._has_dropped_values = False
        self._ended = False
        self._cursors: list[Cursor] = []
        self._subscribed = 0
        self._notifier: int | None = None  # the thread that calls listeners now

    # -- writing: the worker and the reader of a shared stream ----------------------

    def publish(self, message: Message) -> None:
        """Add a message. After the end of the job it is ignored."""
        self._append(message, len(message.raw))

    def add(self, event: Event) -> None:
        """Add an event that the client has created. After the end of the job it is ignored."""
        self._append(LocalEvents((event,)), 0)

    def restart(self, status: Status) -> None:
        """Record that the job is sent again. After the end of the job this is ignored."""
        self._append(Restarted((status,)), 0)

    def move(self, events: Sequence[Event], event_factory: EventFactory) -> None:
        """Record that another server runs the job. After the end of the job this is ignored.

        Args:
            events: The events of the change.
            event_factory: Creates the events of the messages from now on.
        """
        self._append(Restarted(events, event_factory), 0)
        self._event_factory = event_factory

    def _append(self, record: Record, size: int) -> None:
        with self._lock:
            if self._ended:
                return
            self._records.append(record)
            self._kept_bytes += size
            while len(self._records) > self._history or (
                self._kept_bytes > self._history_bytes and len(self._records) > 1
            ):
                self._drop_oldest()
            self._changed.notify_all()

    def end(self, events: Sequence[Event]) -> bool:
        """Add the last events. All later calls that add something are ignored.

        Returns:
            ``False`` if the job had ended before.
        """
        with self._lock:
            if self._ended:
                return False
            if events:
                self._records.append(LocalEvents(events))
            self._ended = True
            self._changed.notify_all()
        return True

    def wait_until_ended(self, timeout: float | None) -> bool:
        """Wait until the log has ended, so that no more events follow.

        Args:
            timeout: Seconds to wait at most; ``None`` waits without a limit.

        Returns:
            Whether the log has ended.
        """
        return self._ended or self._changed.wait_for(lambda: self._ended, timeout)

    @property
    def succeeded(self) -> bool:
        """Return whether the function has returned without an error."""
        status = self.status
        return status is not None and status.stage == "complete" and status.success is not False

    def cancel(self, time: float) -> None:
        """End with the status of a cancelled job. Call the listeners on another thread."""
        self.end([self._event_factory.cancelled(time)])
        self.notify_soon()

    def _drop_oldest(self) -> None:
        if self._past is None:
            self._past = Cursor(self._first_factory, self._first)
        record = self._records.popleft()
        self._first += 1
        self._past.skip(record)
        if has_status(record):
            self._past_status = record
        if isinstance(record, Message):
            self._kept_bytes -= len(record.raw)
            self._has_dropped_values = self._has_dropped_values or record.msg in DATA_MESSAGES

    # -- listeners ----------------------------------------------------------------

    def subscribe(self, event: EventName, listener: Callable[[Any], object]) -> None:
        """Call a listener with the events so far, and then with each new one.

        If the job has ended, this returns when the listener has received all events. Exception: if
        a listener of this job subscribes another listener, this returns at once.
        """
        with self._lock:
            self._subscribed += 1
            cursor = self._new_cursor()
            cursor.subscriptions.append(Subscription(self._subscribed, event, listener))
            self._cursors.append(cursor)
            missed, ended = bool(self._records), self._ended
            idle = self._notifier is None
        if missed and idle:
            self.notify_soon()
        if ended and not self.is_notifying_here:
            self.wait_until_notified()

    def unsubscribe(
        self, event: EventName | None = None, listener: Callable[[Any], object] | None = None
    ) -> None:
        """Remove listeners.

        Args:
            event: The kind of event; ``None`` removes all listeners.
            listener: The listener.
        """
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
    def is_notifying_here(self) -> bool:
        """Return whether this thread runs a listener of this job."""
        return self._notifier == threading.get_ident()

    @property
    def has_unread(self) -> bool:
        """Return whether listeners have not received all events, and no thread calls them."""
        if not self._cursors:
            return False
        with self._lock:
            return self._notifier is None and self._slowest_cursor() is not None

    def notify_soon(self) -> None:
        """Call the listeners on a thread of the job, unless a thread does so now."""
        if self.has_unread:
            try:
                self._start(self.notify)
            except GradioClientError as exc:  # no thread: the worker calls them at the end
                log.debug("listeners of %r wait: %s", self._event_factory.endpoint.name, exc)

    def notify(self) -> None:
        """Call the listeners with all events so far, unless another thread does so now."""
        with self._lock:
            if self._notifier is not None:
                return
            self._notifier = threading.get_ident()
        try:
            while self._notify_next():
                continue
        except BaseException:
            with self._lock:
                self._notifier = None
                self._changed.notify_all()
            raise

    def notify_and_wait(self) -> None:
        """Call the listeners with all events so far, and wait until all have received them."""
        if self._cursors or self._notifier is not None:
            self.notify()
            self.wait_until_notified()

    def wait_until_notified(self) -> None:
        """Wait until every listener has received all events so far."""
        self._changed.wait_for(lambda: self._notifier is None and self._slowest_cursor() is None)

    def _notify_next(self) -> bool:
        with self._lock:
            cursor = self._slowest_cursor()
            if cursor is None:
                self._notifier = None
                self._changed.notify_all()
                return False
            self._join_equal_cursors(cursor)
            record = self._next_record(cursor)
            subscriptions = list(cursor.subscriptions)
        if cursor.missed:
            self._warn_missed(cursor)
        for event in cursor.read(record, {s.event for s in subscriptions}):
            for subscription in subscriptions:
                if subscription.active and subscription.event == event.type:
                    try:
                        subscription.listener(event)
                    except BaseException:  # SystemExit too: it would end the worker, not the script
                        log.exception(
                            "listener %r of %s failed",
                            subscription.listener,
                            called(event.endpoint),
                        )
        return True

    def _slowest_cursor(self) -> Cursor | None:
        end = self._first + len(self._records)
        behind = [cursor for cursor in self._cursors if cursor.index < end]
        return min(behind, key=lambda cursor: cursor.index) if behind else None

    def _join_equal_cursors(self, cursor: Cursor) -> None:
        for other in [c for c in self._cursors if c is not cursor and c.index == cursor.index]:
            cursor.join(other)
            self._cursors.remove(other)

    def _warn_missed(self, cursor: Cursor) -> None:
        log.warning(
            "a listener or loop of the job of %r was too slow and missed %s: the client keeps %s "
            "(option history) with %s in total (option history_bytes)",
            self._event_factory.endpoint.name,
            counted(cursor.missed, "message"),
            counted(self._history, "message"),
            counted(self._history_bytes, "byte"),
        )
        cursor.missed = 0

    # -- reading: any thread ------------------------------------------------------

    def data(self, *, wait: bool) -> Iterator[Data]:
        """Yield each value, from the first one that is kept.

        Args:
            wait: Whether to wait for further values until the job ends.
        """
        return self.events(_DATA, wait=wait)  # type: ignore[return-value]

    def data_or_pauses(
        self, idle: float | None, on_gap: Callable[[], None]
    ) -> Iterator[Data | None]:
        """Yield each value until the job ends, and ``None`` when none has come for a while.

        Args:
            idle: Seconds without a value; ``None`` yields values only.
            on_gap: A function to call if values were dropped before this loop got them, or before
                it began.
        """
        return self.events(_DATA, idle=idle, on_gap=on_gap)  # type: ignore[return-value]

    def events(
        self,
        wanted: AbstractSet[EventName],
        *,
        wait: bool = True,
        idle: float | None = None,
        on_gap: Callable[[], None] | None = None,
    ) -> Iterator[Event | None]:
        """Yield each event, from the first one that is kept.

        Args:
            wanted: The kinds of event.
            wait: Whether to wait for further events until the job ends.
            idle: Seconds without a wanted event after which ``None`` is yielded.
            on_gap: A function to call if messages were dropped before this loop got them, or values
                before it began.
        """
        with self._lock:
            cursor = self._new_cursor()
        if self._has_dropped_values and on_gap is not None:
            on_gap()
        end = None if idle is None else time.monotonic() + idle
        while True:
            if wait and not self._has_next(cursor):
                left = None if end is None else max(0.0, end - time.monotonic())
                if not self._changed.wait_for(lambda: self._has_next(cursor) or self._ended, left):
                    yield None
                    end = time.monotonic() + (idle or 0.0)
                    continue
            with self._lock:
                if not self._has_next(cursor):
                    return
                record = self._next_record(cursor)
            if wanted is _DATA and isinstance(record, Message) and record.msg not in DATA_MESSAGES:
                continue
            if cursor.missed:
                self._warn_missed(cursor)
                if on_gap is not None:
                    on_gap()
            for event in cursor.read(record, wanted):
                if event.type in wanted:
                    yield event
                    if idle is not None:
                        end = time.monotonic() + idle

    @property
    def final(self) -> Data | None:
        """Return the value with which the job has ended; ``None`` before, or if it has none.

        The worker has decoded it, so unlike `data` this costs nothing.
        """
        with self._lock:
            last = self._records[-1] if self._ended and self._records else None
        events = last.events if isinstance(last, LocalEvents) else ()
        return next((event for event in events if isinstance(event, Data)), None)

    @property
    def status(self) -> Status | None:
        """Return the latest status; ``None`` if there is none."""
        with self._lock:
            latest = next(filter(has_status, reversed(self._records)), self._past_status)
        if latest is None:
            return None
        try:
            return status_in(latest, self._event_factory)
        except ProtocolError:  # logged when a listener or a loop reads the message
            with self._lock:
                records = [record for record in self._records if has_status(record)]
        for record in reversed(records):
            try:
                return status_in(record, self._event_factory)
            except ProtocolError:
                continue
        return None

    def _new_cursor(self) -> Cursor:
        """Return a new cursor at the first record that is kept."""
        return Cursor(self._first_factory, self._first, self._past)

    def _has_next(self, cursor: Cursor) -> bool:
        return cursor.index < self._first + len(self._records)

    def _next_record(self, cursor: Cursor) -> Record:
        """Return the next record for a cursor, and advance the cursor."""
        if cursor.index < self._first:
            cursor.jump(self._first, self._past)
        record = self._records[cursor.index - self._first]
        cursor.index += 1
        return record
