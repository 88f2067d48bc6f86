"""Examples: a value of a type, and the Python call that passes it.

Both are for people to read. A call runs as it is, except for the names of files in it. Names and
defaults of an app appear in it only as Python literals.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any, Union

from .schema import component_schema, is_file, list_in, referred

LONGEST = 200  # characters; longer texts are shortened
MOST = 50  # items of a list or dict that are shown
EXAMPLE_DEPTH = 5  # levels of an example; following a reference counts as a level
MOST_PARTS = 20  # keys, positions or alternatives of a schema that an example uses
DEEPEST = 20  # levels of a default; a hostile one could exceed Python's stack


def example_of(schema: object) -> Any:
    """Return an example value of a type for a call; ``None`` if no example is known.

    A file inside of a list or an object is an example, too. A file alone is not, because its name
    depends on the component.

    Example:
        >>> example_of({"type": "array", "items": {"enum": ["draft", "final"]}})
        ['draft']
    """
    return None if is_file(schema) else _example_of(schema, schema, EXAMPLE_DEPTH)


def _example_of(schema: object, root: object, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth < 0:
        return None
    depth -= 1
    if "$ref" in schema:
        return _example_of(referred(root, schema["$ref"]), root, depth)
    if is_file(schema):
        return {"path": "document.pdf", "meta": {}}
    values = [schema["const"]] if "const" in schema else list_in(schema, "enum")
    if values:
        return values[0]
    parts = list_in(schema, "anyOf") or list_in(schema, "oneOf")
    parts = parts or [{**schema, "type": kind} for kind in list_in(schema, "type")]
    if parts:
        examples = (_example_of(part, root, depth) for part in parts[:MOST_PARTS])
        return next((one for one in examples if one is not None), None)
    kind = schema.get("type")
    if kind == "array" or (kind is None and "prefixItems" in schema):
        if places := list_in(schema, "prefixItems"):
            return [_example_of(place, root, depth) for place in places[:MOST_PARTS]]
        one = _example_of(schema.get("items"), root, depth)
        return [] if one is None else [one]
    if kind == "object" or (kind is None and "properties" in schema):
        return _object_example(schema, root, depth)
    least = schema.get("minimum")
    if kind in ("number", "integer") and isinstance(least, (int, float)):
        return least
    return _EXAMPLES.get(kind) if isinstance(kind, str) else None


def _object_example(schema: Mapping[str, Any], root: object, depth: int) -> dict[str, Any]:
    """Return an object with the keys that are required; with all of them if the schema has none."""
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and properties:
        required = [key for key in list_in(schema, "required") if key in properties]
        keys = (required or list(properties))[:MOST_PARTS]
        return {str(key): _example_of(properties[key], root, depth) for key in keys}
    one = _example_of(schema.get("additionalProperties"), root, depth)
    return {} if one is None else {"key": one}


_EXAMPLES = {"string": "Hello", "number": 1, "integer": 1, "boolean": True}


def component_example(component: str, props: Mapping[str, Any]) -> Any:
    """Return an example value for a component of an old server; ``None`` if none is known."""
    example = _COMPONENT_EXAMPLES.get(component)
    return example_of(component_schema(component, props)) if example is None else example


_TABLE_EXAMPLE = {"headers": ["a", "b"], "data": [[1, 2], [3, 4]]}
_COMPONENT_EXAMPLES: dict[str, Any] = {
    "json": {"key": "value"},
    "colorpicker": "#ff8800",
    **dict.fromkeys(("dataframe", "timeseries"), _TABLE_EXAMPLE),
    "highlightedtext": [["some text", "label"]],
    "chatbot": [["Hello", "Hi there"]],
}


# -- the call to copy


def call_text(name: str | int, endpoint: Mapping[str, Any], width: int) -> str:
    """Return Python code that calls an endpoint with every value that matters.

    Up to two values are passed by position. More values, or only some of them, are passed by name.

    Args:
        name: The endpoint's name or ``fn_index``.
        endpoint: Its entry in the result of `api_info.describe`.
        width: The largest number of columns; a longer call is broken into lines as by a formatter.
    """
    types = _mapping(endpoint.get("type"))
    if types.get("generator") or types.get("continuous"):
        data = "data[0]" if len(_values(endpoint, "returns")) == 1 else "*data"
        head, tail = "for data in app.submit(", f"):\n    print({data})"
    else:
        head, tail = "app.predict(", ")"
    head += quoted(name) if isinstance(name, str) else str(name)
    event = _event_data(endpoint)
    tail = f"{event}{tail}"
    values, unset = _values(endpoint, "parameters"), _unset(endpoint)
    if not values and not unset:
        return f"{head}{tail}"
    shown = [value for value in values if _belongs_in_call(value)] + unset
    if not shown:  # every default is empty or a file of the app, so examples are more useful
        shown = [
            {**value, "parameter_has_default": False}
            for value in values
            if value.get("example_input") is not None
        ]
    examples = [_python(_example(value), _type(value)) for value in shown]
    payload: _Python
    if len(values) <= 2 and len(shown) == len(values) and not unset:
        payload = examples
    else:
        names = [quoted(str(value.get("parameter_name", ""))) for value in shown]
        payload = dict(zip(names, examples))
    line = f"{head}, {_source(payload)}"
    if max(map(len, f"{line}{tail}".splitlines())) > width:
        line = f"{head}, {_source(payload, width, broken=True)}"
    return f"{line}{tail}"


def _event_data(endpoint: Mapping[str, Any]) -> str:
    """Return the argument for the data of an event, after a comma; ``""`` if there is none."""
    event = _mapping(endpoint.get("example_event_data"))
    return f", {event_argument(event)}" if event else ""


def event_argument(event: Mapping[str, Any]) -> str:
    """Return the argument `event_data` of a call."""
    source = _source({quoted(key): _python(value, "Any") for key, value in event.items()})
    return f"event_data={source}"


def _unset(endpoint: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the hidden parameters without a value, as if they were required.

    A dataset is one: without a click it has no row, and few functions work without one.
    """
    return [
        {**value, "parameter_has_default": False}
        for value in _values(endpoint, "hidden_parameters")
        if value.get("parameter_default") is None and value.get("example_input") is not None
    ]


