"""Conversion of conversations to the form that the chatbot of a server accepts.

There are three forms. Turns are pairs of the user's text and the bot's text, with ``None`` for
nothing. Messages have a role and a content. The content is a text or a file up to 5.x, and a list
of such parts from 6.0 on. A conversation in one form has one obvious meaning in the others: a
message with several parts is several messages, and a turn is up to two messages.

Behaviour: the forms as seen on live servers of 3.50.2, 4.44.1, 5.50.0 and 6.31.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .attachments import SPREAD, Attachment

if TYPE_CHECKING:
    from ..dialect import Dialect
    from .slot import Slot


def chat(value: Any, slot: Slot, dialect: Dialect) -> Any:
    """Return a conversation in the form of a chatbot; other values are returned unchanged."""
    if not isinstance(value, list) or not value:
        return value
    if all(isinstance(row, Mapping) and "role" in row and "content" in row for row in value):
        messages = [dict(row) for row in value]
    elif all(isinstance(row, list) and len(row) == 2 for row in value):
        if not _takes_messages(slot, dialect):
            return [[_old_part(side, dialect) for side in row] for row in value]
        messages = [
            {"role": role, "content": side}
            for row in value
            for role, side in zip(("user", "assistant"), row)
            if side is not None
        ]
    else:
        return value
    if not _takes_messages(slot, dialect):
        return _turns(messages, dialect)
    if dialect.version >= (6, 0, 0):
        return [{**one, "content": [_new_part(part) for part in _parts(one)]} for one in messages]
    return [
        {**one, "content": _old_part(part, dialect)} for one in messages for part in _parts(one)
    ]


def _takes_messages(slot: Slot, dialect: Dialect) -> bool:
    if dialect.files != "filedata" or dialect.version >= (6, 0, 0):
        return dialect.files == "filedata"
    return slot.props.get("type") == "messages"


def _turns(messages: list[dict[str, Any]], dialect: Dialect) -> list[list[Any]]:
    """Return messages as pairs; a message without a counterpart is alone in its pair."""
    turns: list[list[Any]] = []
    for message in messages:
        for part in _parts(message):
            side = _old_part(part, dialect)
            if message["role"] == "user":
                turns.append([side, None])
            elif turns and turns[-1][1] is None:
                turns[-1][1] = side
            else:
                turns.append([None, side])
    return turns


def _parts(message: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the parts of a message's content, which may be a single part itself."""
    content = message["content"]
    if isinstance(content, list) and not _is_captioned(content):
        yield from content
    else:
        yield content


def _is_captioned(content: list[Any]) -> bool:
    """Return whether a content is a file with its description, as older chatbots accepted it."""
    return len(content) == 2 and isinstance(content[0], Attachment) and isinstance(content[1], str)


def _file(part: Any) -> tuple[Attachment, Any] | None:
    """Return the file and its description if the part is a file, else ``None``."""
    if isinstance(part, Attachment):
        return part, None
    if isinstance(part, list) and _is_captioned(part):
        return part[0], part[1]
    if isinstance(part, Mapping) and isinstance(part.get("file"), Attachment):
        return part["file"], part.get("alt_text")
    return None


def _old_part(part: Any, dialect: Dialect) -> Any:
    """Return a part in the form that servers before 6.0 accept."""
    file = _file(part)
    if file is not None:
        if dialect.files == "filedata":
            return {"file": file[0], "alt_text": file[1]}
        return {SPREAD: file[0], "alt_text": file[1]}
    if isinstance(part, Mapping) and part.get("type") == "text" and "text" in part:
        return part["text"]
    return part


def _new_part(part: Any) -> Any:
    """Return a part in the form that servers since 6.0 accept."""
    file = _file(part)
    if file is not None:
        more = part if isinstance(part, Mapping) else {}
        return {**more, "type": "file", "file": file[0], "alt_text": file[1]}
    return {"type": "text", "text": part} if isinstance(part, str) else part
