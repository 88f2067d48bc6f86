"""`plots`, `native_plots`, `vega`, `encoding`, `chart` and `axis`: plots as pictures."""

from __future__ import annotations

import base64
import json
import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync import Client
from gradio_client_sync._notebook.axis import Scale, milliseconds_of, number_text, time_text
from gradio_client_sync._notebook.chart import css_color
from gradio_client_sync._notebook.plots import drawings, mime_bundle, parsed
from gradio_client_sync._notebook.values import Renderer
from tests.conftest import SERVERS
from tests.core.test_schema import json_values
from tests.interfaces.notebook.test_notebook import Checker, check
from tests.support.attacks import ATTACKS
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import DRAWN

HOUR = 3_600_000
KINDS = {"name": "nominal", "number": "quantitative", "time": "temporal"}


def native(mark: str, columns: dict[str, str], *rows: list[Any]) -> dict[str, Any]:
    """Return a value of a native plot; the columns are given with their kinds."""
    kinds = {name: KINDS[kind] for name, kind in columns.items()}
    return {"columns": list(columns), "data": list(rows), "datatypes": kinds, "mark": mark}


def picture(value: Any, **props: Any) -> str:
    """Return the SVG of a value; empty if it is shown as something else."""
    markup = Renderer().html(value, "nativeplot", {"x_bin": None, "y_aggregate": None, **props})
    return svg(check(markup))


def svg(shown: Checker) -> str:
    """Return the first picture of a display."""
    for _, source in shown.sources:
        made = base64.b64decode(source.partition(",")[2]).decode()
        check(made)
        return made
    return ""


def hints(value: Any, **props: Any) -> list[str]:
    """Return the tooltips of a value."""
    markup = Renderer().html(value, "nativeplot", {"x_bin": None, "y_aggregate": None, **props})
    return re.findall("<title>(.*?)</title>", markup, re.DOTALL)


RAIN = native(
    "bar",
    {"city": "name", "rain": "number", "season": "name"},
    ["Oslo", 60, "summer"],
    ["Rome", 20, "summer"],
    ["Oslo", 50, "winter"],
    ["Rome", 85, "winter"],
)


# -- native plots


def test_bars_of_groups_are_stacked() -> None:
    """Bars of several colours stand on each other, and the legend names the colours."""
    made = picture(RAIN, x="city", y="rain", color="season", title="Rain", y_title="mm")
    assert made.count('fill-opacity=".75"') == 4
    for word in ("Oslo", "Rome", "summer", "winter", "season", "Rain", "mm", "city"):
        assert f">{word}</text>" in made, word
    bars = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', made)
    oslo = [(float(y), float(y) + float(h)) for x, y, h in bars if x == bars[0][0]]
    assert oslo[1][1] == pytest.approx(oslo[0][0], abs=0.3)


@pytest.mark.parametrize(
    ("aggregate", "oslo", "rome"),
    [("sum", "110", "105"), ("mean", "55", "52.5"), ("median", "55", "52.5"), ("min", "50", "20"),
     ("max", "60", "85"), ("count", "2", "2"), (None, "110", "105")],
)  # fmt: skip
def test_values_of_a_name_are_joined(aggregate: str | None, oslo: str, rome: str) -> None:
    """The values of one name are joined as the component says; without a word, they are summed."""
    shown = hints(RAIN, x="city", y="rain", y_aggregate=aggregate)
    assert [hint.splitlines()[1] for hint in shown] == [f"rain: {oslo}", f"rain: {rome}"]


@pytest.mark.parametrize(
    ("sort", "names"),
    [(None, "Oslo Rome Bonn"), ("x", "Bonn Oslo Rome"), ("-x", "Rome Oslo Bonn"),
     ("y", "Rome Bonn Oslo"), ("-y", "Oslo Bonn Rome"), (["Bonn", "Elba"], "Bonn Oslo Rome")],
)  # fmt: skip
def test_names_have_the_order_of_the_component(sort: Any, names: str) -> None:
    """The names of an axis are sorted as the component says."""
    value = native("bar", {"c": "name", "n": "number"}, ["Oslo", 9], ["Rome", 1], ["Bonn", 5])
    made = picture(value, x="c", y="n", sort=sort)
    assert re.findall(">(Oslo|Rome|Bonn)</text>", made) == names.split()


def test_moments_are_binned() -> None:
    """Moments are put into bins of the given width, and the axis has dates."""
    rows = [[1_711_756_800_000 + n * HOUR, n] for n in range(48)]  # two days from 2024-03-30
    value = native("bar", {"t": "time", "n": "number"}, *rows)
    shown = hints(value, x="t", y="n", x_bin="1d", y_aggregate="mean")
    assert shown == [
        "t: 2024-03-30 – 2024-03-31\nn: 11.5",
        "t: 2024-03-31 – 2024-04-01\nn: 35.5",
    ]
    assert ">Mar 30" in picture(value, x="t", y="n", x_bin="1d")
    assert len(hints(value, x="t", y="n", x_bin="6h")) == 8


