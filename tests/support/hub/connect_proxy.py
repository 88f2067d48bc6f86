"""Route https URLs of Spaces to a proxy on this machine."""

from __future__ import annotations

import ssl
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_server import HttpServer
from tests.support.hub.space_proxy import SpaceProxy, handler


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a certificate for the apps of Spaces, with its key in the same file."""
    path = tmp_path / "space.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=spaces", "-keyout", str(path)),
            *("-addext", "subjectAltName=DNS:*.hf.space", "-out", str(tmp_path / "cert.pem")),
        ],
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("there is no openssl to make a certificate with")
    with path.open("ab") as file:
        file.write((tmp_path / "cert.pem").read_bytes())
    return path


class ConnectProxy(HttpServer):
    """A CONNECT proxy that routes every https URL to one `SpaceProxy`."""

    def __init__(self, space: SpaceProxy, certificate: Path) -> None:
        self.hosts: list[str] = []
        outer = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

        class Connect(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                outer.hosts.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.flush()
                self.close_connection = True
                with context.wrap_socket(self.connection, server_side=True) as secured:
                    handler(lambda: space)(secured, self.client_address, self.server)

            def log_message(self, *args: Any) -> None:
                pass

        super().__init__(Connect)
