"""Server-sent events: bytes in, payloads out, whatever the chunk boundaries.

Only what a queue needs of the format: the ``data`` of each event, as bytes. Names,
ids and comments are passed over. A payload is handed out as soon as the blank line
that ends it has come.
"""

from __future__ import annotations

from ..errors import too_large

#: What one message or answer may have: far above what apps send, far below what a machine has.
MESSAGE_BYTES = 2**28


class EventStreamParser:
    """Incremental parser of one stream.

    Lines may end in LF, CRLF or CR. Bytes are only ever copied once per chunk, so
    a large event that arrives in many chunks costs time linear in its size.

    Args:
        limit: How many bytes an event may have.
    """

    __slots__ = ("_after_cr", "_data", "_data_bytes", "_limit", "_line", "_line_bytes", "_started")

    def __init__(self, limit: int = MESSAGE_BYTES) -> None:
        self._limit = limit
        self._line: list[bytes] = []  # pieces of the line that is not complete yet
        self._line_bytes = 0
        self._data: list[bytes] = []  # data lines of the event that is not complete yet
        self._data_bytes = 0
        self._after_cr = False
        self._started = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes; return the payloads of the events that they completed.

        Raises:
            MessageTooLargeError: An event goes on for longer than it may.
        """
        if not chunk:
            return []
        if b"\r" in chunk or self._after_cr:
            chunk = self._plain_line_ends(chunk)
        lines = chunk.split(b"\n")
        if len(lines) == 1:
            self._line.append(chunk)
            self._line_bytes += len(chunk)
            self._check()
            return []
        if self._line:
            self._line.append(lines[0])
            lines[0] = b"".join(self._line)
            self._line = []
        rest = lines.pop()
        if rest:
            self._line.append(rest)
        self._line_bytes = len(rest)
        if not self._started:
            self._started = True
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        events: list[bytes] = []
        data = self._data
        known = len(data)
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
        self._check()
        return events

    def _check(self) -> None:
        if self._line_bytes + self._data_bytes > self._limit:
            raise too_large("An event of the server's stream", self._limit)

    def _plain_line_ends(self, chunk: bytes) -> bytes:
        """Make every line end a LF, also where a CRLF is cut in two by the chunks."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # the CR before it has already ended the line
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
