"""HTML that cannot be broken out of: elements are made of elements and of escaped text.

`Html` is markup, `str` is text. Only `text`, `element` and `join` make the one of the other,
so a type checker finds text that was not escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import NewType

Html = NewType("Html", str)

LONGEST_TEXT = 20_000  # characters of one text that are shown

# Greys are transparent and text inherits its colour, so both light and dark pages suit.
DIM = "opacity:.7"
LINE = "border-top:1px solid rgba(128,128,128,.35)"
MONO = "font-family:monospace"
FULL = "background:#4c8bf5;border-radius:3px"  # of a bar
SHADE = "background:rgba(128,128,128,.13);border-radius:4px"
PROSE = "white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate;text-align:left"
CODE = f"{PROSE};{MONO};{SHADE};margin:.2em 0;padding:.5em .7em;color:inherit"

_EMPTY = frozenset(("img", "br", "source"))
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def text(value: object, longest: int = LONGEST_TEXT) -> Html:
    """Text as it is, cut off where it gets too long."""
    shown = str(value)
    if len(shown) > longest:
        shown = f"{shown[:longest]}… ({len(shown) - longest:,} more characters)"
    return Html(_escape(shown))


def element(tag: str, *inside: Html, **attributes: str | bool | None) -> Html:
    """An element.

    Args:
        tag: Its name; never from an app.
        inside: What it holds, in order.
        attributes: By name; values are escaped. ``True`` writes an empty one, ``None``
            and ``False`` leave it out. An underscore at the end of a name is dropped.
    """
    written = [tag]
    for name, value in attributes.items():
        if value is not None and value is not False:
            content = "" if value is True else value
            written.append(f'{name.rstrip("_")}="{_escape(content)}"')
    opening = f"<{' '.join(written)}>"
    return Html(opening if tag in _EMPTY else f"{opening}{''.join(inside)}</{tag}>")


def join(parts: Iterable[Html]) -> Html:
    """Markup one after the other."""
    return Html("".join(parts))


def note(value: object) -> Html:
    """A remark of ours."""
    return element("span", text(value), style=DIM)


def link(address: str | None, label: str) -> Html:
    """A link, if the address is one of the web; else its text."""
    if address is None or not address.startswith(("http://", "https://")):
        return text(label)
    return element(
        "a", text(label), href=address, target="_blank", rel="noopener noreferrer nofollow"
    )


def frame(page: str) -> Html:
    """Markup of an app, where it can do nothing: no script, no form, no request."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
    head = (
        f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{policy}"><style>html{{background:#fff;color:#222;'
        "font-family:system-ui,sans-serif}</style>"
    )
    # No script could tell how tall it is, so it is given what its text may take.
    lines = max(4, min(24, page.count("\n") + len(page) // 160))
    return element(
        "iframe",
        sandbox=True,
        srcdoc=head + page,
        referrerpolicy="no-referrer",
        title="HTML of the app",
        style=f"width:100%;height:{lines * 1.5 + 2:g}em;border:1px solid rgba(128,128,128,.35);"
        "border-radius:4px;resize:vertical;background:#fff",
    )


def _escape(value: str) -> str:
    # Halves of surrogate pairs cannot be sent, and control characters are not allowed in HTML.
    sendable = value.encode("utf-8", "backslashreplace").decode("utf-8")
    return html.escape(_UNSHOWN.sub("\ufffd", sendable))
