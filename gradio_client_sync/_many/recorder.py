"""`OutcomeRecorder`: make outcomes of a map, save their files, write them to the journal."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from .._transport.signal_safe import SafeEvent, new_lock, start_or_run
from .item_error import with_item
from .items import Outcome
from .journal_format import Recorded
from .saved_files import saved_path

if TYPE_CHECKING:
    from .items import Caller, Item
    from .journal import Journal
    from .journal_format import ItemKey


class OutcomeRecorder:
    """Makes the outcomes of a map. Every method may be called from any thread.

    Args:
        caller: Makes the calls.
        journal: The journal; ``None`` to keep nothing. It is closed with the recorder.
        folder: The folder for the files of results; ``None`` to leave them at the app.
        shape: Converts a `Data` to the value that the user gets.
        report: Called with each outcome.
        start: Runs a function on a thread. The journal is flushed there, every second.
        recalls_errors: Whether errors in the journal are outcomes of this run, too. They are not if
            the first error ends the map: then a later run would end at the same item.
    """

    def __init__(
        self,
        caller: Caller,
        journal: Journal | None,
        folder: str | None,
        shape: Callable[[Any], Any],
        report: Callable[[Outcome], object] | None,
        start: Callable[[Callable[[], None]], None],
        *,
        recalls_errors: bool,
    ) -> None:
        self._caller = caller
        self._journal = journal
        self._folder = folder
        self._shape = shape
        self._report = report
        self._start = start
        self._recalls_errors = recalls_errors
        self._lock = new_lock()  # of the journal
        self._closed = SafeEvent()
        self._flushes = False  # a thread flushes the journal
        self._flush_error: Exception | None = None

    def recall(self, item: Item) -> Outcome | None:
        """Return the outcome that an item had in an earlier run, if the journal has it.

        Call it once for each item, in their order.
        """
        if self._journal is None:
            return None
        with self._lock:
            item.key = self._journal.identify(item.index, item.payload)
            recorded = self._journal.find(item.key)
        if recorded is None or (recorded.error is not None and not self._recalls_errors):
            return None
        item.seconds, item.attempts = recorded.seconds, recorded.attempts
        error = recorded.restored_error()
        data = None if error is not None else self._caller.restore(recorded)
        return self._outcome(item, data, error, replayed=True)

    def record(self, item: Item, data: Any, error: BaseException | None) -> Outcome:
        """Make the outcome of an item that has ended, and write it to the journal.

        Args:
            item: The item.
            data: Its `Data`.
            error: Its error, if it failed.

        Raises:
            JournalError: The journal cannot be written, so the map has to end.
        """
        if error is None and self._folder is not None:
            error = self._save_files(data)
        if self._journal is not None and item.key is not None:
            if error is None:
                recorded = Recorded.of_data(
                    data,
                    item.seconds,
                    item.attempts,
                    data.time.timestamp(),
                    updates=data.updates,
                    saved_path=saved_path,
                )
            else:
                recorded = Recorded.of_error(error, item.seconds, item.attempts, time.time())
            self._append(self._journal, item.key, recorded)
        return self._outcome(item, data, error)

    def _outcome(
        self, item: Item, data: Any, error: BaseException | None, *, replayed: bool = False
    ) -> Outcome:
        outcome = Outcome._make(
            index=item.index,
            payload=item.payload,
            data=None if error is not None else self._shape(data),
            error=None if error is None else with_item(error, item),
            seconds=item.seconds,
            attempts=item.attempts,
            replayed=replayed,
        )
        if self._report is not None:
            self._report(outcome)
        return outcome

    def _save_files(self, data: Any) -> BaseException | None:
        """Save the files of a result, and return the error if that failed."""
        try:
            for file in _files_in(list(data)):
                file.download(self._folder)
        except Exception as exc:  # noqa: BLE001 - it is the outcome of the item
            return exc
        return None

    def _append(self, journal: Journal, key: ItemKey, recorded: Recorded) -> None:
        with self._lock:
            if self._closed.is_set():
                return  # the map was stopped while the item ended
            if self._flush_error is not None:
                raise self._flush_error
            journal.append(key, recorded)
            starts, self._flushes = not self._flushes, True
        if starts:
            start_or_run(self._start, partial(self._flush_until_idle, journal))

    def _flush_until_idle(self, journal: Journal) -> None:
        """Flush the journal every second until all is written, against a power cut."""
        while True:
            with self._lock:
                due = None if self._closed.is_set() else journal.due()
                if due == 0:
                    try:
                        journal.flush()
                    except Exception as exc:  # noqa: BLE001 - raised for the next item
                        self._flush_error = exc
                if due is None or self._flush_error is not None:
                    self._flushes = False
                    return
            self._closed.wait(due)

    def close(self) -> None:
        """Close the journal. A second call does nothing."""
        self._closed.set()
        if self._journal is not None:
            with self._lock:
                self._journal.close()


def _files_in(value: Any) -> list[Any]:
    """Return the files of a result, at any depth."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [file for part in value for file in _files_in(part)]
    return [value] if hasattr(value, "download") else []
