"""`Dispatch`: one call of a pool, from the choice of its replica to its end."""

from __future__ import annotations

import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any
from weakref import ref

from .._transport.signal_safe import new_lock
from ..errors import GradioClientError
from ..job import control_of

if TYPE_CHECKING:
    from .._calls.call import HandedOver
    from ..job import Job
    from .replica import Replica
    from .replica_set import ReplicaSet


STATE_IS_HERE = (
    "The session state of this pool is on this replica, so no other one can run the call. After "
    "reset_session(), the next call chooses a replica again, with new state."
)


class Dispatch:
    """The replicas that one call was sent to. It is the `Elsewhere` of the call.

    Args:
        replicas: All replicas.
        endpoint: The endpoint.
        sticky: The call has to be made where the pool's session state is.

    Attributes:
        replica: The replica that has the call now.
    """

    def __init__(self, replicas: ReplicaSet, endpoint: str | int | None, *, sticky: bool) -> None:
        self._replicas = replicas
        self._endpoint = endpoint
        self._sticky = sticky
        self._lock = new_lock()
        self._began = time.monotonic()
        self._started: float | None = None
        self._ended = False
        self._explanation = ""
        replica = replicas.take(endpoint, (), sticky=sticky)
        assert replica is not None  # noqa: S101 - without excluded ones there always is one
        self.replica: Replica = replica
        self._tried = [replica]

    def take_over(self, error: GradioClientError, job: HandedOver) -> bool:
        """Let another replica run a job that its replica has not taken, or that may run twice.

        Args:
            error: Why its replica does not run it.
            job: The job.

        Returns:
            Whether another replica runs the job now.
        """
        if job.control.stopped:
            return False
        self._explanation = ""
        if not self._sticky and not job.call.callee.endpoint.streaming:
            if self._move(error, job):
                return True
            self._explanation = self._replicas.others(self.replica)
        elif self._sticky:
            self._explanation = STATE_IS_HERE
        self._replicas.retry(self.replica, error)
        self._tried = [self.replica]
        return False

    def _move(self, error: GradioClientError, job: HandedOver) -> bool:
        while self._go_on(error):
            replica = self.replica
            replica.newest = self._job
            try:
                replica.client._lifecycle.current().take_over(job, replica.client)
                return True
            except GradioClientError as exc:
                error = exc
        return False

    def next(self, error: GradioClientError) -> bool:
        """Choose another replica for a call that could not even be prepared for its replica.

        Args:
            error: Why not.

        Returns:
            ``False`` if there is none left.
        """
        return not self._sticky and self._go_on(error)

    def _go_on(self, error: GradioClientError) -> bool:
        left = self.replica
        other = self._replicas.take(self._endpoint, self._tried, sticky=False)
        if other is None:
            return False
        # Set before another thread may run the job there, and may call `take_over` in turn.
        self.replica = other
        self._tried.append(other)
        with self._lock:
            started, self._started = self._started is not None, None
        self._replicas.pass_on(left, error, started=started)
        return True

    def explain(self) -> str:
        """Return why no other replica runs the call, as a sentence, or ``""``."""
        return self._explanation

    # -- the end --------------------------------------------------------------------

    _job: ref[Job] | None = None

    def watch(self, job: Job) -> None:
        """Record the start and the end of the call, as its job reports them."""
        self._job = self.replica.newest = ref(job)
        control = control_of(job)
        control.on_run = self.started
        if "started" in control.times:  # meanwhile
            self.started()
        job.add_done_callback(self._on_done)

    def _on_done(self, job: Any) -> None:
        cancelled = job.cancelled()
        self.end(None if cancelled else job.exception(), cancelled=cancelled)

    def started(self) -> None:
        """Record that the replica runs the call, which has left its queue."""
        with self._lock:
            if self._ended or self._started is not None:
                return
            self._started = time.monotonic()
        self._replicas.starts(self.replica)

    def end(self, error: BaseException | None, *, cancelled: bool = False) -> None:
        """Record the end of the call. Later calls of this method do nothing.

        Args:
            error: The error; ``None`` if the call has a result.
            cancelled: Whether the call was cancelled, which says nothing about its replica.
        """
        with self._lock:
            if self._ended:
                return
            self._ended = True
        began = self._began if self._started is None else self._started
        self._replicas.end(
            self.replica,
            self._endpoint,
            CancelledError() if cancelled else error,
            time.monotonic() - began,
            started=self._started is not None,
            sticky=self._sticky,
        )
