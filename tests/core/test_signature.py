"""`_protocol.api.signature`: endpoints as Python signatures."""

from __future__ import annotations

import keyword
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.signature import (
    Parameter,
    Signature,
    is_name,
    python_names,
    signature_of,
    signatures_of,
)
from gradio_client_sync._protocol.dialect import dialect_of
from tests.support.samples import VERSIONS, load


def table(config: dict[str, Any]) -> EndpointTable:
    return EndpointTable(config, dialect_of(config))


def sample(version: str, endpoint: str | int) -> Signature:
    config, info = load(version)
    return signature_of(table(config).resolve(endpoint), info)


def shown(signature: Signature) -> list[str]:
    return [
        f"{'*' * p.keyword_only}{p.name}: {p.hint.text()}"
        + ("" if p.required else f" = {p.default!r}")
        for p in signature.parameters
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_signature_is_the_same_on_every_release(version: str) -> None:
    """Choices, defaults and results of one app are the same on releases from 3.23 to 6.31."""
    translate = sample(version, "/translate")
    assert (translate.name, translate.endpoint, translate.streams) == (
        "translate", "/translate", False,
    )  # fmt: skip
    assert shown(translate) == [
        "text: str",
        'language: Literal["English", "French", "Bahasa Indonesia"] = \'French\'',
        "formal: bool = False",
        "alternatives: float = 1",
    ]
    assert [(hint.text(), label) for hint, label in translate.returns] == [
        ("str", "Result"), ("dict[str, Any]", "Detected"),
    ]  # fmt: skip
    assert sample(version, "/chat").streams


def test_signature_has_what_an_app_says() -> None:
    """A signature has the app's description, labels and notes."""
    translate = sample("6.31.0", "/translate")
    assert translate.description.startswith("Translate a text.")
    assert translate.parameters[3].label == "Alternatives"
    assert translate.parameters[3].note == "numeric value between 1 and 5"


def test_signature_takes_required_values_after_defaults_by_keyword() -> None:
    """Parameters from a required one after defaults on are keywords, because Python demands it."""
    assert shown(sample("6.31.0", "/merge")) == [
        "files: list[filepath]",
        "table: dict[str, Any] = {'headers': ['name', 'weight'], 'data': [], 'metadata': None}",
        "*options: Any",
        "*tags: list[Literal[\"draft\", \"final\"]] = []",
    ]  # fmt: skip


def test_signature_names_functions() -> None:
    """A function has its endpoint's name in lower case, or its number."""
    assert [sample("3.50.2", key).name for key in ("/odd", 6)] == ["odd", "fn_6"]
    config = {
        "components": [],
        "dependencies": [
            {"api_name": name, "inputs": [], "outputs": []}
            for name in ("Max Tokens!", "class", "?", "a/b", None, "class")
        ],
    }
    signatures = signatures_of(table(config), None)
    assert [one.name for one in signatures] == ["max_tokens", "class_", "fn_2", "a_b", "fn_4"]
    assert [one.endpoint for one in signatures] == ["/Max Tokens!", "/class", "/?", "/a/b", 4]


def test_signature_lets_own_values_stand_among_choices() -> None:
    """A dropdown with custom values accepts any text."""
    config = {
        "components": [
            {
                "id": 1,
                "type": "dropdown",
                "skip_api": False,
                "api_info": {"type": "string", "enum": ["a", "b"]},
                "props": {"label": "Model", "allow_custom_value": True},
            }
        ],
        "dependencies": [{"api_name": "f", "inputs": [1], "outputs": []}],
    }
    [signature] = signatures_of(table(config), None)
    assert shown(signature) == ['model: Literal["a", "b"] | str']


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["Upper", "_x"], ["Upper", "_x"]),
        (["class", "max tokens", "2nd"], ["class_", "max_tokens", "_2nd"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["", "!", "🎈"], ["param_0", "param_1", "param_2"]),
        (["_API", "DEFAULT", "__debug__"], ["api", "default", "debug"]),
        (["api", "_API"], ["api", "api_2"]),
        (["ﬁ", "fi"], ["fi_2", "fi"]),
        (["x" * 41], ["x" * 40]),
    ],
)
def test_python_names(wanted: list[str], names: list[str]) -> None:
    """Valid identifiers stay, other names are changed, and no name occurs twice."""
    assert python_names(wanted, ("_API", "DEFAULT", "__debug__"), "param") == names


@given(wanted=st.lists(st.text(max_size=60) | st.sampled_from([*keyword.kwlist, "a", "a_2"])))
def test_python_names_are_names(wanted: list[str]) -> None:
    """Each name is a different valid Python name."""
    names = python_names(wanted, ("_API",), "param")
    assert len(set(names)) == len(names) == len(wanted)
    for name in names:
        assert name.isidentifier() and not keyword.iskeyword(name) and name != "_API"
        assert unicodedata.normalize("NFKC", name) == name
    assert all(name in names for name in wanted if is_name(name) and name != "_API")


def test_signature_puts_hidden_inputs_last_and_by_keyword() -> None:
    """Hidden inputs are optional keywords, and use no name of a described parameter."""
    components = [
        {"id": 0, "type": "button", "skip_api": True, "props": {"value": "cat"}},
        {"id": 1, "type": "textbox", "skip_api": False, "props": {"label": "a"}},
        {"id": 2, "type": "dataset", "skip_api": True, "props": {}},
    ]
    sent = [{"parameter_name": "Button!", "parameter_has_default": False}]
    info = {"named_endpoints": {"/f": {"parameters": sent}}}
    event = {"api_name": "f", "inputs": [0, 1, 2], "outputs": []}
    signature = signature_of(
        table({"components": components, "dependencies": [event]}).resolve("f"), info
    )
    assert [(p.name, p.sent_as, p.hidden, p.keyword_only) for p in signature.parameters] == [
        ("button", "Button!", False, False),
        ("button_2", "button", True, True),
        ("dataset", "dataset", True, True),
    ]
    assert [p.hint.text() for p in signature.parameters] == ["str", "str", "int | None"]
    assert [p.default for p in signature.parameters] == [None, "cat", None]


def test_signature_shows_short_defaults_of_the_type() -> None:
    """A default is part of the signature if it is short, immutable and of the declared type."""
    shows = {p.name: p.shows_default for p in sample("6.31.0", "/merge").parameters}
    assert shows == {"files": False, "table": False, "options": False, "tags": False}
    shows = {p.name: p.shows_default for p in sample("6.31.0", "/translate").parameters}
    assert shows == {"text": False, "language": True, "formal": True, "alternatives": True}


def test_annotation_is_what_a_parameter_accepts() -> None:
    """The annotation has all forms of a value; the type of the fingerprint has the server's."""
    image, style, _ = sample("6.31.0", "/caption").parameters
    assert (image.annotation.text(), image.hint.text()) == ("ImageInput", "filepath")
    assert style.annotation == style.hint
    bare = Parameter("a", "a", image.hint, True, None, False, "A", "")
    assert bare.annotation == image.hint


def test_choices_that_no_type_can_have_are_kept() -> None:
    """Choices that are too many or too long for a type are kept for the description."""
    config, info = load("6.31.0")
    assert info is not None
    for number, values in enumerate(([f"l {n}" for n in range(300)], ["x" * 200, "y"], ["a", "b"])):
        described = info["named_endpoints"]["/translate"]["parameters"][1]
        described["type"] = {"type": "string", "enum": values}
        language = signature_of(table(config).resolve("/translate"), info).parameters[1]
        assert language.choices == (tuple(values) if number < 2 else ())
