"""The shared event stream, on a scripted server: order, races, broken connections."""

from __future__ import annotations

import concurrent.futures
import itertools
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

import pytest

from gradio_client_sync import (
    BrokenStreamError,
    Client,
    HTTPStatusError,
    ProtocolError,
    QueueFullError,
    ValidationError,
)
from gradio_client_sync._calls.threads import Workers
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync._session.session import JOINS_AT_ONCE
from gradio_client_sync._transport.base import Aborted, Lost
from gradio_client_sync._transport.deadlines import Deadline
from gradio_client_sync._transport.http import Http
from gradio_client_sync._transport.mailbox import ROOM, Mailbox
from gradio_client_sync._transport.shared_stream import SharedStream
from gradio_client_sync.job import control_of
from tests.support.listeners import EventRecorder
from tests.support.scripted import (
    CLOSE,
    WAIT,
    Gate,
    IncomingRequest,
    completed,
    generating,
    scripted,
)

Script = Callable[[IncomingRequest], None]


def joins(*names: str) -> Script:
    """Return a script that responds to joins with these event ids, in order."""
    ids = iter(names)
    return lambda x: x.answer({"event_id": next(ids)})


def streams(*scripts: Script) -> Script:
    """Return a script that uses the next of these scripts for each stream."""
    turns = iter(scripts)
    return lambda x: next(turns)(x)


def stream_of(*messages: Any) -> Script:
    """Return a script of a stream that sends messages and ends."""

    def script(x: IncomingRequest) -> None:
        x.start_stream()
        x.send(*messages)
        x.end_stream()

    return script


def test_messages_before_the_join_response_are_kept() -> None:
    """Messages of a job that arrive before the response to its join are kept for it."""
    stream_open, told_early, first_done = Gate(), threading.Event(), Gate()
    turn = itertools.count()

    def join(x: IncomingRequest) -> None:
        if next(turn) == 0:
            x.answer({"event_id": "first"})
        else:
            stream_open.open()
            assert told_early.wait(WAIT)
            x.answer({"event_id": "second"})

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        stream_open.pass_through()
        x.send(completed("second", "early"))
        told_early.set()
        first_done.pass_through()
        x.send(completed("first", "late"), CLOSE)
        x.end_stream()

    with scripted(join=join, data=data) as server, Client(server.url) as app:
        first = app.submit("/echo", ["a"])
        stream_open.wait_until_reached()
        second = app.submit("/echo", ["b"])
        assert second.result(WAIT)[0] == "early"
        first_done.open()
        assert first.result(WAIT)[0] == "late"
        assert server.count("GET /queue/data") == 1


def test_early_messages_may_exceed_the_mailbox_limit() -> None:
    """Early messages are kept without the mailbox's limit, because no worker reads them yet."""
    stream_open, told_early = Gate(), threading.Event()
    turn = itertools.count()

    def join(x: IncomingRequest) -> None:
        if next(turn) == 0:
            x.answer({"event_id": "first"})
        else:
            stream_open.open()
            assert told_early.wait(WAIT)
            x.answer({"event_id": "second"})

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        stream_open.pass_through()
        x.send(completed("second", "x" * ROOM))
        x.send(generating("first", "seen"))
        values.wait_for()  # the first job has read past the early message
        told_early.set()
        x.send(completed("first", "late"), CLOSE)
        x.end_stream()

    values = EventRecorder()
    with scripted(join=join, data=data) as server, Client(server.url) as app:
        first = app.submit("/count", ["a"]).on("data", values)
        stream_open.wait_until_reached()
        assert len(app.submit("/echo", ["b"]).result(WAIT)[0]) == ROOM
        assert first.result(WAIT)[0] == "late"


