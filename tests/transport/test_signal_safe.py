"""Waits that a signal's handler ends: its exception is raised, and no lock stays locked."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from types import FrameType, SimpleNamespace
from typing import cast

import pytest

from gradio_client_sync._transport import signal_safe
from gradio_client_sync._transport.signal_safe import (
    SafeCondition,
    SafeEvent,
    _await,
    new_lock,
    start_thread,
)
from gradio_client_sync.errors import GradioClientError

WAIT = 30.0  # s; a bound for processes that hang

#: This runs in its own process, because pytest-timeout uses the same timer. An endless wait is
#: always interrupted correctly. What matters are the steps around it, so it waits for zero seconds,
#: again and again.
STRUCK = """
import collections, random, signal
from gradio_client_sync._transport.signal_safe import SafeCondition, SafeEvent, new_lock

class Struck(BaseException):
    pass

def strike(*_):
    raise Struck

signal.signal(signal.SIGALRM, strike)
when, ends = random.Random(1), collections.Counter()

def wait_over_and_over(number):
    while number % 3 == 0:
        changed.wait_for(bool, 0)
    while number % 3 == 1:
        flag.wait(0)
    while True:
        flag.set()

for number in range(3000):
    flag, lock = SafeEvent(), new_lock()
    changed = SafeCondition(lock)
    try:
        signal.setitimer(signal.ITIMER_REAL, when.uniform(5e-5, 2e-4))
        wait_over_and_over(number)  # in Python 3.13 `try` misses what strikes in its own loops
    except BaseException as exc:
        ends[repr(exc)] += 1
    ends["taken"] += lock._is_owned() + flag._lock._is_owned()
print(dict(ends))
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer that strikes")
@pytest.mark.skipif(sys.version_info < (3, 10), reason="there a `with` may be struck as it ends")
def test_wait_interrupted_by_a_signal_raises_its_exception() -> None:
    """A signal at any point of a wait raises the handler's exception.

    Of 1,000 waits of `threading.Condition`, 15 to 50 fail.
    """
    done = subprocess.run(
        [sys.executable, "-c", STRUCK], capture_output=True, text=True, timeout=WAIT
    )
    assert (done.stdout, done.stderr) == ("{'Struck()': 3000, 'taken': 0}\n", "")


def test_lock_is_free_after_a_signal() -> None:
    """If a handler raises at any point of a `with`, also of a nested one, the lock is free then."""
    point, called = 0, True
    while called:
        point, called = point + 1, False
        lock = new_lock()
        left = [point]

        def strike(_: FrameType, event: str, __: object, left: list[int] = left) -> None:
            if event in ("call", "c_return"):  # where the interpreter calls handlers
                left[0] -= 1
                if left[0] == 0:
                    sys.setprofile(None)
                    raise KeyboardInterrupt

        def hold() -> None:
            with lock:  # noqa: B023 - called in this round only
                with lock:  # noqa: B023
                    pass

        try:
            sys.setprofile(strike)
            hold()
            sys.setprofile(None)
        except KeyboardInterrupt:
            called = True
        assert not lock._is_owned(), point  # type: ignore[attr-defined]  # not in typeshed
    assert point > 2


