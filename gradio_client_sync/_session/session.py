"""`Session`: one ``session_hash`` on one server, and its connections.

A client has one session for all its jobs, and one more for each isolated job. A session joins the
queue for a job, posts calls that skip the queue, and keeps its heartbeat. `SessionJobs` decides
when a job may join, and when it is stopped on the server.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .._basics.words import called
from .._protocol.retry import RateLimitWaits
from .._transport.base import Aborted
from .._transport.connections import RequestHandle
from .._transport.failures import refusal
from .._transport.heartbeat import Heartbeat
from .._transport.shared_stream import SharedStream
from .._transport.signal_safe import new_lock
from .._transport.sse import EventStreamChannel
from ..errors import GradioClientError, ProtocolError, RateLimitError
from .session_jobs import SessionJobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._basics.secret import Texts
    from .._job.control import JobControl
    from .._protocol.api.endpoint import Endpoint, EndpointTable
    from .._protocol.dialect import Dialect
    from .._protocol.queue.exchange import Exchange
    from .._protocol.queue.wire import Message
    from .._protocol.routes import Routes
    from .._transport.base import Channel
    from .._transport.deadlines import Deadline
    from .._transport.failures import Answer
    from .._transport.http import Http
    from .._transport.request import Body

log = logging.getLogger(__name__)

_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"

#: How many joins may run at once. A server reads joins one by one. More joins at once get no
#: earlier responses, but they delay the jobs that have joined. Also, a server reports the end of
#: each job to all jobs that wait in its queue.
JOINS_AT_ONCE = 12

#: The least number of seconds without a message after which a stream with heartbeats counts as
#: broken. Servers send a heartbeat every 15 s.
STREAM_SILENCE = 60.0

#: Marks the call as one of an API client, for the app's statistics (6.2 and later).
API_HEADERS = {"x-gradio-user": "api"}


def _silence(read_timeout: float | None) -> float | None:
    return None if read_timeout is None else max(read_timeout, STREAM_SILENCE)


class Refused(Exception):
    """The server did not accept a join: its response is an error.

    Args:
        answer: The response.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Join(NamedTuple):
    """The parts of a request to join the queue with one job.

    Attributes:
        endpoint: The function.
        job: The job. A stop of the job ends the waits of the join.
        exchange: The state machine of the job. It is informed when the server accepts the job.
        body: The body of the join, as JSON, if the protocol sends it with the join.
        headers: Headers for the join.
        publish: Receives the messages that need no worker; see `Mailbox`.
        deadline: When the job has to end.
        before_send: Called immediately before a request that names the function and carries its
            data. It may raise. It is not called if the protocol sends the data after the join.
        patience: Seconds for which the join is sent again while the server responds with 429;
            ``None`` for those of `HttpOptions`.
    """

    endpoint: Endpoint
    job: JobControl
    exchange: Exchange
    body: Body
    headers: Texts
    publish: Callable[[Message], object]
    deadline: Deadline
    before_send: Callable[[], None]
    patience: float | None = None


