"""A call, before anybody is at it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from ..errors import JobTimeoutError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._protocol.api.meaning import Aim
    from .._protocol.queue.event_factory import EventFactory
    from .._session.session import Session
    from .._transport.deadlines import Deadline
    from ..files import Owner
    from ..types import Stage
    from .app_files import ResultFiles
    from .request_body import RequestBody

log = logging.getLogger(__name__)


class CallOptions(NamedTuple):
    """On which terms a job runs.

    Attributes:
        deadline: When it has to be over.
        retries: How often it is tried again, if the app did not take it.
        idempotent: Running it twice does no harm, so it may be sent again when it was lost.
    """

    deadline: Deadline
    retries: int
    idempotent: bool


class PreparedCall(NamedTuple):
    """What a job has to do.

    Attributes:
        number: Its number among the client's, for the log.
        at: When it was made, on the monotonic clock.
        aim: Which function the call is for.
        owner: The client: it must not be collected while a job needs it.
        parcel: ``data``, ``fn_index`` and ``session_hash``, and what else the app is to get.
        direct_url: Where to post a function that skips the queue; ``None`` to queue it.
        headers: Sent with the request that brings the job.
        files: Makes the files of its values.
    """

    number: int
    at: float
    aim: Aim
    owner: Owner
    event_factory: EventFactory
    session: Session
    request_body: RequestBody
    terms: CallOptions
    direct_url: str | None
    headers: Mapping[str, str]
    files: ResultFiles

    def note(self, what: str, *arguments: object) -> None:
        """Log a step of its life, with the time since then. Nothing secret may be in it."""
        if log.isEnabledFor(logging.DEBUG):
            after = time.monotonic() - self.at
            log.debug("job %d %s after %.3f s", self.number, what % arguments, after)

    def late(self, stage: Stage, event_id: str | None = None) -> JobTimeoutError:
        """The error for one that was not over at its deadline.

        Args:
            stage: How far it was.
        """
        name, limit = self.event_factory.endpoint.name, self.terms.deadline.seconds
        return JobTimeoutError(
            f"{name!r} gave no result within {limit:g} s, so the job was cancelled while it was "
            f"{stage}. Give it longer with timeout=, or submit() it and look in on it.",
            endpoint=name,
            event_id=event_id,
            timeout=limit,
        )
