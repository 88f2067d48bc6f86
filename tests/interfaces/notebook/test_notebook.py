"""`_notebook`: how values are displayed, and that no value of an app escapes its element."""

from __future__ import annotations

import base64
import json
import pickle
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync import Client, Data, RemoteFile, handle_file
from gradio_client_sync._basics.outputs import Outputs
from gradio_client_sync._connection.call_factory import bundle_of_data
from gradio_client_sync._notebook.chart import Series, draw
from gradio_client_sync._notebook.markup import element, link, text
from gradio_client_sync._notebook.players import (
    INLINE_BYTES,
    Allowance,
    file_html,
    kind_of,
    size_text,
)
from gradio_client_sync._notebook.plots import mime_bundle, parsed
from gradio_client_sync._notebook.values import Renderer
from tests.core.test_schema import json_values
from tests.support.attacks import ATTACKS
from tests.support.file_app import FileApp, filedata
from tests.support.scripted import ScriptedApp

PLOTS = json.loads(
    (Path(__file__).parents[2] / "support" / "samples" / "plots.json").read_text(encoding="utf-8")
)
COMPONENTS = (
    "textbox html markdown code json label dataframe highlightedtext chatbot gallery image "
    "audio video annotatedimage plot file"
).split()

DRAWINGS = frozenset("circle g line polyline rect svg text title".split())
TAGS = DRAWINGS | frozenset(
    "a audio b code details div i img mark pre small span style summary table td th tr "
    "video".split()
)
#: In HTML of an app.
TAGS |= frozenset(
    "abbr address article aside bdi bdo big blockquote br caption center cite colgroup dd del dfn "
    "dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr ins kbd li main meter nav "
    "ol p progress q s samp section strike strong sub sup tbody tfoot thead time tt u ul var "
    "wbr".split()
)
ATTRIBUTES = frozenset(
    "alt class colspan controls dir href id open preload rel rowspan src start style target title "
    "value hidden lang max min low high optimum reversed datetime".split()
)
DRAWN = frozenset(  # attributes of SVG
    "cx cy fill fill-opacity font-family font-size font-weight height points r stroke stroke-width "
    "stroke-dasharray style text-anchor transform viewbox width x x1 x2 xmlns y y1 y2".split()
)


