"""`ReplicaSet`: the replicas of one pool in one process, and the choice among them.

A replica that could not be reached is checked while the pool is in use: if a check is due, a call
or a read of the status starts it on another thread.
"""

from __future__ import annotations

import logging
import os
import weakref
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Callable

from .._calls.threads import Workers
from .._transport.signal_safe import SafeCondition, new_lock
from ..errors import (
    AuthenticationError,
    ClientClosedError,
    ConfigError,
    ConnectFailedError,
    GradioClientError,
    HTTPStatusError,
    SpaceNotReadyError,
)
from .choice import choose
from .differences import differences, listed
from .health import effect_of
from .replica import Description, Replica

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._client import Client

log = logging.getLogger(__name__)

CLOSE_TIMEOUT = 5.0  # s for all clients together

#: The last rank of a replica that gets a call which another one refused; see `Replica.load`.
_ACCEPTS = 1
_DIFFERENT = 4


def is_passing(error: BaseException) -> bool:
    """Return whether a replica that cannot be reached now may work later."""
    if isinstance(error, AuthenticationError):
        return False
    return isinstance(error, (ConnectFailedError, HTTPStatusError, SpaceNotReadyError))


class ReplicaSet:
    """The replicas of one pool. Every method may be called from any thread.

    Args:
        clients: A client for each address; it may not be connected yet.

    Attributes:
        pid: The process. A forked process makes its own set.
        replicas: The replicas, in the order of the addresses.
        is_closed: Whether `close` was called.
    """

    def __init__(self, clients: Sequence[Client]) -> None:
        self.pid = os.getpid()
        self.replicas = [Replica(client) for client in clients]
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._workers = workers = Workers()
        weakref.finalize(self, workers.close).atexit = False  # type: ignore[misc]
        self._uses = count(1)
        self._home: Replica | None = None  # has the session state of the pool
        self._home_used = False
        self._expected: Description | None = None  # of the first replica that responded
        self.is_closed = False

    # -- connecting -----------------------------------------------------------------

    def connect(self) -> None:
        """Connect to all replicas at the same time, and leave out those that do not respond.

        Raises:
            ConfigError: The endpoints of the replicas differ.
            GradioClientError: No replica responds, or one is not an app that a client can call.
        """
        found: dict[Replica, Description | BaseException] = {}

        def read(replica: Replica) -> None:
            result: Description | BaseException
            try:
                result = replica.describe()
            except BaseException as exc:  # noqa: BLE001 - the waiting thread raises it
                result = exc
            with self._lock:
                found[replica] = result
                self._changed.notify_all()

        for replica in self.replicas:
            self._workers.start(partial(read, replica))
        self._changed.wait_for(lambda: len(found) == len(self.replicas))
        errors = {r: e for r in self.replicas if isinstance(e := found[r], BaseException)}
        for error in errors.values():
            if not is_passing(error):
                raise error
        if len(errors) == len(self.replicas):
            raise _none_left(errors)
        for replica, error in errors.items():
            source = replica.client._lifecycle.name.partition("?")[0]
            log.warning("%s is left out of the pool: %s", source, error)
            replica.error, replica.health = error, replica.health.is_lost(replica.now())
        for replica in self.replicas:
            described = found[replica]
            if isinstance(described, Description):
                self._compare(replica, described)

    def _compare(self, replica: Replica, described: Description) -> None:
        """Check that a replica has the endpoints of the pool.

        Raises:
            ConfigError: Its endpoints differ.
        """
        with self._lock:
            expected = self._expected
            if expected is None:
                self._expected = described
                return
        if not (expected.is_complete and described.is_complete):
            return
        same_release = expected.version == described.version
        found = differences(expected.api, described.api, types=same_release)
        if found:
            here = replica.client.url
            raise ConfigError(
                "The addresses of a Pool have to be those of one app, and their endpoints differ. "
                f"At {here}, {listed(found)}. Make a Pool or a Client of its own for each app.",
                url=here,
            )

    # -- the calls ------------------------------------------------------------------

    def take(
        self, endpoint: str | int | None, without: Sequence[Replica], *, sticky: bool
    ) -> Replica | None:
        """Choose a replica for a call, and add the call to its load.

        Args:
            endpoint: The endpoint.
            without: Replicas that have refused the call. If there are any, only replicas that seem
                to work are chosen.
            sticky: Whether the call has to be made on the replica with the pool's session state.

        Returns:
            The replica; ``None`` if all others are excluded or do not work.
        """
        self.check_due()
        candidates = [replica for replica in self.replicas if replica not in without]
        if not candidates:
            return None
        queued = [replica.queued() for replica in candidates]
        now = candidates[0].now()
        with self._lock:
            if sticky and self._home is not None:
                chosen = self._home
            else:
                loads = [r.load(endpoint, q, now) for r, q in zip(candidates, queued)]
                position = choose(loads)
                if without and loads[position].rank > _ACCEPTS:
                    return None
                chosen = candidates[position]
                if sticky:
                    self._home = chosen
            chosen.in_flight += 1
            chosen.used = next(self._uses)
        return chosen

    def starts(self, replica: Replica) -> None:
        """Record that a replica has started a call that waited in its queue."""
        with self._lock:
            replica.running += 1

    def pass_on(self, replica: Replica, error: BaseException, *, started: bool) -> None:
        """Record that a replica has refused a call, which is sent to another one."""
        with self._lock:
            replica.in_flight -= 1
            replica.running -= started
        self._record(replica, error)

    def retry(self, replica: Replica, error: BaseException) -> None:
        """Record that a replica has refused a call, which is sent to it again."""
        self._record(replica, error)

    def others(self, replica: Replica) -> str:
        """Return a sentence about the state of all other replicas; ``""`` if there are none."""
        names = ", ".join(
            f"{other.client._lifecycle.name.partition('?')[0]} ({other.health.state})"
            for other in self.replicas
            if other is not replica
        )
        return (
            f"The other replicas of the pool did not accept the call either: {names}."
            if names
            else ""
        )

    def end(
        self,
        replica: Replica,
        endpoint: str | int | None,
        error: BaseException | None,
        seconds: float | None,
        *,
        started: bool,
        sticky: bool,
    ) -> None:
        """Record the end of a call.

        Args:
            replica: The replica that had it last.
            endpoint: The endpoint.
            error: The error; ``None`` if the call has a result.
            seconds: How long the function ran.
            started: Whether `starts` was called for the call.
            sticky: Whether the call had to be made where the session state is.
        """
        with self._lock:
            replica.in_flight -= 1
            replica.running -= started
            if error is None:
                replica.done += 1
                if seconds is not None:
                    replica.took(endpoint, seconds, replica.now())
            elif effect_of(error) is not None:
                replica.failed += 1
            if sticky and replica is self._home:
                if effect_of(error) == "works":
                    self._home_used = True
                elif not self._home_used:
                    self._home = None  # without state, any replica will do
        self._record(replica, error)

    def _record(self, replica: Replica, error: BaseException | None) -> None:
        """Record what the end of a call, or a refusal, says about a replica."""
        effect = effect_of(error)
        if effect is None:
            return
        with self._lock:
            before, now = replica.health, replica.now()
            if effect == "works":
                replica.health, replica.room = before.works(), replica.room.succeeded()
            elif effect == "full":
                wait = getattr(error, "retry_after", None)
                replica.health = before.refuses(now, wait)
                replica.room = replica.room.refused(replica.in_flight)
            else:
                replica.health = before.is_lost(now)
            if effect != "works":
                replica.error = error
            after = replica.health
        self._log_change(replica, before.state, after.state)

    def _log_change(self, replica: Replica, before: str, after: str) -> None:
        source = replica.client._lifecycle.name.partition("?")[0]
        if before != after and after in ("down", "different"):
            log.warning("%s gets no calls of its pool for now: %s", source, replica.error)
        elif before in ("down", "different") and after == "up":
            log.warning("%s gets calls of its pool again", source)

    def forget_home(self) -> None:
        """Let the next call with session state choose its replica."""
        with self._lock:
            self._home, self._home_used = None, False

    @property
    def home(self) -> Replica | None:
        """The replica that has the session state; ``None`` if no call needed it yet."""
        return self._home

    def reference(self) -> Client:
        """Return a client that knows the endpoints."""
        now = self.replicas[0].now()
        with self._lock:
            lives = [(r, r.client._lifecycle) for r in self.replicas]
            usable = [r for r, life in lives if life.was_opened and not life.is_closed]
            usable.sort(key=lambda r: r.load(None, 0, now).rank)
        return (usable or self.replicas)[0].client

    # -- checks -----------------------------------------------------------------------

    def check_due(self) -> None:
        """Start the checks that are due, each on a thread."""
        now = self.replicas[0].now()
        if not any(replica.health.needs_check(now) for replica in self.replicas):
            return
        with self._lock:
            due = [replica for replica in self.replicas if replica.health.needs_check(now)]
            for replica in due:
                replica.health = replica.health.check_begins()
        for replica in due:
            try:
                self._workers.start(partial(self._check, replica))
            except GradioClientError as exc:  # no thread could be started
                self._end_check(replica, exc)

    def _check(self, replica: Replica) -> None:
        error: GradioClientError | None = None
        try:
            described = replica.check()
            try:
                self._compare(replica, described)
            except ConfigError:
                if not self._adopt(replica, described):
                    raise
        except GradioClientError as exc:
            error = exc
        self._end_check(replica, error)

    def _adopt(self, replica: Replica, described: Description) -> bool:
        """Use the endpoints of a replica from now on, if no other replica has the old ones.

        Returns:
            Whether they are used.
        """
        with self._lock:
            others = (other for other in self.replicas if other is not replica)
            if any(other.health.state in ("up", "full") for other in others):
                return False
            self._expected = described
        return True

    def _end_check(self, replica: Replica, error: GradioClientError | None) -> None:
        if isinstance(error, ClientClosedError):
            return
        with self._lock:
            before, now = replica.health, replica.now()
            if error is None:
                replica.health, replica.error = before.works(), None
            elif isinstance(error, ConfigError):
                replica.health, replica.error = before.differs(now), error
            else:
                replica.health, replica.error = before.is_lost(now), error
            after = replica.health
            self._changed.notify_all()
        self._log_change(replica, before.state, after.state)

    # -- the end ----------------------------------------------------------------------

    def close(self) -> None:
        """Close all clients at the same time."""
        self.is_closed = True
        for replica in self.replicas:
            _start_or_run(self._workers, replica.client.close)
        self._workers.close()
        self._workers.join(CLOSE_TIMEOUT)


def _start_or_run(workers: Workers, task: Callable[[], None]) -> None:
    try:
        workers.start(task)
    except GradioClientError:  # no thread: the interpreter is ending, for example
        task()


def _none_left(errors: dict[Replica, BaseException]) -> BaseException:
    """Return the error for a pool in which no replica responds: that of the first one."""
    (_, first), *others = errors.items()
    if others and isinstance(first, GradioClientError):
        names = ", ".join(
            f"{replica.client._lifecycle.name.partition('?')[0]} ({type(error).__name__})"
            for replica, error in others
        )
        first.args = (f"{first} The other addresses of the pool do not respond either: {names}.",)
    return first
