"""A way to a real server that can be cut, as networks are."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading

from tests.between import Between, hang_up
from tests.listening import BOUND


class Relay(Between):
    """Passes connections on to a server on this machine; a context manager."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._changed = threading.Condition()
        self._heard = bytearray()  # all that the server has sent

    def wait_for(self, text: bytes, times: int) -> None:
        """Wait until the server has sent a text that often."""
        with self._changed:
            heard = self._changed.wait_for(lambda: self._heard.count(text) >= times, BOUND)
        assert heard, f"the server has sent {text!r} {self._heard.count(text)} times, not {times}"

    def take(self, near: socket.socket) -> None:
        far = self.reach()
        for source, sink in ((near, far), (far, near)):
            self.start(functools.partial(self._pass_on, source, sink, sink is near))

    def _pass_on(self, source: socket.socket, sink: socket.socket, back: bool) -> None:
        with contextlib.suppress(OSError):  # cut
            while data := source.recv(65_536):
                sink.sendall(data)
                if back:
                    with self._changed:
                        self._heard += data
                        self._changed.notify_all()
        hang_up(sink)
        self.end(source)
