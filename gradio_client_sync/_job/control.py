"""`JobControl`: what the client may do to a job. `Job` is what users hold, and reads it.

The runner of a job owns its control; the user's thread, the deadline's thread and the
interpreter's exit use it, too. However many of them end the job, it has one `Outcome`: the first
that `_end` hears of. A job ends twice, in a sense: its log takes no more events, and its Future
resolves. Between the two its listeners are called, since the last status has to be delivered
before the Future resolves. A cancellation may come in between, and then counts.

No method here does I/O, and no callback runs under the lock.
"""

from __future__ import annotations

import concurrent.futures
import enum
import math
import threading
import time
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED
from typing import TYPE_CHECKING, Callable

from .._transport.signal_safe import SafeCondition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from ..errors import GradioClientError
    from ..events import Data, Event, Status
    from .event_log import EventLog
    from .input_stream import InputStream

#: The states of a Future that has resolved.
RESOLVED = (CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED)


class Outcome(enum.Enum):
    """How a job ended."""

    RESULT = "it has a result"
    ERROR = "it failed"
    TIMED_OUT = "its deadline passed"
    APP_CHANGED = "the app has changed, so it may have run another function"
    CANCELLED = "it was cancelled, by its user, the app or the end of its client"
    ABANDONED = "the interpreter exits, and wakes nobody"


