"""`Job`, on every generation of servers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import pickle
import threading
from datetime import timezone
from typing import Any, Callable

import pytest

from gradio_client_sync import Client, Data, JobTimeoutError, Status
from tests.support.generations import has, servers_with
from tests.support.listeners import BOUND, BlockingListener, EventRecorder
from tests.support.servers.server import Server

pytestmark = [pytest.mark.gradio, pytest.mark.client_only]


# -- a real future


def test_wait_and_as_completed_take_jobs(app: Client, server: Server, key: str) -> None:
    """`concurrent.futures.wait` and `as_completed` accept jobs."""
    quick = [app.submit("/echo", [str(n)]) for n in range(3)]
    held = app.submit("/hold", [key])
    done, pending = concurrent.futures.wait(quick, BOUND)
    assert done == set(quick) and not pending
    first = concurrent.futures.wait(
        [held, *quick], BOUND, return_when=concurrent.futures.FIRST_COMPLETED
    )
    assert held in first.not_done
    server.control.release(key)
    answers = {job.result()[0] for job in concurrent.futures.as_completed([held, *quick], BOUND)}
    assert answers == {"0", "1", "2", key}


def test_asyncio_awaits_a_job(app: Client) -> None:
    """`asyncio.wrap_future` makes a job awaitable."""

    async def gather() -> list[Data]:
        jobs = [app.submit("/add", [n, 1]) for n in range(3)]
        return await asyncio.wait_for(
            asyncio.gather(*(asyncio.wrap_future(job) for job in jobs)), BOUND
        )

    assert [data[0] for data in asyncio.run(gather())] == [1, 2, 3]


def test_done_callback(app: Client) -> None:
    """`add_done_callback` is called with the job, whose result is available by then."""
    results: list[Any] = []
    called = threading.Event()

    def callback(job: Any) -> None:
        results.append((job, job.result()[0]))
        called.set()

    job = app.submit("/echo", ["x"])
    job.add_done_callback(callback)
    assert called.wait(BOUND)
    assert results == [(job, "x")]


@pytest.mark.each_release
def test_job_attributes(app: Client, server: Server, key: str) -> None:
    """A job has its endpoint and number, and once it runs its event id, status and outputs."""
    statuses = EventRecorder()
    job = app.submit("hold", [key]).on("status", statuses)
    assert job.endpoint == "/hold"
    assert isinstance(job.fn_index, int)
    assert isinstance(job.status, Status)
    statuses.wait_for(lambda status: status.position is not None)
    assert server.control.await_started(key)
    assert not job.done()
    assert job.running()
    assert (job.event_id is not None) == has(server.version, "event ids")
    assert (job.status.stage, job.status.queue) == ("pending", True)
    assert job.outputs == []
    server.control.release(key)
    result = job.result(BOUND)
    assert not job.running()
    assert job.status.stage == "complete"
    assert [data.data for data in job.outputs] == [[key]]
    assert (result.endpoint, result.fn_index, result.type) == ("/hold", job.fn_index, "data")
    assert result.time.tzinfo is timezone.utc
    assert result.time <= job.status.time
    assert (job.status.endpoint, job.status.fn_index) == ("/hold", job.fn_index)


def test_job_is_not_pickled(app: Client) -> None:
    """A job cannot be pickled, and the error says why; its result can."""
    job = app.submit("/echo", ["x"])
    with pytest.raises(TypeError, match="Pickle its result"):
        pickle.dumps(job)
    assert pickle.loads(pickle.dumps(job.result(BOUND))).data == ["x"]


# -- listeners


def test_listeners_chain(app: Client) -> None:
    """`on`, `off` and `destroy` return the job."""
    job = app.submit("/echo", ["x"])
    assert job.on("data", print).off("data", print).off("log", print).destroy() is job
    assert job.result(BOUND)[0] == "x"


def test_unknown_events_are_refused(app: Client) -> None:
    """`on` refuses unknown kinds of events, and listeners that cannot be called."""
    job = app.submit("/echo", ["x"])
    for event in ("datas", "Data", "", None):
        with pytest.raises(ValueError, match="data, status, log, render"):
            job.on(event, print)  # type: ignore[call-overload]
        with pytest.raises(ValueError, match="data, status, log, render"):
            job.off(event, print)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="has to be callable"):
        job.on("data", "print")  # type: ignore[call-overload]
    job.result(BOUND)


def test_events_come_in_order_and_once(app: Client) -> None:
    """Each listener gets each event once, in order, on the job's own worker threads."""
    data, statuses, both = EventRecorder(), EventRecorder(), EventRecorder()
    job = app.submit("/count", [5])
    job.on("data", data).on("status", statuses).on("data", both).on("status", both)
    job.result(BOUND)
    assert data.values() == ["0", "1", "2", "3", "4", "4"]
    assert [event for event in both.events if event.type == "data"] == data.events
    assert [event for event in both.events if event.type == "status"] == statuses.events
    times = [event.time for event in both.events]
    assert times == sorted(times)
    stages = [status.stage for status in statuses.events]
    assert stages[0] == "pending"
    assert stages.count("generating") == 5
    assert stages[-1] == "complete"
    assert {name.rstrip("0123456789") for name in both.threads} <= {"gradio-job-", "gradio-worker"}


