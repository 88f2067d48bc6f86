"""`Once`: one request for many threads, whose result is kept for some time."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

import pytest

from gradio_client_sync._transport.deadlines import NEVER, Deadline
from gradio_client_sync._transport.once import Once
from tests.support.listeners import BOUND


class CountedRequest:
    """The request: it counts its calls, and returns when the test allows it."""

    def __init__(self, seconds: float = math.inf) -> None:
        self.times = 0
        self.seconds = seconds
        self.began = threading.Semaphore(0)
        self.may_return = threading.Event()
        self.may_return.set()
        self.failure: Optional[Exception] = None

    def __call__(self, deadline: Deadline) -> tuple[Any, float]:
        self.times += 1
        times = self.times
        self.began.release()
        assert self.may_return.wait(BOUND)
        if self.failure is not None:
            raise self.failure
        return times, self.seconds


def test_once_keeps_its_result() -> None:
    """A result that is kept is not requested again."""
    once = Once(request := CountedRequest())
    assert once.known is None
    assert [once.get(NEVER), once.get(NEVER), once.known] == [1, 1, 1]
    assert request.times == 1


def test_once_requests_again_on_demand() -> None:
    """*again*, `forget` and the end of the time each cause a new request."""
    once = Once(request := CountedRequest())
    assert [once.get(NEVER), once.get(NEVER, again=True), once.get(NEVER)] == [1, 2, 2]
    once.forget()
    assert once.known is None
    assert once.get(NEVER) == 3
    request.seconds = 0
    assert [once.get(NEVER, again=True), once.get(NEVER), once.get(NEVER)] == [4, 5, 6]


def test_once_threads_share_one_request() -> None:
    """Threads that come during a request wait for its result, even with *again*."""
    once = Once(request := CountedRequest())
    request.may_return.clear()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(once.get, NEVER)
        assert request.began.acquire(timeout=BOUND)
        others = [pool.submit(once.get, NEVER, again=again) for again in (True, False, True)]
        assert once.get(Deadline.after(0)) is None  # it does not wait longer than its deadline
        request.may_return.set()
        assert {one.result(BOUND) for one in (first, *others)} <= {1, 2}
    assert once.known is not None


def test_once_drops_results_requested_before_forget() -> None:
    """A result that was requested before `forget` is returned, but not kept."""
    once = Once(request := CountedRequest())
    request.may_return.clear()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(once.get, NEVER)
        assert request.began.acquire(timeout=BOUND)
        once.forget()
        request.may_return.set()
        assert first.result(BOUND) == 1
    assert once.get(NEVER) == 2


def test_once_raises_an_error_in_one_thread_only() -> None:
    """An error is raised in the thread that made the request, and the next thread tries again."""
    once = Once(request := CountedRequest())
    request.failure = OSError("no")
    with pytest.raises(OSError, match="no"):
        once.get(NEVER)
    request.failure = None
    assert once.get(NEVER) == 2
