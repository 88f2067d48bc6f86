"""The display of structured values: tables, confidences, marked text, and trees for all others."""

from __future__ import annotations

import zlib
from typing import Any, Callable

from .markup import CODE, DIM, FULL, MONO, PROSE, SHADE, Html, element, join, note, text

MOST_ROWS, MOST_COLUMNS = 50, 20
MOST_BARS = 20
MOST_TOKENS = 2_000
MOST_NODES = 500  # per tree
DEEPEST = 12

#: Returns the display of a value that is inside another.
Show = Callable[[Any], Html]

LONG_WORD = 14  # letters; a longer word may be broken, if the page is narrow

_CELL = "padding:.15em .7em;text-align:{};vertical-align:top;border:0;white-space:pre-wrap"


# -- tables


def table_html(value: Any, show: Show) -> Html | None:
    """Return a DataFrame, ``{"headers": [...], "data": [[...]]}``, as a table, else ``None``."""
    if not isinstance(value, dict):
        return None
    headers, rows = value.get("headers"), value.get("data")
    if not isinstance(headers, list) or not isinstance(rows, list):
        return None
    if not all(isinstance(row, list) for row in rows):
        return None
    width = max([len(headers), *(len(row) for row in rows[:MOST_ROWS])], default=0)
    columns = range(min(width, MOST_COLUMNS))
    breaks = [_has_long_word((headers, *rows[:MOST_ROWS]), column) for column in columns]
    head = [
        element("th", text(index_or(headers, i, "")), style=_cell("left", breaks=breaks[i]))
        for i in columns
    ]
    lines = [element("tr", *head, style="background:transparent")]
    for number, row in enumerate(rows[:MOST_ROWS]):
        shade = "rgba(128,128,128,.08)" if number % 2 == 0 else "transparent"
        cells = (_table_cell(index_or(row, i, None), show, breaks=breaks[i]) for i in columns)
        lines.append(element("tr", *cells, style=f"background:{shade}"))
    left_out = []
    if len(rows) > MOST_ROWS:
        left_out.append(f"{len(rows) - MOST_ROWS:,} more rows")
    if width > MOST_COLUMNS:
        left_out.append(f"{width - MOST_COLUMNS:,} more columns")
    size = note(f"{len(rows):,} × {width:,}{' · ' if left_out else ''}{', '.join(left_out)}")
    style = "border-collapse:collapse;font-size:inherit;table-layout:auto;overflow-wrap:normal"
    table = element("table", *lines, style=style)
    return element("div", table, size, style="overflow-x:auto")


def _has_long_word(rows: tuple[list[Any], ...], column: int) -> bool:
    """Return whether a column has a word that makes a narrow page too wide."""
    texts = (row[column] for row in rows if column < len(row) and isinstance(row[column], str))
    return any(len(word) > LONG_WORD for value in texts for word in value[:500].split())


def _table_cell(value: Any, show: Show, *, breaks: bool) -> Html:
    style = _cell("left", breaks=breaks)
    if value is None:
        return element("td", note("None"), style=style)
    if isinstance(value, (str, bool)):
        return element("td", text(value, 500), style=style)
    if isinstance(value, (int, float)):
        shown = f"{value:.6g}" if isinstance(value, float) else f"{value}"
        return element("td", text(shown), style=_cell("right", breaks=breaks))
    return element("td", show(value), style=style)


def _cell(side: str, *, breaks: bool) -> str:
    """Return the style of a cell. If words could be broken everywhere, all columns got narrow."""
    style = _CELL.format(side)
    return f"{style};overflow-wrap:anywhere;min-width:8em" if breaks else style


def index_or(values: list[Any], index: int, otherwise: Any) -> Any:
    """Return an item of a list, or `otherwise` if the list is too short."""
    return values[index] if index < len(values) else otherwise


# -- confidences


def label_html(value: Any) -> Html | None:
    """Return a class with the confidences of all classes as bars, else ``None``."""
    if not isinstance(value, dict) or "label" not in value:
        return None
    confidences = value.get("confidences")
    if confidences is None and value.keys() <= {"label", "confidences"}:
        return element("b", text(value["label"]), style=_HEAD)
    if not isinstance(confidences, list):
        return None
    rows = [_bar(entry) for entry in confidences[:MOST_BARS] if isinstance(entry, dict)]
    if len(rows) != min(len(confidences), MOST_BARS):
        return None
    if len(confidences) > MOST_BARS:
        rows.append(note(f"{len(confidences) - MOST_BARS} more"))
    head = element("div", element("b", text(value["label"])), style=_HEAD)
    return element("div", head, *rows, style="max-width:32em")


