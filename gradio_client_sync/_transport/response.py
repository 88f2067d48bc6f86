"""An answer as it comes in: its head is there, its body is read piece by piece."""

from __future__ import annotations

import http.client
import re
from typing import Any, Callable, Union

import urllib3

from .._protocol.chunked import ChunkedDecoder
from ..errors import ProtocolError, too_large

_Body = Union[http.client.HTTPResponse, urllib3.HTTPResponse]

_CHUNK_BYTES = 65_536


# Bounds on a head; the first two are those of `http.client`.
_LINE_BYTES = 65_536
_LINES = 100
_INTERIM_ANSWERS = 10  # which only say that there will be one

_FOLD = re.compile(r"\r?\n[ \t]+")  # how long lines were broken once
_FIELD = re.compile(r"^([^\s:][^:\n]*):([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)


class Raw(http.client.HTTPResponse):
    """An answer whose head is read without the parser of mails that `http.client` has for it.

    That parser is made for far more than there is in such a head, and takes longer than
    anything else in reading one.
    """

    #: By their names in lower case; what came several times stands with commas between.
    headers: dict[str, str]  # type: ignore[assignment]

    # `close`, which the collector calls, reads it even if a signal struck before `__init__` set it.
    fp: Any = None

    may_upgrade = False  # 101 is an answer, and the connection speaks something else from then on

    def begin(self) -> None:
        """Read the head.

        Raises:
            OSError, http.client.HTTPException: It broke off, or is none of HTTP/1.

        Behaviour: RFC 9112, sections 2 to 6, as far as clients need them. Ours: every answer
        that is only an interim one (1xx) is passed over; `http.client` does so with 100.
        """
        (version, status, reason), fields = self._final()
        if not version.startswith("HTTP/1."):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version == "HTTP/1.0" else 11
        self.code = self.status = status
        self.reason = reason.strip()
        headers = dict(fields)
        if len(headers) < len(fields):
            headers = {name: ", ".join(v for n, v in fields if n == name) for name in headers}
        self.headers = headers
        self.set_cookies = [value for name, value in fields if name == "set-cookie"]
        self._frame(headers.get("transfer-encoding"), headers.get("content-length"))
        self.chunk_left = None
        self.will_close = self._check_close()  # type: ignore[attr-defined]
        if self._method == "HEAD" or status in (204, 304):  # type: ignore[attr-defined]
            self.length, self.chunked = 0, False  # whatever would frame a body
        elif self.length is None and not self.chunked:
            self.will_close = True  # by which one sees that it is over

    def _frame(self, transfer: str | None, length: str | None) -> None:
        """How the end of the body shows, if not by that of the connection."""
        self.chunked = transfer is not None and transfer.lower() == "chunked"
        self.length = None
        if transfer is not None and not self.chunked:
            raise http.client.HTTPException(f"the answer is framed as {transfer!r}")
        if length is not None and not self.chunked:
            told, *others = {text.strip() for text in length.split(",")}
            if others:
                raise http.client.HTTPException(f"the answer says that its length is {length!r}")
            # What is no number says nothing; `http.client` passes over it, too.
            if told.isascii() and told.isdecimal() and len(told) < 20:
                self.length = int(told)

    def _final(self) -> tuple[tuple[str, int, str], list[tuple[str, str]]]:
        for _ in range(_INTERIM_ANSWERS):
            first = self._read_status()  # type: ignore[attr-defined]
            fields = _fields_of(self._read_lines())
            if first[1] == 101 and not self.may_upgrade:
                raise http.client.HTTPException("the server speaks another protocol from here on")
            if first[1] >= 200 or first[1] == 101:
                return first, fields
        raise http.client.HTTPException("no answer, but that there will be one")

    def _read_lines(self) -> bytes:
        """All lines before the blank one."""
        lines: list[bytes] = []
        readline = self.fp.readline
        while len(lines) <= _LINES:
            line = readline(_LINE_BYTES + 1)
            if len(line) > _LINE_BYTES:
                raise http.client.LineTooLong("header line")
            if not line.endswith(b"\n"):
                raise http.client.IncompleteRead(line)
            if not line.strip(b"\r\n"):
                return b"".join(lines)
            lines.append(line)
        raise http.client.HTTPException(f"got more than {_LINES} headers")


def _fields_of(lines: bytes) -> list[tuple[str, str]]:
    """Name and value of each header; lines that are none are passed over."""
    fields = _FIELD.findall(lines.decode("latin-1"))
    return [
        (name.strip().lower(), (_FOLD.sub(" ", text) if "\n" in text else text).strip())
        for name, text in fields
    ]


class Response:
    """One answer. Its connection is free for the next request when the body was read.

    Args:
        raw: It, its head read.
        over: Is told once that the connection is not needed any more, and whether another
            request may go over it.

    Attributes:
        status: Its number.
        headers: By their names in lower case.
        set_cookies: The cookies in it.
    """

    def __init__(self, raw: Raw, over: Callable[[bool], None]) -> None:
        self.status = raw.status
        self.headers = raw.headers
        self.set_cookies = raw.set_cookies
        self._raw = raw
        self._over: Callable[[bool], None] | None = over
        # What is compressed is read by way of `urllib3`, anything else as it comes.
        self._body: _Body = raw
        self._chunks: ChunkedDecoder | None = None
        encoding = self.headers.get("content-encoding", "identity")
        if encoding != "identity" and raw.length != 0:
            self._body = urllib3.HTTPResponse(raw, self.headers, preload_content=False)
        elif raw.chunked:
            self._chunks = ChunkedDecoder()

    def read1(self, size: int) -> bytes:
        """The next bytes, at most so many, as soon as there are any; none at the end.

        Raises:
            OSError, http.client.HTTPException, urllib3.exceptions.HTTPError: The connection
                broke off, or fell silent.
        """
        raw = self._raw
        if self._chunks is not None:
            return self._read_chunks(size, self._chunks)
        piece = self._body.read1(size)
        if not piece and raw.length:
            raise http.client.IncompleteRead(b"", raw.length)
        if raw.length == 0:
            raw.close()  # it does so by itself only if it is asked once more
        if raw.isclosed():
            self._end(whole=True)
        return piece

    def _read_chunks(self, size: int, chunks: ChunkedDecoder) -> bytes:
        """The content of as many chunks as there are, without the framing."""
        content = b""
        while not content and not chunks.over:
            piece = self._raw.fp.read1(size)
            if not piece:
                if chunks.close_idle():
                    break
                raise http.client.IncompleteRead(b"")
            try:
                content = chunks.feed(piece)
            except ValueError as exc:
                raise http.client.HTTPException(str(exc)) from exc
        if chunks.over:
            self._raw.close()
            self._end(whole=not chunks.alone)
        return content

    def read(self, url: str, limit: int) -> bytes:
        """All of the body, unless it is longer than any that is meant well.

        Args:
            url: Whose answer it is, for errors.
            limit: How many bytes it may have.

        Raises:
            MessageTooLargeError: It has more.
            ProtocolError: It is compressed more than once.
            OSError, http.client.HTTPException, urllib3.exceptions.HTTPError: As of `read1`.
        """
        raw = self._raw
        if self._body is raw and raw.length is not None and raw.length <= limit:
            body = raw.read()
        elif "," in self.headers.get("content-encoding", ""):
            self.close()
            raise ProtocolError(f"{url} answered with what is compressed several times.")
        else:
            body = self._read_pieces(url, limit)
        self._end(whole=True)
        return body

    def _read_pieces(self, url: str, limit: int) -> bytes:
        pieces: list[bytes] = []
        left = limit
        while piece := self.read1(_CHUNK_BYTES):
            left -= len(piece)
            if left < 0:
                self.close()
                raise too_large(f"The answer of {url}", limit)
            pieces.append(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Let go of it. The connection is closed, unless the body was read to its end."""
        self._raw.close()
        self._end(whole=False)

    def _end(self, *, whole: bool) -> None:
        over, self._over = self._over, None
        if over is not None:
            # After an unhandled exception (500 in plain text) servers drop the connection
            # without announcing it; a later request on it would fail.
            kind = self.headers.get("content-type", "")
            over(whole and (self.status != 500 or kind.startswith("application/json")))