def test_numbers_are_binned() -> None:
    """Numbers are put into bins, and counted or summed there, with points as with bars."""
    rows = [[n / 2, 1] for n in range(40)]
    for mark in ("bar", "line", "point"):
        value = native(mark, {"x": "number", "y": "number"}, *rows)
        shown = hints(value, x="x", y="y", x_bin=5)
        assert [hint.splitlines()[0] for hint in shown] == [
            "x: 0 – 5", "x: 5 – 10", "x: 10 – 15", "x: 15 – 20",
        ]  # fmt: skip
        assert all(hint.endswith("y: 10") for hint in shown)


def test_lines_are_sorted_and_have_colors() -> None:
    """A line goes from left to right, and has the colour that the component names."""
    rows = [[3, 1, "a"], [1, 2, "a"], [2, 3, "a"], [1, 1, "b"], [3, 2, "b"]]
    value = native("line", {"x": "number", "y": "number", "k": "name"}, *rows)
    made = picture(value, x="x", y="y", color="k", color_map={"a": "orange", "b": "url(x)"})
    paths = re.findall('<polyline points="([^"]+)"', made)
    xs = [float(point.split(",")[0]) for point in paths[0].split()]
    assert len(paths) == 2 and xs == sorted(xs)
    assert 'stroke="orange"' in made and "url" not in made


def test_points_have_colors_by_number() -> None:
    """A number as colour makes shades, and the legend has their ends."""
    rows = [[n, n * n, 10 * n] for n in range(8)]
    value = native("point", {"x": "number", "y": "number", "age": "number"}, *rows)
    made = picture(value, x="x", y="y", color="age")
    assert made.count("<circle") == 8 and len(set(re.findall('r="3" fill="([^"]+)"', made))) == 8
    assert ">0</text>" in made and ">70</text>" in made and ">age</text>" in made


def test_names_on_both_axes_are_points() -> None:
    """Points can have names on both axes."""
    value = native("point", {"a": "name", "b": "name"}, ["x", "u"], ["y", "v"])
    made = picture(value, x="a", y="b")
    assert made.count("<circle") == 2 and all(f">{name}</text>" in made for name in "xyuv")


def test_limits_are_those_of_the_component() -> None:
    """Axes have the limits of the component; an open end is that of the values."""
    value = native("line", {"x": "number", "y": "number"}, [0, 0], [10, 10])
    made = picture(value, x="x", y="y", x_lim=[None, 20], y_lim=[-40, 40])
    assert all(f">{tick}</text>" in made for tick in ("20", "-40", "40"))


@pytest.mark.parametrize(
    ("tooltip", "hint"),
    [("axis", "x: 1\ny: 2"), ("none", None), ("all", "x: 1\ny: 2\nname: mouse\nage: 7"),
     (["age"], "x: 1\ny: 2\nage: 7")],
)  # fmt: skip
def test_tooltips_have_the_columns_of_the_component(tooltip: Any, hint: str | None) -> None:
    """A tooltip has the values of the axes, and of the columns that the component names."""
    columns = {"x": "number", "y": "number", "name": "name", "age": "number"}
    value = native("point", columns, [1, 2, "mouse", 7])
    assert hints(value, x="x", y="y", tooltip=tooltip) == ([hint] if hint else [])


def test_many_points_are_thinned() -> None:
    """Of very many points, so many are drawn as can be seen, with the highest and lowest."""
    rows = [[n, 500 if n == 7_777 else n % 10] for n in range(20_000)]
    line = picture(native("line", {"x": "number", "y": "number"}, *rows), x="x", y="y")
    assert line.count(",") < 2_500 and ">400</text>" in line
    points = picture(native("point", {"x": "number", "y": "number"}, *rows), x="x", y="y")
    assert points.count("<circle") <= 2_000


@pytest.mark.parametrize(
    "props",
    [
        {},
        {"x": "city", "y": "none"},
        {"x": "city", "y": "season"},
        {"x": "city", "y": "rain", "y_aggregate": "mode"},
        {"x": ["city"], "y": {"rain": 1}},
    ],
)
def test_plot_that_cannot_be_drawn_is_a_table(props: dict[str, Any]) -> None:
    """A plot whose columns are not known or cannot be drawn is a table, with moments as text."""
    markup = Renderer().html(RAIN, "nativeplot", props)
    assert not check(markup).sources and "4 × 3" in check(markup).words
    value = native("line", {"t": "time", "n": "number"}, [1_711_756_800_000, 1])
    assert "2024-03-30" in check(Renderer().html(value)).words


