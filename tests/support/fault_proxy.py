"""A proxy on the level of TCP that does to a connection what networks and gateways do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Literal, Optional

from tests.support.intermediary import Intermediary

_CHUNK = 65_536


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        request: A text in the request that it befalls, such as ``b"/queue/join"``.
        times: How many such requests it befalls.
        answer: What is answered instead of passing the request on.
        after: A text in what the server sends; the fault strikes within it, `offset` bytes on.
        nth: The how-manieth of them.
        action: What happens then, or at once without `answer` and `after`: the connection ends
            (``cut``), is reset, or nothing passes any more, though it stays open (``stall``).
        pace: Seconds between two bytes of what the server sends, from its first byte on.
    """

    request: bytes = b""
    times: int = 1
    answer: Optional[bytes] = None
    after: Optional[bytes] = None
    offset: int = 0
    nth: int = 1
    action: Literal["cut", "reset", "stall", "pass"] = "cut"
    pace: float = 0.0


def page(status: str, *headers: str, body: bytes = b"<html>gateway</html>") -> bytes:
    """A gateway's answer, at whose end the connection is closed."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", "Connection: close", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class FaultProxy(Intermediary):
    """Stands between a client and a server on this machine; a context manager.

    Attributes:
        fault: What befalls requests, at present.
        struck: How often it has befallen one.
    """

    def __init__(self, url: str, fault: Optional[Fault] = None) -> None:
        super().__init__(url)
        self.fault = fault
        self.struck = 0
        self._pairs: set[_Pair] = set()

    def take(self, near: socket.socket) -> None:
        pair = _Pair(self, near)
        with self._lock:
            self._pairs.add(pair)
        self.start(pair.upward)

    def strikes(self, request: bytes) -> Optional[Fault]:
        """The fault that befalls a request, if one does."""
        with self._lock:
            fault = self.fault
            if fault is None or self.struck >= fault.times or fault.request not in request:
                return None
            self.struck += 1
            return fault

    def cut(self) -> None:
        """End every connection that is open now, also where nothing passes."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.over.set()
        super().cut()

    def forget(self, pair: _Pair) -> None:
        """It has ended."""
        with self._lock:
            self._pairs.discard(pair)


class _Pair:
    """Both sides of one connection."""

    def __init__(self, proxy: FaultProxy, near: socket.socket) -> None:
        self._proxy = proxy
        self._near = near
        self._far: Optional[socket.socket] = None
        self._fault: Optional[Fault] = None
        self._heard = b""
        self._resets = False
        self.over = threading.Event()

    def upward(self) -> None:
        """Pass on what the client sends."""
        with contextlib.suppress(OSError):
            while data := self._near.recv(_CHUNK):
                if data.startswith((b"GET ", b"POST ")):
                    self._fault, self._heard = self._proxy.strikes(data), b""
                    fault = self._fault
                    if fault is not None and fault.answer is not None:
                        self._near.sendall(fault.answer)
                        break
                    if fault is not None and fault.after is None and not fault.pace:
                        self._act(fault)
                        break
                if self._far is None:
                    self._far = self._proxy.reach()
                    self._proxy.start(self._downward)
                self._far.sendall(data)
        self._close()

    def _downward(self) -> None:
        """Pass on what the server sends."""
        assert self._far is not None
        with contextlib.suppress(OSError):
            while data := self._far.recv(_CHUNK):
                fault = self._fault
                if fault is None:
                    self._near.sendall(data)
                    continue
                if fault.pace:
                    for index in range(len(data)):
                        self._near.sendall(data[index : index + 1])
                        self.over.wait(fault.pace)
                    continue
                self._heard += data
                at = _position(self._heard, fault)
                if at is None:
                    self._near.sendall(data)
                    continue
                self._near.sendall(data[: max(0, len(data) - (len(self._heard) - at))])
                self._act(fault)
                break
        self._close()

    def _act(self, fault: Fault) -> None:
        if fault.action == "stall":
            self.over.wait()
        elif fault.action == "reset":
            self._near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._resets = True
            with contextlib.suppress(OSError):  # the client was faster
                self._near.shutdown(socket.SHUT_RD)  # frees the thread that reads from it

    def _close(self) -> None:
        self.over.set()
        if self._resets:
            self._near.close()  # hanging up would say a last word
        for side in (self._near, self._far):
            if side is not None:
                self._proxy.end(side)
        self._proxy.forget(self)


def _position(heard: bytes, fault: Fault) -> Optional[int]:
    """Where in what was heard the fault strikes."""
    assert fault.after is not None
    at = -1
    for _ in range(fault.nth):
        at = heard.find(fault.after, at + 1)
        if at < 0:
            return None
    at += fault.offset
    return at if at <= len(heard) else None
