"""Failures, gates and queue positions that a test sets on a `FakeApp`."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    AppError,
    BrokenStreamError,
    Client,
    ConnectFailedError,
    DownloadError,
    GradioClientError,
    HTTPStatusError,
    JobTimeoutError,
    QueueFullError,
    RateLimitError,
    Status,
    ValidationError,
)
from gradio_client_sync.testing import FakeApp
from gradio_client_sync.testing.channels import ServedJob
from gradio_client_sync.testing.plans import Gate, When

PROTOCOLS = ("ws", "sse", "sse_v1", "sse_v3")


@pytest.fixture(params=PROTOCOLS)
def fake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeApp]:
    with FakeApp(protocol=request.param) as app:

        @app.endpoint("/add")
        def add(a: float, b: float = 1) -> float:
            return a + b

        @app.endpoint("/file")
        def file(text: str) -> Path:
            path = tmp_path / "made.txt"
            path.write_text(text * 1000)
            return path

        yield app


@pytest.fixture
def app(fake: FakeApp) -> Iterator[Client]:
    with Client(fake.url, retries=0) as client:
        yield client


CASES: list[tuple[Any, dict[str, Any], type[Exception]]] = [
    (QueueFullError, {}, QueueFullError),
    (AppError("bad luck"), {}, AppError),
    (LookupError("missing"), {}, AppError),
    ("disconnect", {}, BrokenStreamError),
    ("disconnect", {"when": "queued"}, BrokenStreamError),
    ("restart", {}, BrokenStreamError),
]


@pytest.mark.parametrize(("fault", "options", "error"), CASES)
def test_faults_reach_the_caller(
    fake: FakeApp, app: Client, fault: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    """A failure happens to the next call only, and raises the matching error."""
    fake.fail("/add", fault, **options)
    with pytest.raises(error):
        app.predict("/add", [1])
    assert app.predict("/add", [2, 3])[0] == 5


@pytest.mark.parametrize("protocol", ["sse_v1", "sse_v3"])
def test_faults_have_http_statuses(protocol: str) -> None:
    """A join, a stream and a file can be refused with a status, and values by a validator."""
    with FakeApp(protocol=protocol) as fake:

        @fake.endpoint("/echo")
        def echo(text: str) -> str:
            return text

        app = Client(fake.url, retries=0)
        fake.fail("/echo", 502)
        with pytest.raises(HTTPStatusError) as caught:
            app.predict("/echo", ["x"])
        assert caught.value.status_code == 502
        fake.fail("/echo", RateLimitError("slow down", retry_after=1000.0))
        with pytest.raises(RateLimitError) as limited:
            app.predict("/echo", ["x"])
        assert limited.value.retry_after == 1000
        fake.fail("/echo", ValidationError("no", parameters={"text": "too short"}))
        with pytest.raises(ValidationError) as invalid:
            app.predict("/echo", ["x"])
        assert invalid.value.parameters == {"text": "too short"}
        fake.fail("/echo", 404, when="queued")
        with pytest.raises(GradioClientError):
            app.predict("/echo", ["x"])
        assert app.predict("/echo", ["x"])[0] == "x"
        app.close()


@pytest.mark.parametrize("protocol", ["ws", "sse"])
def test_faults_have_http_statuses_in_old_releases(protocol: str) -> None:
    """A status refuses the websocket, or the stream, of the next call."""
    with FakeApp(protocol=protocol) as fake:

        @fake.endpoint("/echo")
        def echo(text: str) -> str:
            return text

        with Client(fake.url, retries=0) as app:
            fake.fail("/echo", 502)
            with pytest.raises(HTTPStatusError) as caught:
                app.predict("/echo", ["x"])
            assert caught.value.status_code == 502
            assert app.predict("/echo", ["x"])[0] == "x"
        with pytest.raises(ValueError, match="has no validators"):
            fake.fail("/echo", ValidationError("no"))


@pytest.mark.parametrize("when", ["queued", "running"])
def test_faults_come_after_what_was_said_before(fake: FakeApp, app: Client, when: When) -> None:
    """A restart cuts the connection when the caller has got all earlier messages."""
    fake.fail("/add", "restart", when=when)
    where = {"queued": "in the queue", "running": "the function was running"}[when]
    with pytest.raises(BrokenStreamError, match=where):
        app.predict("/add", [1])


def test_faults_of_downloads(fake: FakeApp, app: Client, tmp_path: Path) -> None:
    """A file can be refused, and its download cut in the middle."""
    result = app.predict("/file", ["text"])
    fake.fail("/file", 404, when="download")
    with pytest.raises(DownloadError):
        result[0].download(tmp_path)
    fake.fail("/file", "disconnect", when="download", times=None)
    with pytest.raises((DownloadError, ConnectFailedError)):
        result[0].download(tmp_path)


def test_faults_stall_until_the_timeout(fake: FakeApp, app: Client) -> None:
    """A call without further messages ends by its own timeout."""
    fake.fail("/add", "stall", when="queued")
    with pytest.raises(JobTimeoutError):
        app.predict("/add", [1], timeout=0.3)
    assert app.predict("/add", [1])[0] == 2


def test_faults_are_checked_where_they_are_ordered(fake: FakeApp) -> None:
    """A failure that cannot happen is an error in the line of the test that sets it."""
    with pytest.raises(ValueError, match="cannot happen when='running'"):
        fake.fail("/add", 502, when="running")
    with pytest.raises(ValueError, match="cannot fail with 'explode'"):
        fake.fail("/add", "explode")
    with pytest.raises(ValueError, match="is not one of"):
        fake.fail("/add", 502, when="later")  # type: ignore[arg-type]


def test_gate_tells_position_and_eta(fake: FakeApp, app: Client) -> None:
    """A call in the queue reports the positions of the gate, and runs when it opens."""
    gate: Gate
    with fake.hold("/add", when="queued", position=4, eta=12.5) as gate:
        seen: queue.SimpleQueue[Status] = queue.SimpleQueue()
        job = app.submit("/add", [1])
        job.on("status", lambda status: seen.put(status) if status.position else None)
        assert _until(seen, 4).eta == 12.5
        gate.move(2, 5.0)
        assert _until(seen, 2).eta == 5.0
        assert not job.done()
    assert job.result()[0] == 2


def test_gate_sends_a_position_that_is_set_at_once() -> None:
    """If the test moves the gate as soon as a position arrives, the next one is sent, too."""
    with FakeApp() as fake:

        @fake.endpoint("/add")
        def add(a: float) -> float:
            return a + 1

        gate = fake.hold("/add", when="queued", position=4)
        job = ServedJob(fake._app.board, 0, "session", [1], {})
        ranks: list[int] = []

        def emit(message: dict[str, Any]) -> None:
            if "rank" in message:
                ranks.append(message["rank"])
                {4: partial(gate.move, 2), 2: gate.open}.get(ranks[-1], list)()

        job.emit = emit
        assert fake._app.admit(job) is None
        fake._app.run(job)
    assert ranks == [0, 4, 2]


def _until(seen: queue.SimpleQueue[Status], position: int) -> Status:
    while True:
        status = seen.get(timeout=10)
        if status.position == position:
            return status


def test_gate_counts_calls(fake: FakeApp, app: Client) -> None:
    """A gate counts the calls that have come, and names the count if too few come."""
    gate = fake.hold("/add", times=2)
    jobs = [app.submit("/add", [n]) for n in range(2)]
    gate.wait_until_reached(2)
    with pytest.raises(AssertionError, match="2 of 3 calls"):
        gate.wait_until_reached(3, timeout=0)
    gate.open()
    assert [job.result()[0] for job in jobs] == [1, 2]
