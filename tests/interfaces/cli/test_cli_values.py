"""`_cli.values` and `_cli.output`: from words to values, and from values to text."""

from __future__ import annotations

from typing import Any

import click
import pytest

from gradio_client_sync._cli.values import payload_of, takes_text
from gradio_client_sync._protocol.api.annotation import hint_of
from gradio_client_sync._protocol.api.signature import Parameter, Signature
from gradio_client_sync.errors import PayloadError

SCHEMAS: dict[str, Any] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "flag": {"type": "boolean"},
    "style": {"enum": ["1", "2"]},
    "count": {"enum": [1, 2]},
    "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "mixed": {"type": ["string", "number"]},
    "options": {},
    "class": {"type": "string"},
}


def signature() -> Signature:
    parameters = [
        Parameter("class_" if name == "class" else name, name, hint_of(schema), True, None, False,
                  name, "")
        for name, schema in SCHEMAS.items()
    ]  # fmt: skip
    return Signature("/f", "f", tuple(parameters), (), "", False)


@pytest.mark.parametrize(
    ("word", "payload"),
    [
        ("hello", {"text": "hello"}),
        ("42", {"text": "42"}),
        ('"quoted"', {"text": "quoted"}),
        ("null", {"text": "null"}),
        ("text=a=b", {"text": "a=b"}),
        ("text=", {"text": ""}),
        ("https://x/?a=1", {"text": "https://x/?a=1"}),
        ("a b=c", {"text": "a b=c"}),
        ("number=42", {"number": 42}),
        ("number=1e3", {"number": 1000.0}),
        ("number=-1.5", {"number": -1.5}),
        ("flag=true", {"flag": True}),
        ("style=1", {"style": "1"}),
        ("count=1", {"count": 1}),
        ("maybe=null", {"maybe": None}),
        ("maybe=1", {"maybe": "1"}),
        ("mixed=1", {"mixed": 1}),
        ("options=[1, {}]", {"options": [1, {}]}),
        ("options=[1", {"options": "[1"}),
        ("options=@@x", {"options": "@x"}),
        ("class=x", {"class": "x"}),
        ("class_=x", {"class": "x"}),
    ],
)
def test_value_is_text_for_text_parameters_and_json_otherwise(
    word: str, payload: dict[str, Any]
) -> None:
    """A text parameter gets the word itself, and any other gets it as JSON."""
    assert payload_of([word], signature()) == payload


def test_values_go_by_position_and_by_name() -> None:
    """Values by name do not count as positions."""
    assert payload_of(["flag=false", "a", "1"], signature()) == {
        "flag": False, "text": "a", "number": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["txt=a"], "no parameter 'txt'"),
        (["a", "text=b"], "two values for 'text'"),
        (["1", *("2" * 10)], "is too much"),
        (["number=one"], "a number for 'number', not the text 'one'"),
        (["number=NaN"], "a number for 'number'"),
        (["flag=yes"], "true or false for 'flag'"),
    ],
)
def test_values_that_do_not_fit(words: list[str], message: str) -> None:
    """A wrong value raises before anything is sent."""
    with pytest.raises(PayloadError, match=message):
        payload_of(words, signature())
    with pytest.raises(click.UsageError, match="Only one value"):
        payload_of(["-", "number=-"], signature())


def test_hidden_values_go_by_name_only() -> None:
    """A hidden parameter can be given by name only."""
    button = Parameter(
        "button", "button", hint_of({"type": "string"}), False, "cat", True, "Button", "", True
    )
    known = signature().parameters[:2]
    short = Signature("/f", "f", (*known, button), (), "", False)
    assert payload_of(["a", "button=dog", "1"], short) == {
        "text": "a",
        "button": "dog",
        "number": 1,
    }
    with pytest.raises(PayloadError, match="number, and by name button; 'x' is too much"):
        payload_of(["a", "1", "x"], short)


@pytest.mark.parametrize("name", SCHEMAS)
def test_takes_text(name: str) -> None:
    """A text parameter is one that accepts nothing else."""
    wanted = name in ("text", "style", "maybe", "class")
    assert takes_text(hint_of(SCHEMAS[name])) is wanted