def test_a_job_that_joins_while_the_stream_closes_is_not_lost() -> None:
    """If the server closes the stream while a job joins, the stream is opened again at once."""
    joining = Gate()
    turn = itertools.count()

    def join(x: IncomingRequest) -> None:
        if next(turn):
            joining.pass_through()
            x.answer({"event_id": "second"})
        else:
            x.answer({"event_id": "first"})

    def closing(x: IncomingRequest) -> None:
        x.start_stream()
        joining.wait_until_reached()
        x.send(completed("first", 1), CLOSE)
        x.end_stream()

    scripts = streams(closing, stream_of(completed("second", 2), CLOSE))
    with scripted(join=join, data=scripts) as server, Client(server.url) as app:
        first, second = app.submit("/echo", ["a"]), None
        server.wait_for("GET /queue/data")
        second = app.submit("/echo", ["b"])
        assert first.result(WAIT)[0] == 1
        joining.open()
        assert second.result(WAIT)[0] == 2


def test_a_job_left_open_by_a_closed_stream_gets_the_next_one() -> None:
    """If the stream ends cleanly before a job's end, the next stream has its remaining messages."""
    scripts = streams(
        stream_of(generating("one", "x"), CLOSE),
        stream_of(generating("one", []), completed("one", "y")),
    )
    with scripted(join=joins("one"), data=scripts) as server, Client(server.url) as app:
        assert [data[0] for data in app.submit("/count", ["a"])] == ["x", "x", "y"]
        assert server.count("GET /queue/data") == 2


def test_fifty_jobs_share_one_stream() -> None:
    """Fifty jobs of a session share one stream at a time."""
    numbers, all_joined = itertools.count(), threading.Event()
    bodies: list[Any] = []
    lock, open_streams, most = threading.Lock(), 0, 0

    def join(x: IncomingRequest) -> None:
        number = next(numbers)
        bodies.append((f"e{number}", x.json["data"][0]))
        if len(bodies) == 50:
            all_joined.set()
        x.answer({"event_id": f"e{number}"})

    def data(x: IncomingRequest) -> None:
        nonlocal open_streams, most
        with lock:
            open_streams += 1
            most = max(most, open_streams)
        x.start_stream()
        assert all_joined.wait(WAIT)
        x.send(*(completed(event_id, value) for event_id, value in bodies), CLOSE)
        with lock:
            open_streams -= 1
        x.end_stream()

    with scripted(join=join, data=data) as server, Client(server.url) as app:
        jobs = [app.submit("/echo", [str(n)]) for n in range(50)]
        assert [job.result(WAIT)[0] for job in jobs] == [str(n) for n in range(50)]
    assert most == 1


def test_a_broken_stream_fails_its_jobs_and_only_those() -> None:
    """If the stream breaks, its jobs fail with their last state, and the next job works."""

    def breaking(x: IncomingRequest) -> None:
        x.start_stream()
        x.send(generating("one", "x"))
        x.break_off()

    scripts = streams(breaking, stream_of(completed("two", "fine"), CLOSE))
    with scripted(join=joins("one", "two"), data=scripts) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match="may have run") as caught:
            app.predict("/count", ["a"])
        assert "before the end of the response" in str(caught.value)
        assert caught.value.accepted is True
        assert caught.value.last_stage == "generating"
        assert caught.value.event_id == "one"
        assert app.predict("/echo", ["b"])[0] == "fine"


def test_a_job_that_was_joining_when_the_stream_broke_is_lost() -> None:
    """A job that joins while the stream breaks fails, because the server forgets such jobs."""
    joining, broken = Gate(), threading.Event()
    turn = itertools.count()

    def join(x: IncomingRequest) -> None:
        if next(turn):
            joining.pass_through()
        x.answer({"event_id": f"e{turn}"})

    def breaking(x: IncomingRequest) -> None:
        x.start_stream()
        joining.wait_until_reached()
        x.break_off()
        broken.set()

    with scripted(join=join, data=breaking) as server, Client(server.url) as app:
        first = app.submit("/echo", ["a"])
        server.wait_for("GET /queue/data")
        second = app.submit("/echo", ["b"])
        assert isinstance(first.exception(WAIT), BrokenStreamError)
        joining.open()
        error = second.exception(WAIT)
        assert isinstance(error, BrokenStreamError)
        assert error.accepted is True


