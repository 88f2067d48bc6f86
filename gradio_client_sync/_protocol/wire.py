"""One message of the wire: what it is, without reading more of it than needed.

A job's messages are kept as they came, in bytes. `Frame.of` finds the two fields
that routing needs at the head of the text, where every server puts them; only if
they are not there is the whole message parsed.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NamedTuple

from ..errors import ProtocolError

_HEAD = re.compile(
    rb'\s*\{\s*"msg"\s*:\s*"([a-z_?]*)"'
    rb'(?:\s*,\s*("event_id")\s*:\s*(?:"([ !#-\[\]-~]*)"|null))?\s*[,}]'
)
_RENDER = re.compile(rb'"render_config"\s*:\s*\{')


class Frame(NamedTuple):
    """One message as it came.

    Attributes:
        msg: Its kind.
        event_id: The job it is for; ``None`` if it names none.
        raw: Its JSON text.
        time: When it arrived, in seconds since the epoch.
        told: The job's readers have it already.
    """

    msg: str
    event_id: str | None
    raw: bytes
    time: float
    told: bool = False

    @classmethod
    def of(cls, raw: bytes, time: float) -> Frame:
        """Read the head of a message.

        Raises:
            ProtocolError: It is not a JSON object with a ``msg``.
        """
        head = _HEAD.match(raw)
        if head is not None and (head[2] or b'"event_id"' not in raw):
            event_id = head[3]
            named = sys.intern(event_id.decode()) if event_id else None
            return cls(sys.intern(head[1].decode()), named, raw, time)
        message = parse(raw)
        msg, event = message.get("msg"), message.get("event_id")
        if not isinstance(msg, str):
            raise ProtocolError("A message of the queue has no kind.", raw=raw)
        return cls(msg, event if event and isinstance(event, str) else None, raw, time)

    @property
    def renders(self) -> bool:
        """Whether it may bring new components; cheap, and never wrongly ``False``."""
        raw = self.raw
        # Besides the message and its output there has to be an object for it. One byte is looked
        # for much faster than a word.
        third = raw.find(b"{", raw.find(b"{", raw.find(b"{") + 1) + 1)
        return third >= 0 and b'"render_config"' in raw and _RENDER.search(raw) is not None

    def parse(self) -> dict[str, Any]:
        """Read the whole message.

        Raises:
            ProtocolError: It is not a JSON object.
        """
        return parse(self.raw)


def parse(raw: bytes | str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ProtocolError: It is something else, or nested too deeply to be read.
    """
    try:
        # Decoded here: `json` would first find out in which of five ways.
        text = raw.decode("utf-8", "surrogatepass") if isinstance(raw, bytes) else raw
        message = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise ProtocolError("A message of the queue is not readable JSON.", raw=raw) from exc
    if not isinstance(message, dict):
        raise ProtocolError("A message of the queue is not a JSON object.", raw=raw)
    return message