def test_late_listener_gets_past_events(app: Client) -> None:
    """A listener that is added after the end gets all events before `on` returns."""
    data, statuses, late_data, late_statuses = (EventRecorder() for _ in range(4))
    job = app.submit("/tokens", [5]).on("data", data).on("status", statuses)
    job.result(BOUND)
    job.on("data", late_data)
    assert late_data.values() == data.values()
    job.on("status", late_statuses)
    assert late_statuses.events == statuses.events


def test_listener_added_midway_gets_past_events(app: Client, server: Server, key: str) -> None:
    """A listener that is added while the job runs gets the earlier events too."""
    early, late = EventRecorder(), EventRecorder()
    job = app.submit("/endless_growing", [key]).on("data", early)
    early.wait_for(lambda data: data[0].startswith("tok0 tok1 "))
    job.on("data", late)
    late.wait_for(lambda data: data[0].startswith("tok0 tok1 tok2 tok3 "))
    server.control.release(key)
    result = job.result(BOUND)
    assert late.values() == early.values()
    assert late.values()[0] == "tok0 "
    assert late.values()[-1] == result[0]


def test_off_stops_events_to_a_listener(app: Client, server: Server, key: str) -> None:
    """A listener that was removed gets no further events, and the others do."""
    gone, kept = EventRecorder(), EventRecorder()
    job = app.submit("/endless", [key]).on("data", gone).on("data", kept)
    gone.wait_for(lambda data: True)
    job.off("data", gone)
    # one event may already have been on its way
    kept.wait_for(lambda data: True, after=len(kept.events) + 1)
    count = len(gone.events)
    kept.wait_for(lambda data: True, after=len(kept.events))
    assert len(gone.events) == count
    job.off("status", kept)  # it listens to data only
    kept.wait_for(lambda data: True, after=len(kept.events))
    server.control.release(key)
    job.result(BOUND)
    assert len(kept.events) > len(gone.events)


def test_destroy_drops_listeners_and_not_the_job(app: Client, server: Server, key: str) -> None:
    """`destroy` removes all listeners, and the job continues to its result."""
    data, statuses = EventRecorder(), EventRecorder()
    job = app.submit("/hold", [key]).on("data", data).on("status", statuses)
    assert server.control.await_started(key)
    job.destroy()
    server.control.release(key)
    assert job.result(BOUND)[0] == key
    assert data.events == []
    assert "complete" not in [status.stage for status in statuses.events]


