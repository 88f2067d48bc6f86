"""Safe HTML: elements are made only from other elements and from escaped text.

`Html` is markup, `str` is text. Only `text`, `element` and `join` return markup for text. So a
type checker reports text that was not escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import NewType

Html = NewType("Html", str)

LONGEST_TEXT = 20_000  # characters of one text; the rest is not shown

# Greys are transparent and text keeps the colour of the page, for light and dark pages.
DIM = "opacity:.7"
LINE = "border-top:1px solid rgba(128,128,128,.35)"
WRAP = "overflow-wrap:anywhere"  # for pages that are narrower than a word
MONO = "font-family:monospace"
FULL = "background:#4c8bf5;border-radius:3px"  # the filled part of a bar
SHADE = "background:rgba(128,128,128,.13);border-radius:4px"
PROSE = "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;text-align:left"
CODE = f"{PROSE};{MONO};{SHADE};margin:.2em 0;padding:.5em .7em;color:inherit"

_EMPTY = frozenset(("img", "br", "source"))
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def text(value: object, longest: int = LONGEST_TEXT) -> Html:
    """Return escaped text, shortened if it is too long."""
    shown = str(value)
    if len(shown) > longest:
        shown = f"{shown[:longest]}… ({len(shown) - longest:,} more characters)"
    return Html(_escape(shown))


def element(tag: str, *inside: Html, **attributes: str | bool | None) -> Html:
    """Return an element.

    Args:
        tag: The name of the element; never from an app.
        inside: The content, in order.
        attributes: Values by name; the values are escaped. ``True`` writes an empty attribute,
            ``None`` and ``False`` write none. An underscore at the end of a name is removed.
    """
    written = [tag]
    for name, value in attributes.items():
        if value is not None and value is not False:
            content = "" if value is True else value
            written.append(f'{name.rstrip("_")}="{_escape(content)}"')
    opening = f"<{' '.join(written)}>"
    return Html(opening if tag in _EMPTY else f"{opening}{''.join(inside)}</{tag}>")


def join(parts: Iterable[Html]) -> Html:
    """Return the parts one after another."""
    return Html("".join(parts))


def note(value: object) -> Html:
    """Return dimmed text, for remarks of this package."""
    return element("span", text(value), style=DIM)


def link(url: str | None, label: str) -> Html:
    """Return a link if the URL is http or https, else only the label."""
    if url is None or not url.startswith(("http://", "https://")):
        return text(label)
    return element("a", text(label), href=url, target="_blank", rel="noopener noreferrer nofollow")


def _escape(value: str) -> str:
    # Halves of surrogate pairs cannot be sent, and control characters are not allowed in HTML.
    sendable = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return html.escape(_UNSHOWN.sub("\ufffd", sendable))
