"""Waits that a signal's handler ends: what it raised comes out, and no lock stays taken."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from typing import cast

import pytest

from gradio_client_sync._transport.waiting import Change, Flag, _await, start_thread
from gradio_client_sync.errors import GradioClientError

WAIT = 30.0  # s; a bound for what hangs

#: In a process of its own, as the timer of pytest-timeout is the same. Waiting without end is
#: interrupted as it should be by anything; it is the steps around that matter, so it waits for no
#: time at all, over and over.
STRUCK = """
import collections, random, signal, threading
from gradio_client_sync._transport.waiting import Change, Flag

class Struck(BaseException):
    pass

def strike(*_):
    raise Struck

signal.signal(signal.SIGALRM, strike)
when, lock, flag = random.Random(1), threading.Lock(), Flag()
changed, ends = Change(lock), collections.Counter()
for number in range(2000):
    try:
        signal.setitimer(signal.ITIMER_REAL, when.uniform(5e-5, 2e-4))
        while number % 2:
            changed.wait_for(bool, 0)
        while True:
            flag.wait(0)
    except BaseException as exc:
        ends[repr(exc)] += 1
        if lock.locked():
            ends["taken"] += 1
            lock.release()
print(dict(ends))
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer that strikes")
@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python 3.9 may be struck as `with` ends")
def test_wait_struck_by_a_signal_raises_what_the_handler_did() -> None:
    """Wherever it strikes; of 2,000 waits of `threading.Condition`, it is 30 to 100 that fail."""
    done = subprocess.run(
        [sys.executable, "-c", STRUCK], capture_output=True, text=True, timeout=WAIT
    )
    assert (done.stdout, done.stderr) == ("{'Struck()': 2000}\n", "")


def test_wait_may_take_what_it_finds() -> None:
    """Of many who wait for one thing, one has it, and the others wait on."""
    lock = threading.Lock()
    changed = Change(lock)
    things: list[int] = []
    taken: list[int] = []

    def take() -> bool:
        if not things:
            return False
        taken.append(things.pop())
        return True

    threads = [threading.Thread(target=changed.wait_for, args=(take,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for number in range(5):
        with lock:
            things.append(number)
            changed.notify_all()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert sorted(taken) == [0, 1, 2, 3, 4]


def test_wait_ends_at_its_time_and_asks_once_more() -> None:
    """Without an end in time it is false, for a time that is over, too; what raises, raises."""
    lock = threading.Lock()
    changed = Change(lock)
    answers = iter([False, True])
    assert changed.wait_for(lambda: next(answers), 0.001)
    assert not changed.wait_for(lambda: False, -1)
    with pytest.raises(ZeroDivisionError):
        changed.wait_for(lambda: 1 // 0 > 0)
    assert not lock.locked() and not changed._waiters


class Held:
    """A lock that is never free; says for how long it was waited for."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def acquire(self, timeout: float = -1) -> bool:
        self.waits.append(round(timeout, 1))
        return False


@pytest.mark.parametrize(
    ("timeout", "waits"), [(None, [0.5, -1]), (100.0, [0.5, 100.0]), (0.2, [0.2, 0.2])]
)
def test_wait_begins_with_a_short_one(timeout: float | None, waits: list[float]) -> None:
    """A signal that comes just as a thread goes to sleep is noticed at the end of its wait only."""
    held = Held()
    end = None if timeout is None else time.monotonic() + timeout
    assert not _await(cast("threading.Lock", held), end)
    assert held.waits == waits


def test_flag_wakes_all_who_wait() -> None:
    """It stays set, and who comes later does not wait."""
    flag = Flag()
    assert not flag.is_set() and not flag.wait(0.001)
    told: list[bool] = []
    threads = [threading.Thread(target=lambda: told.append(flag.wait())) for _ in range(3)]
    for thread in threads:
        thread.start()
    flag.set()
    for thread in threads:
        thread.join(WAIT)
    assert told == [True] * 3 and flag.is_set() and flag.wait(0)


class Refused(threading.Thread):
    def start(self) -> None:
        raise RuntimeError("can't start new thread")


class Interrupted(threading.Thread):
    """As a start that Ctrl-C strikes just where it waits."""

    def start(self) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            threading.Lock().release()


def test_start_of_a_thread_tells_a_refusal_from_an_interruption() -> None:
    """Also where another exception is being handled, which is not why it failed."""
    with pytest.raises(KeyboardInterrupt):
        start_thread(Interrupted())
    with pytest.raises(GradioClientError, match="No thread could be started"):
        start_thread(Refused())
    try:
        raise KeyError
    except KeyError:
        with pytest.raises(GradioClientError, match="No thread could be started"):
            start_thread(Refused())
        with pytest.raises(KeyboardInterrupt):
            start_thread(Interrupted())
