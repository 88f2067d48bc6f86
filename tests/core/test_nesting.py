"""The depth of JSON, compared with that of the parsed value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.queue.nesting import exceeds_depth

TEXTS = st.text(st.sampled_from('[]{}"\\\n,: ax樹'), max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(TEXTS, part, max_size=4),
    max_leaves=40,
)


def depth_of(value: Any) -> int:
    if isinstance(value, (dict, list)):
        parts = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth_of, parts), default=0)
    return 0


@given(VALUES, st.integers(1, 12), st.booleans(), st.sampled_from([None, 1]))
def test_nesting_is_that_of_the_value(
    value: Any, levels: int, ascii_only: bool, indent: int | None
) -> None:
    """The depth is right whatever brackets, quotes and backslashes the strings contain."""
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert exceeds_depth(raw, levels) is (depth_of(value) > levels)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"[" * 100 + b"]" * 100, False),
        (b"[" * 101 + b"]" * 101, True),
        (b"[" * 101, True),
        (b'{"":[' * 50 + b"]}" * 50, False),
        (b'{"":[' * 51 + b"]}" * 51, True),
        (b"[" + b"[]," * 1000 + b"[" * 99 + b"]" * 100, False),
        (b"[" + b"[]," * 1000 + b"[" * 100 + b"]" * 101, True),
        (b'["]",' * 101 + b"1" + b"]" * 101, True),
        (b'["[",' * 100 + b"1" + b"]" * 100, False),
        (b'["\\\\",' * 101 + b"1" + b"]" * 101, True),
        (b'["\\"",' + b"[" * 99, False),
        (b"]" * 1000 + b"[" * 100, False),
        (b'"' + b"[" * 1000, False),
        (b"", False),
    ],
)
def test_nesting_of_hostile_texts(raw: bytes, expected: bool) -> None:
    """Brackets in strings do not hide others, and invalid texts work too."""
    assert exceeds_depth(raw, 100) is expected
