"""`_protocol.api.odd_values`: values that do not look like what the app takes."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.endpoint import Endpoint, EndpointTable
from gradio_client_sync._protocol.api.odd_values import (
    _takes,
    looks_odd,
    missing_event,
    odd_values,
)
from gradio_client_sync._protocol.values.attachments import Attachment
from tests.core.test_file_texts import DOCUMENTED, FILE_DATA, sampled, schemas
from tests.support.transcripts import dialect_for

GENERATIONS = ("3.50.2", "4.44.1", "6.31.0")


class File(Attachment):
    """A file that nobody reads."""

    def __init__(self, name: str, mime_type: str | None = None) -> None:
        self.orig_name, self.mime_type, self.size_bytes = name, mime_type, 1


def endpoint_of(*components: dict[str, Any]) -> Endpoint:
    config = {
        "components": [
            {"props": {"label": f"p{i}"}, **component, "id": i}
            for i, component in enumerate(components)
        ],
        "dependencies": [{"id": 0, "api_name": "f", "inputs": list(range(len(components)))}],
    }
    return EndpointTable(config, dialect_for("6.31.0")).resolve("f")


def component(kind: str, schema: Any = None, **props: Any) -> dict[str, Any]:
    """Return a component, of 4.0 and later if it has a schema."""
    config = {"type": kind, "props": {"label": "p0", **props}}
    return config if schema is None else {**config, "skip_api": False, "api_info": schema}


def told(endpoint: Endpoint, *values: Any, info: Any = None) -> list[str]:
    """Return what is said about the values, in parts."""
    text = odd_values(endpoint, values, lambda: info)
    if not text:
        return []
    assert text.startswith("This may be the reason: ") and text.endswith(".")
    return text[len("This may be the reason: ") : -1].split("; ")


def told_of(one: dict[str, Any], value: Any) -> str:
    """Return what is said about one value."""
    parts = told(endpoint_of(one), value)
    assert len(parts) <= 1
    return parts[0].replace(" was sent for 'p0', which takes ", " -> ") if parts else ""


def test_odd_value_among_properties_is_named() -> None:
    """A value that is sent with its component's properties is judged alone."""
    endpoint = endpoint_of(component("number", {"type": "number"}))
    [slot] = [one._replace(with_props=True) for one in endpoint.inputs]
    endpoint = endpoint._replace(inputs=(slot,))
    assert not told(endpoint, {"value": 3, "label": "p0"})
    assert told(endpoint, {"value": "x"}) == [
        "the text 'x' was sent for 'p0', which takes a number"
    ]


def test_one_value_looks_odd_or_not() -> None:
    """Whether a value looks odd can be asked for one input."""
    [slot] = endpoint_of(component("number", {"type": "number"})).inputs
    assert looks_odd(slot, {"type": "number"}, "x") and not looks_odd(slot, {"type": "number"}, 1)


SOUND = "a sound: a file, or a pair of a sample rate and an array"
MOMENT, DAY = (
    f"a datetime, or a text such as '{text}'" for text in ("2026-01-31 12:00:00", "2026-01-31")
)


@pytest.mark.parametrize(
    ("one", "value", "text"),
    [
        (component("number", {"type": "number"}), np.array([3]), "a list -> a number"),
        (component("number", {"type": "number"}), np.array(3), ""),
        (component("number", {"type": "number"}), date(2026, 1, 2), "the text '2026-01-02' -> a"),
        (component("audio", FILE_DATA), np.zeros(9), f"an array -> {SOUND}"),
        (component("dataframe", {"type": "object"}), np.zeros((2, 2)), ""),
        (component("dataframe", {}), {"data": [[{"x": 1}]]}, "a list of dicts -> a table"),
        (component("dataframe", {}), {"data": [[1], [], 3]}, ""),
        (component("dataframe", {}), {"data": 3}, ""),
        (component("image", FILE_DATA), {"url": "a.png"}, ""),
        (
            component("image", FILE_DATA),
            {"url": "https://x.org/a.png"},
            "a dict with the URL 'https://x.org/a.png' -> handle_file('https://x.org/a.png')",
        ),
        (
            component("datetime", {"type": "string"}),
            "31.01.2024",
            f"the text '31.01.2024' -> {MOMENT}",
        ),
        (component("datetime", {"type": "string"}), "2024-01-31 12:00:00", ""),
        (component("datetime", {"type": "string"}), "now - 1d", ""),
        (component("datetime", {"type": "string"}), "", ""),
        (component("datetime", {}, include_time=False), "31/1/24", f"the text '31/1/24' -> {DAY}"),
        (component("datetime", {}, include_time=False), "2024-01-31", ""),
    ],
)
def test_odd_arrays_dates_and_links_are_named(one: dict[str, Any], value: Any, text: str) -> None:
    """Arrays, dates and links that stand for another value are named as what they are."""
    told = told_of(one, value)
    assert told.startswith(text) and bool(told) == bool(text)


