"""Functions that skip the queue: one request, one answer."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from ._answers import answered, unanswered, unexpected
from ._protocol.exchange import Exchange
from ._transport.base import Aborted
from .errors import ConnectFailedError, GradioClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._orders import Order
    from ._protocol.exchange import Finish
    from ._session import Session
    from ._transport.connections import Call
    from ._transport.deadlines import Alarms, Deadline


def direct(
    exchange: Exchange,
    session: Session,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    deadline: Deadline,
    call: Call,
) -> Finish:
    """Run a function that skips the queue: one request, one answer.

    Raises:
        Aborted: `call` was aborted.
    """
    try:
        answer = session.run(url, body, headers, deadline, call)
        exchange.accepted = True
        return answered(exchange, answer, session.render)._replace(size=len(answer.body))
    except ConnectFailedError as exc:
        return unanswered(exchange, exc, queue=False)
    except GradioClientError as exc:
        return exchange.fail(exc, time.time(), queue=False)


def first_try(order: Order, url: str, call: Call, alarms: Alarms) -> Finish:
    """Run one without a job, on the thread of who waits for it.

    Args:
        call: By it another thread may end it.

    Raises:
        JobTimeoutError: It was not over at its deadline.
        CancelledError: `call` was aborted.
        GradioClientError: No thread could be started that watches the deadline.
    """
    exchange, deadline = Exchange(order.scribe, order.parcel.body), order.terms.deadline
    order.note("begins (%r)", order.scribe.endpoint.name)
    call_off = alarms.set(deadline, call.abort)
    try:
        order.note("is sent")
        body = order.parcel.encoded
        finish = direct(exchange, order.session, url, body, order.headers, deadline, call)
    except Aborted:
        order.note("was cancelled" if deadline.left else "ran out of time")
        if deadline.left:
            raise CancelledError from None
        raise order.late(exchange.stage) from None
    except Exception as exc:  # noqa: BLE001 - it is logged, and becomes the call's error
        return unexpected(exchange, exc)
    finally:
        call_off()
    if finish.data is not None:
        order.note("is done (%d bytes)", finish.size)
    return finish
