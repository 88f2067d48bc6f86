"""What an app's endpoints take and give: parameters, defaults, types, examples.

Two sources say it. The server's ``/info`` (3.26 and later) is the better one, but it
leaves endpoints out (undocumented ones, and on 3.x those with a component that it has no
words for), names no parameters before 4.23, and was flatter from 3.26 to 3.28. The config
is always there and says less. So each value is first described from the config, and what
``/info`` says about it, where that is sound, is laid over.

``python_type`` is written here from the schema, since servers of each generation write it
differently. Nothing here raises on what a server sends, and nothing is changed: results
may share parts with config and info.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Literal

from .example import component_example, example_of
from .schema import choice_values, component_schema, type_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...types import EndpointInfo, PythonType, ValueInfo
    from ..values.slot import Slot
    from .endpoint import Endpoint, EndpointTable

NAME_LENGTH = 40  # characters; a label may be a sentence, a name should not


def parameters_of(endpoint: Endpoint, info: Mapping[str, Any] | None) -> list[ValueInfo]:
    """Describe what a caller gives, in order: one for each of `endpoint.parameters`.

    Args:
        endpoint: The function.
        info: The answer of ``/info``, if there is one. The endpoint's entry counts if it
            has as many parameters as the config; else the config alone does.

    Returns:
        Values with every key, but for `example_input` where no example is known.

    Behaviour: a component's initial value is its parameter's default, and a server's own
    word comes first, as in ``Blocks.get_api_info`` of Gradio 4.23 and later. Text boxes
    of earlier servers start with ``""`` where the app says nothing, so there an empty
    text is no default. Ours: earlier servers send no names, so these are made from
    the labels (``Max new tokens`` becomes ``max_new_tokens``).
    """
    sent = _entry_values(endpoint, info, "parameters", endpoint.inputs)
    empty_text_counts = _names_parameters(info)
    values: list[ValueInfo] = []
    for slot, item in zip(endpoint.parameters, sent):
        value = _described(slot, item, "parameter")
        example = _example(slot, item, value)
        default = slot.props.get("value")
        if isinstance(item.get("parameter_has_default"), bool):
            value["parameter_has_default"] = item["parameter_has_default"]
            value["parameter_default"] = item.get("parameter_default")
        else:
            declared = default is not None and (default != "" or empty_text_counts)
            value["parameter_has_default"] = declared
            value["parameter_default"] = default if declared else None
        if example is not None:
            value["example_input"] = example
        values.append(value)
    _name(values, [item.get("parameter_name") for item in sent], endpoint)
    return values


def hidden_parameters_of(endpoint: Endpoint, described: Sequence[ValueInfo]) -> list[ValueInfo]:
    """Describe the inputs that the app's own description leaves out, but session state.

    Args:
        endpoint: The function.
        described: Its other parameters, whose names are not given again.

    Returns:
        Values with every key of `parameters_of`, `hidden` and `position`. Each has a
        default: what the component holds in the config, ``None`` for the row of a dataset.

    Behaviour: a page sends what the component holds; before anybody has changed it, that is
    the ``value`` of the config, on every server. Ours: the names, which no server sends.
    They are made from the label, or from the type (``button``, ``button_2``).
    """
    taken = {value["parameter_name"] for value in described}
    values: list[ValueInfo] = []
    for position, slot in enumerate(endpoint.givable):
        if not slot.hidden:
            continue
        # Not the config's own schema: 3.x calls the number of a row a text.
        schema = component_schema(slot.type, slot.props)
        value = _described(slot, {"type": schema}, "parameter")
        value["label"] = slot.label if slot.label.strip() else slot.type.capitalize()
        stem = identifier(value["label"]) or identifier(slot.type) or f"param_{position}"
        value["parameter_name"] = _unused(stem, taken)
        taken.add(value["parameter_name"])
        value["parameter_has_default"] = True
        value["parameter_default"] = slot.held
        example = component_example(slot.type, slot.props)
        if example is not None:
            value["example_input"] = example
        value["hidden"], value["position"] = True, position
        values.append(value)
    return values


def returns_of(endpoint: Endpoint, info: Mapping[str, Any] | None) -> list[ValueInfo]:
    """Describe what a caller gets, in order: one for each of `endpoint.returns`.

    Args:
        endpoint: The function.
        info: The answer of ``/info``, if there is one.
    """
    sent = _entry_values(endpoint, info, "returns", endpoint.outputs)
    return [_described(slot, item, "value") for slot, item in zip(endpoint.returns, sent)]


def schemas_of(
    endpoint: Endpoint, info: Mapping[str, Any] | None, key: Literal["parameters", "returns"]
) -> list[Mapping[str, Any]]:
    """The JSON schema of each value that a caller gives or gets, in order.

    That of ``/info`` or of the config; where servers of 3.x have no words for a component,
    the one that is known here. `python_type` of the same value is this schema in words.
    """
    slots = endpoint.inputs if key == "parameters" else endpoint.outputs
    shown = endpoint.parameters if key == "parameters" else endpoint.returns
    role = "parameter" if key == "parameters" else "value"
    sent = _entry_values(endpoint, info, key, slots)
    return [
        _known_schema(slot, schema) or schema
        for slot, schema in ((slot, _schema(slot, item, role)) for slot, item in zip(shown, sent))
    ]


def describe(table: EndpointTable, info: Mapping[str, Any] | None) -> dict[str, Any]:
    """Describe every documented endpoint of an app, in the app's order.

    Args:
        table: The app's functions.
        info: The answer of ``/info``, if there is one.

    Returns:
        ``{"named_endpoints": {"/name": …}, "unnamed_endpoints": {"5": …}}`` as servers
        write it; each endpoint has `parameters`, `returns`, `type` and, if there are any,
        `hidden_parameters` and a `description`.
    """
    named: dict[str, EndpointInfo] = {}
    unnamed: dict[str, EndpointInfo] = {}
    for endpoint in table.documented:
        section = unnamed if endpoint.api_name is None else named
        section.setdefault(str(endpoint.name), _endpoint_info(endpoint, info))
    return {"named_endpoints": named, "unnamed_endpoints": unnamed}


def _endpoint_info(endpoint: Endpoint, info: Mapping[str, Any] | None) -> EndpointInfo:
    parameters = parameters_of(endpoint, info)
    described: EndpointInfo = {
        "parameters": parameters,
        "returns": returns_of(endpoint, info),
        "type": {"cancel": bool(endpoint.config.get("cancels"))},  # says it up to 4.34
    }
    hidden = hidden_parameters_of(endpoint, parameters)
    if hidden:
        described["hidden_parameters"] = hidden
    types = _mapping(endpoint.config.get("types"))
    if "generator" in types:  # since 3.20
        described["type"]["generator"] = bool(types["generator"])
    if "cancel" in types:  # since 4.35
        described["type"]["cancel"] = bool(types["cancel"])
    if "continuous" in types:  # 3.20 to 4.37
        described["type"]["continuous"] = bool(types["continuous"])
    description = endpoint_description(endpoint, info)
    if description:
        described["description"] = description
    return described


def endpoint_description(endpoint: Endpoint, info: Mapping[str, Any] | None) -> str:
    """What the app says about an endpoint; empty if nothing."""
    description = _entry(endpoint, info).get("description")
    description = description or endpoint.config.get("api_description")
    return description if isinstance(description, str) and description.strip() else ""


# -- what /info says


def _entry(endpoint: Endpoint, info: Mapping[str, Any] | None) -> Mapping[str, Any]:
    kind = "unnamed_endpoints" if endpoint.api_name is None else "named_endpoints"
    return _mapping(_mapping(_mapping(info).get(kind)).get(str(endpoint.name)))


def _entry_values(
    endpoint: Endpoint, info: Mapping[str, Any] | None, key: str, slots: tuple[Slot, ...]
) -> list[Mapping[str, Any]]:
    """What the entry says of each visible slot; nothing, if it does not fit the config."""
    shown = [slot for slot in slots if not slot.hidden]
    sent = _entry(endpoint, info).get(key)
    if isinstance(sent, list):
        if len(sent) == len(slots):  # up to 3.35 session state was listed with the others
            sent = [item for item, slot in zip(sent, slots) if not slot.hidden]
        if len(sent) == len(shown):
            return [_mapping(item) for item in sent]
    return [{} for _ in shown]


def _names_parameters(info: Mapping[str, Any] | None) -> bool:
    """Whether the server is of the kind that declares names and defaults (4.23 and later)."""
    return any(
        "parameter_has_default" in _mapping(parameter)
        for kind in ("named_endpoints", "unnamed_endpoints")
        for entry in _mapping(_mapping(info).get(kind)).values()
        for parameter in _sequence(_mapping(entry).get("parameters"))
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# -- one value


def _described(slot: Slot, item: Mapping[str, Any], role: str) -> ValueInfo:
    label, component = item.get("label"), item.get("component")
    if not isinstance(label, str):
        label = slot.props.get("label")
    if not isinstance(label, str) or not label.strip():
        label = f"{role}_{slot.component_id}"
    schema = _schema(slot, item, role)
    return {
        "label": label,
        "component": component if isinstance(component, str) else slot.type.capitalize(),
        "type": dict(schema),
        "python_type": _python_type(slot, schema, item),
    }


def _schema(slot: Slot, item: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    schema = item.get("type")
    return schema if isinstance(schema, Mapping) else _config_schema(slot, role)


def _config_schema(slot: Slot, role: str) -> Mapping[str, Any]:
    """The schema in a component's config, which has had three forms; else the one we know."""
    key = "api_info_as_input" if role == "parameter" else "api_info_as_output"
    schema = _mapping(slot.config.get(key) or slot.config.get("api_info"))
    if "serialized_info" in schema:  # 3.29 to 3.50
        schema = _mapping(schema.get("info"))
    elif "raw_input" in schema:  # 3.26 to 3.28: a pair of Python type and description
        schema = {}
    return schema or component_schema(slot.type, slot.props)


