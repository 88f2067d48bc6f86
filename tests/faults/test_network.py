"""Further faults of networks: early responses, unreachable addresses, unusual frames."""

from __future__ import annotations

import socket
import struct
from typing import Any, Callable

import pytest

from gradio_client_sync import (
    BrokenStreamError,
    Client,
    ConnectFailedError,
    FileTooLargeError,
    GradioClientError,
    JobTimeoutError,
    ProtocolError,
    UploadError,
)
from tests.conftest import SERVERS
from tests.faults.test_hostile import websocket_server
from tests.support.fault_proxy import Fault, FaultProxy, page
from tests.support.listeners import BOUND
from tests.support.scripted import CLOSE, IncomingRequest, completed, scripted
from tests.support.servers.plugin import ServerPool

VERSIONS = [v for v in ("3.50.2", "4.0.2", "4.44.1", "6.31.0") if v in SERVERS]


# -- on the connection to real servers


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_response_may_come_before_the_end_of_the_body(
    server_pool: ServerPool, version: str
) -> None:
    """A gateway may refuse a large body before it has arrived, and hang up or reset."""
    server = server_pool.get(version)
    before = server.control.executions().get("file", 0)
    for size in (100, 20_000_000):
        with FaultProxy(server.url) as proxy, Client(proxy.url, retries=1) as app:
            proxy.fault = Fault(b"/upload", 9, page("413 Content Too Large"))
            with pytest.raises((FileTooLargeError, UploadError)):
                app.predict("/file", [bytes(size)], timeout=BOUND)
            proxy.fault = None
            assert app.predict("/echo", ["next"], timeout=BOUND)[0] == "next"
    assert server.control.executions().get("file", 0) == before


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_each_address_of_a_host_is_tried(
    server_pool: ServerPool, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the first address of a host refuses, the next one is used, also for websockets."""
    server = server_pool.get(version)
    resolved: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host != "two.addresses":
            return real(host, port, *args, **options)
        resolved.append(host)
        nobody = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.9", int(port)))
        return [nobody, (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port)))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with Client(server.url.replace("127.0.0.1", "two.addresses")) as app:
        assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"
    assert resolved


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_407_names_the_proxy(
    server_pool: ServerPool, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 407 is reported as the proxy's response, and not as the app's."""
    server = server_pool.get(version)
    with FaultProxy(server.url) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        proxy.fault = Fault(b"", 99, page("407 Proxy Authentication Required"))
        with pytest.raises(GradioClientError, match=r"407.*proxies="):
            Client("http://app.invalid", retries=0)
        with pytest.raises(GradioClientError, match="proxy"):
            Client("https://app.invalid", proxies={"https": proxy.url}, retries=0)


# -- odd event streams


def odd_stream(kind: str, body: bytes, *headers: str) -> Callable[[IncomingRequest], None]:
    def script(exchange: IncomingRequest) -> None:
        given = dict(line.split(": ", 1) for line in headers)
        exchange.start(200, {"Content-Type": kind, **given, "Connection": "close"})
        exchange.write(body)
        exchange._handler.close_connection = True

    return script


END = b'data: {"msg": "process_completed", "event_id": "e1", "output": {"data": ["end"]}}\n\n'
STREAMS = {
    "type in capitals": (odd_stream("TEXT/Event-Stream", END), None),
    "type without charset": (odd_stream("text/event-stream", END), None),
    "no type": (odd_stream("", END), BrokenStreamError),
    "empty": (odd_stream("text/event-stream", b""), BrokenStreamError),
    "length too large": (
        odd_stream("text/event-stream", END[:-9], "Content-Length: 999"),
        BrokenStreamError,
    ),
    "length too small": (
        odd_stream("text/event-stream", END, "Content-Length: 20"),
        BrokenStreamError,
    ),
    "length is no number": (odd_stream("text/event-stream", END, "Content-Length: x"), None),
    "no chunks": (
        odd_stream("text/event-stream", END, "Transfer-Encoding: chunked"),
        BrokenStreamError,
    ),
    "huge chunk": (
        odd_stream(
            "text/event-stream", b"FFFFFFFFFFFFFFFF\r\n" + END, "Transfer-Encoding: chunked"
        ),
        None,
    ),
    "no last chunk": (
        odd_stream(
            "text/event-stream", b"%x\r\n%s\r\n" % (len(END), END), "Transfer-Encoding: chunked"
        ),
        None,
    ),
    "says that it is gzip": (
        odd_stream("text/event-stream", END, "Content-Encoding: gzip"),
        BrokenStreamError,
    ),
    "says that it is of a kind that there is not": (
        odd_stream("text/event-stream", END, "Content-Encoding: nonsense"),
        None,
    ),
}


@pytest.mark.parametrize("name", STREAMS)
def test_odd_streams_give_a_value_or_an_error(name: str) -> None:
    """A stream that can be read gives its value, and any other ends the job with an error."""
    script, error = STREAMS[name]
    with scripted(join=lambda x: x.answer({"event_id": "e1"}), data=script) as server:
        with Client(server.url, retries=0) as app:
            if error is None:
                assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "end"
            else:
                with pytest.raises(error):
                    app.predict("/echo", ["x"], timeout=BOUND)


@pytest.mark.parametrize("kind", ["text/html", "", "application/octet-stream; charset=utf-16"])
def test_join_response_is_read_as_json(kind: str) -> None:
    """The response to a join is read as JSON, whatever its content type."""

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(completed("e1", "end"), CLOSE)
        exchange.end_stream()

    with scripted(join=lambda x: x.answer({"event_id": "e1"}, kind=kind), data=data) as server:
        with Client(server.url) as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "end"


# -- odd websockets


def frame(first: int, payload: bytes, masked: bool = False) -> bytes:
    head = bytes([first, (0x80 if masked else 0) | len(payload)])
    return head + (b"\x00" * 4 if masked else b"") + payload


def sends(*frames: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"".join(frames))
        while connection.recv(65_536):
            continue

    return talk


def closes(code: int | None, reason: bytes = b"") -> Callable[[socket.socket], None]:
    return sends(frame(0x88, b"" if code is None else struct.pack("!H", code) + reason))


DONE = b'{"msg": "process_completed", "output": {"data": ["end"]}, "success": true}'
TALKS: dict[str, tuple[Callable[[socket.socket], None], type[Exception] | None, str]] = {
    "closed: 1000": (closes(1000), BrokenStreamError, "closed the websocket"),
    "closed: 1001": (closes(1001), BrokenStreamError, "going away"),
    "closed: 1011": (closes(1011), BrokenStreamError, "the server failed"),
    "closed: 1012, with a reason": (closes(1012, b"bye"), BrokenStreamError, "restarting"),
    "closed: 4999": (closes(4999), BrokenStreamError, "4999"),
    "closed: no code": (closes(None), BrokenStreamError, "closed the websocket"),
    "closed: no such code": (closes(5), BrokenStreamError, "websocket"),
    "pings and pongs": (
        sends(frame(0x89, b"ping"), frame(0x8A, b"pong"), frame(0x81, DONE)),
        None,
        "",
    ),
    "binary": (sends(frame(0x82, DONE)), None, ""),
    "masked": (sends(frame(0x81, DONE, masked=True)), None, ""),
    "reserved bits": (sends(frame(0xC1, DONE)), BrokenStreamError, "rsv"),
    "unknown opcode": (sends(frame(0x83, DONE)), BrokenStreamError, "opcode"),
    "rest of nothing": (sends(frame(0x80, DONE)), BrokenStreamError, ""),
    "no text": (sends(frame(0x81, b'{"msg": "\xff"}')), ProtocolError, ""),
    "no JSON": (sends(frame(0x81, b"hello")), ProtocolError, ""),
    "nothing": (sends(), JobTimeoutError, ""),
}


@pytest.mark.parametrize("name", TALKS)
def test_odd_websockets_give_a_value_or_an_error(name: str) -> None:
    """Close codes are named in the error, control frames are ignored, and other faults raise."""
    talk, error, says = TALKS[name]
    with websocket_server(talk) as url, Client(url, retries=0) as app:
        job = app.submit("/echo", ["x"], timeout=1.0 if error is JobTimeoutError else BOUND)
        if error is None:
            assert job.result()[0] == "end"
        else:
            with pytest.raises(error, match=says or None):
                job.result()


def test_unreachable_address_fails_in_time() -> None:
    """An unknown host, a closed port and an unreachable address each fail within the deadline."""
    for url in ("http://no-such-name.invalid", "http://127.0.0.1:9", "http://[::1]:9"):
        with pytest.raises(ConnectFailedError) as caught:
            Client(url, retries=0, deadline=BOUND)
        assert caught.value.sent is False
