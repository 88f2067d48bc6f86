"""The headers, cookies, proxies and connections of all requests to one app.

Parts of `requests` choose cookies, proxies, certificates and connections, so that they are those
that `requests` would use. There is no `requests.Session`, because it would bring two pools that are
not used. The modules `http` and `connections` send the requests.
"""

from __future__ import annotations

import email.message
import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import MockRequest, MockResponse, RequestsCookieJar, get_cookie_header

from .._basics.secret import Secret, revealed, shown
from .._protocol.credentials import may_be_secret
from .._protocol.proxies import ProxyError, key_for, read_proxy, source_of, without_login
from .._protocol.routes import may_follow, query_values, with_queries
from .._version import __version__
from . import seam
from .connections import ConnectionPool
from .http_options import HttpOptions

if TYPE_CHECKING:
    from urllib3.connectionpool import HTTPConnectionPool

    from .._basics.secret import Texts
    from .._options import Verify

_DEFAULTS = HttpOptions()

_IDLE_CONNECTIONS = 32  # per host; at most 12 jobs join the queue at the same time

_URL = re.compile(r"([^/]*//[^/?#]*)/?([^#]*)")  # origin, and path with query; no fragment

_UNPRINTABLE = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")

_WRITABLE = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*")  # a path that needs no quoting

#: Environment variables that name a file of trusted certificates; `requests` and curl read them.
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

#: The variable of OpenSSL for the same. `requests` ignores it; the Hub's library and curl read it.
#: As OpenSSL does, this ignores a file that does not exist.
_OF_OPENSSL = "SSL_CERT_FILE"

_SHORTEST_SECRET = 8  # bytes; texts may contain shorter values by chance, such as a language
_SEPARATORS = re.compile(r'[\s;,="]+')  # in a header: between scheme and token, between cookies

# For a websocket, servers of 3.19 to 3.24 read the login only from their secure cookie, which is
# not sent over plain HTTP. Their other cookie is, and it contains the same token.
_PLAIN_LOGIN = re.compile(r"^(?!.*\baccess-token=).*\baccess-token-unsecure=([^;]*)")


class NetworkPath(NamedTuple):
    """The path over the network for a request to a URL.

    Attributes:
        pool: The connections to use.
        target: The request target: a path with its query, or a whole URL for a proxy. It is secret
            if its query is.
        host: The value of the ``Host`` header.
    """

    pool: ConnectionPool
    target: str | Secret[str]
    host: str


