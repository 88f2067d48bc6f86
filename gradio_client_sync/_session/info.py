"""`Info`: the app's own description of its API (``/info``).

Calls by name need it for the names and defaults of parameters. Some apps cannot give it: a
component whose schema fails makes ``/info`` answer 500, with a traceback in the server's log.
So a failure is remembered for a while, and a success until the app restarts. Without a
description, calls go by the config.
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

#: Seconds for which an app that cannot describe its API is not asked again.
FAILED = 600.0

#: Seconds after a failure that may pass soon: no connection, a gateway, a rate limit.
FAILED_IN_PASSING = 10.0

_IN_PASSING = frozenset((408, 425, 429, 502, 503, 504))


class Info:
    """What ``/info`` of one app answers.

    Args:
        http: The door to the app.
        url: The address of the description.
    """

    def __init__(self, http: Http, url: str) -> None:
        # Undocumented endpoints have parameters too; servers that do not know the option
        # ignore it.
        self._url = f"{url}?{urlencode({'all_endpoints': 'True'})}"
        self._http = http
        self._once = Once(self._ask)
        self._warned = False

    def forget(self) -> None:
        """Ask again at the next `get`: the app has restarted."""
        self._once.forget()
        self._warned = False

    def get(self, deadline: Deadline, *, again: bool = False) -> Mapping[str, Any] | None:
        """Return the description, and ask for it if it is not known.

        Args:
            deadline: When the caller needs an answer.
            again: Ask also if that failed a short time ago, and warn if it fails again.

        Returns:
            The description, empty for servers that have none (404); ``None`` if the app cannot
            give it. The first failure is logged as a warning.

        Raises:
            ClientClosedError: The client was closed meanwhile.
        """
        known = self._once.known
        if known is not None:
            return known
        if again:
            self._warned = False
        return self._once.get(deadline, again=again)

    def _ask(self, deadline: Deadline) -> tuple[Mapping[str, Any] | None, float]:
        try:
            answer = self._http.get(self._url, self._http.reading.until(deadline))
            if answer.status not in (200, 404):
                raise refusal(answer)
            info = answer.json() if answer.status == 200 else {}
        except Aborted as exc:
            raise ClientClosedError("The client was closed while it asked for the API.") from exc
        except GradioClientError as exc:
            level = logging.DEBUG if self._warned else logging.WARNING
            log.log(level, "the app does not describe its API, so its config is used: %s", exc)
            self._warned = True
            return None, _remembered(exc, deadline)
        return info if isinstance(info, dict) else {}, math.inf


def _remembered(failure: GradioClientError, deadline: Deadline) -> float:
    """For how many seconds a failure counts."""
    if not deadline.left:
        return 0.0  # it was the caller's deadline, which is not that of the next one
    status = failure.status_code if isinstance(failure, HTTPStatusError) else None
    in_passing = status in _IN_PASSING or can_retry(failure)
    return FAILED_IN_PASSING if in_passing else FAILED