def test_an_unexpected_error_ends_every_job_of_the_session() -> None:
    """A message about the stream itself ends all jobs of the session."""
    reported = Gate()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        server.wait_for("POST /queue/join", 2)
        x.send(
            {"msg": "estimation", "event_id": "e0", "rank": 0, "queue_size": 1},
            {"msg": "estimation", "event_id": "e1", "rank": 0, "queue_size": 1},
        )
        reported.pass_through()
        x.send({"msg": "unexpected_error", "message": "out of order", "success": False})
        x.end_stream()

    with scripted(join=joins("e0", "e1"), data=data) as server, Client(server.url) as app:
        jobs = [app.submit("/echo", [text]) for text in "ab"]
        seen = threading.Semaphore(0)
        for job in jobs:
            job.on("status", lambda status: seen.release() if status.size else None)
        assert all(seen.acquire(timeout=WAIT) for _ in jobs)
        reported.open()
        for job in jobs:
            with pytest.raises(BrokenStreamError, match="out of order"):
                job.result(WAIT)
            assert job.status.stage == "error"


def test_an_unexpected_error_ends_a_job_whose_early_messages_are_delivered() -> None:
    """A job that the reader does not know yet ends by the error, too, and gets its reason."""
    reported = Gate()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        for event_id in ("two", "one"):
            x.send({"msg": "process_starts", "event_id": event_id})
        reported.pass_through()
        x.send({"msg": "unexpected_error", "message": "out of order", "success": False})
        x.end_stream()

    with scripted(data=data) as server:
        http, workers = Http(server.url), Workers()
        url = f"{server.url}/gradio_api/queue/data"
        shared_stream = SharedStream(http, url, silence=None, start=workers.start)
        received: list[str] = []

        def post() -> str:
            """Join, and return when the stream has sent the early message of the job."""
            one.append(shared_stream.join(lambda: "one", lambda frame: None))
            received.append(one[0].receive().msg)
            return "two"

        def publish(frame: Message) -> None:
            """Let the error arrive before the early message is delivered."""
            if len(received) == 1:
                reported.open()
                received.append(one[0].receive().msg)

        one: list[Mailbox] = []
        two = shared_stream.join(post, publish)
        received += [two.receive().msg, two.receive().msg]
        assert received == ["process_starts", "unexpected_error"] * 2
        shared_stream.close()
        http.close()
        workers.close()
        assert workers.join(WAIT)


def test_a_job_after_an_unexpected_error_is_not_touched() -> None:
    """A job that joins after such an error, before the stream breaks, is not affected."""
    joined = threading.Event()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "unexpected_error", "message": "not UTF-8", "success": False})
        assert joined.wait(WAIT)
        x.break_off()

    scripts = streams(data, stream_of(completed("two", "fine"), CLOSE))
    with scripted(join=joins("one", "two"), data=scripts) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match="not UTF-8"):
            app.predict("/echo", ["a"])
        job = app.submit("/echo", ["b"])
        server.wait_for("POST /queue/join", 2)
        joined.set()
        assert job.result(WAIT)[0] == "fine"


def test_stream_that_breaks_after_it_was_reopened_loses_its_jobs() -> None:
    """Jobs of a stream that was opened after the error fail if that stream breaks."""
    second = threading.Event()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "unexpected_error", "message": "not UTF-8", "success": False})
        assert x.wait_for_hangup()

    def later(x: IncomingRequest) -> None:
        x.start_stream()
        assert second.wait(WAIT)
        x.send({"msg": "process_starts", "event_id": "two"})
        x.break_off()

    with scripted(join=joins("one", "two"), data=streams(data, later)) as server:
        with Client(server.url) as app:
            assert isinstance(app.submit("/echo", ["a"]).exception(WAIT), BrokenStreamError)
            job = app.submit("/echo", ["b"])
            server.wait_for("POST /queue/join", 2)
            second.set()
            assert isinstance(job.exception(WAIT), BrokenStreamError)
            assert server.count("GET /queue/data") == 2


@pytest.mark.parametrize("answer", [404, 500])
def test_a_stream_that_is_refused_fails_the_job(answer: int) -> None:
    """If the server accepts a job but refuses the stream, the job fails."""
    data = lambda x: x.answer({"detail": "no"}, answer)  # noqa: E731
    with scripted(join=joins("one"), data=data) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match=str(answer)) as caught:
            app.predict("/echo", ["a"])
        assert caught.value.accepted is True


