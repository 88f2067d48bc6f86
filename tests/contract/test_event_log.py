"""`EventLog`: keeps the events of a job, and gives each to listeners and loops once, in order."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._job.event_log import EventLog
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.dialect import DIALECTS
from gradio_client_sync._protocol.queue.event_factory import EventFactory
from gradio_client_sync._protocol.queue.wire import Message
from tests.support.scripted import completed, config_of, generating

WAIT = 10.0  # s; a bound for failures


def event_factory() -> EventFactory:
    dialect = DIALECTS["sse_v3"]
    return EventFactory(EndpointTable(config_of(), dialect).resolve("/count"), dialect)


def frame(message: Any) -> Message:
    return Message.of(json.dumps(message).encode(), 1.0)


def run_here(task: Any) -> None:
    task()


def growing(count: int) -> list[Message]:
    """Return messages of a text that grows by one letter, with edits from the second message on."""
    edits = [generating("e", [["append", [], chr(98 + n % 25)]]) for n in range(count - 1)]
    return [frame(message) for message in (generating("e", "a"), *edits)]


def texts(count: int) -> list[str]:
    value, values = "a", ["a"]
    for n in range(count - 1):
        value += chr(98 + n % 25)
        values.append(value)
    return values


@pytest.fixture
def log() -> EventLog:
    return EventLog(event_factory(), 100, run_here)


def finish(log: EventLog) -> None:
    log.end(
        [
            log._event_factory.data(2.0, ["end"], files=False),
            log._event_factory.status(2.0, "complete"),
        ]
    )
    log.notify()


def test_listeners_get_events_in_order_and_once(log: EventLog) -> None:
    """Listeners get the status before the value, the final status last, and each event once."""
    seen: list[Any] = []
    log.subscribe("status", lambda status: seen.append(status.stage))
    log.subscribe("data", lambda data: seen.append(data[0]))
    for message in growing(3):
        log.publish(message)
        log.notify()
    finish(log)
    assert seen == [
        *("generating", "a", "generating", "ab", "generating", "abc"),
        *("end", "complete"),
    ]


@given(st.lists(st.sampled_from(["publish", "subscribe", "tell"]), max_size=20))
def test_listeners_get_the_same_events_at_any_time(steps: list[str]) -> None:
    """Every listener gets the same events, whatever the order of events and registrations."""
    log, frames = EventLog(event_factory(), 100, run_here), iter(growing(20))
    lists: list[list[str]] = []
    published = 0
    for step in steps:
        if step == "publish":
            log.publish(next(frames))
            published += 1
        elif step == "subscribe":
            own: list[str] = []
            lists.append(own)
            log.subscribe("data", lambda data, own=own: own.append(data[0]))
        else:
            log.notify()
    finish(log)
    assert all(own == [*texts(20)[:published], "end"] for own in lists)


def test_listeners_of_one_event_are_called_in_order_of_registration(log: EventLog) -> None:
    """Listeners are called in the order of their registration, also if the first one was late."""
    seen: list[str] = []
    for message in growing(2):
        log.publish(message)
    log.subscribe("data", lambda data: seen.append(f"1 {data[0]}"))
    log.subscribe("data", lambda data: seen.append(f"2 {data[0]}"))
    seen.clear()
    finish(log)
    assert seen == ["1 end", "2 end"]


def test_listener_that_raises_is_logged_and_kept(
    log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    """A listener that raises is logged and called again, and other listeners are called too."""
    seen: list[str] = []

    def fail(data: Any) -> None:
        seen.append("failed")
        raise SystemExit("listener")

    log.subscribe("data", fail)
    log.subscribe("data", lambda data: seen.append(data[0]))
    with caplog.at_level(logging.ERROR):
        for message in growing(2):
            log.publish(message)
            log.notify()
    assert seen == ["failed", "a", "failed", "ab"]
    assert "listener" in caplog.text


def test_removed_listener_gets_no_events(log: EventLog) -> None:
    """`off` removes one callback for one kind of event, from the next event on."""
    seen: list[str] = []

    def hear(event: Any) -> None:
        seen.append(event.type)
        if event.type == "data":
            log.unsubscribe("data", hear)

    log.subscribe("data", hear)
    log.subscribe("status", hear)
    for message in growing(2):
        log.publish(message)
        log.notify()
    assert seen == ["status", "data", "status"]
    log.unsubscribe()
    finish(log)
    assert len(seen) == 3


def test_status_listeners_alone_decode_no_values(log: EventLog) -> None:
    """If only status listeners exist, values are not decoded, so a wrong edit is not noticed."""
    stages: list[str] = []
    log.subscribe("status", lambda status: stages.append(status.stage))
    for message in growing(2):
        log.publish(message)
        log.notify()
    assert stages == ["generating", "generating"]
    values: list[str] = []
    log.subscribe("data", lambda data: values.append(data[0]))
    log.publish(frame(generating("e", [["append", [], "!"]])))
    log.notify()
    assert values == ["a", "ab", "ab!"]
    assert stages == ["generating"] * 3


def test_loops_are_independent_of_each_other(log: EventLog) -> None:
    """Two loops over one job each give all values."""
    for message in growing(3):
        log.publish(message)
    first = log.data(wait=True)
    assert next(first)[0] == "a"
    assert [data[0] for data in log.data(wait=False)] == ["a", "ab", "abc"]
    finish(log)
    assert [data[0] for data in first] == ["ab", "abc", "end"]


def test_history_keeps_the_last_messages_and_they_still_decode() -> None:
    """Edits apply to values that are no longer kept, because dropped messages were applied."""
    log = EventLog(event_factory(), 3, run_here)
    for message in growing(10):
        log.publish(message)
    assert [data[0] for data in log.data(wait=False)] == texts(10)[-3:]
    seen: list[str] = []
    log.subscribe("data", lambda data: seen.append(data[0]))
    assert seen == texts(10)[-3:]


def test_history_has_a_bound_in_bytes_and_keeps_the_last_message() -> None:
    """The history has a limit in bytes, keeps at least the last message, and can be decoded."""
    frames = growing(10)
    size = len(frames[-1].raw)
    log = EventLog(event_factory(), 100, run_here, history_bytes=2 * size)
    for message in frames:
        log.publish(message)
    assert [data[0] for data in log.data(wait=False)] == texts(10)[-2:]
    log.publish(frame(generating("e", [["replace", [], "x" * 3 * size]])))
    assert [data[0] for data in log.data(wait=False)] == ["x" * 3 * size]
    log.publish(frame(generating("e", [["append", [], "y"]])))
    assert [data[0] for data in log.data(wait=False)] == ["x" * 3 * size + "y"]


def test_reader_that_falls_behind_the_history_is_warned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A warning counts the messages that a slow loop missed, and later values are right."""
    log = EventLog(event_factory(), 3, run_here)
    frames = growing(10)
    log.publish(frames[0])
    loop = log.data(wait=False)
    assert next(loop)[0] == "a"
    for message in frames[1:]:
        log.publish(message)
    with caplog.at_level(logging.WARNING):
        assert next(loop)[0] == texts(10)[-3]
    assert "missed 6 messages" in caplog.text


