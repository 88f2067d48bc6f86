"""`JournalFile`: lines that are written whole or not at all, by one process at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradio_client_sync._many.journal_file import FLUSH_SECONDS, JournalFile
from gradio_client_sync.errors import JournalError
from tests.support.processes import run_python

posix = pytest.mark.skipif(os.name == "nt", reason="needs limits, forks and pipes of POSIX")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[JournalFile]:
    opened = JournalFile(tmp_path / "run.jsonl")
    yield opened
    opened.close()


def test_file_finds_lines_by_their_offset(file: JournalFile) -> None:
    """Each line is found, in any order, also longer ones than a block, and after new lines."""
    lines = [b"%d:%s" % (n, b"x" * size) for n, size in enumerate((0, 10, 200_000, 3, 2_000_000))]
    offsets = [file.append(line + b"\n") for line in lines]
    assert [file.line_at(offset) for offset in offsets] == lines
    later = file.append(b"later\n")
    assert [file.line_at(offset) for offset in reversed(offsets)] == lines[::-1]
    assert file.line_at(later) == b"later"
    assert list(file.lines()) == [
        (offset, line + b"\n") for offset, line in zip([*offsets, later], [*lines, b"later"])
    ]


def test_file_says_when_to_flush(file: JournalFile) -> None:
    """Lines are to be flushed within a second, and nothing is due afterwards."""
    assert file.due() is None
    file.append(b"a\n")
    due = file.due()
    assert due is None or 0 <= due <= FLUSH_SECONDS
    file.flush()
    assert file.due() is None


def test_file_is_for_one_at_a_time(file: JournalFile) -> None:
    """A second one gets an error, in this and in another process. It may open it afterwards."""
    with pytest.raises(JournalError, match="is in use by another map") as caught:
        JournalFile(file.path)
    assert caught.value.path == str(file.path)
    code = (
        "import sys; from pathlib import Path\n"
        "from gradio_client_sync._many.journal_file import JournalFile\n"
        "from gradio_client_sync.errors import JournalError\n"
        "try: JournalFile(Path(sys.argv[1])).close(); print('opened')\n"
        "except JournalError as exc: print(exc)"
    )
    assert "is in use by another map" in run_python(code, str(file.path))
    file.append(b"a\n")
    file.close()
    file.close()
    assert run_python(code, str(file.path)) == "opened\n"
    with pytest.raises(JournalError, match="is closed"):
        file.append(b"b\n")


@posix
def test_file_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """After SIGKILL the file is free, even if a child that the process has forked still lives."""
    path = tmp_path / "run.jsonl"
    code = (
        "import os, sys, time; from pathlib import Path\n"
        "from gradio_client_sync._many.journal_file import JournalFile\n"
        "file = JournalFile(Path(sys.argv[1]))\n"
        "ready, child = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.write(child, b'x')\n"
        "    os.read(0, 1)\n"
        "    os._exit(0)\n"
        "os.read(ready, 1)\n"
        "print('ready', flush=True)\n"
        "os.read(0, 1)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
        process.wait(60)
        JournalFile(path).close()  # the child waits for standard input, which is still open


@posix
def test_file_keeps_its_lines_on_a_full_disk(tmp_path: Path) -> None:
    """A line that does not fit leaves nothing behind, and shorter ones can follow."""
    path = tmp_path / "run.jsonl"
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from gradio_client_sync._many.journal_file import JournalFile\n"
        "from gradio_client_sync.errors import JournalError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "file = JournalFile(Path(sys.argv[1]))\n"
        "file.append(b'a' * 59 + b'\\n')\n"
        "for size in (60, 41, 40, 1):\n"
        "    try: print(file.append(b'b' * (size - 1) + b'\\n'))\n"
        "    except JournalError as exc: print(exc)\n"
        "file.close()"
    )
    first, second, third, last = run_python(code, str(path), quiet=True).splitlines()
    assert "cannot be written: the disk is full" in first and first == second
    assert third == "60"
    assert "cannot be written: File too large" in last
    assert path.read_bytes() == b"a" * 59 + b"\n" + b"b" * 39 + b"\n"


def test_file_forgets_a_line_that_a_signal_interrupted(file: JournalFile) -> None:
    """If a signal handler raised in the middle of a write, the next line begins at a line's start.

    Whether the line was written whole or in part, the file has whole lines only.
    """
    file.append(b"a\n")
    for part, kept in ((b"torn", b""), (b"whole\n", b"whole\n")):
        before = file.path.read_bytes()
        file._is_whole = False  # as during `os.write`
        with file.path.open("ab") as other:
            other.write(part)
        offset = file.append(b"b\n")
        assert file.path.read_bytes() == before + kept + b"b\n"
        assert file.line_at(offset) == b"b"


def test_file_cuts_what_is_behind_a_line(file: JournalFile) -> None:
    """`cut` removes the rest, and gives the last line its end."""
    file.append(b"a\nb\nto")
    assert file.cut(4) == 2
    assert file.path.read_bytes() == b"a\nb\n"
    assert file.cut(3) == 1
    assert file.path.read_bytes() == b"a\nb\n"
    assert file.cut(4) == 0
    assert file.cut(0) == 4
    assert file.append(b"c\n") == 0


def test_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """The error has the path, the reason, and what to do."""
    for path, why in (
        (tmp_path, "directory|denied"),
        (tmp_path / "no" / "run.jsonl", "No such file"),
        (Path(os.devnull), "not a file"),
    ):
        with pytest.raises(JournalError, match=why) as caught:
            JournalFile(path)
        assert str(path) in str(caught.value) and "another path" in str(caught.value)
