"""`Replica`: one address of the app, with its client and what is known about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple
from weakref import ref

from .._transport.base import Aborted
from .._transport.deadlines import Deadline
from ..errors import ClientClosedError, ConfigError
from .choice import Load
from .differences import Api, api_of
from .health import Health, Room

if TYPE_CHECKING:
    from .._client import Client
    from ..job import Job

CHECK_TIMEOUT = 10.0  # s for the requests of one check

#: Seconds after which the speed of an unused replica is measured again. The first call of a model,
#: for example, may load it, and later calls are fast.
REMEMBERED = 60.0

#: The weight of the last call in the average of the times.
_NEWEST = 0.3


class Description(NamedTuple):
    """The endpoints of a replica's app.

    Attributes:
        api: The parameters and outputs of its endpoints.
        version: The Gradio release, which decides how types are written.
        is_complete: Whether the app has described its parameters (``/info``).
    """

    api: Api
    version: str
    is_complete: bool


class Replica:
    """One replica. The lock of its `ReplicaSet` guards all attributes that change.

    Args:
        client: The client of its address. It may not be connected yet.

    Attributes:
        client: The client. A check replaces it if the app now has another protocol.
        health: Whether it gets calls.
        room: How many calls it takes at once, if its queue is limited.
        in_flight: The calls of this pool that it runs or has in its queue.
        running: Those of them that its app runs, as far as it has reported that.
        done: The calls that have ended with a result.
        failed: The calls that have failed there. Calls that another replica has run are not
            counted.
        error: The last reason why it got no calls, or refused one.
        used: When it got its last call; see `Load`.
        newest: The last job that it got.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.health = Health()
        self.room = Room()
        self.in_flight = 0
        self.running = 0
        self.done = 0
        self.failed = 0
        self.error: BaseException | None = None
        self.used = 0
        self.newest: ref[Job] | None = None
        self._seconds: dict[str | int | None, tuple[float, float]] = {}

    # -- its load -------------------------------------------------------------------

    def queued(self) -> int:
        """Return how many calls wait in its queue, by the status of the newest job.

        These are the calls of all clients. The result is 0 if that job does not wait.
        """
        job = None if self.newest is None else self.newest()
        if job is None or job.done():
            return 0
        position = job.status.position if job.status.stage == "pending" else None
        return 0 if position is None else position + 1

    def load(self, endpoint: str | int | None, queued: int, now: float) -> Load:
        """Return its load.

        Args:
            endpoint: The endpoint of the next call.
            queued: The result of `queued`, which must not be called under the lock.
            now: The present time.
        """
        if self.client._lifecycle.is_closed:
            rank = 5
        elif self.health.accepts(now):
            rank = 0 if self.room.has_place(self.in_flight) else 1
        else:
            rank = {"full": 2, "down": 3, "different": 4}[self.health.state]
        seconds, at = self._seconds.get(endpoint, (None, now))
        if now - at > REMEMBERED:
            seconds = None
        waiting = max(self.in_flight - self.running, queued)
        return Load(rank, self.in_flight, waiting, seconds, self.used)

    def took(self, endpoint: str | int | None, seconds: float, now: float) -> None:
        """Record the time of a call that has succeeded."""
        average, at = self._seconds.get(endpoint, (seconds, now))
        if now - at > REMEMBERED:
            average = seconds
        self._seconds[endpoint] = (average * (1 - _NEWEST) + seconds * _NEWEST, now)

    # -- its app --------------------------------------------------------------------

    def describe(self) -> Description:
        """Connect if there is no connection yet, and read the endpoints.

        Raises:
            GradioClientError: The connection failed.
        """
        connection = self.client._lifecycle.current()
        is_complete = connection.app.info(again=True) is not None
        api = api_of(self.client._signatures())
        return Description(api, connection.app.version, is_complete)

    def check(self) -> Description:
        """Check that the app responds, and read its endpoints.

        Raises:
            GradioClientError: It does not respond, or is not an app that a client can call.
        """
        lifecycle = self.client._lifecycle
        if lifecycle.was_opened:
            try:
                lifecycle.current().check(Deadline.after(CHECK_TIMEOUT))
            except Aborted as exc:
                raise ClientClosedError("The pool is closed; make a new one.") from exc
            except ConfigError:
                self._connect_again()
        return self.describe()

    def _connect_again(self) -> None:
        """Replace the client: the app has another protocol, which its connection cannot use."""
        old = self.client
        client = old.__copy__()
        client._lifecycle.open()
        self.client = client
        if old._lifecycle.is_closed:  # meanwhile, with all clients of the pool
            client.close()
        old.close()

    def now(self) -> float:
        """Return the time on the clock of `Health`."""
        return time.monotonic()
