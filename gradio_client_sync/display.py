"""An app's API as a table, for terminals and notebooks.

This module only converts data to text: it sends no requests and prints nothing. Labels,
descriptions, names and defaults come from the app and are not trusted. For terminals, control
characters and characters that reorder text are escaped. For HTML, all special characters are
escaped.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ._basics.printing import printable
from ._basics.words import called
from ._protocol.api.example import call_text
from ._protocol.api.shown import shown_default, shown_label
from ._terminal.plaintext import (
    LONGEST,
    columns,
    fitted,
    pad,
    plain,
    short,
    wrap,
    wrap_quoted,
)

NARROWEST, WIDEST = 60, 110  # columns; wider lines are hard to read
DESCRIPTION_LINES = 8
LONGEST_NAME = 40  # columns
LONGEST_DEFAULT = 28  # columns
MOST_CHOICES = 200_000  # characters of a type with choices, which nothing else shows
ALL_OPEN = 6  # endpoints; if an app has more, a notebook shows them folded

FILE_NOTE = (
    "filepath: pass handle_file(path_or_url), a pathlib.Path, bytes or an open file; "
    "a result is a RemoteFile."
)

TOKEN_NOTES = {
    "required": "Needs your Hugging Face token: pass oauth_token= to Client.",
    "optional": "Can use your Hugging Face token: pass oauth_token= to Client.",
}
_CHOICES = "Literal["

HIDDEN_NOTE = "not in the app's own description"


class ApiInfo(dict[str, Any]):
    """The endpoints of an app: a dict that prints as a table.

    ``str()``, ``repr()`` and ``print()`` give a table that is as wide as the terminal, with a
    call to copy for each endpoint. Notebooks show the same as HTML.

    Args:
        data: ``{"named_endpoints": {...}, "unnamed_endpoints": {...}}``.
        url: The URL of the app.
        version: The Gradio release of the app.
        sent: The app's own description, as the server sent it (``/info``). It is empty if the
            server has none, and ``None`` if the request failed.
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        url: str,
        version: str,
        sent: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data)
        self.url = url
        self.version = version
        self.sent = sent

    def __repr__(self) -> str:
        width = shutil.get_terminal_size().columns
        return _text(self, max(NARROWEST, min(width, WIDEST)))

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return _html(self)


# -- content of both formats


def _endpoints(api: ApiInfo) -> list[tuple[str | int, Mapping[str, Any]]]:
    """Return every endpoint with the name or number by which `predict` calls it."""
    found: list[tuple[str | int, Mapping[str, Any]]] = []
    for kind in ("named_endpoints", "unnamed_endpoints"):
        for name, endpoint in _mapping(api.get(kind)).items():
            number = kind == "unnamed_endpoints" and str(name).isdecimal()
            found.append((int(name) if number else str(name), _mapping(endpoint)))
    return found


def _heading(api: ApiInfo, endpoints: Sequence[Any]) -> str:
    count = f"{len(endpoints)} endpoint{'' if len(endpoints) == 1 else 's'}"
    return f"Gradio {str(api.version).strip()} · {count}"


def _marks(endpoint: Mapping[str, Any]) -> str:
    types = _mapping(endpoint.get("type"))
    marks = [
        *(["streams"] if types.get("generator") or types.get("continuous") else []),
        *(["cancels jobs"] if types.get("cancel") else []),
    ]
    return ", ".join(marks)


def _token_note(endpoint: Mapping[str, Any]) -> str:
    return TOKEN_NOTES.get(str(endpoint.get("oauth_token")), "")


