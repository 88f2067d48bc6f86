"""`Replicas`: after a failure, find out whether several servers answer one client by turns.

A session lives on one server. Where a gateway spreads the requests of one client over several
replicas of an app, a job joins at one and its stream is opened at another: it gets a 404, or
nothing at all. This module asks for the app's id on new connections; nothing here runs before
something has failed.
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

#: Seconds to find out; each question is a small one.
PATIENCE = 5.0

#: Seconds for which a finding counts, so that many jobs that fail together ask once.
REMEMBERED = 30.0


class Replicas:
    """Whether the app behind an address is one server.

    Args:
        http: The door to the app.
        url: Where the app tells its id.
        known: Whether the app has an id (3.50 and later).
    """

    def __init__(self, http: Http, url: str, *, known: bool) -> None:
        self._http = http
        self._url = url
        self._known = known
        self._once = Once(self._ask)

    def cause(self) -> str:
        """Return the cause of a failure and what to do, if it is several replicas, else ``""``."""
        if not self._known:
            return ""
        return self._once.get(NEVER) or ""

    def _ask(self, _: Deadline) -> tuple[str, float]:
        ids: list[Hashable] = []
        deadline = Deadline.after(PATIENCE)
        try:
            door = self._http.twin()
            try:
                while not is_clear(ids):
                    ids.append(self._id(door, deadline))
                    door.context.close_idle()
                    door.context.reset()
            finally:
                door.close()
        except (GradioClientError, Aborted) as exc:
            log.debug("the app does not tell its id: %s", exc)
        return CAUSE if take_turns(ids) else "", REMEMBERED

    def _id(self, door: Http, deadline: Deadline) -> Hashable:
        """Ask for the app's id.

        A server that does not know the login of another one answers 401, which tells them apart
        as well.
        """
        answer = door.get(self._url, door.reading.until(deadline))
        told = (object_in(answer.body) or {}).get("app_id")
        return told if answer.status == 200 and isinstance(told, (int, str)) else answer.status
