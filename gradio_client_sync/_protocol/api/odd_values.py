"""Values of a call that the app probably does not accept.

Servers accept many values that a component does not expect, and some functions accept them, too. So
such values are sent. If the function then fails, its error seldom names the reason, and many apps
hide it. So the functions here name the values that look odd: those of another type, outside of the
choices or the range, or files of another kind.

Nothing here is used before a call has failed. The functions never raise because of data from a
server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from ..values.attachments import Attachment
from ..values.filedata import is_link
from ..values.shapes import SOUNDS
from ..values.slot import draws_mask
from .api_info import parameters_of, schemas_of
from .file_texts import takes_files
from .schema import MAX_DEPTH, is_file, list_in, referred

if TYPE_CHECKING:
    from ..values.slot import Slot
    from .endpoint import Endpoint

_MOST = 3  # sentences
_ITEMS = 1000  # items of a list that are compared with the choices
_CHOICES = 8  # choices that a sentence lists
_LONGEST = 60  # characters of a text
_LONGEST_PATH = 200  # characters

#: Components whose values have several forms, and the names of these. Only a single value is odd.
_STRUCTURED = {
    "dataframe": "a table",
    "timeseries": "a table",
    "chatbot": "a list of messages",
    "label": "a label, or a dict of labels and shares",
    "highlightedtext": "a list of texts and labels",
    "json": "a value of JSON",
    "fileexplorer": "a list of paths",
    "annotatedimage": "an image with annotations",
    "plot": "a plot",
    "multimodaltextbox": "a text with files",
    "gallery": "images and videos",
    "imageeditor": "an image",
    "imageslider": "two images",
    "video": "a video",
}
_NO_FILES = frozenset(("dataframe", "timeseries", "label", "highlightedtext"))
#: Components that take a text or a number, and more than their schema says.
_LOOSE = frozenset(("datetime", "dataset", "state", "browserstate", "timer"))

_HASH = re.compile(r"[/\\][0-9a-f]{16,}[/\\]")

_IMAGE, _SOUND, _FILM = ("image/",), ("audio/",), ("video/",)
#: The MIME types of the files that components take, and what such files are called.
_KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(
        ("image", "imageeditor", "sketchpad", "paint", "imagemask", "imageslider"),
        (_IMAGE, "an image"),
    ),
    **dict.fromkeys(("audio", "microphone"), (_SOUND, "a sound")),
    "video": (_FILM, "a video"),
    "gallery": (_IMAGE + _FILM, "images and videos"),
    "model3d": (("model/",), "a 3D model"),
}
#: The suffixes of 3D models, whose MIME types few systems know.
_MODELS = (".obj", ".glb", ".gltf", ".stl", ".splat", ".ply")


def odd_values(
    endpoint: Endpoint,
    values: Sequence[Any],
    info: Callable[[], Mapping[str, Any] | None],
) -> str:
    """Return a sentence about the values that look odd; ``""`` if none does.

    Args:
        endpoint: The function that failed.
        values: One value for each of its inputs, as they were sent; files are attachments.
        info: Returns the response of ``/info``, for the names of parameters. It is called only if
            a value looks odd.
    """
    if len(values) != len(endpoint.inputs) or not _found(endpoint, values, None):
        return ""
    found = _found(endpoint, values, info())
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return f"This may be the reason: {'; '.join(found[:_MOST])}{more}." if found else ""


def looks_odd(slot: Slot, schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a component seems to take another value than this one.

    Args:
        slot: The input.
        schema: The JSON schema of its values.
        value: The value.
    """
    return _odd(slot, schema, value) is not None


def missing_event(example: Mapping[str, Any] | None) -> str:
    """Return a sentence for a failed call without the data of an event.

    Args:
        example: An example of the data; ``None`` if no event with data calls the function.
    """
    if example is None:
        return ""
    from .example import event_argument  # only after a failure

    return (
        "This may be the reason: an event of the app's page calls this function, and the function "
        f"may need the event's data. Pass it, for example {event_argument(example)}."
    )