def _rows(endpoint: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return name, type, default and note of each parameter, then of each return value."""
    rows = []
    for value in (*_values(endpoint, "parameters"), *_values(endpoint, "hidden_parameters")):
        name = short(str(value.get("parameter_name", "")), LONGEST_NAME)
        if value.get("parameter_has_default"):
            default = f"= {shown_default(value, LONGEST_DEFAULT)}"
        else:
            default = "required"
        notes = (_label_note(value, name), _type_note(value), _hidden_note(value))
        note = " · ".join(filter(None, notes))
        rows.append((name, _type(value), default, note))
    returns = _values(endpoint, "returns")
    return [
        *rows,
        *((_return_name(value), _type(value), "", _type_note(value)) for value in returns),
    ]


def _return_name(value: Mapping[str, Any]) -> str:
    return short(f"→ {shown_label(value)}", LONGEST_NAME)


def _label_note(value: Mapping[str, Any], name: str) -> str:
    """Return the label, or ``""`` if it only repeats the name."""
    label = str(value.get("label", ""))[:LONGEST]
    made = re.fullmatch(r"parameter_\d+", label)
    return "" if made or label.lower().replace(" ", "_") == name.strip("_") else label


def _type(value: Mapping[str, Any]) -> str:
    text = str(_mapping(value.get("python_type")).get("type", "Any"))
    return text[: MOST_CHOICES if _CHOICES in text else LONGEST]


def _type_note(value: Mapping[str, Any]) -> str:
    note = _mapping(value.get("python_type")).get("description")
    return note[:LONGEST] if isinstance(note, str) else ""


def _hidden_note(value: Mapping[str, Any]) -> str:
    return HIDDEN_NOTE if value.get("hidden") else ""


def _takes_files(endpoints: Sequence[tuple[str | int, Mapping[str, Any]]]) -> bool:
    return any(
        "filepath" in _type(value)
        for _, endpoint in endpoints
        for key in ("parameters", "hidden_parameters", "returns")
        for value in _values(endpoint, key)
    )


def _values(endpoint: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    values = endpoint.get(key)
    return [_mapping(value) for value in values] if isinstance(values, list) else []


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


# -- text


def _text(api: ApiInfo, width: int) -> str:
    endpoints = _endpoints(api)
    lines = wrap(_shown(f"{api.url} · {_heading(api, endpoints)}"), width)
    for name, endpoint in endpoints:
        lines += ["", *_endpoint_lines(name, endpoint, width)]
    if _takes_files(endpoints):
        lines += ["", *wrap(FILE_NOTE, width)]
    return "\n".join(lines)


def _endpoint_lines(name: str | int, endpoint: Mapping[str, Any], width: int) -> Iterator[str]:
    title = _shown(name if isinstance(name, str) else called(name))
    marks = _marks(endpoint)
    rule = "─" * max(3, width - columns(title) - 4 - (len(marks) + 3 if marks else 0))
    yield printable(f"── {title} {rule}" + (f" {marks} ─" if marks else ""))
    description = endpoint.get("description")
    if isinstance(description, str):
        lines = [
            line
            for part in description[:LONGEST].splitlines()
            for line in wrap(_shown(part), width)
        ]
        yield from lines[:DESCRIPTION_LINES]
        if len(lines) > DESCRIPTION_LINES:
            yield printable("…")
    rows = [tuple(map(_shown, row)) for row in _rows(endpoint)]
    yield from _table(rows, width)
    if rows:
        yield ""
    if _token_note(endpoint):
        yield from wrap(_token_note(endpoint), width)
    yield from printable(call_text(name, endpoint, width)).splitlines()


def _shown(text: object) -> str:
    """Return a line of text that standard output can show."""
    return printable(plain(text))


def _cell(text: str, width: int) -> str:
    return fitted(text, width, sys.stdout)


def _table(rows: Sequence[tuple[str, ...]], width: int) -> Iterator[str]:
    """Lay out the rows in columns that fit their content.

    A note that does not fit into its row follows on lines of its own, and so do choices. A return
    value has no default, so its type may use that column, too.
    """
    names, types, defaults, notes = (
        max((columns(row[index]) for row in rows if index == 0 or row[2]), default=0)
        for index in range(4)
    )
    names = min(names, width // 3)
    room = width - names - defaults - 6
    types = min(types, max(room - min(notes, 30) - 2, width * 2 // 5), room)
    types = max((columns(_cell(row[1], types)) for row in rows if row[2]), default=0)
    note_at = names + types + defaults + 8
    for name, kind, default, note in rows:
        line = f"  {pad(_cell(name, names), names)}  "
        shown = _cell(kind, types if default else width - names - 4)
        below: list[str] = []
        if default and shown != kind and _CHOICES in kind:
            shown, below = _wrapped_choices(kind, types, width - names - 4)
        if default:
            line = f"{line}{pad(shown, types)}  {default}"
            column = note_at
        else:
            line = f"{line}{shown}"
            column = max(note_at, columns(line) + 2)
        if note and column + columns(note) <= width:
            line, note = f"{pad(line, column)}{note}", ""
        below += wrap(note, width - names - 4)[:3]
        yield line
        yield from (f"{' ' * (names + 4)}{part}" for part in below)


def _wrapped_choices(kind: str, first: int, width: int) -> tuple[str, list[str]]:
    """Break a type with choices between them: a line for its column, and those that follow."""
    line = wrap_quoted(kind, first)[0]
    head = kind[: kind.index(_CHOICES) + len(_CHOICES)]
    if not kind[len(line) :].startswith(" ") and columns(head) <= first:
        line = head  # the first choice is too long for the column
    return line, wrap_quoted(kind[len(line) :].lstrip(" "), width)


# -- HTML


def _html(api: ApiInfo) -> str:
    endpoints = _endpoints(api)
    opened = len(endpoints) <= ALL_OPEN
    heading = (
        f'<b>{_safe(api.url)}</b> <span style="{_DIM}">{_safe(_heading(api, endpoints))}</span>'
    )
    parts = [
        '<div style="max-width:62em;overflow-wrap:anywhere">',
        f'<div style="margin-bottom:.5em">{heading}</div>',
        *(_endpoint_html(name, endpoint, opened) for name, endpoint in endpoints),
    ]
    if _takes_files(endpoints):
        parts.append(f'<div style="{_LINE};padding-top:.4em;{_DIM}">{_safe(FILE_NOTE)}</div>')
    return "".join([*parts, "</div>"])


def _endpoint_html(name: str | int, endpoint: Mapping[str, Any], opened: bool) -> str:
    title = _safe(name if isinstance(name, str) else called(name))
    description = endpoint.get("description")
    text = description[:LONGEST].strip() if isinstance(description, str) else ""
    first, _, rest = text.partition("\n")
    about = "".join(
        f'<span style="{_DIM};margin-left:.8em">{text}</span>'
        for text in (_safe(first), f"<i>{_marks(endpoint)}</i>" if _marks(endpoint) else "")
        if text
    )
    more = f'<div style="white-space:pre-line;margin:.2em 0">{_lines(rest)}</div>' if rest else ""
    rows = "".join(_row_html(*row) for row in _rows(endpoint))
    table = f'<table style="{_TABLE}">{rows}</table>' if rows else ""
    call = html.escape(call_text(name, endpoint, 88))
    token = _token_note(endpoint)
    table += f'<div style="{_DIM}">{_safe(token)}</div>' if token else ""
    return (
        f'<details{" open" if opened else ""} style="{_LINE};padding:.35em 0">'
        f'<summary style="cursor:pointer"><b><code style="{_CODE}">{title}</code></b>{about}'
        f'</summary><div style="margin-left:1.1em">{more}{table}<pre style="{_CALL}">{call}</pre>'
        "</div></details>"
    )


def _row_html(name: str, kind: str, default: str, note: str) -> str:
    """Return one row of a table. A shortened type has a tooltip with the full text.

    A type with choices is not shortened. It wraps, and long words of it, too.
    """
    has_choices = _CHOICES in kind
    cut = short(plain(kind), 44 if default else 88)
    whole = f' title="{_safe(kind)}"' if cut != kind else ""
    shown = plain(kind) if has_choices else cut
    wraps = ";max-width:36em;overflow-wrap:anywhere" if has_choices else ""
    note_html = f'<span style="{_DIM}">{_safe(note)}</span>'
    first = f'<td style="{_TD};{_MONO};white-space:nowrap;font-weight:600">{_safe(name)}</td>'
    if default:
        cells = (
            f'<td style="{_TD};{_MONO}{wraps}"{whole}>{html.escape(shown)}</td>'
            f'<td style="{_TD};{_MONO};{_DIM}">{_safe(default)}</td>'
            f'<td style="{_TD}">{note_html}</td>'
        )
    else:  # a return value has no default, so its type may use that column, too
        style = f"{_MONO};margin-right:1.2em{wraps}"
        kind_html = f'<span style="{style}"{whole}>{html.escape(shown)}</span>'
        cells = f'<td style="{_TD}" colspan="3">{kind_html}{note_html}</td>'
    return f'<tr style="background:transparent">{first}{cells}</tr>'


def _lines(text: str) -> str:
    return "\n".join(map(_safe, text.strip().splitlines()[:DESCRIPTION_LINES]))


def _safe(text: object) -> str:
    return html.escape(plain(text))


# Greys are transparent and text inherits its colour, so the table fits light and dark pages.
_DIM = "opacity:.7"
_LINE = "border-top:1px solid rgba(128,128,128,.35)"
_CODE = "background:transparent;color:inherit;font-family:monospace"
_TABLE = "border-collapse:collapse;margin:.3em 0;color:inherit;font-size:inherit"
_TD = "text-align:left;vertical-align:top;padding:.1em 1.2em .1em 0;border:0"
_MONO = "font-family:monospace"
_CALL = (
    "margin:.3em 0 .2em;padding:.5em .7em;border-radius:4px;overflow-x:auto;text-align:left;"
    "background:rgba(128,128,128,.13);color:inherit"
)
