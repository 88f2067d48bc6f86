"""Requests in the form of `requests`, for clients with a login function of the user.

A login for a gateway is a function that gets a ``PreparedRequest``, as in `requests`. It may
register hooks that see the response, and send the request again through the response's
``connection``: so do Digest, Kerberos, and tokens that renew themselves. `PreparedContext` makes
these objects around each request. Other clients have a plain `RequestContext`, and no such objects.
"""

from __future__ import annotations

import http.client
import os
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.hooks import default_hooks, dispatch_hook
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

from .._basics.secret import Secret, hidden, hide, joined, revealed, shown
from .._protocol.routes import may_follow, with_queries
from ..errors import AuthenticationError, GradioClientError
from . import seam, user_adapter
from .base import Aborted
from .given_response import GivenResponse
from .request_context import NetworkPath, RequestContext

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

    from .._basics.secret import Texts
    from .._options import Timeout
    from .connections import ConnectionPool, RequestHandle
    from .http_options import HttpOptions
    from .request import Body
    from .response import Response

#: Headers that `request.write` sets by the body.
_FRAMING = frozenset(("content-length", "transfer-encoding"))


class PreparedContext(RequestContext):
    """A context whose requests are authenticated by the user's function.

    Args:
        root: The URL that the user named. Requests go to its origin only.
        options: The settings of all requests.

    Attributes:
        http_auth: The user's function.
    """

    is_prepared = True

    def __init__(self, root: str, options: HttpOptions) -> None:
        self.http_auth = options.http_auth
        self._adapters = options.adapters
        self._pid = os.getpid()
        super().__init__(root, options)

    def reset(self) -> None:
        super().reset()
        if self._pid != os.getpid():  # after a fork, the connections belong to the parent
            self._pid = os.getpid()
            for _, adapter in self._adapters:
                if adapter is not None:
                    adapter.close()  # on this side; it opens new ones when it needs them

    def adapter_for(self, url: str) -> BaseAdapter | None:
        """Return the user's adapter for a URL; ``None`` if there is none."""
        text = url.lower()
        found = (own for prefix, own in self._adapters if text.startswith(prefix.lower()))
        return next(found, None)

    def network_path(self, url: str) -> NetworkPath:
        return self._prepared_path(url, url)

    def secret_path(
        self, url: str, query: Secret[str] | None, signature: Secret[str] | None
    ) -> NetworkPath:
        return self._prepared_path(url, with_queries(url, query, signature))

    def _prepared_path(self, url: str, whole: str | Secret[str]) -> NetworkPath:
        """Return the path to a URL.

        Args:
            url: The URL without secret queries.
            whole: The URL with them.
        """
        if seam.stand_in_for(url) is not None:
            return super().network_path(url)  # a recording needs no login and no adapter
        if self.adapter_for(url) is None:
            path = super().network_path(url)
            return path._replace(
                pool=cast("ConnectionPool", _PreparedPool(self, url, whole, path.pool))
            )
        if not may_follow(self._root, url):
            raise ValueError("it leads to another server than its text suggests")
        parts = urlsplit(url)
        host = parts.netloc if parts.scheme in ("http", "https") else "localhost"
        return NetworkPath(cast("ConnectionPool", _PreparedPool(self, url, whole, None)), "", host)

    def options_for(self, url: str, timeout: Timeout) -> Secret[dict[str, Any]]:
        """Return the options with which an adapter sends a request."""
        proxy = self.proxy_for(url)
        return Secret(
            {
                "stream": True,
                "timeout": timeout,
                "verify": self.verify,
                "cert": self.cert,
                "proxies": {urlsplit(url).scheme: proxy} if proxy else {},
            }
        )

    def pool_path(self, url: str) -> NetworkPath:
        """Return the path to a URL, with a plain pool. `network_path` lists the errors."""
        return super().network_path(url)


