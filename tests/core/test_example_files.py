"""`_protocol.api.example_files`: example files that a component accepts."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync._protocol.api.example_files import accepted_example
from gradio_client_sync._protocol.values.slot import Slot

PDF = {"path": "https://example.org/sample.pdf", "meta": {"_type": "gradio.FileData"}}


def accepted(kind: str, example: Any, **props: Any) -> Any:
    return accepted_example(Slot(1, kind, False, {"type": kind, "props": props}), example)


@pytest.mark.parametrize(
    ("types", "name"),
    [
        (["image"], "photo.png"),
        (["video", "image"], "clip.mp4"),
        (["audio/*"], "speech.wav"),
        (["text"], "notes.txt"),
        ([".csv", ".json"], "document.csv"),
        (["application/zip"], "document.zip"),
        (["something", ".txt"], "document.pdf"),
    ],
)
def test_example_has_a_file_of_the_first_kind(types: list[str], name: str) -> None:
    """If no kind of `file_types` allows the server's example, the first kind has another one."""
    assert accepted("file", PDF, file_types=types) == {"path": name, "meta": {}}
    assert accepted("file", PDF["path"], file_types=types) == name
    assert accepted("file", None, file_types=types) == name
    assert accepted("uploadbutton", [PDF], file_types=types) == [{"path": name, "meta": {}}]


@pytest.mark.parametrize(
    "types", [[".PDF"], ["image", ".pdf"], ["file"], ["application/pdf"], ["application/*"], []]
)
def test_example_stays_if_it_is_allowed(types: list[str]) -> None:
    """An example of an allowed kind is the server's."""
    assert accepted("file", PDF, file_types=types) == PDF


def test_example_is_found_in_messages_and_galleries() -> None:
    """Files inside of other values are replaced; texts that only look like files are not."""
    message = {"text": "see a.pdf", "files": [PDF]}
    shown = {"text": "see a.pdf", "files": [{"path": "speech.wav", "meta": {}}]}
    assert accepted("multimodaltextbox", message, file_types=["audio"]) == shown
    picture = {"path": "bus.png", "meta": {}}
    film = {"path": "clip.mp4", "meta": {}}
    assert accepted("gallery", [{"image": picture}], file_types=["video"]) == [film]
    assert accepted("textbox", "a.pdf", file_types=["image"]) == "a.pdf"


def test_example_is_a_list_where_several_files_are_taken() -> None:
    """Servers of 3.x give a single file as the example of several."""
    assert accepted("file", "a.pdf", file_count="multiple") == ["a.pdf"]
    assert accepted("file", ["a.pdf"], file_count="directory") == ["a.pdf"]
    assert accepted("file", "a.pdf", file_count="single") == "a.pdf"
    assert accepted("file", None, file_count="multiple") is None
    message = {"text": "see a.pdf", "files": []}
    assert accepted("multimodaltextbox", message, file_count="multiple") == message


@pytest.mark.parametrize(
    ("kind", "example", "shown", "props"),
    [
        ("number", 3, 10, {"minimum": 10, "maximum": 20}),
        ("number", 3, 3, {"minimum": 1, "maximum": None}),
        ("number", None, None, {"minimum": 1}),
        ("slider", 3, 0.5, {"minimum": 0, "maximum": 0.5}),
        ("datetime", "2020-10-01 05:20:15", "2020-10-01", {"include_time": False}),
        ("datetime", "2020-10-01 05:20:15", "2020-10-01 05:20:15", {"include_time": True}),
        ("datetime", None, None, {"include_time": False}),
    ],
)
def test_example_is_a_number_or_a_date_that_the_component_takes(
    kind: str, example: Any, shown: Any, props: dict[str, Any]
) -> None:
    """Servers have one example for all numbers, and one for all dates."""
    assert accepted(kind, example, **props) == shown


@pytest.mark.parametrize(
    ("layers", "count"),
    [(True, 1), (None, 1), (False, 1), ({"layers": ["a", "b"]}, 2), ({"layers": None}, 1)],
)
def test_example_of_an_image_editor_has_what_its_page_sends(layers: Any, count: int) -> None:
    """Functions read the composite and the layers, which a page always sends."""
    example = {"background": PDF, "layers": [], "composite": None}
    whole = {"background": PDF, "layers": [PDF] * count, "composite": PDF}
    assert accepted("imageeditor", example, layers=layers) == whole
    own = {"background": PDF, "layers": ["one"], "composite": "other"}
    assert accepted("imageeditor", own, layers=layers) == own


def test_example_of_a_painted_mask_has_both_pictures() -> None:
    """An ``Image`` of 3.x with this tool takes a picture and a mask; on a canvas it does not."""
    both = {"image": "bus.png", "mask": "bus.png"}
    assert accepted("image", "bus.png", tool="sketch", source="upload") == both
    drawn = {"image": "photo.png", "mask": "photo.png"}
    assert accepted("image", None, tool="sketch", source="webcam") == drawn
    assert accepted("image", "bus.png", tool="sketch", source="canvas") == "bus.png"
    assert accepted("image", "bus.png", tool="editor", source="upload") == "bus.png"
