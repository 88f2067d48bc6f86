"""The new pieces of a growing text, for `Job.text`.

The values of a generator are whole texts or whole chats. Each value is compared with the one before
it. If it begins with the earlier text, the rest is a piece; otherwise the whole text is a piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._basics.outputs import listing
from .._basics.words import called
from ..errors import PayloadError
from ..events import TextPiece

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..events import Data

#: The position of a message in a chat, and its text.
Said = tuple[object, str]


class TextPieces:
    """The pieces of one output's text.

    Args:
        values: The values of the job, with ``None`` for each pause that is reported.
        output: The number or label of the output.
        pauses: Whether to yield an empty piece for each pause, and for each value without new text.
    """

    def __init__(
        self, values: Iterable[Data | None], output: int | str, *, pauses: bool = False
    ) -> None:
        self._values = values
        self._output = output
        self._pauses = pauses
        self._before: Said = None, ""
        self._has_gap = False

    def note_gap(self) -> None:
        """Note that values are missing before the next one, so that its piece is a restart."""
        self._has_gap = True

    def __iter__(self) -> Iterator[TextPiece]:
        for data in self._values:
            piece = None if data is None else self._new_piece(data)
            if piece is not None:
                yield piece
            elif self._pauses:
                yield TextPiece()

    def _new_piece(self, data: Data) -> TextPiece | None:
        try:
            value = data[self._output]
        except LookupError as exc:
            raise PayloadError(
                str(exc.args[0]), endpoint=data.endpoint, parameter="output"
            ) from None
        if value is None and self._is_kept(data):
            return None
        found = said(value)
        if found is None:
            raise PayloadError(
                f"Output {self._output!r} of {called(data.endpoint)} is not a text or a chat "
                f"but {_kind(value)}. {listing(data, data._described)} Choose one that has "
                "text with job.text(output=…), or use `for data in job`.",
                endpoint=data.endpoint,
                parameter="output",
            )
        return self._compare(found)

    def _is_kept(self, data: Data) -> bool:
        """Return whether the app sent an update that leaves the value of the component."""
        output: Any = self._output
        if isinstance(output, str):
            (output,) = data._described.find(output)
        update = data.updates.get(output % len(data))
        return update is not None and "value" not in update

    def _compare(self, now: Said) -> TextPiece | None:
        (place, text), (place_before, before) = now, self._before
        self._before = now
        if not before and not text:
            return None
        has_gap, self._has_gap = self._has_gap, False
        is_other = place != place_before or not text.startswith(before)
        if has_gap or (before and is_other):
            return TextPiece(text, restarts=True)
        return TextPiece(text[len(before) :]) if len(text) > len(before) else None


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def has_text(data: Data) -> bool:
    """Return whether the first output of a value has text."""
    return len(data) > 0 and said(data[0]) is not None


def said(value: object) -> Said | None:
    """Return the text that grows in a value: the text itself, or the last message of a chat.

    Args:
        value: A text, a message, or a chat of messages or pairs, in the form of any release.

    Returns:
        The position of the message and its text; ``None`` if the value has no text.
    """
    if value is None:
        return None, ""
    if isinstance(value, str):
        return None, value
    if isinstance(value, Mapping):
        key = "content" if "content" in value else "text"
        text = _text(value[key]) if key in value else None
        return None if text is None else (value.get("role"), text)
    if not isinstance(value, (list, tuple)):
        return None
    return _last(value) if value else (0, "")


def _last(chat: list[Any] | tuple[Any, ...]) -> Said | None:
    """Return the last message of a chat that is not empty."""
    last = chat[-1]
    if isinstance(last, Mapping) and "content" in last:
        text = _text(last["content"])
        return None if text is None else (len(chat), text)
    if all(isinstance(part, Mapping) and "type" in part for part in chat):
        return None, _text(chat) or ""  # the parts of one message
    if isinstance(last, (list, tuple)) and len(last) == 2:
        side = 1 if last[1] is not None else 0
        text = _text(last[side])
        return None if text is None else ((len(chat), side), text)
    return None


def _text(content: object) -> str | None:
    """Return the text of a message's content; ``None`` if it cannot be a content."""
    if isinstance(content, str):
        return content
    if isinstance(content, (list, tuple)):
        return "".join([_text(part) or "" for part in content])
    if isinstance(content, Mapping):
        text = content.get("text")
        return text if isinstance(text, str) else ""  # a file, or a component
    return None if isinstance(content, (bool, int, float)) else ""