class _PreparedPool:
    """The connections for one URL. A request on them is authenticated first.

    Args:
        context: The context.
        url: The URL without secret queries.
        whole: The URL with them.
        pool: The connections; ``None`` if an adapter of the user has them.
    """

    def __init__(
        self,
        context: PreparedContext,
        url: str,
        whole: str | Secret[str],
        pool: ConnectionPool | None,
    ) -> None:
        self._context = context
        self._url = url
        self._whole = whole
        self._pool = pool

    def was_cut(self) -> bool:
        """Return whether the server has closed the idle connection that was used last."""
        return self._pool is not None and self._pool.was_cut()

    def drop_cut(self) -> None:
        """Drop the idle connections that the server has closed."""
        if self._pool is not None:
            self._pool.drop_cut()

    def send(
        self,
        method: str,
        target: str | Secret[str],
        body: Body,
        headers: Texts,
        call: RequestHandle,
        timeout: Timeout,
        silence: float | None,
    ) -> Response:
        """Authenticate and send a request, and read the head of its response.

        `ConnectionPool.send` lists the arguments and errors. An error of the user's function
        becomes an `AuthenticationError`.
        """
        context = self._context
        request = AuthenticatedHttpRequest(
            context, call, timeout, silence, hides=isinstance(body, Secret)
        )
        if context.http_auth is not None and getattr(body, "is_read_once", False):
            # A login may need a second request, for which the content could not be read again.
            head = prepared("HEAD", self._url.partition("?")[0], None, headers)
            request.run(head, context).close()
        return request.run(prepared(method, self._whole, body, headers), context)


def page_of(request: requests.PreparedRequest) -> str:
    """Return the URL of a request without its query, which may be secret."""
    return str(request.url).partition("?")[0]


def _target_of(request: requests.PreparedRequest, target: str) -> Secret[str]:
    """Return a request target with the query of a request."""
    return joined(target, *map(Secret, str(request.url).partition("?")[1:]))


def prepared(
    method: str, url: str | Secret[str], body: Body, headers: Texts
) -> requests.PreparedRequest:
    """Return a request in the form of `requests`."""
    request = requests.PreparedRequest()
    request.method = method
    request.url = requests.utils.requote_uri(f"{url}".partition("#")[0])
    request.headers = CaseInsensitiveDict(shown(headers))
    content = revealed(body)  # for logins that sign it
    request.body = content
    request.hooks = default_hooks()
    request._cookies = requests.cookies.RequestsCookieJar()  # type: ignore[attr-defined]
    if isinstance(content, bytes) or (content is not None and len(content)):
        request.headers["Content-Length"] = str(len(content))
    elif content is not None:
        request.headers["Transfer-Encoding"] = "chunked"
    return request


