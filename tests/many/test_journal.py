"""`Journal`: the items of a map that have ended, for a later run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client
from gradio_client_sync._many.identity import LARGE
from gradio_client_sync._many.journal import Journal, read_journal
from gradio_client_sync._many.journal_format import Header, Recorded
from gradio_client_sync._many.saved_files import note_saved, saved_path
from gradio_client_sync.errors import AppError, JournalError
from gradio_client_sync.files import RemoteFile
from tests.support.file_app import FileApp, filedata

posix = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def result(*data: object) -> Recorded:
    return Recorded.of_data(data, 0.5, 1, time.time())


def write(path: Path, count: int) -> None:
    """Record items whose payload and result is their number."""
    with Journal.open(path, "/f", None) as journal:
        for number in range(count):
            key = journal.identify(number, [number])
            if journal.find(key) is None:
                journal.append(key, result(number))


def numbers(path: Path, count: int) -> list[int]:
    """Return the items that a later run finds. Each must have its own result."""
    found = []
    with Journal.open(path, "/f", None) as journal:
        for number in range(count):
            recorded = journal.find(journal.identify(number, [number]))
            if recorded is not None:
                assert recorded.data == [number]
                found.append(number)
    return found


def test_journal_gives_a_later_run_what_has_ended(path: Path) -> None:
    """An item is found by its payload and its count, with the result or the error that it had."""
    with Journal.open(path, "/add", "one") as journal:
        for index, payload in enumerate(([1, 2], [1, 2], {"a": 1})):
            key = journal.identify(index, payload)
            assert journal.find(key) is None
            if index < 2:
                journal.append(key, result(index))
                continue
            error = AppError("It failed.", title="Error", endpoint="/add")
            journal.append(key, Recorded.of_error(error, 0.1, 2, time.time()))
        assert journal.path == path and len(journal) == 3
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


def test_journal_gives_the_last_record_of_an_item(path: Path) -> None:
    """An item that was called again has the new result, for a run and for a reader."""
    with Journal.open(path, "/f", None) as journal:
        key, other = journal.identify(0, ["a"]), journal.identify(1, ["b"])
        journal.append(key, Recorded.of_error(ValueError("odd"), 0, 1, 0))
        journal.append(other, result("b"))
        journal.append(key, result("a"))
        found = journal.find(key)
        assert found is not None and found.data == ["a"] and len(journal) == 2
    assert [(one.index, one.payload, one.data) for one in read_journal(path)] == [
        (1, ["b"], ["b"]),
        (0, ["a"], ["a"]),
    ]


def test_journal_keeps_files_of_results(path: Path, tmp_path: Path) -> None:
    """A file comes back as a file of the app. If it was saved, it is read there."""
    with FileApp() as server, Client(server.url) as app:
        server.output = [filedata("/out/a.txt", size=5, orig_name="a.txt")]
        [file] = app.predict("/direct", ["x"])

        def again(facts: Any, saved: str | None) -> RemoteFile:
            return note_saved(RemoteFile(facts, app._files(), app), saved)

        kept = Recorded.of_data([file], 0, 1, 0, saved_path=saved_path)
        [restored] = kept.restored_data(again)
        assert (restored.url, restored.orig_name) == (file.url, "a.txt")
        assert saved_path(restored) is None

        file._saved[str(tmp_path)] = tmp_path / "a.txt"  # as `download` notes it
        (tmp_path / "a.txt").write_bytes(b"hello")
        kept = Recorded.of_data([file], 0, 1, 0, saved_path=saved_path)
        requests = len(server.requests)
        [restored] = kept.restored_data(again)
        assert restored.download(tmp_path) == tmp_path / "a.txt"
        assert restored.read() == b"hello" and len(server.requests) == requests
        (tmp_path / "a.txt").unlink()
        assert saved_path(file) is None
        [restored] = kept.restored_data(again)
        assert saved_path(restored) is None


def test_journal_remembers_large_files(path: Path, tmp_path: Path) -> None:
    """A later run does not read a large file that has not changed."""
    large = tmp_path / "large.bin"
    large.write_bytes(b"a" * LARGE)
    times = (large.stat().st_atime_ns, large.stat().st_mtime_ns)
    with Journal.open(path, "/f", None) as journal:
        journal.append(journal.identify(0, [large]), result("a"))
    large.write_bytes(b"b" * LARGE)
    os.utime(large, ns=times)
    with Journal.open(path, "/f", None) as journal:
        assert journal.find(journal.identify(0, [large])) is not None
        os.utime(large, ns=(0, 0))
        assert journal.find(journal.identify(1, [large])) is None


# -- what a killed process leaves


def test_journal_survives_truncation_at_every_byte(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever the file ends, whole lines are kept, the rest is removed, and new lines follow."""
    write(path, 3)
    content = path.read_bytes()
    header, first, second, _ = ends = [index for index, byte in enumerate(content) if byte == 10]
    for size in (*range(0, header, 9), *range(header, header + 9), *range(second, len(content))):
        path.write_bytes(content[:size])
        caplog.clear()
        kept = [number for number in range(3) if size >= ends[number + 1]]
        assert numbers(path, 3) == kept
        is_torn = size > header and size - 1 not in ends and size not in ends
        assert ("called again" in caplog.text) == is_torn
        write(path, 3)
        assert [one.index for one in read_journal(path)] == [0, 1, 2]
        assert path.read_bytes().count(b"\n") == 4
    assert first < second


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("more", [0, 1, 10])
def test_journal_survives_zeros_at_its_end(path: Path, lines: int, more: int) -> None:
    """After a power cut, a file may be longer than written, with zeros at the end."""
    write(path, 3)
    whole = b"".join(path.read_bytes().splitlines(keepends=True)[:lines])
    path.write_bytes((whole + b'{"key": "'[:more]).ljust(1_000, b"\0"))
    if lines == 0 and more == 1:
        path.write_bytes(b"{".ljust(1_000, b"\0"))
    if lines == 0 and more == 10:
        path.write_bytes(b'{"journal": "gradio_client_sync", "ver'.ljust(1_000, b"\0"))
    assert numbers(path, 3) == list(range(3))[: max(0, lines - 1)]
    write(path, 3)
    assert [one.index for one in read_journal(path)] == [0, 1, 2]
    assert path.read_bytes().count(b"\n") == 4 and b"\0" not in path.read_bytes()


