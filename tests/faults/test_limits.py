"""The limits of one message, one job and one stream, and who is affected when one is exceeded."""

from __future__ import annotations

import json
import logging
import uuid

import pytest

from gradio_client_sync import BrokenStreamError, Client, MessageTooLargeError
from tests.conftest import SERVERS
from tests.support.listeners import BOUND
from tests.support.processes import run_python
from tests.support.scripted import CLOSE, IncomingRequest, completed, generating, scripted
from tests.support.servers.plugin import ServerPool

VERSIONS = [v for v in ("3.50.2", "4.0.2", "4.44.1", "6.31.0") if v in SERVERS]
LIMIT = 1_000_000  # bytes; more than the config of the tests' app
LONG = "x" * 3 * LIMIT


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_too_long_message_fails_its_own_job_only(server_pool: ServerPool, version: str) -> None:
    """A message that is too long fails its own job; other jobs on the same stream continue."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    with Client(server.url, max_message_bytes=LIMIT) as app:
        held = app.submit("/hold", [key])
        assert server.control.await_started(key)
        with pytest.raises(MessageTooLargeError, match="max_message_bytes=") as caught:
            app.predict("/echo", [LONG], timeout=BOUND)
        assert caught.value.endpoint == "/echo"
        assert caught.value.limit_bytes == LIMIT
        assert app.predict("/echo", ["short"], timeout=BOUND)[0] == "short"
        assert not held.done()
        server.control.release(key)
        assert held.result(BOUND)[0] == key


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_job_above_the_limit_is_stopped_on_the_server(
    server_pool: ServerPool, version: str
) -> None:
    """A generator is stopped on the server if its value is too long."""
    server, key = server_pool.get(version), f"k{uuid.uuid4().hex}"
    with Client(server.url, max_message_bytes=LIMIT) as app:
        job = app.submit("/endless_padded", [key, 3 * LIMIT], timeout=BOUND)
        with pytest.raises(MessageTooLargeError):
            job.result()
        assert server.control.await_stopped(key)


def test_too_long_message_may_precede_its_event_id() -> None:
    """If a message that is too long comes before the response to its job's join, the job fails."""

    def join(exchange: IncomingRequest) -> None:
        if server.count("POST /queue/join") == 1:
            exchange.answer({"event_id": "open"})
            return
        # the first job has ended, so the client has read the long message
        assert first.exception(BOUND) is None
        exchange.answer({"event_id": "early"})

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        server.wait_for("POST /queue/join", 2)
        exchange.send(completed("early", LONG), completed("open", "went on"), CLOSE)
        exchange.end_stream()

    with scripted(join=join, data=data) as server:
        with Client(server.url, max_message_bytes=LIMIT) as app:
            first = app.submit("/echo", ["a"], timeout=BOUND)
            server.wait_for("GET /queue/data")
            with pytest.raises(MessageTooLargeError):
                app.predict("/echo", ["b"], timeout=BOUND)
            assert first.result()[0] == "went on"


def test_too_long_message_without_a_job_fails_all_jobs() -> None:
    """If the start of a message that is too long does not name its job, all jobs fail."""

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send({"output": LONG, "msg": "process_generating", "event_id": "e1"}, CLOSE)
        exchange.end_stream()

    names = iter(("e1", "e2"))
    with scripted(join=lambda x: x.answer({"event_id": next(names)}), data=data) as server:
        with Client(server.url, max_message_bytes=LIMIT) as app:
            jobs = [app.submit("/echo", ["x"], timeout=BOUND) for _ in range(2)]
            for job in jobs:
                with pytest.raises(MessageTooLargeError):
                    job.result()


def test_messages_for_unknown_jobs_are_not_kept_without_limit() -> None:
    """Messages for unknown jobs are kept during a join, and break the stream at the limit."""

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        server.wait_for("POST /queue/join", 2)
        for number in range(200):
            exchange.send(generating(f"nobody {number}", "x" * (LIMIT // 100)))
        exchange.wait_for_hangup()

    def join(exchange: IncomingRequest) -> None:
        if server.count("POST /queue/join") == 1:
            exchange.answer({"event_id": "e1"})
        else:
            assert first.exception(BOUND)
            exchange.answer({"event_id": "e2"})

    with scripted(join=join, data=data) as server:
        with Client(server.url, max_message_bytes=LIMIT) as app:
            first = app.submit("/echo", ["x"], timeout=BOUND)
            server.wait_for("GET /queue/data")
            second = app.submit("/echo", ["x"], timeout=BOUND)
            for job in (first, second):
                with pytest.raises(BrokenStreamError):
                    job.result()
            with pytest.raises(BrokenStreamError, match="max_message_bytes="):
                first.result()


def test_unreadable_messages_give_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Messages that cannot be read give one warning."""

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(*[b"nonsense"] * 1_000, completed("e1", "end"), CLOSE)
        exchange.end_stream()

    with scripted(join=lambda x: x.answer({"event_id": "e1"}), data=data) as server:
        with caplog.at_level(logging.WARNING), Client(server.url) as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "end"
    assert len([r for r in caplog.records if "skipped" in r.message]) == 1


def test_unread_job_keeps_history_bytes_at_most() -> None:
    """The client keeps only as many long values as ``history_bytes`` allows."""
    update = json.dumps(generating("e1", [["replace", [], "x" * 10_000]])).encode()

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(generating("e1", ""), *[update] * 1_000, completed("e1", "end"), CLOSE)
        exchange.end_stream()

    with scripted(join=lambda x: x.answer({"event_id": "e1"}), data=data) as server:
        with Client(server.url, history_bytes=100_000) as app:
            job = app.submit("/count", ["x"], timeout=BOUND)
            assert job.result()[0] == "end"
            assert 5 <= len(job.outputs) <= 11  # and the last one
            assert job.timings.bytes > 1_000 * len(update)


ENDLESS = """
import resource, sys
from gradio_client_sync import Client

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

with Client(sys.argv[1], history=1_000) as app:
    job = app.submit("/count", ["x"])
    next(iter(job))
    before = peak()
    assert job.result()[0] == "end"
    print(len(job.outputs), peak() - before)
"""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ten_million_events_take_no_memory() -> None:
    """A job that nobody reads uses only the memory that `history` allows."""
    log_line = json.dumps({"msg": "log", "event_id": "e1", "log": "x", "level": "info"})
    update = json.dumps(generating("e1", [["append", [], "x"]]))
    block = f"data: {log_line}\n\n" * 9_990 + f"data: {update}\n\n" * 10
    chunk = b"%x\r\n%s\r\n" % (len(block), block.encode())

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(generating("e1", ""))
        for _ in range(1_000):
            exchange.write(chunk)
        exchange.send(completed("e1", "end"), CLOSE)
        exchange.end_stream()

    with scripted(join=lambda x: x.answer({"event_id": "e1"}), data=data) as server:
        outputs, grown = map(int, run_python(ENDLESS, server.url, bound=500).split())
    assert outputs <= 1_001 and grown < 50_000, (outputs, grown)  # kB
