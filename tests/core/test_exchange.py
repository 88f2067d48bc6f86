"""`Exchange`: the state machine of one job, with recordings of every generation."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._calls.responses import validation_failures
from gradio_client_sync._protocol.queue.decode import EVENT_MESSAGES, Decoder
from gradio_client_sync._protocol.queue.event_factory import EventFactory
from gradio_client_sync._protocol.queue.exchange import (
    FOR_READERS,
    MOVES_ONCE,
    TRANSITIONS,
    Effect,
    Exchange,
    Finish,
    JobState,
    Publish,
    Reply,
    app_error,
    queue_full,
)
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync.errors import (
    AppError,
    BrokenStreamError,
    GradioClientError,
    PayloadError,
    ProtocolError,
    QueueFullError,
    ValidationError,
)
from gradio_client_sync.events import Data, Status
from tests.core.test_decode import MESSAGES
from tests.support.transcripts import (
    EPOCH,
    PROTOCOLS,
    Outcome,
    Talk,
    all_transcripts,
    dialect_for,
    endpoint_for,
    frame_of,
    run,
    talks_of,
    versions_of,
)

BODY = {"data": ["x"], "fn_index": 3, "session_hash": "s"}


def exchange_for(version: str = "6.31.0", event_id: str | None = "e1") -> Exchange:
    exchange = Exchange(EventFactory(endpoint_for(version, 3), dialect_for(version)), BODY)
    if event_id is not None:
        exchange.joined(event_id)
    return exchange


def receive(exchange: Exchange, **message: Any) -> list[Effect]:
    return list(exchange.receive(frame_of(message)))


def finish_of(exchange: Exchange, **message: Any) -> Finish:
    (finish,) = receive(exchange, **message)
    assert isinstance(finish, Finish)
    return finish


def only(version: str, scenario: str, outputs: tuple[str, ...] = ("textbox",)) -> Outcome:
    """Return the outcome of the only job of a recording."""
    (talk,) = talks_of(version, scenario)
    return run(talk, talk.event_factory(outputs))


def scribe_like(talk: Talk, scenario: str) -> EventFactory:
    if scenario == "stream_input":
        return talk.event_factory(("textbox", "state"), connection="stream")
    return talk.event_factory(("json", "textbox") if scenario == "diffs" else ("textbox",))


# -- the table

ASKED = {
    "send_hash": Reply({"fn_index": 3, "session_hash": "s"}),
    "send_data": Reply(BODY),
}
MOVED: dict[str, dict[str, Any]] = {
    "estimation": {"queued": True},
    "process_starts": {"begun": True},
    "progress": {"begun": True},
    "log": {"begun": True},
    "process_generating": {"begun": True, "stage": "generating"},
    "process_streaming": {"begun": True, "stage": "streaming"},
}
ENDED = {
    "process_completed": None,
    "queue_full": QueueFullError,
    "unexpected_error": BrokenStreamError,
    "server_stopped": BrokenStreamError,
}
IGNORED = {"heartbeat", "close_stream"}
UNKNOWN = {"", "alive?", "brand_new"}

#: How to reach each state: whether the server has accepted the job, and the messages so far.
ACCEPTED: dict[Any, Any] = {
    False: lambda exchange: None,
    None: Exchange.no_response,
    True: Exchange.accept,
}
EARLIER = [(), ("estimation",), ("process_starts",), ("estimation", "process_starts")]
VALUES = [
    (),
    ("process_generating",),
    ("process_streaming",),
    ("process_streaming", "process_streaming", "process_generating"),
]


def states() -> Iterator[Exchange]:
    """Yield an exchange in each state."""
    for accept in ACCEPTED.values():
        for earlier in EARLIER:
            for values in VALUES:
                exchange = exchange_for("3.50.2", event_id=None)
                accept(exchange)
                for msg in (*earlier, *values):
                    receive(exchange, msg=msg)
                yield exchange


def test_table_has_each_kind_of_message_once() -> None:
    """The tests below cover the complete table."""
    assert TRANSITIONS.keys() == ASKED.keys() | MOVED.keys() | ENDED.keys() | IGNORED
    assert MOVED.keys() == FOR_READERS and FOR_READERS - {"process_streaming"} == MOVES_ONCE
    assert len({exchange.state for exchange in states()}) == 3 * (4 + 2 * 3)


@pytest.mark.parametrize("msg", sorted(ASKED))
def test_table_replies_once_in_every_state(msg: str) -> None:
    """A server's request gets one reply, and sending the data means that the job is accepted."""
    for exchange in states():
        before = exchange.state
        assert receive(exchange, msg=msg) == [ASKED[msg]]
        accepted = msg == "send_data" or before.accepted
        assert exchange.state == before._replace(accepted=accepted)
        assert receive(exchange, msg=msg) == []
        assert not exchange.finished


