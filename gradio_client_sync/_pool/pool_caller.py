"""`PoolCaller`: make the calls of a map, each on the replica with the least to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._many.client_caller import ClientCaller
from .._many.items import ItemRefused
from ..errors import ClientClosedError, ConfigError, EndpointNotFoundError, GradioClientError
from .dispatch import Dispatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._client import Client
    from .._many.items import Item, MapParameter
    from .._many.journal_format import Recorded
    from ..events import Data
    from .replica_set import ReplicaSet


class PoolCaller:
    """Makes the calls of a map through the replicas of a pool.

    An item that all replicas have refused waits and is called again, as with one client.

    Args:
        owner: The pool.
        replicas: Its replicas.
        endpoint: The endpoint, by a name or number that is the same for all replicas.
        sticky: Whether the calls have to be made on the replica with the pool's session state.
        options: The options of each call.

    Attributes:
        endpoint: The endpoint's name, or its number if it has none.
        most: The most calls that all clients together make at once.
        batch: How many calls the app runs together; 1 if it has no batches.
        servers: How many servers it sends items to.
        retries: How many times an idempotent call may be sent again.

    Raises:
        EndpointNotFoundError: The app has no such endpoint.
        ClientClosedError: `close` was called.
    """

    def __init__(
        self,
        owner: object,
        replicas: ReplicaSet,
        endpoint: str | int | None,
        *,
        sticky: bool,
        **options: Any,
    ) -> None:
        self._replicas = replicas
        self._asked = endpoint
        self._sticky = sticky
        self._options = options
        self._owner = owner
        self._callers: dict[Client, ClientCaller] = {}
        first = self._first = self._caller(replicas.reference())
        self.endpoint = first.endpoint
        self.servers = 1 if sticky else len(replicas.replicas)
        self.most = first.most * self.servers
        self.batch = first.batch
        self.retries = first.retries

    def _caller(self, client: Client) -> ClientCaller:
        """Return the caller that uses one client."""
        caller = self._callers.get(client)
        if caller is None:
            # Two threads may both make one. That does no harm: it has no state.
            caller = ClientCaller(client._lifecycle, client, self._asked, **self._options)
            self._callers[client] = caller
        return caller

    def call(self, item: Item) -> Data:
        """Make one attempt of an item. If a replica refuses it, the next one gets it."""
        dispatch = Dispatch(self._replicas, self.endpoint, sticky=self._sticky)
        on_start = item.on_start

        def started() -> None:
            dispatch.started()
            on_start()

        item.on_start = started
        try:
            while True:
                try:
                    data = self._caller(dispatch.replica.client).call(item)
                except ItemRefused as exc:
                    if not dispatch.next(exc.error):
                        raise
                except (ClientClosedError, ConfigError, EndpointNotFoundError) as exc:
                    # Its app was replaced, or its client. Nothing was sent.
                    if self._replicas.is_closed or not dispatch.next(exc):
                        raise
                else:
                    dispatch.end(None)
                    return data
        except ItemRefused as exc:
            dispatch.end(exc.error)
            raise
        except BaseException as exc:
            dispatch.end(exc, cancelled=not isinstance(exc, GradioClientError))
            raise
        finally:
            item.on_start = on_start

    def parameters(self) -> Sequence[MapParameter]:
        """Return the parameters of the endpoint."""
        return self._first.parameters()

    def fingerprint(self) -> str:
        """Return the endpoint's fingerprint as text."""
        return self._first.fingerprint()

    def remote(self) -> tuple[Any, str | int | None, dict[str, Any]]:
        """Return the pool, the endpoint and the options, for another process."""
        return self._owner, self._asked, self._options

    def restore(self, recorded: Recorded) -> Data:
        """Return a result from a journal, with files as objects."""
        client = self._client_of(recorded)
        return (self._first if client is None else self._caller(client)).restore(recorded)

    def _client_of(self, recorded: Recorded) -> Client | None:
        """Return the client of the replica that has the files of a result."""
        for place in recorded.files:
            found: Any = recorded.data
            for step in place:
                found = found[step]
            url = str(found.get("url"))
            for replica in self._replicas.replicas:
                client = replica.client
                if client._lifecycle.was_opened and url.startswith(f"{client.url.rstrip('/')}/"):
                    return client
        return None
