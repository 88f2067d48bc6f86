"""The connections to one server, and requests that any thread can end.

A thread that reads from a socket becomes free when the socket is shut down, over TLS too. It would
not become free if another thread closed the socket. So each request attaches the socket that it
uses to its `RequestHandle`, and `RequestHandle.abort` shuts this socket down.

`urllib3` only opens the connections: it knows TLS, proxies, tunnels and SOCKS. `ConnectionPool`
keeps them between requests. The modules `request` and `response` write the requests and read the
responses.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from functools import partial
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection
from urllib3.util.wait import wait_for_read

from .._basics.secret import hidden
from .base import Aborted, Unreachable
from .request import Body, write
from .response import Raw, Response
from .signal_safe import NOTICED, SafeEvent, new_lock

if TYPE_CHECKING:
    from urllib3.connectionpool import HTTPConnectionPool

    from .._basics.secret import Secret, Texts
    from .._options import Timeout

# A function may run for hours without sending a byte. On servers without heartbeats, only TCP
# keep-alive shows meanwhile whether the server's machine still exists.
_KEEP_ALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
# TCP_KEEPALIVE is the name of TCP_KEEPIDLE on macOS. Older systems have only some of these options.
_IDLE = "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE"
for _option, _value in ((_IDLE, 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4)):
    if hasattr(socket, _option):
        _KEEP_ALIVE.append((socket.IPPROTO_TCP, getattr(socket, _option), _value))

#: Seconds after which an idle connection is not used for a request that must not be sent twice.
#: Most servers close an idle connection after 5 s. A request that is sent just then is lost.
_REUSE_SECONDS = 4.0
_REPEATABLE = frozenset(("GET", "HEAD"))


class RequestHandle:
    """The handle of one request, by which any thread can abort it.

    Attributes:
        aborted: Whether `abort` was called.
    """

    def __init__(self) -> None:
        self.aborted = False
        self._lock = new_lock()
        self._socket: socket.socket | None = None
        self._awaited: SafeEvent | None = None  # the event that the request's thread waits for

    def pause(self, seconds: float) -> None:
        """Wait before the request is sent again.

        Raises:
            Aborted: Another thread ended the request.
        """
        with self._lock:
            if self.aborted:
                raise Aborted
            self._awaited = SafeEvent()
        if self._awaited.wait(seconds):
            raise Aborted

    def wait_for(self, event: SafeEvent) -> None:
        """Wait for an event before the request is sent. `abort` sets the event, too.

        Raises:
            Aborted: Another thread ended the request.
        """
        with self._lock:
            if self.aborted:
                raise Aborted
            self._awaited = event
        event.wait()
        if self.aborted:
            raise Aborted

    def attach(self, sock: socket.socket | None) -> None:
        """Set the socket that the request uses; ``None`` when the request has ended.

        Raises:
            Aborted: Another thread ended the request, and a socket was to be set.
        """
        with self._lock:
            self._socket = sock
            if sock is None or not self.aborted:
                return
        raise Aborted

    def limit_silence(self, seconds: float | None) -> None:
        """Set how long the server may send nothing from now on; ``None`` for no limit."""
        with self._lock:
            if self._socket is not None:
                self._socket.settimeout(seconds)

    def abort(self) -> None:
        """Abort the request: its thread gets `Aborted`."""
        with self._lock:
            self.aborted = True
            if self._awaited is not None:
                self._awaited.set()
            if self._socket is not None:
                # Under the lock: afterwards, the socket may belong to the next request.
                shut_down(self._socket)


def shut_down(sock: socket.socket) -> None:
    """End every read and write of a socket, from any thread. Its user still has to close it."""
    sock = getattr(sock, "socket", sock)  # for TLS through the TLS of a proxy, `urllib3` wraps it
    try:
        # Not by `socket.socket.shutdown(sock, …)`: the sockets of eventlet are of another class.
        if isinstance(sock, ssl.SSLSocket):
            # `SSLSocket.shutdown` would remove the TLS session, which the reading thread uses.
            super(ssl.SSLSocket, sock).shutdown(socket.SHUT_RDWR)
        else:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the connection has ended already


def keep_alive(sock: socket.socket) -> None:
    """Let the system check whether the other machine still exists, as far as it can."""
    sock = getattr(sock, "socket", sock)  # as in `shut_down`
    for option in _KEEP_ALIVE:
        try:
            sock.setsockopt(*option)
        except OSError:
            pass  # the system lacks the option, or the server has closed the connection


#: Errors of PySocks about the proxy. Its other errors are about the server behind the proxy.
_SOCKS_FAILED = frozenset(("ProxyConnectionError", "GeneralProxyError", "SOCKS5AuthError"))


class _PooledConnection:
    """One connection of a pool, open or closed.

    Args:
        factory: The pool of `urllib3` that makes it.

    Attributes:
        connection: The connection of `urllib3`, which opens and closes the socket.
        used: When the last request ended, on the monotonic clock.
    """

    __slots__ = ("connection", "used")

    def __init__(self, factory: HTTPConnectionPool) -> None:
        # `urllib3` declares the result by a protocol class, which has no `sock`.
        self.connection = cast("HTTPConnection", factory._new_conn())
        self.connection.response_class = Raw  # it reads a proxy's response to CONNECT
        self.used = 0.0

    def was_cut(self) -> bool:
        """Return whether the server has closed this connection. It must be open on this side."""
        return self.connection.sock is not None and not self.connection.is_connected

    def read_head(self, method: str) -> Raw:
        """Read the head of the response to a request of this method."""
        raw = Raw(self.connection.sock, method=method)
        try:
            raw.begin()
        except BaseException:
            raw.close()
            raise
        if raw.will_close:
            self.connection.close()  # the response keeps what it needs of the connection
        return raw


class ConnectionPool:
    """The connections to one server. Each is used for one request at a time.

    Args:
        factory: A pool of `urllib3`, which makes connections to the server. It gets none of them
            back, and its queue is never used: if a signal handler raises while the queue's lock
            is held, the lock stays held forever, and the garbage collector would wait for it.
        limit: How many idle connections are kept.
    """

    def __init__(self, factory: HTTPConnectionPool, limit: int) -> None:
        self._factory = factory
        self._limit = limit
        self._idle: list[_PooledConnection] = []  # the one that was used last is at the end
        self._closed = False

    def _take(self) -> _PooledConnection:
        """Return the connection that was used last, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return _PooledConnection(self._factory)

    def was_cut(self) -> bool:
        """Return whether the server has closed the idle connection that was used last."""
        taken = []
        try:
            while True:
                # The connection is taken out of the pool during the check. Otherwise another thread
                # might use it now, and its response would look like the end of the connection.
                # Also, two green threads must not wait for one socket at the same time.
                pooled = self._idle.pop()
                taken.append(pooled)
                if pooled.connection.sock is not None:  # otherwise it was closed on this side
                    return pooled.was_cut()
        except IndexError:  # there is no other one
            return False
        finally:
            while taken:
                self._keep(taken.pop())

    def drop_cut(self) -> None:
        """Drop the idle connections that the server has closed."""
        taken = []
        try:
            while True:
                pooled = self._idle.pop()  # as in `was_cut`
                taken.append(pooled)
                if pooled.was_cut():
                    taken.pop().connection.close()
        except IndexError:  # there is no other one
            pass
        finally:
            while taken:
                self._keep(taken.pop())

    def _keep(self, pooled: _PooledConnection) -> None:
        """Keep a connection for the next request, or close it."""
        idle = self._idle
        if not self._closed and len(idle) < self._limit:
            idle.append(pooled)
            if not self._closed:
                return
            # Another thread has called `close`, which may not have seen the connection.
        pooled.connection.close()

    def close(self) -> None:
        """Close the idle connections now, and each used one when its request has ended."""
        self._closed = True
        idle, self._idle = self._idle, []
        for pooled in idle:
            pooled.connection.close()

    def send(
        self,
        method: str,
        target: str | Secret[str],
        body: Body,
        headers: Texts,
        call: RequestHandle,
        timeout: Timeout,
        silence: float | None,
    ) -> Response:
        """Send a request and read the head of its response.

        Args:
            method: The method, such as ``GET``.
            target: The request target: a path with its query, or a whole URL for a proxy.
            body: The body.
            headers: All headers, except those for the body's length.
            call: The handle by which another thread can abort the request.
            timeout: Seconds to connect, and seconds for which the server may send nothing before
                the response.
            silence: Seconds for which the server may accept no bytes of the request.

        Raises:
            Unreachable: No connection could be opened. Nothing was sent.
            OSError, http.client.HTTPException: The connection broke off, or the server was silent.
            Aborted: Another thread ended the request.
        """
        connect_timeout, read_timeout = timeout
        pooled = self._take()
        connection = pooled.connection
        try:
            if pooled.was_cut():
                connection.close()
            if method not in _REPEATABLE and time.monotonic() - pooled.used > _REUSE_SECONDS:
                connection.close()
            if connection.sock is None:
                connection.timeout = connect_timeout
                self._open(connection, target)
            if self._factory.proxy is not None and not f"{target}".startswith("/"):
                headers = {**headers, **hidden(self._factory.proxy_headers)}
            call.attach(connection.sock)
            connection.sock.settimeout(silence)
            try:
                write(connection.sock, method, target, headers, body)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                # The server may have responded without reading the whole request.
                if getattr(body, "failure", None) is not None:
                    raise  # reading the body failed, not the connection
            connection.sock.settimeout(read_timeout)
            if read_timeout is None:
                # A signal that arrived just before would not interrupt a read without a limit.
                wait_for_read(connection.sock, NOTICED)
            return Response(pooled.read_head(method), partial(self._release, pooled, call))
        except BaseException:
            connection.close()
            self._keep(pooled)
            raise

    def _open(self, connection: HTTPConnection, target: str | Secret[str]) -> None:
        """Open a connection, through a tunnel of the proxy if that is needed."""
        proxy = self._factory.proxy
        try:
            if proxy is not None and f"{target}".startswith("/"):
                self._factory._prepare_proxy(connection)  # which also connects
            else:
                connection.connect()
        except Exception as exc:
            refused = isinstance(exc, OSError) and "Tunnel connection failed" in str(exc)
            # An HTTPException is a response to CONNECT that is not HTTP.
            refused = refused or isinstance(exc, http.client.HTTPException)
            beyond_proxy = proxy is None or connection.has_connected_to_proxy
            # `urllib3` does not say that a SOCKS proxy failed. The exception of PySocks does.
            socks = type(exc.__context__).__name__ in _SOCKS_FAILED
            raise Unreachable(by_proxy=refused or not beyond_proxy or socks) from exc
        keep_alive(connection.sock)

    def _release(self, pooled: _PooledConnection, call: RequestHandle, is_reusable: bool) -> None:
        """Take back the connection of a request that has ended."""
        call.attach(None)  # first: an abort of this request must not end the next one
        if not is_reusable:
            pooled.connection.close()
        pooled.used = time.monotonic()
        self._keep(pooled)


def is_public(url: str) -> bool:
    """Return whether servers elsewhere can be expected to reach a URL.

    A host that this machine cannot resolve counts as public, so that the server decides.

    Behaviour: servers of 5.0 and later refuse to fetch from hosts that resolve to private
    addresses.
    """
    try:
        host = urlsplit(url).hostname or ""
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # a label that is too long raises UnicodeError, a ValueError
        return True
    addresses = {str(entry[4][0]).partition("%")[0] for entry in found}
    return all(ipaddress.ip_address(address).is_global for address in addresses)
