"""`InputStream`: input for a job while it runs, for `Job.send_chunk` and `Job.close_stream`.

A server stores one input ("chunk") per job. A new chunk replaces a chunk that the function has not
read yet. So a chunk is sent only after the function has returned a value for the last input, and
each returned value permits one chunk. The values with which the job was sent are the first input.
This rule alone keeps chunks complete and in order, whichever threads send them.

While a job is not accepted yet, or waits in the server's queue, its chunks wait.
"""

from __future__ import annotations

import concurrent.futures
from typing import TYPE_CHECKING, Callable

from .._basics.words import called
from .._transport import seam
from .._transport.base import Aborted
from .._transport.failures import refusal
from .._transport.signal_safe import SafeCondition, new_lock
from ..errors import ClientClosedError, ConnectFailedError, GradioClientError, StreamClosedError

if TYPE_CHECKING:
    from .._basics.secret import Texts
    from .._protocol.routes import Routes
    from .._transport.failures import Answer
    from .._transport.http import Http
    from .._transport.request import Body
    from ..types import Payload

#: The statuses of servers that do not know the job, or no longer: 500 up to 5.x, 404 since then.
_UNKNOWN_JOB = (404, 500)


class InputStream:
    """The input of one job while it runs. Every method may be called from any thread.

    Args:
        endpoint: The function's name, for error messages.
        http: Sends the requests.
        routes: The URLs of the server.
        encode: Returns the body of a request for a payload.
        headers: The user's headers for the call. They are sent with each chunk too.
    """

    def __init__(
        self,
        endpoint: str | int,
        http: Http,
        routes: Routes,
        encode: Callable[[Payload], Body],
        headers: Texts | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._http = http
        self._routes = routes
        self._encode = encode
        self._headers = headers
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._event_id = ""
        self._may_send = False  # the function has returned a value for the last input
        self._closing = False
        self._ended = False
        self._error: BaseException | None = None

    # -- for the job's user -------------------------------------------------------

    def send(self, payload: Payload, timeout: float | None) -> None:
        """Wait until a chunk may be sent, and send it; see `Job.send_chunk`.

        Args:
            payload: The values.
            timeout: Seconds to wait at most; ``None`` waits without a limit.

        Raises:
            StreamClosedError: The job has ended, or `close` was called.
            concurrent.futures.TimeoutError: `timeout` passed. Nothing was sent.
            ConnectFailedError, HTTPStatusError: The server did not accept the chunk.
            ClientClosedError: The client was closed.
        """
        body = self._encode(payload)
        if not self._changed.wait_for(self._claim_send, timeout):
            raise concurrent.futures.TimeoutError(
                f"The chunk for {called(self._endpoint)} was not sent: the app did not process the "
                f"one before it within {timeout:g} s. The job continues. Send the chunk again with "
                "a larger timeout=."
            )
        try:
            answer = self._post(self._routes.chunk(self._event_id), body)
        except ConnectFailedError as exc:
            if not exc.sent:
                self.accept_next(self._event_id)  # the chunk was not sent, so another one may be
            raise
        if answer.status in _UNKNOWN_JOB:
            raise self._closed_error() from refusal(answer)
        if answer.status != 200:
            self.accept_next(self._event_id)
            raise refusal(answer, doing=f"Sending a chunk to {called(self._endpoint)}")

    def close(self) -> None:
        """Tell the server that no chunk will follow; see `Job.close_stream`.

        Raises:
            ConnectFailedError, HTTPStatusError: The server did not receive the request. Then this
                method can be called again.
            ClientClosedError: The client was closed.
        """
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        # A server that receives the end earlier may ignore the last chunk.
        self._changed.wait_for(lambda: self._may_send or self._ended)
        if self._ended:
            return
        try:
            answer = self._post(self._routes.chunk_end(self._event_id), b"{}")
            if answer.status != 200 and answer.status not in _UNKNOWN_JOB:
                raise refusal(answer, doing=f"Closing the input of {called(self._endpoint)}")
        except GradioClientError:
            with self._lock:
                self._closing = False  # so that the user can call this again
            raise

    def _claim_send(self) -> bool:
        if self._closing or self._ended:
            raise self._closed_error()
        may_send, self._may_send = self._may_send, False
        return may_send

    def _post(self, url: str, body: Body) -> Answer:
        seam.sending(self._http, url, body)
        try:
            return self._http.post(url, body, headers=self._headers)
        except Aborted as exc:
            raise ClientClosedError(
                f"The client was closed while input was sent to {called(self._endpoint)}. Start "
                "the job again with a new client."
            ) from exc

    def _closed_error(self) -> StreamClosedError:
        if self._closing:
            reason = "close_stream() was called."
        elif self._error is not None:
            reason = f"the job ended with {type(self._error).__name__}: {self._error}"
        else:
            reason = "the app has ended the job, because of its time limit or on request."
        error = StreamClosedError(
            f"{called(self._endpoint)} accepts no more input. Submit a new job to continue. "
            f"Reason: {reason}",
            endpoint=self._endpoint,
            event_id=self._event_id or None,
        )
        error.__cause__ = self._error
        return error

    # -- for the job's worker -----------------------------------------------------

    def accept_next(self, event_id: str) -> None:
        """Permit the next chunk, since the function has returned a value for the last input."""
        with self._lock:
            self._event_id = event_id
            self._may_send = True
            self._changed.notify_all()

    def end(self, error: BaseException | None) -> None:
        """Record the end of the job, and end all waits for its values.

        Args:
            error: The error of the job, or the reason for its cancellation; ``None`` otherwise.
        """
        with self._lock:
            if not self._ended:
                self._ended, self._error = True, error
                self._changed.notify_all()
