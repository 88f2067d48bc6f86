"""Which headers may hold credentials, and the header of a Basic login."""

from __future__ import annotations

import base64

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


def basic(user: str, password: str) -> str:
    """Return the value of the ``Authorization`` header for a Basic login.

    Behaviour: `requests` writes both as Latin-1. Ours: UTF-8 (RFC 7617) if they have other
    characters, where `requests` fails.

    Example:
        >>> basic("Aladdin", "open sesame")
        'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='
    """
    text = f"{user}:{password}"
    try:
        raw = text.encode("latin-1")
    except UnicodeEncodeError:
        raw = text.encode()
    return f"Basic {base64.b64encode(raw).decode()}"
