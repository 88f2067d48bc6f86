"""The description of an app's endpoints: parameters, defaults, types, examples.

There are two sources. The better one is the server's ``/info`` (3.26 and later). But it does not
list every endpoint (undocumented ones are missing, and on 3.x those with a component that it
cannot describe), it has no parameter names before 4.23, and its form was flatter from 3.26 to
3.28. The config always exists, but contains less. So each value is first described from the
config. Then the valid parts of its description in ``/info`` replace parts of the result.

``python_type`` is computed here from the schema, since each generation of servers writes it
differently. The functions here never raise because of data from a server, and they change none of
it: results may share parts with config and info.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Literal

from .example import component_example, example_of
from .example_files import accepted_example
from .schema import choice_values, component_schema, is_file, output_schema, type_text
from .translation import english

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...types import EndpointInfo, PythonType, ValueInfo
    from ..values.slot import Slot
    from .endpoint import Endpoint, EndpointTable

NAME_LENGTH = 40  # characters; a label may be a whole sentence, a name should not be one


def parameters_of(endpoint: Endpoint, info: Mapping[str, Any] | None) -> list[ValueInfo]:
    """Describe the parameters that a caller gives, one for each of `endpoint.parameters`.

    Args:
        endpoint: The function.
        info: The response of ``/info``, if there is one. The endpoint's entry is used if it
            has as many parameters as the config. Otherwise only the config is used.

    Returns:
        Values with every key, except `example_input` if no example is known.

    Behaviour: the initial value of a component is the default of its parameter, and the server's
    own data comes first, as in ``Blocks.get_api_info`` of Gradio 4.23 and later. Text boxes
    of earlier servers start with ``""`` if the app gives no value. So for those servers an empty
    text does not count as a default. Ours: earlier servers send no names, so names are made from
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
        if example is not None or _has_none_as_example(slot, item):
            value["example_input"] = example
        values.append(value)
    _name(values, [item.get("parameter_name") for item in sent], endpoint)
    return values


def hidden_parameters_of(endpoint: Endpoint, described: Sequence[ValueInfo]) -> list[ValueInfo]:
    """Describe the inputs that the app's own description does not list, except session state.

    Args:
        endpoint: The function.
        described: Its other parameters; their names are not used again.

    Returns:
        Values with every key of `parameters_of`, `hidden` and `position`. Each has a
        default: the component's value in the config, or ``None`` for the row of a dataset.

    Behaviour: a page sends the present value of the component. Until somebody changes it, that is
    the ``value`` of the config, on every server. Ours: the names, which no server sends.
    They are made from the label, or from the type (``button``, ``button_2``).
    """
    taken = {value["parameter_name"] for value in described}
    values: list[ValueInfo] = []
    for position, slot in enumerate(endpoint.givable):
        if not slot.hidden:
            continue
        # The schema of the config is not used: on 3.x it says that a row number is a text.
        schema = component_schema(slot.type, slot.props)
        value = _described(slot, {"type": schema}, "parameter")
        value["label"] = slot.label if slot.label.strip() else slot.type.capitalize()
        stem = identifier(english(value["label"])) or identifier(slot.type) or f"param_{position}"
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
    """Describe the values that a caller gets, one for each of `endpoint.returns`.

    Args:
        endpoint: The function.
        info: The response of ``/info``, if there is one.
    """
    sent = _entry_values(endpoint, info, "returns", endpoint.outputs)
    return [_described(slot, item, "value") for slot, item in zip(endpoint.returns, sent)]


def name_of_input(endpoint: Endpoint, info: Mapping[str, Any] | None, place: int) -> str | None:
    """Return the parameter's name of an input; ``None`` for session state.

    Args:
        endpoint: The function.
        info: The response of ``/info``, if there is one.
        place: The position of the input among all inputs.
    """
    slot = endpoint.inputs[place]
    if slot.is_state:
        return None
    described = parameters_of(endpoint, info)
    names = described if not slot.hidden else hidden_parameters_of(endpoint, described)
    before = [one for one in endpoint.inputs[:place] if not one.is_state]
    return names[sum(one.hidden == slot.hidden for one in before)]["parameter_name"]


