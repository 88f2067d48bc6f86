"""Long text made short, for people. Text that fits is never changed.

All descriptions, signatures and messages shorten here. Widths are columns of a terminal.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 2000  # characters of a text from an app; the rest is ignored


def columns(text: str) -> int:
    """Return how many columns of a terminal a line has."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(char) or char in "\u200c\u200d\ufe0e\ufe0f"
        else 2
        if unicodedata.east_asian_width(char) in "WF"
        else 1
        for char in text
    )


def short(text: str, width: int) -> str:
    """Shorten a text to the width: empty its innermost brackets, last ones first, then cut it."""
    text = text[:LONGEST]
    while columns(text) > width:
        inner = max(_INNERMOST.finditer(text), key=lambda found: found.start(), default=None)
        if inner is None or inner.start() < max(width // 3, 10):
            break
        text = f"{text[: inner.start()]}{inner[0][0]}…{inner[0][-1]}{text[inner.end() :]}"
    if columns(text) <= width:
        return text
    fits = next(n for n in range(width, -1, -1) if columns(text[:n]) < width)
    stops = [found.end() for found in re.finditer(r", |(?<=[a-z])[\[({]", text[:fits])]
    for stop in reversed(stops):
        shown = f"{text[:stop]}…{''.join(reversed(_unclosed(text[:stop])))}"
        if columns(shown) <= width:
            return shown
    return f"{text[:fits]}…"


def _unclosed(text: str) -> list[str]:
    """Return the closing brackets for the brackets that a text leaves open, innermost last."""
    closing: list[str] = []
    for char in text:
        if char in _CLOSING:
            closing.append(_CLOSING[char])
        elif closing and char == closing[-1]:
            closing.pop()
    return closing


_CLOSING = {"(": ")", "[": "]", "{": "}"}
_INNERMOST = re.compile(r"\[[^][(){}…]{2,}\]|\([^][(){}…]{2,}\)|\{[^][(){}…]{2,}\}")
