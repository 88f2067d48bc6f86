"""`Map`: the outcomes of many calls of one endpoint, which `Client.map` returns."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from ._basics.printing import printable
from ._basics.words import called
from ._calls.threads import Workers
from ._many import options
from ._many.items import Counts, Outcome
from ._many.recorder import PlainRecorder
from ._many.scheduler import Scheduler
from ._many.source import Source
from ._many.window import AdaptiveWindow, FixedWindow
from ._tracebacks import short_tracebacks

if TYPE_CHECKING:
    import os
    from types import TracebackType

    from typing_extensions import Self

    from ._many.items import Caller

__all__ = ["Counts", "Map", "Outcome"]

T = TypeVar("T")

GRACE = 2.0  # s for the requests that cancel items on the server


@short_tracebacks("__iter__", "__next__", "__enter__", "__exit__")
class Map(Generic[T]):
    """Many calls of one endpoint. `Client.map` makes it.

    There are three ways to read it. Nothing is called before the first result is read.

    - A ``for`` loop yields the results in the order of the payloads.
    - `outcomes` yields an `Outcome` for each item, in the same order.
    - `as_completed` yields an `Outcome` for each item when it ends.

    If the loop is left early, by ``break``, by an exception or by Ctrl-C, the items in flight are
    cancelled on the server. So do `cancel` and the end of a ``with`` block. Every method may be
    called from any thread.

    Example:
        >>> for data in app.map("/add", [[1, 2], [3, 4]]):
        ...     print(data[0])
        3
        7
    """

    def __init__(
        self, caller: Caller, scheduler: Scheduler, workers: Workers, *, raises: bool
    ) -> None:
        self._endpoint = caller.endpoint
        self._raises = raises
        self._scheduler = scheduler
        self._results: Iterator[T] | None = None
        self._finalizer = weakref.finalize(self, _end, scheduler, workers, caller.endpoint)
        self._finalizer.atexit = False  # type: ignore[misc]  # a property

    @property
    def endpoint(self) -> str | int:
        """The endpoint's name with its leading slash, or its ``fn_index`` if it has no name."""
        return self._endpoint

    @property
    def counts(self) -> Counts:
        """How many items are done, have failed, were replayed, and are in flight now."""
        return self._scheduler.counts

    def __iter__(self) -> Iterator[T]:
        """Yield the results in the order of the payloads.

        With ``on_error="return"``, the error of a failed item stands in the place of its result.

        Raises:
            GradioClientError: The first failed item's error, with `index` and `payload`.
            CancelledError: `cancel` was called.
            ClientClosedError: The client was closed.
        """
        for outcome in self._read(in_order=True):
            result: Any = outcome.data if outcome.error is None else outcome.error
            yield result

    def __next__(self) -> T:
        """Return the next result in the order of the payloads."""
        if self._results is None:
            self._results = iter(self)
        return next(self._results)

    def outcomes(self) -> Iterator[Outcome]:
        """Yield an `Outcome` for each item, in the order of the payloads.

        Raises:
            GradioClientError: The first failed item's error, unless ``on_error="return"``.
            CancelledError: `cancel` was called.
            ClientClosedError: The client was closed.
        """
        yield from self._read(in_order=True)

    def as_completed(self) -> Iterator[Outcome]:
        """Yield an `Outcome` for each item when it ends.

        Raises:
            GradioClientError: The error of the first item that failed, unless
                ``on_error="return"``.
            CancelledError: `cancel` was called.
            ClientClosedError: The client was closed.
        """
        yield from self._read(in_order=False)

    def _read(self, *, in_order: bool) -> Iterator[Outcome]:
        try:
            while True:
                outcome = self._scheduler.next(in_order=in_order)
                if outcome is None:
                    break
                if outcome.error is not None and self._raises:
                    raise outcome.error
                yield outcome
        finally:
            self._stop("its loop was left")

    def cancel(self) -> None:
        """Cancel what is in flight, also on the server, and start nothing more.

        Loops over the map then raise `concurrent.futures.CancelledError`.
        """
        self._stop("cancel() was called")

    def _stop(self, reason: str) -> None:
        self._scheduler.stop(CancelledError(f"The map of {called(self._endpoint)}: {reason}."))
        self._scheduler.wait_until_idle(GRACE)
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop("its block has ended")

    def __repr__(self) -> str:
        shown = ", ".join(f"{count} {name}" for name, count in vars(self.counts).items())
        return printable(f"<Map of {called(self._endpoint)}: {shown}>")


def _end(scheduler: Scheduler, workers: Workers, endpoint: str | int) -> None:
    """End a map that is no longer used. Its threads hold the scheduler, and never the map."""
    scheduler.stop(CancelledError(f"The map of {called(endpoint)} has ended."))
    workers.close()


def start_map(
    caller: Caller,
    payloads: Iterable[Any],
    *,
    in_flight: int | None = None,
    on_error: str = "raise",
    idempotent: bool = False,
    progress: bool = False,
    journal: str | os.PathLike[str] | None = None,
    download: str | os.PathLike[str] | None = None,
    executor: Any = None,
    shape: Callable[[Any], T] = lambda data: data,
) -> Map[T]:
    """Make a map: `Client.map`, `Pool.map` and maps of functions are this function.

    Args:
        caller: Makes the calls.
        payloads, in_flight, on_error, idempotent, progress, journal, download, executor: As
            `Client.map` takes them.
        shape: Turns a `Data` into what the user gets.

    Raises:
        TypeError, ValueError: An option has a wrong type or value.
        PayloadError: `payloads` cannot be a list of payloads.
    """
    later = {"journal": journal, "download": download, "executor": executor}
    for name, value in later.items():
        if value is not None or (name == "executor" and progress):
            raise NotImplementedError(f"{name}= and progress=True of map are not made yet.")
    raises = options.on_error(on_error)
    number = options.in_flight(in_flight, caller.most)
    window = AdaptiveWindow(caller.most, caller.batch) if number is None else FixedWindow(number)
    workers = Workers()
    scheduler = Scheduler(
        caller,
        Source(payloads, caller.endpoint, caller.parameters),
        window,
        PlainRecorder(shape, None),
        workers.start,
        raises=raises,
        idempotent=idempotent,
    )
    return Map(caller, scheduler, workers, raises=raises)
