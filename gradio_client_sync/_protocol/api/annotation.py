"""Conversion of JSON schemas from servers to annotations for type checkers and editors.

`schema.type_text` writes types for people, with words that Python does not have. A `Hint` holds
only what an annotation can express: arrays of any kind are ``list[…]`` (tuples arrive as lists),
choices are ``Literal[…]``, and objects are ``dict[str, Any]``. An object with known keys also
has these, from which a generated module makes a ``TypedDict``. A hint can be written as source text
or converted to an object of `typing`. The values of a schema get into the text only as literals.

Schemas come from the network. So the functions here never raise, and the size of a hint is limited.
"""

from __future__ import annotations

import keyword
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Union

from .example import quoted
from .schema import is_file, list_in, referred

MAX_DEPTH = 8  # levels of a schema; following a reference counts as a level
MAX_NESTING = 3  # levels of an annotation; deeper ones do not help a reader
MAX_PARTS = 5  # types in a union
MAX_CHOICES = 200
MAX_KEYS = 40  # keys of an object; one with more is ``dict[str, Any]``
LONGEST_KEY = 60  # characters
MAX_NODES = 300  # parts of one schema whose keys are read; the chatbot of Gradio 6 has about 90
LONGEST_CHOICE = 80  # columns of its literal, which has to fit on a line of source

Choice = Union[str, int, bool, None]

_NO_NAMES: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Hint:
    """A type that an annotation can express.

    Attributes:
        kind: ``"Any"``, ``"None"``, ``"str"``, ``"int"``, ``"float"``, ``"bool"``, ``"file"``,
            ``"list"`` or ``"dict"`` with one part, ``"union"`` with several, ``"Literal"``, or
            ``"object"``, a dict with a part for each known key. Any other kind is the name of a
            type.
        parts: The types inside it.
        choices: The values of a ``Literal``.
        keys: The keys of an ``object``, each with whether it is always there.
        title: The name of an ``object`` in its schema; may be empty.
    """

    kind: str
    parts: tuple[Hint, ...] = ()
    choices: tuple[Choice, ...] = ()
    keys: tuple[tuple[str, bool], ...] = ()
    title: str = ""

    def text(self) -> str:
        """Return the type as source text; a file is ``filepath``, an object ``dict[str, Any]``."""
        if self.kind == "object":
            return "dict[str, Any]"
        inner = [part.text() for part in self.parts]
        if self.kind == "union":
            return " | ".join(dict.fromkeys(inner))
        if self.kind == "list":
            return f"list[{inner[0]}]"
        if self.kind == "dict":
            return f"dict[str, {inner[0]}]"
        if self.kind == "Literal":
            return f"Literal[{', '.join(map(literal, self.choices))}]"
        return "filepath" if self.kind == "file" else self.kind

    def annotation(self, files: Any, names: Mapping[str, Any] = _NO_NAMES) -> Any:
        """Return the type as an object of `typing`.

        Args:
            files: The type to use for a file.
            names: Further types by name.
        """
        if self.kind == "object":
            return dict[str, Any]
        inner = tuple(part.annotation(files, names) for part in self.parts)
        if self.kind == "union":
            return Any if Any in inner else Union[inner]
        if self.kind == "list":
            return list[inner[0]]  # type: ignore[valid-type]  # created at run time
        if self.kind == "dict":
            return dict[str, inner[0]]  # type: ignore[valid-type]  # created at run time
        if self.kind == "Literal":
            return Literal[self.choices]
        if self.kind == "file":
            return files
        return names[self.kind] if self.kind in names else _TYPES[self.kind]

    def takes(self, value: object) -> bool:
        """Return whether a type checker accepts a plain value for this type."""
        if self.kind == "union":
            return any(part.takes(value) for part in self.parts)
        if self.kind == "Literal":
            return any(type(value) is type(one) and value == one for one in self.choices)
        if self.kind in ("Any", "None"):
            return self.kind == "Any" or value is None
        wanted = _TYPES.get(self.kind)
        if wanted is None:
            return False
        return isinstance(value, (int, float) if wanted is float else wanted)

    def opened(self) -> Hint:
        """Return this type, with any other text allowed in addition to its choices."""
        if self.kind == "Literal":
            return Hint("union", (self, _STR))
        return self.with_parts([part.opened() for part in self.parts])

    def widened(self) -> Hint:
        """Return this type with the type of its choices instead: outputs may have other values."""
        if self.kind == "Literal":
            return _base(self.choices)
        parts = [
            # The constant of an object is its tag: objects of different kinds differ in it.
            part
            if self.kind == "object" and part.kind == "Literal" and len(part.choices) == 1
            else part.widened()
            for part in self.parts
        ]
        return self.with_parts(parts)

    def without_keys(self) -> Hint:
        """Return this type with ``dict[str, Any]`` in place of objects with known keys."""
        if self.kind == "object":
            return _DICT
        return self.with_parts([part.without_keys() for part in self.parts])

    def named(self, kind: str, name: str) -> Hint:
        """Return this type with another name for every part of one kind, such as ``"file"``."""
        if self.kind == kind:
            return Hint(name)
        return self.with_parts([part.named(kind, name) for part in self.parts])

    def kinds(self) -> set[str]:
        """Return the kinds of this type and of its parts."""
        return {self.kind}.union(*(part.kinds() for part in self.parts))

    def with_parts(self, parts: list[Hint]) -> Hint:
        """Return this type with other parts."""
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
    return _SchemaReader(schema).read(schema, MAX_DEPTH, MAX_NESTING)


