"""What a user gives to be let in by, and so is nobody else's business."""

from __future__ import annotations

_HARMLESS = frozenset(
    "accept accept-charset accept-encoding accept-language cache-control content-length "
    "content-type dnt if-range pragma range user-agent x-gradio-user".split()
)


def may_be_secret(header: str) -> bool:
    """Whether somebody may be let in by the value of a header.

    Gateways choose the names of theirs freely, so only those are not that mean something else.
    """
    return header.lower() not in _HARMLESS
