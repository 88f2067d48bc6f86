"""Draw ``house.svg``: the folders of the package, and the imports between them.

Run it as ``python -m docs.pictures.draw_house`` after a module or an import has changed; a test
fails until then. If A imports B and C, and B imports C, the arrow from A to C is not drawn.
"""

from __future__ import annotations

import math
import textwrap
from functools import cache
from pathlib import Path

from tests.support.layers import LAYERS, SUBJECTS, imports, is_folder, modules, name_of

SANS = "ui-sans-serif, system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
WIDTH, GAP, ROW_GAP, LINE = 1000, 18, 34, 14
LETTER = 6.3  # px, the width of a letter in a module's name
TITLE_LETTER, SUBJECT_LETTER = 7.6, 5.7  # px, on average, in a box's name and in its subject
COLOURS = (  # fill and line, by the first part of a box's name
    (("_protocol",), "#fbe9de", "#b3541e"),
    (("_transport",), "#f5efda", "#8a6a14"),
    (("_cli", "cli", "_demo", "demo", "__main__"), "#efe6f7", "#7b4fa3"),
    (("_client", "function", "typed", "files", "job", "display"), "#e3ecfa", "#3565a8"),
    ((), "#e3f3e3", "#3a7d3c"),
)


def boxes() -> dict[str, list[str]]:
    """Return the boxes from the bottom to the top, each with its modules."""
    found: dict[str, list[str]] = {}
    for folder, names in LAYERS:
        for name in names.split():
            if name != "__init__":
                found.setdefault(box_of(f"{folder}.{name}".lstrip(".")), []).append(name)
    return found


def box_of(module: str) -> str:
    """Return the box that a module is in."""
    folder, _, name = module.rpartition(".")
    return folder or name


@cache
def graph() -> dict[str, frozenset[str]]:
    """Return which boxes each box imports."""
    edges: dict[str, set[str]] = {box: set() for box in boxes()}
    for path in modules():
        here = name_of(path)
        if not is_folder(path) and here != "__init__":
            targets = {box_of(target) for target, own in imports(path) if own}
            edges[box_of(here)] |= targets - {box_of(here), "__init__"}
    return {box: frozenset(targets) for box, targets in edges.items()}


@cache
def below(box: str) -> frozenset[str]:
    """Return all boxes that a box imports, directly or through others."""
    return frozenset().union(*({target} | below(target) for target in graph()[box]))


def arrows() -> list[tuple[str, str]]:
    """Return the imports between boxes, without those that follow from other imports."""
    return [
        (box, target)
        for box, targets in graph().items()
        for target in sorted(targets)
        if not any(target in below(other) for other in targets)
    ]


@cache
def level(box: str) -> int:
    """Return the row of a box, from the bottom."""
    return max((level(target) + 1 for target in graph()[box]), default=0)


def text(x: float, y: float, size: float, fill: str, content: str, more: str = "") -> str:
    """Return one line of text."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{more}>{content}</text>'


def colours(box: str) -> tuple[str, str]:
    """Return the fill and the line of a box."""
    top = box.partition(".")[0]
    return next((fill, line) for names, fill, line in COLOURS if top in names or not names)


def lines_of(box: str, width: float) -> list[str]:
    """Return the names of the modules in a box, wrapped."""
    names = boxes()[box]
    if names == [box]:
        return []
    return textwrap.wrap(" ".join(names), int((width - 24) / LETTER), break_on_hyphens=False)


def subject_of(box: str, width: float) -> tuple[list[str], bool]:
    """Return the lines of a box's subject, and whether it stands beside the name of the box."""
    subject = SUBJECTS.get(box, "")
    if TITLE_LETTER * len(box) + SUBJECT_LETTER * len(subject) + 40 <= width:
        return [subject] if subject else [], True
    return textwrap.wrap(subject, int((width - 24) / SUBJECT_LETTER)), False


