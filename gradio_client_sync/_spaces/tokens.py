"""Decide which Hugging Face token goes along with a request.

A token is sent only to the app that it was given for. An explicit one may go to any app that the
user names; the saved one goes to Spaces only.
"""

from __future__ import annotations

from typing import Any

from .._protocol.space import keeps_secrets
from ..errors import AuthenticationError


class Tokens:
    """The Hugging Face tokens of one user.

    Args:
        explicit: The user's ``hf_token``.
        saved: The token of the account that is logged in on this machine.
        allow_insecure: Send the explicit token also where others can read it.
    """

    def __init__(self, explicit: str | None, saved: str | None, allow_insecure: bool) -> None:
        self._explicit = explicit
        self._saved = saved
        self._allow_insecure = allow_insecure

    def __reduce__(self) -> Any:
        """Refuse: a pickle of them would hold secrets."""
        raise TypeError("Tokens cannot be pickled.")

    def token_for(self, root: str) -> str | None:
        """Return the token to send to an address: the explicit one, else the saved one.

        Args:
            root: Where the token would be sent.

        Raises:
            AuthenticationError: The explicit token would be sent without encryption.
        """
        explicit = self._explicit
        if explicit is None:
            return self._saved if self._saved is not None and keeps_secrets(root) else None
        if keeps_secrets(root) or self._allow_insecure:
            return explicit
        raise AuthenticationError(
            f"hf_token was not sent: {root} is not encrypted, so anyone on the network could read "
            "it. Use an https address, or pass allow_insecure_token=True if you trust the network.",
            url=root,
        )
