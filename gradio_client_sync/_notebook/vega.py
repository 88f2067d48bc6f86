"""Vega-Lite figures, as Altair makes them and as the plots of Gradio before 4.32 send them.

Read are single views and layers with the marks and channels that `encoding` knows, and rows or
columns of such views. A figure that computes its values in another way is not drawn.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from .chart import PALETTE, Drawing
from .encoding import MOST_ROWS, Encoding, Field, Plan, Row, can_aggregate, planned

MOST_VIEWS = 12  # of a figure with rows or columns

_MARKS = {"line": "line", "area": "line", "bar": "bar", "point": "point", "circle": "point"}
_KINDS = {"quantitative": "number", "temporal": "time", "nominal": "name", "ordinal": "name"}
_COMPUTING = ("transform", "repeat", "concat", "hconcat", "vconcat", "spec", "facet")
_UNKNOWN = ("detail", "x2", "y2", "theta", "radius", "latitude", "longitude", "xError", "yError")


def vega_drawings(figure: dict[str, Any]) -> list[Drawing]:
    """Return the charts of a figure, one for each row or column; none if it cannot be drawn."""
    if any(key in figure for key in _COMPUTING):
        return []
    views = list(_views(figure))
    parts = _parts(figure, rows_of(figure))
    made = []
    for name, part in parts[:MOST_VIEWS]:
        plans: list[Plan] = []
        for view in views:
            encoding = _encoding(view, " · ".join(filter(None, (_title(figure), name))))
            rows = part if len(parts) > 1 else rows_of(view)
            plan = None if encoding is None else planned(rows, encoding)
            if plan is None:
                return []
            # A layer that draws the same values again, such as the points of a line, adds nothing.
            if not any(_same_values(plan.encoding, other.encoding) for other in plans):
                plans.append(plan)
        if plans:
            made.append(plans[0].drawn(plans[1:]))
    return made


def _same_values(one: Encoding, other: Encoding) -> bool:
    return other.mark != "bar" and (one.x, one.y) == (other.x, other.y)


def rows_of(figure: dict[str, Any]) -> list[Row]:
    """Return the rows of a figure's first data."""
    for part in (figure, *_list(figure.get("layer"))):
        data = _dict(_dict(part).get("data"))
        rows = data.get("values")
        if rows is None:
            rows = _dict(figure.get("datasets")).get(data.get("name"))
        if isinstance(rows, list):
            return [row for row in rows[: MOST_ROWS + 1] if isinstance(row, dict)]
    return []


def rows_as_table(rows: list[Row]) -> dict[str, Any]:
    """Return rows in the form of a DataFrame."""
    headers = list(dict.fromkeys(str(name) for row in rows[:100] for name in row))
    return {"headers": headers, "data": [[row.get(name) for name in headers] for row in rows]}


def with_colors(figure: dict[str, Any]) -> dict[str, Any]:
    """Return the figure with colours in place of the numbers that Gradio's page replaces."""
    made = copy.deepcopy({key: part for key, part in figure.items() if key != "datasets"})
    for view in (made, *_list(made.get("layer"))):
        color = _dict(_dict(_dict(view).get("encoding")).get("color"))
        scale = _dict(color.get("scale"))
        numbers = scale.get("range")
        if isinstance(numbers, list) and numbers and all(type(n) is int for n in numbers):
            names = color.get("type") == "nominal"
            shades = ["#c6dbef", "#08306b"]
            scale["range"] = [PALETTE[n % len(PALETTE)] for n in numbers] if names else shades
    return {**made, "datasets": figure["datasets"]} if "datasets" in figure else made


