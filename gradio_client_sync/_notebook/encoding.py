"""The rows of a table as a chart: groups, bins, aggregates and orders, as Vega-Lite makes them.

`native_plots` and `vega` say which column is drawn where (an `Encoding`); this module computes what
a page computes in the browser.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Union

from .axis import Axis, milliseconds_of, number_of, number_text, time_text
from .chart import MOST_POINTS, PALETTE, Drawing, Series, css_color, draw

MOST_SERIES = 24
MOST_ROWS = 50_000
MOST_NAMES = 200  # of an axis
MOST_BINS = 1e12  # between 0 and a value

_SHADES = ((198, 219, 239), (8, 48, 107))  # for colours by number

Row = Mapping[Any, Any]
Place = Union[float, str]


class Field(NamedTuple):
    """A column, and how it is drawn.

    Attributes:
        name: The name of the column.
        kind: ``"number"``, ``"time"`` or ``"name"``.
        title: The title of its axis or legend.
        aggregate: The name of a function that joins the values of one place, such as ``"sum"``.
        step: The width of a bin; 0 without bins. For moments, in milliseconds.
        low, high: The limits of its axis.
        order: The order of names: ``None`` as they come, ``"x"``, ``"-x"``, ``"y"`` or ``"-y"``
            by this or the other axis, or a list of names.
    """

    name: str
    kind: str = "number"
    title: str = ""
    aggregate: str = ""
    step: float = 0.0
    low: float | None = None
    high: float | None = None
    order: Any = None

    def read(self, row: Row) -> Place | None:
        """Return the value of a row; ``None`` if it cannot be drawn."""
        value = row.get(self.name)
        if self.kind == "name":
            return None if value is None else _name(value)
        return milliseconds_of(value) if self.kind == "time" else number_of(value)

    def shown(self, place: Place) -> str:
        """Return a value for people."""
        if isinstance(place, str):
            return place
        if not self.step:
            return time_text(place) if self.kind == "time" else number_text(place)
        ends = (place - self.step / 2, place + self.step / 2)
        return " – ".join(map(time_text if self.kind == "time" else number_text, ends))


class Encoding(NamedTuple):
    """The columns that are drawn, and the way of drawing each.

    Attributes:
        mark: ``"line"``, ``"point"`` or ``"bar"``.
        x, y: The columns of the axes.
        color: The column that chooses the colour.
        dash: The name of a column that chooses how lines are dashed; may be empty.
        title: The title of the chart.
        colors: Colours by name.
        hints: Further columns for tooltips; ``None`` for no tooltips.
        in_legend: The names in the legend; ``None`` for all.
        stacks: Whether sums are drawn on top of each other.
    """

    mark: str
    x: Field
    y: Field
    color: Field | None = None
    dash: str = ""
    title: str = ""
    colors: Mapping[Any, Any] = {}
    hints: tuple[str, ...] | None = ()
    in_legend: frozenset[str] | None = None
    stacks: bool = True


class _Point(NamedTuple):
    x: Place
    y: Place
    group: tuple[str, str]
    shade: float | None
    row: Row | None


class Plan(NamedTuple):
    """A chart that can be drawn.

    Attributes:
        encoding: What it shows.
        series: Its points.
        across, up: Its axes.
        lying: Whether its bars go from left to right.
    """

    encoding: Encoding
    series: list[Series]
    across: Axis
    up: Axis
    lying: bool

    def drawn(self, others: Sequence[Plan] = ()) -> Drawing:
        """Return the chart, with the series of others in it."""
        color = self.encoding.color
        names = dict.fromkeys(
            (*self.across.names, *(n for one in others for n in one.across.names))
        )
        series = [*self.series, *(series for one in others for series in one.series)]
        return draw(
            self.encoding.title,
            series,
            self.across._replace(names=tuple(names)),
            self.up,
            lying=self.lying,
            legend=color.title if color else "",
        )


def planned(rows: Sequence[Row], encoding: Encoding) -> Plan | None:
    """Return a chart of rows; ``None`` if they cannot be drawn."""
    lying = encoding.mark == "bar" and encoding.y.kind == "name" and encoding.x.kind != "name"
    across, up = (encoding.y, encoding.x) if lying else (encoding.x, encoding.y)
    if len(rows) > MOST_ROWS or (up.kind == "name" and encoding.mark != "point"):
        return None
    points = [
        point for row in rows if (point := _point(row, encoding, across, up, number=len(rows)))
    ]
    stacked = (
        encoding.stacks and encoding.mark == "bar" and _is_sum(up) and _by_name(encoding.color)
    )
    if up.aggregate or stacked:
        points = _aggregated(points, up.aggregate or "sum")
    names = _names(points, across)
    up_names = tuple(dict.fromkeys(str(p.y) for p in points)) if up.kind == "name" else ()
    if not points or len(names) > MOST_NAMES or len(up_names) > MOST_NAMES:
        return None
    series = _series(points, encoding, across, up, names)
    if len(series) > MOST_SERIES:
        return None
    if stacked:
        series = _stacked(series)
    if up_names:
        places = {name: float(number) for number, name in enumerate(reversed(up_names))}
        series = [one._replace(ys=[places[str(y)] for y in one.ys]) for one in series]
    return Plan(
        encoding,
        series,
        Axis(across.title, across.kind, names, across.low, across.high),
        Axis(up.title, up.kind, up_names[::-1], up.low, up.high),
        lying,
    )


def _is_sum(up: Field) -> bool:
    return up.kind == "number" and up.aggregate in ("", "sum", "count")


def _by_name(color: Field | None) -> bool:
    return color is not None and color.kind == "name"


def _point(row: Row, encoding: Encoding, across: Field, up: Field, *, number: int) -> _Point | None:
    x = across.read(row)
    y = 1.0 if up.aggregate == "count" else up.read(row)
    if x is None or y is None:
        return None
    if across.step and isinstance(x, float):
        if not abs(x / across.step) < MOST_BINS:
            return None
        x = (math.floor(x / across.step) + 0.5) * across.step
    color, group, shade = encoding.color, "", None
    if color is not None and color.kind == "name":
        group = _name(row.get(color.name))
    elif color is not None:
        value = color.read(row)
        shade = value if isinstance(value, float) else None
    dash = _name(row.get(encoding.dash)) if encoding.dash else ""
    return _Point(x, y, (group, dash), shade, row if number <= MOST_POINTS else None)


def _name(value: Any) -> str:
    if isinstance(value, float) and value == value // 1:
        return f"{value:.0f}"
    return str(value)[:200]


# -- aggregates


_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "mean": statistics.fmean,
    "average": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "max": max,
    "count": math.fsum,  # of ones
}


def can_aggregate(name: Any) -> bool:
    """Return whether the function is known."""
    return name in _AGGREGATES


def _aggregated(points: list[_Point], name: str) -> list[_Point]:
    places: dict[tuple[Place, tuple[str, str]], list[_Point]] = {}
    for point in points:
        places.setdefault((point.x, point.group), []).append(point)
    join = _AGGREGATES[name]
    return [
        _Point(x, join([float(p.y) for p in found]), group, found[0].shade, None)
        for (x, group), found in places.items()
    ]


# -- names and orders


def _names(points: list[_Point], across: Field) -> tuple[str, ...]:
    """Return the names of an axis in their order; none if it has numbers."""
    if across.kind != "name":
        return ()
    names = list(dict.fromkeys(str(point.x) for point in points))
    order = across.order
    if isinstance(order, list):
        first = [name for name in dict.fromkeys(map(_name, order)) if name in set(names)]
        return (*first, *(name for name in names if name not in set(first)))
    if order in ("y", "-y"):
        sums: dict[str, float] = dict.fromkeys(names, 0.0)
        for point in points:
            sums[str(point.x)] += point.y if isinstance(point.y, float) else 0.0
        names.sort(key=lambda name: sums[name], reverse=order == "-y")
    elif order in ("x", "-x"):
        names.sort(key=_natural, reverse=order == "-x")
    return tuple(names)


def _natural(name: str) -> tuple[float, str]:
    """Return the key by which names are sorted: numbers by their values, before all texts."""
    try:
        return float(name), ""
    except ValueError:
        return math.inf, name


# -- series


def _series(
    points: list[_Point], encoding: Encoding, across: Field, up: Field, names: tuple[str, ...]
) -> list[Series]:
    groups: dict[tuple[str, str], list[_Point]] = {}
    for point in points:
        groups.setdefault(point.group, []).append(point)
    group_names = list(dict.fromkeys(name for name, _ in groups))
    dashes = list(dict.fromkeys(dash for _, dash in groups))
    places = {name: number for number, name in enumerate(names)}
    shades = [point.shade for point in points if point.shade is not None]
    made = []
    for (name, dash), members in groups.items():
        if encoding.mark == "line":
            members.sort(key=lambda p: places[p.x] if isinstance(p.x, str) else p.x)
        thin = _thinned(members, encoding.mark)
        color = css_color(encoding.colors.get(name))
        number = group_names.index(name)
        listed = encoding.in_legend is None or name in encoding.in_legend
        label = " · ".join(filter(None, (name, dash))) if listed else ""
        made.append(
            Series(
                encoding.mark,
                label,
                [point.x for point in thin],
                [point.y for point in thin],  # type: ignore[misc]  # names are replaced later
                color=color or PALETTE[number % len(PALETTE)],
                colors=_shaded(thin, shades) if shades and encoding.mark == "point" else (),
                hints=[_hint(point, encoding, across, up) for point in thin],
                width=across.step,
                dashed=dashes.index(dash) % 2 == 1,
            )
        )
    if shades and encoding.mark == "point" and encoding.color is not None:
        made += _shades_for_legend(encoding.color, made[0], min(shades), max(shades))
    return made


def _thinned(points: list[_Point], mark: str) -> list[_Point]:
    """Return at most so many points as are drawn; of a line, the lowest and highest ones."""
    if len(points) <= MOST_POINTS or mark == "bar":
        return points
    parts, kept = MOST_POINTS // 2, []
    for part in range(parts):
        found = points[len(points) * part // parts : len(points) * (part + 1) // parts]
        ends = {min(found, key=_height), max(found, key=_height)} if mark == "line" else found[:1]
        kept += [point for point in found if any(point is end for end in ends)]
    return kept


def _height(point: _Point) -> float:
    return point.y if isinstance(point.y, float) else 0.0


def _hint(point: _Point, encoding: Encoding, across: Field, up: Field) -> str:
    """Return the tooltip of a point."""
    if encoding.hints is None:
        return ""
    what = f"{up.aggregate} of {up.name}" if up.aggregate not in ("", "count") else up.name
    lines = [
        f"{across.title or across.name}: {across.shown(point.x)}",
        f"{up.title or what or 'count'}: {up._replace(step=0.0).shown(point.y)}",
    ]
    if encoding.color is not None:
        shade = "" if point.shade is None else encoding.color.shown(point.shade)
        lines.append(f"{encoding.color.title or encoding.color.name}: {point.group[0] or shade}")
    if encoding.dash:
        lines.append(f"{encoding.dash}: {point.group[1]}")
    if point.row is not None:
        lines += (f"{name}: {_name(point.row.get(name))}" for name in encoding.hints)
    return "\n".join(lines)


def _stacked(series: list[Series]) -> list[Series]:
    """Return bars on top of each other; those below 0 hang from it."""
    highs: dict[Any, float] = {}
    lows: dict[Any, float] = {}
    made = []
    for one in series:
        bases, tops = [], []
        for x, y in zip(one.xs, one.ys):
            ends = lows if y < 0 else highs
            bases.append(ends.get(x, 0.0))
            ends[x] = bases[-1] + y
            tops.append(ends[x])
        made.append(one._replace(ys=tops, bases=bases))
    return made


def _shaded(points: list[_Point], shades: list[float]) -> list[str]:
    low, high = min(shades), max(shades)
    return [
        "#bbb" if p.shade is None else _shade((p.shade - low) / ((high - low) or 1.0))
        for p in points
    ]


def _shade(share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(*_SHADES))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _rounded(color: Field, value: float) -> str:
    return color.shown(value) if color.kind == "time" else number_text(float(f"{value:.3g}"))


def _shades_for_legend(color: Field, one: Series, low: float, high: float) -> list[Series]:
    """Return two series that only name the ends of the colours."""
    first = one._replace(xs=one.xs[:1], ys=one.ys[:1], colors=(), hints=())
    return [
        first._replace(name=_rounded(color, value), color=_shade(share), mark="none")
        for value, share in ((low, 0.0), (high, 1.0))
    ]
