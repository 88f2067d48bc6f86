"""Drawings in HTML of an app (``<svg>``), which become images.

In an image, no script runs and nothing is loaded. An image has to be XML. The parser of HTML gives
names in lower case and does not need end tags, so the drawing is written again.
"""

from __future__ import annotations

import html
import re

from .css import declarations, looks_of, prefixed
from .markup import Html, element
from .players import svg_url

DEEPEST = 100  # elements inside each other; those below are not written

_XHTML = ' xmlns="http://www.w3.org/1999/xhtml"'
_UNKNOWN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMES = re.compile(r"(?:xlink:|xml:)?[a-zA-Z_][a-zA-Z0-9_.-]{0,60}")
#: Names that are not in lower case, as the parser gives them.
_CASES = {
    name.lower(): name
    for name in (
        "attributeName baseFrequency calcMode clipPath clipPathUnits diffuseConstant edgeMode "
        "feBlend feColorMatrix feComponentTransfer feComposite feDropShadow feFlood feFuncA "
        "feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset "
        "feTurbulence filterUnits foreignObject gradientTransform gradientUnits keyTimes "
        "lengthAdjust linearGradient markerHeight markerUnits markerWidth maskContentUnits "
        "maskUnits numOctaves pathLength patternContentUnits patternTransform patternUnits "
        "preserveAspectRatio primitiveUnits radialGradient refX refY repeatCount spreadMethod "
        "startOffset stdDeviation textLength textPath viewBox"
    ).split()
}
_EMPTY = frozenset("br hr img input link meta area base col embed source track wbr".split())

#: Further elements that make a browser end a drawing: those that are not blocks.
_HTML_ONLY = frozenset("b body br code em i img hr pre small span strong sub sup table u".split())


class InlineSvg:
    """A drawing in the page, which becomes an image: no script runs in it, and it loads nothing."""

    def __init__(self, attrs: list[tuple[str, str | None]]) -> None:
        self._attrs = dict(attrs)
        self._parts: list[str] = []
        self._open = ["svg"]
        self._in_script = False
        sized = "width" in self._attrs or "viewbox" in self._attrs
        size = "" if sized else ' width="300" height="150"'
        self._parts.append(
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
            f"{size}{self._written(attrs)}>"
        )

    def _written(self, attrs: list[tuple[str, str | None]]) -> str:
        made = {}
        for name, value in attrs:
            name = _CASES.get(name, name)
            if _NAMES.fullmatch(name) and not name.startswith(("on", "xmlns")):
                made[name] = _escape(value or "")
        return "".join(f' {name}="{value}"' for name, value in made.items())

    def is_left_by(self, tag: str, *, is_block: bool) -> bool:
        """Return whether a browser ends the drawing at this tag, because it is not of a drawing."""
        return (is_block or tag in _HTML_ONLY) and "foreignObject" not in self._open

    def start(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element; below a limit it is left out."""
        tag = _CASES.get(tag, tag)
        self._in_script = tag == "script"
        if self._in_script or tag in _EMPTY or len(self._open) > DEEPEST:
            return
        if ":" in tag or not _NAMES.fullmatch(tag):
            return
        space = _XHTML if self._open[-1] == "foreignObject" else ""
        self._parts.append(f"<{tag}{space}{self._written(attrs)}>")
        self._open.append(tag)

    def end(self, tag: str) -> bool:
        """Close an element; return whether that was the drawing itself."""
        tag = _CASES.get(tag, tag)
        self._in_script = False
        if tag in self._open:
            while self._open:
                last = self._open.pop()
                self._parts.append(f"</{last}>")
                if last == tag:
                    break
        return not self._open

    def text(self, data: str) -> None:
        """Write a text."""
        if not self._in_script:
            self._parts.append(_escape(data))

    def finish(self) -> Html:
        """Return the drawing as an image."""
        while self._open:
            self._parts.append(f"</{self._open.pop()}>")
        looks = declarations(f"{looks_of('svg', self._attrs)};{self._attrs.get('style') or ''}")
        return element(
            "img",
            src=svg_url("".join(self._parts)),
            alt=(self._attrs.get("aria-label") or "drawing")[:200],
            class_=prefixed(self._attrs.get("class") or "") or None,
            style=looks or None,
        )


def _escape(value: str) -> str:
    return html.escape(_UNKNOWN.sub("\ufffd", value))
