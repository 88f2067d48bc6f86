"""The nesting depth of JSON, measured without recursion.

Python's parser calls itself for each level. A hostile text can take it to the end of the stack,
where it raises `RecursionError`. That is too late: while the parser creates objects, Python may
collect garbage, and then the finalizers of unrelated objects have no stack left to close their
files and connections. So JSON that is nested too deeply must be found before it is parsed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

_BRACKETS = b"[]{}"
_TEXT = bytes(byte for byte in range(256) if byte not in _BRACKETS + b'"')
_PIECE = 2**16  # bytes to split at once; the parts take many times the size of the text
_STEPS = [1 if byte in b"[{" else -1 for byte in range(256)]


def exceeds_depth(raw: bytes, levels: int) -> bool:
    """Return whether arrays and objects are nested more than `levels` deep.

    In a text that is not valid JSON, the part after the first error may count as well.
    """
    if len(raw) <= levels or not _opens_more(raw, levels):
        return False
    depth = 0
    for brackets in _structural_brackets(raw):
        for begin in range(0, len(brackets), levels):
            part = brackets[begin : begin + levels]
            opened = part.count(b"[") + part.count(b"{")
            may_exceed = depth + opened > levels
            if may_exceed and depth + max(accumulate(map(_STEPS.__getitem__, part))) > levels:
                return True
            depth += 2 * opened - len(part)
    return False


def _opens_more(raw: bytes, times: int) -> bool:
    """Return whether more than `times` opening brackets occur, inside or outside of strings.

    Searching for the next bracket is faster than counting all: ten times for a text of 10 MB with
    few brackets.
    """
    for bracket in (b"[", b"{"):
        at = raw.find(bracket)
        while at >= 0:
            times -= 1
            if times < 0:
                return True
            at = raw.find(bracket, at + 1)
    return False


def _structural_brackets(raw: bytes) -> Iterator[bytes]:
    """Yield the brackets outside of strings, in pieces."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two adjacent quotes have no bracket between them. If both are removed, the other quotes
    # still open and close strings in turn.
    quoted = raw.translate(None, _TEXT).replace(b'""', b"")
    inside = 0
    for begin in range(0, len(quoted), _PIECE):
        parts = quoted[begin : begin + _PIECE].split(b'"')
        yield b"".join(parts[inside::2])
        inside ^= (len(parts) - 1) & 1
