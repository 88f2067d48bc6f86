"""Decide which Hugging Face token goes along with a request.

A token is sent only to the app that it was given for. An explicit one may go to any app that the
user names; the saved one goes to Spaces only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._protocol.space import keeps_secrets
from ..errors import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Mapping


def token_for(root: str, options: Mapping[str, Any], saved: str | None = None) -> str | None:
    """Return the token to send to an address: the explicit one, else the saved one.

    Args:
        root: Where the token would be sent.
        options: ``hf_token`` and ``allow_insecure_token``, as `Client` takes them.
        saved: The token of the account that is logged in on this machine.

    Raises:
        AuthenticationError: The explicit token would be sent without encryption.
    """
    explicit: str | None = options["hf_token"]
    if explicit is None:
        return saved if saved is not None and keeps_secrets(root) else None
    if keeps_secrets(root) or options["allow_insecure_token"]:
        return explicit
    raise AuthenticationError(
        f"hf_token was not sent: {root} is not encrypted, so anyone on the network could read "
        "it. Use an https address, or pass allow_insecure_token=True if you trust the network.",
        url=root,
    )