def schemas_of(
    endpoint: Endpoint, info: Mapping[str, Any] | None, key: Literal["parameters", "returns"]
) -> list[Mapping[str, Any]]:
    """Return the JSON schema of each value that a caller gives or gets.

    It is the schema of ``/info`` or of the config. If a server of 3.x does not describe a
    component, it is the schema that is known here. `python_type` of the same value is this schema
    as text.

    Args:
        endpoint: The function.
        info: The response of ``/info``, if there is one.
        key: Which values.
    """
    slots = endpoint.inputs if key == "parameters" else endpoint.outputs
    shown = endpoint.parameters if key == "parameters" else endpoint.returns
    role = "parameter" if key == "parameters" else "value"
    sent = _entry_values(endpoint, info, key, slots)
    return [
        _known_schema(slot, schema, role) or schema
        for slot, schema in ((slot, _schema(slot, item, role)) for slot, item in zip(shown, sent))
    ]


def describe(
    table: EndpointTable, info: Mapping[str, Any] | None, only: Endpoint | None = None
) -> dict[str, Any]:
    """Describe every documented endpoint of an app, in the app's order.

    Args:
        table: The app's functions.
        info: The response of ``/info``, if there is one.
        only: Describe only this one, even if the app does not document it.

    Returns:
        ``{"named_endpoints": {"/name": …}, "unnamed_endpoints": {"5": …}}``, the form of
        servers. Each endpoint has `parameters`, `returns`, `type` and, if there are any,
        `hidden_parameters`, a `description` and `oauth_token`.
    """
    named: dict[str, EndpointInfo] = {}
    unnamed: dict[str, EndpointInfo] = {}
    for endpoint in table.documented if only is None else (only,):
        section = unnamed if endpoint.api_name is None else named
        described = _endpoint_info(endpoint, info)
        event = table.example_event(endpoint)
        if event is not None:
            described["example_event_data"] = event
        section.setdefault(str(endpoint.name), described)
    return {"named_endpoints": named, "unnamed_endpoints": unnamed}


def _endpoint_info(endpoint: Endpoint, info: Mapping[str, Any] | None) -> EndpointInfo:
    parameters = parameters_of(endpoint, info)
    described: EndpointInfo = {
        "parameters": parameters,
        "returns": returns_of(endpoint, info),
        "type": {"cancel": bool(endpoint.config.get("cancels"))},  # the only source up to 4.34
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
    token = _entry(endpoint, info).get("oauth_token")
    if token in ("required", "optional"):  # since 6.21
        described["oauth_token"] = token
    return described


def endpoint_description(endpoint: Endpoint, info: Mapping[str, Any] | None) -> str:
    """Return the app's description of an endpoint; empty if it has none."""
    description = _entry(endpoint, info).get("description")
    description = description or endpoint.config.get("api_description")
    return description if isinstance(description, str) and description.strip() else ""


# -- the content of /info


def _entry(endpoint: Endpoint, info: Mapping[str, Any] | None) -> Mapping[str, Any]:
    kind = "unnamed_endpoints" if endpoint.api_name is None else "named_endpoints"
    return _mapping(_mapping(_mapping(info).get(kind)).get(str(endpoint.name)))


def _entry_values(
    endpoint: Endpoint, info: Mapping[str, Any] | None, key: str, slots: tuple[Slot, ...]
) -> list[Mapping[str, Any]]:
    """Return the items of ``/info`` for the visible slots; empty ones if the config differs."""
    shown = [slot for slot in slots if not slot.hidden]
    sent = _entry(endpoint, info).get(key)
    if isinstance(sent, list):
        if len(sent) == len(slots):  # servers up to 3.35 list session state, too
            sent = [item for item, slot in zip(sent, slots) if not slot.hidden]
        if len(sent) == len(shown):
            return [_mapping(item) for item in sent]
    return [{} for _ in shown]


def _names_parameters(info: Mapping[str, Any] | None) -> bool:
    """Return whether the server sends parameter names and defaults (4.23 and later)."""
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


# -- the description of one value


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
        "python_type": _python_type(slot, schema, item, role),
    }


