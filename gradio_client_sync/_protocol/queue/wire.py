"""One message of the wire: what it is, without reading more of it than needed.

A job's messages are kept as they came, in bytes. `Message.of` finds the two fields
that routing needs at the head of the text, where every server puts them; only if
they are not there is the whole message parsed.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NamedTuple

from ...errors import ProtocolError
from . import nesting

DEEPEST = 400  # levels of JSON; servers since 4.0 write with orjson, which ends at 254

_HEAD = re.compile(
    rb'\s*\{\s*"msg"\s*:\s*"([a-z_?]*)"'
    rb'(?:\s*,\s*("event_id")\s*:\s*(?:"([ !#-\[\]-~]*)"|null))?\s*[,}]'
)
_decode = json.JSONDecoder().decode  # `json.loads` first looks at five options, for each text
_RENDER = re.compile(rb'"render_config"\s*:\s*\{')


class Message(NamedTuple):
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
    def of(cls, raw: bytes, time: float) -> Message:
        """Read the head of a message.

        Raises:
            ProtocolError: It is not a JSON object with a ``msg``.
        """
        return Heads().frame(raw, time)

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


class Heads:
    """Reads the heads of one stream's messages: most begin as the one before did."""

    __slots__ = ("_event_id", "_msg", "_text")

    def __init__(self) -> None:
        self._text: bytes | None = None  # of the one before, if it had all that was looked for
        self._msg = ""
        self._event_id: str | None = None

    def frame(self, raw: bytes, time: float) -> Message:
        """Read the head of a message.

        Raises:
            ProtocolError: As of `Message.of`.
        """
        if self._text is not None and raw.startswith(self._text):
            return Message(self._msg, self._event_id, raw, time)
        self._text = None
        head = _HEAD.match(raw)
        if head is not None and (head[2] or b'"event_id"' not in raw):
            self._msg = sys.intern(head[1].decode())
            self._event_id = sys.intern(head[3].decode()) if head[3] else None
            self._text = head[0] if head[2] else None
            return Message(self._msg, self._event_id, raw, time)
        message = parse(raw)
        msg, event = message.get("msg"), message.get("event_id")
        if not isinstance(msg, str):
            raise ProtocolError("A message of the queue has no kind.", raw=raw)
        return Message(msg, event if event and isinstance(event, str) else None, raw, time)


class TooDeep(ValueError):
    """JSON that is nested more deeply than is read."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {DEEPEST} levels deep")


def read_json(raw: bytes) -> Any:
    """Read JSON as it is on the wire, in UTF-8.

    Raises:
        ValueError: It is none; the error may hold all of it.
        TooDeep: It is nested too deeply.
        RecursionError: Whoever calls has not left that much of the stack.
    """
    if nesting.deeper(raw, DEEPEST):
        raise TooDeep
    # Decoded here: `json` would first find out in which of five ways.
    text = raw.decode("utf-8", "surrogatepass")
    return _decode(text.lstrip("\ufeff"))  # the mark that some editors of Windows begin files with


def parse(raw: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ProtocolError: It is something else, or nested too deeply to be read.
        RecursionError: As of `read_json`.
    """
    try:
        message = read_json(raw)
    except ValueError as exc:
        raise ProtocolError(
            f"A message of the queue is not readable JSON: {exc}.", raw=raw
        ) from exc
    if not isinstance(message, dict):
        raise ProtocolError("A message of the queue is not a JSON object.", raw=raw)
    return message
