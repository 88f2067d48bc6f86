"""The config of a fake app, and the description of its API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .._protocol.api.example import component_example, example_of
from .._protocol.api.schema import type_text
from .generation import Generation
from .slots import REQUIRED, FakeSlot

if TYPE_CHECKING:
    from .endpoints import FakeEndpoint

#: How the servers of 3.24 to 3.50 name the form of a component's values.
_SERIALIZERS = {
    "textbox": "StringSerializable",
    "number": "NumberSerializable",
    "slider": "NumberSerializable",
    "checkbox": "BooleanSerializable",
    "checkboxgroup": "ListStringSerializable",
    "json": "JSONSerializable",
    "file": "FileSerializable",
    "audio": "FileSerializable",
    "image": "ImgSerializable",
    "video": "VideoSerializable",
}

_CLASSES = {
    "checkboxgroup": "CheckboxGroup",
    "json": "JSON",
    "html": "HTML",
    "model3d": "Model3D",
    "colorpicker": "ColorPicker",
    "highlightedtext": "HighlightedText",
    "datetime": "DateTime",
    "uploadbutton": "UploadButton",
    "downloadbutton": "DownloadButton",
    "multimodaltextbox": "MultimodalTextbox",
}


def class_name(slot: FakeSlot) -> str:
    """Return the name of a component's class, as API descriptions show it."""
    return slot.class_name or _CLASSES.get(slot.component, slot.component.capitalize())


def config_of(
    generation: Generation,
    endpoints: Iterable[FakeEndpoint],
    *,
    title: str,
    app_id: str,
    show_error: bool,
) -> dict[str, Any]:
    """Return the config of an app."""
    endpoints = list(endpoints)
    slots: dict[int, FakeSlot] = {}
    for endpoint in endpoints:
        for number, slot in zip(endpoint.ids, (*endpoint.inputs, *endpoint.outputs)):
            slots.setdefault(number, slot)  # an input and an output of state are one component
    config = {
        **generation.config,
        "title": title,
        "app_id": int(app_id),
        "is_space": False,
        "space_id": None,
        "show_error": show_error,
        "show_api": True,
        "connect_heartbeat": False,
        "max_file_size": None,
        "components": [_component(generation, *entry) for entry in slots.items()],
        "dependencies": [_dependency(generation, endpoint) for endpoint in endpoints],
        "layout": {"id": 0, "children": []},
    }
    if generation.since(5):
        config.update(pages=[["", "Home", True]], page={}, current_page="")
    return config


def _component(generation: Generation, number: int, slot: FakeSlot) -> dict[str, Any]:
    props = {"name": slot.component, **slot.props}
    if slot.default is not REQUIRED and not slot.is_state:
        props.setdefault("value", slot.default)
    component: dict[str, Any] = {"id": number, "type": slot.component, "props": props}
    if generation.since(4):
        component["skip_api"] = slot.is_state
    elif not slot.is_state and generation.since(3, 24):
        component["serializer"] = _serializer(slot)
        component["api_info"] = {"info": slot.json_schema, "serialized_info": False}
    if generation.since(4) and not slot.is_state:
        key = "api_info_as_input" if generation.since(5) else "api_info"
        component[key] = slot.json_schema
        if generation.since(5):
            component["api_info_as_output"] = slot.json_schema
    return component


def _serializer(slot: FakeSlot) -> str:
    return _SERIALIZERS.get(slot.component, "SimpleSerializable")


def _dependency(generation: Generation, endpoint: FakeEndpoint) -> dict[str, Any]:
    count = len(endpoint.inputs)
    since = generation.since
    entry: dict[str, Any] = {
        "targets": [],
        "inputs": endpoint.ids[:count],
        "outputs": endpoint.ids[count:],
        "backend_fn": True,
        "js": None,
        "queue": endpoint.queue if since(4, 32) or not endpoint.queue else None,
        "api_name": endpoint.name,
        "batch": endpoint.batch,
        "max_batch_size": 4,
        "cancels": [],
    }
    if since(3, 20) and not since(4, 35):
        entry["types"] = {"continuous": False, "generator": endpoint.streams}
    elif since(4, 35):
        entry["types"] = {"generator": endpoint.streams, "cancel": False}
    if since(4, 32):
        entry.update(id=endpoint.number, rendered_in=None)
    if since(4, 12) and not since(6):
        entry["show_api"] = endpoint.visibility == "public"
    if since(5):
        entry["connection"] = "sse"
    if since(5, 38):
        entry["api_description"] = endpoint.description
    if since(6):
        entry["api_visibility"] = endpoint.visibility
    if endpoint.visibility == "private" and not since(6):
        entry["api_name"] = False
    return entry


def info_of(
    generation: Generation, endpoints: Iterable[FakeEndpoint], *, all_endpoints: bool
) -> dict[str, Any] | None:
    """Return the description of the API; ``None`` if the release has none."""
    if not generation.since(3, 26):
        return None
    named: dict[str, Any] = {}
    unnamed: dict[str, Any] = {}
    for endpoint in endpoints:
        listed = endpoint.visibility == "public"
        if all_endpoints and generation.since(4, 32):
            listed = endpoint.visibility != "private"
        if not listed:
            continue
        entry: dict[str, Any] = {
            "parameters": [_parameter(generation, slot) for slot in _shown(endpoint.inputs)],
            "returns": [_value(generation, slot) for slot in _shown(endpoint.outputs)],
        }
        if generation.since(5):
            entry["description"] = endpoint.description
        if generation.since(6):
            entry["api_visibility"] = endpoint.visibility
        elif generation.since(4, 31):
            entry["show_api"] = endpoint.visibility == "public"
        if isinstance(endpoint.name, str):
            named[f"/{endpoint.name}"] = entry
        else:
            unnamed[str(endpoint.number)] = entry
    return {"named_endpoints": named, "unnamed_endpoints": unnamed}


def _shown(slots: Sequence[FakeSlot]) -> list[FakeSlot]:
    return [slot for slot in slots if not slot.is_state]


def _value(generation: Generation, slot: FakeSlot) -> dict[str, Any]:
    schema, label = slot.json_schema, slot.props.get("label", slot.name)
    if not generation.since(3, 29):  # the flatter form
        return {
            "label": label,
            "type_python": type_text(schema),
            "type_description": "",
            "component": class_name(slot),
        }
    value = {
        "label": label,
        "type": schema or {"type": {}, "description": "any valid json"},
        "python_type": {"type": type_text(schema), "description": ""},
        "component": class_name(slot),
    }
    if not generation.since(4):
        value["serializer"] = _serializer(slot)
    return value


def _parameter(generation: Generation, slot: FakeSlot) -> dict[str, Any]:
    value = _value(generation, slot)
    if generation.since(4, 23):
        has_default = slot.default is not REQUIRED
        value["parameter_name"] = slot.name
        value["parameter_has_default"] = has_default
        value["parameter_default"] = slot.default if has_default else None
    example = slot.example
    if example is None:
        example = component_example(slot.component, slot.props)
    value["example_input"] = example_of(slot.json_schema) if example is None else example
    return value