class AuthenticatedRequest(BaseAdapter):
    """A request with its login: one request, or several if the login needs them.

    It is the ``connection`` of its responses, by which hooks send further requests.

    Args:
        context: The settings of requests.
    """

    def __init__(self, context: RequestContext) -> None:
        self.context = context
        self._failure: BaseException | None = None
        self._cookies: dict[str, Secret[str]] = {}  # from earlier responses
        self._last: Response | None = None

    def run(self, request: requests.PreparedRequest, user: PreparedContext) -> Response:
        """Authenticate and send a request.

        Args:
            request: The request.
            user: The context with the user's function.

        Returns:
            The last response.

        Raises:
            AuthenticationError: The user's function failed.
            Exception: The request failed; those of `ConnectionPool.send`.
        """
        options: dict[str, Any] = dict.fromkeys(("timeout", "verify", "cert", "proxies"))
        options["stream"] = True
        url = page_of(request)
        try:
            if user.http_auth is not None:
                request = user.http_auth(request)
                if not isinstance(request, requests.PreparedRequest):
                    raise TypeError("it did not return the request")
            response = self.send(request)
            dispatch: Any = dispatch_hook
            return self._final(dispatch("response", request.hooks, response, **options))
        except Exception as exc:
            self.close()
            if exc is self._failure or isinstance(exc, (Aborted, GradioClientError)):
                raise
            text = user.conceal(f"{type(exc).__name__}: {exc}".encode()).decode()
            raise AuthenticationError(
                f"http_auth= failed for a request to {url}: {text}. Check the object that was "
                "passed as http_auth=.",
                url=url,
            ) from exc
        except BaseException:
            self.close()
            raise

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send a request, and read the head of its response. The earlier response is ended.

        The options of `requests` are ignored: they are those of the client.
        """
        self.close()
        try:
            response = self._respond(request, self._headers_of(request))
        except BaseException as exc:
            self._failure = exc
            raise
        if not isinstance(response, requests.Response):
            self._last = response
            response = _shown(response, request)
        response.connection = cast("HTTPAdapter", self)
        for cookie in response.cookies:
            self._cookies[cookie.name] = Secret(cookie.value or "")
        return response

    def _headers_of(self, request: requests.PreparedRequest) -> dict[str, Secret[str]]:
        """Return the headers of a request, with the cookies of earlier responses."""
        headers = dict(request.headers)
        if self._cookies:
            pairs = (part.strip().partition("=") for part in headers.get("Cookie", "").split(";"))
            sent = {name: value for name, _, value in pairs if name}
            merged = {**sent, **self._cookies}
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in merged.items())
        return hidden(headers)

    def _respond(
        self, request: requests.PreparedRequest, headers: Texts
    ) -> Response | requests.Response:
        """Send a request with these headers, and return its response."""
        raise NotImplementedError

    def _final(self, response: requests.Response) -> Response:
        """Return the response that the hooks have chosen."""
        raw = response.raw
        is_read = cast("Any", response)._content_consumed
        if isinstance(raw, _Shown) and raw.response is self._last and not is_read:
            self._last = None
            raw.is_open = False
            return raw.response
        return GivenResponse(response, self._ended)

    def _ended(self) -> None:
        """Follow the end of a response that `_final` has made."""

    def close(self) -> None:
        """End the last response, if it is not the result."""
        last, self._last = self._last, None
        if last is not None:
            last.close()


class AuthenticatedHttpRequest(AuthenticatedRequest):
    """A request with its login, over the pools of a context.

    Args:
        context: The context.
        call: The handle by which another thread can abort the requests.
        timeout, silence: The limits of each request, as of `ConnectionPool.send`.
        hides: Whether the body of the requests is hidden.
    """

    def __init__(
        self,
        context: PreparedContext,
        call: RequestHandle,
        timeout: Timeout,
        silence: float | None,
        *,
        hides: bool,
    ) -> None:
        super().__init__(context)
        self._hides = hides
        self._paths = context
        self._call = call
        self._timeout = timeout
        self._silence = silence
        self._given: requests.Response | None = None

    def _ended(self) -> None:
        self._call.attach(None)

    def close(self) -> None:
        super().close()
        given, self._given = self._given, None
        if given is not None:
            given.close()

    def _respond(
        self, request: requests.PreparedRequest, headers: Texts
    ) -> Response | requests.Response:
        adapter = self._paths.adapter_for(page_of(request))
        if adapter is not None:
            request.headers = CaseInsensitiveDict(shown(headers))
            options = self._paths.options_for(page_of(request), self._timeout)
            self._given = user_adapter.send(adapter, request, self._call, options)
            return self._given
        path = self._paths.pool_path(page_of(request))
        return path.pool.send(
            str(request.method),
            _target_of(request, f"{path.target}"),
            self._body_of(request),
            {name: value for name, value in headers.items() if name.lower() not in _FRAMING},
            self._call,
            self._timeout,
            self._silence,
        )

    def _body_of(self, request: requests.PreparedRequest) -> Any:
        """Return the body of a request, hidden if it was."""
        body: Any = request.body
        raw = body.encode() if isinstance(body, str) else body
        return hide(raw) if self._hides else raw


class _Shown(HTTPResponse):
    """A response as hooks see it: that of `urllib3`, with its connection where they look for it.

    Args:
        response: The response.
        method: The method of its request.
    """

    def __init__(self, response: Response, method: str) -> None:
        self.response = response
        self.is_open = True  # afterwards, the response is read by others
        raw = response._raw
        headers = HTTPHeaderDict(response.headers)
        raw.msg = http.client.HTTPMessage()  # `requests` reads cookies from it
        if response.set_cookies:
            del headers["set-cookie"]
        for text in response.set_cookies:
            headers.add("set-cookie", text)
            raw.msg["Set-Cookie"] = text
        super().__init__(
            raw,
            headers,
            raw.status,
            raw.version,
            reason=raw.reason,
            preload_content=False,
            decode_content=False,
            original_response=raw,
            request_method=method,
        )

    def release_conn(self) -> None:
        """Give the connection back, if the body was read to its end."""
        if self.response._raw.isclosed():
            self.response.drained()

    def close(self) -> None:
        """End the response. Its connection can be used again, if the body was read to its end."""
        if self.is_open:  # the garbage collector calls it, too
            self.is_open = False
            self.release_conn()
            super().close()
            self.response.close()


def _shown(response: Response, request: requests.PreparedRequest) -> requests.Response:
    """Return a response in the form of `requests`."""
    shown = requests.Response()
    raw = shown.raw = _Shown(response, str(request.method))
    shown.status_code = response.status
    shown.reason = str(raw.reason)
    shown.headers = CaseInsensitiveDict(raw.headers)
    shown.encoding = requests.utils.get_encoding_from_headers(shown.headers)
    shown.url = str(request.url)
    shown.request = request
    requests.cookies.extract_cookies_to_jar(shown.cookies, request, raw)  # type: ignore[no-untyped-call]
    return shown
