"""`HttpOptions`: the settings that apply to all requests of one client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._protocol.queue.eventstream import MESSAGE_BYTES

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter
    from requests.cookies import RequestsCookieJar

    from .._basics.secret import Secret
    from .._live_headers import LiveHeaders
    from .._options import Authenticate, Cert, Timeout, Verify

#: Seconds for which a request is sent again while the server responds with 429.
RATE_LIMIT_PATIENCE = 30.0


class HttpOptions(NamedTuple):
    """The settings of an `Http`. Those of users are hidden, each in a `Secret`.

    Attributes:
        headers: Headers that are sent with every request.
        cookies: Cookies that are sent with every request. Cookies from responses are added.
        verify: ``False`` to accept any certificate, the path of a CA bundle, or an SSL context.
        proxies: Maps a scheme to a proxy URL, as in `requests`. Proxies of the environment are
            used as well.
        timeout: Seconds to connect, and seconds for which the server may send nothing before a
            response.
        retries: The most retries of a request that cannot have had an effect.
        rate_limit_patience: Seconds for which a request is sent again while the server responds
            with 429.
        message_bytes: The most bytes that a response or an event may have.
        secrets: Texts to remove from the server's error texts, in addition to the values of
            secret headers and cookies.
        cert: The client's certificate.
        http_auth: A function that authenticates each request, as ``auth=`` of `requests`.
        jar: Further cookies, each with its domain.
        adapters: Prefixes of URLs, the longest first, and the user's adapters that send the
            requests to them; ``None`` if there is none for a prefix.
        trust_env: Whether to read proxies and certificates from the environment.
        live_headers: Further headers, which a function of the user returns for every request.
    """

    headers: Mapping[str, str | Secret[str]] = {}
    cookies: Mapping[str, str | Secret[str]] = {}
    verify: Verify = True
    proxies: Mapping[str, str | Secret[str]] = {}
    timeout: Timeout = (10.0, 60.0)
    retries: int = 0
    rate_limit_patience: float = RATE_LIMIT_PATIENCE
    message_bytes: int = MESSAGE_BYTES
    secrets: tuple[str | Secret[str], ...] = ()
    cert: Cert | None = None
    http_auth: Authenticate | None = None
    jar: Secret[RequestsCookieJar] | None = None
    adapters: tuple[tuple[str, BaseAdapter | None], ...] = ()
    trust_env: bool = True
    live_headers: LiveHeaders | None = None

    def without_credentials(self) -> HttpOptions:
        """Return the options for another server, without anything that identifies the user."""
        verify = self.verify
        if not isinstance(verify, (bool, str)):
            from .certificates import without_certificate  # few clients have a context

            verify = without_certificate(verify)
        return self._replace(
            headers={},
            live_headers=None,
            cookies={},
            secrets=(),
            cert=None,
            http_auth=None,
            jar=None,
            verify=verify,
        )

    def __reduce__(self) -> Any:
        """Raise `TypeError`, because a pickle would contain secrets."""
        raise TypeError("HttpOptions cannot be pickled.")

    def __repr__(self) -> str:
        """Return a text without values, because headers, cookies and proxies may be secret."""
        return "<HttpOptions>"
