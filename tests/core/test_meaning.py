"""What numbers and positions mean after an app has been replaced by another one."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.meaning import (
    Callee,
    RequestMeaning,
    rearranged,
    same_functions,
)
from tests.support.transcripts import dialect_for

TEXT, OUT, NUMBER, STATE = 1, 2, 3, 4
COMPONENTS = [
    {"id": TEXT, "type": "textbox", "props": {"label": "a"}},
    {"id": OUT, "type": "textbox", "props": {"label": "b"}},
    {"id": NUMBER, "type": "number", "props": {"label": "n"}},
    {"id": STATE, "type": "state"},
]


def table_of(*functions: tuple[str, list[int]], **config: Any) -> EndpointTable:
    dependencies = [
        {"id": number, "api_name": name, "inputs": inputs, "outputs": [OUT]}
        for number, (name, inputs) in enumerate(functions)
    ]
    whole = {"components": COMPONENTS, "dependencies": dependencies, **config}
    return EndpointTable(whole, dialect_for("6.31.0"))


def info_of(name: str, *parameters: str) -> dict[str, Any]:
    """Return a response of ``/info`` for a function of text boxes."""
    described = [{"parameter_name": name, "type": {"type": "string"}} for name in parameters]
    return {"named_endpoints": {f"/{name}": {"parameters": described, "returns": []}}}


BEFORE = table_of(("greet", [TEXT]), ("pair", [TEXT, OUT]), ("count", [NUMBER, STATE]))
AFTER = table_of(("wipe", [TEXT]), ("greet", [TEXT]), ("pair", [TEXT, OUT]), ("count", [TEXT]))


@pytest.mark.parametrize(
    ("name", "now", "expected"),
    [
        ("greet", AFTER, True),  # another function has its number
        ("greet", BEFORE, False),
        ("greet", table_of(("greet", [NUMBER])), True),  # its input has another type
        # no function has its number, so the call is refused
        ("count", table_of(("greet", [TEXT])), False),
    ],
)
def test_meaning_of_a_number(name: str, now: EndpointTable, expected: bool) -> None:
    """A number has another meaning if its function has another name or other inputs."""
    meaning = RequestMeaning(Callee(BEFORE.resolve(name)), by_number=True)
    assert meaning.means_another(now, None) is expected


def test_meaning_of_a_name_alone() -> None:
    """If only the name was sent, a changed number does not matter."""
    meaning = RequestMeaning(Callee(BEFORE.resolve("greet")), by_number=False)
    assert not meaning.means_another(AFTER, None)
    assert not meaning.means_another(table_of(("wipe", [TEXT])), None)
    assert meaning.means_another(table_of(("greet", [NUMBER])), None)


def test_meaning_of_a_number_of_the_user() -> None:
    """A number that the user passed may change its meaning, but its named values may not."""
    pair = BEFORE.resolve("pair")
    assert not RequestMeaning(Callee(BEFORE.resolve(0), by_number=True), True).means_another(
        AFTER, None
    )
    named = Callee(pair, 0, True, True, info_of("pair", "a", "b"))
    assert RequestMeaning(named, True).means_another(BEFORE, info_of("pair", "b", "a"))
    assert not RequestMeaning(named, True).means_another(BEFORE, info_of("pair", "a", "b"))


def test_meaning_of_positions() -> None:
    """Values by name were sent by position, which may now belong to other parameters."""
    meaning = RequestMeaning(
        Callee(BEFORE.resolve("pair"), 0, False, True, info_of("pair", "a", "b")), True
    )
    assert meaning.means_another(BEFORE, info_of("pair", "b", "a"))
    assert not meaning.means_another(BEFORE, info_of("pair", "a", "b"))
    by_position = RequestMeaning(Callee(BEFORE.resolve("pair")), True)
    assert not by_position.means_another(BEFORE, info_of("pair", "b", "a"))


def test_meaning_of_apps_that_are_the_same() -> None:
    """Apps are the same if all numbers and labels are; initial values may differ."""
    assert same_functions(BEFORE, BEFORE)
    assert not same_functions(BEFORE, AFTER)
    labelled = [{**COMPONENTS[0], "props": {"label": "other"}}, *COMPONENTS[1:]]
    valued = [{**COMPONENTS[0], "props": {"label": "a", "value": "x"}}, *COMPONENTS[1:]]
    one = table_of(("greet", [TEXT]))
    assert not same_functions(one, table_of(("greet", [TEXT]), components=labelled))
    assert same_functions(one, table_of(("greet", [TEXT]), components=valued))


def test_values_by_position_stay_where_they_are() -> None:
    """Values by position stay, if the inputs there have the same types."""
    callee, now = Callee(BEFORE.resolve("pair")), Callee(AFTER.resolve("pair"))
    assert rearranged(callee, now, ["x", "y"]) == ["x", "y"]
    assert rearranged(Callee(BEFORE.resolve("count")), Callee(AFTER.resolve("count")), [1]) is None


def test_values_by_name_move_with_their_parameters() -> None:
    """Values by name move with their parameters, and if one is missing there is no result."""
    before = table_of(("pair", [STATE, TEXT, OUT])).resolve("pair")
    after = table_of(("pair", [TEXT, STATE, OUT])).resolve("pair")
    callee = Callee(before, 0, False, True, None)
    assert rearranged(callee, callee._replace(endpoint=after), [None, 1, 2]) == [1, None, 2]
    moved = table_of(("pair", [OUT, TEXT])).resolve("pair")
    assert rearranged(callee, callee._replace(endpoint=moved), [None, 1, 2]) == [2, 1]
    fewer = table_of(("pair", [OUT])).resolve("pair")
    assert rearranged(callee, callee._replace(endpoint=fewer), [None, 1, 2]) is None
