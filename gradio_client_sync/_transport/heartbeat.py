"""The heartbeat stream of a session, which shows the server that the user is still there.

An app requests it in its config if it cleans up after a user (``unload`` events, state that
expires). When the stream ends, the app runs its ``unload`` handlers, keeps the session's state for
one more hour, and (5.0 and later) ends the session's jobs that take further input. A broken stream
is opened again, so that the app also notices the real end.
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

FIRST_WAIT = 0.5  # s before a broken stream is opened again; each further wait is twice as long
LONGEST_WAIT = 60.0  # s
STEADY = 15.0  # s; after a stream that lasted for one heartbeat, the waits start at FIRST_WAIT


class Heartbeat:
    """The heartbeat stream of one session.

    Args:
        http: The HTTP client of the app.
        url: The URL of the stream.
        app: The URL of the app, for the log.
        silence: Seconds without a heartbeat after which the stream counts as broken; ``None`` for
            no limit.
    """

    def __init__(self, http: Http, url: str, *, app: str, silence: float | None) -> None:
        self._http = http
        self._url = url
        self._app = app
        self._silence = silence
        self._beats = 0  # heartbeats of the open stream
        self._warned = False
        self._call = RequestHandle()
        self._served = SafeEvent()  # set after the first heartbeat: the server will notice the end
        self._closed = SafeEvent()
        self._ended = SafeEvent()

    def run(self) -> None:
        """Keep the stream open until `close`, or until the server refuses it. Needs a thread."""
        try:
            self._keep_open()
        finally:
            self._ended.set()
        log.debug("the session's heartbeat was closed")

    def _keep_open(self) -> None:
        """Open the stream, and open it again whenever it breaks."""
        wait = FIRST_WAIT
        while True:  # at least once, even after `close`: the app must see an end
            began = time.monotonic()
            try:
                self._read()
                reason = "the server ended it"
            except Aborted:
                break
            except (Lost, GradioClientError) as exc:
                if self._silence is not None and self._beats == 1:
                    self._silence *= 2  # the interval of this app may be longer
                if isinstance(exc, HTTPStatusError) and _is_final(exc.status_code):
                    log.warning(
                        "the session on the app at %s has no heartbeat, because the server "
                        "refused it: %s",
                        self._app,
                        self._without_hash(exc),
                    )
                    return
                reason = self._without_hash(exc)
            if self._closed.is_set():
                break
            if time.monotonic() - began >= STEADY:
                wait = FIRST_WAIT
            # Only the first time is a warning: a gateway may end each stream after some time.
            level = logging.DEBUG if self._warned else logging.WARNING
            log.log(
                level,
                "the heartbeat of the session on the app at %s broke (%s); it is opened again in "
                "%g s",
                self._app,
                reason,
                wait,
            )
            self._warned = True
            if self._closed.wait(wait):
                break
            wait = min(2 * wait, LONGEST_WAIT)

    def _without_hash(self, exc: Exception) -> str:
        """Return the text of an exception without the session hash, which the URL ends with."""
        return str(exc).replace(self._url, "the stream")

    def _read(self) -> None:
        """Read one stream to its end, and count its heartbeats."""
        self._beats = 0
        stream = self._http.stream(self._url, self._call, silence=self._silence)
        try:
            for _ in stream:
                self._beats += 1
                self._served.set()
                if self._closed.is_set():
                    break
        finally:
            stream.close()

    def close(self) -> None:
        """End the stream, so that the server notices that the user is gone.

        If no heartbeat has arrived yet, the stream is ended after the first one. Otherwise the
        server might drop the request before it handles it, and never run the handlers of `unload`.
        """
        self._closed.set()
        if self._served.is_set():
            self._call.abort()

    def wait_until_ended(self, timeout: float) -> None:
        """Wait until the stream has ended after `close`, for up to `timeout` seconds."""
        self._ended.wait(timeout)


def _is_final(status: int | None) -> bool:
    """Return whether the server will probably refuse the stream with this status again."""
    return status is not None and 400 <= status < 500 and status not in (408, 425, 429)
