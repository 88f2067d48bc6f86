"""How files get to the server: streamed, in parallel, each content once; and failures."""

from __future__ import annotations

import concurrent.futures
import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    AuthenticationError,
    Client,
    ConnectFailedError,
    FileTooLargeError,
    GradioClientError,
    JobTimeoutError,
    ProtocolError,
    RateLimitError,
    UploadError,
)
from gradio_client_sync._calls.upload_report import UploadReport
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.dialect import dialect_of
from gradio_client_sync.job import control_of
from tests.conftest import SERVERS
from tests.support.file_app import FILES, FileApp
from tests.support.generations import has
from tests.support.listeners import EventRecorder
from tests.support.processes import run_python
from tests.support.scripted import WAIT, Gate, IncomingRequest
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

MB = 2**20
LARGE = b"l" * (MB + 1)  # a file of this size has its own request


@pytest.fixture
def files() -> Iterator[FileApp]:
    with FileApp() as server:
        yield server


@pytest.fixture
def app(files: FileApp) -> Iterator[Client]:
    with Client(files.url) as client:
        yield client


@pytest.fixture
def sparse(tmp_path: Path) -> Path:
    """Return the path of a sparse file of 300 MB, which uses no disk space."""
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(300 * MB)
    return path


# -- the request


def test_upload_says_its_length(files: FileApp, app: Client, tmp_path: Path) -> None:
    """The request has a Content-Length if all lengths are known; a stream is sent in chunks."""
    heads: list[tuple[str | None, str | None, int]] = []

    def upload(x: IncomingRequest) -> None:
        length, coding = x.headers["content-length"], x.headers["transfer-encoding"]
        heads.append((length, coding, len(x.body)))
        files.upload(x)

    files.scripts["POST /upload"] = upload
    path = tmp_path / "a.txt"
    path.write_bytes(b"a")
    reading, writing = os.pipe()
    os.write(writing, b"piped")
    os.close(writing)
    app.predict("/direct", [[path, b"b"]])
    with os.fdopen(reading, "rb") as pipe:
        app.predict("/direct", [pipe])
    (length, coding, size), (no_length, chunked, _) = heads
    assert (length, coding) == (str(size), None)
    assert (no_length, chunked) == (None, "chunked")
    assert [part.content for part in files.sent] == [b"a", b"b", b"piped"]


def test_upload_of_small_files_shares_requests(files: FileApp, app: Client) -> None:
    """40 small files take two requests, and each file gets its own path."""
    contents = [b"%d" % n for n in range(40)]
    app.predict("/direct", [contents])
    assert sorted(len(parts) for parts in files.uploads) == [8, 32]
    by_path = {
        f"/srv/{number}/{n}/{part.name}": part.content
        for number, parts in enumerate(files.uploads, 1)
        for n, part in enumerate(parts)
    }
    assert [by_path[form["path"]] for form in files.payloads[0][0]] == contents


def test_upload_sends_large_files_side_by_side(files: FileApp, app: Client) -> None:
    """Four large files are sent at the same time, each in its own request."""
    together = threading.Barrier(4)

    def upload(x: IncomingRequest) -> None:
        together.wait(WAIT)
        files.upload(x)

    files.scripts["POST /upload"] = upload
    app.predict("/direct", [[LARGE + b"%d" % n for n in range(8)]])
    assert [len(parts) for parts in files.uploads] == [1] * 8
    assert len({form["path"] for form in files.payloads[0][0]}) == 8


def test_upload_uses_the_proxy_and_all_headers(files: FileApp) -> None:
    """An upload uses the proxy and all headers of the client."""
    seen: list[str | None] = []

    def upload(x: IncomingRequest) -> None:
        seen.append(x.headers["x-mine"])
        files.upload(x)

    files.scripts["POST /upload"] = upload
    by = {"http": files.url}  # it responds for any host
    with Client("http://nowhere.invalid", proxies=by, headers={"X-Mine": "h"}) as app:
        assert app.predict("/direct", [b"a"])[0].read() == b"a"
    assert seen == ["h"]


