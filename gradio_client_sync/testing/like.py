"""`model_of`: read the endpoints of a real app, for a fake one."""

from __future__ import annotations

import ast
import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, NamedTuple

from .._client import Client
from .._protocol.api.example import example_of
from .slots import FILES, REQUIRED, FakeSlot

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
_SILENCE = b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0@\x1f\0\0\1\0\x08\0data\0\0\0\0"

#: Example files of components: their names and their content.
_FILES = {
    "image": ("image.png", _PIXEL),
    "gallery": ("image.png", _PIXEL),
    "audio": ("audio.wav", _SILENCE),
    "video": ("video.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
}


class LikeEndpoint(NamedTuple):
    """One endpoint to copy.

    Attributes:
        number: Its number if it has no name, so that callers may use its number; else ``None``.
        name: Its name; ``None`` if it has none.
        inputs: Its inputs.
        outputs: Its outputs.
        streams: Whether it yields several values.
        description: The description in the app.
    """

    number: int | None
    name: str | None
    inputs: list[FakeSlot]
    outputs: list[FakeSlot]
    streams: bool
    description: str | None


class Model(NamedTuple):
    """A real app to copy.

    Attributes:
        version: Its Gradio release; ``None`` if it is not known.
        endpoints: Its endpoints by number; ``None`` for one that is not described.
    """

    version: str | None
    endpoints: list[LikeEndpoint | None]


def model_of(source: Any, options: Mapping[str, Any]) -> Model:
    """Read the endpoints of an app.

    Args:
        source: The URL or Space of the app, to which this connects; or the result of
            `Client.view_api`; or the path of a JSON file with that result.
        options: Options for `Client`.
    """
    version = None
    if isinstance(source, (str, os.PathLike)) and str(source).endswith(".json"):
        described = json.loads(Path(source).read_text(encoding="utf-8"))
    elif isinstance(source, Mapping):
        described = source
        version = getattr(source, "version", None)
    else:
        with Client(str(source), **options) as app:
            described, version = app.view_api(), str(app.config["version"])
    named = described["named_endpoints"].items()
    unnamed = (described.get("unnamed_endpoints") or {}).items()
    endpoints = [
        *(_endpoint(None, name.strip("/"), entry) for name, entry in named),
        *(_endpoint(int(number), None, entry) for number, entry in unnamed),
    ]
    return Model(version if isinstance(version, str) else None, _placed(endpoints))


def _placed(endpoints: list[LikeEndpoint]) -> list[LikeEndpoint | None]:
    """Return a list with unnamed endpoints at their numbers, and named ones between them."""
    unnamed = {e.number: e for e in endpoints if e.number is not None}
    named = [e for e in endpoints if e.number is None]
    placed: list[LikeEndpoint | None] = []
    while unnamed or named:
        found = unnamed.pop(len(placed), None) or (named.pop(0) if named else None)
        placed.append(found)
    return placed


def _endpoint(number: int | None, name: str | None, entry: Mapping[str, Any]) -> LikeEndpoint:
    kind = entry.get("type")
    streams = isinstance(kind, Mapping) and bool(kind.get("generator"))
    inputs = [_slot(value) for value in entry.get("parameters", ())]
    outputs = [_slot(value) for value in entry.get("returns", ())]
    return LikeEndpoint(number, name, inputs, outputs, streams, entry.get("description"))


def _slot(value: Mapping[str, Any]) -> FakeSlot:
    schema = value.get("type")
    schema = dict(schema) if isinstance(schema, Mapping) else {}
    name, label = value.get("parameter_name"), str(value.get("label", ""))
    if name and re.fullmatch(r"parameter_\d+", label):
        label = name  # the server has made it from a number, which is different here
    props: dict[str, Any] = {"label": label}
    items = schema.get("items")
    choices = schema.get("enum") or (items.get("enum") if isinstance(items, Mapping) else None)
    python = value.get("python_type")
    text = str(python.get("type")) if isinstance(python, Mapping) else ""
    if text.startswith("list[filepath]"):
        props["file_count"] = "multiple"  # the schemas of 3.x do not have this
    choices = choices or _choices_of(text)  # they do not have the choices, either
    if choices:
        props["choices"] = [[str(choice), choice] for choice in choices]
        props["multiselect"] = text.startswith("list[")
    if text.startswith("dict(image: filepath, mask"):
        props["tool"] = "sketch"
    default = value["parameter_default"] if value.get("parameter_has_default") else REQUIRED
    kind = str(value.get("component"))
    return FakeSlot(
        name or label, kind.lower(), props, default, schema, kind, value.get("example_input")
    )


def _choices_of(python_type: str) -> list[Any]:
    """Return the choices in a Python type such as ``list[Literal['a', 'b']]``."""
    for start, end in (("Literal[", "]"), ("list[Literal[", "]]")):
        if python_type.startswith(start) and python_type.endswith(end):
            try:
                return list(ast.literal_eval(f"({python_type[len(start) : -len(end)]},)"))
            except (SyntaxError, ValueError):  # the server has shortened the type
                return []
    return []


def example_value(slot: FakeSlot, keep: Callable[[str, bytes], Any]) -> Any:
    """Return a value that an endpoint without a function returns.

    Args:
        slot: The output.
        keep: A function that makes the fake app serve a file, and returns its form on the wire.
    """
    choices = slot.props.get("choices")
    if slot.component in ("dropdown", "radio") and choices:
        return choices[0][-1]
    if slot.component == "checkboxgroup" and choices:
        return [choices[0][-1]]
    file = _FILES.get(slot.component, ("document.txt", b"An example."))
    value = _with_files(example_of(slot.json_schema), lambda: keep(*file))
    if slot.component not in FILES:
        return value
    several = isinstance(value, list) or slot.props.get("file_count") == "multiple"
    return [file[1]] if several else file[1]


def _with_files(value: Any, file: Callable[[], Any]) -> Any:
    """Return an example in which files exist."""
    if isinstance(value, list):
        return [_with_files(item, file) for item in value]
    if isinstance(value, dict):
        if isinstance(value.get("path"), str):
            return file()
        return {key: _with_files(item, file) for key, item in value.items()}
    return value
