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
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Optional, Union
from urllib.parse import quote, unquote, urlsplit

import websocket

from .._basics.secret import Secret
from .._protocol.queue.wire import Message
from .._protocol.routes import with_queries
from ..errors import ConnectFailedError, MessageTooLargeError, ProtocolError, too_large
from . import seam
from .base import Aborted, Lost
from .connections import keep_alive, shut_down
from .deadlines import Deadline
from .failures import Answer, advice, certificate_error, is_out_of_files, refusal
from .request import head
from .response import Raw, Response

if TYPE_CHECKING:
    from .._basics.secret import Texts
    from .._options import Cert, Verify
    from .http import Http

    #: Secret queries of a URL, as `with_queries` takes them; ``()`` for none.
    Queries = Union[tuple[()], tuple[Optional[Secret[str]], Optional[Secret[str]]]]

#: Headers of HTTP requests that a handshake does not send, or sets itself.
_HTTP_HEADERS = frozenset(("accept", "accept-encoding", "connection", "content-type"))

#: From RFC 6455. A response that contains a hash of it comes from a websocket server.
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

_BROKEN_OFF = (
    ConnectionError,
    http.client.IncompleteRead,
    websocket.WebSocketConnectionClosedException,
)

#: Seconds to wait for the close frame of a server that accepts no more data. It says why, and
#: usually has arrived already.
_REASON_SECONDS = 1.0

_ENDINGS = {
    1001: "the server is going away",
    1008: "the server refused it because of its policy",
    1009: "a message was larger than the server accepts",
    1011: "the server failed, or did not receive a response to its pings",
    1012: "the server is restarting",
}


class _Frames(websocket.frame_buffer):
    """Reads frames, up to the maximum length of a message."""

    limit = 0

    def recv_length(self) -> None:
        super().recv_length()
        if self.length is not None and self.length > self.limit:
            raise too_large("A message of the server", self.limit)


class _Fragments(websocket.continuous_frame):
    """Joins the fragments of a message, up to its maximum length."""

    limit = 0

    def add(self, frame: websocket.ABNF) -> None:
        super().add(frame)
        if self.cont_data is not None and len(self.cont_data[1]) > self.limit:
            raise too_large("A message of the server", self.limit)


class _Upgrade(Raw):
    """The response to a handshake. It reads no byte after its head, because a frame may follow."""

    may_upgrade = True

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, method="GET")
        self.fp.close()
        self.fp = sock.makefile("rb", 0)  # without a buffer

    def read_body(self, url: str, limit: int) -> bytes:
        """Return the body of a response that refuses the websocket."""
        self.fp = io.BufferedReader(self.fp)
        return Response(self, lambda whole: None).read(url, limit)


