"""Run a function that skips the queue: one request, one response."""

from __future__ import annotations

import os
import threading
import time

# The functions of `signal` create an enum member for each signal, 64 for each call of
# `handlers_may_raise`.
from _signal import (  # type: ignore[import-not-found]
    SIG_DFL,
    SIG_IGN,
    default_int_handler,
    getsignal,
    valid_signals,
)
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Callable

from .._basics.words import called
from .._protocol.queue.exchange import Exchange
from .._transport.base import Aborted
from .._transport.deadlines import NEVER
from ..errors import ConnectFailedError, GradioClientError
from .responses import answered, unanswered, unexpected

if TYPE_CHECKING:
    from .._protocol.queue.exchange import Finish
    from .._transport.connections import RequestHandle
    from .._transport.deadlines import Deadline
    from .call import PreparedCall

_SIGNALS = tuple(map(int, valid_signals()))
#: Whether Ctrl-C ends a read from a socket. On Windows, the read waits for the server.
ENDS_READS = os.name != "nt"
_HARMLESS = (SIG_DFL, SIG_IGN, None, default_int_handler)


def direct(
    call: PreparedCall, exchange: Exchange, url: str, deadline: Deadline, request: RequestHandle
) -> Finish:
    """Post a function that skips the queue, and return how the call ended.

    Args:
        call: The prepared call.
        exchange: The state machine of the attempt.
        url: The URL of the function.
        deadline: When the retries after a 429 have to end.
        request: The handle by which another thread can abort the request.

    Raises:
        Aborted: `request` was aborted.
    """
    session = call.session
    try:
        answer = session.run(
            url,
            call.request_body.encoded,
            call.headers,
            deadline,
            request,
            patience=call.options.patience,
        )
        if answer.status != 429:  # a rate limit applies before the app receives the request
            exchange.accept()
        return answered(exchange, answer, session.render)._replace(size=len(answer.body))
    except ConnectFailedError as exc:
        return unanswered(exchange, exc, queue=False)
    except GradioClientError as exc:
        return exchange.fail(exc, time.time(), queue=False)


def first_try(
    call: PreparedCall,
    url: str,
    request: RequestHandle,
    why_ended: Callable[[], GradioClientError | None],
) -> Finish:
    """Run a call without a job, on the thread that waits for its result.

    Args:
        call: The prepared call.
        url: The URL of the function.
        request: The handle by which another thread can abort the request.
        why_ended: Returns the error for which that thread aborted it; ``None`` for a cancellation.

    Returns:
        How the call ended.

    Raises:
        CancelledError: `request` was aborted without an error.
    """
    exchange = Exchange(call.event_factory, call.request_body.body)
    call.log_step("begins (%r)", call.event_factory.endpoint.name)
    call.log_step("is sent")
    try:
        finish = direct(call, exchange, url, NEVER, request)
    except Aborted:
        error = why_ended()
        if error is not None:
            return exchange.fail(error, time.time(), queue=False)
        call.log_step("was cancelled")
        raise CancelledError(
            f"The call of {called(call.event_factory.endpoint.name)} was cancelled. It was "
            "running, and the client was closed."
        ) from None
    except Exception as exc:  # noqa: BLE001 - it is logged, and becomes the call's error
        return unexpected(exchange, exc)
    if finish.data is not None:
        call.log_step("is done (%d bytes)", finish.size)
    return finish


def handlers_may_raise() -> bool:
    """Return whether a signal handler of the program may raise an exception in this thread.

    During a request, such an exception could not be distinguished from an error of the connection.
    This does not hold for `KeyboardInterrupt`, which Python's own handler of Ctrl-C raises.
    """
    return _is_main_thread() and any(
        handler not in _HARMLESS for handler in map(getsignal, _SIGNALS)
    )


def is_deaf_in_reads() -> bool:
    """Return whether Ctrl-C would not end a read from a socket in this thread.

    A job reads on another thread, and this thread waits so that Ctrl-C ends the wait.
    """
    return not ENDS_READS and _is_main_thread()


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident
