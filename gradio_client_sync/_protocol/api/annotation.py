"""From the JSON schemas that servers send to annotations that type checkers and editors read.

`schema.type_text` writes types for people, in words that Python does not have. A `Hint` holds
only what an annotation can say: objects are ``dict[str, Any]``, arrays of any kind ``list[…]``
(tuples arrive as lists), choices ``Literal[…]``. It can be written as source text and made
into an object of `typing`. What a schema holds never gets into the text but as a literal.

Schemas come from the network: nothing here raises, and the size of a hint is bounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Union

from .example import quoted
from .schema import is_file, list_in, referred

MAX_DEPTH = 8  # levels of a schema; references lead down, too
MAX_NESTING = 3  # levels of an annotation; deeper ones say nothing to a reader
MAX_PARTS = 5  # of a union
MAX_CHOICES = 200
LONGEST_CHOICE = 80  # columns of its literal: it has to fit a line of source

Choice = Union[str, int, bool, None]


@dataclass(frozen=True)
class Hint:
    """A type.

    Attributes:
        kind: ``"Any"``, ``"None"``, ``"str"``, ``"int"``, ``"float"``, ``"bool"``, ``"file"``,
            ``"list"`` or ``"dict"`` of its one part, ``"union"`` of several, ``"Literal"``.
        parts: The types inside.
        choices: The values of a ``Literal``.
    """

    kind: str
    parts: tuple[Hint, ...] = ()
    choices: tuple[Choice, ...] = ()

    def text(self) -> str:
        """Write it as source; a file is ``filepath``."""
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
        """Make it what `typing` would.

        Args:
            files: What stands for a file.
        """
        inner = tuple(part.annotation(files) for part in self.parts)
        if self.kind == "union":
            return Any if Any in inner else Union[inner]
        if self.kind == "list":
            return list[inner[0]]  # type: ignore[valid-type]  # made at run time
        if self.kind == "dict":
            return dict[str, inner[0]]  # type: ignore[valid-type]  # made at run time
        if self.kind == "Literal":
            return Literal[self.choices]
        return files if self.kind == "file" else _TYPES[self.kind]

    def takes(self, value: object) -> bool:
        """Whether a plain value is of this type, to a type checker."""
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
        """Let any text stand where there are choices: the app takes values of one's own."""
        if self.kind == "Literal":
            return Hint("union", (self, _STR))
        return self._with([part.opened() for part in self.parts])

    def widened(self) -> Hint:
        """Say ``str`` for choices of text, and so on: what an app gives need not be one."""
        if self.kind == "Literal":
            return _base(self.choices)
        return self._with([part.widened() for part in self.parts])

    def named(self, kind: str, name: str) -> Hint:
        """Put another word for all of a kind, such as files."""
        if self.kind == kind:
            return Hint(name)
        return self._with([part.named(kind, name) for part in self.parts])

    def kinds(self) -> set[str]:
        """The kinds of it and of its parts."""
        return {self.kind}.union(*(part.kinds() for part in self.parts))

    def _with(self, parts: list[Hint]) -> Hint:
        return union(parts) if self.kind == "union" else replace(self, parts=tuple(parts))


def or_none(hint: Hint) -> Hint:
    """The hint, or ``None``."""
    return hint if hint.takes(None) else Hint("union", (hint, _NONE))


def literal(value: object) -> str:
    """Write a plain value as source; see `quoted` for text."""
    return quoted(value) if isinstance(value, str) else repr(value).replace("e+", "e")


def hint_of(schema: object) -> Hint:
    """Read a JSON schema.

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
        # Those of a long union would be cut below, and hostile ones branch without end.
        few = parts if len(parts) <= MAX_PARTS else [None]
        return union([_read(part, root, depth, nesting) for part in few])
    kind = schema.get("type")
    if kind == "array" or (kind is None and "prefixItems" in schema):
        items = list_in(schema, "prefixItems") or list_in(schema, "items")
        inner = {"anyOf": items} if items else schema.get("items")
        return Hint("list", (_inner(inner, root, depth, nesting),))
    if kind == "object" or (kind is None and "properties" in schema):
        # Keys of their own types are more than an annotation can say.
        inner = None if schema.get("properties") else schema.get("additionalProperties")
        return Hint("dict", (_inner(inner, root, depth, nesting),))
    return _SIMPLE.get(kind, _ANY) if isinstance(kind, str) else _ANY


def _inner(schema: object, root: object, depth: int, nesting: int) -> Hint:
    return _read(schema, root, depth, nesting - 1) if nesting > 1 else _ANY


def union(hints: list[Hint]) -> Hint:
    """One of several: each once, ``None`` last; ``Any`` takes the others in."""
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
    """Columns at most: what is not ASCII may take two."""
    return len(text) + sum(not char.isascii() for char in text)


def is_plain(value: object, width: int) -> bool:
    """Whether a value can stand in a signature: short, immutable, and equal when written."""
    if isinstance(value, float):
        return math.isfinite(value)
    return (value is None or isinstance(value, (str, int))) and _width(literal(value)) <= width
