"""One line on the standard error that shows a wait, where people can see it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ..events import SpaceStatus


def is_watched(stream: TextIO | None) -> bool:
    """Whether somebody sees what is written: in a terminal or a notebook."""
    if stream is None:
        return False
    return stream.isatty() or type(stream).__module__.partition(".")[0] == "ipykernel"


def shorten(text: str, width: int) -> str:
    """A text without its middle, so that it fits; what changes is at the end."""
    if len(text) <= width:
        return text
    kept = max(width - 1, 2)
    return f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}"


class LiveLine:
    """Shows how long a Space takes; nothing if it runs already.

    Args:
        name: What the Space is called.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._width = 0

    def show(self, status: SpaceStatus, spent: float) -> None:
        """Write over what was shown before; an end stays, and ends the line."""
        over = status.load_status != "pending"
        if over and not self._width:
            return
        text = f"{self._name}: {status.message.strip()} ({spent:.0f} s)"
        if not over:
            # What is longer than the line goes on in the next one, and cannot be written over.
            text = shorten(text, shutil.get_terminal_size().columns - 1)
        # Not an escape sequence: notebooks know the carriage return only.
        self._stream.write(f"\r{text.ljust(self._width)}" + ("\n" if over else ""))
        self._stream.flush()
        self._width = 0 if over else max(self._width, len(text))

    def end(self) -> None:
        """Whatever is written next stands on a line of its own."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0
