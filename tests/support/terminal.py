"""A process in its own pseudo-terminal, with keys to press, and what a screen shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pyte
import pytest

try:
    import pty
except ImportError:  # Windows
    pty = None  # type: ignore[assignment]  # a missing module stands for "no terminals"

ENDS = 120.0  # s; a bound for a process that hangs
COLUMNS = 80

#: Text, a line end, or what controls the cursor.
_PIECE = re.compile(r"[^\x00-\x1f]+|\x1b\[[^a-zA-Z]*[a-zA-Z]|.", re.DOTALL)


class Screen:
    """What a terminal shows after some text, and what it has shown on the way.

    Args:
        columns: The width of the terminal.
    """

    def __init__(self, columns: int = COLUMNS) -> None:
        self._screen = pyte.Screen(columns, 100)
        self._stream = pyte.Stream(self._screen)
        self.seen: set[str] = set()

    def feed(self, text: str) -> None:
        """Show text, and remember each state of each row that it changes."""
        for piece in _PIECE.findall(text):
            self._stream.feed(piece)
            for changed in self._screen.dirty:
                row = self._screen.buffer[changed]
                self.seen.add("".join(row[x].data for x in range(self._screen.columns)).rstrip())
            self._screen.dirty.clear()

    @property
    def rows(self) -> list[str]:
        """The rows, without spaces and empty rows at their end."""
        rows = [row.rstrip() for row in self._screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows


def rows_of(text: str) -> list[str]:
    """Return the rows that a terminal shows after a text."""
    screen = Screen()
    screen.feed(text)
    return screen.rows


_TAKE_TERMINAL = (
    "import fcntl, os, signal, struct, sys, termios; "
    # shells switch it off for background processes
    "signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    f"fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, {COLUMNS}, 0, 0)); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A command whose input, output and errors are a terminal; a context manager.

    Args:
        command: The command to run.
        output: Another target for standard output, such as `subprocess.PIPE`.
        variables: Environment variables in addition to those of this process.
    """

    def __init__(self, *command: str, output: int | None = None, **variables: str) -> None:
        if pty is None:
            pytest.skip("there are no pseudo-terminals here")
        self._ours, theirs = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *command],
            stdin=theirs,
            stdout=theirs if output is None else output,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **variables},
        )
        os.close(theirs)

    def read_until(self, text: str) -> str:
        """Return everything shown so far; wait until this includes ``text``."""
        while text not in self.text:
            assert self._read(), f"ended without {text!r}: {self.text}"
        return self.text

    def read_to_end(self) -> str:
        """Wait for the process, and return everything that was shown."""
        while self._read():
            continue
        self.process.wait(ENDS)
        return self.text

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._ours, keys.encode())

    def _read(self) -> bool:
        try:
            more = os.read(self._ours, 65_536)
        except OSError:  # the other end is closed
            return False
        self.text += more.decode(errors="replace")
        return bool(more)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        os.close(self._ours)