@pytest.mark.parametrize("endpoint", ["/file", "/direct"])
@pytest.mark.parametrize("isolated", [True, False])
def test_upload_works_in_every_kind_of_call(files: FileApp, endpoint: str, isolated: bool) -> None:
    """Uploads work with and without queue, with and without ``isolated``, and with one worker."""
    with Client(files.url, max_workers=1) as app:
        jobs = [app.submit(endpoint, [b"%d" % n], isolated=isolated) for n in range(2)]
        assert [job.result(WAIT)[0].read() for job in jobs] == [b"0", b"1"]


# -- each content once


def test_upload_sends_a_content_once(files: FileApp, app: Client, tmp_path: Path) -> None:
    """A content is sent once, in one call or several, from disk or memory; each name is kept."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_bytes(b"same")
    first, second = tmp_path / "a" / "x.txt", tmp_path / "b" / "x.txt"
    other = second.with_name("y.txt")
    other.write_bytes(b"same")
    big = tmp_path / "big.bin"
    with big.open("wb") as file:
        file.truncate(9 * MB)  # too large to be read for a comparison
    app.predict("/direct", [[first, second, first]])
    app.predict("/direct", [[second, other, b"same"]])
    app.predict("/direct", [[big, big]])
    with first.open("rb") as opened:
        app.predict("/direct", [[opened, b"same", big]], isolated=True)
    assert sorted(part.name for part in files.sent) == ["big.bin", "file", "x.txt", "y.txt"]
    assert [form["orig_name"] for form in files.payloads[3][0]] == ["x.txt", "file", "big.bin"]
    first.write_bytes(b"diff")
    os.utime(big, ns=(1, 1))
    app.predict("/direct", [[first, big]])
    assert len(files.sent) == 6


def test_upload_of_two_jobs_at_once_sends_a_content_once(files: FileApp, app: Client) -> None:
    """If two jobs have the same content, the second one waits for the upload of the first."""
    gate = Gate()

    def upload(x: IncomingRequest) -> None:
        gate.pass_through()
        files.upload(x)

    files.scripts["POST /upload"] = upload
    first = app.submit("/direct", [b"same"])
    gate.wait_until_reached()
    second = app.submit("/direct", [[b"same", b"more"]])
    files.wait_for("POST /upload", 2)
    gate.open()
    assert first.result(WAIT)[0].path == second.result(WAIT)[0][0].path
    assert sorted(part.content for part in files.sent) == [b"more", b"same"]


@pytest.mark.parametrize("how", ["refused", "cancelled", "cut"])
def test_upload_that_failed_is_repeated_by_a_waiting_job(
    files: FileApp, app: Client, how: str
) -> None:
    """If the first job's upload fails, a job that waits for it uploads the content itself."""
    gate = Gate()

    def upload(x: IncomingRequest) -> None:
        files.scripts["POST /upload"] = files.upload
        gate.pass_through()
        if how == "refused":
            x.answer({"detail": "no"}, 500)
        elif how == "cut":
            x.break_off()

    files.scripts["POST /upload"] = upload
    first = app.submit("/direct", [b"same"])
    gate.wait_until_reached()
    rest = [app.submit("/direct", [b"same"]) for _ in range(3)]
    if how == "cancelled":
        first.cancel()
    gate.open()
    if how == "cut":
        rest.append(first)  # it is tried again, and finds that another has done it
    else:
        with pytest.raises(CancelledError if how == "cancelled" else UploadError):
            first.result(WAIT)
    assert len({job.result(WAIT)[0].path for job in rest}) == 1
    assert len(files.sent) == 1


def test_upload_job_that_waits_for_another_can_be_cancelled(files: FileApp, app: Client) -> None:
    """A job that waits for another job's upload is cancelled at once, and the upload continues."""
    gate = Gate()

    def upload(x: IncomingRequest) -> None:
        gate.pass_through()
        files.upload(x)

    files.scripts["POST /upload"] = upload
    first = app.submit("/direct", [b"same"])
    gate.wait_until_reached()
    second = app.submit("/direct", [b"same"])
    assert second.cancel()
    assert control_of(second).wait_released(WAIT) or not second.running()
    gate.open()
    assert first.result(WAIT)[0].read() == b"same"
    assert files.count("POST /run/direct") == 1


def test_upload_is_repeated_when_the_app_removed_the_file(files: FileApp, app: Client) -> None:
    """If the app has removed an uploaded file, the next call uploads it again."""
    app.predict("/direct", [b"a"])
    app.predict("/direct", [b"a"])
    assert len(files.sent) == 1
    del files.scripts["HEAD /file=/srv/1/0/file"]
    assert app.predict("/direct", [[b"a", b"a"]])[0][1].path == "/srv/2/0/file"
    assert len(files.sent) == 2


