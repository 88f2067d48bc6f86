"""`Job`: what `submit` returns and users hold. What ends it is in `_job.control`."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Iterator
from concurrent.futures._base import FINISHED
from typing import TYPE_CHECKING, Any, Callable, Literal, overload

from ._job.control import RESOLVED
from .errors import PayloadError
from .events import Data, Status, Timings

if TYPE_CHECKING:
    from ._job.control import JobControl
    from ._job.event_log import EventLog
    from ._job.input_stream import InputStream
    from .events import (
        DataListener,
        LogListener,
        RenderListener,
        StatusListener,
        UploadListener,
    )
    from .types import EventName, Payload


_EVENTS = ("data", "status", "log", "render", "upload")


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
        control: JobControl,
        log: EventLog,
        owner: object,
        chunks: InputStream | None = None,
    ) -> None:
        super().__init__()
        self._control = control
        self._log = log
        self._owner = owner  # the client: it must not be collected while a job needs it
        self._chunks = chunks  # where the function takes input while it runs
        self._pid = os.getpid()
        control.bind(self)

    # -- what it is ---------------------------------------------------------------

    @property
    def endpoint(self) -> str | int:
        """The endpoint's name with its slash, or its ``fn_index`` if it has no name."""
        return self._control.endpoint

    @property
    def fn_index(self) -> int:
        """The number of the function that runs."""
        return self._control.fn_index

    @property
    def event_id(self) -> str | None:
        """The server's name for the job; ``None`` before it has one (always on Gradio 3)."""
        return self._control.event_id

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
        return Timings(bytes=self._control.bytes, **self._control.times)

    def __repr__(self) -> str:
        stage = "cancelled" if self.cancelled() else self.status.stage
        return f"<Job {self.endpoint!r} {stage}>"

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
        """Return whether it has ended, in whatever way."""
        return self._state in RESOLVED  # without the Future's lock: a tight loop may ask

    def running(self) -> bool:
        """Return whether a worker has taken it. It can be cancelled all the same."""
        return self._control.started and not self.done()

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
        return self._control.cancel()

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
                f"{self.endpoint!r} takes its input at once, when it is called, and none "
                "while it runs. Only functions of stream events do (connection='stream' in the "
                "app's config, Gradio 5.0 and later); call this one again instead.",
                endpoint=self.endpoint,
            )
        return self._chunks

    # -- waiting, in detail -------------------------------------------------------

    def _invoke_callbacks(self) -> None:
        self._control.wake()
        super()._invoke_callbacks()  # type: ignore[misc]  # not in the types, but in every Future

    def _check_process(self) -> None:
        if self._pid != os.getpid() and not self.done():
            raise RuntimeError(
                f"The job of {self.endpoint!r} runs in the process that this one was forked "
                "from, and its end is told there only. Make the call anew in this process."
            )

    def _wait_for_end(self, timeout: float | None) -> None:
        if not self.done() and not self._control.wait_for(self.done, timeout):
            raise concurrent.futures.TimeoutError
        if self._state != FINISHED:  # cancelled() takes the Future's lock
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


def control_of(job: Job) -> JobControl:
    """Return the control of a job, for the client that made it."""
    return job._control


def _check(event: str) -> None:
    if event not in _EVENTS:
        raise ValueError(f"{event!r} is no event of a job; there are {', '.join(_EVENTS)}.")
