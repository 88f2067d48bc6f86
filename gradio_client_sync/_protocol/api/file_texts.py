"""Texts in a payload at positions where the app accepts only a file.

A text is never a file, so an app would get it as a text, and fail with an error that does not name
the reason. Only texts that cannot be right are found here. The components of Gradio that take files
are known. Of other components, the schema in the config decides, if it allows nothing but a file.

Servers of 3.x take images as data URLs, or as base64 without a head, so these texts are allowed
there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .schema import MAX_DEPTH, is_file, list_in, referred, type_text

if TYPE_CHECKING:
    from ..values.slot import Slot

#: Components of Gradio that take files, alone, in lists or in dicts with the keys of `_FILE_KEYS`.
_FILES = frozenset(
    "file uploadbutton image audio microphone video gallery model3d imageeditor sketchpad paint "
    "imagemask imageslider".split()
)
#: Their keys with files. All other keys have texts: captions, and the facts of a file.
_FILE_KEYS = ("background", "layers", "composite", "image", "mask", "video", "subtitles")

#: Components of Gradio that take texts: their schemas are not searched for files.
_TEXTS = frozenset(
    "textbox number slider checkbox checkboxgroup radio dropdown label code markdown colorpicker "
    "datetime highlightedtext json dataframe chatbot fileexplorer html button state dataset timer "
    "browserstate timeseries".split()
)

#: How base64 of the image formats begins.
_BASE64_IMAGES = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR", "Qk0", "Qk1", "SUkq", "TU0A")


def takes_files(slot: Slot) -> bool:
    """Return whether texts for a component have to be searched by `text_for_file`."""
    if slot.type in _FILES or slot.type == "multimodaltextbox":
        return True
    return slot.type not in _TEXTS and "filepath" in type_text(_schema(slot))


def text_for_file(slot: Slot, value: Any) -> str | None:
    """Return the first text in a value at a position where the component accepts only a file.

    Args:
        slot: The input; `takes_files` of it is true.
        value: The value that the user passed for it.
    """
    if slot.type == "multimodaltextbox":
        files = value.get("files") if isinstance(value, Mapping) else None
        return next(_texts("files", files, 0), None)
    if slot.type not in _FILES:
        schema = _schema(slot)
        return next(_by_schema(schema, schema, value, 0), None)
    if "skip_api" in slot.config:  # since 4.0
        return next(_texts(slot.type, value, 0), None)
    return next((text for text in _texts(slot.type, value, 0) if not _is_content(text)), None)


def _is_content(text: str) -> bool:
    return text.startswith(("data:", *_BASE64_IMAGES))


def _texts(kind: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth > MAX_DEPTH:
        return
    elif isinstance(value, (list, tuple)):
        for item in value:
            if kind == "gallery" and isinstance(item, (list, tuple)):
                item = item[:1]  # the other part is the caption
            yield from _texts(kind, item, depth + 1)
    elif isinstance(value, Mapping):
        for key in _FILE_KEYS:
            if key in value:
                yield from _texts(kind, value[key], depth + 1)


def _schema(slot: Slot) -> Mapping[str, Any]:
    """Return the schema in the config of a server since 4.0; ``{}`` for others."""
    config = slot.config
    schema = config.get("api_info_as_input") or config.get("api_info")
    return schema if "skip_api" in config and isinstance(schema, Mapping) else {}


def _by_schema(schema: object, root: object, value: Any, depth: int) -> Iterator[str]:
    """Yield the texts where a schema allows only a file.

    Where it has several forms of a list or dict, none of them is searched.
    """
    if isinstance(schema, Mapping) and "$ref" in schema and depth <= MAX_DEPTH:
        yield from _by_schema(referred(root, schema["$ref"]), root, value, depth + 1)
        return
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return
    parts = list_in(schema, "anyOf") or list_in(schema, "oneOf")
    if parts:
        parts = [part for part in parts if not _is_null(part)]
        if len(parts) == 1:
            yield from _by_schema(parts[0], root, value, depth + 1)
    elif is_file(schema):
        if isinstance(value, str):
            yield value
    elif isinstance(value, Mapping):
        properties, others = schema.get("properties"), schema.get("additionalProperties")
        known = properties if isinstance(properties, Mapping) else {}
        for key, item in value.items():
            yield from _by_schema(known.get(key, others), root, item, depth + 1)
    elif isinstance(value, (list, tuple)):
        positions = list_in(schema, "prefixItems")
        for index, item in enumerate(value):
            inner = positions[index] if index < len(positions) else schema.get("items")
            yield from _by_schema(inner, root, item, depth + 1)


def _is_null(schema: object) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"
