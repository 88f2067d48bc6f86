"""Draw ``house.svg`` from the ranks that the layering test checks.

Run as ``python -m docs.pictures.draw_house`` after a module came or went; a test fails until then.
"""

from __future__ import annotations

from pathlib import Path

from tests.docs.test_layering import modules, name_of, rank_of

FLOORS = (  # from the ground up: title, what lives there, fill, ink
    ("0 · words", "import nothing", "#f8e1e1", "#a83535"),
    ("1 · _protocol", "pure: no sockets, threads, clocks", "#fbe9de", "#b3541e"),
    ("2 · _transport", "input and output, no policy", "#f5efda", "#8a6a14"),
    ("3 · machinery", "threads, order, display", "#e3f3e3", "#3a7d3c"),
    ("4 · one job", "state, and who runs it", "#dff1f2", "#1f7f86"),
    ("5 · the face", "what users import", "#e3ecfa", "#3565a8"),
    ("6 · wings", "nothing below knows them", "#efe6f7", "#7b4fa3"),
)
SANS = "ui-sans-serif, system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
LEFT, RIGHT, ROW, GAP = 240, 868, 28, 6


def rooms(rank: int) -> list[str]:
    """The modules of one rank, without the folder that the floor is named after."""
    names = [name_of(path) for path in modules() if path.name != "__init__.py"]
    return [name.rpartition(".")[2] for name in names if rank_of(name) == rank]


def text(x: float, y: float, size: float, fill: str, content: str, more: str = "") -> str:
    """One line of text."""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{more}>{content}</text>'


def floor(rank: int, top: float) -> tuple[list[str], float]:
    """One floor's shapes, and where the next begins."""
    title, what, fill, ink = FLOORS[rank]
    shapes: list[str] = []
    x, y = float(LEFT), top + 13
    for name in rooms(rank):
        width = 13 + 7 * len(name)
        if x + width > RIGHT:
            x, y = LEFT, y + ROW + GAP
        shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{ROW}" rx="6" fill="#ffffff" '
            f'stroke="{ink}" stroke-opacity="0.45"/>'
        )
        style = f' font-family="{MONO}" text-anchor="middle"'
        shapes.append(text(x + width / 2, y + 18, 11.5, "#2b2b2b", name, style))
        x += width + GAP
    bottom = y + ROW + 13
    shapes[:0] = [
        f'<rect x="24" y="{top:g}" width="852" height="{bottom - top:g}" rx="8" fill="{fill}"/>',
        text(40, top + 24, 13.5, ink, title, ' font-weight="600"'),
        text(40, top + 42, 11.5, "#5c5c5c", what),
    ]
    return shapes, bottom + 8


def main() -> None:
    """Write the picture."""
    top, shapes = 52.0, list[str]()
    for rank in reversed(range(len(FLOORS))):
        drawn, top = floor(rank, top)
        shapes += drawn
    owned = "requests · urllib3 · websocket-client · huggingface_hub: each has its owners, and is "
    shapes.append(text(28, top + 16, 12, "#6a6a6a", owned + "loaded when first needed"))
    height = top + 32
    box = f'viewBox="0 0 900 {height:g}" width="900" height="{height:g}"'
    title = "The house of gradio_client_sync: seven ranks of modules; imports go down only"
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="title">',
        f'<title id="title">{title}</title>',
        f'<rect width="900" height="{height:g}" rx="10" fill="#fcfbf8"/>',
        f'<g font-family="{SANS}">',
        text(28, 32, 15, "#2b2b2b", "gradio_client_sync", ' font-weight="600"'),
        text(872, 32, 12.5, "#6a6a6a", "imports go down only", ' text-anchor="end"'),
    ]
    picture = "\n".join([*head, *shapes, "</g>", "</svg>", ""])
    Path(__file__).with_name("house.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
