"""`ClientCaller`: make the calls of a map through one client."""

from __future__ import annotations

import json
from concurrent.futures import CancelledError
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import _options
from .._basics.secret import hide
from .._basics.words import called
from .._calls.app_files import ResultFiles
from .._connection.call_factory import bundle_of_data
from .._connection.preparing import prepare
from .._transport.connections import RequestHandle
from ..errors import ClientClosedError, GradioClientError
from ..events import Data
from ..job import control_of
from .items import ItemRefused, MapParameter
from .repeats import was_refused
from .saved_files import note_saved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._calls.call import PreparedCall
    from .._connection.connection import Connection
    from .._connection.lifecycle import Lifecycle
    from .._job.control import JobControl
    from .._protocol.api.signature import Signature
    from .._protocol.values.filedata import FileFacts
    from ..files import Owner, RemoteFile
    from ..job import Job
    from .items import Item
    from .journal_format import Recorded


class ClientCaller:
    """Makes the calls of a map through one client, each on the thread of its item.

    Args:
        lifecycle: The connection of the client.
        owner: The client.
        endpoint: The endpoint, as the user named it.
        timeout, isolated, idempotent, headers: The options of each call, as `Client.submit` takes
            them.

    Attributes:
        endpoint: The endpoint's name, or its number if it has none.
        most: The most calls that the client makes at once.
        batch: How many calls the app runs together; 1 if it has no batches.
        servers: How many servers it sends items to.
        retries: How many times an idempotent call may be sent again.

    Raises:
        EndpointNotFoundError: The app has no such endpoint.
        ClientClosedError: `close` was called.
        TypeError, ValueError: An option has a wrong type or value.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        owner: Owner,
        endpoint: str | int | None,
        *,
        timeout: float | None,
        isolated: bool,
        idempotent: bool,
        headers: Mapping[str, str] | None,
    ) -> None:
        self._lifecycle = lifecycle
        self._owner = owner
        self._asked = endpoint
        connection = lifecycle.current()
        found = connection.table.resolve(endpoint)
        connection.files.prepare_for(found)
        self.endpoint: str | int = found.name
        self.most = lifecycle.options.max_workers
        size = found.config.get("max_batch_size") if found.batch else None
        self.batch = size if isinstance(size, int) and size > 0 else 1
        self.servers = 1
        self.retries = lifecycle.options.retries
        _options.seconds("timeout", timeout)
        hidden_headers = None if headers is None else hide(_options.texts("headers", headers))
        self._remote_options = {
            "timeout": timeout,
            "isolated": isolated,
            "idempotent": idempotent,
            "headers": hidden_headers,
        }
        self._options: dict[str, Any] = {
            "timeout": timeout,
            "isolated": _options.flag("isolated", isolated),
            "idempotent": _options.flag("idempotent", idempotent),
            "headers": hidden_headers,
            "event_data": None,
            "trigger_id": None,
            "method": "map",
            "once": True,
        }

    def call(self, item: Item) -> Data:
        """Make one attempt of an item, on this thread. See `Caller.call`."""
        try:
            connection, prepared = prepare(
                self._lifecycle, self._owner, self._asked, item.payload, **self._options
            )
            if prepared.direct_url is None:
                return self._run_queued(connection, prepared, item)
            return self._run_direct(connection, prepared, item)
        except (CancelledError, ClientClosedError) as exc:
            if item.cancelled or not self._lifecycle.is_closed:
                raise
            raise ClientClosedError(
                f"The client was closed during the map of {called(self.endpoint)}.",
                endpoint=self.endpoint,
            ) from exc

    def _run_queued(self, connection: Connection, prepared: PreparedCall, item: Item) -> Data:
        controls: list[JobControl] = []

        def begin(job: Job) -> None:
            control = control_of(job)
            control.on_run = item.on_start
            controls.append(control)
            _cancel_with(item, job)

        try:
            return connection.run(prepared, begin)
        except GradioClientError as exc:
            if was_refused(exc, direct=False):
                raise ItemRefused(exc) from exc
            raise
        finally:
            times = controls[0].times if controls else {}
            if "started" in times and "queued" in times:
                item.waited = controls[0].held + times["started"] - times["queued"]

    def _run_direct(self, connection: Connection, prepared: PreparedCall, item: Item) -> Data:
        request = RequestHandle()
        if not item.on_cancel(request.abort):
            request.abort()

        def wait(job: Job) -> Data:
            _cancel_with(item, job)
            return job.result()

        try:
            return connection.call(prepared, wait, request)
        except GradioClientError as exc:
            if was_refused(exc, direct=True):
                raise ItemRefused(exc) from exc
            raise

    def parameters(self) -> Sequence[MapParameter]:
        """Return the parameters of the endpoint."""
        return [MapParameter(one.sent_as, one.required) for one in self._signature().parameters]

    def fingerprint(self) -> str:
        """Return the endpoint's fingerprint as text."""
        from .._protocol.api.fingerprint import fingerprint_of

        return json.dumps(fingerprint_of(self._signature()))

    def _signature(self) -> Signature:
        from .._protocol.api.signature import signature_of

        connection = self._lifecycle.current()
        return signature_of(connection.table.resolve(self._asked), connection.app.info())

    def remote(self) -> tuple[Any, str | int | None, dict[str, Any]]:
        """Return the client, the endpoint and the options, for another process."""
        return self._owner, self._asked, self._remote_options

    def restore(self, recorded: Recorded) -> Data:
        """Return a result from a journal, with files as objects."""
        connection = self._lifecycle.current()
        endpoint = connection.table.resolve(self._asked)
        files = ResultFiles(connection.files, self._owner)

        def make_file(facts: FileFacts, saved: str | None) -> RemoteFile:
            return note_saved(files.make(facts), saved)

        return Data._make(
            data=recorded.restored_data(make_file),
            endpoint=endpoint.name,
            fn_index=endpoint.fn_index,
            time=datetime.fromtimestamp(recorded.time, timezone.utc),
            updates=recorded.restored_updates(),
            _origin=endpoint,
            _display=partial(bundle_of_data, plots=endpoint.plots),
        )


def _cancel_with(item: Item, job: Job) -> None:
    """Cancel a job when its item is cancelled."""
    if not item.on_cancel(job.cancel):
        job.cancel()
