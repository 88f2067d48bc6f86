"""`Host`: the connection, as its jobs use it, and `RoutedCall`: the form in which a job is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._job.control import JobControl
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.api.meaning import Callee
    from .._session.session import Session
    from .._session.watch import SentCall, Watch
    from .._transport.connections import RequestHandle
    from .._transport.deadlines import Deadline
    from .call import PreparedCall


class RoutedCall(NamedTuple):
    """The form in which a job is sent: the function, its values and the route.

    Attributes:
        callee: The function that the job calls.
        values: One value for each input of the function.
        url: The URL of a function that skips the queue; ``None`` to use the queue.
        by_name: Whether the route names the function, so that no number is sent.
    """

    callee: Callee
    values: list[Any]
    url: str | None
    by_name: bool


class Host(NamedTuple):
    """The connection, as its jobs use it. All jobs of a connection share one host.

    Attributes:
        route: Returns the function, the values and the route for a job that is about to be sent.
            If the app has changed, they may differ from those of the last attempt. Raises a
            `GradioClientError` if the job cannot be sent.
        watch: The record of calls that were sent before the app changed.
        send: Records that a call is about to be sent; see `Watch.send`.
        may_be_lost: Called after a connection has failed, since the server may be gone.
        cause: Returns the possible cause of a failure, or ``""``; see `ReplicaCheck.cause`.
        possible_reason: Returns a sentence about a failed call; see `App.possible_reason`.
        release_slot: Called when a job has ended for this client, so that another job can run.
        hand_over: Called when another connection runs the job from now on.
        leave_session: Called when a job no longer needs the connections of its session.
    """

    route: Callable[[PreparedCall, Callee, list[Any], RequestHandle, Deadline], RoutedCall]
    watch: Watch
    send: Callable[[SentCall, int], bool]
    may_be_lost: Callable[[], None]
    cause: Callable[[], str]
    possible_reason: Callable[[Endpoint, Sequence[Any], Deadline, bool], str]
    release_slot: Callable[[JobControl], None]
    hand_over: Callable[[JobControl], None]
    leave_session: Callable[[Session], None]
