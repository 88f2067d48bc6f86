"""`_protocol.values.shapes` and `chat`: one value in the forms of all generations."""

from __future__ import annotations

import copy
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.values.attachments import SPREAD, Attachment
from gradio_client_sync._protocol.values.shapes import _SHAPERS, is_shaped, shape
from gradio_client_sync._protocol.values.slot import Slot
from tests.core.test_schema import json_values
from tests.support.transcripts import dialect_for

V3, V4, V5, V6 = (dialect_for(v) for v in ("3.50.2", "4.44.1", "5.50.0", "6.31.0"))
OLD_V4 = dialect_for("4.12.0")


def attachment(mime_type: str | None = None) -> Attachment:
    made = Attachment()
    made.mime_type = mime_type
    return made


A, B, FILM = attachment("image/png"), attachment(), attachment("video/mp4")


def slot_of(kind: str, config: Any = None, **props: Any) -> Slot:
    return Slot(1, kind, hidden=False, config={"props": props, **(config or {})})


def shaped(kind: str, value: Any, *dialects: Any, **props: Any) -> list[Any]:
    before = repr(value)
    forms = [shape(slot_of(kind, **props), value, dialect) for dialect in dialects or (V3, V4, V6)]
    assert repr(value) == before
    return forms


def test_shape_leaves_other_components_alone() -> None:
    """Values of other components, and None, are not changed."""
    assert shaped("textbox", [A, {"a": 1}]) == [[A, {"a": 1}]] * 3
    assert shaped("video", None) == [None] * 3
    assert not is_shaped(slot_of("textbox"))
    assert all(is_shaped(slot_of(kind)) for kind in ("video", "image", "audio", "paint"))


def test_value_with_properties_is_the_value_among_them() -> None:
    """A function that takes a component's properties gets them with the value, also with None."""
    slot = Slot(1, "gallery", False, {"props": {"label": "p", "value": 1}}, with_props=True)
    assert is_shaped(slot) and is_shaped(slot._replace(type="number"))
    told = {"label": "p", "value": [{"image": A, "caption": None}]}
    assert shape(slot, A, V6) == told
    assert shape(slot, None, V6) == {"label": "p", "value": None}
    assert shape(slot, {"value": 3, "maximum": 5}, V6) == {"value": 3, "maximum": 5}
    assert slot.props == {"label": "p", "value": 1}


@pytest.mark.parametrize("value", [A, [A, None], {"video": A, "subtitles": None}, {"video": A}])
def test_video_takes_every_generations_form(value: Any) -> None:
    """A video is a file before 4.0 and since 6.0, and an object in between."""
    assert shaped("video", value) == [A, {"video": A, "subtitles": None}, A]


def test_video_keeps_subtitles_where_they_have_a_place() -> None:
    """Subtitles are kept only where the form has a place for them."""
    assert shaped("video", [A, B]) == [A, {"video": A, "subtitles": B}, A]
    assert shaped("video", "elsewhere") == ["elsewhere"] * 3


def test_video_form_follows_the_config() -> None:
    """A schema in the config decides before the release does."""
    takes_object = {"api_info": {"properties": {"video": {}}}}
    takes_file = {"api_info_as_input": {"properties": {"path": {}}}, **takes_object}
    assert shape(slot_of("video", takes_object), A, V6) == {"video": A, "subtitles": None}
    assert shape(slot_of("video", takes_file), A, V5) == A
    assert shape(slot_of("video", {"api_info": {}}), A, V6) == A


