"""What goes along with every request, and by which way: for one app and its user.

Cookies, proxies, certificates and the connections themselves are found as `requests` finds them, by
its own parts. A `requests.Session` of them is not made: it brings two pools that nobody would use.
The requests are made by `http` and `connections`.
"""

from __future__ import annotations

import email.message
import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import MockRequest, MockResponse, RequestsCookieJar, get_cookie_header

from .._protocol.credentials import may_be_secret
from .._protocol.proxies import ProxyError, key_for, read_proxy, source_of, without_login
from .._protocol.routes import may_follow
from .._version import __version__
from .connections import Pool
from .http_options import HttpOptions

if TYPE_CHECKING:
    from urllib3.connectionpool import HTTPConnectionPool

_DEFAULTS = HttpOptions()

_IDLE_CONNECTIONS = 32  # kept open per host; jobs join at most 12 at a time

_ADDRESS = re.compile(r"([^/]*//[^/?#]*)/?([^#]*)")  # origin, path and query; no fragment

_UNPRINTABLE = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")

_WRITABLE = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*")  # what an address may hold as it is

#: Where the environment names a file of certificates to trust, as `requests` and curl do.
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_SECRET_SHORTEST = 8  # bytes; what is shorter stands in a text by chance, such as a language
_BETWEEN_WORDS = re.compile(r'[\s;,="]+')  # of a header: a scheme and a token, several cookies

# Servers around 3.23 look for a websocket's login in their secure cookie only, which does not
# go over plain http; the cookie meant for that holds the same token.
_PLAIN_LOGIN = re.compile(r"^(?!.*\baccess-token=).*\baccess-token-unsecure=([^;]*)")


class NetworkPath(NamedTuple):
    """How to ask for an address.

    Attributes:
        pool: Has the connections; of `connections`.
        target: What to ask for over one.
        host: What to name as the host.
    """

    pool: Pool
    target: str
    host: str


