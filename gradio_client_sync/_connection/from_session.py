"""The settings of a `requests.Session` that the user gave.

They are read when the client connects. Afterwards only its adapters and its ``auth`` are used,
because a session is not safe in several threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.cookies import RequestsCookieJar

from .._basics.secret import Secret, hidden
from .._live_headers import LiveHeaders

if TYPE_CHECKING:
    from .._options import Options


class FromSession(NamedTuple):
    """The settings that a session adds to the options of a client.

    Attributes:
        options: The options. Arguments of `Client` override those of the session.
        cookies: The session's cookies, each with its domain.
        adapters: Prefixes of URLs, the longest first, with the adapter that the user mounted there;
            ``None`` for one that is as `requests` made it. Empty if the user mounted none.
        trust_env: Whether to read proxies and certificates from the environment.
    """

    options: Options
    cookies: RequestsCookieJar
    adapters: tuple[tuple[str, BaseAdapter | None], ...]
    trust_env: bool


def from_session(options: Options, root: str) -> FromSession:
    """Read the settings of a session.

    Args:
        options: The options of the client, with a session.
        root: The URL of the app, for the login that ``.netrc`` has for it.

    Raises:
        TypeError: An SSL context is given as *verify*, and requests are sent by an adapter.

    Behaviour: `requests` combines a session with the arguments of a request in the same way.
    """
    session = options.session
    assert session is not None  # noqa: S101 - for the type checker
    usual = requests.utils.default_headers()
    # Those that change are added to each request.
    own_headers = {} if isinstance(options.headers, LiveHeaders) else options.headers
    given = {name.lower() for name in options.headers}
    headers = {
        str(name): Secret(_text(value))
        for name, value in session.headers.items()
        if usual.get(name) != value and name.lower() not in given
    }
    http_auth = options.http_auth or session.auth
    if http_auth is None and session.trust_env and "authorization" not in given:
        http_auth = requests.utils.get_netrc_auth(root)
    if isinstance(http_auth, tuple):
        http_auth = Secret(tuple(map(_text, http_auth)))
    own = {
        prefix: adapter if _is_of_user(adapter) else None
        for prefix, adapter in session.adapters.items()
    }
    adapters = (
        tuple(sorted(own.items(), key=lambda item: -len(item[0]))) if any(own.values()) else ()
    )
    verify = session.verify if options.verify is True else options.verify
    if adapters and not isinstance(verify, (bool, str)):
        raise TypeError(
            "verify= is an SSL context, and session= has an adapter of yours, which makes its own "
            "connections. Give the context to the adapter."
        )
    merged = options.replace(
        headers={**headers, **own_headers},
        http_auth=http_auth,
        proxies={**hidden(session.proxies), **options.proxies},
        verify=verify,
        cert=options.cert if options.cert is not None else session.cert,
    )
    cookies = RequestsCookieJar()
    cookies.update(session.cookies)
    return FromSession(merged, cookies, adapters, session.trust_env)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _is_of_user(adapter: BaseAdapter) -> bool:
    """Return whether an adapter differs from those that each new session has."""
    return type(adapter) is not HTTPAdapter or _settings(adapter) != _settings(HTTPAdapter())


def _settings(adapter: HTTPAdapter) -> tuple[Any, ...]:
    retries = adapter.max_retries
    pools: Mapping[str, Any] = adapter.poolmanager.connection_pool_kw
    sizes = [vars(adapter).get(f"_pool_{name}") for name in ("connections", "maxsize", "block")]
    return sizes, (retries.total, retries.connect, retries.status), sorted(pools)