def test_gallery_takes_every_generations_form() -> None:
    """A gallery accepts single pictures and lists, with captions, as pairs and as objects."""
    value = [A, [B, "b"], {"image": A, "caption": "a"}, {"video": FILM, "caption": None}, FILM]
    old, new, newest = shaped("gallery", value)
    assert old == [[A, None], [B, "b"], [A, "a"], [FILM, None], [FILM, None]]
    assert newest == [
        {"image": A, "caption": None},
        {"image": B, "caption": "b"},
        {"image": A, "caption": "a"},
        {"video": FILM, "caption": None},
        {"video": FILM, "caption": None},
    ]
    assert new[3:] == [{"image": FILM, "caption": None}] * 2
    assert shaped("gallery", A) == [[[A, None]], *[[{"image": A, "caption": None}]] * 2]
    assert shaped("gallery", "odd") == ["odd"] * 3
    assert shaped("gallery", ["odd", {"image": "odd"}]) == [["odd", {"image": "odd"}]] * 3


def test_image_editor_takes_a_picture_or_layers() -> None:
    """For an image editor, a picture is the background and the composite; on 3.x it is an image."""
    whole = {"background": A, "layers": [], "composite": A}
    assert shaped("imageeditor", A) == [A, whole, whole]
    assert shaped("imageeditor", {"background": A}) == [
        A, *[{"background": A, "layers": [], "composite": None}] * 2
    ]  # fmt: skip
    assert shaped("imageeditor", {"image": A, "mask": B}, V6) == [
        {"background": A, "layers": [B], "composite": None}
    ]
    assert shaped("imageeditor", {"other": A}) == [{"other": A}] * 3
    assert shaped("imageeditor", "odd") == ["odd"] * 3


def test_image_takes_the_whole_of_a_value_in_layers() -> None:
    """An image accepts layers: the composite or the background, and a mask where 3.x has one."""
    layers = {"background": A, "layers": [B], "composite": FILM}
    assert shaped("image", layers) == [FILM] * 3
    assert shaped("image", {**layers, "composite": None}) == [A] * 3
    paints = {"tool": "sketch", "source": "upload"}
    assert shaped("image", layers, V3, V6, **paints) == [{"image": A, "mask": B}, FILM]
    assert shaped("image", {"background": A, "layers": []}, V3, **paints) == [
        {"image": A, "mask": None}
    ]
    assert shaped("image", layers, V3, tool="sketch", source="canvas") == [FILM]
    assert shaped("image", {"image": A, "mask": B}, V3) == [{"image": A, "mask": B}]


def test_file_is_one_or_several_as_the_app_wants() -> None:
    """A file and a list are converted to what the component accepts."""
    for count in ("multiple", "directory"):
        assert shaped("file", A, file_count=count) == [[A]] * 3
        assert shaped("file", [A, B], file_count=count) == [[A, B]] * 3
    for kind in ("file", "uploadbutton"):
        assert shaped(kind, [A], OLD_V4, file_count="directory") == [A]
        assert shaped(kind, A, OLD_V4, file_count="directory") == [A]
        assert shaped(kind, A, file_count="multiple") == [[A]] * 3
    assert shaped("file", [A]) == [A] * 3
    assert shaped("file", [A, B]) == [[A, B]] * 3


def test_multimodal_takes_a_text_a_file_or_both() -> None:
    """Missing parts of a multimodal value are empty."""
    assert shaped("multimodaltextbox", "hi", V6) == [{"text": "hi", "files": []}]
    assert shaped("multimodaltextbox", A, V6) == [{"text": "", "files": [A]}]
    assert shaped("multimodaltextbox", {"files": [A]}, V6) == [{"text": "", "files": [A]}]
    assert shaped("multimodaltextbox", {"files": A}, V6) == [{"text": "", "files": [A]}]
    assert shaped("multimodaltextbox", {"text": "hi"}, V6) == [{"text": "hi", "files": []}]
    assert shaped("multimodaltextbox", {"other": 1}, V6) == [{"other": 1}]


def test_label_takes_a_name_or_shares() -> None:
    """With shares, the largest one is the label; on 3.x the value is not changed."""
    shares = {"dog": 0.25, "cat": 0.75}
    ranked = [{"label": "cat", "confidence": 0.75}, {"label": "dog", "confidence": 0.25}]
    assert shaped("label", "cat") == ["cat", {"label": "cat"}, {"label": "cat"}]
    assert shaped("label", shares, V3, V6) == [shares, {"label": "cat", "confidences": ranked}]
    for value in ({}, {"label": "cat"}, {"label": True}, ["odd"]):
        assert shaped("label", value) == [value] * 3