class Session:
    """One session. Every method may be called from any thread.

    Args:
        session_hash: The name of the session, chosen by the client.
        http: Sends the requests.
        routes: The URLs of the server.
        dialect: The server's generation.
        table: The app's functions. Functions that a job of the session renders are added for
            this session only, as on the server.
        wants_heartbeat: Whether the app wants to know when the session's user is gone.
        joins: Limits the joins that run at once.
        start: Runs a function on a thread.
        cause: Returns the cause if the messages of a job do not arrive, or ``""`` if it finds none.

    Attributes:
        session_hash: The name of the session.
        jobs: The jobs of the session.
    """

    def __init__(
        self,
        session_hash: str,
        http: Http,
        routes: Routes,
        dialect: Dialect,
        table: EndpointTable,
        *,
        wants_heartbeat: bool,
        joins: threading.BoundedSemaphore,
        start: Callable[[Callable[[], None]], None],
        cause: Callable[[], str] = str,
    ) -> None:
        self.session_hash = session_hash
        self.jobs = SessionJobs(session_hash, http, routes, dialect, table, start)
        self._http = http
        self._routes = routes
        self._app_table = table  # without the functions that were rendered for this session
        self._wants_heartbeat = wants_heartbeat
        self._joins = joins
        self._start = start
        self._lock = new_lock()
        self._heartbeat: Heartbeat | None = None
        self._shared_stream: SharedStream | None = None
        self._silence = _silence(http.options.timeout[1]) if dialect.heartbeats else None
        self._opener = _OPENERS[dialect.join]
        if dialect.join == "websocket":
            # Imported here and not by the first job. A job runs on another thread, and if the
            # process is forked during the import, the import stays locked in the child.
            if http.context.is_prepared:
                from .._transport.ws_prepared import connect
            else:
                from .._transport.ws import connect
            self._connect_websocket = connect
        if dialect.shared_stream:
            silence = self._silence
            url = routes.stream(session_hash)
            self._shared_stream = SharedStream(http, url, silence=silence, start=start, cause=cause)

    @property
    def table(self) -> EndpointTable:
        """The functions that jobs of the session can call."""
        return self.jobs.table

    def renew(self, table: EndpointTable, *, wants_heartbeat: bool) -> None:
        """Use the functions of an app that has changed, on the same server or on another one.

        The jobs that run continue, and so does everything that the server knows by the name of
        this session.

        Args:
            table: The functions that the app has now.
            wants_heartbeat: Whether the app wants to know when the session's user is gone.
        """
        with self._lock:
            if self._app_table is table:
                return
            self._app_table = table
            self._wants_heartbeat = wants_heartbeat
            self.jobs.renew(table)
        if self._shared_stream is not None:
            self._shared_stream.renew()

    def render(self, render_config: Mapping[str, Any]) -> None:
        """Add the components and functions that the app has created for this session.

        Behaviour: rendered components may need a heartbeat if the app did not, as in
        ``handle_render_config`` of @gradio/client 2.7.0.
        """
        with self._lock:
            self.jobs.render(render_config)
            if self.jobs.table.wants_heartbeat:
                self._wants_heartbeat = True
        self.keep_heartbeat()

    # -- calls ----------------------------------------------------------------------

    def run(
        self,
        url: str,
        body: Body,
        headers: Texts,
        deadline: Deadline,
        call: RequestHandle,
        *,
        patience: float | None = None,
    ) -> Answer:
        """Run a function that skips the queue. Retry while the server responds with 429.

        Args:
            url: The URL of the function.
            body: The values, as JSON.
            headers: Headers for this request.
            deadline: When the retries have to end.
            call: Aborts the request.
            patience: Seconds for which the call is sent again while the server responds with 429;
                ``None`` for those of `HttpOptions`.

        Raises:
            ConnectFailedError: There was no connection, or no response.
            Aborted: `call` was aborted, or the client was closed.
        """
        self.keep_heartbeat()
        policy = self._http.rate_limited.until(deadline)
        return self._http.post(
            url,
            body,
            headers={**API_HEADERS, **headers},
            query=self._routes.query,
            call=call,
            read_timeout=None,
            policy=policy if patience is None else policy.with_patience(patience),
        )

    def open(self, join: Join) -> Channel:
        """Join the queue with a job.

        A 429 means that the server has not accepted the job. The join is then sent again after the
        wait that the server requests, until the rate limit patience of `Http` or the deadline ends.

        Raises:
            RateLimitError: The server requests a longer wait than that.
            ConnectFailedError, HTTPStatusError: There was no connection, or the server refused it.
            Refused: The server did not accept the job.
            Lost: The connection was lost.
            Aborted: The job was cancelled, or the session closed.
        """
        self.keep_heartbeat()
        patience = join.patience
        if patience is None:
            patience = self._http.options.rate_limit_patience
        retries = RateLimitWaits(min(time.monotonic() + patience, join.deadline.end))
        while True:
            try:
                return self._opener(self, join)
            except RateLimitError as exc:
                pause = retries.pause(exc.retry_after, time.monotonic())
                if pause is None:
                    raise
            self.jobs.pause(join.job, pause)

    def _open_websocket(self, join: Join) -> Channel:
        url, query = self._routes.websocket, self._routes.query
        return self._connect_websocket(self._http, url, join.job.on_stop, query, join.headers)

    def _open_event_stream(self, join: Join) -> Channel:
        url = self._routes.join_stream(join.endpoint.fn_index, self.session_hash)
        call = RequestHandle()
        if not join.job.on_stop(call.abort):
            raise Aborted
        data_url, query = self._routes.data, self._routes.query
        return EventStreamChannel.connect(self._http, url, data_url, call, query, join.headers)

    def _open_shared_stream(self, join: Join) -> Channel:
        assert self._shared_stream is not None  # noqa: S101 - created for these dialects
        return self._shared_stream.join(partial(self._post_join, join), join.publish)

    def _post_join(self, join: Join) -> str:
        began = time.monotonic()
        with self._joins:
            join.job.held = time.monotonic() - began
            if join.job.stopped or self.jobs.closed:
                raise Aborted  # the result is not wanted any more, so do not send the job
            join.before_send()  # not earlier: the semaphore may have blocked for some time
            answer = self._http.post(
                self._routes.join,
                join.body,
                headers={**API_HEADERS, **join.headers},
                query=self._routes.query,
            )
        if answer.status == 429:
            raise refusal(answer, doing=f"Calling {called(join.job.endpoint)}")
        if answer.status != 200:
            raise Refused(answer)
        reply = answer.json()
        event_id = reply.get("event_id") if isinstance(reply, dict) else None
        if not isinstance(event_id, str) or not event_id:
            raise ProtocolError(
                f"The server accepted the job of {called(join.job.endpoint)}, but its response has "
                "no event_id.",
                raw=answer.body,
            )
        join.exchange.joined(event_id)
        return event_id

    # -- the session's user ---------------------------------------------------------

    def keep_heartbeat(self) -> None:
        """Open the session's heartbeat, if the app wants one and it is not open yet.

        Call this whenever the session is used. A session that was never used has nothing that the
        app has to clean up.
        """
        if not self._wants_heartbeat:
            return
        with self._lock:
            if self.jobs.closed or self._heartbeat is not None:
                return
            url, silence = self._routes.heartbeat(self.session_hash), self._silence
            self._heartbeat = heartbeat = Heartbeat(
                self._http, url, app=self._routes.root, silence=silence
            )
        try:
            self._start(heartbeat.run)
        except GradioClientError as exc:
            log.warning(
                "the session on the app at %s has no heartbeat until its next call: %s",
                self._routes.root,
                exc,
            )
            self._heartbeat = None

    def close(self) -> None:
        """End every stream of the session, and abort the jobs that still run."""
        with self._lock:
            self.jobs.close()
            heartbeat = self._heartbeat
        if heartbeat is not None:
            heartbeat.close()
        if self._shared_stream is not None:
            self._shared_stream.close()

    def wait_until_ended(self, timeout: float) -> None:
        """Wait after `close` until the app has noticed that the session's user is gone.

        Args:
            timeout: Seconds to wait at most.
        """
        if self._heartbeat is not None:
            self._heartbeat.wait_until_ended(timeout)


#: How a job joins the queue, by `Dialect.join`.
_OPENERS: Mapping[str, Callable[[Session, Join], Channel]] = {
    "websocket": Session._open_websocket,
    "get": Session._open_event_stream,
    "post": Session._open_shared_stream,
}


def new_session_hash() -> str:
    """Return eleven random characters, as other clients of Gradio make them."""
    number = secrets.randbelow(36**11)  # once: eleven calls take longer than the session itself
    return "".join(_BASE_36[number // 36**place % 36] for place in range(11))
