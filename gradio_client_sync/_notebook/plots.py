"""Plots: values of ``gr.Plot``, ``{"type": "plotly", "plot": "<JSON>"}``, and of native plots.

A figure that a notebook can draw itself is given under its own MIME type, without the parts that
do more than draw. All other programs get a picture: Matplotlib sends one, and for the others
`chart` draws the numbers of the figure. Bokeh has no MIME type that draws without running scripts
of the payload, so it is always shown as that picture.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from .._protocol.queue.wire import read_json
from .chart import MOST_POINTS, WIDTH, Drawing, Series, draw
from .markup import Html, element, join, note
from .native_plots import as_table, caption_of, native_drawing
from .players import Allowance, data_url, kind_of
from .structures import Show, table_html
from .vega import rows_as_table, rows_of, vega_drawings, with_colors

MOST_SERIES = 12
LONGEST = 20_000_000  # characters of a payload; longer ones are not read

_PICTURE = re.compile(r"data:([a-z0-9.+/-]{1,60});base64,")
_VEGA_LITE = re.compile(r"/vega-lite/v([4-9])\b")


def parsed(value: Any) -> tuple[str, Any] | None:
    """Return the library of a plot and its parsed payload; ``None`` if it is not a plot."""
    if not isinstance(value, dict) or not isinstance(value.get("plot"), str):
        return None
    kind, plot = value.get("type"), value["plot"]
    if kind == "matplotlib":
        return kind, plot
    if kind not in ("plotly", "altair", "bokeh") or len(plot) > LONGEST:
        return None
    try:
        figure = read_json(plot.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return (kind, figure) if isinstance(figure, dict) else None


def mime_bundle(kind: str, figure: Any) -> dict[str, Any]:
    """Return the figure under its own MIME type; empty if the figure loads anything.

    A viewer loads the URLs of a figure with the rights of the page. In a Jupyter server, these
    include all files, and the URL of an image could send them to another server. Parts that do
    more than draw are removed, too: Plotly's ``config`` names servers to send the data to, and
    Vega's ``usermeta`` has options of its embedder, such as markup.

    Args:
        kind: The library.
        figure: Its parsed payload.
    """
    if kind == "plotly":
        kept = {key: figure[key] for key in ("data", "layout", "frames") if key in figure}
        if "data" in kept and not _loads(kept, _LOADED_BY_PLOTLY):
            return {"application/vnd.plotly.v1+json": kept}
    if kind == "altair":
        schema = _VEGA_LITE.search(str(figure.get("$schema", "")))
        major = schema[1] if schema else "5"
        kept = {key: part for key, part in with_colors(figure).items() if key != "usermeta"}
        if not _loads(kept, _LOADED_BY_VEGA):
            return {f"application/vnd.vegalite.v{major}+json": kept}
    return {}


# Keys that may hold a URL. ``element`` names an element of the page to read from and write to.
_LOADED_BY_VEGA = frozenset(("url", "href", "element"))
_LOADED_BY_PLOTLY = frozenset(("geojson", "href", "source", "sources", "style", "tiles", "url"))


def _loads(figure: Any, keys: frozenset[str]) -> bool:
    """Return whether a figure refers to anything outside of itself."""
    pending = [figure]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            if any(_is_reference(key, part[key]) for key in keys & part.keys()):
                return True
            pending.extend(part.values())
        elif isinstance(part, list):
            pending.extend(entry for entry in part if isinstance(entry, (dict, list)))
    return False


def _is_reference(key: str, value: Any) -> bool:
    if isinstance(value, str):
        if key == "style":
            return "/" in value or ":" in value  # otherwise the name of a font's or map's style
        return not value.startswith("data:image/")
    if key == "geojson":
        return False  # the shapes are in the figure
    if key in ("source", "style"):
        return isinstance(value, dict) and "sources" in value
    return bool(value)


def plot_html(kind: str, figure: Any, allowance: Allowance, show: Show) -> Html:
    """Return a picture of the figure.

    Args:
        kind: The library.
        figure: Its parsed payload.
        allowance: The bytes that may still be put into the display.
        show: Shows the table of a figure that cannot be drawn.
    """
    if kind == "matplotlib":
        return _picture(figure, allowance)
    name = f"{kind} figure"
    made = drawings(kind, figure)
    if made:
        return join([*(drawing_html(one, name) for one in made), _remark(f"{name}, simplified")])
    rows = rows_of(figure) if kind == "altair" else []
    if rows:
        remark = _remark(f"{name}, which cannot be drawn here. Its data:")
        return join([remark, table_html(rows_as_table(rows), show) or Html("")])
    return note(f"A {name}. It cannot be drawn here; its payload is in the value.")


def native_html(value: dict[str, Any], props: Mapping[str, Any], show: Show) -> Html:
    """Return a value of a bar, line or scatter plot as a chart, or else as a table.

    Args:
        value: The value; `is_native_plot` is true for it.
        props: The properties of its component.
        show: Shows values in the table.
    """
    made = native_drawing(value, props)
    if made is None:
        return table_html(as_table(value), show) or Html("")
    parts = [drawing_html(made, "plot")]
    if caption_of(props):
        parts.append(_remark(caption_of(props)))
    return join(parts)


def drawing_html(made: Drawing, name: str) -> Html:
    """Return a chart as an image, with its tooltips above it.

    The chart is an image because JupyterLab removes SVG from notebooks that are not trusted. The
    tooltips are in SVG, since an image cannot have any.
    """
    source = data_url(made.picture.encode("utf-8"), "image/svg+xml")
    image = element("img", src=source, alt=name, style="width:100%;display:block")
    return element("div", image, made.hints, style=f"position:relative;max-width:{WIDTH}px")


def drawings(kind: str, figure: Any) -> list[Drawing]:
    """Return the numbers of a figure as charts; none if they cannot be drawn."""
    if kind == "altair":
        return vega_drawings(figure)
    title, series = _READERS[kind](figure)
    drawn = [one for one in series if one.xs][:MOST_SERIES]
    return [draw(title, drawn)] if drawn else []


def _remark(value: str) -> Html:
    return element("div", note(value), style="font-size:85%;overflow-wrap:anywhere")


def _picture(plot: str, allowance: Allowance) -> Html:
    head = _PICTURE.match(plot)
    if head is None or kind_of(head[1]) != "img":
        return note("A Matplotlib figure without a picture.")
    if (len(plot) - head.end()) * 3 // 4 > allowance.left:
        return note("A Matplotlib figure that is too large for the notebook.")
    try:
        content = base64.b64decode(plot[head.end() :], validate=True)
    except ValueError:
        return note("A Matplotlib figure with a broken picture.")
    allowance.left -= len(content)
    source = data_url(content, head[1])
    return element("img", src=source, alt="Matplotlib figure", style="max-width:100%")


# -- the numbers in a figure


def _plotly(figure: Any) -> tuple[str, list[Series]]:
    layout = _dict(figure.get("layout"))
    title = layout.get("title")
    title = title.get("text") if isinstance(title, dict) else title
    series = []
    for trace in figure.get("data") if isinstance(figure.get("data"), list) else ():
        kind = _dict(trace).get("type", "scatter")
        if kind not in ("scatter", "scattergl", "bar"):
            continue
        ys = _array(trace.get("y"))
        xs = _array(trace.get("x")) if "x" in trace else list(range(len(ys)))
        if trace.get("orientation") == "h":
            xs, ys = ys, xs
        mode = str(trace.get("mode", "lines"))
        mark = "bar" if kind == "bar" else "line" if "lines" in mode else "point"
        series.append(Series.of(mark, trace.get("name"), xs, ys))
    return _title(title), series


def _bokeh(figure: Any) -> tuple[str, list[Series]]:
    objects = list(_objects(figure.get("doc"), 0))
    by_id = {one["id"]: one for one in objects if isinstance(one.get("id"), str)}
    titles = [_attributes(one).get("text") for one in objects if one.get("name") == "Title"]
    series = []
    for one in objects:
        if one.get("name") != "GlyphRenderer":
            continue
        glyph = _resolved(_attributes(one).get("glyph"), by_id)
        source = _resolved(_attributes(one).get("data_source"), by_id)
        mark = _GLYPHS.get(str(glyph.get("name")))
        if mark is not None:
            columns = _columns(_attributes(source).get("data"))
            form = _attributes(glyph)
            height = form.get("top") if mark == "bar" else form.get("y")
            xs, ys = (
                _array(columns.get(_dict(field).get("field"))) for field in (form.get("x"), height)
            )
            series.append(Series.of(mark, None, xs, ys))
    return _title(next((title for title in titles if isinstance(title, str)), "")), series


_GLYPHS = {"Line": "line", "Scatter": "point", "Circle": "point", "VBar": "bar"}


def _objects(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Yield every object of a Bokeh document, in the form of Bokeh 3; Bokeh 2 has no names."""
    if depth > 60:
        return
    if isinstance(value, dict):
        if value.get("type") == "object":
            yield value
        elif {"id", "type", "attributes"} <= value.keys():
            yield {**value, "name": value["type"]}
        for part in value.values():
            yield from _objects(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, (dict, list)):
                yield from _objects(part, depth + 1)


