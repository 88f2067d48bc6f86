"""Wait at the interpreter's exit for the calls that still run, and for their callbacks.

A script may end right after `submit`, because it only wants the call to be made, or because a
callback shows the result. The plain client cancels running jobs at the exit. Here, the exit waits
for them first, as it does with `gradio_client`. It does not wait after a Ctrl-C that ended the
script or interrupted a wait for the job: then the plain client cancels it.
"""

from __future__ import annotations

import atexit
import os
import sys
from concurrent.futures import CancelledError
from queue import SimpleQueue
from typing import Any, Protocol


class RunningJob(Protocol):
    """A job for which the exit waits."""

    def exception(self) -> BaseException | None:
        """Wait for the job to end."""
        ...


#: Each method of a set is atomic for other threads, so no lock is needed.
_running: set[RunningJob] = set()

#: Wakes the exit when a job has ended; ``None`` before the exit.
_wakes: SimpleQueue[None] | None = None

_is_registered = False


def started(job: RunningJob) -> None:
    """Let the exit wait for a job. Call this only after the plain client has started a job."""
    global _is_registered
    if not _is_registered:
        # Handlers run in the opposite order, so this one runs before that of the plain client.
        _is_registered = True
        atexit.register(_wait)
    _running.add(job)


def ended(job: RunningJob) -> None:
    """Do not wait for a job: it has ended and its callbacks have run, or nobody wants it."""
    _running.discard(job)
    if _wakes is not None:
        _wakes.put(None)


def _wait() -> None:
    global _wakes
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        return
    _wakes = SimpleQueue()  # first: a job that ends from now on wakes this thread
    try:
        for job in tuple(_running):
            try:
                job.exception()
            except CancelledError:
                pass
        while _running:  # their callbacks
            _wakes.get()
    except KeyboardInterrupt:
        pass


if hasattr(os, "register_at_fork"):
    _forked: Any = _running.clear  # the jobs belong to the parent process
    os.register_at_fork(after_in_child=_forked)
