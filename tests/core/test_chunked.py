"""`ChunkedDecoder`: chunked bodies, cut at any position."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.chunked import ChunkedDecoder

BODY = (
    b"5\r\nhello\r\n1;name=value\r\n,\r\n0C\r\n beautiful\r\n\r\n6 \r\n world\r\n0\r\nX: y\r\n\r\n"
)
CONTENT = b"hello, beautiful\r\n world"


def feed(chunks: ChunkedDecoder, *pieces: bytes) -> bytes:
    return b"".join(chunks.feed(piece) for piece in pieces)


@given(st.lists(st.integers(0, len(BODY)), max_size=12))
def test_chunked_content_is_the_same_wherever_it_is_cut(cuts: list[int]) -> None:
    """The content is the same wherever the network cuts the body."""
    places = [0, *sorted(cuts), len(BODY)]
    chunks = ChunkedDecoder()
    pieces = [BODY[a:b] for a, b in zip(places, places[1:])]
    assert feed(chunks, *pieces) == CONTENT
    assert chunks.over and not chunks.alone


def test_chunked_content_comes_byte_by_byte() -> None:
    """Each byte of the content is returned as soon as it arrives."""
    chunks = ChunkedDecoder()
    given_out = [chunks.feed(bytes([byte])) for byte in BODY]
    assert b"".join(given_out) == CONTENT
    assert max(map(len, given_out)) == 1


def test_chunked_body_with_bare_line_feeds() -> None:
    """Line ends without CR, which some scripts write, work as in `http.client`."""
    chunks = ChunkedDecoder()
    assert feed(chunks, BODY.replace(b"\r\n", b"\n").replace(b"0C", b"0B")) == CONTENT.replace(
        b"\r\n", b"\n"
    )
    assert chunks.over


def test_chunked_body_ends_where_it_says() -> None:
    """Bytes after the end mean that the connection cannot be reused."""
    chunks = ChunkedDecoder()
    assert feed(chunks, BODY + b"HTTP/1.1 200 OK") == CONTENT
    assert chunks.over and chunks.alone


def test_chunked_body_that_is_not_over() -> None:
    """The body is not over before its trailer, although all content has been returned."""
    chunks = ChunkedDecoder()
    last = BODY.index(b"0\r\nX")
    assert feed(chunks, BODY[:last]) == CONTENT
    assert not chunks.close_idle() and not chunks.over
    assert feed(chunks, BODY[last:-2]) == b""
    assert not chunks.over
    assert chunks.close_idle() and chunks.over and chunks.alone


@pytest.mark.parametrize(
    "body",
    [
        *(b"\r\n", b"x\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b"1_0\r\n", b" \r\n", b"1 2\r\n"),
        *(b"1" * 17 + b"\r\n", b"2\r\nabc\r\n", b"1\r\na1\r\nb\r\n", "١\r\n".encode()),
        b"0\r\n" + b"X: y\r\n" * 101,
        b"1;" + b"x" * 70_000,
        b"1;" + b"x" * 70_000 + b"\r\n",
    ],
)
def test_chunked_body_that_is_framed_wrongly_is_refused(body: bytes) -> None:
    """An invalid chunk size or end raises an error."""
    with pytest.raises(ValueError, match="chunk"):
        ChunkedDecoder().feed(body)
