"""Payloads of a function's map, from one iterable for each argument."""

from __future__ import annotations

from itertools import count, repeat
from typing import Any

import pytest

from gradio_client_sync import PayloadError
from gradio_client_sync._many.columns import Columns, Each

pytestmark = pytest.mark.once


def test_shortest_iterable_decides() -> None:
    """Other iterables may be endless, and values without an `Each` are the same in each call."""
    columns = Columns({"a": Each([1, 2]), "b": Each(count(5)), "c": 9}, "/add")
    assert list(columns) == [{"a": 1, "b": 5, "c": 9}, {"a": 2, "b": 6, "c": 9}]
    assert len(Columns({"a": Each([1, 2]), "b": Each((3,))}, "/add")) == 1
    with pytest.raises(TypeError):
        len(Columns({"a": Each([1, 2]), "b": Each(repeat(3))}, "/add"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "'a' is a str. Pass a list"),
        ({"x": 1}, "'a' is a dict. Pass a list"),
        (3, "'a' is an int. For the same value"),
    ],
)
def test_one_value_is_refused(value: Any, message: str) -> None:
    """A text is iterable, and is still one value."""
    with pytest.raises(PayloadError, match=message):
        Columns({"a": Each(value)}, "/add")


def test_columns_need_an_iterable() -> None:
    """Without one, there is no number of calls."""
    with pytest.raises(PayloadError, match="needs one iterable"):
        Columns({"a": 1}, "/add")
