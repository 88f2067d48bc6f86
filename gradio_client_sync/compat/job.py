"""`Job` in the form of `gradio_client`: a Future whose result is the plain value of a call."""

from __future__ import annotations

import concurrent.futures
import logging
from collections.abc import AsyncGenerator, Iterable
from concurrent.futures import CancelledError, InvalidStateError
from time import monotonic
from typing import TYPE_CHECKING, Any, Callable

from .._tracebacks import short_tracebacks
from ..events import Log
from . import _at_exit
from . import _updates as statuses
from ._communicator import Communicator
from ._feed import Feed
from ._results import Results as Results
from ._translated import translated
from ._updates import Status, StatusUpdate

if TYPE_CHECKING:
    from .. import Job as PlainJob
    from ..events import Data

log = logging.getLogger(__name__)

_LONG_WAIT = 30  # s


@short_tracebacks("__next__", skip=("done", "running", "cancelled"))
class Job(concurrent.futures.Future[Any]):
    """A call that runs in the background.

    `result` returns the value of the call, after its files were downloaded: the only output itself,
    or several as a tuple. A loop over the job yields each value when it arrives.

    Args:
        job: The job of the plain client; ``None`` for a call that was never sent.
        results: Converts the values.
        verbose: Whether long waits are printed.
        space_id: The name of the Space, if the app is one.
    """

    def __init__(
        self,
        job: PlainJob | None,
        results: Results,
        *,
        verbose: bool = True,
        space_id: str | None = None,
    ) -> None:
        super().__init__()
        self.verbose = verbose
        self.space_id = space_id
        self._job = job
        self._results = results
        self._feeds: list[Feed] = []  # the first one counts
        self._counter = 0
        self._cancel_asked = False
        self._may_cancel = [True]  # one thread takes it
        self._log: Log | None = None
        self._watches_log = False
        if job is not None:
            _at_exit.started(self)
            job.add_done_callback(self._settle)

    @property
    def communicator(self) -> Communicator:
        """The server's side of the call. Without a reference to it, a job is no cycle."""
        return Communicator(self, self._job)

    @property
    def future(self) -> Job:
        """The Future of the call: this job."""
        return self

    @classmethod
    def failed(cls, error: BaseException, results: Results) -> Job:
        """Return the job of a call that failed before it was sent."""
        job = cls(None, results)
        job.set_exception(error)
        return job

    # -- the end

    def _settle(self, ended: concurrent.futures.Future[Data]) -> None:
        """End like the plain job. If it has a value, download the files first."""
        try:
            self._take_over(ended)
        except InvalidStateError:
            log.debug("a job was cancelled while its result was downloaded")
        finally:
            _at_exit.ended(self)

    def _take_over(self, ended: concurrent.futures.Future[Data]) -> None:
        if ended.cancelled():
            self._become_cancelled()
            return
        error = ended.exception()
        if error is not None:
            self.set_exception(translated(error))
            return
        try:
            value = self._results.value(ended.result())
        except BaseException as exc:  # noqa: BLE001 - it becomes the job's error
            self.set_exception(translated(exc))
            return
        self.set_result(value)

    def _become_cancelled(self) -> None:
        try:
            self._may_cancel.pop()
        except IndexError:
            return  # another thread did it
        if super().cancel():
            self.set_running_or_notify_cancel()  # for `wait` and `as_completed`

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the job to end, and return its value.

        Args:
            timeout: Seconds to wait; ``None`` waits without a limit.

        Returns:
            The value: the only output itself, several as a tuple, and ``()`` for none.

        Raises:
            GradioClientError: The job failed. Its class is also that of `gradio_client`.
            concurrent.futures.TimeoutError: The job did not end within `timeout` seconds.
            concurrent.futures.CancelledError: The job was cancelled.
        """
        error = super().exception(self._wait_for_plain(timeout))
        if error is None:
            return super().result()
        try:
            raise error.with_traceback(None)  # without the lines of an earlier call
        finally:
            del self, error  # breaks a cycle: the traceback has the job, and the job the error

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the job to end, and return its error; ``None`` if it succeeded.

        Args:
            timeout: Seconds to wait; ``None`` waits without a limit.
        """
        return super().exception(self._wait_for_plain(timeout))

    def _wait_for_plain(self, timeout: float | None) -> float | None:
        """Wait for the job of the plain client; its waits are safe if a signal arrives.

        Returns:
            The remaining seconds.
        """
        if self._job is None or self.done():
            return timeout
        start = monotonic()
        try:
            self._job.exception(timeout)
        except CancelledError:
            pass
        except KeyboardInterrupt:
            _at_exit.ended(self)
            raise
        return None if timeout is None else max(0.0, timeout - (monotonic() - start))

    def cancel(self) -> bool:
        """Cancel the job, here and on the server.

        Returns:
            ``True``, also if the job had already ended.
        """
        if not self.done():
            self._cancel_asked = True
            if self._job is None or not self._job.cancel():
                self._become_cancelled()  # its result is being downloaded
        return True

    def running(self) -> bool:
        """Return whether the job has started and has not ended."""
        return (
            self._job is not None and not self.done() and (self._job.running() or self._job.done())
        )

    # -- values

    def outputs(self) -> list[Any]:
        """Return the values so far. After a success there is at least one."""
        feed = self._feed()
        return [] if feed is None else feed.values_so_far()

    def __iter__(self) -> Job:
        return self

    def __next__(self) -> Any:
        """Return the next value. A second loop continues where the first one stopped."""
        feed = self._feed()
        try:
            found = () if feed is None else feed.value(self._counter)
        except KeyboardInterrupt:
            _at_exit.ended(self)
            raise
        if found:
            self._counter += 1
            return found[0]
        self._raise_at_end()
        raise StopIteration

    async def __aiter__(self) -> AsyncGenerator[statuses.Update, None]:
        """Yield each status and each value when it arrives."""
        feed = self._feed()
        if feed is not None:
            async for update in feed.updates():
                yield update
        self._raise_at_end()

    def _raise_at_end(self) -> None:
        """Raise the error of a job after its last value."""
        try:
            self.result()
        except CancelledError:
            if not self._cancel_asked:
                raise

    def _feed(self) -> Feed | None:
        """Return the feed, which is made when values are wanted, because it holds the job."""
        if self._job is None:
            return None
        if not self._feeds:
            self._feeds.append(Feed(self._job, self, self._results))
        return self._feeds[0]

    # -- status

    def status(self) -> StatusUpdate:
        """Return the latest status."""
        if self._job is None or self.done():
            if self.cancelled() or self._cancel_asked:
                return statuses.update(Status.CANCELLED, rank=0, success=False)
            success = self.exception() is None
            return statuses.update(Status.FINISHED, rank=0, success=success)
        if self._cancel_asked:
            return statuses.update(Status.CANCELLED, rank=0, success=False)
        if not self._watches_log:
            self._watches_log = True
            self._job.on("log", self._keep_log)
        status, message = self._job.status, self._log
        if message is not None and message.time >= status.time:
            return statuses.update_of(message)
        shown = statuses.update_of(status)
        if shown.code is Status.FINISHED:  # the files of its result are being downloaded
            return statuses.update(Status.PROCESSING, status.time)
        if self.verbose and self.space_id and shown.eta is not None and shown.eta > _LONG_WAIT:
            print(
                f"{self.space_id} is busy: this call will take about {int(shown.eta)} s. A copy of "
                f"your own has no queue: Client.duplicate({self.space_id!r})"
            )
        return shown

    def _keep_log(self, message: Log) -> None:
        self._log = message

    # -- callbacks

    def call_back(self, callbacks: Callable[..., Any] | Iterable[Callable[..., Any]]) -> None:
        """Call functions with the value of the job, if it succeeds.

        Args:
            callbacks: One function or several. Several outputs are several arguments.
        """
        for callback in [callbacks] if callable(callbacks) else callbacks:
            self.add_done_callback(_on_success(callback))


def _on_success(callback: Callable[..., Any]) -> Callable[[concurrent.futures.Future[Any]], None]:
    def call(job: concurrent.futures.Future[Any]) -> None:
        if job.cancelled() or job.exception() is not None:
            return
        value = job.result()
        try:
            callback(*value) if isinstance(value, tuple) else callback(value)
        except Exception:
            log.exception("the callback %r failed", callback)

    return call
