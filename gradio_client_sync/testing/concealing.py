"""`Concealer`: removes secrets from the bytes that a recorder writes."""

from __future__ import annotations

import json
from typing import Any

from .._basics.secret import HiddenAttribute, revealed
from .._transport.request_context import secrets_in
from .._transport.seam import SentRequest
from .._transport.signal_safe import new_lock


class Concealer:
    """The secrets of clients and of the headers of single requests, to replace them in bytes.

    An app may repeat a header of one request later, in a message of a stream that other calls
    share. So the secrets of all requests are kept.
    """

    _secrets: HiddenAttribute[list[bytes]] = HiddenAttribute()

    def __init__(self) -> None:
        self._lock = new_lock()
        self._secrets = []

    def learn(self, request: SentRequest) -> None:
        """Keep the secrets in the headers of one request."""
        if request.headers:
            with self._lock:
                # The longest first, because a secret may be the start of another one.
                self._secrets = sorted(
                    {*self._secrets, *secrets_in(request.headers)}, key=len, reverse=True
                )

    def conceal(self, http: Any, raw: bytes) -> bytes:
        """Replace each secret in bytes by ``***``.

        Args:
            http: The requests of the client, which know its secrets.
            raw: The bytes.
        """
        for secret in self._secrets:
            raw = raw.replace(secret, b"***")
        concealed: bytes = http.context.conceal(raw)
        return concealed

    def decode(self, http: Any, raw: Any) -> Any:
        """Return decoded JSON without secrets; ``None`` if the bytes are not JSON.

        Args:
            http: The requests of the client, which know its secrets.
            raw: The bytes.
        """
        try:
            return json.loads(self.conceal(http, revealed(raw)))
        except (TypeError, ValueError):
            return None