class RequestContext:
    """The headers, cookies, proxies and connections of all requests to one app.

    Args:
        root: The URL that the user named. Requests go to its origin only.
        options: The settings of all requests.

    Attributes:
        verify: Whether certificates are checked, the path of a CA bundle, or an SSL context.
        cert: The client's certificate.
        is_prepared: Whether it makes a request in the form of `requests` of each request.
    """

    is_prepared = False

    def __init__(self, root: str, options: HttpOptions = _DEFAULTS) -> None:
        headers, verify = options.headers, options.verify
        cookies, proxies = shown(options.cookies), shown(options.proxies)
        self._live_headers = options.live_headers
        self._fixed = frozenset(name.lower() for name in headers)
        self._root = root
        self._common_headers: dict[str, tuple[str, str | Secret[str]]] = {
            "user-agent": ("User-Agent", f"gradio-client-sync/{__version__}"),
            "accept-encoding": ("Accept-Encoding", requests.utils.DEFAULT_ACCEPT_ENCODING),
            **{name.lower(): (name, value) for name, value in headers.items()},
        }
        jar = RequestsCookieJar()
        jar.update(cookies)
        if options.jar is not None:
            jar.update(options.jar.reveal())
            cookies.update((cookie.name, cookie.value or "") for cookie in jar)
        self._cookies = Secret(jar)
        self._has_cookies = bool(cookies)
        self._user_proxies = frozenset(proxies)
        if options.trust_env and _may_have_proxies():  # once, and not for every request
            no_proxy = proxies.get("no_proxy")
            found = requests.utils.get_environ_proxies(root, no_proxy=no_proxy)
            proxies = {**found, **proxies}
        #: Maps a scheme or host to a proxy URL: the user's proxies, and those of the environment.
        self._proxies: Secret[dict[str, str]] = Secret(proxies)
        self.verify = verify
        self.cert = options.cert
        if verify is True and options.trust_env:
            self.verify = next(filter(None, map(os.environ.get, _CERTIFICATES)), True)
            if self.verify is True and os.path.isfile(os.environ.get(_OF_OPENSSL, "")):
                self.verify = os.environ[_OF_OPENSSL]
        elif verify is False:
            # The user has chosen this. One warning per request would only hide other warnings.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        named = {f"cookie {name}": text for name, text in cookies.items()}
        others = [revealed(text) for text in options.secrets]
        self._secrets = Secret(
            [
                *secrets_in(headers),
                *secrets_in(named),
                *(text.encode() for text in others if len(text) >= _SHORTEST_SECRET),
            ]
        )
        self.reset()

    def reset(self) -> None:
        """Start without connections. After a fork, the open ones belong to the parent process."""
        self._paths: dict[str, NetworkPath] = {}  # by origin
        self._seam = seam.current  # with which they were made
        self._adapter = _adapter_for(self.verify)
        self._pools: dict[HTTPConnectionPool, ConnectionPool] = {}  # two origins may share one

    def close_idle(self) -> None:
        """Close the idle connections, and each used one when its request has ended."""
        for pool in list(self._pools.values()):
            pool.close()

    def network_path(self, url: str) -> NetworkPath:
        """Return the connections that `requests` would use for a URL, and the request target.

        `requests` chooses them once per origin. Its own `send` does this for every request, which
        takes longer than the request itself.

        Raises:
            ValueError: The URL leads to another server than its text suggests.
            ProxyError: The proxy cannot be used.
            requests.RequestException: `requests` cannot use the URL.
        """
        parts = _URL.match(url)
        origin, rest = parts.groups() if parts is not None else (url, "")
        if self._seam is not seam.current:  # a recording begins or ends
            self._paths, self._seam = {}, seam.current
        path = self._paths.get(origin)
        if path is None:
            self._paths[origin] = path = self._path_to(origin)
        if not _WRITABLE.fullmatch(rest):
            rest = requests.utils.requote_uri(rest)
        return NetworkPath(path.pool, f"{path.target}{rest}", path.host)

    def secret_path(
        self, url: str, query: Secret[str] | None, signature: Secret[str] | None
    ) -> NetworkPath:
        """Return the connections for a URL, and its request target with secret queries.

        Args:
            url: The URL without them.
            query: The query of the user.
            signature: The signature for this URL.

        Raises:
            Exception: Those of `network_path`.
        """
        path = self.network_path(url)
        return path._replace(target=with_queries(f"{path.target}", _writable(query), signature))

    def _path_to(self, origin: str) -> NetworkPath:
        """Return the connections to an origin, with the target and host for its root path."""
        stand_in = seam.stand_in_for(f"{origin}/")
        if stand_in is not None:
            return self._path_to_stand_in(origin, stand_in)
        request = _prepared(f"{origin}/")
        url = str(request.url)
        # Libraries read unusual URLs differently. The check is on the URL as `requests` reads it.
        if self._root != origin and not may_follow(str(_prepared(self._root).url), url):
            raise ValueError("it leads to another server than its text suggests")
        proxy = self.proxy_for(url)
        proxies = {urlsplit(url).scheme: proxy} if proxy else {}
        verify, cert = cast("bool | str", self.verify), self.cert  # a context has its own adapter
        if cert is not None:
            from .certificates import check_certificate  # few clients have one

            check_certificate(cert)
        try:
            factory = self._adapter.get_connection_with_tls_context(request, verify, proxies, cert)
        except requests.exceptions.InvalidSchema as exc:
            if not proxy or not proxy.startswith("socks"):
                raise
            raise ProxyError(
                f"{self.describe_proxy(url)} needs PySocks. Install it with: pip install "
                "'requests[socks]'; for apps of Gradio 3, install python-socks as well"
            ) from exc
        self._adapter.cert_verify(factory, url, verify, cert)  # type: ignore[no-untyped-call]
        # For plain HTTP, a proxy needs the whole URL as the target.
        target = self._adapter.request_url(request, proxies)
        # The adapter makes pools for HTTP only, though `requests` declares their base class.
        factory = cast("HTTPConnectionPool", factory)
        pool = self._pools.setdefault(factory, ConnectionPool(factory, _IDLE_CONNECTIONS))
        return NetworkPath(pool, target, urlsplit(target).netloc or _host(url))

    def _path_to_stand_in(self, origin: str, stand_in: str) -> NetworkPath:
        """Return the connections to the server that plays a recording of an origin."""
        request = _prepared(f"{stand_in}/")
        factory = self._adapter.get_connection_with_tls_context(request, True, {})
        factory = cast("HTTPConnectionPool", factory)
        pool = self._pools.setdefault(factory, ConnectionPool(factory, _IDLE_CONNECTIONS))
        return NetworkPath(pool, f"{origin}/", _host(f"{origin}/"))

    def proxy_for(self, url: str) -> str | None:
        """Return the URL of the proxy for a URL, as libraries read it; ``None`` for no proxy.

        Raises:
            ProxyError: The proxy URL of the user or the environment cannot be read.
        """
        proxies = self._proxies.reveal()
        key = key_for(url, proxies)
        if key is None:
            return None
        try:
            return read_proxy(proxies[key]) or None
        except ProxyError as exc:
            raise ProxyError(f"{self.describe_proxy(url)} cannot be used: {exc}") from exc

    def describe_proxy(self, url: str) -> str:
        """Return a text for errors that names the proxy for a URL, and who configured it."""
        proxies = self._proxies.reveal()
        key = key_for(url, proxies)
        if key is None:
            return "the proxy"
        source = source_of(key, self._user_proxies, os.environ)
        return f"the proxy {without_login(proxies[key])!r} (from {source})"

    def headers_for(
        self, url: str, host: str, own: Texts, *, websocket: bool = False
    ) -> dict[str, str | Secret[str]]:
        """Return all headers of a request. Those that may be secret are hidden.

        Args:
            url: The URL, which decides about the cookies.
            host: The value of ``Host``, if the user did not set one.
            own: The headers of this request only. They replace those of all requests.
            websocket: Whether the request is a websocket handshake, for which older servers read
                the login from another cookie.
        """
        headers: dict[str, tuple[str, str | Secret[str]]]
        headers = {"host": ("Host", host), **self._common_headers}
        if self._live_headers is not None:
            for name, value in self._live_headers.now().items():
                if name.lower() not in self._fixed:  # those are a login and a token
                    headers[name.lower()] = name, value
        for name, value in own.items():
            headers[name.lower()] = name, value
        if self._has_cookies and "cookie" not in headers:
            request = requests.Request("GET", url)
            jar = self._cookies.reveal()
            cookies = get_cookie_header(jar, request)  # type: ignore[no-untyped-call]
            login = _PLAIN_LOGIN.search(cookies or "") if websocket else None
            if login:
                cookies = f"{cookies}; access-token={login[1]}"
            if cookies:
                headers["cookie"] = "Cookie", Secret(cookies)
        return dict(headers.values())

    def keep_cookies(self, url: str, set_cookies: list[str]) -> None:
        """Store the cookies of a response, if its URL may set them.

        Args:
            url: The URL of the request.
            set_cookies: The values of the ``Set-Cookie`` headers.
        """
        received = email.message.Message()
        for text in set_cookies:
            if not _UNPRINTABLE.search(text):  # such a cookie could not be sent
                received["Set-Cookie"] = text
        request = MockRequest(requests.Request("GET", url).prepare())
        self._has_cookies = True
        jar = self._cookies.reveal()
        jar.extract_cookies(MockResponse(received), request)  # type: ignore[arg-type]

    def conceals(self, query: Secret[str]) -> None:
        """Let `conceal` remove the values of a query, too."""
        known = self._secrets.reveal()
        for value in query_values(query):
            if len(value.reveal()) >= _SHORTEST_SECRET and value.reveal().encode() not in known:
                # The longest first, because one may be the start of another.
                known = sorted([*known, value.reveal().encode()], key=len)[::-1]
        self._secrets = Secret(known)

    def conceal(self, body: bytes, sent: Texts | None = None) -> bytes:
        """Return a server's text without the client's secrets that it repeats.

        Args:
            body: The text.
            sent: The headers of this request only.
        """
        live = {} if self._live_headers is None else self._live_headers.latest
        for secret in (*self._secrets.reveal(), *secrets_in(live), *secrets_in(sent or {})):
            body = body.replace(secret, b"***")
        return body


