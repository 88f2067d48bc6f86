"""Examples of the data of events, by component and generation."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync._protocol.api.example_event import example_event


def component(kind: str, **props: Any) -> dict[int, dict[str, Any]]:
    return {1: {"id": 1, "type": kind, "props": props}}


@pytest.mark.parametrize(
    ("components", "event", "index", "value"),
    [
        (component("dropdown", choices=[["One", 1], ["Two", 2]]), "select", 0, 1),
        (component("radio", choices=["a", "b"]), "select", 0, "a"),
        (component("tabitem", label="Second"), "select", 0, "Second"),
        (component("dataframe"), "select", [0, 0], "abc"),
        (component("image"), "select", [0, 0], None),
        (component("textbox"), "select", [0, 5], "Hello"),
        (component("nativeplot"), "select", [0, 1], [0, 1]),
        (component("annotatedimage"), "select", 0, "Hello!!"),
        (component("chatbot", type="messages"), "like", 0, "Hello!!"),
        (component("chatbot", type="tuples"), "like", [0, 0], "Hello!!"),
        (component("chatbot", type="tuples"), "select", [0, 0], "Hello!!"),
    ],
)
def test_events_of_components(
    components: dict[int, dict[str, Any]], event: str, index: Any, value: Any
) -> None:
    example = example_event({"targets": [[1, event]]}, components, pairs=True)
    assert example is not None
    assert (example["index"], example["value"]) == (index, value)


@pytest.mark.parametrize(
    ("kind", "event"), [("gallery", "select"), ("file", "delete"), ("file", "download")]
)
def test_files_of_events_are_urls(kind: str, event: str) -> None:
    """A server refuses a path that is not in its own folder."""
    example = example_event({"targets": [[1, event]]}, component(kind), pairs=True)
    assert example is not None
    file = example["value"]["image"] if event == "select" else example
    assert file["path"] == file["url"] and file["url"].startswith("https://")


@pytest.mark.parametrize("pairs", [True, False])
def test_chat_that_does_not_say_its_format(pairs: bool) -> None:
    """Chats of 6.x have one format, and so have those before 4.36."""
    example = example_event({"targets": [[1, "undo"]]}, component("chatbot"), pairs=pairs)
    assert example == {"index": [0, 0] if pairs else 0, "value": "Hello!!"}


def test_events_before_gradio_4() -> None:
    dependency = {"targets": [1], "trigger": "select"}
    assert example_event(dependency, component("radio"), pairs=True) == {
        "index": 0,
        "value": "Hello!!",
        "selected": True,
    }


@pytest.mark.parametrize(
    "dependency",
    [
        {},
        {"targets": "odd"},
        {"targets": []},
        {"targets": [[1, "click"], [1, "change"]]},
        {"targets": [1], "trigger": None},
        {"targets": [[1], [None, "select"], {}, [2, 3]]},
    ],
)
def test_other_events_have_no_data(dependency: dict[str, Any]) -> None:
    assert example_event(dependency, component("button"), pairs=True) is None


def test_component_that_the_config_does_not_list() -> None:
    """A function that was rendered may name a component that is gone."""
    assert example_event({"targets": [[7, "select"]]}, {7: {"props": 3}}, pairs=True) == {
        "index": 0,
        "value": "Hello!!",
        "selected": True,
    }
    assert example_event({"targets": [[7, "copy"]]}, {}, pairs=True) == {"value": "Hello!!"}
