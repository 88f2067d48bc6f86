"""Name the cause if a client could not connect because its URL has http instead of https, or the
reverse. The check is made after the failure, and only then.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .._protocol.routes import origin_of, server_of
from .._transport.request_context import RequestContext
from ..errors import ConfigError, ConnectFailedError
from .address import http_options

if TYPE_CHECKING:
    from .._options import Options
    from .._transport.deadlines import Deadline
    from ..errors import GradioClientError

log = logging.getLogger(__name__)


def wrong_scheme(
    error: GradioClientError, root: str, options: Options, deadline: Deadline
) -> ConnectFailedError | None:
    """Return the error for a URL with the wrong scheme.

    Args:
        error: Why the client could not connect.
        root: The URL.
        options: The options of the client. If there is a proxy for the URL, nothing is checked:
            this machine may not be allowed to connect directly.
        deadline: The time limit for connecting.

    Returns:
        The error that names the right URL; ``None`` if the scheme is not the cause.
    """
    scheme, host, port = origin_of(root)
    if not _may_be_the_cause(error, scheme):
        return None
    if RequestContext(root, http_options(options, None, root)).proxy_for(root):
        return None
    # Imported here, because only a failure needs it.
    from .._transport.port_probe import PATIENCE, uses_plain_http, uses_tls

    patience = deadline.clip(PATIENCE)
    assert patience is not None  # noqa: S101 - PATIENCE is a number
    log.debug("checking whether %s is the wrong scheme for port %d", scheme, port)
    server = server_of(root)
    if scheme == "http" and uses_tls(host, port, patience):
        right = f"https://{root.partition('://')[2]}"
        problem = f"{server} expects TLS, and the URL is one of plain http"
    elif (
        scheme == "https"
        and uses_plain_http(host, port, patience)
        # Some servers respond to plain HTTP on their TLS port, with status 400.
        and not uses_tls(host, port, patience)
    ):
        right = f"http://{root.partition('://')[2]}"
        problem = f"{server} does not use TLS"
    else:
        return None
    return ConnectFailedError(f"{problem}. Connect to {right}.", url=root, _wrong_scheme=True)


def _may_be_the_cause(error: GradioClientError, scheme: str) -> bool:
    if isinstance(error, ConnectFailedError):
        if error._wrong_scheme:
            return False  # it says so already
        # With http, the connection was made, and something else than HTTP came back. With https,
        # the connection may have been made.
        return error.sent if scheme == "http" else error._no_handshake
    # Some servers respond to plain HTTP on their TLS port, with status 400.
    return isinstance(error, ConfigError) and error._status == 400