class _Socket(websocket.WebSocket):
    """A websocket that can be aborted, also while it opens.

    It sends the handshake itself. The library would share the cookies of all servers between all
    websockets of the process, and would accept cookies for any domain that a server names.

    Args:
        limit: The most bytes that a message may have.
        options: The options of the library's websocket.
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
        headers: Texts,
        timeout: float | None,
        proxy: Secret[dict[str, Any]],
        queries: Queries = (),
    ) -> _Upgrade:
        """Connect, unless there is a socket already, and send the handshake.

        Args:
            url: The URL.
            origin: The value of ``Origin``, if `headers` do not set another one.
            headers: The headers of the handshake, with ``Host``.
            timeout: Seconds to connect, and seconds for which the server may send nothing before
                the response.
            proxy: The library's options for a proxy.
            queries: The secret queries of the URL, as `with_queries` takes them.

        Returns:
            The response. If its status is 101, the websocket is open.

        Raises:
            WebSocketException: The response does not belong to this handshake.
            OSError, http.client.HTTPException, ValueError: The connection could not be opened or
                broke off, or the response is not HTTP.

        Behaviour: RFC 6455, section 4.1.
        """
        self.sock_opt.timeout = timeout
        target: str | Secret[str]
        self.sock, (_, _, target) = websocket._http.connect(
            url, self.sock_opt, websocket._http.proxy_info(**proxy.reveal()), self.sock
        )
        keep_alive(self.sock)
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {
            "origin": ("Origin", origin),
            **{name.lower(): (name, value) for name, value in headers.items()},
            "upgrade": ("Upgrade", "websocket"),
            "connection": ("Connection", "Upgrade"),
            "sec-websocket-key": ("Sec-WebSocket-Key", key),
            "sec-websocket-version": ("Sec-WebSocket-Version", "13"),
        }
        if queries:
            target = with_queries(target, *queries)
        self.sock.sendall(head("GET", target, dict(fields.values())))
        response = _Upgrade(self.sock)
        response.begin()
        if response.status == 101:
            proof = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest())
            if response.headers.get("sec-websocket-accept") != proof.decode():
                raise websocket.WebSocketException("the response belongs to another handshake")
            response.close()
            self.connected = True
        return response

    def interrupt(self) -> None:
        """End every read and write, from any thread."""
        sock = self.sock
        if sock is not None:
            shut_down(sock)


class WebSocketChannel:
    """The websocket of one job. `connect` opens it.

    Args:
        websocket: The websocket, which may be opened later.
    """

    kind: type[_Socket] = _Socket

    def __init__(self, websocket: _Socket) -> None:
        self._socket = websocket
        self._aborted = False

    @classmethod
    def connect(
        cls,
        http: Http,
        url: str,
        interruptible: Callable[[Callable[[], None]], bool],
        query: Secret[str] | None = None,
        headers: Texts | None = None,
    ) -> WebSocketChannel:
        """Open a websocket to the queue.

        Args:
            http: The HTTP client of the app, whose settings apply here, too.
            url: The URL without a query.
            interruptible: A function that gets `abort`, so that another thread can call it from now
                on. It returns ``False`` if the job was already cancelled.
            query: The query of the URL that the user named. Nothing shows it.
            headers: Headers of this handshake only.

        Raises:
            ConnectFailedError: The connection could not be opened, or broke off.
            AuthenticationError, HTTPStatusError: The server refused the handshake.
            ProtocolError: The response cannot be read.
            Aborted: `abort` was called.
        """
        context, (timeout, silence) = http.context, http.options.timeout
        channel = cls(
            cls.kind(
                http.options.message_bytes,
                sslopt=_tls(context.verify, context.cert),
            )
        )
        limit = None if timeout is None or silence is None else timeout + silence
        if not interruptible(channel.abort):
            raise Aborted
        cancel = http.timers.set(Deadline.after(limit), channel._socket.interrupt)
        try:
            refused = channel._open(http, url, query, headers or {})
        except Exception as exc:
            channel.close()
            if channel._aborted:
                raise Aborted from exc
            if isinstance(exc, ProtocolError):  # a refusal whose body is too long or cannot be read
                raise
            raise _not_opened(exc, url, context.describe_proxy(f"http{url[2:]}")) from exc
        finally:
            cancel()
        request = seam.Handshake(url, headers or {})
        if refused is not None:
            channel.close()
            raise refusal(seam.answered(http, request, refused), doing="Opening a websocket")
        # Without a limit for silence, because servers of 3.x send nothing while a function runs.
        channel._socket.settimeout(None)
        return seam.connected(http, request, channel)

    def _open(self, http: Http, url: str, query: Secret[str] | None, own: Texts) -> Answer | None:
        """Send the handshake. Return the response if the server refuses it."""
        context, page = http.context, f"http{url[2:]}"
        host = urlsplit(url).netloc.rpartition("@")[2].encode("idna").decode()
        sent = context.headers_for(page, host, own, websocket=True)
        kept = {name: value for name, value in sent.items() if name.lower() not in _HTTP_HEADERS}
        proxy, target, signature = context.proxy_for(page), url, http.signature()
        queries = (query, signature) if query or signature else ()
        stand_in = seam.stand_in_for(page)
        if stand_in is not None:
            target, proxy, queries = f"ws{stand_in[4:]}/{quote(page, safe='')}", None, ()
        upgrade = self._socket.open(
            target,
            f"{page.partition(':')[0]}://{host}",
            kept,
            http.options.timeout[0],
            _proxy(proxy),
            queries,
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
            self._socket.interrupt()  # nothing after it can be read, so the server can stop
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
            raise self._closing_reason() or Lost(
                f"the websocket broke off while sending ({exc})"
            ) from exc

    def _closing_reason(self) -> Lost | None:
        """Return an error with the server's reason for closing; ``None`` if it gave none."""
        try:
            self._socket.settimeout(_REASON_SECONDS)
            while True:
                frame = self._socket.recv_frame()  # type: ignore[no-untyped-call]
                if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                    return _closed(frame.data)
        except (MessageTooLargeError, websocket.WebSocketException, OSError):
            return None  # the caller reports the failure to send

    def close(self) -> None:
        # Without the closing handshake, which would wait for the server's half. The job has ended,
        # so no more messages matter.
        self._socket.shutdown()  # type: ignore[no-untyped-call]  # as `connect`: not typed

    def abort(self) -> None:
        self._aborted = True
        self._socket.interrupt()


