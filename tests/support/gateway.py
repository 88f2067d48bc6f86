"""A gateway that reads requests and rewrites the responses, as real gateways do.

`fault_proxy.FaultProxy` disturbs a connection at one byte. This gateway parses each request, sends
its own request to the real server, and sends the response on in another form: with other line
ends, in blocks, compressed, with messages in another order, over TLS, or with HTTP/1.0 framing.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import socket
import ssl
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Callable, Literal, Optional

from tests.support.intermediary import Intermediary

_CHUNK = 65_536
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}

Messages = Callable[[Iterator[bytes]], Iterator[bytes]]


def unchanged(messages: Iterator[bytes]) -> Iterator[bytes]:
    return messages


def doubled(messages: Iterator[bytes]) -> Iterator[bytes]:
    """Yield each message twice."""
    for message in messages:
        yield message
        yield message


def swapped(messages: Iterator[bytes]) -> Iterator[bytes]:
    """Yield progress messages after the message that follows them, even after the job's end."""
    held = b""
    for message in messages:
        if any(kind in message for kind in (b"process_starts", b"process_generating", b"progress")):
            held, message = message, held
        yield message
        if message is not held and held and b"process_completed" in message:
            yield held
            held = b""
    yield held


@dataclass
class ResponseForm:
    """The form in which the gateway sends responses.

    Attributes:
        framing: How a body ends: by chunks, by its length (then the gateway reads the whole body
            first), or with the connection, as in HTTP/1.0.
        block: The block size in bytes; ``None`` passes data on at once, 0 waits for the whole body.
        gzip: Compress bodies, although the client did not request it.
        charset: The encoding that the response declares; the text stays UTF-8.
        line_end: The line end in event streams.
        preface: Bytes at the start of an event stream.
        between: Bytes between the events.
        extension: The extension of each chunk.
        trailer: Headers after the last chunk.
        before: A status line and headers before the real ones.
        close: Close each connection after its first response.
        messages: Changes the messages of a queue.
        pieces: The number of fragments of a websocket message, with a ping between them.
    """

    framing: Literal["chunks", "length", "close"] = "chunks"
    block: Optional[int] = None
    gzip: bool = False
    charset: Optional[str] = None
    line_end: bytes = b"\n"
    preface: bytes = b""
    between: bytes = b""
    extension: bytes = b""
    trailer: bytes = b""
    before: bytes = b""
    close: bool = False
    messages: Messages = field(default=unchanged)
    pieces: int = 1


