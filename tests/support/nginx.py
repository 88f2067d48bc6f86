"""nginx in front of a real server, with a login or a client certificate."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Optional

#: The program; ``None`` if it is not installed. Debian has it in a folder for administrators.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

_CONFIG = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    log_format short "$status $request_method $uri";
    access_log {folder}/access.log short;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    server {{
        listen {address};
        {rules}
        location / {{
            proxy_pass {url};
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"""


class Running(NamedTuple):
    """An nginx that runs: its URL, and its log."""

    url: str
    log: Path

    def statuses(self) -> set[str]:
        """Return the statuses of all responses."""
        return {line.partition(" ")[0] for line in self.log.read_text().splitlines()}


@contextlib.contextmanager
def nginx(
    folder: Path,
    url: str,
    *,
    login: Optional[tuple[str, str]] = None,
    certificate: Optional[Path] = None,
    clients: Optional[Path] = None,
    unix: Optional[Path] = None,
) -> Iterator[Running]:
    """Run nginx in front of a server.

    Args:
        folder: An empty folder for its files.
        url: The URL of the server.
        login: User and password that it requires (Basic).
        certificate: Its certificate for TLS, with the key in a file beside it.
        clients: The certificate of the authority for client certificates, which it requires.
        unix: The path of a socket to listen on, instead of a port.
    """
    assert NGINX is not None
    rules = []
    if login is not None:
        users = folder / "users"
        users.write_text("{}:{{PLAIN}}{}\n".format(*login))
        users.chmod(0o644)
        rules.append(f'auth_basic "the gate"; auth_basic_user_file {users};')
    if certificate is not None:
        key = certificate.with_suffix(".key")
        rules.append(f"ssl_certificate {certificate}; ssl_certificate_key {key};")
    if clients is not None:
        rules.append(f"ssl_client_certificate {clients}; ssl_verify_client on;")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}" if unix is None else f"unix:{unix}"
    config = folder / "nginx.conf"
    config.write_text(
        ("user root;" if os.getuid() == 0 else "")
        + _CONFIG.format(
            folder=folder,
            address=f"{address} ssl" if certificate is not None else address,
            rules="\n".join(rules),
            url=url,
        )
    )
    command = [NGINX, "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")]
    subprocess.run(command, check=True, capture_output=True)  # it listens when this has ended
    try:
        scheme = "http" if certificate is None else "https"
        yield Running(f"{scheme}://127.0.0.1:{port}", folder / "access.log")
    finally:
        subprocess.run([*command, "-s", "stop"], check=True, capture_output=True)


def client_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate and its key, which is its own authority; return the paths of both."""
    certificate, key = folder / "client.pem", folder / "client.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=client", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
