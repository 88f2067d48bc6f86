"""A simple chart of numbers as SVG, for figures that are not drawn by scripts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .axis import EARLIEST, LATEST, Axis, Scale, number_text
from .markup import Html, element, text

MOST_POINTS = 2_000  # per series
MOST_HINTS = 600  # of a chart
LONGEST_MARK = 24  # letters, beside an axis
LONGEST_TILTED = 18  # letters, below one

PALETTE = ("#4c78a8", "#e4853a", "#54a24b", "#c44e52", "#8a6fb3", "#7f6a52", "#d37aa7", "#6b6b6b")

WIDTH = 560  # pixels

_HEIGHT = 250  # of the part with the values
_RIGHT, _TOP = 14, 14
_LETTER = 6.2  # pixels, the mean width of a letter
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,24}|(?:rgb|hsl)a?\([0-9., %/deg]{5,40}\)")


class Series(NamedTuple):
    """Points with one colour.

    Attributes:
        mark: ``"line"``, ``"point"``, ``"bar"``, or ``"none"`` for an entry of the legend.
        name: The name for the legend; may be empty.
        xs: Numbers, or texts, which are drawn in the order in which they first occur.
        ys: One number for each x.
        color: The colour; if it is empty, the position decides.
        colors: A colour for each point, if they differ.
        hints: A text for each point, which is shown while the mouse is over it.
        bases: Where each bar begins, if not at 0.
        width: The width of a bar in units of the axis; 0 for one that fits.
        dashed: Whether the line is dashed.
    """

    mark: str
    name: str
    xs: list[Any]
    ys: list[float]
    color: str = ""
    colors: Sequence[str] = ()
    hints: Sequence[str] = ()
    bases: Sequence[float] = ()
    width: float = 0.0
    dashed: bool = False

    @classmethod
    def of(cls, mark: str, name: Any, xs: list[Any], ys: list[Any]) -> Series:
        """Return a series with the points that can be drawn."""
        pairs = [
            (x, y)
            for x, y in zip(xs[:MOST_POINTS], ys[:MOST_POINTS])
            if _is_number(y) and (isinstance(x, str) or _is_number(x))
        ]
        label = name[:40] if isinstance(name, str) else ""
        return cls(mark, label, [x for x, _ in pairs], [float(y) for _, y in pairs])


class Drawing(NamedTuple):
    """A chart.

    Attributes:
        picture: The chart as SVG.
        hints: Invisible shapes over the chart with its tooltips, as SVG; may be empty.
    """

    picture: Html
    hints: Html


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) < 1e300  # also false for NaN
    )


def css_color(value: Any) -> str:
    """Return a colour of an app; empty if it is not one."""
    return value if isinstance(value, str) and _COLOR.fullmatch(value) else ""


def draw(
    title: str,
    series: Sequence[Series],
    across: Axis | None = None,
    up: Axis | None = None,
    *,
    lying: bool = False,
    legend: str = "",
) -> Drawing:
    """Return a chart of series.

    Args:
        title: The title; may be empty.
        series: At least one, each with at least one point.
        across: The axis of the x values.
        up: The axis of the y values.
        lying: Whether the x values are drawn from top to bottom, for bars from left to right.
        legend: The title of the legend.
    """
    return _Chart(series, across or Axis(), up or Axis(), lying=lying).draw(title, legend)


class _Chart:
    """One chart. `draw` returns it.

    Args:
        series: The series.
        across: The axis of the x values.
        up: The axis of the y values.
        lying: Whether the x values are drawn from top to bottom.
    """

    def __init__(self, series: Sequence[Series], across: Axis, up: Axis, *, lying: bool) -> None:
        names = dict.fromkeys(across.names)
        if any(isinstance(x, str) for one in series for x in one.xs):
            names.update((str(x), None) for one in series for x in one.xs)
        places = {name: float(number) for number, name in enumerate(names)}
        self._series = series
        self._lying = lying
        self._across, self._up = across, up
        self._left_axis, self._below_axis = (across, up) if lying else (up, across)
        self._names = list(names)
        self._xs = [[places[str(x)] if names else float(x) for x in one.xs] for one in series]
        self._bars = [one for one in series if one.mark == "bar"]
        self._gap = _gap([x for row in self._xs for x in row])
        self._hints: list[Html] = []

    def draw(self, title: str, legend: str) -> Drawing:
        """Return the chart.

        Args:
            title: The title; may be empty.
            legend: The title of the legend; may be empty.
        """
        (low, high), (bottom, top) = self._ranges()
        left_marks, below_marks = self._mark_labels(low, high, bottom, top)
        left_title, below_title = self._left_axis.title, self._below_axis.title
        longest = max(map(len, below_marks), default=0)
        self._left = min(max(map(len, left_marks), default=0), LONGEST_MARK) * _LETTER + 14
        self._left += 16 if left_title else 0
        self._top = _TOP + (22.0 if title else 0.0)
        self._floor = self._top + _HEIGHT
        room = (WIDTH - _RIGHT - self._left) / max(len(below_marks), 1)
        self._tilted = longest * _LETTER > room
        if self._tilted:  # the first label begins on the left of the axis
            first = min(len(below_marks[0]), LONGEST_TILTED)
            self._left = max(self._left, first * _LETTER * 0.82)
        below = min(longest, LONGEST_TILTED) * _LETTER * 0.6 + 16 if self._tilted else 20.0
        key = _rows_of(list(self._key(legend)))
        height = self._floor + below + (18 if below_title else 0) + 18 * len(key) + 6

        sides = (self._left, float(WIDTH - _RIGHT))
        across, up = (self._top, self._floor), sides
        if not self._lying:
            across, up = sides, (self._floor, self._top)
        self._along, self._rise = Scale(low, high, *across), Scale(bottom, top, *up)
        shapes = [
            element("rect", width="100%", height="100%", fill="#fff"),
            *self._axes(),
            self._plot(),
            *self._titles(title, left_title, below_title, self._floor + below + 14),
            *self._legend(key, height),
        ]
        box = f"0 0 {WIDTH} {height:.0f}"
        picture = element(
            "svg",
            *shapes,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=box,
            width=f"{WIDTH}",
            height=f"{height:.0f}",
            **{"font-family": "system-ui,sans-serif", "font-size": "11"},
        )
        style = "position:absolute;left:0;top:0;width:100%;height:100%"
        hints = element("svg", *self._hints, viewBox=box, style=style) if self._hints else Html("")
        return Drawing(picture, hints)

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the ends of both axes."""
        every_x = [x for row in self._xs for x in row]
        every_y = [y for one in self._series for y in (*one.ys, *one.bases)]
        if any(not one.bases for one in self._bars):
            every_y.append(0.0)
        half = 0.5 if self._names else 0.0
        if self._bars and not self._names:
            half = max(one.width for one in self._bars) / 2 or self._gap / 2
        low, high, bottom, top = min(every_x), max(every_x), min(every_y), max(every_y)
        room = half or (high - low) * 0.02  # so that no point is cut in half
        rise = (top - bottom) * 0.04
        ground = 0.0 if self._bars and bottom == 0.0 else rise  # bars stand on the axis
        return (
            _limits(self._across, low - room, high + room),
            _limits(self._up, bottom - ground, top + rise),
        )

    def _titles(self, title: str, left: str, below: str, y: float) -> Iterator[Html]:
        if title:
            yield _label(_cut(title, 80), WIDTH / 2, 22, "middle", **{"font-weight": "600"})
        if below:
            yield _label(_cut(below, 70), (self._left + WIDTH) / 2, y, "middle")
        if left:
            middle = (self._top + self._floor) / 2
            turn = f"rotate(-90 13 {middle:.1f})"
            yield _label(_cut(left, 40), 13, middle, "middle", transform=turn)

    # -- axes ---------------------------------------------------------------------

    def _mark_labels(
        self, low: float, high: float, bottom: float, top: float
    ) -> tuple[list[str], list[str]]:
        """Return the labels on the left and those below, to see how much room they need."""
        along, rise = Scale(low, high, 0, 1), Scale(bottom, top, 0, 1)
        marks = (
            [label for _, label in _marks(along, self._across, self._names)],
            [label for _, label in _marks(rise, self._up, list(self._up.names))],
        )
        return marks if self._lying else (marks[1], marks[0])

    def _axes(self) -> Iterator[Html]:
        for scale, axis, names, stands in (
            (self._rise, self._up, list(self._up.names), self._lying),
            (self._along, self._across, self._names, not self._lying),
        ):
            for place, label in _marks(scale, axis, names):
                at = scale(place)
                if stands:
                    yield self._below(label, at)
                else:
                    yield _line(self._left, at, WIDTH - _RIGHT, at)
                    yield _label(_cut(label, LONGEST_MARK), self._left - 6, at + 4, "end")
            if stands and scale is self._rise:
                for place, _ in _marks(scale, axis, names):
                    yield _line(scale(place), self._top, scale(place), self._floor)

    def _below(self, label: str, at: float) -> Html:
        y = self._floor + 16
        if not self._tilted:
            half = len(label) * _LETTER / 2
            return _label(label, min(at, WIDTH - half), y, "middle")
        turn = f"rotate(-35 {at:.1f} {y:.1f})"
        return _label(_cut(label, LONGEST_TILTED), at + 4, y, "end", transform=turn)

    # -- shapes -------------------------------------------------------------------

    def _plot(self) -> Html:
        """Return the shapes of all series; what is outside of the axes is cut off."""
        shapes: list[Html] = []
        for number, (one, xs) in enumerate(zip(self._series, self._xs)):
            color = one.color or PALETTE[number % len(PALETTE)]
            if one.mark == "bar":
                shapes += self._columns(one, xs, color)
                continue
            points = [self._spot(x, y) for x, y in zip(xs, one.ys)]
            if one.mark == "none":  # only in the legend
                continue
            if one.mark == "line" and len(points) > 1:
                shapes.append(_path(points, color, dashed=one.dashed))
            else:
                colors = one.colors or [color] * len(points)
                shapes += [
                    _dot(x, y, r="3", fill=tint, **{"fill-opacity": ".7"})
                    for (x, y), tint in zip(points, colors)
                ]
            for (x, y), hint in zip(points, one.hints):
                self._hint(_dot, hint, x, y, r="6")
        box = (self._left, self._top, WIDTH - _RIGHT - self._left, self._floor - self._top)
        left, top, width, height = (f"{length:.1f}" for length in box)
        # A picture inside a picture shows nothing outside of its box.
        return element(
            "svg",
            *shapes,
            x=left,
            y=top,
            width=width,
            height=height,
            viewBox=f"{left} {top} {width} {height}",
        )

    def _columns(self, one: Series, xs: list[float], color: str) -> Iterator[Html]:
        unit = abs(self._along(1.0) - self._along(0.0))
        spot = (one.width or self._gap) * unit * (0.96 if one.width else 0.8)
        beside = [bar for bar in self._bars if not bar.bases]
        wide, shift = spot, -spot / 2
        if not one.bases and len(beside) > 1:
            wide = max(spot / len(beside), 1.0)
            shift = beside.index(one) * wide - spot / 2
        bases = one.bases or [0.0] * len(xs)
        hints = one.hints or [""] * len(xs)
        for x, y, base, hint in zip(xs, one.ys, bases, hints):
            start, first, last = self._along(x) + shift, self._rise(base), self._rise(y)
            along = (start, max(wide, 1.0))
            rise = (min(first, last), abs(first - last))
            (left, width), (top, height) = (rise, along) if self._lying else (along, rise)
            yield _box(left, top, width, height, fill=color, **{"fill-opacity": ".75"})
            self._hint(_box, hint, left, top, width, height)

    def _spot(self, x: float, y: float) -> tuple[float, float]:
        along, rise = self._along(x), self._rise(y)
        return (rise, along) if self._lying else (along, rise)

    def _hint(self, shape: Any, hint: str, *place: float, **more: str) -> None:
        if hint and len(self._hints) < MOST_HINTS:
            made = shape(*place, fill="#000", **{"fill-opacity": "0"}, **more)
            self._hints.append(element("g", element("title", text(hint, 1_000)), made))

    # -- the legend ---------------------------------------------------------------

    def _key(self, legend: str) -> Iterator[tuple[str, str]]:
        """Yield name and colour of each series; the title has no colour."""
        named = [(n, one) for n, one in enumerate(self._series) if one.name]
        if named and legend:
            yield _cut(legend, 30), ""
        seen = set()
        for number, one in named:
            entry = _cut(one.name, 30), one.color or PALETTE[number % len(PALETTE)]
            if entry not in seen:
                seen.add(entry)
                yield entry

    def _legend(self, rows: list[list[tuple[str, str]]], height: float) -> Iterator[Html]:
        y = height - 18 * len(rows) + 8
        for row in rows:
            x = self._left
            for name, color in row:
                if color:
                    yield _box(x, y - 8, 8, 8, fill=color)
                    x += 12
                weight = {} if color else {"font-weight": "600"}
                yield _label(name, x, y, "start", **weight)
                x += len(name) * _LETTER + 14
            y += 18