def test_late_listener_of_a_finished_job_gets_all_events_in_on() -> None:
    """For a finished job, `on` returns after the listener got all events."""
    log = EventLog(event_factory(), 100, lambda task: threading.Thread(target=task).start())
    for message in growing(3):
        log.publish(message)
    finish(log)
    seen: list[str] = []
    log.subscribe("data", lambda data: seen.append(data[0]))
    assert seen == ["a", "ab", "abc", "end"]


def test_listener_added_by_a_listener_gets_all_events(log: EventLog) -> None:
    """A listener may add a listener, which gets all events."""
    seen: list[str] = []

    def adds(data: Any) -> None:
        if not seen:
            log.subscribe("data", lambda data: seen.append(data[0]))

    log.subscribe("data", adds)
    for message in growing(2):
        log.publish(message)
    log.notify()
    finish(log)
    assert seen == ["a", "ab", "end"]


def test_nothing_follows_the_end(log: EventLog) -> None:
    """After a cancel, messages and a second end are ignored."""
    stages: list[str] = []
    log.subscribe("status", lambda status: stages.append(status.message))
    log.publish(growing(1)[0])
    log.cancel(2.0)
    log.publish(growing(1)[0])
    finish(log)
    assert stages == [None, "Cancelled."]
    assert log.status is not None
    assert log.status.stage == "complete"


