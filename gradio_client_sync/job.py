"""`Job`: the handle of a call, which `Client.submit` returns.

A `Job` does no input or output. `_job.control` decides how it ends, and `_job.event_log` keeps its
events.
"""

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
    """A call that runs in the background: a `concurrent.futures.Future` with events.

    `Client.submit` starts a job and returns it. There are three ways to read it:

    - `result` waits for the final value, and raises the error of a failed job.
    - A ``for`` loop over the job yields each value when it arrives, the final one included.
    - `on` adds listeners for values, status changes, log messages and uploads.

    `cancel` stops a job. A job works with `concurrent.futures.wait`,
    `concurrent.futures.as_completed` and `asyncio.wrap_future`. Every method may be called from any
    thread.

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
        self._owner = owner  # the client: it must not be garbage-collected while a job needs it
        self._chunks = chunks  # None unless the function accepts input while it runs
        self._pid = os.getpid()
        control.bind(self)

    # -- properties ---------------------------------------------------------------

    @property
    def endpoint(self) -> str | int:
        """The endpoint's name with its leading slash, or its ``fn_index`` if it has no name."""
        return self._control.endpoint

    @property
    def fn_index(self) -> int:
        """The ``fn_index`` of the function that the job calls."""
        return self._control.fn_index

    @property
    def event_id(self) -> str | None:
        """The server's id for the job.

        ``None`` until the server has accepted the job. Gradio 3 gives no ids, so there it is
        always ``None``.
        """
        return self._control.event_id

    @property
    def status(self) -> Status:
        """The latest `Status` of the job."""
        status = self._log.status
        assert status is not None  # noqa: S101 - submit() published the first one
        return status

    @property
    def outputs(self) -> list[Data]:
        """A new list of all values received so far. To follow a job, iterate over it instead."""
        return list(self._log.data(wait=False))

    @property
    def timings(self) -> Timings:
        """The times at which the job was queued, started, gave its first value and ended."""
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

    def _final(self) -> Data | None:
        """Return the final value, also to a listener of the last status, which `result` refuses."""
        return self._log.final

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
        """Call `callback` with each event of one kind.

        A listener that is added late first receives the earlier events of its kind. Events
        arrive in order, one at a time, each exactly once, on a worker thread of the job. If the
        job has already ended, `on` returns after `callback` has received all events.

        A slow callback delays its own job only. If a callback raises an exception, the exception
        is logged, and the callback still receives the later events.

        Args:
            event: The kind of event, which decides what `callback` receives:

                - ``"data"``: a `Data` for each value, intermediate or final.
                - ``"status"``: a `Status` each time the job's state, queue position or
                  progress changes.
                - ``"log"``: a `Log` for each ``gr.Info``, ``gr.Warning`` and ``gr.Success`` of
                  the app.
                - ``"render"``: a `Render` when the app has created components and functions for
                  this session (``gr.render``).
                - ``"upload"``: an `Upload` with the bytes sent so far, while the files of the
                  payload are uploaded.
            callback: A function with one parameter, the event. Its return value is ignored.

        Returns:
            The job itself, so that calls can be chained.

        Raises:
            ValueError: `event` is not one of the five kinds.
            TypeError: `callback` is not callable.

        Example:
            >>> job = app.submit("/count", [3]).on("data", lambda data: print(data[0]))

        Behaviour:
            ``submit(...).on`` of @gradio/client 0.2.1. Difference: a late listener receives the
            events that it missed.
        """
        _check(event)
        if not callable(callback):
            raise TypeError(f"The listener for {event!r} has to be callable, not {callback!r}.")
        self._log.subscribe(event, callback)
        return self

    def off(self, event: EventName, callback: Callable[[Any], object]) -> Job:
        """Remove a listener that `on` has added.

        Args:
            event: The kind of event, as it was given to `on`.
            callback: The listener. Nothing happens if it was not added.

        Returns:
            The job itself.

        Raises:
            ValueError: `event` is not ``"data"``, ``"status"``, ``"log"``, ``"render"`` or
                ``"upload"``.
        """
        _check(event)
        self._log.unsubscribe(event, callback)
        return self

    def destroy(self) -> Job:
        """Remove every listener. The job continues; use `cancel` to stop it.

        Returns:
            The job itself.
        """
        self._log.unsubscribe()
        return self

    def show_progress(self) -> Job:
        """Show the job's progress: uploads, the position in the queue and the app's own bars.

        Progress is a line on standard error, or a widget in a notebook. Each job has its own
        line.

        Returns:
            The job itself.

        Raises:
            MissingDependencyError: tqdm is not installed (extra ``progress``).

        Example:
            >>> job = app.submit("/generate", ["a cat"]).show_progress()
        """
        from ._terminal.progress import ProgressBars

        ProgressBars().watch(self)
        return self

    # -- waiting ------------------------------------------------------------------

    def result(self, timeout: float | None = None) -> Data:
        """Wait for the job to end, and return its final value.

        Args:
            timeout: Seconds to wait. ``None`` waits without a limit. The job continues after
                a timeout.

        Returns:
            The final value of the function.

        Raises:
            GradioClientError: The job failed. The subclass tells how.
            concurrent.futures.TimeoutError: The job did not end within `timeout` seconds.
            concurrent.futures.CancelledError: The job was cancelled.
            RuntimeError: A listener of this job called `result`, which would wait for the
                listener itself. Or the job was started before this process was forked, and only
                the parent process can wait for it.
        """
        self._check_wait("result()", timeout)
        return self._outcome(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the job to end, and return its error.

        Args:
            timeout: Seconds to wait. ``None`` waits without a limit. The job continues after
                a timeout.

        Returns:
            The exception of a failed job; ``None`` if the job succeeded.

        Raises:
            concurrent.futures.TimeoutError: The job did not end within `timeout` seconds.
            concurrent.futures.CancelledError: The job was cancelled.
            RuntimeError: A listener of this job called `exception`, which would wait for the
                listener itself. Or the job was started before this process was forked, and only
                the parent process can wait for it.
        """
        self._check_wait("exception()", timeout)
        self._wait_for_end(timeout)
        return self._exception

    def __iter__(self) -> Iterator[Data]:
        """Iterate over the job's values as they arrive, from the first to the result.

        Every iteration begins with the first value that the job still keeps, also if the job
        has ended.

        Raises:
            Exception: After the last value, the exception that `result` raises.
        """
        self._check_wait("A loop over the job")
        yield from self._log.data(wait=True)
        self._outcome(None)

    def done(self) -> bool:
        """Return whether the job has ended: with a result, with an error, or cancelled."""
        # Read without the Future's lock, so that a loop that polls does not block the worker.
        return self._state in RESOLVED

    def running(self) -> bool:
        """Return whether a worker has started the job and it has not ended.

        Unlike other futures, a running job can be cancelled.
        """
        return self._control.started and not self.done()

    def cancel(self) -> bool:
        """Cancel the job, here and, if the server supports it, on the server.

        `cancel` returns at once. A worker sends the cancel request in the background.

        Other jobs are not affected. Servers from Gradio 4.31 on can only cancel all jobs of one
        function in one session. While other such jobs run, the request is therefore sent after
        they end. A job submitted with ``isolated=True`` has its own session, so its request is
        never delayed.

        Returns:
            ``True`` if the job is now cancelled; ``False`` if it had already ended.

        Raises:
            RuntimeError: The job was started before this process was forked. Only the parent
                process can cancel it.

        Behaviour:
            The page "protocols" of the docs lists what each Gradio release stops.
        """
        self._check_process()
        return self._control.cancel()

    # -- further input ------------------------------------------------------------

    def send_chunk(self, payload: Payload = None, *, timeout: float | None = None) -> None:
        """Send the next input to a running job whose function accepts a stream of inputs.

        Such a function has ``connection="stream"`` in the app's config (Gradio 5.0 and later).
        The server calls it once for each input. The payload of `Client.submit` is the first
        input. Each return value is a value of the job.

        `send_chunk` blocks until the server has processed the previous input, also while the job
        is in the queue. Otherwise a new input could replace one that the server has not
        processed yet.

        Args:
            payload: The values of the input: a list or tuple by position, a dict by parameter
                name, or ``None`` for no values.
            timeout: Seconds to wait until the input can be sent. ``None`` waits without a limit.

        Raises:
            PayloadError: The values do not fit the endpoint, or its function accepts no stream.
            StreamClosedError: The job has ended, or `close_stream` was called. An app may limit
                the time of a job, and may end a job that gets no input (usually after 30 s).
            concurrent.futures.TimeoutError: `timeout` passed. Nothing was sent.
            ConnectFailedError, HTTPStatusError: The server did not accept the input.
            ClientClosedError: The client was closed.

        Example:
            >>> job = app.submit("/transcribe", [first_second])
            >>> job.send_chunk([next_second])
            >>> job.close_stream()
            >>> job.result()[0]
            'hello there'

        Behaviour:
            ``send_chunk`` of @gradio/client 2.7.0. Differences: the payload has the same forms as
            for `Client.submit`, and the call waits for the previous input. JavaScript sends its
            argument unchanged and at once.
        """
        self._input().send(payload, timeout)

    def close_stream(self) -> None:
        """End the input stream of a job, so that the job ends.

        `close_stream` waits until the server has processed the last input. Calling it again, or
        after the job has ended, does nothing.

        The server decides on the job's last value: Gradio 5.x calls the function once more with
        the last input, Gradio 6.x repeats the last value.

        Raises:
            PayloadError: The function accepts no stream of inputs.
            ConnectFailedError, HTTPStatusError: The server did not receive the request.
            ClientClosedError: The client was closed.

        Behaviour:
            ``close_stream`` of @gradio/client 2.7.0. Difference: the job continues to receive
            events until it ends. JavaScript stops listening.
        """
        self._input().close()

    def _input(self) -> InputStream:
        if self._chunks is None:
            raise PayloadError(
                f"{self.endpoint!r} does not accept input while it runs. Only functions of stream "
                "events do (connection='stream' in the app's config, Gradio 5.0 and later). Call "
                "the endpoint again with the new input instead.",
                endpoint=self.endpoint,
            )
        return self._chunks

    # -- waiting: internals -------------------------------------------------------

    def _invoke_callbacks(self) -> None:
        self._control.wake()
        super()._invoke_callbacks()  # type: ignore[misc]  # not in typeshed, but in every Future

    def _check_process(self) -> None:
        if self._pid != os.getpid() and not self.done():
            raise RuntimeError(
                f"The job of {self.endpoint!r} runs in the parent process, and only the parent can "
                "wait for it or cancel it. Make the call again in this process."
            )

    def _wait_for_end(self, timeout: float | None) -> None:
        if not self.done() and not self._control.wait_for(self.done, timeout):
            raise concurrent.futures.TimeoutError
        if self._state != FINISHED:  # unlike cancelled(), this takes no lock
            raise concurrent.futures.CancelledError

    def _outcome(self, timeout: float | None) -> Data:
        self._wait_for_end(timeout)
        if self._exception is not None:
            try:
                raise self._exception
            finally:
                del self  # breaks a cycle: the traceback has the job, and the job the exception
        data = self._result
        assert data is not None  # noqa: S101 - the job succeeded
        return data

    def _check_wait(self, what: str, timeout: object = None) -> None:
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float, type(None))):
            raise TypeError(f"timeout has to be a number of seconds or None, not {timeout!r}.")
        self._check_process()
        if self._log.is_notifying_here and not self.done():
            raise RuntimeError(
                f"{what} in a listener of the same job ({self.endpoint!r}) would wait for itself. "
                "Use the event that the listener has received, or add_done_callback()."
            )


def control_of(job: Job) -> JobControl:
    """Return the control of a job, for the client that created the job."""
    return job._control


def _check(event: str) -> None:
    if event not in _EVENTS:
        raise ValueError(f"A job has no event {event!r}. Its events are {', '.join(_EVENTS)}.")
