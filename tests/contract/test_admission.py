"""Slots and the queue of jobs that wait for one, with jobs that end when the test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Callable

import pytest

from gradio_client_sync import ClientClosedError, GradioClientError, Job
from gradio_client_sync._calls.threads import Workers
from gradio_client_sync._connection.admission import Admission
from gradio_client_sync._job.control import JobControl
from gradio_client_sync._job.event_log import EventLog
from gradio_client_sync._transport.connections import RequestHandle
from tests.core.test_decode import scribe_for
from tests.support.listeners import BOUND

FACTORY = scribe_for()
PENDING = FACTORY.status(1.0, "pending")


def no_thread(task: Callable[[], None]) -> None:
    raise GradioClientError("no thread")


class FakeJob:
    """A job that starts on a worker and runs until `finish` is set, or until it is cancelled.

    Attributes:
        started: Set when the job runs.
        ended: Set when the job has freed its slot.
        thread: The name of the thread that the job was started on.
        error: What the job was abandoned with.
    """

    def __init__(self, admission: Admission, start: Callable[[Callable[[], None]], None]) -> None:
        log = EventLog(FACTORY, 10, start, pending=PENDING)
        self.control = JobControl("/f", 0, log)
        self.job = Job(self.control, log, None)
        self.start = self._noting_the_thread(start)
        self.started, self.finish, self.ended = (threading.Event() for _ in range(3))
        self.thread = ""
        self.error: GradioClientError | None = None
        self._admission = admission
        self._claim = threading.Lock()

    def _noting_the_thread(
        self, start: Callable[[Callable[[], None]], None]
    ) -> Callable[[Callable[[], None]], None]:
        def noting(task: Callable[[], None]) -> None:
            self.thread = threading.current_thread().name
            start(task)

        return noting

    def __call__(self) -> None:
        if not self._claim.acquire(blocking=False):
            return
        if self.control.on_stop(self.finish.set):
            self.started.set()
            assert self.finish.wait(BOUND)
        self._admission.release(self.control)
        self.ended.set()

    def abandon(self, error: GradioClientError) -> None:
        self.error = error


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.close()
    assert made.join(BOUND)


@pytest.fixture
def admission(workers: Workers) -> Admission:
    """Two slots."""
    return Admission(2, workers.start)


@pytest.fixture
def new_job(admission: Admission, workers: Workers) -> Iterator[Callable[[], FakeJob]]:
    jobs: list[FakeJob] = []

    def new() -> FakeJob:
        jobs.append(FakeJob(admission, workers.start))
        return jobs[-1]

    yield new
    for job in jobs:
        job.finish.set()


def test_admission_starts_as_many_jobs_as_there_are_slots(
    admission: Admission, new_job: Callable[[], FakeJob]
) -> None:
    """Further jobs wait, and start in their order when others end."""
    jobs = [new_job() for _ in range(4)]
    for job in jobs:
        admission.admit(job)
    assert jobs[0].started.wait(BOUND)
    assert jobs[1].started.wait(BOUND)
    jobs[1].finish.set()
    assert jobs[2].started.wait(BOUND)
    assert not jobs[3].started.is_set()
    jobs[0].finish.set()
    assert jobs[3].started.wait(BOUND)
    for job in jobs:
        job.finish.set()
        assert job.ended.wait(BOUND)
    assert not admission._holders


def test_admission_counts_calls_without_a_job(
    admission: Admission, new_job: Callable[[], FakeJob]
) -> None:
    """They hold slots as jobs do; one that finds no slot free does not wait."""
    first, second, refused = RequestHandle(), RequestHandle(), RequestHandle()
    assert admission.acquire(first)
    assert admission.acquire(second)
    assert not admission.acquire(refused)
    job = new_job()
    admission.admit(job)
    assert not job.started.is_set()
    admission.give_back(refused)  # it holds no slot
    assert not admission.acquire(refused)
    admission.give_back(first)
    assert job.started.wait(BOUND)
    admission.give_back(first)  # the job has that slot now
    assert not admission.acquire(refused)
    admission.give_back(second)
    assert admission.acquire(refused)


@pytest.mark.parametrize("is_early", [True, False])
def test_job_takes_over_the_slot_of_its_call(
    admission: Admission, new_job: Callable[[], FakeJob], is_early: bool
) -> None:
    """It starts though all slots are in use, and then only its own end frees the slot.

    The call may give its slot back before or after the job ends, which changes nothing.
    """
    request, other, next_one = RequestHandle(), RequestHandle(), RequestHandle()
    assert admission.acquire(request)
    assert admission.acquire(other)
    job = new_job()
    admission.admit(job, request)
    assert job.started.wait(BOUND)
    if is_early:
        admission.give_back(request)
    assert not admission.acquire(next_one)
    job.finish.set()
    assert job.ended.wait(BOUND)
    assert admission.acquire(next_one)
    admission.give_back(request)
    assert not admission.acquire(RequestHandle())


def test_job_of_a_call_without_a_slot_waits_like_any_other(
    admission: Admission, new_job: Callable[[], FakeJob]
) -> None:
    """A call that found no slot free has none to pass on."""
    jobs = [new_job() for _ in range(3)]
    admission.admit(jobs[0])
    admission.admit(jobs[1])
    request = RequestHandle()
    assert not admission.acquire(request)
    admission.admit(jobs[2], request)
    admission.give_back(request)
    assert not jobs[2].thread
    jobs[0].finish.set()
    assert jobs[2].started.wait(BOUND)


def test_slot_that_is_given_back_starts_the_next_job_on_a_worker(
    admission: Admission, new_job: Callable[[], FakeJob]
) -> None:
    """A signal handler that raises in the thread of the call must not affect another's job."""
    request, other = RequestHandle(), RequestHandle()
    assert admission.acquire(request)
    assert admission.acquire(other)
    job = new_job()
    admission.admit(job)
    admission.give_back(request)
    assert job.started.wait(BOUND)
    assert job.thread.startswith("gradio-")


