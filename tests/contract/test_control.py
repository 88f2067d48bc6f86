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
from gradio_client_sync._job.control import JobControl, JobOutcome
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


class BareJob:
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


ENDS: dict[JobOutcome, Callable[[JobControl], object]] = {
    JobOutcome.RESULT: lambda control: control.resolve([VALUE, DONE], data=VALUE),
    JobOutcome.ERROR: lambda control: control.resolve([FAILED], error=AppError("it failed")),
    JobOutcome.TIMED_OUT: lambda control: control.stop_with(
        JobOutcome.TIMED_OUT, FAILED, JobTimeoutError("late")
    ),
    JobOutcome.APP_CHANGED: lambda control: control.stop_with(
        JobOutcome.APP_CHANGED, FAILED, AppChangedError("the app changed")
    ),
    JobOutcome.CANCELLED: lambda control: control.cancel(),
    JobOutcome.ABANDONED: lambda control: control.abandon(),
}
#: Further calls with the outcome "cancelled".
CANCELS: list[Callable[[JobControl], object]] = [
    lambda control: control.resolve([DONE]),
    lambda control: control.resolve_cancelled(),
]


def state_of(job: Job) -> Any:
    if job.cancelled():
        return "cancelled"
    return type(job.exception(0)) if job.exception(0) else job.result(0)


@pytest.fixture
def bare() -> BareJob:
    return BareJob()


def test_every_outcome_is_tested() -> None:
    """The tests below cover every outcome."""
    assert ENDS.keys() == set(JobOutcome)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(JobOutcome, repeat=2)))
def test_first_end_counts(first: JobOutcome, second: JobOutcome, bare: BareJob) -> None:
    """A second outcome has no effect on the job, its callbacks and its events."""
    ENDS[first](bare.control)
    state, stops, events = state_of(bare.job), bare.stops, len(bare.log._records)
    assert bare.control.outcome is first and bare.job.done() and bare.control.done
    ENDS[second](bare.control)
    assert (state_of(bare.job), bare.control.outcome) == (state, first)
    abandoned = first is JobOutcome.ABANDONED
    assert bare.done == ([] if abandoned else [bare.job])
    assert len(bare.log._records) == events or abandoned
    assert stops == (first not in (JobOutcome.RESULT, JobOutcome.ERROR))


@pytest.mark.parametrize("end", CANCELS)
def test_app_and_client_may_cancel(bare: BareJob, end: Callable[[JobControl], object]) -> None:
    """If the app or the client cancels the job, it is cancelled, and `cancel()` returns True."""
    end(bare.control)
    assert bare.job.cancelled() and bare.control.outcome is JobOutcome.CANCELLED
    assert bare.control.stopped and bare.stops == 0
    assert bare.job.cancel() is True
    done, _ = concurrent.futures.wait([bare.job], timeout=WAIT)
    assert done == {bare.job}


@pytest.mark.parametrize("outcome", [JobOutcome.RESULT, JobOutcome.ERROR, JobOutcome.TIMED_OUT])
def test_cancel_after_the_end_is_refused(bare: BareJob, outcome: JobOutcome) -> None:
    """cancel() returns False after the end, and the job keeps its outcome."""
    ENDS[outcome](bare.control)
    assert bare.job.cancel() is False and not bare.job.cancelled()


def test_cancel_works_while_listeners_get_the_end(bare: BareJob) -> None:
    """cancel() works until the Future resolves, after the listeners got the last status."""

    def cancel(status: Status) -> None:
        if status.stage == "complete":
            assert not bare.job.done() and bare.job.cancel()

    bare.job.on("status", cancel)
    ENDS[JobOutcome.RESULT](bare.control)
    assert bare.job.cancelled() and bare.control.outcome is JobOutcome.CANCELLED


def test_deadline_has_no_effect_while_listeners_get_the_end(bare: BareJob) -> None:
    """A deadline has no effect once the listeners get the last status: the job was in time."""

    def expire(status: Status) -> None:
        if status.stage == "complete":
            ENDS[JobOutcome.TIMED_OUT](bare.control)

    bare.job.on("status", expire)
    ENDS[JobOutcome.RESULT](bare.control)
    assert bare.job.result(0) is VALUE and bare.stops == 0


class SignalRaised(Exception):
    """The exception that a signal handler raises."""


