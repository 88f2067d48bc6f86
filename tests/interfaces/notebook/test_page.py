"""`page`, `css` and `inline_svg`: HTML of an app without scripts, in the height of its content."""

from __future__ import annotations

import base64
import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._notebook.css import declarations, prefixed, scoped
from gradio_client_sync._notebook.page import page_html
from gradio_client_sync._notebook.values import Renderer
from tests.interfaces.notebook.test_notebook import check
from tests.interfaces.notebook.test_notebooks import Beacon, beacon, needs_browser
from tests.support.attacks import ATTACKS, MARK
from tests.support.browser import Browser

__all__ = ["beacon"]

CLASS = "gradio-client-sync-page"


def inside(source: str) -> str:
    """Return what is written for the content of a page."""
    markup = page_html(source)
    assert markup is not None
    check(markup)
    end = r'</div></div>(?:<div style="font-size:85%">.*)?$'
    found = re.search(rf'</style><div class="gcs-[0-9a-f]{{12}}"[^>]*>(.*){end}', markup)
    assert found is not None, markup
    return found[1]


# -- elements


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<p>a<div>b</div></p>", "<p>a</p><div>b</div>"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", None),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c"),
        ("</div></td></table>x", "x"),
        ("<li>a<div><li>b</div>", "<li>a<div></div></li><li>b</li>"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<h1>a<h2>b</h1>", '<h1>a<div>b</div></h1>'),
        ("<a href=http://a.test>x<a href=http://b.test>y</a></a>", None),
        ("1 < 2 &amp; 3 &lt; 4", "1 &lt; 2 &amp; 3 &lt; 4"),
        ("<my-card>x</my-card>", "x"),
        ("<button class=b>x</button>", '<span class="gcs-tag-button gcs-b">x</span>'),
        ("<br><hr>", "<br><hr>"),
    ],
)  # fmt: skip
def test_elements_are_closed(source: str, written: str | None) -> None:
    """Elements are closed as a browser closes them, and in order."""
    assert written is None or inside(source) == written
    inside(source)


CELL, END = "<table><tbody><tr><td>", "</td></tr></tbody></table>"


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("<table><tr><td>1<td>2<tr><td>3</table>",
         "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>"),
        ("<table><td>x</table>", f"{CELL}x{END}"),
        ("<table>x</table>", f"{CELL}x{END}"),
        ("<td>x</td>", "x"),
        ("<table><div><table><td>x</table></div></table>",
         f"{CELL}<div>{CELL}x{END}</div>{END}"),
        ("<div><table><tr><td></div>x</table></div>",
         "<div><table><tr><td>x</td></tr></table></div>"),
    ],
)  # fmt: skip
def test_tables_are_whole(source: str, written: str) -> None:
    """Parts of tables are in tables, and everything in a table is in its cells."""
    assert inside(source) == written


def test_what_a_page_needs_is_kept() -> None:
    """Links, pictures in the page, and looks are kept; all other attributes are not."""
    png = "data:image/png;base64,iVBORw0KGgo="
    assert f'<img src="{png}" alt="dot">' in inside(f"<img src='{png}' alt=dot onload=x>")
    assert 'href="https://a.test"' in inside("<a href='https://a.test' onclick=x>x</a>")
    assert "href" not in inside("<a href='javascript:x'>x</a>")
    assert inside("<p onclick=x data-commandlinker-command=y>x</p>") == "<p>x</p>"
    looks = inside("<td bgcolor=red width=50><font color='blue'>x</font></td>")
    assert looks == '<font style="color:blue">x</font>'
    assert 'style="width:50px;background-color:red"' in inside("<table bgcolor=red width=50>")
    assert '<details open="">' in inside("<details open><summary>x</summary></details>")
    assert "data:image/svg+xml;base64," in inside("<img src='data:image/svg+xml,%3Csvg/%3E'>")


def test_remark_says_what_is_not_shown() -> None:
    """A remark counts the scripts, frames, inputs and images that are left out."""
    source = "<script>a</script><iframe src=x></iframe><input><img src=/x.png alt=cat><img src=y>"
    shown = check(page_html(source))
    assert "Not shown here: 1 script, 1 frame, 1 input, 2 images." in shown.words
    assert "[cat]" in shown.words
    assert "Not shown" not in check(page_html("<p>x</p><input type=hidden>")).words


def test_drawing_becomes_an_image() -> None:
    """An SVG drawing is an image of well-formed XML with the names in their case."""
    source = (
        "<svg viewbox='0 0 9 9' onload=x><lineargradient id=a><stop></lineargradient>"
        "<path d='M0 0'/><script>x</script><text>a &lt; b</svg>after<svg><p>out</p>"
    )
    shown = check(page_html(source))
    drawings = [base64.b64decode(url.partition(",")[2]).decode() for _, url in shown.sources]
    for drawing in drawings:
        ElementTree.fromstring(drawing)
    assert 'viewBox="0 0 9 9"' in drawings[0] and "<linearGradient" in drawings[0]
    assert "script" not in drawings[0] and "onload" not in drawings[0]
    assert "after" in shown.words and "out" in shown.words


