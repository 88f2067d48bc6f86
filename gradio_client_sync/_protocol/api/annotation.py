"""Conversion of JSON schemas from servers to annotations for type checkers and editors.

`schema.type_text` writes types for people, with words that Python does not have. A `Hint` holds
only what an annotation can express: objects are ``dict[str, Any]``, arrays of any kind are
``list[…]`` (tuples arrive as lists), and choices are ``Literal[…]``. It can be written as source
text or converted to an object of `typing`. The values of a schema get into the text only as
literals.

Schemas come from the network. So the functions here never raise, and the size of a hint is limited.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Union

from .example import quoted
from .schema import is_file, list_in, referred

MAX_DEPTH = 8  # levels of a schema; following a reference counts as a level
MAX_NESTING = 3  # levels of an annotation; deeper ones do not help a reader
MAX_PARTS = 5  # types in a union
MAX_CHOICES = 200
LONGEST_CHOICE = 80  # columns of its literal, which has to fit on a line of source

Choice = Union[str, int, bool, None]


@dataclass(frozen=True)
class Hint:
    """A type that an annotation can express.

    Attributes:
        kind: ``"Any"``, ``"None"``, ``"str"``, ``"int"``, ``"float"``, ``"bool"``, ``"file"``,
            ``"list"`` or ``"dict"`` with one part, ``"union"`` with several, or ``"Literal"``.
        parts: The types inside it.
        choices: The values of a ``Literal``.
    """

    kind: str
    parts: tuple[Hint, ...] = ()
    choices: tuple[Choice, ...] = ()

    def text(self) -> str:
        """Return the type as source text; a file is ``filepath``."""
        inner = [part.text() for part in self.parts]
        if self.kind == "union":
            return " | ".join(inner)
        if self.kind == "list":
            return f"list[{inner[0]}]"
        if self.kind == "dict":
            return f"dict[str, {inner[0]}]"
        if self.kind == "Literal":
            return f"Literal[{', '.join(map(literal, self.choices))}]"
        return "filepath" if self.kind == "file" else self.kind

    def annotation(self, files: Any) -> Any:
        """Return the type as an object of `typing`.

        Args:
            files: The type to use for a file.
        """
        inner = tuple(part.annotation(files) for part in self.parts)
        if self.kind == "union":
            return Any if Any in inner else Union[inner]
        if self.kind == "list":
            return list[inner[0]]  # type: ignore[valid-type]  # created at run time
        if self.kind == "dict":
            return dict[str, inner[0]]  # type: ignore[valid-type]  # created at run time
        if self.kind == "Literal":
            return Literal[self.choices]
        return files if self.kind == "file" else _TYPES[self.kind]

    def takes(self, value: object) -> bool:
        """Return whether a type checker accepts a plain value for this type."""
        if self.kind == "union":
            return any(part.takes(value) for part in self.parts)
        if self.kind == "Literal":
            return any(type(value) is type(one) and value == one for one in self.choices)
        if self.kind in ("Any", "None"):
            return self.kind == "Any" or value is None
        if self.kind in ("list", "dict", "file"):
            return False
        wanted = _TYPES[self.kind]
        return isinstance(value, (int, float) if wanted is float else wanted)

    def opened(self) -> Hint:
        """Return this type, with any other text allowed in addition to its choices."""
        if self.kind == "Literal":
            return Hint("union", (self, _STR))
        return self._with([part.opened() for part in self.parts])

    def widened(self) -> Hint:
        """Return this type with the type of its choices instead: outputs may have other values."""
        if self.kind == "Literal":
            return _base(self.choices)
        return self._with([part.widened() for part in self.parts])

    def named(self, kind: str, name: str) -> Hint:
        """Return this type with another name for every part of one kind, such as ``"file"``."""
        if self.kind == kind:
            return Hint(name)
        return self._with([part.named(kind, name) for part in self.parts])

    def kinds(self) -> set[str]:
        """Return the kinds of this type and of its parts."""
        return {self.kind}.union(*(part.kinds() for part in self.parts))

    def _with(self, parts: list[Hint]) -> Hint:
        return union(parts) if self.kind == "union" else replace(self, parts=tuple(parts))


def or_none(hint: Hint) -> Hint:
    """Return a type that also allows ``None``."""
    return hint if hint.takes(None) else Hint("union", (hint, _NONE))


def literal(value: object) -> str:
    """Return a plain value as source text; see `quoted` for text."""
    return quoted(value) if isinstance(value, str) else repr(value).replace("e+", "e")


def hint_of(schema: object) -> Hint:
    """Return the type that a JSON schema describes.

    Behaviour: the JSON schema vocabulary that pydantic 1 and 2 write.

    Example:
        >>> hint_of({"type": "array", "items": {"enum": ["draft", "final"]}}).text()
        'list[Literal["draft", "final"]]'
    """
    return _read(schema, schema, MAX_DEPTH, MAX_NESTING)


_ANY, _NONE, _STR = Hint("Any"), Hint("None"), Hint("str")
_TYPES: dict[str, Any] = {
    "Any": Any,
    "None": None,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
}
_SIMPLE = {
    "string": _STR,
    "number": Hint("float"),
    "integer": Hint("int"),
    "boolean": Hint("bool"),
    "null": _NONE,
    "array": Hint("list", (_ANY,)),
    "object": Hint("dict", (_ANY,)),
}


def _read(schema: object, root: object, depth: int, nesting: int) -> Hint:
    if not isinstance(schema, Mapping) or depth < 0:
        return _ANY
    depth -= 1
    if "$ref" in schema:
        return _read(referred(root, schema["$ref"]), root, depth, nesting)
    if is_file(schema):
        return Hint("file")
    values = [schema["const"]] if "const" in schema else list_in(schema, "enum")
    if values:
        return _choices(values)
    parts = list_in(schema, "anyOf") or list_in(schema, "oneOf")
    parts = parts or [{**schema, "type": kind} for kind in list_in(schema, "type")]
    if parts:
        # A longer union becomes `Any` anyway, and a hostile one could branch without end.
        few = parts if len(parts) <= MAX_PARTS else [None]
        return union([_read(part, root, depth, nesting) for part in few])
    kind = schema.get("type")
    if kind == "array" or (kind is None and "prefixItems" in schema):
        items = list_in(schema, "prefixItems") or list_in(schema, "items")
        inner = {"anyOf": items} if items else schema.get("items")
        return Hint("list", (_inner(inner, root, depth, nesting),))
    if kind == "object" or (kind is None and "properties" in schema):
        # An annotation cannot express keys with different types.
        inner = None if schema.get("properties") else schema.get("additionalProperties")
        return Hint("dict", (_inner(inner, root, depth, nesting),))
    return _SIMPLE.get(kind, _ANY) if isinstance(kind, str) else _ANY


def _inner(schema: object, root: object, depth: int, nesting: int) -> Hint:
    return _read(schema, root, depth, nesting - 1) if nesting > 1 else _ANY


def union(hints: list[Hint]) -> Hint:
    """Return the union of types: each once, ``None`` last; ``Any`` replaces all others."""
    flat = [part for hint in hints for part in (hint.parts if hint.kind == "union" else (hint,))]
    parts = sorted(dict.fromkeys(flat), key=lambda part: part.kind == "None")
    if _ANY in parts or not 0 < len(parts) <= MAX_PARTS:
        return _ANY
    return parts[0] if len(parts) == 1 else Hint("union", tuple(parts))


def _choices(values: list[Any]) -> Hint:
    unique = {(type(value), repr(value)): value for value in values[: MAX_CHOICES + 1]}
    choices = tuple(unique.values())
    if choices == (None,):
        return _NONE
    if (
        len(values) <= MAX_CHOICES
        and all(value is None or isinstance(value, (str, int)) for value in choices)
        and all(_width(literal(value)) <= LONGEST_CHOICE for value in choices)
    ):
        return Hint("Literal", choices=choices)
    return _base(choices)


def _base(choices: tuple[Any, ...]) -> Hint:
    names = {type(value): type(value).__name__ for value in choices}
    known = {type(None): "None", str: "str", int: "int", float: "float", bool: "bool"}
    return union([Hint(known.get(kind, "Any")) for kind in names])


def _width(text: str) -> int:
    """Return an upper bound of a text's columns; a character that is not ASCII may take two."""
    return len(text) + sum(not char.isascii() for char in text)


def is_plain(value: object, width: int) -> bool:
    """Return whether a signature can show a value: short, immutable, and equal when evaluated."""
    if isinstance(value, float):
        return math.isfinite(value)
    return (value is None or isinstance(value, (str, int))) and _width(literal(value)) <= width
