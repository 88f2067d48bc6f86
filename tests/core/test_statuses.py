"""The status after one message, field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradio_client_sync._protocol.queue.decode import Decoder
from gradio_client_sync._protocol.queue.statuses import (
    QUEUE_FULL_MESSAGE,
    STATUS_MESSAGES,
    completion,
    status_of,
)
from gradio_client_sync.errors import ProtocolError
from gradio_client_sync.events import Data, Progress, Status
from tests.core.test_decode import details_of, events_of, only_status, scribe_for
from tests.support.transcripts import PROTOCOLS, dialect_for, frame_of, run, talks_of, versions_of


@pytest.mark.parametrize("version", PROTOCOLS)
def test_status_of_a_waiting_job(version: str) -> None:
    """The fields rank, queue_size and rank_eta become position, size and eta."""
    talk = talks_of(version, "echo")[0]
    frame = next(f for f in talk.frames if f.msg == "estimation")
    sent = json.loads(frame.raw)
    status = status_of(talk.event_factory(), frame)
    assert (status.stage, status.queue, status.success) == ("pending", True, None)
    assert (status.position, status.size) == (sent["rank"], sent["queue_size"]) == (0, 1)
    assert status.eta == sent["rank_eta"]
    assert details_of(status).keys() <= {"position", "size", "eta"}


@pytest.mark.parametrize(
    ("version", "eta"),
    [("3.16.2", False), ("3.50.2", False), ("4.0.2", False), ("4.12.0", True), ("6.31.0", True)],
)
def test_status_of_a_job_that_starts(version: str, eta: bool) -> None:
    """A job that starts has position 0; since 4.11 the server sends its expected duration."""
    talk = talks_of(version, "error")[0]
    frame = next(f for f in talk.frames if f.msg == "process_starts")
    status = status_of(talk.event_factory(), frame)
    assert (status.stage, status.position) == ("pending", 0)
    assert ("eta" in json.loads(frame.raw)) is eta
    assert status.eta == json.loads(frame.raw).get("eta")


@pytest.mark.parametrize("version", versions_of("progress_plain"))
def test_status_of_progress(version: str) -> None:
    """Progress has a fraction or a count, with each field as the app gave it."""
    bars = [
        event.progress_data
        for event in run(talks_of(version, "progress_plain")[0]).events
        if isinstance(event, Status) and event.progress_data
    ]
    assert bars == [
        [Progress(progress=0.5, index=None, length=None, unit="steps", desc="half")],
        [Progress(progress=None, index=3, length=10, unit="u", desc="steps")],
    ]


def test_status_of_counted_progress() -> None:
    """Every step that the server sends gives one status."""
    statuses = [e for e in run(talks_of("6.31.0", "progress3")[0]).events if details_of(e)]
    bars = [e.progress_data for e in statuses if isinstance(e, Status) and e.progress_data]
    assert [(bar.index, bar.length, bar.unit, bar.desc) for (bar,) in bars] == [
        (i, 3, "steps", "working") for i in range(3)
    ]


@pytest.mark.parametrize(
    ("sent", "bars"),
    [
        (None, None),
        ("x", None),
        (5, None),
        ({"progress": 1}, None),
        ([], []),
        ([5, None, [], "x"], []),
        ([{}], [Progress(None, None, None, None, None)]),
        (
            [{"progress": True, "index": "1", "length": [], "unit": 5, "desc": {}}],
            [Progress(None, None, None, None, None)],
        ),
        ([{"index": 0.5, "length": 2}], [Progress(None, 0.5, 2, None, None)]),  # type: ignore[arg-type]
    ],
)
def test_status_of_odd_progress(sent: Any, bars: list[Progress] | None) -> None:
    """An entry that is not an object is left out, and a field of a wrong type is None."""
    status = only_status(events_of({"msg": "progress", "progress_data": sent}))
    assert status.progress_data == bars


@pytest.mark.parametrize("field", ["rank", "queue_size", "rank_eta"])
@pytest.mark.parametrize("value", ["0", True, None, [], {}])
def test_status_takes_numbers_only(field: str, value: Any) -> None:
    """A field that is not a number is None."""
    message = {"msg": "estimation", "rank": 1, "queue_size": 2, "rank_eta": 3.5, field: value}
    status = only_status(events_of(message))
    names = {"rank": "position", "queue_size": "size", "rank_eta": "eta"}
    assert details_of(status).keys() == set(names.values()) - {names[field]}


def test_status_of_a_full_queue() -> None:
    """Up to 4.8 a full queue is a message without text."""
    status = run(talks_of("4.0.2", "queue_full")[2]).last
    assert (status.stage, status.message) == ("error", QUEUE_FULL_MESSAGE)
    assert (status.success, status.broken) == (None, None)


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (
            {"msg": "unexpected_error", "message": "404: Session not found.", "success": False},
            {"message": "404: Session not found.", "success": False},
        ),
        (
            {"msg": "unexpected_error", "message": "404: Not Found", "session_not_found": True},
            {"message": "404: Not Found", "success": False, "session_not_found": True},
        ),
        (
            {"msg": "server_stopped"},
            {"message": "The server stopped unexpectedly.", "success": False},
        ),
        (
            {"msg": "unexpected_error", "message": {"x": 1}},
            {"message": "The server stopped unexpectedly.", "success": False},
        ),
    ],
)
def test_status_of_a_server_that_gives_up(message: dict[str, Any], fields: dict[str, Any]) -> None:
    """The server's text is the status message, if there is one."""
    status = only_status(events_of(message))
    assert status.stage == "error"
    assert details_of(status) == fields