def _writable(query: Secret[str] | None) -> Secret[str] | None:
    """Return a query as `requests` would write it."""
    if query is None or _WRITABLE.fullmatch(query.reveal()):
        return query
    return Secret(requests.utils.requote_uri(query.reveal()))


def _adapter_for(verify: Verify) -> HTTPAdapter:
    """Return the adapter of `requests` that makes the pools of `urllib3`."""
    if isinstance(verify, (bool, str)):
        return HTTPAdapter(pool_maxsize=1)
    from .certificates import ContextAdapter  # few clients have a context

    return ContextAdapter(verify)


def _prepared(url: str) -> requests.PreparedRequest:
    """Return a request with the URL as `requests` would send it."""
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return request


def _host(url: str) -> str:
    """Return the value of the ``Host`` header. It has a port only if that is not the default."""
    parts = urlsplit(url)
    name = (parts.hostname or "").partition("%")[0].rstrip(".")  # no IPv6 zone, no final dot
    if ":" in name:
        name = f"[{name}]"
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return name if parts.port in (None, default) else f"{name}:{parts.port}"


def _may_have_proxies() -> bool:
    """Return whether the environment or the system may name a proxy.

    `requests` searches the whole environment twice to find out. This takes about as long as a
    server needs for a response.
    """
    if sys.platform in ("darwin", "win32"):
        return True  # the system's settings may name a proxy, too
    return "_proxy" in " ".join(os.environ).lower()


def proxy_of_environment(url: str) -> str:
    """Return the proxy that the environment names for a URL, unchanged; ``""`` for none."""
    proxies = requests.utils.get_environ_proxies(url) if _may_have_proxies() else {}
    key = key_for(url, proxies)
    return "" if key is None else proxies[key].strip()


def secrets_in(headers: Texts) -> list[bytes]:
    """Return the parts of header values that may be secret, the longest part first."""
    values = [f"{text}" for name, text in headers.items() if may_be_secret(name)]
    words = {word.encode() for text in values for word in _SEPARATORS.split(text)}
    # The longest first, because one may be the start of another.
    return sorted((word for word in words if len(word) >= _SHORTEST_SECRET), key=len)[::-1]
