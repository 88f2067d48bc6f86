"""How a job ends by an HTTP response or a failure, and not by a message of the queue.

Each function makes the `Finish` for one case. `ENDINGS` is the table of the failures that a job in
the queue can have.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .._basics.words import called
from .._protocol.queue.exchange import Exchange, Finish, queue_full
from .._session.session import Refused
from .._tracebacks import forget_locals
from .._transport.base import Lost
from .._transport.failures import Answer, object_in, refusal, shorten
from ..errors import (
    AppChangedError,
    AppError,
    BrokenStreamError,
    ConfigError,
    ConnectFailedError,
    EndpointNotFoundError,
    GradioClientError,
    HTTPStatusError,
    ProtocolError,
    QueueFullError,
    RateLimitError,
    ValidationError,
)
from ..events import Status

if TYPE_CHECKING:
    from .._protocol.api.meaning import Callee
    from ..types import Stage

log = logging.getLogger(__name__)

#: Texts by which Python, and Gradio before a function runs, report that a file does not exist.
_NO_FILE = "(?i)no such file|not found|not uploaded|cannot move|not in"


def changed(
    callee: Callee,
    queued: bool,
    *,
    event_id: str | None = None,
    accepted: bool | None = None,
    begun: bool = False,
    stage: Stage = "pending",
) -> AppChangedError:
    """Return the error for a call that may have run another function, since the app has changed.

    Args:
        callee: The function that the user has called.
        queued: Whether the call used the app's queue.
        event_id: The server's id for the job.
        accepted: Whether the app has accepted the call; ``None`` if that is not known.
        begun: Whether the app has reported that the function runs.
        stage: The last stage of the job.
    """
    name = callee.endpoint.name
    if begun:
        fate = "It had started, so another function may have run, or this one with other values"
    elif queued and accepted:
        fate = "The app had accepted it, but had not reported that it started"
    else:
        fate = "It may have run, as another function or with other values"
    return AppChangedError(
        f"The app changed during a call of {called(name)}, so the request now has another meaning "
        f"for the app. The call was cancelled. {fate}. Read view_api() and call the endpoint "
        "again.",
        endpoint=name,
        event_id=event_id,
        accepted=accepted,
        last_stage=stage,
    )


def refused(exchange: Exchange, answer: Answer) -> Finish:
    """End a job that the queue has refused.

    Args:
        exchange: The state machine of the job.
        answer: The response to the join.
    """
    now, name = time.time(), exchange.event_factory.endpoint.name
    detail = exchange.event_factory.shown((object_in(answer.body) or {}).get("detail"))
    if answer.status == 503 and isinstance(detail, str):  # from the app, not a gateway
        return exchange.fail(queue_full(exchange.event_factory, detail), now, visible=True)
    invalid = _invalid(name, answer)
    if invalid is not None:
        return exchange.fail(invalid, now, code="validation_error", visible=True)
    error = refusal(answer, doing=f"Calling {called(name)}")
    return exchange.fail(error, now, visible=True, broken=False)


def _invalid(name: str | int, answer: Answer) -> ValidationError | None:
    """Return the error for a response of the app's validators; ``None`` for another response.

    Behaviour: Gradio responds with 422 if a validator refuses a value, and with 400 and the text of
    the exception if it raises one. Both are before the function runs.
    """
    detail = (object_in(answer.body) or {}).get("detail")
    if answer.status == 422:
        failures = validation_failures(detail)
    elif answer.status == 400 and isinstance(detail, str):
        failures = {None: detail or "its validator raised an exception without a text"}
    else:
        return None
    reasons = "; ".join(f"{p}: {m}" if p else m for p, m in failures.items())
    return ValidationError(
        f"The app refused the values for {called(name)}: {reasons or shorten(answer.text)}",
        endpoint=name,
        parameters=failures,
    )


def unanswered(exchange: Exchange, error: ConnectFailedError, *, queue: bool = True) -> Finish:
    """End a job whose request got no response.

    Args:
        exchange: The state machine of the job.
        error: The failure of the request.
        queue: Whether the job used the app's queue.
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
    """The end of a job by one kind of failure.

    Attributes:
        of: The class of the failure.
        finish: Ends the job.
        loses: Whether the function may continue to run on the server.
    """

    of: type[Exception]
    finish: Callable[[Exchange, Any], Finish]
    loses: bool


#: The failures that a job in the queue can have, most specific first.
ENDINGS = (
    Ending(Refused, lambda exchange, failure: refused(exchange, failure.answer), loses=False),
    Ending(Lost, _lost, loses=True),
    Ending(ConnectFailedError, unanswered, loses=False),
    Ending(RateLimitError, _rate_limited, loses=False),
    Ending(GradioClientError, _failed, loses=True),
)
#: The exceptions that `ending_of` accepts.
FAILURES = tuple(ending.of for ending in ENDINGS)