@pytest.mark.parametrize("msg", sorted(MOVED))
def test_table_moves_and_publishes_in_every_state(msg: str) -> None:
    """An intermediate message changes only its own fields, and is published."""
    for exchange in states():
        before, frame = exchange.state, frame_of({"msg": msg})
        answers = before.answers + (msg == "process_streaming")
        after = before._replace(**MOVED[msg], answers=answers)
        assert exchange.receive(frame) == (Publish(frame),)
        assert exchange.state == after
        assert (exchange.state is before) is (after == before)
        receive(exchange, msg=msg)
        assert (exchange.state == after) is (msg in MOVES_ONCE)
        assert not exchange.finished


@pytest.mark.parametrize("msg", sorted(ENDED))
def test_table_ends_in_every_state(msg: str) -> None:
    """An end keeps the state, and its error has what is known of the job."""
    for exchange in states():
        before = exchange.state
        finish = finish_of(exchange, msg=msg, output={"data": ["a"]}, success=True)
        error = ENDED[msg]
        assert isinstance(finish.error, error) if error else finish.error is None
        assert (finish.data is not None) is (error is None)
        assert exchange.finished and exchange.state is before
        if isinstance(finish.error, BrokenStreamError):
            known = finish.error.accepted, finish.error.last_stage
            assert known == (before.accepted, before.stage)


@pytest.mark.parametrize("msg", sorted(IGNORED | UNKNOWN))
def test_table_ignores_in_every_state(msg: str) -> None:
    """A message that does not concern the job, or is unknown, changes nothing."""
    for exchange in states():
        before = exchange.state
        assert receive(exchange, msg=msg) == []
        assert exchange.state is before and not exchange.finished


@pytest.mark.parametrize("end", sorted(ENDED))
def test_table_has_no_way_out_of_the_end(end: str) -> None:
    """After the end, no message has an effect."""
    for exchange in states():
        finish_of(exchange, msg=end, output={"data": ["a"]}, success=True)
        before = exchange.state
        for msg in (*TRANSITIONS, *UNKNOWN):
            assert receive(exchange, msg=msg, output={"data": ["b"]}, success=True) == []
        assert exchange.state is before


def test_state_of_what_comes_without_a_message() -> None:
    """After a request without a response, only a certain acceptance stays certain."""
    for exchange in states():
        before = exchange.state
        exchange.no_response()
        assert exchange.state == before._replace(accepted=before.accepted or None)
        exchange.joined("e7")
        assert exchange.state == before._replace(accepted=True) and exchange.event_id == "e7"
        exchange.no_response()
        assert exchange.state.accepted is True
    assert Exchange(exchange.event_factory, BODY).state == JobState()


def test_relocated_exchange_names_the_new_function() -> None:
    """After the app changed, later events and errors name the new function."""
    exchange = exchange_for()
    exchange.relocated(endpoint_for("6.31.0", 8))
    (status,) = exchange.lost(EPOCH, "gone").events
    assert status.fn_index == 8


# -- every recording


@pytest.mark.parametrize(("version", "scenario"), all_transcripts())
def test_transcript_is_answered_as_it_was(version: str, scenario: str) -> None:
    """The replies of the exchange are those of the recording client, and only on request."""
    for talk in talks_of(version, scenario):
        outcome = run(talk, scribe_like(talk, scenario)) if talk.refusal is None else None
        assert outcome is None or outcome.replies == talk.replies
        assert (talk.replies == []) is (dialect_for(version).join == "post" or not _asked(talk))


