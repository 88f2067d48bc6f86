"""Hostile servers: the data that they send is bounded, and ends in an error that says so."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

import pytest

from gradio_client_sync import (
    BrokenStreamError,
    Client,
    ConfigError,
    ConnectFailedError,
    GradioClientError,
    MessageTooLargeError,
    ProtocolError,
)
from tests.support.listeners import BOUND, LATE
from tests.support.scripted import (
    CLOSE,
    IncomingRequest,
    ScriptedApp,
    completed,
    config_of,
    dependency,
    generating,
    scripted,
)

LIMIT = 100_000  # bytes
DEEP = b"[" * 10_000 + b"]" * 10_000


def joined(exchange: IncomingRequest) -> None:
    exchange.answer({"event_id": "e1"})


def streaming(*messages: Any) -> Callable[[IncomingRequest], None]:
    """Return a script that streams these messages."""

    def script(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(*messages)
        exchange.end_stream()

    return script


def endless(exchange: IncomingRequest, piece: bytes) -> None:
    """Send a body until the client closes the connection."""
    exchange.start_stream()
    write = exchange._handler.wfile.write
    began = time.monotonic()
    while time.monotonic() - began < BOUND:
        write(b"%x\r\n%s\r\n" % (len(piece), piece))
    raise AssertionError("the client listened to the end")


# -- responses


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (lambda x: endless(x, b"x" * 8192), MessageTooLargeError),
        (
            lambda x: x.answer(
                gzip.compress(bytes(50 * LIMIT)), headers={"Content-Encoding": "gzip"}
            ),
            MessageTooLargeError,
        ),
        (
            lambda x: x.answer(
                gzip.compress(gzip.compress(b"{}")), headers={"Content-Encoding": "gzip, gzip"}
            ),
            ProtocolError,
        ),
        (lambda x: x.answer({}, headers={"X-Huge": "x" * 1_000_000}), ConnectFailedError),
        (
            lambda x: x.answer({}, headers={f"X-{n}": "x" for n in range(1000)}),
            ConnectFailedError,
        ),
        (lambda x: x.answer(DEEP), ConfigError),
        (lambda x: x.answer(b"9" * 50_000), ConfigError),
        (lambda x: x.answer(b'{"version": NaN, "components": 1e999}'), GradioClientError),
        (
            lambda x: x.answer({}, 302, headers={"Location": "http://169.254.169.254/config"}),
            ConnectFailedError,
        ),
        (
            lambda x: x.answer({}, 302, headers={"Location": "file:///etc/passwd"}),
            ConnectFailedError,
        ),
    ],
    ids=[
        "endless body",
        "gzip bomb",
        "gzip in gzip",
        "huge header",
        "many headers",
        "deep",
        "huge number",
        "no numbers",
        "redirect elsewhere",
        "redirect to a file",
    ],
)
def test_hostile_config(
    script: Callable[[IncomingRequest], None], error: type[GradioClientError]
) -> None:
    """Any response to the first request ends in time with an error of this package."""
    with ScriptedApp() as server:
        server.scripts["GET /config"] = script
        began = time.monotonic()
        with pytest.raises(error):
            Client(server.url, max_message_bytes=LIMIT, retries=0, deadline=BOUND / 2)
        assert time.monotonic() - began < BOUND / 2


def test_dripping_header_ends_at_the_deadline() -> None:
    """A header that never ends, sent byte by byte, does not extend the deadline of connecting."""
    over = threading.Event()

    def drip(exchange: IncomingRequest) -> None:
        while not over.wait(0.01):
            exchange._handler.wfile.write(b"x")

    with ScriptedApp() as server:
        server.scripts["GET /config"] = drip
        began = time.monotonic()
        with pytest.raises(ConnectFailedError, match="within the deadline"):
            Client(server.url, deadline=0.5)
        assert time.monotonic() - began < 0.5 + LATE
        over.set()


def test_foreign_cookies_are_not_kept() -> None:
    """A cookie for another domain is dropped."""
    seen: list[str | None] = []

    def join(exchange: IncomingRequest) -> None:
        seen.append(exchange.headers.get("cookie"))
        joined(exchange)

    with scripted(join=join, data=streaming(completed("e1", "x"), CLOSE)) as server:
        server.scripts["GET /config"] = lambda x: x.answer(
            server.config, headers={"Set-Cookie": "stolen=1; Domain=example.com; Path=/"}
        )
        with Client(server.url) as app:
            assert app.predict("/echo", ["x"])[0] == "x"
    assert seen == [None]


# -- event streams


@pytest.mark.parametrize("piece", [b"x" * 8192, b"data: x\n" * 1000, b"data:\n" * 1000])
def test_endless_event_ends_at_the_limit(piece: bytes) -> None:
    """A line or an event without end fails its jobs at the size limit."""
    with scripted(join=joined, data=lambda x: endless(x, piece)) as server:
        with Client(server.url, max_message_bytes=LIMIT) as app:
            with pytest.raises(MessageTooLargeError, match="max_message_bytes="):
                app.predict("/echo", ["x"], timeout=BOUND)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"msg": "process_completed", "event_id": "e1", "output": ' + DEEP + b"}",
        b'{"msg": "process_completed", "event_id": "e1", "output": {"data": ['
        + b"9" * 50_000
        + b"]}}",
        b'{"msg": "process_completed", "event_id": "e1", "output": NaN}',
        b'{"msg": "process_completed", "event_id": "e1", "output": {"data": "\xff"}}',
        b'{"msg": "process_completed", "event_id": "e1"}',
    ],
    ids=["deep", "huge number", "no object", "no text", "no output"],
)
def test_unreadable_end_fails_the_job(raw: bytes) -> None:
    """A final message that cannot be read ends its job with `ProtocolError`."""
    with scripted(join=joined, data=streaming(raw, CLOSE)) as server:
        with Client(server.url) as app:
            with pytest.raises(ProtocolError):
                app.predict("/echo", ["x"], timeout=BOUND)


def test_paths_of_edits_affect_values_only() -> None:
    """Edits with paths to attributes, or with negative or huge indices, change nothing."""
    edits = [
        ["replace", ["__class__"], 1],
        ["replace", ["__class__", "__init__", "__globals__"], 1],
        ["add", [10**12], "x"],
        ["replace", [-1], "x"],
        ["delete", [10**18], None],
        ["append", [0], 5],
        ["replace", [[]], 1],
        ["replace", "abc", 1],
        "replace",
    ]
    messages = [generating("e1", ["first"])]
    messages += [generating("e1", [edit]) for edit in edits]
    with scripted(join=joined, data=streaming(*messages, completed("e1", "end"), CLOSE)) as server:
        with Client(server.url) as app:
            values = [data[0] for data in app.submit("/count", ["x"], timeout=BOUND)]
    assert values[0] == ["first"] and values[-1] == "end"
    assert all(value in (["first"], ["first", "x"], "end") for value in values), values


@pytest.mark.parametrize("lost", [0, 1, 2])
@pytest.mark.parametrize("history", [2, 1000])
def test_values_after_an_unreadable_message_are_dropped(lost: int, history: int) -> None:
    """After a message that cannot be read, edits are dropped until a complete value arrives."""
    deep = b'{"msg": "process_generating", "event_id": "e1", "output": {"data": [' + DEEP + b"]}}"
    messages: list[Any] = [
        generating("e1", "a"),
        generating("e1", [["append", [], "b"]]),
        generating("e1", [["append", [], "c"]]),
        generating("e1", [["append", [], "d"]]),
        generating("e1", []),
        generating("e1", [["replace", [], "abcde"]]),
        generating("e1", [["append", [], "f"]]),
    ]
    messages[lost] = deep
    values = ["a", "ab", "abc", "abcd", "abcd", "abcde", "abcdef", "end"]
    expected = [*values[:lost], *values[5:]]
    received: list[str] = []
    ended = completed("e1", "end")
    with scripted(join=joined, data=streaming(*messages, ended, CLOSE)) as server:
        with Client(server.url, history=history) as app:
            job = app.submit("/count", ["x"])
            assert job.result(BOUND)[0] == "end"
            job.on("data", lambda data: received.append(data[0]))
            kept = [data[0] for data in job]
    assert received == kept == expected[-len(kept) :] and (history == 2 or kept == expected)


def test_many_events_are_not_all_kept() -> None:
    """The client keeps only as many of 100,000 messages as `history` allows."""
    update = json.dumps(generating("e1", [["append", [], "x"]])).encode()

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(generating("e1", ""))
        for _ in range(100):
            exchange.send(*[update] * 1000)
        exchange.send(completed("e1", "end"), CLOSE)
        exchange.end_stream()

    with scripted(join=joined, data=data) as server, Client(server.url, history=50) as app:
        job = app.submit("/count", ["x"])
        assert job.result(60)[0] == "end"
        assert len(job.outputs) <= 51  # and the last one
        assert job.timings.bytes > 100_000 * len(update)


def test_control_characters_do_not_reach_a_terminal() -> None:
    """Control characters in a server's names do not reach the terminal."""
    evil = "\x1b[2J\x1b]0;title\x07\u202eevil"
    config = config_of(dependency(0, evil), dependency(1, "fine"))
    with ScriptedApp(config) as server, Client(server.url) as app:
        with pytest.raises(GradioClientError) as caught:
            app.predict("/other")
        assert "\x1b" not in str(caught.value)
        shown = str(app.view_api())
        assert "\x1b" not in shown and "\u202e" not in shown


