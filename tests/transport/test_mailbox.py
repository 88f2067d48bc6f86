"""What goes to a job's readers at once, and what waits for its worker, which is bounded."""

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


class SmallMailbox(Mailbox):
    """One that says when its reader has to wait."""

    def __init__(self) -> None:
        super().__init__(lambda: None, pytest.fail, ROOM)
        self.is_full = threading.Event()

    def _wait_for_room(self) -> None:
        self.is_full.set()
        super()._wait_for_room()


def filled(count: int) -> tuple[Mailbox, Reader]:
    """A mailbox that is full, and the reader that waits for room in it."""
    mailbox = SmallMailbox()
    reader = Reader(mailbox, count)
    for number in range(4):
        assert reader.delivered.get(timeout=WAIT) == number
    assert mailbox.is_full.wait(WAIT)
    assert reader.delivered.empty()
    return mailbox, reader


def test_mailbox_tells_readers_and_wakes_the_worker_only_for_what_moves_the_job() -> None:
    """Values go to readers as they come; the worker gets the first of each kind, and the end."""
    told: list[Message] = []
    mailbox = Mailbox(lambda: None, told.append)
    kinds = ["estimation", "estimation", "process_starts", "log", "progress", "log", "progress"]
    kinds += ["process_generating"] * 5 + ["process_completed"]
    for kind in kinds:
        mailbox.deliver(frame(kind))
    assert [f.msg for f in told] == kinds[:-1]
    taken = [mailbox.receive() for _ in range(6)]
    assert [(f.msg, f.published) for f in taken] == [
        ("estimation", True),
        ("process_starts", True),
        ("log", True),
        ("progress", True),
        ("process_generating", True),
        ("process_completed", False),
    ]


def test_mailbox_gives_the_worker_every_answer_to_further_input() -> None:
    """What takes a stream of input is given the next when the last was answered."""
    told: list[Message] = []
    mailbox = Mailbox(lambda: None, told.append)
    for _ in range(3):
        mailbox.deliver(frame("process_streaming"))
    assert len(told) == 3
    assert all(mailbox.receive().published for _ in range(3))


def test_mailbox_lets_nothing_overtake_what_was_rendered() -> None:
    """The worker makes it callable before readers hear of it, and they hear all in order."""
    told: list[Message] = []
    mailbox = Mailbox(lambda: None, told.append)
    rendered = frame("process_generating", ', "output": {"render_config": {}}')
    for message in [frame("process_generating"), rendered, frame("process_generating")]:
        mailbox.deliver(message)
    assert told == [frame("process_generating")]
    assert [mailbox.receive().published for _ in range(3)] == [True, False, False]


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
    mailbox = Mailbox(lambda: None, pytest.fail, ROOM)
    mailbox.abort()
    with pytest.raises(Aborted):
        mailbox.receive()
    Reader(mailbox, 50).join()
