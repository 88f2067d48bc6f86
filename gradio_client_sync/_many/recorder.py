"""`PlainRecorder`: make the outcomes of a map, and report each of them to a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .items import Outcome

if TYPE_CHECKING:
    from .items import Item


class PlainRecorder:
    """Makes the outcomes of a map without a journal.

    Args:
        shape: Turns a `Data` into what the user gets.
        report: Called with each outcome, on any thread.
    """

    def __init__(
        self, shape: Callable[[Any], Any], report: Callable[[Outcome], object] | None
    ) -> None:
        self._shape = shape
        self._report = report

    def recall(self, item: Item) -> Outcome | None:
        """Return ``None``: there is no earlier run."""
        return None

    def record(self, item: Item, data: Any, error: BaseException | None) -> Outcome:
        """Make the outcome of an item. See `Recorder.record`."""
        outcome = Outcome._make(
            index=item.index,
            payload=item.payload,
            data=None if error is not None else self._shape(data),
            error=error,
            seconds=item.seconds,
            attempts=item.attempts,
        )
        if self._report is not None:
            self._report(outcome)
        return outcome
