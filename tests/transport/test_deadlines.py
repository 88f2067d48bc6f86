"""Deadlines, timers, retries, and what a job's deadline does."""

from __future__ import annotations

import concurrent.futures
import itertools
import logging
import math
import os
import re
import sys
import threading
import time
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gradio_client_sync import AppError, Client, GradioClientError, Job, JobTimeoutError
from gradio_client_sync._calls.threads import Workers
from gradio_client_sync._job.control import JobControl, JobOutcome
from gradio_client_sync._transport.deadlines import NEVER, Deadline, Timers
from gradio_client_sync._transport.retries import (
    LONGEST_ASKED,
    Retries,
    can_retry,
    is_safe_to_retry,
)
from gradio_client_sync.errors import ConnectFailedError, HTTPStatusError
from tests.support.listeners import BOUND
from tests.support.processes import run_python
from tests.support.scripted import CLOSE, Gate, IncomingRequest, completed, scripted


def joined(exchange: IncomingRequest) -> None:
    exchange.answer({"event_id": "e1"})


def finished(exchange: IncomingRequest) -> None:
    exchange.start_stream()
    exchange.send(completed("e1", "x"), CLOSE)
    exchange.end_stream()


def test_deadline_clips_waits() -> None:
    """A wait is never longer than the time left, and never zero."""
    assert NEVER.clip(None) is None and NEVER.clip(5) == 5 and NEVER.left == math.inf
    soon = Deadline.after(1)
    assert 0 < soon.left <= 1 and soon.clip(0.5) == 0.5
    clipped = soon.clip(None)
    assert clipped is not None and clipped <= 1
    assert Deadline(1, time.monotonic() - 1).clip(9) == 0.001


def test_timers_run_in_order_and_can_be_cancelled() -> None:
    """Timers run in the order of their time, and cancelled ones do not run."""
    timers, called, done = Timers(), [], threading.Event()
    timers.set(Deadline.after(0.2), done.set)
    timers.set(Deadline.after(0.1), lambda: called.append("second"))
    cancel = timers.set(Deadline.after(0.05), lambda: called.append("never"))
    timers.set(Deadline.after(0.01), lambda: called.append("first"))
    cancel()
    assert done.wait(BOUND)
    timers.close()
    assert called == ["first", "second"]


FORKED = """
import os, sys, threading
from gradio_client_sync._transport.deadlines import Deadline, Timers

timers, called = Timers(), threading.Event()
parent = os.getpid()
timers.set(Deadline.after(0.2), lambda: os.write(1, b"%d" % (os.getpid() == parent)))
child = os.fork()
if child:
    os._exit(os.waitpid(child, 0)[1])
timers.set(Deadline.after(0.4), called.set)
os._exit(not called.wait(10))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_timers_of_a_fork_are_its_own() -> None:
    """A forked process runs its own timers, and not its parent's, which would cut connections."""
    assert run_python(FORKED, bound=BOUND) == "1"


