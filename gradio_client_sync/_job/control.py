"""`JobControl`: the state of one job, and all ways to end it. Users hold a `Job`, which reads it.

The runner of a job owns its control. The user's threads, the deadline's thread and the exit of the
interpreter use it too. Several of them may try to end the job, but it has one `JobOutcome`: that of
the first call of `_end`. A job ends in three steps: its log accepts no more events, its listeners
receive the last events, and its Future resolves. The listeners come first, so that they have the
last status when the Future resolves. A cancellation counts until the Future resolves.

No method here does input or output, and no callback runs under the lock.
"""

from __future__ import annotations

import concurrent.futures
import enum
import math
import time
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED
from typing import TYPE_CHECKING, Callable

from .._protocol.queue.standing import whereabouts
from .._tracebacks import stored
from .._transport.signal_safe import SafeCondition, new_lock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from ..errors import GradioClientError
    from ..events import Data, Event, Status
    from .event_log import EventLog
    from .input_stream import InputStream

#: The states of a Future that has resolved.
RESOLVED = (CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED)


class JobOutcome(enum.Enum):
    """The way in which a job ended."""

    RESULT = "it has a result"
    ERROR = "it failed"
    TIMED_OUT = "its deadline passed"
    APP_CHANGED = "the app has changed, so it may have run another function"
    CANCELLED = "it was cancelled by its user, by the app, or because its client was closed"
    ABANDONED = "the interpreter exits, so no waiting thread is woken"