def test_streams_that_end_at_once_are_opened_three_times() -> None:
    """A stream that ends three times without a message fails its jobs."""
    with scripted(join=joins("one"), data=stream_of()) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match="before its jobs"):
            app.predict("/echo", ["a"])
        assert server.count("GET /queue/data") == 3


def test_streams_that_end_before_their_job_are_opened_three_times() -> None:
    """A stream that ends cleanly three times before the end of its job fails it."""

    def data(x: IncomingRequest) -> None:
        x.start(200, {"Content-Type": "text/event-stream", "Connection": "close"})
        x.write(b'data: {"msg": "process_starts", "event_id": "one"}\n\n')

    with scripted(join=joins("one"), data=data) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match="before its jobs") as caught:
            app.predict("/echo", ["a"])
        assert caught.value.accepted is True
        assert server.count("GET /queue/data") == 3


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (200, {"Content-Type": "text/html"}, "'text/html', which is not the expected"),
        (204, {}, "204 and 'no content'"),
        (
            307,
            {"Location": "https://login.example/?next=1"},
            "redirects to 'https://login.example/",
        ),
    ],
)
def test_response_other_than_a_stream_is_an_error(
    status: int, headers: dict[str, str], says: str
) -> None:
    """If the response is not a stream, such as a login page, the error says so."""

    def data(x: IncomingRequest) -> None:
        x.start(status, {**headers, "Content-Length": "0"})

    with scripted(join=joins("one"), data=data) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match=says) as caught:
            app.predict("/echo", ["a"])
        assert ".." not in str(caught.value)


def test_silent_stream_is_broken() -> None:
    """A stream without any heartbeat for too long is broken."""
    ended = threading.Event()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        assert ended.wait(WAIT)

    with scripted(data=data) as server:
        http, workers = Http(server.url), Workers()
        url = f"{server.url}/gradio_api/queue/data"
        shared_stream = SharedStream(http, url, silence=0.1, start=workers.start)
        with pytest.raises(Lost, match="longer than the read timeout"):
            shared_stream.join(lambda: "one", pytest.fail).receive()
        ended.set()
        http.close()
        workers.close()
        assert workers.join(WAIT)


def test_a_reader_that_fails_ends_its_jobs(caplog: pytest.LogCaptureFixture) -> None:
    """If the reader fails, for example without memory, its jobs fail too."""

    def publish(frame: Message) -> None:
        raise MemoryError("no more")

    with scripted(data=stream_of(generating("one", "x"), completed("one", "y"))) as server:
        http, workers = Http(server.url), Workers()
        shared_stream = SharedStream(
            http, f"{server.url}/gradio_api/queue/data", silence=None, start=workers.start
        )
        mailbox = shared_stream.join(lambda: "one", publish)
        http.timers.set(Deadline.after(WAIT), mailbox.abort)
        with pytest.raises(Lost, match="no more"):
            mailbox.receive()
        assert "failed unexpectedly" in caplog.text
        http.close()
        workers.close()
        assert workers.join(WAIT)


def test_a_short_read_timeout_does_not_break_a_healthy_stream() -> None:
    """A read timeout that is shorter than a heartbeat's interval does not break the stream."""
    gate = Gate()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        gate.pass_through()
        x.send(completed("one", "fine"), CLOSE)
        x.end_stream()

    with scripted(join=joins("one"), data=data) as server:
        with Client(server.url, timeout=(WAIT, 0.4)) as app:
            job = app.submit("/echo", ["a"])
            gate.wait_until_reached()
            with pytest.raises(concurrent.futures.TimeoutError):
                job.exception(0.8)
            gate.open()
            assert job.result(WAIT)[0] == "fine"


