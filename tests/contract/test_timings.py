"""The timings of a job, and its steps in the log."""

from __future__ import annotations

import concurrent.futures
import logging
import math
import re

import pytest

from gradio_client_sync import AppError, Client, JobTimeoutError
from gradio_client_sync.events import Timings
from gradio_client_sync.job import control_of
from tests.support.listeners import BOUND

pytestmark = [pytest.mark.gradio, pytest.mark.client_only]

NAMES = ("queued", "started", "first_data", "done")


def seen(timings: Timings) -> tuple[str, ...]:
    """Return the steps that a job has reached, and check their order."""
    times = [getattr(timings, name) for name in NAMES]
    known = [time for time in times if time is not None]
    assert known == sorted(known) and all(0 < time < BOUND for time in known)
    return tuple(name for name, time in zip(NAMES, times) if time is not None)


def test_timings_of_jobs_that_succeed(app: Client) -> None:
    """`first_data` is the time of the first value, which may be the only one."""
    for name, value in (("/count", 3), ("/echo", "x"), ("/digest", b"content")):
        job = app.submit(name, [value])
        job.result(BOUND)
        assert seen(job.timings) == NAMES
        assert job.timings.bytes > 100


def test_timings_of_jobs_that_fail(app: Client, key: str) -> None:
    """Failed, cancelled and late jobs have the times of their steps, and of their end."""
    failed = app.submit("/fail", ["x"])
    with pytest.raises(AppError):
        failed.result(BOUND)
    assert seen(failed.timings) == ("queued", "started", "done")

    cancelled = app.submit("/endless", [key])
    next(iter(cancelled))
    assert cancelled.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        cancelled.result(BOUND)
    assert seen(cancelled.timings) == NAMES

    late = app.submit("/hold", [key], timeout=0.5)
    with pytest.raises(JobTimeoutError):
        late.result(BOUND)
    assert seen(late.timings)[-1] == "done" and "first_data" not in seen(late.timings)
    assert late.timings.done is not None and math.isclose(late.timings.done, 0.5, abs_tol=0.3)


def test_timings_of_functions_that_skip_the_queue(app: Client) -> None:
    """Jobs that skip the queue have no time in the queue and start when they are sent."""
    job, failed = app.submit("/direct", ["x"]), app.submit("/direct_fail", ["x"])
    concurrent.futures.wait([job, failed], BOUND)
    assert seen(job.timings) == ("started", "first_data", "done") and job.timings.bytes > 10
    assert seen(failed.timings) == ("started", "done")


def test_log_has_the_steps_of_each_job(
    app: Client, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each step has a log line with the job's number and time, and without data of the call."""
    caplog.set_level(logging.DEBUG, "gradio_client_sync")
    app.predict("/digest", [b"sesame"], timeout=BOUND)
    with pytest.raises(AppError):
        app.predict("/fail", ["sesame"], timeout=BOUND)
    job = app.submit("/endless", [key])
    next(iter(job))
    assert job.cancel() and control_of(job).wait_released(BOUND)
    app.predict("/direct", ["sesame"], timeout=BOUND)
    lives: dict[str, list[str]] = {}
    for record in caplog.records:
        step = re.fullmatch(r"job (\d+) (.+) after \d+\.\d{3} s", record.getMessage())
        if step:
            lives.setdefault(step[1], []).append(re.sub(r" (as event |\()[^']*?\)?$", "", step[2]))
    steps = ["is at the server", "is queued", "runs"]
    assert list(lives.values()) == [
        ["begins ('/digest')", "has its files at the server", *steps, "is done"],
        ["begins ('/fail')", *steps, "failed"],
        ["begins ('/endless')", *steps, "has its first value", "was cancelled"],
        ["begins ('/direct')", "is sent", "is done"],
    ]
    assert not any(said in caplog.text for said in ("sesame", key, app.session_hash))
