"""`prepare`: make a prepared call from the arguments of `Client.submit` and `Client.predict`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .. import _options
from .._calls.call import CallOptions
from .._protocol.api.meaning import Callee
from .._transport.deadlines import Deadline
from ..errors import EndpointNotFoundError

if TYPE_CHECKING:
    from .._calls.call import Elsewhere, PreparedCall
    from ..files import Owner
    from ..types import Payload
    from .connection import Connection
    from .lifecycle import Lifecycle


def prepare(
    lifecycle: Lifecycle,
    owner: Owner,
    endpoint: str | int | None,
    payload: Payload,
    *,
    timeout: float | None,
    isolated: bool,
    idempotent: bool,
    headers: Mapping[str, str] | None,
    event_data: object,
    trigger_id: int | None,
    method: str,
    elsewhere: Elsewhere | None = None,
    once: bool = False,
) -> tuple[Connection, PreparedCall]:
    """Check the arguments of a call, and return the connection and the prepared call.

    Args:
        lifecycle: The connection of the client.
        owner: The client.
        endpoint, payload, timeout, isolated, idempotent, headers, event_data, trigger_id: The
            arguments of `Client.submit`.
        method: The method that the user has called, for messages.
        elsewhere: Other servers that can run the call; ``None`` if there is only one server.
        once: Make one attempt only. The caller gets every refusal, also a 429.

    Raises:
        EndpointNotFoundError, PayloadError, FileError, ClientClosedError: See `Client.submit`.
    """
    limit = lifecycle.options.deadline
    if timeout is not None:
        limit = _options.seconds("timeout", timeout)
    deadline = Deadline.after(limit)
    options = CallOptions(deadline, lifecycle.options.retries, idempotent, isolated, elsewhere)
    if once:
        options = options._replace(retries=0, patience=0.0)
    trigger = _options.trigger(event_data, trigger_id)
    connection = lifecycle.current()
    app = connection.app
    while True:
        # Read before the lookup, so that a change of the app during the lookup is noticed.
        epoch, table = app.watch.epoch, app.table
        target = connection.table.resolve(endpoint)
        by_parameter = isinstance(payload, Mapping)
        data = app.bind(target, payload, deadline, method)
        info = app.info(deadline) if by_parameter else None
        callee = Callee(target, epoch, isinstance(endpoint, int), by_parameter, info)
        try:
            return connection, connection.calls.make(
                callee,
                data,
                options,
                headers=_options.hidden_texts("headers", headers),
                trigger=trigger,
                owner=owner,
            )
        except EndpointNotFoundError:
            if app.table is table:
                raise
            # The app has changed during the lookup, which found a function of the old app.
