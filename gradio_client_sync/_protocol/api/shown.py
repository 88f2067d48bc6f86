"""Defaults, signatures and choices as people read them.

A default may be a whole table or a page of text. Here it is written as Python, whole if it is short
and otherwise shortened, so that no message is longer than its reader's patience. Choices are never
shortened, because nothing else shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .example import default_text, quoted
from .schema import list_in
from .shortened import columns, short

WIDTH = 40  # columns of a default in a signature


def shown_default(value: Mapping[str, Any], width: int = WIDTH) -> str:
    """Return the default of a parameter as Python, of at most `width` columns.

    Args:
        value: The parameter, as in the result of `Client.view_api`.
        width: The number of columns.
    """
    default = value.get("parameter_default")
    text = default_text(value)
    if isinstance(default, str) and columns(text) > width and text[0] in "\"'":
        return _shortened_string(default, width)
    return short(text, width)


def _shortened_string(text: str, width: int) -> str:
    """Return the beginning of a string as a literal of at most `width` columns."""
    end = width
    while end and columns(quoted(f"{text[:end]}…")) > width:
        end -= 1
    return quoted(f"{text[:end]}…")


def shown_label(value: Mapping[str, Any]) -> str:
    """Return the label of a parameter or output; its component's name if it has no label.

    Servers call a value without a label by the number of its component (``parameter_77``), which
    changes when the app gets another component.

    Args:
        value: The parameter or output, as in the result of `Client.view_api`.
    """
    label = str(value.get("label", ""))
    made = re.fullmatch(r"(parameter|value)_\d+", label)
    return str(value.get("component") or label) if made else label


def shown_signature(parameters: Iterable[Mapping[str, Any]]) -> str:
    """Return parameters as Python would write them: ``(a, b=2)``.

    Args:
        parameters: The parameters, as in the result of `Client.view_api`.
    """
    parts = [
        f"{p['parameter_name']}={_in_signature(p)}"
        if p.get("parameter_has_default")
        else str(p["parameter_name"])
        for p in parameters
    ]
    return f"({', '.join(parts)})"


def _in_signature(parameter: Mapping[str, Any]) -> str:
    default, shown = parameter.get("parameter_default"), shown_default(parameter)
    is_whole = default is None or isinstance(default, (str, int, float))
    if is_whole and "handle_file(" not in shown and len(repr(default)) <= WIDTH:
        return repr(default)  # as Python shows it in its own errors
    return shown


def choices_in(schema: object) -> tuple[Any, ...]:
    """Return the values that a schema offers, also as the items of a list; empty if it has none."""
    if not isinstance(schema, Mapping):
        return ()
    values = list_in(schema, "enum")
    if values:
        return tuple(values)
    items = schema.get("items")
    return tuple(list_in(items, "enum")) if isinstance(items, Mapping) else ()
