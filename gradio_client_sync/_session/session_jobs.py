"""`SessionJobs`: when a job of one session may go to the server, and when it is stopped there.

A job enters before it goes to the server, and leaves when it ends. Two rules keep the jobs of one
function from harming each other:

- Most requests that stop a job stop all jobs of its function in the session. So a cancelled job is
  stopped on the server when no other job of its function runs; `CancelLedger` keeps the records.
- Servers of 3.x give two jobs of one generator the values of one iterator. So such jobs enter one
  after another, and an iterator that a lost job may have left is dropped before the next job.

`CancelStrategy` makes the requests, and the ledger says which are due. This module has the lock,
the waits and the sending.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Callable

from .._protocol.api.payload import encode
from .._protocol.queue.cancel import CancelLedger
from .._transport.base import Aborted, Lost
from .._transport.deadlines import Deadline
from .._transport.signal_safe import SafeCondition, new_lock, start_or_run
from ..errors import GradioClientError
from .cancelling import StopRequest, strategy_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._job.control import JobControl
    from .._protocol.api.endpoint import Endpoint, EndpointTable
    from .._protocol.dialect import Dialect
    from .._protocol.queue.exchange import Exchange
    from .._protocol.routes import Routes
    from .._transport.http import Http

log = logging.getLogger(__name__)

#: Seconds after which a job that has not begun counts as waiting in the server's queue. Servers
#: check their queue every 50 ms, and report at once when a job begins.
QUEUE_GRACE = 0.5

#: Seconds to wait for the response to a cancellation. No job of the function enters meanwhile.
CANCEL_TIMEOUT = 5.0

#: Seconds to wait before `/reset` on servers of 3.x. A server gets each value of a generator by a
#: request to itself. When the websocket of the job ends, such a request may be on its way. If it
#: finds the iterator reset, it makes a new iterator.
LAST_VALUE = 0.1


class SessionJobs:
    """The jobs of one session. Every method may be called from any thread.

    Args:
        session_hash: The name of the session.
        http: Sends the requests.
        routes: The URLs of the server.
        dialect: The server's generation.
        table: The functions that jobs can call.
        start: Runs a function on a thread.

    Attributes:
        table: The functions that jobs can call: those of the app, and those that it has rendered
            for this session.
        strategy: How the server stops jobs.
        closed: Whether the session was closed.
    """

    def __init__(
        self,
        session_hash: str,
        http: Http,
        routes: Routes,
        dialect: Dialect,
        table: EndpointTable,
        start: Callable[[Callable[[], None]], None],
    ) -> None:
        self.table = table
        self.strategy = strategy_for(dialect, routes, session_hash)
        self.closed = False
        self._session_hash = session_hash
        self._http = http
        self._routes = routes
        self._shares_iterators = dialect.shares_iterators
        self._start = start
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._ledger = CancelLedger()
        self._not_generators: set[int] = set()
        self._unfinished: set[int] = set()  # functions of which a job may have left an iterator

    def renew(self, table: EndpointTable) -> None:
        """Use the functions of an app that has changed, and forget what jobs have shown of others.

        Args:
            table: The functions that the app has now.
        """
        with self._lock:
            self.table = table
            self._not_generators = set()
            self._unfinished = set()

    def render(self, render_config: Mapping[str, Any]) -> None:
        """Add the components and functions that the app has created for this session."""
        with self._lock:
            self.table = self.table.rendered(render_config)

    # -- before a job is at the server ----------------------------------------------

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
        if job.stopped or self.closed:
            ledger.withdraw(fn_index, job)
            self._changed.notify_all()
            raise Aborted
        if not ledger.can_admit(fn_index, job, alone=self._must_be_alone(endpoint)):
            return False
        ledger.admit(fn_index, job)
        return True

    def _must_be_alone(self, endpoint: Endpoint) -> bool:
        if not self._shares_iterators or endpoint.generator is False:
            return False
        return endpoint.fn_index not in self._not_generators

    def wake(self) -> None:
        """Make the jobs in `enter` and `pause` check whether they were cancelled."""
        with self._lock:
            self._changed.notify_all()

    def pause(self, job: JobControl, seconds: float) -> None:
        """Wait before a job is sent again.

        Raises:
            Aborted: The job was cancelled, or the session closed.
        """
        if not job.on_stop(self.wake):
            raise Aborted
        if self._changed.wait_for(lambda: job.stopped or self.closed, seconds):
            raise Aborted

    def drop_lost_iterator(self, endpoint: Endpoint) -> None:
        """Make the server drop the iterator of a lost or cancelled job, before the next job runs.

        By default, a function runs one job at a time. Then the earlier job has ended on the server
        too, although the server may have requested one more value from it. If the app lets several
        jobs run at once, the earlier one may still run, and this client cannot prevent that.
        """
        if endpoint.fn_index in self._unfinished and self._drop_iterator(endpoint):
            with self._lock:
                self._unfinished.discard(endpoint.fn_index)

    # -- while a job is at the server -----------------------------------------------

    def mark_queued(self, endpoint: Endpoint, job: JobControl) -> None:
        """Record that a job waits in the server's queue."""
        with self._lock:
            self._ledger.mark_queued(endpoint.fn_index, job)
            waiting = self._ledger.has_postponed(endpoint.fn_index)
            self._changed.notify_all()
        if waiting:
            start_or_run(self._start, partial(self._stop_if_others_wait, endpoint))

    def mark_begun(self, endpoint: Endpoint, job: JobControl) -> None:
        """Record that the server has started to run a job."""
        with self._lock:
            self._ledger.mark_begun(endpoint.fn_index, job)
            self._changed.notify_all()

    def begins_soon(self, exchange: Exchange) -> bool:
        """Wait up to `QUEUE_GRACE` for a job to begin.

        Returns:
            Whether the function runs. If not, the job waits in the server's queue.
        """
        return self._changed.wait_for(lambda: exchange.state.begun or self.closed, QUEUE_GRACE)

    def learn(self, endpoint: Endpoint, is_generating: object) -> None:
        """Record whether a function is a generator, if the config does not say it.

        Args:
            endpoint: The function.
            is_generating: What the last message of a job says.
        """
        if endpoint.generator is None and is_generating is False:
            with self._lock:
                self._not_generators.add(endpoint.fn_index)
                self._changed.notify_all()

    # -- when a job ends ------------------------------------------------------------

    def leave(self, endpoint: Endpoint, job: JobControl) -> list[str]:
        """Record that a job has ended.

        Returns:
            The event ids to give to `cancel_due`. No job of the function enters before that.
        """
        with self._lock:
            due = self._ledger.release(endpoint.fn_index, job)
            self._changed.notify_all()
        return due

    def mark_lost(self, endpoint: Endpoint, exchange: Exchange) -> bool:
        """Record that a job has ended for this client, but perhaps not for the server.

        Servers of 3.x drop an iterator with its last value. Some do not drop it when the websocket
        of the job ends. A job that was accepted may have begun, even if no message has said so.

        Returns:
            Whether the server may still have an iterator of the job.
        """
        leaves = exchange.state.accepted is True and self._must_be_alone(endpoint)
        if leaves:
            with self._lock:
                self._unfinished.add(endpoint.fn_index)
        return leaves

    def stop(self, endpoint: Endpoint, job: JobControl, exchange: Exchange) -> None:
        """Stop a job on the server, as far as servers of this generation can.

        Call this before the channel of the job is closed: servers from 4.0 to 4.30 accept requests
        about a job only while its stream is open.
        """
        event_id = exchange.event_id
        if self.mark_lost(endpoint, exchange):
            self._changed.wait_for(lambda: self.closed, LAST_VALUE)
            self._drop_iterator(endpoint)
        if event_id is not None:
            request = self.strategy.stop_job(endpoint, event_id, self.table)
            if request is not None:
                self._send(request, endpoint)
            if request is not None or not self.strategy.can_stop_function(endpoint):
                event_id = None
        with self._lock:
            due = self._ledger.release(endpoint.fn_index, job, event_id)
            self._changed.notify_all()
        self.cancel_due(endpoint, due)
        self._stop_if_others_wait(endpoint)

    def _drop_iterator(self, endpoint: Endpoint) -> bool:
        body = {"session_hash": self._session_hash, "fn_index": endpoint.fn_index}
        return self._send(StopRequest(self._routes.reset, body), endpoint)

    def _stop_if_others_wait(self, endpoint: Endpoint) -> None:
        """Stop cancelled jobs of a function, once its other jobs are known to wait in the queue."""
        if self._is_settled(endpoint):
            return
        try:
            # A busy server reports late that a job has begun. After a response, it has checked
            # its queue.
            deadline = Deadline.after(CANCEL_TIMEOUT)
            self._http.get(self._routes.queue_status, self._http.reading.until(deadline))
        except Aborted:
            return
        except GradioClientError as exc:
            log.debug("the server gave no status of its queue: %s", exc)
        if self._is_settled(endpoint):
            return
        with self._lock:
            due = self._ledger.force_due(endpoint.fn_index)
        self.cancel_due(endpoint, due)

    def _is_settled(self, endpoint: Endpoint) -> bool:
        """Wait up to `QUEUE_GRACE` while only queued jobs postpone cancellations."""
        fn_index, ledger = endpoint.fn_index, self._ledger
        return self._changed.wait_for(
            lambda: self.closed or not ledger.has_postponed(fn_index), QUEUE_GRACE
        )

    def cancel_due(self, endpoint: Endpoint, due: list[str]) -> None:
        """Stop jobs of a function on the server, and those that become due meanwhile.

        Args:
            endpoint: The function.
            due: The event ids that `leave` has returned. The ledger has ensured that their
                cancellation ends no other job.
        """
        while due:
            try:
                for request in self.strategy.stop_function(endpoint, due, self.table):
                    self._send(request, endpoint)
            finally:
                with self._lock:
                    due = self._ledger.acknowledge(endpoint.fn_index)
                    self._changed.notify_all()

    def _send(self, request: StopRequest, endpoint: Endpoint) -> bool:
        """Send a request to stop something.

        Returns:
            Whether the server has accepted it. A failure is logged, since no caller waits for the
            response and there is nothing else to try.
        """
        try:
            body = encode(endpoint, request.body)
            answer = self._http.post(request.url, body, read_timeout=CANCEL_TIMEOUT)
            if answer.status == 200:
                log.debug("the server was requested to stop %r", endpoint.name)
                return True
            log.warning("%s responded %s to a cancellation", request.url, answer.status)
        except Aborted:
            pass  # the client was closed, and its connections with it
        except (GradioClientError, Lost) as exc:
            log.warning("the server did not receive the cancellation of a job: %s", exc)
        return False

    def close(self) -> None:
        """Abort the jobs that wait here."""
        with self._lock:
            self.closed = True
            self._changed.notify_all()
