"""The stream by which a server knows that a session's user is still there.

Apps that clean up after a user (``unload`` events, state with an expiry) ask for it in
their config. Closing it is how they learn that the user is gone.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..errors import GradioClientError
from .base import Aborted, Lost
from .connections import Call

if TYPE_CHECKING:
    from .http import Http

log = logging.getLogger(__name__)


class Heartbeat:
    """One session's heartbeat. `run` blocks a thread until `close` or the stream's end."""

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url
        self._call = Call()

    def run(self) -> None:
        """Listen; what comes means nothing but that the server is there."""
        try:
            stream = self._http.stream(self._url, self._call, silence=None)
            try:
                for _ in stream:
                    continue
            finally:
                stream.close()
                self._http.done(self._call)
        except (Aborted, Lost, GradioClientError) as exc:
            if not self._call.aborted:
                log.debug("the heartbeat of the session ended: %s", exc)

    def close(self) -> None:
        """Tell the server that the user is gone."""
        self._call.abort()