def test_stream_refused_because_of_a_cancelled_job_is_reopened() -> None:
    """If a server breaks the stream because of a cancelled job, other jobs get a new stream."""
    cancelled = Gate()

    def stumbling(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "process_starts", "event_id": "one"})
        cancelled.pass_through()
        x.send({"msg": "unexpected_error", "message": "'one'", "success": False})
        x.break_off()

    scripts = streams(stumbling, stream_of(completed("two", "fine"), CLOSE))
    with scripted(join=joins("one", "two"), data=scripts) as server, Client(server.url) as app:
        server.scripts["POST /cancel"] = lambda x: x.answer({"success": True})
        first = app.submit("/count", ["a"])
        cancelled.wait_until_reached()
        assert first.cancel()
        assert control_of(first).wait_released(WAIT)
        second = app.submit("/echo", ["b"])
        server.wait_for("POST /queue/join", 2)
        cancelled.open()
        assert second.result(WAIT)[0] == "fine"
        assert server.count("GET /queue/data") == 2


def test_cancelled_job_is_not_sent() -> None:
    """A job that is cancelled before its turn to join is not sent."""
    stalled, turn = Gate(), itertools.count()

    def join(x: IncomingRequest) -> None:
        number = next(turn)
        stalled.pass_through()
        x.answer({"event_id": f"e{number}"})

    with scripted(join=join, data=stream_of(completed("e0", 0), CLOSE)) as server:
        server.scripts["POST /cancel"] = lambda x: x.answer({"success": True})
        with Client(server.url) as app:
            jobs = [app.submit("/echo", ["a"]) for _ in range(40)]
            server.wait_for("POST /queue/join", JOINS_AT_ONCE)
            assert all(job.cancel() for job in jobs)
            stalled.open()
        assert server.count("POST /queue/join") == JOINS_AT_ONCE


def test_unreadable_messages_are_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """Broken and unknown messages are skipped."""
    messages = (
        b"{broken",
        b'"text"',
        {"msg": "brand_new", "event_id": "one", "x": 1},
        {"msg": 7, "event_id": "one"},
        {"msg": "estimation", "event_id": "stranger", "rank": 0},
        completed("one", "fine"),
        completed("one", "again"),
        CLOSE,
    )
    with (
        scripted(join=joins("one"), data=stream_of(*messages)) as server,
        Client(server.url) as app,
        caplog.at_level(logging.DEBUG, "gradio_client_sync"),
    ):
        assert app.predict("/echo", ["a"])[0] == "fine"
    assert "'brand_new'" in caplog.text


def test_wrong_edit_drops_values_and_not_the_job() -> None:
    """After an edit that cannot be applied, values are left out until a complete one arrives."""
    messages = (
        generating("one", "a"),
        generating("one", [["append", [], "b"]]),
        generating("one", [["append", ["x", 0], "?"]]),
        generating("one", [["append", [], "c"]]),
        generating("one", [["replace", [], "new"]]),
        generating("one", [["append", [], "er"]]),
        completed("one", "end"),
        CLOSE,
    )
    with (
        scripted(join=joins("one"), data=stream_of(*messages)) as server,
        Client(server.url) as app,
    ):
        job = app.submit("/count", ["a"])
        assert [data[0] for data in job] == ["a", "ab", "new", "newer", "end"]
        assert job.result()[0] == "end"