def _views(figure: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each layer with what it inherits; the figure itself if it has no layers."""
    shared = {key: figure[key] for key in ("encoding", "data", "datasets") if key in figure}
    layers = figure.get("layer")
    if not isinstance(layers, list):
        yield figure
        return
    for layer in layers:
        own = _dict(layer)
        encoding = {**_dict(figure.get("encoding")), **_dict(own.get("encoding"))}
        yield {**shared, **own, "encoding": encoding}


def _encoding(view: dict[str, Any], title: str) -> Encoding | None:
    mark = view.get("mark")
    mark = _MARKS.get(str(mark.get("type") if isinstance(mark, dict) else mark))
    channels = _dict(view.get("encoding"))
    if mark is None or any(key in view for key in _COMPUTING):
        return None
    if any(key in channels for key in _UNKNOWN):
        return None
    x, y = (_field(_dict(channels.get(axis)), axis) for axis in "xy")
    if x is None or y is None or (x.aggregate and y.aggregate):
        return None
    color = _dict(channels.get("color"))
    dash = _dict(channels.get("strokeDash")).get("field")
    scale = _dict(color.get("scale"))
    tints = zip(_list(scale.get("domain")), _list(scale.get("range")))
    stacks = [_dict(channels.get(axis)).get("stack", True) for axis in "xy"]
    return Encoding(
        mark=mark,
        x=x,
        y=y,
        color=_field(color, "color") if "field" in color else None,
        dash=dash if isinstance(dash, str) else "",
        title=title,
        colors={name: tint for name, tint in tints if isinstance(name, str)},
        hints=_hints(channels.get("tooltip")),
        stacks=all(stacks) and "xOffset" not in channels and "yOffset" not in channels,
    )


def _field(channel: dict[str, Any], axis: str) -> Field | None:
    name, aggregate, bins = (channel.get(key) for key in ("field", "aggregate", "bin"))
    if aggregate == "count":
        name = name if isinstance(name, str) else ""
    elif not isinstance(name, str) or "timeUnit" in channel or not _is_known(aggregate):
        return None
    step = bins.get("step") if isinstance(bins, dict) else None
    if bins and not isinstance(step, (int, float)):
        return None
    name = name.replace("\\", "")
    limits = _dict(channel.get("scale")).get("domain")
    low, high = (
        limits
        if isinstance(limits, list)
        and len(limits) == 2
        and all(isinstance(limit, (int, float)) for limit in limits)
        else (None, None)
    )
    title = channel.get("title")
    return Field(
        name,
        _KINDS.get(str(channel.get("type")), "number" if aggregate or bins else "name"),
        title if isinstance(title, str) else name,
        aggregate=aggregate or "",
        step=float(step or 0.0),
        low=low,
        high=high,
        order=_order(channel.get("sort", "ascending"), name, axis),
    )


def _is_known(aggregate: Any) -> bool:
    return aggregate is None or (isinstance(aggregate, str) and can_aggregate(aggregate))


def _order(sort: Any, name: str, axis: str) -> Any:
    """Return the order of names in the words of `Field.order`."""
    if isinstance(sort, dict):
        sign = "-" if sort.get("order") == "descending" else ""
        own = sort.get("field") == name or sort.get("encoding") == axis
        return f"{sign}x" if own else f"{sign}y"
    if sort in ("ascending", "descending"):
        return "x" if sort == "ascending" else "-x"
    if sort in ("x", "y", "-x", "-y"):
        return sort.replace(sort[-1], "x" if sort[-1] == axis else "y")
    return sort if isinstance(sort, list) else None


def _hints(tooltip: Any) -> tuple[str, ...]:
    entries = tooltip if isinstance(tooltip, list) else [tooltip]
    fields = (_dict(entry).get("field") for entry in entries)
    return tuple(field for field in fields if isinstance(field, str))


def _parts(figure: dict[str, Any], rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """Return the title and the rows of each part of a figure with rows or columns."""
    channels = _dict(figure.get("encoding"))
    fields = [_dict(channels.get(key)) for key in ("row", "column", "facet")]
    by = next((part for part in fields if isinstance(part.get("field"), str)), None)
    if by is None:
        return [("", rows)]
    title = by.get("title")
    shown = title if isinstance(title, str) else by["field"]
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(str(row.get(by["field"])), []).append(row)
    return [(f"{shown}: {name}" if shown else name, part) for name, part in parts.items()]


def _title(figure: dict[str, Any]) -> str:
    title = figure.get("title")
    title = title.get("text") if isinstance(title, dict) else title
    return title[:120] if isinstance(title, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}
