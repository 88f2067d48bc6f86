"""Examples of the data in a ``gr.EventData``, for calls that users can copy.

A function of a ``select`` or ``like`` event usually reads what was selected or liked. The config
does not say whether the function reads it. It says which component and event call the function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = "Hello!!"
#: Servers refuse paths outside of their own folder (4.10 and later), but no URL.
_FILE_URL, _PICTURE_URL = "https://example.org/document.pdf", "https://example.org/bus.png"
_FILE = {"path": _FILE_URL, "url": _FILE_URL, "orig_name": "document.pdf"}
_PICTURE = {"path": _PICTURE_URL, "url": _PICTURE_URL}
_CELL = {"index": [0, 0], "value": "abc", "row_value": ["abc"], "col_value": ["abc"]}
_PIXEL = {"index": [0, 0], "value": None}
_LETTERS = {"index": [0, 5], "value": "Hello"}

#: The data of a ``select`` event, by component. For others, it is a number and the text there.
_SELECTED: dict[str, dict[str, Any]] = {
    "dataframe": _CELL,
    "dataset": _CELL,
    "image": _PIXEL,
    "imageeditor": _PIXEL,
    "textbox": _LETTERS,
    "textarea": _LETTERS,
    "code": _LETTERS,
    "gallery": {"index": 0, "value": {"image": _PICTURE, "caption": "a bus"}},
    "nativeplot": {"index": [0, 1], "value": [0, 1]},  # a region of the x axis
    "highlightedtext": {"index": 0, "value": [_TEXT, None]},
}

#: The data of other events.
_EVENTS: dict[str, dict[str, Any]] = {
    "like": {"index": 0, "value": _TEXT, "liked": True},
    "undo": {"index": 0, "value": _TEXT},
    "retry": {"index": 0, "value": _TEXT},
    "edit": {"index": 0, "value": _TEXT, "previous_value": "Hello"},
    "option_select": {"index": 0, "value": _TEXT},
    "example_select": {"index": 0, "value": {"text": _TEXT, "files": []}},
    "key_up": {"key": "a", "input_value": "a"},
    "copy": {"value": _TEXT},
    "delete": _FILE,
    "download": _FILE,
}


def example_event(
    dependency: Mapping[str, Any], components: Mapping[int, Mapping[str, Any]], *, pairs: bool
) -> dict[str, Any] | None:
    """Return an example for `event_data`; ``None`` if no such event calls the function.

    Args:
        dependency: The entry of the function in the config.
        components: The components of the config by their number.
        pairs: Whether the messages of a chat are pairs, if the chat does not say it.
    """
    for number, event in _targets(dependency):
        component = components.get(number, {})
        example = _selected(component) if event == "select" else _EVENTS.get(event)
        if example is None:
            continue
        if "index" in example and _has_pairs(component, pairs=pairs):
            return {**example, "index": [0, 0]}
        return dict(example)
    return None


def _targets(dependency: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the components and events that call the function. Before 4.0, they had one event."""
    found, trigger = [], dependency.get("trigger")
    targets = dependency.get("targets")
    for target in targets if isinstance(targets, list) else ():
        number, event = (
            target if isinstance(target, list) and len(target) == 2 else (target, trigger)
        )
        if isinstance(number, int) and isinstance(event, str):
            found.append((number, event))
    return found


def _selected(component: Mapping[str, Any]) -> dict[str, Any]:
    kind, props = component.get("type"), component.get("props")
    example = _SELECTED.get(str(kind))
    if example is not None:
        return {**example, "selected": True}
    value: Any = _TEXT
    if isinstance(props, dict):
        choices = props.get("choices")
        if isinstance(choices, list) and choices:
            first = choices[0]
            value = first[1] if isinstance(first, (list, tuple)) and len(first) == 2 else first
        elif kind in ("tab", "tabitem") and isinstance(props.get("label"), str):
            value = props["label"]
    return {"index": 0, "value": value, "selected": True}


def _has_pairs(component: Mapping[str, Any], *, pairs: bool) -> bool:
    """Return whether a component is a chat whose messages are pairs, and so are their numbers."""
    props = component.get("props")
    kind = props.get("type") if isinstance(props, dict) else None
    return component.get("type") == "chatbot" and (pairs if kind is None else kind != "messages")
