"""Files in a payload: found at any depth, and replaced by what the server takes for them.

What counts as a file is decided by the type of the Python object that the user passes, and
never by what a text or a dict says, so that nobody but the user can have a file read. That
decision needs to look at the disk and is made in `files`; here are the two walks around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ...errors import PayloadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .slot import Slot

#: Deeper in a payload no files are looked for; JSON has its own limit.
DEEPEST = 200


class Attachment:
    """A file on its way into a payload.

    Attributes:
        orig_name: What the user calls it.
        size_bytes: How long it is, where that can be known before it is read.
        mime_type: What it is, as far as known.
    """

    orig_name: str
    size_bytes: int | None
    mime_type: str | None


class Attached(NamedTuple):
    """An attachment and the input that it is for."""

    file: Attachment
    slot: Slot


#: A key whose attachment's form is spread out into the dict that it stands in.
SPREAD: Any = object()

#: Makes an attachment of what the user passed for a slot, or ``None`` if it is no file.
Attach = Callable[[Any, "Slot"], "Attachment | None"]


def collect(
    name: str | int, slots: Sequence[Slot], data: Sequence[Any], attach: Attach
) -> tuple[list[Any], list[Attached]]:
    """Make attachments of the files in a payload.

    Args:
        name: The endpoint, for errors.
        slots: Its inputs, one for each value.
        data: The values.
        attach: Makes an attachment of a value that is a file.

    Returns:
        The payload with attachments in their places, and all of them in order. A file
        that stands in several places is one attachment.

    Raises:
        PayloadError: The payload contains itself.
    """
    found: dict[int, Attached] = {}
    converted: dict[int, tuple[Any, Attachment]] = {}  # by id of the original, which it keeps

    def walk(value: Any, slot: Slot, depth: int) -> Any:
        known = converted.get(id(value))
        attachment = known[1] if known is not None else attach(value, slot)
        if attachment is not None:
            converted[id(value)] = (value, attachment)
            found.setdefault(id(attachment), Attached(attachment, slot))
            return attachment
        if isinstance(value, Mapping):
            parts = value.items()
            if depth > DEEPEST:
                raise _too_deep(name)
            return {key: walk(part, slot, depth + 1) for key, part in parts}
        if isinstance(value, (list, tuple)):
            if depth > DEEPEST:
                raise _too_deep(name)
            return [walk(part, slot, depth + 1) for part in value]
        return value

    values = [walk(value, slot, 0) for value, slot in zip(data, slots)]
    return values, list(found.values())


def fill(value: Any, forms: Mapping[int, Any]) -> Any:
    """Put what the server takes into the places of the attachments.

    Args:
        forms: By ``id()`` of the attachment.
    """
    if isinstance(value, Attachment):
        return forms[id(value)]
    if isinstance(value, dict):
        filled = {key: fill(part, forms) for key, part in value.items()}
        spread = filled.pop(SPREAD, None)
        return {**spread, **filled} if isinstance(spread, dict) else filled
    if isinstance(value, list):
        return [fill(part, forms) for part in value]
    return value


def _too_deep(name: str | int) -> PayloadError:
    return PayloadError(
        f"The payload for {name!r} is nested more than {DEEPEST} levels deep, or contains "
        "itself, so it cannot be sent.",
        endpoint=name,
    )
