"""``python -m benchmarks.windows_picture FILE``: draw the results of `benchmarks.windows`.

``docs/pictures/in_flight.svg`` has a plot for each app, with the rate of each fixed number in
flight, and the number that `map` finds by itself. What is drawn is kept in ``in_flight.json``
beside it. Without a file, the picture is drawn from that again.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from benchmarks.picture import COLOURS, FAINT, PAPER, svg, text

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
FIXED, FOUND = COLOURS["raw"], COLOURS["ours"]
WIDTH, HEIGHT, ACROSS, DOWN, COLUMNS = 160.0, 92.0, 212.0, 172.0, 4
TITLES = {
    "limit 1": "one at a time",
    "limit 4": "four at a time",
    "limit 16": "sixteen at a time",
    "no limit": "no limit of the app",
    "full queue": "four, and a queue for four",
    "batches": "batches of eight",
    "rate limit (429)": "a gateway with a rate limit",
    "limit 4, Gradio 3": "four, Gradio 3.50",
}
TITLE = "Calls per second by the number in flight: fixed numbers, and the one that map finds"


def plot(x: float, y: float, app: dict[str, Any]) -> list[str]:
    """Draw the plot of one app, with its upper left corner at a place."""
    points, found = app["fixed"], app["found"]
    most = max(rate for _, rate in [*points, found]) * 1.15 or 1.0
    last = math.log2(max(number for number, _ in points))

    def place(number: float, rate: float) -> tuple[float, float]:
        across = min(max(math.log2(max(number, 1)) / last, 0.0), 1.0)
        return x + across * WIDTH, y + HEIGHT - rate / most * HEIGHT

    shapes = [text(x, y - 8, TITLES.get(app["name"], app["name"]), 12, ' font-weight="600"')]
    step = _step(most)
    for count in range(int(most / step) + 1):
        _, level = place(1, count * step)
        shapes.append(
            f'<line x1="{x:g}" y1="{level:.1f}" x2="{x + WIDTH:g}" y2="{level:.1f}" '
            f'stroke="{FAINT}"/>'
        )
        shapes.append(text(x - 6, level + 4, f"{count * step:g}", 10, ' text-anchor="end"'))
    for number, rate in points:
        across, up = place(number, rate)
        shapes.append(text(across, y + HEIGHT + 15, str(number), 10, ' text-anchor="middle"'))
        shapes.append(f'<circle cx="{across:.1f}" cy="{up:.1f}" r="2.5" fill="{FIXED}"/>')
    line = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)
    shapes.append(f'<polyline points="{line}" fill="none" stroke="{FIXED}" stroke-width="2"/>')
    across, up = place(*found)
    shapes.append(
        f'<circle cx="{across:.1f}" cy="{up:.1f}" r="5.5" fill="{FOUND}" stroke="{PAPER}" '
        'stroke-width="1.5"/>'
    )
    words = f"finds {found[0]:g}: {app['percent']:g} % of the best"
    shapes.append(f'<text x="{x:g}" y="{y + HEIGHT + 32:g}" font-size="11" fill="{FOUND}">{words}')
    shapes[-1] += "</text>"
    return shapes


def _step(most: float) -> float:
    """Return the distance of the lines of an axis: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(most / 4))
    return next(power * times for times in (1, 2, 5, 10) if most / (power * times) <= 4)


def picture(found: dict[str, Any]) -> str:
    """Return the picture for what `shortened` returns."""
    shapes = []
    for number, app in enumerate(found["apps"]):
        x, y = 44 + number % COLUMNS * ACROSS, 78 + number // COLUMNS * DOWN
        shapes += plot(x, y, app)
    for x, color, words in ((44, FIXED, "a fixed number"), (200, FOUND, "found by map")):
        shapes.append(f'<circle cx="{x + 6}" cy="20" r="5" fill="{color}"/>')
        shapes.append(text(x + 18, 24, words))
    shapes.append(text(340, 24, "calls per second, by the number of calls in flight"))
    rows = -(-len(found["apps"]) // COLUMNS)
    return svg(44 + COLUMNS * ACROSS - 20, 60 + rows * DOWN, shapes, TITLE)


def shortened(found: dict[str, Any]) -> dict[str, Any]:
    """Return the part of the results of `benchmarks.windows` that is drawn."""

    def point(one: dict[str, Any]) -> list[float]:
        return [round(one["in_flight"]), round(one["rate"], 1)]

    apps = [
        {
            "name": app["name"],
            "fixed": [point(one) for one in app["fixed"]],
            "found": point(app["found"]),
            "percent": round(100 * app["ratio"]),
        }
        for app in found["apps"]
    ]
    return {"date": found["machine"]["date"], "apps": apps}


def main() -> None:
    """Keep the results in the file that the command line names, if any, and draw the picture."""
    kept = PICTURES / "in_flight.json"
    for path in sys.argv[1:]:
        found = shortened(json.loads(Path(path).read_text(encoding="utf-8")))
        kept.write_text(json.dumps(found) + "\n", encoding="utf-8")
    drawn = picture(json.loads(kept.read_text(encoding="utf-8")))
    (PICTURES / "in_flight.svg").write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
