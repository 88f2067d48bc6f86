"""`Pool`: several addresses of one app, which share the calls."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar

from ._basics.printing import printable
from ._basics.secret import Secret, hidden_source, revealed, shown_source
from ._basics.words import counted
from ._client import Client, unconnected
from ._connection.preparing import prepare
from ._face.explained import ExplainsAttributes, explained
from ._face.maps_calls import MapsCalls
from ._face.waiting import wait_for_result
from ._pool.dispatch import Dispatch
from ._pool.replica_set import ReplicaSet, is_passing
from ._tracebacks import short_tracebacks
from .errors import GradioClientError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ._calls.call import PreparedCall
    from ._connection.connection import Connection
    from ._many.items import Caller
    from ._pool.health import State
    from ._protocol.api.endpoint import Endpoint, EndpointTable
    from ._protocol.api.signature import Signature
    from .display import ApiInfo
    from .events import Data
    from .function import Function
    from .job import Job
    from .types import Payload

T = TypeVar("T")

__all__ = ["Pool", "ReplicaStatus"]


class ReplicaStatus(NamedTuple):
    """The state of one replica of a pool, as far as the pool knows.

    Attributes:
        source: The address that was given to `Pool`, without a query.
        state: ``"up"``: it gets calls. ``"full"``: its queue was full, or it limited the rate of
            requests, so it gets no calls for some time. ``"down"``: it could not be reached, and is
            checked again. ``"different"``: it responds, but has other endpoints than the pool.
        in_flight: The calls of this pool that run there or wait in its queue.
        queued: How many calls of all clients waited in its queue, as it reported last.
        done: The calls that have ended there with a result.
        failed: The calls that have failed there.
        error: Why it last got no calls, or refused one; ``None`` if this has not happened.
        checked_in: Seconds until a replica that is not up is checked or called again.
    """

    source: str
    state: State
    in_flight: int
    queued: int
    done: int
    failed: int
    error: BaseException | None
    checked_in: float | None


@short_tracebacks("__init__", "__exit__")
class Pool(MapsCalls, ExplainsAttributes):
    """Several addresses of one app: replicas, or copies of a Space.

    Each call goes to the replica with the least to do: the fewest calls of this pool, or the
    shortest queue if its last status showed a longer one. A replica that cannot be reached, or
    whose queue is full, is left out for a time that grows, and gets calls again when it responds.

    A call that a replica refused is sent to another one. A call that it had accepted may have run,
    so it is sent to another one only with ``idempotent=True``. Endpoints with session state always
    use the same replica. Every method may be called from any thread.

    Args:
        sources: The addresses: URLs or names of Spaces, as for `Client`.
        client_options: The options of `Client`, for all replicas. Each replica has its own session,
            so there is no ``session_hash``.

    Raises:
        TypeError, ValueError: An address or an option has a wrong type or value.
        ConfigError: The endpoints of the replicas differ, or an address has no Gradio app.
        AuthenticationError: An app requires a login, or did not accept the one that was given.
        SpaceNotFoundError: A Space does not exist, or the token has no access to it.
        ConnectFailedError, HTTPStatusError, SpaceNotReadyError: No replica can be used now. If some
            can, the others are left out, with a warning in the log.

    Example:
        >>> with Pool(["http://127.0.0.1:7860"]) as pool:
        ...     pool.predict("/add", [2, 3])[0]
        5
    """

    _set: ReplicaSet
    _closed = False

    @explained("pool")
    def __init__(self, sources: Iterable[str], **client_options: Any) -> None:
        self._open(_clients(_checked_sources(sources), client_options))

    def _open(self, clients: list[Client]) -> None:
        """Connect all clients. If that fails, close them."""
        replicas = ReplicaSet(clients)
        try:
            replicas.connect()
        except BaseException:
            replicas.close()
            raise
        self._set = replicas

    def _current(self) -> ReplicaSet:
        """Return the replicas in this process; after a fork or in a copy, connect first."""
        replicas = self._set
        if replicas.pid != os.getpid() and not self._closed:
            # The clients make connections of their own in this process. If two threads are here,
            # both connect the same clients, and one of the two sets is not used.
            replicas = ReplicaSet([replica.client for replica in replicas.replicas])
            replicas.connect()
            self._set = replicas
        return replicas

    # -- the replicas -----------------------------------------------------------------

    @property
    def clients(self) -> list[Client]:
        """The client of each address, in their order. The pool closes them."""
        return [replica.client for replica in self._set.replicas]

    def status(self) -> list[ReplicaStatus]:
        """Return what the pool knows about each replica, in the order of the addresses.

        This does not block. If a check is due, another thread makes it.
        """
        replicas = self._current()
        if not self._closed:
            replicas.check_due()
        return [
            ReplicaStatus(
                replica.client._lifecycle.name.partition("?")[0],
                replica.health.state,
                replica.in_flight,
                replica.queued(),
                replica.done,
                replica.failed,
                replica.error,
                None
                if replica.health.state == "up"
                else max(0.0, replica.health.until - replica.now()),
            )
            for replica in replicas.replicas
        ]

    def view_api(self, endpoint: str | int | None = None) -> ApiInfo:
        """Describe the endpoints, which are the same on all replicas. See `Client.view_api`.

        Args:
            endpoint: Describe only this endpoint: a name or an ``fn_index``.

        Returns:
            The description by a replica that responds.
        """
        return self._current().reference().view_api(endpoint)

    def function(self, endpoint: str | int | None = None) -> Function:
        """Make a Python function that calls an endpoint through the pool.

        Args:
            endpoint: A name or an ``fn_index``. ``None`` is allowed if the app has exactly one
                public endpoint.

        Returns:
            A function as `Client.function` makes it.

        Example:
            >>> add = pool.function("/add")
            >>> add(2, b=3)
            5
        """
        from .function import function_of

        return function_of(self, self._signature(endpoint))

    def _table(self) -> EndpointTable:
        return self._current().reference()._table()

    def _endpoint(self, endpoint: str | int | None) -> Endpoint:
        replicas = self._current()
        home = replicas.home
        if isinstance(endpoint, int) and home is not None:  # it may be rendered for the session
            return home.client._endpoint(endpoint)
        return replicas.reference()._endpoint(endpoint)

    def _signature(self, endpoint: str | int | None) -> Signature:
        return self._current().reference()._signature(endpoint)

    # -- calling ----------------------------------------------------------------------

    @explained("call")
    def submit(
        self,
        endpoint: str | int | None = None,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        isolated: bool = False,
        idempotent: bool = False,
        headers: Mapping[str, str] | None = None,
        event_data: object = None,
        trigger_id: int | None = None,
    ) -> Job:
        """Start a call on the replica with the least to do, and return at once.

        The arguments and errors are those of `Client.submit`.

        Args:
            endpoint: A name such as ``"/predict"`` (the slash is optional) or an ``fn_index``.
            payload: The input values: a list or tuple by position, or a dict by parameter name.
            timeout: Seconds that the call may take in total, on all replicas together.
            isolated: Run the call in its own session. Then it needs no particular replica.
            idempotent: Declare that the function may run twice without harm. Then another replica
                runs the job if its replica is lost after it accepted the job.
            headers: Headers for this call.
            event_data: What the function finds in its ``gr.EventData``.
            trigger_id: The ``id`` of the component whose event the call stands for.

        Returns:
            The running `Job`. It stays the same object if another replica has to run it.

        Example:
            >>> pool.submit("/add", [2, 3]).result()[0]
            5
        """

        def start(connection: Connection, call: PreparedCall, dispatch: Dispatch) -> Job:
            job = connection.submit(call)
            dispatch.watch(job)
            return job

        return self._dispatched(
            start,
            endpoint,
            payload,
            timeout=timeout,
            isolated=isolated,
            idempotent=idempotent,
            headers=headers,
            event_data=event_data,
            trigger_id=trigger_id,
            method="submit",
        )

    @explained("call")
    def predict(
        self,
        endpoint: str | int | None = None,
        payload: Payload = None,
        *,
        timeout: float | None = None,
        isolated: bool = False,
        progress: bool = False,
        idempotent: bool = False,
        headers: Mapping[str, str] | None = None,
        event_data: object = None,
        trigger_id: int | None = None,
    ) -> Data:
        """Call an endpoint on the replica with the least to do, and wait for its final value.

        The arguments and errors are those of `Client.predict`.

        Args:
            endpoint: A name such as ``"/predict"`` (the slash is optional) or an ``fn_index``.
            payload: The input values: a list or tuple by position, or a dict by parameter name.
            timeout: Seconds that the call may take in total, on all replicas together.
            isolated: Run the call in its own session. Then it needs no particular replica.
            progress: Show the progress while the call runs.
            idempotent: Declare that the function may run twice without harm. Then another replica
                runs the call if its replica is lost after it accepted the call.
            headers: Headers for this call.
            event_data: What the function finds in its ``gr.EventData``.
            trigger_id: The ``id`` of the component whose event the call stands for.

        Returns:
            The final value: a sequence with one item for each output.

        Example:
            >>> pool.predict("/add", [2, 3])[0]
            5
        """
        bars = None
        if progress:
            from ._terminal.progress import ProgressBars

            bars = ProgressBars()

        def call(connection: Connection, call: PreparedCall, dispatch: Dispatch) -> Data:
            def wait(job: Job) -> Data:
                dispatch.watch(job)
                return wait_for_result(job, bars)

            data = wait(connection.submit(call)) if bars else connection.call(call, wait)
            dispatch.end(None)
            return data

        return self._dispatched(
            call,
            endpoint,
            payload,
            timeout=timeout,
            isolated=isolated,
            idempotent=idempotent,
            headers=headers,
            event_data=event_data,
            trigger_id=trigger_id,
            method="predict",
        )

    def _dispatched(
        self,
        run: Callable[[Connection, PreparedCall, Dispatch], T],
        endpoint: str | int | None,
        payload: Payload,
        *,
        isolated: bool,
        **options: Any,
    ) -> T:
        """Choose a replica, prepare a call for it and run the call.

        Args:
            run: Makes the prepared call.
            endpoint, payload, isolated, options: The arguments of `submit`, and the name of the
                method.
        """
        replicas, target = self._current(), self._endpoint(endpoint)
        named = self._name(endpoint, target)
        dispatch = Dispatch(replicas, target.name, sticky=not isolated and _needs_session(target))
        try:
            while True:
                client = dispatch.replica.client
                try:
                    connection, call = prepare(
                        client._lifecycle,
                        client,
                        named,
                        payload,
                        isolated=isolated,
                        elsewhere=dispatch,
                        **options,
                    )
                except GradioClientError as exc:
                    # Preparing sends requests only in a new process, or for the app's description.
                    if not is_passing(exc) or not dispatch.next(exc):
                        raise
                else:
                    return run(connection, call, dispatch)
        except BaseException as exc:
            dispatch.end(exc)
            raise

    def _name(self, endpoint: str | int | None, target: Endpoint) -> str | int | None:
        """Return how all replicas call an endpoint: by its name, since numbers may differ."""
        if not isinstance(endpoint, int) or isinstance(target.name, int) or target.rendered:
            return endpoint
        same = self._current().reference()._endpoint(target.name)
        return target.name if same.fn_index == target.fn_index else endpoint

    def _caller(self, endpoint: str | int | None, **options: Any) -> Caller:
        from ._pool.pool_caller import PoolCaller

        replicas, target = self._current(), self._endpoint(endpoint)
        sticky = not options["isolated"] and _needs_session(target)
        return PoolCaller(self, replicas, self._name(endpoint, target), sticky=sticky, **options)

    # -- the session --------------------------------------------------------------------

    def reset_session(self) -> None:
        """Start new sessions on all replicas. Later calls begin with the app's initial session
        state.

        The next call with session state chooses a replica. Also use this if the replica with the
        session state is lost, because the state is lost with it.
        """
        replicas = self._current()
        replicas.forget_home()
        for replica in replicas.replicas:
            if replica.client._lifecycle.was_opened:
                replica.client.reset_session()

    # -- the end ------------------------------------------------------------------------

    def close(self) -> None:
        """Cancel every job, here and on the servers, and close the clients.

        Later calls raise `ClientClosedError`. Closing a pool twice does nothing.
        """
        self._closed = True
        self._set.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        replicas: ReplicaSet | None = vars(self).get("_set")
        if replicas is None:
            return "<Pool (not connected yet)>"
        up = sum(replica.health.state == "up" for replica in replicas.replicas)
        names = ", ".join(r.client._lifecycle.name.partition("?")[0] for r in replicas.replicas)
        state = "closed" if self._closed else f"{up} up"
        return printable(
            f"<Pool of {counted(len(replicas.replicas), 'replica')} ({state}): {names}>"
        )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Raise the error for an attribute that only a client has."""
            if not name.startswith("_") and hasattr(Client, name):
                raise AttributeError(
                    f"A Pool has no attribute {name!r}, because it may differ from replica to "
                    f"replica. Write pool.clients[0].{name}."
                )
            return super().__getattr__(name)

    def __reduce__(self) -> Any:
        """Return the clients for its pickle, without secrets, as a `Client` does."""
        return _unpickled, (type(self), self.clients)

    def __copy__(self) -> Self:
        return _unpickled(type(self), [client.__copy__() for client in self.clients])

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()


