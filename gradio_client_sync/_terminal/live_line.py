"""A line on standard error that shows how long a Space takes to start."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from .._basics.printing import encodable
from .columns import terminal_columns

if TYPE_CHECKING:
    from ..events import SpaceStatus


def is_watched(stream: TextIO | None) -> bool:
    """Return whether a person can see the stream: it is a terminal, or a notebook shows it."""
    if stream is None:
        return False
    return stream.isatty() or type(stream).__module__.partition(".")[0] == "ipykernel"


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """Return a text that fits; a long text loses its middle, because its end changes."""
    if len(text) <= width:
        return text
    kept = max(width - len(ellipsis), 2)
    return f"{text[: kept // 2]}{ellipsis}{text[-(kept - kept // 2) :]}"


class LiveLine:
    """Shows the status of a Space that starts; shows nothing if the Space already runs.

    Args:
        name: The name of the Space.
        stream: Where to write.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._width = 0

    def show(self, status: SpaceStatus, spent: float) -> None:
        """Overwrite the line; a final status stays, and the next text begins on a new line."""
        over = status.load_status != "pending"
        if over and not self._width:
            return
        text = f"{self._name}: {status.message.strip()} ({spent:.0f} s)"
        text = encodable(text, self._stream)
        if not over:
            # A longer text would continue on the next line, which cannot be overwritten.
            room = terminal_columns(self._stream) - 1
            text = shorten(text, room, encodable("…", self._stream))
        # No escape sequence, because notebooks only support the carriage return.
        self._stream.write(f"\r{text.ljust(self._width)}" + ("\n" if over else ""))
        self._stream.flush()
        self._width = 0 if over else max(self._width, len(text))

    def end(self) -> None:
        """End the line, so that the next text begins on a line of its own."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()
            self._width = 0
