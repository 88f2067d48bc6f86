"""Streams of input, on real servers, and on scripted servers if timing matters."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Callable

import pytest

from gradio_client_sync import (
    AppError,
    BrokenStreamError,
    Client,
    ClientClosedError,
    ConnectFailedError,
    Data,
    FileError,
    HTTPStatusError,
    Job,
    PayloadError,
    StreamClosedError,
)
from gradio_client_sync._job.input_stream import InputStream
from gradio_client_sync._protocol.routes import Routes
from gradio_client_sync._transport.http import Http
from tests.support.generations import has, servers_with, servers_without
from tests.support.listeners import BOUND, EventRecorder
from tests.support.scripted import (
    CLOSE,
    Gate,
    IncomingRequest,
    ScriptedApp,
    completed,
    component,
    config_of,
    dependency,
    scripted,
)
from tests.support.servers.server import Server

streams = servers_with("input streams")


def in_thread(call: Callable[[], Any]) -> concurrent.futures.Future[Any]:
    """Run a call that may block on its own thread."""
    future: concurrent.futures.Future[Any] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as exc:  # noqa: BLE001 - raised by the future
            future.set_exception(exc)

    threading.Thread(target=run, daemon=True).start()
    return future


# -- real servers


@pytest.mark.gradio
@streams
def test_chunks_get_results_in_order(app: Client, server: Server) -> None:
    """Each chunk gets its result, in order, with the state that earlier chunks left."""
    before = server.control.executions().get("stream", 0)
    job = app.submit("/stream", ["0", 1])
    for n in range(1, 20):
        job.send_chunk([str(n), 1])
    job.close_stream()
    last = job.result(BOUND)
    texts = [data[0] for data in job.outputs]
    assert texts[:20] == [f"{n} {n + 1}" for n in range(20)]
    # 6.x repeats the last result at the end, 5.x runs the function once more.
    again = not has(server.version, "private")
    assert texts[20:] == [last[0]] == ["19 21" if again else "19 20"]
    assert server.control.executions()["stream"] - before == 20 + again
    assert job.status.stage == "complete"
    assert app.predict("/counter")[0] == 21 + again  # the same state


@pytest.mark.gradio
@streams
def test_chunks_are_laid_out_like_payloads(app: Client) -> None:
    """A chunk takes values like a payload: by position or name, with defaults and without state."""
    job = app.submit("/stream", {"text": "a"})
    job.send_chunk(["b"])
    job.send_chunk({"text": "c", "number": 5})
    job.send_chunk(("d", 1))
    for wrong in (["x", 1, 2], {"nr": 1}, "x", None, 7, [object()]):
        with pytest.raises(PayloadError):
            job.send_chunk(wrong)  # type: ignore[arg-type]  # some of them
    job.close_stream()
    job.result(BOUND)
    assert [data[0] for data in job.outputs][:4] == ["a 2", "b 4", "c 9", "d 10"]


@pytest.mark.gradio
@streams
def test_chunks_may_be_files(app: Client, tmp_path: Path) -> None:
    """Files in a chunk are uploaded before the chunk is sent, as for a payload."""
    path = tmp_path / "third.bin"
    path.write_bytes(b"third")
    job = app.submit("/stream_digest", [b"first"])
    job.send_chunk([b"second"])
    job.send_chunk([path])
    with pytest.raises(FileError):
        job.send_chunk([tmp_path / "missing.bin"])
    job.close_stream()
    job.result(BOUND)
    arrived = [json.loads(data[0])["sha256"] for data in job.outputs][:3]
    assert arrived == [hashlib.sha256(c).hexdigest() for c in (b"first", b"second", b"third")]


@pytest.mark.gradio
@streams
def test_chunks_from_a_listener(app: Client) -> None:
    """A listener may send the next chunk for each result without blocking the job."""
    left, job = [str(n) for n in range(1, 5)], app.submit("/stream", ["0", 1])

    def feed(data: Data) -> None:
        if left:
            job.send_chunk([left.pop(0), 1])
        else:
            job.close_stream()

    job.on("data", feed)
    job.result(BOUND)
    assert [data[0] for data in job.outputs][:5] == [f"{n} {n + 1}" for n in range(5)]


@pytest.mark.gradio
@streams
def test_chunk_waits_for_the_last_result(app: Client, server: Server, key: str) -> None:
    """The next chunk is sent only after the last one's result; a timeout leaves it unsent."""
    job = app.submit("/stream_held", [key])
    assert server.control.await_started(key)
    with pytest.raises(concurrent.futures.TimeoutError, match="not sent"):
        job.send_chunk([key], timeout=0.05)
    sending = in_thread(lambda: job.send_chunk([key]))
    assert not sending.done()
    server.control.release(key)
    sending.result(BOUND)
    job.close_stream()
    job.result(BOUND)
    expected = 2 if has(server.version, "private") else 3
    assert server.control.ledger(key)["started"] == expected


