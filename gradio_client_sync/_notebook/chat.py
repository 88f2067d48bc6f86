"""Conversations as bubbles: the user's messages on the right, the app's on the left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

from .markup import DIM, PROSE, Html, element, join, note, text

#: Shows a value; its component and the properties of it may follow.
ShowPart = Callable[..., Html]

MOST_MESSAGES = 200  # of a conversation; the last ones are shown

_BUBBLE = f"{PROSE};display:inline-block;max-width:85%;padding:.4em .8em;border-radius:.9em"
_SIDES = {
    "user": ("right", "rgba(76,139,245,.22)"),
    "assistant": ("left", "rgba(128,128,128,.16)"),
}


def chat_html(value: Any, show: ShowPart, *, pairs: bool) -> Html | None:
    """Return a conversation as HTML; ``None`` if the value is not a conversation.

    Args:
        value: Messages with a role or, in older apps, pairs of a question and an answer.
        show: ShowParts a value inside a message.
        pairs: Whether to accept pairs; a list of pairs could also be another value.
    """
    if not isinstance(value, list) or not value:
        return None
    messages = list(_messages(value, pairs))
    if None in messages:
        return None
    last = [message for message in messages[-MOST_MESSAGES:] if message is not None]
    bubbles = [_bubble(role, content, title, show) for role, content, title in last]
    if len(messages) > MOST_MESSAGES:
        bubbles.insert(0, note(f"{len(messages) - MOST_MESSAGES} earlier messages"))
    return element("div", *bubbles, style="max-width:46em")


def _messages(value: list[Any], pairs: bool) -> Iterator[tuple[str, Any, str | None] | None]:
    for entry in value:
        if isinstance(entry, dict) and isinstance(entry.get("role"), str) and "content" in entry:
            metadata = entry.get("metadata")
            title = metadata.get("title") if isinstance(metadata, dict) else None
            yield entry["role"], entry["content"], title if isinstance(title, str) else None
        elif pairs and isinstance(entry, list) and len(entry) == 2:
            for role, content in zip(("user", "assistant"), entry):
                if content is not None:
                    yield role, content, None
        else:
            yield None


def _bubble(role: str, content: Any, title: str | None, show: ShowPart) -> Html:
    side, tint = _SIDES.get(role, ("left", "transparent"))
    parts = [element("div", text(title, 200), style=f"{DIM};font-size:85%")] if title else []
    if role not in _SIDES:
        parts.insert(0, note(f"{role}: "))
    parts += [_part(part, show) for part in (content if isinstance(content, list) else [content])]
    bubble = element("div", join(parts), style=f"{_BUBBLE};background:{tint}")
    return element("div", bubble, style=f"text-align:{side};margin:.25em 0")


def _part(part: Any, show: ShowPart) -> Html:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        part = part["text"]
    elif isinstance(part, dict) and part.get("type") == "file" and "file" in part:
        part = part["file"]
    elif isinstance(part, dict) and "component" in part and "value" in part:
        props = part.get("props")
        return show(part["value"], str(part["component"]), props if isinstance(props, dict) else {})
    return text(part) if isinstance(part, str) else show(part)
