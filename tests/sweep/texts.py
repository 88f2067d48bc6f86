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

#: Characters, without the choices of a component.
LINE, ENDPOINT, HELP, ERROR = 200, 6_000, 8_000, 2_500

_TEXT = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
#: Choices, as a type and as a sentence of a docstring; both may be wrapped.
_CHOICES = re.compile(
    rf"Literal\[(?:{_TEXT}|[^\]'\"])*\]|One of {_TEXT}(?:(?:,\s+or|,|\s+or)\s+{_TEXT})*", re.S
)


def without_choices(text: str) -> str:
    """Return a text with ``…`` for the choices of components, which are shown whole."""
    return _CHOICES.sub("…", text)


def findings_of(text: str, line: int, total: int) -> Iterator[tuple[str, str]]:
    """Yield the kind of each finding, and the part of the text.

    Args:
        text: The text.
        line: The largest length of a line. A signature may be longer, as `help` shows it on one.
        total: The largest length of the whole text.
    """
    text = without_choices(text)
    for kind, pattern in MARKS.items():
        if found := pattern.search(text):
            yield kind, around(text, found.start())
    lines = [one for one in text.splitlines() if not _is_signature(one)]
    longest = max(lines, key=len, default="")
    if len(longest) > line:
        yield "long line", f"{len(longest)} characters: {longest[:100]}…"
    if len(text) > total:
        yield "long text", f"{len(text)} characters: {text[:100]!r}…"


def _is_signature(line: str) -> bool:
    return re.match(r"[a-z_]\w*\(.*\) -> ", line) is not None


def around(text: str, position: int) -> str:
    """Return the part of a text around a position, on one line."""
    return " ".join(text[max(0, position - 30) : position + 70].split())
