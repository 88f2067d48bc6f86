"""One job's conversation with the queue: each message in, what to do out.

The machine has no socket, thread or clock. Whoever runs it carries out the effects:

    Reply     send this body to the server, the way the dialect does it
    Publish   keep this message and let readers know
    Finish    the job is over: with a value, an error, or cancelled by the app

Readers' events are not made here but by `decode`, if somebody looks. Only the last
message is read in full, since a job's result comes from it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from ...errors import AppError, BrokenStreamError, GradioClientError, ProtocolError, QueueFullError
from ...events import Data, Status
from .decode import EVENT_MESSAGES, EventFactory, completion, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...events import Event
    from ...types import Stage
    from .wire import Message

log = logging.getLogger(__name__)

#: The kinds of message that say nothing new of where a job is when they come once more.
MOVES_ONCE = frozenset(("estimation", "process_starts", "progress", "log", "process_generating"))

#: The kinds of message that are for the job's readers, and do not end it.
FOR_READERS = MOVES_ONCE | {"process_streaming"}


class Reply(NamedTuple):
    """Send this to the server."""

    body: Mapping[str, Any]


class Publish(NamedTuple):
    """Keep this message for readers."""

    frame: Message


class Finish(NamedTuple):
    """The job is over.

    Attributes:
        events: The last events; the final status comes last.
        data: The result; ``None`` if there is none.
        error: Why there is none; ``None`` with no data means that the app cancelled it.
        size: Bytes of the answer, where there was no message.
    """

    events: Sequence[Event]
    data: Data | None = None
    error: GradioClientError | None = None
    size: int = 0


Effect = Union[Reply, Publish, Finish]


class Position(NamedTuple):
    """How far a job is, as the server told; see `Exchange` for the fields."""

    accepted: bool | None
    queued: bool
    begun: bool
    stage: Stage
    answers: int


class Exchange:
    """The state machine of one job.

    Args:
        scribe: Knows the endpoint and the dialect.
        body: What the server needs to run the job: ``data``, ``fn_index``, ``session_hash``.

    Attributes:
        event_id: The server's name for the job, once known.
        accepted: The server has all it needs to run the job, so it may have run;
            ``None`` if that cannot be known.
        queued: The server has said that the job waits in its queue.
        begun: The server has said that the function runs.
        stage: The last stage that the server told.
        answers: How many of its inputs a function has answered that takes more of them
            while it runs.
        scribe: As above.
    """

    def __init__(self, event_factory: EventFactory, body: Mapping[str, Any]) -> None:
        self.event_id: str | None = None
        self.accepted: bool | None = False
        self.queued = False
        self.begun = False
        self.stage: Stage = "pending"
        self.answers = 0
        self.finished = False
        self.event_factory = event_factory
        self._body = body
        self._told: set[str] = set()  # what the server has asked for and got

    @property
    def place(self) -> Position:
        """How far the job is, for the server."""
        return Position(self.accepted, self.queued, self.begun, self.stage, self.answers)

    def joined(self, event_id: str) -> None:
        """The server answered the join with the job's event id."""
        self.event_id = event_id
        self.accepted = True

    def receive(self, frame: Message) -> Sequence[Effect]:
        """Take the next message of this job.

        After the end every message is passed over: a server may complete a job twice.
        """
        if self.finished:
            return ()
        kind = frame.msg
        if kind in ("send_hash", "send_data"):
            # Servers ask once. What comes twice was doubled on the way, and a second answer
            # would be taken for that to the next question.
            if kind in self._told:
                return ()
            self._told.add(kind)
            if kind == "send_data":
                return self._send_data(frame)
            return (Reply({key: self._body[key] for key in ("fn_index", "session_hash")}),)
        if kind not in EVENT_MESSAGES:
            if kind not in ("heartbeat", "close_stream"):
                log.debug("message %r of the queue is not known; passed over", kind)
            return ()
        if kind in ("process_completed", "queue_full", "unexpected_error", "server_stopped"):
            return (self._end(frame),)
        self.queued = self.queued or kind == "estimation"
        self.begun = self.begun or kind != "estimation"
        if kind in ("process_generating", "process_streaming"):
            self.stage = "generating" if kind == "process_generating" else "streaming"
            self.answers += kind == "process_streaming"
        return (Publish(frame),)

    def _send_data(self, frame: Message) -> Sequence[Effect]:
        body = dict(self._body)
        if self.event_factory.dialect.join == "get":
            event_id = frame.parse().get("event_id")
            if not isinstance(event_id, str):
                return (
                    self.fail(ProtocolError("The server asks for data for no job."), frame.time),
                )
            self.event_id = body["event_id"] = event_id
        self.accepted = True
        return (Reply(body),)

    def _end(self, frame: Message) -> Finish:
        try:
            if frame.msg == "process_completed":
                return self._completed(frame)
            status = status_of(self.event_factory, frame)
        except ProtocolError as error:
            return self.fail(error, frame.time)
        self.finished = True
        if frame.msg == "queue_full":
            return Finish([status], error=queue_full(self.event_factory))
        return Finish([status], error=self._broken(f"the server said: {status.message}"))

    def _completed(self, frame: Message) -> Finish:
        message = frame.parse()
        events = completion(self.event_factory, frame, message)
        self.finished = True
        status = events[-1]
        if isinstance(status, Status) and status.stage == "error":
            return Finish(events, error=self._app_error(status, message["output"]))
        data = events[0]
        return Finish(events, data=data if isinstance(data, Data) else None)

    def _app_error(self, status: Status, output: Mapping[str, Any]) -> AppError:
        return app_error(self.event_factory, status, output, self.event_id)

    def lost(
        self, time: float, reason: str, *, url: str | None = None, queue: bool = True
    ) -> Finish:
        """The connection ended before the job did."""
        return self.fail(self._broken(reason, url), time, queue=queue)

    def fail(self, error: GradioClientError, time: float, **fields: Any) -> Finish:
        """The job cannot go on for a reason found on this side."""
        self.finished = True
        if error.endpoint is None:
            error.endpoint = self.event_factory.endpoint.name
        if error.event_id is None:
            error.event_id = self.event_id
        fields.setdefault("message", str(error))
        fields.setdefault("broken", True if isinstance(error, ConnectionError) else None)
        return Finish([self.event_factory.status(time, "error", **fields)], error=error)

    def _broken(self, reason: str, url: str | None = None) -> BrokenStreamError:
        name = self.event_factory.endpoint.name
        fate = {
            True: "The server had taken the job, so the function may have run",
            None: "The server may have taken the job, so the function may have run",
            False: "The server had not taken the job, so calling again is safe",
        }[self.accepted]
        return BrokenStreamError(
            f"The connection for {name!r} was lost while the job was {self.stage}: "
            f"{reason.rstrip('.')}. {fate}.",
            endpoint=name,
            event_id=self.event_id,
            accepted=self.accepted,
            last_stage=self.stage,
            url=url,
        )


def app_error(
    event_factory: EventFactory,
    status: Status,
    output: Mapping[str, Any],
    event_id: str | None = None,
) -> AppError:
    """The exception for a function that raised."""
    name = event_factory.endpoint.name
    text = event_factory.app_text(output.get("error"))
    if text is None:
        told = (
            f"{name!r} of the app raised an error and keeps its text to itself "
            "(the app runs with show_error=False); its owner finds it in the server's log"
        )
    else:
        told = (
            f"{name!r} of the app raised: {text}"
            if text
            else f"{name!r} of the app raised an error without a text"
        )
    return AppError(
        told,
        endpoint=name,
        event_id=event_id,
        message=text,
        title=status.title,
        duration=status.duration,
        visible=status.visible,
    )


def queue_full(event_factory: EventFactory, detail: str | None = None) -> QueueFullError:
    """The exception for a queue that takes no more jobs."""
    name = event_factory.endpoint.name
    said = f" ({detail})" if detail else ""
    return QueueFullError(
        f"The queue for {name!r} is full{said}; the job did not run. Try again later.",
        endpoint=name,
    )
