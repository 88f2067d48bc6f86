"""Text that is safe for terminals and source code, and text that fits a width.

Labels, descriptions, names and messages come from an app and are not trusted. Control characters,
and characters that reorder or hide text, are shown as escapes. Widths are columns of a terminal.
"""

from __future__ import annotations

import re

from .._basics.printing import encodable
from .._protocol.api.shortened import LONGEST, columns, short

__all__ = [
    "LONGEST",
    "columns",
    "fitted",
    "pad",
    "plain",
    "readable",
    "short",
    "wrap",
    "wrap_quoted",
]


def plain(text: object) -> str:
    """Return one line that cannot control a terminal: white space becomes spaces."""
    return _UNSAFE.sub(_escape, " ".join(str(text).split()))


def readable(text: str) -> str:
    """Return a text that cannot control a terminal; line ends and tabs are kept."""
    return "\n".join(
        "\t".join(_UNSAFE.sub(_escape, part) for part in line.split("\t"))
        for line in text.replace("\r\n", "\n").split("\n")
    )


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape", "surrogatepass").decode("ascii")


# Control characters, characters that reorder or hide text (the joiners of scripts and emoji
# are allowed), line separators, halves of surrogate pairs, and tags.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def fitted(text: str, width: int, stream: object) -> str:
    """Return a text that a stream can encode, shortened to the width.

    An ellipsis has three columns if the encoding of the stream has no sign for it.
    """
    text = encodable(text, stream)
    shown = ""
    for room in range(width, 0, -1):
        shown = encodable(short(text, room), stream)
        if columns(shown) <= width:
            return shown
    return shown[:width]


def pad(text: str, width: int) -> str:
    """Return the text with spaces added up to the width."""
    return text + " " * (width - columns(text))


def wrap(text: str, width: int) -> list[str]:
    """Break a line at spaces so that each part fits; a word that is too long is broken, too."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
        while columns(line) > width:
            cut = next(n for n in range(width, 0, -1) if n == 1 or columns(line[:n]) <= width)
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line else lines


def wrap_quoted(text: str, width: int) -> list[str]:
    """Break a line of source like `wrap`, but not at a space inside a string literal."""
    joined = _QUOTED.sub(lambda found: found[0].replace(" ", _JOINED), text)
    return [line.replace(_JOINED, " ") for line in wrap(joined, width)]


_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'" + r'|"(?:[^"\\]|\\.)*"')
_JOINED = "\x00"  # in place of a space; the source of a literal has none
