"""Which headers may hold credentials."""

from __future__ import annotations

_HARMLESS = frozenset(
    "accept accept-charset accept-encoding accept-language cache-control content-length "
    "content-type dnt if-range pragma range user-agent x-gradio-user".split()
)


def may_be_secret(header: str) -> bool:
    """Return whether the value of a header may be a credential.

    Gateways choose the names of their own headers freely. So every header may be secret, except
    those that have a known, different meaning.
    """
    return header.lower() not in _HARMLESS
