"""Find out after a failure whether a URL has the wrong scheme: http for a port with TLS, or https
for one without.

Both probes open one connection and send nothing of the user: a TLS handshake, or a request for
``/`` without headers of the client.
"""

from __future__ import annotations

import re
import socket
import ssl
import time

PATIENCE = 2.0  # s for a probe; the server has responded before, although not as expected

#: Matches the errors of a handshake that say that the other side does use TLS.
_IS_TLS = re.compile("alert|handshake.failure|unsupported.protocol|certificate", re.IGNORECASE)


def uses_tls(host: str, port: int, patience: float = PATIENCE) -> bool:
    """Return whether a server accepts a TLS handshake, or refuses it in the way of TLS.

    Args:
        host: The host.
        port: The port.
        patience: Seconds for the connection, and for each response of the server.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # only the handshake matters: nothing is sent
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), patience) as connection:
            with context.wrap_socket(connection, server_hostname=host):
                return True
    except ssl.SSLError as exc:
        return _IS_TLS.search(str(exc)) is not None
    except (OSError, ValueError):  # a host name that TLS cannot encode is a ValueError
        return False


def uses_plain_http(host: str, port: int, patience: float = PATIENCE) -> bool:
    """Return whether a server responds to an HTTP request without TLS.

    Args:
        host: The host.
        port: The port.
        patience: Seconds for the connection, and for the response of the server.
    """
    shown = f"[{host}]" if ":" in host else host
    request = f"HEAD / HTTP/1.1\r\nHost: {shown}:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((host, port), patience) as connection:
            connection.sendall(request.encode("ascii"))
            return _first_bytes(connection, time.monotonic() + patience).startswith(b"HTTP/")
    except (OSError, ValueError):
        return False


def _first_bytes(connection: socket.socket, end: float) -> bytes:
    """Return the first bytes of a response: enough to recognise HTTP."""
    content = b""
    while len(content) < 5 and time.monotonic() < end:
        piece = connection.recv(5 - len(content))
        if not piece:
            break
        content += piece
    return content
