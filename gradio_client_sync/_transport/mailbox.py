"""What the reader of a shared stream does with the messages of one job.

Most say nothing but a value, a step or a place in the queue, and go to the job's readers at
once: to wake the job's worker for each would cost more than all else. The worker gets what moves
the job: the first message of each kind, and its end.

A worker only keeps what comes, so it keeps up with any network. Should it not, the reader
waits for it, and so, by the window of TCP, does the server: memory does not grow.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Callable, Union

from .._protocol.queue.exchange import FOR_READERS, MOVES_ONCE
from .._protocol.queue.wire import Message
from ..errors import MessageTooLargeError, ProtocolError
from .base import Aborted, Lost
from .signal_safe import SafeCondition

#: Bytes that may wait for a worker: more than comes while it ends a listener's wait.
ROOM = 2**24
#: What a message takes besides its text: of short ones, more than the text itself.
AROUND = 180

#: A message, or why there will be no more.
Delivery = Union[Message, Lost, Aborted, MessageTooLargeError]


class Mailbox:
    """One job's messages. The channel of a job on a shared stream.

    Args:
        leave: Is called when the job needs no more of them.
        publish: Keeps a message for the job's readers.
        room: How many bytes may wait to be taken.
    """

    def __init__(
        self, leave: Callable[[], None], publish: Callable[[Message], object], room: int = ROOM
    ) -> None:
        self._leave = leave
        self._publish = publish
        self._seen: set[str] = set()  # kinds; of the reader only, as the next
        self._by_worker = False  # readers hear of what comes by way of the worker
        self._room = room
        self._deliveries: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        self._come = 0  # bytes; written by the reader only
        self._taken = 0  # by the worker only
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._reader_waits = False
        self._over = False
        self._since = time.monotonic()

    # -- the reader's side

    def is_deaf(self, seconds: float) -> bool:
        """Whether nothing has come for the job since it joined, so many seconds ago."""
        return not self._come and time.monotonic() - self._since >= seconds

    def deliver(self, frame: Message) -> None:
        """Publish a message, or put it by; where there is no room, wait until there is."""
        self.put_by(frame)
        if self._come - self._taken > self._room:
            self._wait_for_room()

    def put_by(self, frame: Message) -> None:
        """The same without a wait: for the worker itself, which would wait for ever."""
        if frame.msg in FOR_READERS and not self._by_worker:
            # What was rendered can be called before readers hear of it, which takes the worker;
            # what comes after it must not overtake it.
            self._by_worker = frame.renders
            if not self._by_worker:
                self._publish(frame)
                if frame.msg in self._seen and frame.msg in MOVES_ONCE:
                    return
                self._seen.add(frame.msg)
                frame = frame._replace(published=True)
        self._come += len(frame.raw) + AROUND
        self._deliveries.put(frame)

    def _wait_for_room(self) -> None:
        self._reader_waits = True  # first: the worker looks whether it is after it has taken
        self._changed.wait_for(lambda: self._over or self._come - self._taken <= self._room // 2)
        self._reader_waits = False

    def end(self, why: Lost | Aborted | MessageTooLargeError) -> None:
        """Nothing comes any more."""
        self._deliveries.put(why)

    # -- the worker's side

    def receive(self) -> Message:
        delivery = self._deliveries.get()
        if isinstance(delivery, Message):
            self._taken += len(delivery.raw) + AROUND
            if self._reader_waits:
                with self._lock:
                    self._changed.notify_all()
            return delivery
        self._stop()
        self.end(delivery)  # the end stays the end
        raise delivery

    def reply(self, body: bytes) -> None:
        raise ProtocolError("The server asks for data that it already has.", raw=body)

    def close(self) -> None:
        self._stop()
        self._leave()

    def abort(self) -> None:
        self.end(Aborted())
        self._stop()

    def _stop(self) -> None:
        """The reader has no reason to wait any more."""
        with self._lock:
            self._over = True
            self._changed.notify_all()
