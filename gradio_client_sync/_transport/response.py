"""How a response is read from a socket: `Raw` reads the head, and `Response` reads the body."""

from __future__ import annotations

import http.client
import re
from typing import Any, Callable, Union

import urllib3

from .._protocol.chunked import ChunkedDecoder
from ..errors import ProtocolError, too_large

_Body = Union[http.client.HTTPResponse, urllib3.HTTPResponse]

_CHUNK_BYTES = 65_536

# Limits of a head; the first two are those of `http.client`.
_LINE_BYTES = 65_536
_LINES = 100
_INTERIM_RESPONSES = 10  # responses with status 1xx, before the final one

_FOLD = re.compile(r"\r?\n[ \t]+")  # a folded line, as older versions of HTTP allow it
_FIELD = re.compile(r"^([^\s:][^:\n]*):([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)


class Raw(http.client.HTTPResponse):
    """A response whose head is read without the mail parser that `http.client` uses.

    That parser is made for e-mail and can do far more than is needed here. It would take more time
    than all other steps of reading a head.
    """

    #: The headers by name in lower case. The values of a repeated header are joined with commas.
    headers: dict[str, str]  # type: ignore[assignment]

    # A signal handler may raise before `__init__` sets it. The garbage collector then calls
    # `close`, which reads it.
    fp: Any = None

    may_upgrade = False  # whether status 101 is accepted; afterwards, the protocol is another one

    def begin(self) -> None:
        """Read the head.

        Raises:
            OSError, http.client.HTTPException: The connection broke off, or the response is not
                HTTP/1.

        Behaviour: RFC 9112, sections 2 to 6, as far as clients need them. Ours: every interim
        response (1xx) is skipped; `http.client` skips only those with status 100.
        """
        (version, status, reason), fields = self._read_final()
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
        self._set_framing(headers.get("transfer-encoding"), headers.get("content-length"))
        self.chunk_left = None
        self.will_close = self._check_close()  # type: ignore[attr-defined]
        if self._method == "HEAD" or status in (204, 304):  # type: ignore[attr-defined]
            self.length, self.chunked = 0, False  # no body, whatever the headers say
        elif self.length is None and not self.chunked:
            self.will_close = True  # the end of the connection is the end of the body

    def _set_framing(self, transfer: str | None, length: str | None) -> None:
        """Set whether the body is sent in chunks, and its length if it has one."""
        self.chunked = transfer is not None and transfer.lower() == "chunked"
        self.length = None
        if transfer is not None and not self.chunked:
            raise http.client.HTTPException(
                f"the response has the unknown Transfer-Encoding {transfer!r}"
            )
        if length is not None and not self.chunked:
            value, *others = {text.strip() for text in length.split(",")}
            if others:
                raise http.client.HTTPException(
                    f"the response has contradictory Content-Length values: {length!r}"
                )
            # A value that is not a number is ignored, as `http.client` does.
            if value.isascii() and value.isdecimal() and len(value) < 20:
                self.length = int(value)

    def _read_final(self) -> tuple[tuple[str, int, str], list[tuple[str, str]]]:
        """Return the status line and the headers of the first response that is not interim."""
        for _ in range(_INTERIM_RESPONSES):
            first = self._read_status()  # type: ignore[attr-defined]
            fields = _fields_of(self._read_lines())
            if first[1] == 101 and not self.may_upgrade:
                raise http.client.HTTPException(
                    "the server switched to another protocol, which was not requested"
                )
            if first[1] >= 200 or first[1] == 101:
                return first, fields
        raise http.client.HTTPException(f"got {_INTERIM_RESPONSES} interim responses, no final one")

    def _read_lines(self) -> bytes:
        """Return all lines before the blank one."""
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
    """Return the name and value of each header. Lines that are not headers are skipped."""
    fields = _FIELD.findall(lines.decode("latin-1"))
    return [
        (name.strip().lower(), (_FOLD.sub(" ", text) if "\n" in text else text).strip())
        for name, text in fields
    ]


class Response:
    """One response. Once its body is read, the next request can use its connection.

    Args:
        raw: The response, with its head already read.
        release: A function that is called once, when the connection is no longer needed. It gets
            whether another request may use the connection.

    Attributes:
        status: The status code.
        headers: The headers, by name in lower case.
        set_cookies: The values of the ``Set-Cookie`` headers.
    """

    def __init__(self, raw: Raw, release: Callable[[bool], None]) -> None:
        self.status = raw.status
        self.headers = raw.headers
        self.set_cookies = raw.set_cookies
        self._raw = raw
        self._release: Callable[[bool], None] | None = release
        # A compressed body is read through `urllib3`, any other one directly.
        self._body: _Body = raw
        self._chunks: ChunkedDecoder | None = None
        encoding = self.headers.get("content-encoding", "identity")
        if encoding != "identity" and raw.length != 0:
            self._body = urllib3.HTTPResponse(raw, self.headers, preload_content=False)
        elif raw.chunked:
            self._chunks = ChunkedDecoder()

    def take_cookies(self) -> list[str]:
        """Return the values of the ``Set-Cookie`` headers, and forget them.

        Programs that dump variables show the response while its body is read.
        """
        taken, self.set_cookies[:] = list(self.set_cookies), []
        self.headers.pop("set-cookie", None)
        return taken

    def read1(self, size: int) -> bytes:
        """Wait for the next bytes, and return at most `size` of them; ``b""`` at the end.

        Raises:
            OSError, http.client.HTTPException, urllib3.exceptions.HTTPError: The connection broke
                off, or the server sent nothing within the timeout.
        """
        raw = self._raw
        if self._chunks is not None:
            return self._read_chunks(size, self._chunks)
        piece = self._body.read1(size)
        if not piece and raw.length:
            raise http.client.IncompleteRead(b"", raw.length)
        if raw.length == 0:
            raw.close()  # otherwise only one more call of `read1` would close it
        if raw.isclosed():
            self._end(whole=True)
        return piece

    def _read_chunks(self, size: int, chunks: ChunkedDecoder) -> bytes:
        """Return the content of the chunks that have arrived."""
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
        """Read the whole body.

        Args:
            url: The request's URL, for errors.
            limit: The most bytes that the body may have.

        Raises:
            MessageTooLargeError: The body has more bytes.
            ProtocolError: The body is compressed more than once.
            OSError, http.client.HTTPException, urllib3.exceptions.HTTPError: The connection broke
                off, or the server sent nothing within the timeout.
        """
        raw = self._raw
        if self._body is raw and raw.length is not None and raw.length <= limit:
            body = raw.read()
        elif "," in self.headers.get("content-encoding", ""):
            self.close()
            raise ProtocolError(
                f"{url} sent a response that is compressed several times, which is not supported. "
                "Check the gateways between this client and the app."
            )
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
                raise too_large(f"The response of {url}", limit)
            pieces.append(piece)
        return b"".join(pieces)

    def drained(self) -> None:
        """End reading, after the body was read from the connection by other code."""
        self._end(whole=True)

    def close(self) -> None:
        """End reading. The connection is closed, unless the body was read to its end."""
        self._raw.close()
        self._end(whole=False)

    def _end(self, *, whole: bool) -> None:
        """Release the connection, once."""
        release, self._release = self._release, None
        if release is not None:
            # After an unhandled exception (500 in plain text), servers close the connection without
            # announcing it. The next request on it would fail.
            kind = self.headers.get("content-type", "")
            release(whole and (self.status != 500 or kind.startswith("application/json")))
