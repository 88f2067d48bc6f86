"""A proxy that adds TLS to a real server, as a gateway does."""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_CHUNK = 65_536


def make_certificate(folder: Path) -> Path:
    """Write an untrusted certificate for 127.0.0.1, followed by its key; return its path."""
    certificate, key = folder / "gateway.pem", folder / "gateway.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate


@contextlib.contextmanager
def behind_tls(url: str, certificate: Path) -> Iterator[str]:
    """Yield an https URL for a server on this machine; end its clients first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    target = urlsplit(url)

    class Gateway(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            assert target.hostname is not None
            with contextlib.suppress(OSError):  # one side has hung up
                with context.wrap_socket(self.request, server_side=True) as near:
                    with socket.create_connection((target.hostname, target.port)) as far:
                        _carry(near, far)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Gateway) as gateway:
        thread = threading.Thread(target=gateway.serve_forever, args=(0.05,), name="tls gateway")
        thread.start()
        yield f"https://127.0.0.1:{gateway.server_address[1]}{target.path}"
        gateway.shutdown()
        thread.join()


def _carry(near: socket.socket, far: socket.socket) -> None:
    """Pass bytes on in both directions until one side ends."""
    with selectors.DefaultSelector() as ready:
        ready.register(near, selectors.EVENT_READ, far)
        ready.register(far, selectors.EVENT_READ, near)
        while True:
            for key, _ in ready.select():
                # At least one TLS record, so that no part of it stays unread in the TLS layer.
                chunk = key.fileobj.recv(_CHUNK)  # type: ignore[union-attr]
                if not chunk:
                    return
                key.data.sendall(chunk)
