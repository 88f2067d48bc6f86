"""How a `Cursor` reads the records of a job, and which events each kind of record gives."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from gradio_client_sync._job.records import (
    Cursor,
    LocalEvents,
    Restarted,
    Subscription,
    has_status,
    status_in,
)
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync.errors import ProtocolError
from gradio_client_sync.events import Data, Log, Status
from tests.core.test_decode import scribe_for
from tests.support.scripted import generating

FACTORY = scribe_for()
PENDING = FACTORY.status(1.0, "pending")
VALUE = FACTORY.data(1.0, ["x"], files=False)
LOG = {"msg": "log", "event_id": "e", "log": "hey", "level": "info"}
BAD = {"msg": "process_generating", "event_id": "e", "output": None}


def message(content: Any) -> Message:
    return Message.of(json.dumps(content).encode(), 1.0)


FIRST = message(generating("e", "a"))
EDIT = message(generating("e", [["append", [], "b"]]))


def values(cursor: Cursor, *records: Any) -> list[Any]:
    return [
        event.data[0]
        for record in records
        for event in cursor.read(record, {"data"})
        if isinstance(event, Data)
    ]


def test_record_has_the_status() -> None:
    """A record has a status if its message or one of its made events has one."""
    assert has_status(FIRST) and not has_status(message(LOG))
    for kind in (LocalEvents, Restarted):
        assert has_status(kind([VALUE, PENDING])) and not has_status(kind([VALUE]))
        assert status_in(kind([PENDING, VALUE]), FACTORY) is PENDING
    assert status_in(FIRST, FACTORY).stage == "generating"
    with pytest.raises(ProtocolError):
        status_in(message(BAD), FACTORY)


def test_cursor_decodes_only_what_is_wanted() -> None:
    """A cursor decodes only the requested kinds of events, and a status needs no earlier values."""
    cursor = Cursor(FACTORY, 0)
    assert [type(event) for event in cursor.read(EDIT, {"status"})] == [Status]
    assert [type(event) for event in cursor.read(message(LOG), {"log"})] == [Log]
    assert list(cursor.read(message(LOG), {"status"})) == []
    assert list(cursor.read(FIRST, {"log", "upload"})) == []


def test_cursor_that_skipped_values_has_none_until_it_joins_another() -> None:
    """A cursor that skipped values gives no further values until it joins one that has them."""
    cursor, other = Cursor(FACTORY, 0), Cursor(FACTORY, 0)
    late, early = (Subscription(number, "data", print) for number in (2, 1))
    cursor.subscriptions.append(late)
    other.subscriptions.append(early)
    assert list(cursor.read(FIRST, {"log"})) == [] and values(other, FIRST) == ["a"]
    assert values(cursor, FIRST) == []
    cursor.join(other)
    assert cursor.subscriptions == [early, late]
    assert values(cursor, EDIT) == ["ab"]


def test_cursor_keeps_its_own_values_when_it_joins() -> None:
    """A cursor that joins another one keeps its own values; the other may have skipped some."""
    cursor, other = Cursor(FACTORY, 0), Cursor(FACTORY, 0)
    assert values(cursor, FIRST) == ["a"]
    cursor.join(other)
    assert values(cursor, EDIT) == ["ab"]


def test_cursor_starts_from_the_beginning_after_a_restart() -> None:
    """After a restart, the values start from nothing and not from those before."""
    cursor = Cursor(FACTORY, 0)
    assert values(cursor, FIRST, EDIT) == ["a", "ab"]
    assert list(cursor.read(Restarted([PENDING]), {"data"})) == [PENDING]
    assert values(cursor, FIRST, EDIT) == ["a", "ab"]


def test_cursor_continues_after_skipped_records() -> None:
    """A cursor that continues after skipped records knows their values since the last restart."""
    past = Cursor(FACTORY, 0)
    for record in (FIRST, Restarted([PENDING]), LocalEvents([VALUE]), FIRST, EDIT):
        past.skip(record)
    assert past.index == 5
    cursor = Cursor(FACTORY, 0)
    cursor.jump(past.index, past)
    assert (cursor.index, cursor.missed) == (5, 5)
    assert values(cursor, EDIT) == values(Cursor(FACTORY, 5, past), EDIT) == ["abb"]


def test_cursor_skips_unreadable_messages(caplog: pytest.LogCaptureFixture) -> None:
    """A message that cannot be read is skipped with a line in the log."""
    caplog.set_level(logging.DEBUG, "gradio_client_sync")
    cursor = Cursor(FACTORY, 0)
    assert list(cursor.read(message(BAD), {"data"})) == []
    cursor.skip(message(BAD))
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "ignored a message of '/f' that cannot be read"
    ] * 2
