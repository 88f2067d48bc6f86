"""The routing table of a shared stream: whose messages are delivered, kept or dropped."""

from __future__ import annotations

import pytest

from gradio_client_sync import MessageTooLargeError
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync._transport import routing_table
from gradio_client_sync._transport.mailbox import Mailbox
from gradio_client_sync._transport.routing_table import RoutingTable

MESSAGE = Message("log", "a", b"x" * 40, 0.0)


def mailbox() -> Mailbox:
    return Mailbox(lambda: None, pytest.fail)


def test_routing_table_keeps_messages_only_while_a_job_may_be_joining() -> None:
    """Without a join request that is running, an unknown job has ended."""
    table = RoutingTable(100)
    assert not table.keep("a", MESSAGE)
    table.begin_join()
    assert table.keep("a", MESSAGE)
    assert table.keep("a", MESSAGE)
    assert table.take_kept("a") == [MESSAGE, MESSAGE]
    assert not table.take_kept("a")
    table.end_join()
    assert not table.keep("a", MESSAGE)


def test_routing_table_drops_what_is_left_after_the_last_join() -> None:
    """While another join request is running, its job may be the one that a message is for."""
    table = RoutingTable(100)
    table.begin_join()
    table.begin_join()
    assert table.keep("a", MESSAGE)
    table.end_join()
    assert table.keep("a", MESSAGE)
    table.end_join()
    table.begin_join()
    assert not table.take_kept("a")


def test_routing_table_limits_the_bytes_that_it_keeps() -> None:
    """The limit is for all jobs together; messages that were taken or dropped do not count."""
    table = RoutingTable(100)
    for _ in range(2):
        table.begin_join()
        assert table.keep("a", MESSAGE)
        assert table.keep("b", MESSAGE)
        table.end_join()
    table.begin_join()
    assert table.keep("a", MESSAGE)
    assert table.keep("b", MESSAGE)
    table.take_kept("a")
    assert table.keep("b", MESSAGE)
    assert table.keep("b", MessageTooLargeError("too long"))
    with pytest.raises(MessageTooLargeError, match="unknown jobs"):
        table.keep("c", MESSAGE)


def test_routing_table_drops_the_messages_of_jobs_that_have_ended() -> None:
    """A server may send messages, and a second end, after a job's end."""
    table = RoutingTable(100)
    table.begin_join()
    table.add("a", mailbox(), "stream")
    assert not table.has_ended("a")
    table.remove("a")
    assert table.has_ended("a")
    assert not table.keep("a", MESSAGE)
    table.remove("never added")
    assert not table.has_ended("never added")


def test_routing_table_forgets_the_oldest_of_many_ended_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its memory does not grow with the number of jobs."""
    monkeypatch.setattr(routing_table, "_REMEMBERED", 2)
    table = RoutingTable(100)
    for event_id in "abc":
        table.mark_ended(event_id)
    assert [table.has_ended(event_id) for event_id in "abc"] == [False, True, True]


def test_routing_table_removes_only_the_jobs_of_the_stream_that_broke() -> None:
    """After the app has changed, a session has two streams, and each has its own jobs."""
    table = RoutingTable(100)
    old, new = object(), object()
    boxes = {name: mailbox() for name in "abc"}
    for name, stream in (("a", old), ("b", new), ("c", old)):
        table.add(name, boxes[name], stream)
    assert table.remove_jobs_on(old) == {"a": boxes["a"], "c": boxes["c"]}
    assert not table.has_jobs_on(old)
    assert table.has_jobs_on(new)
    assert table.mailboxes == {"b": boxes["b"]}
    assert table.remove_all() == [boxes["b"]]
    assert not table.mailboxes
    assert not table.has_jobs_on(new)
