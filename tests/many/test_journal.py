"""`Journal`: the items of a map that have ended, for a later run."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gradio_client_sync._many.journal import Journal, read_journal
from gradio_client_sync._many.journal_format import Recorded
from gradio_client_sync.errors import AppError, JournalError


def _result(*data: object) -> Recorded:
    return Recorded.of_data(data, 0.5, 1, time.time())


def test_journal_gives_a_later_run_what_has_ended(tmp_path: Path) -> None:
    """An item is found by its payload and its count, with the result or the error that it had."""
    path = tmp_path / "run.jsonl"
    with Journal.open(path, "/add", "one") as journal:
        for index, payload in enumerate(([1, 2], [1, 2], {"a": 1})):
            key = journal.identify(index, payload)
            assert journal.find(key) is None
            if index < 2:
                journal.append(key, _result(index))
            else:
                error = AppError("It failed.", title="Error", endpoint="/add")
                journal.append(key, Recorded.of_error(error, 0.1, 2, time.time()))
    with Journal.open(path, "/add", "one") as journal:
        assert len(journal) == 3
        for index, payload in enumerate(([1, 2], (1, 2))):
            found = journal.find(journal.identify(index, payload))
            assert found is not None and found.data == [index]
        failed = journal.find(journal.identify(2, {"a": 1}))
        assert failed is not None
        error = failed.restored_error()
        assert isinstance(error, AppError) and error.title == "Error"
        assert journal.find(journal.identify(3, [1, 2])) is None
    assert [one.index for one in read_journal(path)] == [0, 1, 2]


def test_journal_is_for_one_map_at_a_time(tmp_path: Path) -> None:
    """A second map on the same journal gets an error."""
    path = tmp_path / "run.jsonl"
    with Journal.open(path, "/add", None):
        with pytest.raises(JournalError, match="in use"):
            Journal.open(path, "/add", None)
    Journal.open(path, "/add", None).close()
