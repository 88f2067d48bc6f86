"""`no_network`: a block in which nothing leaves this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class NetworkBlockedError(OSError):
    """Code tried to reach a network while `no_network` was on."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Refuse every connection and name look-up that would leave this machine.

    Returns:
        The hosts that were asked for, to check that there were none.
    """
    asked: list[str] = []
    plain_connect, plain_connect_ex = socket.socket.connect, socket.socket.connect_ex
    plain_look_up = socket.getaddrinfo

    def refuse(host: object) -> None:
        asked.append(str(host))
        raise NetworkBlockedError(
            f"The test tried to reach {host!r}. Use FakeApp, or replay a recording."
        )

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != getattr(socket, "AF_UNIX", None) and not _is_here(address[0]):
            refuse(address[0])
        return plain_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        if self.family != getattr(socket, "AF_UNIX", None) and not _is_here(address[0]):
            refuse(address[0])
        return plain_connect_ex(self, address)

    def look_up(host: Any, *args: Any, **options: Any) -> Any:
        if not _is_here(host):
            refuse(host)
        return plain_look_up(host, *args, **options)

    patched: Any = socket.socket
    patched.connect, patched.connect_ex = connect, connect_ex
    socket.getaddrinfo = look_up
    try:
        yield asked
    finally:
        # The names were inherited from the C class; without ours, they are found there again.
        del patched.connect, patched.connect_ex
        socket.getaddrinfo = plain_look_up


def _is_here(host: object) -> bool:
    """Return whether a host is this machine."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if text is None or text in ("", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(str(text).partition("%")[0]).is_loopback
    except ValueError:
        return False