def _rows_of(keys: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return the entries of a legend in at most four rows."""
    rows: list[list[tuple[str, str]]] = []
    used = float(WIDTH)
    for name, color in keys:
        width = len(name) * _LETTER + 26
        if used + width > WIDTH - 60:
            if len(rows) == 4:
                break
            rows.append([])
            used = 0.0
        rows[-1].append((name, color))
        used += width
    return rows


def _marks(scale: Scale, axis: Axis, names: list[str]) -> list[tuple[float, str]]:
    """Return the places on an axis that have labels."""
    if names:
        every = math.ceil(len(names) / 24)
        return [(float(n), name or '""') for n, name in enumerate(names) if n % every == 0]
    if axis.kind == "time" and scale.low >= EARLIEST and scale.high <= LATEST:
        return scale.moments()
    return [(tick, number_text(tick)) for tick in scale.ticks()]


def _limits(axis: Axis, low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis. Those of an app count, if they leave something to see."""
    if axis.names:
        return -0.5, len(axis.names) - 0.5
    first = low if axis.low is None else axis.low
    last = high if axis.high is None else axis.high
    return (first, last) if first < last else (low, high)


def _gap(positions: list[float]) -> float:
    """Return the smallest distance between two positions."""
    ordered = sorted(set(positions))
    return min((b - a for a, b in zip(ordered, ordered[1:])), default=1.0)


def _cut(label: str, longest: int) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}…"


def _path(points: list[tuple[float, float]], color: str, *, dashed: bool) -> Html:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = {"stroke-dasharray": "6 4"} if dashed else {}
    return element(
        "polyline", points=path, fill="none", stroke=color, **{"stroke-width": "2"}, **dashes
    )


def _dot(x: float, y: float, **more: str) -> Html:
    return element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", **more)


def _box(left: float, top: float, width: float, height: float, **more: str) -> Html:
    place = {"x": left, "y": top, "width": width, "height": height}
    return element("rect", **{name: f"{value:.1f}" for name, value in place.items()}, **more)


def _line(x1: float, y1: float, x2: float, y2: float) -> Html:
    place = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return element("line", **{name: f"{value:.1f}" for name, value in place.items()}, stroke="#ddd")


def _label(label: str, x: float, y: float, anchor: str, **more: str) -> Html:
    attributes = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "fill": "#444", **more}
    return element("text", text(label), **attributes)
