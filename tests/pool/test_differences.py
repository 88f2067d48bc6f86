"""How the endpoints of two apps differ, in words."""

from __future__ import annotations

from gradio_client_sync._pool.differences import Api, differences, listed

ADD: Api = {
    "/add": ((("a", "float", True), ("b", "float", False)), ("float",)),
    "/hi": ((), ("str", "str")),
}


def test_differences_are_named() -> None:
    """Endpoints that are missing, new or different are named, with both signatures."""
    other: Api = {"/add": ((("a", "int", True),), ("float",)), "/new": ((), ()), 3: ((), ())}
    assert differences(ADD, ADD) == []
    assert differences(ADD, other) == [
        "'/add' is (a: int) -> float, not (a: float, b: float = …) -> float",
        "it has no endpoint '/hi'",
        "it also has endpoint '/new'",
        "it also has fn_index 3",
    ]


def test_differences_of_types_can_be_left_out() -> None:
    """Two releases of Gradio write types differently; names and numbers count all the same."""
    other: Api = {**ADD, "/add": ((("a", "int", True), ("b", "int", False)), ("int",))}
    assert differences(ADD, other) and not differences(ADD, other, types=False)
    renamed: Api = {**ADD, "/add": ((("a", "int", True), ("c", "int", False)), ("int",))}
    assert differences(ADD, renamed, types=False)
    returned: Api = {**ADD, "/hi": ((), ("str",))}
    assert differences(ADD, returned, types=False)


def test_differences_list_is_short() -> None:
    """A message lists five differences and counts the others."""
    assert listed(["a", "b"]) == "a; b"
    assert listed([str(n) for n in range(9)]) == "0; 1; 2; 3; 4; and 4 more"
