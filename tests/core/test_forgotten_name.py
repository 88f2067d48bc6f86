"""`_protocol.api.forgotten_name`: a call whose first argument may be a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.forgotten_name import (
    by_number,
    if_value,
    not_found,
    number_alone,
)
from tests.support.transcripts import dialect_for

NUMBER = {"type": "number", "skip_api": False, "api_info": {"type": "number"}}
TEXT = {"type": "textbox", "skip_api": False, "api_info": {"type": "string"}}
COMPONENTS = [
    {"id": 1, **NUMBER},
    {"id": 2, **NUMBER},
    {"id": 3, **TEXT},
    {"id": 4, "type": "image", "skip_api": False, "api_info": {"type": "object"}},
    {"id": 5, "type": "dataframe", "skip_api": False, "api_info": {"type": "object"}},
]
FUNCTIONS: dict[str | None, list[int]] = {
    "flip": [4],
    None: [3],
    "add_text": [1, 2, 3],
    "add": [1, 2],
    "total": [5],
    "shout": [3],
}


def table_of(functions: dict[str | None, list[int]]) -> EndpointTable:
    dependencies = [{"api_name": name, "inputs": inputs} for name, inputs in functions.items()]
    config = {"components": COMPONENTS, "dependencies": dependencies}
    return EndpointTable(config, dialect_for("6.31.0"))


APP = table_of(FUNCTIONS)


class Table:
    """A table of pandas, by its module."""


Table.__module__ = "pandas.core.frame"


@pytest.mark.parametrize(
    ("key", "payload", "told"),
    [
        ([2, 3], None, 'predict("/add", [2, 3])'),
        ((2, "x"), None, 'predict("/name", [2, "x"])'),
        ({"a": 2}, None, 'predict("/name", {"a": 2})'),
        (["/add", [2, 3]], None, 'predict("/add", [2, 3])'),
        ([], None, 'predict("/name", [])'),
    ],
)
def test_values_in_place_of_the_endpoint_get_its_name(key: Any, payload: Any, told: str) -> None:
    """Values without an endpoint are shown behind one that takes them, or behind `/name`."""
    text = not_found(APP, key, payload, "predict")
    assert text == f"The endpoint comes before the values: {told}."


def test_the_only_endpoint_is_the_one_that_is_meant() -> None:
    """If an app has one endpoint, the values belong to it."""
    app = table_of({"chat": [3]})
    assert 'submit("/chat", {"text": "hi"})' in not_found(app, {"text": "hi"}, None, "submit")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["hi"], 'If "hi" is a value, write predict("/shout", ["hi"]).'),
        ([99, 3], 'If 99 is a value, write predict("/add", [99, 3]) or predict("/add_text"'),
        ([2.5, True], ""),
        ([np.int64(9), 3], 'If it is a value, write predict("/add", [value, 3])'),
        ([Path("cat.png")], 'predict("/flip", [pathlib.Path("cat.png")]).'),
        (
            [np.zeros((2, 2))],
            'write predict("/flip", [array]) or predict("/total", [array])',
        ),
        ([Table()], 'If it is a value, write predict("/total", [value]).'),
        ([[[1, 2]]], 'predict("/total", [[[1, 2]]])'),
        (["/shuot"], ""),
        (["cat.png"], 'write predict("/flip", [pathlib.Path("cat.png")]) or predict("/shout", ["c'),
    ],
)
def test_a_value_in_place_of_the_endpoint_is_shown_behind_one(values: list[Any], told: str) -> None:
    """An unknown endpoint that an endpoint takes as a value is shown as its value."""
    text = if_value(APP, values[0], values[1:], "predict")
    assert told in text and bool(text) == bool(told)


def test_a_value_is_not_guessed_if_the_values_are_in_a_list() -> None:
    """With a list of values, the first argument is meant as the endpoint."""
    assert not_found(APP, 99, [3], "predict") == ""
    assert not_found(APP, 99, 3, "predict") == if_value(APP, 99, [3], "predict") != ""
    assert not_found(APP, "hi", None, "predict") == if_value(APP, "hi", [], "predict") != ""


def test_a_number_before_a_bare_value_may_be_a_value() -> None:
    """The error shows the call with an endpoint's name, and the call of the number's endpoint."""
    assert by_number(APP, 0, [3], "predict", "[3]") == (
        "The endpoint comes first, and the values are one list or dict. Write "
        'predict("/add", [0, 3]) or predict("/add_text", [0, 3]). Here 0 is the number of '
        "'/flip'. To call that, write predict(\"/flip\", [3])."
    )
    text = by_number(APP, 1, [3], "submit", "[3]")
    assert "Here 1 is the number of an endpoint without a name." in text
    assert text.endswith("write submit(1, [3]).")
    assert by_number(APP, 0, ["x"], "predict", '["x"]') == ""


def test_a_number_alone_may_be_a_value() -> None:
    """A number without values is shown as a value, if a function takes one number first."""
    assert number_alone(APP, 0, "predict") == (
        "Here 0 is the number of the endpoint. If it is a value, write "
        'predict("/add_text", [0]) or predict("/add", [0]).'
    )
    assert number_alone(table_of({"shout": [3]}), 0, "predict") == ""
