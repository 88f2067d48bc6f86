"""Threads that run jobs: started at need, kept for a while, never in the way of an exit.

They are daemons, since the interpreter waits for others: a job on a server that hangs
would keep a script from ending. What must happen at the end (telling servers) is the
business of whoever owns the jobs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Callable

log = logging.getLogger(__name__)

Task = Callable[[], None]

IDLE_SECONDS = 5.0  # an idle thread costs little, but not nothing


class Workers:
    """A pool without an upper bound: a task never waits for another one to end."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._idle = 0
        self._threads: set[threading.Thread] = set()
        self._leaving: set[threading.Thread] = set()  # done, but perhaps not ended yet
        self._closed = False

    def start(self, task: Task) -> None:
        """Run a task on a thread.

        After `close` tasks still run, since what is under way may need some to end well.
        """
        with self._condition:
            self._tasks.append(task)
            if len(self._tasks) <= self._idle:
                self._condition.notify()
                return
            thread = threading.Thread(target=self._work, name="gradio-worker", daemon=True)
            self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # the interpreter is going down, or is out of threads
            with self._condition:
                self._threads.discard(thread)
                if task not in self._tasks:
                    return  # another thread took it
                self._tasks.remove(task)
            raise

    def close(self) -> None:
        """Let threads end when they have nothing to do."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for every thread to end; whether all did."""
        me, deadline = threading.current_thread(), time.monotonic() + timeout
        with self._condition:
            done = self._condition.wait_for(lambda: self._threads <= {me}, timeout)
            leaving = self._leaving - {me}
        for thread in leaving:
            thread.join(max(0.0, deadline - time.monotonic()))
        return done and not any(thread.is_alive() for thread in leaving)

    def _work(self) -> None:
        thread = threading.current_thread()
        while True:
            with self._condition:
                if not self._tasks and not self._closed:
                    self._idle += 1
                    thread.name = "gradio-worker"
                    self._condition.wait_for(lambda: self._tasks or self._closed, IDLE_SECONDS)
                    self._idle -= 1
                if not self._tasks:
                    self._threads.discard(thread)
                    self._leaving = {t for t in self._leaving if t.is_alive()} | {thread}
                    self._condition.notify_all()
                    return
                task = self._tasks.popleft()
            try:
                task()
            except BaseException:  # a thread of the pool must not die of one task
                log.exception("a task of the client failed")
            del task  # an idle thread must not keep a job, and with it a client, alive
