"""What waits for a job's worker is bounded: the reader waits for it, but never for ever."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Callable

import pytest

from gradio_client_sync._protocol.wire import Frame
from gradio_client_sync._transport.base import Aborted, Lost
from gradio_client_sync._transport.mailbox import Mailbox
from tests.scripted import WAIT

FRAME = Frame.of(b'{"msg": "log", "event_id": "e"}', 0.0)
ROOM = 4 * len(FRAME.raw)


class Reader:
    """Delivers messages, on a thread of its own, and tells each that was taken in."""

    def __init__(self, mailbox: Mailbox, count: int) -> None:
        self.delivered: SimpleQueue[int] = SimpleQueue()

        def deliver() -> None:
            for number in range(count):
                mailbox.deliver(FRAME)
                self.delivered.put(number)

        self._thread = threading.Thread(target=deliver)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(WAIT)
        assert not self._thread.is_alive(), "the reader waits for ever"


def filled(count: int) -> tuple[Mailbox, Reader]:
    """A mailbox that is full, and the reader that waits for room in it."""
    mailbox = Mailbox(lambda: None, ROOM)
    reader = Reader(mailbox, count)
    for number in range(4):
        assert reader.delivered.get(timeout=WAIT) == number
    with mailbox._changed:
        assert mailbox._changed.wait_for(lambda: mailbox._reader_waits, WAIT)
    assert reader.delivered.empty()
    return mailbox, reader


def test_reader_waits_for_room_and_loses_nothing() -> None:
    """A reader that is faster than the worker waits, and goes on when half of it is taken."""
    mailbox, reader = filled(1_000)
    for _ in range(1_000):
        assert mailbox.receive() is FRAME
    reader.join()
    assert reader.delivered.qsize() == 996
    mailbox.end(Lost("over"))
    for _ in range(2):
        with pytest.raises(Lost, match="over"):
            mailbox.receive()


@pytest.mark.parametrize("end", [Mailbox.abort, Mailbox.close], ids=["abort", "close"])
def test_reader_does_not_wait_for_a_job_that_is_over(end: Callable[[Mailbox], None]) -> None:
    """Whatever ends the job frees the reader, which other jobs need."""
    mailbox, reader = filled(50)
    end(mailbox)
    reader.join()


def test_reader_does_not_wait_for_a_job_that_has_heard_the_end() -> None:
    """A worker that has been told the end takes no more, also before it closes."""
    mailbox = Mailbox(lambda: None, ROOM)
    mailbox.abort()
    with pytest.raises(Aborted):
        mailbox.receive()
    Reader(mailbox, 50).join()
