"""`Job`: the handle of a call, which `Client.submit` returns.

A `Job` does no input or output. `_job.control` decides how it ends, and `_job.event_log` keeps its
events.
"""

from __future__ import annotations

import concurrent.futures
import os
import threading
from collections.abc import Iterator
from concurrent.futures._base import FINISHED
from typing import TYPE_CHECKING, Any, Callable, Literal, TypeVar, overload

from ._basics.misuse import ExplainsMisuse
from ._basics.printing import printable
from ._basics.words import called
from ._job.control import RESOLVED, JobOutcome
from ._options import seconds
from ._protocol.queue.standing import stage_in_words
from ._tracebacks import short_tracebacks
from .errors import PayloadError
from .events import Data, Status, Timings

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ._job.control import JobControl
    from ._job.event_log import EventLog
    from ._job.input_stream import InputStream
    from ._job.text import TextPieces
    from .events import (
        DataListener,
        Event,
        Log,
        LogListener,
        Render,
        RenderListener,
        StatusListener,
        TextPiece,
        Upload,
        UploadListener,
    )
    from .types import EventName, Payload

    _OnData = TypeVar("_OnData", bound=DataListener)
    _OnStatus = TypeVar("_OnStatus", bound=StatusListener)
    _OnLog = TypeVar("_OnLog", bound=LogListener)
    _OnRender = TypeVar("_OnRender", bound=RenderListener)
    _OnUpload = TypeVar("_OnUpload", bound=UploadListener)


_EVENTS: tuple[EventName, ...] = ("data", "status", "log", "render", "upload")
_AS_DECORATOR: Any = ...  # the callback follows