# -- websockets

WEBSOCKET_CONFIG = {**config_of(), "version": "3.50.2", "protocol": "ws", "api_prefix": ""}


@contextmanager
def websocket_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Yield the URL of an app whose websocket a test controls frame by frame."""
    listening = socket.create_server(("127.0.0.1", 0))
    body = json.dumps(WEBSOCKET_CONFIG).encode()

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # the end of the test
            with connection:
                head = connection.recv(65_536)
                if b"upgrade: websocket" not in head.lower():  # the config, or whether it is new
                    connection.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
                    )
                    continue
                key = head.lower().partition(b"sec-websocket-key: ")[2]
                start = len(head) - len(key)
                sent = head[start:].partition(b"\r\n")[0]
                digest = hashlib.sha1(sent + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
                try:
                    connection.sendall(
                        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        b"Connection: Upgrade\r\nSec-WebSocket-Accept: "
                        + base64.b64encode(digest)
                        + b"\r\n\r\n"
                    )
                    talk(connection)
                except OSError:
                    pass  # the client has closed the connection

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def fragments(connection: socket.socket) -> None:
    first = True
    while True:
        opcode = 0x01 if first else 0x00
        connection.sendall(bytes([opcode, 126]) + struct.pack("!H", 50_000) + b"x" * 50_000)
        first = False


@pytest.mark.parametrize(
    "talk",
    [
        lambda c: c.sendall(bytes([0x81, 127]) + struct.pack("!Q", 2**62) + b"x" * 100),
        fragments,
    ],
    ids=["a frame of 4 EiB", "fragments without end"],
)
def test_endless_websocket_message_ends_at_the_limit(talk: Callable[[socket.socket], None]) -> None:
    """A frame above the limit is not read, and fragments are collected only up to the limit."""
    with websocket_server(talk) as url, Client(url, max_message_bytes=LIMIT) as app:
        with pytest.raises(MessageTooLargeError):
            app.predict("/echo", ["x"], timeout=BOUND)


@pytest.mark.parametrize("says", [True, False], ids=["with a word", "without"])
def test_websocket_that_refuses_a_large_message_says_why(says: bool) -> None:
    """Servers before 3.19 get files within a message, and close at 16 MiB; the error says so."""

    def talk(connection: socket.socket) -> None:
        asks = b'{"msg": "send_data"}'
        connection.sendall(bytes([0x81, len(asks)]) + asks)
        connection.recv(100_000)
        if says:
            connection.sendall(bytes([0x88, 2]) + struct.pack("!H", 1009))
        # Closing a socket with unread bytes resets the connection while the client writes.

    reason = "a message was larger than the server accepts" if says else "broke off while sending"
    with websocket_server(talk) as url, Client(url) as app:
        with pytest.raises(BrokenStreamError, match=reason):
            app.predict("/echo", ["x" * 20_000_000], timeout=BOUND)


def shaken(exchange: IncomingRequest) -> None:
    """Open a websocket with a cookie for any host that the next client may use, and end it."""
    key = exchange.headers["sec-websocket-key"].encode()
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    proof = base64.b64encode(digest).decode()
    cookie = "planted=by-another; Domain=localhost"
    head = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": proof}
    exchange.start(101, {**head, "Set-Cookie": cookie})
    exchange.break_off()


def test_websocket_cookies_are_not_kept_for_others() -> None:
    """A cookie from a websocket's handshake goes to no other client and no other host."""
    with ScriptedApp(WEBSOCKET_CONFIG) as one, ScriptedApp(WEBSOCKET_CONFIG) as other:
        for server in one, other:
            server.scripts["GET /queue/join"] = shaken
            with Client(server.url.replace("127.0.0.1", "localhost"), retries=0) as app:
                with pytest.raises(BrokenStreamError):
                    app.predict("/echo", ["x"], timeout=BOUND)
    assert "planted" not in "".join(other.heads)


def test_websocket_is_not_sent_on_to_another_server() -> None:
    """A redirect of a websocket's handshake is not followed, so its headers stay with the host."""
    reached = []

    def elsewhere(exchange: IncomingRequest) -> None:
        reached.append(dict(exchange.headers))
        exchange.answer({})

    with ScriptedApp() as other, ScriptedApp(WEBSOCKET_CONFIG) as server:
        other.scripts["GET /queue/join"] = elsewhere
        target = other.url.replace("http:", "ws:") + "/queue/join"
        server.scripts["GET /queue/join"] = lambda x: x.answer(
            {}, 302, headers={"Location": target}
        )
        with Client(server.url, headers={"Authorization": "Bearer secret"}, retries=0) as app:
            with pytest.raises(GradioClientError):
                app.predict("/echo", ["x"], timeout=BOUND)
    assert not reached