@given(st.text(alphabet="<>/ abdilpstuv=\"'!-[]svgtrdhx&;\n", max_size=80))
def test_any_text_can_be_read(source: str) -> None:
    """Any text gives markup of known elements, or none."""
    markup = page_html(source)
    assert markup is None or check(markup)


# -- styles


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: red; COLOR: Blue", "color:Blue"),
        ("position: fixed; top: 0", "top:0"),
        ("position: relative", "position:relative"),
        ("background: url(x); color: red", "color:red"),
        ("background: u\\72l(x)", ""),
        ("--a: 1px; width: calc(var(--a) * 2)", "--a:1px;width:calc(var(--a) * 2)"),
        ("min-height: 100vh; height: 3em", "height:3em"),
        ("animation: fade 1s forwards; opacity: 0; color: red", "color:red"),
        ("opacity: .5", "opacity:.5"),
        ("content: 'a;b'; x", "content:'a;b'"),
        ("width: calc(1px; color: red", ""),
        ("color: 'red", ""),
        ("contain: none; -moz-binding: x; behavior: y", ""),
    ],
)
def test_declarations_only_change_looks(style: str, kept: str) -> None:
    """Declarations that load something, or take an element out of its place, are left out."""
    assert declarations(style) == kept


@pytest.mark.parametrize(
    ("sheet", "kept"),
    [
        (".a, #b > p {color: red}", "S .gcs-a,S #gcs-b > p{color:red}"),
        ("body {color: red} html body .a {top: 0}", "S{color:red}\nS .gcs-a{top:0}"),
        (":root {--a: 1px}", "S{--a:1px}"),
        ("+ p, ~ p, > p {color: red}", ""),
        ("body + p, :root ~ p, body:is(.x) + p {color: red}", ""),
        ("p + p {color: red}", "S p + p{color:red}"),
        ("button:hover {color: red}", "S .gcs-tag-button:hover{color:red}"),
        ("@import 'x'; .a {color: red}", "S .gcs-a{color:red}"),
        ("@font-face {src: url(x)} @keyframes a {from {top: 0}} p {top: 0}", "S p{top:0}"),
        ("@media (max-width: 9px) {p {top: 0}}", "@media (max-width: 9px){S p{top:0}}"),
        ("@media (prefers-color-scheme: dark) {p {top: 0}}", ""),
        ("/* } */ p {top: 0} /* x", "S p{top:0}"),
        ("p {} } q {top: 0}", ""),
        ("p {background: url('</style>')}", ""),
        ("</style><script>x</script> {top: 0}", ""),
        ("& p {top: 0}", ""),
    ],
)
def test_style_sheets_are_limited_to_the_page(sheet: str, kept: str) -> None:
    """Each rule begins with the page, and rules that could apply to others are left out."""
    assert scoped(sheet, "S", frozenset(("button",))) == kept


@given(st.text(alphabet="ab{};:@\"'()<>/*\\,.#+~ \n", max_size=60))
def test_style_sheets_never_end_their_element(sheet: str) -> None:
    """No style sheet can end the element that it is in, or reach a rule without the page."""
    kept = scoped(sheet, "S")
    assert "<" not in kept and kept.count("{") == kept.count("}")
    assert all(line.startswith(("S", "@media", "@supports", "}")) for line in kept.splitlines())


def test_names_have_a_prefix() -> None:
    """Classes and ids cannot be those of the notebook."""
    assert prefixed('jp-Dialog  b" <c') == "gcs-jp-Dialog"


# -- in a browser

PAGES = {
    "short": "<b>one line</b>",
    "text": "<p>" + "Words of a paragraph. " * 200 + "</p>",
    "table": "<table border=1>" + "<tr><td>a<td>b" * 60 + "</table>",
    "styled": "<style>.box {padding: 3em; margin: 2em 2em 0; border: 1px solid} h1 {font-size: 4em}"
    "</style><div class=box><h1>Title</h1></div>",
    "pictures": "<svg width=50 height=700><rect width=9 height=9></svg>",
    "positions": "<div style='position:fixed;inset:0;background:red;z-index:99'>over</div>"
    "<div style='position:absolute;top:-900px'>up</div><p style='margin-top:-500px'>x</p>",
    "window": "<div style='min-height:100vh'>x</div>",
    "long word": f"<p>{'w' * 500}</p><pre>{'x' * 500}</pre>",
}