@pytest.mark.parametrize("times", [1, 10])
def test_upload_check_without_a_response(files: FileApp, times: int) -> None:
    """If the check for an uploaded file fails, it is repeated; in the end the job was not sent."""
    with Client(files.url, retries=1) as app:
        app.predict("/direct", [b"a"])
        route = "HEAD /file=/srv/1/0/file"
        there, checks = files.scripts[route], itertools.count(1)
        files.scripts[route] = lambda x: x.break_off() if next(checks) <= times else there(x)
        if times == 1:
            assert app.predict("/direct", [b"a"])[0].path == "/srv/1/0/file"
        else:
            with pytest.raises(UploadError, match="uploaded earlier"):
                app.predict("/direct", [b"a"])
    assert len(files.payloads) == (2 if times == 1 else 1) and len(files.sent) == 1


class UnreadableFile:
    """A file that fails with a broken connection while it is read."""

    def read(self, size: int = -1) -> bytes:
        raise ConnectionResetError("by the peer")


def test_upload_of_an_unreadable_file_ends_at_once(files: FileApp) -> None:
    """If a file cannot be read to its end, the upload ends without the server's response."""
    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = lambda x: x.wait_for_abort()
    with Client(files.url, timeout=(5, 2 * WAIT)) as app:
        job = app.submit("/direct", [UnreadableFile()])
        assert isinstance(job.exception(WAIT), UploadError)


@pytest.mark.gradio
def test_upload_is_not_repeated_on_real_servers(server: Server) -> None:
    """A file that a real server still has from an earlier call is not uploaded again."""
    with Client(server.url) as app:
        recorders = [EventRecorder() for _ in range(3)]
        jobs = [app.submit("/digest", [b"remembered"]).on("upload", recorders[0])]
        jobs[0].result(30)
        jobs += [
            app.submit("/digest", [b"remembered"]).on("upload", recorder)
            for recorder in recorders[1:]
        ]
        assert len({job.result(30)[0] for job in jobs}) == 1
        assert recorders[0].events and not recorders[1].events and not recorders[2].events


# -- refusals and failures


def test_upload_too_large_for_the_server(files: FileApp, app: Client, sparse: Path) -> None:
    """A 413 gives `FileTooLargeError`, even if it comes early and the connection is cut."""

    def upload(x: IncomingRequest) -> None:
        x.read(1_000)
        x.start(413, {"Content-Length": 0, "Connection": "close"})

    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = upload
    with pytest.raises((FileTooLargeError, UploadError), match=r"'sparse\.bin'"):
        app.predict("/direct", [sparse], timeout=WAIT)
    files.unread.clear()
    files.scripts["POST /upload"] = lambda x: x.answer(b"too large", 413, "text/plain")
    with pytest.raises(FileTooLargeError, match=r"larger than|has 1 byte,") as caught:
        app.predict("/direct", [b"a"])
    assert caught.value.endpoint == "/direct" and files.payloads == []


@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in SERVERS if has(v, "max_file_size")])
def test_upload_too_large_for_a_real_server(
    server_pool: ServerPool, version: str, tmp_path: Path
) -> None:
    """A file of known length is refused before it is sent, and a stream by the server."""
    with Client(server_pool.get(version, max_file_size="10kb").url) as app:
        with pytest.raises(FileTooLargeError) as caught:
            app.submit("/digest", [b"x" * 20_000])
        assert caught.value.limit_bytes in (10_000, 10_240)
        reading, writing = os.pipe()
        feeder = threading.Thread(target=feed, args=(writing, 3 * MB))
        feeder.start()
        with os.fdopen(reading, "rb") as pipe:
            with pytest.raises((FileTooLargeError, UploadError)):
                app.predict("/digest", [pipe], timeout=30)
        feeder.join(WAIT)
        assert "9000" in app.predict("/digest", [b"x" * 9_000])[0]


def feed(writing: int, count: int) -> None:
    """Write into a pipe until the other end is closed."""
    with os.fdopen(writing, "wb") as pipe:
        try:
            pipe.write(bytes(count))
        except BrokenPipeError:
            pass


