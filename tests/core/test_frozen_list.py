"""`FrozenList`: which methods of a list it keeps, and which it refuses."""

from __future__ import annotations

import operator
from typing import Any

import pytest

from gradio_client_sync._basics.frozen_list import FrozenList


class Mine(FrozenList):
    """A frozen list whose errors are short."""

    def _no_change(self, name: str) -> TypeError:
        return TypeError(f"change {name}")

    def _no_operation(self, sign: str) -> TypeError:
        return TypeError(f"operation {sign}")


#: What a list can do that a frozen list can, too.
KEPT = {
    *("copy", "count", "index", "__add__", "__class__", "__class_getitem__", "__contains__"),
    *("__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__getattribute__"),
    *("__getitem__", "__getstate__", "__hash__", "__init__", "__init_subclass__", "__iter__"),
    *("__len__", "__ne__", "__new__", "__reduce__", "__reduce_ex__", "__repr__", "__reversed__"),
    *("__setattr__", "__sizeof__", "__str__", "__subclasshook__"),
}


def arguments(name: str) -> tuple[Any, ...]:
    return {"insert": (0, 1), "__setitem__": (0, 1), "sort": (), "clear": ()}.get(name, (0,))


@pytest.mark.parametrize("name", sorted(set(dir(list)) - KEPT))
def test_other_methods_are_refused(name: str) -> None:
    """Each method of `list` is kept by this test's list, or refused."""
    mine = Mine([1, 2])
    with pytest.raises(TypeError, match=r"change|operation"):
        getattr(mine, name)(*arguments(name))
    assert list(mine) == [1, 2]


def test_operators_are_refused_on_both_sides() -> None:
    """An operator is refused with the sign that the user has typed."""
    mine: Any = Mine([1])
    for sign, operation in {
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "//": operator.floordiv,
        "%": operator.mod,
        "**": operator.pow,
        "@": operator.matmul,
        "&": operator.and_,
        "|": operator.or_,
        "^": operator.xor,
        "+": operator.add,
        "divmod()": divmod,
    }.items():
        for first, second in ((mine, 2), (2, mine)):
            with pytest.raises(TypeError) as raised:
                operation(first, second)
            assert str(raised.value) == f"operation {sign}"
    for sign, alone in {"-": operator.neg, "+": operator.pos, "abs()": abs, "int()": int}.items():
        with pytest.raises(TypeError) as raised:
            alone(mine)
        assert str(raised.value) == f"operation {sign}"


def test_lists_join() -> None:
    """``+`` with a list gives a plain list."""
    joined = operator.add(Mine([1]), [2]), operator.add([2], Mine([1]))
    assert joined == ([1, 2], [2, 1]) and {type(one) for one in joined} == {list}
    assert f"{Mine([1])}" == "[1]"
