"""Long bodies, which are sent and read in pieces, so that they do not fill the memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Callable, NamedTuple, Protocol

from .._protocol.queue.eventstream import EventStreamParser
from .base import Aborted, Lost
from .failures import describe_loss

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .._protocol.values.multipart import MultipartFrame
    from .connections import RequestHandle
    from .response import Response

#: Bytes to send at once. More would be too much for a slow network to send before the timeout; less
#: would cost more system calls.
CHUNK_BYTES = 131_072

#: Bytes to read at once from an event stream. It is just below the size from which the allocator
#: requests memory from the operating system each time.
EVENT_BYTES = 65_536

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)\Z")


class Reader(Protocol):
    """An object with a `read` method, such as a file opened in binary mode."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most `size`; ``b""`` at the end."""
        ...


class UploadContent(NamedTuple):
    """Content to upload.

    Attributes:
        name: Its file name.
        size: Its length in bytes; ``None`` if it is known only after reading.
        open: A function that opens it for reading.
        is_read_once: Whether it can be opened only once.
    """

    name: str
    size: int | None
    open: Callable[[], AbstractContextManager[Reader]]
    is_read_once: bool = False


class Changed(Exception):
    """The content of an upload was shorter than its `size`."""


class UploadBody:
    """The body of an upload. It reads the content of each source while it is sent.

    Args:
        frame: The bytes around the content of the sources.
        sources: What to upload, one after each head of the frame.
        on_sent: A function that gets the number of content bytes sent since its last call. When
            the body is sent again, it first gets a negative number that undoes the earlier ones.

    Attributes:
        reading: The source that is read now.
        failure: The exception that reading it raised. It is kept here, because it would otherwise
            look like a failure of the connection.
    """

    def __init__(
        self,
        frame: MultipartFrame,
        sources: Sequence[UploadContent],
        on_sent: Callable[[int], None],
    ) -> None:
        self._frame = frame
        self._sources = sources
        self._on_sent = on_sent
        self._sent = 0
        self.reading = sources[0]
        self.failure: Exception | None = None

    @property
    def sources(self) -> Sequence[UploadContent]:
        """The contents of the upload."""
        return self._sources

    @property
    def is_read_once(self) -> bool:
        """Whether the body can be sent only once."""
        return any(source.is_read_once for source in self._sources)

    def __len__(self) -> int:
        """Return the length in bytes; 0 if it is unknown, so the body has to be sent in chunks."""
        return self._frame.length or 0

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[bytes]:
        if self._sent:
            self._on_sent(-self._sent)
            self._sent = 0
        for head, source in zip(self._frame.heads, self._sources):
            yield head
            self.reading = source
            pieces = _pieces(source)
            while True:
                try:
                    piece = next(pieces, b"")
                except Exception as exc:
                    self.failure = exc
                    raise
                if not piece:
                    break
                yield piece
                self._sent += len(piece)
                self._on_sent(len(piece))
        yield self._frame.tail


def _pieces(source: UploadContent) -> Iterator[bytes]:
    """Read the content of a source in pieces, at most up to its size."""
    left = source.size
    with source.open() as reader:
        while left is None or left > 0:
            piece = reader.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not piece:
                if left:
                    from .._basics.words import counted

                    missing = counted(left, "byte")
                    raise Changed(f"it is {missing} shorter than when the upload began")
                return
            if left is not None:
                left -= len(piece)
            yield piece


class Download:
    """The body of a response, which is read as it arrives.

    Args:
        response: The response.
        call: The handle of its request.
        done: A function that is called when reading has ended.

    Attributes:
        status: The status code.
        headers: The headers, by name in lower case.
    """

    def __init__(self, response: Response, call: RequestHandle, done: Callable[[], None]) -> None:
        self._response = response
        self._call = call
        self._done = done
        self.status = response.status
        self.headers = response.headers

    @property
    def length(self) -> int | None:
        """The length of the body in bytes; ``None`` if it is unknown or the body is compressed."""
        text = self.headers.get("content-length", "")
        return int(text) if self._is_plain and text.isdecimal() else None

    @property
    def validator(self) -> str | None:
        """The entity tag by which to request the rest of the same content; ``None`` for none.

        Only a strong tag is used. A time is not enough, because two versions of one second have the
        same time. If the body is compressed, the position in the content is not known.
        """
        tag = self.headers.get("etag", "")
        return tag if self._is_plain and tag.startswith('"') else None

    def continues(self, offset: int, validator: str | None) -> bool:
        """Return whether the body continues an earlier download.

        Args:
            offset: How many bytes that download has read.
            validator: Its `validator`.
        """
        match = _RANGE.match(self.headers.get("content-range", ""))
        return (
            self.status == 206
            and match is not None
            and int(match[1]) == offset
            and validator is not None
            and self.validator in (validator, None)
            and self._is_plain
        )

    @property
    def _is_plain(self) -> bool:
        return self.headers.get("content-encoding", "identity") == "identity"

    def read(self, size: int = CHUNK_BYTES, /) -> bytes:
        """Wait for the next bytes, and return at most `size` of them; ``b""`` at the end.

        Raises:
            Lost: The connection broke off, or the server sent nothing within the timeout.
            Aborted: Another thread ended the request.
        """
        try:
            piece = self._response.read1(size)
        except Exception as exc:
            if self._call.aborted:
                raise Aborted from exc
            raise Lost(describe_loss(exc)) from exc
        if not piece and self._call.aborted:
            raise Aborted
        return piece

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *exc: object) -> None:
        self._response.close()
        self._done()


class EventStream:
    """An open event stream. Iterating gives lists with the data of events that arrived together.

    If an event is longer than `limit`, only its start is given, as a `Truncated`.

    Args:
        response: The response.
        call: The handle of its request.
        limit: The most bytes that an event may have.
        done: A function that is called when the stream is closed.
    """

    def __init__(
        self, response: Response, call: RequestHandle, limit: int, done: Callable[[], None]
    ) -> None:
        self._response = response
        self._call = call
        self._limit = limit
        self._done = done

    def __iter__(self) -> Iterator[list[bytes]]:
        """Read to the end.

        Raises:
            Lost: The stream broke off, or the server sent nothing within the timeout.
            Aborted: `abort` was called.
            MessageTooLargeError: An event is so long that the client stops reading.
        """
        read, parser = self._response.read1, EventStreamParser(self._limit)
        while True:
            try:
                chunk = read(EVENT_BYTES)
            except Exception as exc:
                if self._call.aborted:
                    raise Aborted from exc
                raise Lost(describe_loss(exc)) from exc
            if not chunk:
                if self._call.aborted:
                    raise Aborted
                return
            payloads = parser.feed(chunk)
            if payloads:
                yield payloads

    def abort(self) -> None:
        """End the stream from another thread."""
        self._call.abort()

    def close(self) -> None:
        """Release the connection. It is reused if the stream was read to its end."""
        self._response.close()
        self._done()