REFUSALS: tuple[tuple[Any, type[Exception], str], ...] = (
    (lambda x: x.answer([]), ProtocolError, "does not have the paths"),
    (lambda x: x.answer(["/a", "/b"]), ProtocolError, "does not have the paths"),
    (lambda x: x.answer([None]), ProtocolError, "does not have the paths"),
    (lambda x: x.answer({"a": 1}), ProtocolError, "does not have the paths"),
    (lambda x: x.answer(b"<html>", 200, "text/html"), ProtocolError, "not JSON"),
    (lambda x: x.answer(b"", 302, headers={"Location": "/x"}), UploadError, "302"),
    (lambda x: x.answer({"detail": "Not authenticated"}, 401), AuthenticationError, "401"),
    (lambda x: x.answer({"detail": "no"}, 403), AuthenticationError, "403"),
    (lambda x: x.answer({"detail": "Not Found"}, 404), UploadError, "404"),
    (
        lambda x: x.answer({"detail": "slow"}, 429, headers={"Retry-After": "600"}),
        RateLimitError,
        "429",
    ),
    (lambda x: x.answer(b"<html>Bad Gateway", 502, "text/html"), UploadError, "responded with 502"),
    (lambda x: x.answer(b"boom", 500, "text/plain"), UploadError, "500.*boom"),
    (lambda x: x.break_off(), UploadError, "connection broke.*refuse files of this size"),
)


@pytest.mark.parametrize(("script", "error", "says"), REFUSALS)
def test_upload_refused(
    files: FileApp, app: Client, script: Any, error: type[Exception], says: str
) -> None:
    """If the server refuses the upload, the job fails with that reason, and no function runs.

    Failures that may be temporary are tried again first.
    """
    files.scripts["POST /upload"] = script
    job = app.submit("/direct", [b"a"])
    with pytest.raises(error, match=says) as caught:
        job.result(WAIT)
    assert isinstance(caught.value, GradioClientError) and caught.value.endpoint == "/direct"
    assert job.status.stage == "error" and files.payloads == []
    files.scripts["POST /upload"] = files.upload
    assert app.predict("/direct", [b"a"])[0].read() == b"a"


def test_upload_of_several_fails_with_the_first_failure(files: FileApp, app: Client) -> None:
    """The first failed request ends the other requests of the call at once."""
    ended, first = threading.Event(), threading.Lock()

    def upload(x: IncomingRequest) -> None:
        if first.acquire(blocking=False):
            x.read(1_000)
            reached.wait(WAIT)
            x.answer({"detail": "no"}, 500)
        else:
            reached.wait(WAIT)
            x.wait_for_abort()
            ended.set()

    reached = threading.Barrier(2)
    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = upload
    with pytest.raises(UploadError):
        app.predict("/direct", [[bytes(30 * MB), b"1" + bytes(30 * MB)]], timeout=WAIT)
    assert ended.wait(WAIT)


def test_upload_server_is_gone() -> None:
    """If the server is gone, the error says so, and that the function has not run."""
    with FileApp() as files:
        closing = {"Connection": "close"}
        files.scripts["GET /config"] = lambda x: x.answer(files.config, headers=closing)
        app = Client(files.url)
    with app, pytest.raises(ConnectFailedError) as caught:
        app.predict("/direct", [b"a"])
    assert not caught.value.sent and caught.value.endpoint == "/direct"


def test_upload_to_a_server_that_dies(files: FileApp, app: Client, sparse: Path) -> None:
    """If the server dies during an upload, the job fails, and the next call works."""
    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = lambda x: (x.read(MB), x.break_off())
    with pytest.raises(UploadError, match=r"connection broke.*'sparse\.bin'"):
        app.predict("/direct", [sparse], timeout=WAIT)
    files.unread.clear()
    files.scripts["POST /upload"] = files.upload
    assert app.predict("/direct", [b"a"])[0].read() == b"a" and len(files.payloads) == 1


def test_upload_to_a_server_that_stops_reading(files: FileApp, sparse: Path) -> None:
    """The read timeout limits how long an upload may make no progress."""
    gate = Gate()
    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = lambda x: (x.read(1_000), gate.pass_through())
    with Client(files.url, timeout=(5, 0.3)) as app:
        with pytest.raises(UploadError, match=r"connection broke.*'sparse\.bin'.*read timeout"):
            app.predict("/direct", [sparse], timeout=WAIT)
    gate.open()


