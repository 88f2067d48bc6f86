"""Which item runs when: order, bounds, refusals, repetitions, and all ways to end a map.

A caller of the test stands for the app. It decides when each call ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Any, Callable

import pytest

from gradio_client_sync import (
    AppError,
    BrokenStreamError,
    ClientClosedError,
    Map,
    PayloadError,
    QueueFullError,
)
from gradio_client_sync._many import scheduler
from gradio_client_sync._many.items import Item, ItemRefused
from gradio_client_sync._many.scheduler import CHUNK, LEAST_CHUNK
from gradio_client_sync.many import start_map

pytestmark = pytest.mark.once

WAIT = 10.0  # s; a bound for failures


class Caller:
    """An app in this process.

    Args:
        answer: Called for each attempt, on the worker. It returns the result.
    """

    endpoint = "/f"
    most, batch, servers, retries = 1024, 1, 1, 3

    def __init__(self, answer: Callable[[Item], Any] = lambda item: item.payload[0]) -> None:
        self.answer = answer
        self.called: list[int] = []
        self.cancelled: list[int] = []
        self.most_at_once = self._at_once = 0
        self._lock = threading.Lock()

    def call(self, item: Item) -> Any:
        with self._lock:
            self.called.append(item.index)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return self.answer(item)
        finally:
            with self._lock:
                self._at_once -= 1

    def held(self, item: Item, gate: threading.Event) -> None:
        """Wait for a gate, or until the item is cancelled."""

        def cancel() -> None:
            self.cancelled.append(item.index)
            gate_or_cancel.set()

        gate_or_cancel = threading.Event()
        if not item.on_cancel(cancel):
            cancel()
        while not gate.wait(0.01):
            if gate_or_cancel.is_set():
                raise CancelledError

    def parameters(self) -> Any:
        return []

    def fingerprint(self) -> str:
        return "x"

    def restore(self, recorded: Any) -> Any:
        return recorded.data


def run(caller: Caller, payloads: Any, **options: Any) -> Map[Any]:
    return start_map(caller, payloads, **options)


def numbers(count: int) -> Iterator[list[int]]:
    return ([number] for number in range(count))


def test_results_come_in_order_and_all_are_called_once() -> None:
    """Items that end early wait for those before them."""
    gate = threading.Event()

    def answer(item: Item) -> int:
        if item.index == 0:
            caller.held(item, gate)
        elif item.index == 5:
            gate.set()
        return item.index * 10

    caller = Caller(answer)
    results = run(caller, numbers(200), in_flight=8)
    assert list(results) == [number * 10 for number in range(200)]
    assert sorted(caller.called) == list(range(200))
    assert caller.most_at_once <= 8
    assert list(results) == []
    assert (results.counts.done, results.counts.failed, results.counts.in_flight) == (200, 0, 0)


def test_outcomes_come_as_they_end() -> None:
    """A slow item does not hold back the others."""
    gate = threading.Event()

    def answer(item: Item) -> int:
        if item.index == 0:
            caller.held(item, gate)
        return item.index

    caller = Caller(answer)
    ended = []
    for outcome in run(caller, numbers(30), in_flight=4).as_completed():
        ended.append(outcome.index)
        if len(ended) == 29:
            gate.set()
    assert ended[-1] == 0
    assert sorted(ended) == list(range(30))


def test_payloads_are_read_one_chunk_ahead() -> None:
    """A million payloads need no more memory than a hundred."""
    read = []

    def payloads() -> Iterator[list[int]]:
        for number in range(10**6):
            read.append(number)
            yield [number]

    in_flight = 8
    bound = in_flight + max(CHUNK * in_flight, LEAST_CHUNK)
    with run(Caller(), payloads(), in_flight=in_flight) as results:
        assert read == []
        for given in range(300):
            assert next(results) == given
            assert len(read) <= given + 1 + bound


def test_slow_payloads_do_not_hold_back_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result is given when it is ready, even if the next payload is not."""
    monkeypatch.setattr(scheduler, "QUICK", 0.0)  # every payload counts as slow
    ready = threading.Event()

    def payloads() -> Iterator[list[int]]:
        yield [0]
        assert ended.wait(WAIT)
        yield [1]
        assert ready.wait(WAIT)  # only the loop below sets it
        yield [2]

    ended = threading.Event()

    def answer(item: Item) -> int:
        if item.index == 0:
            ended.set()
        return item.index

    results = run(Caller(answer), payloads(), in_flight=1)
    assert next(results) == 0
    ready.set()
    assert list(results) == [1, 2]


def test_first_failed_item_ends_the_map() -> None:
    """The results before it are given, those in flight after it are cancelled."""
    gate = threading.Event()

    def answer(item: Item) -> int:
        if item.index == 3:
            gate.wait(WAIT)
            raise AppError("boom", endpoint="/f")
        if item.index > 3:
            if item.index == 5:
                gate.set()
            caller.held(item, threading.Event())
        return item.index

    caller = Caller(answer)
    given: list[int] = []
    results = run(caller, numbers(1000), in_flight=4)
    with pytest.raises(AppError, match="boom") as failed:
        given.extend(results)
    assert given == [0, 1, 2]
    assert (failed.value.index, failed.value.payload) == (3, [3])
    assert set(caller.cancelled) == {index for index in caller.called if index > 3}
    with pytest.raises(CancelledError, match="has failed before"):
        next(results)