ENUM = ["red", "green"]
HASH = "0123456789abcdef" * 2
AS_FILE = "a dict with the path 'a.png' -> pathlib.Path('a.png') or handle_file('a.png')"
MANY = list("abcdefghij")


@pytest.mark.parametrize(
    ("one", "value", "said"),
    [
        (component("number"), 2, ""),
        (component("number"), "2", "the text '2' -> a number"),
        (component("number"), True, "True -> a number"),
        (component("number"), None, "None -> a number"),
        (component("number"), [1], "a list -> a number"),
        (component("number", minimum=1, maximum=5), 7, "the number 7 -> a number from 1 to 5"),
        (component("number", minimum=1), 0.5, "the number 0.5 -> a number of at least 1"),
        (component("number", maximum=1), 2, "the number 2 -> a number of at most 1"),
        (component("number", minimum=1, maximum=5), 5, ""),
        (component("slider", minimum=0, maximum=9), 11, "the number 11 -> a number from 0 to 9"),
        (component("textbox"), "x", ""),
        (component("textbox"), 2, "the number 2 -> a text"),
        (component("textbox"), {"a": 1}, "a dict -> a text"),
        (component("textbox"), File("a.txt"), "the file 'a.txt' -> a text"),
        (component("checkbox"), 1, "the number 1 -> True or False"),
        (component("checkbox"), False, ""),
        (component("radio", choices=ENUM), "red", ""),
        (component("radio", choices=ENUM), "blue", "the text 'blue' -> 'red' or 'green'"),
        (component("radio", choices=["a"]), "b", "the text 'b' -> only 'a'"),
        (component("radio", choices=[1, 2]), 1.0, ""),
        (component("radio", choices=[1, 2]), True, "True -> 1 or 2"),
        (component("dropdown", choices=ENUM), ["red"], "a list -> 'red' or 'green'"),
        (component("dropdown", choices=ENUM, allow_custom_value=True), "blue", ""),
        (
            component("dropdown", choices=MANY),
            "z",
            "the text 'z' -> one of 10 choices: 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', …",
        ),
        (component("dropdown", choices=ENUM, multiselect=True), "red", "the text 'red' -> a list"),
        (
            component("checkboxgroup", choices=ENUM),
            ["red", "x"],
            "the text 'x' -> 'red' or 'green'",
        ),
        (component("checkboxgroup", choices=ENUM), [], ""),
        (component("image"), File("va.txt", "text/plain"), "the file 'va.txt' -> an image"),
        (component("image"), File("va.txt"), "the file 'va.txt' -> an image"),
        (component("image"), File("a.png"), ""),
        (component("image"), File("unknown"), ""),
        (component("image"), 5, "the number 5 -> an image"),
        (component("image"), [File("a.png")], "a list -> an image"),
        (component("image"), "data:image/png;base64,xx", ""),
        (
            component("image", FILE_DATA),
            {"path": f"/tmp/gradio/{HASH}/a", "mime_type": "text/csv"},
            f"the file '/tmp/gradio/{HASH}/a' -> an image",
        ),
        (component("image", FILE_DATA), {"path": f"C:\\{HASH}\\a", "mime_type": 5}, ""),
        (component("image", FILE_DATA), {"path": "https://x.org/a.png"}, ""),
        (component("image", FILE_DATA), {"path": "a.png"}, AS_FILE),
        (
            component("image", FILE_DATA),
            {"path": "a" * 500},
            "a dict with a path -> pathlib.Path(path) or handle_file(path)",
        ),
        (component("image"), {"path": "a.png", "meta": {"_type": "gradio.FileData"}}, AS_FILE),
        (component("file", file_count="multiple"), [{"path": "a.png"}], AS_FILE),
        (component("gallery"), [{"image": {"path": "a.png"}}], AS_FILE),
        (component("multimodaltextbox"), {"text": "", "files": [{"path": "a.png"}]}, AS_FILE),
        (component("json"), {"path": "a.png"}, ""),
        (component("chatbot"), ["hi", "there"], "the text 'hi' -> a list of messages"),
        (component("chatbot"), [["hi", None], {"role": "user", "content": "x"}], ""),
        (component("dataframe"), {"a": [1, 2]}, "a dict without the key 'data' -> a table"),
        (component("audio"), File("a.png"), "the file 'a.png' -> a sound"),
        (
            component("audio"),
            "data:audio/wav;base64,xx",
            "the text 'data:audio/wav;base64,xx' -> a sound",
        ),
        (component("video"), [File("a.png"), None], "the file 'a.png' -> a video"),
        (component("video"), None, "None -> a video"),
        (component("video", DOCUMENTED), {"video": File("a.mp4"), "subtitles": File("a.vtt")}, ""),
        (component("model3d"), File("a.png"), "the file 'a.png' -> a 3D model"),
        (component("model3d"), File("a.GLB"), ""),
        (
            component("gallery"),
            [[File("a.png"), "x"], [File("b.txt"), None]],
            "the file 'b.txt' -> images and videos",
        ),
        (component("gallery"), 5, "the number 5 -> images and videos"),
        (component("gallery"), [], ""),
        (component("file", file_types=[".csv", "image"]), File("a.CSV"), ""),
        (component("file", file_types=[".csv", "image"]), File("a.png"), ""),
        (
            component("file", file_types=[".csv", "image"]),
            File("a.txt"),
            "the file 'a.txt' -> files of the types .csv, image",
        ),
        (component("file", file_types=["file"]), File("a.txt"), ""),
        (component("file", file_types=["text/*", "application/pdf"]), File("a.txt"), ""),
        (component("file", file_types=["application/pdf"]), File("a.pdf"), ""),
        (component("file"), File("a.txt"), ""),
        (component("file", file_count="multiple"), 5, "the number 5 -> a list of files"),
        (component("dataframe"), "a,b", "the text 'a,b' -> a table"),
        (component("dataframe"), File("a.csv"), "the file 'a.csv' -> a table"),
        (component("dataframe"), {"data": []}, ""),
        (component("json"), "text", ""),
        (
            component("label", {"type": "object"}),
            "x",
            "the text 'x' -> a label, or a dict of labels and shares",
        ),
        (component("state"), object(), ""),
        (component("datetime", {"type": "string"}), 5, ""),
        (component("textbox"), object(), ""),
        (component("textbox"), "x" * 500, ""),
        (component("number"), "x" * 500, f"the text '{'x' * 58}… -> a number"),
        (component("api", {"type": "integer"}), 2.5, "the number 2.5 -> a whole number"),
        (component("api", {"type": "integer"}), 2.0, ""),
        (
            component("api", {"type": "number", "minimum": 3}),
            2,
            "the number 2 -> a number of at least 3",
        ),
        (component("api", {"const": 4}), 5, "the number 5 -> only 4"),
        (component("api", {"type": "object"}), [1], "a list -> a dict"),
        (component("api", {"type": ["string", "number"]}), None, "None -> a text or a number"),
        (component("api", {"type": ["string", "null"]}), 5, "the number 5 -> a text"),
        (component("api", {"type": "null"}), 5, "the number 5 -> another value"),
        (component("api", {"anyOf": [{"type": "string"}, {}]}), 5, ""),
        (
            component("api", {"$ref": "#/$defs/N", "$defs": {"N": {"type": "number"}}}),
            "5",
            "the text '5' -> a number",
        ),
        (
            component("api", {"anyOf": [{"$ref": "#/x"}, {"type": "number"}], "x": FILE_DATA}),
            "5",
            "the text '5' -> a file or a number",
        ),
        (
            component("api", {"type": "array", "items": {"$ref": "#/x"}, "x": FILE_DATA}),
            5,
            "the number 5 -> a list of files",
        ),
        (component("api", {"type": "array"}), 5, "the number 5 -> a list"),
        (component("api", {}), 5, ""),
        (
            component("api", {"anyOf": [{"type": "string"}, {"enum": [1]}]}),
            5,
            "the number 5 -> a text or only 1",
        ),
    ],
)
def test_odd_value_is_named_with_what_the_app_takes(
    one: dict[str, Any], value: Any, said: str
) -> None:
    """A value of another type, outside of choices or range, or another kind of file is named."""
    assert told_of(one, value) == said


