"""The queue of Gradio 3: one websocket per job."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import websocket
from requests.utils import select_proxy

from .._protocol.retry import retry_after
from .._protocol.routes import with_query
from .._protocol.wire import Frame
from ..errors import (
    AuthenticationError,
    ConnectFailedError,
    HTTPStatusError,
    ProtocolError,
    RateLimitError,
)
from .base import Aborted, Lost
from .connections import SOCKET_OPTIONS

if TYPE_CHECKING:
    from .http import Http

#: Set by this module's own headers, or by the handshake itself.
_OWN_HEADERS = frozenset(("accept", "accept-encoding", "connection", "content-type"))

_ENDINGS = {
    1001: "the server is going away",
    1008: "the server refused it by its policy",
    1009: "a message was larger than the server takes",
    1011: "the server failed, or missed an answer to its pings",
    1012: "the server restarts",
}


class WebSocketChannel:
    """One job's websocket.

    Args:
        query: As for `Http.post`.
        headers: Sent with the handshake, besides those of every request.

    Raises (by constructing it):
        ConnectFailedError: No connection.
        AuthenticationError, HTTPStatusError: The handshake was refused.
    """

    def __init__(
        self, http: Http, url: str, query: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        self._url = url
        self._aborted = False
        page = "http" + url[2:]
        sent = [
            f"{name}: {value}"
            for name, value in {**http.headers, **(headers or {})}.items()
            if name.lower() not in _OWN_HEADERS
        ]
        try:
            self._socket = websocket.create_connection(
                with_query(http.signed(url), query),
                timeout=http.timeout[0],
                header=sent,
                cookie=http.cookie_header(page),
                sockopt=SOCKET_OPTIONS,
                sslopt=_tls(http.verify),
                skip_utf8_validation=True,  # the JSON parser finds what is not UTF-8
                **_proxy(http, page),
            )
        except Exception as exc:
            raise _refused(exc, url) from exc
        # Servers of 3.x are silent while a function runs, so silence says nothing.
        self._socket.settimeout(None)

    def receive(self) -> Frame:
        try:
            opcode, payload = self._socket.recv_data()
        except Exception as exc:
            if self._aborted:
                raise Aborted from exc
            raise Lost(f"the websocket broke off ({exc})") from exc
        if self._aborted:
            raise Aborted
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            code = int.from_bytes(payload[:2], "big") if len(payload) >= 2 else None
            raise Lost(f"the server closed the websocket ({_ENDINGS.get(code or 0, code)})")
        return Frame.of(payload, time.time())

    def reply(self, body: bytes) -> None:
        try:
            self._socket.send(body, websocket.ABNF.OPCODE_TEXT)
        except Exception as exc:
            if self._aborted:
                raise Aborted from exc
            raise Lost(f"the websocket broke off while sending ({exc})") from exc

    def close(self) -> None:
        # Without the closing handshake, which would wait for the server's half; the job is
        # over or given up, so there is nothing left to hear.
        self._socket.shutdown()

    def abort(self) -> None:
        self._aborted = True
        self._socket.abort()


def _tls(verify: bool | str) -> dict[str, Any]:
    if verify is False:
        return {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}
    if isinstance(verify, str):
        return {"ca_certs": verify}
    import certifi  # what `requests` trusts, and brings with it

    return {"ca_certs": certifi.where()}


def _proxy(http: Http, page: str) -> dict[str, Any]:
    proxy = select_proxy(page, http.proxies)
    if not proxy:
        return {"http_no_proxy": ["*"]}  # the environment's proxies were asked for already
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    auth = (parts.username, parts.password or "") if parts.username else None
    return {
        "http_proxy_host": parts.hostname,
        "http_proxy_port": parts.port or 80,
        "http_proxy_auth": auth,
        "proxy_type": parts.scheme if parts.scheme.startswith("socks") else "http",
    }


def _refused(exc: Exception, url: str) -> Exception:
    if isinstance(exc, websocket.WebSocketBadStatusException):
        status = exc.status_code
        if status in (401, 403):
            return AuthenticationError(
                f"{url} refused the websocket with {status}. If the app has a login, pass "
                "auth=('user', 'password').",
                url=url,
                status_code=status,
            )
        if status == 429:
            after = retry_after(exc.resp_headers or {})
            return RateLimitError(
                f"{url} is asked too often (429).", url=url, status_code=429, retry_after=after
            )
        return HTTPStatusError(
            f"{url} answered {status} instead of opening a websocket.", url=url, status_code=status
        )
    if isinstance(exc, websocket.WebSocketTimeoutException):
        return ConnectFailedError(
            f"{url} did not open a websocket in time. Check that the app is running; "
            "timeout=(connect, read) gives it longer.",
            url=url,
        )
    if isinstance(exc, (websocket.WebSocketException, OSError, ValueError)):
        return ConnectFailedError(
            f"{url} opened no websocket: {exc}. Check the address, and that the app is running.",
            url=url,
        )
    return ProtocolError(f"{url} did not speak websocket: {exc}.", raw=str(exc))
