"""`Mailbox`: which messages listeners get at once, and which wait for the worker, up to a limit."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import Callable

import pytest

from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync._transport.base import Aborted, Lost
from gradio_client_sync._transport.mailbox import AROUND, Mailbox
from tests.support.scripted import WAIT


def frame(msg: str, rest: str = "") -> Message:
    return Message.of(f'{{"msg": "{msg}", "event_id": "e"{rest}}}'.encode(), 0.0)


FRAME = frame("for_the_worker")


ROOM = 4 * (len(FRAME.raw) + AROUND)


class Reader:
    """A thread that delivers messages, and reports each one that was accepted."""

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
        assert not self._thread.is_alive(), "the reader still waits"


class SmallMailbox(Mailbox):
    """A mailbox that reports when its reader has to wait."""

    def __init__(self) -> None:
        super().__init__(lambda: None, pytest.fail, ROOM)
        self.is_full = threading.Event()

    def _wait_for_room(self) -> None:
        self.is_full.set()
        super()._wait_for_room()


def filled(count: int) -> tuple[Mailbox, Reader]:
    """Return a full mailbox, and the reader that waits for room in it."""
    mailbox = SmallMailbox()
    reader = Reader(mailbox, count)
    for number in range(4):
        assert reader.delivered.get(timeout=WAIT) == number
    assert mailbox.is_full.wait(WAIT)
    assert reader.delivered.empty()
    return mailbox, reader


def test_mailbox_wakes_the_worker_for_the_first_message_of_each_kind() -> None:
    """Values go to listeners at once; the worker gets the first of each kind, and the end."""
    published: list[Message] = []
    mailbox = Mailbox(lambda: None, published.append)
    kinds = ["estimation", "estimation", "process_starts", "log", "progress", "log", "progress"]
    kinds += ["process_generating"] * 5 + ["process_completed"]
    for kind in kinds:
        mailbox.deliver(frame(kind))
    assert [f.msg for f in published] == kinds[:-1]
    taken = [mailbox.receive() for _ in range(6)]
    assert [(f.msg, f.published) for f in taken] == [
        ("estimation", True),
        ("process_starts", True),
        ("log", True),
        ("progress", True),
        ("process_generating", True),
        ("process_completed", False),
    ]


def test_mailbox_gives_the_worker_each_result_of_a_stream() -> None:
    """The worker gets each result of a stream of input, to send the next chunk."""
    published: list[Message] = []
    mailbox = Mailbox(lambda: None, published.append)
    for _ in range(3):
        mailbox.deliver(frame("process_streaming"))
    assert len(published) == 3
    assert all(mailbox.receive().published for _ in range(3))


def test_mailbox_keeps_the_order_after_a_render() -> None:
    """From a rendered function on, messages go through the worker, which registers it first."""
    published: list[Message] = []
    mailbox = Mailbox(lambda: None, published.append)
    rendered = frame("process_generating", ', "output": {"render_config": {}}')
    for message in [frame("process_generating"), rendered, frame("process_generating")]:
        mailbox.deliver(message)
    assert published == [frame("process_generating")]
    assert [mailbox.receive().published for _ in range(3)] == [True, False, False]


def test_reader_waits_for_room_in_the_mailbox() -> None:
    """A reader that is faster than the worker waits until half of the messages are read."""
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
def test_reader_does_not_wait_for_an_ended_job(end: Callable[[Mailbox], None]) -> None:
    """The end of a job wakes its reader, which other jobs need."""
    mailbox, reader = filled(50)
    end(mailbox)
    reader.join()


def test_reader_does_not_wait_after_an_abort() -> None:
    """After an abort the reader does not wait, although the mailbox is not closed yet."""
    mailbox = Mailbox(lambda: None, pytest.fail, ROOM)
    mailbox.abort()
    with pytest.raises(Aborted):
        mailbox.receive()
    Reader(mailbox, 50).join()
