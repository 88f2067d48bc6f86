"""A simple chart of numbers as SVG, for figures that are not drawn by scripts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from .markup import Html, element, text

MOST_POINTS = 2_000  # per series

_WIDTH, _HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 34, 34
_COLORS = ("#4c78a8", "#e4853a", "#54a24b", "#c44e52", "#8a6fb3", "#7f6a52", "#d37aa7", "#6b6b6b")


class Series(NamedTuple):
    """Points with one colour.

    Attributes:
        mark: ``"line"``, ``"point"`` or ``"bar"``.
        name: The name for the legend; may be empty.
        xs: Numbers, or texts, which are drawn in the order in which they first occur.
        ys: One number for each x.
    """

    mark: str
    name: str
    xs: list[float | str]
    ys: list[float]

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


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) < 1e300  # also false for NaN
    )


class _Scale:
    """Maps values to positions in the picture."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        if high - low < 1e-9 * abs(low) or high - low < 1e-300:
            room = abs(low) * 0.1 or 1.0
            low, high = low - room, high + room
        self.low, self.high, self._start, self._end = low, high, start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        """Return about five round values."""
        raw = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * n for n in (1, 2, 5, 10) if power * n >= raw * 0.999)
        first = math.ceil(self.low / step)
        last = math.floor(self.high / step)
        return [n * step for n in range(first, last + 1)]


def draw(title: str, series: Sequence[Series]) -> Html:
    """Return a chart of series as SVG.

    Args:
        title: The title; may be empty.
        series: At least one, each with at least one point.
    """
    names: dict[str, int] = {}
    if any(isinstance(x, str) for one in series for x in one.xs):
        for one in series:
            for x in one.xs:
                names.setdefault(str(x), len(names))
    positions = [[float(names[str(x)]) if names else float(x) for x in one.xs] for one in series]
    bars = [one for one in series if one.mark == "bar"]
    half = 0.5 if names or bars else 0.0
    every_x = [x for row in positions for x in row]
    every_y = [y for one in series for y in one.ys] + ([0.0] if bars else [])
    across = _Scale(min(every_x) - half, max(every_x) + half, _LEFT, _WIDTH - _RIGHT)
    up = _Scale(min(every_y), max(every_y), _HEIGHT - _BOTTOM, _TOP)

    shapes = [element("rect", width="100%", height="100%", fill="#fff"), *_axes(across, up, names)]
    for number, (one, xs) in enumerate(zip(series, positions)):
        color = _COLORS[number % len(_COLORS)]
        points = [(across(x), up(y)) for x, y in zip(xs, one.ys)]
        if one.mark == "bar":
            spot = abs(across(_gap(every_x)) - across(0.0)) * 0.8
            wide = max(spot / len(bars), 1.0)
            shift = bars.index(one) * wide - spot / 2
            shapes += [_column(x + shift, wide, y, up(0.0), color) for x, y in points]
        elif one.mark == "line":
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            shapes.append(
                element("polyline", points=path, fill="none", stroke=color, **{"stroke-width": "2"})
            )
        if one.mark == "point":
            shapes += [
                element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3", fill=color)
                for x, y in points
            ]
    shapes += _legend(title, series)
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    return element(
        "svg",
        *shapes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        width=f"{_WIDTH}",
        height=f"{_HEIGHT}",
        **{"font-family": "system-ui,sans-serif", "font-size": "11"},
    )


def _gap(positions: list[float]) -> float:
    """Return the smallest distance between two positions."""
    ordered = sorted(set(positions))
    return min((b - a for a, b in zip(ordered, ordered[1:])), default=1.0)


def _column(left: float, width: float, top: float, ground: float, color: str) -> Html:
    return element(
        "rect",
        x=f"{left:.1f}",
        y=f"{min(top, ground):.1f}",
        width=f"{width:.1f}",
        height=f"{abs(ground - top):.1f}",
        fill=color,
        **{"fill-opacity": ".75"},
    )


def _axes(across: _Scale, up: _Scale, names: dict[str, int]) -> list[Html]:
    shapes = []
    for tick in up.ticks():
        y = f"{up(tick):.1f}"
        shapes.append(element("line", x1=f"{_LEFT}", x2=f"{_WIDTH - _RIGHT}", y1=y, y2=y, **_GRID))
        shapes.append(_label(f"{tick:.6g}", _LEFT - 6, up(tick) + 4, "end"))
    if names:
        every = math.ceil(len(names) / 10)
        marks = [(float(index), name) for name, index in names.items() if index % every == 0]
    else:
        marks = [(tick, f"{tick:.6g}") for tick in across.ticks()]
    for position, name in marks:
        shapes.append(_label(name[:12], across(position), _HEIGHT - _BOTTOM + 16, "middle"))
    return shapes


_GRID = {"stroke": "#ddd"}


def _label(label: str, x: float, y: float, anchor: str, **more: str) -> Html:
    attributes = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "fill": "#444", **more}
    return element("text", text(label), **attributes)


def _legend(title: str, series: Sequence[Series]) -> list[Html]:
    shapes = [_label(title[:60], _LEFT, 20, "start", **{"font-weight": "600"})] if title else []
    x = float(_WIDTH - _RIGHT)
    for number, one in reversed(list(enumerate(series))):
        if one.name and x > _WIDTH / 2:
            name = one.name[:16]
            shapes.append(_label(name, x, 20, "end"))
            x -= 6.5 * len(name) + 12
            color = _COLORS[number % len(_COLORS)]
            shapes.append(element("rect", x=f"{x:.1f}", y="12", width="8", height="8", fill=color))
            x -= 10
    return shapes
