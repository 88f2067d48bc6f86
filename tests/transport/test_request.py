"""How requests are written, and which headers are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from gradio_client_sync._transport.http_options import HttpOptions
from gradio_client_sync._transport.request import write
from gradio_client_sync._transport.request_context import RequestContext

HOST = {"Host": "app"}


class Sink:
    """A socket that records each write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.writes.append(data)


class BodyPieces:
    """A body in pieces."""

    def __init__(self, *pieces: bytes, is_known: bool) -> None:
        self._pieces = pieces
        self._is_known = is_known

    def __len__(self) -> int:
        return sum(map(len, self._pieces)) if self._is_known else 0

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


def written(headers: dict[str, str], body: Any = None, target: str = "/x") -> list[bytes]:
    sink = Sink()
    write(sink, "GET" if body is None else "POST", target, headers, body)  # type: ignore[arg-type]
    return sink.writes


def test_request_without_a_body_is_a_head() -> None:
    """Headers are written unchanged, one per line."""
    assert written({"Host": "app", "X-A": " 1: 2"}) == [
        b"GET /x HTTP/1.1\r\nHost: app\r\nX-A:  1: 2\r\n\r\n"
    ]


def test_request_with_a_small_body_is_one_write() -> None:
    """A small body is written together with the head, so the server wakes up once."""
    assert written(HOST, b"{}") == [b"POST /x HTTP/1.1\r\nHost: app\r\nContent-Length: 2\r\n\r\n{}"]


def test_request_with_a_large_body_does_not_copy_it() -> None:
    """A large body is written after the head without a copy."""
    body = b"x" * 200_000
    head, *sent = written(HOST, body)
    assert head.endswith(b"Content-Length: 200000\r\n\r\n")
    assert len(sent) == 2 and b"".join(sent) == body
    assert all(isinstance(piece, memoryview) for piece in sent)


def test_request_in_pieces_says_how_long_it_is_or_goes_in_chunks() -> None:
    """A body of unknown length is sent in chunks, without empty chunks before the last one."""
    head, *sent = written(HOST, BodyPieces(b"ab", b"cde", is_known=True))
    assert head.endswith(b"Content-Length: 5\r\n\r\n") and sent == [b"ab", b"cde"]
    head, *sent = written(HOST, BodyPieces(b"ab", b"", b"c" * 17, is_known=False))
    assert head.endswith(b"Transfer-Encoding: chunked\r\n\r\n")
    assert sent == [b"2\r\nab\r\n", b"11\r\n" + b"c" * 17 + b"\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Id", "secret\r\nX-Evil: 1"),
        ("X-Id", "secret\nX-Evil: 1"),
        ("X-Id", "secret\r\n folded"),
        ("X-Id", "secret\0"),
        ("X-Id\r\nX-Evil", "secret"),
        ("X Id", "secret"),
        ("", "secret"),
        ("X-Id:", "secret"),
        ("X-Id: a", "secret"),
        ("X-Id", "secret\u2019"),
    ],
)
def test_request_header_that_could_be_read_as_two_is_refused(name: str, value: str) -> None:
    """A header that could be read as two is refused, and the error does not repeat its value."""
    sink = Sink()
    with pytest.raises(ValueError, match="has characters that a header must not contain") as caught:
        write(sink, "GET", "/x", {"Host": "app", name: value, "X-B": "2"}, None)  # type: ignore[arg-type]
    assert repr(name) in str(caught.value) and "secret" not in str(caught.value)
    assert not sink.writes


def test_request_headers_are_latin_1() -> None:
    """Header values are encoded as latin-1."""
    assert "é".encode("latin-1") in written({"X-Id": "é"})[0]


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: 1", "/\x7f", "/ü", ""])
def test_request_target_with_invalid_characters_is_refused(target: str) -> None:
    """A target with a space, control characters, or characters outside ASCII is refused."""
    with pytest.raises(ValueError, match="characters that a request must not contain"):
        written(HOST, target=target)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:7860/x", "127.0.0.1:7860"),
        ("http://App.Example:80/x", "app.example"),
        ("https://app.example:443/x", "app.example"),
        ("https://app.example:80/x", "app.example:80"),
        ("http://[::1]:7860/x", "[::1]:7860"),
        ("http://[fe80::1%25eth0]/x", "[fe80::1]"),
        ("http://app.example./x", "app.example"),
        ("http://b\u00fccher.example/x", "xn--bcher-kva.example"),
    ],
)
def test_request_names_its_host(url: str, host: str) -> None:
    """The Host has no default port, no zone of a local network, and no dot at the end."""
    context = RequestContext(url)
    way = context.network_path(url)
    assert (way.host, way.target) == (host, "/x")
    assert context.headers_for(url, way.host, {})["Host"] == host


def test_request_host_of_the_user_is_sent() -> None:
    """A Host header of the user is sent, because a load balancer may choose the app by it."""
    context = RequestContext("http://127.0.0.1:7860", HttpOptions({"host": "my.app"}))
    way = context.network_path("http://127.0.0.1:7860/x")
    headers = context.headers_for("http://127.0.0.1:7860/x", way.host, {})
    assert {k: v for k, v in headers.items() if k.lower() == "host"} == {"host": "my.app"}


def test_request_header_of_the_user_replaces_ours() -> None:
    """A header of the user replaces ours, in any spelling."""
    options = HttpOptions({"user-agent": "mine", "X-Mine": "1"})
    context = RequestContext("http://127.0.0.1:7860", options)
    way = context.network_path("http://127.0.0.1:7860/x")
    assert context.headers_for("http://127.0.0.1:7860/x", way.host, {}) == {
        "Host": "127.0.0.1:7860",
        "user-agent": "mine",
        "Accept-Encoding": requests.utils.DEFAULT_ACCEPT_ENCODING,
        "X-Mine": "1",
    }


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "Http_Proxy", "all_proxy"])
def test_request_proxy_of_the_environment_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy is found in environment variables in any spelling, as in `requests`."""
    for known in [known for known in os.environ if known.lower().endswith("_proxy")]:
        monkeypatch.delenv(known)
    monkeypatch.setenv(name, "http://127.0.0.1:3128")
    context = RequestContext("http://app.example")
    assert context.proxy_for("http://app.example/x") == "http://127.0.0.1:3128"
    assert context.network_path("http://app.example/x").target == "http://app.example/x"