def test_upload_to_a_server_that_pauses(files: FileApp, sparse: Path) -> None:
    """A server may pause for longer than the connect timeout."""
    gate = Gate()

    def upload(x: IncomingRequest) -> None:
        x.read(1_000)
        gate.pass_through()
        left = int(x.headers["content-length"]) - 1_000
        for _ in range(left // MB):
            x.read(MB)
        x.read(left % MB)
        x.answer(["/srv/a"])

    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = upload
    with Client(files.url, timeout=(0.2, 30)) as app:
        job = app.submit("/direct", [sparse])
        gate.wait_until_reached()
        with pytest.raises(concurrent.futures.TimeoutError):
            job.result(0.6)  # this wait is the subject of the test
        gate.open()
        assert job.result(WAIT)[0].path == "/srv/a"


# -- ended early


class Held:
    """An upload that the server holds in the middle of the body."""

    def __init__(self, files: FileApp) -> None:
        self.reached, self.aborted = threading.Event(), threading.Event()
        files.unread.add("POST /upload")
        files.scripts["POST /upload"] = self

    def __call__(self, x: IncomingRequest) -> None:
        x.read(1_000)
        self.reached.set()
        x.wait_for_abort()
        self.aborted.set()


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Any]:
    """An endless file."""
    path = tmp_path / "endless.bin"
    with path.open("wb") as file:
        file.truncate(2**42)
    return path


@pytest.mark.parametrize("endpoint", ["/file", "/direct"])
def test_upload_ends_with_its_job(
    files: FileApp, app: Client, endless: Path, endpoint: str
) -> None:
    """Cancelling closes the connection, the function does not run, and the job ends once."""
    held, statuses = Held(files), EventRecorder()
    job = app.submit(endpoint, [endless]).on("status", statuses)
    assert held.reached.wait(WAIT)
    assert job.cancel()
    assert held.aborted.wait(WAIT)
    with pytest.raises(CancelledError):
        job.result(WAIT)
    last = statuses.wait_for(lambda status: status.stage in ("complete", "error"))
    assert (last.success, last.message) == (False, "Cancelled.")
    app.close()
    assert [status.stage for status in statuses.events].count("complete") == 1
    assert files.count("POST /queue/join") + files.count("POST /run/direct") == 0


def test_upload_ends_at_the_callers_timeout(files: FileApp, app: Client, endless: Path) -> None:
    """The timeout of predict() includes the upload."""
    held = Held(files)
    with pytest.raises(JobTimeoutError):
        app.predict("/direct", [endless], timeout=1.0)
    assert held.aborted.wait(WAIT)


def test_upload_ends_with_the_client(files: FileApp, endless: Path) -> None:
    """close() closes the connection of the upload."""
    held = Held(files)
    with Client(files.url) as app:
        job = app.submit("/direct", [endless])
        assert held.reached.wait(WAIT)
    assert held.aborted.wait(WAIT) and job.cancelled()


def test_upload_ends_on_ctrl_c(files: FileApp, app: Client, endless: Path) -> None:
    """Ctrl-C raises its exception after the connection of the upload is closed."""
    held = Held(files)

    def interrupt() -> None:
        held.reached.wait(WAIT)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        app.predict("/direct", [endless])
    thread.join()
    assert held.aborted.wait(WAIT) and files.count("POST /run/direct") == 0


def test_upload_from_another_app_ends_with_its_job(files: FileApp, app: Client) -> None:
    """If its job ends, an upload from another server closes both connections at once."""
    hung_up = threading.Event()
    held = Held(files)

    def silent(x: IncomingRequest) -> None:
        x.start(200, {"Content-Length": 10_000})
        x.write(b"a" * 2_000)
        if x.wait_for_hangup():
            hung_up.set()

    with FileApp() as there, Client(there.url) as far:
        there.scripts["GET /file=/out/r.txt"] = silent
        there.output = [{"path": "/out/r.txt", "meta": {"_type": "gradio.FileData"}}]
        job = app.submit("/direct", [far.predict("/direct", ["x"])[0]])
        assert held.reached.wait(WAIT)
        job.cancel()
        assert hung_up.wait(WAIT) and held.aborted.wait(WAIT)
        assert control_of(job).wait_released(WAIT)
    assert files.payloads == []


