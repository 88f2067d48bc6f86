"""The end of a job: the first outcome counts, even if a signal interrupts it."""

from __future__ import annotations

import concurrent.futures
import gc
import itertools
import threading
import weakref
from typing import Any, Callable

import pytest

from gradio_client_sync import AppChangedError, AppError, Job, JobTimeoutError
from gradio_client_sync._job.control import JobControl, Outcome
from gradio_client_sync._job.event_log import EventLog
from gradio_client_sync.events import Status
from tests.core.test_decode import scribe_for

WAIT = 10.0  # s; a bound for failures
FACTORY = scribe_for()
PENDING, DONE, FAILED = (
    FACTORY.status(1.0, "pending"),
    FACTORY.status(2.0, "complete"),
    FACTORY.status(2.0, "error", message="it failed"),
)
VALUE = FACTORY.data(2.0, ["x"], files=False)


def run_here(task: Callable[[], None]) -> None:
    task()


class Made:
    """A job without a client, and its `JobControl`."""

    def __init__(self) -> None:
        self.log = EventLog(FACTORY, 10, run_here, pending=PENDING)
        self.control = JobControl("/f", 0, self.log)
        self.job = Job(self.control, self.log, None)
        self.stops = 0
        self.done: list[Job] = []
        self.job.add_done_callback(lambda job: self.done.append(self.job))
        assert self.control.on_stop(self.stop)

    def stop(self) -> None:
        self.stops += 1


ENDS: dict[Outcome, Callable[[JobControl], object]] = {
    Outcome.RESULT: lambda control: control.resolve([VALUE, DONE], data=VALUE),
    Outcome.ERROR: lambda control: control.resolve([FAILED], error=AppError("it failed")),
    Outcome.TIMED_OUT: lambda control: control.stop_with(
        Outcome.TIMED_OUT, FAILED, JobTimeoutError("late")
    ),
    Outcome.APP_CHANGED: lambda control: control.stop_with(
        Outcome.APP_CHANGED, FAILED, AppChangedError("the app changed")
    ),
    Outcome.CANCELLED: lambda control: control.cancel(),
    Outcome.ABANDONED: lambda control: control.abandon(),
}
# : Further calls with the outcome "cancelled".
CANCELS: list[Callable[[JobControl], object]] = [
    lambda control: control.resolve([DONE]),
    lambda control: control.resolve_cancelled(),
]


def state_of(job: Job) -> Any:
    if job.cancelled():
        return "cancelled"
    return type(job.exception(0)) if job.exception(0) else job.result(0)


@pytest.fixture
def made() -> Made:
    return Made()


def test_every_outcome_has_a_way() -> None:
    """The tests below cover every outcome."""
    assert ENDS.keys() == set(Outcome)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(Outcome, repeat=2)))
def test_first_end_counts(first: Outcome, second: Outcome, made: Made) -> None:
    """A second outcome has no effect on the job, its callbacks and its events."""
    ENDS[first](made.control)
    state, stops, events = state_of(made.job), made.stops, len(made.log._records)
    assert made.control.outcome is first and made.job.done() and made.control.done
    ENDS[second](made.control)
    assert (state_of(made.job), made.control.outcome) == (state, first)
    abandoned = first is Outcome.ABANDONED
    assert made.done == ([] if abandoned else [made.job])
    assert len(made.log._records) == events or abandoned
    assert stops == (first not in (Outcome.RESULT, Outcome.ERROR))


@pytest.mark.parametrize("end", CANCELS)
def test_app_and_client_may_cancel(made: Made, end: Callable[[JobControl], object]) -> None:
    """If the app or the client cancels the job, it is cancelled, and `cancel()` returns True."""
    end(made.control)
    assert made.job.cancelled() and made.control.outcome is Outcome.CANCELLED
    assert made.control.stopped and made.stops == 0
    assert made.job.cancel() is True
    done, _ = concurrent.futures.wait([made.job], timeout=WAIT)
    assert done == {made.job}


@pytest.mark.parametrize("outcome", [Outcome.RESULT, Outcome.ERROR, Outcome.TIMED_OUT])
def test_cancel_after_the_end_is_refused(made: Made, outcome: Outcome) -> None:
    """cancel() returns False after the end, and the job keeps its outcome."""
    ENDS[outcome](made.control)
    assert made.job.cancel() is False and not made.job.cancelled()


def test_cancel_counts_while_listeners_hear_of_the_end(made: Made) -> None:
    """cancel() works until the Future resolves, after the listeners got the last status."""

    def cancel(status: Status) -> None:
        if status.stage == "complete":
            assert not made.job.done() and made.job.cancel()

    made.job.on("status", cancel)
    ENDS[Outcome.RESULT](made.control)
    assert made.job.cancelled() and made.control.outcome is Outcome.CANCELLED