def _found(endpoint: Endpoint, values: Sequence[Any], info: Mapping[str, Any] | None) -> list[str]:
    visible = [value for value, slot in zip(values, endpoint.inputs) if not slot.hidden]
    described = parameters_of(endpoint, info)
    schemas = schemas_of(endpoint, info, "parameters")
    found = []
    for slot, value, known, schema in zip(endpoint.parameters, visible, described, schemas):
        if slot.with_props and isinstance(value, Mapping):
            value = value.get("value")  # the value alone
        if known["parameter_has_default"] and _same(value, known["parameter_default"]):
            continue
        odd = _odd(slot, schema, value)
        if odd is not None:
            name = known["parameter_name"]
            found.append(f"{odd[0]} was sent for {name!r}, which takes {odd[1]}")
    return found


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and isinstance(one, _JSON) and bool(one == other)


_JSON = (str, int, float, bool, list, dict, type(None))

#: What was sent, and what the app takes.
_Odd = tuple[str, str]


def _odd(slot: Slot, schema: Mapping[str, Any], value: Any) -> _Odd | None:
    if type(value).__module__ == "numpy" and isinstance(getattr(value, "ndim", None), int):
        if value.ndim and slot.type in SOUNDS:
            return "an array", "a sound: a file, or a pair of a sample rate and an array"
        if not value.ndim:
            value = value.item()
        elif not takes_files(slot) and slot.type not in _STRUCTURED:
            value = value.tolist()
    if hasattr(value, "isoformat"):  # a date, which is sent as a text
        value = value.isoformat()
    if slot.type == "datetime" and isinstance(value, str):
        return _odd_date(slot, value)
    if slot.type in _LOOSE or not isinstance(value, (*_JSON, tuple, Attachment)):
        return None
    path = next(_paths(value, 0), None) if takes_files(slot) else None
    if path is not None and is_link(path):
        return f"a dict with the URL {_shortened(path)}", f"handle_file({_shortened(path)})"
    if path is not None:
        if len(path) > _LONGEST_PATH:
            return "a dict with a path", "pathlib.Path(path) or handle_file(path)"
        return f"a dict with the path {path!r}", f"pathlib.Path({path!r}) or handle_file({path!r})"
    if slot.type in _STRUCTURED:
        if (value is None and slot.type in _KINDS) or (
            isinstance(value, Attachment) and slot.type in _NO_FILES
        ):
            return _shown(value), _STRUCTURED[slot.type]
        if isinstance(value, (str, int, float)) and not _takes_one(schema, value):
            return _shown(value), _STRUCTURED[slot.type]
        part = _odd_part(slot, value)
        return _odd_file(slot, value) if part is None else (part, _STRUCTURED[slot.type])
    if slot.type == "image" and isinstance(value, Attachment) and draws_mask(slot.props):
        return _shown(value), 'a dict with two files, "image" and "mask"'
    if isinstance(value, str) and slot.type == "image" and "skip_api" not in slot.config:
        return None  # 3.x takes images as data URLs
    custom = slot.props.get("allow_custom_value") is True
    found = _mismatch(schema, schema, value, custom, 0)
    if found is not None and found[1] == "a file" and slot.type in _KINDS:
        found = found[0], _KINDS[slot.type][1]
    if found is None and isinstance(value, (int, float)) and not isinstance(value, bool):
        found = _out_of_range(slot, schema, value)
    return found or _odd_file(slot, value)