def _asked(talk: Talk) -> bool:
    return any(frame.msg in ("send_hash", "send_data") for frame in talk.frames)


@pytest.mark.parametrize(("version", "scenario"), all_transcripts())
def test_transcript_events_are_in_order(version: str, scenario: str) -> None:
    """Statuses are in order, and one final status is the last event."""
    for talk in talks_of(version, scenario):
        outcome = run(talk, scribe_like(talk, scenario))
        stages = outcome.stages
        order = ["pending", "streaming", "generating", "complete", "error"]
        assert stages == sorted(stages, key=order.index)
        ended = [i for i, e in enumerate(outcome.events) if getattr(e, "stage", "") in order[-2:]]
        assert ended == ([len(outcome.events) - 1] if outcome.finish else [])
        times = [event.time for event in outcome.events]
        assert times == sorted(times)
        published = [effect for effect in outcome.effects if isinstance(effect, Publish)]
        assert all(effect.message in talk.frames for effect in published)
        if outcome.finish:
            assert list(outcome.finish.events) == outcome.events[-len(outcome.finish.events) :]


@pytest.mark.parametrize(("version", "scenario"), all_transcripts())
def test_transcript_result_is_the_last_value(version: str, scenario: str) -> None:
    """A job has a result or an error, or was cancelled; the result is its last data event."""
    for talk in talks_of(version, scenario):
        outcome = run(talk, scribe_like(talk, scenario))
        finish = outcome.finish
        if finish is None:
            assert talk.refusal or (version, scenario) in UNFINISHED
        elif finish.error is not None:
            assert outcome.last.stage == "error" and finish.data is None
        else:
            assert outcome.last.stage == "complete"
            final = [event for event in finish.events if isinstance(event, Data)]
            assert final == ([] if finish.data is None else [finish.data])


UNFINISHED = {
    ("3.16.2", "cancel_slow"),  # the recording client closed its socket
    ("3.23.0", "cancel_slow"),
    ("3.50.2", "cancel_slow"),
    ("4.0.2", "batch"),  # the server's queue stops for good
}


# -- single results


@pytest.mark.parametrize("version", versions_of("echo"))
def test_transcript_echo(version: str) -> None:
    """A plain call waits, and gets one result."""
    outcome = only(version, "echo")
    assert outcome.stages == ["pending", "complete"]
    assert outcome.values == [["hello"]]
    assert outcome.finish and outcome.finish.data and outcome.finish.data.data == ["hello"]
    assert outcome.exchange.finished and outcome.exchange.state.accepted


@pytest.mark.parametrize("version", versions_of("batch"))
def test_transcript_batch(version: str) -> None:
    """A batch function gets one sample and returns one result; 4.0.2 sends nothing more."""
    outcome = only(version, "batch")
    if version == "4.0.2":
        assert outcome.finish is None and outcome.stages == ["pending"]
        assert not outcome.exchange.state.accepted
    else:
        assert outcome.values == [["q!1"]]


# -- generators


@pytest.mark.parametrize(
    ("scenario", "version", "values"),
    [
        *(("count3", v, [["0"], ["1"], ["2"]]) for v in versions_of("count3")),
        *(
            ("tokens5", v, [["".join(f"tok{j} " for j in range(i + 1))] for i in range(5)])
            for v in versions_of("tokens5")
        ),
        *(
            (
                "diffs",
                v,
                [
                    [{"a": [1, 0], "s": "xy", "k": {"z": 1}}, "const"],
                    [{"a": [1, 0, 1], "s": "xyy", "k": {"z": 1}, "new": True}, "const"],
                    [{"a": [0, 1, 2], "s": "xyyy", "new": True}, "const"],
                    [{"a": [0, 1, 2, 3], "s": "xyyyy", "new": True}, "const"],
                ],
            )
            for v in versions_of("diffs")
        ),
        *(("empty_generator", v, []) for v in versions_of("empty_generator")),
    ],
)
def test_transcript_generator(scenario: str, version: str, values: list[list[Any]]) -> None:
    """Each yielded value is complete, whatever the server sends, and the last one comes twice."""
    outcome = only(version, scenario, ("json", "textbox") if scenario == "diffs" else ("textbox",))
    final = values[-1] if values else [None]
    assert outcome.values == [*values, final]
    assert outcome.stages == ["pending", *(["generating"] if values else []), "complete"]
    assert outcome.finish and outcome.finish.data and outcome.finish.data.data == final


