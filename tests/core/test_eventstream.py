"""`EventStreamParser`: server-sent events from bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync import MessageTooLargeError
from gradio_client_sync._protocol.queue.eventstream import (
    MESSAGE_BYTES,
    EventStreamParser,
    Truncated,
)
from gradio_client_sync._protocol.queue.wire import Message
from tests.support.transcripts import all_transcripts, lines_of


def parsed(*chunks: bytes, limit: int = MESSAGE_BYTES) -> list[bytes]:
    parser = EventStreamParser(limit)
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data\n\n", [b""]),
        (b"data:\n\n", [b""]),
        (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
        (b"\n\n\ndata: a\n\n\n\n", [b"a"]),
        (b": comment\nevent: x\nid: 1\nretry: 5\ndata: a\n\n", [b"a"]),
        (b"event: x\n\ndata: a\n\n", [b"a"]),
        (b"database: a\n\n", []),
        (b" data: a\n\n", []),
        (b"data: a\n", []),
        (b"data: a", []),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),
        (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
        (b"data: \xff\xfe\n\n", [b"\xff\xfe"]),
        (b"", []),
    ],
)
def test_eventstream_follows_the_format(stream: bytes, events: list[bytes]) -> None:
    """Only data lines count, one leading space is removed, and a blank line ends an event."""
    assert parsed(stream) == events


def test_eventstream_hands_out_an_event_with_its_blank_line() -> None:
    """An event is returned with its last byte, and not with the next event."""
    parser = EventStreamParser()
    assert parser.feed(b"data: a\n") == []
    assert parser.feed(b"\n") == [b"a"]
    assert parser.feed(b"data: b\r\n\r") == [b"b"]
    assert parser.feed(b"\n") == []
    assert parser.feed(b"data: c\n\n") == [b"c"]


_LINES = st.one_of(
    st.sampled_from([b"", b"", b"data", b"data:", b"event: x", b": hi", b"\xef\xbb\xbfdata: b"]),
    st.binary(max_size=12)
    .filter(lambda line: b"\n" not in line and b"\r" not in line)
    .map(b"data: ".__add__),
)


@given(st.data(), st.lists(_LINES, max_size=12))
def test_eventstream_does_not_see_chunks_or_line_ends(
    data: st.DataObject, lines: list[bytes]
) -> None:
    """The events are the same wherever the bytes are cut, and for all line ends."""
    plain = b"".join(line + b"\n" for line in lines)
    ends = data.draw(
        st.lists(st.sampled_from([b"\n", b"\r\n", b"\r"]), min_size=len(lines), max_size=len(lines))
    )
    stream = b"".join(
        # A CR and an empty line's LF would be read as one CRLF.
        line + (b"\n" if end == b"\r" and after == b"" else end)
        for line, end, after in zip(lines, ends, [*lines[1:], b"x"])
    )
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)))))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)])]
    assert parsed(*chunks) == parsed(plain)
    assert parsed(*(stream[i : i + 1] for i in range(len(stream)))) == parsed(plain)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_eventstream_reads_what_servers_sent(end: bytes) -> None:
    """Every recorded message is read unchanged, also byte by byte."""
    messages = [
        json.dumps(line["data"]).encode()
        for version, scenario in all_transcripts()
        for line in lines_of(version, scenario)
        if line["kind"] == "sse"
    ]
    assert len(messages) > 400
    stream = b"".join(b"data: " + message + end * 2 for message in messages)
    assert parsed(stream) == messages
    few = stream[:20_000]
    assert parsed(*(few[i : i + 1] for i in range(len(few)))) == parsed(few)


def test_eventstream_takes_a_large_event_in_linear_time() -> None:
    """A message in many chunks is joined once, at its end."""
    chunk, chunks = b"x" * 64, 20_000
    parser = EventStreamParser()
    assert parser.feed(b"data: ") == []
    for _ in range(chunks):
        assert parser.feed(chunk) == []
    assert parser.feed(b"\n\n") == [chunk * chunks]


LONG = b'{"msg": "process_generating", "event_id": "e1", "output": "' + b"x" * 100 + b'"}'
TOO_LONG = {
    "one line": [b"data: " + LONG],
    "many lines": [b"data: " + LONG[:70] + b"\n", b"data: " + LONG[70:] + b"\n"],
    "one line in pieces": [b"data: " + LONG[:70], LONG[70:110], LONG[110:]],
    "byte by byte": [bytes([byte]) for byte in b"data:" + LONG],
}


@pytest.mark.parametrize("chunks", TOO_LONG.values(), ids=TOO_LONG)
@pytest.mark.parametrize("end", [[b"\n\n"], [b"\n", b"\n"], [b"\r\n\r", b"\n"], [b"\r", b"\r"]])
def test_eventstream_passes_over_an_event_that_is_too_long(
    chunks: list[bytes], end: list[bytes]
) -> None:
    """If an event is too long, only its start is returned; other events are read."""
    rest = [b"more\n", b"data: more", *end, b"data: after\n\n"]
    events = parsed(b"data: before\n\n", *chunks, *rest, limit=90)
    before, cut, after = events
    assert (before, after) == (b"before", b"after")
    assert isinstance(cut, Truncated) and not isinstance(after, Truncated)
    assert LONG.startswith(cut.strip())
    assert Message.of(cut, 0.0).event_id == "e1"


def test_eventstream_hands_out_no_more_than_a_start() -> None:
    """The returned start has a maximum length, and comments are skipped."""
    cut, after = parsed(b"data: " + b"x" * 5_000, b"x\n\ndata: after\n\n", limit=2_000)
    assert len(cut) <= 1024 and after == b"after"
    assert parsed(*[b"data: xxxx\n"] * 600, limit=2_000)[0] == b"xxxx" * 256
    assert parsed(b": " + b"x" * 5_000, limit=2_000) == [b""]


def test_eventstream_gives_up_an_event_without_end() -> None:
    """An event far above the limit ends the stream."""
    parser = EventStreamParser(limit=90)
    parser.feed(b"data: " + b"x" * 90)
    for _ in range(14):
        assert parser.feed(b"x" * 90) == []
    with pytest.raises(MessageTooLargeError, match="An event of the server's stream"):
        parser.feed(b"x" * 90)


def test_eventstream_limits_each_event_by_itself() -> None:
    """The limit is for one event and not for several together."""
    parser = EventStreamParser(limit=20)
    assert [parser.feed(b"data: 0123456789\n\n") for _ in range(5)] == [[b"0123456789"]] * 5