_ANY, _NONE, _STR = Hint("Any"), Hint("None"), Hint("str")
_DICT = Hint("dict", (_ANY,))
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
    "object": _DICT,
}


class _SchemaReader:
    """Reads one schema. It counts the parts of objects, so that the work is limited."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._nodes = 0

    def read(self, schema: object, depth: int, nesting: int, title: str = "") -> Hint:
        if not isinstance(schema, Mapping) or depth < 0:
            return _ANY
        depth -= 1
        if "$ref" in schema:
            reference = schema["$ref"]
            name = reference.rpartition("/")[2] if isinstance(reference, str) else ""
            return self.read(referred(self._root, reference), depth, nesting, name)
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
            return union([self.read(part, depth, nesting) for part in few])
        kind = schema.get("type")
        if kind == "array" or (kind is None and "prefixItems" in schema):
            items = list_in(schema, "prefixItems") or list_in(schema, "items")
            inner = {"anyOf": items} if items else schema.get("items")
            return Hint("list", (self._inner(inner, depth, nesting),))
        if kind == "object" or (kind is None and "properties" in schema):
            return self._object(schema, depth, nesting, title)
        return _SIMPLE.get(kind, _ANY) if isinstance(kind, str) else _ANY

    def _inner(self, schema: object, depth: int, nesting: int) -> Hint:
        return self.read(schema, depth, nesting - 1) if nesting > 1 else _ANY

    def _object(self, schema: Mapping[str, Any], depth: int, nesting: int, title: str) -> Hint:
        properties = schema.get("properties")
        if not properties:
            return Hint("dict", (self._inner(schema.get("additionalProperties"), depth, nesting),))
        if not isinstance(properties, Mapping) or not _are_names(properties):
            return _DICT
        self._nodes += len(properties)
        if self._nodes > MAX_NODES:
            return _DICT
        # Servers send every key that has a default. Without "required", no other key is sure in a
        # schema of pydantic, which has a title. The schemas of this client have none.
        sure = list_in(schema, "required") or ([] if "title" in schema else list(properties))
        keys, parts = [], []
        for key, part in properties.items():
            if key == "$defs":  # some releases put their definitions among the keys
                continue
            has_default = isinstance(part, Mapping) and "default" in part
            keys.append((key, has_default or key in sure))
            one = list_in(part, "allOf") if isinstance(part, Mapping) else []
            part = one[0] if len(one) == 1 else part  # a reference with a description beside it
            parts.append(self.read(part, depth, MAX_NESTING))  # it has a name of its own
        own = schema.get("title")
        named = own if isinstance(own, str) and own else title
        return Hint("object", tuple(parts), keys=tuple(keys), title=named[:LONGEST_CHOICE])


def _are_names(properties: Mapping[Any, Any]) -> bool:
    """Return whether all keys can be attributes in the body of a class."""
    return len(properties) <= MAX_KEYS and all(
        key == "$defs"
        or (
            isinstance(key, str)
            and key.isidentifier()
            and not keyword.iskeyword(key)
            and key != "__debug__"
            and len(key) <= LONGEST_KEY
            and unicodedata.normalize("NFKC", key) == key
            and (not key.startswith("__") or key.endswith("__"))  # else Python changes the name
        )
        for key in properties
    )


def union(hints: list[Hint]) -> Hint:
    """Return the union of types: each once, ``None`` last; ``Any`` replaces all others."""
    flat = [part for hint in hints for part in (hint.parts if hint.kind == "union" else (hint,))]
    parts = sorted(dict.fromkeys(flat), key=lambda part: part.kind == "None")
    if len(parts) > MAX_PARTS:
        plain = [_DICT if part.kind == "object" else part for part in parts]
        parts = list(dict.fromkeys(plain))
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
