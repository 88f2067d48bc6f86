"""Check texts that people read: for marks that they should not see, and for their length."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: What no text for people may contain.
MARKS: dict[str, re.Pattern[str]] = {
    "i18n": re.compile(r"__i18n__"),
    "object": re.compile(r"<[^<>\n]{0,80} object at 0x"),
    "traceback": re.compile(r"Traceback \(most recent"),
    "private module": re.compile(r"\bgradio_client_sync\.(\w+\.)*_[a-z]\w*"),
    "no label": re.compile(r"\b(parameter|value)_\d{2,}\b"),
    "content in the text": re.compile(r"base64,[A-Za-z0-9+/=]{80}"),
}

#: Characters. A type with many choices may be long, so a help text has more room than a line.
LINE, ENDPOINT, HELP, ERROR = 200, 6_000, 8_000, 2_500


def findings_of(text: str, line: int, total: int) -> Iterator[tuple[str, str]]:
    """Yield the kind of each finding, and the part of the text.

    Args:
        text: The text.
        line: The largest length of a line.
        total: The largest length of the whole text.
    """
    for kind, pattern in MARKS.items():
        if found := pattern.search(text):
            yield kind, around(text, found.start())
    longest = max(text.splitlines(), key=len, default="")
    if len(longest) > line:
        yield "long line", f"{len(longest)} characters: {longest[:100]}…"
    if len(text) > total:
        yield "long text", f"{len(text)} characters: {text[:100]!r}…"


def around(text: str, position: int) -> str:
    """Return the part of a text around a position, on one line."""
    return " ".join(text[max(0, position - 30) : position + 70].split())