def _belongs_in_call(value: Mapping[str, Any]) -> bool:
    """Return whether a call should show a value: if it is required, or has a useful default.

    Files of the app are not useful. An empty list of files is a default that few functions accept.
    """
    if not value.get("parameter_has_default") or _lacks_files(value):
        return True
    default, text = value.get("parameter_default"), default_text(value)
    return not _is_empty(default) and len(text) <= 40 and "handle_file(" not in text


def _lacks_files(value: Mapping[str, Any]) -> bool:
    """Return whether the default has no files, though the parameter takes some and has an example.

    The app's own ``None`` means that it needs no file. A conversation begins empty.
    """
    default = value.get("parameter_default")
    return (
        bool(value.get("parameter_has_default"))
        and default is not None
        and _is_empty(default)
        and "filepath" in _type(value)
        and value.get("example_input") not in (None, [])
        and str(value.get("component", "")).lower() != "chatbot"
    )


def _is_empty(default: object) -> bool:
    if isinstance(default, Mapping):
        return all(part in (None, "", []) for part in default.values())
    return default in (None, "", [])


def default_text(value: Mapping[str, Any]) -> str:
    """Return the default of a parameter as Python."""
    return _source(_python(value.get("parameter_default"), _type(value)))


def _example(value: Mapping[str, Any]) -> Any:
    if value.get("parameter_has_default") and not _lacks_files(value):
        return value.get("parameter_default")
    example = value.get("example_input", [])
    if example not in (None, []):
        return example
    if _type(value) == "filepath":
        return _FILES.get(str(value.get("component", "")).lower(), "document.pdf")
    if _type(value) == "list[filepath]":
        return ["document.pdf"]
    return example_of(value.get("type")) if example == [] else None


