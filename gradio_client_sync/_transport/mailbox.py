"""What the reader of a shared stream puts by for one job, until the job's worker takes it.

A worker only keeps what comes, so it keeps up with any network. Should it not, the reader
waits for it, and so, by the window of TCP, does the server: memory does not grow.
"""

from __future__ import annotations

from queue import SimpleQueue
from threading import Condition
from typing import Callable, Union

from .._protocol.wire import Frame
from ..errors import MessageTooLargeError, ProtocolError
from .base import Aborted, Lost

#: Bytes that may wait for a worker: more than comes while it ends a listener's wait.
ROOM = 2**26

#: A message, or why there will be no more.
Letter = Union[Frame, Lost, Aborted, MessageTooLargeError]


class Mailbox:
    """One job's messages. The channel of a job on a shared stream.

    Args:
        leave: Is called when the job needs no more of them.
        room: How many bytes may wait to be taken.
    """

    def __init__(self, leave: Callable[[], None], room: int = ROOM) -> None:
        self._leave = leave
        self._room = room
        self._letters: SimpleQueue[Letter] = SimpleQueue()
        self._come = 0  # bytes; written by the reader only
        self._taken = 0  # by the worker only
        self._changed = Condition()
        self._reader_waits = False
        self._over = False

    # -- the reader's side

    def deliver(self, frame: Frame) -> None:
        """Put a message by; where there is no room, wait until there is."""
        self._come += len(frame.raw)
        self._letters.put(frame)
        if self._come - self._taken > self._room:
            self._wait_for_room()

    def _wait_for_room(self) -> None:
        with self._changed:
            self._reader_waits = True  # first: the worker looks whether it is after it has taken
            self._changed.wait_for(
                lambda: self._over or self._come - self._taken <= self._room // 2
            )
            self._reader_waits = False

    def end(self, why: Lost | Aborted | MessageTooLargeError) -> None:
        """Nothing comes any more."""
        self._letters.put(why)

    # -- the worker's side

    def receive(self) -> Frame:
        letter = self._letters.get()
        if isinstance(letter, Frame):
            self._taken += len(letter.raw)
            if self._reader_waits:
                with self._changed:
                    self._changed.notify_all()
            return letter
        self._stop()
        self.end(letter)  # the end stays the end
        raise letter

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
        with self._changed:
            self._over = True
            self._changed.notify_all()
