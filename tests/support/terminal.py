"""A process in a terminal of its own: a real pseudo-terminal, with keys to press."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

try:
    import pty
except ImportError:  # Windows
    pty = None  # type: ignore[assignment]  # a missing module stands for "no terminals"

ENDS = 120.0  # s; a bound for what hangs

_TAKE_TERMINAL = (
    "import fcntl, os, signal, struct, sys, termios; "
    "signal.signal(signal.SIGINT, signal.SIG_DFL); "  # background shells switch it off
    "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0)); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """Runs a command with a terminal for its input, output and errors; a context manager.

    Args:
        command: What to run.
        output: Where standard output goes instead, such as `subprocess.PIPE`.
        variables: Environment variables besides those of this process.
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
        """Everything shown so far, up to `text` at least."""
        while text not in self.text:
            assert self._read(), f"ended without {text!r}: {self.text}"
        return self.text

    def read_to_end(self) -> str:
        """Everything that was shown; also waits for the process."""
        while self._read():
            continue
        self.process.wait(ENDS)
        return self.text

    def press(self, keys: str) -> None:
        """Type something."""
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