def test_caption_is_below_the_plot() -> None:
    """The caption of the component is below the plot."""
    markup = Renderer().html(RAIN, "nativeplot", {"x": "city", "y": "rain", "caption": "<b>"})
    assert check(markup).words.endswith("<b>")


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_plot_changes_the_markup_around_it(attack: str) -> None:
    """No name, title or value in a plot can change the markup around it."""
    columns = {attack: "name", "n": "number"}
    names = ("x_title", "y_title", "color_title", "title", "caption")
    for mark in ("bar", "line", "point"):
        value = native(mark, columns, [attack, 1], ["b", 2])
        props = {"x": attack, "y": "n", "color": attack, "color_map": {attack: attack}}
        assert picture(value, **props, **dict.fromkeys(names, attack))


@given(
    value=st.fixed_dictionaries(
        {
            "columns": st.lists(st.sampled_from(["a", "b", "c"]) | json_values, max_size=4),
            "data": st.lists(st.lists(json_values | st.integers(), max_size=4), max_size=4),
            "datatypes": st.dictionaries(
                st.sampled_from("abc"), st.sampled_from([*KINDS.values(), "x"])
            ),
            "mark": st.sampled_from(["bar", "line", "point", "native", 1]),
        }
    ),
    props=st.dictionaries(
        st.sampled_from("x y color x_bin y_aggregate x_lim y_lim sort tooltip color_map".split()),
        st.sampled_from(["a", "b", "c", "1h", "xs", "mean", "x", "-y", "all", 5, -1]) | json_values,
    ),
)
def test_any_native_plot_has_a_display(value: dict[str, Any], props: dict[str, Any]) -> None:
    """Any value in the form of a native plot can be displayed, whatever its component says."""
    check(Renderer().html(value, "nativeplot", props))


# -- Vega-Lite


def vega(mark: Any, encoding: dict[str, Any], rows: Any = (), **more: Any) -> dict[str, Any]:
    """Return a Vega-Lite figure."""
    rows = rows or [{"a": a, "b": b, "g": g} for a in "xyz" for b, g in ((3, "k"), (4, "l"))]
    return {"mark": mark, "encoding": encoding, "data": {"values": rows}, **more}


A = {"field": "a", "type": "nominal"}
SUM = {"field": "b", "type": "quantitative", "aggregate": "sum"}
G = {"field": "g", "type": "nominal", "scale": {"domain": ["k", "l"], "range": [0, 1]}}


def test_vega_sums_and_stacks() -> None:
    """Bars with sums are stacked by colour, upright and lying."""
    for encoding in ({"x": A, "y": SUM, "color": G}, {"y": A, "x": SUM, "color": G}):
        (made,) = drawings("altair", vega({"type": "bar"}, encoding))
        assert made.picture.count('fill-opacity=".75"') == 6
        assert ">7</text>" not in made.picture and ">6</text>" in made.picture
        assert made.hints.count("<title>") == 6


def test_vega_layers_are_one_chart() -> None:
    """Layers that repeat the values add nothing; other layers are drawn into the same chart."""
    x, y, z = ({"field": name, "type": "quantitative"} for name in "xyz")
    rows = [{"x": n, "y": n, "z": -n} for n in range(5)]
    shared = {"data": {"name": "d"}, "datasets": {"d": rows}, "encoding": {"x": x}}
    layers = [{"mark": "line", "encoding": {"y": y}}, {"mark": "point", "encoding": {"y": y}}]
    (made,) = drawings("altair", {**shared, "layer": layers})
    assert made.picture.count("<polyline") == 1 and "<circle" not in made.picture
    (made,) = drawings(
        "altair", {**shared, "layer": [*layers, {"mark": "line", "encoding": {"y": z}}]}
    )
    assert made.picture.count("<polyline") == 2


def test_vega_columns_are_several_charts() -> None:
    """A figure with rows or columns has a chart for each of them."""
    column = {"field": "g", "type": "nominal", "title": "G"}
    made = drawings("altair", vega("bar", {"x": A, "y": SUM, "column": column}, title="T"))
    assert [one.picture.count(f">T · G: {name}</text>") for one, name in zip(made, "kl")] == [1, 1]
    shown = [re.findall(r"b: (\d+)", one.hints) for one in made]
    assert shown == [["3"] * 3, ["4"] * 3]


@pytest.mark.parametrize(
    "change",
    [
        {"transform": [{"filter": "datum.b > 3"}]},
        {"mark": "geoshape"},
        {"encoding": {"x": {"field": "a", "timeUnit": "year"}, "y": SUM}},
        {"encoding": {"x": {"field": "a", "bin": True}, "y": SUM}},
        {"encoding": {"x": A, "y": {**SUM, "aggregate": "stdev"}}},
        {"encoding": {"x": A, "y": SUM, "detail": G}},
    ],
)
def test_vega_that_is_computed_is_a_table(change: dict[str, Any]) -> None:
    """A figure that computes its values in another way is shown as the table of its data."""
    figure = {**vega("bar", {"x": A, "y": SUM}), **change}
    shown = check(Renderer().html({"type": "altair", "plot": json.dumps(figure)}, "plot"))
    assert not shown.sources and "6 × 3" in shown.words and "cannot be drawn" in shown.words