def test_wait_condition_may_claim_an_item() -> None:
    """If several threads wait for one thing, one of them gets it, and the others wait on."""
    lock = threading.RLock()
    changed = SafeCondition(lock)
    items: list[int] = []
    claimed: list[int] = []

    def claim() -> bool:
        if not items:
            return False
        claimed.append(items.pop())
        return True

    threads = [threading.Thread(target=changed.wait_for, args=(claim,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for number in range(5):
        with lock:
            items.append(number)
            changed.notify_all()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert sorted(claimed) == [0, 1, 2, 3, 4]


def test_wait_checks_once_more_at_its_timeout() -> None:
    """wait_for() returns False at its timeout after a last check, and passes on exceptions."""
    lock = threading.RLock()
    changed = SafeCondition(lock)
    answers = iter([False, True])
    assert changed.wait_for(lambda: next(answers), 0.001)
    assert not changed.wait_for(lambda: False, -1)
    with pytest.raises(ZeroDivisionError):
        changed.wait_for(lambda: 1 // 0 > 0)
    assert not changed._waiters


class Held:
    """A lock that is never released; it records the timeouts of its waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def acquire(self, timeout: float = -1) -> bool:
        self.waits.append(timeout)
        return False


def test_wait_starts_with_a_short_one() -> None:
    """The first wait is short: a signal that comes just before it is handled only at its end."""
    for timeout, waits in ((None, [0.5, -1]), (1000.0, [0.5, pytest.approx(1000, abs=WAIT)])):
        held = Held()
        end = None if timeout is None else time.monotonic() + timeout
        assert not _await(cast("threading.Lock", held), end)
        assert held.waits == waits


@pytest.mark.parametrize(("timeout", "number"), [(None, 9), (1.0, 4)])
def test_wait_of_the_main_thread_goes_in_slices(
    timeout: float | None, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Ctrl-C does not end the wait for a lock, the main thread waits in short parts."""
    now = [100.0]

    class Elapsing(Held):
        def acquire(self, timeout: float = -1) -> bool:
            now[0] += timeout
            return super().acquire(timeout) or len(self.waits) == 9

    monkeypatch.setattr(signal_safe, "SLICE", 0.25)
    monkeypatch.setattr(signal_safe, "time", SimpleNamespace(monotonic=lambda: now[0]))
    held, end = Elapsing(), None if timeout is None else 100 + timeout
    assert _await(cast("threading.Lock", held), end) is (timeout is None)
    assert held.waits == [0.25] * number
    other = Elapsing()
    thread = threading.Thread(target=_await, args=(other, None))
    thread.start()
    thread.join()
    assert other.waits == [0.5, -1]  # signals reach the main thread only


def test_signal_handler_may_satisfy_the_wait() -> None:
    """A handler that calls a function which needs the lock, such as close(), finds it free."""
    lock = threading.RLock()
    changed = SafeCondition(lock)
    ended = []

    def ready() -> bool:
        if not ended:  # as if a signal came here
            with lock:
                ended.append(True)
                changed.notify_all()
            return False
        return True

    assert changed.wait_for(ready, WAIT)


def test_notify_interrupted_by_a_signal_is_completed_by_the_next() -> None:
    """If a signal interrupts notify_all(), the next call wakes the remaining threads."""
    changed = SafeCondition(threading.RLock())
    waiters = [threading.Lock() for _ in range(3)]
    for waiter in waiters:
        waiter.acquire()
    changed._waiters += waiters

    class Struck(list[threading.Lock]):
        def remove(self, waiter: threading.Lock) -> None:
            changed._waiters = list(self)
            raise KeyboardInterrupt

    changed._waiters = Struck(waiters)
    with pytest.raises(KeyboardInterrupt):
        changed.notify_all()
    changed.notify_all()
    assert not any(waiter.locked() for waiter in waiters) and not changed._waiters


def test_flag_wakes_all_waiting_threads() -> None:
    """set() wakes all waiting threads, and later waits return at once."""
    flag = SafeEvent()
    assert not flag.is_set() and not flag.wait(0.001)
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(flag.wait())) for _ in range(3)]
    for thread in threads:
        thread.start()
    flag.set()
    for thread in threads:
        thread.join(WAIT)
    assert results == [True] * 3 and flag.is_set() and flag.wait(0)


class Refused(threading.Thread):
    def start(self) -> None:
        raise RuntimeError("can't start new thread")


class Interrupted(threading.Thread):
    """A start during which Ctrl-C arrives, while it waits for the thread."""

    def start(self) -> None:
        super().start()
        try:
            raise KeyboardInterrupt
        finally:
            threading.Lock().release()


class Failing(threading.Thread):
    """A start during which a handler raises an error that Python raises too."""

    def start(self) -> None:
        super().start()
        raise RecursionError


def start_each() -> None:
    with pytest.raises(KeyboardInterrupt):
        start_thread(Interrupted())
    with pytest.raises(GradioClientError, match="No thread could be started"):
        start_thread(Refused())
    with pytest.raises(RecursionError):
        start_thread(Failing())


def test_start_thread_separates_refusal_from_interruption() -> None:
    """start_thread() reports only a refused start as such, also inside an ``except`` block."""
    start_each()
    try:
        raise KeyError
    except KeyError:
        start_each()