@pytest.mark.parametrize(
    ("scenario", "version"),
    [
        (scenario, version)
        for scenario in ("count3", "tokens5", "diffs", "two_generators")
        for version in versions_of(scenario)
        if dialect_for(version).diffs
    ],
)
def test_transcript_edits_lead_to_the_final_value(scenario: str, version: str) -> None:
    """The last value after all edits equals the value that the server sends at the end."""
    for talk in talks_of(version, scenario):
        edits = [f for f in talk.frames if f.msg == "process_generating"][1:]
        assert edits and all(isinstance(f.parse()["output"]["data"][0], list) for f in edits)
        outcome = run(talk, scribe_like(talk, scenario))
        assert outcome.finish and outcome.finish.data
        assert outcome.values[-2] == outcome.finish.data.data


@pytest.mark.parametrize("version", versions_of("two_generators"))
def test_transcript_two_generators(version: str) -> None:
    """From 4.0 on, each of two generators has all its values; on 3.x they share an iterator."""
    first, second = (run(talk) for talk in talks_of(version, "two_generators"))
    whole = [["".join(f"tok{j} " for j in range(i + 1))] for i in range(4)]
    whole.append(whole[-1])
    if dialect_for(version).shares_iterators:
        assert [first.values, second.values] != [whole, whole]
    else:
        assert first.values == second.values == whole


# -- errors


@pytest.mark.parametrize(
    ("scenario", "version", "text"),
    [
        (scenario, version, text)
        for scenario, text in [
            ("error", "boom x"),
            ("gr_error", "dur"),
            ("error_mid_generator", "mid"),
            ("plain_exception", "plain x"),
        ]
        for version in versions_of(scenario)
    ],
)
def test_transcript_app_error(scenario: str, version: str, text: str) -> None:
    """The text of the error has no quotes, and the error names its job."""
    outcome = only(version, scenario)
    assert outcome.finish
    error = outcome.finish.error
    assert isinstance(error, AppError)
    assert (error.message, str(error)) == (text, f"'/f' of the app raised: {text}")
    assert error.endpoint == "/f"
    assert error.event_id == outcome.exchange.event_id
    assert (error.event_id is None) is (dialect_for(version).join == "websocket")
    status = outcome.last
    shown = (status.message, status.title, status.duration, status.visible)
    assert shown == (error.message, error.title, error.duration, error.visible)
    assert outcome.values == ([["one"]] if scenario == "error_mid_generator" else [])


def test_an_error_may_be_kept_secret() -> None:
    """If the app hides its errors, the error says so, and how to see the text."""
    finish = finish_of(
        exchange_for(), msg="process_completed", success=False, output={"error": None}
    )
    assert isinstance(finish.error, AppError)
    assert finish.error.message is None
    assert "show_error=False" in str(finish.error)


def test_exchange_error_without_a_text() -> None:
    """The error for ``gr.Error("")`` does not say that the text is hidden."""
    finish = finish_of(exchange_for(), msg="process_completed", success=False, output={"error": ""})
    assert isinstance(finish.error, AppError)
    assert finish.error.message == ""
    assert "without a text" in str(finish.error)


def test_exchange_error_of_a_direct_call() -> None:
    """A direct call has the same error, without an event id."""
    event_factory = EventFactory(endpoint_for("4.44.1"), dialect_for("4.44.1"))
    output = {"error": "'boom'", "duration": 5, "visible": False}
    status = event_factory.failure(EPOCH, output, queue=False)
    error = app_error(event_factory, status, output)
    assert (error.message, error.title, error.duration, error.visible) == (
        "boom",
        "Error",
        5,
        False,
    )
    assert error.event_id is None and status.queue is False