@pytest.mark.gradio
@streams
def test_several_threads_may_send(app: Client, server: Server) -> None:
    """Several threads can send chunks, and no chunk replaces another."""
    job = app.submit("/stream", ["first", 1])
    names = [f"{thread}-{n}" for thread in range(4) for n in range(10)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: job.send_chunk([name, 1]), names))
    job.close_stream()
    job.result(BOUND)
    results = [data[0].split() for data in job.outputs][:41]
    assert sorted(name for name, _ in results) == sorted(["first", *names])
    assert [total for _, total in results] == [str(n) for n in range(1, 42)]


@pytest.mark.gradio
@streams
def test_two_streams_at_once(app: Client) -> None:
    """Two jobs of one stream function keep their inputs apart."""
    jobs = [app.submit("/stream", [name], isolated=True) for name in "ab"]
    for n in range(5):
        for name, job in zip("ab", jobs):
            job.send_chunk([f"{name}{n}"])
    for name, job in zip("ab", jobs):
        job.close_stream()
        job.result(BOUND)
        texts = [data[0] for data in job.outputs][:6]
        assert texts == [f"{name} 2", *(f"{name}{n} {2 * n + 4}" for n in range(5))]


@pytest.mark.gradio
@streams
def test_chunk_that_fails_ends_the_job(app: Client) -> None:
    """An error of the app ends the job, and later chunks raise an error that names it."""
    job = app.submit("/stream", ["a"])
    job.send_chunk(["fail"])
    with pytest.raises(StreamClosedError, match="bad chunk") as caught:
        job.send_chunk(["b"])
    assert isinstance(caught.value.__cause__, AppError)
    with pytest.raises(AppError, match="bad chunk"):
        job.result(BOUND)
    assert [data[0] for data in job.outputs] == ["a 2"]


@pytest.mark.gradio
@streams
def test_job_that_ends_by_itself(app: Client) -> None:
    """After the app's time limit the job is complete, and further chunks are refused."""
    job = app.submit("/stream_brief", ["a"])
    assert job.result(BOUND)[0] == "a 2"
    with pytest.raises(StreamClosedError, match="the app has ended the job") as caught:
        job.send_chunk(["b"])
    assert caught.value.endpoint == "/stream_brief"
    assert caught.value.event_id == job.event_id
    job.close_stream()  # nothing is left to close


@pytest.mark.gradio
@streams
def test_cancel_releases_a_blocked_send(app: Client, server: Server, key: str) -> None:
    """cancel() ends a blocked send_chunk(), and the job accepts no further chunks."""
    job = app.submit("/stream_held", [key])
    assert server.control.await_started(key)
    sending = in_thread(lambda: job.send_chunk([key]))
    closing = in_thread(lambda: app.submit("/stream_held", [key]).close_stream())
    assert job.cancel()
    with pytest.raises(StreamClosedError, match="cancel"):
        sending.result(BOUND)
    with pytest.raises(StreamClosedError):
        job.send_chunk([key])
    server.control.release(key)
    closing.result(BOUND)


