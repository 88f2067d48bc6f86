"""The state machine of one job: it takes messages of the queue and returns effects.

The machine has no socket, thread or clock. Its caller carries out the effects:

    Reply     send this body to the server, in the way that the dialect defines
    Publish   put this message into the job's event log
    Finish    the job has ended: with a value, with an error, or because the app cancelled it

`TRANSITIONS` is the whole machine. For each kind of message it says how the `JobState` changes and
which method returns the effects. Facts that do not come as a message (the response to a join, a
lost connection) are methods of `Exchange`. Nothing else changes the state.

The events for loops and listeners are not made here. `decode` makes them when a loop or listener
needs them. Only the last message is parsed in full, because it contains the job's result.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Union

from ..._basics.words import called
from ...errors import AppError, BrokenStreamError, GradioClientError, ProtocolError, QueueFullError
from ...events import Data, Status
from .statuses import completion, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...events import Event
    from ...types import Stage
    from ..api.endpoint import Endpoint
    from .event_factory import EventFactory
    from .wire import Message

log = logging.getLogger(__name__)


class Reply(NamedTuple):
    """Effect: send this body to the server."""

    body: Mapping[str, Any]


class Publish(NamedTuple):
    """Effect: put this message into the job's event log, for its loops and listeners."""

    message: Message


class Finish(NamedTuple):
    """Effect: end the job.

    Attributes:
        events: The last events of the job; the final status comes last.
        data: The result; ``None`` if there is none.
        error: Why there is no result. Without `data` and `error`, the app cancelled the job.
        size: The size of the response in bytes, if the job ended without a message.
    """

    events: Sequence[Event]
    data: Data | None = None
    error: GradioClientError | None = None
    size: int = 0


Effect = Union[Reply, Publish, Finish]


class JobState(NamedTuple):
    """The reports of the server about a job so far.

    Attributes:
        accepted: The server has everything that it needs to run the job, so the function may have
            run. ``None`` if this cannot be known.
        queued: The job waits in the server's queue, or has waited there.
        begun: The function runs, or has run.
        stage: The last stage.
        answers: How many inputs the server has processed, for a function with a stream of inputs.
    """

    accepted: bool | None = False
    queued: bool = False
    begun: bool = False
    stage: Stage = "pending"
    answers: int = 0

    @property
    def phase(self) -> str:
        """What the job was doing, as the end of a sentence that says when something happened."""
        if self.begun:
            return "while the function was running"
        if self.queued or self.accepted:
            return "while the job was in the queue"
        return "before the app had confirmed the job"