@pytest.mark.parametrize("version", versions_of("queue_full"))
def test_transcript_queue_full(version: str) -> None:
    """The third job is refused by a message or by the join, and the others run."""
    *accepted, refused = talks_of(version, "queue_full")
    assert [run(talk).values for talk in accepted] == [[["a"]], [["b"]]]
    if refused.refusal is not None:
        status, body = refused.refusal
        assert status == 503
        event_factory = EventFactory(endpoint_for(version), dialect_for(version))
        error = queue_full(event_factory, body["detail"])
        assert "(Queue is full. Max size is 1 and size is 1.); the job did not run" in str(error)
        return
    outcome = run(refused)
    assert outcome.finish and isinstance(outcome.finish.error, QueueFullError)
    assert "'/f' is full; the job did not run" in str(outcome.finish.error)
    assert not outcome.exchange.state.accepted


@pytest.mark.parametrize("version", versions_of("validation_error"))
def test_transcript_validation_error(version: str) -> None:
    """Refused values are listed by parameter, and the next join of the session works."""
    refused, accepted = talks_of(version, "validation_error")
    assert refused.refusal is not None
    status, body = refused.refusal
    failures = validation_failures(body["detail"])
    assert (status, failures) == (422, {"x": "too short"})
    exchange = Exchange(accepted.event_factory(), refused.body)
    error = ValidationError("The app refused the values", parameters=failures)
    finish = exchange.fail(error, EPOCH, code="validation_error", visible=True)
    (event,) = finish.events
    assert isinstance(event, Status)
    assert (event.stage, event.code, event.visible) == ("error", "validation_error", True)
    assert event.broken is None
    assert run(accepted).values == [["abcd"]]


# -- cancelling


@pytest.mark.parametrize("version", versions_of("cancel_slow"))
def test_transcript_cancel(version: str) -> None:
    """A job that the server cancelled ends without result and without error."""
    outcome = only(version, "cancel_slow")
    if dialect_for(version).join == "websocket":
        assert outcome.finish is None
    elif dialect_for(version).cancel == "cancel":
        assert outcome.finish and outcome.finish.data is None and outcome.finish.error is None
        assert outcome.values == []
        assert (outcome.last.stage, outcome.last.success) == ("complete", False)
    else:
        assert outcome.values == [["x"]]  # nothing stops a plain function there


def test_a_job_ends_with_its_own_completion() -> None:
    """A job ends by its own completion, and not by the end of the stream."""
    exchange = exchange_for()
    assert receive(exchange, msg="close_stream", event_id=None) == []
    assert not exchange.finished
    finish_of(exchange, msg="process_completed", output={"data": ["a"]}, success=True)
    assert exchange.finished


def test_exchange_passes_over_what_comes_after_the_end() -> None:
    """A job that is completed twice, as after ``/cancel`` while it waits, ends once."""
    exchange = exchange_for()
    first = finish_of(exchange, msg="process_completed", output={}, success=True)
    assert (first.data, first.error) == (None, None)
    for msg in ("process_starts", "process_completed", "send_data", "unexpected_error"):
        assert receive(exchange, msg=msg, output={"data": ["late"]}, success=True) == []


# -- messages and replies


def test_exchange_on_a_websocket_sends_hash_and_data() -> None:
    """The hash names function and session, and the data has everything; then it is accepted."""
    exchange = exchange_for("3.50.2", event_id=None)
    assert receive(exchange, msg="send_hash") == [Reply({"fn_index": 3, "session_hash": "s"})]
    assert exchange.state.accepted is False
    assert receive(exchange, msg="send_data") == [Reply(BODY)]
    assert exchange.state.accepted is True
    assert exchange.event_id is None


def test_a_question_that_comes_twice_is_answered_once() -> None:
    """A repeated request is ignored: a second reply would answer the next request."""
    exchange = exchange_for("3.50.2", event_id=None)
    for msg in ("send_hash", "send_data"):
        assert len(receive(exchange, msg=msg)) == 1
        assert list(receive(exchange, msg=msg)) == []


