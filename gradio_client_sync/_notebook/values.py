"""The choice of a display for a value, by its form, and by its component if that is known.

The component only chooses between displays that the value could have without it. If the value does
not have the form that the component expects, its own form decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .chat import chat_html
from .markup import Html, element, note, text
from .native_plots import is_native_plot
from .page import page_html
from .players import (
    Allowance,
    annotated_html,
    file_html,
    gallery_html,
    is_file,
    video_html,
)
from .plots import native_html, parsed, plot_html
from .structures import Tree, code_html, label_html, marks_html, prose_html, table_html

DEEPEST = 20  # levels of nested values
LONGEST_PAGE = 500_000  # characters of HTML; longer HTML is shown as code

_NONE: Mapping[str, Any] = MappingProxyType({})
_CODE = frozenset(("code", "json", "paramviewer"))


class Renderer:
    """Shows the values of one display, which share one limit for bytes in the page."""

    def __init__(self) -> None:
        self._allowance = Allowance()
        self._depth = 0

    def html(self, value: Any, component: str = "", props: Mapping[str, Any] = _NONE) -> Html:
        """Return the display of a value.

        Args:
            value: An output, or a part of one.
            component: The type of its component, such as ``"html"``; empty if unknown.
            props: The properties of its component that say how a plot is drawn.
        """
        if value is None:
            return note("None")
        if is_file(value):
            return file_html(value, self._allowance)
        if isinstance(value, str):
            return self._text(value, component)
        if isinstance(value, (bool, int, float)):
            return element("span", text(value), style="font-size:110%")
        if self._depth >= DEEPEST:
            return note("…")
        self._depth += 1
        try:
            return self._structured(value, component, props) or Tree(self.html).html(value)
        finally:
            self._depth -= 1

    @staticmethod
    def _text(value: str, component: str) -> Html:
        if component == "html":
            page = page_html(value) if len(value) <= LONGEST_PAGE else None
            return page or code_html(value)
        return code_html(value) if component in _CODE else prose_html(value)

    def _structured(self, value: Any, component: str, props: Mapping[str, Any]) -> Html | None:
        """Return the display of a value that has the form of a Gradio component, else ``None``."""
        if component in _CODE:
            return None
        allowance = self._allowance
        if isinstance(value, dict):
            plot = parsed(value)
            if plot is not None:
                return plot_html(*plot, allowance, self.html)
            if is_native_plot(value):
                return native_html(value, props, self.html)
            return (
                table_html(value, self.html)
                or label_html(value)
                or annotated_html(value, allowance)
                or video_html(value, allowance)
            )
        if component == "highlightedtext":
            return marks_html(value)
        return (
            gallery_html(value, allowance)
            or chat_html(value, self.html, pairs=component == "chatbot")
            or (marks_html(value) if _has_tokens(value) else None)
        )


def _has_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
