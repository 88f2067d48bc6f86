"""Draw the results as SVG: bars for single calls, and plots of how cost grows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from benchmarks.peers import NAMES

SANS = "ui-sans-serif, system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"
COLOURS = {
    "raw": "#8b95a1",
    "ours": "#2f6fd0",
    "javascript": "#d69a1e",
    "javascript-0": "#d69a1e",
    "official": "#c4513f",
    "official-0": "#c4513f",
}
INK, FAINT, PAPER = "#1f2933", "#cbd2d9", "#ffffff"
BARS = (  # the rows that are drawn as bars, and their titles
    ("one call after another", "One call after another, Gradio 6.31"),
    ("one call after another, 4.44.1", "Gradio 4.44"),
    ("one call after another, 3.50.2", "Gradio 3.50"),
    ("one call after another, not queued", "Not queued"),
    ("500 calls at once", "{:,} calls at once"),
    ("a value of 10 MB", "A value of {:,} kB"),
)
PLOTS = (  # what grows, which figure, its unit and factor, whether to divide by the count
    ("jobs at once", "threads", "threads", 1.0, False),
    ("jobs at once", "rss", "MB", 1 / 1024, False),
    ("jobs at once", "cpu", "CPU ms per job", 1000.0, True),
    ("updates", "cpu", "CPU µs per update", 1e6, True),
    ("updates", "rss", "MB", 1 / 1024, False),
    ("kB of a value", "cpu", "CPU µs per kB", 1e6, True),
)


def text(x: float, y: float, content: str, size: float = 12, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{INK}"{more}>{content}</text>'


def svg(width: float, height: float, shapes: list[str], title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'font-family="{SANS}" role="img" aria-label="{title}">\n<title>{title}</title>\n'
        f'<rect width="{width:g}" height="{height:g}" fill="{PAPER}"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def bars(rows: list[dict[str, Any]]) -> str:
    """Draw each row as a group of bars, as multiples of the raw wire, cut off at eight."""
    by_name = {row["name"]: row for row in rows}
    shapes: list[str] = []
    y, left, unit, most = 34.0, 190.0, 60.0, 8.0
    shapes.append(text(16, y - 10, "Time, as a multiple of the raw wire (shorter is better)", 13))
    for name, label in BARS:
        if name not in by_name:
            continue
        y += 14
        title = label.format(by_name[name]["count"])
        shapes.append(text(16, y + 6, title, 12, ' font-weight="600"'))
        y += 14
        results = by_name[name]["contestants"]
        for who, found in results.items():
            multiple = found["seconds"] / results["raw"]["seconds"]
            width = unit * min(multiple, most)
            shapes.append(
                f'<rect x="{left:g}" y="{y:g}" width="{width:.1f}" height="13" rx="2" '
                f'fill="{COLOURS[who]}"/>'
            )
            shapes.append(text(left - 8, y + 11, NAMES[who], 11, ' text-anchor="end"'))
            cut = "… " if multiple > most else ""
            value = f"{cut}{multiple:.2f} ×, {_duration(found['seconds'])}"
            shapes.append(text(left + width + 6, y + 11, value, 11))
            y += 17
    line = f'<line x1="{left + unit:g}" y1="34" x2="{left + unit:g}" y2="{y:g}" '
    shapes.append(f'{line}stroke="{FAINT}" stroke-dasharray="3 3"/>')
    return svg(820, y + 14, shapes, "How long calls take, compared with the raw wire")


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def plot(x: float, y: float, title: str, lines: dict[str, list[tuple[float, float]]]) -> list[str]:
    """Draw one plot with logarithmic axes."""
    width, height = 200.0, 130.0
    points = [point for line in lines.values() for point in line if point[1] > 0]
    shapes = [text(x, y - 8, title, 12, ' font-weight="600"')]
    if not points:
        return shapes
    low_x, high_x = (math.log10(f(p[0] for p in points)) for f in (min, max))
    low_y = math.floor(math.log10(min(p[1] for p in points)))
    high_y = max(math.ceil(math.log10(max(p[1] for p in points))), low_y + 1)

    def position(point: tuple[float, float]) -> tuple[float, float]:
        across = (math.log10(point[0]) - low_x) / ((high_x - low_x) or 1)
        up = (math.log10(point[1]) - low_y) / (high_y - low_y)
        return x + across * width, y + height - up * height

    for power in range(low_y, high_y + 1):
        level = y + height - (power - low_y) / (high_y - low_y) * height
        shapes.append(
            f'<line x1="{x:g}" y1="{level:.1f}" x2="{x + width:g}" y2="{level:.1f}" '
            f'stroke="{FAINT}"/>'
        )
        shapes.append(text(x - 6, level + 4, f"{10.0**power:g}", 10, ' text-anchor="end"'))
    for value in sorted({p[0] for p in points}):
        across = position((value, 10.0**low_y))[0]
        label = f"{value:,.0f}" if value < 1000 else f"{value / 1000:,.0f}k"
        shapes.append(text(across, y + height + 15, label, 10, ' text-anchor="middle"'))
    for who, line in lines.items():
        path = " ".join("{:.1f},{:.1f}".format(*position(p)) for p in line if p[1] > 0)
        shapes.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[who]}" stroke-width="2"/>'
        )
    return shapes


def growth(found: dict[str, Any]) -> str:
    """Draw how cost grows, with one plot per figure."""
    shapes: list[str] = []
    for number, (grows, wanted, unit, factor, each) in enumerate(PLOTS):
        lines = {
            who: [
                (count, result[wanted] * factor / (count if each else 1))
                for count, result in points
            ]
            for who, points in found.get(grows, {}).items()
            if wanted != "threads" or who != "raw"
        }
        x, y = 60 + number % 3 * 275, 60 + number // 3 * 200
        shapes += plot(x, y, f"{unit}, by {grows}", lines)
    for number, who in enumerate(("raw", "ours", "official")):
        x = 60 + number * 180
        shapes.append(f'<rect x="{x}" y="14" width="12" height="12" fill="{COLOURS[who]}"/>')
        shapes.append(text(x + 18, 24, NAMES[who], 12))
    return svg(860, 440, shapes, "How cost grows with jobs, updates and bytes")


def draw(found: dict[str, Any], folder: Path) -> None:
    """Write the pictures for the documentation."""
    (folder / "performance.svg").write_text(bars(found["rows"]), encoding="utf-8")
    if found["growth"]:
        (folder / "growth.svg").write_text(growth(found["growth"]), encoding="utf-8")