def test_deadline_does_not_count_while_listeners_hear_of_the_end(made: Made) -> None:
    """A deadline has no effect once the listeners get the last status: the job was in time."""

    def expire(status: Status) -> None:
        if status.stage == "complete":
            ENDS[Outcome.TIMED_OUT](made.control)

    made.job.on("status", expire)
    ENDS[Outcome.RESULT](made.control)
    assert made.job.result(0) is VALUE and made.stops == 0


class Struck(Exception):
    """The exception that a signal handler raises."""


@pytest.mark.parametrize("second", [Outcome.RESULT, Outcome.CANCELLED, Outcome.ERROR])
def test_end_that_a_signal_struck_is_finished_by_the_next(
    made: Made, second: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a signal interrupts the end before the Future resolves, the next call completes it."""

    def strike(*_: object) -> None:
        raise Struck

    with monkeypatch.context() as patch:
        patch.setattr(JobControl, "_cancel", strike)
        with pytest.raises(Struck):
            made.job.cancel()
    assert not made.job.done() and not made.control.done
    ENDS[second](made.control)
    assert made.job.cancelled()
    assert concurrent.futures.wait([made.job], timeout=WAIT).done == {made.job}


def test_abandoned_job_wakes_nobody(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """abandon() wakes no thread and calls no listener; later calls get the end at once."""
    woken: list[JobControl] = []
    monkeypatch.setattr(JobControl, "wake", lambda control: woken.append(control))
    heard: list[Status] = []
    made.job.on("status", heard.append)
    assert made.control.abandon() is True and made.stops == 1
    assert made.job.done() and made.job.cancelled()
    with pytest.raises(concurrent.futures.CancelledError):
        made.job.result(0)
    made.control.resolve_cancelled()
    assert (woken, made.done, heard) == ([], [], [PENDING])
    other = Made()
    assert other.job.cancel() and woken == [other.control]


def test_abandon_says_whether_the_server_has_to_be_told(made: Made) -> None:
    """abandon() returns whether the job still has to be stopped on the server."""
    ENDS[Outcome.RESULT](made.control)
    assert made.control.abandon() is False
    other = Made()
    assert other.job.cancel() and other.control.abandon() is True


def test_stop_reaches_what_the_worker_waits_for_now(made: Made) -> None:
    """A stop calls the callback that was set last, and a callback cannot be set afterwards."""
    waits: list[str] = []
    assert made.control.on_stop(lambda: waits.append("now"))
    assert made.job.cancel() and made.control.stopped
    assert waits == ["now"] and made.stops == 0
    assert made.control.on_stop(lambda: waits.append("late")) is False
    assert waits == ["now"]


def test_release_ends_the_wait_for_it(made: Made) -> None:
    """wait_released() returns False without a worker, and True once the worker is released."""
    control = made.control
    assert control.wait_released(WAIT) is False
    control.start()
    assert made.job.running() and control.wait_released(0) is False
    threading.Thread(target=control.release).start()
    assert control.wait_released(WAIT) is True


def test_hurry_shortens_later_waits(made: Made) -> None:
    """After a wait with ``hurry``, later waits for the job are cut short too."""
    made.control.start()
    assert made.control.wait_released(0, hurry=True) is False
    assert made.control.wait_released(1e9) is False


def test_step_is_recorded_once(made: Made) -> None:
    """A step keeps its first time, and the end is recorded before listeners get it."""
    seen: list[Any] = []
    made.job.add_done_callback(lambda job: seen.append(made.job.timings.done))
    assert made.control.record("started") and not made.control.record("started")
    made.job.cancel()
    assert seen == [made.job.timings.done] and seen[0] is not None


def test_done_callback_of_a_control(made: Made) -> None:
    """A done callback is called at the end, or at once if the job has ended."""
    calls: list[str] = []
    made.control.add_done_callback(lambda: calls.append("early"))
    assert calls == []
    made.job.cancel()
    made.control.add_done_callback(lambda: calls.append("late"))
    assert calls == ["early", "late"]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_ended_job_is_freed_without_the_collector(outcome: Outcome) -> None:
    """A job is in no reference cycle, which would keep its client until a collection."""
    log = EventLog(FACTORY, 10, run_here, pending=PENDING)
    control = JobControl("/f", 0, log)
    job = Job(control, log, None)
    gone = weakref.ref(job)
    ENDS[outcome](control)
    gc.disable()
    try:
        del job
        assert gone() is None
    finally:
        gc.enable()
