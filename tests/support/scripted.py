"""`ScriptedApp`: a local server that speaks Gradio's protocol as a test's script says.

Use it for behaviour that a real server cannot be made to show: unusual timing, broken streams,
hostile responses. A script is a function for one route. It reads the request from an
`IncomingRequest`, and can write any bytes to it. It waits on the test's events, never on a clock.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Optional
from urllib.parse import parse_qs, urlsplit

WAIT = 10.0  # s; a bound for failures, never a delay


class IncomingRequest:
    """One request and its response, under a script's control."""

    def __init__(self, handler: BaseHTTPRequestHandler, *, read_body: bool = True) -> None:
        self._handler = handler
        parts = urlsplit(handler.path)
        self.method = handler.command
        self.path = parts.path
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.headers = handler.headers
        self.port: int = handler.client_address[1]  # of the client's end: identifies the connection
        self.body = self._read_body() if read_body else b""

    def _read_body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.read(int(self.headers.get("content-length") or 0))
        body = bytearray()
        while True:
            length = int(self._handler.rfile.readline() or b"-1", 16)
            body += self.read(length)
            self._handler.rfile.readline()
            if not length:
                return bytes(body)

    def read(self, size: int) -> bytes:
        """Read this many bytes of the body; for scripts of routes in `unread`."""
        piece = self._handler.rfile.read(size) if size >= 0 else b""
        if len(piece) != size:
            raise ConnectionError("the client hung up within the body")
        return piece

    def wait_for_abort(self) -> int:
        """Read the body until the client hangs up; return the number of bytes."""
        self._handler.connection.settimeout(WAIT)
        read = 0
        try:
            while piece := self._handler.rfile.read1(65_536):  # type: ignore[attr-defined]
                read += len(piece)
        except ConnectionError:
            pass
        return read

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def answer(
        self,
        body: Any,
        status: int = 200,
        kind: str = "application/json",
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        """Send a whole response; a body that is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        self._handler.send_header("Content-Length", str(len(raw)))
        if self._handler.close_connection:
            # Otherwise the client may send its next request on a connection that is about to close.
            self._handler.send_header("Connection", "close")
        for name, value in (headers or {}).items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        if self.method != "HEAD":
            self._handler.wfile.write(raw)

    def start(self, status: int, headers: Mapping[str, Any]) -> None:
        """Send a status and headers, which need not fit the body that follows."""
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, str(value))
        self._handler.end_headers()
        self._handler.wfile.flush()

    def write(self, raw: bytes) -> None:
        """Send bytes of a response's body."""
        self._handler.wfile.write(raw)
        self._handler.wfile.flush()

    def start_stream(self) -> None:
        """Open an event stream."""
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()
        self._handler.wfile.flush()

    def send(self, *messages: Mapping[str, Any] | bytes) -> None:
        """Send messages over the event stream; bytes are sent unchanged."""
        for message in messages:
            raw = message if isinstance(message, bytes) else json.dumps(message).encode()
            data = b"data: " + raw + b"\n\n"
            self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self._handler.wfile.flush()

    def end_stream(self) -> None:
        """End the event stream correctly."""
        self._handler.wfile.write(b"0\r\n\r\n")
        self._handler.wfile.flush()

    def break_off(self) -> None:
        """Cut the connection."""
        self._handler.close_connection = True
        self._handler.connection.shutdown(socket.SHUT_RDWR)

    def wait_for_hangup(self) -> bool:
        """Wait until the client closes its side; return whether it did."""
        self._handler.connection.settimeout(WAIT)
        return self._handler.connection.recv(1) == b""


Script = Callable[[IncomingRequest], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # many clients at once are what some tests are about

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # such as clients that hang up
            super().handle_error(request, client_address)


def component(number: int, kind: str = "textbox", **props: Any) -> dict[str, Any]:
    return {"id": number, "type": kind, "props": {"label": f"{kind} {number}", **props}}


def dependency(number: int, name: str, **entries: Any) -> dict[str, Any]:
    return {
        "id": number,
        "api_name": name,
        "inputs": [1],
        "outputs": [2],
        "queue": True,
        "backend_fn": True,
        "types": {"generator": False, "cancel": False},
        "cancels": [],
        "api_visibility": "public",
        **entries,
    }


def config_of(*dependencies: Mapping[str, Any], **entries: Any) -> dict[str, Any]:
    return {
        "version": "6.31.0",
        "protocol": "sse_v3",
        "api_prefix": "/gradio_api",
        "enable_queue": True,
        "components": [component(1), component(2)],
        "dependencies": list(dependencies)
        or [
            dependency(0, "echo"),
            dependency(1, "count", types={"generator": True, "cancel": False}),
        ],
        **entries,
    }


def completed(event_id: str, *data: Any, **fields: Any) -> dict[str, Any]:
    output = {"data": list(data), "is_generating": False}
    return {
        "msg": "process_completed",
        "event_id": event_id,
        "output": output,
        "success": True,
        **fields,
    }


def generating(event_id: str, *data: Any) -> dict[str, Any]:
    output = {"data": list(data), "is_generating": True}
    return {"msg": "process_generating", "event_id": event_id, "output": output, "success": True}


CLOSE = {"msg": "close_stream", "event_id": None}


class ScriptedApp:
    """A server that follows scripts, chosen by method and path below the API prefix.

    Args:
        config: The response to ``/config``.
        scripts: Scripts by method and path, such as ``"POST /queue/join"``; requests without a
            script get a 404.
    """

    def __init__(self, config: Mapping[str, Any] | None = None, **scripts: Script) -> None:
        self.config = dict(config_of() if config is None else config)
        self.scripts: dict[str, Script] = {"GET /config": lambda x: x.answer(self.config)}
        self.unread: set[str] = set()  # routes whose scripts read the body themselves
        self.requests: list[str] = []
        self.heads: list[str] = []  # of the same requests: first line and headers
        self.failures: list[BaseException] = []
        self._changed = threading.Condition()
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                path = app._below_prefix(urlsplit(self.path).path)
                route = f"{self.command} {path}"
                self.close_connection = self.close_connection or route in app.unread
                try:
                    exchange = IncomingRequest(self, read_body=route not in app.unread)
                except ConnectionError:
                    self.close_connection = True
                    return
                with app._changed:
                    app.requests.append(route)
                    app.heads.append(f"{self.requestline}\n{self.headers}")
                    app._changed.notify_all()
                script = app.scripts.get(route)
                if script is None:
                    exchange.answer({"detail": "Not Found"}, 404)
                    return
                try:
                    script(exchange)
                except ConnectionError:
                    self.close_connection = True  # the client is gone, which some tests want
                except BaseException as exc:  # noqa: BLE001 - raised again at the end of the test
                    app.failures.append(exc)
                    self.close_connection = True

            do_GET = do_POST = do_HEAD = handle_any  # noqa: N815 - the library's names

            def log_message(self, *args: Any) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def _below_prefix(self, path: str) -> str:
        prefix = self.config.get("api_prefix") or ""
        return path[len(prefix) :] if prefix and path.startswith(prefix + "/") else path

    def count(self, route: str) -> int:
        """Return the number of requests to a route."""
        return self.requests.count(route)

    def wait_for(self, route: str, times: int = 1) -> None:
        """Wait until a route has had this many requests."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.count(route) >= times, WAIT), (
                f"{route} had {self.count(route)} requests, not {times}: {self.requests}"
            )

    def __enter__(self) -> ScriptedApp:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if exc[0] is None and self.failures:
            raise self.failures[0]


class Gate:
    """A point at which a script waits until the test opens it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def pass_through(self) -> None:
        self.reached.set()
        assert self._open.wait(WAIT), "the test never opened the gate"

    def wait_until_reached(self) -> None:
        assert self.reached.wait(WAIT), "nobody came to the gate"

    def open(self) -> None:
        self._open.set()


@contextmanager
def scripted(config: Mapping[str, Any] | None = None, **scripts: Script) -> Iterator[ScriptedApp]:
    """Return a `ScriptedApp` with scripts for the queue's two routes: ``join=`` and ``data=``."""
    routes = {"join": "POST /queue/join", "data": "GET /queue/data", "cancel": "POST /cancel"}
    with ScriptedApp(config) as app:
        app.scripts.update({routes[name]: script for name, script in scripts.items()})
        yield app
