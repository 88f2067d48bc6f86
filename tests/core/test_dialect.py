"""The table of queue generations."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.dialect import (
    DIALECTS,
    UNKNOWN_VERSION,
    dialect_of,
    parse_version,
)
from gradio_client_sync.errors import ConfigError, UnsupportedAppError
from tests.support.transcripts import dialect_for


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("4.44.1", (4, 44, 1)),
        ("3.10", (3, 10, 0)),
        ("5.0.0b3", (5, 0, 0)),
        ("6.0.0.dev1", (6, 0, 0)),
        ("v5.0", UNKNOWN_VERSION),
        ("", UNKNOWN_VERSION),
        ("7", UNKNOWN_VERSION),
        (None, UNKNOWN_VERSION),
        (4.44, UNKNOWN_VERSION),
        (f"{'9' * 5000}.0", UNKNOWN_VERSION),
    ],
)
def test_version_is_read_leniently(text: object, version: tuple[int, int, int]) -> None:
    """A suffix is ignored, and an unreadable version counts as newer than any release."""
    assert parse_version(text) == version


def test_a_version_may_end_in_a_newline() -> None:
    """Servers of 3.16 and 3.23 end their version with a newline."""
    assert parse_version("3.16.2\n") == (3, 16, 2)
    assert dialect_of({"version": "3.23.0\n"}).version == (3, 23, 0)


@given(st.text())
def test_version_reads_any_text(text: str) -> None:
    """Any text can be read as a version."""
    assert len(parse_version(text)) == 3


@pytest.mark.parametrize(
    ("release", "protocol", "join", "cancel"),
    [
        ("3.16.2", "ws", "websocket", "close"),
        ("3.23.0", "ws", "websocket", "close"),
        ("3.50.2", "ws", "websocket", "close"),
        ("4.0.2", "sse", "get", "reset"),
        ("4.12.0", "sse_v1", "post", "reset"),
        ("4.19.2", "sse_v2", "post", "reset"),
        ("4.21.0", "sse_v2.1", "post", "reset"),
        ("4.44.1", "sse_v3", "post", "cancel"),
        ("5.50.0", "sse_v3", "post", "cancel"),
        ("6.31.0", "sse_v3", "post", "cancel"),
    ],
)
def test_dialect_follows_the_release(release: str, protocol: str, join: str, cancel: str) -> None:
    """Each generation has its own ways to join and to cancel."""
    dialect = dialect_for(release)
    assert (dialect.protocol, dialect.join, dialect.cancel) == (protocol, join, cancel)
    assert dialect.shared_stream == (join == "post")
    assert dialect.heartbeats == (join == "post")
    assert dialect.shares_iterators == (join == "websocket")
    assert dialect.diffs == (protocol in ("sse_v2", "sse_v2.1", "sse_v3"))


def test_a_single_heartbeat_is_not_relied_on() -> None:
    """Servers of 4.0 to 4.8 send one heartbeat per stream, so silence there means nothing."""
    assert not DIALECTS["sse"].heartbeats


@pytest.mark.parametrize(
    ("release", "quoted"),
    [("3.50.2", True), ("4.44.1", True), ("5.1.0", True), ("5.2.0", False), ("6.31.0", False)],
)
def test_errors_are_quoted_before_5_2(release: str, quoted: bool) -> None:
    """The text of ``gr.Error`` has no quotes since 5.2."""
    assert dialect_of({"version": release, "protocol": "sse_v3"}).quotes_errors is quoted


@pytest.mark.parametrize(
    ("release", "cancel"), [("4.30.0", "reset"), ("4.31.0", "cancel"), (None, "cancel")]
)
def test_dialect_cancels_since_4_31(release: str | None, cancel: str) -> None:
    """``/cancel`` came with 4.31, and an app without a version counts as new."""
    assert dialect_of({"version": release, "protocol": "sse_v3"}).cancel == cancel


@pytest.mark.parametrize(("release", "heeded"), [("6.13.9", False), ("6.14.0", True)])
def test_dialect_cancels_waiting_jobs_since_6_14(release: str, heeded: bool) -> None:
    """Before 6.14 ``/cancel`` has no effect on a job that still waits in the queue."""
    assert dialect_of({"version": release, "protocol": "sse_v3"}).cancels_waiting is heeded


@pytest.mark.parametrize(
    ("release", "cut"),
    [("5.29.0", False), ("5.29.1", True), ("5.35.0", True), ("5.36.0", False), (None, False)],
)
def test_dialect_knows_releases_that_cut_the_paths_of_deletions(
    release: str | None, cut: bool
) -> None:
    """From 5.29.1 to 5.35 a deletion in a list does not say where the list is."""
    assert dialect_of({"version": release, "protocol": "sse_v3"}).cuts_paths is cut


@pytest.mark.parametrize("config", [{}, {"protocol": None}, {"protocol": ""}, {"protocol": "ws"}])
def test_dialect_without_protocol_is_the_websocket(config: dict[str, Any]) -> None:
    """Apps before 4.0 do not name their protocol, which is the websocket."""
    assert dialect_of(config).protocol == "ws"


@pytest.mark.parametrize("version", ["2.9.4", "2.0", "0.5.1\n"])
def test_dialect_refuses_gradio_2(version: str) -> None:
    """Gradio 2 is refused because it has no queue, and the error names the version."""
    with pytest.raises(UnsupportedAppError, match=version.strip()) as caught:
        dialect_of({"version": version})
    assert caught.value.version == version.strip()
    assert isinstance(caught.value, ConfigError)


@pytest.mark.parametrize("protocol", ["sse_v9", "SSE", 3, ["sse"], {"sse": 1}, True])
def test_dialect_refuses_what_it_does_not_know(protocol: object) -> None:
    """An unknown protocol is refused, and the error lists the known ones."""
    with pytest.raises(UnsupportedAppError) as caught:
        dialect_of({"protocol": protocol})
    assert repr(protocol) in str(caught.value)
    assert all(name in str(caught.value) for name in DIALECTS)
    assert "unknown version" in str(caught.value)


def test_dialect_rows_are_frozen() -> None:
    """The rows of the table cannot be changed."""
    before = {name: asdict(row) for name, row in DIALECTS.items()}
    chosen = dialect_for("6.31.0")
    with pytest.raises(FrozenInstanceError):
        chosen.cancel = "close"  # type: ignore[misc]
    assert {name: asdict(row) for name, row in DIALECTS.items()} == before
    assert all(name == row.protocol for name, row in DIALECTS.items())
