"""Signatures in the URLs of private Spaces, which have the same effect as the token's header.

Browsers cannot set headers for streams and websockets, so the Hub gives signatures, each for one
private Space and a limited time. This client could use headers only. It signs the same URLs as the
JavaScript client.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, Callable
from urllib.parse import quote

from .._basics.secret import Secret, joined
from .._protocol.space import expiry_of
from .._transport.signal_safe import new_lock
from ..errors import SpaceError

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)

_EARLY = 60.0  # s before its expiry, when a signature is replaced
_AGAIN = 60.0  # s until the next request, if the Hub gave no signature


class Signer:
    """Signer of the URLs of one private Space.

    The signature is requested at its first use, and again before it expires. If the Hub gives
    none, URLs stay unchanged, and the token's header has the same effect.

    Args:
        space_id: The name of the Space.
        hub: The Hub, with the token of the client.
        now: A clock, in seconds since 1970.
    """

    def __init__(self, space_id: str, hub: Hub, now: Callable[[], float] = time.time) -> None:
        self._space_id = space_id
        self._hub = hub
        self._now = now
        self._lock = new_lock()
        self._jwt: Secret[str] | None = None
        self._until = -math.inf

    def sign(self) -> Secret[str] | None:
        """Return the signature as a query for URLs; ``None`` if the Hub gives none."""
        jwt = self._current()
        return None if jwt is None else joined("__sign=", Secret(quote(jwt.reveal())))

    def _current(self) -> Secret[str] | None:
        with self._lock:
            if self._now() < self._until:
                return self._jwt
        try:
            jwt = self._hub.signature(self._space_id)
        except SpaceError as exc:
            log.warning("no signature for %s, so only the header is sent: %s", self._space_id, exc)
            jwt = None
        with self._lock:
            self._jwt = jwt
            self._until = self._now() + _AGAIN if jwt is None else expiry_of(jwt.reveal()) - _EARLY
        return jwt
