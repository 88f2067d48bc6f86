"""The queue of Gradio 3: one websocket per job."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import os
import socket
import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import unquote, urlsplit

import websocket

from .._protocol.queue.wire import Message
from .._protocol.routes import with_query
from ..errors import ConnectFailedError, MessageTooLargeError, ProtocolError, too_large
from .base import Aborted, Lost
from .connections import SOCKET_OPTIONS, shut_down
from .deadlines import Deadline
from .failures import Answer, advice, is_out_of_files, refusal
from .request import head
from .response import Raw, Response

if TYPE_CHECKING:
    from .http import Http

#: Set by this module's own headers, or by the handshake itself.
_OWN_HEADERS = frozenset(("accept", "accept-encoding", "connection", "content-type"))

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of RFC 6455; by it a server shows that it knows it

_BROKEN_OFF = (
    ConnectionError,
    http.client.IncompleteRead,
    websocket.WebSocketConnectionClosedException,
)

#: Seconds to wait for the reason of a server that takes no more; it is here already, mostly.
LAST_WORD = 1.0

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


class _Upgrade(Raw):
    """The answer to a handshake. What follows is the websocket's, so not a byte more is read."""

    may_upgrade = True

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, method="GET")
        self.fp.close()
        self.fp = sock.makefile("rb", 0)  # as the one with a buffer

    def read_body(self, url: str, limit: int) -> bytes:
        """What a server says that refuses."""
        self.fp = io.BufferedReader(self.fp)
        return Response(self, lambda whole: None).read(url, limit)


class _Socket(websocket.WebSocket):
    """A websocket that can be aborted while it opens, too.

    It shakes hands by itself: the library keeps the cookies of any server for all websockets of the
    process, whoever opens them, and for whichever domain the server names.

    Args:
        limit: How many bytes a message may have.
    """

    def __init__(self, limit: int, **options: Any) -> None:
        super().__init__(**options)
        self.frame_buffer = _Frames(self._recv, skip_utf8_validation=True)
        self.cont_frame = _Fragments(fire_cont_frame=False, skip_utf8_validation=True)
        self.frame_buffer.limit = self.cont_frame.limit = limit

    def open(
        self,
        url: str,
        origin: str,
        headers: Mapping[str, str],
        timeout: float | None,
        proxy: Mapping[str, Any],
    ) -> _Upgrade:
        """Connect and ask for a websocket; it is one if the response is a 101.

        Args:
            url: With everything that the server is to read in it.
            origin: The page that a browser would have it from, unless `headers` name another.
            headers: Sent with the handshake; the host is one of them.
            timeout: Seconds to connect, and of silence before the response.
            proxy: Options of the library's.

        Raises:
            WebSocketException: The response is to another handshake.
            OSError, http.client.HTTPException, ValueError: It broke off, or is not HTTP.

        Behaviour: RFC 6455, section 4.1.
        """
        self.sock_opt.timeout = timeout
        way = websocket._http.proxy_info(**proxy)
        self.sock, (_, _, resource) = websocket._http.connect(url, self.sock_opt, way, None)
        key = base64.b64encode(os.urandom(16)).decode()
        asked = {
            "origin": ("Origin", origin),
            **{name.lower(): (name, value) for name, value in headers.items()},
            "upgrade": ("Upgrade", "websocket"),
            "connection": ("Connection", "Upgrade"),
            "sec-websocket-key": ("Sec-WebSocket-Key", key),
            "sec-websocket-version": ("Sec-WebSocket-Version", "13"),
        }
        self.sock.sendall(head("GET", resource, dict(asked.values())))
        answer = _Upgrade(self.sock)
        answer.begin()
        if answer.status == 101:
            proof = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest())
            if answer.headers.get("sec-websocket-accept") != proof.decode():
                raise websocket.WebSocketException("its answer is to another question")
            answer.close()
            self.connected = True
        return answer

    def cut(self) -> None:
        """End every wait for the server."""
        sock = self.sock
        if sock is not None:
            shut_down(sock)


