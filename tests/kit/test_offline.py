"""`no_network`: refused and allowed connections."""

from __future__ import annotations

import socket
from typing import Any, Callable

import pytest

from gradio_client_sync.testing import no_network
from gradio_client_sync.testing.offline import NetworkBlockedError

pytestmark = pytest.mark.once

OUTSIDE = "192.0.2.1"  # an address for documentation


def with_socket(action: Callable[[socket.socket], Any], family: int, kind: int) -> Any:
    with socket.socket(family, kind) as one:
        return action(one)


def udp(action: Callable[[socket.socket], Any]) -> Any:
    return with_socket(action, socket.AF_INET, socket.SOCK_DGRAM)


REACHES: dict[str, Callable[[], Any]] = {
    "tcp": lambda: socket.create_connection((OUTSIDE, 80), timeout=1),
    "connect_ex": lambda: udp(lambda one: one.connect_ex((OUTSIDE, 53))),
    "sendto": lambda: udp(lambda one: one.sendto(b"x", (OUTSIDE, 53))),
    "look-up": lambda: socket.getaddrinfo("example.com", 80),
    "bytes": lambda: socket.gethostbyname(b"example.com"),  # type: ignore[arg-type]
    "reverse": lambda: socket.getnameinfo((OUTSIDE, 80), 0),
}
if hasattr(socket.socket, "sendmsg"):
    REACHES["sendmsg"] = lambda: udp(lambda one: one.sendmsg([b"x"], [], 0, (OUTSIDE, 53)))
if socket.has_ipv6:
    REACHES["ipv6"] = lambda: socket.create_connection(("2001:db8::1", 80), timeout=1)
    REACHES["mapped"] = lambda: socket.create_connection((f"::ffff:{OUTSIDE}", 80), timeout=1)


@pytest.mark.parametrize("way", REACHES)
def test_no_network_refuses_every_connection(way: str) -> None:
    """Each kind of connection is refused, and the block lists its host without the port."""
    with no_network() as asked, pytest.raises(NetworkBlockedError, match="Use FakeApp"):
        REACHES[way]()
    assert len(asked) == 1 and asked[0] in (
        OUTSIDE,
        "example.com",
        "2001:db8::1",
        f"::ffff:{OUTSIDE}",
    )


def test_no_network_lets_this_machine_be_reached() -> None:
    """Addresses of this machine, socket pairs, and sockets of local families are allowed."""
    with no_network() as asked, socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
        assert socket.getaddrinfo("localhost", port)
        udp(lambda one: one.sendto(b"x", ("127.0.0.1", port)))
        if hasattr(socket.socket, "sendmsg"):
            pair = socket.socketpair()
            with pair[0], pair[1]:
                assert pair[0].sendmsg([b"x"]) == 1
        if hasattr(socket, "AF_NETLINK"):
            with_socket(lambda one: one.connect((0, 0)), socket.AF_NETLINK, socket.SOCK_RAW)
    assert asked == []


def test_no_network_ends_with_its_block() -> None:
    """Blocks may be nested. After the last one, the functions of `socket` are the original ones."""
    before = [socket.socket.connect, socket.socket.sendto, socket.getaddrinfo]
    with no_network(), no_network():
        assert socket.socket.connect != before[0]
    assert [socket.socket.connect, socket.socket.sendto, socket.getaddrinfo] == before
    assert "connect" not in vars(socket.socket)
