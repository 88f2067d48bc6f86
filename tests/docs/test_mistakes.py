"""The page of mistakes says what the package answers now."""

from __future__ import annotations

import pytest

from docs.mistakes import write

pytestmark = pytest.mark.once


def test_page_shows_the_present_answers() -> None:
    assert write.PAGE.read_text(encoding="utf-8") == write.page(), (
        "run python -m docs.mistakes.write"
    )
