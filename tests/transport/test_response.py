"""`Response`: heads and bodies of responses, also malformed ones."""

from __future__ import annotations

import gzip
import http.client
import io

import pytest

from gradio_client_sync import MessageTooLargeError, ProtocolError
from gradio_client_sync._transport.response import Raw, Response
from tests.support.processes import run_python

URL = "http://app/x"
LIMIT = 10_000  # bytes

INTERRUPTED = """
from gradio_client_sync._transport.response import Raw

class Interrupted:
    def makefile(self, mode):
        raise KeyboardInterrupt

try:
    Raw(Interrupted())
except KeyboardInterrupt:
    pass
"""


class Wire:
    """A socket that returns the given bytes, and then the end."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._content))  # type: ignore[arg-type]


def raw_of(content: bytes, method: str = "GET") -> Raw:
    raw = Raw(Wire(content), method=method)  # type: ignore[arg-type]
    raw.begin()
    return raw


def answer(content: bytes, method: str = "GET") -> tuple[Response, list[bool]]:
    """Return a response, and a list that gets whether its connection can be reused."""
    ends: list[bool] = []
    return Response(raw_of(content, method), ends.append), ends


def test_raw_interrupted_before_it_is_made_closes_quietly() -> None:
    run_python(INTERRUPTED, quiet=True)


def test_response_head_has_status_and_headers_by_name() -> None:
    """Header names are in lower case, and values have no surrounding space."""
    raw = raw_of(b"HTTP/1.1 404 Not Here\r\nContent-Type:  text/html \r\nX:\r\n\r\n")
    assert (raw.status, raw.reason) == (404, "Not Here")
    assert raw.headers == {"content-type": "text/html", "x": ""}


def test_response_head_joins_repeated_headers() -> None:
    """Repeated headers are joined with commas, except cookies, which may contain commas."""
    raw = raw_of(
        b"HTTP/1.1 200 OK\r\nVary: a\r\nSet-Cookie: a=1; Expires=Mon, 1\r\nvary: b\r\n"
        b"Set-Cookie: b=2\r\n\r\n"
    )
    assert raw.headers["vary"] == "a, b"
    assert raw.set_cookies == ["a=1; Expires=Mon, 1", "b=2"]


def test_response_head_joins_continuation_lines() -> None:
    """A header may continue in lines that begin with space."""
    raw = raw_of(b"HTTP/1.1 200 OK\r\nX-Long: one\r\n  two:\r\n\tthree\r\n\r\n")
    assert raw.headers == {"x-long": "one two: three"}


def test_response_head_skips_malformed_lines() -> None:
    """A line without a colon is skipped, and the other headers are read."""
    raw = raw_of(b"HTTP/1.1 200 OK\r\n starts\r\nnonsense\r\nContent-Length: 2\r\n\r\nok")
    assert raw.headers == {"content-length": "2"}
    assert raw.length == 2


@pytest.mark.parametrize("status", [100, 102, 103])
def test_response_head_skips_interim_responses(status: int) -> None:
    """Interim responses (1xx) are skipped."""
    early = b"HTTP/1.1 %d Wait\r\nLink: </style.css>\r\n\r\n" % status
    raw = raw_of(early * 3 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert (raw.status, raw.headers) == (200, {"content-length": "0"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 11,
        b"HTTP/2 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-str",
        b"HTTP/1.1 200 OK\r\nX: y\r\n",
        b"HTTP/1.1 101 Other\r\nUpgrade: tls\r\n\r\n",
    ],
)
def test_response_head_that_is_malformed_or_endless(content: bytes) -> None:
    """A head that is malformed, cut off or far too long is refused."""
    with pytest.raises(http.client.HTTPException):
        raw_of(content)


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity\r\nContent-Length: 5",
    ],
)
def test_response_body_with_an_ambiguous_end_is_refused(framing: str) -> None:
    """A body whose end is ambiguous is refused, because the connection may stay open for long."""
    with pytest.raises(http.client.HTTPException, match="the response"):
        raw_of(f"HTTP/1.1 200 OK\r\n{framing}\r\n\r\nhello".encode())


@pytest.mark.parametrize(
    ("head", "body", "reusable"),
    [
        ("200 OK\r\nContent-Length: 5\r\n", "hello", True),
        ("200 OK\r\nTransfer-Encoding: chunked\r\n", "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", True),
        (
            "200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 1\r\n",
            "5\r\nhello\r\n0\r\nX: y\r\n\r\n",
            True,
        ),
        ("200 OK\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\nmore", False),
        ("200 OK\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n", False),
        ("200 OK\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX: ", False),
        (
            "500 No\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            False,
        ),
        ("200 OK\r\n", "hello", True),
        ("200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n", "hello, there is more", True),
        ("200 OK\r\nContent-Length: many\r\n", "hello", True),
        ("200 OK\r\nContent-Length: -5\r\n", "hello", True),
        (f"200 OK\r\nContent-Length: {'9' * 5000}\r\n", "hello", True),
        ("500 No\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n", "hello", False),
        ("500 No\r\nContent-Type: application/json\r\nContent-Length: 5\r\n", "hello", True),
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_response_body_ends_where_it_says(
    head: str, body: str, reusable: bool, version: str
) -> None:
    """A body ends by its length, its last chunk or the connection, which is reused if possible."""
    content = f"HTTP/{version} {head}\r\n{body}".encode()
    whole, ends = answer(content)
    assert whole.read(URL, LIMIT) == b"hello"
    assert ends == [reusable]
    pieces, _ = answer(content)
    assert b"".join(iter(lambda: pieces.read1(2), b"")) == b"hello"
    assert pieces.read1(2) == b""
    whole.close()  # has no effect
    assert ends == [reusable]


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
    ],
)
def test_response_body_that_is_cut_off_raises(content: bytes) -> None:
    """A body that is cut off raises an error."""
    whole, ends = answer(content)
    with pytest.raises(http.client.IncompleteRead):
        whole.read(URL, LIMIT)
    whole.close()
    assert ends == [False]
    pieces, _ = answer(content)
    with pytest.raises(http.client.IncompleteRead):
        list(iter(lambda: pieces.read1(2), b""))


def test_response_body_with_malformed_chunks() -> None:
    """A malformed chunk size raises an error."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole, ends = answer(head + b"five\r\nhello\r\n0\r\n\r\n")
    with pytest.raises(http.client.HTTPException, match="size"):
        whole.read(URL, LIMIT)
    whole.close()
    assert ends == [False]


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: 9",
        "Transfer-Encoding: chunked",
        "Content-Encoding: gzip",
        "Content-Length: 9\r\nContent-Encoding: gzip",
    ],
)
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_response_without_a_body_has_none(method: str, status: int, framing: str) -> None:
    """Responses to HEAD, and with 204 or 304, have no body, whatever their headers say."""
    content = f"HTTP/1.1 {status} OK\r\n{framing}\r\n\r\n".encode()
    for read in (lambda found: found.read(URL, LIMIT), lambda found: found.read1(9)):
        found, ends = answer(content, method)
        assert read(found) == b""
        assert ends == [True]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_response_body_longer_than_the_limit(framing: str) -> None:
    """A body above the limit is not read to its end, and its connection is closed."""
    body = b"x" * 200_000
    head = b"Content-Length: 200000\r\n\r\n"
    if framing == "chunked":
        head, body = b"Transfer-Encoding: chunked\r\n\r\n", b"30d40\r\n" + body + b"\r\n0\r\n\r\n"
    found, ends = answer(b"HTTP/1.1 200 OK\r\n" + head + body)
    with pytest.raises(MessageTooLargeError, match="http://app/x"):
        found.read(URL, LIMIT)
    assert ends == [False]


def test_response_body_that_is_compressed() -> None:
    """A compressed body is decoded, also in pieces, and the limit counts decoded bytes."""
    packed = gzip.compress(b"hello" * 100)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    found, ends = answer(head + packed)
    assert found.read(URL, LIMIT) == b"hello" * 100
    assert ends == [True]
    pieces, _ = answer(head + packed)
    assert b"".join(iter(lambda: pieces.read1(7), b"")) == b"hello" * 100
    bomb = gzip.compress(b"x" * 10**6)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    found, _ = answer(head + bomb)
    with pytest.raises(MessageTooLargeError):
        found.read(URL, LIMIT)


def test_response_body_that_is_compressed_twice_is_refused() -> None:
    """A body that is compressed twice is refused: only an attack on the memory does this."""
    found, ends = answer(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n\r\n"
    )
    with pytest.raises(ProtocolError, match="several times"):
        found.read(URL, LIMIT)
    assert ends == [False]
