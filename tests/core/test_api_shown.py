"""`_protocol.api.shown`: defaults, signatures and choices as people read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.shortened import columns
from gradio_client_sync._protocol.api.shown import (
    WIDTH,
    choices_in,
    shown_default,
    shown_label,
    shown_signature,
)
from tests.core.test_schema import json_values

TABLE = {"headers": ["name", "weight"], "data": [["row", n] for n in range(500)]}
FILE_3X = {"name": "/tmp/gradio/ab/cat.png", "data": None, "is_file": True}


def value(default: Any, kind: str = "Any") -> dict[str, Any]:
    return {
        "parameter_name": "a",
        "parameter_has_default": True,
        "parameter_default": default,
        "python_type": {"type": kind},
    }


@pytest.mark.parametrize(
    ("default", "kind", "shown"),
    [
        ("short", "str", '"short"'),
        ([1, 2], "list", "[1, 2]"),
        (TABLE, "dict", '{"headers": ["name", "weight"], …}'),
        ("word " * 30, "str", '"word word word word word word word wo…"'),
        ('"' * 100, "str", "'" + '"' * 37 + "…'"),
        ("\n" * 100, "str", '"' + "\\n" * 18 + '…"'),
        ("文" * 100, "str", '"' + "文" * 18 + '…"'),
        (FILE_3X, "filepath", 'handle_file("cat.png")'),
        ({**FILE_3X, "orig_name": "dog.png"}, "filepath", 'handle_file("dog.png")'),
        ([[FILE_3X, None]], "list[tuple[filepath, str]]", '[[handle_file("cat.png"), None]]'),
        ({"name": None, "data": "data:image/png;base64,aa", "is_file": False}, "filepath",
         'handle_file("image.png")'),
        ({"name": None, "data": None, "is_file": False}, "filepath", 'handle_file("file")'),
        ("data:image/png;base64," + "a" * 1000, "filepath", 'handle_file("image.png")'),
        ({"path": "/tmp/x/cat.png", "meta": {}}, "filepath", 'handle_file("cat.png")'),
    ],
)  # fmt: skip
def test_default_is_whole_if_short(default: Any, kind: str, shown: str) -> None:
    """A short default is shown whole, a long one begins, and a file is `handle_file`."""
    assert shown_default(value(default, kind)) == shown
    assert columns(shown) <= WIDTH


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Total", "Total"),
        ("parameter_77", "Textbox"),
        ("value_3", "Textbox"),
        ("value_x", "value_x"),
    ],
)
def test_value_without_a_label_is_called_like_its_component(label: str, shown: str) -> None:
    """The number of a component says nothing, and changes when the app gets another one."""
    assert shown_label({"label": label, "component": "Textbox"}) == shown
    assert shown_label({"label": label}) == label


def test_signature_is_short() -> None:
    """A signature shows names and short defaults, texts as Python's own errors show them."""
    parameters = [
        {"parameter_name": "a", "parameter_has_default": False},
        {**value("x"), "parameter_name": "b"},
        {**value(TABLE), "parameter_name": "c"},
        {**value("w" * 9000), "parameter_name": "d"},
        {**value([1]), "parameter_name": "e"},
    ]
    assert shown_signature(parameters) == (
        '(a, b=\'x\', c={"headers": ["name", "weight"], …}, d="' + "w" * 37 + '…", e=[1])'
    )


@pytest.mark.parametrize(
    ("schema", "choices"),
    [
        ({"enum": ["a", 1]}, ("a", 1)),
        ({"type": "array", "items": {"enum": ["a"]}}, ("a",)),
        ({"type": "array", "items": 1}, ()),
        ({"type": "string"}, ()),
        (None, ()),
    ],
)
def test_choices_of_a_schema(schema: object, choices: tuple[Any, ...]) -> None:
    """Choices are found in a schema and in the items of a list."""
    assert choices_in(schema) == choices


@given(default=json_values, kind=st.sampled_from(["str", "filepath", "list[filepath]", "dict"]))
def test_no_default_is_long(default: Any, kind: str) -> None:
    """Whatever an app sends, its defaults are short."""
    assert columns(shown_default(value(default, kind), 40)) <= 40
    assert len(shown_signature([value(default, kind)])) <= 60
