"""Python types of JSON schemas, in the notation of `gradio_client`.

`_protocol.api.schema` has the notation of this package, which is shorter and never raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SIMPLE = {
    "null": "None",
    "integer": "int",
    "string": "str",
    "boolean": "bool",
    "number": "float",
}
FILE = "gradio.FileData"


class APIInfoParseError(ValueError):
    """A schema cannot be read."""


def schema_text(schema: Mapping[str, Any]) -> str:
    """Return a JSON schema as a Python type.

    Args:
        schema: The schema.

    Raises:
        APIInfoParseError: The schema has an unknown type.

    Example:
        >>> schema_text({"type": "array", "items": {"type": "string"}})
        'list[str]'
    """
    return _text(schema, schema.get("$defs") or {})


def _text(schema: Any, definitions: Mapping[str, Any]) -> str:
    if not isinstance(schema, Mapping) or not schema:
        return "Any"
    if "const" in schema:
        return f"Literal[{schema['const']}]"
    if "enum" in schema:
        return f"Literal[{', '.join(repr_of(value) for value in schema['enum'])}]"
    if schema.get("type"):
        return _typed(schema, definitions)
    if schema.get("$ref"):
        return _text(definitions[schema["$ref"].split("/")[-1]], definitions)
    for key in ("oneOf", "anyOf"):
        if schema.get(key):
            return " | ".join(_text(part, definitions) for part in schema[key])
    if schema.get("allOf"):
        return f"All[{', '.join(_text(part, definitions) for part in schema['allOf'])}]"
    if "json" in schema.get("description", {}):
        return "str | float | bool | list | dict"
    return "Any"


def repr_of(value: object) -> str:
    """Return a choice in quotes, whatever its type."""
    return f"'{value}'"


def _typed(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    kind = schema["type"]
    if isinstance(kind, str) and kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind == "array":
        items = schema.get("items", [])
        for holder in (items, schema):
            if "prefixItems" in holder:
                parts = ", ".join(_text(part, definitions) for part in holder["prefixItems"])
                return f"tuple[{parts}]"
        return f"list[{_text(items, definitions)}]"
    if kind == "object":
        return _object(schema, definitions)
    raise APIInfoParseError(f"The schema {dict(schema)!r} has an unknown type.")


def _object(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if is_file_schema(schema, definitions):
        return "filepath"
    parts = [
        f"{name}: {_text(part, definitions)}{_note(part)}"
        for name, part in schema.get("properties", {}).items()
        if name != "$defs"
    ]
    more = schema.get("additionalProperties", None)
    if "additionalProperties" in schema:
        parts.append("str, Any" if more is True else f"str, {_text(more, definitions)}")
    return f"dict({', '.join(parts)})"


def _note(part: Any) -> str:
    description = part.get("description")
    return f" ({description})" if description else ""


def is_file_schema(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> bool:
    """Return whether a schema is that of a file: it has a path, and the mark of files.

    Args:
        schema: The schema of an object.
        definitions: The schemas to which references lead.
    """
    parts = schema.get("properties", {})
    if "path" not in parts or "meta" not in parts:
        return False
    meta = parts["meta"]
    if "$ref" in meta:
        meta = definitions.get(meta["$ref"].split("/")[-1], meta)
    marks = meta.get("properties", {})
    if "_type" in marks:
        return bool(marks["_type"].get("const") == FILE)
    default = meta.get("default", {})
    return isinstance(default, dict) and default.get("_type") == FILE
