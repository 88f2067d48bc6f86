"""Compare a value with its type as it is printed, such as ``list[filepath] | None``.

`gradio_client_sync._protocol.api.schema` writes these texts for people. Here they are read again,
so that the sweep checks what people see.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from gradio_client_sync import RemoteFile

_OPEN, _CLOSE = "[(", "])"
_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
    "filepath": (RemoteFile,),
    "None": (type(None),),
}


def fits(text: str, value: object) -> bool:
    """Return whether a value has the type that a text describes."""
    parts = split(text, " | ")
    if len(parts) > 1:
        return any(fits(part, value) for part in parts)
    parts = split(text, " & ")
    if len(parts) > 1:
        return all(fits(part, value) for part in parts)
    text = text.strip()
    if text == "Any":
        return True
    if text in _PLAIN:
        plain = isinstance(value, _PLAIN[text])
        return plain and (text == "bool" or not isinstance(value, bool))
    head, inner = _head(text)
    if head == "Literal":
        return value in ast.literal_eval(f"[{inner}]")
    if head == "list":
        return isinstance(value, list) and all(fits(inner, one) for one in value)
    if head == "tuple":
        kinds = split(inner, ", ")
        return isinstance(value, list) and len(value) == len(kinds) and all(map(fits, kinds, value))
    if head == "dict" and text.startswith("dict["):
        kind = inner.partition(", ")[2]
        return isinstance(value, Mapping) and all(fits(kind, one) for one in value.values())
    if head == "dict":
        kinds_by_key = dict(part.partition(": ")[::2] for part in split(inner, ", "))
        return isinstance(value, Mapping) and all(
            fits(kind, value[key]) for key, kind in kinds_by_key.items() if key in value
        )
    raise ValueError(f"not a printed type: {text!r}")


def shape_of(value: object) -> str:
    """Return the type of a value, in the words of printed types."""
    if isinstance(value, RemoteFile):
        return "filepath"
    if isinstance(value, list):
        inner = sorted({shape_of(one) for one in value})
        return f"list[{' | '.join(inner[:4])}]"
    if isinstance(value, Mapping):
        return (
            f"dict({', '.join(f'{key}: {shape_of(one)}' for key, one in list(value.items())[:6])})"
        )
    return "None" if value is None else type(value).__name__


def split(text: str, separator: str) -> list[str]:
    """Split a text at the separators outside of brackets and quotes."""
    parts, depth, start, quote, index = [], 0, 0, "", 0
    while index < len(text):
        char = text[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = ""
        elif char in "'\"" and _starts_literal(text, index):
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif depth == 0 and text.startswith(separator, index):
            parts.append(text[start:index])
            index = start = index + len(separator)
            continue
        index += 1
    return [*parts, text[start:]]


def _starts_literal(text: str, index: int) -> bool:
    return index == 0 or text[index - 1] in "[ ("


def _head(text: str) -> tuple[str, str]:
    for bracket in _OPEN:
        head, found, rest = text.partition(bracket)
        if found and head.isalpha():
            return head, rest[:-1]
    return text, ""
