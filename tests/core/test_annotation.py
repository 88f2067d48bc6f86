"""`_protocol.api.annotation`: JSON schemas as annotations."""

from __future__ import annotations

import ast
import typing
from typing import Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.annotation import (
    MAX_CHOICES,
    Hint,
    hint_of,
    is_plain,
    literal,
    or_none,
)
from tests.core.test_schema import FILE_DATA, json_values

RECURSIVE = {
    "$ref": "#/$defs/Tree",
    "$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
}


@pytest.mark.parametrize(
    ("schema", "text", "annotation"),
    [
        ({"type": "string"}, "str", str),
        ({"type": "number"}, "float", float),
        ({"type": "integer"}, "int", int),
        ({"type": "boolean"}, "bool", bool),
        ({"type": "null"}, "None", None),
        ({"type": "array"}, "list[Any]", list[Any]),
        ({"type": "array", "items": {"type": "string"}}, "list[str]", list[str]),
        ({"prefixItems": [{"type": "string"}, {"type": "null"}]}, "list[str | None]",
         list[Optional[str]]),
        ({"type": "array", "items": [{"type": "string"}]}, "list[str]", list[str]),
        ({"type": "object"}, "dict[str, Any]", dict[str, Any]),
        ({"properties": {"a": {"type": "string"}}}, "dict[str, Any]", dict[str, Any]),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "dict[str, float]",
         dict[str, float]),
        (FILE_DATA, "filepath", bytes),
        ({"type": "array", "items": FILE_DATA}, "list[filepath]", list[bytes]),
        ({"enum": ["a", 1, True, None]}, 'Literal["a", 1, True, None]',
         Literal["a", 1, True, None]),
        ({"enum": ["it's \"odd\""]}, "Literal['it\\'s \"odd\"']", Literal["it's \"odd\""]),
        ({"enum": [1.5, 2.5]}, "float", float),
        ({"enum": ["a", 1.5]}, "str | float", Union[str, float]),
        ({"enum": [[1]]}, "Any", Any),
        ({"enum": [None]}, "None", None),
        ({"enum": ["x" * 200]}, "str", str),
        ({"enum": [str(n) for n in range(MAX_CHOICES + 1)]}, "str", str),
        ({"const": "a"}, 'Literal["a"]', Literal["a"]),
        ({"type": ["null", "string"]}, "str | None", Optional[str]),
        ({"anyOf": [{"type": "null"}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}]},
         "str | int | None", Union[str, int, None]),
        ({"oneOf": [{"type": "string"}, {}]}, "Any", Any),
        ({"anyOf": [{"const": n} for n in range(6)]}, "Any", Any),
        ({"$ref": "#/nowhere"}, "Any", Any),
        ({"type": 5}, "Any", Any),
        (None, "Any", Any),
        (RECURSIVE, "list[list[list[Any]]]", list[list[list[Any]]]),
        ({"$ref": "#"}, "Any", Any),
    ],
)  # fmt: skip
def test_hint_of(schema: Any, text: str, annotation: Any) -> None:
    """A schema becomes a type, as source and as an object."""
    assert hint_of(schema).text() == text
    assert hint_of(schema).annotation(bytes) == annotation


@given(schema=json_values)
def test_hint_of_anything_is_a_type(schema: Any) -> None:
    """For any schema, the text is one short expression."""
    hint = hint_of(schema)
    ast.parse(hint.text(), mode="eval")
    hint.annotation(bytes)
    hint.widened().text()


STYLES = hint_of({"type": "array", "items": {"enum": ["a", "b"]}})


def test_hint_opens_and_widens_choices() -> None:
    """With custom values any text is accepted; for results only the general type is given."""
    assert STYLES.opened().text() == 'list[Literal["a", "b"] | str]'
    assert STYLES.widened().text() == "list[str]"
    assert hint_of({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}).widened().text() == "str"


def test_hint_takes_another_word_for_a_kind() -> None:
    """The caller chooses the type of files, and a union with ``Any`` is ``Any``."""
    file = hint_of({"anyOf": [FILE_DATA, {"type": "null"}]})
    assert file.named("file", "RemoteFile").text() == "RemoteFile | None"
    assert file.named("file", "Any").text() == "Any"
    assert Hint("list", (file,)).kinds() == {"list", "union", "file", "None"}


@pytest.mark.parametrize(
    ("text", "value", "fits"),
    [
        ("string", "a", True), ("string", 1, False), ("number", 1, True), ("number", 0.5, True),
        ("integer", 0.5, False), ("boolean", 1, False), ("null", None, True), ("null", 0, False),
        ("array", [], False), ("object", {}, False), ("unknown", object(), True),
    ],
)  # fmt: skip
def test_hint_takes_values_of_its_type(text: str, value: Any, fits: bool) -> None:
    """A value is accepted if a type checker would accept it."""
    assert hint_of({"type": text}).takes(value) is fits