def test_deadlines_do_not_wait_for_listeners_of_another_job() -> None:
    """A slow callback of one job does not delay the deadline of another."""
    ended, errors = Gate(), SimpleQueue[Any]()

    def held(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        ended.pass_through()

    def call_again(job: Any) -> None:
        errors.put(app.submit("/echo", ["y"], timeout=0.1).exception(BOUND))

    with scripted(join=joined, data=held) as server, Client(server.url) as app:
        app.submit("/echo", ["x"], timeout=0.1).add_done_callback(call_again)
        assert isinstance(errors.get(timeout=2 * BOUND), JobTimeoutError)
        ended.open()


class RacingLog:
    """The log of a job that is cancelled just when its deadline ends it."""

    status = None

    def __init__(self) -> None:
        self.job: Any = None

    def end(self, events: object) -> bool:
        assert self.job.cancel()
        return True

    def cancel(self, time: float) -> None:
        pass


def test_job_that_is_cancelled_at_its_deadline_has_one_end() -> None:
    """If a job is cancelled at its deadline, `wait` sees that it is done, whichever came first."""
    log: Any = RacingLog()
    control = JobControl("/echo", 0, log)
    log.job = job = Job(control, log, None)
    control.stop_with(JobOutcome.TIMED_OUT, cast(Any, None), JobTimeoutError("late"))
    done, _ = concurrent.futures.wait([job], 1)
    assert job in done and job.cancelled()


class FailingLog:
    """The log of a job whose listeners cannot be called, as without memory."""

    is_notifying_here = False
    status = SimpleNamespace(stage="error")

    def end(self, events: object) -> bool:
        return True

    def notify_and_wait(self) -> None:
        raise MemoryError("no more")


def test_job_ends_whatever_happens_to_its_listeners() -> None:
    """A job gets its outcome even if its listeners cannot be called."""
    log: Any = FailingLog()
    control = JobControl("/echo", 0, log)
    job = Job(control, log, None)
    with pytest.raises(MemoryError):
        control.resolve((), error=AppError("it raised"))
    assert isinstance(job.exception(0), AppError)


def test_timings_are_set_before_listeners_get_the_end() -> None:
    """The timings are complete when callbacks run, also after a cancel or a timeout."""
    ended, times = Gate(), SimpleQueue[Any]()

    def held(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        ended.pass_through()

    with scripted(join=joined, data=held) as server, Client(server.url) as app:
        for timeout in (0.05, None):
            job = app.submit("/echo", ["x"], timeout=timeout)
            job.add_done_callback(lambda job: times.put(cast(Job, job).timings.done))
            if timeout is None:
                job.cancel()
            assert times.get(timeout=BOUND) is not None
        ended.open()


def no_threads(patch: pytest.MonkeyPatch) -> None:
    """Make each further start of a thread fail."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    patch.setattr(threading.Thread, "start", refuse)


def test_backlog_ends_where_there_are_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without threads, all waiting jobs fail, however many, and a refused submit leaves nothing."""
    held, over = Gate(), Gate()
    # Each thread ends after its first task: an idle one could run a waiting job.
    monkeypatch.setattr(Workers, "_next", lambda workers: None)

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        held.pass_through()
        exchange.send(completed("e1", "x"))
        over.pass_through()  # until then the stream's reader has no time for jobs

    with scripted(join=joined, data=data) as server, Client(server.url, max_workers=1) as app:
        first = app.submit("/echo", ["x"])
        held.wait_until_reached()
        with monkeypatch.context() as patch:
            no_threads(patch)
            with pytest.raises(GradioClientError, match="No thread could be started"):
                app.submit("/echo", ["never"], timeout=BOUND)
        jobs = [app.submit("/echo", ["y"]) for _ in range(sys.getrecursionlimit())]
        with monkeypatch.context() as patch:
            no_threads(patch)
            held.open()
            assert first.result(BOUND)[0] == "x"
            for job in jobs:
                assert "No thread could be started" in str(job.exception(BOUND))
        over.open()
        assert server.count("POST /queue/join") == 1


def test_retries_pause_for_longer_each_time_within_the_deadline() -> None:
    """Pauses grow, follow the server's Retry-After, and end with the count or the deadline."""
    error = ConnectFailedError("gone", _passing=True)
    retries = Retries(3)
    pauses = [retries.pause(error, NEVER) for _ in range(4)]
    assert pauses[3] is None
    assert all(0.125 * 2**n <= (pause or 0) <= 0.25 * 2**n for n, pause in enumerate(pauses[:3]))
    assert Retries(3).pause(error, Deadline.after(0.01)) is None
    limited = HTTPStatusError("busy", status_code=503, retry_after=7.0)
    assert Retries(1).pause(limited, NEVER) == 7.0
    limited.retry_after = LONGEST_ASKED + 1
    assert Retries(1).pause(limited, NEVER) is None


def test_retries_only_of_requests_without_effect() -> None:
    """Only temporary failures are retried, and after a sent request only read-only ones."""
    left = ConnectFailedError("broke off", sent=True, _passing=True)
    assert can_retry(left) and not is_safe_to_retry(left)
    assert not can_retry(ConnectFailedError("no certificate"))
    assert is_safe_to_retry(HTTPStatusError("gateway", status_code=502))
    assert not can_retry(HTTPStatusError("gateway", status_code=504))


def test_deadline_of_the_client_is_for_calls_that_set_none() -> None:
    """A call's `timeout` replaces the client's `deadline`, and infinity removes it."""
    gate, numbers = Gate(), itertools.count(1)

    def join(exchange: IncomingRequest) -> None:
        exchange.answer({"event_id": f"e{next(numbers)}"})

    def held(exchange: IncomingRequest) -> None:
        gate.pass_through()
        finished(exchange)

    with scripted(join=join, data=held) as server, Client(server.url, deadline=1.0) as app:
        job = app.submit("/echo", ["x"], timeout=math.inf)
        gate.wait_until_reached()
        with pytest.raises(JobTimeoutError) as caught:
            app.predict("/echo", ["x"])
        assert caught.value.timeout == 1.0
        late = app.submit("/echo", ["x"], timeout=0.1)
        assert isinstance(late.exception(BOUND), JobTimeoutError)
        assert late.status.stage == "error" and not late.cancelled() and late.done()
        gate.open()
        assert job.result(BOUND)[0] == "x"


def test_log_has_the_steps_of_a_job_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """The log has a job's number, event id and duration, and no payload, token or session hash."""
    caplog.set_level(logging.DEBUG, "gradio_client_sync")
    with scripted(join=joined, data=finished) as server:
        with Client(server.url, headers={"Authorization": "Bearer hush"}) as app:
            job = app.submit("/echo", ["payload"])
            assert job.result(BOUND)[0] == "x"
            timings = job.timings
            session_hash = app.session_hash
    for step in ("begins ('/echo')", "is at the server as event e1", "is done (114 bytes)"):
        assert re.search(rf"job 1 {re.escape(step)} after \d+\.\d{{3}} s", caplog.text), step
    assert not any(secret in caplog.text for secret in ("hush", "payload", session_hash))
    assert timings.done is not None and timings.bytes > 0
