"""`prepare`: make a prepared call from the arguments of `Client.submit` and `Client.predict`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .. import _options
from .._basics.words import called
from .._calls.call import CallOptions
from .._protocol.api.meaning import Callee
from .._transport.deadlines import Deadline
from ..errors import EndpointNotFoundError, GradioClientError, PayloadError

if TYPE_CHECKING:
    from .._calls.call import Elsewhere, PreparedCall
    from .._protocol.api.endpoint import Endpoint
    from .._session.app import App
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
        try:
            target = connection.table.resolve(endpoint)
        except EndpointNotFoundError as error:
            raise _unknown(error, connection, endpoint, payload, method) from None
        by_parameter = isinstance(payload, Mapping)
        try:
            data = app.bind(target, payload, deadline, method)
        except PayloadError as error:
            if type(endpoint) is not int:
                raise
            raise _misread(error, connection, endpoint, payload, method) from None
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
        except PayloadError as error:
            _use_name(error, target, app, deadline)
            raise


def _unknown(
    error: EndpointNotFoundError,
    connection: Connection,
    endpoint: object,
    payload: object,
    method: str,
) -> EndpointNotFoundError:
    """Return the error for an unknown endpoint, with the call to write if it is a value."""
    from .._protocol.api import forgotten_name  # only after a mistake

    advice = forgotten_name.not_found(connection.table, endpoint, payload, method)
    return EndpointNotFoundError(
        f"{error} {advice}".rstrip(), endpoint=error.endpoint, candidates=error.candidates
    )


def _misread(
    error: PayloadError, connection: Connection, number: int, payload: object, method: str
) -> PayloadError:
    """Return the error for wrong values, with the call to write if the number is one of them."""
    from .._protocol.api import forgotten_name  # only after a mistake
    from .._protocol.api.payload import written

    text = str(error)
    if payload is None:
        text = f"{text} {forgotten_name.number_alone(connection.table, number, method)}".rstrip()
    elif not isinstance(payload, (list, tuple, Mapping)):
        values = f"[{written(payload)}]"
        text = forgotten_name.by_number(connection.table, number, [payload], method, values) or text
    return PayloadError(text, endpoint=error.endpoint, parameter=error.parameter)


def _use_name(error: PayloadError, target: Endpoint, app: App, deadline: Deadline) -> None:
    """Change an error about one value: name its parameter instead of the component's label."""
    if error._place is None:
        return
    from .._protocol.api.api_info import name_of_input  # only after a mistake

    try:
        name = name_of_input(target, app.info(deadline), error._place)
    except GradioClientError:  # the app does not respond; the label is in the config
        return
    of = f"of {called(target.name)}"
    error.args = (str(error).replace(f"for {error.parameter!r} {of}", f"for {name!r} {of}"),)
    error.parameter = name
