"""Which mailbox gets a message of a shared stream, and which messages are kept or dropped.

Messages may arrive before the response to the job's join request, which contains the job's event
id. So while any join request is running, messages for unknown jobs are kept until their job has
joined. Messages for jobs that have ended are dropped.

This module knows no threads. `SharedStream` holds its lock during each call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

from .._protocol.queue.wire import Message
from ..errors import MessageTooLargeError, too_large

if TYPE_CHECKING:
    from .mailbox import Mailbox

#: A message, or the error for a message that was too long to be read.
EarlyMessage = Union[Message, MessageTooLargeError]

_REMEMBERED = 10_000  # how many ended jobs are remembered


class RoutingTable:
    """The jobs of one session.

    Args:
        limit: The most bytes that the kept messages for unknown jobs may have together.

    Attributes:
        mailboxes: The mailbox of each job, by event id. It may be read without the lock.
    """

    def __init__(self, limit: int) -> None:
        self.mailboxes: dict[str, Mailbox] = {}
        self._streams: dict[str, object] = {}  # the stream of each job that has a mailbox
        self._limit = limit
        self._early: dict[str, list[EarlyMessage]] = {}
        self._early_bytes = 0
        self._ended: dict[str, None] = {}  # the jobs that ended last, oldest first
        self._joining = 0

    def begin_join(self) -> None:
        """Count a join request that is running."""
        self._joining += 1

    def end_join(self) -> None:
        """Count a join request that has ended. After the last one, drop the kept messages."""
        self._joining -= 1
        if not self._joining:
            self._early.clear()  # the remaining messages are for jobs that have ended
            self._early_bytes = 0

    def keep(self, event_id: str, message: EarlyMessage) -> bool:
        """Keep a message for a job without a mailbox, if the job may be joining.

        Returns:
            Whether the message was kept.

        Raises:
            MessageTooLargeError: The kept messages are longer than the limit.
        """
        if not self._joining or event_id in self._ended:
            return False
        if isinstance(message, Message):
            self._early_bytes += len(message.raw)
            if self._early_bytes > self._limit:
                raise too_large("The data for unknown jobs", self._limit)
        self._early.setdefault(event_id, []).append(message)
        return True

    def take_kept(self, event_id: str) -> Sequence[EarlyMessage]:
        """Remove and return the messages that were kept for a job."""
        early = self._early.pop(event_id, ())
        self._early_bytes -= sum(len(m.raw) for m in early if isinstance(m, Message))
        return early

    def add(self, event_id: str, mailbox: Mailbox, stream: object) -> None:
        """Add a job, which ends when its stream breaks."""
        self.mailboxes[event_id] = mailbox
        self._streams[event_id] = stream

    def remove(self, event_id: str) -> None:
        """Remove a job that has ended."""
        if self.mailboxes.pop(event_id, None) is not None:
            self.mark_ended(event_id)

    def mark_ended(self, event_id: str) -> None:
        """Remember that a job has ended, so that its later messages are dropped."""
        self._streams.pop(event_id, None)
        self._ended[event_id] = None
        if len(self._ended) > _REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def has_ended(self, event_id: str) -> bool:
        """Return whether a job has ended. Only the last 10,000 ended jobs are known."""
        return event_id in self._ended

    def has_jobs_on(self, stream: object) -> bool:
        """Return whether any job would end with a stream."""
        return stream in self._streams.values()

    def remove_jobs_on(self, stream: object) -> dict[str, Mailbox]:
        """Remove the jobs that end with a stream. Return their mailboxes by event id."""
        found = [event_id for event_id, own in self._streams.items() if own is stream]
        for event_id in found:
            del self._streams[event_id]
        return {event_id: self.mailboxes.pop(event_id) for event_id in found}

    def remove_all(self) -> list[Mailbox]:
        """Remove all jobs, and return their mailboxes."""
        mailboxes = list(self.mailboxes.values())
        self.mailboxes, self._streams = {}, {}
        return mailboxes
