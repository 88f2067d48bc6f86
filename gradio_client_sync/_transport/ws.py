"""The queue of Gradio 3: one websocket per job."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urlsplit

import websocket
from requests.utils import select_proxy

from .._protocol.routes import with_query
from .._protocol.wire import Frame
from ..errors import ConnectFailedError, MessageTooLargeError, ProtocolError, too_large
from .base import Aborted, Lost
from .connections import SOCKET_OPTIONS, cut
from .deadlines import Deadline
from .failures import Answer, advice, is_out_of_files, refusal

if TYPE_CHECKING:
    from .http import Http

#: Set by this module's own headers, or by the handshake itself.
_OWN_HEADERS = frozenset(("accept", "accept-encoding", "connection", "content-type", "host"))

_ENDINGS = {
    1001: "the server is going away",
    1008: "the server refused it by its policy",
    1009: "a message was larger than the server takes",
    1011: "the server failed, or missed an answer to its pings",
    1012: "the server restarts",
}


class _Frames(websocket.frame_buffer):
    """Reads no frame that is longer than a message may be."""

    limit = 0

    def recv_length(self) -> None:
        super().recv_length()
        if self.length is not None and self.length > self.limit:
            raise too_large("A message of the server", self.limit)


class _Fragments(websocket.continuous_frame):
    """Puts no message together that is longer than it may be."""

    limit = 0

    def add(self, frame: websocket.ABNF) -> None:
        super().add(frame)
        if self.cont_data is not None and len(self.cont_data[1]) > self.limit:
            raise too_large("A message of the server", self.limit)


class _Socket(websocket.WebSocket):
    """A websocket that can be aborted while it opens, too.

    Args:
        limit: How many bytes a message may have.
    """

    def __init__(self, limit: int, **options: Any) -> None:
        super().__init__(**options)
        self.frame_buffer = _Frames(self._recv, skip_utf8_validation=True)
        self.cont_frame = _Fragments(fire_cont_frame=False, skip_utf8_validation=True)
        self.frame_buffer.limit = self.cont_frame.limit = limit

    def cut(self) -> None:
        """End every wait for the server."""
        sock = self.sock
        if sock is not None:
            cut(sock)


class WebSocketChannel:
    """One job's websocket.

    Args:
        interruptible: Lets `abort` be called from another thread; ``False`` if it should have
            been already.
        query: As for `Http.post`.
        headers: Sent with the handshake, besides those of every request.

    Raises (by constructing it):
        ConnectFailedError: No connection.
        AuthenticationError, HTTPStatusError: The handshake was refused.
        Aborted: `abort` was called.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        interruptible: Callable[[Callable[[], None]], bool],
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._url = url
        self._aborted = False
        self._socket = _Socket(
            http.message_bytes, sockopt=SOCKET_OPTIONS, sslopt=_tls(http.carrier.verify)
        )
        page = "http" + url[2:]
        own = headers or {}
        replaced = {name.lower() for name in own}
        others = {n: v for n, v in http.carrier.headers.items() if n.lower() not in replaced}
        headers = {**others, **own}
        named = {name.lower(): value for name, value in headers.items()}
        sent = [f"{n}: {value}" for n, value in headers.items() if n.lower() not in _OWN_HEADERS]
        connect, silence = http.timeout
        limit = None if connect is None or silence is None else connect + silence
        if not interruptible(self.abort):
            raise Aborted
        answer: Answer | None = None
        call_off = http.alarms.set(Deadline.after(limit), self._socket.cut)
        try:
            self._socket.connect(  # type: ignore[no-untyped-call]
                with_query(http.signed(url), query),
                timeout=connect,
                header=sent,
                host=named.get("host"),
                cookie=None if "cookie" in named else http.carrier.cookie_header(page),
                redirect_limit=0,  # they could lead to another server, with all the headers
                **_proxy(http, page),
            )
        except websocket.WebSocketBadStatusException as exc:
            body = exc.resp_body if isinstance(exc.resp_body, bytes) else b""
            answer = _answer(exc, url, http.carrier.conceal(body, own))
        except Exception as exc:
            if self._aborted:
                raise Aborted from exc
            raise _not_opened(exc, url) from exc
        finally:
            call_off()
        if answer is not None:
            # Not in the handler: the library's error has all that the server said in its text,
            # secrets of ours included.
            raise refusal(answer, doing="Opening a websocket")
        # Servers of 3.x are silent while a function runs, so silence says nothing.
        self._socket.settimeout(None)

    def receive(self) -> Frame:
        try:
            opcode, payload = self._socket.recv_data()
        except MessageTooLargeError:
            raise
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
        self._socket.shutdown()  # type: ignore[no-untyped-call]  # as `connect`: not typed

    def abort(self) -> None:
        self._aborted = True
        self._socket.cut()


def _tls(verify: bool | str) -> dict[str, Any]:
    if verify is False:
        return {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}
    if isinstance(verify, str):
        return {"ca_certs": verify}
    import certifi  # what `requests` trusts, and brings with it

    return {"ca_certs": certifi.where()}


def _proxy(http: Http, page: str) -> dict[str, Any]:
    proxy = select_proxy(page, http.carrier.proxies)
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


def _answer(exc: websocket.WebSocketBadStatusException, url: str, body: bytes) -> Answer:
    """What a server answered that opened no websocket."""
    headers = exc.resp_headers or {}
    kind = str(headers.get("content-type", ""))
    return Answer(exc.status_code, kind, body, url, headers)


def _not_opened(exc: Exception, url: str) -> Exception:
    if isinstance(exc, websocket.WebSocketTimeoutException):
        return ConnectFailedError(
            f"{url} did not open a websocket in time. Check that the app is running; "
            "timeout=(connect, read) gives it longer.",
            url=url,
        )
    if isinstance(exc, (websocket.WebSocketException, OSError, ValueError)):
        # A connection that broke off, or was refused; names and certificates do not mend.
        passing = isinstance(exc, (ConnectionError, websocket.WebSocketConnectionClosedException))
        passing = passing or is_out_of_files(exc)
        return ConnectFailedError(
            f"{url} opened no websocket: {exc}. {advice(exc)}",
            url=url,
            _passing=passing,
        )
    return ProtocolError(f"{url} did not speak websocket: {exc}.", raw=str(exc))
