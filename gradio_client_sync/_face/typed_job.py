"""`TypedJob`: a job whose values are the plain outputs of its endpoint."""

from __future__ import annotations

import functools
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._tracebacks import short_tracebacks
from ..job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..events import Data

T = TypeVar("T")


class TypedJob(Job, Generic[T]):
    """A running job that returns plain outputs instead of `Data`.

    A value is the output itself if the endpoint has one output, a tuple if it has several, and
    ``None`` if it has none. Everything else is as in `Job`: status, listeners, events and so on.
    Events and listeners have `Data`.

    Attributes:
        job: The `Job` itself, whose values are `Data`.

    Example:
        >>> call = app.function("/count").submit(3)
        >>> list(call)
        ['0', '1', '2', '2']
    """

    __module__ = "gradio_client_sync.function"  # where users import it from; `help` shows this

    _result_has_outputs = False

    def __init__(self, job: Job, outputs: int) -> None:
        Future.__init__(self)
        self.job = job
        self._outputs = outputs
        job.add_done_callback(_End(self))

    def result(self, timeout: float | None = None) -> T:  # type: ignore[override]  # a plain value
        """Wait for the job to end, and return its final value.

        Args:
            timeout: Seconds to wait. ``None`` waits without a limit. The job continues after
                a timeout.

        Raises:
            GradioClientError: The job failed.
            concurrent.futures.TimeoutError: The job did not end within `timeout` seconds.
            concurrent.futures.CancelledError: The job was cancelled.
        """
        return bare(self.job.result(timeout), self._outputs)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[T]:  # type: ignore[override]  # plain values
        """Iterate over the values as they arrive, from the first to the result."""
        for data in self.job:
            yield bare(data, self._outputs)

    def cancelled(self) -> bool:
        """Return whether the job was cancelled."""
        return self.job.cancelled()

    def __repr__(self) -> str:
        return f"<TypedJob of {self.job!r}>"

    _invoke_callbacks = Future._invoke_callbacks  # type: ignore[attr-defined]  # of this Future

    def _end(self) -> None:
        """End this Future like the job, for functions such as ``concurrent.futures.wait``."""
        if self.job.cancelled():
            Future.cancel(self)
            self.set_running_or_notify_cancel()
            return
        error = self.job.exception()
        if error is not None:
            self.set_exception(error)
        else:
            self.set_result(bare(self.job.result(), self._outputs))


class _End:
    """Ends a `TypedJob` when its job has ended.

    It then drops the `TypedJob`: the job keeps its callbacks, and a reference cycle would keep
    both.
    """

    def __init__(self, job: TypedJob[Any]) -> None:
        self._job: TypedJob[Any] | None = job

    def __call__(self, _: Future[Data]) -> None:
        job, self._job = self._job, None
        if job is not None:
            job._end()


def bare(data: Data, outputs: int) -> Any:
    """Return the plain outputs: the only one, a tuple of several, or ``None``."""
    if outputs == 0:
        return None
    return data[0] if outputs == 1 and len(data) == 1 else tuple(data)


def _method(name: str, method: Any) -> Any:
    @functools.wraps(method)
    def of_job(self: TypedJob[Any], *args: Any, **kwargs: Any) -> Any:
        returned = getattr(self.job, name)(*args, **kwargs)
        return self if returned is self.job else returned

    return of_job


def _property(name: str, known: property) -> property:
    return property(lambda self: getattr(self.job, name), doc=known.__doc__)


def _add_members() -> None:
    """Give `TypedJob` all members of `Job`. Its state is that of the job inside."""
    shown = ("__enter__", "__exit__", "_ipython_display_", "_repr_mimebundle_", "_repr_html_")
    for name, member in vars(Job).items():
        if name in vars(TypedJob) or (name.startswith("_") and name not in shown):
            continue
        own = _property(name, member) if isinstance(member, property) else _method(name, member)
        setattr(TypedJob, name, own)


_add_members()
short_tracebacks("__iter__", skip=("done", "running"))(TypedJob)