def test_listener_may_remove_itself(app: Client) -> None:
    """A listener that removes itself gets one event."""
    values: list[Data] = []
    job = app.submit("/count", [4])

    def once(data: Data) -> None:
        values.append(data)
        job.off("data", once)

    job.on("data", once).result(BOUND)
    assert [data[0] for data in values] == ["0"]


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_exception_in_a_listener_affects_nothing_else(
    app: Client, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    """An exception in a listener is logged; the job and all listeners continue."""
    calls, others = [], EventRecorder()

    def failing(data: Data) -> None:
        calls.append(data[0])
        raise error("broken listener")

    with caplog.at_level(logging.ERROR, "gradio_client_sync"):
        job = app.submit("/count", [3]).on("data", failing).on("data", others)
        assert job.result(BOUND)[0] == "2"
    assert calls == others.values() == ["0", "1", "2", "2"]
    logged = [record for record in caplog.records if record.exc_info]
    assert len(logged) == 4
    assert all(record.exc_info and record.exc_info[0] is error for record in logged)


def test_slow_listener_delays_its_own_job_only(app: Client) -> None:
    """A listener that blocks one job does not delay other jobs of the client."""
    holding = BlockingListener()
    slow = app.submit("/count", [3]).on("data", holding)
    try:
        holding.wait_until_reached()
        assert app.predict("/count", [2])[0] == "1"
        values = EventRecorder()
        assert app.submit("/echo", ["quick"]).on("data", values).result(BOUND)[0] == "quick"
        assert values.values() == ["quick"]
        assert not slow.done()
    finally:
        holding.free()
    assert slow.result(BOUND)[0] == "2"


@servers_with("polled for data")
def test_blocking_listener_does_not_delay_the_server(app: Client, server: Server, key: str) -> None:
    """A job whose first listener blocks still runs, because the server gets its data."""
    holding, after = BlockingListener(), EventRecorder()
    job = app.submit("/hold", [key]).on("status", holding).on("status", after)
    try:
        holding.wait_until_reached()
        assert server.control.await_started(key)
        server.control.release(key)
        assert server.control.await_stopped(key)
        assert not job.done()
    finally:
        holding.free()
    assert job.result(BOUND)[0] == key
    assert after.events[-1].stage == "complete"


def test_blocking_listener_gets_all_events(app: Client, server: Server, key: str) -> None:
    """If a listener blocks until the job has ended on the server, it still gets all events."""
    holding, statuses = BlockingListener(), EventRecorder()
    job = app.submit("/hold", [key])
    assert server.control.await_started(key)
    job.on("status", holding).on("status", statuses)
    try:
        holding.wait_until_reached()
        server.control.release(key)
        assert server.control.await_stopped(key)
        assert not job.done()
    finally:
        holding.free()
    assert job.result(BOUND)[0] == key
    assert statuses.events[-1].stage == "complete"


@pytest.mark.parametrize(
    ("endpoint", "last"),
    [("/echo", "complete"), ("/direct", "complete"), ("/fail", "error"), ("/direct_fail", "error")],
)
def test_last_status_comes_before_the_result(
    server: Server, key: str, endpoint: str, last: str
) -> None:
    """The Future is not resolved yet when a listener gets the last status."""
    with Client(server.url, max_workers=1) as app:
        app.submit("/hold", [key])
        job, seen = app.submit(endpoint, ["x"]), []  # it waits, so that no event is missed
        job.on("status", lambda status: seen.append((status.stage, job.done())))
        server.control.release(key)
        job.exception(BOUND)
    assert seen[0] == ("pending", False)
    assert seen[-1] == (last, False)


def test_result_in_a_listener_is_refused(app: Client) -> None:
    """A listener that waits for its own job gets a `RuntimeError` instead of a deadlock."""
    errors: list[BaseException] = []
    job = app.submit("/count", [2])

    def waiting(data: Data) -> None:
        for wait in (job.result, job.exception, lambda: list(job)):
            try:
                wait()  # type: ignore[operator]
            except RuntimeError as exc:
                errors.append(exc)

    job.on("data", waiting)
    assert job.result(BOUND)[0] == "1"
    assert errors
    assert all("wait for itself" in str(error) for error in errors)


def test_other_jobs_can_be_waited_for_in_a_listener(app: Client) -> None:
    """A listener may call the app and wait for that call."""
    answers: list[Any] = []
    job = app.submit("/echo", ["x"])
    job.on("data", lambda data: answers.append(app.predict("/echo", [f"{data[0]}y"])[0]))
    assert job.result(BOUND)[0] == "x"
    assert answers == ["xy"]


def test_listeners_added_from_listeners(app: Client) -> None:
    """A listener that another listener added gets all events too."""
    inner = EventRecorder()
    job = app.submit("/count", [3])

    def outer(data: Data) -> None:
        job.off("data", outer).on("data", inner)

    job.on("data", outer).result(BOUND)
    assert inner.values() == ["0", "1", "2", "2"]


# -- timeouts


def test_result_timeout_leaves_the_job_running(app: Client, server: Server, key: str) -> None:
    """result(timeout) raises `TimeoutError`, and the job continues."""
    job = app.submit("/hold", [key])
    with pytest.raises(concurrent.futures.TimeoutError):
        job.result(timeout=0)
    assert server.control.await_started(key)
    with pytest.raises(concurrent.futures.TimeoutError):
        job.exception(timeout=0)
    assert not job.cancelled()
    server.control.release(key)
    assert job.result(BOUND)[0] == key


@pytest.mark.each_release
def test_predict_timeout_stops_the_function(
    app: Client, server: Server, new_key: Callable[[], str]
) -> None:
    """predict(timeout) raises `JobTimeoutError`, and the server has received the cancel request."""
    for timeout in (0.5, 2.0, 8.0):  # a busy machine may not even have started it
        key = new_key()
        with pytest.raises(JobTimeoutError, match="was cancelled") as caught:
            app.predict("/endless", [key], timeout=timeout)
        assert isinstance(caught.value, TimeoutError)
        assert isinstance(caught.value, concurrent.futures.TimeoutError)
        assert (caught.value.timeout, caught.value.endpoint) == (timeout, "/endless")
        if server.control.ledger(key)["started"]:
            break
    assert server.control.await_stopped(key)
    assert app.predict("/echo", ["next"], timeout=BOUND)[0] == "next"


def test_predict_before_its_timeout(app: Client) -> None:
    """A call that ends before its timeout returns its result."""
    assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"


# -- options of the client


def test_history_limits_the_kept_messages(server: Server) -> None:
    """Only the last messages of a long job are kept, and a late loop gives right values."""
    with Client(server.url, history=4) as app:
        job = app.submit("/tokens", [30])
        final = job.result(BOUND)[0]
        kept = [data[0] for data in job]
        texts = [" ".join(f"tok{n}" for n in range(end)) for end in range(1, 31)]
        assert final == texts[-1]
        assert 2 <= len(kept) <= 5
        assert kept == [*texts, final][-len(kept) :]
        assert [data[0] for data in job.outputs] == kept


def test_workers_are_bounded(server: Server, new_key: Callable[[], str]) -> None:
    """With ``max_workers=1`` the second job waits in the client until the first has ended."""
    first, second = new_key(), new_key()
    with Client(server.url, max_workers=1) as app:
        jobs = [app.submit("/hold", [first]), app.submit("/hold", [second])]
        assert server.control.await_started(first)
        assert server.control.ledger(second)["started"] == 0
        assert not jobs[1].running()
        server.control.release(first)
        assert server.control.await_started(second)
        server.control.release(second)
        assert [job.result(BOUND)[0] for job in jobs] == [first, second]


def test_backlogged_job_can_be_cancelled(server: Server, new_key: Callable[[], str]) -> None:
    """A job that waits for a worker is cancelled without any request to the server."""
    first, second = new_key(), new_key()
    with Client(server.url, max_workers=1) as app:
        jobs = [app.submit("/hold", [first]), app.submit("/hold", [second])]
        assert server.control.await_started(first)
        statuses = EventRecorder()
        jobs[1].on("status", statuses)
        assert jobs[1].cancel()
        with pytest.raises(concurrent.futures.CancelledError):
            jobs[1].result(BOUND)
        server.control.release(first)
        assert jobs[0].result(BOUND)[0] == first
        assert app.predict("/echo", ["next"])[0] == "next"
        assert server.control.ledger(second)["started"] == 0
    assert statuses.events[-1].success is False


@pytest.mark.parametrize("timeout", ["5", True, [], object()])
def test_a_timeout_is_a_number(app: Client, server: Server, key: str, timeout: Any) -> None:
    """A timeout that is not a number of seconds is refused, and the error names it."""
    job = app.submit("/hold", [key])
    for wait in (job.result, job.exception):
        with pytest.raises(TypeError, match="number of seconds"):
            wait(timeout)
    server.control.release(key)
    assert job.result(BOUND)[0] == key


# -- threads


def test_jobs_from_many_threads(app: Client) -> None:
    """Twenty threads use one client at the same time, and each gets its own results."""
    answers: dict[int, list[Any]] = {}

    def work(number: int) -> None:
        answers[number] = [app.predict("/add", [number, n])[0] for n in range(3)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND * 2)
    assert answers == {number: [number, number + 1, number + 2] for number in range(20)}
