"""`no_network`: a block in which nothing leaves this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

_LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")


class NetworkBlockedError(OSError):
    """Code tried to reach a network while `no_network` was on."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Refuse every connection and name look-up that would leave this machine.

    Returns:
        The hosts of the blocked connections, so that a test can check that there were none.
    """
    asked: list[str] = []
    plain_connect, plain_connect_ex = socket.socket.connect, socket.socket.connect_ex
    plain_sendto: Callable[..., int] = socket.socket.sendto
    look_ups = {name: getattr(socket, name) for name in _LOOK_UPS}

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

    def sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        if self.family != getattr(socket, "AF_UNIX", None) and not _is_here(rest[-1][0]):
            refuse(rest[-1][0])
        return plain_sendto(self, data, *rest)

    def look_up(plain: Callable[..., Any]) -> Callable[..., Any]:
        def checked(host: Any, *args: Any, **options: Any) -> Any:
            if not _is_here(host):
                refuse(host)
            return plain(host, *args, **options)

        return checked

    patched: Any = socket.socket
    before = {name: vars(patched).get(name) for name in ("connect", "connect_ex", "sendto")}
    patched.connect, patched.connect_ex, patched.sendto = connect, connect_ex, sendto
    names: Any = socket
    for name, plain in look_ups.items():
        setattr(names, name, look_up(plain))
    try:
        yield asked
    finally:
        for name, own in before.items():
            if own is None:  # inherited from the C class, and found there when ours is removed
                delattr(patched, name)
            else:  # set by a block around this one
                setattr(patched, name, own)
        for name, plain in look_ups.items():
            setattr(names, name, plain)


def _is_here(host: object) -> bool:
    """Return whether a host is this machine."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if text is None or text in ("", "localhost", "0.0.0.0", "::", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(str(text).partition("%")[0]).is_loopback
    except ValueError:
        return False
