"""What a fake app says of itself: its config, and the description of its API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .._protocol.api.example import component_example, example_of
from .._protocol.api.schema import type_text
from .generation import Generation
from .ports import REQUIRED, Port

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


def class_name(port: Port) -> str:
    """Return the name of a component's class, as API descriptions show it."""
    return port.class_name or _CLASSES.get(port.component, port.component.capitalize())


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
    ports: dict[int, Port] = {}
    for endpoint in endpoints:
        for number, port in zip(endpoint.ids, (*endpoint.inputs, *endpoint.outputs)):
            ports.setdefault(number, port)  # an input and an output of state are one component
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
        "components": [_component(generation, *entry) for entry in ports.items()],
        "dependencies": [_dependency(generation, endpoint) for endpoint in endpoints],
        "layout": {"id": 0, "children": []},
    }
    if generation.since(5):
        config.update(pages=[["", "Home", True]], page={}, current_page="")
    return config


def _component(generation: Generation, number: int, port: Port) -> dict[str, Any]:
    props = {"name": port.component, **port.props}
    if port.default is not REQUIRED and not port.is_state:
        props.setdefault("value", port.default)
    component: dict[str, Any] = {"id": number, "type": port.component, "props": props}
    if generation.since(4):
        component["skip_api"] = port.is_state
    elif not port.is_state and generation.since(3, 24):
        component["serializer"] = _serializer(port)
        component["api_info"] = {"info": port.json_schema, "serialized_info": False}
    if generation.since(4) and not port.is_state:
        key = "api_info_as_input" if generation.since(5) else "api_info"
        component[key] = port.json_schema
        if generation.since(5):
            component["api_info_as_output"] = port.json_schema
    return component


def _serializer(port: Port) -> str:
    return _SERIALIZERS.get(port.component, "SimpleSerializable")


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
            "parameters": [_parameter(generation, port) for port in _shown(endpoint.inputs)],
            "returns": [_value(generation, port) for port in _shown(endpoint.outputs)],
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


def _shown(ports: Sequence[Port]) -> list[Port]:
    return [port for port in ports if not port.is_state]


def _value(generation: Generation, port: Port) -> dict[str, Any]:
    schema, label = port.json_schema, port.props.get("label", port.name)
    if not generation.since(3, 29):  # the flatter form
        return {
            "label": label,
            "type_python": type_text(schema),
            "type_description": "",
            "component": class_name(port),
        }
    value = {
        "label": label,
        "type": schema or {"type": {}, "description": "any valid json"},
        "python_type": {"type": type_text(schema), "description": ""},
        "component": class_name(port),
    }
    if not generation.since(4):
        value["serializer"] = _serializer(port)
    return value


def _parameter(generation: Generation, port: Port) -> dict[str, Any]:
    value = _value(generation, port)
    if generation.since(4, 23):
        has_default = port.default is not REQUIRED
        value["parameter_name"] = port.name
        value["parameter_has_default"] = has_default
        value["parameter_default"] = port.default if has_default else None
    example = port.example
    if example is None:
        example = component_example(port.component, port.props)
    value["example_input"] = example_of(port.json_schema) if example is None else example
    return value
