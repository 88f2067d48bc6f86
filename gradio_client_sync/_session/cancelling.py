"""`CancelStrategy`: how servers of one generation stop a job.

There is one strategy for each value of `Dialect.cancel`. A strategy makes the requests that stop
jobs, and says when a server acts on them. It sends nothing and knows no other jobs: `SessionJobs`
sends the requests, at a time when they harm no other job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._protocol.api.endpoint import Endpoint, EndpointTable
    from .._protocol.dialect import Dialect
    from .._protocol.queue.exchange import JobState
    from .._protocol.routes import Routes


class StopRequest(NamedTuple):
    """A POST that makes a server stop something."""

    url: str
    body: Mapping[str, Any]


class CancelStrategy:
    """The strategy for servers that stop a job when its connection is closed. Others extend it.

    Args:
        routes: The URLs of the server.
        session_hash: The session of the jobs.
        cancels_waiting: See `Dialect.cancels_waiting`.
    """

    def __init__(self, routes: Routes, session_hash: str, *, cancels_waiting: bool) -> None:
        self._routes = routes
        self._session = {"session_hash": session_hash}
        self._cancels_waiting = cancels_waiting

    def takes_effect(self, endpoint: Endpoint, state: JobState) -> bool:
        """Return whether the server would act on a cancellation now.

        If not, the server would ignore the request and run the job later.

        Args:
            endpoint: The function of the job.
            state: What the server has reported about the job.
        """
        return True

    def stop_job(
        self, endpoint: Endpoint, event_id: str, table: EndpointTable
    ) -> StopRequest | None:
        """Return the request that stops one job and no other; ``None`` if there is none.

        Args:
            endpoint: The function of the job, as it was when the job started.
            event_id: The server's id for the job.
            table: The functions that the app has now.
        """
        return None

    def can_stop_function(self, endpoint: Endpoint) -> bool:
        """Return whether requests can stop all jobs of a function in the session at once."""
        return False

    def stop_function(
        self, endpoint: Endpoint, event_ids: Sequence[str], table: EndpointTable
    ) -> list[StopRequest]:
        """Return the requests that stop all jobs of a function in the session.

        Args:
            endpoint: The function.
            event_ids: The server's ids for the jobs that have to stop.
            table: The functions that the app has now.
        """
        return []


class ResetStrategy(CancelStrategy):
    """The strategy for servers from 4.0 to 4.30.

    ``/reset`` stops one generator. Other functions stop only if the app has an event that cancels
    them (``cancels=``), and that event stops all their jobs in the session.
    """

    def takes_effect(self, endpoint: Endpoint, state: JobState) -> bool:
        if not state.accepted:
            return True
        if endpoint.generator:  # a generator that has not yielded yet is not found by /reset
            return state.stage != "pending"
        return state.begun or not endpoint.cancelled_by

    def stop_job(
        self, endpoint: Endpoint, event_id: str, table: EndpointTable
    ) -> StopRequest | None:
        current = table.numbered(endpoint.fn_index)  # if the app has changed, this one may run
        if endpoint.generator or (current is not None and current.generator):
            return StopRequest(self._routes.reset, {"event_id": event_id})
        return None

    def can_stop_function(self, endpoint: Endpoint) -> bool:
        return bool(endpoint.cancelled_by)

    def stop_function(
        self, endpoint: Endpoint, event_ids: Sequence[str], table: EndpointTable
    ) -> list[StopRequest]:
        if endpoint not in table:
            return []  # the app has changed: the numbers may mean other events now
        url = self._routes.run("predict")  # the number in the body selects the app's event
        return [
            StopRequest(url, {**self._session, "fn_index": fn_index, "data": []})
            for fn_index in endpoint.cancelled_by
        ]


class CancelRouteStrategy(CancelStrategy):
    """The strategy from 4.31 on: ``/cancel`` stops all jobs of a function in a session.

    Before 6.14, ``/cancel`` has no effect on a job that waits in the server's queue.
    """

    def takes_effect(self, endpoint: Endpoint, state: JobState) -> bool:
        return self._cancels_waiting or state.begun

    def can_stop_function(self, endpoint: Endpoint) -> bool:
        return True

    def stop_function(
        self, endpoint: Endpoint, event_ids: Sequence[str], table: EndpointTable
    ) -> list[StopRequest]:
        body = {**self._session, "fn_index": endpoint.fn_index}
        return [
            StopRequest(self._routes.cancel, {**body, "event_id": event_id})
            for event_id in event_ids
        ]


_STRATEGIES = {"close": CancelStrategy, "reset": ResetStrategy, "cancel": CancelRouteStrategy}


def strategy_for(dialect: Dialect, routes: Routes, session_hash: str) -> CancelStrategy:
    """Return the strategy for the jobs of one session.

    Args:
        dialect: The server's generation.
        routes: The URLs of the server.
        session_hash: The session of the jobs.
    """
    strategy = _STRATEGIES[dialect.cancel]
    return strategy(routes, session_hash, cancels_waiting=dialect.cancels_waiting)
