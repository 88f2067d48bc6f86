"""Signed addresses, which open what a header opens elsewhere.

Browsers cannot set headers for streams and websockets, so the Hub signs: for one private Space, and
for some time. This side could do without, but what the JavaScript client signs is signed here too.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING, Callable
from urllib.parse import quote

from .._protocol.space import expiry_of
from ..errors import SpaceError

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger(__name__)

_EARLY = 60.0  # s; a signature is replaced that long before it expires
_AGAIN = 60.0  # s after which the Hub is asked again that gave none


class Signer:
    """Signs addresses of a private Space's app, as browsers need it: they cannot set headers.

    It is asked for when first needed, and again before it expires. Where the Hub gives none,
    addresses stay as they are: the header says the same.

    Args:
        now: A clock, in seconds since 1970.
    """

    def __init__(self, space_id: str, hub: Hub, now: Callable[[], float] = time.time) -> None:
        self._space_id = space_id
        self._hub = hub
        self._now = now
        self._lock = threading.Lock()
        self._jwt: str | None = None
        self._until = -math.inf

    def sign(self, url: str) -> str:
        """Add the signature to an address."""
        jwt = self._current()
        if jwt is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}__sign={quote(jwt)}"

    def _current(self) -> str | None:
        with self._lock:
            if self._now() < self._until:
                return self._jwt
        try:
            jwt = self._hub.signature(self._space_id)
        except SpaceError as exc:
            log.warning("no signature for %s; its header has to do: %s", self._space_id, exc)
            jwt = None
        with self._lock:
            self._jwt = jwt
            self._until = self._now() + _AGAIN if jwt is None else expiry_of(jwt) - _EARLY
        return jwt
