"""The lock with deadlines that downloads of one file share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradio_client_sync._files.turn import Turn
from gradio_client_sync._transport.deadlines import NEVER, Deadline

BOUND = 5  # s


class LateError(Exception):
    pass


def test_turn_is_held_by_one_thread() -> None:
    """A thread that wants the turn waits until the other one has left its block."""
    turn, steps = Turn(), []

    def second() -> None:
        started.set()
        with turn.take(NEVER, LateError):
            steps.append("second")

    started = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with turn.take(NEVER, LateError):
            waiting = pool.submit(second)
            assert started.wait(BOUND)
            steps.append("first")
        waiting.result(BOUND)
    assert steps == ["first", "second"]


def test_turn_that_comes_too_late_raises() -> None:
    """A thread that does not get the turn before its deadline raises, and others still get it."""
    turn = Turn()

    def second() -> None:
        with turn.take(Deadline.after(0.01), LateError):
            pytest.fail("two threads have the turn")

    with ThreadPoolExecutor(1) as pool:
        with turn.take(NEVER, LateError), pytest.raises(LateError):
            pool.submit(second).result(BOUND)
        with turn.take(Deadline.after(0.01), LateError):
            pass


def test_turn_can_be_taken_again_by_its_thread() -> None:
    """A thread that has the turn does not wait for itself, and gives the turn back only once."""
    turn = Turn()
    with turn.take(NEVER, LateError):
        with turn.take(Deadline.after(0.01), LateError):
            pass
        with ThreadPoolExecutor(1) as pool, pytest.raises(LateError):
            pool.submit(turn.take(Deadline.after(0.01), LateError).__enter__).result(BOUND)


def test_turn_is_given_back_after_an_error() -> None:
    """An error inside the block gives the turn back."""
    turn = Turn()
    with pytest.raises(ZeroDivisionError), turn.take(NEVER, LateError):
        raise ZeroDivisionError
    with ThreadPoolExecutor(1) as pool:
        pool.submit(turn.take(Deadline.after(BOUND), LateError).__enter__).result(BOUND)
