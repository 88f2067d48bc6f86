"""Incremental decoder for the chunked framing of HTTP/1.1.

Servers send each event of a stream in a chunk of its own. The decoder splits all bytes that have
arrived at once; `http.client` needs several reads for each chunk.
"""

from __future__ import annotations

import re

_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r?")
_LINE_BYTES = 65_536  # limit for a chunk's size with its extensions, and for a trailer line
_TRAILER_LINES = 100


class ChunkedDecoder:
    """Incremental parser of one body.

    Attributes:
        over: The body has ended.
        alone: Nothing else may be read from the connection, because bytes arrived that do not
            belong to the body, or because the server closed the connection.

    Behaviour: RFC 9112, sections 7.1 and 8. As in `http.client`, a line may end in LF alone.
    """

    __slots__ = (
        "_content_left",
        "_line_start",
        "_needs_line_end",
        "_trailer_lines",
        "alone",
        "over",
    )

    def __init__(self) -> None:
        self._line_start = b""  # the start of a line whose end has not arrived yet
        self._content_left = 0  # bytes of the present chunk that have not arrived yet
        self._needs_line_end = False  # the content of a chunk is complete, its line end is not
        self._trailer_lines: int | None = None  # lines after the last chunk; None before it
        self.over = False
        self.alone = False

    def feed(self, piece: bytes) -> bytes:
        """Parse the next bytes and return the content in them.

        Raises:
            ValueError: The bytes are not valid chunked framing.
        """
        if self._content_left > len(piece):  # all of it is content
            self._content_left -= len(piece)
            return piece
        if self._line_start:
            piece, self._line_start = self._line_start + piece, b""
        contents: list[bytes] = []
        at = 0
        while not self.over:
            if self._content_left:
                content = piece[at : at + self._content_left]
                at += len(content)
                self._content_left -= len(content)
                contents.append(content)
                if self._content_left:
                    break
            end = piece.find(b"\n", at)
            if end - at > _LINE_BYTES or (end < 0 and len(piece) - at > _LINE_BYTES):
                raise ValueError("the size of a chunk is too long")
            if end < 0:
                self._line_start = piece[at:]
                break
            self._parse_line(piece[at:end])
            at = end + 1
        self.alone = self.over and at < len(piece)
        return contents[0] if len(contents) == 1 else b"".join(contents)

    def close_idle(self) -> bool:
        """Record that the connection has ended; return whether the last chunk had arrived."""
        self.over = self.alone = self._trailer_lines is not None
        return self.over

    def _parse_line(self, line: bytes) -> None:
        """Parse one line, without its LF."""
        if self._needs_line_end:
            if line.strip(b"\r"):
                raise ValueError("a chunk is longer than its size")
            self._needs_line_end = False
        elif self._trailer_lines is not None:
            self.over = not line.strip(b"\r")
            self._trailer_lines += 1
            if self._trailer_lines > _TRAILER_LINES:
                raise ValueError("there is no end after the last chunk")
        else:
            size = _SIZE.fullmatch(line)
            if size is None:
                raise ValueError("a chunk has no size")
            self._content_left = int(size[1], 16)
            self._needs_line_end = self._content_left > 0
            if not self._content_left:
                self._trailer_lines = 0