class WebSocketChannel:
    """One job's websocket; `connect` opens it.

    Args:
        websocket: It may be open already or opened later.
    """

    def __init__(self, websocket: _Socket) -> None:
        self._socket = websocket
        self._aborted = False

    @classmethod
    def connect(
        cls,
        http: Http,
        url: str,
        interruptible: Callable[[Callable[[], None]], bool],
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> WebSocketChannel:
        """Open a websocket to the queue.

        Args:
            http: The client of the app, whose settings count here as well.
            url: The websocket's, without a query.
            interruptible: Lets another thread call `abort` from now on; returns ``False`` if it
                should have done so already.
            query: As for `Http.post`.
            headers: Sent with the handshake, as well as those of every request.

        Raises:
            ConnectFailedError: No connection.
            AuthenticationError, HTTPStatusError: The handshake was refused.
            Aborted: `abort` was called.
        """
        context, (timeout, silence) = http.context, http.options.timeout
        channel = cls(
            _Socket(http.options.message_bytes, sockopt=SOCKET_OPTIONS, sslopt=_tls(context.verify))
        )
        limit = None if timeout is None or silence is None else timeout + silence
        if not interruptible(channel.abort):
            raise Aborted
        call_off = http.alarms.set(Deadline.after(limit), channel._socket.cut)
        try:
            refused = channel._open(http, url, query, headers or {})
        except Exception as exc:
            channel.close()
            if channel._aborted:
                raise Aborted from exc
            if isinstance(exc, ProtocolError):  # a refusal that does not end
                raise
            raise _not_opened(exc, url, context.proxy_told(f"http{url[2:]}")) from exc
        finally:
            call_off()
        if refused is not None:
            channel.close()
            raise refusal(refused, doing="Opening a websocket")
        # Servers of 3.x are silent while a function runs, so silence says nothing.
        channel._socket.settimeout(None)
        return channel

    def _open(self, http: Http, url: str, query: str, own: Mapping[str, str]) -> Answer | None:
        """Shake hands with the server; return its response if it refuses."""
        context, page = http.context, f"http{url[2:]}"
        host = urlsplit(url).netloc.rpartition("@")[2].encode("idna").decode()
        sent = context.headers_for(page, host, own, websocket=True)
        kept = {name: value for name, value in sent.items() if name.lower() not in _OWN_HEADERS}
        upgrade = self._socket.open(
            with_query(http.signed(url), query),
            f"{page.partition(':')[0]}://{host}",
            kept,
            http.options.timeout[0],
            _proxy(context.proxy_for(page)),
        )
        if upgrade.status == 101:
            return None
        body = context.conceal(upgrade.read_body(url, http.options.message_bytes), own)
        kind = upgrade.headers.get("content-type", "")
        return Answer(upgrade.status, kind, body, url, upgrade.headers)

    def receive(self) -> Message:
        try:
            opcode, payload = self._socket.recv_data()
        except MessageTooLargeError:
            self._socket.cut()  # nothing after it can be read, and the server need not go on
            raise
        except Exception as exc:
            if self._aborted:
                raise Aborted from exc
            raise Lost(f"the websocket broke off ({exc})") from exc
        if self._aborted:
            raise Aborted
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise _closed(payload)
        return Message.of(payload, time.time())

    def reply(self, body: bytes) -> None:
        try:
            self._socket.send(body, websocket.ABNF.OPCODE_TEXT)
        except Exception as exc:
            if self._aborted:
                raise Aborted from exc
            raise self._last_word() or Lost(
                f"the websocket broke off while sending ({exc})"
            ) from exc

    def _last_word(self) -> Lost | None:
        """Why the server hung up, if it said so before."""
        try:
            self._socket.settimeout(LAST_WORD)
            while True:
                frame = self._socket.recv_frame()  # type: ignore[no-untyped-call]
                if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                    return _closed(frame.data)
        except (MessageTooLargeError, websocket.WebSocketException, OSError):
            return None  # what broke off is told

    def close(self) -> None:
        # Without the closing handshake, which would wait for the server's half; the job is
        # over or given up, so there is nothing left to hear.
        self._socket.shutdown()  # type: ignore[no-untyped-call]  # as `connect`: not typed

    def abort(self) -> None:
        self._aborted = True
        self._socket.cut()


def _closed(reason: bytes) -> Lost:
    code = int.from_bytes(reason[:2], "big") if len(reason) >= 2 else None
    return Lost(f"the server closed the websocket ({_ENDINGS.get(code or 0, code)})")


def _tls(verify: bool | str) -> dict[str, Any]:
    if verify is False:
        return {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}
    if isinstance(verify, str):
        return {"ca_certs": verify}
    import certifi  # what `requests` trusts, and brings with it

    return {"ca_certs": certifi.where()}


def _proxy(proxy: str | None) -> dict[str, Any]:
    if proxy is None:
        return {"http_no_proxy": ["*"]}  # the environment's proxies were asked for already
    parts = urlsplit(proxy)
    socks = parts.scheme.startswith("socks")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return {
        "http_proxy_host": parts.hostname,
        "http_proxy_port": parts.port or (1080 if socks else 80),
        "http_proxy_auth": (user, password) if user else None,
        "proxy_type": parts.scheme if socks else "http",
    }


def _not_opened(exc: Exception, url: str, proxy: str) -> Exception:
    if isinstance(exc, (websocket.WebSocketTimeoutException, socket.timeout)):
        return ConnectFailedError(
            f"{url} did not open a websocket in time. Check that the app is running; "
            "timeout=(connect, read) gives it longer.",
            url=url,
        )
    if isinstance(
        exc, (websocket.WebSocketException, OSError, ValueError, http.client.HTTPException)
    ):
        # A connection that broke off, or was refused; names and certificates do not mend.
        passing = isinstance(exc, _BROKEN_OFF)
        passing = passing or is_out_of_files(exc)
        return ConnectFailedError(
            f"{url} opened no websocket: {exc}. {advice(exc, proxy)}",
            url=url,
            _passing=passing,
        )
    return ProtocolError(f"{url} did not speak websocket: {exc}.", raw=str(exc))
