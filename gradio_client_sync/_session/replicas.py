"""`ReplicaCheck`: after a failure, find out whether several servers respond to one client in turn.

A session exists on one server only. If a gateway distributes the requests of one client to several
replicas of an app, a job may join on one server and open its stream on another. The stream then
gets a 404, or no messages. To detect this, the module requests the app's id over new connections.
It sends no requests until a job has failed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .._protocol.replicas import CAUSE, is_clear, take_turns
from .._transport.base import Aborted
from .._transport.deadlines import NEVER, Deadline
from .._transport.failures import object_in
from .._transport.once import Once
from ..errors import GradioClientError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .._transport.http import Http

log = logging.getLogger(__name__)

#: Seconds for all requests for the app's id; each is a small one.
PATIENCE = 5.0

#: Seconds for which a result is cached, so that many jobs that fail together share one check.
REMEMBERED = 30.0


class ReplicaCheck:
    """The check whether the app at a URL runs on one server or on several.

    Args:
        http: The HTTP client of the connection.
        url: The URL of the app's id.
        known: Whether the app has an id (Gradio 3.42 and later).
    """

    def __init__(self, http: Http, url: str, *, known: bool) -> None:
        self._http = http
        self._url = url
        self._known = known
        self._once = Once(self._check)

    def cause(self) -> str:
        """If there are several replicas, return a text that says so and what to do; else ``""``."""
        if not self._known:
            return ""
        return self._once.get(NEVER) or ""

    def _check(self, _: Deadline) -> tuple[str, float]:
        ids: list[Hashable] = []
        deadline = Deadline.after(PATIENCE)
        try:
            http = self._http.twin()
            try:
                while not is_clear(ids):
                    ids.append(self._id(http, deadline))
                    http.context.close_idle()
                    http.context.reset()
            finally:
                http.close()
        except (GradioClientError, Aborted) as exc:
            log.debug("requests for the app's id failed: %s", exc)
        return CAUSE if take_turns(ids) else "", REMEMBERED

    def _id(self, http: Http, deadline: Deadline) -> Hashable:
        """Request the app's id, and return it, or the HTTP status if there is no id.

        A status also distinguishes servers: a server that does not know the login cookie of another
        one responds with 401.
        """
        response = http.get(self._url, http.reading.until(deadline))
        app_id = (object_in(response.body) or {}).get("app_id")
        is_id = response.status == 200 and isinstance(app_id, (int, str))
        return app_id if is_id else response.status
