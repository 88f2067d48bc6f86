"""`_protocol.api.example`: example values, and calls to copy."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.api_info import describe
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.example import (
    call_text,
    component_example,
    default_text,
    example_of,
)
from gradio_client_sync._protocol.dialect import dialect_of
from tests.core.test_schema import FILE_DATA, json_values
from tests.support.samples import VERSIONS, load


def required(name: str, example: Any, kind: str = "str", **more: Any) -> dict[str, Any]:
    return {"parameter_name": name, "example_input": example, "python_type": {"type": kind}, **more}


def optional(name: str, default: Any, kind: str = "str") -> dict[str, Any]:
    value = {"parameter_has_default": True, "parameter_default": default}
    return {**required(name, None, kind), **value}


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"type": "string"}, "Hello"),
        ({"type": "string", "enum": ["a", "b"]}, "a"),
        ({"type": "number"}, 1),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"type": "integer", "minimum": 5}, 5),
        ({"const": 3}, 3),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, [["Hello"]]),
        ({"type": "array"}, []),
        ({"prefixItems": [{"type": "string"}, {"type": "integer"}]}, ["Hello", 1]),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"anyOf": [{"type": "null"}]}, None),
        ({"type": ["null", "string"]}, "Hello"),
        ({"type": "object"}, {}),
        ({"type": "object", "additionalProperties": {"type": "number"}}, {"key": 1}),
        ({"properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}, {"a": "Hello"}),
        ({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"enum": [7]}}}, {"a": 7}),
        ({"items": FILE_DATA, "type": "array"}, [{"path": "document.pdf", "meta": {}}]),
        (FILE_DATA, None),
        ({}, None),
        (None, None),
    ],
)
def test_example_of_fits_the_type(schema: Any, example: Any) -> None:
    """Each type has an example of its form, and choices have their first one."""
    assert example_of(schema) == example


def test_example_of_ends_on_any_schema() -> None:
    """A schema that refers to itself has an example of bounded size."""
    schema: dict[str, Any] = {"items": {"$ref": "#"}, "type": "array", "properties": {}}
    assert 0 < len(repr(example_of(schema))) < 100
    both = {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}}
    assert 0 < len(repr(example_of(both))) < 1_000


@given(schema=json_values)
def test_example_of_accepts_any_value(schema: Any) -> None:
    """Whatever a server sends as a schema, the function does not raise."""
    example_of(schema)


def test_component_example_knows_more_than_types_tell() -> None:
    """Components whose type says little have their own examples."""
    assert component_example("json", {}) == {"key": "value"}
    assert component_example("radio", {"choices": ["a", "b"]}) == "a"
    assert component_example("timeseries", {}) == component_example("dataframe", {})
    assert component_example("image", {}) is None


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        ([], 'app.predict("/f")'),
        ([required("a", 2, "float"), required("b", 3, "float")], 'app.predict("/f", [2, 3])'),
        ([required("a", "x"), optional("b", True)], 'app.predict("/f", ["x", True])'),
        ([required("a", "x"), optional("b", None)], 'app.predict("/f", {"a": "x"})'),
        ([required("a", "x"), optional("b", "y" * 41)], 'app.predict("/f", {"a": "x"})'),
        (
            [required("a", 1, "float"), required("b", 2, "float"), optional("c", 3, "float")],
            'app.predict("/f", {"a": 1, "b": 2, "c": 3})',
        ),
        ([optional("a", None)], 'app.predict("/f", {})'),
        ([{**optional("a", []), "example_input": ["x"]}], 'app.predict("/f", [["x"]])'),
        (
            [required("a", [], "list[filepath]")],
            'app.predict("/f", [[handle_file("document.pdf")]])',
        ),
        (
            [{**optional("a", {"text": "", "files": []}), "example_input": {"text": "x"}}],
            'app.predict("/f", [{"text": "x"}])',
        ),
        (
            [
                required("a", "x"),
                {**optional("b", [], "list[filepath]"), "example_input": ["c.png"]},
                {**optional("d", None, "filepath"), "example_input": "e.png"},
            ],
            'app.predict("/f", {"a": "x", "b": [handle_file("c.png")]})',
        ),
        (
            [
                required("a", "x"),
                {
                    **optional("b", [], "list[filepath]"),
                    "example_input": ["c.png"],
                    "component": "Chatbot",
                },
            ],
            'app.predict("/f", {"a": "x"})',
        ),
        (
            [required("a", "x"), optional("b", {"path": "/tmp/of-the-app.png", "meta": {}})],
            'app.predict("/f", {"a": "x"})',
        ),
    ],
)
def test_call_passes_few_values_by_position_and_more_by_name(
    parameters: list[dict[str, Any]], call: str
) -> None:
    """One or two values are passed by position, more by name, and empty defaults not at all."""
    assert call_text("/f", {"parameters": parameters}, 80) == call


def test_call_of_an_unnamed_endpoint_uses_its_number() -> None:
    """An endpoint without a name is called by its ``fn_index``."""
    assert call_text(5, {}, 80) == "app.predict(5)"


def test_call_of_a_generator_is_a_loop() -> None:
    """The call of a generator is a loop that prints each value."""
    endpoint: dict[str, Any] = {"type": {"generator": True}, "returns": [{}]}
    loop = 'for data in app.submit("/f"):\n    print(data[0])'
    assert call_text("/f", endpoint, 80) == loop
    endpoint["returns"] = [{}, {}]
    assert call_text("/f", endpoint, 80).endswith("print(*data)")


@pytest.mark.parametrize(
    ("example", "kind", "source"),
    [
        ("https://example.org/a/bus.png", "filepath", 'handle_file("bus.png")'),
        ("https://example.org/file=/x/", "filepath | None", 'handle_file("x")'),
        ("data:image/png;base64,AAAA", "filepath", 'handle_file("image.png")'),
        ("", "filepath", 'handle_file("file")'),
        ({"path": "/x/a.pdf"}, "filepath", 'handle_file("a.pdf")'),
        ({"path": "a.pdf", "meta": {}}, "Any", 'handle_file("a.pdf")'),
        ({"a": "http://x/y"}, "dict(a: filepath)", '{"a": handle_file("y")}'),
        ({"path": "a.pdf"}, "Any", '{"path": "a.pdf"}'),
        (["x/a", "x/b"], "list[filepath]", '[handle_file("a"), handle_file("b")]'),
        (None, "filepath", 'handle_file("photo.png")'),
        (None, "list[filepath]", '[handle_file("document.pdf")]'),
    ],
)
def test_call_shows_files_as_users_give_them(example: Any, kind: str, source: str) -> None:
    """A file is shown as ``handle_file`` with a short name, whatever the example's form."""
    value = required("a", example, kind, component="Image")
    assert call_text("/f", {"parameters": [value]}, 80) == f'app.predict("/f", [{source}])'


