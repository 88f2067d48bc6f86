"""Conversion of JSON schemas from servers to types as a Python user would write them.

The text is for people, and close to an annotation: ``str``, ``float``, ``list[str]``,
``Literal['a', 'b']``, ``tuple[float, float]``, ``dict[str, float]``, ``str | None``, and ``Any``
if the schema does not say. Two forms go beyond Python. An object with known keys is
``dict(text: str, files: list[filepath])``. Everything that is a file on the wire (the
data URLs and file dictionaries of 3.x, ``FileData`` since 4.0) is ``filepath``, the word
that Gradio's own documentation pages use.

Servers before 3.26 describe no types, and servers up to 3.50 describe many of them as "any JSON".
So `component_schema` has the types of the components of that generation.

Schemas come from the network. So the functions here never raise, and schemas that are nested too
deeply or refer to themselves end in ``Any``, ``list`` or ``dict``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..values.slot import draws_mask

MAX_DEPTH = 16  # levels; the deepest schema of Gradio 6 (the messages of a chatbot) has 9
MAX_NODES = 400  # parts of one schema; the schema of that chatbot has about 90

_SIMPLE = {
    "string": "str",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "null": "None",
    "array": "list",
    "object": "dict",
}


def type_text(schema: object) -> str:
    """Return a JSON schema as a Python type.

    Args:
        schema: The schema; a value that is not a schema gives ``Any``.

    Behaviour: the JSON schema vocabulary that pydantic 1 and 2 write, with references
    into the same schema only.

    Example:
        >>> type_text({"type": "array", "items": {"enum": ["draft", "final"]}})
        "list[Literal['draft', 'final']]"
    """
    return _SchemaWriter(schema).write(schema, 0)


class _SchemaWriter:
    """Writes one schema. It counts the parts, so that the work is limited."""

    def __init__(self, root: object) -> None:
        self.root = root
        self.nodes = 0

    def write(self, schema: object, depth: int) -> str:
        """Return the alternatives as text: each once, ``None`` last; ``Any`` replaces others."""
        texts = dict.fromkeys(self.alternatives(schema, depth))
        if "Any" in texts:
            return "Any"
        if "None" in texts:
            texts["None"] = texts.pop("None")
        return " | ".join(texts)

    def alternatives(self, schema: object, depth: int) -> list[str]:
        self.nodes += 1
        if not isinstance(schema, Mapping):
            return ["Any"]
        kind = schema.get("type")
        simple = [_SIMPLE.get(kind, "Any") if isinstance(kind, str) else "Any"]
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            return simple
        depth += 1
        if "$ref" in schema:
            return self.alternatives(referred(self.root, schema["$ref"]), depth)
        if "const" in schema:
            return [_literal([schema["const"]])]
        if values := list_in(schema, "enum"):
            return [_literal(values)]
        if parts := list_in(schema, "anyOf") or list_in(schema, "oneOf"):
            return self.union(parts, depth)
        if parts := list_in(schema, "allOf"):
            texts = dict.fromkeys(self.write(part, depth) for part in parts)
            return [" & ".join(text for text in texts if text != "Any") or "Any"]
        if kinds := list_in(schema, "type"):
            return self.union([{**schema, "type": one} for one in kinds], depth)
        if kind == "array" or (kind is None and "prefixItems" in schema):
            return [self.array(schema, depth)]
        if kind == "object" or (kind is None and "properties" in schema):
            return [self.object(schema, depth)]
        return simple

    def union(self, parts: list[Any], depth: int) -> list[str]:
        found = [(part, self.alternatives(part, depth)) for part in parts]
        if any(texts == ["filepath"] for _, texts in found):
            # 3.x adds the form of its own client: a text that is a "filepath on your computer".
            found = [
                (part, texts) for part, texts in found if "filepath" not in description_of(part)
            ]
        return [text for _, texts in found for text in texts] or ["filepath"]

    def array(self, schema: Mapping[str, Any], depth: int) -> str:
        items = schema.get("items")
        if positions := list_in(schema, "prefixItems") or list_in(schema, "items"):
            return f"tuple[{', '.join(self.write(one, depth) for one in positions)}]"
        inner = self.write(items, depth)
        return "list" if inner == "Any" else f"list[{inner}]"

    def object(self, schema: Mapping[str, Any], depth: int) -> str:
        if is_file(schema):
            return "filepath"
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and properties:
            keys = (
                f"{key}: {self.write(value, depth)}"
                for key, value in properties.items()
                if key != "$defs"  # some releases put their definitions among the keys
            )
            return f"dict({', '.join(keys)})"
        inner = self.write(schema.get("additionalProperties"), depth)
        return "dict" if inner == "Any" else f"dict[str, {inner}]"


def list_in(schema: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list under a key of a schema; empty if there is none."""
    value = schema.get(key)
    return value if isinstance(value, list) else []


def is_file(schema: object) -> bool:
    """Return whether a schema is a file's: ``FileData`` of any release, or the object of 3.x."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping):
        return False
    keys = properties.keys()
    return keys >= {"path", "url", "orig_name"} or keys >= {"name", "data", "is_file"}


def referred(root: object, reference: object) -> object:
    """Return the schema for ``#/$defs/Name`` or another pointer into the same schema."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found = root
    for key in reference[2:].split("/"):
        if not isinstance(found, Mapping):
            return None
        found = found.get(key.replace("~1", "/").replace("~0", "~"))
    return found