def test_predict_on_a_generator_applies_no_edits() -> None:
    """predict() on a generator decodes only the final value."""
    applied: list[str] = []

    def note(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_name in ("apply_edits", "receive_edits"):
            applied.append(frame.f_code.co_name)

    edits = [generating("one", [["append", [], "b"]]) for _ in range(5)]
    messages = (generating("one", "a"), *edits, completed("one", "abbbbb"), CLOSE)
    with (
        scripted(join=joins("one"), data=stream_of(*messages)) as server,
        Client(server.url) as app,
    ):
        threading.setprofile(note)
        try:
            job = app.submit("/count", ["a"])
            assert job.result(WAIT)[0] == "abbbbb"
        finally:
            threading.setprofile(None)  # type: ignore[arg-type]  # typeshed's slip
        assert applied == []
        assert [data[0] for data in job][-2:] == ["abbbbb", "abbbbb"]


def test_a_stream_left_open_after_a_cancel_serves_the_next_job() -> None:
    """A stream that stays open after a cancel is also used for the next job."""
    second = Gate()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        x.send(generating("one", "x"))
        second.pass_through()
        x.send(generating("one", [["append", [], "y"]]), completed("two", "fine"), CLOSE)
        x.end_stream()

    with scripted(join=joins("one", "two"), data=data) as server, Client(server.url) as app:
        server.scripts["POST /cancel"] = lambda x: x.answer({"success": True})
        first = app.submit("/count", ["a"])
        assert next(iter(first))[0] == "x"
        assert first.cancel()
        server.wait_for("POST /cancel")
        job = app.submit("/echo", ["b"])
        server.wait_for("POST /queue/join", 2)
        second.open()
        assert job.result(WAIT)[0] == "fine"
        assert server.count("GET /queue/data") == 1


def test_cancel_waits_for_the_queue_status() -> None:
    """Before a cancel, the client waits for the server's response to /queue/status.

    Otherwise a job that is about to begin could end with the cancelled one, without a message.
    """
    status_requested, begins, may_end = threading.Event(), threading.Event(), threading.Event()
    joined, stopped = threading.Event(), threading.Event()
    steps: list[str] = []
    names = iter(("e1", "e2"))

    def join(x: IncomingRequest) -> None:
        name = next(names)
        x.answer({"event_id": name})
        if name == "e2":
            joined.set()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "process_starts", "event_id": "e1"})
        assert joined.wait(WAIT)
        x.send({"msg": "estimation", "event_id": "e2", "rank": 0, "queue_size": 1})
        assert status_requested.wait(WAIT)
        x.send({"msg": "process_starts", "event_id": "e2"})
        begins.set()
        assert may_end.wait(WAIT)
        steps.append("the other ended")
        x.send(completed("e2", "end"))
        assert stopped.wait(WAIT)
        x.send(CLOSE)
        x.end_stream()

    # Until the cancelled job is released, the client may open the stream again for it.
    turns = itertools.chain([data], itertools.repeat(stream_of(CLOSE)))

    def status(x: IncomingRequest) -> None:
        status_requested.set()
        assert begins.wait(WAIT)
        x.answer({"msg": "estimation"})

    def cancel(x: IncomingRequest) -> None:
        steps.append(x.json["event_id"])
        stopped.set()
        x.answer({"success": True})

    with scripted(join=join, data=lambda x: next(turns)(x)) as server, Client(server.url) as app:
        server.scripts["GET /queue/status"] = status
        server.scripts["POST /cancel"] = cancel
        begun, queued = EventRecorder(), EventRecorder()
        one = app.submit("/count", ["x"]).on("status", begun)
        begun.wait_for(lambda status: status.position == 0)
        other = app.submit("/count", ["x"]).on("status", queued)
        queued.wait_for(lambda status: status.size == 1)
        assert one.cancel()
        assert status_requested.wait(WAIT) and steps == []
        queued.wait_for(lambda status: status.size is None)
        assert steps == []
        may_end.set()
        assert other.result(WAIT)[0] == "end"
        assert control_of(other).wait_released(WAIT)
    assert steps == ["the other ended", "e1"]


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (
            503,
            {"detail": "Queue is full. Max size is 1 and size is 1."},
            QueueFullError,
            "Max size",
        ),
        (401, {"detail": "Not authenticated"}, HTTPStatusError, "auth="),
        (429, {"detail": "slow down"}, HTTPStatusError, "slow down"),
        (500, b"Internal Server Error", HTTPStatusError, "500"),
        (200, b"<html>Please wait</html>", ProtocolError, "not JSON"),
        (200, {"event_id": None}, ProtocolError, "no event_id"),
        (200, ["e"], ProtocolError, "no event_id"),
        (
            422,
            {"detail": [{"__type__": "validate", "is_valid": False, "message": "too short"}]},
            ValidationError,
            "too short",
        ),
        (
            422,
            {"detail": [{"loc": ["body", "data"], "msg": "Field required"}]},
            ValidationError,
            "body.data: Field required",
        ),
        (422, b"what", ValidationError, "what"),
    ],
)
def test_refused_join_says_why(status: int, body: Any, error: type[Exception], says: str) -> None:
    """Each refusal of a join has its own error, and the status is "error"."""
    headers = {"Retry-After": "70"}  # longer than a job waits
    join = lambda x: x.answer(body, status, headers=headers)  # noqa: E731
    with scripted(join=join) as server, Client(server.url) as app:
        job = app.submit("/echo", ["a"])
        with pytest.raises(error, match=says):
            job.result(WAIT)
        assert job.status.stage == "error"
        assert server.count("GET /queue/data") == 0


