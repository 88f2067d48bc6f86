"""How a job ends by an HTTP response or a failure, rather than by a message of the app's queue.

`ENDINGS` is the table of the failures on the way through the queue.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .._protocol.queue.exchange import Exchange, Finish, queue_full
from .._session.session import Refused
from .._transport.base import Lost
from .._transport.failures import Answer, object_in, refusal
from ..errors import (
    AppChangedError,
    AppError,
    BrokenStreamError,
    ConnectFailedError,
    GradioClientError,
    HTTPStatusError,
    ProtocolError,
    RateLimitError,
    ValidationError,
)
from ..events import Status

if TYPE_CHECKING:
    from .._protocol.api.meaning import Aim
    from ..types import Stage

log = logging.getLogger(__name__)

#: How Python, and Gradio before a function runs, say that a file is not there.
_NO_FILE = "(?i)no such file|not found|not uploaded|cannot move|not in"


def changed(
    aim: Aim,
    queued: bool,
    *,
    event_id: str | None = None,
    accepted: bool | None = None,
    begun: bool = False,
    stage: Stage = "pending",
) -> AppChangedError:
    """The error for a call that may have gone to another function.

    Args:
        aim: What was meant.
        queued: It went through the app's queue.
        event_id: The server's name for the job.
        accepted: Whether the app has taken it.
        begun: The app has said that it runs.
        stage: How far it was.
    """
    name = aim.endpoint.name
    if begun:
        fate = "It had begun, so another function may have run, or this one with other values"
    elif queued and accepted:
        fate = "The app had taken it, and had not said that it runs"
    else:
        fate = "It may have run, as another function or with other values"
    return AppChangedError(
        f"The app changed while a call of {name!r} was under way: what was sent for it means "
        f"something else to the app by now. The call was cancelled. {fate}. Look at view_api() "
        "and call it again.",
        endpoint=name,
        event_id=event_id,
        accepted=accepted,
        last_stage=stage,
    )


def refused(exchange: Exchange, answer: Answer) -> Finish:
    """End a job that the queue did not accept."""
    now, name = time.time(), exchange.event_factory.endpoint.name
    detail = (object_in(answer.body) or {}).get("detail")
    if answer.status == 503 and isinstance(detail, str):  # otherwise it is a gateway's
        return exchange.fail(queue_full(exchange.event_factory, detail), now, visible=True)
    if answer.status == 422:
        failures = validation_failures(detail)
        told = "; ".join(f"{p}: {m}" if p else m for p, m in failures.items())
        error: GradioClientError = ValidationError(
            f"The app refused the values for {name!r}: {told or answer.text}",
            endpoint=name,
            parameters=failures,
        )
        return exchange.fail(error, now, code="validation_error", visible=True)
    error = refusal(answer, doing=f"Calling {name!r}")
    return exchange.fail(error, now, visible=True, broken=False)


def unanswered(exchange: Exchange, error: ConnectFailedError, *, queue: bool = True) -> Finish:
    """End a job whose request has no response.

    Args:
        queue: Whether the job was for the app's queue.
    """
    if not error.sent:
        return exchange.fail(error, time.time())
    exchange.no_response()
    return exchange.lost(time.time(), str(error), url=error.url, queue=queue)


def _lost(exchange: Exchange, failure: Lost) -> Finish:
    return exchange.lost(time.time(), str(failure))


def _rate_limited(exchange: Exchange, failure: RateLimitError) -> Finish:
    return exchange.fail(failure, time.time(), visible=True, broken=False)


def _failed(exchange: Exchange, failure: GradioClientError) -> Finish:
    return exchange.fail(failure, time.time())


class Ending(NamedTuple):
    """How a job ends by one kind of failure.

    Attributes:
        of: The failure's class.
        finish: End the job.
        loses: Whether the function may still run, with nobody to listen.
    """

    of: type[Exception]
    finish: Callable[[Exchange, Any], Finish]
    loses: bool


#: The failures of a job on its way through the queue, most specific first.
ENDINGS = (
    Ending(Refused, lambda exchange, failure: refused(exchange, failure.answer), loses=False),
    Ending(Lost, _lost, loses=True),
    Ending(ConnectFailedError, unanswered, loses=False),
    Ending(RateLimitError, _rate_limited, loses=False),
    Ending(GradioClientError, _failed, loses=True),
)
#: What `ending_of` takes.
FAILURES = tuple(ending.of for ending in ENDINGS)


def ending_of(failure: Exception) -> Ending:
    """Return how a job ends by a failure, which is of one of the `FAILURES`."""
    return next(ending for ending in ENDINGS if isinstance(failure, ending.of))


def unexpected(exchange: Exchange, failure: BaseException) -> Finish:
    """End a job after a bug or a lack of memory: a thread waits for the end of the call."""
    name = exchange.event_factory.endpoint.name
    log.error("the call of %r failed unexpectedly", name, exc_info=failure)
    error = ProtocolError(f"The call of {name!r} failed: {failure!r}.")
    error.__cause__ = failure
    return exchange.fail(error, time.time())


def may_be_another_server(error: GradioClientError, *, files: bool) -> bool:
    """Whether a call may have failed because its requests reached different servers.

    Args:
        files: The call has files: a function on another server than the upload's finds none.
    """
    if isinstance(error, HTTPStatusError):
        return error.status_code in (401, 404)
    if isinstance(error, AppError):
        return files and (error.message is None or bool(re.search(_NO_FILE, error.message)))
    return isinstance(error, BrokenStreamError)


def explained(finish: Finish, cause: str) -> Finish:
    """Add the cause to the error of a call.

    Args:
        cause: Sentences; ``""`` if it is not known.
    """
    error = finish.error
    if error is None or not cause or cause in str(error):
        return finish
    error.args = (_joined(str(error), cause),)
    if isinstance(error, AppError):
        return finish  # its status has the app's own words
    events = [
        event._replace(message=_joined(event.message or "", cause))
        if isinstance(event, Status) and event.stage == "error"
        else event
        for event in finish.events
    ]
    return finish._replace(events=events)


def _joined(text: str, cause: str) -> str:
    return f"{text.rstrip('.')}. {cause}" if text else cause


def answered(
    exchange: Exchange, answer: Answer, on_render: Callable[[Mapping[str, Any]], None]
) -> Finish:
    """End a job that skips the queue, by the response to its request.

    Args:
        on_render: Called with a ``render_config``, before readers get it.

    Raises:
        ProtocolError: No app of Gradio responds like this.
    """
    event_factory, now = exchange.event_factory, time.time()
    if answer.status != 200:
        failure = object_in(answer.body)
        if failure is None or "error" not in failure or answer.status == 429:
            error = refusal(answer, doing=f"Calling {event_factory.endpoint.name!r}")
            return exchange.fail(error, now, queue=False, broken=False)
        status = event_factory.failure(now, failure, queue=False, broken=False)
        return exchange.app_failed(status, failure)
    output = answer.json()
    if not isinstance(output, dict):
        raise ProtocolError("The answer of the app is not a JSON object.", raw=answer.body)
    if isinstance(output.get("render_config"), dict):
        on_render(output["render_config"])
    eta = output.get("average_duration")
    files = event_factory.may_hold_files(answer.body)
    events = event_factory.answer(now, output, files=files, queue=False, eta=eta)
    return exchange.completed(events)


def validation_failures(detail: object) -> dict[str | None, str]:
    """Return what a 422 says, by parameter: a validator's messages, or the framework's errors."""
    failures: dict[str | None, str] = {}
    for entry in detail if isinstance(detail, list) else [detail]:
        if not isinstance(entry, dict):
            if entry:
                failures[None] = str(entry)
        elif entry.get("__type__") == "validate":
            if entry.get("is_valid") is False:
                name = entry.get("parameter_name")
                failures[name if isinstance(name, str) else None] = str(entry.get("message", ""))
        else:
            where = ".".join(str(part) for part in entry.get("loc") or ())
            failures[where or None] = str(entry.get("msg", entry))
    return failures