def _literal(values: list[Any]) -> str:
    if values == [None]:
        return "None"
    simple = [value for value in values if value is None or isinstance(value, (str, int, float))]
    return f"Literal[{', '.join(map(repr, simple))}]" if len(simple) == len(values) else "Any"


def description_of(schema: object) -> str:
    """Return the description in a schema; empty if it has none."""
    text = schema.get("description") if isinstance(schema, Mapping) else None
    return text if isinstance(text, str) else ""


# -- what components of 3.x exchange, and those of 4.0 whose config has no schema

_STRING = {"type": "string"}
_NUMBER = {"type": "number"}
_ANY: dict[str, Any] = {}
_NULL = {"type": "null"}
_FILE = {
    "type": "object",
    "properties": {
        "name": _STRING,
        "data": {"anyOf": [_STRING, _NULL]},
        "is_file": {"type": "boolean"},
        "orig_name": _STRING,
    },
}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _tuple(*items: Any) -> dict[str, Any]:
    return {"type": "array", "prefixItems": list(items)}


def _optional(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, _NULL]}


# A table that the app makes without names has numbers as headers.
_TABLE = _object(headers=_list({"type": ["string", "integer"]}), data=_list(_list(_ANY)))
#: Keys that a value has on some releases only.
_MORE_KEYS: dict[str, dict[str, Any]] = {
    "dataframe": {"metadata": _ANY},  # the style of the cells
    **{key: {"chart": _STRING} for key in ("lineplot", "barplot", "scatterplot")},
}
_MASKED = _object(image=_FILE, mask=_FILE)
_MESSAGE = {"anyOf": [_STRING, _FILE, _NULL]}

_COMPONENTS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("textbox", "button", "code", "colorpicker", "html", "markdown"), _STRING),
    "dataset": {"type": "integer", "description": "number of the row, from 0"},
    **dict.fromkeys(("image", "audio", "video", "file", "uploadbutton", "model3d"), _FILE),
    "number": _NUMBER,
    "slider": _NUMBER,
    "checkbox": {"type": "boolean"},
    "gallery": _list(_tuple(_FILE, _optional(_STRING))),
    "dataframe": _TABLE,
    "timeseries": _TABLE,
    "chatbot": _list(_tuple(_MESSAGE, _MESSAGE)),
    "label": {
        **_object(label=_STRING, confidences=_list(_object(label=_STRING, confidence=_NUMBER))),
        "required": ["label"],  # the other key is missing if the app gave a plain label
    },
    "highlightedtext": _list(_tuple(_STRING, _optional({"type": ["string", "number"]}))),
    "annotatedimage": _tuple(_FILE, _list(_tuple(_FILE, _STRING))),
    **dict.fromkeys(
        ("plot", "lineplot", "barplot", "scatterplot"), _object(type=_STRING, plot=_STRING)
    ),
}


def component_schema(component: str, props: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a component of an old server exchanges, as a JSON schema.

    Args:
        component: Its type in the config, such as ``"textbox"``.
        props: Its properties in the config. Choices, and whether several can be chosen, narrow
            the type.

    Returns:
        The schema; ``{}`` for an unknown component.
    """
    choice = _CHOICES.get(component)
    if choice is not None:
        return choice(props)
    schema = _MASKED if component == "image" and draws_mask(props) else None
    schema = schema or _COMPONENTS.get(component, _ANY)
    if component in ("file", "uploadbutton") and props.get("file_count") in (
        "multiple",
        "directory",
    ):
        schema = _list(schema)
    low, high = props.get("minimum"), props.get("maximum")
    if component == "slider" and all(isinstance(end, (int, float)) for end in (low, high)):
        schema = {**schema, "description": f"numeric value between {low} and {high}"}
    return schema


def output_schema(
    component: str, props: Mapping[str, Any], *, described: bool = True
) -> dict[str, Any]:
    """Return what a component of an old server returns, as a JSON schema.

    Args:
        component: Its type in the config.
        props: Its properties in the config.
        described: Whether the server describes its components (3.26 and later).

    Behaviour: ``postprocess`` of Gradio 3. Since 3.26 a video comes with its subtitles. An image of
    a gallery comes alone if it has no caption. Later releases of Gradio 3 send more keys.
    """
    if component == "image":
        return _FILE  # also if the page draws a mask on it
    if component == "video" and described:
        return _tuple(_FILE, _optional(_FILE))
    if component == "gallery":
        return _list({"anyOf": [_FILE, _tuple(_FILE, _optional(_STRING))]})
    if component in _MORE_KEYS:
        known = component_schema(component, props)
        return {
            **known,
            "properties": {**known["properties"], **_MORE_KEYS[component]},
            "required": list(known["properties"]),
        }
    return component_schema(component, props)


def choice_values(props: Mapping[str, Any]) -> list[Any]:
    """Return the values of choices; since 3.45 a choice is a pair of label and value."""
    return [
        choice[1] if isinstance(choice, list) and len(choice) == 2 else choice
        for choice in list_in(props, "choices")
    ]


def _one_of(props: Mapping[str, Any]) -> dict[str, Any]:
    values = choice_values(props)
    if not values or props.get("allow_custom_value"):
        return _STRING
    return {**(_STRING if all(isinstance(v, str) for v in values) else {}), "enum": values}


def _several_of(props: Mapping[str, Any]) -> dict[str, Any]:
    return _list(_one_of(props))


def _one_or_several_of(props: Mapping[str, Any]) -> dict[str, Any]:
    return _several_of(props) if props.get("multiselect") else _one_of(props)


_CHOICES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "radio": _one_of,
    "dropdown": _one_or_several_of,
    "checkboxgroup": _several_of,
}