def test_send_data_is_answered_at_once() -> None:
    """Servers of 4.0 drop a job without data; the reply has the job's event id."""
    exchange = exchange_for("4.0.2", event_id=None)
    assert receive(exchange, msg="send_data", event_id="e9") == [Reply({**BODY, "event_id": "e9"})]
    assert (exchange.event_id, exchange.state.accepted) == ("e9", True)
    assert "event_id" not in BODY


@pytest.mark.parametrize("event_id", [None, 5, [], {}])
def test_exchange_cannot_send_data_for_no_job(event_id: Any) -> None:
    """A request for data without an event id ends the job with `ProtocolError`."""
    exchange = exchange_for("4.0.2", event_id=None)
    finish = finish_of(exchange, msg="send_data", event_id=event_id)
    assert isinstance(finish.error, ProtocolError)
    assert exchange.finished and exchange.state.accepted is False


@pytest.mark.parametrize("msg", ["heartbeat", "close_stream", "alive?", "brand_new"])
def test_exchange_passes_over_other_messages(msg: str, caplog: pytest.LogCaptureFixture) -> None:
    """Unknown messages are ignored, and written to the debug log."""
    caplog.set_level(logging.DEBUG, "gradio_client_sync")
    assert receive(exchange_for(), msg=msg) == []
    unknown = msg in ("alive?", "brand_new")
    assert [record.levelname for record in caplog.records] == (["DEBUG"] if unknown else [])
    assert (repr(msg) in caplog.text) is unknown


def test_exchange_counts_the_answers_to_a_stream_of_input() -> None:
    """Each result of a stream of input is counted, so that the next chunk can be sent."""
    exchange, places = exchange_for(), []
    for msg in ("process_starts", "process_streaming", "log", "process_streaming"):
        receive(exchange, msg=msg)
        places.append(exchange.state.answers)
    assert places == [0, 1, 1, 2]
    receive(exchange, msg="process_generating")
    assert exchange.state.answers == 2


def test_exchange_publishes_without_reading() -> None:
    """Intermediate messages are published unparsed, and only the last one is parsed."""
    exchange = exchange_for()
    for msg in sorted(EVENT_MESSAGES):
        if msg in ("process_completed", "queue_full", "unexpected_error", "server_stopped"):
            continue
        frame = Message.of(b'{"msg":"%s","event_id":"e1","broken":' % msg.encode(), EPOCH)
        assert exchange.receive(frame) == (Publish(frame),)


@pytest.mark.parametrize(
    ("msg", "stage"), [("process_generating", "generating"), ("process_streaming", "streaming")]
)
def test_exchange_knows_the_last_stage(msg: str, stage: str) -> None:
    """The error of a lost job says what the job was doing last."""
    exchange = exchange_for()
    receive(exchange, msg=msg, output={"data": ["a"]})
    finish = exchange.lost(EPOCH, "the stream ended", url="http://h/stream")
    error = finish.error
    assert isinstance(error, BrokenStreamError)
    assert error.last_stage == stage
    assert "while the function was running: the stream ended. The server had" in str(error)
    assert (error.url, error.event_id, error.endpoint) == ("http://h/stream", "e1", "/f")


@pytest.mark.parametrize(
    ("accepted", "fate"),
    [
        (True, "The server had accepted the job, so the function may have run."),
        (None, "The server may have accepted the job, so the function may have run."),
        (False, "The server had not accepted the job, so it is safe to call again."),
    ],
)
def test_exchange_says_whether_calling_again_is_safe(accepted: bool | None, fate: str) -> None:
    """The error of a lost job says whether the server had accepted it."""
    exchange = exchange_for(event_id=None)
    if accepted:
        exchange.accept()
    elif accepted is None:
        exchange.no_response()
    finish = exchange.lost(EPOCH, "no answer", queue=False)
    assert isinstance(finish.error, BrokenStreamError)
    assert finish.error.accepted is accepted
    assert str(finish.error).endswith(fate)
    (status,) = finish.events
    assert isinstance(status, Status)
    assert (status.stage, status.broken, status.queue) == ("error", True, False)
    assert status.message == str(finish.error)


