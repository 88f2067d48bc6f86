"""`Concealer`: takes what is secret out of the bytes that a recorder sees."""

from __future__ import annotations

import json
from typing import Any

from .._transport.request_context import secrets_in
from .._transport.seam import SentRequest
from .._transport.signal_safe import new_lock


class Concealer:
    """Replaces the secrets of clients, and those in the headers of single requests.

    An app may repeat a header of one request later, in a message of a stream that other calls
    share. So it remembers them all.
    """

    def __init__(self) -> None:
        self._lock = new_lock()
        self._secrets: list[bytes] = []

    def learn(self, request: SentRequest) -> None:
        """Remember what the headers of one request hold."""
        if request.headers:
            with self._lock:
                known = {*self._secrets, *secrets_in(request.headers)}
                self._secrets = sorted(known, key=len, reverse=True)  # one may begin with another

    def conceal(self, http: Any, raw: bytes) -> bytes:
        """Return bytes with ``***`` for each secret.

        Args:
            http: The requests of the client, which know its secrets.
            raw: The bytes.
        """
        for secret in self._secrets:
            raw = raw.replace(secret, b"***")
        concealed: bytes = http.context.conceal(raw)
        return concealed

    def decode(self, http: Any, raw: Any) -> Any:
        """Return bytes as JSON without secrets; ``None`` if they are none.

        Args:
            http: The requests of the client, which know its secrets.
            raw: The bytes.
        """
        try:
            return json.loads(self.conceal(http, raw))
        except (TypeError, ValueError):
            return None
