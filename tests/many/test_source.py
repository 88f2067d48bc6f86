"""Payloads are read one by one, and what cannot be payloads is refused."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync import PayloadError
from gradio_client_sync._many.items import MapParameter
from gradio_client_sync._many.source import Source

pytestmark = pytest.mark.once

PARAMETERS = [MapParameter("a", True), MapParameter("b", False)]


def source(payloads: Any) -> Source:
    return Source(payloads, "/add", lambda: PARAMETERS)


def read_all(payloads: Any) -> list[Any]:
    reading = source(payloads)
    return list(iter(reading.read, None))


def test_payloads_are_read_one_by_one() -> None:
    """Nothing is read before it is needed, and the total is known where it can be."""
    read = []

    def payloads() -> Any:
        for index in range(3):
            read.append(index)
            yield [index]

    reading = source(payloads())
    assert reading.total is None
    assert read == []
    assert reading.read() == (0, [0])
    assert read == [0]
    assert list(iter(reading.read, None)) == [(1, [1]), (2, [2])]
    assert reading.read() is None
    assert source([[1], (2,), {"a": 3}, None]).total == 4


def test_rows_of_a_table_are_payloads_by_column() -> None:
    """A row has a value for each column, as a plain Python value."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[7, 8])
    assert read_all(table) == [(0, {"a": 1, "b": "x"}), (1, {"a": 2, "b": "y"})]
    assert source(table).total == 2
    assert type(read_all(table)[0][1]["a"]) is int
    with pytest.raises(PayloadError, match="no column 'a', which '/add' needs") as missing:
        source(table.rename(columns={"a": "c"}))
    assert missing.value.parameter == "a"
    with pytest.raises(PayloadError, match=r"no such parameter.*table\[\['a', 'b'\]\]"):
        source(table.assign(note="z"))
    twice = pandas.concat([table, table[["a"]]], axis=1)
    with pytest.raises(PayloadError, match="column 'a' twice") as unclear:
        source(twice)
    assert unclear.value.parameter == "a"


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        ("text", "are a str"),
        (b"bytes", "are a bytes"),
        ({"a": 1}, "are one dict"),
        (5, "are 5, which is not a list"),
        (None, "are None, which is not a list"),
        ([2, 3], r"Payload 0 .* is 2, which is a bare value.*\[\[2\], …\]"),
        (("one", "two"), "Payload 0 .* is 'one'"),
    ],
)
def test_what_cannot_be_payloads_is_refused_at_once(payloads: Any, message: str) -> None:
    """The message shows the form that is right."""
    with pytest.raises(PayloadError, match=message) as refused:
        source(payloads)
    assert refused.value.endpoint == "/add"


def test_bare_value_of_a_generator_is_refused_when_it_is_read() -> None:
    """So is a bare value after the first payload. Nothing more is read then."""
    reading = source(value for value in ([1], "two", [3]))
    assert reading.read() == (0, [1])
    with pytest.raises(PayloadError, match="Payload 1") as refused:
        reading.read()
    assert (refused.value.index, refused.value.payload) == (1, "two")
    assert reading.read() is None
