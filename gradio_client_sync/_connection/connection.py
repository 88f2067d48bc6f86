"""`Connection`: all that one client has open, and the jobs that it carries.

Threads and finalizers hold the connection and never the `Client`, so that a client
nobody uses any more is collected and its connection closed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter, deque
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Callable
from weakref import WeakSet, ref

from .._calls.app_files import AppFiles, ResultFiles
from .._calls.call import CallOptions, PreparedCall
from .._calls.request_body import prepare_body
from .._calls.responses import changed
from .._calls.runner import Course, JobRunner
from .._calls.threads import Workers
from .._calls.unqueued import first_try, handlers_may_raise
from .._job.control import JobControl
from .._job.event_log import EventLog
from .._job.input_stream import InputStream
from .._protocol.api.endpoint import EndpointTable
from .._protocol.api.meaning import Aim, Sent
from .._protocol.queue.event_factory import EventFactory
from .._session.app import App
from .._session.replicas import Replicas
from .._session.session import JOINS_AT_ONCE, Session, new_session_hash
from .._session.watch import Passage
from .._transport.base import Aborted
from .._transport.connections import RequestHandle
from .._transport.deadlines import NEVER, Deadline
from .._transport.http import Http
from ..errors import ClientClosedError, ConfigError, EndpointNotFoundError, GradioClientError
from ..job import Job
from . import at_exit as _exit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._options import Options
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.queue.exchange import Finish
    from .._transport.attempts import RetryPolicy
    from ..events import Data
    from ..files import Owner
    from ..types import Payload

log = logging.getLogger(__name__)


#: Seconds to wait at the end for an app that has not answered a session's heartbeat yet.
GOODBYE = 1.0


class Connection:
    """A client's connection to its app.

    Args:
        root: Where the user said that the app is.
        http: Sends the requests.
        options: Those of the client.
        policy: The retries of the requests that connect, and their deadline.
        query: What the user's address has after its question mark; apps can read it at each call.
        call_headers: Called for each call, on its caller's thread; returns the headers of this
            call only.

    Raises:
        ConnectFailedError, AuthenticationError, ConfigError, UnsupportedAppError
    """

    def __init__(
        self,
        root: str,
        http: Http,
        options: Options,
        policy: RetryPolicy,
        *,
        query: str,
        call_headers: Callable[[], Mapping[str, str]],
    ) -> None:
        self._pid = os.getpid()
        self.http = http
        began = time.monotonic()
        self.app = app = App(root, http, query, options.auth, policy)
        self._options = options
        self._call_headers = call_headers
        self._workers = Workers()
        self._joins = threading.BoundedSemaphore(JOINS_AT_ONCE)
        self._lock = threading.RLock()
        self._closed = False
        self._numbers = count(1)
        self._running: set[JobControl | RequestHandle] = set()
        self._unfinished: WeakSet[JobControl] = WeakSet()  # the server may have to be told of these
        self._backlog: deque[JobRunner] = deque()
        self._uses: Counter[Session] = Counter()  # by jobs and other calls under way
        self._replicas = Replicas(http, app.routes.app_id, known=app.id is not None)
        self._session = self._new_session(options.session_hash)
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
        app.on_change = self._renew
        _exit.register(self)
        took, version, protocol = time.monotonic() - began, app.version or "?", app.dialect.protocol
        log.debug("connected to %s in %.3f s: Gradio %s (%s)", app.root, took, version, protocol)

    # -- an app that changes --------------------------------------------------------

    def _look(self, call: RequestHandle, deadline: Deadline) -> None:
        """Ask whether it is still the same app, and tell those who called it if not.

        Raises:
            GradioClientError: The app cannot be asked, or has become another generation's.
            Aborted: `call` was aborted.
        """
        change = self.app.look(call, deadline)
        if change is None or not (change.under_way or change.ended):
            return
        misread = self.app.misread(change)
        for passage in misread.under_way:
            passage.on_changed()
        for sent, many in misread.ended:
            calls = "1 call" if many == 1 else f"{many} calls"
            log.warning(
                "the app at %s changed, and %s of %r may have run another function, or have had "
                "other values: what was sent meant something else by then",
                self.app.root,
                calls,
                sent.aim.endpoint.name,
            )

    def _look_first(
        self, is_due: Callable[[], bool], call: RequestHandle, deadline: Deadline
    ) -> bool:
        """Look before a call if that is due; whether it was.

        Raises:
            GradioClientError, Aborted: As of `_look`.
        """
        if not is_due():
            return False
        watch = self.app.watch
        others = watch.lead()
        if others is None:
            try:
                self._look(call, deadline)
            finally:
                watch.end_lead()
        else:
            call.wait_for(others)
            if is_due():  # that one has failed; each call tells why by itself
                self._look(call, deadline)
        return True

    def _keep_watch(self) -> None:
        """Have the app looked at beside the calls, if that is due."""
        if not self.app.watch.take_turn():
            return
        try:
            self._workers.start(self._look_beside)
        except GradioClientError as exc:  # no more threads
            self.app.watch.end_turn()
            log.debug("the app is not looked at: %s", exc)

    def _send(self, passage: Passage, epoch: int) -> bool:
        """A call goes out; if it takes long, a look has to come after it. See `Watch.send`."""
        watch = self.app.watch
        if not watch.send(passage, epoch):
            return False
        if watch.take_guard():
            try:
                self._workers.start(self._guard)
            except GradioClientError as exc:  # no more threads
                watch.end_guard()
                log.debug("the app is not looked at: %s", exc)
        return True

    def _guard(self) -> None:
        """Have the app looked at once more for what is under way, while no further call does."""
        while self.app.watch.wait_for_turn():
            self._look_beside()

    def _look_beside(self) -> None:
        try:
            self._look(RequestHandle(), NEVER)
        except Aborted:
            pass  # the client was closed
        except ConfigError as exc:
            log.warning("%s", exc)
            self.app.may_be_lost()  # the next call finds out, and fails
        except GradioClientError as exc:
            log.debug("whether the app is still the same is not known: %s", exc)
        finally:
            self.app.watch.end_turn()

    def _revisit(
        self,
        order: PreparedCall,
        aim: Aim,
        values: list[Any],
        call: RequestHandle,
        deadline: Deadline,
    ) -> Course:
        """Where a job goes: where it was meant to, unless the app has changed.

        Raises:
            EndpointNotFoundError: The app does not have the function any more, or another one
                of that name.
            GradioClientError: The app cannot be asked, or has become another one.
            Aborted: `call` was aborted.
        """
        app, table = self.app, order.session.table
        by_name = self._goes_by_name(aim, table)
        # Where the name decides, or the user's number, only a restart is of interest.
        ours = aim.by_parameter or not (by_name or aim.by_number)

        def is_due() -> bool:
            return app.needs_a_look if ours else app.was_silent

        if not self._look_first(is_due, call, deadline):
            self._keep_watch()
        if aim.epoch != app.watch.epoch:
            aim, values = app.again(aim, values, deadline)
            by_name = self._goes_by_name(aim, app.table)
        return Course(aim, values, self._direct_url(aim.endpoint), by_name)

    def _renew(self) -> None:
        """The app has become another one: forget what it was told before."""
        with self._lock:
            sessions = {self._session, *self._uses}
        for session in sessions:
            self._adapt(session)
        self.files.forget_uploads()

    def _adapt(self, session: Session) -> None:
        """Have a session use the functions of the app as it is."""
        app = self.app
        session.renew(app.table, wants_heartbeat=_wants_heartbeat(app))

    # -- sessions -----------------------------------------------------------------

    @property
    def session_hash(self) -> str:
        """The name of the session that calls are made in."""
        return self._session.session_hash

    @property
    def table(self) -> EndpointTable:
        """The functions that can be called in it."""
        return self._session.table

    def reset_session(self) -> None:
        """Make further calls in a new session. The old one ends with its last job.

        Raises:
            ClientClosedError: `close` was called.
        """
        session = self._new_session()
        with self._lock:
            if self._closed:
                raise _closed()
            old, self._session = self._session, session
            idle = not self._uses[old]
        self._adapt(session)  # the app may have changed just before
        if idle:
            old.close()

    def _new_session(self, session_hash: str | None = None) -> Session:
        app = self.app
        return Session(
            session_hash or new_session_hash(),
            self.http,
            app.routes,
            app.dialect,
            app.table,
            wants_heartbeat=_wants_heartbeat(app),
            joins=self._joins,
            start=self._workers.start,
            doubt=self._replicas.cause,
        )

    def _enter(self, *, isolated: bool = False) -> Session:
        """A session for one call, which has to `_leave` it.

        Raises:
            ClientClosedError: `close` was called.
        """
        own = self._new_session() if isolated else None
        with self._lock:
            if self._closed:
                raise _closed()
            session = own or self._session
            self._uses[session] += 1
        if own is not None:
            self._adapt(own)  # the app may have changed just before
        return session

    def _leave(self, session: Session) -> None:
        """A call is over, and with the last one a session that no more calls will use."""
        with self._lock:
            self._uses[session] -= 1
            over = self._uses[session] == 0
            if over:
                del self._uses[session]
                over = session is not self._session
        if over:
            session.close()

    def component_server(self, component_id: int, fn_name: str, data: object) -> Any:
        """Call a function that a component has on the server; see `Client.component_server`."""
        from .._session import component_server as _server_functions  # few apps have any

        session = self._enter()
        try:
            component = session.table.component(component_id)
            body, kind = _server_functions.request(
                component_id, component, fn_name, data, session.session_hash
            )
            session.keep_heartbeat()
            answer = self.http.post(
                self.app.routes.component_server,
                body,
                content_type=kind,
                headers=self._call_headers(),
                read_timeout=None,
                policy=self.http.rate_limited,
            )
            return _server_functions.answer(component_id, fn_name, answer)
        except Aborted as exc:
            raise ClientClosedError(
                f"The client was closed while {fn_name!r} of component {component_id} ran."
            ) from exc
        finally:
            self._leave(session)

    # -- jobs ---------------------------------------------------------------------

    def order(
        self,
        aim: Aim,
        data: list[Any],
        *,
        isolated: bool,
        deadline: Deadline,
        idempotent: bool,
        headers: Mapping[str, str],
        owner: Owner,
    ) -> PreparedCall:
        """Make ready what `submit` or `call` carries out.

        Args:
            headers: Go with this call only.

        Raises:
            EndpointNotFoundError: It was rendered in another session.
            PayloadError: The values cannot be sent.
            FileError: A file cannot be read, or is too large for the app.
            ClientClosedError: `close` was called.
        """
        session, endpoint = self._enter(isolated=isolated), aim.endpoint
        try:
            if endpoint not in session.table:
                raise EndpointNotFoundError(
                    f"{endpoint.name!r} was rendered for one session: it cannot be called "
                    "isolated, nor after reset_session(), nor once it has been rendered anew.",
                    endpoint=endpoint.name,
                )
            body = self._body(endpoint, data, session, deadline)
            self.files.prepare_for(endpoint)
            files = ResultFiles(self.files, owner)
            event_factory = EventFactory(endpoint, self.app.dialect, files.make, bundle_of_data)
            if self._goes_by_name(aim, session.table):
                del body["fn_index"]
            return PreparedCall(
                next(self._numbers),
                time.monotonic(),
                aim,
                owner,
                event_factory,
                session,
                prepare_body(endpoint, body, self.files),
                CallOptions(deadline, self._options.retries, idempotent),
                self._direct_url(endpoint),
                {**self._call_headers(), **headers},
                files,
            )
        except BaseException:
            self._leave(session)
            raise

    def call(self, order: PreparedCall, wait: Callable[[Job], Data]) -> Data:
        """Carry out an order for somebody who does nothing else meanwhile.

        What is one request mostly needs neither a job nor a thread: making them takes longer than
        all else on this side. If that fails, a job goes on from there.

        Args:
            wait: Waits for a job.

        Raises:
            CancelledError, ClientClosedError: `close` was called.
            GradioClientError: As of `submit`, or what `wait` raises.
        """
        call, first, runner = RequestHandle(), None, None
        try:
            url = order.direct_url
            if url is not None and self._needs_no_job(order) and self._take_place(call, order):
                self._keep_watch()
                first = self._first_try(order, url, call)
                if first.data is not None:
                    return first.data
            job, runner = self._job(order, first)
            self._hand_over(runner, first, call)
            return wait(job)
        except BaseException:
            if runner is not None:
                self._take_back(runner)
            raise
        finally:
            try:
                self._give_place_back(call)
            except BaseException:  # of a signal's handler; a place that is lost is lost for good
                self._give_place_back(call)
                raise
            finally:
                if runner is None:
                    self._leave(order.session)

    def _needs_no_job(self, order: PreparedCall) -> bool:
        """Whether nothing has to be done besides, or meanwhile, by another thread.

        A deadline has to end a call also while it connects, which only its own thread could.
        """
        aim, by_name = order.aim, "fn_index" not in order.request_body.body
        return not (
            order.request_body.files
            or order.terms.deadline.seconds is not None
            or self.app.was_silent
            or not (by_name or aim.by_number)
            or (aim.by_parameter and self.app.needs_a_look)
            or handlers_may_raise()
        )

    def _first_try(self, order: PreparedCall, url: str, call: RequestHandle) -> Finish:
        """Run a function that skips the queue, and have it watched if its values need that."""
        aim, watch = order.aim, self.app.watch
        if not aim.by_parameter:
            return first_try(order, url, call, lambda: None)
        why: list[GradioClientError] = []

        def on_changed() -> None:
            why.append(changed(aim, False))
            call.abort()

        passage = Passage(Sent(aim, aim.by_number), on_changed)
        self._send(passage, aim.epoch)
        watch.settle(passage)
        try:
            return first_try(order, url, call, lambda: next(iter(why), None))
        finally:
            watch.end(passage, ran=True)

    def _take_place(self, call: RequestHandle, order: PreparedCall) -> bool:
        with self._lock:
            full = len(self._running) >= self._options.max_workers
            if full or self._closed or order.aim.epoch != self.app.watch.epoch:
                return False
            self._running.add(call)
        return True

    def _give_place_back(self, call: RequestHandle) -> None:
        with self._lock:
            if not self._backlog or call not in self._running:
                self._running.discard(call)
                return
        try:  # a signal may strike this thread, and what waits for a place is others'
            self._workers.start(partial(self._ended, call))
        except GradioClientError:  # no more threads
            self._ended(call)

    def submit(self, order: PreparedCall) -> Job:
        """Have a job carry out an order.

        Raises:
            ClientClosedError: `close` was called.
            GradioClientError: No thread could be started.
        """
        runner = None
        try:
            job, runner = self._job(order)
            self._hand_over(runner)
            return job
        except BaseException:
            if runner is not None:
                self._take_back(runner)
            else:
                self._leave(order.session)
            raise

    def _hand_over(
        self, runner: JobRunner, first: Finish | None = None, place: RequestHandle | None = None
    ) -> None:
        """Have a job run, now or when there is a place for it.

        Args:
            first: How a try without a job has failed, which is raised if no job can go on from it.
            place: What may have a place among the running for that try; the job takes it.

        Raises:
            ClientClosedError, GradioClientError: As of `submit`.
        """
        failure = first.error if first is not None else None
        try:
            runner.arm(self.http.alarms)  # first: what is in the backlog may start at any time
            with self._lock:
                if self._closed:
                    raise failure or _closed()
                full = (
                    place not in self._running and len(self._running) >= self._options.max_workers
                )
                self._unfinished.add(runner.control)
                if full:
                    self._backlog.append(runner)
                else:
                    self._running -= {place}
                    self._running.add(runner.control)
            if not full:
                runner.start(runner)
        except GradioClientError as exc:  # closed, or no more threads
            exc.endpoint = runner.endpoint.name
            if failure is not None:
                raise failure from None
            raise

    def _take_back(self, runner: JobRunner) -> None:
        """End a job that nobody waits for, as it could not begin, or a signal's handler raised."""
        if not runner.control.done:
            runner.control.cancel()
        with self._lock:
            if runner in self._backlog:
                self._backlog.remove(runner)
        runner()  # which only gives back what it holds, if no thread is at it

    def _job(self, order: PreparedCall, first: Finish | None = None) -> tuple[Job, JobRunner]:
        """Make a job, and what runs it."""
        event_factory = order.event_factory
        start = partial(self._start_as, f"gradio-job-{order.number}")
        pending = event_factory.status(time.time(), "pending", queue=order.direct_url is None)
        limits = self._options.history, self._options.history_bytes
        events = EventLog(event_factory, limits[0], start, limits[1], pending=pending)
        order.files.job = ref(events)
        endpoint = event_factory.endpoint
        chunks = self._chunks(endpoint, order.session, order.headers)
        control = JobControl(endpoint.name, endpoint.fn_index, events, chunks)
        runner = JobRunner(
            order,
            control,
            events,
            first,
            revisit=self._revisit,
            watch=self.app.watch,
            send=self._send,
            on_lost=self.app.may_be_lost,
            cause=self._replicas.cause,
            start=start,
            on_end=partial(self._ended, control),
            on_close=self._leave,
        )
        return Job(control, events, order.owner, chunks), runner

    def _body(
        self, endpoint: Endpoint, data: list[Any], session: Session, deadline: Deadline = NEVER
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "data": data,
            "event_data": None,
            "fn_index": endpoint.fn_index,
            "trigger_id": None,
            "session_hash": session.session_hash,
        }
        token = self._options.oauth_token
        if token is not None and self.app.takes_oauth_token(endpoint, deadline):
            body["oauth_token"] = token
        return body

    def _chunks(
        self, endpoint: Endpoint, session: Session, headers: Mapping[str, str]
    ) -> InputStream | None:
        """What takes further input for a job of an endpoint, if it takes any."""
        if not endpoint.streaming:
            return None

        def encoded(payload: Payload) -> bytes:
            data = self.app.bind(endpoint, payload)
            body = self._body(endpoint, data, session)
            request_body = prepare_body(endpoint, body, self.files)
            if request_body.files:
                try:
                    request_body.load(request_body.upload_task(lambda done, total: None).run())
                except Aborted as exc:
                    raise _closed() from exc
            return request_body.encoded

        return InputStream(endpoint.name, self.http, self.app.routes, encoded, headers)

    def _start_as(self, name: str, task: Callable[[], None]) -> None:
        """Run a task on a thread that bears the job's name meanwhile."""
        self._workers.start(partial(_run_as, name, task))

    def _ended(self, job: JobControl | RequestHandle) -> None:
        """A job gave its place back; the next one in the backlog takes it."""
        while (following := self._next_after(job)) is not None:
            try:
                following.start(following)
                return
            except GradioClientError as exc:  # no more threads
                job, exc.endpoint = following.control, following.endpoint.name
                following.abandon(exc)

    def _next_after(self, job: JobControl | RequestHandle) -> JobRunner | None:
        with self._lock:
            if job not in self._running:
                return None
            self._running.discard(job)
            if not self._backlog:
                return None
            following = self._backlog.popleft()
            self._running.add(following.control)
        return following

    def _direct_url(self, endpoint: Endpoint) -> str | None:
        """Where to post a function that skips the queue."""
        if not self.app.skips_queue(endpoint):
            return None
        # If there is a number in the body, it decides; a name with a slash would be another route.
        name = endpoint.api_name
        return self.app.routes.run(name if name and "/" not in name else "predict")

    def _goes_by_name(self, aim: Aim, table: EndpointTable) -> bool:
        """Whether a call needs no number, since the route has the function's name."""
        if aim.by_number or not self.app.skips_queue(aim.endpoint):
            return False
        return table.goes_by_name(aim.endpoint)

    # -- the end ------------------------------------------------------------------

    def close(self, grace: float, *, join: bool) -> None:
        """Cancel every job, tell the server, close every connection.

        Args:
            grace: Seconds to wait for the server to be told.
            join: Also wait for the threads to end.
        """
        _exit.unregister(self)
        if os.getpid() != self._pid:
            return  # a fork: the sockets are the parent's, and its jobs go on
        with self._lock:
            if self._closed:
                return
            self._closed = True
            running = list(self._unfinished)
            calls = [call for call in self._running if isinstance(call, RequestHandle)]
            sessions = {self._session, *self._uses}
            self._backlog.clear()
        self.app.watch.close()
        for call in calls:
            call.abort()
        for job in running:
            if not job.done:
                job.cancel()
        deadline = time.monotonic() + grace
        for job in running:
            # Of one that ended by itself the server knows, and its worker may be this thread.
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
        """See `_exit`. What a later function of the exit submits still runs."""
        if os.getpid() != self._pid:
            return []
        with self._lock:
            jobs = list(self._unfinished)
            self._backlog.clear()
        return [job for job in jobs if job.abandon()]

    def close_idle(self) -> None:
        """See `_exit`."""
        if os.getpid() == self._pid:
            self.http.context.close_idle()


def _run_as(name: str, task: Callable[[], None]) -> None:
    threading.current_thread().name = name
    task()


def _wants_heartbeat(app: App) -> bool:
    return app.config.get("connect_heartbeat") is True


def _closed() -> ClientClosedError:
    return ClientClosedError("The client is closed; make a new one.")


def bundle_of_data(data: Data) -> dict[str, Any]:
    """Return what a notebook may show for a result, by MIME type."""
    from .._notebook.cards import data_bundle  # for notebooks only

    return data_bundle(data)
