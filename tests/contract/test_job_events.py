"""`Job.events`, ``with job`` and ``@job.on``, on every generation of servers."""

from __future__ import annotations

import concurrent.futures
import threading
import uuid
from typing import Any

import pytest

from gradio_client_sync import Client, Data, Log, Status
from gradio_client_sync.errors import AppError
from gradio_client_sync.types import EventName
from tests.support.generations import has, servers_with
from tests.support.listeners import BOUND, EventRecorder
from tests.support.processes import run_python
from tests.support.servers.server import Server

pytestmark = [pytest.mark.gradio, pytest.mark.client_only]

KINDS: tuple[EventName, ...] = ("data", "status", "log", "render", "upload")


# -- events


@pytest.mark.parametrize(("endpoint", "value"), [("/count", 5), ("/logs", "x"), ("/direct", "x")])
def test_events_are_those_of_listeners(app: Client, endpoint: str, value: Any) -> None:
    """A loop gets the same events as listeners, and those of each kind in the same order.

    A job may end before the last listener is added, which then gets its events after the others.
    """
    recorder = EventRecorder()
    job = app.submit(endpoint, [value])
    for kind in KINDS:
        job.on(kind, recorder)  # type: ignore[call-overload]
    pulled = list(job.events())
    assert pulled == list(job.events(*KINDS))
    for kind in KINDS:
        heard = [event for event in recorder.events if event.type == kind]
        assert heard == [event for event in pulled if event.type == kind] == list(job.events(kind))
    assert pulled[-1].type == "status" and pulled[-1].stage == "complete"
    for kind in KINDS:
        assert list(job.events(kind)) == [event for event in pulled if event.type == kind]


def test_events_of_several_kinds(app: Client, server: Server) -> None:
    """A loop over some kinds gets these in order, and no other."""
    job = app.submit("/logs", ["x"])
    events = list(job.events("data", "log"))
    logs = [event.log for event in events if isinstance(event, Log)]
    assert logs == (["x", "x"] if has(server.version, "logs") else [])
    assert [event[0] for event in events if isinstance(event, Data)] == ["x"]
    assert len(events) == len(logs) + 1
    statuses = list(job.events("status"))
    assert all(isinstance(event, Status) for event in statuses)
    assert [status.stage for status in statuses][-1] == "complete"


def test_loops_notice_silence(newest: Server) -> None:
    """With *idle*, loops get ``None`` or an empty piece while no value comes."""
    key = uuid.uuid4().hex
    with Client(newest.url) as app, app.submit("/hold", [key]) as job:
        pieces, events = job.text(idle=0.01), job.events("data", idle=0.01)
        assert next(pieces) == "" and next(events) is None
        newest.control.release(key)
        assert "".join(pieces) == key
        assert [event[0] for event in events if event is not None] == [key]
        for loop in (job.text, job.events):
            with pytest.raises(ValueError, match="idle"):
                loop(idle=0)


def test_events_arrive_while_the_job_runs(app: Client, server: Server, key: str) -> None:
    """A loop gets an event before the job ends, and each of several loops gets all of them."""
    job = app.submit("/endless", [key])
    first, second = job.events("data"), job.events("data")
    values = [next(first)[0] for _ in range(3)]
    assert not job.done() and values == ["0", "1", "2"]
    assert [next(second)[0] for _ in range(3)] == values
    server.control.release(key)
    rest = [data[0] for data in first]
    assert [data[0] for data in second] == rest
    assert [data[0] for data in job.events("data")] == values + rest


def test_events_raise_what_the_job_raises(app: Client) -> None:
    """After the last event, a loop raises the error of the job."""
    statuses = app.submit("/fail", ["no luck"]).events("status")
    with pytest.raises(AppError, match="no luck"):
        list(statuses)
    assert next(statuses, None) is None
    with pytest.raises(AppError, match="no luck"):
        next(app.submit("/fail", ["no luck"]).events("log"))


def test_events_of_a_cancelled_job(app: Client, key: str) -> None:
    """A loop in another thread ends when the job is cancelled."""
    job = app.submit("/endless", [key])
    ended: list[BaseException] = []
    began = threading.Event()

    def loop() -> None:
        try:
            for _ in job.events("data"):
                began.set()
        except concurrent.futures.CancelledError as exc:
            ended.append(exc)

    thread = threading.Thread(target=loop)
    thread.start()
    assert began.wait(BOUND)
    assert job.cancel()
    thread.join(BOUND)
    assert len(ended) == 1


def test_events_of_unknown_kinds_are_refused(app: Client) -> None:
    """An unknown kind is refused when the loop is made."""
    job = app.submit("/echo", ["x"])
    for wrong in ("datas", None, ["data"]):
        with pytest.raises(ValueError, match="data, status, log, render"):
            job.events(wrong)  # type: ignore[call-overload]
    job.result(BOUND)


