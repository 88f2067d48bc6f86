"""`_protocol.api.file_texts`: texts that stand where the app takes a file."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.file_texts import takes_files, text_for_file
from gradio_client_sync._protocol.values.slot import Slot

SAMPLES = Path(__file__).parents[1] / "support" / "samples"

FILE_DATA = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "url": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "orig_name": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}
DATA_URL = "data:image/png;base64,iVBORw0KGgo="


def slot_of(kind: str, schema: Any = None, *, is_3x: bool = False, **props: Any) -> Slot:
    config: dict[str, Any] = {"id": 0, "type": kind, "props": props}
    if not is_3x:
        config.update(skip_api=False, api_info=schema or {})
    return Slot(0, kind, False, config)


@cache
def sampled(version: str) -> dict[str, Slot]:
    """Return one slot of each component of a real server."""
    recorded = json.loads((SAMPLES / f"api-{version}.json").read_text(encoding="utf-8"))
    return {
        component["type"]: Slot(component["id"], component["type"], False, component)
        for component in recorded["config"]["components"]
    }


VERSIONS = ("3.23.0", "3.50.2", "4.0.2", "4.44.1", "5.50.0", "6.31.0")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("image", "cat.png", "cat.png"),
        ("image", {"path": "cat.png"}, None),
        ("image", None, None),
        ("audio", "say.wav", "say.wav"),
        ("audio", (8000, [1, 2]), None),
        ("video", "clip.mp4", "clip.mp4"),
        ("video", ["clip.mp4", None], "clip.mp4"),
        ("video", {"video": "clip.mp4", "subtitles": None}, "clip.mp4"),
        ("video", {"video": {"path": "x"}, "subtitles": "x.vtt"}, "x.vtt"),
        ("file", ["a.csv", "b.csv"], "a.csv"),
        ("file", [{"path": "a.csv"}, "b.csv"], "b.csv"),
        ("uploadbutton", "a.csv", "a.csv"),
        ("gallery", "a.png", "a.png"),
        ("gallery", ["a.png", "b.png"], "a.png"),
        ("gallery", [("a.png", "caption")], "a.png"),
        ("gallery", [({"path": "a.png"}, "caption")], None),
        ("gallery", [{"image": {"path": "a.png"}, "caption": "caption"}], None),
        ("gallery", [{"image": "a.png", "caption": "caption"}], "a.png"),
        ("model3d", "mesh.glb", "mesh.glb"),
        ("imageeditor", "cat.png", "cat.png"),
        ("imageeditor", {"background": None, "layers": ["l.png"]}, "l.png"),
        ("imageslider", ("a.png", "b.png"), "a.png"),
        ("multimodaltextbox", "a text", None),
        ("multimodaltextbox", {"text": "a text", "files": []}, None),
        ("multimodaltextbox", {"text": "a text", "files": ["a.png"]}, "a.png"),
        ("multimodaltextbox", {"text": "a text", "files": "a.png"}, "a.png"),
    ],
)
def test_texts_for_files_are_found(version: str, kind: str, value: Any, text: str | None) -> None:
    """A text in the place of a file is found at any depth, on every generation."""
    slot = sampled(version).get(kind) or slot_of(kind, is_3x=version.startswith("3."))
    assert takes_files(slot)
    assert text_for_file(slot, value) == text


@pytest.mark.parametrize("version", VERSIONS)
def test_texts_of_other_components_are_not_searched(version: str) -> None:
    """Components that take texts are not searched."""
    files = {kind for kind, slot in sampled(version).items() if takes_files(slot)}
    assert files <= {
        *("image", "audio", "video", "file", "uploadbutton", "gallery", "model3d", "imageeditor"),
        *("multimodaltextbox", "imageslider", "downloadbutton", "annotatedimage"),
    }
    for kind in ("textbox", "json", "fileexplorer", "chatbot", "dataframe", "dropdown", "code"):
        assert not takes_files(slot_of(kind, {"type": "string"}))


@pytest.mark.parametrize("content", [DATA_URL, "iVBORw0KGgoAAAANSUhEUgAA", "/9j/4AAQSkZJRg"])
def test_contents_are_allowed_on_3x(content: str) -> None:
    """Servers of 3.x take images as data URLs or base64; later ones do not."""
    for value in (content, {"image": content, "mask": content}):
        assert text_for_file(slot_of("image", is_3x=True), value) is None
        assert text_for_file(slot_of("image"), value) == content
    assert text_for_file(slot_of("image", is_3x=True), [content, "cat.png"]) == "cat.png"


DOCUMENTED = {"type": "object", "properties": {"title": {"type": "string"}, "document": FILE_DATA}}


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        (FILE_DATA, "a.txt", "a.txt"),
        (FILE_DATA, {"path": "a.txt"}, None),
        (DOCUMENTED, {"title": "mine", "document": "a.txt"}, "a.txt"),
        (DOCUMENTED, {"title": "mine", "document": None}, None),
        (DOCUMENTED, {"other": "a.txt"}, None),
        (DOCUMENTED, "a.txt", None),
        ({"type": "array", "items": FILE_DATA}, ["a.txt"], "a.txt"),
        ({"type": "array", "items": DOCUMENTED}, [{"document": "a.txt"}], "a.txt"),
        ({"prefixItems": [{"type": "string"}, FILE_DATA]}, ["title", "a.txt"], "a.txt"),
        ({"prefixItems": [{"type": "string"}, FILE_DATA]}, ["title"], None),
        ({"type": "object", "additionalProperties": FILE_DATA}, {"x": "a.txt"}, "a.txt"),
        ({"anyOf": [FILE_DATA, {"type": "null"}]}, "a.txt", "a.txt"),
        ({"anyOf": [FILE_DATA, {"type": "string"}]}, "a.txt", None),
        ({"oneOf": [DOCUMENTED, FILE_DATA]}, {"document": "a.txt"}, None),
        ({"$ref": "#/$defs/F", "$defs": {"F": FILE_DATA}}, "a.txt", "a.txt"),
        ({"$ref": "#/$defs/F", "$defs": {"F": {"$ref": "#/$defs/F"}}}, "a.txt", None),
        (
            {"type": "array", "items": {"$ref": "#/$defs/F"}, "$defs": {"F": FILE_DATA}},
            ["a.txt"],
            "a.txt",
        ),
        ({"type": "string"}, "a.txt", None),
        ({}, "a.txt", None),
    ],
)
def test_schema_of_a_custom_component_decides(schema: Any, value: Any, text: str | None) -> None:
    """A text is found where the schema allows only a file, and nowhere else."""
    slot = slot_of("mine", schema)
    assert text_for_file(slot, value) == text
    if text is not None:
        assert takes_files(slot)


def test_schema_of_3x_does_not_decide() -> None:
    """Servers of 3.x describe what their own client takes, so their schemas do not count."""
    slot = Slot(0, "mine", False, {"type": "mine", "api_info": {"info": FILE_DATA}})
    assert not takes_files(slot)
    assert text_for_file(slot, "a.txt") is None


def test_search_ends_in_a_list_that_contains_itself() -> None:
    """A payload that contains itself is searched to a limit, and refused later."""
    circle: list[Any] = []
    circle.append(circle)
    assert text_for_file(slot_of("gallery"), circle) is None
    assert text_for_file(slot_of("file"), circle) is None
    array = {"type": "array", "items": {"$ref": "#"}}
    assert text_for_file(slot_of("mine", array), circle) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=12,
)
schema_words = st.sampled_from(
    ["type", "items", "properties", "anyOf", "prefixItems", "$ref", "array", "object", "#/items"]
)
schemas = st.recursive(
    schema_words | st.none() | st.just(FILE_DATA),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(schema_words, inner, max_size=4),
    max_leaves=12,
)


@given(schemas, json_values)
def test_no_schema_raises(schema: Any, value: Any) -> None:
    """Whatever the schema of a server is, the search ends, and finds only texts of the value."""
    slot = slot_of("mine", schema)
    takes_files(slot)
    found = text_for_file(slot, value)
    assert found is None or repr(found) in repr(value)
