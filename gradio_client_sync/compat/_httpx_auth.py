"""Logins of ``httpx`` as `http_auth` of the plain client, which calls them as `requests` does.

A login of ``httpx`` is a generator: it yields a request, gets the response, and may yield the
request again. `requests` calls a function with the request, which may register a hook for the
response. `FlowLogin` is such a function, which runs the generator. So Digest works, and so do
tokens that renew themselves.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator
from typing import Any

#: Headers that ``httpx`` sets itself, or that describe a body which is not passed to it.
_FRAMING = ("host", "content-length", "transfer-encoding", "content-encoding")

#: Where one challenge ends and the next begins: ``Basic realm="a", Digest realm="b"``.
_NEXT_CHALLENGE = re.compile(r",\s*(?=[\w-]+ +[\w-]+=)")


def login(value: Any) -> tuple[str, str] | Callable[[Any], Any] | None:
    """Return `http_auth` of the plain client for ``auth`` of ``httpx``.

    Args:
        value: A pair of user name and password, an ``httpx.Auth``, or a function that gets a
            request and returns it, as for `requests`.

    Raises:
        TypeError: The value has another type.
    """
    if value is None:
        return None
    if isinstance(value, (tuple, list)) and len(value) == 2:
        user, password = (part.decode() if isinstance(part, bytes) else part for part in value)
        return user, password
    httpx: Any = sys.modules.get("httpx")
    if httpx is not None and isinstance(value, httpx.Auth):
        return FlowLogin(value, httpx)
    if callable(value) and not isinstance(value, type):
        found: Callable[[Any], Any] = value
        return found
    raise TypeError(
        "auth in httpx_kwargs must be a pair of user name and password, an httpx.Auth, or a "
        f"function that gets a request and returns it, not {type(value).__name__}."
    )


class FlowLogin:
    """A login of ``httpx`` in the form of `requests`. It may be used in several threads.

    Args:
        auth: The ``httpx.Auth``.
        httpx: The module ``httpx``.
    """

    def __init__(self, auth: Any, httpx: Any) -> None:
        self._auth = auth
        self._httpx = httpx

    def __call__(self, request: Any) -> Any:
        """Begin the login for a request, and return the request with its first headers."""
        content = request.body if isinstance(request.body, (bytes, str)) else None
        sent = self._httpx.Request(
            request.method, request.url, headers=dict(request.headers), content=content
        )
        flow = self._auth.sync_auth_flow(sent)
        _write_headers(self._next(flow, sent, None), request)

        def respond(response: Any, **options: Any) -> Any:
            return self._continued(flow, sent, response, options)

        request.register_hook("response", respond)
        return request

    def _continued(
        self,
        flow: Generator[Any, Any, None],
        sent: Any,
        response: Any,
        options: dict[str, Any],
    ) -> Any:
        """Send the request as often as the login requires, and return the last response."""
        while True:
            try:
                wanted = self._next(flow, sent, self._shown(response, sent))
            except StopIteration:
                return response
            again = response.request.copy()
            _write_headers(wanted, again)
            response.close()
            response = response.connection.send(again, **options)

    def _next(self, flow: Generator[Any, Any, None], sent: Any, response: Any) -> Any:
        """Return what the login yields for the request.

        A login may send requests of its own, such as to a server that issues tokens. ``httpx``
        sends them, because they belong to the script.
        """
        wanted = flow.send(response)
        while wanted.url != sent.url:
            with self._httpx.Client() as client:
                wanted = flow.send(client.send(wanted))
        return wanted

    def _shown(self, response: Any, sent: Any) -> Any:
        """Return a response of `requests` in the form of ``httpx``, with its request."""
        content = response.content if self._auth.requires_response_body else b""
        headers: list[tuple[str, str]] = []
        for name, value in response.raw.headers.items():
            if name.lower() == "www-authenticate":  # `httpx` expects one challenge in each header
                headers += [(name, one) for one in _NEXT_CHALLENGE.split(value)]
            elif name.lower() not in _FRAMING:
                headers.append((name, value))
        return self._httpx.Response(
            response.status_code, headers=headers, content=content, request=sent
        )


def _write_headers(wanted: Any, request: Any) -> None:
    """Give a request the headers that the login has added or changed."""
    for name, value in wanted.headers.items():
        if name not in _FRAMING and request.headers.get(name) != value:
            request.headers[name.title()] = value
