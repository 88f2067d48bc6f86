"""`Map`: the outcomes of many calls of one endpoint, which `Client.map` returns.

`read_journal` reads the outcomes that a map with ``journal=`` has written to its file.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Callable, Generic, TypeVar

from . import _options
from ._basics.printing import printable
from ._basics.words import called
from ._calls.threads import Workers
from ._many import map_options
from ._many.items import Counts, Outcome
from ._many.journal import Journal
from ._many.journal import read_journal as recorded_items
from ._many.recorder import OutcomeRecorder
from ._many.scheduler import Scheduler
from ._many.source import Source
from ._many.tally import Tally
from ._many.window import AdaptiveWindow, FixedWindow
from ._tracebacks import short_traceback, short_tracebacks

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ._many.items import Caller
    from ._terminal.map_bar import MapBar

__all__ = ["Counts", "Map", "Outcome", "read_journal"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

GRACE = 2.0  # s for the requests that cancel items on the server


@short_tracebacks("__iter__", "__next__", "__exit__", skip=("counts", "endpoint"))
class Map(Generic[T_co]):
    """Many calls of one endpoint. `Client.map` makes it.

    Nothing is called before the first result is read. There are three ways to read:

    - A ``for`` loop yields the results in the order of the payloads.
    - `outcomes` yields an `Outcome` for each item, in the same order.
    - `as_completed` yields an `Outcome` for each item when it ends.

    If a loop is left early, by ``break``, by an exception or by Ctrl-C, the items in flight are
    cancelled, also on the server. `cancel` and the end of a ``with`` block do the same. Every
    method may be called from any thread.

    Example:
        >>> for data in app.map("/add", [[1, 2], [3, 4]]):
        ...     print(data[0])
        3
        7
    """

    def __init__(
        self,
        endpoint: str | int,
        scheduler: Scheduler,
        close: Callable[[], None],
        tally: Tally,
        *,
        raises: bool,
        journal: str | None,
    ) -> None:
        self._endpoint = endpoint
        self._scheduler = scheduler
        self._tally = tally
        self._raises = raises
        self._journal = journal
        self._finalizer = weakref.finalize(self, _end, scheduler, endpoint, close)
        self._finalizer.atexit = False  # type: ignore[misc]  # a property

    @property
    def endpoint(self) -> str | int:
        """The endpoint's name with its leading slash, or its ``fn_index`` if it has no name."""
        return self._endpoint

    @property
    def counts(self) -> Counts:
        """The numbers of items that are done, have failed, were replayed, and are in flight now."""
        return self._scheduler.counts

    # -- reading --------------------------------------------------------------------

    def __iter__(self) -> Iterator[T_co]:
        """Yield the results in the order of the payloads.

        With ``on_error="return"``, the loop yields the error of a failed item instead of its
        result.

        Raises:
            GradioClientError: The first failed item's error, with `index` and `payload`.
            CancelledError: `cancel` was called.
            ClientClosedError: The client was closed.
        """
        for outcome in self._read(in_order=True):
            yield _result(outcome)

    def __next__(self) -> T_co:
        """Return the next result in the order of the payloads."""
        outcome = self._next(in_order=True)
        if outcome is None:
            raise StopIteration
        result: T_co = _result(outcome)
        return result

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
                outcome = self._next(in_order=in_order)
                if outcome is None:
                    return
                yield outcome
        except GeneratorExit:
            self._stop("a loop over it was left")
            raise

    def _next(self, *, in_order: bool) -> Outcome | None:
        """Return the next outcome; ``None`` after the last one. End the map if it has failed."""
        try:
            self._tally.begin()
            outcome = self._scheduler.next(in_order=in_order)
            if outcome is None:
                self._finalizer()
                self._tally.end("complete")
            elif outcome.error is not None and self._raises:
                raise outcome.error
        except KeyboardInterrupt as exc:
            self._stop("Ctrl-C has interrupted it")
            self._explain(exc)
            raise
        except BaseException as exc:
            self._stop("it has failed before", exc)
            raise
        return outcome

    # -- the end --------------------------------------------------------------------

    def cancel(self) -> None:
        """Cancel all items in flight, also on the server, and start no more items.

        Loops over the map then raise `concurrent.futures.CancelledError`.
        """
        self._stop("cancel() was called")

    def _stop(self, reason: str, error: BaseException | None = None) -> None:
        counts = self.counts
        ended = counts.done + counts.failed
        self._scheduler.stop(
            CancelledError(
                f"The map of {called(self._endpoint)} has ended after {ended} items, since "
                f"{reason}.{self._advice()}"
            )
        )
        self._scheduler.wait_until_idle(GRACE)
        self._finalizer()
        if error is None or isinstance(error, CancelledError):
            self._tally.end("cancelled")
        else:
            self._tally.end("failed", error)

    def _explain(self, interrupt: KeyboardInterrupt) -> None:
        """Give an interrupt a message: how many items have ended, and how to continue."""
        if interrupt.args:
            return
        counts = self.counts
        text = f"The map of {called(self._endpoint)} was stopped after "
        interrupt.args = (f"{text}{counts.done + counts.failed} items.{self._advice()}",)

    def _advice(self) -> str:
        if self._journal is None:
            return ""
        return f" To continue, run it again with journal={self._journal!r}: these are not repeated."

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop("its block has ended")
        if isinstance(exc, KeyboardInterrupt):
            self._explain(exc)

    # -- the display ----------------------------------------------------------------

    def __repr__(self) -> str:
        return printable(repr(self._tally))

    def _ipython_display_(self) -> None:
        from ._notebook import live_map

        if not live_map.show(self._tally):
            raise NotImplementedError  # IPython then prints the repr

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from ._notebook import live_map

        return live_map.map_bundle(self._tally)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")


