"""`Admission`: limit how many calls run at once, and queue the jobs above the limit."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Callable, Protocol, Union
from weakref import WeakSet

from .._job.control import JobControl
from .._transport.connections import RequestHandle
from .._transport.signal_safe import new_lock, start_or_run
from ..errors import GradioClientError
from .sessions import client_closed

#: An object that can hold a slot: a job, or a request that its caller's thread makes without a job.
Holder = Union[JobControl, RequestHandle]

if TYPE_CHECKING:
    Start = Callable[[Callable[[], None]], None]


class Runner(Protocol):
    """The object that runs one job. `JobRunner` is the implementation."""

    control: JobControl
    start: Start

    def __call__(self) -> None:
        """Run the job to its end. Do nothing if another thread runs it, or has run it."""
        ...

    def abandon(self, error: GradioClientError) -> None:
        """End the job with an error, without running it."""
        ...


class Admission:
    """The slots of one client, and the queue of jobs that wait for a slot.

    Invariant: each slot has one holder, and only a call of `release` or `give_back` with this
    holder frees it. The holder is the request handle of a call without a job, from `acquire` on,
    or the control of a job, from `admit` on. If the job continues such a call, `admit` moves the
    slot from one to the other in one step.

    So a caller may give its slot back at any time, and more than once: if it never acquired one, or
    a job has it now, nothing happens.

    Args:
        limit: The number of slots.
        start: A function that runs another function on a thread.
    """

    def __init__(self, limit: int, start: Start) -> None:
        self._limit = limit
        self._start = start
        self._lock = new_lock()
        self._closed = False
        self._holders: set[Holder] = set()
        self._waiting: deque[Runner] = deque()
        # All jobs that still exist: they wait, run, or are being cancelled on the server.
        self._jobs: WeakSet[JobControl] = WeakSet()

    # -- calls without a job --------------------------------------------------------

    def acquire(self, request: RequestHandle) -> bool:
        """Acquire a slot for a call on this thread.

        Args:
            request: The holder of the slot. `close` returns it, so that it can be aborted.

        Returns:
            ``False`` if no slot is free, or the client is closed.
        """
        with self._lock:
            if len(self._holders) >= self._limit or self._closed:
                return False
            self._holders.add(request)
        return True

    def give_back(self, request: RequestHandle) -> None:
        """Free the slot of a call on this thread, if it holds one."""
        with self._lock:
            if not self._waiting or request not in self._holders:
                self._holders.discard(request)
                return
        # A worker starts the waiting job, because that job belongs to another caller. On this
        # thread, a signal handler could raise while the job is started.
        start_or_run(self._start, partial(self.release, request))

    # -- jobs -----------------------------------------------------------------------

    def admit(
        self, runner: Runner, request: RequestHandle | None = None, *, starts: bool = True
    ) -> bool:
        """Start a job if there is a slot for it, otherwise queue it.

        Args:
            runner: Runs the job, and calls `release` when the job has ended.
            request: The call that the job continues. If it holds a slot, the job takes it over.
            starts: Whether the job is started here. If not, the caller runs it when it has a slot.

        Returns:
            Whether the job has a slot.

        Raises:
            ClientClosedError: `close` was called.
            GradioClientError: No thread could be started.
        """
        with self._lock:
            if self._closed:
                raise client_closed()
            has_to_wait = request not in self._holders and len(self._holders) >= self._limit
            self._jobs.add(runner.control)
            runner.control.admission = self
            if has_to_wait:
                runner.control.waits_for_slot = True
                self._waiting.append(runner)
            else:
                self._holders -= {request}
                self._holders.add(runner.control)
        if starts and not has_to_wait:
            runner.start(runner)
        return not has_to_wait

    def withdraw(self, runner: Runner) -> None:
        """Cancel a job that could not be started, or whose caller was interrupted by a signal."""
        if not runner.control.done:
            runner.control.cancel()
        with self._lock:
            if runner in self._waiting:
                self._waiting.remove(runner)
        runner()  # if no worker has begun with it, this frees its slot and its session

    def release(self, holder: Holder) -> None:
        """Free a slot if `holder` holds one, and start the next waiting job in it."""
        while (runner := self._pass_on(holder)) is not None:
            try:
                runner.start(runner)
                return
            except GradioClientError as exc:  # no thread could be started
                holder, exc.endpoint = runner.control, runner.control.endpoint
                runner.abandon(exc)

    def hand_over(self, job: JobControl) -> None:
        """Free the slot of a job that another connection runs, and forget the job."""
        with self._lock:
            self._jobs.discard(job)
        self.release(job)

    def _pass_on(self, holder: Holder) -> Runner | None:
        """Give the slot of `holder` to the next waiting job, and return that job."""
        with self._lock:
            if holder not in self._holders:
                return None
            self._holders.discard(holder)
            if not self._waiting:
                return None
            runner = self._waiting.popleft()
            self._holders.add(runner.control)
        return runner

    # -- the end --------------------------------------------------------------------

    def close(self) -> tuple[list[JobControl], list[RequestHandle]] | None:
        """Refuse further calls, and empty the queue.

        Returns:
            The jobs, and the requests without a job, that the caller has to end. ``None`` if this
            was done before.
        """
        with self._lock:
            if self._closed:
                return None
            self._closed = True
            jobs = self._own_jobs()
            requests = [holder for holder in self._holders if isinstance(holder, RequestHandle)]
            self._waiting.clear()
        return jobs, requests

    def clear(self) -> list[JobControl]:
        """Empty the queue, and return all jobs. Later calls are still admitted."""
        with self._lock:
            jobs = self._own_jobs()
            self._waiting.clear()
        return jobs

    def _own_jobs(self) -> list[JobControl]:
        """Return all jobs, without those that another client has begun to continue."""
        return [job for job in self._jobs if job.admission is self]
