"""`open_connection`: connect to the app at a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from .._basics.secret import Secret
from .._live_headers import LiveHeaders
from .._protocol.credentials import basic
from .._transport.deadlines import Deadline
from .._transport.http import Http
from .._transport.http_options import RATE_LIMIT_PATIENCE, HttpOptions
from .connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._options import Options


def http_options(options: Options, token: Secret[str] | None, root: str) -> HttpOptions:
    """Return the part of a client's options that its requests need.

    Args:
        options: The options of the client.
        token: A Hugging Face token to send with every request.
        root: The URL of the app.

    Raises:
        TypeError: The options do not go together.
    """
    if options.session is not None:
        from .from_session import from_session  # few clients have one

        merged, jar, adapters, trust_env = from_session(options, root)
        plain = http_options(merged.replace(session=None), token, root)
        if isinstance(options.headers, LiveHeaders):
            plain = plain._replace(live_headers=options.headers)
        return plain._replace(jar=Secret(jar), adapters=adapters, trust_env=trust_env)
    http_auth = options.http_auth
    live = options.headers if isinstance(options.headers, LiveHeaders) else None
    headers = {} if live is not None else options.headers
    names = [name.lower() for name in options.headers]
    auth = None if options.auth is None else options.auth.reveal()
    secrets = [options.oauth_token, None if auth is None else Secret(auth[1])]
    if isinstance(http_auth, Secret):
        login = http_auth.reveal()
        kept = {name: text for name, text in headers.items() if name.lower() != "authorization"}
        headers = {**kept, "Authorization": Secret(basic(*login))}
        secrets.append(Secret(login[1]))
        http_auth = None
    if token is not None:
        # Hugging Face reads both headers. A header of the user, or a login, is for the app itself.
        is_taken = http_auth is not None or "authorization" in {*names, *map(str.lower, headers)}
        name = "X-HF-Authorization" if is_taken else "Authorization"
        headers = {**headers, name: Secret(f"Bearer {token}")}
    return HttpOptions(
        headers,
        options.cookies,
        options.verify,
        options.proxies,
        options.timeout,
        options.retries,
        message_bytes=options.max_message_bytes,
        secrets=tuple(filter(None, secrets)),
        cert=options.cert,
        http_auth=http_auth,
        live_headers=live,
    )


def open_connection(
    root: str,
    options: Options,
    token: Secret[str] | None,
    *,
    query: Secret[str] | None,
    sign: Callable[[], Secret[str] | None] | None = None,
    call_headers: Callable[[], Mapping[str, str]] = dict,
    rate_limit_patience: float = RATE_LIMIT_PATIENCE,
) -> Connection:
    """Connect to the app at a URL.

    Args:
        root: The URL, without its query.
        options: The options of the client.
        token: A Hugging Face token to send with every request.
        query: The query of the user's URL.
        sign: A function that returns a signature for the URLs of streams and websockets.
        call_headers: A function that returns headers for one call. It is called for each call.
        rate_limit_patience: Seconds for which requests are repeated while the server responds with
            429.

    Raises:
        ConnectFailedError: The server could not be reached.
        AuthenticationError: The app requires a login, or did not accept it.
        ConfigError: The server is not a Gradio app.
        UnsupportedAppError: The app uses a release or protocol that is not supported.
    """
    http = Http(root, http_options(options, token, root), sign)
    if query is not None:
        http.context.conceals(query)
    deadline = Deadline.after(options.deadline)
    policy = http.reading.until(deadline).with_patience(rate_limit_patience)
    try:
        return Connection(root, http, options, policy, query=query, call_headers=call_headers)
    except BaseException:
        http.close()
        raise