@pytest.mark.parametrize("version", PROTOCOLS)
def test_exchange_knows_when_the_function_runs(version: str) -> None:
    """A job has begun with the first message that only a running function causes."""
    (talk,) = talks_of(version, "count3")
    exchange = Exchange(talk.event_factory(), talk.body)
    begun = []
    for frame in talk.frames:
        exchange.receive(frame)
        begun.append(exchange.state.begun)
    starts = [frame.msg for frame in talk.frames].index("process_starts")
    assert begun == [False] * starts + [True] * (len(begun) - starts)
    for msg in ("log", "progress", "process_generating"):
        exchange = exchange_for(version)
        receive(exchange, msg="estimation")
        assert not exchange.state.begun
        receive(exchange, msg=msg)
        assert exchange.state.begun


@pytest.mark.parametrize("msg", ["unexpected_error", "server_stopped"])
def test_exchange_ends_when_the_server_gives_up(msg: str) -> None:
    """The server's report of its own failure raises `BrokenStreamError` with its text."""
    finish = finish_of(exchange_for(), msg=msg, message="404: Not Found", success=False)
    assert isinstance(finish.error, BrokenStreamError)
    assert "the server reported: 404: Not Found" in str(finish.error)
    assert [getattr(event, "stage", "") for event in finish.events] == ["error"]


@pytest.mark.parametrize(
    "message",
    [
        {"output": None},
        {"output": []},
        {"output": "x"},
        {},
        {"output": {"data": 5}, "success": True},
    ],
)
def test_exchange_ends_with_a_completion_that_cannot_be_read(message: dict[str, Any]) -> None:
    """A completion that cannot be read ends the job with `ProtocolError` and the message."""
    exchange = exchange_for()
    finish = finish_of(exchange, msg="process_completed", **message)
    assert isinstance(finish.error, ProtocolError)
    assert finish.error.raw is not None
    assert (finish.error.endpoint, finish.error.event_id) == ("/f", "e1")
    assert exchange.finished


def test_exchange_ends_with_an_end_that_is_no_json() -> None:
    """A final message that is cut off ends the job too."""
    for msg in (b"process_completed", b"unexpected_error", b"queue_full"):
        exchange = exchange_for()
        (finish,) = exchange.receive(Message.of(b'{"msg":"%s","event_id":"e1","x":' % msg, EPOCH))
        assert isinstance(finish, Finish) and isinstance(finish.error, ProtocolError)


def test_exchange_failure_keeps_what_an_error_knows() -> None:
    """Endpoint and event id of an error are set only if they are missing."""
    error = PayloadError("no", endpoint="/other", event_id="e0")
    finish = exchange_for().fail(error, EPOCH, message="shown", broken=False)
    assert (error.endpoint, error.event_id) == ("/other", "e0")
    (status,) = finish.events
    assert isinstance(status, Status)
    assert (status.message, status.broken) == ("shown", False)


@given(
    st.lists(
        MESSAGES
        | st.fixed_dictionaries(
            {"msg": st.sampled_from(["send_hash", "send_data", "heartbeat", "x"])},
            optional={"event_id": st.none() | st.text(max_size=2) | st.integers()},
        ),
        max_size=6,
    ),
    st.sampled_from(list(PROTOCOLS)),
)
def test_exchange_survives_hostile_servers(messages: list[dict[str, Any]], version: str) -> None:
    """Whatever the server sends, a job ends at most once, and readers get only `ProtocolError`."""
    exchange = exchange_for(version, event_id=None)
    decoder = Decoder(EventFactory(endpoint_for(version, 3), dialect_for(version)))
    ends: list[Finish] = []
    for message in messages:
        for effect in exchange.receive(frame_of(message)):
            if isinstance(effect, Finish):
                ends.append(effect)
            elif isinstance(effect, Publish):
                try:
                    decoder.events(effect.message)
                except ProtocolError:
                    pass
            else:
                assert json.loads(json.dumps(effect.body))["fn_index"] == 3
    assert len(ends) <= 1 and exchange.finished == bool(ends)
    for end in ends:
        assert isinstance(end.error, (GradioClientError, type(None)))
        assert isinstance(end.events[-1], Status)
        assert end.data is None or end.error is None
        assert end.events[-1].stage == ("error" if end.error else "complete")