class Gateway(Intermediary):
    """A gateway to a server on this machine; a context manager.

    Args:
        url: URL of the server.
        form: The form in which it sends responses.
        certificate: Use TLS with this certificate, and with the key file beside it.

    Attributes:
        url: URL of the gateway.
        requests: Request line and headers of each request.
    """

    def __init__(self, url: str, form: ResponseForm, certificate: Optional[str] = None) -> None:
        super().__init__(url, "http" if certificate is None else "https")
        self._form = form
        self._tls: Optional[ssl.SSLContext] = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, certificate.replace(".pem", ".key"))
        self.requests: list[str] = []

    def handle(self, near: socket.socket) -> None:
        self.start(functools.partial(self._serve, near))

    def _serve(self, near: socket.socket) -> None:
        """Answer the requests of one connection."""
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            contextlib.ExitStack() as ends,
        ):
            ends.callback(self.end, near)
            if self._tls is not None:
                near = self.keep(self._tls.wrap_socket(near, server_side=True))
                ends.callback(self.end, near)
            reader = ends.enter_context(near.makefile("rb"))
            while True:
                first = reader.readline()
                if not first:
                    return
                head = first + b"".join(iter(reader.readline, b"\r\n"))
                self.requests.append(head.decode("latin-1"))
                refusal = self.refuse(head.decode("latin-1"))
                if refusal is not None:
                    _body(reader, _fields(head.decode("latin-1")))
                    near.sendall(refusal)
                    continue
                if b"\r\nupgrade: websocket" in head.lower():
                    self._converse(near, head + b"\r\n")
                    return
                if not self._answer(near, head.decode("latin-1"), reader):
                    return

    def refuse(self, head: str) -> Optional[bytes]:
        """Return the whole response to a request that is not passed on; ``None`` to pass it on."""
        return None

    def port_for(self, method: str, path: str) -> int:
        """Return the port of the server for a request."""
        return self.target

    # -- HTTP

    def _answer(self, near: socket.socket, head: str, reader: BinaryIO) -> bool:
        """Pass a request to the server and its response back; return whether to continue."""
        method, path, _ = head.partition("\r\n")[0].split(" ")
        headers = _fields(head)
        body = _body(reader, headers)
        kept = {n: v for n, v in headers.items() if n not in _HOP_BY_HOP and n != "expect"}
        far = http.client.HTTPConnection("127.0.0.1", self.port_for(method, path))
        try:
            far.request(method, path, body, {**kept, "Connection": "close"})
            assert far.sock is not None
            self.keep(far.sock)
            response = far.getresponse()
            return self._word(near, response, empty=method == "HEAD")
        finally:
            if far.sock is not None:
                self.end(far.sock)
            far.close()

    def _word(self, near: socket.socket, response: http.client.HTTPResponse, empty: bool) -> bool:
        form = self._form
        kind = response.headers.get("content-type", "")
        lines = [
            f"{name}: {value}"
            for name, value in response.headers.items()
            if name.lower() not in (*_HOP_BY_HOP, "content-type")
        ]
        if form.charset is not None:
            kind = f"{kind.partition(';')[0]}; charset={form.charset}"
        if kind:
            lines.append(f"Content-Type: {kind}")
        pieces: Iterator[bytes] = iter(lambda: response.read1(_CHUNK), b"")
        if kind.startswith("text/event-stream"):
            pieces = self._events(pieces)
        if form.gzip and not empty:
            lines.append("Content-Encoding: gzip")
            pieces = _compressed(pieces)
        if form.block is not None:
            pieces = _gathered(pieces, form.block)
        closes = form.close or form.framing == "close"
        if empty:
            lines.append(f"Content-Length: {response.headers.get('content-length', 0)}")
        elif form.framing == "length":
            whole = b"".join(pieces)
            pieces = iter([whole])
            lines.append(f"Content-Length: {len(whole)}")
        elif form.framing == "chunks":
            lines.append("Transfer-Encoding: chunked")
        if closes:
            lines.append("Connection: close")
        version = "1.0" if form.framing == "close" else "1.1"
        head = f"HTTP/{version} {response.status} {response.reason}"
        near.sendall(form.before + "\r\n".join([head, *lines, "", ""]).encode("latin-1"))
        if empty:
            return not closes
        for piece in pieces:
            if form.framing == "chunks":
                piece = b"%x%s\r\n%s\r\n" % (len(piece), form.extension, piece)
            near.sendall(piece)
        if form.framing == "chunks":
            near.sendall(b"0\r\n%s\r\n" % form.trailer)
        return not closes

    def _events(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        form = self._form
        if form.preface:
            yield form.preface
        for message in form.messages(_messages(pieces)):
            if message:
                event = b"data: " + message + b"\n\n" + form.between
                yield event.replace(b"\n", form.line_end)

    # -- websockets

    def _converse(self, near: socket.socket, handshake: bytes) -> None:
        far = self.connect()
        try:
            far.sendall(handshake)
            reader = far.makefile("rb")
            head = b"".join(iter(reader.readline, b"\r\n"))
            near.sendall(head + b"\r\n")
            self.start(lambda: self._pass_up(near, far))
            for message in self._form.messages(_frames(reader, near)):
                if message:
                    near.sendall(_fragmented(message, self._form.pieces))
        finally:
            self.end(far)

    def _pass_up(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(_CHUNK):
                far.sendall(data)
        self.end(far)


def _fields(head: str) -> dict[str, str]:
    """Return the headers of a request by name in lower case."""
    lines = [line.split(":", 1) for line in head.split("\r\n")[1:] if line]
    return {name.lower(): value.strip() for name, value in lines}


def _body(reader: BinaryIO, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return reader.read(int(headers.get("content-length", 0)))
    body = bytearray()
    while length := int(reader.readline(), 16):
        body += reader.read(length)
        reader.readline()
    reader.readline()
    return bytes(body)


def _messages(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the payloads of an event stream as they arrive."""
    text = b""
    for piece in pieces:
        text += piece
        *events, text = text.split(b"\n\n")
        for event in events:
            yield event.partition(b"data:")[2].strip()


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()


def _gathered(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield blocks of ``size`` bytes, and the rest at the end; size 0 yields one block."""
    held = b""
    for piece in pieces:
        held += piece
        while size and len(held) >= size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held


def _frames(reader: BinaryIO, near: socket.socket) -> Iterator[bytes]:
    """Yield the messages of a websocket's server; pass all other frames on unchanged."""
    while True:
        head = reader.read(2)
        if len(head) < 2:
            return
        length = head[1] & 0x7F
        size = {126: 2, 127: 8}.get(length, 0)
        longer = reader.read(size)
        if size:
            length = int.from_bytes(longer, "big")
        payload = reader.read(length)
        if len(payload) < length:
            return
        if head[0] == 0x81:
            yield payload
        else:
            near.sendall(head + longer + payload)


def _fragmented(message: bytes, pieces: int) -> bytes:
    """Return a message in several frames, with a ping after each but the last."""
    size = max(1, -(-len(message) // pieces))
    parts = [message[start : start + size] for start in range(0, len(message), size)]
    frames = b""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        first = (0x01 if index == 0 else 0x00) | (0x80 if last else 0x00)
        length = (
            bytes([len(part)])
            if len(part) < 126
            else b"\x7e" + struct.pack("!H", len(part))
            if len(part) < 65_536
            else b"\x7f" + struct.pack("!Q", len(part))
        )
        frames += bytes([first]) + length + part
        if not last:
            frames += b"\x89\x04ping"
    return frames
