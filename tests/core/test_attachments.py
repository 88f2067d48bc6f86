"""`_protocol.values.attachments`: find files in a payload, and replace them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given

from gradio_client_sync._protocol.values.attachments import (
    DEEPEST,
    SPREAD,
    Attachment,
    collect,
    fill,
)
from gradio_client_sync._protocol.values.slot import Slot
from gradio_client_sync.errors import PayloadError
from tests.core.test_payload import endpoint_of
from tests.core.test_schema import json_values


class Thing:
    """A stand-in for a file that a user passes."""


def attach(value: Any, slot: Slot) -> Attachment | None:
    if isinstance(value, Attachment):
        return value
    return Attachment() if isinstance(value, Thing) else None


def test_collect_finds_files_at_any_depth() -> None:
    """Files are found in lists, tuples and mappings, each with its input."""
    endpoint = endpoint_of("json", "state", "file")
    values, found = collect(
        endpoint.name,
        endpoint.inputs,
        [{"a": [1, (Thing(),)], "b": MappingProxyType({"c": Thing()})}, None, Thing()],
        attach,
    )
    first, second, third = (attached.file for attached in found)
    assert values == [{"a": [1, [first]], "b": {"c": second}}, None, third]
    assert [attached.slot.type for attached in found] == ["json", "json", "file"]


def test_collect_makes_one_attachment_of_one_object() -> None:
    """The same object in two positions is one file, and an existing attachment is kept."""
    endpoint, file, known = endpoint_of("json", "json"), Thing(), Attachment()
    values, found = collect(endpoint.name, endpoint.inputs, [[file, known], [known, file]], attach)
    assert values[0] == values[1][::-1] and values[0][1] is known
    assert len(found) == 2


def test_collect_calls_attach_for_each_value_with_its_input() -> None:
    """`attach` is called for each value with its input, and for containers before their parts."""
    calls: list[tuple[Any, str]] = []

    def record(value: Any, slot: Slot) -> None:
        calls.append((value, slot.type))

    collect("/f", endpoint_of("audio").inputs, [(8000, "x")], record)
    assert calls == [((8000, "x"), "audio"), (8000, "audio"), ("x", "audio")]


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_collect_refuses_what_contains_itself(wrap: Any) -> None:
    """A payload that contains itself is an error that says so."""
    value: Any = "x"
    for _ in range(DEEPEST + 2):
        value = wrap(value)
    with pytest.raises(PayloadError, match="'/f' is nested more than 200 levels"):
        collect("/f", endpoint_of("json").inputs, [value], attach)


def test_collect_names_the_input_of_a_value_that_is_refused() -> None:
    """An error about a file says for which input of which endpoint the file was."""

    def refuse(value: Any, slot: Slot) -> Attachment | None:
        if slot.type == "image":
            raise PayloadError("It cannot be sent.")
        return None

    with pytest.raises(PayloadError, match=r"sent\. It was given for 'In 1' of '/f'") as caught:
        collect("/f", endpoint_of("json", "image").inputs, [1, 2], refuse)
    assert (caught.value.endpoint, caught.value.parameter) == ("/f", "In 1")


@given(value=json_values)
def test_collect_keeps_json_values(value: Any) -> None:
    """Plain JSON values stay unchanged."""
    assert collect("/f", endpoint_of("json").inputs, [value], attach) == ([value], [])


def test_fill_replaces_each_attachment() -> None:
    """Each attachment is replaced by its form, in all its positions."""
    one, two = Attachment(), Attachment()
    forms = {id(one): {"path": "/one"}, id(two): "data:,two"}
    value = [{"a": one, "b": [two, 5]}, one]
    assert fill(value, forms) == [{"a": {"path": "/one"}, "b": ["data:,two", 5]}, {"path": "/one"}]
    assert value == [{"a": one, "b": [two, 5]}, one]


def test_fill_spreads_a_form_among_other_keys() -> None:
    """If a component needs more keys for a file, they are in the file's own object."""
    one, spread = Attachment(), {"name": "/one", "alt_text": None}
    value = {SPREAD: one, "alt_text": "a cat"}
    assert fill(value, {id(one): spread}) == {"name": "/one", "alt_text": "a cat"}
    assert fill(value, {id(one): None}) == {"alt_text": "a cat"}  # not known yet
