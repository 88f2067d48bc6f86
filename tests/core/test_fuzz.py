"""Broken messages through the pure core; ``python -m tests.support.fuzz`` tries a million."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradio_client_sync._protocol.queue.decode import Decoder
from gradio_client_sync._protocol.queue.event_factory import EventFactory
from gradio_client_sync._protocol.queue.exchange import Exchange
from gradio_client_sync._protocol.queue.wire import Message
from gradio_client_sync.errors import ProtocolError
from tests.support.fuzz import run
from tests.support.transcripts import dialect_for, endpoint_for, frame_of

pytestmark = pytest.mark.once

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
KINDS = st.sampled_from(
    "estimation progress process_starts process_generating process_streaming process_completed "
    "queue_full unexpected_error server_stopped log send_data send_hash".split()
)
FIELDS = st.sampled_from(
    "output success event_id rank rank_eta queue_size progress_data message code eta title log "
    "duration visible time_limit used_cache avg_time".split()
)
OUTPUT = st.dictionaries(
    st.sampled_from(
        "data error is_generating duration title render_config changed_state_ids".split()
    ),
    JSON,
)


def test_changed_recordings_are_read_or_refused() -> None:
    """Recorded messages with errors raise only `ProtocolError`."""
    tried, refused = run(8_000, seed=6)
    assert tried >= 8_000 and refused > 500


@settings(max_examples=100)
@given(
    st.sampled_from(["3.50.2", "4.0.2", "4.44.1", "6.31.0"]),
    st.lists(st.tuples(KINDS, st.dictionaries(FIELDS, JSON), OUTPUT | JSON), max_size=5),
)
def test_made_up_messages_are_read_or_refused(version: str, messages: list) -> None:  # type: ignore[type-arg]
    """Messages with any fields give events or raise `ProtocolError`."""
    event_factory = EventFactory(endpoint_for(version, 3), dialect_for(version))
    exchange = Exchange(event_factory, {"data": [], "fn_index": 3, "session_hash": "s"})
    decoder = Decoder(event_factory)
    for kind, fields, output in messages:
        frame = frame_of({"msg": kind, "output": output, **fields})
        for read in (decoder.events, exchange.receive):
            try:
                read(frame)
            except ProtocolError:
                continue


@given(st.binary(max_size=300))
def test_bytes_are_a_frame_or_refused(raw: bytes) -> None:
    """Any bytes are read as a message or raise `ProtocolError`."""
    try:
        frame = Message.of(raw, 0.0)
    except ProtocolError:
        return
    assert isinstance(frame.msg, str)
