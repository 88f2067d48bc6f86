"""Websockets whose handshake is authenticated by the user's function. See `prepared`."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit, urlunsplit

from .._protocol.routes import with_queries
from . import seam, user_adapter
from .prepared import AuthenticatedRequest, PreparedContext, page_of, prepared
from .response import Response
from .ws import WebSocketChannel, _Socket, _Upgrade

if TYPE_CHECKING:
    import requests

    from .._basics.secret import Secret, Texts
    from .ws import Queries


class _Handshake(NamedTuple):
    """The arguments of `_Socket.open`."""

    url: str
    origin: str
    headers: Texts
    timeout: float | None
    proxy: Secret[dict[str, Any]]
    queries: Queries = ()


class _AuthenticatedHandshake(AuthenticatedRequest):
    """The handshakes of a websocket with a login. The accepted one opens the websocket.

    Args:
        context: The settings of requests.
        send: A function that sends a handshake.
        first: The first handshake.
        end: A function that closes the socket.
    """

    def __init__(self, context: PreparedContext, first: _Handshake, socket: PreparedSocket) -> None:
        super().__init__(context)
        self._user = context
        self._first = first
        self._socket = socket

    def _respond(self, request: requests.PreparedRequest, headers: Texts) -> Response:
        if self._socket.sock is None:
            self._socket.connect_by_adapter(self._user, request, self._first.timeout)
        upgrade = self._socket.send_handshake(self._first._replace(headers=headers))
        if upgrade.status != 101:
            upgrade.fp = io.BufferedReader(upgrade.fp)  # its body is read, and no frame follows
        return Response(upgrade, partial(self._handshake_ended, upgrade))

    def _handshake_ended(self, upgrade: _Upgrade, is_whole: bool) -> None:
        """Keep the connection for the next handshake, if the response allows it."""
        if upgrade.status != 101 and (upgrade.will_close or not is_whole):
            self._socket.shutdown()  # type: ignore[no-untyped-call]


class _Outcome:
    """The last response to a handshake, with the members of `_Upgrade` that its caller needs."""

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = response.headers
        self.read_body = response.read


class PreparedSocket(_Socket):
    """A websocket whose handshake is authenticated.

    Attributes:
        context: The settings of requests; ``None`` if the handshake needs no login. They have to be
            set before `open`.
    """

    context: PreparedContext | None = None

    def open(self, *arguments: Any) -> _Upgrade:
        if self.context is None:
            return super().open(*arguments)
        first = _Handshake(*arguments)
        page: str | Secret[str] = f"http{first.url[2:]}"
        if "+" in first.url.partition(":")[0]:  # the library knows no such scheme
            parts = urlsplit(first.url)
            first = first._replace(
                url=urlunsplit(("ws", "localhost", *parts[2:])), origin="http://localhost"
            )
        if first.queries:
            page = with_queries(f"{page}", *first.queries)
        request = prepared("GET", page, None, first.headers)
        response = _AuthenticatedHandshake(self.context, first, self).run(request, self.context)
        return cast("_Upgrade", _Outcome(response))

    def connect_by_adapter(
        self, context: PreparedContext, request: requests.PreparedRequest, timeout: float | None
    ) -> None:
        """Open the connection as the user's adapter does, if there is one for the URL."""
        adapter = context.adapter_for(page_of(request))
        if adapter is not None:
            options = context.options_for(page_of(request), (timeout, timeout))
            self.sock = user_adapter.connect(adapter, request, options)

    def send_handshake(self, handshake: _Handshake) -> _Upgrade:
        """Send a handshake, on the socket of the last one if it is still open."""
        return super().open(*handshake)


class PreparedChannel(WebSocketChannel):
    """The websocket of one job, whose handshake is authenticated."""

    kind = PreparedSocket

    def _open(self, http: Any, url: str, *arguments: Any) -> Any:
        if seam.stand_in_for(f"http{url[2:]}") is None:  # a recording needs no login
            cast(PreparedSocket, self._socket).context = http.context
        return super()._open(http, url, *arguments)


connect = PreparedChannel.connect
