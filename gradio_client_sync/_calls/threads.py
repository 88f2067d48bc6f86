"""The pool of threads that run jobs. Threads start when they are needed, and end after idle time.

They are daemon threads, because the interpreter waits for all other threads before it exits: a job
on a server that hangs would keep a script from ending. The owner of the jobs cancels them on the
server (see `_connection.at_exit`).
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from functools import partial
from typing import Callable

from .._tracebacks import forget_locals
from .._transport.signal_safe import new_lock, start_thread
from ..errors import GradioClientError, no_thread

log = logging.getLogger(__name__)

Task = Callable[[], None]

IDLE_SECONDS = 5.0  # s after which an idle thread ends, since each costs some memory


class Workers:
    """A pool of threads without an upper limit, so that no task waits for another task to end."""

    def __init__(self) -> None:
        self._lock = new_lock()
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()  # tasks for idle threads
        self._idle = 0  # idle threads for which `_tasks` has no task yet
        self._threads: set[threading.Thread] = set()
        self._leaving: set[threading.Thread] = set()  # without tasks, but maybe not ended yet
        self._closed = False

    def start(self, task: Task) -> None:
        """Run a task on a thread.

        Tasks are accepted also after `close`, because jobs that are being cancelled need threads.

        Raises:
            GradioClientError: No thread is idle, and no thread could be started.
        """
        if sys.is_finalizing():  # daemon threads no longer run, so the task would never end
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
        except RuntimeError as exc:  # this interpreter does not allow daemon threads
            raise no_thread(exc) from exc
        with self._lock:
            self._threads.add(thread)
        try:
            start_thread(thread)
        except GradioClientError:  # the process has too many threads, or is ending
            with self._lock:
                self._threads.discard(thread)
            raise

    def start_as(self, name: str, task: Task) -> None:
        """Run a task on a thread that has this name until the task ends.

        Raises:
            GradioClientError: No thread is idle, and no thread could be started.
        """
        self.start(partial(_run_as, name, task))

    def close(self) -> None:
        """End idle threads now, and the others after their tasks."""
        with self._lock:
            self._closed = True
            for _ in range(self._idle):
                self._tasks.put(None)
            self._idle = 0

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until all threads have ended.

        Returns:
            Whether they have. The current thread is not counted.
        """
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
        """Run one task after another.

        Args:
            first: A list with the first task. The thread keeps its arguments as long as it runs,
                but the list no longer holds the task.
        """
        task: Task | None = first.pop()
        while task is not None:
            try:
                task()
            except BaseException as exc:  # the thread may have to run other tasks
                forget_locals(exc)
                log.exception("a task of the client failed")
            del task  # so that an idle thread does not hold a job, and with it a client
            task = self._next()

    def _next(self) -> Task | None:
        """Return the next task; ``None`` after `IDLE_SECONDS` without one, or after `close`."""
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
                    # If no thread counts as idle, `start` has just put a task for this thread.
                    if self._idle:
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
