"""Files in a payload, at any depth, and their replacement by what the server accepts.

Only the type of the Python object that the user passes decides what counts as a file, never the
content of a text or a dict. So nobody but the user can make the client read a file. `files` makes
this decision, because it has to access the disk. This module walks through the payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ..._basics.words import called
from ...errors import PayloadError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .slot import Slot

#: Files deeper than this in a payload are not searched; JSON has its own limit.
DEEPEST = 200


class Attachment:
    """A file that the user passes in a payload.

    Attributes:
        orig_name: The user's name for it.
        size_bytes: Its size, if that is known before it is read.
        mime_type: Its MIME type, if it is known.
    """

    orig_name: str
    size_bytes: int | None
    mime_type: str | None


class Attached(NamedTuple):
    """An attachment, and the input that it is for."""

    file: Attachment
    slot: Slot


#: A key in a dict; the form of its attachment is merged into that dict.
SPREAD: Any = object()

#: Returns the attachment for what the user passed for a slot, or ``None`` if it is not a file.
Attach = Callable[[Any, "Slot"], "Attachment | None"]


def collect(
    name: str | int, slots: Sequence[Slot], data: Sequence[Any], attach: Attach
) -> tuple[list[Any], list[Attached]]:
    """Replace the files in a payload by attachments.

    Args:
        name: The endpoint, for errors.
        slots: Its inputs, one for each value.
        data: The values.
        attach: Returns the attachment for a value, or ``None`` if it is not a file.

    Returns:
        The payload with attachments in the places of the files, and all attachments in order.
        A file object that occurs several times becomes one attachment.

    Raises:
        PayloadError: The payload is nested too deeply, or contains itself, or `attach` refuses
            a value.
    """
    found: dict[int, Attached] = {}
    converted: dict[int, tuple[Any, Attachment]] = {}  # by id; keeps the object, so the id is valid

    def walk(value: Any, slot: Slot, depth: int) -> Any:
        known = converted.get(id(value))
        try:
            attachment = known[1] if known is not None else attach(value, slot)
        except PayloadError as exc:
            place = next(at for at, one in enumerate(slots) if one is slot)
            _name_place(exc, name, slot, place)
            raise
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
    """Replace the attachments in a value by what the server accepts.

    Args:
        value: The value, with attachments.
        forms: What the server accepts for each attachment, by ``id()`` of the attachment.
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


def _name_place(error: PayloadError, name: str | int, slot: Slot, place: int) -> None:
    """Add to an error about a value for which endpoint and input the value was."""
    label = str(slot.props.get("label") or slot.type)
    error.endpoint, error.parameter, error._place = name, label, place
    error.args = (f"{str(error).rstrip('.')}. It was given for {label!r} of {called(name)}.",)


def _too_deep(name: str | int) -> PayloadError:
    return PayloadError(
        f"The payload for {called(name)} is nested more than {DEEPEST} levels deep, or contains "
        "itself, so it cannot be sent.",
        endpoint=name,
    )
