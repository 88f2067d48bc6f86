"""Changes of the config by a render: which entries go, which stay, and their names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.render import rendered


def functions(*names: Any, first: int, maker: int | None = 0) -> list[dict[str, Any]]:
    return [
        {"id": first + n, "api_name": name, "rendered_in": maker} for n, name in enumerate(names)
    ]


STATIC = {
    "components": [{"id": 1}],
    "dependencies": functions("make", "taken", first=0, maker=None),
}


def names_after(*runs: list[str]) -> list[Any]:
    """Return the names of the rendered functions after several runs of one render."""
    config: dict[str, Any] = STATIC
    for number, names in enumerate(runs, 1):
        new = functions(*names, first=10 * number)
        config = rendered(config, {"render_id": 0, "dependencies": new})
    kept = len(STATIC["dependencies"])
    numbers = [function["id"] for function in config["dependencies"]]
    assert numbers[kept:] == [10 * len(runs) + n for n in range(len(runs[-1]))]
    assert config["dependencies"][:kept] == STATIC["dependencies"]
    return [function["api_name"] for function in config["dependencies"][kept:]]


@pytest.mark.parametrize(
    ("runs", "names"),
    [
        ([["save"]], ["save"]),
        ([["save"], ["save_1"]], ["save"]),
        ([["save"], ["save_1"], ["save"]], ["save"]),
        ([["save"], ["save"]], ["save"]),
        ([["taken_1"], ["taken_2"]], ["taken_1"]),
        ([["f", "f_1", "f_2"], ["f_3", "f_4", "f_5"]], ["f", "f_1", "f_2"]),
        ([["f", "f_1"], ["f_2", "f_3"], ["f", "f_1"]], ["f", "f_1"]),
        ([["f", "f_1"], ["f_2"]], ["f"]),
        ([["f"], ["f_1", "f_2"]], ["f", "f_2"]),
        ([["step_1", "step_2"], ["step_1_1", "step_2_1"]], ["step_1", "step_2"]),
        ([["step_1", "step_2"], ["step_3"]], ["step_3"]),
        ([["a", "b"], ["b_1", "c"]], ["b", "c"]),
        ([["a"], []], []),
        ([["a"], [False, None, 7]], [False, None, 7]),
    ],
)
def test_names_stay_as_they_were_first(runs: list[list[str]], names: list[str]) -> None:
    """A function that is rendered again keeps its first name, whatever the server appends to it."""
    assert names_after(*runs) == names


def test_other_renders_are_left_alone() -> None:
    """Functions of other renders stay, with their names."""
    config = rendered(STATIC, {"render_id": 0, "dependencies": functions("a", first=10)})
    config = rendered(config, {"render_id": 1, "dependencies": functions("b", first=20, maker=1)})
    config = rendered(config, {"render_id": 0, "dependencies": functions("a_1", first=30)})
    assert [f["id"] for f in config["dependencies"]] == [0, 1, 20, 30]
    assert [f["api_name"] for f in config["dependencies"]] == ["make", "taken", "b", "a"]


@pytest.mark.parametrize("place", ["entry", "props"])
def test_components_go_with_their_render(place: str) -> None:
    """A component is removed with its render, which it names in one of two places."""
    made = {"rendered_in": 0} if place == "entry" else {"props": {"rendered_in": 0}}
    config = rendered(STATIC, {"render_id": 0, "components": [{"id": 5, **made}]})
    config = rendered(config, {"render_id": 0, "components": [{"id": 6, **made}]})
    assert [c["id"] for c in config["components"]] == [1, 6]


def test_repeated_ids_replace_the_old_entry() -> None:
    """If an id exists already, the new entry replaces the old one."""
    config: dict[str, Any] = STATIC
    for label in ("old", "new"):
        new = [{"id": 7, "props": {"label": label}}]
        config = rendered(config, {"render_id": 0, "components": new})
    assert config["components"] == [{"id": 1}, {"id": 7, "props": {"label": "new"}}]
    assert STATIC["components"] == [{"id": 1}]


@given(st.lists(st.sampled_from(["f", "g_1", "h"]), max_size=5), st.integers(1, 4))
def test_names_stay_the_same_over_many_renders(wanted: list[str], runs: int) -> None:
    """Rendering the same functions any number of times changes no name."""
    sent: list[list[str]] = []
    for _ in range(runs):
        unique: list[str] = []
        for name in wanted:  # as on servers: the names of the last run are still in use
            used, free, count = {"make", "taken", *unique, *(sent[-1] if sent else ())}, name, 0
            while free in used:
                count += 1
                free = f"{name}_{count}"
            unique.append(free)
        sent.append(unique)
    assert names_after(*sent) == sent[0]
