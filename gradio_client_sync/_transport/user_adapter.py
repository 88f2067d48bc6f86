"""Requests that an adapter of the user sends, as `requests` defines adapters.

An adapter blocks its thread, and cannot be interrupted there. So a separate thread sends each
request. The caller waits until the response begins, or until another thread aborts the request.
After that, the caller reads the response, and its socket can be shut down.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .base import Unreachable
from .signal_safe import SafeEvent, new_lock

if TYPE_CHECKING:
    import socket

    from requests.adapters import BaseAdapter

    from .._basics.secret import Secret
    from .._options import Cert
    from .connections import RequestHandle


def send(
    adapter: BaseAdapter,
    request: requests.PreparedRequest,
    call: RequestHandle,
    options: Secret[dict[str, Any]],
) -> requests.Response:
    """Send a request, and return its response when its head has arrived.

    Args:
        adapter: The user's adapter.
        request: The request.
        call: The handle by which another thread can abort the request.
        options: The arguments of ``adapter.send``.

    Raises:
        Aborted: Another thread ended the request.
        Unreachable: No connection could be opened.
        Exception: The adapter's exception, or the one that caused it.
    """
    sending = _Sending(adapter, request, options)
    threading.Thread(target=sending.run, name="gradio-adapter", daemon=True).start()
    try:
        call.wait_for(sending.ended)
        response = sending.result()
        call.attach(_socket_of(response))
    except BaseException:
        sending.abandon()
        raise
    return response


class _Sending:
    """A request under way, on a thread of its own. The arguments are those of `send`."""

    def __init__(
        self,
        adapter: BaseAdapter,
        request: requests.PreparedRequest,
        options: Secret[dict[str, Any]],
    ) -> None:
        self._adapter = adapter
        self._request = request
        self._options = options
        self._lock = new_lock()
        self._is_abandoned = False
        self._response: requests.Response | None = None
        self._error: BaseException | None = None
        self.ended = SafeEvent()

    def run(self) -> None:
        """Send the request. If it was aborted meanwhile, close the response."""
        try:
            response = self._adapter.send(self._request, **self._options.reveal())
            with self._lock:
                self._response = response
                is_abandoned = self._is_abandoned
            if is_abandoned:
                response.close()
        except BaseException as exc:  # noqa: BLE001 - it is raised by the thread that waits
            self._error = exc
        finally:
            self.ended.set()

    def abandon(self) -> None:
        """Close the response, now or when it arrives."""
        with self._lock:
            self._is_abandoned = True
            response = self._response
        if response is not None:
            response.close()

    def result(self) -> requests.Response:
        """Return the response, or raise the exception of the adapter."""
        if self._error is not None:
            raise _cause(self._error)
        assert self._response is not None  # noqa: S101 - the thread has ended without an error
        return self._response


def _cause(exc: BaseException) -> BaseException:
    """Return the exception of `urllib3` for one of `requests`, as requests without adapters have.

    The tables of the caller translate it.
    """
    if not isinstance(exc, requests.RequestException):
        return exc
    inner = exc.args[0] if exc.args and isinstance(exc.args[0], BaseException) else None
    reason = getattr(inner, "reason", None)
    cause = reason if isinstance(reason, BaseException) else inner
    if isinstance(exc, requests.exceptions.ProxyError):
        error: BaseException = Unreachable(by_proxy=True)
    elif isinstance(exc, (requests.exceptions.SSLError, requests.ConnectTimeout)) or isinstance(
        cause, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.SSLError)
    ):
        error = Unreachable(by_proxy=False)
    elif isinstance(cause, urllib3.exceptions.ProtocolError) and isinstance(
        cause.args[-1], (ConnectionRefusedError, FileNotFoundError)
    ):  # of a Unix socket
        error, cause = Unreachable(by_proxy=False), cause.args[-1]
    else:
        return exc if cause is None else cause
    error.__cause__ = exc if cause is None else cause
    return error


def _socket_of(response: requests.Response) -> socket.socket | None:
    """Return the socket of a response; ``None`` if it has none, as in tests without a network."""
    shutdown = getattr(response.raw, "_sock_shutdown", None)  # a bound method since urllib3 2.3
    return getattr(shutdown, "__self__", None)


def connect(
    adapter: BaseAdapter, request: requests.PreparedRequest, options: Secret[dict[str, Any]]
) -> socket.socket | None:
    """Open a connection as an adapter does, for a websocket.

    Returns:
        The socket; ``None`` if the adapter has no connections of `urllib3`.
    """
    if not isinstance(adapter, HTTPAdapter):
        return None
    pool = _pool_of(adapter, request, **options.reveal())
    connection = pool._new_conn()
    connection.timeout = options.reveal()["timeout"][0]
    if pool.proxy is not None:
        if str(request.url).startswith("https"):
            pool._prepare_proxy(connection)
        else:
            server = urlsplit(str(request.url))  # the host of this pool is the proxy
            connection.set_tunnel(server.hostname, server.port or 80, pool.proxy_headers)
    if connection.sock is None:
        connection.connect()
    # The connection must not keep it: that of some packages closes it when it is collected.
    opened, connection.sock = connection.sock, None
    return cast("socket.socket", opened)


def _pool_of(
    adapter: HTTPAdapter,
    request: requests.PreparedRequest,
    *,
    verify: bool | str,
    cert: Cert | None,
    proxies: dict[str, str],
    **others: object,
) -> Any:
    """Return the pool of `urllib3` by which an adapter sends a request."""
    pool: Any
    pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
    adapter.cert_verify(pool, str(request.url), verify, cert)  # type: ignore[no-untyped-call]
    return pool
