"""The page of mistakes says what the package answers now."""

from __future__ import annotations

import sys

import pytest

from docs.mistakes import write
from tests.conftest import SERVERS

pytestmark = [
    pytest.mark.once,
    pytest.mark.gradio,
    pytest.mark.skipif(write.GRADIO not in SERVERS, reason="the page is about the newest server"),
    pytest.mark.skipif(
        sys.version_info < (3, 11), reason="older versions name some exceptions in another way"
    ),
]


def test_page_shows_the_present_answers() -> None:
    """Run ``python -m docs.mistakes.write`` if it does not."""
    assert write.PAGE.read_text(encoding="utf-8") == write.page()