LOADED = """
new Promise(done => document.readyState == 'complete' ? done() : addEventListener('load', done))
"""
MEASURE = f"""
[...document.querySelectorAll('.{CLASS}')].map(page => {{
  const box = page.getBoundingClientRect();
  const parts = [...page.querySelectorAll('*')].map(one => one.getBoundingClientRect());
  return {{
    hidden: page.scrollHeight - page.clientHeight,
    blank: page.lastElementChild.getBoundingClientRect().bottom - box.bottom,
    height: box.height,
    wide: document.documentElement.scrollWidth - innerWidth,
    parent: page.parentElement.tagName,
    next: page.nextElementSibling?.id,
  }};
}})
"""


def shown(folder: Path, parts: list[str]) -> str:
    """Write a page with these parts, each followed by a mark, and return its URL."""
    body = "".join(f"{part}<i id=end></i>" for part in parts)
    page = folder / "page.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{body}", encoding="utf-8")
    return page.as_uri()


@needs_browser
@pytest.mark.parametrize("width", [320, 1100])
def test_page_has_the_height_of_its_content(tmp_path: Path, width: int) -> None:
    """A page is neither cut nor followed by blank space, on narrow and on wide screens."""
    parts = [Renderer().html(source, "html") for source in PAGES.values()]
    with Browser(width=max(width, 500), height=900) as browser:
        browser.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        browser.open(shown(tmp_path, parts))
        browser.run(LOADED)
        measured = browser.run(MEASURE)
    for name, found in zip(PAGES, measured):
        assert found["hidden"] <= 0 or name == "positions", (name, found)
        assert -12 <= found["blank"] <= 0, (name, found)
        assert found["wide"] <= 0 and found["next"] == "end", (name, found)
    heights = dict(zip(PAGES, (found["height"] for found in measured)))
    assert heights["short"] < 60 and heights["window"] < 60
    assert heights["pictures"] > 700 and heights["table"] > 1_000


WORDS = (
    "a b p div li ul ol dd dt dl table tr td th tbody caption colgroup col span h1 h2 button form "
    "details summary svg math select option iframe style script pre center font nobr ruby rt body "
    "html head template object address blockquote input img br hr"
).split()


def scrambled(seed: int) -> str:
    """Return HTML with tags in any order."""
    chance = random.Random(seed)
    parts = []
    for _ in range(chance.randint(3, 40)):
        word = chance.choice(WORDS)
        parts.append(
            chance.choice((f"<{word}>", f"</{word}>", f"<{word}>", f"x{word}", f"</{word}>"))
        )
    return "".join(parts)


@needs_browser
def test_no_page_leaves_its_element(tmp_path: Path, beacon: Beacon) -> None:
    """Whatever tags a page has, a browser reads all of it as the inside of one element."""
    sources = [scrambled(seed) for seed in range(1_500)]
    sources += [f"<div>{attack}".replace(MARK, beacon.url) for attack in ATTACKS]
    parts = [markup for source in sources if (markup := page_html(source)) is not None]
    script = """
    (() => {
      const pages = [...document.body.children].filter(one => one.tagName == 'DIV');
      const marks = [...document.body.children].filter(one => one.id == 'end');
      const odd = [...document.body.children].filter(one => one.id != 'end' &&
        one.className != 'CLASS' && !one.innerText.startsWith('Not shown here'));
      return [marks.length, odd.map(one => one.outerHTML)];
    })()
    """.replace("CLASS", CLASS)
    with Browser() as browser:
        browser.open(shown(tmp_path, parts))
        browser.run(LOADED)
        marks, odd = browser.run(script)
    assert marks == len(parts) and odd == []
    assert beacon.called == []


@needs_browser
def test_styles_stay_in_their_page(tmp_path: Path) -> None:
    """Styles of a page and of the notebook do not apply to each other."""
    notebook = "<style>td {color: rgb(1, 1, 1); padding: 50px} .jp-x {position: fixed}</style>"
    source = (
        "<style>body, td, .jp-x {background: rgb(2, 2, 2)} * {margin: 7px !important}</style>"
        "<table><td class=jp-x>x</table>"
    )
    part = page_html(source)
    assert part is not None
    outside = "<table><td class=jp-x id=out>x</table>"
    with Browser() as browser:
        browser.open(shown(tmp_path, [notebook, outside, part]))
        browser.run(LOADED)
        look = "(one => [one.backgroundColor, one.color, one.padding, one.position, one.marginTop])"
        page = browser.run(f"{look}(getComputedStyle(document.querySelector('.{CLASS} td')))")
        out = browser.run(f"{look}(getComputedStyle(document.querySelector('#out')))")
    assert page == ["rgb(2, 2, 2)", "rgb(34, 34, 34)", "1px", "static", "7px"]
    assert out == ["rgba(0, 0, 0, 0)", "rgb(1, 1, 1)", "50px", "fixed", "0px"]
