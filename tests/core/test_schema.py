"""`_protocol.api.schema`: JSON schemas as Python types."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.schema import (
    component_schema,
    is_file,
    output_schema,
    type_text,
)
from tests.support.samples import VERSIONS, load

FILE_DATA = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "url": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "orig_name": {"type": "string"},
        "meta": {"type": "object"},
    },
}
FILE_OF_3X = {
    "type": "object",
    "properties": {key: {"type": "string"} for key in ("name", "data", "is_file")},
}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "string"}, "str"),
        ({"type": "number"}, "float"),
        ({"type": "integer"}, "int"),
        ({"type": "boolean"}, "bool"),
        ({"type": "null"}, "None"),
        ({"type": "array"}, "list"),
        ({"type": "array", "items": {}}, "list"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({"type": "array", "items": {"type": "array", "items": {}}}, "list[list]"),
        ({"type": "array", "items": [{"type": "string"}, {}]}, "tuple[str, Any]"),
        ({"prefixItems": [{"type": "number"}, {"type": "null"}]}, "tuple[float, None]"),
        ({"type": "array", "items": {"prefixItems": [{"type": "null"}]}}, "list[tuple[None]]"),
        ({"type": "object"}, "dict"),
        ({"type": "object", "additionalProperties": True}, "dict"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "dict[str, float]"),
        ({"properties": {"text": {"type": "string"}, "$defs": {}}}, "dict(text: str)"),
        ({"enum": ["a", 1, None, True]}, "Literal['a', 1, None, True]"),
        ({"enum": ['it\'s "odd"']}, "Literal['it\\'s \"odd\"']"),
        ({"enum": [], "type": "string"}, "str"),
        ({"enum": [{}]}, "Any"),
        ({"const": "a"}, "Literal['a']"),
        ({"const": None}, "None"),
        ({"type": ["null", "string"]}, "str | None"),
        ({"anyOf": [{"type": "null"}, {"type": "string"}, {"type": "string"}]}, "str | None"),
        ({"oneOf": [{"type": "string"}, {}]}, "Any"),
        ({"anyOf": [{"anyOf": [{"type": "null"}, {"type": "array"}]}, {"type": "null"}]},
         "list | None"),
        ({"allOf": [{"type": "object"}, {}]}, "dict"),
        ({"allOf": [{}]}, "Any"),
        ({"type": {}, "description": "any valid json"}, "Any"),
        ({"type": "new"}, "Any"),
        (True, "Any"),
        (None, "Any"),
    ],
)  # fmt: skip
def test_type_text_writes_each_form_as_python_would(schema: Any, text: str) -> None:
    """Every form of JSON schema becomes the type that a Python user would write."""
    assert type_text(schema) == text


def test_type_text_follows_references() -> None:
    """A ``$ref`` is replaced by the schema that it names."""
    schema = {
        "$defs": {"File~Data": FILE_DATA},
        "type": "object",
        "properties": {
            "files": {"type": "array", "items": {"$ref": "#/$defs/File~0Data"}},
            "gone": {"$ref": "#/$defs/Gone/deeper"},
            "elsewhere": {"$ref": "https://example.org/schema"},
        },
    }
    assert type_text(schema) == "dict(files: list[filepath], gone: Any, elsewhere: Any)"


def test_type_text_calls_files_of_every_generation_filepath() -> None:
    """All forms of files of all generations are ``filepath``."""
    path = {"type": "string", "description": "filepath on your computer (or URL) of file"}
    assert type_text(FILE_DATA) == "filepath"
    assert type_text({"oneOf": [path, FILE_OF_3X]}) == "filepath"
    assert not is_file({"type": "object", "properties": {"path": {}}})
    assert not is_file(None)


def test_type_text_ends_on_schemas_that_refer_to_themselves() -> None:
    """A recursive schema is written to a maximum depth, and a wide one to a maximum of parts."""
    tree = {"$defs": {"T": {"type": "array", "items": {"$ref": "#/$defs/T"}}}, "$ref": "#/$defs/T"}
    assert type_text(tree).startswith("list[list[list")
    pair = {"type": "object", "properties": {key: {"$ref": "#/$defs/P"} for key in "ab"}}
    assert len(type_text({"$defs": {"P": pair}, "$ref": "#/$defs/P"})) < 10_000
    deep: Any = {}
    for _ in range(5_000):
        deep = {"type": "array", "items": deep}
    assert type_text(deep).startswith("list[list")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "type enum const anyOf oneOf allOf items prefixItems properties $ref $defs".split()
            ),
            inner | st.sampled_from(["array", "object", "string", "#/$defs", "#/items"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(schema=json_values)
def test_type_text_accepts_anything(schema: Any) -> None:
    """Any value is accepted as a schema, and is not changed."""
    before = copy.deepcopy(schema)
    assert type_text(schema)
    assert repr(schema) == repr(before)


@pytest.mark.parametrize("version", [version for version in VERSIONS if version >= "4"])
def test_type_text_agrees_with_servers_where_theirs_is_python(version: str) -> None:
    """For real descriptions of 4.x to 6.x, the text is the server's, in today's spelling."""
    info = load(version)[1] or {}
    for endpoint in info["named_endpoints"].values():
        for value in endpoint["parameters"] + endpoint["returns"]:
            theirs = value["python_type"]["type"]
            if theirs in ("str", "float", "bool", "filepath", "list[Literal['a', 'b']]"):
                assert type_text(value["type"]) == theirs


@pytest.mark.parametrize(
    ("component", "props", "text"),
    [
        ("textbox", {}, "str"),
        ("image", {}, "filepath"),
        ("file", {}, "filepath"),
        ("file", {"file_count": "multiple"}, "list[filepath]"),
        ("uploadbutton", {"file_count": "directory"}, "list[filepath]"),
        ("dropdown", {"choices": ["a", "b"]}, "Literal['a', 'b']"),
        ("dropdown", {"choices": [["A", "a"], ["B", 2]]}, "Literal['a', 2]"),
        ("dropdown", {"choices": ["a"], "multiselect": True}, "list[Literal['a']]"),
        ("dropdown", {"choices": ["a"], "allow_custom_value": True}, "str"),
        ("radio", {"choices": None}, "str"),
        ("checkboxgroup", {"choices": ["a"]}, "list[Literal['a']]"),
        ("chatbot", {}, "list[tuple[str | filepath | None, str | filepath | None]]"),
        ("dataframe", {}, "dict(headers: list[str | int], data: list[list])"),
        ("json", {}, "Any"),
        ("unheard-of", {}, "Any"),
    ],
)
def test_component_schema_knows_the_components_of_3x(
    component: str, props: dict[str, Any], text: str
) -> None:
    """The schema of a component is known from its type and its properties."""
    assert type_text(component_schema(component, props)) == text


@pytest.mark.parametrize(
    ("component", "described", "text"),
    [
        ("video", False, "filepath"),
        ("video", True, "tuple[filepath, filepath | None]"),
        ("gallery", True, "list[filepath | tuple[filepath, str | None]]"),
        ("image", True, "filepath"),
    ],
)
def test_output_schema_knows_what_comes_back_in_another_form(
    component: str, described: bool, text: str
) -> None:
    """Some components of 3.x return another form than they take."""
    assert type_text(output_schema(component, {}, described=described)) == text


@pytest.mark.parametrize(
    ("component", "more"), [("dataframe", "metadata"), ("lineplot", "chart"), ("barplot", "chart")]
)
def test_output_schema_has_keys_of_some_releases(component: str, more: str) -> None:
    """A key that only some releases send is not required; values that are sent do not have it."""
    known, schema = component_schema(component, {}), output_schema(component, {})
    assert list(schema["properties"]) == [*known["properties"], more]
    assert schema["required"] == list(known["properties"])


def test_component_schema_tells_the_range_of_a_slider() -> None:
    """A slider's limits are in its description if they are numbers."""
    limits = {"minimum": 1, "maximum": 5}
    assert component_schema("slider", limits)["description"] == "numeric value between 1 and 5"
    assert "description" not in component_schema("slider", {"minimum": None, "maximum": 5})
