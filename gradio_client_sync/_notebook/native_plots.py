"""Values of ``gr.BarPlot``, ``gr.LinePlot`` and ``gr.ScatterPlot`` since Gradio 4.32: a table.

The properties of the component say which columns are drawn. The app's page computes bins and sums;
here, `encoding` does. Before Gradio 4.32, the value is an Altair figure, which `vega` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .axis import milliseconds_of, number_of, time_text
from .chart import Drawing
from .encoding import Encoding, Field, can_aggregate, planned

_KINDS = {"quantitative": "number", "temporal": "time", "nominal": "name"}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def is_native_plot(value: Any) -> bool:
    """Return whether a value has the form of these components."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("columns"), list)
        and all(isinstance(name, str) for name in value["columns"])
        and isinstance(value.get("datatypes"), dict)
        and isinstance(value.get("data"), list)
        and all(isinstance(row, list) for row in value["data"])
    )


def native_drawing(value: dict[str, Any], props: Mapping[str, Any]) -> Drawing | None:
    """Return the chart of a value; ``None`` if it cannot be drawn.

    Args:
        value: The value; `is_native_plot` is true for it.
        props: The properties of its component.
    """
    encoding = _encoding(value, props)
    if encoding is None:
        return None
    plan = planned([dict(zip(value["columns"], row)) for row in value["data"]], encoding)
    return None if plan is None else plan.drawn()


def as_table(value: dict[str, Any]) -> dict[str, Any]:
    """Return the value as a DataFrame, with moments as text."""
    kinds = [value["datatypes"].get(column) for column in value["columns"]]
    return {"headers": value["columns"], "data": [_cells(row, kinds) for row in value["data"]]}


def _cells(row: list[Any], kinds: list[Any]) -> list[Any]:
    return [_cell(cell, kind) for cell, kind in zip(row, kinds)]


def _cell(cell: Any, kind: Any) -> Any:
    moment = milliseconds_of(cell) if kind == "temporal" else None
    return cell if moment is None else time_text(moment)


def caption_of(props: Mapping[str, Any]) -> str:
    """Return the caption that the app shows below the plot; may be empty."""
    return _text(props.get("caption"))


def _encoding(value: dict[str, Any], props: Mapping[str, Any]) -> Encoding | None:
    columns, kinds = value["columns"], value["datatypes"]
    mark = value.get("mark")
    x, y, color = (_text(props.get(name)) for name in ("x", "y", "color"))
    if x not in columns or y not in columns or mark not in ("bar", "line", "point"):
        return None
    x_kind, y_kind = (_KINDS.get(str(kinds.get(name)), "") for name in (x, y))
    if not x_kind or not y_kind:
        return None
    step = _step(props.get("x_bin")) if x_kind != "name" else 0.0
    aggregate = props.get("y_aggregate") or "sum"
    # As on the page: points are joined only in bins, all others also if they have one name.
    joins = step > 0 or (x_kind == "name" and mark != "point")
    if joins and not can_aggregate(aggregate):
        return None
    lows, highs = zip(*(_limits(props.get(f"{axis}_lim")) for axis in "xy"))
    seconds = 1_000 if x_kind == "time" else 1
    order = props.get("sort")
    return Encoding(
        mark=mark,
        x=Field(
            x,
            x_kind,
            _text(props.get("x_title")) or x,
            step=step,
            low=None if lows[0] is None else lows[0] * seconds,
            high=None if highs[0] is None else highs[0] * seconds,
            order=order,
        ),
        y=Field(
            y,
            y_kind,
            _text(props.get("y_title")) or y,
            aggregate=aggregate if joins else "",
            low=lows[1],
            high=highs[1],
        ),
        color=Field(
            color,
            _KINDS.get(str(kinds.get(color)), "name"),
            _text(props.get("color_title")) or color,
        )
        if color in columns
        else None,
        title=_text(props.get("title")),
        colors=props["color_map"] if isinstance(props.get("color_map"), dict) else {},
        hints=_hints(props.get("tooltip"), columns, (x, y, color)),
        in_legend=_names(props.get("colors_in_legend")),
    )


def _step(x_bin: Any) -> float:
    """Return the width of a bin; of moments, which have a unit, in milliseconds."""
    if isinstance(x_bin, str):
        count = x_bin[:-1]
        return 1_000.0 * int(count) * _SECONDS.get(x_bin[-1:], 0) if count.isdecimal() else 0.0
    return max(number_of(x_bin) or 0.0, 0.0)


def _limits(value: Any) -> tuple[float | None, float | None]:
    if isinstance(value, list) and len(value) == 2:
        return number_of(value[0]), number_of(value[1])
    return None, None


def _hints(
    tooltip: Any, columns: list[Any], drawn_columns: tuple[Any, ...]
) -> tuple[str, ...] | None:
    if tooltip == "none":
        return None
    if tooltip != "all" and not isinstance(tooltip, list):
        return ()
    wanted = columns if tooltip == "all" else tooltip
    return tuple(
        str(column) for column in columns if column in wanted and column not in drawn_columns
    )


def _names(value: Any) -> frozenset[str] | None:
    return frozenset(map(str, value)) if isinstance(value, list) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
