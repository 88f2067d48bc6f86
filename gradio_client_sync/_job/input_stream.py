"""Further input for a job that runs: what `Job.send_chunk` and `Job.close_stream` do.

A server has room for one chunk per job, and a newer one takes the place of one that the
function has not read. So there is one turn, which comes with each answer of the function,
and a chunk takes it; the first values, with which the job began, took the first. That
alone keeps chunks whole and in order, whoever sends them.

A job that is not accepted yet, or waits in the queue, has answered nothing: chunks wait.
"""

from __future__ import annotations

import concurrent.futures
import threading
from typing import TYPE_CHECKING, Callable

from .._transport.base import Aborted
from .._transport.failures import refusal
from .._transport.signal_safe import SafeCondition
from ..errors import ClientClosedError, ConnectFailedError, GradioClientError, StreamClosedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._protocol.routes import Routes
    from .._transport.failures import Answer
    from .._transport.http import Http
    from ..types import Payload

#: How servers answer when they do not know the job (any more): 500 up to 5.x, 404 since.
_UNKNOWN_JOB = (404, 500)


class InputStream:
    """The input of one job while it runs. Every method may be called from any thread.

    Args:
        endpoint: The function's name, for errors.
        encode: Writes a payload as the body of a request.
        headers: Sent with each chunk, as with the job's own request.
    """

    def __init__(
        self,
        endpoint: str | int,
        http: Http,
        routes: Routes,
        encode: Callable[[Payload], bytes],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._http = http
        self._routes = routes
        self._encode = encode
        self._headers = headers
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._event_id = ""
        self._turn = False  # the function has answered, and nobody has sent a chunk since
        self._closing = False
        self._ended = False
        self._error: BaseException | None = None

    # -- for the job's user -------------------------------------------------------

    def send(self, payload: Payload, timeout: float | None) -> None:
        """Send a chunk when its turn has come; see `Job.send_chunk`."""
        body = self._encode(payload)
        if not self._changed.wait_for(self._take_turn, timeout):
            raise concurrent.futures.TimeoutError(
                f"The chunk for {self._endpoint!r} was not sent: the one before it was not "
                f"answered within {timeout:g} s. The job goes on."
            )
        try:
            answer = self._post(self._routes.chunk(self._event_id), body)
        except ConnectFailedError as exc:
            if not exc.sent:
                self.answered(self._event_id)  # the turn was not used
            raise
        if answer.status in _UNKNOWN_JOB:
            raise self._closed() from refusal(answer)
        if answer.status != 200:
            self.answered(self._event_id)
            raise refusal(answer, doing=f"Sending a chunk to {self._endpoint!r}")

    def close(self) -> None:
        """Say that no chunk will follow; see `Job.close_stream`."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        # A server that hears of the end first may leave out the last chunk.
        self._changed.wait_for(lambda: self._turn or self._ended)
        if self._ended:
            return
        try:
            answer = self._post(self._routes.chunk_end(self._event_id), b"{}")
            if answer.status != 200 and answer.status not in _UNKNOWN_JOB:
                raise refusal(answer, doing=f"Closing the input of {self._endpoint!r}")
        except GradioClientError:
            with self._lock:
                self._closing = False  # it can be tried again
            raise

    def _take_turn(self) -> bool:
        if self._closing or self._ended:
            raise self._closed()
        has_come, self._turn = self._turn, False
        return has_come

    def _post(self, url: str, body: bytes) -> Answer:
        try:
            return self._http.post(url, body, headers=self._headers)
        except Aborted as exc:
            raise ClientClosedError(
                f"The client was closed while {self._endpoint!r} was sent input."
            ) from exc

    def _closed(self) -> StreamClosedError:
        if self._closing:
            reason = "close_stream() was called"
        elif self._error is not None:
            reason = f"the job ended with {type(self._error).__name__}: {self._error}"
        else:
            reason = "the job is over, as the app limits its time or was told to stop"
        error = StreamClosedError(
            f"{self._endpoint!r} takes no more input: {reason}. Start a new job to go on.",
            endpoint=self._endpoint,
            event_id=self._event_id or None,
        )
        error.__cause__ = self._error
        return error

    # -- for the job's worker -----------------------------------------------------

    def answered(self, event_id: str) -> None:
        """The function has answered, so the next chunk may come."""
        with self._lock:
            self._event_id = event_id
            self._turn = True
            self._changed.notify_all()

    def end(self, error: BaseException | None) -> None:
        """The job is over; nobody may wait for its answers."""
        with self._lock:
            if not self._ended:
                self._ended, self._error = True, error
                self._changed.notify_all()
