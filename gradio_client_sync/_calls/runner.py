"""What a worker does with one job: bring it to the server, carry messages, end it.

The decisions are in `_protocol.exchange`, the bytes in `_transport`; this is the loop
between them. Whatever happens in here, the job reaches one end.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from .._job.control import Outcome
from .._protocol.api.meaning import Sent
from .._protocol.api.payload import encode
from .._protocol.queue.decode import DATA_MESSAGES
from .._protocol.queue.exchange import Exchange, Finish, Publish, Reply
from .._session.watch import Passage
from .._transport.base import Aborted
from .._transport.connections import RequestHandle
from .._transport.retries import Retries, can_retry, is_safe_to_retry
from ..errors import (
    BrokenStreamError,
    GradioClientError,
    HTTPStatusError,
    MessageTooLargeError,
    UploadError,
)
from .responses import (
    FAILURES,
    changed,
    ending_of,
    explained,
    may_be_another_server,
    unexpected,
)
from .unqueued import direct
from .upload_report import UploadReport

if TYPE_CHECKING:
    from typing import Callable

    from .._job.control import JobControl
    from .._job.event_log import EventLog
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.api.meaning import Aim
    from .._protocol.queue.exchange import JobState
    from .._protocol.queue.wire import Message
    from .._session.session import Session
    from .._session.watch import Watch
    from .._transport.base import Channel
    from .._transport.deadlines import Deadline, Timers
    from .call import PreparedCall

log = logging.getLogger(__name__)

#: What a job comes to, in this order, as `Timings` and the log name it.
_STEPS = {"queued": "is queued", "started": "runs", "first_data": "has its first value"}
_STOPS = {Outcome.TIMED_OUT: "ran out of time", Outcome.APP_CHANGED: "ended as its app changed"}


class Course(NamedTuple):
    """Where a job goes.

    Attributes:
        aim: What it is for.
        values: One for each input of the function.
        url: Where to post a function that skips the queue; ``None`` to queue it.
        by_name: The route names the function, so no number is sent.
    """

    aim: Aim
    values: list[Any]
    url: str | None
    by_name: bool


class _Moved(Exception):
    """The app has changed just before the job went out."""


class JobRunner:
    """One job's run.

    Args:
        first: How a try without a job has ended; it is not made again.
        revisit: Finds what a job is for that is about to go to the server, its values and where
            to post it: others than before, if the app has changed. Raises what hinders it.
        watch: Knows whether the app has changed.
        send: As `Watch.send`.
        on_lost: Is told that the server may have gone.
        cause: Returns what a failure may come from, or ``""``; see `Replicas`.
        on_end: Is called when the job is over for this side; another may take its place.
        on_close: Is called when the job does not need the session's connections any more.
        start: Runs a function on a thread of the job.
    """

    def __init__(
        self,
        order: PreparedCall,
        control: JobControl,
        events: EventLog,
        first: Finish | None = None,
        *,
        revisit: Callable[[PreparedCall, Aim, list[Any], RequestHandle, Deadline], Course],
        watch: Watch,
        send: Callable[[Passage, int], bool],
        on_lost: Callable[[], None],
        cause: Callable[[], str],
        start: Callable[[Callable[[], None]], None],
        on_end: Callable[[], None],
        on_close: Callable[[Session], None],
    ) -> None:
        self.control = control
        self._events = events
        self._first = first
        self._order = order
        self._event_factory = order.event_factory
        self._session = order.session
        self._request_body = order.request_body
        self._terms = order.terms
        self._aim = order.aim
        self._direct_url = order.direct_url
        self._watch = watch
        self._send = send
        self._passage: Passage | None = None  # of the try that is under way
        self._headers = order.headers
        self._revisit = revisit
        self._on_lost = on_lost
        self._cause = cause
        self.start = start
        self._on_end = on_end
        self._on_close = on_close
        self._heeds: bool | None = None  # whether the server would heed a cancellation now
        self._exchange = Exchange(order.event_factory, order.request_body.body)
        self._channel: Channel | None = None
        self._entered = False
        self._claim = threading.Lock()  # who has it runs the job

    @property
    def endpoint(self) -> Endpoint:
        return self._event_factory.endpoint

    def __call__(self) -> None:
        """Run the job to its end, if no other thread is at it, or has been."""
        if not self._claim.acquire(blocking=False):
            return
        self.control.start()
        if self._first is None:
            self._note("begins (%r)", self.endpoint.name)
        try:
            finish = self._run()
        except BaseException as exc:  # noqa: BLE001 - it is logged, and becomes the job's error
            finish = unexpected(self._exchange, exc)
        self.control.on_stop(None)
        self._note_end(finish)
        if finish is None:
            # The server first: whoever cancelled may be waiting for that before an exit.
            try:
                self._let_go()
            finally:
                self.control.release()
                self.control.resolve_cancelled()
        else:
            self._end(finish)

    def _end(self, finish: Finish) -> None:
        """Tell the end to the job's readers, and the server if it does not know."""
        given_up = self._entered and isinstance(finish.error, MessageTooLargeError)
        due: list[str] = []
        # Its places first: whoever hears of the end may want them for the next call.
        try:
            if not given_up:
                if self._entered:
                    due = self._session.leave(self.endpoint, self.control)
                self._close()
            self._on_end()
        finally:
            self.control.resolve(finish.events, finish.data, finish.error)
        if given_up:
            self._session.let_go(self.endpoint, self.control, self._exchange)
            self._close()
        self._session.cancel_due(self.endpoint, due)
        self.control.release()

    def _let_go(self) -> None:
        """Stop a cancelled job on the server, and give back what it held."""
        try:
            if self._entered and not self._exchange.finished:
                self._session.let_go(self.endpoint, self.control, self._exchange)
        finally:
            self._on_end()
            self._close()

    def _close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None  # it knows this pump: a client that is let go ends at once
        self._on_close(self._session)

    def abandon(self, error: GradioClientError) -> None:
        """End the job without running it."""
        self.control.resolve((), error=error)
        self._on_close(self._session)

    def arm(self, alarms: Timers) -> None:
        """Have the job end at its deadline, whatever it is at.

        Raises:
            GradioClientError: No thread could be started.
        """
        if self._terms.deadline.seconds is not None:
            call_off = alarms.set(self._terms.deadline, self._ring)
            self.control.add_done_callback(call_off)

    def _ring(self) -> None:
        """The job's time is up; who is told may take long, and other deadlines do not wait."""
        try:
            self.start(self._expire)
        except GradioClientError:  # no more threads
            self._expire()

    def _expire(self) -> None:
        error = self._order.late(self._exchange.state.stage, self.control.event_id)
        status = self._event_factory.status(time.time(), "error", message=str(error))
        self.control.stop_with(Outcome.TIMED_OUT, status, error)

    # -- try by try ---------------------------------------------------------------

    def _run(self) -> Finish | None:
        """Run the job; ``None`` if nobody waits for it any more.

        A job that the server cannot have taken is tried again; one that it may have taken only
        if that does no harm.
        """
        retries = Retries(self._terms.retries)
        while True:
            finish, self._first = self._first, None
            try:
                finish = finish or self._try()
            except Aborted:
                return None
            except _Moved:
                self._withdraw()
                continue
            finally:
                self._arrive()
            error = finish.error if finish is not None else None
            if error is None or self.control.stopped:
                return finish
            if isinstance(error, (ConnectionError, UploadError)):
                self._on_lost()
            wait = retries.pause(error, self._terms.deadline) if self._may_go_on(error) else None
            if wait is None:
                return self._explained(finish, error)
            log.debug("job %d is tried again in %.2f s: %s", self._order.number, wait, error)
            self._withdraw()
            pause = RequestHandle()
            if not self.control.on_stop(pause.abort):
                return None
            try:
                pause.pause(wait)
            except Aborted:
                return None

    def _try(self) -> Finish | None:
        call = RequestHandle()
        if not self.control.on_stop(call.abort):
            return None
        try:
            course = self._revisit(
                self._order, self._aim, self._request_body.values, call, self._terms.deadline
            )
        except GradioClientError as exc:
            return self._exchange.fail(exc, time.time())
        url, by_name = course.url, course.by_name
        if course.aim is not self._aim:
            self._aim, self._direct_url, endpoint = course.aim, url, course.aim.endpoint
            self._exchange.relocated(endpoint)  # so is the job's log: they share the factory
            self.control.fn_index = endpoint.fn_index
            self._request_body.move(endpoint, course.values, by_name=by_name)
        if self._aim.by_parameter or not (by_name or self._aim.by_number):
            self._passage = Passage(Sent(self._aim, not by_name), self._on_changed)
        return self._queued() if url is None else self._direct(url)

    # -- an app that changes --------------------------------------------------------

    def _set_off(self) -> None:
        """The function's number, or the positions of its parameters, are about to go out.

        Raises:
            _Moved: They may mean something else by now.
        """
        if self._passage is not None and not self._send(self._passage, self._aim.epoch):
            raise _Moved

    def _settle(self) -> None:
        """The server has decided which function runs."""
        if self._passage is not None:
            self._watch.settle(self._passage)

    def _arrive(self) -> None:
        """A try is over."""
        passage, self._passage = self._passage, None
        if passage is not None:
            self._watch.end(passage, ran=self._exchange.state.accepted is not False)

    def _on_changed(self) -> None:
        """What was sent means something else by now; who is told may take long."""
        try:
            self.start(self._end_changed)
        except GradioClientError:  # no more threads
            self._end_changed()

    def _end_changed(self) -> None:
        exchange = self._exchange
        error = changed(
            self._aim,
            self._direct_url is None,
            event_id=self.control.event_id,
            accepted=exchange.state.accepted or None,
            begun=exchange.state.begun,
            stage=exchange.state.stage,
        )
        status = self._event_factory.status(time.time(), "error", message=str(error))
        self.control.stop_with(Outcome.APP_CHANGED, status, error)

    def _may_go_on(self, error: GradioClientError) -> bool:
        if isinstance(error, BrokenStreamError):
            return error.accepted is False or self._terms.idempotent
        if self._direct_url is not None and isinstance(error, HTTPStatusError):
            # The function runs inside the request: a gateway may give up on it halfway.
            return self._terms.idempotent or (is_safe_to_retry(error) and error.status_code != 502)
        return is_safe_to_retry(error) or (self._terms.idempotent and can_retry(error))

    def _explained(self, finish: Finish | None, error: GradioClientError) -> Finish | None:
        """Add to an error what it comes from, where that can be found out."""
        if finish is not None and may_be_another_server(
            error, files=bool(self._request_body.files)
        ):
            return explained(finish, self._cause())
        return finish

    def _withdraw(self) -> None:
        """Give back what the try held, so that the next one starts from nothing."""
        if self._entered:
            due = self._session.leave(self.endpoint, self.control)
            self._session.cancel_due(self.endpoint, due)
            self._entered = False
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        ended, self._exchange = (
            self._exchange,
            Exchange(self._event_factory, self._request_body.body),
        )
        if ended.state != self._exchange.state:
            queue = self._direct_url is None
            self._events.restart(self._event_factory.status(time.time(), "pending", queue=queue))
        self._heeds = None
        self.control.event_id = None

    # -- its life in the log ------------------------------------------------------

    def _note(self, what: str, *arguments: object) -> None:
        self._order.note(what, *arguments)

    def _reach(self, step: str) -> None:
        if self.control.record(step):
            self._note(_STEPS[step])

    def _note_end(self, finish: Finish | None) -> None:
        control = self.control
        if finish is None:
            self._note(_STOPS.get(control.outcome or Outcome.CANCELLED, "was cancelled"))
        elif finish.error is not None:
            # Its text may repeat what was sent.
            self._note("failed (%s)", type(finish.error).__name__)
        else:
            self._note("is done (%d bytes)", control.bytes)

    # -- its files ----------------------------------------------------------------

    def _send_files(self) -> None:
        """Bring the files of the payload to the server, and put what it calls them in place.

        Raises:
            Aborted: The job was cancelled.
        """
        if not self._request_body.files:
            return
        report = UploadReport(self._events, self.endpoint)
        upload_task = self._request_body.upload_task(report, self._terms.deadline)
        if not self.control.on_stop(upload_task.abort):
            raise Aborted
        self._request_body.load(upload_task.run())
        self._note("has its files at the server")

    # -- through the queue --------------------------------------------------------

    def _queued(self) -> Finish | None:
        """Run the job; ``None`` if it was cancelled."""
        try:
            self._events.tell_soon()
            self._send_files()
            if not self.control.on_stop(self._session.wake):
                return None
            self._session.enter(self.endpoint, self.control)
            self._entered = True
            self._channel = self._session.open(
                self.endpoint,
                self.control,
                self._exchange,
                self._request_body.encoded,
                self._headers,
                self._publish,
                self._terms.deadline,
                self._set_off,
            )
            if self._event_factory.dialect.join == "post":
                self._settle()
            event_id = self.control.event_id = self._exchange.event_id
            self._note("is at the server%s", f" as event {event_id}" if event_id else "")
            return self._converse(self._channel)
        except Aborted:
            return None
        except FAILURES as exc:
            ending = ending_of(exc)
            if ending.loses:
                self._session.lose(self.endpoint, self._exchange)
            return ending.finish(self._exchange, exc)

    def _converse(self, channel: Channel) -> Finish | None:
        """Carry messages and effects until the job ends; ``None`` if it was stopped."""
        control, exchange = self.control, self._exchange
        self._arm(channel)
        before = exchange.state
        while True:
            frame = channel.receive()
            effects = exchange.receive(frame)
            now = exchange.state
            if now is not before:
                self._moved(before, now)
                self._arm(channel)
                before = now
            for effect in effects:
                if control.stopped:
                    if isinstance(effect, Publish):
                        continue
                    return None
                if not isinstance(effect, Reply) and frame.renders:
                    self._render(frame.parse().get("output"))  # readers may call what they see
                if isinstance(effect, Publish):
                    if not frame.told:
                        self._publish(frame)
                elif isinstance(effect, Reply):
                    self._reply(channel, effect)
                else:
                    self._learn(frame)
                    control.bytes += len(frame.raw)
                    return effect

    def _reply(self, channel: Channel, reply: Reply) -> None:
        """Send the server what it has asked for."""
        self.control.event_id = self._exchange.event_id
        self._set_off()
        if self._exchange.state.accepted:
            self._session.prepare(self.endpoint)
        channel.reply(encode(self.endpoint, reply.body))

    def _publish(self, frame: Message) -> None:
        """Keep a message for the job's readers. The reader of a shared stream calls it, too."""
        self.control.bytes += len(frame.raw)
        if frame.msg in DATA_MESSAGES and "first_data" not in self.control.times:
            self._events.order = self._order.files.next_number()
            for step in _STEPS:  # the worker may not have come to the ones before
                self._reach(step)
        self._events.publish(frame)
        self._events.tell_soon()

    def _moved(self, before: JobState, now: JobState) -> None:
        """Tell the session where the job is: others may depend on it."""
        if now.queued:
            self._reach("queued")
        if now.begun:
            self._reach("started")
        if now.begun and not before.begun:
            if self._event_factory.dialect.join != "post":
                self._settle()
            self._session.begin(self.endpoint, self.control)
        elif now.queued and not before.queued:
            self._session.queue(self.endpoint, self.control)
        if now.answers > before.answers:
            self.control.answered(self._exchange.event_id)

    def _arm(self, channel: Channel) -> None:
        """Have `cancel` end the wait, or await the moment when the server would heed it.

        Raises:
            Aborted: The job was cancelled already.
        """
        heeds = self._session.can_tell(self.endpoint, self._exchange)
        if heeds is self._heeds:
            return
        self._heeds = heeds
        if not self.control.on_stop(channel.abort if heeds else self._stand_aside):
            if heeds:
                raise Aborted
            self._stand_aside()

    def _stand_aside(self) -> None:
        """The job was cancelled before the server would heed it; its worker waits for that."""
        try:
            self.start(self._make_way)
        except GradioClientError:  # no more threads
            self.control.release()

    def _make_way(self) -> None:
        """No other job has to wait for it, nor, unless it is about to begin, who cancelled it."""
        due = self._session.leave(self.endpoint, self.control)
        self._session.cancel_due(self.endpoint, due)
        if not self._session.begins_soon(self._exchange):
            self._on_end()  # not before: close() waits for the jobs that have not ended
            self.control.release()

    def _learn(self, frame: Message) -> None:
        """Servers before 3.20 show only by the answer whether a function is a generator."""
        if self.endpoint.generator is None and frame.msg == "process_completed":
            output = frame.parse().get("output")
            if isinstance(output, dict) and "data" in output:
                self._session.learn(self.endpoint, output.get("is_generating"))

    def _render(self, output: object) -> None:
        config = output.get("render_config") if isinstance(output, dict) else None
        if isinstance(config, dict):
            self._session.render(config)

    # -- besides the queue --------------------------------------------------------

    def _direct(self, url: str) -> Finish | None:
        """Run a function that skips the queue."""
        try:
            self._events.tell_soon()
            self._send_files()
            call = RequestHandle()
            if not self.control.on_stop(call.abort):
                return None
            self.control.record("started")
            self._note("is sent")
            self._set_off()
            self._settle()
            finish = direct(
                self._exchange,
                self._session,
                url,
                self._request_body.encoded,
                self._headers,
                self._terms.deadline,
                call,
            )
        except Aborted:
            return None
        except GradioClientError as exc:  # its files
            return self._exchange.fail(exc, time.time(), queue=False)
        self.control.bytes += finish.size
        return finish
