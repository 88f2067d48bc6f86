"""Connections whose requests can be ended from another thread.

`Call.abort` shuts the socket of a request down, which frees a blocked read at once, over
TLS too. (Closing a socket that another thread reads from would not.) For that, each
connection tells the `Call` of its thread which socket it uses.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from .base import Aborted

# Functions may run for hours without a byte on the wire, and servers without
# heartbeats are silent for as long; the operating system tells whether they live.
_KEEP_ALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
for _option, _value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
    if hasattr(socket, _option):
        _KEEP_ALIVE.append((socket.IPPROTO_TCP, getattr(socket, _option), _value))
SOCKET_OPTIONS = [*HTTPConnection.default_socket_options, *_KEEP_ALIVE]

_WRITTEN_TOGETHER = 65_536  # bytes of a body; above, a copy costs more than a second write

#: Seconds after which an idle connection is not used for what must not be sent twice: servers
#: close theirs after 5 s, mostly, and a request that crosses the news of that would be lost.
_FRESH = 4.0

_current = threading.local()


def use(call: Call | None) -> None:
    """Requests of this thread belong to this call from now on."""
    _current.call = call


class Call:
    """One request under way, which any thread may end."""

    def __init__(self) -> None:
        self.aborted = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.silence: float | None = None  # s; how long no byte of the body may go
        self._ended: threading.Event | None = None  # while it waits for the next try

    def pause(self, seconds: float) -> None:
        """Wait before the request is tried again.

        Raises:
            Aborted: Another thread ended it.
        """
        with self._lock:
            if self.aborted:
                raise Aborted
            self._ended = threading.Event()
        if self._ended.wait(seconds):
            raise Aborted

    def attach(self, sock: socket.socket | None) -> None:
        """The request goes over this socket; ``None`` when it is over."""
        with self._lock:
            self._socket = sock
            if sock is None or not self.aborted:
                return
        raise Aborted

    def limit_silence(self, seconds: float | None) -> None:
        """Of the rest of the answer: how long no byte may come; ``None`` for no limit."""
        with self._lock:
            if self._socket is not None:
                self._socket.settimeout(seconds)

    def abort(self) -> None:
        """End the request: its thread gets `Aborted`."""
        with self._lock:
            self.aborted = True
            sock = self._socket
            if self._ended is not None:
                self._ended.set()
        if sock is not None:
            try:
                # The plain socket's shutdown: the TLS one would pull the session from
                # under the thread that is reading.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass  # it ended by itself meanwhile


def _track(connection: HTTPConnection, repeatable: bool) -> None:
    """Tell the `Call` of this thread which socket its request will use."""
    call: Call | None = getattr(_current, "call", None)
    if call is not None:
        if not repeatable and time.monotonic() - getattr(connection, "_gradio_used", 0) > _FRESH:
            connection.close()
        if connection.sock is None:
            connection.connect()
        # Until now it was the time for connecting; a long body may well be stuck for longer.
        connection.timeout = call.silence
        connection._gradio_call = call  # type: ignore[attr-defined]
        call.attach(connection.sock)


def _let_go(connection: Any) -> None:
    """The request that used a connection is over; aborting it must not end the next one."""
    call: Call | None = getattr(connection, "_gradio_call", None)
    if call is not None:
        connection._gradio_call = None
        connection._gradio_used = time.monotonic()
        call.attach(None)


class _Tracked:
    """What both kinds of connection do besides: be known to their `Call`, and write once.

    Head and body of a small request go out together: as two writes they would be two
    packets, and wake the server twice.
    """

    _held: list[bytes] | None = None  # what is to go out together

    def request(self, method: str, url: str, body: Any = None, *args: Any, **kwargs: Any) -> None:
        _track(self, method in ("GET", "HEAD"))  # type: ignore[arg-type]
        if isinstance(body, bytes) and len(body) <= _WRITTEN_TOGETHER:
            self._held = []
        try:
            super().request(method, url, body, *args, **kwargs)  # type: ignore[misc]
        finally:
            held, self._held = self._held, None
        if held:
            self.send(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._held.append(data)


class _Connection(_Tracked, HTTPConnection):
    pass


class _TLSConnection(_Tracked, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection

    def _put_conn(self, conn: Any) -> None:
        _let_go(conn)
        super()._put_conn(conn)


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection

    def _put_conn(self, conn: Any) -> None:
        _let_go(conn)
        super()._put_conn(conn)


class Adapter(HTTPAdapter):
    """Connections with keep-alive on both levels, whose calls can be aborted."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, socket_options=SOCKET_OPTIONS, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("socket_options", SOCKET_OPTIONS)
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        return manager


def is_public(url: str) -> bool:
    """Whether servers elsewhere can be expected to reach an address.

    Behaviour: servers of 5.0 and later refuse to fetch from hosts that resolve to private
    addresses. What this machine cannot resolve is left to the server.
    """
    try:
        host = urlsplit(url).hostname or ""
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # UnicodeError is one: a label that is too long
        return True
    addresses = {str(entry[4][0]).partition("%")[0] for entry in found}
    return all(ipaddress.ip_address(address).is_global for address in addresses)