def test_slot_is_passed_on_without_threads(workers: Workers) -> None:
    """If no worker can be started for that, the thread of the call starts the next job."""
    admission = Admission(1, no_thread)
    request = RequestHandle()
    assert admission.acquire(request)
    job = FakeJob(admission, workers.start)
    admission.admit(job)
    admission.give_back(request)
    assert job.started.wait(BOUND)
    assert job.thread == threading.current_thread().name
    job.finish.set()
    assert job.ended.wait(BOUND)


def test_job_that_cannot_be_started_leaves_its_slot_to_the_next_one(
    admission: Admission, workers: Workers, new_job: Callable[[], FakeJob]
) -> None:
    """It is abandoned with an error that names its endpoint."""
    running = [new_job(), new_job()]
    for job in running:
        admission.admit(job)
    broken, last = FakeJob(admission, no_thread), new_job()
    admission.admit(broken)
    admission.admit(last)
    running[0].finish.set()
    assert last.started.wait(BOUND)
    assert broken.error is not None
    assert broken.error.endpoint == "/f"
    assert len(admission._holders) == 2


def test_job_that_is_withdrawn_leaves_the_queue(
    admission: Admission, new_job: Callable[[], FakeJob]
) -> None:
    """It is cancelled, and never takes a slot."""
    running = [new_job(), new_job()]
    for job in running:
        admission.admit(job)
    withdrawn, last = new_job(), new_job()
    admission.admit(withdrawn)
    admission.admit(last)
    admission.withdraw(withdrawn)
    assert withdrawn.job.cancelled()
    assert withdrawn.ended.is_set()  # its runner has freed all that it held
    assert len(admission._holders) == 2
    running[0].finish.set()
    assert last.started.wait(BOUND)
    assert not withdrawn.started.is_set()


def test_job_that_is_withdrawn_while_it_runs_keeps_its_slot_until_it_ends(
    admission: Admission, workers: Workers
) -> None:
    """Its worker frees the slot, after it has told the server."""

    class Slow(FakeJob):
        # Cancelling does not end it.
        def __call__(self) -> None:
            if self._claim.acquire(blocking=False):
                self.started.set()
                assert self.finish.wait(BOUND)
                admission.release(self.control)
                self.ended.set()

    job, request, refused = Slow(admission, workers.start), RequestHandle(), RequestHandle()
    admission.admit(job)
    assert admission.acquire(request)
    assert job.started.wait(BOUND)
    admission.withdraw(job)
    assert job.job.cancelled()
    assert not admission.acquire(refused)
    job.finish.set()
    assert job.ended.wait(BOUND)
    assert admission.acquire(refused)


def test_job_that_could_not_be_started_is_withdrawn(admission: Admission, workers: Workers) -> None:
    """The caller gets the error, and withdraws the job, which frees its slot."""
    job = FakeJob(admission, no_thread)
    with pytest.raises(GradioClientError, match="no thread"):
        admission.admit(job)
    admission.withdraw(job)
    assert job.job.cancelled()
    assert not admission._holders


def test_admission_refuses_calls_after_it_was_closed(
    admission: Admission, new_job: Callable[[], FakeJob]
) -> None:
    """Closing returns what has to be ended, once, and empties the queue."""
    request = RequestHandle()
    assert admission.acquire(request)
    running, waiting = new_job(), new_job()
    admission.admit(running)
    admission.admit(waiting)
    assert running.started.wait(BOUND)
    ended = admission.close()
    assert ended is not None
    jobs, requests = ended
    assert set(jobs) == {running.control, waiting.control}
    assert requests == [request]
    assert admission.close() is None
    running.finish.set()
    assert running.ended.wait(BOUND)
    assert not waiting.thread
    assert not admission.acquire(RequestHandle())
    with pytest.raises(ClientClosedError):
        admission.admit(new_job())
    admission.give_back(request)
    assert not admission._holders


def test_admission_that_was_cleared_admits_later_jobs(
    admission: Admission, new_job: Callable[[], FakeJob]
) -> None:
    """Functions that run at the interpreter's exit may still make calls."""
    running = [new_job(), new_job()]
    waiting, later = new_job(), new_job()
    for job in (*running, waiting):
        admission.admit(job)
    assert set(admission.clear()) == {job.control for job in (*running, waiting)}
    admission.admit(later)
    for job in running:
        job.finish.set()
        assert job.ended.wait(BOUND)
    assert later.started.wait(BOUND)
    assert not waiting.thread


def test_admission_keeps_its_limit_with_many_threads(
    admission: Admission, workers: Workers
) -> None:
    """Threads that call, fail and submit at the same time never run more than the limit."""
    lock, begin = threading.Lock(), threading.Barrier(16, timeout=BOUND)
    running, most = 0, 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1

    class Quick(FakeJob):
        def __call__(self) -> None:
            if self._claim.acquire(blocking=False):
                work()
                admission.release(self.control)
                self.ended.set()

    def call() -> None:
        begin.wait()
        for number in range(50):
            request = RequestHandle()
            if admission.acquire(request):
                work()
                if number % 2:
                    admission.give_back(request)
                    continue
            job = Quick(admission, workers.start)
            admission.admit(job, request)
            admission.give_back(request)
            assert job.ended.wait(BOUND)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND)
    assert not any(thread.is_alive() for thread in threads)
    assert 1 <= most <= 2
    assert not admission._holders
    assert not admission._waiting
