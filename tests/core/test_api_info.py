"""`_protocol.api.api_info`: inputs and outputs of endpoints, from ``/info`` and the config."""

from __future__ import annotations

import copy
import keyword
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.api_info import (
    describe,
    hidden_parameters_of,
    identifier,
    name_of_input,
    parameters_of,
    returns_of,
)
from gradio_client_sync._protocol.api.endpoint import Endpoint, EndpointTable
from gradio_client_sync._protocol.api.example import call_text
from gradio_client_sync._protocol.api.payload import bind
from gradio_client_sync._protocol.dialect import dialect_of
from tests.core.test_schema import FILE_DATA, json_values
from tests.support.samples import VERSIONS, load

KEYS = {"label", "component", "type", "python_type"}
PARAMETER_KEYS = {*KEYS, "parameter_name", "parameter_has_default", "parameter_default"}


def table_of(config: dict[str, Any]) -> EndpointTable:
    return EndpointTable(config, dialect_of(config))


def sample(version: str, endpoint: str | int) -> tuple[Endpoint, dict[str, Any] | None]:
    config, info = load(version)
    return table_of(config).resolve(endpoint), info


def one_endpoint(*components: dict[str, Any], **dependency: Any) -> Endpoint:
    """Return an endpoint ``/f`` with these components as inputs."""
    numbered = [{"id": index, "props": {}, **each} for index, each in enumerate(components)]
    inputs = [component["id"] for component in numbered]
    event = {"api_name": "f", "inputs": inputs, "outputs": [], **dependency}
    return table_of({"components": numbered, "dependencies": [event]}).resolve("f")


@pytest.mark.parametrize("version", VERSIONS)
def test_parameters_fit_every_endpoint_of_every_server(version: str) -> None:
    """Each endpoint has a complete description for each value that users pass and get."""
    config, info = load(version)
    for endpoint in table_of(config):
        parameters, returns = parameters_of(endpoint, info), returns_of(endpoint, info)
        assert len(parameters) == len(endpoint.parameters)
        assert len(returns) == len(endpoint.returns)
        assert all(set(value) - {"example_input"} == PARAMETER_KEYS for value in parameters)
        assert all(set(value) == KEYS for value in returns)
        names = [value["parameter_name"] for value in parameters]
        assert len(set(names)) == len(names)
        assert all(name.isidentifier() and not keyword.iskeyword(name) for name in names)


@pytest.mark.parametrize("version", VERSIONS)
def test_parameters_of_one_app_are_the_same_on_every_server(version: str) -> None:
    """Old servers, new servers and the config alone give the same types, defaults and names."""
    endpoint, info = sample(version, "/translate")
    for source in (info, None):
        assert [
            (
                value["parameter_name"],
                value["python_type"]["type"],
                value["parameter_has_default"],
                value["parameter_default"],
            )
            for value in parameters_of(endpoint, source)
        ] == [
            ("text", "str", False, None),
            ("language", "Literal['English', 'French', 'Bahasa Indonesia']", True, "French"),
            ("formal", "bool", True, False),
            ("alternatives", "float", True, 1),
        ]


@pytest.mark.parametrize("version", VERSIONS)
def test_parameters_bind_payloads_by_name(version: str) -> None:
    """`payload.bind` works with these names and defaults, without state."""
    endpoint, info = sample(version, "/chat")
    names = [value["parameter_name"] for value in parameters_of(endpoint, info)]
    data = bind(
        endpoint, {names[0]: "hi", names[3]: "be brief"}, lambda: parameters_of(endpoint, info)
    )
    assert data == ["hi", None, 0.7, 256, "be brief"]


def test_parameters_take_the_servers_word_on_names_and_defaults() -> None:
    """From 4.23 on, the function's names and its ``None`` defaults come from ``/info``."""
    endpoint, info = sample("6.31.0", "/chat")
    system = parameters_of(endpoint, info)[3]
    assert (system["parameter_name"], system["label"]) == ("system", "System prompt")
    assert (system["parameter_has_default"], system["parameter_default"]) == (True, None)