def test_errors_stand_in_the_place_of_results() -> None:
    """With ``on_error="return"``, nothing is cancelled."""

    def answer(item: Item) -> int:
        if item.index % 2:
            raise shared
        return item.index

    shared = BrokenStreamError("the stream of all items was lost")
    outcomes = list(run(Caller(answer), numbers(6), on_error="return").outcomes())
    assert [outcome.data for outcome in outcomes] == [0, None, 2, None, 4, None]
    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert [error.index for error in errors] == [1, 3, 5]  # type: ignore[attr-defined]
    assert {str(error) for error in errors} == {str(shared)}


def test_refused_item_is_called_again() -> None:
    """That is neither a failure nor an attempt."""
    refusals = {1: 2, 4: 1}

    def answer(item: Item) -> int:
        if refusals.get(item.index, 0):
            refusals[item.index] -= 1
            raise ItemRefused(QueueFullError("full"))
        return item.index

    results = run(Caller(answer), numbers(8), in_flight=3)
    outcomes = list(results.outcomes())
    assert [outcome.data for outcome in outcomes] == list(range(8))
    assert {outcome.attempts for outcome in outcomes} == {1}
    assert results.counts.refused == 3


@pytest.mark.parametrize("idempotent", [True, False])
def test_item_that_may_have_run_goes_again_only_if_idempotent(idempotent: bool) -> None:
    """Each repetition is an attempt."""
    lost = [2]

    def answer(item: Item) -> int:
        if item.index in lost:
            lost.remove(item.index)
            raise BrokenStreamError("lost", accepted=True)
        return item.index

    caller = Caller(answer)
    results = run(caller, numbers(4), idempotent=idempotent, on_error="return")
    outcomes = list(results.outcomes())
    assert outcomes[2].attempts == 1 + idempotent
    assert (outcomes[2].error is None) is idempotent
    assert caller.called.count(2) == 1 + idempotent


def test_error_of_the_payloads_comes_after_the_results_before_it() -> None:
    """It keeps its type and traceback, since it is an error of the user's own code."""

    def payloads() -> Iterator[Any]:
        yield [0]
        yield [1]
        raise KeyError("no such photo")

    results = run(Caller(), payloads(), in_flight=4)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(KeyError, match="no such photo"):
        next(results)
    given = []
    with pytest.raises(PayloadError, match="Payload 1"):
        given.extend(run(Caller(), iter([[0], "x"])))


@pytest.mark.parametrize("way", ["cancel", "break", "with", "drop"])
def test_map_that_ends_early_cancels_what_is_in_flight(way: str) -> None:
    """No further payload is read, and no thread is left."""

    def answer(item: Item) -> int:
        if item.index:
            caller.held(item, threading.Event())
        return item.index

    caller = Caller(answer)
    results = run(caller, numbers(1000), in_flight=5)
    if way == "with":
        with results:
            assert next(results) == 0
    elif way == "break":
        for _ in results:
            break
    else:
        assert next(results) == 0
    if way == "cancel":
        results.cancel()
    if way != "drop":
        with pytest.raises(CancelledError, match="ended after 1 items"):
            next(results)
    del results
    assert sorted(caller.cancelled) == sorted(index for index in caller.called if index)


def test_cancel_wakes_a_loop_in_another_thread() -> None:
    """Its error says that there is more."""

    def answer(item: Item) -> None:
        started.set()
        caller.held(item, threading.Event())

    started = threading.Event()
    caller = Caller(answer)
    results = run(caller, numbers(10))
    errors: list[BaseException] = []

    def loop() -> None:
        try:
            next(results)
        except CancelledError as exc:
            errors.append(exc)

    thread = threading.Thread(target=loop)
    thread.start()
    assert started.wait(WAIT)
    results.cancel()
    thread.join(WAIT)
    assert [str(error) for error in errors] == [
        "The map of '/f' has ended after 0 items, since cancel() was called."
    ]


def test_closed_client_ends_the_map() -> None:
    """Also with ``on_error="return"``: no later item can be called."""

    def answer(item: Item) -> int:
        if item.index == 2:
            raise ClientClosedError("The client was closed.")
        return item.index

    results = run(Caller(answer), numbers(1000), in_flight=1, on_error="return")
    with pytest.raises(ClientClosedError):
        list(results)
    assert results.counts.failed == 0


def test_several_threads_share_a_map() -> None:
    """Each outcome goes to one of them."""
    results = run(Caller(), numbers(500), in_flight=4)
    given: list[int] = []
    threads = [
        threading.Thread(target=lambda: given.extend(o.index for o in results.as_completed()))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert sorted(given) == list(range(500))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_flight": 0}, "in_flight must be at least 1"),
        ({"in_flight": 2000}, "at most 1024 calls at once"),
        ({"on_error": "retrun"}, "Did you mean 'return'"),
        ({"on_error": None}, "must be 'raise' or 'return'"),
        ({"retry_failed": True}, "there is no journal"),
        ({"retry_failed": 1}, "must be True or False"),
        ({"journal": 5}, "journal must be the path"),
        ({"progress": "yes"}, "progress must be True or False"),
        ({"idempotent": 1}, "idempotent must be True or False"),
    ],
)
def test_wrong_options_are_refused_at_once(options: dict[str, Any], message: str) -> None:
    """Nothing was called."""
    with pytest.raises((TypeError, ValueError), match=message):
        run(Caller(), [[1]], **options)
