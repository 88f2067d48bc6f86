"""The one place where recordings for tests come between the client and the network.

Normally `current` is ``None``, and each use of it costs one comparison. `testing.record` and
`testing.replay` set it while their block runs, for all clients of the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from .._basics.secret import Texts

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


class SentRequest(Protocol):
    """A request, as a `Seam` sees it."""

    @property
    def method(self) -> str:
        """The method."""
        ...

    @property
    def url(self) -> str:
        """The URL."""
        ...

    @property
    def body(self) -> Any:
        """The body."""
        ...

    @property
    def headers(self) -> Texts:
        """The headers of this request only."""
        ...


class Handshake(NamedTuple):
    """The handshake of a websocket, as a `SentRequest`."""

    url: str
    headers: Texts
    method: str = "GET"
    body: bytes = b""


class Seam(Protocol):
    """The object by which `testing` records or replaces requests, streams and files."""

    def server_for(self, url: str) -> str | None:
        """Return the URL of the local server that replaces the server of a URL."""
        ...

    def sending(self, http: Any, url: str, body: Any) -> None:
        """Record the input of a running job, before it is sent."""
        ...

    def answered(self, http: Any, request: SentRequest, answer: Any) -> None:
        """Record a response."""
        ...

    def failed(self, http: Any, request: SentRequest, error: Exception) -> None:
        """Record that a request got no response, or only a part of one."""
        ...

    def opened(self, http: Any, request: SentRequest, stream: T) -> T:
        """Record an opened event stream, and return the one to use."""
        ...

    def fetched(self, http: Any, request: SentRequest, download: T) -> T:
        """Record a file that is about to be read, and return the one to use."""
        ...

    def connected(self, http: Any, request: SentRequest, channel: T) -> T:
        """Record an opened websocket, and return the one to use."""
        ...

    def hub_answer(self, path: str, method: str) -> tuple[int, dict[str, str], bytes] | None:
        """Return the Hub's response, if it is not to be asked."""
        ...

    def asked_hub(self, path: str, method: str, status: int, body: bytes) -> None:
        """Record a response of the Hub."""
        ...

    def waiting(self, wait: Callable[[float], bool]) -> Callable[[float], bool]:
        """Return the function by which the client waits for a Space."""
        ...


current: Seam | None = None


def stand_in_for(url: str) -> str | None:
    """Return the URL of the server that replays a recording of a URL's server, if there is one."""
    return None if current is None else current.server_for(url)


def sending(http: Any, url: str, body: Any) -> None:
    """Pass the input of a running job to the recording, if there is one.

    Call this before the input is sent, because a message about it may arrive before the response.
    """
    if current is not None:
        current.sending(http, url, body)


def answered(http: Any, request: SentRequest, answer: T) -> T:
    """Pass a response to the recording, if there is one, and return it."""
    if current is not None:
        current.answered(http, request, answer)
    return answer


def failed(http: Any, request: SentRequest, error: E) -> E:
    """Pass the error of a request to the recording, if there is one, and return it."""
    if current is not None:
        current.failed(http, request, error)
    return error


def opened(http: Any, request: SentRequest, stream: T) -> T:
    """Return the event stream to use instead of an opened one."""
    return stream if current is None else current.opened(http, request, stream)


def fetched(http: Any, request: SentRequest, download: T) -> T:
    """Return the download to use instead of the given one."""
    return download if current is None else current.fetched(http, request, download)


def connected(http: Any, request: SentRequest, channel: T) -> T:
    """Return the channel to use instead of an opened websocket."""
    return channel if current is None else current.connected(http, request, channel)


def set_current(seam: Any) -> Seam | None:
    """Set the object between the client and the network, and return the earlier one."""
    global current
    before, current = current, seam
    return before