def test_numpy_scalars_count_as_numbers() -> None:
    """A number of NumPy is no other type than a number, and its range is checked."""

    class Scalar:
        __module__ = "numpy"
        ndim = 0

        def item(self) -> int:
            return 7

    assert told_of(component("number"), Scalar()) == ""
    assert told_of(component("number", maximum=5), Scalar()).endswith("of at most 5")


@pytest.mark.parametrize("version", GENERATIONS)
def test_oddities_are_found_on_each_generation(version: str) -> None:
    """The schemas of each generation tell texts from numbers, and know choices and ranges."""
    slots = sampled(version)

    def said(kind: str, value: Any) -> str:
        config = {**slots[kind].config, "props": {**slots[kind].props, "label": "p0"}}
        return told_of(dict(config), value)

    assert said("number", "2") == "the text '2' -> a number"
    assert said("textbox", 2) == "the number 2 -> a text"
    assert said("checkbox", "no") == "the text 'no' -> True or False"
    assert said("radio", "other").startswith("the text 'other' -> 'short', 'long' or ")
    assert said("slider", 10_000).startswith("the number 10000 -> a number from ")
    assert said("image", File("va.txt")) == "the file 'va.txt' -> an image"
    assert said("video", "x") == "the text 'x' -> a video"
    assert said("file", 5).startswith("the number 5 -> a ")
    assert said("json", {"a": 1}) == said("code", "x") == ""


