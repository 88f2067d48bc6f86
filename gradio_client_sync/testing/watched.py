"""Streams and downloads whose content is also passed to a recorder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

from .._transport.base import Lost


class WatchedStream:
    """An event stream whose messages are recorded.

    Args:
        stream: The stream.
        see: A function that is called with each message.
        lose: A function that is called if the stream breaks.
        end: A function that is called when the client ends the stream.
    """

    def __init__(
        self,
        stream: Any,
        see: Callable[[Any], None],
        lose: Callable[[], None],
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._stream = stream
        self._see = see
        self._lose = lose
        self._end = end

    def __iter__(self) -> Iterator[list[bytes]]:
        try:
            for payloads in self._stream:
                for raw in payloads:
                    self._see(raw)
                yield payloads
        except Lost:
            self._lose()
            raise

    def abort(self) -> None:
        """End the stream from another thread."""
        self._end()
        self._stream.abort()

    def close(self) -> None:
        """Release the connection."""
        self._end()
        self._stream.close()


class WatchedDownload:
    """A download whose content is recorded when all of it has been read.

    Args:
        download: The download.
        content: Where the content goes.
        keep: A function that is called when it is complete.
    """

    def __init__(self, download: Any, content: bytearray, keep: Callable[[], None]) -> None:
        self._download = download
        self._keep = keep
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._download, name)

    def read(self, *size: int) -> bytes:
        """Read the next bytes."""
        piece: bytes = self._download.read(*size)
        if piece:
            self._content += piece
        else:
            self._keep()
        return piece

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def __enter__(self) -> WatchedDownload:
        self._download.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._download.__exit__(*exc)
