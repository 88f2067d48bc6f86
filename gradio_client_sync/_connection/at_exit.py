"""The interpreter's exit: servers are told to stop what is under way, and nobody is woken.

Whoever waits for a job at that time is a daemon thread, or is asked later on: the interpreter
has waited for all other threads. A daemon would print, if it were woken, that its job was
cancelled, in the middle of an exit; left alone, it ends with the process. What is not closed
here, the system closes a moment later.

A signal that nobody handles (SIGTERM's default) runs none of this. Then it is the closed sockets
that tell servers.
"""

from __future__ import annotations

import atexit
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .._job.control import JobControl

EXIT_GRACE = 0.7  # s for all servers together, so that a process is gone within one


class ExitHandler(Protocol):
    """What has jobs under way when the interpreter exits."""

    def abandon_jobs(self) -> list[JobControl]:
        """Stop all jobs, waking nobody; returns those of which the server has to be told."""
        ...

    def close_idle(self) -> None:
        """Close connections that nobody uses."""
        ...


#: A set's own methods are each one step for other threads, so that it needs no lock, which a fork
#: could find taken.
_open: set[ExitHandler] = set()

register = _open.add
unregister = _open.discard


@atexit.register
def _leave() -> None:
    deadline = time.monotonic() + EXIT_GRACE
    leavers = list(_open)
    told = [job for leaver in leavers for job in leaver.abandon_jobs()]
    for job in told:
        job.wait_released(max(0.0, deadline - time.monotonic()))
    for leaver in leavers:
        leaver.close_idle()
