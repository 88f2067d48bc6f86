"""`_protocol.api.fingerprint`: what changed in an endpoint."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.fingerprint import (
    Fingerprint,
    all_changes,
    changes_of,
    fingerprint_of,
)
from gradio_client_sync._protocol.api.signature import signature_of
from tests.core.test_signature import sample, table
from tests.support.samples import VERSIONS

A, B, C = ("a", "str", True), ("b", "float", False), ("c", "int", False)
CHOICES = ("a", 'Literal["x", "y"]', True)
BASE: Fingerprint = ((A, B), ("str",))


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (BASE, BASE, []),
        (BASE, ((B, A), ("str",)), []),
        (BASE, ((A, B, C), ("str",)), ["parameter 'c' was added (int, with a default)"]),
        (BASE, ((A, B, ("c", "int", True)), ("str",)),
         ["parameter 'c' was added (int, required)"]),
        (BASE, ((A,), ("str",)), ["parameter 'b' no longer exists"]),
        (BASE, ((A, ("beta", "float", False)), ("str",)), ["parameter 'b' is now called 'beta'"]),
        (BASE, ((A, ("beta", "float", True)), ("str",)),
         ["parameter 'b' is now called 'beta'", "parameter 'b' no longer has a default"]),
        (BASE, ((A, C), ("str",)),
         ["parameter 'b' no longer exists", "parameter 'c' was added (int, with a default)"]),
        (BASE, ((A, ("b", "str", False)), ("str",)), ["parameter 'b' now takes str, not float"]),
        (BASE, ((A, ("b", "float", True)), ("str",)), ["parameter 'b' no longer has a default"]),
        (BASE, ((("a", "str", False), B), ("str",)), []),
        (BASE, ((A, B), ("str", "float")), ["it now returns (str, float), not str"]),
        (((A,), ()), ((A,), ("str",)), ["it now returns str, not ()"]),
        (((CHOICES,), ()), ((("a", 'Literal["y", "z", "x"]', True),), ()), []),
        (((CHOICES,), ()), ((("a", 'Literal["x"]', True),), ()),
         ["parameter 'a' now takes Literal[\"x\"], not Literal[\"x\", \"y\"]"]),
        (((CHOICES,), ()), ((("a", 'list[Literal["x", "y"]]', True),), ()),
         ["parameter 'a' now takes list[Literal[\"x\", \"y\"]], not Literal[\"x\", \"y\"]"]),
        (((("a", "no type", True),), ()), ((A,), ()), ["parameter 'a' now takes str, not no type"]),
    ],
)  # fmt: skip
def test_changes(old: Fingerprint, new: Fingerprint, changes: list[str]) -> None:
    """Each difference that affects callers is listed once, and others are not."""
    assert changes_of("/f", old, {"/f": new}) == [f"'/f': {change}" for change in changes]


def test_changes_of_an_endpoint_that_is_gone() -> None:
    """A missing endpoint is listed, with the name of an equal one if there is one."""
    assert changes_of("/f", BASE, {}) == ["'/f' no longer exists"]
    assert changes_of("/f", BASE, {"/g": ((), ())}) == ["'/f' no longer exists"]
    assert changes_of("/f", BASE, {"/x": BASE, "/f2": BASE}) == [
        "'/f' no longer exists; '/f2' takes and returns the same"
    ]
    assert changes_of(3, BASE, {4: BASE}) == [
        "fn_index 3 no longer exists; fn_index 4 takes and returns the same"
    ]


def test_changes_of_a_whole_app() -> None:
    """All endpoints are compared, and new ones are listed."""
    old = {"/f": BASE, "/g": BASE, "/h": BASE}
    new = {"/f": BASE, "/g": ((A,), ("str",)), "/i": ((), ()), "/h": BASE}
    assert all_changes(old, new) == ["'/g': parameter 'b' no longer exists", "'/i' is new"]


def test_fingerprint_is_of_plain_literals() -> None:
    """A fingerprint can be written as Python source and read back."""
    fingerprint = fingerprint_of(sample("6.31.0", "/translate"))
    assert ast.literal_eval(repr(fingerprint)) == fingerprint
    assert fingerprint[1] == ("str", "dict[str, Any]")


@pytest.mark.parametrize("version", VERSIONS)
def test_fingerprint_of_plain_endpoints_survives_releases(version: str) -> None:
    """Another release of Gradio does not change the fingerprints of plain endpoints."""
    newest = {"/translate": fingerprint_of(sample("6.31.0", "/translate"))}
    assert changes_of("/translate", fingerprint_of(sample(version, "/translate")), newest) == []


parameters = st.lists(st.tuples(st.text(), st.text(), st.booleans())).map(tuple)
fingerprints = st.tuples(parameters, st.lists(st.text()).map(tuple))


@given(old=fingerprints, new=fingerprints)
def test_changes_of_anything(old: Fingerprint, new: Fingerprint) -> None:
    """Any fingerprints can be compared, and equal ones have no changes."""
    changes_of("/f", old, {"/f": new})
    names = [name for name, _, _ in old[0]]
    if len(set(names)) == len(names):
        assert changes_of("/f", old, {"/f": old}) == []


def test_fingerprint_leaves_out_hidden_parameters_that_a_caller_does_not_know() -> None:
    """An older module without hidden parameters stays valid, and one with them checks them."""
    components = [
        {"id": 0, "type": "textbox", "skip_api": False, "props": {"label": "a"}},
        {"id": 1, "type": "button", "skip_api": True, "props": {"value": "cat"}},
    ]
    event = {"api_name": "f", "inputs": [0, 1], "outputs": []}
    config = {"components": components, "dependencies": [event]}
    signature = signature_of(table(config).resolve("f"), None)
    whole = fingerprint_of(signature)
    assert whole == ((("a", "str", True), ("button", "str", False)), ())
    before: Fingerprint = ((("a", "str", True),), ())
    assert fingerprint_of(signature, before) == before
    assert fingerprint_of(signature, whole) == whole
