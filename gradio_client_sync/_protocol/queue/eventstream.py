"""Server-sent events: bytes in, payloads out, whatever the chunk boundaries.

Only what a queue needs of the format: the ``data`` of each event, as bytes. Names,
ids and comments are passed over. A payload is handed out as soon as the blank line
that ends it has come.
"""

from __future__ import annotations

from ...errors import too_large

#: What one message or answer may have: far above what apps send, far below what a machine has.
MESSAGE_BYTES = 2**28

_HEAD_BYTES = 1024  # of an event that is too long; a message says at its start whose it is
_SKIPPED = 16  # times the limit; what goes on for longer than that has no end


class Truncated(bytes):
    """The start of an event that is longer than it may be; the rest is passed over."""

    __slots__ = ()


class EventStreamParser:
    """Incremental parser of one stream.

    Lines may end in LF, CRLF or CR. Bytes are only ever copied once per chunk, so
    a large event that arrives in many chunks costs time linear in its size.

    Args:
        limit: How many bytes an event may have. Of a longer one the start is handed out as
            a `Truncated`, as soon as it is too long; what follows after its end is read on.
    """

    __slots__ = (
        *("_after_cr", "_data", "_data_bytes", "_limit", "_line", "_line_bytes", "_skipped"),
        *("_started", "_tail"),
    )

    def __init__(self, limit: int = MESSAGE_BYTES) -> None:
        self._limit = limit
        self._line: list[bytes] = []  # pieces of the line that is not complete yet
        self._line_bytes = 0
        self._data: list[bytes] = []  # data lines of the event that is not complete yet
        self._data_bytes = 0
        self._skipped: int | None = None  # bytes of the event that is passed over, if one is
        self._tail = b""  # its last line end, where the next chunk may bring the blank line
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes; return the payloads of the events that they completed.

        Raises:
            MessageTooLargeError: An event that is passed over does not end.
        """
        if not chunk:
            return []
        if b"\r" in chunk or self._after_cr:
            chunk = self._plain_line_ends(chunk)
        if self._skipped is not None:
            chunk = self._skip(chunk, self._skipped)
            if not chunk:
                return []
        lines = chunk.split(b"\n")
        if len(lines) == 1:
            self._line.append(chunk)
            self._line_bytes += len(chunk)
            return self._within_limit([])
        data = self._data
        known = len(data)
        if self._line:
            self._finish_line(lines)
        rest = lines.pop()
        if rest:
            self._line.append(rest)
        self._line_bytes = len(rest)
        if not self._started and lines:
            self._started = True
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        events: list[bytes] = []
        for line in lines:
            if line:
                if line.startswith(b"data:"):
                    data.append(line[6:] if line.startswith(b"data: ") else line[5:])
                elif line == b"data":
                    data.append(b"")
            elif data:
                events.append(data[0] if len(data) == 1 else b"\n".join(data))
                data.clear()
        if events:
            self._data_bytes = known = 0
        if len(data) > known:
            self._data_bytes += sum(map(len, data[known:])) + len(data) - known
        return self._within_limit(events)

    def _finish_line(self, lines: list[bytes]) -> None:
        """Put the pieces of a line together, the last of which comes first in `lines`."""
        pieces, self._line = self._line, []
        pieces.append(lines[0])
        if pieces[0].startswith(b"data: "):
            # Without another copy of what may be large.
            pieces[0] = pieces[0][6:]
            self._data.append(b"".join(pieces))
            self._started = True
            del lines[0]
        else:
            lines[0] = b"".join(pieces)

    def _within_limit(self, events: list[bytes]) -> list[bytes]:
        """The events, and the start of the one that has just become too long."""
        if self._line_bytes + self._data_bytes <= self._limit:
            return events
        self._skipped = self._line_bytes + self._data_bytes
        self._tail = b"" if self._line else b"\n"
        head = bytearray()
        for piece in self._data or self._line:
            head += piece[:_HEAD_BYTES]
            if len(head) >= _HEAD_BYTES:
                break
        # A line that is not complete has its field's name; a comment says nothing.
        start = bytes(head) if self._data else bytes(head).partition(b"data:")[2]
        self._line, self._data = [], []
        self._line_bytes = self._data_bytes = 0
        return [*events, Truncated(start)]

    def _skip(self, chunk: bytes, skipped: int) -> bytes:
        """What comes after the event that is passed over; nothing while that goes on."""
        text = self._tail + chunk
        end = text.find(b"\n\n")
        if end >= 0:
            self._skipped = None
            return text[end + 2 :]
        self._tail = b"\n" if text.endswith(b"\n") else b""
        self._skipped = skipped + len(chunk)
        if self._skipped > _SKIPPED * self._limit:
            raise too_large("An event of the server's stream", self._limit)
        return b""

    def _plain_line_ends(self, chunk: bytes) -> bytes:
        """Make every line end a LF, also where a CRLF is cut in two by the chunks."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # the CR before it has already ended the line
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