def test_vega_has_colors_in_its_own_type() -> None:
    """Gradio sends numbers for colours, which only its page can read; viewers get colours."""
    figure = vega("bar", {"x": A, "y": SUM, "color": G})
    (made,) = mime_bundle("altair", figure).values()
    assert made["encoding"]["color"]["scale"]["range"] == ["#4c78a8", "#e4853a"]
    assert figure["encoding"]["color"] is G and G["scale"]["range"] == [0, 1]  # type: ignore[index]


# -- axes


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        ("2024-03-30", "2024-04-03", ["Mar 30", "Mar 31", "Apr 01", "Apr 02", "Apr 03"]),
        ("2024-03-30T22:00", "2024-03-31T02:00", ["Mar 30, 22:00", "23:00", "Mar 31",
                                                  "01:00", "02:00"]),
        ("2023-11-15", "2024-04-15", ["Dec 2023", "Jan 2024", "Feb 2024", "Mar 2024", "Apr 2024"]),
        ("2000-01-01", "2024-01-01", ["2000", "2005", "2010", "2015", "2020"]),
        ("0001-01-01", "9999-12-31", ["2000", "4000", "6000", "8000"]),
    ],
)  # fmt: skip
def test_moments_on_an_axis_are_round(low: str, high: str, labels: list[str]) -> None:
    """The labels of a time axis are at round moments."""
    ends = milliseconds_of(low), milliseconds_of(high)
    assert ends[0] is not None and ends[1] is not None
    assert [label for _, label in Scale(ends[0], ends[1], 0, 1).moments()] == labels


@given(st.floats(-6e13, 2.5e14), st.floats(0, 1e14))
def test_any_moments_have_labels(low: float, width: float) -> None:
    """Any part of time has labels, and not too many."""
    assert len(Scale(low, min(low + width, 2.53e14), 0, 1).moments()) <= 12


def test_values_are_shown_for_people() -> None:
    """Moments are shown without zeros, numbers with separators; only colours are colours."""
    assert time_text(1_711_756_800_000) == "2024-03-30"
    assert time_text(1_711_756_800_000 + HOUR) == "2024-03-30 01:00:00"
    assert milliseconds_of("2024-03-30T01:00:00+01:00") == 1_711_756_800_000
    assert milliseconds_of("soon") is None and milliseconds_of(1e300) is None
    assert number_text(1_234_567) == "1,234,567" and number_text(0.1234567) == "0.123457"
    assert [css_color(c) for c in ("#fff", "red", "rgb(1, 2, 3)", "url(x)", 1)] == [
        "#fff", "red", "rgb(1, 2, 3)", "", "",
    ]  # fmt: skip


# -- real apps


@pytest.fixture(params=[v for v in SERVERS if v >= "3.50"])
def drawn(request: pytest.FixtureRequest, server_pool: ServerPool) -> Iterator[Client]:
    """Yield a client of an app with the plots of Gradio's own components."""
    server = server_pool.get(request.param, app=(DRAWN,))
    with Client(server.url) as client:
        yield client


@pytest.mark.gradio
@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("bars", "Oslo Rome Paris summer winter Rain"),
        ("sorted", "Oslo Rome Paris rain"),
        ("days", "heat"),
        ("lines", "in out ensor Apr&nbsp;01"),
        ("points", "length weight age"),
        ("limits", "length weight"),
        ("changed", "in out Changed time"),
        ("lying", "Oslo Rome Paris summer winter"),
        ("parts", "Oslo Rome Paris"),
    ],
)
def test_plots_of_real_apps_are_drawn(drawn: Client, endpoint: str, words: str) -> None:
    """Bar, line and scatter plots of each generation are drawn, with axes, colours and tooltips."""
    if f"/{endpoint}" not in drawn.view_api()["named_endpoints"]:
        pytest.skip("the app of this generation does not have this plot")
    result = drawn.predict(f"/{endpoint}")
    plot = parsed(result[0])
    if plot is None:
        shown = check(result._repr_html_())
        made = svg(shown)
    else:
        made = "".join(one.picture for one in drawings(*plot))
        shown = check(Renderer().html(result[0], "plot"))
    assert made and shown.sources, endpoint
    for word in words.split():
        assert f">{word}</text>" in made or word.replace("&nbsp;", " ") in made, word
    again = pickle.loads(pickle.dumps(result))
    assert again._repr_mimebundle_() == result._repr_mimebundle_()