class JobControl:
    """The state of one job, and all ways to end it. Every method may be called from any thread.

    Args:
        endpoint: The function's name, or its number if it has no name.
        fn_index: The function's number. The runner changes it if the app has restarted.
        log: The job's event log.
        chunks: The input stream of a function that accepts input while it runs.

    Attributes:
        endpoint: As in the arguments.
        fn_index: As in the arguments.
        event_id: The server's id for the job.
        times: The time of each step, in seconds after the job was created.
        bytes: The number of bytes that the server has sent for the job.
        cancelled: For a cancelled job, a sentence that says why it was cancelled, and where it was.
        waits_for_slot: Whether the client had no free worker for the job when it was submitted.
        admission: The `Admission` of the client that runs the job. It changes if another one
            continues the job.
        on_run: Called when the server reports that the function runs.
        held: Seconds for which the job waited until other jobs had joined the queue.
    """

    # Most jobs keep most of these values. Defaults in the class save the time to set them.
    event_id: str | None = None
    bytes: int = 0
    cancelled: str = ""
    waits_for_slot = False
    admission: object = None
    on_run: Callable[[], object] | None = None
    held: float = 0.0
    _future: Future[Data] | None = None
    _ending: tuple[JobOutcome, Data | None, GradioClientError | None] | None = None
    _on_stop: Callable[[], None] | None = None
    _started = False
    _stopped = False
    _released = False
    _latest_wait_end = math.inf  # on the monotonic clock, for all calls of `wait_released`

    def __init__(
        self,
        endpoint: str | int,
        fn_index: int,
        log: EventLog,
        chunks: InputStream | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.fn_index = fn_index
        self.times: dict[str, float] = {}
        self._log = log
        self._chunks = chunks
        self._created = time.monotonic()
        self._lock = new_lock()
        self._resolved = SafeCondition(self._lock)
        # A separate condition, because the release of an abandoned job must not wake the threads
        # that wait for its end.
        self._release_changed = SafeCondition(self._lock)

    # -- its state ------------------------------------------------------------------

    def bind(self, future: Future[Data]) -> None:
        """Set the Future that the end of the job resolves.

        The control drops it at the end. The Future refers to the client, and a cycle would delay
        the collection of both.
        """
        self._future = future

    @property
    def done(self) -> bool:
        """Return whether the Future has resolved."""
        future = self._future
        return future is None or future.done()

    @property
    def outcome(self) -> JobOutcome | None:
        """Return how the job ended; ``None`` if it has not ended."""
        return None if self._ending is None else self._ending[0]

    @property
    def started(self) -> bool:
        """Return whether a worker has started the job."""
        return self._started

    @property
    def stopped(self) -> bool:
        """Return whether the worker has to stop, because the job was cancelled or timed out."""
        return self._stopped

    def whereabouts(self) -> str:
        """Return where the job is, as the end of a sentence with "it is" or "it was"."""
        if self.waits_for_slot and not self._started:
            return "waiting for a worker of this client, whose number max_workers= limits"
        status = None if "started" in self.times else self._log.status
        return whereabouts(status, self.times, self.age())

    def add_done_callback(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the Future resolves, or at once if it has resolved."""
        future = self._future
        if future is None:
            callback()
        else:
            future.add_done_callback(lambda _: callback())

    # -- for the worker -------------------------------------------------------------

    def start(self) -> None:
        """Record that a worker has started the job."""
        self._started = True

    def age(self) -> float:
        """Return the seconds since the job was created."""
        return time.monotonic() - self._created

    def record(self, step: str) -> bool:
        """Record the time of a step, unless it was recorded before.

        Returns:
            Whether this call has recorded it.
        """
        after = self.age()
        is_first = self.times.setdefault(step, after) is after
        if is_first and step == "started" and self.on_run is not None:
            self.on_run()
        return is_first

    def on_stop(self, callback: Callable[[], None] | None) -> bool:
        """Set the function that ends the worker's wait when the job is stopped.

        Args:
            callback: The function; it replaces an earlier one. ``None`` if the worker does not
                wait.

        Returns:
            Whether the job continues. If it was stopped before, `callback` may never be called.
        """
        with self._lock:
            self._on_stop = callback
            return not self._stopped

    def accept_next_input(self, event_id: str | None) -> None:
        """Let the job's input stream send the next input, since the last one was processed."""
        if self._chunks is not None and event_id is not None:
            self._chunks.accept_next(event_id)

    def resolve(
        self,
        events: Sequence[Event],
        data: Data | None = None,
        error: GradioClientError | None = None,
    ) -> None:
        """End the job with a result or an error: call its listeners, then resolve its Future.

        Args:
            events: The last events.
            data: The result; ``None`` if the job failed.
            error: The error of a failed job. If both are ``None``, the app has cancelled the job.
        """
        if data is not None:
            self.record("first_data")
        self._end_input(error)  # before the listeners: one of them may wait to send input
        self._log.end(events)
        try:
            self._log.notify_and_wait()
        finally:  # also if memory has run out, since a thread waits for the job
            if error is not None:
                self._end(JobOutcome.ERROR, error=error)
            elif data is not None:
                self._end(JobOutcome.RESULT, data=data)
            else:
                self._end(JobOutcome.CANCELLED, reason="the app cancelled it")

    def resolve_cancelled(self) -> None:
        """End a job that was stopped or whose client was closed, after `release`."""
        if self.outcome is JobOutcome.ABANDONED:
            return
        self._end_input(concurrent.futures.CancelledError("the client was closed"))
        self._log.cancel(time.time())
        self._end(JobOutcome.CANCELLED, reason="the client was closed")

    def release(self) -> None:
        """Record that the worker has ended, and that the server was informed of the job's end."""
        with self._lock:
            self._released = True
            self._release_changed.notify_all()

    # -- for other threads ----------------------------------------------------------

    def cancel(self, reason: str = "cancel() was called") -> bool:
        """Cancel the job.

        A signal handler may raise at any point of this method. A second call then does the rest.

        Args:
            reason: Why, for the message of the exception that `Job.result` raises.

        Returns:
            Whether the job is now cancelled; ``False`` if it had already ended.
        """
        with self._lock:
            self._stopped = True
        if not self._end(JobOutcome.CANCELLED, reason=reason):
            return False
        self._end_input(concurrent.futures.CancelledError(reason))
        self._interrupt()
        self._log.cancel(time.time())
        return True

    def stop_with(self, outcome: JobOutcome, status: Status, error: GradioClientError) -> None:
        """End the job with an error that the client has found, unless it has already ended.

        Args:
            outcome: `JobOutcome.TIMED_OUT` or `JobOutcome.APP_CHANGED`.
            status: The last status.
            error: The error that `Job.result` raises.
        """
        with self._lock:
            self._stopped = True
        if not self._log.end((status,)):
            return  # the job has ended, and a worker calls its listeners
        self._end_input(error)
        if self._end(outcome, error=error):
            self._interrupt()
            self._log.notify_soon()

    def abandon(self) -> bool:
        """End the job because the interpreter exits, and wake no thread.

        `_connection.at_exit` gives the reason.

        Returns:
            Whether the server may have to be informed.
        """
        if self._end(JobOutcome.ABANDONED):
            self._interrupt()
        return self._stopped

    def wait_released(self, timeout: float, *, hurry: bool = False) -> bool:
        """Wait after a stop until the server was informed of it.

        Args:
            timeout: Seconds to wait at most.
            hurry: Whether this timeout also limits later calls.

        Returns:
            Whether the server was informed.
        """
        end = time.monotonic() + timeout
        if hurry:
            self._latest_wait_end = min(self._latest_wait_end, end)
        if self._released or not self._started:
            return self._released
        seconds = max(0.0, min(end, self._latest_wait_end) - time.monotonic())
        return self._release_changed.wait_for(lambda: self._released, seconds)

    def wait_for(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `ready` returns true. Each call of `wake` repeats the check.

        A signal handler that raises can break the condition of a Future; see
        `_transport.signal_safe`. So threads that wait for a job wait here.

        Args:
            ready: The check.
            timeout: Seconds to wait at most; ``None`` waits without a limit.

        Returns:
            Whether `ready` returned true in time.
        """
        return self._resolved.wait_for(ready, timeout)

    def wake(self) -> None:
        """Make the threads in `wait_for` check again."""
        with self._lock:
            self._resolved.notify_all()

    # -- the end --------------------------------------------------------------------

    def _end(
        self,
        outcome: JobOutcome,
        data: Data | None = None,
        error: GradioClientError | None = None,
        reason: str = "",
    ) -> bool:
        """Set the outcome of the job, if it has none, and resolve its Future.

        A signal handler may raise between the two steps. So a later call resolves the Future with
        the outcome that an earlier call has set.

        Returns:
            Whether the job has this outcome. An abandoned job counts as cancelled.
        """
        cancelled = ""
        if reason and self._ending is None:
            cancelled = f"It was {self.whereabouts()}, and {reason}."
        self.record("done")  # first: the Future wakes threads, which may read the timings at once
        with self._lock:
            if self._ending is None:
                self._ending = outcome, data, error
                self.cancelled = cancelled
                if outcome in (JobOutcome.CANCELLED, JobOutcome.ABANDONED):
                    self._stopped = True
            first, data, error = self._ending
        future = self._future
        if future is not None:
            try:
                if data is not None:
                    future.set_result(data)
                elif error is not None:
                    try:
                        stored(error)
                    finally:  # whatever happens there, threads wait for the job
                        future.set_exception(error)
                elif first is JobOutcome.CANCELLED:
                    self._cancel(future)
                else:
                    _cancel_silently(future)
            except concurrent.futures.InvalidStateError:
                pass  # another thread has resolved it meanwhile
            self._future = None
        return outcome is first or (
            outcome is JobOutcome.CANCELLED and first is JobOutcome.ABANDONED
        )

    def _cancel(self, future: Future[Data]) -> None:
        concurrent.futures.Future.cancel(future)  # not future.cancel(), which calls this method
        with self._lock:  # two threads may be here, and the second call would raise
            if future._state == CANCELLED:
                future.set_running_or_notify_cancel()  # informs wait() and as_completed()

    def _end_input(self, error: BaseException | None) -> None:
        if self._chunks is not None:
            self._chunks.end(error)

    def _interrupt(self) -> None:
        with self._lock:
            on_stop = self._on_stop
        if on_stop is not None:
            on_stop()


def _cancel_silently(future: Future[Data]) -> None:
    """Cancel a Future without waking the threads that wait for it.

    `Future` has no public method for this. Threads that check later see the end at once.
    """
    with future._condition:
        if future._state not in RESOLVED:
            future._state = CANCELLED_AND_NOTIFIED
