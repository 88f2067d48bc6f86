"""HTML of an app as part of the notebook, so that it has the height of its content.

A frame cannot have the height of its content unless a script measures it. So the HTML is read, and
a new page is written from what is known to be harmless: elements that only show something, their
styles (`css`), links to the web, and pictures that are in the page. Scripts, frames, forms and
everything that would be loaded is left out, and a remark says so.

The elements are closed as a browser would close them. Otherwise an end tag that a browser reads in
another way could close the element around the page. That element clips the page and is the place to
which positions refer, so nothing can be drawn over the notebook.
"""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser

from .css import PREFIX, declarations, looks_of, prefixed, scoped
from .inline_svg import InlineSvg
from .markup import DIM, Html, element, join, link, note, text
from .players import inline_url

DEEPEST = 100  # elements inside each other; those below are not written
LONGEST_STYLES = 100_000  # characters

_INLINE = frozenset(
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark meter progress q s samp small "
    "span strike strong sub sup time tt u var".split()
)
_HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
_BLOCKS = _HEADINGS | frozenset(
    "address article aside blockquote center dd details div dl dt figcaption figure footer header "
    "li main nav ol p pre section summary ul".split()
)
_VOID = frozenset("br hr wbr".split())
#: Elements of tables, with the elements in which they have to be.
_TABLE = {
    "caption": ("table",),
    "colgroup": ("table",),
    "thead": ("table",),
    "tbody": ("table",),
    "tfoot": ("table",),
    "tr": ("tbody", "thead", "tfoot", "table"),
    "td": ("tr",),
    "th": ("tr",),
}
_STRUCTURE = frozenset("table colgroup thead tbody tfoot tr".split())
_CELLS = frozenset(("td", "th", "caption"))
#: Elements that become another one. Their styles still apply to them.
_REPLACED = {
    **dict.fromkeys("body html form fieldset legend dialog search".split(), "div"),
    **dict.fromkeys("button label output data ruby rb rt rp rtc nobr".split(), "span"),
}
#: Elements that are left out with their content, and what a remark calls them.
_OUT = {
    "script": "script",
    "iframe": "frame",
    "frameset": "frame",
    "object": "frame",
    "canvas": "drawing",
    "select": "input",
    "textarea": "input",
    "math": "formula",
    "template": "",
    "title": "",
}
_OUT_EMPTY = {"embed": "frame", "frame": "frame", "input": "input"}
_ATTRIBUTES = frozenset(
    "colspan rowspan start value max min low high optimum open dir lang title hidden reversed "
    "datetime".split()
)
_BOOLEAN = frozenset(("open", "hidden", "reversed"))
_ASCII = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")

_OUTER = (
    "contain:content;position:relative;overflow:auto;background:#fff;color:#222;"
    "color-scheme:light;font:14px/1.5 system-ui,sans-serif;text-align:left;white-space:normal;"
    "border:1px solid rgba(128,128,128,.35);border-radius:4px;padding:8px;overflow-wrap:anywhere"
)

#: Rules of each page; "S" is the page. Some browsers give cells their padding by an attribute.
_BASE = (
    "S,S *{all:revert}",
    "S td,S th{padding:1px}",
    "S img{max-width:100%}",
    "S>:first-child{margin-top:0}",
    "S>:last-child{margin-bottom:0}",
)


def page_html(source: str) -> Html | None:
    """Return HTML of an app without scripts, in the height of its content.

    Args:
        source: The HTML, a page or a part of one.

    Returns:
        The markup; ``None`` if the HTML cannot be read.
    """
    scope = "gcs-" + hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:12]
    writer = _PageWriter()
    try:
        writer.feed(source)
        writer.close()
    except (AssertionError, NotImplementedError):  # of the parser, for some broken declarations
        return None
    inside = writer.finish()
    # Three times: more specific than the styles of notebooks, which do not fit the white page.
    selector = f".{scope}" * 3
    styles = scoped("\n".join(writer.styles)[:LONGEST_STYLES], selector, frozenset(_REPLACED))
    base = (rule.replace("S", selector) for rule in _BASE)
    sheet = "\n".join((*base, styles))
    parts = [
        Html(f"<style>{sheet}</style>"),  # `css` lets no "<" pass
        element("div", inside, class_=scope, style=writer.body_style),
    ]
    shown = element("div", *parts, class_="gradio-client-sync-page", style=_OUTER)
    left_out = _left_out(writer.left_out)
    if not left_out:
        return shown
    return join([shown, element("div", note(left_out), style="font-size:85%")])


