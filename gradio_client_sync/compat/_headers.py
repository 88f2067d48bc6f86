"""The headers of a client, which scripts read and change, and those of one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._basics.secret import Secret, revealed


class SentHeaders:
    """The headers of all requests. It does not hold the client, so a client can be collected.

    Args:
        headers: The headers, which the script may change or replace.
    """

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers: Secret[dict[str, str]] = Secret(headers)

    def now(self) -> dict[str, str]:
        """Return the headers for a request."""
        return _without_user(dict(self.headers.reveal()))  # another thread may change it meanwhile


def _without_user(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers without the one that marks the caller as a program."""
    return {name: value for name, value in headers.items() if name.lower() != "x-gradio-user"}


def of_call(headers: Any) -> dict[str, str] | None:
    """Return the headers of a call, which may be hidden."""
    return _without_user(revealed(headers)) if headers else None
