"""Connections whose requests can be ended from another thread.

`RequestHandle.abort` shuts the socket of a request down, which frees a blocked read at once, over
TLS too. (Closing a socket that another thread reads from would not.) For that, each
request tells its `RequestHandle` which socket it uses.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.util.wait import wait_for_read

from .base import Aborted, Unreachable
from .request import Body, write
from .response import Raw, Response
from .signal_safe import NOTICED, SafeEvent

if TYPE_CHECKING:
    from .._options import Timeout

# Functions may run for hours without a byte on the wire, and servers without
# heartbeats are silent for as long; the operating system tells whether they live.
_KEEP_ALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
for _option, _value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
    if hasattr(socket, _option):
        _KEEP_ALIVE.append((socket.IPPROTO_TCP, getattr(socket, _option), _value))
SOCKET_OPTIONS = [*HTTPConnection.default_socket_options, *_KEEP_ALIVE]

#: Seconds after which an idle connection is not used for what must not be sent twice: servers
#: close theirs after 5 s, mostly, and a request that crosses the news of that would be lost.
_FRESH = 4.0
_REPEATABLE = frozenset(("GET", "HEAD"))


class RequestHandle:
    """One request under way, which any thread may end."""

    def __init__(self) -> None:
        self.aborted = False
        self._lock = threading.RLock()
        self._socket: socket.socket | None = None
        self._ended: SafeEvent | None = None  # while it waits for the next try

    def pause(self, seconds: float) -> None:
        """Wait before the request is tried again.

        Raises:
            Aborted: Another thread ended it.
        """
        with self._lock:
            if self.aborted:
                raise Aborted
            self._ended = SafeEvent()
        if self._ended.wait(seconds):
            raise Aborted

    def wait_for(self, flag: SafeEvent) -> None:
        """Wait for something before the request is sent. `abort` sets the flag, too.

        Raises:
            Aborted: Another thread ended it.
        """
        with self._lock:
            if self.aborted:
                raise Aborted
            self._ended = flag
        flag.wait()
        if self.aborted:
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
            if self._ended is not None:
                self._ended.set()
            if self._socket is not None:
                cut(self._socket)  # under the lock: later it may be the next request's


def cut(sock: socket.socket) -> None:
    """End every read and write of a socket, from any thread; closing it is its user's business."""
    sock = getattr(sock, "socket", sock)  # of the TLS that goes through the TLS of a proxy
    try:
        # Not `socket.socket.shutdown`, which the sockets of eventlet do not have.
        if isinstance(sock, ssl.SSLSocket):
            # The one of the plain socket: its own would pull the session from under the thread
            # that is reading.
            super(ssl.SSLSocket, sock).shutdown(socket.SHUT_RDWR)
        else:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it ended by itself meanwhile


#: Errors of PySocks about the proxy; others are what the proxy says of the server.
_SOCKS_FAILED = frozenset(("ProxyConnectionError", "GeneralProxyError", "SOCKS5AuthError"))


class _TrackedConnection:
    """Connects as `urllib3` does. What goes over it then, `request` writes and `response` reads."""

    response_class = Raw  # also of a proxy that is asked for a tunnel

    used = 0.0  # when the last request was over, on the monotonic clock

    def answer(self: Any, method: str) -> Raw:
        """Read the head of the answer to a request of this method."""
        raw = Raw(self.sock, method=method)
        try:
            raw.begin()
        except BaseException:
            raw.close()
            raise
        if raw.will_close:
            self.close()  # the answer holds on to what it needs of it
        return raw


