"""A relay to a real server whose connections a test can cut, as networks do."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading

from tests.support.intermediary import Intermediary, close_idle
from tests.support.listeners import BOUND


class BreakableRelay(Intermediary):
    """A context manager that relays connections to a server on this machine.

    Args:
        outlasts: A text that a server sends again and again. When the client hangs up, the relay
            passes this on only after the server has sent the text ten more times.
    """

    def __init__(self, url: str, outlasts: bytes | None = None) -> None:
        super().__init__(url)
        self._outlasts = outlasts
        self._changed = threading.Condition()
        self._received = bytearray()  # everything that the server has sent
        # the number of connections that the server has closed
        self._ended: set[socket.socket] = set()

    def wait_for(self, text: bytes, times: int) -> None:
        """Wait until the server has sent ``text`` this many times."""
        with self._changed:
            found = self._changed.wait_for(lambda: self._received.count(text) >= times, BOUND)
        assert found, (
            f"the server has sent {text!r} {self._received.count(text)} times, not {times}"
        )

    def handle(self, near: socket.socket) -> None:
        far = self.connect()
        answers = bytearray()
        self.start(functools.partial(self._ask, near, far, answers))
        self.start(functools.partial(self._answer, far, near, answers))

    def _ask(self, near: socket.socket, far: socket.socket, answers: bytearray) -> None:
        with contextlib.suppress(OSError):  # `cut` has ended it
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
        with contextlib.suppress(OSError):  # `cut` has ended it
            while data := far.recv(65_536):
                with self._changed:
                    self._received += data
                    answers += data
                    self._changed.notify_all()
                with contextlib.suppress(OSError) if self._outlasts else contextlib.nullcontext():
                    near.sendall(data)
        with self._changed:
            self._ended.add(far)
            self._changed.notify_all()
        close_idle(near)
        self.end(far)