def test_words_for_a_schema_without_end() -> None:
    """The words for a schema that refers to itself end, too."""
    circle = {"$ref": "#"}
    assert _takes(circle, circle) == "another value"


def test_oddities_name_the_parameters_of_the_description() -> None:
    """The description is requested for names, and only if a value looks odd."""
    endpoint = endpoint_of(component("number", {"type": "number"}), component("textbox"))

    def no_request() -> Any:
        raise AssertionError("requested without need")

    assert odd_values(endpoint, [1, "x"], no_request) == ""
    described = [
        {"parameter_name": name, "parameter_has_default": False, "type": {"type": kind}}
        for name, kind in (("count", "number"), ("words", "string"))
    ]
    info = {"named_endpoints": {"/f": {"parameters": described}}}
    assert told(endpoint, "1", 2, info=info) == [
        "the text '1' was sent for 'count', which takes a number",
        "the number 2 was sent for 'words', which takes a text",
    ]
    described[0]["type"] = {"type": "string"}
    assert told(endpoint, "1", "x", info=info) == []


def test_oddities_are_few() -> None:
    """The sentence has three values, and the number of the others."""
    endpoint = endpoint_of(*[{"type": "number"} for _ in range(6)])
    said = told(endpoint, *["x"] * 6)
    assert len(said) == 4
    assert said[-1] == "and 3 more"


def test_defaults_and_hidden_inputs_are_not_odd() -> None:
    """The app's own default is not odd, and neither is an input that its description leaves out."""
    number = component("number", {"type": "number"}, value="ten")
    hidden = {**component("textbox", {"type": "string"}), "skip_api": True}
    endpoint = endpoint_of(number, hidden)
    assert told(endpoint, "ten", 5) == []
    assert told(endpoint, "two", 5) == ["the text 'two' was sent for 'p0', which takes a number"]
    assert told(endpoint, "two") == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
kinds = st.sampled_from("mine number image gallery file dropdown video dataframe api".split())
props = st.dictionaries(
    st.sampled_from(["minimum", "maximum", "file_types", "choices", "value", "label"]), json_values
)


@given(kinds, schemas, json_values, props)
def test_no_data_of_a_server_raises(kind: str, schema: Any, value: Any, props: Any) -> None:
    """Whatever a server sends, the result is a text."""
    endpoint = endpoint_of({"type": kind, "skip_api": False, "api_info": schema, "props": props})
    assert isinstance(odd_values(endpoint, [value], lambda: None), str)


def test_missing_event_is_named_with_an_example() -> None:
    """The sentence shows the argument to copy; functions without such an event get none."""
    text = missing_event({"index": 0, "liked": True})
    assert text.endswith('Pass it, for example event_data={"index": 0, "liked": True}.')
    assert missing_event(None) == ""


def test_one_file_for_a_picture_with_its_mask_is_named() -> None:
    """An ``Image`` of 3.x whose page paints a mask takes two files."""
    painted = component("image", tool="sketch", source="upload")
    assert told_of(painted, File("a.png")) == (
        'the file \'a.png\' -> a dict with two files, "image" and "mask"'
    )
    assert told_of(painted, {"image": File("a.png"), "mask": File("b.png")}) == ""
    assert told_of(component("image", tool="sketch", source="canvas"), File("a.png")) == ""