@pytest.mark.parametrize(
    ("info", "declared"),
    [
        (None, False),
        ({"named_endpoints": {"/g": {"parameters": [{"label": "x"}]}}}, False),
        ({"named_endpoints": {"/g": {"parameters": [{"parameter_has_default": False}]}}}, True),
    ],
)
def test_parameters_count_empty_text_as_a_default_only_where_apps_declare_it(
    info: dict[str, Any] | None, declared: bool
) -> None:
    """Before 4.23 a text box has ``""`` without the app's doing, so that is not a default."""
    endpoint = one_endpoint({"type": "textbox", "props": {"value": ""}})
    assert parameters_of(endpoint, info)[0]["parameter_has_default"] is declared


@pytest.mark.parametrize("value", [0, False, [], {}, "text"])
def test_parameters_count_every_other_initial_value_as_a_default(value: Any) -> None:
    """Any initial value except ``None`` makes a parameter optional."""
    endpoint = one_endpoint({"type": "any", "props": {"value": value}})
    (described,) = parameters_of(endpoint, None)
    assert described["parameter_has_default"] and described["parameter_default"] == value


def test_parameters_without_a_label_are_named_after_their_component() -> None:
    """Without a label, the name is the component's type; without usable letters, the place."""
    endpoint = one_endpoint(
        {"type": "state"},
        {"type": "textbox", "props": {"label": "!!!"}},
        {"type": "textbox", "props": {"label": None}},
        {"type": "textbox", "props": {"label": ["no", "text"]}},
    )
    assert [
        (value["label"], value["parameter_name"]) for value in parameters_of(endpoint, None)
    ] == [
        ("!!!", "param_1"),
        ("parameter_2", "textbox"),
        ("parameter_3", "textbox_2"),
    ]


def test_parameters_repair_names_that_a_server_gives_twice() -> None:
    """If a name is sent twice, the second parameter is named by its label."""
    box = {"type": "textbox", "props": {"label": "a"}}
    endpoint = one_endpoint(box, box, box)
    sent = [{"label": "a", "parameter_name": name} for name in ("a", "a", 5)]
    info = {"named_endpoints": {"/f": {"parameters": sent}}}
    names = [value["parameter_name"] for value in parameters_of(endpoint, info)]
    assert names == ["a", "a_2", "a_3"]


def test_parameters_read_the_flat_form_of_3_26() -> None:
    """The flat form of 3.26 to 3.28, with session state, gives the same keys."""
    api_info = {"raw_input": ["str", ""], "serialized_input": ["str", ""]}
    endpoint = one_endpoint(
        {"type": "slider", "props": {"label": "Count"}, "api_info": api_info},
        {"type": "state"},
        {"type": "special", "props": {"label": "Special"}, "api_info": api_info},
    )
    flat = [
        {"label": "Count", "type_python": "float", "type_description": "at most 9",
         "component": "Slider", "example_input": 5},
        {"label": "parameter_1", "type_python": "Any", "component": "State"},
        {"label": "Special", "type_python": "Dict[str, str]", "component": "Special"},
    ]  # fmt: skip
    count, special = parameters_of(endpoint, {"named_endpoints": {"/f": {"parameters": flat}}})
    assert count["type"] == {"type": "number"} and count["example_input"] == 5
    assert count["python_type"] == {"type": "float", "description": "at most 9"}
    assert special["python_type"]["type"] == "Dict[str, str]"


def test_parameters_of_3x_say_what_the_wire_carries() -> None:
    """The "filepath to JSON file" of 3.x is described as what its components exchange."""
    endpoint, info = sample("3.50.2", "/merge")
    texts = [value["python_type"] for value in parameters_of(endpoint, info)]
    assert texts == [
        {"type": "list[filepath]", "description": ""},
        {"type": "dict(headers: list[str | int], data: list[list])", "description": ""},
        {"type": "Any", "description": ""},
        {"type": "list[Literal['draft', 'final']]", "description": ""},
    ]