_FILES = {"image": "photo.png", "audio": "speech.wav", "video": "clip.mp4", "model3d": "mesh.glb"}

#: Python source: a text for a plain value, a list or dict of parts for a list or dict.
_Python = Union[str, "list[_Python]", "dict[str, _Python]"]


def _python(example: object, kind: str, depth: int = 0) -> _Python:
    """Return a value as Python, with files as a user passes them and control characters escaped."""
    if depth > DEEPEST:
        return "..."
    inner = "or filepath" if "filepath" in kind else ""
    if isinstance(example, str):
        is_url = example.startswith(("https://", "http://"))  # 4.0 to 4.2x send no file objects
        if kind.split(" | ")[0] == "filepath" or ("filepath" in kind and is_url):
            return _file(example)
        return quoted(example if len(example) <= LONGEST else f"{example[:60]}…")
    if isinstance(example, Mapping):
        path = example.get("path")
        if isinstance(path, str) and ("meta" in example or "filepath" in kind):
            return _file(path)
        if example.keys() >= {"name", "data", "is_file"}:  # 3.x
            named = (example.get("orig_name"), example["name"], example["data"])
            return _file(next((name for name in named if name and isinstance(name, str)), "file"))
        return {
            quoted(str(key)): _python(one, inner, depth + 1)
            for key, one in itertools.islice(example.items(), MOST)
        }
    if isinstance(example, (list, tuple)):
        one_kind = "filepath" if kind.startswith("list[filepath") else inner
        parts = [_python(one, one_kind, depth + 1) for one in example[:MOST]]
        return [*parts, "..."] if len(example) > MOST else parts
    if isinstance(example, float) and not math.isfinite(example):
        return f'float("{example}")'
    return repr(example)


def _file(path: str) -> str:
    """Return the source for a file: only its name, since long URLs of samples help no reader."""
    data = re.match(r"data:(\w{1,20})/(\w{1,20})", path)  # the files of 3.x
    name = f"{data[1]}.{data[2]}" if data else re.split(r"[/\\=]", path.rstrip("/"))[-1]
    return f"handle_file({quoted(name[-60:] or 'file')})"


def _source(python: _Python, width: int = 0, indent: int = 0, broken: bool = False) -> str:
    """Join the parts; if `width` is given, put a part that is wider on several lines."""
    if isinstance(python, str):
        return python
    if isinstance(python, dict):
        opening, closing = "{", "}"
        items = [(f"{key}: ", item) for key, item in python.items()]
    else:
        opening, closing = "[", "]"
        items = [("", item) for item in python]
    line = f"{opening}{', '.join(key + _source(item) for key, item in items)}{closing}"
    if not items or not (broken or (width and indent + len(line) > width)):
        return line
    inner = indent + 4
    space = " " * inner
    lines = [
        f"{space}{key}{_source(item, width, inner, inner + len(key + _source(item)) >= width)},"
        for key, item in items
    ]
    return "\n".join([opening, *lines, f"{' ' * indent}{closing}"])


def quoted(text: str) -> str:
    """Return a string literal as formatters write it: double quotes, unless single ones need less.

    Characters that are not printable are escaped, including line ends and halves of surrogate
    pairs.
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = repr(f'"{text}')[2:-1].replace("\\'", "'")  # the double quote makes repr use single ones
    return f"{quote}{body.replace(quote, chr(92) + quote)}{quote}"


def _type(value: Mapping[str, Any]) -> str:
    return str(_mapping(value.get("python_type")).get("type", "Any"))


def _values(endpoint: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    values = endpoint.get(key)
    return [_mapping(value) for value in values] if isinstance(values, list) else []


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
