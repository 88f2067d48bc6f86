"""The base of relays, proxies and gateways between a client and a server on this machine."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Callable
from urllib.parse import urlsplit

from typing_extensions import Self


class Intermediary:
    """A listener that accepts connections; a context manager. Subclasses pass the data on.

    Args:
        url: URL of the server.
        scheme: Scheme of its own URL.

    Attributes:
        url: Its own URL.
        target: Port of the server; a new value applies to later connections.
    """

    def __init__(self, url: str, scheme: str = "http") -> None:
        parts = urlsplit(url)
        assert parts.port is not None
        self.target: int = parts.port
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}{parts.path}"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]

    def handle(self, near: socket.socket) -> None:
        """Begin with a client's connection; use `start` for anything that takes long."""
        raise NotImplementedError

    def connect(self) -> socket.socket:
        """Connect to the server."""
        return self.keep(socket.create_connection(("127.0.0.1", self.target)))

    def start(self, target: Callable[[], None]) -> None:
        """Call ``target`` on a new thread; it must return when its connections end."""
        thread = threading.Thread(target=target)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def keep(self, connection: socket.socket) -> socket.socket:
        """Register a connection, so that `cut` ends it, and return it."""
        with self._lock:
            self._open.add(connection)
        return connection

    def end(self, connection: socket.socket) -> None:
        """Close a connection, and wake a thread that reads from it."""
        close_idle(connection)
        with self._lock:
            self._open.discard(connection)
        connection.close()

    def cut(self) -> None:
        """Shut down every open connection; the thread that reads from it closes it."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            close_idle(connection)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return  # the intermediary is closed
            self.handle(self.keep(near))

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join()  # from now on no connection can be added
        self.cut()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()


def close_idle(connection: socket.socket) -> None:
    """Shut down a connection without a TLS close message to the other side."""
    with contextlib.suppress(OSError):  # it has ended in the meantime
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