def test_events_in_a_listener_of_the_job_are_refused(app: Client) -> None:
    """A listener that loops over its own job gets an error instead of a deadlock."""
    errors: list[BaseException] = []
    job = app.submit("/count", [2])

    def looping(data: Data) -> None:
        for loop in (job.events("data"), job.text()):
            try:
                list(loop)
            except RuntimeError as exc:
                errors.append(exc)

    job.on("data", looping).result(BOUND)
    assert errors and all("wait for itself" in str(error) for error in errors)


INTERRUPTED = """
import signal, sys, threading
from gradio_client_sync import Client
with Client(sys.argv[1]) as app:
    job = app.submit("/endless", [sys.argv[2]])
    loop = {"events": job.events, "text": job.text, "values": lambda: iter(job)}[sys.argv[3]]()
    held = app.submit("/hold", [sys.argv[2]])
    next(loop)
    waiting = {"events": held.events, "text": held.text, "values": lambda: iter(held)}
    one = waiting[sys.argv[3]]()
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        for _ in one:
            pass
    except KeyboardInterrupt:
        print("interrupted", job.running(), held.running(), len(list(zip(range(2), loop))))
    job.cancel(), held.cancel()
"""


@pytest.mark.parametrize("loop", ["values", "events", "text"])
def test_loops_are_interrupted(server: Server, key: str, loop: str) -> None:
    """Ctrl-C ends a loop that waits, of any kind; the jobs go on."""
    ran = run_python(INTERRUPTED, server.url, key, loop)
    assert ran.strip() == "interrupted True True 2"


# -- with


def test_with_cancels_what_has_not_ended(app: Client, server: Server, key: str) -> None:
    """The end of the block cancels a job that runs, and the server stops it."""
    with app.submit("/endless", [key]) as job:
        assert next(iter(job))[0] == "0"
    assert job.cancelled()
    assert server.control.await_stopped(key)
    with pytest.raises(concurrent.futures.CancelledError):
        job.result(BOUND)


def test_with_leaves_what_has_ended(app: Client) -> None:
    """The end of the block does nothing to a job that has ended."""
    with app.submit("/count", [2]) as job:
        values = [data[0] for data in job]
    assert values == ["0", "1", "1"] and not job.cancelled()
    assert job.result()[0] == "1"


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, GeneratorExit])
def test_with_passes_an_exception_on(app: Client, key: str, error: type[BaseException]) -> None:
    """An exception of the block cancels the job, and is raised itself."""
    with pytest.raises(error):
        with app.submit("/hold", [key]) as job:
            raise error("mine")
    assert job.cancelled()


def test_with_passes_the_error_of_the_job_on(app: Client) -> None:
    """The error of the job is raised as without the block."""
    with pytest.raises(AppError, match="midway"), app.submit("/fail_midway", [2]) as job:
        list(job)
    assert not job.cancelled() and isinstance(job.exception(), AppError)


# -- @on


def test_on_decorates(app: Client) -> None:
    """``@job.on`` adds the function as a listener, and leaves it as it is."""
    job = app.submit("/count", [2])
    values: list[Any] = []

    @job.on("data")
    def keep(data: Data) -> str:
        values.append(data[0])
        return "kept"

    job.result(BOUND)
    assert values == ["0", "1", "1"]
    assert keep(Data(["own"], "/f", 1, job.status.time)) == "kept"
    job.off("data", keep)


def test_on_decorates_several_times(app: Client) -> None:
    """One function may be the listener of two jobs and two kinds."""
    first, second = app.submit("/echo", ["a"]), app.submit("/echo", ["b"])
    seen: list[Any] = []

    @first.on("status")
    @second.on("data")
    @first.on("data")
    def keep(event: Any) -> None:
        seen.append(event)

    first.result(BOUND), second.result(BOUND)
    assert sorted(event[0] for event in seen if event.type == "data") == ["a", "b"]
    assert {event.endpoint for event in seen if event.type == "status"} == {"/echo"}


def test_on_refuses_what_does_not_decorate(app: Client) -> None:
    """``@job.on`` without a kind, and a callback that is ``None``, are errors."""
    job = app.submit("/echo", ["x"])
    with pytest.raises(ValueError, match=r'Decorate with @job\.on\("data"\)'):

        @job.on  # type: ignore[call-overload]
        def listener(data: Data) -> None: ...

    with pytest.raises(TypeError, match="has to be callable"):
        job.on("data", None)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="has to be callable"):
        job.on("data")("not a function")  # type: ignore[type-var]
    job.result(BOUND)


@servers_with("logs")
def test_log_can_be_told_by_its_type(app: Client) -> None:
    """``event.type`` tells the kinds apart."""
    texts = [event.log for event in app.submit("/logs", ["x"]).events() if event.type == "log"]
    assert texts == ["x", "x"]
