"""`_protocol.api.shortened`: long text made short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync._protocol.api.shortened import columns, short


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("a word", 6, "a word"),
        ("a longer word", 8, "a longe…"),
        ("dict(a: list[str, int, float], b: int)", 30, "dict(a: list[…], b: int)"),
        ("list[dict(name: str, other: list[int])]", 24, "list[dict(name: str, …)]"),
        ("[1, 2, 3, 4, 5, 6]", 10, "[1, 2, …]"),
        ("f(x), abc, def, ghi", 12, "f(x), abc, …"),
        ("aa, f(b, c, d)", 7, "aa, …"),
        ("文文文文", 5, "文文…"),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
    ],
)
def test_short_empties_brackets_and_then_cuts(text: str, width: int, shown: str) -> None:
    """The innermost brackets are emptied first, from the end; then the text is cut."""
    assert short(text, width) == shown


@given(text=st.text(max_size=300) | st.text("[](){}, ab…", max_size=300), width=st.integers(1, 80))
def test_short_fits(text: str, width: int) -> None:
    """A shortened text fits, and a text that fits is not changed."""
    shown = short(text, width)
    assert columns(shown) <= width
    assert shown == text or columns(text) > width
