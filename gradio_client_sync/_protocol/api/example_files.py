"""Examples that a component accepts: files of the right kind, and all parts that a page sends.

A server sends the same example for every file input, a PDF, and a picture without its layers for
every image editor. Some of them are refused by the same component, or lack what its function reads.
The same holds for numbers outside the range (up to 4.44), and for dates with a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..values.slot import draws_mask
from .schema import list_in

if TYPE_CHECKING:
    from ..values.slot import Slot

#: A file name for each kind in ``file_types``; any other file is a document.
NAMES = {"image": "photo.png", "video": "clip.mp4", "audio": "speech.wav", "text": "notes.txt"}
DOCUMENT = "document.pdf"
MOST_LAYERS = 5

_FILE_INPUTS = ("file", "uploadbutton")


def accepted_example(slot: Slot, example: Any) -> Any:
    """Return an example with files that the component accepts.

    Args:
        slot: The input.
        example: The example of the server, or one made from the type.

    Behaviour: a number outside the range is an error, and so is a date with a time if the
    component has none. ``file_types`` has suffixes, kinds such as ``"image"``, and since 4.x MIME
    types. A page of an image editor sends every layer and the composite, also if nothing was drawn.
    """
    if slot.type in ("number", "slider"):
        return _in_range(slot.props, example)
    if slot.type == "datetime" and slot.props.get("include_time") is False:
        return example[: len("2020-10-01")] if isinstance(example, str) else example
    types = [kind for kind in list_in(slot.props, "file_types") if isinstance(kind, str)]
    if types:
        example = _renamed(example, slot, types)
    if slot.type == "image" and draws_mask(slot.props):
        picture = example if isinstance(example, str) and example else NAMES["image"]
        return {"image": picture, "mask": picture}
    if isinstance(example, Mapping) and example.get("background"):
        return _whole_picture(slot, example)
    several = slot.props.get("file_count") in ("multiple", "directory")
    if several and slot.type in _FILE_INPUTS and example and not isinstance(example, list):
        return [example]
    return example


def _in_range(props: Mapping[str, Any], example: Any) -> Any:
    """Return the nearest number that is not below the minimum, nor above the maximum."""
    least, most = props.get("minimum"), props.get("maximum")
    if isinstance(example, (int, float)) and isinstance(least, (int, float)):
        example = max(example, least)
    if isinstance(example, (int, float)) and isinstance(most, (int, float)):
        example = min(example, most)
    return example


def _whole_picture(slot: Slot, example: Mapping[str, Any]) -> dict[str, Any]:
    """Return the example of an image editor with its layers and composite."""
    picture, options = example["background"], slot.props.get("layers")
    names = list_in(options, "layers") if isinstance(options, Mapping) else []
    layers = [picture] * min(max(len(names), 1), MOST_LAYERS)
    return {
        **example,
        "layers": example.get("layers") or layers,
        "composite": example.get("composite") or picture,
    }


def _renamed(example: Any, slot: Slot, types: list[str]) -> Any:
    """Replace the files that no type allows."""
    if slot.type in _FILE_INPUTS and (example is None or isinstance(example, str)):
        # A text on 3.x and 4.0 to 4.2x; nothing before 3.26.
        return example if example and _allowed(example, types) else _name_for(types)
    if isinstance(example, list):
        return [_renamed(one, slot, types) for one in example]
    if not isinstance(example, Mapping):
        return example
    path = example.get("path")
    if isinstance(path, str) and "meta" in example:
        return example if _allowed(path, types) else {"path": _name_for(types), "meta": {}}
    if slot.type == "gallery" and "image" in example:  # alone, so that it may be a video
        return _renamed(example["image"], slot, types)
    return {key: _renamed(part, slot, types) for key, part in example.items()}


def _allowed(path: str, types: list[str]) -> bool:
    from ..values.filename import type_of

    mime_type = type_of(path) or ""
    for one in types:
        kind, _, subtype = one.partition("/")
        if one.startswith("."):
            found = path.lower().endswith(one.lower())
        elif subtype in ("", "*"):
            found = kind in ("file", mime_type.partition("/")[0])
        else:
            found = one == mime_type
        if found:
            return True
    return False


def _name_for(types: list[str]) -> str:
    kind, _, subtype = types[0].partition("/")
    if kind.startswith("."):
        return f"document{kind}"
    if subtype in ("", "*"):
        return NAMES.get(kind, DOCUMENT)
    from ..values.filename import ending_of

    return f"document{ending_of(types[0]) or '.pdf'}"
