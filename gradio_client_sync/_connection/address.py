"""Open a connection to the app at one address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from .._transport.deadlines import Deadline
from .._transport.http import Http
from .._transport.http_options import RATE_LIMIT_PATIENCE, HttpOptions
from .connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._options import Options


def http_options(options: Options, token: str | None) -> HttpOptions:
    """Return the part of a client's options that its requests need.

    Args:
        token: A Hugging Face token to send with every request.
    """
    headers = options.headers
    if token is not None:
        # Hugging Face reads both; the user's own header is for the app behind it.
        is_taken = any(name.lower() == "authorization" for name in headers)
        name = "X-HF-Authorization" if is_taken else "Authorization"
        headers = {**headers, name: f"Bearer {token}"}
    secrets = (options.oauth_token, options.auth[1] if options.auth else None)
    return HttpOptions(
        headers,
        options.cookies,
        options.verify,
        options.proxies,
        options.timeout,
        options.retries,
        message_bytes=options.max_message_bytes,
        secrets=tuple(filter(None, secrets)),
    )


def open_connection(
    root: str,
    options: Options,
    token: str | None,
    *,
    query: str,
    sign: Callable[[str], str] | None = None,
    call_headers: Callable[[], Mapping[str, str]] = dict,
    rate_limit_patience: float = RATE_LIMIT_PATIENCE,
) -> Connection:
    """Connect to the app at an address.

    Args:
        root: The address.
        options: Those of the client.
        token: A Hugging Face token to send with every request.
        query: What the user's address has after its question mark.
        sign: Adds a signature to the URLs of streams and websockets.
        call_headers: Called for each call; returns the headers of this call only.
        rate_limit_patience: Seconds for which connecting is repeated while the server answers 429.

    Raises:
        ConnectFailedError, AuthenticationError, ConfigError, UnsupportedAppError
    """
    http = Http(root, http_options(options, token), sign)
    deadline = Deadline.after(options.deadline)
    policy = http.reading.until(deadline).with_patience(rate_limit_patience)
    try:
        return Connection(root, http, options, policy, query=query, call_headers=call_headers)
    except BaseException:
        http.close()
        raise
