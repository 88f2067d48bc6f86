"""The texts of waits that end early, and of losses: which endpoint, where it stood, what to do."""

from __future__ import annotations

import concurrent.futures
import uuid

import pytest

from gradio_client_sync import BrokenStreamError, Client, JobTimeoutError, Status
from gradio_client_sync._job.control import JobControl
from gradio_client_sync._job.event_log import EventLog
from tests.conftest import GENERATIONS
from tests.core.test_decode import scribe_for
from tests.support.breakable_relay import BreakableRelay
from tests.support.job_phases import held_in, server_for
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = [pytest.mark.gradio, pytest.mark.client_only]

SHORT = 0.05  # s; the wait has to end early


def is_running(status: Status) -> bool:
    """Return whether a status says that the function has started."""
    return status.position == 0 and status.size is None


@pytest.fixture
def key() -> str:
    """Return a key for the functions that wait for one."""
    return uuid.uuid4().hex


def test_wait_for_a_running_function(server: Server, app: Client, key: str) -> None:
    """A timeout of `result` or `exception` names the endpoint, and says that the function runs."""
    job = app.submit("/hold", [key])
    assert "pending" not in repr(job)
    statuses = EventRecorder()
    job.on("status", statuses)
    assert server.control.await_started(key)
    statuses.wait_for(is_running)
    assert repr(job) == "<Job '/hold' running>"
    for wait, name in ((job.result, "result()"), (job.exception, "exception()")):
        with pytest.raises(concurrent.futures.TimeoutError) as caught:
            wait(timeout=SHORT)
        text = str(caught.value)
        assert type(caught.value) is concurrent.futures.TimeoutError
        assert text.startswith("'/hold' did not end within 0.05 s: it is running (")
        assert f"The job continues. Call {name} again to wait longer, or cancel()" in text
    with pytest.raises(JobTimeoutError, match=r"'/hold' gave no .* while it was running \(\d"):
        app.predict("/hold", [f"{key} too"], timeout=1.5)
    assert job.cancel()
    for call in (job.result, job.exception, lambda: list(job)):
        with pytest.raises(concurrent.futures.CancelledError) as ended:
            call()
        assert type(ended.value) is concurrent.futures.CancelledError
        text = str(ended.value)
        assert text.startswith("The job of '/hold' was cancelled. It was running (")
        assert text.endswith("so far), and cancel() was called.")
    server.control.release(key)
    server.control.release(f"{key} too")


@pytest.mark.parametrize("version", GENERATIONS)
def test_wait_in_the_queue(server_pool: ServerPool, version: str, key: str) -> None:
    """A timeout in the queue says so, with the position, and so does a cancellation."""
    server = server_for("queued", server_pool, version)
    with held_in("queued", server, key) as url, Client(url) as app:
        behind = [app.submit("/echo", ["x"]) for _ in range(2)]
        for job in behind:
            statuses = EventRecorder()
            job.on("status", statuses)
            statuses.wait_for(lambda status: status.position is not None and status.size)
        job = behind[-1]
        position = job.status.position
        assert repr(job) == "<Job '/echo' in the queue>"
        at = f" at position {position}" if position else ""
        with pytest.raises(concurrent.futures.TimeoutError, match=f"in the queue{at} \\("):
            job.result(SHORT)
        with pytest.raises(JobTimeoutError, match=r"while it was in the queue.* so far\)\. Call"):
            app.predict("/echo", ["y"], timeout=1.0)
        job.cancel()
        with pytest.raises(concurrent.futures.CancelledError, match="It was in the queue"):
            job.result()
        server.control.release(f"{key} before")
        behind[0].result(BOUND)


def test_closed_client_is_the_reason(server: Server, key: str) -> None:
    """The text of a job that `close` has cancelled says so."""
    with Client(server.url) as app:
        job = app.submit("/hold", [key])
        assert server.control.await_started(key)
    with pytest.raises(concurrent.futures.CancelledError, match="and the client was closed"):
        job.result()
    server.control.release(key)


def test_job_that_waits_for_a_worker_says_so(server: Server, key: str) -> None:
    """A job beyond `max_workers` has not been sent, and its text names the option."""
    with Client(server.url, max_workers=1) as app:
        first = app.submit("/hold", [key])
        second = app.submit("/echo", ["x"])
        with pytest.raises(concurrent.futures.TimeoutError, match=r"waiting for .* max_workers="):
            second.result(0)
        server.control.release(key)
        assert first.result(BOUND)
        assert second.result(BOUND)[0] == "x"


@pytest.mark.once
def test_job_with_a_free_worker_names_no_limit() -> None:
    """Before its worker runs, a job that had a free one does not name `max_workers`."""
    control = JobControl("/f", 0, EventLog(scribe_for(), 10, lambda task: task()))
    assert control.whereabouts() == "being sent to the app"
    control.waits_for_slot = True
    assert "max_workers=" in control.whereabouts()
    control.start()
    assert control.whereabouts() == "being sent to the app"


def test_lost_job_says_what_to_do(server: Server, key: str) -> None:
    """The error of a lost job says that the function ran, and ends with what to do."""
    with BreakableRelay(server.url) as relay, Client(relay.url, retries=1) as app:
        for idempotent, advice in (
            (False, "call it with idempotent=True: then the client sends it again by itself."),
            (True, "Check that the app is running, and call it again."),
        ):
            statuses = EventRecorder()
            job = app.submit("/hold", [f"{key} {idempotent}"], idempotent=idempotent)
            job.on("status", statuses)
            seen = 0
            for _ in range(1 + idempotent):
                statuses.wait_for(is_running, after=seen)
                seen = len(statuses.events)
                relay.cut()
            with pytest.raises(BrokenStreamError) as caught:
                job.result(BOUND)
            text = str(caught.value)
            assert "lost while the function was running: " in text
            assert text.endswith(advice)
            server.control.release(f"{key} {idempotent}")
