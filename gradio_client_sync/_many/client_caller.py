"""`ClientCaller`: make the calls of a map through one client."""

from __future__ import annotations

import json
from concurrent.futures import CancelledError
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from .._basics.words import called
from .._calls.app_files import ResultFiles
from .._connection.connection import bundle_of_data
from .._connection.preparing import prepare
from .._transport.connections import RequestHandle
from ..errors import ClientClosedError, GradioClientError
from ..events import Data
from ..job import control_of
from .again import was_not_taken
from .items import NotTaken, Parameter
from .saved_files import note_saved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._connection.lifecycle import Lifecycle
    from .._protocol.api.signature import Signature
    from .._protocol.values.filedata import FileFacts
    from ..files import Owner, RemoteFile
    from ..job import Job
    from .items import Item
    from .journal_format import Recorded


class ClientCaller:
    """Makes the calls of a map through one client, each on the thread that asks for it.

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
        retries: How many times an idempotent call may be sent again.

    Raises:
        EndpointNotFoundError: The app has no such endpoint.
        ClientClosedError: `close` was called.
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
        self.retries = lifecycle.options.retries
        self._options: dict[str, Any] = {
            "timeout": timeout,
            "isolated": isolated,
            "idempotent": idempotent,
            "headers": headers,
            "event_data": None,
            "trigger_id": None,
            "method": "map",
            "once": True,
        }

    def call(self, item: Item) -> Data:
        """Make one attempt of an item, on this thread. See `Caller.call`."""
        connection, prepared = prepare(
            self._lifecycle, self._owner, self._asked, item.payload, **self._options
        )
        direct = prepared.direct_url is not None

        def begin(job: Job) -> None:
            if not item.on_cancel(job.cancel):
                job.cancel()

        def wait(job: Job) -> Data:
            begin(job)
            return job.result()

        def begin_queued(job: Job) -> None:
            control = control_of(job)
            control.on_run = item.on_start
            controls.append(control)
            begin(job)

        controls: list[Any] = []
        try:
            if not direct:
                return connection.run(prepared, begin_queued)
            request = RequestHandle()
            if not item.on_cancel(request.abort):
                request.abort()
            return connection.call(prepared, wait, request)
        except CancelledError as exc:
            if item.cancelled or not self._lifecycle.is_closed:
                raise
            raise ClientClosedError(
                f"The client was closed during the map of {called(self.endpoint)}.",
                endpoint=self.endpoint,
            ) from exc
        except GradioClientError as exc:
            if was_not_taken(exc, direct=direct):
                raise NotTaken(exc) from exc
            raise
        finally:
            for control in controls:
                times = control.times
                if "started" in times and "queued" in times:
                    item.waited = times["started"] - times["queued"]

    def parameters(self) -> Sequence[Parameter]:
        """Return the parameters of the endpoint."""
        return [Parameter(one.sent_as, one.required) for one in self._signature().parameters]

    def fingerprint(self) -> str:
        """Return what callers of the endpoint rely on, as text."""
        from .._protocol.api.fingerprint import fingerprint_of

        return json.dumps(fingerprint_of(self._signature()))

    def _signature(self) -> Signature:
        from .._protocol.api.signature import signature_of

        connection = self._lifecycle.current()
        return signature_of(connection.table.resolve(self._asked), connection.app.info())

    def restore(self, recorded: Recorded) -> Data:
        """Return the result that a journal has, with files as objects."""
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