def _schema(slot: Slot, item: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    schema = item.get("type")
    if not isinstance(schema, Mapping):
        schema = _config_schema(slot, role)
    several = slot.props.get("file_count") in ("multiple", "directory")
    if several and role == "value" and is_file(schema):  # 4.0 says so of a directory
        return {"type": "array", "items": schema}
    return schema


def _config_schema(slot: Slot, role: str) -> Mapping[str, Any]:
    """Return the schema in a component's config, which has three forms, or the one known here."""
    key = "api_info_as_input" if role == "parameter" else "api_info_as_output"
    schema = _mapping(slot.config.get(key) or slot.config.get("api_info"))
    if "serialized_info" in schema:  # 3.29 to 3.50
        schema = _mapping(schema.get("info"))
    elif "raw_input" in schema:  # 3.26 to 3.28: a pair of Python type and description
        schema = {}
    return schema or _own_schema(slot, role)


def _python_type(
    slot: Slot, schema: Mapping[str, Any], item: Mapping[str, Any], role: str
) -> PythonType:
    """Return a type as text, with a description."""
    text = type_text(schema)
    known = _known_schema(slot, schema, role)
    if known is not None:
        known_text = type_text(known)
        schema, item, text = {}, ({} if text != known_text else item), known_text
    elif _is_3x(slot) and text == "Any" and isinstance(item.get("type_python"), str):
        text = item["type_python"]  # 3.26 to 3.28
    description = _mapping(item.get("python_type")).get("description", item.get("type_description"))
    if not isinstance(description, str) or not description:
        description = schema.get("description")
    if not isinstance(description, str) or "filepath" in text + description:
        description = ""  # for files, servers describe their own classes
    return {"type": text, "description": description}


def _known_schema(slot: Slot, schema: Mapping[str, Any], role: str) -> Mapping[str, Any] | None:
    """Return a better schema than the server's; ``None`` if none is needed or known.

    Servers of 3.x describe tables and labels as "any JSON", files and choices as text, and many
    values in the form that the official client of their time returned ("filepath to JSON file").
    `component_schema` knows what their components really exchange.
    """
    text = type_text(schema)
    if not _is_3x(slot) or not (text in ("Any", "str", "list[str]") or "filepath" in text):
        return None
    known = _own_schema(slot, role)
    return known if type_text(known) != "Any" else None


def _own_schema(slot: Slot, role: str) -> Mapping[str, Any]:
    """Return the schema that is known here for a component of 3.x."""
    if role == "parameter":
        return component_schema(slot.type, slot.props)
    return output_schema(slot.type, slot.props, described="api_info" in slot.config)


def _is_3x(slot: Slot) -> bool:
    return "skip_api" not in slot.config  # the key came with 4.0


def _example(slot: Slot, item: Mapping[str, Any], value: ValueInfo) -> Any:
    """Return the example: the server's if it sends one that the component accepts."""
    return accepted_example(slot, _sent_example(slot, item, value))


def _has_none_as_example(slot: Slot, item: Mapping[str, Any]) -> bool:
    """Return whether the server has no better example than ``None``.

    It is so for choices that are not there yet, and for plots. Any other value is refused, except
    on 3.x, which has no example for conversations either.
    """
    own = slot.props.get("allow_custom_value") is True or _is_3x(slot)
    return "example_input" in item and not own


def _sent_example(slot: Slot, item: Mapping[str, Any], value: ValueInfo) -> Any:
    """Return the server's example, with labels of 3.x replaced by values, or one of the type."""
    example = item.get("example_input")
    if slot.type == "api" and example == "...":  # a function of `gr.api`; fits no type
        return example_of(value["type"])
    if example is None and _has_none_as_example(slot, item):
        return None
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
    """Set the unique name of each value: the server's name, or one made from the label.

    Without a label, the name is made from the component's type: its number changes with the app.
    """
    visible = [(index, slot) for index, slot in enumerate(endpoint.inputs) if not slot.hidden]
    taken = {name for name in sent if isinstance(name, str)}
    given: set[str] = set()
    for (index, slot), value, name in zip(visible, values, sent):
        if not isinstance(name, str) or not name or name in given:
            label = english(value["label"])
            text = slot.type if label == f"parameter_{slot.component_id}" else label
            name = _unused(identifier(text) or f"param_{index}", taken | given)
        given.add(name)
        value["parameter_name"] = name


def _unused(stem: str, taken: AbstractSet[str]) -> str:
    """Return the name, with the smallest number that makes it unique if it is already used."""
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem.rstrip('_')}_{count}"
    return name


def identifier(label: str) -> str:
    """Return a Python name for a label; empty if no part of the label can be in a name.

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
