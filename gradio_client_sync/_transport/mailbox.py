"""The mailbox of one job on a shared stream.

The stream's reader puts the job's messages into it. Most messages contain only a value, a step or a
queue position. The stream's reader puts them into the job's event log itself: waking the job's
worker for each of them would cost more than all other work. The worker gets the messages that
change the job's state: the first one of each kind, and the last one.

The worker only stores what it gets, so it is faster than any network. If it should be slower, the
reader waits for it. Then TCP's flow control makes the server wait too, so the memory does not grow.
"""

from __future__ import annotations

import queue
import time
from typing import Callable, Union

from .._protocol.queue.exchange import FOR_READERS, MOVES_ONCE
from .._protocol.queue.wire import Message
from ..errors import MessageTooLargeError, ProtocolError
from .base import Aborted, Lost
from .signal_safe import SafeCondition, new_lock

#: Bytes that may wait for the worker: more than arrive while the worker wakes a listener.
ROOM = 2**24
#: Bytes of memory that a message needs in addition to its text. A short text needs less than that.
AROUND = 180

#: A message, or the reason why no more messages will arrive.
Delivery = Union[Message, Lost, Aborted, MessageTooLargeError]


class Mailbox:
    """The messages of one job. It is also the `Channel` of the job.

    Args:
        leave: A function that is called when the job needs no more messages.
        publish: A function that puts a message into the job's event log.
        room: How many bytes may wait for the worker.
    """

    def __init__(
        self, leave: Callable[[], None], publish: Callable[[Message], object], room: int = ROOM
    ) -> None:
        self._leave = leave
        self._publish = publish
        self._seen: set[str] = set()  # kinds of messages so far; only the reader uses it
        self._by_worker = False  # whether the worker publishes; only the reader uses it
        self._room = room
        self._deliveries: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        self._bytes_in = 0  # only the reader changes it
        self._bytes_out = 0  # only the worker changes it
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._reader_waits = False
        self._stopped = False
        self._since = time.monotonic()

    # -- for the stream's reader

    def is_silent(self, seconds: float) -> bool:
        """Return whether the job has received no message, and joined at least this long ago."""
        return not self._bytes_in and time.monotonic() - self._since >= seconds

    def deliver(self, message: Message) -> None:
        """Call `put`, and wait while the worker has too many bytes to read."""
        self.put(message)
        if self._bytes_in - self._bytes_out > self._room:
            self._wait_for_room()

    def put(self, message: Message) -> None:
        """Publish a message, or queue it for the worker, or both. Never wait.

        The worker calls this for messages that arrived before its job had joined. If it waited for
        room, it would wait for itself.
        """
        if message.msg in FOR_READERS and not self._by_worker:
            # The worker has to add rendered endpoints before loops and listeners get the message,
            # so that they can call these endpoints. Later messages must not overtake this one.
            self._by_worker = message.renders
            if not self._by_worker:
                self._publish(message)
                if message.msg in self._seen and message.msg in MOVES_ONCE:
                    return
                self._seen.add(message.msg)
                message = message._replace(published=True)
        self._bytes_in += len(message.raw) + AROUND
        self._deliveries.put(message)

    def _wait_for_room(self) -> None:
        # Set before the check: the worker first counts a message as read, and then reads this.
        self._reader_waits = True
        self._changed.wait_for(
            lambda: self._stopped or self._bytes_in - self._bytes_out <= self._room // 2
        )
        self._reader_waits = False

    def end(self, why: Lost | Aborted | MessageTooLargeError) -> None:
        """Let `receive` raise an exception once the worker has read all messages."""
        self._deliveries.put(why)

    # -- for the worker

    def receive(self) -> Message:
        delivery = self._deliveries.get()
        if isinstance(delivery, Message):
            self._bytes_out += len(delivery.raw) + AROUND
            if self._reader_waits:
                with self._lock:
                    self._changed.notify_all()
            return delivery
        self._release_reader()
        self.end(delivery)  # so that each later call raises it, too
        raise delivery

    def reply(self, body: bytes) -> None:
        raise ProtocolError("The server requests data that the client has already sent.", raw=body)

    def close(self) -> None:
        self._release_reader()
        self._leave()

    def abort(self) -> None:
        self.end(Aborted())
        self._release_reader()

    def _release_reader(self) -> None:
        """End the reader's wait for room, and any later one."""
        with self._lock:
            self._stopped = True
            self._changed.notify_all()