def test_lost_join_response_leaves_open_whether_the_job_ran() -> None:
    """If the response to a join is lost, the error says that the job may have run."""
    with scripted(join=lambda x: x.break_off()) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match="may have accepted the job") as caught:
            app.predict("/echo", ["a"])
        assert caught.value.accepted is None


@contextmanager
def jobs_around_a_reload(
    first: Script, first_open: Gate, second: Script, second_open: Gate
) -> Iterator[tuple[Mailbox, Mailbox]]:
    """Yield the mailboxes of job "one" on the stream before a reload, and of job "two" after it.

    The script of each stream reaches its gate when the stream is open.
    """
    with scripted(data=streams(first, second)) as server:
        http, workers = Http(server.url), Workers()
        url = f"{server.url}/gradio_api/queue/data"
        shared_stream = SharedStream(http, url, silence=None, start=workers.start)
        one = shared_stream.join(lambda: "one", lambda frame: None)
        first_open.wait_until_reached()
        shared_stream.renew()
        two = shared_stream.join(lambda: "two", lambda frame: None)
        second_open.wait_until_reached()
        yield one, two
        shared_stream.close()
        http.close()
        workers.close()
        assert workers.join(WAIT)


def test_old_stream_after_a_reload_may_have_messages_of_new_jobs() -> None:
    """After a reload in one process, each stream may have messages for jobs of the other."""
    first_open, second_open, may_end = Gate(), Gate(), Gate()

    def first(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "process_starts", "event_id": "one"})
        first_open.pass_through()
        x.send(completed("two", "by the first"))
        may_end.pass_through()
        x.end_stream()

    def second(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "process_starts", "event_id": "two"})
        second_open.pass_through()
        x.send(completed("one", "by the second"), CLOSE)
        x.end_stream()

    with jobs_around_a_reload(first, first_open, second, second_open) as (one, two):
        for gate, mailbox, value in (
            # first, because a stream that still has a job is opened again
            (first_open, two, b"by the first"),
            (second_open, one, b"by the second"),
        ):
            gate.open()
            while (frame := mailbox.receive()).msg != "process_completed":
                pass
            assert value in frame.raw
        may_end.open()


def test_old_stream_that_breaks_after_a_reload_loses_only_its_jobs() -> None:
    """If the old stream breaks after a reload, jobs of the new stream are not affected."""
    first_open, second_open = Gate(), Gate()

    def first(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "process_starts", "event_id": "one"})
        first_open.pass_through()
        x.break_off()

    def second(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "process_starts", "event_id": "two"})
        second_open.pass_through()
        x.send(completed("two", "fine"), CLOSE)
        x.end_stream()

    with jobs_around_a_reload(first, first_open, second, second_open) as (one, two):
        first_open.open()
        assert one.receive().msg == "process_starts"
        with pytest.raises(Lost):
            one.receive()
        second_open.open()
        while (frame := two.receive()).msg != "process_completed":
            pass
        assert b"fine" in frame.raw


def test_a_stream_that_is_closed_with_a_job_ends_without_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Closing a stream while a job waits, such as a cancelled one, logs no error."""
    began = threading.Event()
    workers = Workers()

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        began.set()
        x.wait_for_hangup()

    with scripted(data=data) as server:
        http = Http(server.url)
        stream = SharedStream(http, f"{server.url}/queue/data", silence=None, start=workers.start)
        mailbox = stream.join(lambda: "e1", lambda message: None)
        assert began.wait(WAIT)
        stream.close()
        with pytest.raises(Aborted):
            mailbox.receive()
        http.close()
        workers.close()
        workers.join(WAIT)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
