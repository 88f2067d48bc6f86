"""Long bodies, sent and fetched piece by piece, so that memory does not grow with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Callable, NamedTuple, Protocol

from .._protocol.queue.eventstream import EventStreamParser
from .base import Aborted, Lost
from .failures import loss

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .._protocol.values.multipart import MultipartFrame
    from .connections import RequestHandle
    from .response import Response

#: Large enough that the system calls do not count, small enough for a slow line's timeout.
CHUNK_BYTES = 131_072

#: The same for events. A little less than what the memory for is asked from the system each time.
EVENT_BYTES = 65_536

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)\Z")


class Reader(Protocol):
    """Gives a content's next bytes, at most so many; none at its end."""

    def read(self, size: int, /) -> bytes: ...


class Source(NamedTuple):
    """Something to upload.

    Attributes:
        size: ``None`` if it shows only as it is read.
        is_read_once: It cannot be opened again.
    """

    name: str
    size: int | None
    open: Callable[[], AbstractContextManager[Reader]]
    is_read_once: bool = False


class Changed(Exception):
    """A content is not as long as it said."""


class UploadBody:
    """The body of an upload, which reads each content as it is sent.

    Args:
        sources: What stands between the frame's heads.
        on_sent: Is told how many more bytes of content were handed to the connection; when the
            body is sent again, what was told before is taken back.

    Attributes:
        reading: Which source is read.
        failure: What reading it raised; the libraries underneath would take it for a
            failure of the connection.
    """

    def __init__(
        self, frame: MultipartFrame, sources: Sequence[Source], on_sent: Callable[[int], None]
    ) -> None:
        self._frame = frame
        self._sources = sources
        self._on_sent = on_sent
        self._sent = 0
        self.reading = sources[0]
        self.failure: Exception | None = None

    @property
    def is_read_once(self) -> bool:
        """Whether it cannot be sent again."""
        return any(source.is_read_once for source in self._sources)

    def __len__(self) -> int:
        """Bytes in all; 0 if that is not known, so that it has to go in chunks."""
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


def _pieces(source: Source) -> Iterator[bytes]:
    left = source.size
    with source.open() as reader:
        while left is None or left > 0:
            piece = reader.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not piece:
                if left:
                    raise Changed(f"it ended {left} bytes before the length that it had")
                return
            if left is not None:
                left -= len(piece)
            yield piece


class Download:
    """The body of an answer, read as it comes."""

    def __init__(self, response: Response, call: RequestHandle, done: Callable[[], None]) -> None:
        self._response = response
        self._call = call
        self._done = done
        self.status = response.status
        self.headers = response.headers

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the server says so and does not compress it."""
        text = self.headers.get("content-length", "")
        return int(text) if self._is_plain and text.isdecimal() else None

    @property
    def validator(self) -> str | None:
        """By what to ask for the rest of the same content; ``None`` if it cannot be asked for.

        Only a strong entity tag does: two contents of one second share their time, and of
        a compressed one the place in it is not known.
        """
        tag = self.headers.get("etag", "")
        return tag if self._is_plain and tag.startswith('"') else None

    def continues(self, offset: int, validator: str | None) -> bool:
        """Whether the body is the rest, from `offset` on, of the content that was begun."""
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
        """The next bytes, as soon as there are any; none at the end.

        Raises:
            Lost: The connection broke off, or fell silent.
            Aborted: Another thread ended the request.
        """
        try:
            piece = self._response.read1(size)
        except Exception as exc:
            if self._call.aborted:
                raise Aborted from exc
            raise Lost(loss(exc)) from exc
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
    """An open event stream; iterating gives the payloads of the events that came together.

    Of an event that is longer than it may be it gives the start only, as a `Cut`.
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
            Lost: The stream broke off, or fell silent for longer than it may.
            Aborted: `abort` was called.
            MessageTooLargeError: An event does not end.
        """
        read, parser = self._response.read1, EventStreamParser(self._limit)
        while True:
            try:
                chunk = read(EVENT_BYTES)
            except Exception as exc:
                if self._call.aborted:
                    raise Aborted from exc
                raise Lost(loss(exc)) from exc
            if not chunk:
                if self._call.aborted:
                    raise Aborted
                return
            payloads = parser.feed(chunk)
            if payloads:
                yield payloads

    def abort(self) -> None:
        """End it from another thread."""
        self._call.abort()

    def close(self) -> None:
        """Let go of the connection: kept for reuse if the stream was read to its end."""
        self._response.close()
        self._done()