def _result(outcome: Outcome) -> Any:
    return outcome.data if outcome.error is None else outcome.error


def _end(scheduler: Scheduler, endpoint: str | int, close: Callable[[], None]) -> None:
    """End a map that is no longer used. Its threads hold the scheduler, and never the map."""
    scheduler.stop(CancelledError(f"The map of {called(endpoint)} has ended."))
    close()


def start_map(
    caller: Caller,
    payloads: Iterable[Any],
    *,
    in_flight: int | None = None,
    on_error: str = "raise",
    idempotent: bool = False,
    progress: bool = False,
    journal: str | os.PathLike[str] | None = None,
    retry_failed: bool = False,
    download: str | os.PathLike[str] | None = None,
    executor: Any = None,
    shape: Callable[[Any], T] = lambda data: data,
    report: Callable[[Outcome], object] = lambda outcome: None,
) -> Map[T]:
    """Make a map, for `Client.map`, `Pool.map` and maps of functions.

    Args:
        caller: Makes the calls.
        payloads, in_flight, on_error, idempotent, progress, journal, retry_failed, download,
            executor: As `Client.map` takes them.
        shape: Converts a `Data` to the value that the user gets.
        report: Called with each outcome when its item ends, on any thread.

    Raises:
        TypeError, ValueError: An option has a wrong type or value.
        PayloadError: `payloads` cannot be a list of payloads.
        JournalError: The journal cannot be used.
        MissingDependencyError: `progress` needs tqdm.
    """
    if executor is not None:
        from ._many.executors import in_executor

        caller = in_executor(caller, executor)
    raises = map_options.on_error(on_error)
    number = map_options.in_flight(in_flight, caller.most)
    window = (
        AdaptiveWindow(caller.most, caller.batch, caller.servers)
        if number is None
        else FixedWindow(number)
    )
    folder, path = _options.folder("download", download), map_options.journal(journal)
    _options.flag("idempotent", idempotent)
    map_options.retry_failed(retry_failed, path)
    source = Source(payloads, caller.endpoint, caller.parameters)
    bar: MapBar | None = None
    if _options.flag("progress", progress):
        from ._terminal.map_bar import MapBar

        bar = MapBar(caller.endpoint, source.total)
    tally = Tally(caller.endpoint, source.total)
    kept = None if path is None else Journal.open(path, caller.endpoint, caller.fingerprint())
    workers = Workers()

    def note(outcome: Outcome) -> None:
        report(outcome)
        tally.add(outcome)
        if bar is not None:
            bar.add(failed=outcome.error is not None, replayed=outcome.replayed)

    # If the first failed item ends the map, a later run would end there again.
    recalls_errors = not (raises or retry_failed)
    recorder = OutcomeRecorder(
        caller, kept, folder, shape, note, workers.start, recalls_errors=recalls_errors
    )

    def close() -> None:
        workers.close()
        recorder.close()
        if bar is not None:
            bar.close()

    scheduler = Scheduler(
        caller, source, window, recorder, workers.start, raises=raises, idempotent=idempotent
    )
    found = weakref.ref(scheduler)  # the scheduler has the tally, too

    def in_flight_now() -> int:
        running = found()
        return 0 if running is None else running.counts.in_flight

    tally.in_flight = in_flight_now
    return Map(caller.endpoint, scheduler, close, tally, raises=raises, journal=path)


@short_traceback
def read_journal(path: str | os.PathLike[str]) -> Iterator[Outcome]:
    """Read the journal of a map: yield the outcome of each item, in the order in which they ended.

    The map that writes the file may still run.

    Args:
        path: The path of the file. ``~`` is your home.

    Yields:
        An `Outcome` for each item. Its `data` is a list of plain values, in which a file is a dict,
        because the app may no longer exist. `replayed` is true.

    Raises:
        JournalError: The file cannot be read, or is not a journal.
    """
    for recorded in recorded_items(path):
        yield Outcome(
            recorded.index,
            recorded.payload,
            recorded.data,
            recorded.restored_error(),
            recorded.seconds,
            recorded.attempts,
            True,
        )