def test_highlighted_text_takes_pairs_or_objects() -> None:
    """Highlighted text is converted to the form of the server."""
    pairs = [["Ada", "name"], [" wrote", None]]
    objects = [
        {"token": "Ada", "class_or_confidence": "name"},
        {"token": " wrote", "class_or_confidence": None},
    ]
    assert shaped("highlightedtext", pairs) == [pairs, objects, objects]
    assert shaped("highlightedtext", objects) == [pairs, objects, objects]
    assert shaped("highlightedtext", "odd") == ["odd"] * 3
    assert shaped("highlightedtext", ["odd"]) == [["odd"]] * 3


def test_dataframe_takes_rows() -> None:
    """A dataframe accepts rows or one column, with the component's headers if they fit."""
    assert shaped("dataframe", [[1, 2]], V6, headers=["x", "y"]) == [
        {"headers": ["x", "y"], "data": [[1, 2]]}
    ]
    assert shaped("dataframe", [[1, 2]], V6, headers=["x"]) == [
        {"headers": ["1", "2"], "data": [[1, 2]]}
    ]
    assert shaped("dataframe", [1, 2], V6) == [{"headers": ["1"], "data": [[1], [2]]}]
    assert shaped("dataframe", [], V6) == [{"headers": [], "data": []}]
    assert shaped("dataframe", {"headers": ["x"], "data": []}, V6) == [
        {"headers": ["x"], "data": []}
    ]


def test_dataframe_takes_arrays() -> None:
    """A NumPy array is sent as rows."""
    numpy = pytest.importorskip("numpy")
    assert shaped("dataframe", numpy.array([[1, 2]]), V6) == [
        {"headers": ["1", "2"], "data": [[1, 2]]}
    ]


def test_date_time_takes_dates() -> None:
    """Dates are sent as text in the component's format, and other values unchanged."""
    assert shaped("datetime", datetime(2026, 1, 2, 3, 4, 5), V6) == ["2026-01-02 03:04:05"]
    assert shaped("datetime", date(2026, 1, 2), V6) == ["2026-01-02 00:00:00"]
    assert shaped("datetime", date(2026, 1, 2), V6, include_time=False) == ["2026-01-02"]
    for text in ("2026-01-02", "2026-01-02T00:00", "2026-01-02T00:00:00.123"):
        assert shaped("datetime", np.datetime64(text), V6) == ["2026-01-02 00:00:00"]
    assert shaped("datetime", "now - 1d", V6) == ["now - 1d"]


def test_file_explorer_takes_paths_on_the_server() -> None:
    """A file explorer accepts one or several paths, as text, path or parts."""
    assert shaped("fileexplorer", "docs/a.txt", V6) == [[["docs", "a.txt"]]]
    assert shaped("fileexplorer", PurePath("docs", "a.txt"), V6) == [[["docs", "a.txt"]]]
    assert shaped("fileexplorer", ["docs\\a.txt", ["b"]], V6) == [[["docs", "a.txt"], ["b"]]]
    assert shaped("fileexplorer", {"odd": 1}, V6) == [{"odd": 1}]


# -- chats

PAIRS = [["Hello", "Hi"], [A, None], [[B, "a cat"], "Nice"]]
MESSAGES = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi", "metadata": {"title": "T"}},
]


def chats(value: Any) -> list[Any]:
    """Return the forms for pairs of 3.x and 4.x, and for messages of 5.x and 6.x."""
    return [
        *shaped("chatbot", value, V3),
        *shaped("chatbot", value, V4, type="tuples"),
        *shaped("chatbot", value, V5, type="messages"),
        *shaped("chatbot", value, V6),
    ]