class Exchange:
    """The state machine of one job.

    Args:
        event_factory: Makes the last events. It knows the endpoint and the dialect.
        body: What the server needs to run the job: ``data``, ``fn_index``, ``session_hash``.
    """

    def __init__(self, event_factory: EventFactory, body: Mapping[str, Any]) -> None:
        self.event_factory = event_factory
        self._body = body
        self._event_id: str | None = None
        self._state = JobState()
        self._finished = False
        self._answered: set[str] = set()  # kinds of requests that the server has got a reply to

    @property
    def event_id(self) -> str | None:
        """The server's id for the job; ``None`` until the server has sent it."""
        return self._event_id

    @property
    def state(self) -> JobState:
        """The reports of the server so far. Each new report replaces the object."""
        return self._state

    @property
    def finished(self) -> bool:
        """Whether the job has ended."""
        return self._finished

    # -- facts from messages ----------------------------------------------------------

    def receive(self, message: Message) -> Sequence[Effect]:
        """Process the next message of this job.

        Messages after the end of the job are ignored, because a server may complete a job twice.

        Returns:
            The effects, in the order in which to carry them out.
        """
        if self._finished:
            return ()
        transition = TRANSITIONS.get(message.msg)
        if transition is None:
            log.debug("ignored a message of the unknown kind %r", message.msg)
            return ()
        self._state = transition.move(self._state)
        try:
            return transition.act(self, message)
        except ProtocolError as error:
            return (self.fail(error, message.time),)

    def _ignore(self, message: Message) -> Sequence[Effect]:
        return ()

    def _publish(self, message: Message) -> Sequence[Effect]:
        return (Publish(message),)

    def _send_hash(self, message: Message) -> Sequence[Effect]:
        if self._is_repeated(message):
            return ()
        return (Reply({key: self._body[key] for key in ("fn_index", "session_hash")}),)

    def _send_data(self, message: Message) -> Sequence[Effect]:
        if self._is_repeated(message):
            return ()
        body = dict(self._body)
        if self.event_factory.dialect.join == "get":
            event_id = message.parse().get("event_id")
            if not isinstance(event_id, str):
                raise ProtocolError("The server requests data without naming a job.")
            self._event_id = body["event_id"] = event_id
        self.accept()
        return (Reply(body),)

    def _is_repeated(self, message: Message) -> bool:
        # A server requests each thing once. A gateway may deliver the request twice. The server
        # would take a second reply for the reply to its next request.
        repeated = message.msg in self._answered
        self._answered.add(message.msg)
        return repeated

    def _complete(self, message: Message) -> Sequence[Effect]:
        content = message.parse()
        events = completion(self.event_factory, message, content)
        status = events[-1]
        if isinstance(status, Status) and status.stage == "error":
            return (self.app_failed(status, content["output"]),)
        return (self.completed(events),)

    def _refuse(self, message: Message) -> Sequence[Effect]:
        status = status_of(self.event_factory, message)
        return (self._finish([status], error=queue_full(self.event_factory)),)

    def _stop(self, message: Message) -> Sequence[Effect]:
        status = status_of(self.event_factory, message)
        error = self._broken(f"the server reported: {status.message}")
        return (self._finish([status], error=error),)

    # -- facts from elsewhere ---------------------------------------------------------

    def joined(self, event_id: str) -> None:
        """Record that the server has accepted the join, under this event id."""
        self._event_id = event_id
        self.accept()

    def accept(self) -> None:
        """Record that the server has everything that it needs to run the job."""
        self._state = self._state._replace(accepted=True)

    def no_response(self) -> None:
        """Record that a request got no response, so the server may have accepted it."""
        self._state = self._state._replace(accepted=self._state.accepted or None)

    def relocated(self, endpoint: Endpoint) -> None:
        """Record that the app has restarted and has the function under another number."""
        self.event_factory.endpoint = endpoint

    def completed(self, events: Sequence[Event]) -> Finish:
        """End the job with the events of its last message.

        Args:
            events: The result, if the job has one, is the first event.
        """
        data = events[0]
        return self._finish(events, data=data if isinstance(data, Data) else None)

    def app_failed(self, status: Status, output: Mapping[str, Any]) -> Finish:
        """End the job because its function raised.

        Args:
            status: The final status.
            output: The server's report of the error.
        """
        error = app_error(self.event_factory, status, output, self._event_id)
        return self._finish([status], error=error)

    def lost(
        self, time: float, reason: str, *, url: str | None = None, queue: bool = True
    ) -> Finish:
        """End the job because its connection was lost.

        Args:
            time: When this was noticed, in seconds since the epoch.
            reason: Why the connection was lost, for the error message.
            url: The URL of the connection.
            queue: Whether the job goes through the app's queue.
        """
        return self.fail(self._broken(reason, url, queue=queue), time, queue=queue)

    def fail(self, error: GradioClientError, time: float, **fields: Any) -> Finish:
        """End the job with an error that was found on the client's side.

        Args:
            error: Gets the job's endpoint and event id if it has none.
            time: When the error was found, in seconds since the epoch.
            fields: Other fields of the final status.
        """
        if error.endpoint is None:
            error.endpoint = self.event_factory.endpoint.name
        if error.event_id is None:
            error.event_id = self._event_id
        fields.setdefault("message", str(error))
        fields.setdefault("broken", True if isinstance(error, ConnectionError) else None)
        return self._finish([self.event_factory.status(time, "error", **fields)], error=error)

    def _finish(
        self,
        events: Sequence[Event],
        data: Data | None = None,
        error: GradioClientError | None = None,
    ) -> Finish:
        self._finished = True
        return Finish(events, data, error)

    def _broken(
        self, reason: str, url: str | None = None, *, queue: bool = True
    ) -> BrokenStreamError:
        name = self.event_factory.endpoint.name
        fate = {
            True: "The server had accepted the job, so the function may have run",
            None: "The server may have accepted the job, so the function may have run",
            False: "The server had not accepted the job, so it is safe to call again",
        }[self._state.accepted]
        when = self._state.phase if queue else "before the app had responded"
        return BrokenStreamError(
            f"The connection for {called(name)} was lost {when}: {reason.rstrip('.')}. {fate}.",
            endpoint=name,
            event_id=self._event_id,
            accepted=self._state.accepted,
            last_stage=self._state.stage,
            url=url,
        )


