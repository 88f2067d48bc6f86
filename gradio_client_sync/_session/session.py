"""`Session`: one ``session_hash`` on one server, and how its jobs come, go and are cancelled.

A client has one session for all its jobs, and one more for each isolated job.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from .._protocol.api.payload import encode
from .._protocol.queue.cancel import CancelLedger
from .._protocol.retry import RateLimitWaits
from .._transport.base import Aborted, Lost
from .._transport.connections import RequestHandle
from .._transport.deadlines import Deadline
from .._transport.failures import refusal
from .._transport.heartbeat import Heartbeat
from .._transport.shared_stream import SharedStream
from .._transport.signal_safe import SafeCondition
from .._transport.sse import EventStreamChannel
from ..errors import GradioClientError, ProtocolError, RateLimitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._job.control import JobControl
    from .._protocol.api.endpoint import Endpoint, EndpointTable
    from .._protocol.dialect import Dialect
    from .._protocol.queue.exchange import Exchange
    from .._protocol.queue.wire import Message
    from .._protocol.routes import Routes
    from .._transport.base import Channel
    from .._transport.failures import Answer
    from .._transport.http import Http

log = logging.getLogger(__name__)

T = TypeVar("T")

_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"

#: A server reads them one by one. More at once are not answered faster, but keep it from running
#: what has joined; and each job that ends is then told to every one that waits.
JOINS_AT_ONCE = 12

#: Seconds after which a job that has not begun is taken to wait in the server's queue:
#: servers look into it every 50 ms, and tell at once when a job begins.
QUEUE_GRACE = 0.5

#: Seconds of silence on a stream with heartbeats, at least: servers send one every 15 s.
STREAM_SILENCE = 60.0

#: Seconds for the answer to a cancellation; until then no job of the function is let in.
CANCEL_ANSWER = 5.0

#: Seconds for a server of 3.x to begin with the value that it asked a generator for as its
#: websocket ended. It does so by a request to itself; where that finds the iterator reset, it
#: makes a new one.
LAST_VALUE = 0.1

#: Marks the call as one of an API client, for the app's statistics (6.2 and later).
API_HEADERS = {"x-gradio-user": "api"}


def _silence(read_timeout: float | None) -> float | None:
    return None if read_timeout is None else max(read_timeout, STREAM_SILENCE)


class Refused(Exception):
    """The server answered a join with something else than an event id."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Session:
    """One session.

    Args:
        session_hash: Its name, chosen by the client.
        table: The app's functions. What a job of the session renders is added for the
            session only, as it is on the server.
        wants_heartbeat: The app asks to be told when the session's user goes.
        joins: Bounds the joins that are under way at once.
        start: Runs a function on a thread.
        doubt: As for `SharedStream`.
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
        doubt: Callable[[], str] = str,
    ) -> None:
        self.session_hash = session_hash
        self._http = http
        self._routes = routes
        self._dialect = dialect
        self._table = self._basis = table
        self._wants_heartbeat = wants_heartbeat
        self._joins = joins
        self._start = start
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._ledger = CancelLedger()
        self._not_generators: set[int] = set()
        self._unfinished: set[int] = set()  # functions of which a job may have left an iterator
        self._heartbeat: Heartbeat | None = None
        self._closed = False
        self._shared_stream: SharedStream | None = None
        self._silence = _silence(http.options.timeout[1]) if dialect.heartbeats else None
        if dialect.join == "websocket":
            # Not by the first job: that is another thread, and a process that is forked while it
            # imports finds the import locked for ever.
            from .._transport.ws import WebSocketChannel

            self._open_websocket = WebSocketChannel.connect
        if dialect.shared_stream:
            silence = self._silence
            url = routes.stream(session_hash)
            self._shared_stream = SharedStream(http, url, silence=silence, start=start, doubt=doubt)

    @property
    def table(self) -> EndpointTable:
        """The functions that jobs of the session can call."""
        return self._table

    def renew(self, table: EndpointTable, *, wants_heartbeat: bool) -> None:
        """The app has become another one. Its server may be another one, or the same as before.

        What the server knows by this session's name goes on, and so do the jobs under way.

        Args:
            table: The functions that it has now.
            wants_heartbeat: As for the constructor.
        """
        with self._lock:
            if self._basis is table:
                return
            self._table = self._basis = table
            self._wants_heartbeat = wants_heartbeat
            self._not_generators = set()
            self._unfinished = set()
        if self._shared_stream is not None:
            self._shared_stream.renew()

    def render(self, render_config: Mapping[str, Any]) -> None:
        """The app made new components and functions for this session.

        Behaviour: what was rendered may need a heartbeat though the app did not, as in
        ``handle_render_config`` of @gradio/client 2.7.0.
        """
        with self._lock:
            self._table = self._table.rendered(render_config)
            if self._table.wants_heartbeat:
                self._wants_heartbeat = True
        self.keep_heartbeat()

    # -- a job's way in -----------------------------------------------------------

    def enter(self, endpoint: Endpoint, job: JobControl) -> None:
        """Wait until a job may go to the server.

        Raises:
            Aborted: The job was cancelled, or the session closed.
        """
        with self._lock:
            self._ledger.request(endpoint.fn_index, job)
        self._changed.wait_for(partial(self._try_to_enter, endpoint, job))

    def _try_to_enter(self, endpoint: Endpoint, job: JobControl) -> bool:
        fn_index, ledger = endpoint.fn_index, self._ledger
        if job.stopped or self._closed:
            ledger.withdraw(fn_index, job)
            self._changed.notify_all()
            raise Aborted
        if not ledger.can_admit(fn_index, job, alone=self._must_be_alone(endpoint)):
            return False
        ledger.admit(fn_index, job)
        return True

    def wake(self) -> None:
        """Have jobs that wait to enter look again whether they were cancelled."""
        with self._lock:
            self._changed.notify_all()

    def learn(self, endpoint: Endpoint, is_generating: object) -> None:
        """A finished job shows whether its function is a generator, where the config does not."""
        if endpoint.generator is None and is_generating is False:
            with self._lock:
                self._not_generators.add(endpoint.fn_index)
                self._changed.notify_all()

    def _must_be_alone(self, endpoint: Endpoint) -> bool:
        if not self._dialect.shares_iterators or endpoint.generator is False:
            return False
        return endpoint.fn_index not in self._not_generators

    def open(
        self,
        endpoint: Endpoint,
        job: JobControl,
        exchange: Exchange,
        body: bytes,
        headers: Mapping[str, str],
        publish: Callable[[Message], object],
        deadline: Deadline,
        set_off: Callable[[], None],
    ) -> Channel:
        """Bring a job to the queue.

        Args:
            body: What joins, as JSON; sent now where a join carries it.
            headers: Sent with the join.
            publish: As for `Mailbox`; called where that takes no worker.
            deadline: When the job has to be over.
            set_off: Is called right before a request that names the function and has its data, and
                may raise. A server that asks for the data gets them by a reply instead.

        Raises:
            ConnectFailedError, HTTPStatusError: No connection, or refused before the job.
            Refused: The server did not take the job.
            Lost, Aborted: As `Channel.receive`.
        """
        self.keep_heartbeat()
        return self._in_time(
            job,
            deadline,
            lambda: self._join(endpoint, job, exchange, body, headers, publish, set_off),
        )

    def run(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        deadline: Deadline,
        call: RequestHandle,
    ) -> Answer:
        """Run a function that skips the queue; ask again while the server is asked too often.

        Raises:
            ConnectFailedError, Aborted: As `Http.post`.
        """
        self.keep_heartbeat()
        return self._http.post(
            url,
            body,
            headers={**API_HEADERS, **headers},
            query=self._routes.query,
            call=call,
            read_timeout=None,
            policy=self._http.rate_limited.until(deadline),
        )

    def _in_time(self, job: JobControl, deadline: Deadline, send: Callable[[], T]) -> T:
        """Send what a server refuses while it is asked too often; then it has not taken the job.

        It is repeated when the server wants, within the patience of `Http` and the deadline.

        Raises:
            RateLimitError: It wants to be left alone for longer.
            Aborted: The job was cancelled, or the session closed.
        """
        patience = self._http.options.rate_limit_patience
        retries = RateLimitWaits(min(time.monotonic() + patience, deadline.end))
        while True:
            try:
                return send()
            except RateLimitError as exc:
                pause = retries.pause(exc.retry_after, time.monotonic())
                if pause is None:
                    raise
            if not job.on_stop(self.wake):
                raise Aborted
            if self._changed.wait_for(lambda: job.stopped or self._closed, pause):
                raise Aborted

    def _join(
        self,
        endpoint: Endpoint,
        job: JobControl,
        exchange: Exchange,
        body: bytes,
        headers: Mapping[str, str],
        publish: Callable[[Message], object],
        set_off: Callable[[], None],
    ) -> Channel:
        query = self._routes.query
        if self._dialect.join == "websocket":
            url = self._routes.websocket
            return self._open_websocket(self._http, url, job.on_stop, query, headers)
        if self._dialect.join == "get":
            url, call = (
                self._routes.join_stream(endpoint.fn_index, self.session_hash),
                RequestHandle(),
            )
            if not job.on_stop(call.abort):
                raise Aborted
            data_url = self._routes.data
            return EventStreamChannel.connect(self._http, url, data_url, call, query, headers)
        assert self._shared_stream is not None  # noqa: S101 - made for these dialects
        return self._shared_stream.join(
            lambda: self._post_join(job, exchange, body, headers, set_off), publish
        )

    def _post_join(
        self,
        job: JobControl,
        exchange: Exchange,
        body: bytes,
        headers: Mapping[str, str],
        set_off: Callable[[], None],
    ) -> str:
        with self._joins:
            if job.stopped or self._closed:
                raise Aborted  # nobody wants it any more, so the server need not hear of it
            set_off()  # here, since it may have waited for its turn
            answer = self._http.post(
                self._routes.join,
                body,
                headers={**API_HEADERS, **headers},
                query=self._routes.query,
            )
        if _let_in(answer, job).status != 200:
            raise Refused(answer)
        reply = answer.json()
        event_id = reply.get("event_id") if isinstance(reply, dict) else None
        if not isinstance(event_id, str) or not event_id:
            raise ProtocolError("The server took the job but did not name it.", raw=answer.body)
        exchange.joined(event_id)
        return event_id

    def keep_heartbeat(self) -> None:
        """Let the server know that the session's user is there, where the app wants that.

        Called whenever the session is used: one that never was has nothing to clean up.
        """
        if not self._wants_heartbeat:
            return
        with self._lock:
            if self._closed or self._heartbeat is not None:
                return
            url, silence = self._routes.heartbeat(self.session_hash), self._silence
            self._heartbeat = heartbeat = Heartbeat(self._http, url, silence=silence)
        try:
            self._start(heartbeat.run)
        except GradioClientError as exc:
            log.warning("the session has no heartbeat until its next call: %s", exc)
            self._heartbeat = None

    # -- a job's way out ----------------------------------------------------------

    def queue(self, endpoint: Endpoint, job: JobControl) -> None:
        """The server has said that a job waits in its queue."""
        with self._lock:
            self._ledger.mark_queued(endpoint.fn_index, job)
            waiting = self._ledger.has_postponed(endpoint.fn_index)
            self._changed.notify_all()
        if waiting:
            try:
                self._start(partial(self._wait_out, endpoint))
            except GradioClientError:  # no more threads: the job's own may wait that long
                self._wait_out(endpoint)

    def begin(self, endpoint: Endpoint, job: JobControl) -> None:
        """The server has begun to run a job."""
        with self._lock:
            self._ledger.mark_started(endpoint.fn_index, job)
            self._changed.notify_all()

    def begins_soon(self, exchange: Exchange) -> bool:
        """Wait whether a job is about to begin rather than in the server's queue."""
        return self._changed.wait_for(lambda: exchange.state.begun or self._closed, QUEUE_GRACE)

    def can_tell(self, endpoint: Endpoint, exchange: Exchange) -> bool:
        """Whether the server would heed a cancellation of the job now.

        Most pass over that of a job that still waits in their queue, and ``/reset`` over
        that of a generator that has not yielded yet; they would run it later all the same.
        """
        dialect = self._dialect
        if dialect.cancel == "cancel":
            return dialect.cancels_waiting or exchange.state.begun
        if dialect.cancel == "reset" and exchange.state.accepted:
            if endpoint.generator:
                return exchange.state.stage != "pending"
            return exchange.state.begun or not endpoint.cancelled_by
        return True

    def leave(self, endpoint: Endpoint, job: JobControl) -> list[str]:
        """A job ended. Give what it returns to `cancel_due`, when nobody waits any more."""
        with self._lock:
            due = self._ledger.release(endpoint.fn_index, job)
            self._changed.notify_all()
        return due

    def let_go(self, endpoint: Endpoint, job: JobControl, exchange: Exchange) -> None:
        """Stop a job on the server, as far as this generation of servers can.

        Call it before the job's channel is closed: servers of 4.0 to 4.30 can only be
        told of a job while its stream is open.
        """
        event_id = exchange.event_id
        now = self._table.numbered(endpoint.fn_index)  # if the app has changed, this one may run
        generator = endpoint.generator or (now is not None and now.generator)
        if self.lose(endpoint, exchange):
            self._changed.wait_for(lambda: self._closed, LAST_VALUE)
            self._drop_iterator(endpoint)
        if self._dialect.cancel == "reset" and event_id is not None and generator:
            self._tell(self._routes.reset, endpoint, {"event_id": event_id})
            event_id = None
        if self._dialect.cancel == "close" or not self._can_cancel(endpoint):
            event_id = None
        with self._lock:
            due = self._ledger.release(endpoint.fn_index, job, event_id)
            self._changed.notify_all()
        self.cancel_due(endpoint, due)
        self._wait_out(endpoint)

    def lose(self, endpoint: Endpoint, exchange: Exchange) -> bool:
        """A job has ended for this side only; whether the server may keep its iterator.

        Servers of 3.x drop one with its last value, but some not with the end of the websocket that
        its values were for. What is accepted may have begun, whatever was heard of it.
        """
        leaves = exchange.state.accepted is True and self._must_be_alone(endpoint)
        if leaves:
            with self._lock:
                self._unfinished.add(endpoint.fn_index)
        return leaves

    def prepare(self, endpoint: Endpoint) -> None:
        """The server is about to run a job: let it find nothing of one that was lost or let go.

        Where functions run one at a time, as they do by default, that one is over by now for the
        server, too, which may have asked it for a value once more. Elsewhere it may still run, and
        nothing can be done about it.
        """
        if endpoint.fn_index in self._unfinished and self._drop_iterator(endpoint):
            with self._lock:
                self._unfinished.discard(endpoint.fn_index)

    def _drop_iterator(self, endpoint: Endpoint) -> bool:
        body = {"session_hash": self.session_hash, "fn_index": endpoint.fn_index}
        return self._tell(self._routes.reset, endpoint, body)

    def _can_cancel(self, endpoint: Endpoint) -> bool:
        return self._dialect.cancel == "cancel" or bool(endpoint.cancelled_by)

    def _wait_out(self, endpoint: Endpoint) -> None:
        """Cancel what others of the function wait for, once it is clear that they only wait."""
        if self._is_settled(endpoint):
            return
        try:
            # A server that has too much to do looks late; once it has answered, it has looked.
            deadline = Deadline.after(CANCEL_ANSWER)
            self._http.get(self._routes.queue_status, self._http.reading.until(deadline))
        except Aborted:
            return
        except GradioClientError as exc:
            log.debug("the server does not say whether it looks into its queue: %s", exc)
        if self._is_settled(endpoint):
            return
        with self._lock:
            due = self._ledger.force_due(endpoint.fn_index)
        self.cancel_due(endpoint, due)

    def _is_settled(self, endpoint: Endpoint) -> bool:
        """Wait for a job to begin or to end that others of its function wait for."""
        fn_index, ledger = endpoint.fn_index, self._ledger
        return self._changed.wait_for(
            lambda: self._closed or not ledger.has_postponed(fn_index), QUEUE_GRACE
        )

    def cancel_due(self, endpoint: Endpoint, due: list[str]) -> None:
        """Cancel jobs on the server whose turn for that has come."""
        while due:
            try:
                self._cancel(endpoint, due)
            finally:
                with self._lock:
                    due = self._ledger.acknowledge(endpoint.fn_index)
                    self._changed.notify_all()

    def _cancel(self, endpoint: Endpoint, event_ids: list[str]) -> None:
        """Cancel all jobs of a function; the caller has seen to it that this harms nobody."""
        session = {"session_hash": self.session_hash}
        if self._dialect.cancel == "cancel":
            for event_id in event_ids:
                body = {**session, "fn_index": endpoint.fn_index, "event_id": event_id}
                self._tell(self._routes.cancel, endpoint, body)
            return
        if endpoint not in self._table:
            return  # the app has changed: the numbers of those events may mean anything by now
        for fn_index in endpoint.cancelled_by:
            url = self._routes.run("predict")  # the number in the body decides
            self._tell(url, endpoint, {**session, "fn_index": fn_index, "data": []})

    def _tell(self, url: str, endpoint: Endpoint, body: Mapping[str, Any]) -> bool:
        """Tell the server to stop something; whether it has heard."""
        try:
            sent = encode(endpoint, body)
            answer = self._http.post(url, sent, read_timeout=CANCEL_ANSWER)
            if answer.status == 200:
                log.debug("the server was told to stop %r", endpoint.name)
                return True
            log.warning("%s answered %s to a cancellation", url, answer.status)
        except Aborted:
            pass  # the client was closed, and the connection with it
        except (GradioClientError, Lost) as exc:
            # Nobody waits for an answer, and there is nothing left to try.
            log.warning("the server could not be told of a job that is over: %s", exc)
        return False

    def close(self) -> None:
        """End every stream of the session; jobs that are still under way are aborted."""
        with self._lock:
            self._closed = True
            self._changed.notify_all()
            heartbeat = self._heartbeat
        if heartbeat is not None:
            heartbeat.close()
        if self._shared_stream is not None:
            self._shared_stream.close()

    def wait_until_ended(self, timeout: float) -> None:
        """After `close`, wait up to `timeout` seconds for the app to know that its user is gone."""
        if self._heartbeat is not None:
            self._heartbeat.wait_until_ended(timeout)


def new_session_hash() -> str:
    """Eleven random characters, as other clients of Gradio make them."""
    number = secrets.randbelow(36**11)  # one draw: eleven take longer than the session itself
    return "".join(_BASE_36[number // 36**place % 36] for place in range(11))


def _let_in(answer: Answer, job: JobControl) -> Answer:
    """An answer to a job, unless it says to come later."""
    if answer.status == 429:
        raise refusal(answer, doing=f"Calling {job.endpoint!r}")
    return answer
