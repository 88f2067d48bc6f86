"""A TCP proxy that disturbs connections as networks and gateways do."""

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
    """One disturbance of a connection.

    Attributes:
        request: A text such as ``b"/queue/join"``; the fault affects requests that contain it.
        times: How many such requests the fault affects.
        answer: A response to send instead of passing the request on.
        after: A text in the server's data; the fault happens `offset` bytes after its start.
        nth: Which occurrence of `after` counts, from 1.
        action: What happens at that point, or at once without `answer` and `after`: the connection
            ends (``cut``), is reset (``reset``), stays open but passes nothing on (``stall``), or
            continues (``pass``).
        pace: Seconds between two bytes of the server's data, from the first byte on.
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
    """Return a gateway's response, after which the connection is closed."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: text/html", "Connection: close", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class FaultProxy(Intermediary):
    """A proxy between a client and a server on this machine; a context manager.

    Attributes:
        fault: The current fault.
        struck: How many requests the fault has affected.
    """

    def __init__(self, url: str, fault: Optional[Fault] = None) -> None:
        super().__init__(url)
        self.fault = fault
        self.struck = 0
        self._pairs: set[_Pair] = set()

    def handle(self, near: socket.socket) -> None:
        pair = _Pair(self, near)
        with self._lock:
            self._pairs.add(pair)
        self.start(pair.upward)

    def strikes(self, request: bytes) -> Optional[Fault]:
        """Return the fault for a request, and count it; ``None`` if there is none."""
        with self._lock:
            fault = self.fault
            if fault is None or self.struck >= fault.times or fault.request not in request:
                return None
            self.struck += 1
            return fault

    def cut(self) -> None:
        """End every open connection, including stalled ones."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.over.set()
        super().cut()

    def forget(self, pair: _Pair) -> None:
        """Remove a connection that has ended."""
        with self._lock:
            self._pairs.discard(pair)


class _Pair:
    """Both sides of one connection."""

    def __init__(self, proxy: FaultProxy, near: socket.socket) -> None:
        self._proxy = proxy
        self._near = near
        self._far: Optional[socket.socket] = None
        self._fault: Optional[Fault] = None
        self._received = b""
        self._resets = False
        self.over = threading.Event()

    def upward(self) -> None:
        """Pass on the client's data."""
        with contextlib.suppress(OSError):
            while data := self._near.recv(_CHUNK):
                if data.startswith((b"GET ", b"POST ")):
                    self._fault, self._received = self._proxy.strikes(data), b""
                    fault = self._fault
                    if fault is not None and fault.answer is not None:
                        self._near.sendall(fault.answer)
                        break
                    if fault is not None and fault.after is None and not fault.pace:
                        self._act(fault)
                        break
                if self._far is None:
                    self._far = self._proxy.connect()
                    self._proxy.start(self._downward)
                self._far.sendall(data)
        self._close()

    def _downward(self) -> None:
        """Pass on the server's data."""
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
                self._received += data
                at = _position(self._received, fault)
                if at is None:
                    self._near.sendall(data)
                    continue
                self._near.sendall(data[: max(0, len(data) - (len(self._received) - at))])
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
                self._near.shutdown(socket.SHUT_RD)  # wakes the thread that reads from it

    def _close(self) -> None:
        self.over.set()
        if self._resets:
            self._near.close()  # closing normally would send a TLS close message
        for side in (self._near, self._far):
            if side is not None:
                self._proxy.end(side)
        self._proxy.forget(self)


def _position(received: bytes, fault: Fault) -> Optional[int]:
    """Return the position of the fault in the data so far; ``None`` if it is not there yet."""
    assert fault.after is not None
    at = -1
    for _ in range(fault.nth):
        at = received.find(fault.after, at + 1)
        if at < 0:
            return None
    at += fault.offset
    return at if at <= len(received) else None
