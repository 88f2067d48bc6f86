"""The screen on which a command's results and its live view meet.

Results go to standard output. The live view and the app's messages go to standard error. Both
often end on one screen, so the order of what is drawn there is decided here, under one lock:

- Both streams are the same terminal. The drawing is removed before a result is written. While a
  result's line is not finished, nothing is drawn, and a message begins on a line of its own.
- Standard output is a pipe, and the program behind it may write to the same terminal, at any later
  time (``| cat``, ``| tee``, ``| grep``). So the drawing is removed before the first result goes
  into the pipe, and nothing is drawn after that. A message begins on a line of its own, wherever
  that program has left the cursor.
- Standard output is a file. Then results do not disturb the drawing.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Sequence
from typing import TextIO

from .._terminal.columns import terminal_columns
from .._terminal.escapes import understands_escapes
from .._terminal.plaintext import columns, fitted
from .._transport.signal_safe import new_lock

APART, SAME, PIPED = "apart", "same", "piped"


class Screen:
    """Standard output and standard error of a command; safe to use from several threads.

    Args:
        live: Whether to draw. Nothing is drawn if standard error is not a terminal.

    Attributes:
        is_live: Whether drawings and messages are shown.
    """

    def __init__(self, *, live: bool) -> None:
        self._out, self._err = sys.stdout, sys.stderr
        self.is_live = live and understands_escapes(self._err)
        self._relation = relation(self._out, self._err)
        self._drawn: list[int] = []  # the width of each line of the drawing
        self._line_is_open = False  # the last result did not end its line
        self._has_results = False
        self._ended = False
        self._lock = new_lock()

    def write(self, text: str) -> None:
        """Write a part of a result to standard output."""
        if not text:
            return
        with self._lock:
            if self._relation != APART:
                self._show(self._eraser())
            self._has_results = True
            self._line_is_open = not text.endswith("\n")
            if self._relation == SAME:
                self._print(text)
        if self._relation != SAME:
            self._print(text)  # without the lock: a pipe may be full, so that this takes long

    def _print(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def draw(self, lines: Sequence[str]) -> None:
        """Replace the drawing, if there may be one now."""
        with self._lock:
            if not self.is_live or self._ended:
                return
            busy = self._line_is_open if self._relation == SAME else self._has_results
            if self._relation != APART and busy:
                return
            width = terminal_columns(self._err) - 1  # a line that wraps cannot be overwritten
            shown = [fitted(line, width, self._err) for line in lines]
            self._show(self._eraser() + "\r\n".join(shown))
            self._drawn = [columns(line) for line in shown]

    def message(self, text: str) -> None:
        """Print a line to standard error, above the drawing."""
        with self._lock:
            if self.is_live:
                self._show(f"{self._eraser()}{self._line_start()}{text}\n")

    def end(self) -> None:
        """Remove the drawing, and draw nothing after this."""
        with self._lock:
            self._show(self._eraser())
            self._ended = True

    def end_with_error(self, text: str) -> None:
        """Remove the drawing for good, and print an error on a line of its own.

        This is one write: the program behind a pipe may write to the terminal at any time.
        """
        self.end()
        with self._lock:
            self._show(f"{self._line_start()}{text}\n")

    def _show(self, text: str) -> None:
        if text:
            self._err.write(text)
            self._err.flush()

    def _eraser(self) -> str:
        """Return what removes the drawing."""
        if not self._drawn:
            return ""
        width = terminal_columns(self._err)  # the window may be narrower than it was
        rows = sum(max(-(-line // width), 1) for line in self._drawn)
        up = f"\x1b[{rows - 1}A" if rows > 1 else ""
        self._drawn = []
        return f"\r{up}\x1b[J"

    def _line_start(self) -> str:
        """Return what moves the cursor to the start of an empty line."""
        if self._relation == SAME and self._line_is_open:
            self._line_is_open = False
            return "\n"
        if self._relation == PIPED and self._has_results and os.environ.get("TERM") != "dumb":
            # Nobody knows in which column the other program has left the cursor. A row of spaces
            # wraps to the next row, unless the cursor was in the first column.
            return f"{' ' * terminal_columns(self._err)}\r"
        return ""


def relation(out: TextIO, err: TextIO) -> str:
    """Return whether results end on the screen of standard error.

    Returns:
        ``"same"`` terminal, ``"piped"`` to a program that may write to it, or ``"apart"``.
    """
    if not err.isatty():
        return APART
    if out.isatty():
        return SAME
    try:
        mode = os.fstat(out.fileno()).st_mode
    except (OSError, io.UnsupportedOperation):  # standard output is no real file
        return APART
    return PIPED if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else APART
