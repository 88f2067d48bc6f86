"""`NumberTable`: a dict from hashes to numbers."""

from __future__ import annotations

import random

from gradio_client_sync._many.number_table import NumberTable


def test_number_table_is_like_a_dict() -> None:
    """It has the values that were put last, also of keys that share a slot, and after it grew."""
    draw = random.Random(1).getrandbits
    keys = [0, 2**64 - 1, *(draw(64) for _ in range(3_000)), *(n << 40 for n in range(1, 500))]
    values = {key: draw(63) for key in keys}
    table = NumberTable()
    for key in values:
        assert table.get(key) is None
        table.put(key, 7)
    for key, value in values.items():
        table.put(key, value)
    assert len(table) == len(values)
    assert {key: table.get(key) for key in values} == values
    assert all(table.get(key + 1) is None for key in values if key + 1 not in values)