_P = TypeVar("_P", bound=Pool)


def _unpickled(cls: type[_P], clients: list[Client]) -> _P:
    """Make a pool that connects at its first use."""
    pool = cls.__new__(cls)
    pool._set = ReplicaSet(clients)
    pool._set.pid = 0  # no process has this id, so the first use connects
    return pool


def _needs_session(endpoint: Endpoint) -> bool:
    """Return whether a call needs or changes what the server keeps for a session."""
    return endpoint.rendered or any(slot.is_state for slot in (*endpoint.inputs, *endpoint.outputs))


def _checked_sources(given: object) -> list[str | Secret[str]]:
    """Return the addresses, as secrets if they have a query.

    Args:
        given: The argument of the user, which may be a secret.

    Raises:
        TypeError, ValueError: They are not a list of different addresses.
    """
    if isinstance(revealed(given), (str, bytes)):
        text = revealed(given) if isinstance(revealed(given), str) else "…"
        shown = repr(shown_source(text).partition("?")[0])
        raise TypeError(
            f"Pool takes a list of addresses, not one text. Write Pool([{shown}]), or "
            f"Client({shown}) for one server."
        )
    if isinstance(revealed(given), Client):
        raise TypeError("Pool takes a list of addresses, not a Client. Write Pool([app.source]).")
    if isinstance(revealed(given), Mapping) or not isinstance(revealed(given), Iterable):
        raise TypeError(
            f"Pool takes a list of addresses, not {type(revealed(given)).__name__}. Write "
            'Pool(["http://gpu-1:7860", "http://gpu-2:7860"]).'
        )
    found = [hidden_source(source) for source in revealed(given)]
    if not found:
        raise ValueError("Pool needs at least one address, and the list is empty.")
    for source in found:
        if isinstance(source, Client):
            raise TypeError(
                "Pool makes its own clients, so it takes addresses. Write app.source instead of "
                "the Client."
            )
        if not isinstance(revealed(source), str):
            raise TypeError(
                f"An address of a Pool is a URL or the name of a Space, not {source!r}."
            )
    seen: Secret[set[str]] = Secret(set())
    for source in found:
        if revealed(source).rstrip("/") in seen.reveal():
            shown = shown_source(revealed(source)).partition("?")[0]
            raise ValueError(f"{shown!r} is in the list twice. Each replica needs its own address.")
        seen.reveal().add(revealed(source).rstrip("/"))
    return found


def _clients(sources: list[str | Secret[str]], client_options: Mapping[str, Any]) -> list[Client]:
    """Return a client for each address, which is not connected yet.

    Raises:
        TypeError, ValueError: An option has a wrong type or value. The message names it.
    """
    if client_options.get("session_hash") is not None:
        raise TypeError("A Pool has no session_hash=, because each replica has its own session.")
    return [unconnected(source, client_options) for source in sources]