def _left_out(counts: dict[str, int]) -> str:
    """Return a remark on what is not shown; empty if there is nothing."""
    parts = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if name]
    return f"Not shown here: {', '.join(parts)}." if parts else ""


class _PageWriter(HTMLParser):
    """Writes the page while it reads the HTML of the app.

    Attributes:
        styles: The style sheets.
        body_style: The style of the body.
        left_out: How many elements of each kind were left out.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.styles: list[str] = []
        self.body_style: str | None = None
        self.left_out: dict[str, int] = {}
        self._written: list[Html] = []
        self._open: list[tuple[str, str]] = []  # the tag as read, and as written
        self._out: list[str] = []  # the elements whose content is left out
        self._in_style = False
        self._svg: InlineSvg | None = None

    def finish(self) -> Html:
        """Close what is open, and return the page."""
        self._end_picture()
        self._close_to(0)
        return join(self._written)

    # -- events of the parser -------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element, or leave it out."""
        if self._svg is not None and self._svg.is_left_by(tag, is_block=tag in _BLOCKS):
            self._end_picture()
        if self._svg is not None:
            self._svg.start(tag, attrs)
        elif self._out:
            if tag == self._out[-1]:
                self._out.append(tag)
        elif tag == "style":
            self._in_style = True
        elif tag in _OUT:
            self._leave_out(_OUT[tag])
            self._out.append(tag)
        elif tag in _OUT_EMPTY:
            if ("type", "hidden") not in attrs:
                self._leave_out(_OUT_EMPTY[tag])
        elif tag == "svg":
            self._into_cell()
            self._svg = InlineSvg(attrs)
        elif _ASCII.fullmatch(tag):
            self._start(tag, dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element. In HTML, a slash at the end of a tag has no meaning."""
        self.handle_starttag(tag, attrs)
        if self._svg is not None:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, with those that are open in it."""
        if self._svg is not None:
            if self._svg.end(tag):
                self._end_picture()
        elif self._out:
            if tag == self._out[-1]:
                self._out.pop()
        elif tag == "style":
            self._in_style = False
        else:
            tags = [read for read, _ in self._open]
            limit = self._cell() if tag not in _TABLE and tag != "table" else 0
            if tag in tags[limit:]:
                self._close_to(len(tags) - 1 - tags[::-1].index(tag))

    def handle_data(self, data: str) -> None:
        """Write a text."""
        if self._svg is not None:
            self._svg.text(data)
        elif self._in_style:
            self.styles.append(data)
        elif not self._out:
            if data.strip():
                self._into_cell()
            if not self._open or self._open[-1][1] not in _STRUCTURE:
                self._written.append(text(data, len(data)))

    # -- elements -------------------------------------------------------------------

    def _start(self, tag: str, attrs: dict[str, str | None]) -> None:
        if tag in ("html", "body"):
            self.body_style = declarations(attrs.get("style") or "") or self.body_style
            return
        if tag in ("img", "audio", "video", "source"):
            self._into_cell()
            self._media(tag, attrs)
            return
        if tag in _TABLE and not self._make_room(tag):
            return
        if tag == "col" or len(self._open) >= DEEPEST:
            return
        written = _REPLACED.get(tag, tag)
        if written not in _INLINE | _BLOCKS | _VOID | _TABLE.keys() | {"table"}:
            return  # its content is written
        if tag not in _TABLE:
            self._into_cell()
            written = self._fitting(written)
        made = element(written, **self._attributes(tag, written, attrs))
        if written in _VOID:
            self._written.append(Html(made.replace(f"</{written}>", "")))
            return
        self._written.append(Html(made[: -len(f"</{written}>")]))
        self._open.append((tag, written))

    def _fitting(self, tag: str) -> str:
        """Close what a browser would close at this point, and return the tag to write."""
        limit = self._cell()
        written = [name for _, name in self._open]
        if (tag in _BLOCKS or tag in ("table", "hr")) and "p" in written[limit:]:
            self._close_to(limit + written[limit:].index("p"))
        if tag in ("li", "dd", "dt"):
            lists, items = (("ul", "ol"), ("li",)) if tag == "li" else (("dl",), ("dd", "dt"))
            written = [name for _, name in self._open]
            for place in range(len(written) - 1, limit - 1, -1):
                if written[place] in lists:
                    break
                if written[place] in items:
                    self._close_to(place)
                    break
        written = [name for _, name in self._open][limit:]
        if tag in _HEADINGS and not _HEADINGS.isdisjoint(written):
            return "div"
        return "span" if tag == "a" and "a" in written else tag

    def _cell(self) -> int:
        """Return the place after the last open cell of a table, or 0."""
        for place in range(len(self._open), 0, -1):
            if self._open[place - 1][1] in _CELLS:
                return place
        return 0

    def _into_cell(self) -> None:
        """Open a cell if a table is open in which only cells can be."""
        while self._open and self._open[-1][1] in _STRUCTURE:
            top = self._open[-1][1]
            if top == "colgroup":
                self._close_to(len(self._open) - 1)
                continue
            self._imply({"tr": "td", "table": "tbody"}.get(top, "tr"))

    def _make_room(self, tag: str) -> bool:
        """Close elements up to one that can have a part of a table; return whether there is one."""
        for place in range(len(self._open), 0, -1):
            name = self._open[place - 1][1]
            if name in _TABLE[tag]:
                self._close_to(place)
                return True
            if name in ("table", "tbody", "thead", "tfoot"):  # a cell without a row
                self._close_to(place)
                self._imply(*(("tbody", "tr") if name == "table" else ("tr",)))
                return True
        return False

    def _imply(self, *tags: str) -> None:
        for tag in tags:
            self._written.append(Html(f"<{tag}>"))
            self._open.append((tag, tag))

    def _close_to(self, count: int) -> None:
        while len(self._open) > count:
            self._written.append(Html(f"</{self._open.pop()[1]}>"))

    def _attributes(
        self, tag: str, written: str, attrs: dict[str, str | None]
    ) -> dict[str, str | bool | None]:
        made: dict[str, str | bool | None] = {}
        for name, value in attrs.items():
            if name in _ATTRIBUTES:
                made[name] = True if name in _BOOLEAN else (value or "")[:1_000]
        classes = prefixed(attrs.get("class") or "")
        if tag in _REPLACED:
            classes = f"{PREFIX}tag-{tag} {classes}".strip()
        looks = declarations(f"{looks_of(tag, attrs)};{attrs.get('style') or ''}")
        made.update(class_=classes or None, style=looks or None)
        if attrs.get("id"):
            made["id"] = prefixed(attrs["id"] or "") or None
        href = attrs.get("href") or ""
        if written == "a" and href.startswith(("http://", "https://")):
            made.update(href=href, target="_blank", rel="noopener noreferrer nofollow")
        return made

    # -- pictures -------------------------------------------------------------------

    def _end_picture(self) -> None:
        if self._svg is not None:
            self._written.append(self._svg.finish())
            self._svg = None

    def _media(self, tag: str, attrs: dict[str, str | None]) -> None:
        source = (attrs.get("src") or "").strip()
        if tag == "source" or (not source and tag != "img"):
            return  # what is around it is a player without a source of its own
        kept = self._attributes(tag, tag, attrs)
        content = inline_url(source, tag)
        if content is not None:
            kept["alt" if tag == "img" else "controls"] = attrs.get("alt") or tag != "img"
            self._written.append(element(tag, src=content, **kept))
            return
        self._leave_out({"img": "image"}.get(tag, tag))
        name = attrs.get("alt") or attrs.get("title") or {"img": "image"}.get(tag, tag)
        label = f"[{name[:200]}]"
        linked = any(written == "a" for _, written in self._open)
        shown = text(label) if linked else link(source, label)
        self._written.append(element("span", shown, style=DIM))

    def _leave_out(self, kind: str) -> None:
        self.left_out[kind] = self.left_out.get(kind, 0) + 1
