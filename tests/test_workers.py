"""The pool of threads."""

from __future__ import annotations

import logging
import threading

import pytest

from gradio_client_sync._workers import Workers

WAIT = 10.0  # s; a bound on failure


@pytest.fixture
def workers() -> Workers:
    return Workers()


def test_workers_never_make_a_task_wait_for_another(workers: Workers) -> None:
    """Tasks that wait for each other all run: the pool has no upper bound."""
    everyone = threading.Barrier(51, timeout=WAIT)
    for _ in range(50):
        workers.start(everyone.wait)  # type: ignore[arg-type]  # what it returns is dropped
    everyone.wait()
    workers.close()
    assert workers.join(WAIT)


def test_workers_take_the_next_task_on_the_same_thread(workers: Workers) -> None:
    """A task that starts another when it ends needs no second thread."""
    threads: list[int] = []
    done = threading.Event()

    def task() -> None:
        threads.append(threading.get_ident())
        if len(threads) == 20:
            done.set()

    gate = threading.Event()
    workers.start(lambda: gate.wait(WAIT))  # type: ignore[arg-type, return-value]
    workers.close()  # no thread waits for work any more, so each takes what is there
    with workers._condition:
        workers._tasks.extend([task] * 20)
    gate.set()
    assert done.wait(WAIT)
    assert workers.join(WAIT)
    assert len(set(threads)) == 1


def test_workers_survive_a_task_that_fails(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception of a task is logged and costs no thread."""

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


def test_workers_do_not_keep_what_a_task_held(workers: Workers) -> None:
    """An idle thread refers to nothing of its last task."""
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
    """What is under way at the end may need a thread to end well."""
    workers.close()
    done = threading.Event()
    workers.start(done.set)
    assert done.wait(WAIT)
    assert workers.join(WAIT)
