"""Optional fields of messages, which may have any type."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from gradio_client_sync._protocol.queue.fields import count, flag, ids, number, output, text
from gradio_client_sync.errors import ProtocolError

VALUES: list[Any] = [None, True, False, 0, 3, -2.5, "", "x", [], [1, "2", None, 3], {}, {"a": 1}]


@pytest.mark.parametrize(
    ("read", "taken"),
    [
        (number, [0, 3, -2.5]),
        (count, [0, 3, -2.5]),
        (text, ["", "x"]),
        (flag, [True, False]),
    ],
)
def test_field_of_another_type_is_missing(read: Callable[[object], Any], taken: list[Any]) -> None:
    """A value of the field's type is returned, and any other counts as missing."""
    assert [read(value) for value in VALUES if read(value) is not None] == taken
    assert read(VALUES) is None


def test_ids_are_the_whole_numbers_of_a_list() -> None:
    """Only numbers of a list are ids, and another type gives None."""
    assert ids([1, "2", None, 3]) == [1, 3] and ids([]) == []
    assert [ids(value) for value in VALUES if not isinstance(value, list)] == [None] * 10


@pytest.mark.parametrize("value", [value for value in VALUES if not isinstance(value, dict)])
def test_output_has_to_be_an_object(value: Any) -> None:
    """A message whose output is not an object is refused."""
    assert output({"output": {"data": []}}) == {"data": []}
    with pytest.raises(ProtocolError, match="no 'output'"):
        output({"output": value})
