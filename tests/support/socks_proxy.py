"""A SOCKS proxy: versions 4a and 5; version 5 with an optional login."""

from __future__ import annotations

import contextlib
import socket
from typing import Optional

from tests.support.intermediary import Intermediary

_CHUNK = 65_536


class Socks(Intermediary):
    """A proxy that connects clients to the host that they request; a context manager.

    Args:
        login: User and password that version 5 clients must send.

    Attributes:
        address: Host and port of the proxy.
        hosts: The requested hosts, each with the protocol version.
    """

    def __init__(self, login: Optional[tuple[str, str]] = None) -> None:
        super().__init__("http://127.0.0.1:1")
        self.address = self.url.partition("//")[2]
        self.hosts: list[tuple[int, str]] = []
        self._login = login

    def handle(self, near: socket.socket) -> None:
        self.start(lambda: self._serve(near))

    def _serve(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            version = near.recv(1)[0]
            host, port = self._ask_5(near) if version == 5 else self._ask_4(near)
            self.hosts.append((version, host))
            # A name that only the proxy knows stands for this machine.
            where = "127.0.0.1" if host.endswith(".invalid") else host
            far = self.keep(socket.create_connection((where, port)))
            near.sendall(b"\5\0\0\1\0\0\0\0\0\0" if version == 5 else b"\0\x5a\0\0\0\0\0\0")
            self.start(lambda: self._pass(far, near))
            self._pass(near, far)
        self.end(near)

    def _ask_5(self, near: socket.socket) -> tuple[str, int]:
        offered = _read(near, _read(near, 1)[0])
        method = 2 if self._login is not None else 0
        near.sendall(bytes([5, method if method in offered else 0xFF]))
        if method == 2:
            _read(near, 1)
            user, password = (_read(near, _read(near, 1)[0]).decode() for _ in range(2))
            near.sendall(b"\1\0" if (user, password) == self._login else b"\1\1")
        kind = _read(near, 4)[3]
        if kind == 3:
            host = _read(near, _read(near, 1)[0]).decode()
        else:
            family, length = (socket.AF_INET, 4) if kind == 1 else (socket.AF_INET6, 16)
            host = socket.inet_ntop(family, _read(near, length))
        return host, int.from_bytes(_read(near, 2), "big")

    def _ask_4(self, near: socket.socket) -> tuple[str, int]:
        _read(near, 1)
        port, address = int.from_bytes(_read(near, 2), "big"), _read(near, 4)
        _text(near)
        named = address[:3] == b"\0\0\0" and address[3]
        return (_text(near) if named else socket.inet_ntoa(address)), port

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                target.sendall(data)
        self.end(target)


def _read(near: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = near.recv(size - len(data))
        if not piece:
            raise ConnectionError("the client hung up")
        data += piece
    return data


def _text(near: socket.socket) -> str:
    data = b""
    while (byte := _read(near, 1)) != b"\0":
        data += byte
    return data.decode()