def test_chat_of_pairs_is_one_of_messages() -> None:
    """Each side of a pair becomes a message, with files in the form of the server."""
    old, pairs, messages, parts = chats(PAIRS)
    assert old == [
        ["Hello", "Hi"],
        [{SPREAD: A, "alt_text": None}, None],
        [{SPREAD: B, "alt_text": "a cat"}, "Nice"],
    ]
    assert pairs == [
        ["Hello", "Hi"],
        [{"file": A, "alt_text": None}, None],
        [{"file": B, "alt_text": "a cat"}, "Nice"],
    ]
    assert messages == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": {"file": A, "alt_text": None}},
        {"role": "user", "content": {"file": B, "alt_text": "a cat"}},
        {"role": "assistant", "content": "Nice"},
    ]
    assert [message["content"] for message in parts] == [
        [{"type": "text", "text": "Hello"}],
        [{"type": "text", "text": "Hi"}],
        [{"type": "file", "file": A, "alt_text": None}],
        [{"type": "file", "file": B, "alt_text": "a cat"}],
        [{"type": "text", "text": "Nice"}],
    ]


def test_chat_of_messages_is_one_of_pairs() -> None:
    """A reply is joined with its question to a pair, and other messages stand alone."""
    several = [
        {"role": "system", "content": "Be nice"},
        *MESSAGES,
        {"role": "assistant", "content": "Well?"},
        {"role": "user", "content": ["Look", A]},
    ]
    old, pairs, messages, parts = chats(several)
    assert pairs == [
        [None, "Be nice"],
        ["Hello", "Hi"],
        [None, "Well?"],
        ["Look", None],
        [{"file": A, "alt_text": None}, None],
    ]
    assert old[-1] == [{SPREAD: A, "alt_text": None}, None]
    assert messages[2] == MESSAGES[1] and len(messages) == 6
    assert parts[2]["metadata"] == {"title": "T"} and len(parts) == 5
    assert [part["type"] for part in parts[4]["content"]] == ["text", "file"]


def test_chat_results_of_one_generation_fit_another() -> None:
    """The result of any chatbot is a value for any other."""
    of_6x = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look"},
                {"type": "file", "file": A, "alt_text": None},
                {"type": "component", "component": "image", "value": B},
            ],
        }
    ]
    component = of_6x[0]["content"][2]
    old, pairs, messages, parts = chats(of_6x)
    assert old == [["Look", None], [{SPREAD: A, "alt_text": None}, None], [component, None]]
    assert parts == of_6x
    assert [message["content"] for message in messages] == [
        "Look",
        {"file": A, "alt_text": None},
        component,
    ]
    assert pairs == [["Look", None], [{"file": A, "alt_text": None}, None], [component, None]]
    of_5x = [{"role": "user", "content": {"file": A, "alt_text": "a"}, "metadata": None}]
    assert chats(of_5x)[2] == of_5x
    assert chats(of_5x)[3][0]["content"] == [{"type": "file", "file": A, "alt_text": "a"}]
    captioned = [{"role": "user", "content": [A, "a"]}]
    assert chats(captioned)[2][0]["content"] == {"file": A, "alt_text": "a"}
    assert chats([[None, "Hi"]])[2] == [{"role": "assistant", "content": "Hi"}]


@pytest.mark.parametrize("value", ["odd", [], ["odd"], [["a", "b", "c"]], [{"role": "user"}], {}])
def test_chat_leaves_other_values_alone(value: Any) -> None:
    """A value that is neither pairs nor messages is not changed."""
    assert chats(value) == [value] * 4


@given(value=json_values, kind=st.sampled_from(sorted(_SHAPERS)))
def test_shape_accepts_anything(value: Any, kind: str) -> None:
    """Any JSON value is accepted, and the user's value is not changed."""
    before = copy.deepcopy(value)
    for dialect in (V3, V4, V5, V6):
        shape(slot_of(kind), value, dialect)
    assert value == before
