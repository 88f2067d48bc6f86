"""`SpaceProxy`: the proxy in front of a Space's app, which decides who may call the app.

It reads each request's token as Hugging Face does (from two headers, or a signature in the URL),
removes it, and passes the request on to a real Gradio server. After the request's head it only
passes bytes on in both directions, so streams and websockets work too.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, Callable, NamedTuple, Optional
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.http_server import HttpServer

#: Headers that the proxy reads, and the app does not see.
TOKENS = ("authorization", "x-hf-authorization")


class SpaceRequest(NamedTuple):
    """One request to a Space."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def token(self) -> Optional[str]:
        """The Hugging Face token, from either header."""
        for name in reversed(TOKENS):
            if self.headers.get(name, "").startswith("Bearer "):
                return self.headers[name][len("Bearer ") :]
        return None


class SpaceProxy(HttpServer):
    """A proxy in front of one app.

    Args:
        app: URL of the Gradio server.
        check: Called with each request; returns a status and a page to send instead of the app's
            response, or ``None``.
    """

    def __init__(
        self, app: str, check: Callable[[SpaceRequest], Optional[tuple[int, str]]]
    ) -> None:
        self.app = app
        self.check = check
        self.seen: list[SpaceRequest] = []
        # set when the last request that was to be refused has been refused
        self.refused = threading.Event()
        self.refuse: list[tuple[str, int, dict[str, str]]] = []
        super().__init__(handler(lambda: self))

    def requests_to(self, part: str) -> list[SpaceRequest]:
        """Return the requests whose path contains ``part``."""
        return [request for request in self.seen if part in request.path]

    def limit(self, part: str, after: Optional[float], *, times: int = 1) -> None:
        """Respond with 429 to the next requests for such a path."""
        headers = {} if after is None else {"Retry-After": f"{after:g}"}
        self.refused.clear()
        self.refuse.extend([(part, 429, headers)] * times)

    def refusal(self, request: SpaceRequest) -> Optional[tuple[int, dict[str, str], str]]:
        """Return the response to send instead of the app's, or ``None``."""
        self.seen.append(request)
        for number, (part, status, headers) in enumerate(self.refuse):
            if part in request.path:
                del self.refuse[number]
                if not self.refuse:
                    self.refused.set()
                return status, headers, "<html>Too many requests</html>"
        refused = self.check(request)
        return None if refused is None else (refused[0], {}, refused[1])


def handler(proxy_of: Callable[[], SpaceProxy]) -> type[BaseHTTPRequestHandler]:
    """Return a handler that serves as a proxy; a TLS server can use it too."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _do(self) -> None:
            self.close_connection = True
            proxy = proxy_of()
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            length = int(headers.get("content-length") or 0)
            body = self.rfile.read(length) if length else b""
            refused = proxy.refusal(SpaceRequest(self.command, parts.path, dict(query), headers))
            if refused is not None:
                self._answer(*refused)
                return
            query.pop("__sign", None)
            target = parts.path + (f"?{urlencode(query)}" if query else "")
            upstream = urlsplit(proxy.app)
            assert upstream.hostname is not None
            lines = [f"{self.command} {target} HTTP/1.1"]
            token_by = [name for name in reversed(TOKENS) if name in headers][:1]
            for name, value in self.headers.items():
                if name.lower() in token_by:
                    continue
                if name.lower() == "connection" and "upgrade" not in value.lower():
                    value = "close"
                lines.append(f"{name}: {value}")
            if "connection" not in headers:
                lines.append("Connection: close")
            head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
            with socket.create_connection((upstream.hostname, upstream.port)) as far:
                far.sendall(head + body)
                self._carry(far)

        do_GET = do_POST = do_HEAD = _do  # noqa: N815 - the server's names

        def _answer(self, status: int, headers: Mapping[str, str], page: str) -> None:
            raw = page.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Connection", "close")
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def _carry(self, far: socket.socket) -> None:
            """Pass bytes on in both directions until one side ends."""
            near = self.connection
            with selectors.DefaultSelector() as ready, contextlib.suppress(OSError):
                ready.register(near, selectors.EVENT_READ, far)
                ready.register(far, selectors.EVENT_READ, near)
                while True:
                    for key, _ in ready.select():
                        chunk = key.fileobj.recv(65536)  # type: ignore[union-attr]
                        if not chunk:
                            return
                        key.data.sendall(chunk)

        def log_message(self, *args: Any) -> None:
            """Write nothing to the output of the test."""

    return Handler
