"""At the interpreter's exit: cancel running jobs on their servers, without waking local threads.

The interpreter waits for all non-daemon threads before it runs this module's exit handler. So only
daemon threads may still wait for a job. If such a thread were woken with a cancelled job, it could
print a traceback during the exit. Left waiting, it ends with the process. The operating system
closes the remaining connections.

A signal without a handler (the default of SIGTERM) ends the process without this module. Servers
then notice the closed connections.
"""

from __future__ import annotations

import atexit
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .._job.control import JobControl

EXIT_GRACE = 0.7  # s for the cancel requests to all servers, so that the exit takes less than 1 s


class ExitHandler(Protocol):
    """An object with jobs that may be running when the interpreter exits."""

    def abandon_jobs(self) -> list[JobControl]:
        """Stop all jobs without waking the threads that wait for them.

        Returns:
            The jobs whose workers send a cancel request to the server.
        """
        ...

    def close_idle(self) -> None:
        """Close connections that no thread uses."""
        ...


#: Each method of a set is atomic for other threads, so no lock is needed. Another thread could hold
#: a lock at the time of a fork, and the lock would then stay locked in the child process.
_open: set[ExitHandler] = set()

register = _open.add
unregister = _open.discard


@atexit.register
def _cancel_jobs() -> None:
    """Cancel the running jobs of all connections, and wait for their workers for `EXIT_GRACE`."""
    deadline = time.monotonic() + EXIT_GRACE
    handlers = list(_open)
    jobs = [job for handler in handlers for job in handler.abandon_jobs()]
    for job in jobs:
        job.wait_released(max(0.0, deadline - time.monotonic()))
    for handler in handlers:
        handler.close_idle()