def _odd_part(slot: Slot, value: Any) -> str | None:
    """Return a text about the part of a table or chat that is wrong."""
    if slot.type == "dataframe" and isinstance(value, Mapping) and "data" not in value:
        return "a dict without the key 'data'"
    if slot.type == "dataframe" and isinstance(value, Mapping) and isinstance(value["data"], list):
        cells = [row[0] for row in value["data"][:_ITEMS] if isinstance(row, list) and row]
        return "a list of dicts" if any(isinstance(cell, Mapping) for cell in cells) else None
    if slot.type == "chatbot" and isinstance(value, list):
        single = (item for item in value[:_ITEMS] if isinstance(item, (str, int, float)))
        return next((_shown(item) for item in single), None)
    return None


def _odd_date(slot: Slot, value: str) -> _Odd | None:
    """Return what is wrong with the text of a date, which has one form only."""
    has_time = slot.props.get("include_time") is not False
    form = r"\d{4}-\d\d-\d\d" + (r" \d\d:\d\d:\d\d" if has_time else "")
    if not value.strip() or "now" in value or re.fullmatch(form, value.strip()):
        return None
    example = "2026-01-31 12:00:00" if has_time else "2026-01-31"
    return _shown(value), f"a datetime, or a text such as {example!r}"


def _paths(value: Any, depth: int) -> Iterator[str]:
    """Yield the path in each dict that stands for a file that was not uploaded.

    The upload folder of a server has a folder for each file, whose name is a hash.
    """
    if isinstance(value, Mapping) and depth <= MAX_DEPTH:
        path, url = value.get("path"), value.get("url")
        if path is None and isinstance(url, str) and is_link(url):
            yield url
        if isinstance(path, str):
            if not is_link(path) and _HASH.search(path) is None:
                yield path
            return
        for part in value.values():
            yield from _paths(part, depth + 1)
    elif isinstance(value, (list, tuple)) and depth <= MAX_DEPTH:
        for part in value:
            yield from _paths(part, depth + 1)


def _takes_one(schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a structured component may take a single value; its schema may be empty."""
    kinds = [schema.get("type"), *(_mapping(p).get("type") for p in _parts(schema))]
    if "object" not in kinds and "array" not in kinds:
        return True
    return _mismatch(schema, schema, value, True, 0) is None


def _mismatch(schema: object, root: object, value: Any, custom: bool, depth: int) -> _Odd | None:
    """Return the part of a value that does not fit a schema, and a text about what would fit."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return None
    if "$ref" in schema:
        return _mismatch(referred(root, schema["$ref"]), root, value, custom, depth + 1)
    choices = [schema["const"]] if "const" in schema else list_in(schema, "enum")
    parts = _parts(schema)
    if choices:
        fits = custom or any(type(one) is type(value) and one == value for one in choices)
        fits = fits or (_is_number(value) and any(_is_number(o) and o == value for o in choices))
    elif parts:
        others = [_mismatch(part, root, value, custom, depth + 1) for part in parts]
        if None in others:
            return None
        real = [odd for part, odd in zip(parts, others) if _mapping(part).get("type") != "null"]
        if len(real) == 1:
            return real[0]
        fits = False
    elif is_file(schema):
        fits = isinstance(value, (Attachment, Mapping))
    else:
        kind = schema.get("type")
        if kind == "array" and isinstance(value, (list, tuple)):
            items = schema.get("items")
            found = (_mismatch(items, root, one, custom, depth + 1) for one in value[:_ITEMS])
            return next((odd for odd in found if odd is not None), None)
        check = _CHECKS.get(kind) if isinstance(kind, str) else None
        fits = check is None or check(value)
    return None if fits else (_shown(value), _takes(schema, root))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": lambda value: _is_number(value) and value == int(value),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, (list, tuple)),
    "object": lambda value: isinstance(value, (Mapping, Attachment)),
}
_NAMES = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "True or False",
    "array": "a list",
    "object": "a dict",
}


def _parts(schema: Mapping[str, Any]) -> list[Any]:
    parts = list_in(schema, "anyOf") or list_in(schema, "oneOf")
    return parts or [{**schema, "type": kind} for kind in list_in(schema, "type")]


