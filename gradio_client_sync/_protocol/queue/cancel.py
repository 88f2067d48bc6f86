"""`CancelLedger`: when a job may be cancelled on the server without ending other jobs.

``/cancel`` (Gradio 4.31 and later) and the cancelling events of an app end *every* running job of
one function in one session. The server sends no message to the other jobs. So if a job is cancelled
while another job of its function is active, the ledger postpones the cancellation until the last of
the others has ended.

A job that only waits in the server's queue is not ended by such a cancellation. It may even wait
for the job that is cancelled, because an app runs one call of a function at a time by default. But
the client cannot be sure that a job still waits: the message about its start takes some time to
arrive. So `release` counts a waiting job as active. `force_due` does not; it is called after that
time.

On Gradio 3, two generator jobs of one function in one session get their values from one iterator.
The ledger admits such jobs one after another.

The ledger has no lock and does no I/O. Its owner locks, waits and sends the requests.
"""

from __future__ import annotations

from collections import defaultdict, deque


class _Function:
    """The jobs of one function of the app in this session."""

    def __init__(self) -> None:
        self.waiting: deque[object] = deque()  # not admitted yet, oldest first
        self.live: set[object] = set()  # admitted and not released yet
        self.running: set[object] = set()  # those of them that may run on the server
        self.postponed: list[str] = []  # event ids to cancel once no job is live
        self.cancelling = False  # a cancel request is under way


class CancelLedger:
    """The jobs of one session by function, and the cancellations that wait for other jobs."""

    def __init__(self) -> None:
        self._functions: defaultdict[int, _Function] = defaultdict(_Function)

    def request(self, fn_index: int, job: object) -> None:
        """Add a job that waits for admission."""
        self._functions[fn_index].waiting.append(job)

    def can_admit(self, fn_index: int, job: object, *, alone: bool) -> bool:
        """Return whether a waiting job may go to the server now.

        Args:
            fn_index: The function of the job.
            job: A job for which `request` was called.
            alone: No other job of the function may be active at the same time.
        """
        function = self._functions[fn_index]
        if function.cancelling:
            return False
        return not alone or (not function.live and function.waiting[0] is job)

    def admit(self, fn_index: int, job: object) -> None:
        """Record that a waiting job goes to the server."""
        function = self._functions[fn_index]
        function.waiting.remove(job)
        function.live.add(job)
        function.running.add(job)  # until the server says that it is in the queue

    def mark_queued(self, fn_index: int, job: object) -> None:
        """Record that the job waits in the server's queue."""
        self._functions[fn_index].running.discard(job)

    def mark_begun(self, fn_index: int, job: object) -> None:
        """Record that the server has started to run the job."""
        function = self._functions[fn_index]
        if job in function.live:
            function.running.add(job)

    def withdraw(self, fn_index: int, job: object) -> None:
        """Remove a job that no longer waits for admission."""
        self._functions[fn_index].waiting.remove(job)

    def release(self, fn_index: int, job: object, event_id: str | None = None) -> list[str]:
        """Remove a job that has ended, or that the client has cancelled.

        Args:
            fn_index: The function of the job.
            job: The job.
            event_id: The job's event id, if it may still run on the server.

        Returns:
            The event ids to cancel on the server now. If there are any, no job of the function
            is admitted until `acknowledge` is called.
        """
        function = self._functions[fn_index]
        function.live.discard(job)
        function.running.discard(job)
        if event_id is not None:
            function.postponed.append(event_id)
        return [] if function.live else self._due(function)

    def has_postponed(self, fn_index: int) -> bool:
        """Return whether cancellations are postponed only because of jobs in the server's queue."""
        function = self._functions[fn_index]
        return bool(function.postponed and function.live and not function.running)

    def force_due(self, fn_index: int) -> list[str]:
        """Return the event ids to cancel now; none if an active job may run on the server."""
        function = self._functions[fn_index]
        return [] if function.running else self._due(function)

    def _due(self, function: _Function) -> list[str]:
        if function.cancelling or not function.postponed:
            return []
        due, function.postponed = function.postponed, []
        function.cancelling = True
        return due

    def acknowledge(self, fn_index: int) -> list[str]:
        """Record that the cancel requests are done, so jobs of the function may be admitted again.

        Returns:
            The event ids of jobs that were cancelled in the meantime, to cancel on the server now.
        """
        function = self._functions[fn_index]
        function.cancelling = False
        return [] if function.live else self._due(function)
