"""The generations of Gradio's queue, as a table.

A `Dialect` holds every way in which one server differs from another as far as a
job is concerned, so that the rest of the package asks it instead of comparing
protocol names and versions. A new protocol is a new row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from .._record import FrozenRecord
from ..errors import UnsupportedAppError

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = tuple[int, int, int]

#: Stands for "newer than any release" where an app does not say its version.
UNKNOWN_VERSION: Version = (999, 0, 0)

_VERSION = re.compile(r"\s*(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")


class Dialect(FrozenRecord):
    """How one server talks.

    Attributes:
        protocol: The name in the config; ``"ws"`` where it has none.
        version: The server's release.
        join: How a job enters the queue: over a websocket of its own, by a GET
            that becomes its event stream, or by a POST answered with an event id.
        shared_stream: All jobs of a session share one event stream.
        diffs: Intermediate values after the first are edit lists.
        heartbeats: The stream is never silent for more than some 15 s.
        cancel: What ends a job on the server: closing its connection, ``/reset``
            (one generator), or ``/cancel`` (every job of the function and session).
        cancels_waiting: ``/cancel`` takes a job out of the queue. Before, it was heeded only
            once the function ran.
        shares_iterators: Two jobs of one generator function in one session would
            be fed from one iterator, so they must not run together.
        quotes_errors: The text of ``gr.Error`` arrives as its Python ``repr``.
        files: The form of files in values: inline only, as objects with a name after an
            upload, or as file data with a path.
        cuts_paths: Edits that shorten a list do not say where in the value it is.
    """

    protocol: str
    join: Literal["websocket", "get", "post"]
    shared_stream: bool
    diffs: bool = False
    heartbeats: bool = False
    version: Version = UNKNOWN_VERSION
    cancel: Literal["close", "reset", "cancel"] = "close"
    cancels_waiting: bool = False
    shares_iterators: bool = False
    quotes_errors: bool = False
    files: Literal["inline", "uploaded", "filedata"] = "filedata"
    cuts_paths: bool = False


DIALECTS = {
    "ws": Dialect("ws", "websocket", shared_stream=False, shares_iterators=True),
    # 4.0 to 4.8 send one heartbeat per stream and then fall silent.
    "sse": Dialect("sse", "get", shared_stream=False),
    "sse_v1": Dialect("sse_v1", "post", shared_stream=True, heartbeats=True),
    "sse_v2": Dialect("sse_v2", "post", shared_stream=True, heartbeats=True, diffs=True),
    "sse_v2.1": Dialect("sse_v2.1", "post", shared_stream=True, heartbeats=True, diffs=True),
    "sse_v3": Dialect("sse_v3", "post", shared_stream=True, heartbeats=True, diffs=True),
}


def parse_version(text: object) -> Version:
    """Read a release number leniently: old servers end it with a newline, some add a suffix."""
    match = _VERSION.match(text) if isinstance(text, str) else None
    if match is None:
        return UNKNOWN_VERSION
    return int(match[1]), int(match[2]), int(match[3] or 0)


def dialect_of(config: Mapping[str, Any]) -> Dialect:
    """Choose the row for an app.

    Raises:
        UnsupportedAppError: Gradio 2.x, or a protocol that no row describes.

    Behaviour:
        A missing ``protocol`` means websockets, as in @gradio/client. When ``/cancel``
        came (4.31), uploads (3.19), when errors lost their quotes (5.2) and which edits lack
        their path (5.29.1 to 5.35), was seen on live servers.
    """
    version = parse_version(config.get("version"))
    protocol = config.get("protocol") or "ws"
    if version < (3, 0, 0):
        raise UnsupportedAppError(
            f"The app runs Gradio {_show(config)}, which has no queue this client could speak; "
            "it supports Gradio 3.10 and later. Call its HTTP API directly, or upgrade the app.",
            version=_show(config),
        )
    row = DIALECTS.get(protocol) if isinstance(protocol, str) else None
    if row is None:
        raise UnsupportedAppError(
            f"The app (Gradio {_show(config)}) uses the queue protocol {protocol!r}, which this "
            f"client does not know (it knows {', '.join(DIALECTS)}). Upgrade gradio-client-sync.",
            version=_show(config),
        )
    cancel: Literal["close", "reset", "cancel"] = "close"
    files: Literal["inline", "uploaded", "filedata"] = "filedata"
    if row.join != "websocket":
        cancel = "cancel" if version >= (4, 31, 0) else "reset"
    else:
        files = "uploaded" if version >= (3, 19, 0) else "inline"
    return row._replace(
        version=version,
        cancel=cancel,
        cancels_waiting=version >= (6, 14, 0),
        quotes_errors=version < (5, 2, 0),
        files=files,
        cuts_paths=(5, 29, 1) <= version < (5, 36, 0),
    )


def _show(config: Mapping[str, Any]) -> str:
    return str(config.get("version", "of an unknown version")).strip()