connect = WebSocketChannel.connect


def _closed(reason: bytes) -> Lost:
    """Return the error for a close frame with this payload."""
    if len(reason) < 2:
        return Lost("the server closed the websocket without a reason")
    code = int.from_bytes(reason[:2], "big")
    return Lost(f"the server closed the websocket ({_ENDINGS.get(code, f'code {code}')})")


@lru_cache(maxsize=4)
def _tls(verify: Verify, cert: Cert | None) -> dict[str, Any]:
    """Return the library's options for certificates."""
    if not isinstance(verify, (bool, str)):
        return {"context": verify}
    if verify is False:
        options: dict[str, Any] = {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}
    elif isinstance(verify, str):
        # A folder has its own name here, and `requests` takes both under one.
        options = {"ca_cert_path" if os.path.isdir(verify) else "ca_certs": verify}
    else:
        import certifi  # a dependency of `requests`, which trusts the same certificates

        options = {"ca_certs": certifi.where()}
    if cert is not None:
        certificate, key = (cert, None) if isinstance(cert, str) else cert
        options.update(certfile=certificate, keyfile=key)
    return options


def _proxy(proxy: str | None) -> Secret[dict[str, Any]]:
    """Return the library's options for a proxy."""
    if proxy is None:
        return Secret({"http_no_proxy": ["*"]})  # the environment was read already
    parts = urlsplit(proxy)
    socks = parts.scheme.startswith("socks")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Secret(
        {
            "http_proxy_host": parts.hostname,
            "http_proxy_port": parts.port or (1080 if socks else 80),
            "http_proxy_auth": (user, password) if user else None,
            "proxy_type": parts.scheme if socks else "http",
        }
    )


def _not_opened(exc: Exception, url: str, proxy: str) -> Exception:
    """Return the error for an exception while a websocket was opened."""
    if isinstance(exc, (websocket.WebSocketTimeoutException, socket.timeout)):
        return ConnectFailedError(
            f"{url} did not open a websocket in time. Check that the app is running. "
            "timeout=(connect, read) allows more time.",
            url=url,
        )
    if isinstance(
        exc, (websocket.WebSocketException, OSError, ValueError, http.client.HTTPException)
    ):
        refused = certificate_error(exc, f"http{url[2:]}")
        if refused is not None:
            return refused
        # Refused or broken connections may be temporary; wrong names and certificates are not.
        passing = isinstance(exc, _BROKEN_OFF) or is_out_of_files(exc)
        return ConnectFailedError(
            f"{url} did not open a websocket: {exc}. {advice(exc, proxy)}",
            url=url,
            _passing=passing,
        )
    return ProtocolError(
        f"The response of {url} is not a websocket handshake: {exc}.", raw=str(exc)
    )
