"""Threads that run jobs: started at need, kept for a while, never in the way of an exit.

They are daemons, since the interpreter waits for others: a job on a server that hangs
would keep a script from ending. What must happen at the end (telling servers) is the
business of whoever owns the jobs.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from functools import partial
from typing import Callable

from .._transport.signal_safe import start_thread
from ..errors import GradioClientError, no_thread

log = logging.getLogger(__name__)

Task = Callable[[], None]

IDLE_SECONDS = 5.0  # an idle thread costs little, but not nothing


class Workers:
    """A pool without an upper bound: a task never waits for another one to end."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tasks: queue.SimpleQueue[Task | None] = (
            queue.SimpleQueue()
        )  # for those that wait for one
        self._idle = 0  # threads that wait, and for which there is none yet
        self._threads: set[threading.Thread] = set()
        self._leaving: set[threading.Thread] = set()  # done, but perhaps not ended yet
        self._closed = False

    def start(self, task: Task) -> None:
        """Run a task on a thread.

        After `close` tasks still run, since what is under way may need some to end well.

        Raises:
            GradioClientError: No thread is idle, and none could be started.
        """
        if sys.is_finalizing():  # daemons stand still by now; a task would be waited for for ever
            raise no_thread(RuntimeError("the interpreter is ending"))
        with self._lock:
            if self._idle:
                self._idle -= 1
                self._tasks.put(task)
                return
        try:
            thread = threading.Thread(
                target=self._work, args=([task],), name="gradio-worker", daemon=True
            )
        except RuntimeError as exc:  # an interpreter that has no daemons at all
            raise no_thread(exc) from exc
        with self._lock:
            self._threads.add(thread)
        try:
            start_thread(thread)
        except GradioClientError:  # it is going down, or has too many
            with self._lock:
                self._threads.discard(thread)
            raise

    def start_as(self, name: str, task: Task) -> None:
        """Run a task on a thread that has this name meanwhile. See `start`."""
        self.start(partial(_run_as, name, task))

    def close(self) -> None:
        """Let threads end when they have nothing to do."""
        with self._lock:
            self._closed = True
            for _ in range(self._idle):
                self._tasks.put(None)
            self._idle = 0

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for every thread to end; whether all did."""
        me, deadline = threading.current_thread(), time.monotonic() + timeout
        while True:
            with self._lock:
                others = (self._threads | self._leaving) - {me}
            thread = next((thread for thread in others if thread.is_alive()), None)
            if thread is None:
                return True
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return False

    def _work(self, first: list[Task]) -> None:
        """Run one task after another; a list, since a thread keeps what it was started with."""
        task: Task | None = first.pop()
        while task is not None:
            try:
                task()
            except BaseException:  # a thread of the pool must not die of one task
                log.exception("a task of the client failed")
            del task  # an idle thread must not keep a job, and with it a client, alive
            task = self._next()

    def _next(self) -> Task | None:
        """Wait for something to do; ``None`` if there is nothing for long."""
        thread = threading.current_thread()
        thread.name = "gradio-worker"
        with self._lock:
            self._idle += not self._closed
            task, waits = None, not self._closed
        while waits:
            try:
                task = self._tasks.get(timeout=IDLE_SECONDS)
                break
            except queue.Empty:
                with self._lock:
                    if self._idle:  # otherwise the task for this thread has just been put
                        self._idle -= 1
                        break
        if task is None:
            with self._lock:
                self._leave(thread)
        return task

    def _leave(self, thread: threading.Thread) -> None:
        self._threads.discard(thread)
        self._leaving = {other for other in self._leaving if other.is_alive()} | {thread}


def _run_as(name: str, task: Task) -> None:
    threading.current_thread().name = name
    task()