class Checker(HTMLParser):
    """A parser that fails for markup which could do more than display something."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.sources: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        found = dict(attrs)
        assert found.keys() <= (DRAWN if tag in DRAWINGS else ATTRIBUTES), found.keys()
        assert re.match(r"https?://", found.get("href") or "https://"), found
        assert "url(" not in (found.get("style") or "")
        if found.get("src") is not None:
            source = found["src"] or ""
            kind = source.partition(";")[0][5:]
            assert source.startswith("data:") and kind_of(kind) == tag, source[:60]
            self.sources.append((tag, source))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:  # not in a style sheet
            self.words += data


def check(markup: str | None) -> Checker:
    """Check markup, and return its contents."""
    assert markup is not None
    checker = Checker()
    checker.feed(markup)
    checker.close()
    return checker


def data(*values: Any, outputs: tuple[tuple[str, str], ...] = ()) -> Data:
    """Return data as a job gives it."""
    now = datetime.now(timezone.utc)
    return Data._make(
        data=list(values),
        endpoint="/look",
        fn_index=0,
        time=now,
        updates={},
        _origin=Outputs(shown=outputs),
        _display=bundle_of_data,
    )


def display(value: Any, component: str = "") -> Checker:
    """Display a value, check the markup, and return its contents."""
    return check(Renderer().html(value, component))


# -- markup


def test_element_escapes_what_it_is_given() -> None:
    """Text and attributes are escaped."""
    made = element("b", text("<i>&\"'"), title="\"'><script>")
    assert made == ('<b title="&quot;&#x27;&gt;&lt;script&gt;">&lt;i&gt;&amp;&quot;&#x27;</b>')


def test_text_can_always_be_sent() -> None:
    """Halves of surrogate pairs and control characters are replaced, and long texts are cut."""
    assert text("a\ud800\x00\x1bb").encode() == "a\\ud800\ufffd\ufffdb".encode()
    assert text("x" * 30_000).endswith("… (10,000 more characters)")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//x", None, ""])
def test_link_goes_to_the_web_only(address: str | None) -> None:
    """Only http and https URLs are links."""
    assert link(address, "name") == "name"


# -- values


@pytest.mark.parametrize("component", ["", *COMPONENTS])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_value_changes_the_markup_around_it(attack: str, component: str) -> None:
    """No value of an app can change the markup around it."""
    for value in hostile_values(attack):
        check(Renderer().html(value, component))
    check(data(attack, outputs=((attack, attack),))._repr_html_())
    check(data(attack, attack, outputs=((attack, attack), ("html", attack)))._repr_html_())


def hostile_values(attack: str) -> Iterator[Any]:
    """Yield values of each form with the attack in each position."""
    yield attack
    yield {attack: attack, "x": [attack, {attack: [attack]}]}
    yield {"headers": [attack, {"a": attack}], "data": [[attack, None], [{attack: attack}]]}
    yield {"label": attack, "confidences": [{"label": attack, "confidence": attack}]}
    yield {"label": {attack: 1}, "confidences": [{"label": [attack], "confidence": 2.5}]}
    yield [{"token": attack, "class_or_confidence": attack}]
    yield [[attack, attack], [attack, 0.5]]
    yield [{"role": attack, "content": attack, "metadata": {"title": attack}}]
    yield [{"role": "user", "content": [{"type": "text", "text": attack}, {attack: attack}]}]
    for kind in ("matplotlib", "plotly", "altair", "bokeh", attack):
        yield {"type": kind, "plot": attack}
    yield {"type": "matplotlib", "plot": f"data:image/png;base64,{attack}"}
    yield {"type": "matplotlib", "plot": f"data:text/html;base64,{_packed(attack)}"}
    yield {"type": "plotly", "plot": _plotly(attack)}
    yield {"type": "altair", "plot": _altair(attack)}
    for bokeh in ("bokeh", "bokeh 2"):
        plot = PLOTS[bokeh]["plot"].replace("Bokeh", json.dumps(attack)[1:-1])
        yield {"type": "bokeh", "plot": plot}


def _packed(attack: str) -> str:
    return base64.b64encode(attack.encode()).decode()


def _plotly(attack: str) -> str:
    trace = {"type": "bar", "name": attack, "x": [attack, "b"], "y": [1, 2]}
    return json.dumps({"data": [trace], "layout": {"title": {"text": attack}}})


def _altair(attack: str) -> str:
    encoding = {name: {"field": field} for name, field in (("x", "a"), ("y", "b"), ("color", "c"))}
    rows = [{"a": attack, "b": 1, "c": attack}, {"a": "z", "b": 2, "c": attack}]
    spec = {"title": attack, "mark": "bar", "encoding": encoding, "data": {"values": rows}}
    return json.dumps(spec)


@given(value=json_values, component=st.sampled_from(["", *COMPONENTS]))
def test_any_json_has_an_html_form(value: Any, component: str) -> None:
    """Any JSON value can be displayed."""
    check(Renderer().html(value, component))
    check(data(value, outputs=((component, ""),))._repr_html_())


@pytest.mark.parametrize("number", [10**400, -(10**400), float("nan"), float("inf"), 1e308, 5e-324])
def test_any_number_has_an_html_form(number: float) -> None:
    """Numbers that are not finite or not a float can be displayed."""
    display(number)
    display({"headers": ["n"], "data": [[number]]})
    display({"label": "x", "confidences": [{"label": "x", "confidence": number}]})
    display([{"token": "x", "class_or_confidence": number}])
    draw("", [Series.of("bar", None, [1, 2], [number, 3]), Series.of("line", "", [number], [1])])


def test_deep_and_large_values_are_cut() -> None:
    """Values that are deeply nested or very long are cut."""
    deep: Any = "bottom"
    for _ in range(500):
        deep = {"in": [deep]}
    assert len(Renderer().html(deep)) < 20_000
    assert len(Renderer().html([[number] for number in range(100_000)])) < 200_000
    rows = {"headers": [], "data": [[0] * 500] * 5_000}
    shown = display(rows)
    assert "5,000 × 500" in shown.words and "4,950 more rows" in shown.words
    turns = [{"role": "user", "content": "hi"}] * 1_000
    assert "800 earlier messages" in display(turns).words


def test_table_shows_headers_and_cells() -> None:
    """A DataFrame is a table with numbers on the right, and missing cells are shown as None."""
    shown = display({"headers": ["name", "kg"], "data": [["hare", 3.75], ["heron"]]})
    assert shown.words == "namekghare3.75heronNone2 × 2"
    assert "<table" in Renderer().html({"headers": ["a"], "data": []})


def test_label_shows_bars() -> None:
    """Confidences are bars of at most full width."""
    markup = Renderer().html(
        {"label": "cat", "confidences": [{"label": "cat", "confidence": 0.75},
                                         {"label": "dog", "confidence": 7}]}
    )  # fmt: skip
    assert "width:75%" in markup and "75.0 %" in markup and "width:100%" in markup
    assert "cat" in display({"label": "cat", "confidences": None}).words


def test_marks_show_classes_and_weights() -> None:
    """Equal classes have equal colours, weights have a strength, and the rest is plain text."""
    kinds = (("Ada", "NAME"), (" saw ", None), ("Bob", "NAME"), ("!", -0.5))
    tokens = [{"token": token, "class_or_confidence": kind} for token, kind in kinds]
    markup = Renderer().html(tokens)
    tints = re.findall(r"<mark style=\"background:(hsla\([^)]*\))", markup)
    assert len(tints) == 3 and tints[0] == tints[1] != tints[2]
    assert display(tokens).words == "Ada NAME saw Bob NAME!"
    assert "<mark" in Renderer().html([["Ada", "NAME"]], "highlightedtext")
    assert "<mark" not in Renderer().html([["Ada", "NAME"]])


def test_chat_shows_bubbles_on_their_sides() -> None:
    """Chats of every generation are displayed: messages with parts or text, and pairs."""
    parts = [{"type": "text", "text": "hello"}]
    chat = [{"role": "user", "content": parts}, {"role": "assistant", "content": "yes"}]
    for markup in (Renderer().html(chat), Renderer().html([["hello", "yes"]], "chatbot")):
        assert re.findall(r"text-align:(right|left);margin", markup) == ["right", "left"]
        assert check(markup).words == "helloyes"


def test_html_is_shown_only_where_the_component_says_so() -> None:
    """Only values of HTML components are shown as HTML, and only up to a length."""
    assert "<b>x</b>" not in Renderer().html("<b>x</b>")
    assert display("<b>x</b>").words == "<b>x</b>"
    assert "<b>x</b>" in Renderer().html("<b>x</b>", "html")
    assert "<b>" not in Renderer().html("<b>" * 200_000, "html")


def test_outputs_are_named() -> None:
    """Several outputs have their labels and components, or numbers."""
    shown = check(data(1, "x", outputs=(("number", "Sum"), ("textbox", "")))._repr_html_())
    assert shown.words == "Sum number1[1] textboxx"
    assert "[0]" in check(data(1, 2)._repr_html_()).words
    assert check(data()._repr_html_()).words == "No outputs."


# -- plots


@pytest.mark.parametrize(
    ("library", "drawn"), [("plotly", 4), ("altair", 0), ("bokeh", 3), ("bokeh 2", 4)]
)
def test_plot_is_a_picture(library: str, drawn: int) -> None:
    """A plot is drawn from its numbers as an image without scripts."""
    shown = display(PLOTS[library], "plot")
    ((tag, source),) = shown.sources
    assert tag == "img" and source.startswith("data:image/svg+xml;base64,")
    svg = base64.b64decode(source.partition(",")[2]).decode()
    check(svg)
    assert svg.count('fill-opacity=".75"') == drawn  # the bars
    assert "<polyline" in svg and "</svg>" in svg


def test_matplotlib_is_its_own_picture() -> None:
    """A Matplotlib plot is displayed as the picture that it is."""
    ((_, source),) = display(PLOTS["matplotlib"]).sources
    assert source == PLOTS["matplotlib"]["plot"]


def test_matplotlib_that_is_too_large_is_left_out() -> None:
    """A picture in a value has the same size limit as one in a file."""
    plot = "data:image/png;base64," + "A" * (INLINE_BYTES * 4 // 3 + 8)
    shown = data({"type": "matplotlib", "plot": plot})._repr_mimebundle_()
    assert "too large" in check(shown["text/html"]).words
    assert len(shown["text/plain"]) < 30_000


def test_plot_that_cannot_be_drawn_says_so() -> None:
    """A figure without numbers shows a remark."""
    figure = {"data": [{"type": "surface", "z": [[1]]}], "layout": {}}
    assert "cannot be drawn here" in display({"type": "plotly", "plot": json.dumps(figure)}).words


def test_plot_is_offered_in_its_own_type() -> None:
    """A single plot also has the MIME type by which notebooks draw it."""
    assert set(data(PLOTS["plotly"])._repr_mimebundle_()) == {
        "text/plain", "text/html", "application/vnd.plotly.v1+json",
    }  # fmt: skip
    # JupyterLab prefers HTML to Vega, so there is no HTML. SVG is for viewers without Vega.
    altair = data(PLOTS["altair"])
    shown = altair._repr_mimebundle_()
    assert set(shown) == {"text/plain", "image/svg+xml", "application/vnd.vegalite.v6+json"}
    check(shown["image/svg+xml"])
    assert altair._repr_html_() is None
    for library in ("matplotlib", "bokeh"):
        assert set(data(PLOTS[library])._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_plot_types_hold_only_what_is_drawn() -> None:
    """Options with other servers or with markup are removed from a plot."""
    figure = {"data": [], "layout": {}, "config": {"plotlyServerURL": "http://evil"}}
    assert mime_bundle("plotly", figure) == {
        "application/vnd.plotly.v1+json": {"data": [], "layout": {}}
    }
    spec = {"mark": "bar", "usermeta": {"embedOptions": {"sourceHeader": "<script>"}}}
    assert mime_bundle("altair", spec) == {"application/vnd.vegalite.v5+json": {"mark": "bar"}}


@pytest.mark.parametrize(
    ("library", "part"),
    [
        ("altair", {"data": {"url": "/api/contents"}}),
        ("altair", {"layer": [{"encoding": {"url": {"field": "secret"}}, "mark": "image"}]}),
        ("altair", {"mark": {"type": "image", "url": "https://evil.test"}}),
        ("altair", {"encoding": {"href": {"value": "javascript:alert(1)"}}}),
        ("altair", {"transform": [{"lookup": "a", "from": {"data": {"url": "x.json"}}}]}),
        ("altair", {"params": [{"name": "p", "bind": {"element": "#password"}}]}),
        ("plotly", {"layout": {"images": [{"source": "https://evil.test/x.png"}]}}),
        ("plotly", {"data": [{"type": "choropleth", "geojson": "/api/contents"}]}),
        ("plotly", {"layout": {"mapbox": {"style": "https://evil.test/style.json"}}}),
        ("plotly", {"layout": {"map": {"style": {"sources": {"a": {"tiles": ["//evil"]}}}}}}),
        ("plotly", {"layout": {"mapbox": {"layers": [{"source": "/api/contents"}]}}}),
    ],
)
def test_plot_that_loads_something_is_only_a_picture(library: str, part: dict[str, Any]) -> None:
    """A plot that would load something is a picture only: a viewer has the rights of the page."""
    assert mime_bundle(library, {"data": [], **part}) == {}


@pytest.mark.parametrize(
    ("library", "part"),
    [
        ("altair", {"params": [{"name": "p", "bind": "scales", "select": "interval"}]}),
        ("plotly", {"data": [{"type": "sankey", "link": {"source": [0, 1], "target": [1, 2]}}]}),
        ("plotly", {"data": [{"type": "choropleth", "geojson": {"features": []}}]}),
        ("plotly", {"layout": {"font": {"style": "italic"}}}),
        ("plotly", {"layout": {"images": [{"source": "data:image/png;base64,AA=="}]}}),
    ],
)
def test_plot_with_harmless_names_stays_interactive(library: str, part: Any) -> None:
    """A plot that uses such names in a harmless way stays interactive."""
    assert mime_bundle(library, {"data": [], **part})


@pytest.mark.parametrize("plot", ["", "[]", "1", "{", "[" * 100_000, '"x"', None, 5])
def test_plot_with_wrong_data_is_shown_as_a_value(plot: Any) -> None:
    """A value that claims to be a plot and is not is displayed like any other value."""
    assert parsed({"type": "plotly", "plot": plot}) is None
    display({"type": "plotly", "plot": plot})


def test_packed_numbers_are_unpacked_within_bounds() -> None:
    """Packed numbers of Bokeh are unpacked only up to the drawing limit."""
    import gzip

    bomb = base64.b64encode(gzip.compress(bytes(50_000_000))).decode()
    packed = {"type": "ndarray", "array": {"type": "bytes", "data": bomb}, "dtype": "float64"}
    entry = json.dumps(packed)
    plot = PLOTS["bokeh"]["plot"].replace("[4, 6, 5]", entry).replace("[1, 2, 3]", entry)
    display({"type": "bokeh", "plot": plot})


# -- files


class Content:
    """A file as `file_html` sees it."""

    def __init__(self, mime_type: str | None, content: bytes, name: str = "a.bin") -> None:
        self.mime_type, self.orig_name, self.is_stream = mime_type, name, False
        self.url: str | None = "https://app.test/file=a"
        self.size: int | None = len(content)
        self._bytes = content

    def __fspath__(self) -> str:
        raise AssertionError("showing a file does not download it")

    def _not_at_hand(self) -> None:
        pass

    def _content(self, limit_bytes: int) -> bytes | None:
        return self._bytes if len(self._bytes) <= limit_bytes else None


@pytest.mark.parametrize(
    ("mime_type", "tag"),
    [
        ("image/png", "img"),
        ("image/svg+xml", "img"),
        ("IMAGE/PNG; charset=x", "img"),
        ("audio/wav", "audio"),
        ("video/mp4", "video"),
        ("text/html", None),
        ('image/svg+xml"><script>', None),
        ('audio/x" onerror="alert(1)', None),
        ("application/pdf", None),
        (None, None),
    ],
)
def test_file_has_the_player_that_its_type_asks_for(mime_type: str | None, tag: str | None) -> None:
    """Pictures, sounds and videos have players, and other files are cards with links."""
    shown = display(Content(mime_type, b"content"))
    assert [source[0] for source in shown.sources] == ([tag] if tag else [])
    assert "a.bin" in shown.words


def test_file_that_is_too_large_is_a_link() -> None:
    """The size limit is for all files of a display; a file above it is a link with a remark."""
    half = Content("image/png", b"x" * (INLINE_BYTES // 2))
    shown = display([{"image": half, "caption": "one"}, {"image": half, "caption": "two"},
                  {"image": half, "caption": "three"}])  # fmt: skip
    assert len(shown.sources) == 2
    assert "call download()" in shown.words


def test_files_in_the_forms_of_components_are_shown() -> None:
    """Files inside the values of components are displayed, such as galleries and messages."""
    picture, film = Content("image/png", b"p"), Content("video/mp4", b"v")
    words = Content("text/vtt", b"WEBVTT", "words.vtt")
    shown = display({"video": film, "subtitles": words}, "video")
    assert [tag for tag, _ in shown.sources] == ["video"] and "words.vtt" in shown.words
    assert [tag for tag, _ in display({"video": film, "subtitles": None}).sources] == ["video"]
    marks = [{"image": picture, "label": "a nose"}]
    shown = display({"image": picture, "annotations": marks}, "annotatedimage")
    assert len(shown.sources) == 2 and "a nose" in shown.words and "1 marked area" in shown.words
    shown = display([[picture, "one"], [picture, None]], "gallery")
    assert len(shown.sources) == 2 and "one" in shown.words
    for part in (
        {"type": "file", "file": picture},
        {"component": "image", "value": picture, "props": {}},
        picture,
    ):
        chat = [{"role": "assistant", "content": [part], "metadata": {"title": "Looked it up"}}]
        shown = display(chat)
        assert len(shown.sources) == 1 and "Looked it up" in shown.words
    for kind, value in (("html", "<b>x</b>"), ("textbox", "<b>x</b>")):
        part = {"component": kind, "value": value, "props": {}}
        shown = display([{"role": "assistant", "content": part}])
        assert shown.words == ("x" if kind == "html" else "<b>x</b>")
    assert "system: " in display([{"role": "system", "content": "be kind"}]).words
    assert len(display({"deep": [picture]}).sources) == 1


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2.5e9, "2.5 GB")],
)
def test_size_has_a_readable_unit(size_bytes: int, expected: str) -> None:
    """Sizes are shown with a unit, in steps of a thousand."""
    assert size_text(size_bytes) == expected


def test_stream_is_not_fetched() -> None:
    """A stream is not fetched, because fetching could cut off a running job."""
    stream = Content("audio/mpeg", b"x")
    stream.is_stream = True
    shown = display(stream)
    assert not shown.sources and "when the job is done" in shown.words


def test_file_on_another_server_is_not_fetched(tmp_path: Path) -> None:
    """A file on another server is displayed only after the user has downloaded it."""
    with ScriptedApp() as other, FileApp("image") as server:
        other.scripts["GET /dot.png"] = lambda x: x.answer(b"png", kind="image/png")
        link = f"{other.url}/dot.png"
        server.output = [filedata(link, url=link, mime_type="image/png")]
        with Client(server.url) as app:
            answer = app.predict("/direct", [None])
            shown = check(answer._repr_html_())
            assert not shown.sources and "on another server" in shown.words
            assert not other.requests
            answer[0].download(tmp_path)
            assert check(answer._repr_html_()).sources and other.count("GET /dot.png") == 1


@pytest.mark.gradio
def test_files_of_a_real_app_are_shown(app: Client) -> None:
    """A file is displayed inline through the client, and as a link once the client is closed."""
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    answer = app.predict("/file", [handle_file(png, orig_name="dot.png")])
    file = answer[0]
    assert isinstance(file, RemoteFile)
    ((_, source),) = check(answer._repr_html_()).sources
    assert base64.b64decode(source.partition(",")[2]) == png
    assert file._repr_mimebundle_()["text/html"] in (answer._repr_html_() or "")
    assert file._content(len(png) - 1) is None
    again = pickle.loads(pickle.dumps(answer))
    assert "pickled" in check(again._repr_html_()).words
    app.close()
    assert "closed" in check(answer._repr_html_()).words
    file_html(file, Allowance())


@pytest.mark.gradio
def test_client_and_job_have_an_html_form(app: Client) -> None:
    """A client is displayed with its URL and its API, and a job with its status."""
    words = check(app._repr_html_()).words
    assert app.url in words and "/count" in words and "app.predict(" in words
    job = app.submit("/count", [2])
    job.result()
    assert check(job._repr_html_()).words.startswith("● /count complete")
    app.close()
    assert "closed" in check(app._repr_html_()).words


# -- IPython


def test_terminal_of_ipython_gets_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """If IPython displays only text, no file is fetched and no HTML is made."""
    formatter = SimpleNamespace(active_types=["text/plain"])
    shell = SimpleNamespace(display_formatter=formatter)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))  # type: ignore[arg-type]
    answer = data("x")
    assert answer._repr_mimebundle_() == {"text/plain": repr(answer)}
    assert answer._repr_html_() is None
    formatter.active_types.append("text/html")
    assert answer._repr_html_() is not None


def test_text_of_a_value_is_its_repr() -> None:
    """The text of a value is its usual repr."""
    now = datetime.now(timezone.utc)
    bare = Data(["x"], "/a", 0, now)
    assert repr(data("x")) == repr(bare).replace("/a", "/look") == "Data(['x'], '/look')"
    assert bare._repr_mimebundle_() == {"text/plain": repr(bare)}


def test_showing_does_not_import_ipython() -> None:
    """Displaying a value does not import IPython."""
    import subprocess

    code = (
        "import sys; from gradio_client_sync import Data; from datetime import *; "
        "from gradio_client_sync._connection import call_factory as n; "
        "d = Data([{'a': 1}], '/a', 0, datetime.now(timezone.utc)); "
        "vars(d)['_display'] = n.bundle_of_data; "
        "d._repr_mimebundle_(); assert 'IPython' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