@pytest.mark.parametrize("version", PROTOCOLS)
def test_status_of_an_answer(version: str) -> None:
    """The final status has the fields that this release sends, and no others."""
    talk = talks_of(version, "echo")[0]
    status = run(talk).last
    sent = json.loads(talk.frames[-1].raw)
    expected: dict[str, Any] = {}
    if dialect_for(version).join == "websocket":
        expected["eta"] = sent["output"]["average_duration"]
    if "changed_state_ids" in sent["output"]:
        expected["changed_state_ids"] = []
    for field in ("cache_duration", "avg_time", "used_cache"):
        if sent.get(field) is not None:
            expected[field] = sent[field]
    assert status.stage == "complete"
    assert details_of(status) == expected


def test_status_of_an_answer_needs_no_earlier_message() -> None:
    """A status depends on its own message only."""
    for scenario in ("count3", "error", "cancel_slow"):
        talk = talks_of("6.31.0", scenario)[0]
        outcome = run(talk)
        frames = [f for f in talk.frames if f.msg in STATUS_MESSAGES]
        statuses = [e for e in outcome.events if isinstance(e, Status)]
        assert [status_of(talk.event_factory(), f) for f in frames] == statuses


def test_status_fields_of_intermediate_values() -> None:
    """Changed states, time limit, progress and code are in the status."""
    for msg, stage in [("process_generating", "generating"), ("process_streaming", "streaming")]:
        status, data = events_of(
            {
                "msg": msg,
                "success": True,
                "code": "c",
                "time_limit": 4.5,
                "progress_data": [],
                "output": {"data": ["x"], "changed_state_ids": [3, "4", None]},
            }
        )
        assert isinstance(status, Status) and status.stage == stage
        assert details_of(status) == {
            "code": "c",
            "time_limit": 4.5,
            "progress_data": [],
            "changed_state_ids": [3],
        }
        assert isinstance(data, Data) and data.data == ["x"]


def test_status_of_a_step_that_failed() -> None:
    """An intermediate message with a failure gives its text, and no value."""
    status = only_status(
        events_of({"msg": "process_generating", "success": False, "output": {"error": "bad"}})
    )
    assert (status.stage, status.message) == ("error", "bad")


# -- the end of the job


@pytest.mark.parametrize("version", ["4.44.1", "5.50.0", "6.31.0"])
def test_quirk_08_an_empty_output_is_a_cancellation(version: str) -> None:
    """Servers report a cancelled job by ``output: {}`` with ``success: true``."""
    talk = talks_of(version, "cancel_slow")[0]
    frame = talk.frames[-1]
    event_factory = talk.event_factory()
    assert frame.parse()["output"] == {}
    events = Decoder(event_factory).events(frame)
    assert events == [event_factory.cancelled(frame.time)]
    status = only_status(events)
    assert (status.stage, status.success, status.queue) == ("complete", False, False)


@pytest.mark.parametrize("output", [None, [], "x", 5, {"data": None}, {"data": "x"}, {"data": {}}])
def test_completion_without_values_breaks_the_protocol(output: Any) -> None:
    """A completion without values, error or cancellation is refused."""
    message = {"msg": "process_completed", "success": True, "output": output}
    with pytest.raises(ProtocolError):
        completion(scribe_for(), frame_of(message), message)