class RequestContext:
    """What goes along, and by which way.

    Args:
        root: The address that the user named; requests go to its origin only.
        options: What the user set for all requests.
    """

    def __init__(self, root: str, options: HttpOptions = _DEFAULTS) -> None:
        headers, cookies, verify, proxies = options[:4]
        self._root = root
        self._always = {
            "user-agent": ("User-Agent", f"gradio-client-sync/{__version__}"),
            "accept-encoding": ("Accept-Encoding", requests.utils.DEFAULT_ACCEPT_ENCODING),
            **{name.lower(): (name, value) for name, value in headers.items()},
        }
        self._cookies = RequestsCookieJar()
        self._cookies.update(cookies)
        self._has_cookies = bool(cookies)
        self._given = proxies
        self.proxies = dict(proxies)
        if _may_have_proxies():  # asked here once, not at every request
            no_proxy = self.proxies.get("no_proxy")
            found = requests.utils.get_environ_proxies(root, no_proxy=no_proxy)
            self.proxies = {**found, **self.proxies}
        self.verify = verify
        if verify is True:
            self.verify = next(filter(None, map(os.environ.get, _CERTIFICATES)), True)
        elif verify is False:
            # The user asked for it; one warning per request would only bury others.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        named = {f"cookie {name}": text for name, text in cookies.items()}
        self._secrets = [*_secrets_in(headers), *_secrets_in(named)]
        self._secrets += [
            text.encode() for text in options.secrets if len(text) >= _SECRET_SHORTEST
        ]
        self.reset()

    def reset(self) -> None:
        """Begin without a connection; in a fork, those that are open are the parent's."""
        self._ways: dict[str, NetworkPath] = {}  # by origin
        self._adapter = HTTPAdapter(pool_maxsize=1)
        self._pools: dict[HTTPConnectionPool, Pool] = {}  # two origins may share one

    def close_idle(self) -> None:
        """Close the connections that no request uses; further requests make new ones."""
        for way in list(self._ways.values()):
            way.pool.close()

    def way(self, url: str) -> NetworkPath:
        """The connections that `requests` would use for an address, and what to ask there.

        It is asked once for each origin: doing it for every request, as its own `send` does,
        costs more than the request.
        """
        address = _ADDRESS.match(url)
        origin, rest = address.groups() if address is not None else (url, "")
        way = self._ways.get(origin)
        if way is None:
            self._ways[origin] = way = self._way(origin)
        if not _WRITABLE.fullmatch(rest):
            rest = requests.utils.requote_uri(rest)
        return NetworkPath(way.pool, f"{way.target}{rest}", way.host)

    def _way(self, origin: str) -> NetworkPath:
        request = _as_asked(f"{origin}/")
        asked = str(request.url)
        # Not everybody reads an odd address in the same way; this is how it will be used.
        if self._root != origin and not may_follow(str(_as_asked(self._root).url), asked):
            raise ValueError("it leads to another server than the one that it seems to be on")
        proxy = self.proxy_for(asked)
        proxies = {urlsplit(asked).scheme: proxy} if proxy else {}
        try:
            factory = self._adapter.get_connection_with_tls_context(request, self.verify, proxies)
        except requests.exceptions.InvalidSchema as exc:
            if not proxy or not proxy.startswith("socks"):
                raise
            raise ProxyError(
                f"{self.proxy_told(asked)} needs PySocks. Install it with: pip install "
                "'requests[socks]'; for apps of Gradio 3, install python-socks as well"
            ) from exc
        self._adapter.cert_verify(factory, asked, self.verify, None)  # type: ignore[no-untyped-call]
        # A proxy for plain http wants to hear the whole address.
        target = self._adapter.request_url(request, proxies)
        # The adapter makes pools for HTTP only, though `requests` declares their base class.
        factory = cast("HTTPConnectionPool", factory)
        pool = self._pools.setdefault(factory, Pool(factory, _IDLE_CONNECTIONS))
        return NetworkPath(pool, target, urlsplit(target).netloc or _host(asked))

    def proxy_for(self, url: str) -> str | None:
        """The proxy that an address goes by, as libraries read it.

        Raises:
            ProxyError: What the user or the environment names cannot be read.
        """
        key = key_for(url, self.proxies)
        if key is None:
            return None
        try:
            return read_proxy(self.proxies[key]) or None
        except ProxyError as exc:
            raise ProxyError(f"{self.proxy_told(url)} cannot be used: {exc}") from exc

    def proxy_told(self, url: str) -> str:
        """The proxy that an address goes by, and where it comes from, for an error."""
        key = key_for(url, self.proxies)
        if key is None:
            return "the proxy"
        source = source_of(key, self._given, os.environ)
        return f"the proxy {without_login(self.proxies[key])!r} (from {source})"

    def headers_for(
        self, url: str, host: str, own: Mapping[str, str], *, websocket: bool = False
    ) -> dict[str, str]:
        """Return the headers of a request: its own, then those of all requests, then the cookies.

        Args:
            url: Decides about the cookies.
            host: The value of ``Host``, unless the user gave one.
            own: The headers of this request only.
            websocket: It is a handshake, for which older servers want the login in another cookie.
        """
        headers = {"host": ("Host", host), **self._always}
        for name, value in own.items():
            headers[name.lower()] = name, value
        if self._has_cookies and "cookie" not in headers:
            request = requests.Request("GET", url)
            cookies = get_cookie_header(self._cookies, request)  # type: ignore[no-untyped-call]
            login = _PLAIN_LOGIN.search(cookies or "") if websocket else None
            if login:
                cookies = f"{cookies}; access-token={login[1]}"
            if cookies:
                headers["cookie"] = "Cookie", cookies
        return dict(headers.values())

    def keep_cookies(self, url: str, set_cookies: list[str]) -> None:
        """Keep what a server sets, to send it back where it belongs."""
        told = email.message.Message()
        for text in set_cookies:
            if not _UNPRINTABLE.search(text):  # it could not be sent back
                told["Set-Cookie"] = text
        asked = MockRequest(requests.Request("GET", url).prepare())
        self._has_cookies = True
        self._cookies.extract_cookies(MockResponse(told), asked)  # type: ignore[arg-type]

    def conceal(self, body: bytes, sent: Mapping[str, str] | None = None) -> bytes:
        """What a server says, without the secrets of ours that it repeats.

        Args:
            sent: Headers that went with this request only.
        """
        for secret in (*self._secrets, *_secrets_in(sent or {})):
            body = body.replace(secret, b"***")
        return body


def _as_asked(url: str) -> requests.PreparedRequest:
    """An address as `requests` would ask for it."""
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return request


def _host(url: str) -> str:
    """The host as a request names it: the port only if it is not the usual one."""
    parts = urlsplit(url)
    name = (parts.hostname or "").partition("%")[0].rstrip(".")  # no zone, no root
    if ":" in name:
        name = f"[{name}]"
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return name if parts.port in (None, usual) else f"{name}:{parts.port}"


def _may_have_proxies() -> bool:
    """Whether there may be proxies to use that the user did not name here.

    `requests` goes through the whole environment twice to find out, which takes about as long
    as a server needs to answer.
    """
    if sys.platform in ("darwin", "win32"):
        return True  # where settings of the system count, too
    return "_proxy" in " ".join(os.environ).lower()


def proxy_of_environment(url: str) -> str:
    """The proxy that the environment names for an address, as it stands there; ``""`` for none."""
    proxies = requests.utils.get_environ_proxies(url) if _may_have_proxies() else {}
    key = key_for(url, proxies)
    return "" if key is None else proxies[key].strip()


def _secrets_in(headers: Mapping[str, str]) -> list[bytes]:
    values = [text for name, text in headers.items() if may_be_secret(name)]
    words = {word.encode() for text in values for word in _BETWEEN_WORDS.split(text)}
    # The longest first: one may begin as another does.
    return sorted((word for word in words if len(word) >= _SECRET_SHORTEST), key=len)[::-1]
