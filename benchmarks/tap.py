"""A relay that counts the connections and requests of a client."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from urllib.parse import urlsplit

_REQUESTS = (b"GET ", b"POST ")


class Tap:
    """A relay in front of a server; a context manager.

    Attributes:
        url: The URL to use instead of the server's.
        connections: How many connections were opened.
        paths: How many times each path was requested; queries are not counted separately.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self.paths: Counter[str] = Counter()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.connections += 1
            server = socket.create_connection(self._server)
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._relay, args=pair, daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket, from_client: bool) -> None:
        while True:
            try:
                data = source.recv(65_536)
                if from_client and data.startswith(_REQUESTS):  # clients send a head in one piece
                    self.paths[data.split(b" ", 2)[1].decode().partition("?")[0]] += 1
                if not data:
                    break
                target.sendall(data)
            except OSError:
                break
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other side has closed it already

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
