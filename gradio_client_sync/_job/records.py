"""What a job keeps for its readers, and a reader's place in it.

A record is a message of the wire as it came, or one of two classes here. Messages have no
class around them: a job may keep a hundred thousand, and most are never read. A `Cursor` turns
records into events. It holds the state that edit lists need, so it must see every record in
order.
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

#: The kinds of event that need the values of all messages before.
_OF_VALUES = frozenset(("data", "render"))


class Made:
    """Events that were made on this side, such as those of an upload."""

    __slots__ = ("events",)

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events


class Restarted(Made):
    """The job was sent once more: the values after this start from the beginning."""

    __slots__ = ()


Record = Union[Message, Made]


def tells_status(record: Record) -> bool:
    """Return whether a record says where the job stands."""
    if isinstance(record, Message):
        return record.msg in STATUS_MESSAGES
    return any(isinstance(event, Status) for event in record.events)


def status_in(record: Record, event_factory: EventFactory) -> Status:
    """Return where the job stands after a record that tells it.

    Raises:
        ProtocolError: The record is a message that cannot be read.
    """
    if isinstance(record, Message):
        return status_of(event_factory, record)
    return next(event for event in reversed(record.events) if isinstance(event, Status))


class Subscription:
    """A listener of one kind of event.

    Attributes:
        number: Listeners are called in the order of their numbers.
        active: Whether it still listens.
    """

    __slots__ = ("active", "event", "listener", "number")

    def __init__(self, number: int, event: EventName, listener: Callable[[Any], object]) -> None:
        self.number = number
        self.event = event
        self.listener = listener
        self.active = True


class Cursor:
    """A reader's place in the records of a job.

    Args:
        event_factory: Makes the events.
        index: The number of its next record.
        past: The cursor behind the records that are not kept any more; it has their state.

    Attributes:
        subscriptions: The listeners that have been given everything up to this place.
        missed: How many records were dropped before the cursor came to them.
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

    def _start(self, index: int, past: Cursor | None = None) -> None:
        diffs = None if past is None else past._decoder.diffs
        self.index = index
        self._decoder = Decoder(self._event_factory, diffs)
        self._has_all_values = True  # false: values were not decoded, since nobody wanted them

    def jump(self, index: int, past: Cursor | None) -> None:
        """Go on at a later record, since those before it are not kept any more."""
        self.missed += index - self.index
        self._start(index, past)

    def join(self, other: Cursor) -> None:
        """Take over the listeners of another cursor at the same place."""
        self.subscriptions.extend(other.subscriptions)
        self.subscriptions.sort(key=lambda subscription: subscription.number)
        if not self._has_all_values:
            self._decoder, self._has_all_values = other._decoder, other._has_all_values

    def read(self, record: Record, wanted: AbstractSet[EventName]) -> Sequence[Event]:
        """Return the events of the next record.

        A message that cannot be read has none.

        Args:
            wanted: Kinds of event. Others may be left out, and so need not be decoded.
        """
        if not isinstance(record, Message):
            if isinstance(record, Restarted):
                self._start(self.index)
            return record.events
        kind = record.msg
        try:
            if self._has_all_values and not _OF_VALUES.isdisjoint(wanted):
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
        """Pass a record without making its events, but with its part of later values."""
        self.index += 1
        if isinstance(record, Message):
            try:
                self._decoder.skip(record)
            except ProtocolError as exc:
                self._log_unreadable(exc)
        elif isinstance(record, Restarted):
            self._start(self.index)

    def _log_unreadable(self, error: ProtocolError) -> None:
        log.debug(
            "ignored a message of %r that cannot be read: %s",
            self._event_factory.endpoint.name,
            error,
        )
