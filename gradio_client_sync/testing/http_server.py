"""The HTTP server of a fake app: requests and responses over real sockets."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import select
import socket
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from .._basics.secret import HiddenAttribute
from .._protocol.values.filename import type_of
from .._transport.signal_safe import new_lock

#: From RFC 6455: with this text, a websocket server shows that it has read the handshake.
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")

_FIELD = re.compile(r'(?:file)?name\*?="((?:[^"\\]|\\.)*)"')


class FormPart(NamedTuple):
    """One part of a form.

    Attributes:
        name: The name of the field.
        filename: The name of the file; ``None`` for a plain field.
        content: The content.
    """

    name: str
    filename: str | None
    content: bytes


class Request:
    """One request, and its response.

    Attributes:
        method: The method.
        path: The decoded path.
        origin: The origin in the request line, which has one if it is a whole URL.
        query: The query, by name.
        headers: The headers, by name in lower case.
        body: The body.
    """

    # A client's headers and query may have secrets, and frames of this server may be shown.
    query: HiddenAttribute[dict[str, str]] = HiddenAttribute()
    headers: HiddenAttribute[dict[str, str]] = HiddenAttribute()
    body: HiddenAttribute[bytes] = HiddenAttribute()

    def __init__(self, handler: Any) -> None:
        self._handler: BaseHTTPRequestHandler = handler
        parts = urlsplit(handler.path)
        self.method = handler.command
        self.path = unquote(parts.path)
        self.origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme else ""
        self.query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        handler.path = handler.requestline = parts.path
        handler.raw_requestline = b""
        del parts
        self.headers = {name.lower(): text for name, text in handler.headers.items()}
        self.body = self._read_body()

    def _read_body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self._handler.rfile.read(int(self.headers.get("content-length") or 0))
        body = bytearray()
        while True:
            length = int(self._handler.rfile.readline().split(b";")[0] or b"0", 16)
            body += self._handler.rfile.read(length)
            self._handler.rfile.readline()
            if not length:
                return bytes(body)

    def json(self) -> Any:
        """Return the decoded body, without the user's token; ``None`` if it is not JSON."""
        try:
            decoded = json.loads(self.body)
        except ValueError:
            return None
        if isinstance(decoded, dict):
            decoded.pop("oauth_token", None)  # only functions of real apps get it
        return decoded

    def form(self) -> list[FormPart]:
        """Return the parts of a form, from either of the two encodings."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/form-data"):
            fields = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
            return [FormPart(name, None, values[0].encode()) for name, values in fields.items()]
        boundary = kind.partition("boundary=")[2].strip('"').encode()
        parts = []
        for piece in self.body.split(b"--" + boundary)[1:-1]:
            head, _, content = piece.partition(b"\r\n\r\n")
            found = {
                match[0].partition("=")[0]: unquote(match[1])
                for match in _FIELD.finditer(head.decode("utf-8", "replace"))
            }
            parts.append(FormPart(found.get("name", ""), found.get("filename"), content[:-2]))
        return parts

    # -- the response

    def respond(
        self,
        body: Any,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> None:
        """Send a whole response; a body that is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.start(status, kind, {"Content-Length": str(len(raw)), **(headers or {})}, cookies)
        if self.method != "HEAD":
            self._handler.wfile.write(raw)

    def start(
        self,
        status: int,
        kind: str,
        headers: Mapping[str, str],
        cookies: Mapping[str, str] | None = None,
    ) -> None:
        """Send the head of a response."""
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        for name, text in headers.items():
            self._handler.send_header(name, text)
        if self._handler.close_connection:  # the client, or a proxy before it, wants to close
            self._handler.send_header("Connection", "close")
        for name, text in (cookies or {}).items():
            self._handler.send_header("Set-Cookie", f"{name}={text}; Path=/; HttpOnly")
        for name, text in self._for_other_origins().items():
            self._handler.send_header(name, text)
        self._handler.end_headers()
        self._handler.wfile.flush()

    def _for_other_origins(self) -> dict[str, str]:
        """Return the headers for pages of another origin, such as a test runner's."""
        origin = self.headers.get("origin")
        if origin is None:
            return {"Access-Control-Allow-Origin": "*"}
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        headers["Access-Control-Allow-Credentials"] = "true"  # with it, * does not mean all
        headers["Access-Control-Expose-Headers"] = "Content-Range"
        for what in ("headers", "method"):
            asked = self.headers.get(f"access-control-request-{what}")
            if asked is not None:
                allow = {"headers": "Headers", "method": "Methods"}[what]
                headers[f"Access-Control-Allow-{allow}"] = asked
        return headers

    def write(self, raw: bytes) -> None:
        """Send bytes of the body."""
        self._handler.wfile.write(raw)
        self._handler.wfile.flush()

    def send_file(self, path: Path, *, half: bool = False) -> None:
        """Send a file, or the part of it that the request wants.

        Args:
            path: The file.
            half: Whether to send only the first half, and then cut the connection.
        """
        content, status = path.read_bytes(), 200
        headers = {"Accept-Ranges": "bytes"}
        wanted = _RANGE.fullmatch(self.headers.get("range", ""))
        if wanted is not None and int(wanted[1]) < len(content):
            start, size = int(wanted[1]), len(content)
            end = min(size, int(wanted[2] or size) + 1)
            content, status = content[start:end], 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        headers["Content-Length"] = str(len(content))
        self.start(status, type_of(path.name) or "application/octet-stream", headers)
        if self.method != "HEAD":
            self.write(content[: len(content) // 2] if half else content)
            if half:
                self.cut()

    def start_stream(self) -> None:
        """Open an event stream."""
        self.start(200, "text/event-stream; charset=utf-8", {"Transfer-Encoding": "chunked"})

    def send_event(self, data: bytes) -> None:
        """Send one event of the stream."""
        raw = b"data: " + data + b"\n\n"
        self.write(b"%x\r\n%s\r\n" % (len(raw), raw))

    def end_stream(self) -> None:
        """End the stream."""
        self.write(b"0\r\n\r\n")

    def cut(self) -> None:
        """Cut the connection."""
        self._handler.close_connection = True
        try:
            self._handler.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the client has closed it

    def wait_for_hangup(self) -> bool:
        """Wait until the client closes its side, or sends its next request.

        Returns:
            Whether the client has closed its side.
        """
        connection = self._handler.connection
        try:
            select.select([connection], [], [])
            return not connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True  # the connection is gone

    # -- websockets

    def accept_websocket(self) -> WebSocket:
        """Send the response to a websocket's handshake."""
        key = self.headers["sec-websocket-key"]
        proof = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest()).decode()
        self._handler.send_response(101)
        self._handler.send_header("Upgrade", "websocket")
        self._handler.send_header("Connection", "Upgrade")
        self._handler.send_header("Sec-WebSocket-Accept", proof)
        self._handler.end_headers()
        self._handler.wfile.flush()
        self._handler.close_connection = True
        return WebSocket(self._handler)


class WebSocket:
    """The server's end of a websocket."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._read = handler.rfile.read
        self._write = handler.wfile.write
        self._lock = new_lock()

    def receive(self) -> Any:
        """Return the next message as JSON; ``None`` when the client has closed the socket."""
        text = b""
        while True:
            head = self._read(2)
            if len(head) < 2:
                return None
            length = head[1] & 0x7F
            if length > 125:
                length = int.from_bytes(self._read(2 if length == 126 else 8), "big")
            mask = self._read(4) if head[1] & 0x80 else b"\0\0\0\0"
            raw = self._read(length)
            if len(raw) < length:
                return None
            pad = (mask * (length // 4 + 1))[:length]
            data = (int.from_bytes(raw, "big") ^ int.from_bytes(pad, "big")).to_bytes(length, "big")
            code = head[0] & 0x0F
            if code == 8:
                return None
            if code == 9:
                self._frame(10, data)
            elif code in (0, 1, 2):
                text += data
                if head[0] & 0x80:
                    return json.loads(text)

    def send(self, raw: bytes) -> None:
        """Send one message."""
        self._frame(1, raw)

    def close(self, code: int = 1000) -> None:
        """Send the close frame."""
        self._frame(8, code.to_bytes(2, "big"))

    def _frame(self, code: int, raw: bytes) -> None:
        size = len(raw)
        if size < 126:
            head = bytes((0x80 | code, size))
        elif size < 2**16:
            head = bytes((0x80 | code, 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | code, 127)) + size.to_bytes(8, "big")
        with self._lock:
            self._write(head + raw)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # such as a client that hung up
            super().handle_error(request, client_address)


class HttpServer:
    """An HTTP server on a port of this machine, with a thread for each connection.

    Args:
        respond: A function that responds to one request.

    Attributes:
        url: The URL of the server.
    """

    def __init__(self, respond: Callable[[Request], None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                try:
                    respond(Request(self))
                except OSError:
                    self.close_connection = True  # the client is gone

            do_GET = do_POST = do_HEAD = do_OPTIONS = handle_any  # noqa: N815 - the library's names

            def log_message(self, *args: Any) -> None:
                pass

        self._server = _Server(Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="fake-gradio", daemon=True
        )
        self._thread.start()

    def cut_all(self) -> None:
        """Cut every open connection."""
        for connection in list(self._server.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed meanwhile

    def close(self) -> None:
        """Stop the server, and cut every connection."""
        self._server.shutdown()
        self.cut_all()
        self._server.server_close()
        self._thread.join()