def test_hint_takes_its_choices_and_parts() -> None:
    """A choice must have the exact type, and a union accepts what one part accepts."""
    choices = hint_of({"enum": ["a", 1]})
    assert choices.takes("a") and choices.takes(1)
    assert not choices.takes("b") and not choices.takes(True)
    assert or_none(choices).takes(None) and or_none(or_none(choices)) == or_none(choices)


@given(value=st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False))
def test_literal_is_the_value(value: Any) -> None:
    """A literal reads as the same value, on one line and without invisible characters."""
    if is_plain(value, 1000):
        written = literal(value)
        assert ast.literal_eval(written) == value
        assert written.isprintable()


@pytest.mark.parametrize(
    ("value", "plain"),
    [("a", True), ("a" * 99, False), ("文" * 20, False), (float("nan"), False), ([], False)],
)
def test_is_plain(value: Any, plain: bool) -> None:
    """Short and immutable values that are equal after reading are plain."""
    assert is_plain(value, 40) is plain


def test_annotations_are_what_typing_makes() -> None:
    """The objects are those of `typing`, so that its functions can read them."""
    assert typing.get_args(STYLES.annotation(bytes))[0] == Literal["a", "b"]


# -- objects with known keys


def keys_of(schema: Any) -> tuple[tuple[str, bool], ...]:
    return hint_of(schema).keys


def test_object_has_its_keys() -> None:
    """An object keeps its keys, their types and its name, but its text is that of a dict."""
    schema = {
        "$ref": "#/$defs/Score",
        "$defs": {
            "Score": {
                "type": "object",
                "properties": {
                    "label": {"type": "string"},
                    "share": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
                    "kind": {"const": "score"},
                    "one": {"allOf": [{"$ref": "#/$defs/Score"}], "description": "its parent"},
                    "both": {"allOf": [{"type": "string"}, {"type": "number"}]},
                    "odd": 1,
                    "$defs": {},
                },
                "required": ["label", "kind"],
            }
        },
    }
    hint = hint_of(schema)
    assert (hint.kind, hint.title, hint.text()) == ("object", "Score", "dict[str, Any]")
    assert hint.annotation(bytes) == dict[str, Any]
    assert hint.keys == (
        ("label", True), ("share", True), ("kind", True), ("one", False), ("both", False),
        ("odd", False),
    )  # fmt: skip
    texts = [part.text() for part in hint.widened().parts]
    assert texts == ["str", "float | None", 'Literal["score"]', "dict[str, Any]", "Any", "Any"]
    assert hint.parts[3].kind == "object"
    assert hint_of({**schema, "$ref": 1}).text() == "Any"


def test_keys_without_a_list_of_required_ones() -> None:
    """In a schema of pydantic a key may be missing then; the schemas of this client have all."""
    own = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert keys_of(own) == (("a", True),)
    assert keys_of({**own, "title": "Named"}) == (("a", False),)
    assert keys_of({**own, "title": 1}) == (("a", False),)


@pytest.mark.parametrize(
    "properties",
    [{"a b": {}}, {"class": {}}, {"__x": {}}, {"ﬁ": {}}, {"a" * 61: {}}, {1: {}}, ["a"],
     {f"a{n}": {} for n in range(41)}],
)  # fmt: skip
def test_object_with_odd_keys_is_a_dict(properties: Any) -> None:
    """Keys that cannot stand in the body of a class make the object a plain dict."""
    assert hint_of({"type": "object", "properties": properties}).kind == "dict"


def test_large_objects_are_dicts() -> None:
    """Endless objects inside objects end, and a union of many objects is one dict."""
    tree: Any = {"$ref": "#/$defs/T", "$defs": {"T": {"type": "object", "properties": {}}}}
    tree["$defs"]["T"]["properties"] = {f"a{n}": {"$ref": "#/$defs/T"} for n in range(30)}
    assert hint_of(tree).kind == "object"

    def one(n: int) -> Any:
        return {"type": "object", "properties": {f"a{n}": {"type": "string"}}}

    several = [{"anyOf": [one(n) for n in range(start, start + 4)]} for start in (0, 4)]
    assert hint_of({"anyOf": several}) == Hint("dict", (Hint("Any"),))
    assert hint_of({"anyOf": [one(1), one(2)]}).text() == "dict[str, Any]"
    assert not hint_of(one(1)).takes({})