def rows() -> list[list[str]]:
    """Return the boxes by row, from the top, each near the boxes that import it."""
    count = 1 + max(map(level, boxes()))
    listed = [[box for box in boxes() if level(box) == row] for row in reversed(range(count))]
    middle: dict[str, float] = {}
    for row in listed:
        above = {
            box: [middle[user] for user, target in arrows() if target == box and user in middle]
            for box in row
        }
        # fsum, because sum() rounds differently from Python 3.12 on, and boxes would change places
        row.sort(key=lambda box: math.fsum(above[box]) / len(above[box]) if above[box] else 0.5)
        for index, box in enumerate(row):
            middle[box] = (index + 0.5) / len(row)
    return listed


def picture() -> str:
    """Return the picture as SVG."""
    shapes: list[str] = []
    at: dict[str, tuple[float, float, float, float]] = {}
    top = 56.0
    for row in rows():
        width = min(460.0, (WIDTH - 48 - GAP * (len(row) - 1)) / len(row))
        left = (WIDTH - width * len(row) - GAP * (len(row) - 1)) / 2
        height = 0.0
        for box in row:
            lines = lines_of(box, width)
            subject, is_beside = subject_of(box, width)
            below_title = 0 if is_beside else LINE * len(subject)
            tall = 30 + below_title + (LINE * len(lines) + 6 if lines else 0)
            at[box] = (left, top, width, tall)
            fill, ink = colours(box)
            shapes.append(
                f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{tall:g}" rx="7" '
                f'fill="{fill}" stroke="{ink}" stroke-opacity="0.6"/>'
            )
            mono = f' font-family="{MONO}" font-weight="600"'
            shapes.append(text(left + 12, top + 20, 12.5, ink, box, mono))
            for number, line in enumerate(subject):
                end = ' text-anchor="end"' if is_beside else ""
                x = left + (width - 12 if is_beside else 12)
                y = top + 20 + LINE * (number + (not is_beside))
                shapes.append(text(x, y, 11, "#5c5c5c", line, end))
            for number, line in enumerate(lines):
                style = f' font-family="{MONO}"'
                y = top + 38 + below_title + LINE * number
                shapes.append(text(left + 12, y, 10.5, "#2b2b2b", line, style))
            left += width + GAP
            height = max(height, tall)
        top += height + ROW_GAP
    lines = []
    for user, target in arrows():
        x, y, width, tall = at[user]
        to_x, to_y, to_width, _ = at[target]
        begin, end = x + width / 2, to_x + to_width / 2
        begin += max(-width / 3, min(width / 3, (end - begin) / 3))
        end += max(-to_width / 3, min(to_width / 3, (begin - end) / 3))
        low, high = y + tall, to_y - 5
        bend = (high - low) / 2
        lines.append(
            f'<path d="M{begin:.1f},{low:.1f} C{begin:.1f},{low + bend:.1f} {end:.1f},'
            f'{high - bend:.1f} {end:.1f},{high:.1f}" fill="none" stroke="{colours(user)[1]}" '
            'stroke-opacity="0.55" stroke-width="1.3" marker-end="url(#tip)"/>'
        )
    height = top
    title = "The folders of gradio_client_sync from top to bottom; each arrow is an import"
    size = f'viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
    tip = 'id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title">',
        f'<title id="title">{title}</title>',
        f'<defs><marker {tip} orient="auto">',
        '<path d="M0,0 L8,4 L0,8 z" fill="#777777"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{height:g}" rx="10" fill="#fcfbf8"/>',
        f'<g font-family="{SANS}">',
        text(28, 34, 15, "#2b2b2b", "gradio_client_sync", ' font-weight="600"'),
        text(972, 34, 12.5, "#6a6a6a", "an arrow is an import; all go down", ' text-anchor="end"'),
    ]
    return "\n".join([*head, *lines, *shapes, "</g>", "</svg>", ""])


def main() -> None:
    """Write the picture."""
    Path(__file__).with_name("house.svg").write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
