"""`Message`: its head, and the parsed message."""

from __future__ import annotations

import gc
import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.queue import wire
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync.errors import ProtocolError
from tests.support.transcripts import all_transcripts, frame_of, lines_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


HEADS = [
    b'{"msg":"log","event_id":"ab","log":"1"}',
    b'{"msg":"log","event_id":"ab","log":"2"}',
    b'{"msg":"log","event_id":"abc","log":"3"}',
    b'{"msg":"log","event_id":"ab"}',
    b'{"msg":"log","event_id":null,"log":"4"}',
    b'{"msg":"log","log":"5"}',
    b'{"msg":"log","log":"6","event_id":"ab"}',
    b'{"msg":"log_","event_id":"ab","log":"7"}',
    b'{"event_id":"ab","msg":"log"}',
    b'{"msg":"close_stream"}',
]


@pytest.mark.parametrize(
    ("raw", "msg", "event_id"),
    [
        (b'{"msg":"estimation","event_id":"ab12","rank":0}', "estimation", "ab12"),
        (b'{"msg":"heartbeat"}', "heartbeat", None),
        (b'{"msg":"close_stream","event_id":null}', "close_stream", None),
        (b' { "msg" : "log" , "event_id" : "x" } ', "log", "x"),
        (b'{"msg":"log","log":"hi","event_id":"late"}', "log", "late"),
        (b'{"event_id":"first","msg":"log"}', "log", "first"),
        (b'{"success":true,"msg":"alive?"}', "alive?", None),
        (b'{"msg":"New-Kind","event_id":"x"}', "New-Kind", "x"),
        (b'{"msg":"l\\u006fg","event_id":"a\\"b"}', "log", 'a"b'),
        (b'{"msg":"log","event_id":"a\\"b"}', "log", 'a"b'),
        ('{"msg":"log","event_id":"ü"}'.encode(), "log", "ü"),
        (b'{"msg":"log","event_id":""}', "log", None),
        (b'{"event_id":"","msg":"log"}', "log", None),
        (b'{"msg":"log","event_id":5}', "log", None),
        (b'{"msg":"log","event_id":["a"]}', "log", None),
        (b'{"msg":"","event_id":"x"}', "", "x"),
    ],
)
def test_frame_reads_kind_and_job(raw: bytes, msg: str, event_id: str | None) -> None:
    """Kind and event id are found in any position and any form of JSON."""
    frame = Message.of(raw, 12.5)
    assert frame == Message(msg, event_id, raw, 12.5)
    parsed = frame.parse()
    assert parsed["msg"] == msg


def test_frame_of_a_known_head_is_not_read_further() -> None:
    """A message in the usual form is routed by its head; the rest may even be broken."""
    frame = Message.of(b'{"msg":"process_generating","event_id":"x","output":{"data', 0.0)
    assert (frame.msg, frame.event_id) == ("process_generating", "x")
    with pytest.raises(ProtocolError):
        frame.parse()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["msg", "event_id", "output", "x"]),
            st.sampled_from(["log", "a b", "", 'q"', "\\", "ü", None, 1]) | JSON,
        ),
        max_size=4,
        unique_by=lambda pair: pair[0],
    ),
    st.booleans(),
    st.sampled_from([None, 1]),
)
def test_frame_head_agrees_with_the_whole(
    pairs: list[tuple[str, Any]], ascii_only: bool, indent: int | None
) -> None:
    """The head gives the same as the complete message."""
    message = dict(pairs)
    raw = json.dumps(message, ensure_ascii=ascii_only, indent=indent).encode(errors="replace")
    read = json.loads(raw)
    if not isinstance(read.get("msg"), str):
        with pytest.raises(ProtocolError, match="no 'msg'"):
            Message.of(raw, 0.0)
        return
    frame = Message.of(raw, 0.0)
    event = read.get("event_id")
    assert frame.msg == read["msg"]
    assert frame.event_id == (event if isinstance(event, str) and event else None)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"ALIVE",
        b"null",
        b"[]",
        b'"msg"',
        b"5",
        b"{}",
        b'{"msg":null}',
        b'{"msg":5,"event_id":"x"}',
        b'{"msg":"log","event_id":"\xff\xfe"}',
        b'{"msg":"log","event_id":"x" "y"}',
        b"\xff\xfe\x00",
        b'{"event_id":"x","msg":"log"',
        b'{"x":' + b"[" * 100_000,
        b'{"x":' + b"9" * 10_000 + b'e,"msg":"log"}',
    ],
)
def test_frame_of_something_else_is_a_protocol_error(raw: bytes) -> None:
    """Bytes that are not a message raise an error that contains them."""
    with pytest.raises(ProtocolError) as caught:
        Message.of(raw, 0.0)
    assert caught.value.raw == raw


