"""When a server may be told to cancel, so that no other job is harmed.

``/cancel`` (4.31 and later) and an app's own cancelling events end *every* running job
of one function in one session, and say nothing to the others. So a job that is let go
while another one of its function is under way waits in the ledger, and is cancelled on
the server when the last of the others has ended.

Jobs that only wait in the server's queue are not harmed, and may be waiting for the very
job that is let go: an app's functions run one at a time by default. But whether a job
still waits cannot be known for sure, since the news of its start is on its way for a
while. So `leave` counts them as under way, and `overdue`, asked after that while, does not.

On Gradio 3 two generator jobs of one function in one session would be fed from one
iterator; the ledger lets them in one after another.

The ledger is plain bookkeeping: its owner locks, waits and talks to the server.
"""

from __future__ import annotations

from collections import defaultdict, deque


class _Function:
    """One function of the app, as this session uses it."""

    def __init__(self) -> None:
        self.waiting: deque[object] = deque()  # jobs that want in, oldest first
        self.live: set[object] = set()  # jobs that the server has or is given
        self.running: set[object] = set()  # those that run, for all we know
        self.let_go: list[str] = []  # event ids to cancel when nobody is live
        self.telling = False  # the server is being told right now


class CancelLedger:
    """The jobs of one session, by function."""

    def __init__(self) -> None:
        self._functions: defaultdict[int, _Function] = defaultdict(_Function)

    def want(self, fn_index: int, job: object) -> None:
        """A job asks to be let in."""
        self._functions[fn_index].waiting.append(job)

    def may_enter(self, fn_index: int, job: object, *, alone: bool) -> bool:
        """Whether it may go to the server now.

        Args:
            alone: No other job of the function may be under way with it.
        """
        function = self._functions[fn_index]
        if function.telling:
            return False
        return not alone or (not function.live and function.waiting[0] is job)

    def enter(self, fn_index: int, job: object) -> None:
        """The job goes to the server."""
        function = self._functions[fn_index]
        function.waiting.remove(job)
        function.live.add(job)
        function.running.add(job)  # it might begin at once

    def queue(self, fn_index: int, job: object) -> None:
        """The server has said that the job waits in its queue."""
        self._functions[fn_index].running.discard(job)

    def begin(self, fn_index: int, job: object) -> None:
        """The server has begun to run the job."""
        function = self._functions[fn_index]
        if job in function.live:
            function.running.add(job)

    def give_up(self, fn_index: int, job: object) -> None:
        """The job does not want in any more."""
        self._functions[fn_index].waiting.remove(job)

    def leave(self, fn_index: int, job: object, event_id: str | None = None) -> list[str]:
        """The job is over, or is let go.

        Args:
            event_id: Of a job that may still run on the server.

        Returns:
            Event ids to cancel on the server now. Until `told`, no job of the function
            is let in.
        """
        function = self._functions[fn_index]
        function.live.discard(job)
        function.running.discard(job)
        if event_id is not None:
            function.let_go.append(event_id)
        return [] if function.live else self._due(function)

    def is_waiting(self, fn_index: int) -> bool:
        """Whether jobs that were let go wait for others of which none is known to run."""
        function = self._functions[fn_index]
        return bool(function.let_go and function.live and not function.running)

    def overdue(self, fn_index: int) -> list[str]:
        """As `leave`, but jobs that have not begun by now do not count."""
        function = self._functions[fn_index]
        return [] if function.running else self._due(function)

    def _due(self, function: _Function) -> list[str]:
        if function.telling or not function.let_go:
            return []
        due, function.let_go = function.let_go, []
        function.telling = True
        return due

    def told(self, fn_index: int) -> list[str]:
        """The server knows; jobs of the function may enter again.

        Returns:
            As `leave`: what was let go meanwhile.
        """
        function = self._functions[fn_index]
        function.telling = False
        return [] if function.live else self._due(function)
