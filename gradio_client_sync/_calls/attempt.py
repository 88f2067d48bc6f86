"""`Attempt`: one attempt to run a job, from its files to the message that ends it.

An attempt owns its state machine, its connection, and its entry among the jobs of the session. A
retry is a new attempt. `JobRunner` makes the attempts, and ends the job.

The decisions are in `_protocol.queue.exchange`, and the bytes in `_transport`. This module passes
messages and effects between them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .._job.control import JobOutcome
from .._protocol.api.meaning import RequestMeaning
from .._protocol.api.payload import encode
from .._protocol.queue.decode import DATA_MESSAGES
from .._protocol.queue.exchange import Exchange, Publish, Reply
from .._session.session import Join
from .._session.watch import SentCall
from .._transport.base import Aborted
from .._transport.connections import RequestHandle
from .._transport.signal_safe import start_or_run
from ..errors import GradioClientError
from .cancel_scope import CancelScope
from .responses import FAILURES, changed, ending_of
from .unqueued import direct
from .upload_report import UploadReport

if TYPE_CHECKING:
    from typing import Callable

    from .._job.control import JobControl
    from .._job.event_log import EventLog
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.api.meaning import Callee
    from .._protocol.queue.exchange import Finish, JobState
    from .._protocol.queue.wire import Message
    from .._transport.base import Channel
    from .call import PreparedCall
    from .host import Host

#: The steps of a job in their order, as `Timings` names them and as the log does.
_STEPS = {"queued": "is queued", "started": "runs", "first_data": "has its first value"}


class Moved(Exception):
    """The app has changed immediately before the job was sent."""


class Attempt:
    """One attempt to run a job, on a worker thread.

    Args:
        call: The prepared call.
        control: The job.
        events: The job's event log.
        host: The connection.
        start: Runs a function on another thread of the job.
        callee: The function, as the attempt before had it.
        direct_url: The URL of a function that skips the queue; ``None`` to use the queue.

    Attributes:
        exchange: The state machine.
        callee: The function. It changes if the app has changed.
        direct_url: Its URL, as in the arguments. It changes with `callee`.
        entered: Whether the job counts among the jobs of its session.
    """

    def __init__(
        self,
        call: PreparedCall,
        control: JobControl,
        events: EventLog,
        host: Host,
        start: Callable[[Callable[[], None]], None],
        callee: Callee,
        direct_url: str | None,
    ) -> None:
        self.exchange = Exchange(call.event_factory, call.request_body.body)
        self.callee = callee
        self.direct_url = direct_url
        self.entered = False
        self._call = call
        self._control = control
        self._events = events
        self._host = host
        self._start = start
        self._jobs = call.session.jobs
        self._channel: Channel | None = None
        # ``None`` if a change of the app cannot affect the call.
        self._sent_call: SentCall | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The function in the app as it is now."""
        return self._call.event_factory.endpoint

    def run(self) -> Finish | None:
        """Run the job on the server.

        Returns:
            How the job ended; ``None`` if it was cancelled.

        Raises:
            Aborted: The job was cancelled.
            Moved: The app has changed, so the job has to be sent in another form.
        """
        request = RequestHandle()
        if not self._control.on_stop(request.abort):
            return None
        call = self._call
        try:
            routed = self._host.route(
                call, self.callee, call.request_body.values, request, call.options.deadline
            )
        except GradioClientError as exc:
            return self.exchange.fail(exc, time.time())
        url, by_name = routed.url, routed.by_name
        if routed.callee is not self.callee:
            self.callee, self.direct_url, endpoint = routed.callee, url, routed.callee.endpoint
            self.exchange.relocated(endpoint)  # and so is the event log: they share the factory
            self._control.fn_index = endpoint.fn_index
            call.request_body.move(endpoint, routed.values, by_name=by_name)
        if self.callee.by_parameter or not (by_name or self.callee.by_number):
            self._sent_call = SentCall(
                RequestMeaning(self.callee, not by_name), self._on_app_change
            )
        try:
            return self._run_queued() if url is None else self._run_direct(url)
        finally:
            self._end_sent_call()

    def withdraw(self) -> None:
        """Release what the attempt holds, before the next one begins."""
        if self.entered:
            self.entered = False
            due = self._jobs.leave(self.endpoint, self._control)
            self._jobs.cancel_due(self.endpoint, due)
        self.close_channel()

    def close_channel(self) -> None:
        """Close the connection of the attempt."""
        if self._channel is not None:
            self._channel.close()
            # The channel refers to this attempt, which refers to the client. Without the cycle,
            # a client that is no longer used is collected at once.
            self._channel = None

    # -- an app that changes --------------------------------------------------------

    def _before_send(self) -> None:
        """Check the app before the function's number or the positions of its values are sent.

        Raises:
            Moved: They may have another meaning in the app as it is now.
        """
        sent_call = self._sent_call
        if sent_call is not None and not self._host.send(sent_call, self.callee.epoch):
            self._sent_call = None
            self._host.watch.end(sent_call, ran=False)
            raise Moved

    def _settle(self) -> None:
        """Record that the server has selected the function that runs."""
        if self._sent_call is not None:
            self._host.watch.settle(self._sent_call)

    def _end_sent_call(self) -> None:
        """Record that the app no longer has to be checked for this attempt."""
        sent_call, self._sent_call = self._sent_call, None
        if sent_call is not None:
            self._host.watch.end(sent_call, ran=self.exchange.state.accepted is not False)

    def _on_app_change(self) -> None:
        """End the job on another thread, because the calling thread has other calls to inform."""
        start_or_run(self._start, self._end_changed)

    def _end_changed(self) -> None:
        """End the job, since its request now has another meaning for the app."""
        state = self.exchange.state
        error = changed(
            self.callee,
            self.direct_url is None,
            event_id=self._control.event_id,
            accepted=state.accepted or None,
            begun=state.begun,
            stage=state.stage,
        )
        status = self._call.event_factory.status(time.time(), "error", message=str(error))
        self._control.stop_with(JobOutcome.APP_CHANGED, status, error)

    # -- files ----------------------------------------------------------------------

    def _send_files(self) -> None:
        """Upload the files of the payload, and put their paths on the server into the body.

        Raises:
            Aborted: The job was cancelled.
        """
        request_body = self._call.request_body
        if not request_body.files:
            return
        report = UploadReport(self._events, self.endpoint)
        upload_task = request_body.upload_task(report, self._call.options.deadline)
        if not self._control.on_stop(upload_task.abort):
            raise Aborted
        request_body.load(upload_task.run())
        self._call.log_step("has its files at the server")

    # -- through the queue ----------------------------------------------------------

    def _run_queued(self) -> Finish | None:
        call, control = self._call, self._control
        try:
            self._events.notify_soon()
            self._send_files()
            if not control.on_stop(self._jobs.wake):
                return None
            self._jobs.enter(self.endpoint, control)
            self.entered = True
            join = Join(
                self.endpoint,
                control,
                self.exchange,
                call.request_body.encoded,
                call.headers,
                self._publish,
                call.options.deadline,
                self._before_send,
                call.options.patience,
            )
            channel = self._channel = call.session.open(join)
            if call.event_factory.dialect.join == "post":
                self._settle()
            event_id = control.event_id = self.exchange.event_id
            call.log_step("is at the server%s", f" as event {event_id}" if event_id else "")
            return self._converse(channel)
        except Aborted:
            return None
        except FAILURES as exc:
            ending = ending_of(exc)
            if ending.loses:
                self._jobs.mark_lost(self.endpoint, self.exchange)
            return ending.finish(self.exchange, exc)

    def _converse(self, channel: Channel) -> Finish | None:
        """Pass on messages and effects until the job ends; ``None`` if it was cancelled."""
        control, exchange = self._control, self.exchange
        scope = CancelScope(control, self._jobs, exchange, channel, self._host, self._start)
        before = exchange.state
        scope.shield_until_effective(before)
        while True:
            frame = channel.receive()
            effects = exchange.receive(frame)
            now = exchange.state
            if now is not before:
                self._record_state(before, now)
                scope.shield_until_effective(now)
                before = now
            for effect in effects:
                if control.stopped:
                    if isinstance(effect, Publish):
                        continue
                    return None
                if not isinstance(effect, Reply) and frame.renders:
                    # Before a listener gets the message: it may call the rendered functions.
                    self._render(frame.parse().get("output"))
                if isinstance(effect, Publish):
                    if not frame.published:
                        self._publish(frame)
                elif isinstance(effect, Reply):
                    self._reply(channel, effect)
                else:
                    self._learn(frame)
                    control.bytes += len(frame.raw)
                    return effect

    def _reply(self, channel: Channel, reply: Reply) -> None:
        """Send the server the data that it has requested."""
        self._control.event_id = self.exchange.event_id
        self._before_send()
        if self.exchange.state.accepted:
            self._jobs.drop_lost_iterator(self.endpoint)
        channel.reply(encode(self.endpoint, reply.body))

    def _publish(self, frame: Message) -> None:
        """Put a message into the event log, for the job's loops and listeners.

        The worker calls this, and so does the reader of a shared stream.
        """
        self._control.bytes += len(frame.raw)
        if frame.msg in DATA_MESSAGES and "first_data" not in self._control.times:
            self._events.order = self._call.files.next_number()
            for step in _STEPS:  # the reader may be ahead of the worker, which records the others
                self._record_step(step)
        self._events.publish(frame)
        self._events.notify_soon()

    def _record_state(self, before: JobState, now: JobState) -> None:
        """Record a change of the job's state, for its timings, its session and its input."""
        if now.queued:
            self._record_step("queued")
        if now.begun:
            self._record_step("started")
        if now.begun and not before.begun:
            if self._call.event_factory.dialect.join != "post":
                self._settle()
            self._jobs.mark_begun(self.endpoint, self._control)
        elif now.queued and not before.queued:
            self._jobs.mark_queued(self.endpoint, self._control)
        if now.answers > before.answers:
            self._control.accept_next_input(self.exchange.event_id)

    def _record_step(self, step: str) -> None:
        if self._control.record(step):
            self._call.log_step(_STEPS[step])

    def _learn(self, frame: Message) -> None:
        """Read from the last message whether the function is a generator.

        The config says this only from 3.20 on.
        """
        if self.endpoint.generator is None and frame.msg == "process_completed":
            output = frame.parse().get("output")
            if isinstance(output, dict) and "data" in output:
                self._jobs.learn(self.endpoint, output.get("is_generating"))

    def _render(self, output: object) -> None:
        config = output.get("render_config") if isinstance(output, dict) else None
        if isinstance(config, dict):
            self._call.session.render(config)

    # -- without the queue ----------------------------------------------------------

    def _run_direct(self, url: str) -> Finish | None:
        call, control = self._call, self._control
        try:
            self._events.notify_soon()
            self._send_files()
            request = RequestHandle()
            if not control.on_stop(request.abort):
                return None
            control.record("started")
            call.log_step("is sent")
            self._before_send()
            self._settle()
            finish = direct(call, self.exchange, url, call.options.deadline, request)
        except Aborted:
            return None
        except GradioClientError as exc:  # from the upload; `direct` has handled its own
            return self.exchange.fail(exc, time.time(), queue=False)
        control.bytes += finish.size
        return finish