@pytest.mark.gradio
@streams
def test_close_of_the_client_releases_a_blocked_send(server: Server, key: str) -> None:
    """Closing the client ends a blocked send_chunk()."""
    app = Client(server.url)
    job = app.submit("/stream_held", [key])
    assert server.control.await_started(key)
    sending = in_thread(lambda: job.send_chunk([key]))
    app.close()
    with pytest.raises(StreamClosedError):
        sending.result(BOUND)
    assert job.cancelled()


@pytest.mark.gradio
@streams
def test_cancelled_stream_stops(app: Client, server: Server) -> None:
    """A cancelled stream also ends on the server, so that other jobs of the function can run."""
    job, values = app.submit("/stream", ["a"]), EventRecorder()
    job.on("data", values)
    values.wait_for()
    assert job.cancel()
    assert job.cancelled()
    other = app.submit("/stream", ["b"])
    other.close_stream()
    assert other.result(BOUND)[0].startswith("b ")


@pytest.mark.gradio
def test_other_functions_take_no_chunks(app: Client) -> None:
    """send_chunk() and close_stream() raise for an ordinary function, before and after its end."""
    job = app.submit("/echo", ["a"])
    for call in (lambda: job.send_chunk(["b"]), job.close_stream):
        with pytest.raises(
            PayloadError, match=r"'/echo' does not accept input while it runs.*5\.0"
        ):
            call()
    assert job.result(BOUND)[0] == "a"


@pytest.mark.gradio
@servers_without("input streams")
def test_servers_before_5_have_no_streams(app: Client) -> None:
    """Servers before 5.0 have no function that accepts chunks."""
    assert not any(d.get("connection") == "stream" for d in app.config["dependencies"])


# -- scripted servers


def streaming(event_id: str, *data: Any) -> dict[str, Any]:
    output = {"data": list(data), "is_generating": True}
    return {"msg": "process_streaming", "event_id": event_id, "output": output, "success": True}


class StreamApp:
    """A scripted app with one stream function; the test decides its results.

    Attributes:
        events: Messages put here are sent on the session's stream; ``None`` ends it.
        chunks: The bodies of the requests received.
    """

    def __init__(self) -> None:
        self.events: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self.chunks: list[Any] = []
        self.answer: Callable[[IncomingRequest], None] = lambda x: x.answer({"msg": "success"})

    def join(self, x: IncomingRequest) -> None:
        x.answer({"event_id": "e1"})

    def data(self, x: IncomingRequest) -> None:
        x.start_stream()
        while (message := self.events.get(timeout=BOUND)) is not None:
            x.send(message)
        x.send(CLOSE)
        x.end_stream()

    def chunk(self, x: IncomingRequest) -> None:
        self.chunks.append(x.json)
        self.answer(x)


CHUNK, END = "POST /stream/e1", "POST /stream/e1/close"


@contextmanager
def stream_app() -> Iterator[tuple[StreamApp, ScriptedApp, Client]]:
    script = StreamApp()
    config = config_of(
        dependency(0, "stream", inputs=[1, 3], outputs=[3, 2], connection="stream"),
        components=[component(1), component(2), component(3, "state", value=None)],
    )
    with scripted(config, join=script.join, data=script.data) as app:
        app.scripts[CHUNK] = script.chunk
        app.scripts[END] = script.chunk
        with Client(app.url) as client:
            try:
                yield script, app, client
            finally:
                script.events.put(None)


def finish(script: StreamApp, job: Job) -> None:
    script.events.put(completed("e1", None, "end"))
    assert job.result(BOUND).data == ["end"]


