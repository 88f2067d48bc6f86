"""The generations of Gradio's queue, as a table.

A `Dialect` holds every difference between servers that matters for a job. The rest of the package
reads its fields instead of comparing protocol names and versions. A new protocol is a new row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from .._basics.record import FrozenRecord
from ..errors import UnsupportedAppError

if TYPE_CHECKING:
    from collections.abc import Mapping

Version = tuple[int, int, int]

#: Used for an app that does not give its version; it counts as newer than every release.
UNKNOWN_VERSION: Version = (999, 0, 0)

_VERSION = re.compile(r"\s*(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")


class Dialect(FrozenRecord):
    """The rules of one server.

    Attributes:
        protocol: The protocol name in the config; ``"ws"`` if the config has none.
        version: The server's release.
        join: How a job enters the queue: over a websocket of its own, by a GET request whose
            response is its event stream, or by a POST request whose response has an event id.
        shared_stream: All jobs of a session share one event stream.
        diffs: Intermediate values after the first are edit lists.
        heartbeats: The stream is never silent for more than about 15 s.
        cancel: What ends a job on the server: closing its connection, ``/reset``
            (one generator), or ``/cancel`` (every job of the function and session).
        cancels_waiting: ``/cancel`` also removes a job that waits in the queue. Earlier servers
            obeyed it only once the function ran.
        shares_iterators: The server feeds two jobs of one generator function in one session from
            the same iterator, so they must not run at the same time.
        quotes_errors: The text of ``gr.Error`` arrives as its Python ``repr``.
        files: The form of files in values: inline only, as objects with a name after an
            upload, or as file data with a path.
        cuts_paths: Edits that shorten a list do not say where in the value the list is.
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
    """Parse a release number; old servers end it with a newline, and some add a suffix."""
    match = _VERSION.match(text) if isinstance(text, str) else None
    if match is None:
        return UNKNOWN_VERSION
    return int(match[1]), int(match[2]), int(match[3] or 0)


def dialect_of(config: Mapping[str, Any]) -> Dialect:
    """Return the dialect of an app.

    Args:
        config: The app's config.

    Raises:
        UnsupportedAppError: Gradio 2.x, or a protocol that no row describes.

    Behaviour:
        A missing ``protocol`` means websockets, as in @gradio/client. The versions were found on
        live servers: uploads came with 3.19 and ``/cancel`` with 4.31, errors lost their quotes
        with 5.2, and edits lacked their path from 5.29.1 to 5.35.
    """
    version = parse_version(config.get("version"))
    protocol = config.get("protocol") or "ws"
    if version < (3, 0, 0):
        raise UnsupportedAppError(
            f"The app runs Gradio {_show(config)}, whose queue this client does not support; "
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
