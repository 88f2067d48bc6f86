"""`Info`: the app's own description of its API (``/info``).

Calls with values by name need the names and defaults of parameters. Some apps cannot send the
description: if the schema of one component fails, ``/info`` responds with 500, and the server logs
a traceback. So a failure is cached for a while, and a success until the app restarts. Without a
description, calls use the config.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from .._transport.base import Aborted
from .._transport.failures import refusal
from .._transport.once import Once
from .._transport.retries import can_retry
from ..errors import ClientClosedError, GradioClientError, HTTPStatusError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._transport.deadlines import Deadline
    from .._transport.http import Http

log = logging.getLogger(__name__)

#: Seconds for which a failure is cached if the app itself cannot describe its API.
FAILED = 600.0

#: Seconds for which a temporary failure is cached: no connection, a gateway, a rate limit.
FAILED_TEMPORARILY = 10.0

_TEMPORARY = frozenset((408, 425, 429, 502, 503, 504))


class Info:
    """The cached response of one app to ``/info``.

    Args:
        http: The HTTP client of the connection.
        url: The URL of the description.
    """

    def __init__(self, http: Http, url: str) -> None:
        # The query adds endpoints that the app does not document: calls need their parameters, too.
        # Servers that do not know the query ignore it.
        self._url = f"{url}?{urlencode({'all_endpoints': 'True'})}"
        self._http = http
        self._once = Once(self._request)
        self._warned = False

    def forget(self) -> None:
        """Drop the cached response, because the app has restarted."""
        self._once.forget()
        self._warned = False

    def get(self, deadline: Deadline, *, again: bool = False) -> Mapping[str, Any] | None:
        """Return the description. Request it if it is not cached.

        Args:
            deadline: The deadline of the request.
            again: Send the request even if it failed a short time ago, and log a warning if it
                fails again.

        Returns:
            The description, empty for servers that have none (404); ``None`` if the request
            failed. The first failure is logged as a warning.

        Raises:
            ClientClosedError: The client was closed during the request.
        """
        known = self._once.known
        if known is not None:
            return known
        if again:
            self._warned = False
        return self._once.get(deadline, again=again)

    def _request(self, deadline: Deadline) -> tuple[Mapping[str, Any] | None, float]:
        try:
            response = self._http.get(self._url, self._http.reading.until(deadline))
            if response.status not in (200, 404):
                raise refusal(response)
            info = response.json() if response.status == 200 else {}
        except Aborted as exc:
            raise ClientClosedError(
                "The client was closed while it requested the description of the app's API."
            ) from exc
        except GradioClientError as exc:
            level = logging.DEBUG if self._warned else logging.WARNING
            log.log(level, "the app sent no description of its API, so its config is used: %s", exc)
            self._warned = True
            return None, _cached_for(exc, deadline)
        return info if isinstance(info, dict) else {}, math.inf


def _cached_for(failure: GradioClientError, deadline: Deadline) -> float:
    """Return the number of seconds for which to cache a failure."""
    if not deadline.left:
        return 0.0  # only this caller's time was too short; the next caller may have more
    status = failure.status_code if isinstance(failure, HTTPStatusError) else None
    is_temporary = status in _TEMPORARY or can_retry(failure)
    return FAILED_TEMPORARILY if is_temporary else FAILED