def test_chunk_waits_while_the_job_joins() -> None:
    """No chunk is sent before the first result: until then the job may not run."""
    gate = Gate()
    with stream_app() as (script, app, client):

        def join(x: IncomingRequest) -> None:
            gate.pass_through()
            script.join(x)

        app.scripts["POST /queue/join"] = join
        job = client.submit("/stream", ["a"])
        sending = in_thread(lambda: job.send_chunk(["b"]))
        gate.wait_until_reached()
        gate.open()
        app.wait_for("GET /queue/data")
        script.events.put({"msg": "estimation", "event_id": "e1", "rank": 0, "queue_size": 1})
        assert not app.count(CHUNK)
        script.events.put(streaming("e1", None, "1"))
        sending.result(BOUND)
        assert script.chunks == [
            {
                "data": ["b", None],
                "event_data": None,
                "fn_index": 0,
                "trigger_id": None,
                "session_hash": client.session_hash,
            }
        ]
        finish(script, job)


def test_result_may_come_before_the_response() -> None:
    """The result of a chunk may arrive before the response to the request that sent it."""
    with stream_app() as (script, _app, client):
        values = EventRecorder()
        job = client.submit("/stream", ["a"]).on("data", values)
        script.events.put(streaming("e1", None, "0"))

        def answer_late(x: IncomingRequest) -> None:
            script.events.put(streaming("e1", None, str(len(script.chunks))))
            values.wait_for(after=len(script.chunks))
            x.answer({"msg": "success"})

        script.answer = answer_late
        for text in "bcd":
            job.send_chunk([text])
        assert [chunk["data"][0] for chunk in script.chunks] == ["b", "c", "d"]
        finish(script, job)


def test_close_waits_for_the_last_result() -> None:
    """close_stream() is sent after the last result, which a server might otherwise drop."""
    with stream_app() as (script, app, client):
        job = client.submit("/stream", ["a"])
        script.events.put(streaming("e1", None, "0"))
        job.send_chunk(["b"])
        closing = in_thread(job.close_stream)
        with pytest.raises((StreamClosedError, concurrent.futures.TimeoutError)):
            job.send_chunk(["c"], timeout=0.05)
        assert not app.count(END)
        script.events.put(streaming("e1", None, "1"))
        closing.result(BOUND)
        assert app.count(END) == 1
        job.close_stream()
        assert app.count(END) == 1
        with pytest.raises(StreamClosedError, match=r"close_stream\(\) was called"):
            job.send_chunk(["c"])
        assert [chunk["data"][0] for chunk in script.chunks if chunk] == ["b"]
        finish(script, job)


def test_close_releases_a_blocked_send() -> None:
    """close_stream() ends a blocked send_chunk(), and no chunk follows."""
    with stream_app() as (script, _app, client):
        job = client.submit("/stream", ["a"])
        sending = in_thread(lambda: job.send_chunk(["b"]))
        closing = in_thread(job.close_stream)
        with pytest.raises(StreamClosedError):
            sending.result(BOUND)
        script.events.put(streaming("e1", None, "0"))
        closing.result(BOUND)
        finish(script, job)
        assert script.chunks == [{}]


@pytest.mark.parametrize(("status", "kind"), [(404, "text/plain"), (500, "text/plain")])
def test_server_that_does_not_know_the_job(status: int, kind: str) -> None:
    """If the server no longer knows the job, a chunk raises, even before the end arrives."""
    with stream_app() as (script, _app, client):
        job = client.submit("/stream", ["a"])
        script.events.put(streaming("e1", None, "0"))
        script.answer = lambda x: x.answer(b"Internal Server Error", status, kind)
        with pytest.raises(StreamClosedError) as caught:
            job.send_chunk(["b"])
        assert isinstance(caught.value.__cause__, HTTPStatusError)
        finish(script, job)


def test_server_that_ends_the_job_at_the_close() -> None:
    """close_stream() raises nothing if the server has just ended the job."""
    with stream_app() as (script, _app, client):
        job = client.submit("/stream", ["a"])
        script.events.put(streaming("e1", None, "0"))
        script.answer = lambda x: x.answer(b"", 404, "text/plain")
        job.close_stream()
        finish(script, job)


