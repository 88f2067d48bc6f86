"""A way to a real server that can be cut, as networks are."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading

from tests.support.intermediary import Intermediary, close_idle
from tests.support.listeners import BOUND


class BreakableRelay(Intermediary):
    """Passes connections on to a server on this machine; a context manager.

    Args:
        outlasts: Of what a server sends again and again; that its client has hung up is passed
            on only when it has sent that ten more times.
    """

    def __init__(self, url: str, outlasts: bytes | None = None) -> None:
        super().__init__(url)
        self._outlasts = outlasts
        self._changed = threading.Condition()
        self._heard = bytearray()  # all that the server has sent
        self._ended: set[socket.socket] = set()  # connections that the server has hung up

    def wait_for(self, text: bytes, times: int) -> None:
        """Wait until the server has sent a text that often."""
        with self._changed:
            heard = self._changed.wait_for(lambda: self._heard.count(text) >= times, BOUND)
        assert heard, f"the server has sent {text!r} {self._heard.count(text)} times, not {times}"

    def take(self, near: socket.socket) -> None:
        far = self.reach()
        answers = bytearray()
        self.start(functools.partial(self._ask, near, far, answers))
        self.start(functools.partial(self._answer, far, near, answers))

    def _ask(self, near: socket.socket, far: socket.socket, answers: bytearray) -> None:
        with contextlib.suppress(OSError):  # cut
            while data := near.recv(65_536):
                far.sendall(data)
        text = self._outlasts
        if text is not None and text in answers:
            times = answers.count(text) + 10
            with self._changed:
                assert self._changed.wait_for(
                    lambda: far in self._ended or answers.count(text) >= times, BOUND
                )
        close_idle(far)
        self.end(near)

    def _answer(self, far: socket.socket, near: socket.socket, answers: bytearray) -> None:
        with contextlib.suppress(OSError):  # cut
            while data := far.recv(65_536):
                with self._changed:
                    self._heard += data
                    answers += data
                    self._changed.notify_all()
                with contextlib.suppress(OSError) if self._outlasts else contextlib.nullcontext():
                    near.sendall(data)
        with self._changed:
            self._ended.add(far)
            self._changed.notify_all()
        close_idle(near)
        self.end(far)
