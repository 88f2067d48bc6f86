"""The probes that find out whether a port uses TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

import pytest

from gradio_client_sync._transport.port_probe import uses_plain_http, uses_tls
from tests.support.intermediary import Intermediary

PATIENCE = 5.0  # s; a bound for failures
SHORT = 0.2  # s, for servers that never respond


class Server(Intermediary):
    """A server that treats each connection in one way, and keeps what it received."""

    def __init__(self, respond: Callable[[socket.socket], bytes]) -> None:
        super().__init__("http://127.0.0.1:1")
        self.port = int(self.url.rpartition(":")[2])
        self.received: list[bytes] = []
        self._respond = respond

    def handle(self, near: socket.socket) -> None:
        try:
            self.received.append(self._respond(near))
        except OSError as exc:  # the client ends the handshake
            self.received.append(str(exc).encode())
        finally:
            self.end(near)


@contextmanager
def serving(respond: Callable[[socket.socket], bytes]) -> Iterator[Server]:
    """Run a server."""
    with Server(respond) as server:
        yield server


def silent(near: socket.socket) -> bytes:
    """Read until the client gives up."""
    got = b""
    while piece := near.recv(1000):
        got += piece
    return got


def plain(near: socket.socket) -> bytes:
    """Respond like an HTTP server, in two pieces."""
    got = near.recv(1000)
    near.sendall(b"HT")
    near.sendall(b"TP/1.1 400 Bad Request\r\n\r\n")
    return got


def other(near: socket.socket) -> bytes:
    """Respond like a server of mail."""
    near.sendall(b"220 hello\r\n")
    return near.recv(1000)


def hangup(near: socket.socket) -> bytes:
    """Close the connection after the first byte."""
    return near.recv(1)


def with_tls(certificate: Path, **settings: object) -> Callable[[socket.socket], bytes]:
    """Return a server with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    for name, value in settings.items():
        setattr(context, name, value)

    def respond(near: socket.socket) -> bytes:
        with context.wrap_socket(near, server_side=True) as secure:
            return secure.recv(1000)

    return respond


@pytest.mark.parametrize(
    ("respond", "speaks_http"), [(plain, True), (other, False), (hangup, False)]
)
def test_server_without_tls_is_recognised(
    respond: Callable[[socket.socket], bytes], speaks_http: bool
) -> None:
    """Neither probe takes another server for the one that it looks for."""
    with serving(respond) as server:
        assert not uses_tls("127.0.0.1", server.port, PATIENCE)
        assert uses_plain_http("127.0.0.1", server.port, PATIENCE) is speaks_http


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"minimum_version": ssl.TLSVersion.TLSv1_3},
        {"verify_mode": ssl.CERT_REQUIRED},  # a client certificate
    ],
)
def test_server_with_tls_is_recognised(certificate: Path, settings: dict[str, object]) -> None:
    """A server with TLS counts, also if it asks for more than the probe has."""
    with serving(with_tls(certificate, **settings)) as server:
        assert uses_tls("127.0.0.1", server.port, PATIENCE)
        assert uses_tls("localhost", server.port, PATIENCE)
        assert not uses_plain_http("127.0.0.1", server.port, PATIENCE)


def test_probes_send_nothing_of_the_client() -> None:
    """The request has no path, no query and no header of the client."""
    with serving(plain) as server:
        assert uses_plain_http("127.0.0.1", server.port, PATIENCE)
    expected = f"HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n"
    assert server.received == [expected.encode()]


def test_probes_end_in_time() -> None:
    """A server that never responds counts as neither, after the given time."""
    with serving(silent) as server:
        assert not uses_tls("127.0.0.1", server.port, SHORT)
        assert not uses_plain_http("127.0.0.1", server.port, SHORT)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 1), ("a" * 70, 443), ("127.0.0.1", 0)])
def test_probes_of_a_server_that_cannot_be_reached(host: str, port: int) -> None:
    """No connection means neither, and raises nothing."""
    assert not uses_tls(host, port, PATIENCE)
    assert not uses_plain_http(host, port, PATIENCE)