def _unchanged(state: JobState) -> JobState:
    return state


def _queued(state: JobState) -> JobState:
    return state if state.queued else state._replace(queued=True)


def _begun(state: JobState) -> JobState:
    return state if state.begun else state._replace(begun=True)


def _generating(state: JobState) -> JobState:
    if state.begun and state.stage == "generating":
        return state
    return state._replace(begun=True, stage="generating")


def _streaming(state: JobState) -> JobState:
    return state._replace(begun=True, stage="streaming", answers=state.answers + 1)


class Transition(NamedTuple):
    """The rule for one kind of message.

    Attributes:
        move: Returns the state after the message.
        act: Returns the effects of the message.
    """

    move: Callable[[JobState], JobState]
    act: Callable[[Exchange, Message], Sequence[Effect]]


TRANSITIONS: Mapping[str, Transition] = {
    "send_hash": Transition(_unchanged, Exchange._send_hash),
    "send_data": Transition(_unchanged, Exchange._send_data),
    "estimation": Transition(_queued, Exchange._publish),
    "process_starts": Transition(_begun, Exchange._publish),
    "progress": Transition(_begun, Exchange._publish),
    "log": Transition(_begun, Exchange._publish),
    "process_generating": Transition(_generating, Exchange._publish),
    "process_streaming": Transition(_streaming, Exchange._publish),
    "process_completed": Transition(_unchanged, Exchange._complete),
    "queue_full": Transition(_unchanged, Exchange._refuse),
    "unexpected_error": Transition(_unchanged, Exchange._stop),
    "server_stopped": Transition(_unchanged, Exchange._stop),
    "heartbeat": Transition(_unchanged, Exchange._ignore),
    "close_stream": Transition(_unchanged, Exchange._ignore),
}

#: The kinds of message that become events and do not end the job.
FOR_READERS = frozenset(k for k, t in TRANSITIONS.items() if t.act is Exchange._publish)

#: Those of them that do not change the state if they come again.
MOVES_ONCE = FOR_READERS - {"process_streaming"}


def app_error(
    event_factory: EventFactory,
    status: Status,
    output: Mapping[str, Any],
    event_id: str | None = None,
) -> AppError:
    """Return the exception for a function that raised.

    Args:
        event_factory: Knows the endpoint and the dialect.
        status: The final status of the job.
        output: The server's report of the error.
        event_id: The server's id for the job, if it is known.
    """
    name = event_factory.endpoint.name
    text = event_factory.app_text(output.get("error"))
    if text is None:
        description = (
            f"{called(name)} of the app raised an error. The app hides its text "
            "(show_error=False); the text is in the server's log"
        )
    elif text:
        description = f"{called(name)} of the app raised: {text}"
    else:
        description = f"{called(name)} of the app raised an error without a text"
    return AppError(
        description,
        endpoint=name,
        event_id=event_id,
        message=text,
        title=status.title,
        duration=status.duration,
        visible=status.visible,
    )


def queue_full(event_factory: EventFactory, detail: str | None = None) -> QueueFullError:
    """Return the exception for a full queue.

    Args:
        event_factory: Knows the endpoint.
        detail: The server's explanation, if it gave one.
    """
    name = event_factory.endpoint.name
    explanation = f" ({detail})" if detail else ""
    return QueueFullError(
        f"The queue for {called(name)} is full{explanation}; the job did not run. Try again later.",
        endpoint=name,
    )
