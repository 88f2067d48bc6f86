"""The stream by which a server knows that a session's user is still there.

Apps that clean up after a user (``unload`` events, state with an expiry) ask for it in
their config. Its end is how they learn that the user is gone: they run their ``unload``
handlers, keep the session's state for an hour more, and (5.0 and later) finish the
session's jobs that take further input. A broken one is opened again, so that the app
hears of the end also when it really comes.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from ..errors import GradioClientError, HTTPStatusError
from .base import Aborted, Lost
from .connections import RequestHandle
from .signal_safe import SafeEvent

if TYPE_CHECKING:
    from .http import Http

log = logging.getLogger(__name__)

FIRST_WAIT = 0.5  # s until a broken heartbeat is opened again; twice that the next time
LONGEST_WAIT = 60.0  # s
STEADY = 15.0  # s; what lasted for one beat of the server was no false start


class Heartbeat:
    """One session's heartbeat. `run` keeps a thread until `close`, or until the server says no.

    Args:
        http: The door.
        url: The stream's address.
        silence: Seconds without a beat after which the stream counts as broken.
    """

    def __init__(self, http: Http, url: str, *, silence: float | None) -> None:
        self._http = http
        self._url = url
        self._silence = silence
        self._beats = 0  # of the stream that is open
        self._warned = False
        self._call = RequestHandle()
        self._known = SafeEvent()  # the server has beaten: it will notice the end
        self._closed = SafeEvent()
        self._ended = SafeEvent()

    def run(self) -> None:
        """Keep the stream open."""
        try:
            self._keep()
        finally:
            self._ended.set()
        log.debug("the session's heartbeat was closed")

    def _keep(self) -> None:
        wait = FIRST_WAIT
        while True:  # once at least: the session was used, whatever came since
            began = time.monotonic()
            try:
                self._listen()
                reason = "the server ended it"
            except Aborted:
                break
            except (Lost, GradioClientError) as exc:
                if self._silence is not None and self._beats == 1:
                    self._silence *= 2  # an app's operator may have set a slower pace
                if isinstance(exc, HTTPStatusError) and _is_final(exc.status_code):
                    log.warning("the session's heartbeat is given up: %s", exc)
                    return
                reason = str(exc)
            if self._closed.is_set():
                break
            if time.monotonic() - began >= STEADY:
                wait = FIRST_WAIT
            # Once: a gateway that ends streams after some time goes on doing so.
            level = logging.DEBUG if self._warned else logging.WARNING
            log.log(level, "the session's heartbeat broke (%s); again in %g s", reason, wait)
            self._warned = True
            if self._closed.wait(wait):
                break
            wait = min(2 * wait, LONGEST_WAIT)

    def _listen(self) -> None:
        """Read one stream to its end; what comes means nothing but that the server is there."""
        self._beats = 0
        stream = self._http.stream(self._url, self._call, silence=self._silence)
        try:
            for _ in stream:
                self._beats += 1
                self._known.set()
                if self._closed.is_set():
                    break
        finally:
            stream.close()

    def close(self) -> None:
        """Tell the server that the user is gone; it has to know of the user first.

        A server that loses the stream before it has begun to serve it never runs its handlers.
        """
        self._closed.set()
        if self._known.is_set():
            self._call.abort()

    def wait_until_ended(self, timeout: float) -> None:
        """After `close`, wait for up to so many seconds until the server can have noticed."""
        self._ended.wait(timeout)


def _is_final(status: int | None) -> bool:
    """Whether a refusal will be the same the next time."""
    return status is not None and 400 <= status < 500 and status not in (408, 425, 429)
