"""`Connection`: prepare calls, make them, and close everything that a client has opened. Its parts
have modules of their own. Threads and finalizers hold the connection and never the `Client`. So a
client that is no longer used is garbage-collected, which closes its connection.
"""

from __future__ import annotations

import logging
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, TypeVar
from weakref import ref

from .._calls.app_files import AppFiles
from .._calls.host import Host
from .._calls.responses import changed
from .._calls.runner import JobRunner
from .._calls.threads import Workers
from .._calls.unqueued import first_try, signals_need_a_job
from .._job.control import JobControl
from .._job.event_log import EventLog
from .._protocol.api.meaning import RequestMeaning
from .._session.app import App
from .._session.app_watcher import AppWatcher
from .._session.replicas import ReplicaCheck
from .._session.watch import SentCall
from .._transport.base import Aborted
from .._transport.connections import RequestHandle
from ..errors import ClientClosedError, GradioClientError
from ..job import Job
from . import at_exit
from .admission import Admission
from .bodies import BodyFactory
from .call_factory import CallFactory
from .router import Router
from .sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._basics.secret import Secret
    from .._calls.call import HandedOver, PreparedCall
    from .._options import Options
    from .._protocol.api.endpoint import EndpointTable
    from .._protocol.queue.exchange import Finish
    from .._transport.attempts import RetryPolicy
    from .._transport.deadlines import Deadline
    from .._transport.http import Http
    from ..events import Data
    from ..files import Owner

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds to wait in `Connection.close` for an app that has not yet responded to the heartbeat of a
#: session.
GOODBYE = 1.0


