"""Conversations in the form that a chatbot takes, whatever form they are passed in.

There have been three. Turns are pairs of what the user and the bot said, ``None`` for nothing.
Messages have a role and a content, which is a text or a file up to 5.x, and from 6.0 on a list
of such parts. A conversation passed in one form has one obvious meaning in the others: a
message with several parts is several messages, and a turn is up to two.

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
    """Put a conversation into a chatbot's form; what is none stays as it is."""
    if not isinstance(value, list) or not value:
        return value
    if all(isinstance(row, Mapping) and "role" in row and "content" in row for row in value):
        messages = [dict(row) for row in value]
    elif all(isinstance(row, list) and len(row) == 2 for row in value):
        if not _takes_messages(slot, dialect):
            return [[_said(side, dialect) for side in row] for row in value]
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
        return [{**one, "content": [_part(part) for part in _parts(one)]} for one in messages]
    return [{**one, "content": _said(part, dialect)} for one in messages for part in _parts(one)]


def _takes_messages(slot: Slot, dialect: Dialect) -> bool:
    if dialect.files != "filedata" or dialect.version >= (6, 0, 0):
        return dialect.files == "filedata"
    return slot.props.get("type") == "messages"


def _turns(messages: list[dict[str, Any]], dialect: Dialect) -> list[list[Any]]:
    """Pairs of messages; one that has no counterpart is alone in its turn."""
    turns: list[list[Any]] = []
    for message in messages:
        for part in _parts(message):
            said = _said(part, dialect)
            if message["role"] == "user":
                turns.append([said, None])
            elif turns and turns[-1][1] is None:
                turns[-1][1] = said
            else:
                turns.append([None, said])
    return turns


def _parts(message: Mapping[str, Any]) -> Iterator[Any]:
    """The parts of a content, which may be one by itself, or a file with a text beside it."""
    content = message["content"]
    if isinstance(content, list) and not _is_captioned(content):
        yield from content
    else:
        yield content


def _is_captioned(content: list[Any]) -> bool:
    """A file and its description, as Gradio's own chatbots took them."""
    return len(content) == 2 and isinstance(content[0], Attachment) and isinstance(content[1], str)


def _file(part: Any) -> tuple[Attachment, Any] | None:
    """The file and its description, if a part is one."""
    if isinstance(part, Attachment):
        return part, None
    if isinstance(part, list) and _is_captioned(part):
        return part[0], part[1]
    if isinstance(part, Mapping) and isinstance(part.get("file"), Attachment):
        return part["file"], part.get("alt_text")
    return None


def _said(part: Any, dialect: Dialect) -> Any:
    """A part as servers before 6.0 take it."""
    file = _file(part)
    if file is not None:
        if dialect.files == "filedata":
            return {"file": file[0], "alt_text": file[1]}
        return {SPREAD: file[0], "alt_text": file[1]}
    if isinstance(part, Mapping) and part.get("type") == "text" and "text" in part:
        return part["text"]
    return part


def _part(part: Any) -> Any:
    """A part as servers since 6.0 take it."""
    file = _file(part)
    if file is not None:
        more = part if isinstance(part, Mapping) else {}
        return {**more, "type": "file", "file": file[0], "alt_text": file[1]}
    return {"type": "text", "text": part} if isinstance(part, str) else part