def ending_of(failure: Exception) -> Ending:
    """Return the end of a job by a failure.

    Args:
        failure: An exception of one of the classes in `FAILURES`.
    """
    return next(ending for ending in ENDINGS if isinstance(failure, ending.of))


def unexpected(exchange: Exchange, failure: BaseException) -> Finish:
    """End a job after a bug or without memory, because a thread may wait for its end."""
    name = exchange.event_factory.endpoint.name
    forget_locals(failure)
    log.error("the call of %s failed unexpectedly", called(name), exc_info=failure)
    error = ProtocolError(f"The call of {called(name)} failed: {failure!r}.", _bug=True)
    error.__cause__ = failure
    return exchange.fail(error, time.time())


def may_be_another_server(error: GradioClientError, *, files: bool) -> bool:
    """Return whether a call may have failed because its requests reached different servers.

    Args:
        error: The failure of the call.
        files: Whether the call has files. They are only on the server that has received the upload.
    """
    if isinstance(error, HTTPStatusError):
        return error.status_code in (401, 404)
    if isinstance(error, AppError):
        return files and (error.message is None or bool(re.search(_NO_FILE, error.message)))
    return isinstance(error, BrokenStreamError)


#: Statuses by which a server, or a gateway in front of it, refuses a join.
_NOT_TAKEN = frozenset((401, 403, 404, 405, 429, 502, 503))


def was_not_accepted(error: GradioClientError, *, accepted: bool | None) -> bool:
    """Return whether a server has refused a call, so that another server may run it.

    Args:
        error: The failure of the call.
        accepted: Whether the server has accepted the call; ``None`` if this is not known.
    """
    if isinstance(error, (QueueFullError, RateLimitError)):
        return True
    if isinstance(error, ConnectFailedError) and not error.sent:
        return True
    if accepted is not False:
        return False
    if isinstance(error, HTTPStatusError):
        return error.status_code in _NOT_TAKEN
    return isinstance(error, (ConnectFailedError, ConfigError, EndpointNotFoundError))


def after_loss(error: BrokenStreamError, idempotent: bool) -> str:
    """Return what to do after a lost job; ``""`` if its error says that already.

    Args:
        error: The error of the job.
        idempotent: Whether the function may run twice without harm.
    """
    if isinstance(error, AppChangedError) or error.accepted is False:
        return ""
    if idempotent:
        return (
            "The call is idempotent, but retries= and timeout= allow no further attempt. Check "
            "that the app is running, and call it again."
        )
    return (
        "If the function may run twice without harm, call it with idempotent=True: then the "
        "client sends it again by itself."
    )


def explained(finish: Finish, cause: str) -> Finish:
    """Add the cause to the error of a call, and to its last status.

    Args:
        finish: The end of the call.
        cause: One or more sentences; ``""`` if the cause is not known.
    """
    error = finish.error
    if error is None or not cause or cause in str(error):
        return finish
    error.args = (_joined(str(error), cause),)
    if isinstance(error, AppError):
        return finish  # its status has the text of the app, which stays as it is
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
        exchange: The state machine of the job.
        answer: The response.
        on_render: Called with a ``render_config``, before listeners receive it.

    Raises:
        ProtocolError: The response is not one of a Gradio app.
    """
    event_factory, now = exchange.event_factory, time.time()
    if answer.status != 200:
        failure = object_in(answer.body)
        if failure is None or "error" not in failure or answer.status == 429:
            invalid = _invalid(event_factory.endpoint.name, answer)
            if invalid is not None:
                return exchange.fail(invalid, now, queue=False, broken=False)
            error = refusal(answer, doing=f"Calling {called(event_factory.endpoint.name)}")
            return exchange.fail(error, now, queue=False, broken=False)
        status = event_factory.failure(now, failure, queue=False, broken=False)
        return exchange.app_failed(status, failure)
    output = answer.json()
    if not isinstance(output, dict):
        name = event_factory.endpoint.name
        raise ProtocolError(
            f"The app's response to {called(name)} is not a JSON object.", raw=answer.body
        )
    if isinstance(output.get("render_config"), dict):
        on_render(output["render_config"])
    eta = output.get("average_duration")
    files = event_factory.may_hold_files(answer.body)
    events = event_factory.answer(now, output, files=files, queue=False, eta=eta)
    return exchange.completed(events)


def validation_failures(detail: object) -> dict[str | None, str]:
    """Return the messages of a 422, by parameter.

    Args:
        detail: The ``detail`` of the response: messages of the app's validators, or errors of
            FastAPI.

    Returns:
        The messages. The key ``None`` has the message that names no parameter.
    """
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