_NAME = "flex:1;min-width:0;overflow-wrap:anywhere;unicode-bidi:isolate"
_HEAD = "font-size:120%;overflow-wrap:anywhere"


def _bar(entry: dict[str, Any]) -> Html:
    share = number_in(entry.get("confidence"), 0.0, 1.0)
    percent = "–" if share is None else f"{100 * share:.1f} %"
    full = element("div", style=f"width:{100 * (share or 0):.4g}%;height:.45em;{FULL}")
    names = element(
        "div",
        element("span", text(entry.get("label", ""), 200), style=_NAME),
        element("span", text(percent), style=DIM),
        style="display:flex;gap:1em",
    )
    return element("div", names, element("div", full, style=SHADE), style="margin:.25em 0")


def number_in(value: Any, low: float, high: float) -> float | None:
    """Return a number, limited to a range; ``None`` if the value is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e300:
        return None  # also for integers that are too large for a float
    return min(max(float(value), low), high)


# -- marked text


def marks_html(value: Any) -> Html | None:
    """Return the tokens of HighlightedText with their classes or weights, else ``None``."""
    if not isinstance(value, list) or not value:
        return None
    tokens = [_token(entry) for entry in value[:MOST_TOKENS]]
    if any(token is None for token in tokens):
        return None
    shown = [_mark(*token) for token in tokens if token is not None]
    if len(value) > MOST_TOKENS:
        shown.append(note(f" … {len(value) - MOST_TOKENS} more"))
    return element("div", *shown, style=f"{PROSE};line-height:1.9")


def _token(entry: Any) -> tuple[str, Any] | None:
    if isinstance(entry, dict) and "token" in entry and "class_or_confidence" in entry:
        return str(entry["token"]), entry["class_or_confidence"]
    if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str):  # 3.x
        return (entry[0], entry[1]) if isinstance(entry[1], (str, int, float, type(None))) else None
    return None


def _mark(token: str, kind: Any) -> Html:
    if kind is None or kind == "":
        return text(token)
    weight = number_in(kind, -1.0, 1.0)
    if weight is not None:
        tint = f"hsla({0 if weight >= 0 else 220},80%,55%,{0.55 * abs(weight):.3f})"
        return element("mark", text(token), style=_tinted(tint), title=f"{kind}")
    # A class has the same colour in every output.
    hue = zlib.crc32(str(kind).encode("utf-8", "replace")) % 360
    name = element("small", text(f" {kind}", 80), style=f"{DIM};font-weight:600")
    return element("mark", text(token), name, style=_tinted(f"hsla({hue},75%,55%,.3)"))


def _tinted(tint: str) -> str:
    return f"background:{tint};color:inherit;border-radius:3px;padding:.1em .2em;margin:0 .1em"


# -- other values


class Tree:
    """JSON as nested lists that can be folded.

    Args:
        show: Shows values that are not JSON, such as a file.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self._left = MOST_NODES

    def html(self, value: Any, depth: int = 0) -> Html:
        """Return a value and its parts, up to the limit of nodes."""
        self._left -= 1
        if isinstance(value, (dict, list)):
            return self._branch(value, depth)
        if value is None or isinstance(value, (str, bool, int, float)):
            shown = repr(value) if isinstance(value, str) else str(value)
            return element("code", text(shown, 2_000), style=_LEAF)
        return self._show(value)

    def _branch(self, value: dict[Any, Any] | list[Any], depth: int) -> Html:
        mapping = isinstance(value, dict)
        entries = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
        title = f"{{{len(entries)}}}" if mapping else f"[{len(entries)}]"
        if not entries or depth >= DEEPEST or self._left <= 0:
            return note(title if not entries else f"{title} …")
        rows = []
        for key, part in entries:
            if self._left <= 0:
                rows.append(note("…"))
                break
            name = element(
                "span", text(f"{key}: ", 200), style=f"{DIM};{MONO};overflow-wrap:anywhere"
            )
            inside = element("div", name, self.html(part, depth + 1), style="margin-left:1.1em")
            rows.append(inside)
        summary = element("summary", note(title), style="cursor:pointer")
        return element("details", summary, *rows, open=depth < 2, style=_FOLD)


_FOLD = "display:inline-block;vertical-align:top;max-width:100%"
_LEAF = f"{MONO};background:transparent;white-space:pre-wrap;overflow-wrap:anywhere"


def prose_html(value: str) -> Html:
    """Return a text with its line ends."""
    return element("div", text(value), style=PROSE)


def code_html(value: str) -> Html:
    """Return a text in a fixed-width font."""
    return element("pre", text(value), style=CODE)


def pieces_html(parts: list[Html]) -> Html:
    """Return values, one below another."""
    return join(element("div", part, style="margin:.3em 0") for part in parts)