def test_parameters_mend_the_examples_of_choices() -> None:
    """3.50 gives an example choice as label and value, and the example is the value."""
    endpoint, info = sample("3.50.2", "/everything")
    assert parameters_of(endpoint, info)[4]["example_input"] == ["a"]
    endpoint, info = sample("3.50.2", "/translate")
    assert parameters_of(endpoint, info)[1]["example_input"] == "English"
    boxes = one_endpoint({"type": "checkboxgroup", "props": {"choices": ["a"]}})
    sent = {"named_endpoints": {"/f": {"parameters": [{"example_input": ["a", "other"]}]}}}
    assert parameters_of(boxes, sent)[0]["example_input"] == ["a", "other"]


@pytest.mark.parametrize(
    "parameters",
    [None, "text", [], [{"label": "one"}] * 3, [None, 5], [{"label": 5, "type": 7}, []]],
)
def test_parameters_fall_back_to_the_config_where_info_does_not_fit(parameters: Any) -> None:
    """An invalid entry, or one with another number of parameters, is ignored."""
    endpoint = one_endpoint(
        {"type": "number", "props": {"label": "a"}}, {"type": "number", "props": {"label": "b"}}
    )
    info = {"named_endpoints": {"/f": {"parameters": parameters}}}
    assert parameters_of(endpoint, info) == parameters_of(endpoint, None)


@given(junk=json_values)
def test_describe_accepts_anything_as_info(junk: Any) -> None:
    """Whatever ``/info`` contains at any level, the config's description remains."""
    config, info = load("3.50.2")
    table = table_of(config)
    assert info is not None
    entries = dict.fromkeys(info["named_endpoints"], junk)
    values = {name: {"parameters": junk, "returns": [junk]} for name in info["named_endpoints"]}
    for broken in (
        junk,
        {"named_endpoints": junk},
        *({"named_endpoints": e} for e in (entries, values)),
    ):
        assert set(describe(table, broken)["named_endpoints"]) == set(info["named_endpoints"])


@pytest.mark.parametrize("version", VERSIONS)
def test_describe_changes_nothing(version: str) -> None:
    """Config and info are not changed."""
    config, info = load(version)
    before = copy.deepcopy((config, info))
    describe(table_of(config), info)
    assert (config, info) == before


@pytest.mark.parametrize("version", [version for version in VERSIONS if version > "3.26"])
def test_describe_lists_what_the_server_lists(version: str) -> None:
    """The endpoints are those of the server's own ``/info``, in the app's order."""
    config, info = load(version)
    described = describe(table_of(config), info)
    assert info is not None
    for kind in ("named_endpoints", "unnamed_endpoints"):
        assert list(described[kind]) == list(info[kind])


def test_describe_works_without_info() -> None:
    """An app of 3.23, which has no ``/info``, is described from its config."""
    config, info = load("3.23.0")
    assert info is None
    described = describe(table_of(config), info)
    assert list(described["named_endpoints"])[:3] == ["/translate", "/chat", "/caption"]
    unnamed = next(iter(described["unnamed_endpoints"].values()))
    assert unnamed["parameters"][1]["component"] == "Button"


def test_describe_leaves_an_interfaces_own_events_out() -> None:
    """The unnamed events of a 3.x ``gr.Interface`` belong to its buttons and are left out."""
    config, info = load("3.23.0")
    config["mode"] = "interface"
    assert describe(table_of(config), info)["unnamed_endpoints"] == {}


def test_describe_tells_the_kind_and_purpose_of_endpoints() -> None:
    """``type`` says whether an endpoint generates or cancels, and ``description`` is the app's."""
    config, info = load("6.31.0")
    named = describe(table_of(config), info)["named_endpoints"]
    assert named["/chat"]["type"] == {"generator": True, "cancel": False}
    assert named["/chat"]["description"] == "Answer a message, word by word."
    assert named["/merge"]["description"].startswith("Merge documents")
    assert "description" not in named["/ping"]
    assert "oauth_token" not in named["/ping"]
    for kind in ("required", "optional", "unknown"):
        endpoints = {**info["named_endpoints"], "/ping": {"oauth_token": kind}}
        ping = describe(table_of(config), {"named_endpoints": endpoints})["named_endpoints"][
            "/ping"
        ]
        assert ping.get("oauth_token") == (None if kind == "unknown" else kind)
    config, info = load("3.50.2")
    *_, stop = describe(table_of(config), info)["unnamed_endpoints"].values()
    assert stop["type"]["cancel"] is True


