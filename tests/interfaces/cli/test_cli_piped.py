"""`_cli.piped`: results of a map while its input waits for the next line."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gradio_client_sync._cli.piped import BLOCK, MOST_BLOCKS, Piped
from gradio_client_sync.testing import FakeApp
from tests.interfaces.cli.test_cli import ENDS

pytestmark = pytest.mark.client_only


@contextmanager
def mapping(*options: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command with a pipe as its input; ``"bad"`` is an item that fails."""
    with FakeApp() as fake:

        @fake.endpoint("/shout")
        def shout(text: str) -> str:
            if text == "bad":
                fake.error("no")
            return text.upper()

        command = ("-m", "gradio_client_sync", "map", fake.url, "/shout", "-", *options)
        with subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            yield process


def say(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{json.dumps(text)}\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> Any:
    """Return the data of the next result."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())["data"]


def test_result_is_written_before_the_next_line_is_there() -> None:
    """A program may write a line, read its result, and then write the next line."""
    with mapping() as process:
        for text in ("a", "b", "c"):
            say(process, text)
            assert hear(process) == [text.upper()]
        say(process, "d")
        output, errors = process.communicate(timeout=ENDS)
        assert json.loads(output)["data"] == ["D"] and errors == ""
        assert process.returncode == 0


def test_failed_item_ends_the_command_while_its_input_is_open() -> None:
    """The command does not wait for a line that it does not need any more."""
    with mapping() as process:
        say(process, "bad")
        assert process.wait(ENDS) == 7
        assert process.stderr is not None and "(This is item 0" in process.stderr.read()


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send SIGINT to one process")
def test_interrupt_ends_the_command_while_it_waits_for_a_line() -> None:
    """The thread that reads standard input does not disturb the end of the process."""
    with mapping() as process:
        say(process, "a")
        assert hear(process) == ["A"]
        process.send_signal(signal.SIGINT)
        assert process.wait(ENDS) == 130
        assert process.stderr is not None
        assert re.fullmatch(r"1 item in \d:\d\d\.\n\nInterrupted\.\n", process.stderr.read())


def test_reader_that_has_gone_is_no_error() -> None:
    """If the program behind the output ends, the exit code says so, and no message."""
    with mapping() as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        say(process, "a")
        assert process.wait(ENDS) == 141
        assert process.stderr.read() == ""


def test_piped_reads_all_and_not_far_ahead() -> None:
    """A program that writes faster than the app works has to wait."""
    content = os.urandom(BLOCK) * (2 * MOST_BLOCKS)
    read = io.BytesIO(content)
    piped = io.BufferedReader(Piped(read))
    assert piped.read(1) == content[:1]
    assert read.tell() <= BLOCK * (MOST_BLOCKS + 3)
    assert piped.read() == content[1:]
    assert piped.read(1) == b""


def test_piped_stops_a_reader_that_waits() -> None:
    """So does an error of the input, which the reader gets."""
    there, gone = os.pipe()
    with open(there, "rb") as stream, open(gone, "wb"):
        piped = Piped(stream)
        reader = threading.Thread(target=piped.read, args=(1,))
        reader.start()
        piped.stop()
        reader.join(ENDS)
        assert not reader.is_alive() and piped.read(1) == b""
    with pytest.raises(ValueError, match="closed file"):
        Piped(stream).read(1)
