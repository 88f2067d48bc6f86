"""A way to a real server that can be cut, as networks are."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from urllib.parse import urlsplit

from tests.listening import BOUND


class Relay:
    """Passes connections on to a server on this machine; a context manager.

    Args:
        url: Of the server.

    Attributes:
        url: Of the relay.
    """

    def __init__(self, url: str) -> None:
        port = urlsplit(url).port
        assert port is not None
        self._target = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()
        self._heard = bytearray()  # all that the server has sent
        self._threads = [threading.Thread(target=self._accept)]

    def wait_for(self, text: bytes, times: int) -> None:
        """Wait until the server has sent a text that often."""
        with self._changed:
            heard = self._changed.wait_for(lambda: self._heard.count(text) >= times, BOUND)
        assert heard, f"the server has sent {text!r} {self._heard.count(text)} times, not {times}"

    def cut(self) -> None:
        """Cut every connection that is open now."""
        with self._changed:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return  # the end
            far = socket.create_connection(self._target)
            with self._changed:
                self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                thread = threading.Thread(target=self._pass_on, args=(source, sink, sink is near))
                self._threads.append(thread)
                thread.start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, back: bool) -> None:
        with contextlib.suppress(OSError):  # cut
            while data := source.recv(65_536):
                sink.sendall(data)
                if back:
                    with self._changed:
                        self._heard += data
                        self._changed.notify_all()
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        with self._changed:
            self._open.discard(source)
        source.close()

    def __enter__(self) -> Relay:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in self._threads:
            thread.join()
