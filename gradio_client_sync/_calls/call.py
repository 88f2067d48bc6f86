"""`PreparedCall`: a call that is ready to be sent, and `CallOptions`, the user's options for it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .._basics.words import called
from ..errors import JobTimeoutError

if TYPE_CHECKING:
    from .._basics.secret import Texts
    from .._job.control import JobControl
    from .._job.event_log import EventLog
    from .._protocol.api.meaning import Callee
    from .._protocol.queue.event_factory import EventFactory
    from .._session.session import Session
    from .._transport.deadlines import Deadline
    from .._transport.retries import Retries
    from ..errors import GradioClientError
    from ..files import Owner
    from .app_files import ResultFiles
    from .request_body import RequestBody

log = logging.getLogger(__name__)


class HandedOver(NamedTuple):
    """A job that another connection continues.

    Attributes:
        call: The call, as the first connection has prepared it.
        control: The job.
        events: The job's event log.
        retries: The retries that are left.
        restarts: Whether the first server has reported anything about the job, so that its events
            start from the beginning.
    """

    call: PreparedCall
    control: JobControl
    events: EventLog
    retries: Retries
    restarts: bool


class Elsewhere(Protocol):
    """Other servers of the same app that can run a call. It belongs to one call."""

    def take_over(self, error: GradioClientError, job: HandedOver) -> bool:
        """Let another server run a job that was refused, or that may run twice.

        Args:
            error: The error of the server that had the job.
            job: The job.

        Returns:
            Whether another connection runs the job now.
        """

    def explain(self) -> str:
        """Return why no other server runs the call, as a sentence, or ``""``."""


class CallOptions(NamedTuple):
    """The user's options for a call.

    Attributes:
        deadline: When the call has to end.
        retries: The most retries of the call while the app has not accepted it.
        idempotent: Whether running the call twice does no harm, so that it may be sent again after
            its connection was lost.
        isolated: Whether the call has a session of its own.
        elsewhere: Other servers that can run the call; ``None`` if there is only one server.
        patience: Seconds for which the call is sent again while the server responds with 429;
            ``None`` for those of `HttpOptions`.
    """

    deadline: Deadline
    retries: int
    idempotent: bool
    isolated: bool = False
    elsewhere: Elsewhere | None = None
    patience: float | None = None


class PreparedCall(NamedTuple):
    """A call that is ready to be sent.

    Attributes:
        number: The number of the call among those of the client, for the log.
        at: When the call was prepared, on the monotonic clock.
        callee: The function to call.
        owner: The client. It must not be collected while a job needs it.
        event_factory: Makes the events of the call.
        session: The session in which the call is made.
        request_body: ``data``, ``fn_index``, ``session_hash`` and everything else for the app.
        options: The user's options.
        direct_url: The URL of a function that skips the queue; ``None`` to use the queue.
        headers: Headers for the request that sends the call.
        files: Makes the files of the call's values.
    """

    number: int
    at: float
    callee: Callee
    owner: Owner
    event_factory: EventFactory
    session: Session
    request_body: RequestBody
    options: CallOptions
    direct_url: str | None
    headers: Texts
    files: ResultFiles

    def log_step(self, step: str, *arguments: object) -> None:
        """Log a step of the call, with the time since the call was prepared.

        Args:
            step: A format string. Neither it nor the arguments may contain a secret.
            arguments: The values for the format string.
        """
        if log.isEnabledFor(logging.DEBUG):
            after = time.monotonic() - self.at
            log.debug("job %d %s after %.3f s", self.number, step % arguments, after)

    def timeout_error(self, whereabouts: str, event_id: str | None = None) -> JobTimeoutError:
        """Return the error for a call that has not ended at its deadline.

        Args:
            whereabouts: Where the job was, as the end of a sentence with "it was".
            event_id: The server's id for the job.
        """
        name, limit = self.event_factory.endpoint.name, self.options.deadline.seconds
        return JobTimeoutError(
            f"{called(name)} gave no result within {limit:g} s, so the job was cancelled while it "
            f"was {whereabouts}. Call it with a larger timeout=, or use submit() and read the "
            "job's status.",
            endpoint=name,
            event_id=event_id,
            timeout=limit,
        )
