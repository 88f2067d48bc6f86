"""How deep JSON is nested, found without going down into it.

Python's parser goes down for each level, to the end of the stack for a text that is hostile, and
raises `RecursionError`. By then the harm may be done: where it makes an object, Python may collect
garbage, and what was thrown away anywhere in the program then has no room to close its files and
connections. So what is nested too deeply has to be known before it is parsed.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

_BRACKETS = b"[]{}"
_TEXT = bytes(byte for byte in range(256) if byte not in _BRACKETS + b'"')
_PIECE = 2**16  # bytes; what is split at its quotes takes many times its size
_STEPS = [1 if byte in b"[{" else -1 for byte in range(256)]


def deeper(raw: bytes, levels: int) -> bool:
    """Whether arrays and objects are more than that many in each other.

    What follows the first error of a text may count, too.
    """
    if len(raw) <= levels or not _opens_more(raw, levels):
        return False
    depth = 0
    for brackets in _outside_of_strings(raw):
        for begin in range(0, len(brackets), levels):
            part = brackets[begin : begin + levels]
            opened = part.count(b"[") + part.count(b"{")
            may_be = depth + opened > levels
            if may_be and depth + max(accumulate(map(_STEPS.__getitem__, part))) > levels:
                return True
            depth += 2 * opened - len(part)
    return False


def _opens_more(raw: bytes, times: int) -> bool:
    """Whether brackets are opened more often, in strings or not. Looking for the next is quicker
    than counting: ten times in a text of 10 MB that has few.
    """
    for bracket in (b"[", b"{"):
        at = raw.find(bracket)
        while at >= 0:
            times -= 1
            if times < 0:
                return True
            at = raw.find(bracket, at + 1)
    return False


def _outside_of_strings(raw: bytes) -> Iterator[bytes]:
    """The brackets that open and close something, some at a time."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes side by side have no bracket between them, and without both the others still open
    # and close strings in turn.
    quoted = raw.translate(None, _TEXT).replace(b'""', b"")
    inside = 0
    for begin in range(0, len(quoted), _PIECE):
        parts = quoted[begin : begin + _PIECE].split(b'"')
        yield b"".join(parts[inside::2])
        inside ^= (len(parts) - 1) & 1