@pytest.mark.gradio
def test_upload_cancelled_on_real_servers(server: Server, endless: Path) -> None:
    """After a cancelled upload a real server still works, and the function did not run."""
    before = server.control.executions().get("digest", 0)
    with Client(server.url) as app:
        started = EventRecorder()
        job = app.submit("/digest", [endless]).on("upload", started)
        started.wait_for(lambda upload: upload.done_bytes >= 0)
        job.cancel()
        with pytest.raises(CancelledError):
            job.result(30)
        assert app.predict("/echo", ["alive"])[0] == "alive"
    assert server.control.executions().get("digest", 0) == before


# -- upload events


def test_upload_events(files: FileApp, app: Client, sparse: Path) -> None:
    """Upload events go from zero to the total, never back, at most a hundred, before the result."""

    def upload(x: IncomingRequest) -> None:
        left = int(x.headers["content-length"])
        while left:
            left -= len(x.read(min(left, MB)))
        x.answer(["/srv/a"])

    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = upload
    uploads: list[Any] = []
    job = app.submit("/file", [sparse]).on("upload", uploads.append)
    data = job.result(60)
    assert uploads[-1].time <= data.time
    done = [event.done_bytes for event in uploads]
    assert done[0] == 0 and done[-1] == 300 * MB and done == sorted(set(done))
    assert {event.total_bytes for event in uploads} == {300 * MB} and len(uploads) <= 102
    assert {event.endpoint for event in uploads} == {"/file"}
    late: list[Any] = []
    job.on("upload", late.append)
    assert late == uploads


def test_upload_events_of_several_files_have_one_sum(files: FileApp, app: Client) -> None:
    """The upload events of several files have one sum, whatever the number of threads."""
    contents = [LARGE + b"%d" % n for n in range(12)]
    received: list[Any] = []
    app.submit("/direct", [[*contents, b"small"]]).on("upload", received.append).result(WAIT)
    total = sum(map(len, contents)) + 5
    done = [event.done_bytes for event in received]
    assert done[0] == 0 and done[-1] == total and done == sorted(set(done))
    assert {event.total_bytes for event in received} == {total}


def test_upload_events_of_several_threads_are_in_order() -> None:
    """One thread publishes the upload events of all threads, so the numbers never decrease."""
    gate, published = Gate(), []

    class Events:
        def add(self, event: Any) -> None:
            gate.pass_through()
            published.append(event.done_bytes)

        def notify_soon(self) -> None:
            pass

    endpoint = EndpointTable(FILES, dialect_of(FILES)).resolve("/file")
    report = UploadReport(Events(), endpoint)  # type: ignore[arg-type]
    thread = threading.Thread(target=report, args=(0, 100))
    thread.start()
    gate.wait_until_reached()
    for done in (20, 10, 20, 100, 100):
        report(done, 100)
    assert published == []
    gate.open()
    thread.join(WAIT)
    assert published == [0, 20, 100]


def test_upload_events_of_a_stream(files: FileApp, app: Client) -> None:
    """The total of a stream is known only when it has been sent."""
    reading, writing = os.pipe()
    feeder = threading.Thread(target=feed, args=(writing, 3 * MB))
    feeder.start()
    received: list[Any] = []
    with os.fdopen(reading, "rb") as pipe:
        app.submit("/direct", [pipe]).on("upload", received.append).result(WAIT)
    feeder.join()
    sizes = [(event.done_bytes, event.total_bytes) for event in received]
    assert sizes[0] == (0, None) and sizes[-1] == (3 * MB, 3 * MB) and len(sizes) <= 6


# -- memory


MEMORY = """
import re, sys
from pathlib import Path
from gradio_client_sync import Client

def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

url, path = sys.argv[1:]
with Client(url) as app:
    app.predict("/direct", [b"warm"])
    before = kilobytes("VmRSS")
    app.predict("/direct", [Path(path)])
    print(kilobytes("VmHWM") - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_upload_of_300_mb_takes_no_memory(files: FileApp, sparse: Path) -> None:
    """An upload of 300 MB adds less than 16 MB to the process."""

    def upload(x: IncomingRequest) -> None:
        left = int(x.headers["content-length"])
        while left:
            left -= len(x.read(min(left, MB)))
        x.answer(["/srv/a"])

    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = upload
    assert int(run_python(MEMORY, files.url, str(sparse))) < 16_384