def _takes(schema: object, root: object, depth: int = 0) -> str:
    """Return a text about the values that a schema accepts; other values are rare."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return "another value"
    if "$ref" in schema:
        return _takes(referred(root, schema["$ref"]), root, depth + 1)
    choices = [schema["const"]] if "const" in schema else list_in(schema, "enum")
    if choices:
        return _one_of([_shortened(one) for one in choices])
    parts = [part for part in _parts(schema) if _mapping(part).get("type") != "null"]
    if parts:
        return " or ".join(dict.fromkeys(_takes(part, root, depth + 1) for part in parts))
    if is_file(schema):
        return "a file"
    if schema.get("type") == "array":
        items = _mapping(schema.get("items"))
        items = _mapping(referred(root, items["$ref"])) if "$ref" in items else items
        return "a list of files" if is_file(items) else "a list"
    return _NAMES.get(str(schema.get("type")), "another value")


def _one_of(choices: list[str]) -> str:
    if len(choices) > _CHOICES:
        return f"one of {len(choices)} choices: {', '.join(choices[:_CHOICES])}, …"
    if len(choices) == 1:
        return f"only {choices[0]}"
    return f"{', '.join(choices[:-1])} or {choices[-1]}"


def _out_of_range(slot: Slot, schema: Mapping[str, Any], value: float) -> _Odd | None:
    low, high = (
        next((end for end in (slot.props.get(key), schema.get(key)) if _is_number(end)), None)
        for key in ("minimum", "maximum")
    )
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    if low is None or high is None:
        limit = f"of at least {low}" if high is None else f"of at most {high}"
    else:
        limit = f"from {low} to {high}"
    return _shown(value), f"a number {limit}"


def _odd_file(slot: Slot, value: Any) -> _Odd | None:
    """Return the first file of another kind than the component takes."""
    types = [one for one in list_in(slot.props, "file_types") if isinstance(one, str)]
    kinds, wanted = _KINDS.get(slot.type, ((), ""))
    if not kinds and not types:
        return None
    if not kinds:
        wanted = f"files of the types {', '.join(types)}"
    for name, mime_type in _files(value, 0):
        suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
        kind = mime_type or ""
        if kinds:
            fits = not kind or kind.startswith(kinds)
            if slot.type == "model3d":
                fits = suffix in _MODELS
        else:
            fits = any(_is_of_type(one.lower(), suffix, kind) for one in types)
        if not fits:
            return f"the file {_shortened(name)}", wanted
    return None


def _is_of_type(wanted: str, suffix: str, kind: str) -> bool:
    if wanted.startswith("."):
        return wanted == suffix
    if wanted in ("file", "*", "*/*"):
        return True
    return kind == wanted or kind.startswith(f"{wanted.rstrip('*').rstrip('/')}/")


def _files(value: Any, depth: int) -> Iterator[tuple[str, str | None]]:
    """Yield name and MIME type of each file in a value, except of subtitles."""
    if isinstance(value, Attachment):
        from ..values.filename import type_of  # with attachments, it is imported already

        yield value.orig_name, value.mime_type or type_of(value.orig_name)
    elif isinstance(value, Mapping) and depth <= MAX_DEPTH:
        name = value.get("orig_name") or value.get("path") or value.get("name")
        if isinstance(name, str) and ("path" in value or "is_file" in value):
            mime_type = value.get("mime_type")
            yield name, mime_type if isinstance(mime_type, str) else None
            return
        for key, part in value.items():
            if key != "subtitles":
                yield from _files(part, depth + 1)
    elif isinstance(value, (list, tuple)) and depth <= MAX_DEPTH:
        for part in value:
            yield from _files(part, depth + 1)


def _shown(value: Any) -> str:
    if isinstance(value, Attachment):
        return f"the file {_shortened(value.orig_name)}"
    if isinstance(value, str):
        return f"the text {_shortened(value)}"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "a dict"
    return f"the number {value!r}" if _is_number(value) else repr(value)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