class JobControl:
    """The client's side of one job. Every method may be called from any thread.

    Args:
        endpoint: The function's name, or its number if it has none.
        fn_index: Its number; the runner sets another one if the app has restarted.
        log: The job's events.
        chunks: The input of a function that takes more of it while it runs.

    Attributes:
        event_id: The server's name for the job.
        times: What happened when, in seconds after the job was made.
        bytes: How many bytes the server has sent for the job.
    """

    # Most values of most jobs: a default in the class costs a job nothing.
    event_id: str | None = None
    bytes: int = 0
    _future: Future[Data] | None = None
    _end_is: tuple[Outcome, Data | None, GradioClientError | None] | None = None
    _on_stop: Callable[[], None] | None = None
    _started = False
    _stopped = False
    _released = False
    _latest = math.inf  # on the monotonic clock: nobody waits longer for the release

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
        self._made = time.monotonic()
        self._lock = threading.RLock()
        self._resolved = SafeCondition(self._lock)
        # Apart from that: the release of an abandoned job must not wake those who wait for its end.
        self._let_go = SafeCondition(self._lock)

    # -- what it is -----------------------------------------------------------------

    def bind(self, future: Future[Data]) -> None:
        """Name the Future that the job's end resolves.

        It is forgotten then: a cycle would keep the client alive, which the job holds.
        """
        self._future = future

    @property
    def done(self) -> bool:
        """Whether the Future has resolved."""
        future = self._future
        return future is None or future.done()

    @property
    def outcome(self) -> Outcome | None:
        """How the job ended; ``None`` before that."""
        return None if self._end_is is None else self._end_is[0]

    @property
    def started(self) -> bool:
        """Whether a worker has taken the job."""
        return self._started

    @property
    def stopped(self) -> bool:
        """Whether the worker has to stop: the job was cancelled, or its time is up."""
        return self._stopped

    def add_done_callback(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the Future resolves, or at once if it has."""
        future = self._future
        if future is None:
            callback()
        else:
            future.add_done_callback(lambda _: callback())

    # -- for the worker -------------------------------------------------------------

    def start(self) -> None:
        """Record that a worker has taken the job."""
        self._started = True

    def record(self, step: str) -> bool:
        """Record the time of a step.

        Returns:
            Whether this was the first time.
        """
        after = time.monotonic() - self._made
        return self.times.setdefault(step, after) is after

    def on_stop(self, callback: Callable[[], None] | None) -> bool:
        """Choose what ends the worker's wait when the job is stopped.

        Returns:
            Whether the job goes on. If not, the callback may never be called.
        """
        with self._lock:
            self._on_stop = callback
            return not self._stopped

    def answered(self, event_id: str | None) -> None:
        """Let the next chunk of input through: the function has answered the last one."""
        if self._chunks is not None and event_id is not None:
            self._chunks.answered(event_id)

    def resolve(
        self,
        events: Sequence[Event],
        data: Data | None = None,
        error: GradioClientError | None = None,
    ) -> None:
        """End the job as the server or a failure did: call its listeners, resolve its Future.

        Args:
            events: The last events.
            data: The result.
            error: Why there is none; without either, the app cancelled the job.
        """
        if data is not None:
            self.record("first_data")
        self._end_input(error)  # before the listeners, which may be waiting to send more
        self._log.end(events)
        try:
            self._log.tell_all()
        finally:  # memory may run out, but a thread waits for the job
            if error is not None:
                self._end(Outcome.ERROR, error=error)
            elif data is not None:
                self._end(Outcome.RESULT, data=data)
            else:
                self._end(Outcome.CANCELLED)

    def resolve_cancelled(self) -> None:
        """End a job that was stopped, or whose client was closed, after its worker has let go."""
        if self.outcome is Outcome.ABANDONED:
            return
        self._end_input(concurrent.futures.CancelledError("the client was closed"))
        self._log.cancel(time.time())
        self._end(Outcome.CANCELLED)

    def release(self) -> None:
        """Record that the worker has let go, and that the server knows of the end."""
        with self._lock:
            self._released = True
            self._let_go.notify_all()

    # -- for other threads ----------------------------------------------------------

    def cancel(self) -> bool:
        """End the job as its user wants.

        A signal may strike anywhere in here; a second call then does what is left.

        Returns:
            Whether the job is cancelled now; ``False`` if it had already ended.
        """
        with self._lock:
            self._stopped = True
        if not self._end(Outcome.CANCELLED):
            return False
        self._end_input(concurrent.futures.CancelledError("cancel() was called"))
        self._interrupt()
        self._log.cancel(time.time())
        return True

    def stop_with(self, outcome: Outcome, status: Status, error: GradioClientError) -> None:
        """End the job with an error of this side, unless it has ended by itself.

        Args:
            outcome: `Outcome.TIMED_OUT` or `Outcome.APP_CHANGED`.
            status: The last status.
            error: What `Job.result` raises.
        """
        with self._lock:
            self._stopped = True
        if not self._log.end((status,)):
            return  # its listeners are being called with its own end
        self._end_input(error)
        if self._end(outcome, error=error):
            self._interrupt()
            self._log.tell_soon()

    def abandon(self) -> bool:
        """End the job because the interpreter exits. Wake nobody; see `_connection.at_exit`.

        Returns:
            Whether the server may have to be told.
        """
        if self._end(Outcome.ABANDONED):
            self._interrupt()
        return self._stopped

    def wait_released(self, timeout: float, *, hurry: bool = False) -> bool:
        """After a stop, wait until the server knows of it.

        Args:
            timeout: Seconds to wait at most.
            hurry: Whether later calls may not wait beyond this timeout either.

        Returns:
            Whether the server knows.
        """
        end = time.monotonic() + timeout
        if hurry:
            self._latest = min(self._latest, end)
        if self._released or not self._started:
            return self._released
        seconds = max(0.0, min(end, self._latest) - time.monotonic())
        return self._let_go.wait_for(lambda: self._released, seconds)

    def wait_for(self, ready: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `ready`, which `wake` has asked again.

        A Future's own condition is not made for signals; see `_transport.signal_safe`.

        Returns:
            Whether it was ready within `timeout` seconds.
        """
        return self._resolved.wait_for(ready, timeout)

    def wake(self) -> None:
        """Let the threads in `wait_for` ask again."""
        with self._lock:
            self._resolved.notify_all()

    # -- the end --------------------------------------------------------------------

    def _end(
        self,
        outcome: Outcome,
        data: Data | None = None,
        error: GradioClientError | None = None,
    ) -> bool:
        """Give the job its outcome, unless it has one, and resolve its Future.

        A signal may strike between the two, so a later call resolves what an earlier one decided.

        Returns:
            Whether the job has this outcome, where abandoned jobs count as cancelled.
        """
        self.record("done")  # before the Future wakes threads, which may read it at once
        with self._lock:
            if self._end_is is None:
                self._end_is = outcome, data, error
                if outcome in (Outcome.CANCELLED, Outcome.ABANDONED):
                    self._stopped = True
            first, data, error = self._end_is
        future = self._future
        if future is not None:
            try:
                if data is not None:
                    future.set_result(data)
                elif error is not None:
                    future.set_exception(error)
                elif first is Outcome.CANCELLED:
                    self._cancel(future)
                else:
                    _cancel_silently(future)
            except concurrent.futures.InvalidStateError:
                pass  # another thread was faster
            self._future = None
        return outcome is first or (outcome is Outcome.CANCELLED and first is Outcome.ABANDONED)

    def _cancel(self, future: Future[Data]) -> None:
        concurrent.futures.Future.cancel(future)  # a Job's own cancel() comes here
        with self._lock:  # the second of two calls would raise
            if future._state == CANCELLED:
                future.set_running_or_notify_cancel()  # lets wait() and as_completed() see it

    def _end_input(self, error: BaseException | None) -> None:
        if self._chunks is not None:
            self._chunks.end(error)

    def _interrupt(self) -> None:
        with self._lock:
            on_stop = self._on_stop
        if on_stop is not None:
            on_stop()


def _cancel_silently(future: Future[Data]) -> None:
    """Cancel a Future without waking those who wait for it, which no public method does.

    Those who ask later get the end at once.
    """
    with future._condition:
        if future._state not in RESOLVED:
            future._state = CANCELLED_AND_NOTIFIED