class Connection:
    """A client's connection to its app.

    Args:
        root: The URL that the user gave, without its query.
        http: The HTTP client. The connection closes it.
        options: The options of the client.
        policy: The retries of the requests that connect, and their deadline.
        query: The query of the user's URL. It is sent with each call, so that apps can read it.
        call_headers: A function that returns headers for one call. It is called for each call, on
            the caller's thread.

    Raises:
        ConnectFailedError: The server could not be reached.
        AuthenticationError: The app requires a login, or did not accept it.
        ConfigError: The server is not a Gradio app.
        UnsupportedAppError: The app uses a release or protocol that is not supported.

    Attributes:
        calls: Prepares calls. Pass them to `submit` or `call`.
    """

    def __init__(
        self,
        root: str,
        http: Http,
        options: Options,
        policy: RetryPolicy,
        *,
        query: Secret[str] | None,
        call_headers: Callable[[], Mapping[str, str]],
    ) -> None:
        self._pid = os.getpid()
        self.http = http
        began = time.monotonic()
        self.app = app = App(root, http, query, options.auth, policy)
        self._options = options
        self._call_headers = call_headers
        self._workers = Workers()
        self._admission = Admission(options.max_workers, self._workers.start)
        self._replicas = ReplicaCheck(http, app.routes.app_id, known=app.id is not None)
        self._sessions = Sessions(
            app,
            http,
            options.session_hash,
            start=self._workers.start,
            cause=self._replicas.cause,
        )
        limit = app.config.get("max_file_size")
        self.files = AppFiles(
            http,
            app.routes,
            app.dialect,
            directory=options.download_dir,
            timeout=options.deadline,
            limit=limit if isinstance(limit, int) else None,
            cause=self._replicas.cause,
            start=self._workers.start,
        )
        self._bodies = BodyFactory(app, http, self.files, options.oauth_token)
        self._watcher = AppWatcher(app, self._workers.start)
        self._router = router = Router(app, self._watcher)
        self.calls = CallFactory(
            app, self._sessions, router, self._bodies, self.files, call_headers
        )
        self._host = Host(
            self._router.route,
            app.watch,
            self._watcher.send,
            app.record_loss,
            self._replicas.cause,
            app.possible_reason,
            self._admission.release,
            self._admission.hand_over,
            self._sessions.leave,
        )
        app.on_change = self._on_app_change
        at_exit.register(self)
        took, version, protocol = time.monotonic() - began, app.version or "?", app.dialect.protocol
        log.debug("connected to %s in %.3f s: Gradio %s (%s)", app.root, took, version, protocol)

    def _on_app_change(self) -> None:
        self._sessions.update_all()
        self.files.forget_uploads()

    # -- sessions -----------------------------------------------------------------

    @property
    def session_hash(self) -> str:
        """The name of the session of calls that are not isolated."""
        return self._sessions.current.session_hash

    @property
    def table(self) -> EndpointTable:
        """The functions that can be called in that session."""
        return self._sessions.current.table

    def reset_session(self, session_hash: str | None = None) -> None:
        """Make further calls in a new session. The old one ends with its last call.

        Args:
            session_hash: The name of the new session; ``None`` for a random one.

        Raises:
            ClientClosedError: `close` was called.
        """
        self._sessions.reset(session_hash)

    def component_server(self, component_id: int, fn_name: str, data: object) -> Any:
        """Call a server function of a component. See `Client.component_server`."""
        from .._session import component_server  # few apps need it

        session = self._sessions.enter()
        try:
            url, headers = self.app.routes.component_server, self._call_headers()
            return component_server.call(
                session, self.http, url, headers, component_id, fn_name, data
            )
        except Aborted as exc:
            raise ClientClosedError(
                f"The client was closed while {fn_name!r} of component {component_id} ran."
            ) from exc
        finally:
            self._sessions.leave(session)

    def check(self, deadline: Deadline) -> None:
        """Check that the app responds, and notice if it has changed.

        Raises:
            GradioClientError: It does not respond, or cannot be used any longer.
            Aborted: The client was closed.
        """
        self._watcher.check(RequestHandle(), deadline)

    # -- calls --------------------------------------------------------------------

    def call(
        self,
        prepared: PreparedCall,
        wait: Callable[[Job], Data],
        request: RequestHandle | None = None,
    ) -> Data:
        """Make a call for a thread that only waits for the result.

        A call that is a single request needs neither a job nor another thread, and making them
        takes longer than everything else on this side. If that request fails, a job continues.

        Args:
            prepared: The call.
            wait: Waits for a job, and returns its result.
            request: The handle of the request, if another thread may abort it.

        Raises:
            CancelledError: `close` was called during the call.
            ClientClosedError: `close` was called before the call.
            GradioClientError: The call failed, or no thread could be started.
        """
        request, owns_session = request or RequestHandle(), True
        try:
            first = None
            url = prepared.direct_url
            if (
                url is not None
                and self._needs_no_job(prepared)
                and self._admission.acquire(request)
            ):
                self._watcher.check_in_background()
                first = self._first_try(prepared, url, request)
                if first.data is not None:
                    return first.data
            owns_session = False  # from here on, `_run_job` owns it
            return self._run_job(prepared, wait, request, first)
        finally:
            try:
                self._admission.give_back(request)
            except BaseException:
                # A signal handler raised. Without a second attempt, the slot could be lost.
                self._admission.give_back(request)
                raise
            finally:
                if owns_session:
                    self._sessions.leave(prepared.session)

    def run(self, prepared: PreparedCall, begin: Callable[[Job], object]) -> Data:
        """Make a call by a job that runs on this thread, if there is a slot for it.

        For a thread that has nothing else to do: it saves two switches between threads.

        Args:
            prepared: The call.
            begin: Called with the job before it runs.

        Raises:
            CancelledError: The job was cancelled.
            ClientClosedError: `close` was called before the call.
            GradioClientError: The call failed.
        """
        return self._run_job(prepared, Job.result, begin=begin)

    def submit(self, prepared: PreparedCall) -> Job:
        """Make a call by a job, and return the job at once.

        Raises:
            ClientClosedError: `close` was called.
            GradioClientError: No thread could be started.
        """
        return self._run_job(prepared, lambda job: job)

    def _run_job(
        self,
        prepared: PreparedCall,
        wait: Callable[[Job], T],
        request: RequestHandle | None = None,
        first: Finish | None = None,
        begin: Callable[[Job], object] | None = None,
    ) -> T:
        """Start a job for a call, or queue it, and return what `wait` returns for the job.

        This method owns the call's session until there is a runner. From then on, the runner owns
        it, and gives it back when the job has ended. If `wait` or this method raises, the job is
        cancelled.

        Args:
            prepared: The call.
            wait: Called with the job.
            request: The request of a first attempt without a job. If it holds a slot, the job gets
                it.
            first: The failure of that attempt. It is raised if the job cannot be started.
            begin: Called with the job. If it has a slot, it then runs on this thread.

        Raises:
            ClientClosedError: `close` was called.
            GradioClientError: No thread could be started. Or the exception of `wait`.
        """
        runner = None
        try:
            job, runner = self._make_job(prepared, first)
            try:
                # Before `admit`, after which another thread may start the job at any time.
                runner.arm(self.http.timers)
                has_slot = self._admission.admit(runner, request, starts=begin is None)
            except GradioClientError as exc:
                exc.endpoint = runner.endpoint.name
                if first is not None and first.error is not None:
                    raise first.error from None
                raise
            if begin is not None:
                begin(job)
                if has_slot:
                    runner()
            return wait(job)
        except BaseException:
            if runner is not None:
                self._admission.withdraw(runner)
            else:
                self._sessions.leave(prepared.session)
            raise

    def _needs_no_job(self, prepared: PreparedCall) -> bool:
        """Return whether no other thread has to work on a call before or during its request.

        With a deadline, another thread has to be able to end the call while it still connects.
        """
        callee, by_name = prepared.callee, "fn_index" not in prepared.request_body.body
        return not (
            prepared.request_body.files
            or prepared.options.deadline.seconds is not None
            or self.app.was_silent
            or not (by_name or callee.by_number)
            or (callee.by_parameter and self.app.needs_check)
            or callee.epoch != self.app.watch.epoch
            or signals_need_a_job()
        )

    def _first_try(self, prepared: PreparedCall, url: str, request: RequestHandle) -> Finish:
        """Call a function that skips the queue, on this thread.

        If its values were given by parameter name, a change of the app during the request ends the
        call.
        """
        callee, watch = prepared.callee, self.app.watch
        if not callee.by_parameter:
            return first_try(prepared, url, request, lambda: None)
        errors: list[GradioClientError] = []

        def on_changed() -> None:
            errors.append(changed(callee, False))
            request.abort()

        sent_call = SentCall(RequestMeaning(callee, callee.by_number), on_changed)
        self._watcher.send(sent_call, callee.epoch)
        watch.settle(sent_call)
        try:
            return first_try(prepared, url, request, lambda: next(iter(errors), None))
        finally:
            watch.end(sent_call, ran=True)

    def _make_job(self, prepared: PreparedCall, first: Finish | None) -> tuple[Job, JobRunner]:
        """Make a job, and the object that runs it."""
        event_factory = prepared.event_factory
        start = partial(self._workers.start_as, f"gradio-job-{prepared.number}")
        pending = event_factory.status(time.time(), "pending", queue=prepared.direct_url is None)
        limits = self._options.history, self._options.history_bytes
        events = EventLog(event_factory, limits[0], start, limits[1], pending=pending)
        prepared.files.job = ref(events)
        endpoint = event_factory.endpoint
        chunks = self._bodies.input_stream(endpoint, prepared.session, prepared.headers)
        control = JobControl(endpoint.name, endpoint.fn_index, events, chunks)
        runner = JobRunner(prepared, control, events, self._host, start, first)
        return Job(control, events, prepared.owner, chunks), runner

    def take_over(self, job: HandedOver, owner: Owner) -> None:
        """Run a job of another connection, whose server did not take it.

        Args:
            job: The job.
            owner: The client of this connection.

        Raises:
            EndpointNotFoundError: This server does not have the function.
            FileError: A file is too large for the app.
            ClientClosedError: `close` was called.
            GradioClientError: No thread could be started.
        """
        prepared, admission = self.calls.make_moved(job.call, owner), job.control.admission
        try:
            prepared.files.job = ref(job.events)
            start = partial(self._workers.start_as, f"gradio-job-{prepared.number}")
            runner = JobRunner(
                prepared, job.control, job.events, self._host, start, retries=job.retries
            )
            factory, queue = prepared.event_factory, prepared.direct_url is None
            pending = [factory.status(time.time(), "pending", queue=queue)] if job.restarts else []
            job.events.move(pending, factory)
            job.control.event_id, job.control.fn_index = None, factory.endpoint.fn_index
            self._admission.admit(runner)
        except BaseException:
            job.control.admission = admission
            self._admission.hand_over(job.control)
            self._sessions.leave(prepared.session)
            raise

    # -- the end ------------------------------------------------------------------

    def close(self, grace: float, *, join: bool) -> None:
        """Cancel every job, also on the server, and close every connection.

        Args:
            grace: Seconds to wait for the servers' responses to cancellations.
            join: Also wait for the threads to end.
        """
        at_exit.unregister(self)
        if os.getpid() != self._pid:
            return  # after a fork, the sockets belong to the parent process, whose jobs continue
        stopped = self._admission.close()
        if stopped is None:
            return
        jobs, requests = stopped
        sessions = self._sessions.close()
        self.app.watch.close()
        for request in requests:
            request.abort()
        for job in jobs:
            if not job.done:
                job.cancel("the client was closed")
        deadline = time.monotonic() + grace
        for job in jobs:
            # A job that was not stopped has ended on the server by itself. This thread may be its
            # worker, so it must not wait for it.
            if job.stopped:
                job.wait_released(max(0.0, deadline - time.monotonic()))
        for session in sessions:
            session.close()
        deadline = min(deadline, time.monotonic() + GOODBYE)
        for session in sessions:
            session.wait_until_ended(max(0.0, deadline - time.monotonic()))
        self.http.close()
        self._workers.close()
        if join:
            self._workers.join(grace)

    def abandon_jobs(self) -> list[JobControl]:
        """Stop all jobs without waking the threads that wait for them; see `ExitHandler`.

        Later calls are still accepted, because functions that run later at the exit may make some.
        """
        if os.getpid() != self._pid:
            return []
        return [job for job in self._admission.clear() if job.abandon()]

    def close_idle(self) -> None:
        """Close the HTTP connections that no thread uses; see `ExitHandler`."""
        if os.getpid() == self._pid:
            self.http.context.close_idle()
