"""Which headers count as secrets of the user, and the header of a Basic login."""

from __future__ import annotations

import base64

import pytest

from gradio_client_sync._protocol.credentials import basic, may_be_secret


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


@pytest.mark.parametrize(
    ("password", "raw"), [("pass", b"me:pass"), ("ü", b"me:\xfc"), ("密", "me:密".encode())]
)
def test_basic_login_is_written_as_by_requests(password: str, raw: bytes) -> None:
    """User and password are Latin-1 as in `requests`, and UTF-8 if that is not possible."""
    assert basic("me", password) == f"Basic {base64.b64encode(raw).decode()}"
