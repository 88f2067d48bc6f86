"""Streams and downloads that show a recorder what they carry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

from .._transport.base import Lost


class WatchedStream:
    """An event stream whose messages are recorded.

    Args:
        stream: The stream.
        see: A function that gets each message.
        lose: A function that is called with `call` if the stream breaks.
        call: The call that the stream belongs to, if it has only one.
    """

    def __init__(
        self,
        stream: Any,
        see: Callable[[Any], None],
        lose: Callable[[Any], None],
        call: Any = None,
    ) -> None:
        self._stream = stream
        self._see = see
        self._lose = lose
        self._call = call

    def __iter__(self) -> Iterator[list[bytes]]:
        try:
            for payloads in self._stream:
                for raw in payloads:
                    self._see(raw)
                yield payloads
        except Lost:
            self._lose(self._call)
            raise

    def abort(self) -> None:
        """End the stream from another thread."""
        self._stream.abort()

    def close(self) -> None:
        """Release the connection."""
        self._stream.close()


class WatchedDownload:
    """A download whose content is recorded once it was read to its end.

    Args:
        download: The download.
        keep: A function that gets the content.
    """

    def __init__(self, download: Any, keep: Callable[[bytes], None]) -> None:
        self._download = download
        self._keep = keep
        self._content = bytearray()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._download, name)

    def read(self, *size: int) -> bytes:
        """Read the next bytes."""
        piece: bytes = self._download.read(*size)
        if piece:
            self._content += piece
        else:
            self._keep(bytes(self._content))
        return piece

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read, b"")

    def __enter__(self) -> WatchedDownload:
        self._download.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._download.__exit__(*exc)