def _python_type(slot: Slot, schema: Mapping[str, Any], item: Mapping[str, Any]) -> PythonType:
    """A type in words."""
    text = type_text(schema)
    known = _known_schema(slot, schema)
    if known is not None:
        known_text = type_text(known)
        schema, item, text = {}, ({} if text != known_text else item), known_text
    elif _is_3x(slot) and text == "Any" and isinstance(item.get("type_python"), str):
        text = item["type_python"]  # 3.26 to 3.28
    description = _mapping(item.get("python_type")).get("description", item.get("type_description"))
    if not isinstance(description, str) or not description:
        description = schema.get("description")
    if not isinstance(description, str) or "filepath" in text + description:
        description = ""  # of files, servers tell how their own classes work
    return {"type": text, "description": description}


def _known_schema(slot: Slot, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A better schema than the server's, where one is needed and known.

    Servers of 3.x call tables and labels "any JSON", files and choices text, and describe
    what the official client of their time made of them ("filepath to JSON file"); what
    their components exchange is known here.
    """
    text = type_text(schema)
    if not _is_3x(slot) or not (text in ("Any", "str", "list[str]") or "filepath" in text):
        return None
    known = component_schema(slot.type, slot.props)
    return known if type_text(known) != "Any" else None


def _is_3x(slot: Slot) -> bool:
    return "skip_api" not in slot.config  # which came with 4.0


def _example(slot: Slot, item: Mapping[str, Any], value: ValueInfo) -> Any:
    """The server's example if it gives one, mended where 3.x gives a choice with its label."""
    example = item.get("example_input")
    if example is None:
        examples = _mapping(slot.config.get("example_inputs"))  # 3.26 to 3.50
        example = examples.get("serialized", slot.config.get("example_inputs"))
    if example is None:
        known = component_example(slot.type, slot.props)
        return example_of(value["type"]) if known is None else known
    choices = slot.props.get("choices")
    if isinstance(choices, list) and isinstance(example, list):
        values = choice_values(slot.props)
        if example in choices:
            return values[choices.index(example)]
        return [values[choices.index(one)] if one in choices else one for one in example]
    return example


# -- names


def _name(values: list[ValueInfo], sent: list[Any], endpoint: Endpoint) -> None:
    """Give each value its name: the server's, else one made from its label, always unique."""
    visible = [index for index, slot in enumerate(endpoint.inputs) if not slot.hidden]
    taken = {name for name in sent if isinstance(name, str)}
    given: set[str] = set()
    for index, value, name in zip(visible, values, sent):
        if not isinstance(name, str) or not name or name in given:
            name = _unused(identifier(value["label"]) or f"param_{index}", taken | given)
        given.add(name)
        value["parameter_name"] = name


def _unused(stem: str, taken: AbstractSet[str]) -> str:
    """The name itself, or with the first number that makes it new."""
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem.rstrip('_')}_{count}"
    return name


def identifier(label: str) -> str:
    """Make a Python name from a label; empty if nothing in it can be part of one.

    Example:
        >>> identifier("Max new tokens"), identifier("class"), identifier("2nd try!")
        ('max_new_tokens', 'class_', '_2nd_try')
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    words = "".join(c if f"a{c}".isidentifier() else " " for c in text).split()
    name = ""
    for word in words:
        if name and len(name) + 1 + len(word) > NAME_LENGTH:
            break
        name = f"{name}_{word}" if name else word[:NAME_LENGTH]
    name = unicodedata.normalize("NFKC", name.strip("_"))
    if name and not name.isidentifier():
        name = f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name
