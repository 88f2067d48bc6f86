"""`JobRunner`: what a worker does with one job: attempts, retries and the end.

An `Attempt` brings the job to the server. Whatever happens in here, the job ends exactly once.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from .._job.control import JobOutcome
from .._protocol.queue.exchange import JobState
from .._transport.base import Aborted
from .._transport.connections import RequestHandle
from .._transport.retries import Retries, can_retry, is_safe_to_retry
from .._transport.signal_safe import start_or_run
from ..errors import (
    AppError,
    BrokenStreamError,
    GradioClientError,
    HTTPStatusError,
    MessageTooLargeError,
    UploadError,
)
from .attempt import Attempt, Moved
from .call import HandedOver
from .responses import (
    after_loss,
    explained,
    may_be_another_server,
    unexpected,
    was_not_accepted,
)

if TYPE_CHECKING:
    from typing import Callable

    from .._job.control import JobControl
    from .._job.event_log import EventLog
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.queue.exchange import Finish
    from .._transport.deadlines import Timers
    from .call import PreparedCall
    from .host import Host

log = logging.getLogger(__name__)

#: The text in the log for a job that was stopped. A job with another outcome was cancelled.
_STOP_REASONS = {
    JobOutcome.TIMED_OUT: "ran out of time",
    JobOutcome.APP_CHANGED: "ended as its app changed",
}


class _Moved(Exception):
    """Another connection runs the job from now on."""


class JobRunner:
    """Runs one job: makes attempts until one decides the job, and ends it once.

    Args:
        call: The prepared call.
        control: The job.
        events: The job's event log.
        host: The connection.
        start: Runs a function on a thread of the job.
        first: How an attempt without a job has ended. It counts as the first one.
        retries: The retries that are left, if the job was on another server before.

    Attributes:
        control: The job.
        start: As in the arguments.
    """

    def __init__(
        self,
        call: PreparedCall,
        control: JobControl,
        events: EventLog,
        host: Host,
        start: Callable[[Callable[[], None]], None],
        first: Finish | None = None,
        retries: Retries | None = None,
    ) -> None:
        self.control = control
        self.start = start
        self._call = call
        self._events = events
        self._host = host
        self._first = first
        self._retries = retries or Retries(call.options.retries)
        self._attempt = Attempt(call, control, events, host, start, call.callee, call.direct_url)
        self._claim = threading.Lock()  # the thread that acquires it runs the job

    @property
    def endpoint(self) -> Endpoint:
        """The function in the app as it is now."""
        return self._call.event_factory.endpoint

    def __call__(self) -> None:
        """Run the job to its end. Do nothing if another thread runs it, or has run it."""
        if not self._claim.acquire(blocking=False):
            return
        self.control.start()
        if self._first is None:
            self._call.log_step("begins (%r)", self.endpoint.name)
        try:
            finish = self._run()
        except _Moved:
            # The rest of the job belongs to the other connection's runner.
            self._host.hand_over(self.control)
            self._close()
            return
        except BaseException as exc:  # noqa: BLE001 - it is logged, and becomes the job's error
            finish = unexpected(self._attempt.exchange, exc)
        self.control.on_stop(None)
        self._log_end(finish)
        if finish is None:
            # The server is informed first: a thread that has cancelled the job may wait for this
            # before the interpreter exits.
            try:
                self._stop_on_server()
            finally:
                self.control.release()
                self.control.resolve_cancelled()
        else:
            self._end(finish)

    def _end(self, finish: Finish) -> None:
        """End the job for its user, and on the server if the server does not know of the end."""
        attempt, jobs, control = self._attempt, self._call.session.jobs, self.control
        # The server continues to run a job whose message was too large for this client.
        must_stop = attempt.entered and isinstance(finish.error, MessageTooLargeError)
        due: list[str] = []
        # The slot is released before the job resolves: a thread that waits for the job may need
        # the slot for its next call.
        try:
            if not must_stop:
                if attempt.entered:
                    due = jobs.leave(self.endpoint, control)
                self._close()
            self._host.release_slot(control)
        finally:
            control.resolve(finish.events, finish.data, finish.error)
        if must_stop:
            jobs.stop(self.endpoint, control, attempt.exchange)
            self._close()
        jobs.cancel_due(self.endpoint, due)
        control.release()

    def _stop_on_server(self) -> None:
        """Stop a cancelled job on the server, and release what it holds."""
        attempt = self._attempt
        try:
            if attempt.entered and not attempt.exchange.finished:
                self._call.session.jobs.stop(self.endpoint, self.control, attempt.exchange)
        finally:
            self._host.release_slot(self.control)
            self._close()

    def _close(self) -> None:
        self._attempt.close_channel()
        self._host.leave_session(self._call.session)

    def abandon(self, error: GradioClientError) -> None:
        """End the job with an error, without running it."""
        self.control.resolve((), error=error)
        self._host.leave_session(self._call.session)

    # -- the deadline ---------------------------------------------------------------

    def arm(self, timers: Timers) -> None:
        """Set the timer that ends the job at its deadline, even if the worker is blocked then.

        Raises:
            GradioClientError: No thread could be started.
        """
        deadline = self._call.options.deadline
        if deadline.seconds is not None:
            cancel_timer = timers.set(deadline, self._on_deadline)
            self.control.add_done_callback(cancel_timer)

    def _on_deadline(self) -> None:
        """End the job on another thread: its listeners may be slow, and other timers are due."""
        start_or_run(self.start, self._time_out)

    def _time_out(self) -> None:
        error = self._call.timeout_error(self.control.whereabouts(), self.control.event_id)
        status = self._call.event_factory.status(time.time(), "error", message=str(error))
        self.control.stop_with(JobOutcome.TIMED_OUT, status, error)

    # -- attempts -------------------------------------------------------------------

    def _run(self) -> Finish | None:
        """Make attempts until one of them decides the job; ``None`` if the job was stopped.

        A job that the server cannot have accepted is tried again. A job that the server may have
        accepted is tried again only if its call is idempotent.

        Raises:
            _Moved: Another connection runs the job.
        """
        deadline = self._call.options.deadline
        while True:
            finish, self._first = self._first, None
            try:
                finish = finish or self._attempt.run()
            except Aborted:
                return None
            except Moved:
                self._begin_next_attempt()
                continue
            error = finish.error if finish is not None else None
            if error is None or self.control.stopped:
                return finish
            if isinstance(error, (ConnectionError, UploadError)):
                self._host.may_be_lost()
            self._try_elsewhere(error)
            wait = self._retries.pause(error, deadline) if self._can_retry(error) else None
            if wait is None:
                return self._explained(finish, error)
            log.debug("job %d is tried again in %.2f s: %s", self._call.number, wait, error)
            self._begin_next_attempt()
            pause = RequestHandle()
            if not self.control.on_stop(pause.abort):
                return None
            try:
                pause.pause(wait)
            except Aborted:
                return None

    def _begin_next_attempt(self) -> None:
        call, ended = self._call, self._attempt
        ended.withdraw()
        self._attempt = Attempt(
            call, self.control, self._events, self._host, self.start, ended.callee, ended.direct_url
        )
        if ended.exchange.state != self._attempt.exchange.state:
            queue = ended.direct_url is None
            self._events.restart(call.event_factory.status(time.time(), "pending", queue=queue))
        self.control.event_id = None

    def _try_elsewhere(self, error: GradioClientError) -> None:
        """Hand the job over to another server of the app, if there is one and it may run the job.

        Raises:
            _Moved: Another connection runs the job.
        """
        elsewhere, attempt = self._call.options.elsewhere, self._attempt
        if elsewhere is None:
            return
        accepted = None if attempt.direct_url is not None else attempt.exchange.state.accepted
        if not (self._can_retry(error) or was_not_accepted(error, accepted=accepted)):
            return
        attempt.withdraw()
        restarts = attempt.exchange.state != JobState()
        job = HandedOver(self._call, self.control, self._events, self._retries, restarts)
        if elsewhere.take_over(error, job):
            self._call.log_step("goes to another server (%s)", type(error).__name__)
            raise _Moved

    def _can_retry(self, error: GradioClientError) -> bool:
        idempotent = self._call.options.idempotent
        if isinstance(error, BrokenStreamError):
            return error.accepted is False or idempotent
        if self._attempt.direct_url is not None and isinstance(error, HTTPStatusError):
            # The function runs during the request. A gateway may send a 502 while it runs.
            return idempotent or (is_safe_to_retry(error) and error.status_code != 502)
        return is_safe_to_retry(error) or (idempotent and can_retry(error))

    def _explained(self, finish: Finish | None, error: GradioClientError) -> Finish | None:
        """Add the cause to an error, if it can be found, and to a loss what to do."""
        body, options = self._call.request_body, self._call.options
        if finish is not None and may_be_another_server(error, files=bool(body.files)):
            finish = explained(finish, self._host.cause())
        if finish is not None and isinstance(error, BrokenStreamError):
            finish = explained(finish, after_loss(error, options.idempotent))
        if finish is not None and options.elsewhere is not None:
            finish = explained(finish, options.elsewhere.explain())
        if finish is not None and isinstance(error, AppError):
            by_event = body.body.get("event_data") is not None
            deadline = options.deadline
            reason = self._host.possible_reason(self.endpoint, body.values, deadline, by_event)
            finish = explained(finish, reason)
        return finish

    def _log_end(self, finish: Finish | None) -> None:
        call, control = self._call, self.control
        if finish is None:
            call.log_step(
                _STOP_REASONS.get(control.outcome or JobOutcome.CANCELLED, "was cancelled")
            )
        elif finish.error is not None:
            # Only the class: the text of an error may contain values of the payload.
            call.log_step("failed (%s)", type(finish.error).__name__)
        else:
            call.log_step("is done (%d bytes)", control.bytes)
