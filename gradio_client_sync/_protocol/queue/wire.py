"""One message of the queue, parsed no further than needed.

The messages of a job are kept as the bytes that arrived. `Message.of` reads the two fields that
routing needs from the start of the text, where every server puts them. Only if they are not there,
it parses the whole message.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, NamedTuple

from ...errors import ProtocolError
from . import nesting

DEEPEST = 400  # levels of JSON; servers since 4.0 write with orjson, which allows 254

_HEAD = re.compile(
    rb'\s*\{\s*"msg"\s*:\s*"([a-z_?]*)"'
    rb'(?:\s*,\s*("event_id")\s*:\s*(?:"([ !#-\[\]-~]*)"|null))?\s*[,}]'
)
_decode = json.JSONDecoder().decode  # `json.loads` checks five options in each call
_RENDER = re.compile(rb'"render_config"\s*:\s*\{')


class Message(NamedTuple):
    """One message as it arrived.

    Attributes:
        msg: The kind of the message.
        event_id: The job that it belongs to; ``None`` if it names none.
        raw: The JSON text.
        time: When it arrived, in seconds since the epoch.
        published: The job's event log already has it.
    """

    msg: str
    event_id: str | None
    raw: bytes
    time: float
    published: bool = False

    @classmethod
    def of(cls, raw: bytes, time: float) -> Message:
        """Read the kind and the job of a message.

        Args:
            raw: The JSON text.
            time: When it arrived, in seconds since the epoch.

        Raises:
            ProtocolError: The text is not a JSON object with a ``msg``.
        """
        return Heads().frame(raw, time)

    @property
    def renders(self) -> bool:
        """Whether the message may contain new components. A fast check, never wrongly ``False``."""
        raw = self.raw
        # New components are an object within the output within the message, so there is a third
        # brace. A search for one byte is much faster than a search for a word.
        third = raw.find(b"{", raw.find(b"{", raw.find(b"{") + 1) + 1)
        return third >= 0 and b'"render_config"' in raw and _RENDER.search(raw) is not None

    def parse(self) -> dict[str, Any]:
        """Parse the whole message.

        Raises:
            ProtocolError: The text is not a JSON object, or is nested too deeply.
        """
        return parse(self.raw)


class Heads:
    """Reads the kind and the job of each message of one stream.

    Most messages begin with the same bytes as the message before, so this start is compared first.
    """

    __slots__ = ("_event_id", "_msg", "_text")

    def __init__(self) -> None:
        self._text: bytes | None = None  # the start of the last message, if it had both fields
        self._msg = ""
        self._event_id: str | None = None

    def frame(self, raw: bytes, time: float) -> Message:
        """Read the kind and the job of the next message.

        Args:
            raw: The JSON text.
            time: When it arrived, in seconds since the epoch.

        Raises:
            ProtocolError: The text is not a JSON object with a ``msg``.
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
            raise ProtocolError("A message of the queue has no 'msg'.", raw=raw)
        return Message(msg, event if event and isinstance(event, str) else None, raw, time)


class TooDeep(ValueError):
    """The JSON text is nested more deeply than `DEEPEST` allows."""

    def __init__(self) -> None:
        super().__init__(f"it is nested more than {DEEPEST} levels deep")


def read_json(raw: bytes) -> Any:
    """Parse JSON text in UTF-8.

    Raises:
        ValueError: The text is not JSON; the error may contain the whole text.
        TooDeep: The text is nested more than `DEEPEST` levels deep.
        RecursionError: The caller's stack is nearly exhausted.
    """
    if nesting.exceeds_depth(raw, DEEPEST):
        raise TooDeep
    # Decoded here, because `json` would first detect which of five encodings the bytes have.
    text = raw.decode("utf-8", "surrogatepass")
    return _decode(text.lstrip("\ufeff"))  # the byte order mark that some Windows editors write


def parse(raw: bytes) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        ProtocolError: The text is not a JSON object, or is nested too deeply.
        RecursionError: The caller's stack is nearly exhausted.
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
