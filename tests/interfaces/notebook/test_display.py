"""`display`: an app's API as text in terminals and as HTML in notebooks."""

from __future__ import annotations

import copy
import pickle
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.api_info import describe
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.dialect import dialect_of
from gradio_client_sync._terminal.plaintext import columns, plain, short, wrap
from gradio_client_sync.display import ApiInfo
from tests.core.test_schema import json_values
from tests.support.samples import VERSIONS, load

URL = "http://127.0.0.1:7860"


def api(version: str, *names: str) -> ApiInfo:
    """Return the API of a sample, or of some of its endpoints."""
    config, info = load(version)
    data = describe(EndpointTable(config, dialect_of(config)), info)
    if names:
        named = {name: data["named_endpoints"][name] for name in names}
        data = {"named_endpoints": named, "unnamed_endpoints": {}}
    return ApiInfo(data, url=URL, version=version)


@pytest.fixture
def terminal_width(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that sets the width of the terminal."""
    return lambda width: monkeypatch.setenv("COLUMNS", str(width))


def test_api_info_is_a_dict() -> None:
    """An `ApiInfo` equals its data, and can be indexed like a dict."""
    info = api("6.31.0")
    assert info == dict(info)
    assert info["named_endpoints"]["/ping"]["parameters"] == []


@pytest.mark.parametrize(
    "clone", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))]
)
def test_api_info_survives_copies_and_pickle(clone: Any) -> None:
    """A copy is an `ApiInfo` that prints the same."""
    info = api("4.44.1")
    assert type(clone(info)) is ApiInfo
    assert clone(info) == info and str(clone(info)) == str(info)


def test_text_describes_each_endpoint(terminal_width: Any) -> None:
    """The text has URL, release, and for each endpoint its inputs, outputs and a call to copy."""
    terminal_width(80)
    assert str(api("6.31.0", "/translate", "/chat", "/caption")) == TEXT
    assert repr(api("6.31.0", "/ping")).endswith('app.predict("/ping")')


TEXT = """\
http://127.0.0.1:7860 · Gradio 6.31.0 · 3 endpoints

── /translate ──────────────────────────────────────────────────────────────────
Translate a text. The language of the text is recognised.
  text          str                              required
  language      Literal['English', 'French',     = "French"
                'Bahasa Indonesia']
  formal        bool                             = False
  alternatives  float                            = 1
                numeric value between 1 and 5
  → Result      str
  → Detected    dict(label: str | int | float | None, confidences: list[…])

app.predict("/translate", {
    "text": "Hello!!",
    "language": "French",
    "formal": False,
    "alternatives": 1,
})

── /chat ───────────────────────────────────────────────────────────── streams ─
Answer a message, word by word.
  message         str    required
  temperature     float  = 0.7     numeric value between 0 and 2
  max_tokens      float  = 256     Max new tokens
  system          str    = None    System prompt
  → Conversation  list[dict(role: str, metadata: dict(title: str, …))]

for data in app.submit("/chat", {
    "message": "Hello!!",
    "temperature": 0.7,
    "max_tokens": 256,
}):
    print(data[0])

── /caption ────────────────────────────────────────────────────────────────────
  image     filepath                                 required
  style     Literal['short', 'long', 'it\\'s "odd"']  required
  detail    float                                    = None
  → Result  str
  → Crops   list[dict(image: filepath, caption: str | None) | dict(…)]

app.predict("/caption", {"image": handle_file("bus.png"), "style": "short"})

filepath: pass handle_file(path_or_url), a pathlib.Path, bytes or an open file;
a result is a RemoteFile."""


def test_text_shows_unnamed_endpoints_by_number() -> None:
    """Endpoints without a name are shown by ``fn_index``, and those that cancel are marked."""
    text = str(api("3.50.2"))
    assert "── fn_index 6 ─" in text and "app.predict(6, [" in text
    assert " cancels jobs ─" in text


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("width", [60, 80, 100])
def test_text_fits_the_terminal(version: str, width: int, terminal_width: Any) -> None:
    """No line is wider than the terminal, whatever the labels and types."""
    terminal_width(width)
    assert max(map(columns, str(api(version)).splitlines())) <= width


def test_text_shows_control_characters_as_escapes() -> None:
    """A label cannot control the terminal, reorder its text, or end a line."""
    assert r"2nd \x1b[31mred\x1b[0m line" in str(api("6.31.0", "/odd"))
    assert "\x1b" not in str(api("6.31.0")) + str(api("3.50.2"))
    assert plain("a\u202eb\x9bc\ud800\U000e0041\u2028d") == r"a\u202eb\x9bc\ud800\U000e0041 d"
    assert plain("👩\u200d🔬 می\u200cخواهم") == "👩\u200d🔬 می\u200cخواهم"


def test_text_bounds_descriptions() -> None:
    """A long description is cut after some lines."""
    data = {"named_endpoints": {"/f": {"description": "line\n" * 50}}}
    text = str(ApiInfo(data, url=URL, version="6"))
    assert text.count("line") == 8 and "\n…\n" in text


@pytest.mark.parametrize("choice", ["float16", "Country number 0 of the world"])
def test_text_keeps_choices_whole(choice: str, terminal_width: Any) -> None:
    """No choice is broken, and no line begins with a comma, also if a column is narrow."""
    terminal_width(80)
    kind = f"list[Literal['{choice}', '{choice} 2', '{choice} 3']]"
    value = {
        "parameter_name": "precision_query",
        "parameter_has_default": True,
        "parameter_default": [choice, f"{choice} 2"],
        "python_type": {"type": kind},
    }
    data = {"named_endpoints": {"/f": {"parameters": [value]}}}
    lines = [line.strip() for line in str(ApiInfo(data, url=URL, version="6")).splitlines()]
    assert not any(line.startswith(",") for line in lines)
    assert sum(line.count(f"'{choice}") for line in lines) == 3


@pytest.mark.parametrize(("kind", "verb"), [("required", "Needs"), ("optional", "Can use")])
def test_text_and_html_say_which_endpoints_use_a_token(kind: str, verb: str) -> None:
    """An endpoint that requests the user's token says with which option it is passed."""
    info = api("6.31.0", "/ping", "/translate")
    info["named_endpoints"]["/ping"]["oauth_token"] = kind
    for text in (str(info), info._repr_html_()):
        assert text.count(f"{verb} your Hugging Face token: pass oauth_token= to Client.") == 1


def test_text_of_an_app_without_endpoints_says_so() -> None:
    """The heading of an app without endpoints says so."""
    assert str(ApiInfo({}, url=URL, version="6.0\n")) == f"{URL} · Gradio 6.0 · 0 endpoints"


class Balance(HTMLParser):
    """A parser that fails if elements are not closed in order, and collects the text."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.opened.append(tag)
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"style", "title", "open", "colspan"}

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(info: ApiInfo) -> Balance:
    page = Balance()
    page.feed(info._repr_html_())
    page.close()
    assert page.opened == []
    return page


TAGS = {"div", "b", "i", "span", "details", "summary", "code", "table", "tr", "td", "pre"}


@pytest.mark.parametrize("version", VERSIONS)
def test_html_is_well_formed_and_escaped(version: str) -> None:
    """The HTML is balanced, has only known elements, and shows labels as text."""
    page = parsed(api(version))
    assert page.tags <= TAGS
    assert '<b>bold</b> & "quoted"' in page.text
    assert "app.predict(" in page.text and "for data in app.submit(" in page.text
    assert "\x1b" not in page.text


def test_html_folds_the_endpoints_of_large_apps() -> None:
    """A few endpoints are shown open, many are closed."""
    assert "<details open" in api("6.31.0", "/translate", "/merge")._repr_html_()
    assert "<details open" not in api("6.31.0")._repr_html_()


def test_html_shows_the_first_line_of_a_description_first() -> None:
    """The first line of a description is beside the name, and the others are below."""
    data = {"named_endpoints": {"/f": {"description": "One <line>.\n\nAnother.\x07"}}}
    page = ApiInfo(data, url=URL, version="6")._repr_html_()
    assert "One &lt;line&gt;.</span></summary>" in page and ">Another.\\x07</div>" in page


def test_html_has_a_long_type_in_its_title() -> None:
    """A type that is too long for its cell is complete in the cell's title."""
    assert 'title="Literal[&#x27;English&#x27;, ' in api("6.31.0", "/translate")._repr_html_()


@given(
    junk=json_values,
    name=st.text(max_size=8),
    value=st.dictionaries(
        st.sampled_from("label parameter_name component type python_type parameter_has_default "
                        "parameter_default example_input".split()),
        json_values | st.text(),
    ),
)  # fmt: skip
def test_display_accepts_anything(junk: Any, name: str, value: dict[str, Any]) -> None:
    """Any data gives a text without control characters, and balanced HTML."""
    endpoint = {"parameters": [value, junk], "returns": [value], "description": name, "type": junk}
    for data in (
        {"named_endpoints": junk, "unnamed_endpoints": {name: junk}},
        {"named_endpoints": {name: endpoint}, "unnamed_endpoints": {"3": endpoint}},
    ):
        info = ApiInfo(data, url=name, version=name)
        assert all(ord(char) >= 32 or char == "\n" for char in str(info))
        assert parsed(info).tags <= TAGS


def test_display_of_huge_values_is_short() -> None:
    """Huge labels, types, defaults and descriptions give a short text."""
    huge = "x" * 200_000
    value = {
        "label": huge,
        "parameter_name": "a",
        "python_type": {"type": f"dict({huge})", "description": huge},
        "parameter_has_default": True,
        "parameter_default": [[1, 2]] * 100_000,
    }
    endpoint = {"parameters": [value] * 3, "returns": [value], "description": huge}
    info = ApiInfo({"named_endpoints": {"/f": endpoint}}, url=URL, version="6")
    assert len(str(info)) < 10_000 and len(info._repr_html_()) < 50_000


@given(text=st.text(), width=st.integers(3, 40))
def test_short_fits(text: str, width: int) -> None:
    """A shortened text fits the width, and a text that fits is not changed."""
    assert columns(short(text, width)) <= width
    assert short(text, width) == text or columns(text) > width


@pytest.mark.parametrize(
    ("text", "width", "shortened"),
    [
        ("dict(a: list[str | float], b: int)", 26, "dict(a: list[…], b: int)"),
        ("Literal['one', 'two', 'three']", 26, "Literal['one', 'two', …]"),
        ("dict(background: filepath | None)", 20, "dict(…)"),
        ("a" * 30, 10, "a" * 9 + "…"),
        ("文" * 30, 10, "文" * 4 + "…"),
    ],
)
def test_short_keeps_brackets_whole(text: str, width: int, shortened: str) -> None:
    """Types are shortened inside or at a comma, with their brackets closed."""
    assert short(text, width) == shortened


@given(
    words=st.lists(st.text(st.characters(min_codepoint=33), min_size=1)), width=st.integers(2, 30)
)
def test_wrap_keeps_every_word(words: list[str], width: int) -> None:
    """Wrapping loses only spaces, and no line is too wide."""
    lines = wrap(" ".join(words), width)
    assert "".join(lines).replace(" ", "") == "".join(words).replace(" ", "")
    assert all(columns(line) <= width for line in lines)
