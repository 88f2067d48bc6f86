"""`Job`: what `submit` returns and users hold. No I/O in here; the worker does that."""

from __future__ import annotations

import concurrent.futures
import math
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures._base import CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED
from typing import TYPE_CHECKING, Any, Callable, Literal, overload

from ._transport.signal_safe import SafeCondition, SafeEvent
from .errors import PayloadError
from .events import Data, Status, Timings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._job.event_log import EventLog
    from ._job.input_stream import InputStream
    from .errors import GradioClientError
    from .events import (
        DataListener,
        Event,
        LogListener,
        RenderListener,
        StatusListener,
        UploadListener,
    )
    from .types import EventName, Payload


_EVENTS = ("data", "status", "log", "render", "upload")
_OVER = (CANCELLED, CANCELLED_AND_NOTIFIED, FINISHED)  # a Future's states


class Job(concurrent.futures.Future[Data]):
    """A call under way: a real `Future` that can be listened to, looped over and cancelled.

    `concurrent.futures.wait` and `as_completed`, and `asyncio.wrap_future`, take it.
    Every method may be called from any thread.

    Example:
        >>> job = app.submit("/count", [3])
        >>> [data[0] for data in job]
        ['0', '1', '2', '2']
        >>> job.result()[0]
        '2'
    """

    def __init__(
        self,
        endpoint: str | int,
        fn_index: int,
        log: EventLog,
        owner: object,
        chunks: InputStream | None = None,
    ) -> None:
        super().__init__()
        self._endpoint = endpoint
        self._fn_index = fn_index
        self._log = log
        self._owner = owner  # the client: it must not be collected while a job needs it
        self._chunks = chunks  # where the function takes input while it runs
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._ended = SafeCondition(self._lock)
        self._cancel_asked = False
        self._cancel_told = False  # who waits for several jobs knows of the cancellation
        self._abandoned = False  # the interpreter exits, and nobody is told any more
        self._interrupt: Callable[[], None] | None = None
        self._is_released = False  # the worker has let go, the server has been told
        self._released: SafeEvent | None = None  # of which mostly nobody waits to be told
        self._patience = math.inf  # until when anybody waits for that
        self._started = False
        self._submitted = time.monotonic()
        self._marks: dict[str, float] = {}  # what happened when, in seconds since then
        self._bytes = 0
        self._event_id: str | None = None

    # -- what it is ---------------------------------------------------------------

    @property
    def endpoint(self) -> str | int:
        """The endpoint's name with its slash, or its ``fn_index`` if it has no name."""
        return self._endpoint

    @property
    def fn_index(self) -> int:
        """The number of the function that runs."""
        return self._fn_index

    @property
    def event_id(self) -> str | None:
        """The server's name for the job; ``None`` before it has one (always on Gradio 3)."""
        return self._event_id

    @property
    def status(self) -> Status:
        """The latest status."""
        status = self._log.status
        assert status is not None  # noqa: S101 - submit() published the first one
        return status

    @property
    def outputs(self) -> list[Data]:
        """Every value so far. Made anew at each access; to follow a job, loop over it."""
        return list(self._log.data(wait=False))

    @property
    def timings(self) -> Timings:
        """How long it took until what: in the queue, at work, to the first value, to the end."""
        return Timings(bytes=self._bytes, **self._marks)

    def __repr__(self) -> str:
        stage = "cancelled" if self.cancelled() else self.status.stage
        return f"<Job {self._endpoint!r} {stage}>"

    def _ipython_display_(self) -> None:
        from ._notebook import live

        if not live.show(self):
            raise NotImplementedError  # IPython then prints the repr

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from ._notebook import live

        return live.job_bundle(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def __reduce__(self) -> Any:
        raise TypeError(
            "A Job cannot be pickled: it is tied to the connection of this process. "
            "Pickle its result, or make the call in the other process."
        )

    # -- listening ----------------------------------------------------------------

    @overload
    def on(self, event: Literal["data"], callback: DataListener) -> Job: ...
    @overload
    def on(self, event: Literal["status"], callback: StatusListener) -> Job: ...
    @overload
    def on(self, event: Literal["log"], callback: LogListener) -> Job: ...
    @overload
    def on(self, event: Literal["render"], callback: RenderListener) -> Job: ...
    @overload
    def on(self, event: Literal["upload"], callback: UploadListener) -> Job: ...
    def on(self, event: EventName, callback: Callable[[Any], object]) -> Job:
        """Have `callback` told of each event of a kind, from the first on.

        Events come in order, one at a time, each once, on a worker thread of the job. A
        slow callback holds up its own job only; one that raises is logged and goes on
        being told. After the job's end, `on` returns when all events have been told.

        Raises:
            ValueError: There is no such kind of event.

        Behaviour: ``submit(...).on`` of @gradio/client 0.2.1. Ours: a late listener is
        told what it missed.
        """
        _check(event)
        if not callable(callback):
            raise TypeError(f"The listener for {event!r} cannot be called: {callback!r}.")
        self._log.subscribe(event, callback)
        return self

    def off(self, event: EventName, callback: Callable[[Any], object]) -> Job:
        """Stop telling `callback` of a kind of event; unknown callbacks are passed over.

        Raises:
            ValueError: There is no such kind of event.
        """
        _check(event)
        self._log.unsubscribe(event, callback)
        return self

    def destroy(self) -> Job:
        """Drop every listener. The job goes on; use `cancel` to stop it."""
        self._log.unsubscribe()
        return self

    def show_progress(self) -> Job:
        """Draw the job's progress from now on: uploads, queue, and the app's own bars.

        A line on standard error, or a widget in a notebook. Several jobs' lines stand
        below each other.

        Raises:
            MissingDependencyError: There is no tqdm (extra ``progress``).

        Example:
            >>> job = app.submit("/generate", ["a cat"]).show_progress()
        """
        from ._terminal.progress import ProgressBars

        ProgressBars().watch(self)
        return self

    # -- waiting ------------------------------------------------------------------

    def result(self, timeout: float | None = None) -> Data:
        """Wait for the final value.

        Args:
            timeout: Seconds to wait; ``None`` waits for as long as it takes. The job goes
                on after a timeout.

        Raises:
            GradioClientError: The job failed; which class says how.
            concurrent.futures.TimeoutError: `timeout` passed.
            concurrent.futures.CancelledError: The job was cancelled.
            RuntimeError: Called by a listener of this job, which it would wait for; or
                the job was under way when this process was forked from its own.
        """
        self._check_wait("result()", timeout)
        return self._outcome(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end; the error of a failed job, or ``None``. As `result` otherwise."""
        self._check_wait("exception()", timeout)
        self._wait_for_end(timeout)
        return self._exception

    def __iter__(self) -> Iterator[Data]:
        """Each value as it comes, all earlier ones first; the last is the result.

        Raises:
            Exception: What `result` would raise, after the last value.
        """
        self._check_wait("A loop over the job")
        yield from self._log.data(wait=True)
        self._outcome(None)

    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._state in _OVER  # not under the Future's lock: it may be asked in a tight loop

    def running(self) -> bool:
        """Whether a worker is at it. It can be cancelled all the same."""
        return self._started and not self.done()

    def cancel(self) -> bool:
        """Stop listening, and stop the work on the server as far as it can.

        Returns at once; the server is told in the background. Other jobs are left
        alone: servers from 4.31 on can only cancel all jobs of one function in one
        session, so while others run, the server is told after they end (a job
        submitted with ``isolated=True`` has no such company).

        Returns:
            Whether the job is cancelled now; ``False`` if it had already ended.

        Raises:
            RuntimeError: The job was under way when this process was forked from its own.

        Behaviour: what stops on the server is told in docs, page "protocols".
        """
        self._check_process()
        if not self._cancel_once():
            return False
        with self._lock:
            interrupt = self._interrupt
        self._end_input(concurrent.futures.CancelledError("cancel() was called"))
        if interrupt is not None:
            interrupt()
        self._log.cancel(time.time())
        return True

    def _cancel_once(self) -> bool:
        with self._lock:
            self._cancel_asked = True
        self._mark("done")  # first: whoever is told may look; of what has ended it is marked
        if not super().cancel():
            return False
        with self._lock:  # the deadline may have asked first, and have come too late
            first, self._cancel_told = not self._cancel_told, True
        if first:
            self.set_running_or_notify_cancel()  # lets wait() and as_completed() see it
        return True

    def _expire(self, status: Status, error: GradioClientError) -> None:
        """The job's time is up, or its app has changed: end it as `cancel` would, with an error."""
        with self._lock:
            self._cancel_asked = True
            interrupt = self._interrupt
        if not self._log.end((status,)):
            return  # it has ended by itself, and its listeners are being told
        self._end_input(error)
        self._mark("done")
        try:
            self.set_exception(error)
        except concurrent.futures.InvalidStateError:
            return  # cancelled
        if interrupt is not None:
            interrupt()
        self._log.tell_soon()

    # -- further input ------------------------------------------------------------

    def send_chunk(self, payload: Payload = None, *, timeout: float | None = None) -> None:
        """Give a running job its next input, where the function takes a stream of them.

        Such functions (``connection="stream"`` in the app's config, from Gradio 5.0 on)
        are called once for each input, the first being the payload of `submit`, and each
        answer is a value of the job. A chunk is sent when the one before it has been
        answered, so that none takes another's place: this blocks until then, also
        while the job waits in the queue.

        Args:
            payload: As for `Client.submit`.
            timeout: Seconds to wait for the turn; ``None`` waits for as long as it takes.

        Raises:
            PayloadError: The values do not fit, or the function takes no stream.
            StreamClosedError: The job is over, or its input was closed. Apps may limit a
                job's time, and end one that gets no input for too long (30 s, mostly).
            concurrent.futures.TimeoutError: `timeout` passed; nothing was sent.
            ConnectFailedError, HTTPStatusError: The server did not take the chunk.
            ClientClosedError: The client was closed.

        Behaviour: ``send_chunk`` of @gradio/client 2.7.0. Ours: values are laid out as
        for `submit`, and wait for their turn; JavaScript sends what it is given, at once.

        Example:
            >>> job = app.submit("/transcribe", [first_second])
            >>> job.send_chunk([next_second])
            >>> job.close_stream()
            >>> job.result()[0]
            'hello there'
        """
        self._input().send(payload, timeout)

    def close_stream(self) -> None:
        """Tell a job that takes a stream of input that there is no more; it then ends.

        Waits until the last chunk has been answered. Harmless when repeated, and after
        the job's end.

        Raises:
            PayloadError: The function takes no stream.
            ConnectFailedError, HTTPStatusError: The server could not be told.
            ClientClosedError: The client was closed.

        Behaviour: ``close_stream`` of @gradio/client 2.7.0. Ours: the job is heard to its
        end; JavaScript stops listening. What its last value is, is up to the server:
        5.x runs the function once more with the last input, 6.x repeats the last answer.
        """
        self._input().close()

    def _input(self) -> InputStream:
        if self._chunks is None:
            raise PayloadError(
                f"{self._endpoint!r} takes its input at once, when it is called, and none "
                "while it runs. Only functions of stream events do (connection='stream' in the "
                "app's config, Gradio 5.0 and later); call this one again instead.",
                endpoint=self._endpoint,
            )
        return self._chunks

    def _end_input(self, error: BaseException | None) -> None:
        if self._chunks is not None:
            self._chunks.end(error)

    def _invoke_callbacks(self) -> None:
        with self._lock:
            self._ended.notify_all()
        super()._invoke_callbacks()  # type: ignore[misc]  # not in the types, but in every Future

    # -- for the worker -----------------------------------------------------------

    @property
    def _stopped(self) -> bool:
        """Whether nobody waits any more: it was cancelled, or its time is up."""
        return self._cancel_asked

    def _mark(self, what: str) -> bool:
        """Note when something happened; whether it was the first time."""
        after = time.monotonic() - self._submitted
        return self._marks.setdefault(what, after) is after

    def _interruptible(self, interrupt: Callable[[], None] | None) -> bool:
        """Let `interrupt` be called by `cancel`; ``False`` if it was called already."""
        with self._lock:
            self._interrupt = interrupt
            return not self._cancel_asked

    def _release(self) -> None:
        """The worker has let go, and the server has been told."""
        with self._lock:
            self._is_released, released = True, self._released
        if released is not None:
            released.set()

    def _wait_until_released(self, timeout: float, *, hurry: bool = False) -> bool:
        """After a cancellation, wait until the server has been told, up to `timeout` seconds.

        Args:
            hurry: Nobody waits for longer later on, either: somebody wants to go.

        Returns:
            Whether it has.
        """
        end = time.monotonic() + timeout
        if hurry:
            self._patience = min(self._patience, end)
        with self._lock:
            if self._is_released or not self._started:
                return self._is_released
            self._released = released = self._released or SafeEvent()
        return released.wait(max(0.0, min(end, self._patience) - time.monotonic()))

    def _begin(self) -> None:
        self._started = True

    def _answered(self, event_id: str | None) -> None:
        """The function has answered its last input, and waits for more."""
        if self._chunks is not None and event_id is not None:
            self._chunks.answered(event_id)

    def _finish(
        self,
        events: Sequence[Event],
        data: Data | None = None,
        error: GradioClientError | None = None,
    ) -> None:
        """Tell listeners the end, then resolve."""
        if data is not None:
            self._mark("first_data")
        self._end_input(error)  # first, since a listener may wait to send more
        self._log.end(events)
        try:
            self._log.tell_all()
        finally:  # memory may run out, but somebody waits for the job
            self._mark("done")
            try:
                if error is not None:
                    self.set_exception(error)
                elif data is not None:
                    self.set_result(data)
                else:
                    self._cancel_once()  # by the app
            except concurrent.futures.InvalidStateError:
                pass  # cancel() came first, and callers have seen it

    def _abandon(self) -> bool:
        """The interpreter exits: end the job as `cancel` would, but wake nobody; see `_exit`.

        Returns:
            Whether the server may have to be told.
        """
        with self._condition:
            if self._state not in _OVER:
                # Who asks from now on has the answer at once; who waits sleeps on.
                self._state = CANCELLED_AND_NOTIFIED
                self._abandoned = True
        with self._lock:
            self._cancel_asked = self._cancel_asked or self._abandoned
            self._cancel_told = self._cancel_told or self._abandoned
            interrupt = self._interrupt
        if self._abandoned and interrupt is not None:
            interrupt()
        return self._stopped

    def _finish_cancelled(self) -> None:
        """The end of a job that was cancelled here, or whose client was closed."""
        if self._abandoned:
            return
        self._end_input(concurrent.futures.CancelledError("the client was closed"))
        self._log.cancel(time.time())
        self._cancel_once()

    def _check_process(self) -> None:
        if self._pid != os.getpid() and not self.done():
            raise RuntimeError(
                f"The job of {self._endpoint!r} runs in the process that this one was forked "
                "from, and its end is told there only. Make the call anew in this process."
            )

    def _wait_for_end(self, timeout: float | None) -> None:
        """Wait, but not as a Future does: its condition is none for signals, see `signal_safe`."""
        if not self.done() and not self._ended.wait_for(self.done, timeout):
            raise concurrent.futures.TimeoutError
        if self._state != FINISHED:
            raise concurrent.futures.CancelledError

    def _outcome(self, timeout: float | None) -> Data:
        self._wait_for_end(timeout)
        if self._exception is not None:
            try:
                raise self._exception
            finally:
                del self  # the traceback would hold the job, which holds the exception
        data = self._result
        assert data is not None  # noqa: S101 - it ended well
        return data

    def _check_wait(self, what: str, timeout: object = None) -> None:
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float, type(None))):
            raise TypeError(f"timeout is a number of seconds or None, not {timeout!r}.")
        self._check_process()
        if self._log.is_telling_here and not self.done():
            raise RuntimeError(
                f"{what} in a listener of the same job would wait for itself. Use the event that "
                "the listener was given, or add_done_callback()."
            )


def _check(event: str) -> None:
    if event not in _EVENTS:
        raise ValueError(f"{event!r} is no event of a job; there are {', '.join(_EVENTS)}.")
