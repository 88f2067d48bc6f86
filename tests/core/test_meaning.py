"""What a number and a position mean to an app that has become another one."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.meaning import Aim, Sent, laid_out_again, same_functions
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
    told = {"components": COMPONENTS, "dependencies": dependencies, **config}
    return EndpointTable(told, dialect_for("6.31.0"))


def info_of(name: str, *parameters: str) -> dict[str, Any]:
    """An answer of ``/info`` for a function of text boxes."""
    described = [{"parameter_name": name, "type": {"type": "string"}} for name in parameters]
    return {"named_endpoints": {f"/{name}": {"parameters": described, "returns": []}}}


BEFORE = table_of(("greet", [TEXT]), ("pair", [TEXT, OUT]), ("count", [NUMBER, STATE]))
AFTER = table_of(("wipe", [TEXT]), ("greet", [TEXT]), ("pair", [TEXT, OUT]), ("count", [TEXT]))


@pytest.mark.parametrize(
    ("name", "now", "expected"),
    [
        ("greet", AFTER, True),  # its number is another function's
        ("greet", BEFORE, False),
        ("greet", table_of(("greet", [NUMBER])), True),  # its input is of another kind
        ("count", table_of(("greet", [TEXT])), False),  # its number is nobody's: that is refused
    ],
)
def test_meaning_of_a_number(name: str, now: EndpointTable, expected: bool) -> None:
    """A number means something else if its function has another name or takes other inputs."""
    sent = Sent(Aim(BEFORE.resolve(name)), by_number=True)
    assert sent.means_another(now, None) is expected


def test_meaning_of_a_name_alone() -> None:
    """Where the name went out alone, its number may have changed."""
    sent = Sent(Aim(BEFORE.resolve("greet")), by_number=False)
    assert not sent.means_another(AFTER, None)
    assert not sent.means_another(table_of(("wipe", [TEXT])), None)
    assert sent.means_another(table_of(("greet", [NUMBER])), None)


def test_meaning_of_a_number_of_the_user() -> None:
    """What the user's number means is the user's business, but where its values go is not."""
    pair = BEFORE.resolve("pair")
    assert not Sent(Aim(BEFORE.resolve(0), by_number=True), True).means_another(AFTER, None)
    named = Aim(pair, 0, True, True, info_of("pair", "a", "b"))
    assert Sent(named, True).means_another(BEFORE, info_of("pair", "b", "a"))
    assert not Sent(named, True).means_another(BEFORE, info_of("pair", "a", "b"))


def test_meaning_of_positions() -> None:
    """Values by parameter name went to positions, which may be other parameters' by now."""
    sent = Sent(Aim(BEFORE.resolve("pair"), 0, False, True, info_of("pair", "a", "b")), True)
    assert sent.means_another(BEFORE, info_of("pair", "b", "a"))
    assert not sent.means_another(BEFORE, info_of("pair", "a", "b"))
    by_position = Sent(Aim(BEFORE.resolve("pair")), True)
    assert not by_position.means_another(BEFORE, info_of("pair", "b", "a"))


def test_meaning_of_apps_that_are_the_same() -> None:
    """Apps are the same if every number and every label is; components may have other values."""
    assert same_functions(BEFORE, BEFORE)
    assert not same_functions(BEFORE, AFTER)
    labelled = [{**COMPONENTS[0], "props": {"label": "other"}}, *COMPONENTS[1:]]
    valued = [{**COMPONENTS[0], "props": {"label": "a", "value": "x"}}, *COMPONENTS[1:]]
    one = table_of(("greet", [TEXT]))
    assert not same_functions(one, table_of(("greet", [TEXT]), components=labelled))
    assert same_functions(one, table_of(("greet", [TEXT]), components=valued))


def test_values_by_position_stay_where_they_are() -> None:
    """Positions are the user's, as long as the inputs there are of the same kinds."""
    aim, now = Aim(BEFORE.resolve("pair")), Aim(AFTER.resolve("pair"))
    assert laid_out_again(aim, now, ["x", "y"]) == ["x", "y"]
    assert laid_out_again(Aim(BEFORE.resolve("count")), Aim(AFTER.resolve("count")), [1]) is None


def test_values_by_name_move_with_their_parameters() -> None:
    """Hidden inputs between them count as none, and what is missing or new is not guessed."""
    before = table_of(("pair", [STATE, TEXT, OUT])).resolve("pair")
    after = table_of(("pair", [TEXT, STATE, OUT])).resolve("pair")
    aim = Aim(before, 0, False, True, None)
    assert laid_out_again(aim, aim._replace(endpoint=after), [None, 1, 2]) == [1, None, 2]
    moved = table_of(("pair", [OUT, TEXT])).resolve("pair")
    assert laid_out_again(aim, aim._replace(endpoint=moved), [None, 1, 2]) == [2, 1]
    fewer = table_of(("pair", [OUT])).resolve("pair")
    assert laid_out_again(aim, aim._replace(endpoint=fewer), [None, 1, 2]) is None
