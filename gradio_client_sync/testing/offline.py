"""`no_network`: a block in which nothing leaves this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

_LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
_SENDS = ("connect", "connect_ex", "sendto", "sendmsg")  # Windows has no sendmsg


class NetworkBlockedError(OSError):
    """Code tried to reach a network while `no_network` was on."""


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Refuse every connection and name look-up that would leave this machine.

    This applies to Python's sockets in this process: connections, datagrams and DNS lookups, also
    with IPv6. It does not apply to other processes, or to libraries with their own sockets.

    Returns:
        The hosts of the blocked connections, so that a test can check that there were none.
    """
    asked: list[str] = []
    plain: dict[str, Callable[..., Any]] = {
        name: getattr(socket.socket, name) for name in _SENDS if hasattr(socket.socket, name)
    }
    look_ups = {name: getattr(socket, name) for name in _LOOK_UPS}

    def refuse(host: object) -> None:
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
        asked.append(text)
        raise NetworkBlockedError(
            f"The test tried to reach {text!r}. Use FakeApp, or replay a recording."
        )

    def check(one: socket.socket, address: Any) -> None:
        """Refuse an address of a network. Sockets of other families never leave this machine."""
        is_network = one.family in (socket.AF_INET, socket.AF_INET6)
        if is_network and address is not None and not _is_here(address[0]):
            refuse(address[0])

    def connect(self: socket.socket, address: Any) -> Any:
        check(self, address)
        return plain["connect"](self, address)

    def connect_ex(self: socket.socket, address: Any) -> Any:
        check(self, address)
        return plain["connect_ex"](self, address)

    def sendto(self: socket.socket, data: Any, *rest: Any) -> Any:
        check(self, rest[-1])
        return plain["sendto"](self, data, *rest)

    def sendmsg(
        self: socket.socket, buffers: Any, more: Any = (), flags: int = 0, address: Any = None
    ) -> Any:
        check(self, address)
        return plain["sendmsg"](self, buffers, more, flags, address)

    def look_up(function: Callable[..., Any]) -> Callable[..., Any]:
        def checked(host: Any, *args: Any, **options: Any) -> Any:
            name = host[0] if isinstance(host, tuple) else host  # of an address
            if not _is_here(name):
                refuse(name)
            return function(host, *args, **options)

        return checked

    patched: Any = socket.socket
    before = {name: vars(patched).get(name) for name in plain}
    for function in (connect, connect_ex, sendto, sendmsg):
        if function.__name__ in plain:
            setattr(patched, function.__name__, function)
    names: Any = socket
    for name, function in look_ups.items():
        setattr(names, name, look_up(function))
    try:
        yield asked
    finally:
        for name, own in before.items():
            if own is None:  # inherited from the C class, and found there when ours is removed
                delattr(patched, name)
            else:  # set by a block around this one
                setattr(patched, name, own)
        for name, function in look_ups.items():
            setattr(names, name, function)


def _is_here(host: object) -> bool:
    """Return whether a host is this machine."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if text is None or text in ("", "localhost", "0.0.0.0", "::", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(str(text).partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