class _Pool:
    """Connections to one server, each for one request at a time.

    They are kept here: the queue that `urllib3` has for them is for those who want to wait. No
    connection is ever in it, and `close` leaves it alone: its lock is never let go of again if a
    signal strikes while it is taken, and the collector would wait for it for ever.
    """

    def __init__(self: Any, *args: Any, maxsize: int, **kwargs: Any) -> None:
        super().__init__(*args, maxsize=1, **kwargs)  # type: ignore[call-arg]
        self._kept: list[Any] | None = []  # the last one used is the next; None when closed
        self._most = maxsize

    def _take(self: Any) -> Any:
        """The connection that was used last, or a new one."""
        try:
            return self._kept.pop()
        except (IndexError, AttributeError):
            return self._new_conn()

    def was_cut(self: Any) -> bool:
        """Return whether the server has closed the connection that was used last and kept open."""
        taken = []
        try:
            while self._kept:
                # Out of the pool meanwhile: another thread that uses it would take a response for
                # the end, and green threads may not look at one socket at the same time.
                connection = self._kept.pop()
                taken.append(connection)
                if connection.sock is not None:  # otherwise it was closed on this side
                    return not connection.is_connected
        except (AttributeError, IndexError):  # another thread took the last one, or closed the pool
            pass
        finally:
            while taken:
                self._keep(taken.pop())
        return False

    def drop_cut(self: Any) -> None:
        """Drop the connections that the server has closed."""
        taken = []
        try:
            while self._kept:
                connection = self._kept.pop()  # as in `was_cut`
                taken.append(connection)
                if connection.sock is not None and not connection.is_connected:
                    taken.pop().close()
        except (AttributeError, IndexError):  # another thread took the last one, or closed the pool
            pass
        finally:
            while taken:
                self._keep(taken.pop())

    def _keep(self, connection: Any) -> None:
        kept = self._kept
        if kept is not None and len(kept) < self._most:
            kept.append(connection)
            if self._kept is not None:
                return  # otherwise `close` may have missed it
        connection.close()

    def close(self) -> None:
        """Close them all, and those that are in use when they come back."""
        kept, self._kept = self._kept, None
        for connection in kept or ():
            connection.close()

    def ask(
        self: Any,
        method: str,
        target: str,
        body: Body,
        headers: dict[str, str],
        call: RequestHandle,
        timeout: Timeout,
        silence: float | None,
    ) -> Response:
        """Send a request and read the head of its answer.

        Args:
            call: By it another thread may end the request.
            timeout: Seconds to connect, and of silence before the answer.
            silence: Seconds for which the server may take nothing of the request.

        Raises:
            Unreachable: There is no connection; nothing was sent.
            OSError, http.client.HTTPException: It broke, or fell silent.
            Aborted: The request was ended.
        """
        connect, answer = timeout
        connection = self._take()
        try:
            if connection.sock is not None and not connection.is_connected:
                connection.close()  # by the server, meanwhile
            if method not in _REPEATABLE and time.monotonic() - connection.used > _FRESH:
                connection.close()
            if connection.sock is None:
                connection.timeout = connect
                self._open(connection, target)
            if self.proxy is not None and not target.startswith("/"):
                headers = {**headers, **self.proxy_headers}
            call.attach(connection.sock)
            connection.sock.settimeout(silence)
            try:
                write(connection.sock, method, target, headers, body)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                # The server may have answered before it had read everything.
                if getattr(body, "failure", None) is not None:
                    raise  # it was not the server
            connection.sock.settimeout(answer)
            if answer is None:
                wait_for_read(connection.sock, NOTICED)
            return Response(connection.answer(method), partial(self._over, connection, call))
        except BaseException:
            connection.close()
            self._keep(connection)
            raise

    def _open(self: Any, connection: Any, target: str) -> None:
        try:
            if self.proxy is not None and target.startswith("/"):
                self._prepare_proxy(connection)  # through a tunnel, which it asks for
            else:
                connection.connect()
        except Exception as exc:
            refused = isinstance(exc, OSError) and "Tunnel connection failed" in str(exc)
            refused = refused or isinstance(exc, http.client.HTTPException)  # no answer to CONNECT
            behind = self.proxy is None or connection.has_connected_to_proxy
            # `urllib3` knows nothing of a proxy by SOCKS; its own library does.
            socks = type(exc.__context__).__name__ in _SOCKS_FAILED
            raise Unreachable(by_proxy=refused or not behind or socks) from exc

    def _over(self: Any, connection: Any, call: RequestHandle, whole: bool) -> None:
        """A request is over; aborting it must not end the next one on its connection."""
        call.attach(None)
        if not whole:
            connection.close()
        connection.used = time.monotonic()
        self._keep(connection)


@cache
def _ours(pool: Any) -> Any:
    """A pool of `urllib3` (plain, TLS, by way of SOCKS) whose connections are ours."""
    connection = type("Connection", (_TrackedConnection, pool.ConnectionCls), {})
    return type("Pool", (_Pool, pool), {"ConnectionCls": connection})


class Adapter(HTTPAdapter):
    """Chooses connections as `requests` does; they are kept alive on both levels."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, socket_options=SOCKET_OPTIONS, **kwargs)
        _use_ours(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("socket_options", SOCKET_OPTIONS)
        manager = super().proxy_manager_for(*args, **kwargs)
        _use_ours(manager)
        return manager


def _use_ours(manager: Any) -> None:
    classes = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {
        scheme: pool if issubclass(pool, _Pool) else _ours(pool) for scheme, pool in classes.items()
    }


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
