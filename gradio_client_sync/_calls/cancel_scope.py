"""`CancelScope`: what a cancellation does while the worker of a job waits for messages.

`Job.cancel` always returns at once. But most servers ignore a request to stop a job that waits in
their queue, and would run the job later. So the worker is shielded until a cancellation takes
effect: it continues to read messages, and stops the job on the server after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from .._transport.base import Aborted
from ..errors import GradioClientError

if TYPE_CHECKING:
    from .._job.control import JobControl
    from .._protocol.queue.exchange import Exchange, JobState
    from .._session.session_jobs import SessionJobs
    from .._transport.base import Channel
    from .host import Host


class CancelScope:
    """The cancellation of one attempt, from its join on.

    Args:
        control: The job.
        jobs: The jobs of its session.
        exchange: The state machine of the attempt.
        channel: The connection on which the worker waits.
        host: Releases the job's slot.
        start: Runs a function on another thread of the job.
    """

    def __init__(
        self,
        control: JobControl,
        jobs: SessionJobs,
        exchange: Exchange,
        channel: Channel,
        host: Host,
        start: Callable[[Callable[[], None]], None],
    ) -> None:
        self._control = control
        self._jobs = jobs
        self._exchange = exchange
        self._endpoint = exchange.event_factory.endpoint
        self._channel = channel
        self._host = host
        self._start = start
        self._shielded: bool | None = None  # None: `shield_until_effective` was not called yet

    def shield_until_effective(self, state: JobState) -> None:
        """Choose what a cancellation does from now on.

        If the server would act on it, the cancellation ends the worker's wait. If not, the worker
        continues to wait, and other jobs do not wait for this one. Call this again after each
        change of the state.

        Args:
            state: What the server has reported about the job.

        Raises:
            Aborted: The job was cancelled before, and the server acts on it now.
        """
        shielded = not self._jobs.strategy.takes_effect(self._endpoint, state)
        if shielded is self._shielded:
            return
        self._shielded = shielded
        if self._control.on_stop(self._defer if shielded else self._channel.abort):
            return
        if not shielded:
            raise Aborted
        self._defer()

    def _defer(self) -> None:
        """React to a cancellation that the server would ignore now.

        The thread that calls `Job.cancel` does not wait for the requests in `_release_others`.
        """
        try:
            self._start(self._release_others)
        except GradioClientError:  # no more threads
            self._control.release()

    def _release_others(self) -> None:
        """Release what waits for this job: jobs of the same function, a slot, and `close`."""
        due = self._jobs.leave(self._endpoint, self._control)
        self._jobs.cancel_due(self._endpoint, due)
        if not self._jobs.begins_soon(self._exchange):
            # Not earlier: Client.close() waits for this, and a job that is about to begin can still
            # be stopped on the server.
            self._host.release_slot(self._control)
            self._control.release()