def test_describe_claims_nothing_about_generators_of_servers_that_do_not() -> None:
    """Before 3.20 it is unknown whether an endpoint generates, so ``type`` does not say it."""
    table = table_of({"components": [], "dependencies": [{"api_name": "f"}]})
    assert describe(table, None)["named_endpoints"]["/f"]["type"] == {"cancel": False}


def test_describe_has_an_example_of_what_was_selected() -> None:
    """A function of a ``select`` event gets the data of an event, also in the call to copy."""
    gallery = {"id": 1, "type": "gallery", "props": {}}
    picked = {"id": 0, "targets": [[1, "select"]], "inputs": [], "outputs": [], "api_name": "f"}
    config = {"version": "6.31.0", "components": [gallery], "dependencies": [picked]}
    endpoint = describe(table_of(config), None)["named_endpoints"]["/f"]
    assert endpoint["example_event_data"]["index"] == 0
    assert call_text("/f", endpoint, 80).startswith('app.predict("/f", event_data={"index": 0, ')


def test_describe_takes_descriptions_from_the_config_too() -> None:
    """Without ``/info``, an ``api_description`` in the config is the description."""
    config, _ = load("6.31.0")
    assert describe(table_of(config), None)["named_endpoints"]["/merge"]["description"]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Max new tokens", "max_new_tokens"),
        ("class", "class_"),
        ("2nd try!", "_2nd_try"),
        ("Größe (cm) 🎈", "größe_cm"),
        ("文字 数", "文字_数"),
        ("__private__", "private"),
        ("None", "none"),
        ("⅓ of x²", "_1_3_of_x2"),
        ("x" * 100, "x" * 40),
        ("a label that is too long for any name", "a_label_that_is_too_long_for_any_name"),
        ("a label that is too long for any sane name", "a_label_that_is_too_long_for_any_sane"),
        ("🎈", ""),
    ],
)  # fmt: skip
def test_identifier_makes_names_from_labels(label: str, name: str) -> None:
    """A name is the label in lower case with joined words, and never a keyword."""
    assert identifier(label) == name


@given(labels=st.lists(st.text(max_size=12), max_size=6))
def test_names_are_unique_identifiers_for_any_labels(labels: list[str]) -> None:
    """For any labels, the names are distinct Python identifiers."""
    boxes = [{"type": "textbox", "props": {"label": label}} for label in labels]
    names = [value["parameter_name"] for value in parameters_of(one_endpoint(*boxes), None)]
    assert len(set(names)) == len(labels)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
    assert all(f"{name}=1" for name in names)
    compile(f"f({', '.join(f'{name}=1' for name in names)})", "call", "eval")


# -- inputs that the description leaves out


def test_hidden_parameters_have_names_defaults_and_places() -> None:
    """Hidden parameters have names, defaults and positions; session state is left out."""
    endpoint = one_endpoint(
        {"type": "state", "skip_api": True, "props": {"value": 1}},
        {"type": "button", "skip_api": True, "props": {"value": "cat"}},
        {"type": "textbox", "skip_api": False, "props": {"label": "Pick one"}},
        {"type": "dataset", "skip_api": True, "props": {"label": "Pick one"}},
        {"type": "?", "skip_api": True, "props": {"label": " "}},
        {"type": "button", "skip_api": True, "props": {"value": "dog", "label": None}},
    )
    hidden = hidden_parameters_of(endpoint, parameters_of(endpoint, None))
    assert [(h["parameter_name"], h["parameter_default"], h["position"]) for h in hidden] == [
        ("button", "cat", 0),
        ("pick_one_2", None, 2),
        ("param_3", None, 3),
        ("button_2", "dog", 4),
    ]
    assert all(value["hidden"] and value["parameter_has_default"] for value in hidden)
    keys = PARAMETER_KEYS | {"hidden", "position"}
    assert all(set(value) - {"example_input"} == keys for value in hidden)
    assert [value["python_type"]["type"] for value in hidden] == ["str", "int", "Any", "str"]
    assert [value["label"] for value in hidden] == ["Button", "Pick one", "?", "Button"]


