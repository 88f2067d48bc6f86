"""Responses that `requests` has read, and not a connection of this package.

They come from the user's adapters and hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, cast

from .response import Response

if TYPE_CHECKING:
    import requests


class GivenResponse(Response):
    """A response of `requests`.

    Args:
        given: The response. Its body may have been read.
        ended: A function that is called when the response is no longer needed.
    """

    def __init__(self, given: requests.Response, ended: Callable[[], None]) -> None:
        self._given = given
        self._ended = ended
        self.status = given.status_code
        self.headers = {name.lower(): value for name, value in given.headers.items()}
        self.set_cookies = _set_cookies(given)
        self._read: bytes | None = None
        if cast("Any", given)._content_consumed:
            self._read = given.content
            self.headers.pop("content-encoding", None)

    def read1(self, size: int) -> bytes:
        if self._read is not None:
            piece, self._read = self._read[:size], self._read[size:]
            return piece
        raw: Any = self._given.raw
        if hasattr(raw, "read1"):
            return cast(bytes, raw.read1(size, decode_content=True))
        return cast(bytes, raw.read(size))

    def read(self, url: str, limit: int) -> bytes:
        body = self._read_pieces(url, limit)
        self.close()
        return body

    def drained(self) -> None:
        """Do nothing: the connection is not one of this package."""

    def close(self) -> None:
        self._ended()
        self._given.close()


def _set_cookies(given: requests.Response) -> list[str]:
    """Return the values of the ``Set-Cookie`` headers."""
    headers: Any = getattr(given.raw, "headers", None)
    if hasattr(headers, "getlist"):
        return list(headers.getlist("set-cookie"))
    return [text for name, text in given.headers.items() if name.lower() == "set-cookie"]