@pytest.mark.parametrize("second", [JobOutcome.RESULT, JobOutcome.CANCELLED, JobOutcome.ERROR])
def test_end_interrupted_by_a_signal_is_completed_by_the_next(
    bare: BareJob, second: JobOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a signal interrupts the end before the Future resolves, the next call completes it."""

    def raise_signal(*_: object) -> None:
        raise SignalRaised

    with monkeypatch.context() as patch:
        patch.setattr(JobControl, "_cancel", raise_signal)
        with pytest.raises(SignalRaised):
            bare.job.cancel()
    assert not bare.job.done() and not bare.control.done
    ENDS[second](bare.control)
    assert bare.job.cancelled()
    assert concurrent.futures.wait([bare.job], timeout=WAIT).done == {bare.job}


def test_abandoned_job_calls_no_listeners(bare: BareJob, monkeypatch: pytest.MonkeyPatch) -> None:
    """abandon() wakes no thread and calls no listener; later calls get the end at once."""
    woken: list[JobControl] = []
    monkeypatch.setattr(JobControl, "wake", lambda control: woken.append(control))
    received: list[Status] = []
    bare.job.on("status", received.append)
    assert bare.control.abandon() is True and bare.stops == 1
    assert bare.job.done() and bare.job.cancelled()
    with pytest.raises(concurrent.futures.CancelledError):
        bare.job.result(0)
    bare.control.resolve_cancelled()
    assert (woken, bare.done, received) == ([], [], [PENDING])
    other = BareJob()
    assert other.job.cancel() and woken == [other.control]


def test_daemon_thread_that_comes_late_waits_for_an_abandoned_job(bare: BareJob) -> None:
    """It would print the exception while the interpreter exits. Other threads get the end."""
    bare.control.abandon()
    ends: dict[bool, str] = {}

    def wait() -> None:
        daemon = threading.current_thread().daemon
        try:
            bare.job.result(0)
        except concurrent.futures.TimeoutError:
            ends[daemon] = "waited"
        except concurrent.futures.CancelledError:
            ends[daemon] = "cancelled"

    for daemon in (True, False):
        thread = threading.Thread(target=wait, daemon=daemon)
        thread.start()
        thread.join()
    assert ends == {True: "waited", False: "cancelled"}


def test_abandon_returns_whether_to_stop_the_job_on_the_server(bare: BareJob) -> None:
    """abandon() returns whether the job still has to be stopped on the server."""
    ENDS[JobOutcome.RESULT](bare.control)
    assert bare.control.abandon() is False
    other = BareJob()
    assert other.job.cancel() and other.control.abandon() is True


def test_stop_calls_the_last_callback(bare: BareJob) -> None:
    """A stop calls the callback that was set last, and a callback cannot be set afterwards."""
    waits: list[str] = []
    assert bare.control.on_stop(lambda: waits.append("now"))
    assert bare.job.cancel() and bare.control.stopped
    assert waits == ["now"] and bare.stops == 0
    assert bare.control.on_stop(lambda: waits.append("late")) is False
    assert waits == ["now"]


def test_release_ends_the_wait_for_it(bare: BareJob) -> None:
    """wait_released() returns False without a worker, and True once the worker is released."""
    control = bare.control
    assert control.wait_released(WAIT) is False
    control.start()
    assert bare.job.running() and control.wait_released(0) is False
    threading.Thread(target=control.release).start()
    assert control.wait_released(WAIT) is True


def test_hurry_shortens_later_waits(bare: BareJob) -> None:
    """After a wait with ``hurry``, later waits for the job are cut short too."""
    bare.control.start()
    assert bare.control.wait_released(0, hurry=True) is False
    assert bare.control.wait_released(1e9) is False


def test_step_is_recorded_once(bare: BareJob) -> None:
    """A step keeps its first time, and the end is recorded before listeners get it."""
    seen: list[Any] = []
    bare.job.add_done_callback(lambda job: seen.append(bare.job.timings.done))
    assert bare.control.record("started") and not bare.control.record("started")
    bare.job.cancel()
    assert seen == [bare.job.timings.done] and seen[0] is not None


def test_done_callback_of_a_control(bare: BareJob) -> None:
    """A done callback is called at the end, or at once if the job has ended."""
    calls: list[str] = []
    bare.control.add_done_callback(lambda: calls.append("early"))
    assert calls == []
    bare.job.cancel()
    bare.control.add_done_callback(lambda: calls.append("late"))
    assert calls == ["early", "late"]


@pytest.mark.parametrize("outcome", list(JobOutcome))
def test_ended_job_is_freed_without_the_collector(outcome: JobOutcome) -> None:
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
