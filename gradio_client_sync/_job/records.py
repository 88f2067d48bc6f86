"""The records of a job, and `Cursor`, which turns them into events.

A record is a message as it came from the server, or an object of one of two classes in this module.
Messages are not wrapped in another object: a job may keep a hundred thousand messages, and most
are never read. A cursor holds the state that edit lists need, so it must read all records in order.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Callable, Union

from .._protocol.queue.decode import DATA_MESSAGES, Decoder
from .._protocol.queue.statuses import STATUS_MESSAGES, status_of
from .._protocol.queue.wire import Message
from ..errors import ProtocolError
from ..events import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from .._protocol.queue.event_factory import EventFactory
    from ..events import Event
    from ..types import EventName

log = logging.getLogger(__name__)

#: The kinds of event that depend on the values of all earlier messages.
_VALUE_EVENTS = frozenset(("data", "render"))


class LocalEvents:
    """Events that the client has created, such as those of an upload."""

    __slots__ = ("events",)

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events


class Restarted(LocalEvents):
    """A record that the job was sent again, so that its values start from the beginning.

    Args:
        events: The events of the restart.
        event_factory: Creates the events after this record, if the job now runs on another server;
            ``None`` if it does not.
    """

    __slots__ = ("event_factory",)

    def __init__(self, events: Sequence[Event], event_factory: EventFactory | None = None) -> None:
        super().__init__(events)
        self.event_factory = event_factory


Record = Union[Message, LocalEvents]


def has_status(record: Record) -> bool:
    """Return whether a record has a `Status`."""
    if isinstance(record, Message):
        return record.msg in STATUS_MESSAGES
    return any(isinstance(event, Status) for event in record.events)


def status_in(record: Record, event_factory: EventFactory) -> Status:
    """Return the last status in a record.

    Args:
        record: A record for which `has_status` is true.
        event_factory: Creates the status.

    Raises:
        ProtocolError: The record is a message that cannot be read.
    """
    if isinstance(record, Message):
        return status_of(event_factory, record)
    return next(event for event in reversed(record.events) if isinstance(event, Status))


class Subscription:
    """A listener of one kind of event.

    Attributes:
        number: The position in the order in which listeners are called.
        event: The kind of event.
        listener: The function to call.
        active: Whether the listener has not been removed.
    """

    __slots__ = ("active", "event", "listener", "number")

    def __init__(self, number: int, event: EventName, listener: Callable[[Any], object]) -> None:
        self.number = number
        self.event = event
        self.listener = listener
        self.active = True


class Cursor:
    """A position in the records of a job, with the state to decode the next record.

    Args:
        event_factory: Creates the events.
        index: The number of the next record.
        past: A cursor that has read the records that were dropped. The new cursor copies its state.

    Attributes:
        index: The number of the next record.
        subscriptions: The listeners that have received all events before this position.
        missed: The number of records that were dropped before the cursor reached them.
    """

    __slots__ = (
        "_decoder",
        "_event_factory",
        "_has_all_values",
        "index",
        "missed",
        "subscriptions",
    )

    def __init__(self, event_factory: EventFactory, index: int, past: Cursor | None = None) -> None:
        self._event_factory = event_factory
        self._decoder: Decoder
        self.subscriptions: list[Subscription] = []
        self.missed = 0
        self._start(index, past)

    @property
    def event_factory(self) -> EventFactory:
        """Creates the events of the next record."""
        return self._event_factory

    def _start(self, index: int, past: Cursor | None = None) -> None:
        diffs = None if past is None else past._decoder.diffs
        if past is not None:
            self._event_factory = past._event_factory
        self.index = index
        self._decoder = Decoder(self._event_factory, diffs)
        self._has_all_values = True  # False: values were skipped, since nobody needs them

    def jump(self, index: int, past: Cursor | None) -> None:
        """Continue at a later record, since the records before it were dropped.

        Args:
            index: The number of that record.
            past: A cursor that has read the dropped records.
        """
        self.missed += index - self.index
        self._start(index, past)

    def join(self, other: Cursor) -> None:
        """Take over the listeners of another cursor at the same position."""
        self.subscriptions.extend(other.subscriptions)
        self.subscriptions.sort(key=lambda subscription: subscription.number)
        if not self._has_all_values:
            self._decoder, self._has_all_values = other._decoder, other._has_all_values

    def read(self, record: Record, wanted: AbstractSet[EventName]) -> Sequence[Event]:
        """Return the events of the next record. A message that cannot be read has no events.

        Args:
            record: The record.
            wanted: The kinds of event that the caller needs. Other events may be missing, which
                saves the time to decode them.
        """
        if not isinstance(record, Message):
            if isinstance(record, Restarted):
                self._restart(record)
            return record.events
        kind = record.msg
        try:
            if self._has_all_values and not _VALUE_EVENTS.isdisjoint(wanted):
                return self._decoder.events(record, status="status" in wanted)
            if kind in DATA_MESSAGES:
                self._has_all_values = False
            if "status" in wanted and kind in STATUS_MESSAGES:
                return (status_of(self._event_factory, record),)
            if "log" in wanted and kind == "log":
                return self._decoder.events(record)
        except ProtocolError as exc:
            self._log_unreadable(exc)
        return ()

    def skip(self, record: Record) -> None:
        """Advance past a record without its events, but keep what later values need from it."""
        self.index += 1
        if isinstance(record, Message):
            try:
                self._decoder.skip(record)
            except ProtocolError as exc:
                self._log_unreadable(exc)
        elif isinstance(record, Restarted):
            self._restart(record)

    def _restart(self, record: Restarted) -> None:
        self._event_factory = record.event_factory or self._event_factory
        self._start(self.index)

    def _log_unreadable(self, error: ProtocolError) -> None:
        log.debug(
            "ignored a message of %r that cannot be read: %s",
            self._event_factory.endpoint.name,
            error,
        )