def _attributes(one: Any) -> dict[str, Any]:
    return _dict(_dict(one).get("attributes"))


def _resolved(one: Any, by_id: dict[str, dict[str, Any]]) -> dict[str, Any]:
    one = _dict(one)
    return one if "attributes" in one else by_id.get(str(one.get("id")), {})


def _columns(data: Any) -> dict[Any, Any]:
    entries = _dict(data).get("entries")
    if not isinstance(entries, list):
        return _dict(data)  # Bokeh 2
    return {
        entry[0]: entry[1]
        for entry in entries
        if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str)
    }


_READERS = {"plotly": _plotly, "bokeh": _bokeh}


# -- arrays


def _array(value: Any) -> list[Any]:
    """Return an array of numbers as a list; Plotly and Bokeh send lists or encoded arrays."""
    if isinstance(value, list):
        return value[:MOST_POINTS]
    value = _dict(value)
    packed = value.get("bdata") or _dict(value.get("array")).get("data")
    packed = packed or value.get("__ndarray__")  # Bokeh 2
    code = _CODES.get(str(value.get("dtype")))
    if not isinstance(packed, str) or code is None:
        return []
    size = struct.calcsize(code)
    try:
        content = base64.b64decode(packed, validate=True)
        if content[:2] == b"\x1f\x8b":  # Bokeh; only the bytes that are drawn are unpacked
            content = zlib.decompressobj(31).decompress(content, MOST_POINTS * size)
    except (ValueError, zlib.error):
        return []
    count = min(len(content) // size, MOST_POINTS)
    order = ">" if value.get("order") == "big" else "<"
    numbers = struct.unpack(f"{order}{count}{code}", content[: count * size])
    return list(numbers)  # `Series.of` skips NaN


_PLOTLY_CODES = {
    "i1": "b",
    "u1": "B",
    "i2": "h",
    "u2": "H",
    "i4": "i",
    "u4": "I",
    "f4": "f",
    "f8": "d",
}
_BOKEH_CODES = {"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I"}
_CODES = {**_PLOTLY_CODES, **_BOKEH_CODES, "float32": "f", "float64": "d"}


def _dict(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _title(value: Any) -> str:
    return value[:120] if isinstance(value, str) else ""
