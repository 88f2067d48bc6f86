"""Laying out Python source as a formatter would: on one line, or one item a line.

What does not fit is broken after its brackets, with a comma after the last item, which
formatters take as a wish to keep it so. Texts that are too long for a line are written in
pieces, in parentheses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from .._protocol.api.example import quoted

LINE = 100  # columns, as ruff is told in this project


@dataclass(frozen=True)
class Brackets:
    """Items between brackets.

    Attributes:
        opening: What stands before the items, such as ``"Literal["``.
        items: The parts.
        closing: The closing bracket.
        comma: Whether a comma may follow the last item.
        lone_comma: Whether one has to where there is one item only, as in a tuple.
    """

    opening: str
    items: Sequence[Node]
    closing: str
    comma: bool = True
    lone_comma: bool = False


@dataclass(frozen=True)
class Text:
    """A string literal, in ASCII; it may be broken."""

    value: str

    def flat(self) -> str:
        text = quoted(self.value)
        return text if text.isascii() else text.encode("ascii", "backslashreplace").decode()


@dataclass(frozen=True)
class Entry:
    """An entry of a dict."""

    key: Node
    value: Node


@dataclass(frozen=True)
class Remarked:
    """A line of source with a remark to tools behind it."""

    source: str
    remark: str


#: Source that is not broken, or something to lay out.
Node = Union[str, Brackets, Text, Entry, Remarked]


def laid_out(prefix: str, node: Node, suffix: str = "", indent: int = 0) -> list[str]:
    """Write a node as lines.

    Args:
        prefix: What stands before it on its first line.
        node: What to write.
        suffix: What follows it on its last line.
        indent: Columns.
    """
    space = " " * indent
    line = None if _is_remarked(node) else f"{space}{prefix}{flat(node)}{suffix}"
    if line is not None and width(line) <= LINE:
        return [line]
    if isinstance(node, Remarked):
        return [f"{space}{prefix}{node.source}{suffix}  # {node.remark}"]
    if isinstance(node, Entry):
        return _entry(prefix, node, suffix, indent)
    if isinstance(node, Text):
        return _pieces(prefix, node, suffix, indent)
    if isinstance(node, str) or not node.items:
        return [f"{space}{prefix}{flat(node)}{suffix}"]
    comma = "," if node.comma else ""
    inner = [part for item in node.items for part in laid_out("", item, comma, indent + 4)]
    return [f"{space}{prefix}{node.opening}", *inner, f"{space}{node.closing}{suffix}"]


def flat(node: Node) -> str:
    """Write a node on one line."""
    if isinstance(node, str):
        return node
    if isinstance(node, Text):
        return node.flat()
    if isinstance(node, Remarked):
        return node.source
    if isinstance(node, Entry):
        return f"{flat(node.key)}: {flat(node.value)}"
    inner = ", ".join(map(flat, node.items))
    comma = "," if node.lone_comma and len(node.items) == 1 else ""
    return f"{node.opening}{inner}{comma}{node.closing}"


def width(text: str) -> int:
    """Columns at most: what is not ASCII may take two."""
    return len(text) + sum(not char.isascii() for char in text)


def _is_remarked(node: Node) -> bool:
    return isinstance(node, Remarked) or (
        isinstance(node, Brackets) and any(map(_is_remarked, node.items))
    )


def _entry(prefix: str, entry: Entry, suffix: str, indent: int) -> list[str]:
    key = entry.key
    opening = entry.value.opening if isinstance(entry.value, Brackets) else ""
    if isinstance(key, Text) and indent + len(f"{prefix}{key.flat()}: {opening}") > LINE:
        *before, _ = _pieces(prefix, key, "", indent)
        return [*before, *laid_out("): ", entry.value, suffix, indent)]
    return laid_out(f"{prefix}{flat(key)}: ", entry.value, suffix, indent)


def _pieces(prefix: str, text: Text, suffix: str, indent: int) -> list[str]:
    """Break a text between its characters, never within an escape."""
    room = LINE - indent - 4 - 2
    pieces = [""]
    for char in map(_escaped, text.value):
        if len(pieces[-1]) + len(char) > room:
            pieces.append("")
        pieces[-1] += char
    space = " " * indent
    return [
        f"{space}{prefix}(",
        *(f'{space}    "{piece}"' for piece in pieces),
        f"{space}){suffix}",
    ]


def _escaped(char: str) -> str:
    """A character in ASCII, and without a quote for formatters to have an opinion on."""
    return f"\\x{ord(char):02x}" if char in "\"'" else ascii(char)[1:-1]