@short_tracebacks("__iter__", "_events", "_pieces", skip=("done", "running"))
class Job(ExplainsMisuse, concurrent.futures.Future[Data]):
    """A call that runs in the background: a `concurrent.futures.Future` with events.

    `Client.submit` starts a job and returns it. There are several ways to read it:

    - `result` waits for the final value, and raises the error of a failed job.
    - A ``for`` loop over the job yields each value when it arrives, the final one included.
    - `text` yields only what is new of a growing text, such as a chat's reply.
    - `events` yields values, status changes, log messages and uploads.
    - `on` adds listeners for the same events.

    `cancel` stops a job. So does the end of a ``with`` block, if the job has not ended. A job works
    with `concurrent.futures.wait`, `concurrent.futures.as_completed` and `asyncio.wrap_future`.
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
        if self.cancelled():
            return printable(f"<Job {called(self.endpoint)} cancelled>")
        stage = stage_in_words(self.status, started="started" in self._control.times)
        return printable(f"<Job {called(self.endpoint)} {stage}>")

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

    def _age(self) -> float:
        """Return the seconds since `Client.submit`."""
        return self._control.age()

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def __reduce__(self) -> Any:
        raise TypeError(
            "A Job cannot be pickled: it is tied to the connection of this process. "
            "Pickle its result, or make the call in the other process."
        )

    # -- listening ----------------------------------------------------------------

    @overload
    def on(self, event: Literal["data"], callback: DataListener) -> Self: ...
    @overload
    def on(self, event: Literal["status"], callback: StatusListener) -> Self: ...
    @overload
    def on(self, event: Literal["log"], callback: LogListener) -> Self: ...
    @overload
    def on(self, event: Literal["render"], callback: RenderListener) -> Self: ...
    @overload
    def on(self, event: Literal["upload"], callback: UploadListener) -> Self: ...
    @overload
    def on(self, event: Literal["data"]) -> Callable[[_OnData], _OnData]: ...
    @overload
    def on(self, event: Literal["status"]) -> Callable[[_OnStatus], _OnStatus]: ...
    @overload
    def on(self, event: Literal["log"]) -> Callable[[_OnLog], _OnLog]: ...
    @overload
    def on(self, event: Literal["render"]) -> Callable[[_OnRender], _OnRender]: ...
    @overload
    def on(self, event: Literal["upload"]) -> Callable[[_OnUpload], _OnUpload]: ...
    def on(self, event: EventName, callback: Callable[[Any], object] = _AS_DECORATOR) -> Any:
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
                Without it, ``@job.on("data")`` decorates the function.

        Returns:
            The job itself, so that calls can be chained. As a decorator, the function.

        Raises:
            ValueError: `event` is not one of the five kinds.
            TypeError: `callback` is not callable.

        Example:
            >>> job = app.submit("/count", [3]).on("data", lambda data: print(data[0]))
            >>> stages = []
            >>> @job.on("status")
            ... def watch(status):
            ...     stages.append(status.stage)

        Behaviour:
            ``submit(...).on`` of @gradio/client 0.2.1. Difference: a late listener receives the
            events that it missed.
        """
        _check(event)
        if callback is _AS_DECORATOR:

            def decorate(function: Callable[[Any], object]) -> Callable[[Any], object]:
                self.on(event, function)
                return function

            return decorate
        if not callable(callback):
            raise TypeError(f"The listener for {event!r} has to be callable, not {callback!r}.")
        self._log.subscribe(event, callback)
        return self

    def off(self, event: EventName, callback: Callable[[Any], object]) -> Self:
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

    def destroy(self) -> Self:
        """Remove every listener. The job continues; use `cancel` to stop it.

        Returns:
            The job itself.
        """
        self._log.unsubscribe()
        return self

    def show_progress(self) -> Self:
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
            GradioClientError: The job failed. The subclass names the kind of failure.
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
        self._wait_for_end(timeout, "exception()")
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

    @overload
    def events(self, kind: Literal["data"], /) -> Iterator[Data]: ...
    @overload
    def events(self, kind: Literal["status"], /) -> Iterator[Status]: ...
    @overload
    def events(self, kind: Literal["log"], /) -> Iterator[Log]: ...
    @overload
    def events(self, kind: Literal["render"], /) -> Iterator[Render]: ...
    @overload
    def events(self, kind: Literal["upload"], /) -> Iterator[Upload]: ...
    @overload
    def events(self, *kinds: EventName) -> Iterator[Event]: ...
    @overload
    def events(self, *kinds: EventName, idle: float | None) -> Iterator[Event | None]: ...
    def events(self, *kinds: EventName, idle: float | None = None) -> Iterator[Any]:
        """Iterate over the job's events as they arrive.

        This gives in a loop what `on` gives to listeners. Every loop begins with the first event
        that the job still keeps. ``event.type`` is the kind of an event.

        Args:
            kinds: The kinds of event, as for `on`. Without one, all kinds are given.
            idle: Seconds. When no event has come for this time, the loop gets ``None``, so that it
                can check whether to continue.

        Returns:
            An iterator. After the last event, it raises the exception that `result` raises.

        Raises:
            ValueError: A kind is not ``"data"``, ``"status"``, ``"log"``, ``"render"`` or
                ``"upload"``.

        Example:
            >>> job = app.submit("/count", [2])
            >>> [data[0] for data in job.events("data")]
            ['0', '1', '1']
            >>> {event.type for event in job.events()} == {"data", "status"}
            True
        """
        for kind in kinds:
            _check(kind)
        return self._events(frozenset(kinds or _EVENTS), seconds("idle", idle))

    def _events(self, kinds: frozenset[EventName], idle: float | None) -> Iterator[Event | None]:
        self._check_wait("A loop over the job")
        yield from self._log.events(kinds, idle=idle)
        self._outcome(None)

    def text(self, output: int | str = 0, *, idle: float | None = None) -> Iterator[TextPiece]:
        """Iterate over a growing text, such as a chat's reply, one new piece after another.

        The output is a text, or a chat; of a chat, the text of the last message grows. If the app
        replaces what it has said, or a chat gets a new last message, the next piece is the whole
        new text, and its attribute ``restarts`` is ``True``. So is the first piece if the job no
        longer keeps its first values. The pieces since then, joined, are the text so far, and in
        the end the final text.

        Args:
            output: The number or label of the output.
            idle: Seconds. When no value has come for this time, or a value has no new text, the
                loop gets an empty piece. A web server that sends it on notices that its own
                client has left.

        Returns:
            An iterator over texts (`TextPiece`). After the last one, it raises the exception that
            `result` raises. It raises a `PayloadError` at a value that is not a text.

        Example:
            >>> list(app.submit("/chat", ["Hello"]).text())
            ['Hello:', ' once', ' upon', ' a', ' time']
        """
        from ._job.text import TextPieces

        if isinstance(output, bool) or not isinstance(output, (int, str)):
            raise TypeError(f"output has to be the number or label of an output, not {output!r}.")
        idle = seconds("idle", idle)
        values = self._log.data_or_pauses(idle, lambda: pieces.note_gap())
        pieces: TextPieces = TextPieces(values, output, pauses=idle is not None)
        return self._pieces(pieces)

    def _pieces(self, pieces: TextPieces) -> Iterator[TextPiece]:
        self._check_wait("A loop over the job")
        yield from pieces
        self._outcome(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cancel the job if it has not ended."""
        if not self.done() and self._pid == os.getpid():
            self._control.cancel()

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
                f"{called(self.endpoint)} does not accept input while it runs. Only functions of "
                "stream events do (connection='stream' in the app's config, Gradio 5.0 and later). "
                "Call the endpoint again with the new input instead.",
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
                f"The job of {called(self.endpoint)} runs in the parent process, and only the "
                "parent can wait for it or cancel it. Make the call again in this process."
            )

    def _may_return(self) -> bool:
        # A job that the interpreter's exit ends is left waiting in daemon threads, also in one that
        # begins to wait after that: its exception would be printed during the exit.
        return self.done() and not (
            self._control.outcome is JobOutcome.ABANDONED and threading.current_thread().daemon
        )

    def _wait_for_end(self, timeout: float | None, what: str = "result()") -> None:
        if not self._may_return() and not self._control.wait_for(self._may_return, timeout):
            raise concurrent.futures.TimeoutError(
                f"{called(self.endpoint)} did not end within {timeout:g} s: it is "
                f"{self._control.whereabouts()}. The job continues. Call {what} again to wait "
                "longer, or cancel() to stop it."
            )
        if self._state != FINISHED:  # unlike cancelled(), this takes no lock
            reason = self._control.cancelled
            raise concurrent.futures.CancelledError(
                f"The job of {called(self.endpoint)} was cancelled. {reason}".rstrip()
            )

    def _outcome(self, timeout: float | None) -> Data:
        self._wait_for_end(timeout)
        if self._exception is not None:
            try:
                # Without the lines of an earlier call, which would stay in the traceback.
                raise self._exception.with_traceback(None)
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
                f"{what} in a listener of the same job ({called(self.endpoint)}) would wait for "
                "itself. Use the event that the listener has received, or add_done_callback()."
            )


def control_of(job: Job) -> JobControl:
    """Return the control of a job, for the client that created the job."""
    return job._control


def _check(event: object) -> None:
    if event not in _EVENTS:
        hint = ' Decorate with @job.on("data").' if callable(event) else ""
        raise ValueError(
            f"A job has no event {event!r}. Its events are {', '.join(_EVENTS)}.{hint}"
        )