def test_call_wraps_like_a_formatter() -> None:
    """A call that is too long has one value per line, also inside values."""
    table = {"headers": ["a" * 12, "b" * 12], "data": [[1, 2]]}
    endpoint = {"parameters": [required("table", table, "dict")]}
    assert call_text("/f", endpoint, 40).splitlines() == [
        'app.predict("/f", [',
        "    {",
        '        "headers": [',
        '            "aaaaaaaaaaaa",',
        '            "bbbbbbbbbbbb",',
        "        ],",
        '        "data": [[1, 2]],',
        "    },",
        "])",
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("width", [40, 110])
def test_calls_of_real_apps_are_python(version: str, width: int) -> None:
    """Every call of every sample is valid Python."""
    config, info = load(version)
    described = describe(EndpointTable(config, dialect_of(config)), info)
    for section in described.values():
        for name, endpoint in section.items():
            ast.parse(call_text(name, endpoint, width))


@given(name=st.text(), key=st.text(min_size=1), value=json_values | st.floats())
def test_calls_hold_whatever_an_app_says_as_literals(name: str, key: str, value: Any) -> None:
    """Names and defaults of an app are literals in a call, without control characters."""
    endpoint = {"parameters": [required(key, value), optional(key, value), required("z", 1)]}
    call = call_text(name, endpoint, 60)
    expression = ast.parse(call, mode="eval").body
    assert isinstance(expression, ast.Call)
    assert expression.args and ast.literal_eval(expression.args[0]) == name
    assert call.replace("\n", "").isprintable()


def test_default_text_writes_values_as_python() -> None:
    """Defaults are shown as Python, with double quotes unless single ones need no escapes."""
    texts = ["plain", "it's", 'a "b"', "\x1b[31m", math.nan, None, True, ["a", 1.5]]
    shown = [default_text({"parameter_default": text}) for text in texts]
    assert shown == [
        *('"plain"', '"it\'s"', "'a \"b\"'", '"\\x1b[31m"'),
        *('float("nan")', "None", "True", '["a", 1.5]'),
    ]


def test_default_text_bounds_long_and_deep_values() -> None:
    """A long text is cut, and a deeply nested value ends in dots."""
    assert len(default_text({"parameter_default": "x" * 10_000})) < 100
    many = {"parameter_default": [*range(100)]}
    assert default_text(many).endswith("48, 49, ...]")
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    assert default_text({"parameter_default": deep}) == "[" * 21 + "..." + "]" * 21


def test_call_names_hidden_inputs_that_hold_nothing() -> None:
    """The row of a dataset is in the call because it is required, and a button's text is not."""
    row = {**optional("row", None, "int"), "example_input": 1, "hidden": True}
    button = {**optional("button", "cat"), "example_input": "Hello", "hidden": True}
    assert call_text("/f", {"hidden_parameters": [button]}, 80) == 'app.predict("/f")'
    both = {"hidden_parameters": [row, button]}
    assert call_text("/f", both, 80) == 'app.predict("/f", {"row": 1})'
    mixed = {"parameters": [required("a", "x")], **both}
    assert call_text("/f", mixed, 80) == 'app.predict("/f", {"a": "x", "row": 1})'
