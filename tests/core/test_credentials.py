"""Which headers count as secrets of the user."""

from __future__ import annotations

import pytest

from gradio_client_sync._protocol.credentials import may_be_secret


@pytest.mark.parametrize(
    ("header", "may_be"),
    [
        ("Authorization", True),
        ("X-API-Key", True),
        ("X-Tenant", True),
        ("Cookie", True),
        ("User-Agent", False),
        ("accept-language", False),
    ],
)
def test_credentials_may_be_in_any_header_that_means_nothing_else(
    header: str, may_be: bool
) -> None:
    """Any header may hold a secret, except those with another known meaning, such as a language."""
    assert may_be_secret(header) is may_be