def test_chunk_that_is_refused_can_be_sent_again() -> None:
    """A refused chunk or close raises an error with the status, and can be sent again."""
    with stream_app() as (script, app, client):
        job = client.submit("/stream", ["a"])
        script.events.put(streaming("e1", None, "0"))
        script.answer = lambda x: x.answer({"detail": "later"}, 503)
        for call, what in (
            (lambda: job.send_chunk(["b"]), "Sending a chunk to '/stream'"),
            (job.close_stream, "Closing the input of '/stream'"),
        ):
            with pytest.raises(HTTPStatusError, match=what):
                call()
        script.answer = lambda x: x.answer({"msg": "success"})
        job.send_chunk(["b"])
        script.events.put(streaming("e1", None, "1"))
        job.close_stream()
        assert app.count(CHUNK) == app.count(END) == 2
        finish(script, job)


def test_chunk_after_a_lost_response_waits() -> None:
    """After a chunk without a response the next one waits, because the function may have got it."""
    with stream_app() as (script, _app, client):
        job = client.submit("/stream", ["a"])
        script.events.put(streaming("e1", None, "0"))
        script.answer = lambda x: x.break_off()
        with pytest.raises(ConnectFailedError) as caught:
            job.send_chunk(["b"])
        assert caught.value.sent
        script.answer = lambda x: x.answer({"msg": "success"})
        with pytest.raises(concurrent.futures.TimeoutError):
            job.send_chunk(["c"], timeout=0.05)
        script.events.put(streaming("e1", None, "1"))
        job.send_chunk(["c"])
        finish(script, job)


def test_chunk_that_was_not_sent_can_be_sent_again() -> None:
    """Without a connection the error says that nothing was sent, and a retry is possible."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{unused.getsockname()[1]}"
        http = Http(root)
        chunks = InputStream("/stream", http, Routes(root), lambda payload: b"{}")
        chunks.accept_next("e1")
        for _ in range(2):
            with pytest.raises(ConnectFailedError) as caught:
                chunks.send(["a"], timeout=0)
            assert not caught.value.sent
        http.close()


def test_close_of_the_client_ends_a_chunk_under_way() -> None:
    """Closing the client ends a chunk whose response has not arrived."""
    with stream_app() as (script, _app, client):
        job = client.submit("/stream", ["a"])
        script.events.put(streaming("e1", None, "0"))
        values = EventRecorder()
        job.on("data", values)
        values.wait_for()
        taken = Gate()

        def hold(x: IncomingRequest) -> None:
            taken.pass_through()
            x.answer({"msg": "success"})

        script.answer = hold
        sending = in_thread(lambda: job.send_chunk(["b"]))
        taken.wait_until_reached()
        client.close()
        with pytest.raises(ClientClosedError, match="input was sent"):
            sending.result(BOUND)
        taken.open()
        assert job.cancelled()


def test_broken_stream_releases_a_blocked_send() -> None:
    """A broken connection ends the job, and also a blocked send_chunk()."""
    with stream_app() as (_script, app, client):

        def broken(x: IncomingRequest) -> None:
            x.start_stream()
            x.send({"msg": "process_starts", "event_id": "e1"})
            x.break_off()

        app.scripts["GET /queue/data"] = broken
        job = client.submit("/stream", ["a"])
        with pytest.raises(StreamClosedError, match="BrokenStreamError") as caught:
            job.send_chunk(["b"])
        assert isinstance(caught.value.__cause__, BrokenStreamError)
        job.close_stream()


def test_stream_function_goes_through_the_queue() -> None:
    """A stream function uses the queue: a direct call would run it for its first chunk only."""
    script = StreamApp()
    config = config_of(dependency(0, "stream", connection="stream", queue=False))
    with scripted(config, join=script.join, data=script.data) as app:
        script.events.put(completed("e1", "end"))
        script.events.put(None)
        with Client(app.url) as client:
            assert client.predict("/stream", ["a"], timeout=BOUND)[0] == "end"
        assert app.count("POST /queue/join") == 1