def test_latest_status_skips_messages_without_one(log: EventLog) -> None:
    """The latest status skips logs and messages that cannot be read."""
    assert log.status is None
    log.publish(frame({"msg": "estimation", "event_id": "e", "rank": 3, "queue_size": 4}))
    log.publish(frame({"msg": "log", "event_id": "e", "log": "x", "level": "info"}))
    assert log.status is not None
    assert (log.status.position, log.status.size) == (3, 4)
    log.publish(frame({"msg": "process_generating", "event_id": "e", "output": 5}))
    assert log.status.position == 3


def test_unreadable_messages_are_skipped_by_every_reader(log: EventLog) -> None:
    """A message that cannot be read is skipped by listeners and loops."""
    seen: list[str] = []
    log.subscribe("data", lambda data: seen.append(data[0]))
    log.subscribe("log", lambda entry: seen.append(entry.log))
    bad = {"msg": "process_generating", "event_id": "e", "output": None}
    log.publish(frame(generating("e", "a")))
    log.publish(frame(bad))
    log.publish(frame({"msg": "log", "event_id": "e", "log": "hey", "level": "info"}))
    log.notify()
    assert seen == ["a", "hey"]
    assert [data[0] for data in log.data(wait=False)] == ["a"]


def test_completed_message_gives_the_final_value_once(log: EventLog) -> None:
    """A loop gets the final value once, although the completed message is kept as well."""
    log.publish(growing(1)[0])
    log.publish(frame(completed("e", "end")))
    finish(log)
    assert [data[0] for data in log.data(wait=True)] == ["a", "end"]


def test_a_loop_notices_pauses(log: EventLog) -> None:
    """With *idle*, a loop gets ``None`` while nothing that it wants comes, and each event once."""
    events = log.events({"data"}, idle=0.001)
    assert [next(events), next(events)] == [None, None]
    log.publish(frame(generating("e", "a")))
    assert getattr(next(events), "data", None) == ["a"]
    log.add(log._event_factory.status(1.0, "generating"))
    assert next(events) is None
    finish(log)
    assert [getattr(event, "data", None) for event in events] == [["end"]]


def test_event_log_of_a_job_that_moves_to_another_server(log: EventLog) -> None:
    """Old messages are decoded by the rules of the first server, and new ones by those of the next.

    This holds for loops that begin before the move and after it, and if old messages are dropped.
    """
    other = EventFactory(
        EndpointTable(config_of(), DIALECTS["sse_v1"]).resolve("/count"), DIALECTS["sse_v1"]
    )

    def complete(event_id: str, text: str) -> Message:  # this dialect sends whole values, no edits
        return frame(generating(event_id, text))

    early = log.data(wait=True)
    for message in growing(2):
        log.publish(message)
    assert next(early)[0] == "a"
    log.move([log._event_factory.status(2.0, "pending")], other)
    log.publish(complete("e", "x"))
    log.publish(complete("e", "xy"))
    finish(log)
    assert [data[0] for data in early] == ["ab", "x", "xy", "end"]
    assert [data[0] for data in log.data(wait=False)] == ["a", "ab", "x", "xy", "end"]

    short = EventLog(event_factory(), 2, run_here)
    for message in growing(3):
        short.publish(message)
    short.move([], other)
    short.publish(complete("e", "x"))
    short.publish(complete("e", "xy"))
    finish(short)
    assert [data[0] for data in short.data(wait=False)] == ["x", "xy", "end"]
