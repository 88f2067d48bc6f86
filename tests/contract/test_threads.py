"""The pool of threads."""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import Any

import pytest

from gradio_client_sync._calls import threads as _workers
from gradio_client_sync._calls.threads import Workers
from tests.support.processes import run_python

WAIT = 10.0  # s; a bound for failures


@pytest.fixture
def workers() -> Workers:
    return Workers()


def test_workers_never_make_a_task_wait_for_another(workers: Workers) -> None:
    """Tasks that wait for each other all run, because the pool has no upper limit."""
    everyone = threading.Barrier(51, timeout=WAIT)
    for _ in range(50):
        workers.start(everyone.wait)  # type: ignore[arg-type]  # its result is dropped
    everyone.wait()
    workers.close()
    assert workers.join(WAIT)


class Watched(SimpleQueue):  # type: ignore[type-arg]
    """A queue that reports when a thread waits for a task."""

    def __init__(self) -> None:
        self.awaited = threading.Semaphore(0)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self.awaited.release()
        return super().get(*args, **kwargs)


def test_workers_give_a_task_to_a_thread_that_waits(workers: Workers) -> None:
    """A waiting thread gets the next task, so no second thread is started."""
    threads: list[int] = []
    workers._tasks = queue = Watched()
    for _ in range(20):
        workers.start(lambda: threads.append(threading.get_ident()))
        assert queue.awaited.acquire(timeout=WAIT)
    workers.close()
    assert workers.join(WAIT)
    assert len(threads) == 20
    assert len(set(threads)) == 1


def test_workers_end_threads_that_wait_for_long(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread ends after some time without a task, and the next task starts another."""
    monkeypatch.setattr(_workers, "IDLE_SECONDS", 0.01)
    for _ in range(3):
        workers.start(lambda: None)
        assert workers.join(WAIT)  # without close
    assert workers._idle == 0


def test_workers_survive_a_task_that_fails(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception of a task is logged, and its thread continues."""

    def fail() -> None:
        raise SystemExit("no")

    done = threading.Event()
    with caplog.at_level(logging.ERROR):
        workers.start(fail)
        workers.start(done.set)
        assert done.wait(WAIT)
        workers.close()
        assert workers.join(WAIT)
    assert "SystemExit" in caplog.text


def test_workers_keep_no_reference_to_a_task(workers: Workers) -> None:
    """An idle thread keeps no reference to its last task."""
    import gc
    import weakref

    class Big:
        def __call__(self) -> None:
            ran.set()

    ran = threading.Event()
    big = Big()
    gone = threading.Event()
    weakref.finalize(big, gone.set)
    workers.start(big)
    assert ran.wait(WAIT)
    del big
    workers.close()
    assert workers.join(WAIT)
    gc.collect()
    assert gone.is_set()


def test_workers_still_run_tasks_after_close(workers: Workers) -> None:
    """Tasks still run after close(), because running jobs may need a thread to end."""
    workers.close()
    done = threading.Event()
    workers.start(done.set)
    assert done.wait(WAIT)
    assert workers.join(WAIT)


LAST_WORDS = """
import threading
from gradio_client_sync._calls.threads import Workers

class Last:
    def __init__(self):
        self.workers, self.say = Workers(), print
        done = threading.Event()
        self.workers.start(done.set)  # its thread waits for more then
        done.wait()

    def __del__(self):
        try:
            self.workers.start(print)
        except Exception as error:
            self.say(type(error).__name__, error)

last = Last()
"""


def test_workers_refuse_tasks_at_the_end_of_the_interpreter() -> None:
    """start() raises while the interpreter ends, because threads no longer run then."""
    assert "GradioClientError No thread could be started: " in run_python(LAST_WORDS, quiet=True)