def test_hidden_rows_of_3x_are_numbers() -> None:
    """The row of a dataset is a number, although the config of 3.x says text."""
    text = {"serialized_info": False, "info": {"type": "string"}}
    endpoint = one_endpoint(
        {"type": "dataset", "api_info": text, "example_inputs": {"serialized": "Howdy!"}}
    )
    [row] = hidden_parameters_of(endpoint, [])
    assert row["python_type"] == {"type": "int", "description": "number of the row, from 0"}
    assert row["example_input"] == 1


def test_describe_lists_hidden_parameters_by_themselves() -> None:
    """Hidden parameters have their own key, which exists only if there are some."""
    button = {"id": 1, "type": "button", "skip_api": True, "props": {"value": "cat"}}
    text = {"id": 2, "type": "textbox", "skip_api": False, "props": {"label": "text"}}
    events = [{"api_name": "with", "inputs": [1, 2]}, {"api_name": "without", "inputs": [2]}]
    table = table_of({"components": [button, text], "dependencies": events})
    described = describe(table, None)["named_endpoints"]
    assert [value["parameter_name"] for value in described["/with"]["parameters"]] == ["text"]
    [hidden] = described["/with"]["hidden_parameters"]
    assert hidden["parameter_name"] == "button"
    assert "hidden_parameters" not in described["/without"]


def test_parameters_of_functions_without_components_have_examples_of_their_types() -> None:
    """`gr.api` sends "..." as the example of every type, which fits no number and no choice."""
    info = {"named_endpoints": {"/f": {"parameters": [
        {"example_input": "...", "type": {"type": "integer"}},
        {"example_input": "...", "type": {"enum": ["low", "high"]}},
    ]}}}  # fmt: skip
    endpoint = one_endpoint(*[{"type": "api", "skip_api": False}] * 2)
    assert [value["example_input"] for value in parameters_of(endpoint, info)] == [1, "low"]


def test_returns_of_a_directory_are_a_list() -> None:
    """4.0 describes a directory as one file, and returns several."""
    component = {"id": 1, "type": "file", "props": {"file_count": "directory"}, "skip_api": False}
    event = {"api_name": "f", "inputs": [1], "outputs": [1]}
    endpoint = table_of({"components": [component], "dependencies": [event]}).resolve("f")
    info = {"named_endpoints": {"/f": {"parameters": [], "returns": [{"type": FILE_DATA}]}}}
    assert returns_of(endpoint, info)[0]["python_type"]["type"] == "list[filepath]"


def test_parameters_keep_none_as_an_example() -> None:
    """A server has no example for choices that are not there yet, and refuses other values."""
    item = {"example_input": None, "type": {"type": "string"}}
    info = {"named_endpoints": {"/f": {"parameters": [item]}}}
    fixed = one_endpoint({"type": "dropdown", "props": {"choices": []}, "skip_api": False})
    assert parameters_of(fixed, info)[0]["example_input"] is None
    own = {"type": "dropdown", "props": {"allow_custom_value": True}, "skip_api": False}
    assert parameters_of(one_endpoint(own), info)[0]["example_input"] == "Hello"
    chat = parameters_of(one_endpoint({"type": "chatbot"}), info)[0]
    assert chat["example_input"] == [["Hello", "Hi there"]]


def test_inputs_have_the_names_of_their_parameters() -> None:
    """An input is found among the described or the hidden parameters; state has no name."""
    components = ({"type": "textbox"}, {"type": "state"}, {"type": "button", "skip_api": True})
    endpoint = one_endpoint(*components, {"type": "number"}, {"type": "button", "skip_api": True})
    names = [name_of_input(endpoint, None, place) for place in range(5)]
    described = [one["parameter_name"] for one in parameters_of(endpoint, None)]
    assert names == [described[0], None, "button", described[1], "button_2"]