def test_journal_skips_a_hole(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Lines that a power cut has damaged are called again. The lines after them are kept."""
    write(path, 4)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"\0" * (len(lines[2]) - 1) + b"\n"
    lines[3] = b"odd\n"
    path.write_bytes(b"".join(lines))
    assert numbers(path, 4) == [0, 3]
    assert "2 lines of the journal" in caplog.text
    assert [one.index for one in read_journal(path)] == [0, 3]
    write(path, 4)
    assert numbers(path, 4) == [0, 1, 2, 3]


WRITER = """
import sys
from gradio_client_sync._many.journal import Journal
from gradio_client_sync._many.journal_format import Recorded
with Journal.open(sys.argv[1], "/f", None) as journal:
    for number in range(1_000_000):
        key = journal.identify(number, [number])
        if journal.find(key) is None:
            journal.append(key, Recorded.of_data([number], 0.5, 1, 0))
            print("x", flush=True)
"""


@posix
def test_journal_survives_sigkill(path: Path) -> None:
    """However often a process is killed while it writes, each item is in the journal once."""
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            for _ in range(random.randrange(1, 300)):
                assert process.stdout.readline() == b"x\n"
            process.kill()
            assert process.wait(60) == -signal.SIGKILL
    found = [one.index for one in read_journal(path)]
    assert found == list(range(len(found))) != []
    assert numbers(path, len(found) + 5) == found
    assert path.read_bytes().count(b"\n") == len(found) + 1


# -- another map


def test_journal_of_another_call_is_refused(path: Path) -> None:
    """The error says what differs and what to do. The file stays as it is."""
    kept = json.dumps(((("a", "str", True),), ("str",)))
    now = json.dumps(((("a", "str", True), ("b", "int", True)), ("str",)))
    Journal.open(path, "/f", kept).close()
    content = path.read_bytes()
    with pytest.raises(JournalError, match="has results of '/f', not of '/g'"):
        Journal.open(path, "/g", kept)
    with pytest.raises(JournalError, match=r"another app, .*: '/f': .*'b'"):
        Journal.open(path, "/f", now)
    with pytest.raises(JournalError, match=r"earlier form of this one\. Choose"):
        Journal.open(path, "/f", "sha:1")
    path.with_name("x").write_bytes(Header("/f", None, 2).line())
    with pytest.raises(JournalError, match="has version 2 of the format"):
        Journal.open(path.with_name("x"), "/f", None)
    with pytest.raises(JournalError, match="has version 2 of the format"):
        read_journal(path.with_name("x"))
    assert path.read_bytes() == content
    Journal.open(path, "/f", kept).close()
    path.write_bytes(Header("/f", None).line())  # as the message of the error says
    Journal.open(path, "/f", now).close()


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b'{"a": 1}\n', b"text", b'{"key": "'])
def test_journal_never_writes_to_another_file(path: Path, content: bytes) -> None:
    """A file that is not a journal stays as it is."""
    path.write_bytes(content)
    for use in (lambda: Journal.open(path, "/f", None), lambda: read_journal(path)):
        with pytest.raises(JournalError, match="is another kind of file"):
            use()
    assert path.read_bytes() == content


def test_journal_that_does_not_exist_cannot_be_read(path: Path) -> None:
    """`read_journal` creates no file."""
    with pytest.raises(JournalError, match="cannot be read: No such file"):
        read_journal(path)
    assert not path.exists()


def test_journal_can_be_read_while_it_is_written(path: Path) -> None:
    """A reader gets the items that have ended, without an incomplete line."""
    with Journal.open(path, "/f", None) as journal:
        for number in range(3):
            journal.append(journal.identify(number, [number]), result(number))
        with path.open("ab") as file:
            file.write(b'{"key": "')
        assert [one.data for one in read_journal(path)] == [[0], [1], [2]]
        journal.flush()
        assert journal.due() is None
