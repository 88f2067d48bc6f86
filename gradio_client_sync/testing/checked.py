"""Streams and websockets that raise the errors in messages of a player."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable


class CheckedStream:
    """An event stream that raises the errors in it.

    Args:
        stream: The stream.
        check: A function that gets each message, and raises the error in it.
    """

    def __init__(self, stream: Any, check: Callable[[Any], None]) -> None:
        self._stream = stream
        self._check = check

    def __iter__(self) -> Iterator[list[bytes]]:
        for payloads in self._stream:
            for raw in payloads:
                self._check(raw)
            yield payloads

    def abort(self) -> None:
        """End the stream from another thread."""
        self._stream.abort()

    def close(self) -> None:
        """Release the connection."""
        self._stream.close()


class CheckedSocket:
    """A websocket that raises the errors in it.

    Args:
        channel: The websocket.
        check: A function that gets each message, and raises the error in it.
    """

    def __init__(self, channel: Any, check: Callable[[Any], None]) -> None:
        self._channel = channel
        self._check = check

    def receive(self) -> Any:
        """Return the next message."""
        message = self._channel.receive()
        self._check(message.raw)
        return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)
