"""Server-sent events: an incremental parser that depends on no chunk boundaries.

It reads only what Gradio's queue needs: the ``data`` of each event, as bytes. Event names, ids and
comments are skipped. The data of an event is returned as soon as the blank line after it has
arrived.
"""

from __future__ import annotations

from ...errors import too_large

#: The default limit in bytes for one message or response: far more than apps send, and far less
#: than the memory of a machine.
MESSAGE_BYTES = 2**28

_HEAD_BYTES = 1024  # what `Truncated` keeps; a message names its job at its start
_MAX_SKIPPED = 16  # times the limit; a longer event is assumed to be endless


class Truncated(bytes):
    """The start of an event that exceeds the size limit; the rest of the event is skipped."""

    __slots__ = ()


class EventStreamParser:
    """Incremental parser of one stream.

    Lines may end in LF, CRLF or CR. Bytes are copied at most once per chunk, so the time for a
    large event that arrives in many chunks is linear in its size.

    Args:
        limit: The largest size of an event in bytes. As soon as an event exceeds it, its start is
            returned as `Truncated`. Events after it are parsed as usual.
    """

    __slots__ = (
        *("_after_cr", "_data", "_data_bytes", "_limit", "_line", "_line_bytes", "_skipped"),
        *("_started", "_tail"),
    )

    def __init__(self, limit: int = MESSAGE_BYTES) -> None:
        self._limit = limit
        self._line: list[bytes] = []  # pieces of a line that has not ended yet
        self._line_bytes = 0
        self._data: list[bytes] = []  # data lines of an event that has not ended yet
        self._data_bytes = 0
        self._skipped: int | None = None  # bytes so far of an event that is skipped; else None
        self._tail = b""  # LF if that event's last byte was one: two LF end an event
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Parse the next bytes and return the data of each event that they complete.

        Raises:
            MessageTooLargeError: An event that is skipped does not end.
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
        """Join the pieces of the incomplete line with its end, which is the first of `lines`."""
        pieces, self._line = self._line, []
        pieces.append(lines[0])
        if pieces[0].startswith(b"data: "):
            # The prefix is removed here, since removing it later would copy long data once more.
            pieces[0] = pieces[0][6:]
            self._data.append(b"".join(pieces))
            self._started = True
            del lines[0]
        else:
            lines[0] = b"".join(pieces)

    def _within_limit(self, events: list[bytes]) -> list[bytes]:
        """Return the events. If the incomplete event exceeds the limit, add its start."""
        if self._line_bytes + self._data_bytes <= self._limit:
            return events
        self._skipped = self._line_bytes + self._data_bytes
        self._tail = b"" if self._line else b"\n"
        head = bytearray()
        for piece in self._data or self._line:
            head += piece[:_HEAD_BYTES]
            if len(head) >= _HEAD_BYTES:
                break
        # An incomplete line still has its field name. A comment has no data to return.
        start = bytes(head) if self._data else bytes(head).partition(b"data:")[2]
        self._line, self._data = [], []
        self._line_bytes = self._data_bytes = 0
        return [*events, Truncated(start)]

    def _skip(self, chunk: bytes, skipped: int) -> bytes:
        """Return the bytes after the event that is skipped; none if it has not ended yet."""
        text = self._tail + chunk
        end = text.find(b"\n\n")
        if end >= 0:
            self._skipped = None
            return text[end + 2 :]
        self._tail = b"\n" if text.endswith(b"\n") else b""
        self._skipped = skipped + len(chunk)
        if self._skipped > _MAX_SKIPPED * self._limit:
            raise too_large("An event of the server's stream", self._limit)
        return b""

    def _plain_line_ends(self, chunk: bytes) -> bytes:
        """Replace every line end by LF, even if the two bytes of a CRLF are in different chunks."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # the CR before it has already counted as a line end
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