@given(st.binary(max_size=60) | st.binary(max_size=30).map(b'{"msg":"log","event_id":"'.__add__))
def test_frame_of_any_bytes_is_a_frame_or_a_protocol_error(raw: bytes) -> None:
    """Random bytes raise no other error."""
    try:
        Message.of(raw, 0.0).parse()
    except ProtocolError:
        pass


@given(st.lists(st.sampled_from(HEADS), max_size=8))
def test_heads_of_one_stream_are_read_as_each_alone(raws: list[bytes]) -> None:
    """A head is read the same whether or not it begins like the last one."""
    heads = wire.Heads()
    for raw in raws:
        assert heads.frame(raw, 1.0) == Message.of(raw, 1.0)


def test_heads_of_no_message_leave_the_next_alone() -> None:
    """A message that cannot be read does not affect the next one."""
    heads = wire.Heads()
    heads.frame(HEADS[0], 1.0)
    with pytest.raises(ProtocolError):
        heads.frame(b"[]", 1.0)
    assert heads.frame(HEADS[0], 1.0).event_id == "ab"


@pytest.mark.parametrize(
    ("message", "renders"),
    [
        ({"msg": "process_completed", "output": {"render_config": {"layout": {}}}}, True),
        ({"msg": "process_completed", "output": {"render_config": None}}, False),
        ({"msg": "process_completed", "output": {"data": ["render_config"]}}, False),
        ({"msg": "heartbeat"}, False),
    ],
)
def test_frame_knows_whether_it_renders(message: dict[str, Any], renders: bool) -> None:
    """A message with a render config is distinguished from one with an empty field."""
    assert frame_of(message).renders is renders


def test_frame_renders_are_found_in_every_recording() -> None:
    """Exactly the recorded messages with a render config are detected."""
    for version, scenario in all_transcripts():
        for line in lines_of(version, scenario):
            if line["kind"] in ("sse", "ws") and line["dir"] == "recv":
                output = line["data"].get("output") or {}
                assert frame_of(line["data"]).renders is bool(output.get("render_config"))


@pytest.mark.parametrize("raw", [b"[1]", b"{", b"NaN", b'{"a":1}{"b":2}'])
def test_wire_parse_takes_objects_only(raw: bytes) -> None:
    """A message must be a JSON object."""
    with pytest.raises(ProtocolError):
        wire.parse(raw)


def test_wire_parse_reads_what_servers_write() -> None:
    """NaN, which Python servers write although JSON lacks it, can be read."""
    assert wire.parse(b'{"a": [1]}') == {"a": [1]}
    assert str(wire.parse(b'{"eta": NaN}')["eta"]) == "nan"


def test_wire_parse_leaves_room_on_the_stack() -> None:
    """The parser leaves room on the stack for finalizers that run during it."""
    failed: list[str] = []

    def sink(levels: int) -> int:
        return levels and sink(levels - 1)

    def collecting(phase: str, info: dict[str, int]) -> None:
        try:
            sink(100)
        except RecursionError:
            failed.append(phase)

    deepest = b'{"a":' * wire.DEEPEST + b"[]" + b"}" * wire.DEEPEST
    thresholds = gc.get_threshold()
    gc.callbacks.append(collecting)
    gc.set_threshold(1)
    try:
        with pytest.raises(ProtocolError, match="more than 400 levels"):
            wire.parse(b'{"a":' * 10_000 + b"[]" + b"}" * 10_000)
        with pytest.raises(ProtocolError, match="more than 400 levels"):
            wire.parse(deepest)
        wire.parse(deepest.replace(b"[]", b"1"))
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(collecting)
    assert not failed


def test_wire_parse_blames_no_server_for_the_callers_stack() -> None:
    """If the caller's stack is nearly full, the error does not blame the server."""
    raw = b'{"a":' * 390 + b"1" + b"}" * 390

    def at(depth: int) -> object:
        return at(depth - 1) if depth else wire.parse(raw)

    assert at(10)
    if sys.version_info >= (3, 12):  # this parser has its own stack
        assert at(sys.getrecursionlimit() - 300)
    else:
        with pytest.raises(RecursionError):
            at(sys.getrecursionlimit() - 300)
