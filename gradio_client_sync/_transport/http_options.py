"""`HttpOptions`: what one client's requests have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._protocol.queue.eventstream import MESSAGE_BYTES

if TYPE_CHECKING:
    from .._options import Timeout

#: Seconds for which a request is repeated while the server answers 429.
RATE_LIMIT_PATIENCE = 30.0


class HttpOptions(NamedTuple):
    """The settings of an `Http`.

    Attributes:
        headers: Sent with every request.
        cookies: Sent with every request; the server's responses add to them.
        verify: ``False`` to accept any certificate, or the path of a CA bundle.
        proxies: Scheme to proxy address, as for `requests`; the environment's are used as well.
        timeout: Seconds to connect, and seconds of silence before a response.
        retries: How many times a request without effect is sent again.
        rate_limit_patience: Seconds for which a request is repeated while the server answers 429.
        message_bytes: The most bytes that a response or an event may have.
        secrets: Texts to remove from what a server says, as well as headers and cookies.
    """

    headers: Mapping[str, str] = {}
    cookies: Mapping[str, str] = {}
    verify: bool | str = True
    proxies: Mapping[str, str] = {}
    timeout: Timeout = (10.0, 60.0)
    retries: int = 0
    rate_limit_patience: float = RATE_LIMIT_PATIENCE
    message_bytes: int = MESSAGE_BYTES
    secrets: tuple[str, ...] = ()

    def without_credentials(self) -> HttpOptions:
        """Return the options for another server: nothing in them tells who the user is."""
        return self._replace(headers={}, cookies={}, secrets=())

    def __reduce__(self) -> Any:
        """Refuse: a pickle of them would hold secrets."""
        raise TypeError("HttpOptions cannot be pickled.")

    def __repr__(self) -> str:
        """Show no value: headers, cookies, proxies and secrets may open doors."""
        return "<HttpOptions>"
