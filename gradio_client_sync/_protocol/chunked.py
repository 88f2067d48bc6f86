"""The chunked framing of HTTP/1.1: bytes in, content out, whatever came together.

Servers put each event of a stream in a chunk of its own. What has come of the connection is
taken apart at once here, instead of by a few reads for each chunk.
"""

from __future__ import annotations

import re

_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r?")
_LINE_BYTES = 65_536  # of a chunk's size with its extensions, or of a line after the last chunk
_LINES = 100  # after the last chunk


class ChunkedDecoder:
    """Incremental parser of one body.

    Attributes:
        over: The body has ended.
        alone: Nothing else may be read from the connection: bytes came that are not of the body, or
            it was hung up.

    Behaviour: RFC 9112, sections 7.1 and 8. Lines may end in LF alone, as `http.client` takes them.
    """

    __slots__ = ("_held", "_left", "_lines", "_within", "alone", "over")

    def __init__(self) -> None:
        self._held = b""  # a line that is not complete yet
        self._left = 0  # bytes of the chunk that are still to come
        self._within = False  # the line end after a chunk's content is still to come
        self._lines: int | None = None  # after the last chunk
        self.over = False
        self.alone = False

    def feed(self, piece: bytes) -> bytes:
        """Take the next bytes; return what of the content is in them.

        Raises:
            ValueError: They are not framed so.
        """
        if self._left > len(piece):  # all of it is content
            self._left -= len(piece)
            return piece
        if self._held:
            piece, self._held = self._held + piece, b""
        contents: list[bytes] = []
        at = 0
        while not self.over:
            if self._left:
                content = piece[at : at + self._left]
                at += len(content)
                self._left -= len(content)
                contents.append(content)
                if self._left:
                    break
            end = piece.find(b"\n", at)
            if end - at > _LINE_BYTES or (end < 0 and len(piece) - at > _LINE_BYTES):
                raise ValueError("the size of a chunk is too long")
            if end < 0:
                self._held = piece[at:]
                break
            self._take(piece[at:end])
            at = end + 1
        self.alone = self.over and at < len(piece)
        return contents[0] if len(contents) == 1 else b"".join(contents)

    def close_idle(self) -> bool:
        """The connection ended; whether all of the content had come, which the last chunk says."""
        self.over = self.alone = self._lines is not None
        return self.over

    def _take(self, line: bytes) -> None:
        """Take a line without its LF."""
        if self._within:
            if line.strip(b"\r"):
                raise ValueError("a chunk is longer than its size")
            self._within = False
        elif self._lines is not None:
            self.over = not line.strip(b"\r")
            self._lines += 1
            if self._lines > _LINES:
                raise ValueError("there is no end after the last chunk")
        else:
            size = _SIZE.fullmatch(line)
            if size is None:
                raise ValueError("a chunk has no size")
            self._left = int(size[1], 16)
            self._within = self._left > 0
            if not self._left:
                self._lines = 0
