"""Functions that skip the queue: one request, one answer."""

from __future__ import annotations

import threading
import time

# The functions of `signal` make an enum of each signal, 64 times for each call here.
from _signal import (  # type: ignore[import-not-found]
    SIG_DFL,
    SIG_IGN,
    default_int_handler,
    getsignal,
    valid_signals,
)
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Callable

from .._protocol.queue.exchange import Exchange
from .._transport.base import Aborted
from .._transport.deadlines import NEVER
from ..errors import ConnectFailedError, GradioClientError
from .responses import answered, unanswered, unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._protocol.queue.exchange import Finish
    from .._session.session import Session
    from .._transport.connections import RequestHandle
    from .._transport.deadlines import Deadline
    from .call import PreparedCall

_SIGNALS = tuple(map(int, valid_signals()))
_HARMLESS = (SIG_DFL, SIG_IGN, None, default_int_handler)


def direct(
    exchange: Exchange,
    session: Session,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    deadline: Deadline,
    call: RequestHandle,
) -> Finish:
    """Run a function that skips the queue: one request, one answer.

    Raises:
        Aborted: `call` was aborted.
    """
    try:
        answer = session.run(url, body, headers, deadline, call)
        if answer.status != 429:  # a rate limit is checked before the app sees the request
            exchange.accept()
        return answered(exchange, answer, session.render)._replace(size=len(answer.body))
    except ConnectFailedError as exc:
        return unanswered(exchange, exc, queue=False)
    except GradioClientError as exc:
        return exchange.fail(exc, time.time(), queue=False)


def first_try(
    order: PreparedCall,
    url: str,
    call: RequestHandle,
    why_ended: Callable[[], GradioClientError | None],
) -> Finish:
    """Run one without a job, on the thread of who waits for it.

    Args:
        call: By it another thread may end it.
        why_ended: Gives the error for which it did.

    Raises:
        CancelledError: `call` was aborted.
    """
    exchange = Exchange(order.event_factory, order.request_body.body)
    order.note("begins (%r)", order.event_factory.endpoint.name)
    order.note("is sent")
    try:
        finish = direct(
            exchange, order.session, url, order.request_body.encoded, order.headers, NEVER, call
        )
    except Aborted:
        changed = why_ended()
        if changed is not None:
            return exchange.fail(changed, time.time(), queue=False)
        order.note("was cancelled")
        raise CancelledError from None
    except Exception as exc:  # noqa: BLE001 - it is logged, and becomes the call's error
        return unexpected(exchange, exc)
    if finish.data is not None:
        order.note("is done (%d bytes)", finish.size)
    return finish


def handlers_may_raise() -> bool:
    """Whether a signal's handler may raise in this thread, besides Ctrl-C's own.

    Within a request, what it raises could not be told from what the connection raises.
    """
    if threading.get_ident() != threading.main_thread().ident:
        return False
    return any(handler not in _HARMLESS for handler in map(getsignal, _SIGNALS))
