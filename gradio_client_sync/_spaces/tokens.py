"""Decide which Hugging Face token is sent with a request.

A token is sent only to the app that it was given for. An explicit token is sent to the app that
the user named. The saved token is sent only to Spaces.
"""

from __future__ import annotations

from typing import Any

from .._basics.secret import Secret
from .._protocol.space import keeps_secrets
from ..errors import AuthenticationError


class Tokens:
    """The Hugging Face tokens of one user.

    Args:
        explicit: The user's ``hf_token``.
        saved: The token of the account that is logged in on this machine.
        allow_insecure: Whether the explicit token is also sent without encryption.
    """

    def __init__(
        self, explicit: Secret[str] | None, saved: str | None, allow_insecure: bool
    ) -> None:
        self._explicit = explicit
        self._saved = None if saved is None else Secret(saved)
        self._allow_insecure = allow_insecure

    def __reduce__(self) -> Any:
        """Refuse, because the pickle would have secrets."""
        raise TypeError("Tokens cannot be pickled.")

    def token_for(self, root: str) -> Secret[str] | None:
        """Return the token for an app: the explicit one, otherwise the saved one.

        Args:
            root: The URL of the app or of the Hub.

        Returns:
            The token; ``None`` if there is none, or if the saved one must not be sent there.

        Raises:
            AuthenticationError: The explicit token would be sent without encryption.
        """
        explicit = self._explicit
        if explicit is None:
            return self._saved if self._saved is not None and keeps_secrets(root) else None
        if keeps_secrets(root) or self._allow_insecure:
            return explicit
        raise AuthenticationError(
            f"hf_token was not sent: {root} is not encrypted, so others on the network could read "
            "it. Use an https URL, or pass allow_insecure_token=True if you trust the network.",
            url=root,
        )
