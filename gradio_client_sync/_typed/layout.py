"""Lay out Python source like a formatter: on one line, or with one item on each line.

Source that is too long for a line is broken after its opening bracket. A comma follows the last
item, which tells formatters to keep these line breaks. A string that is too long for a line is
written in pieces in parentheses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

from .._protocol.api.example import quoted

LINE = 100  # columns, the same as in this project's configuration of ruff


@dataclass(frozen=True)
class Brackets:
    """Items between brackets.

    Attributes:
        opening: The source before the items, such as ``"Literal["``.
        items: The items.
        closing: The closing bracket.
        comma: Whether a comma may follow the last item.
        lone_comma: Whether a comma must follow a single item, as in a tuple.
        bare: Whether the brackets are only for items on several lines, as in an import.
    """

    opening: str
    items: Sequence[Node]
    closing: str
    comma: bool = True
    lone_comma: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Text:
    """A string literal in ASCII, which may be written in several pieces."""

    value: str

    def flat(self) -> str:
        """Return the literal in one piece."""
        text = quoted(self.value)
        return text if text.isascii() else text.encode("ascii", "backslashreplace").decode()


@dataclass(frozen=True)
class Entry:
    """An entry of a dict."""

    key: Node
    value: Node


@dataclass(frozen=True)
class Remarked:
    """A line of source with a comment for tools after it."""

    source: str
    remark: str


#: Source that cannot be broken (a string), or a part that can be laid out.
Node = Union[str, Brackets, Text, Entry, Remarked]


def laid_out(prefix: str, node: Node, suffix: str = "", indent: int = 0) -> list[str]:
    """Write a node as lines.

    Args:
        prefix: The source before the node, on its first line.
        node: The node.
        suffix: The source after the node, on its last line.
        indent: The indentation in columns.
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
    if node.bare:
        return inner
    comma = "," if node.lone_comma and len(node.items) == 1 else ""
    return f"{node.opening}{inner}{comma}{node.closing}"


def width(text: str) -> int:
    """Return the largest possible width in columns: a character outside ASCII may need two."""
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
    """Break a string into pieces, never inside an escape sequence."""
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
    """Return a character in ASCII. Quotes are escaped, so that no formatter changes them."""
    return f"\\x{ord(char):02x}" if char in "\"'" else ascii(char)[1:-1]
