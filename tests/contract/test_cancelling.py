"""What cancelling does on real servers: to the job, to its function, and to other jobs."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import threading
import uuid
from typing import Any, Callable

import pytest

from gradio_client_sync import BrokenStreamError, Client, Job
from tests.conftest import SERVERS
from tests.support.breakable_relay import BreakableRelay
from tests.support.generations import has, servers_with, servers_without
from tests.support.job_phases import cancel_from_outside
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio

EXIT_BOUND = 5.0  # s; a script that takes longer has failed


def start(app: Client, server: Server, endpoint: str, key: str, **options: Any) -> Job:
    """Submit a call with a key, and wait until its function runs."""
    job = app.submit(endpoint, [key], **options)
    assert server.control.await_started(key)
    return job


def assert_begins_afresh(app: Client, server: Server) -> None:
    """Check that the next endless generator gives its own values, from the first one on."""
    key, data = uuid.uuid4().hex, EventRecorder()
    job = app.submit("/endless", [key]).on("data", data)
    data.wait_for(lambda data: data[0] == "2")
    server.control.release(key)
    job.result(BOUND)
    assert data.values()[:3] == ["0", "1", "2"]


def assert_cancelled(job: Job) -> None:
    """Check that every way to read the job shows that it is cancelled."""
    assert job.cancelled()
    assert job.done()
    for wait in (job.result, job.exception, lambda bound: list(job)):
        with pytest.raises(concurrent.futures.CancelledError):
            wait(BOUND)
    assert (job.status.stage, job.status.success) == ("complete", False)


# -- what stops: generators everywhere, async functions where the server can, plain ones nowhere


@pytest.mark.parametrize("endpoint", ["/endless", "/endless_growing"])
def test_generator_stops(app: Client, server: Server, key: str, endpoint: str) -> None:
    """Every server stops a cancelled generator."""
    data, statuses = EventRecorder(), EventRecorder()
    job = app.submit(endpoint, [key]).on("data", data).on("status", statuses)
    data.wait_for(lambda data: True)
    assert job.cancel()
    assert_cancelled(job)
    assert server.control.await_stopped(key)
    assert app.predict("/count", [2])[0] == "1"
    assert statuses.events[-1].message == "Cancelled."


def test_isolated_generator_stops(app: Client, server: Server, key: str) -> None:
    """A job with ``isolated=True`` is stopped like any other job."""
    job = start(app, server, "/endless", key, isolated=True)
    assert job.cancel()
    assert_cancelled(job)
    assert server.control.await_stopped(key)


@servers_with("async cancel")
def test_async_function_stops(app: Client, server: Server, key: str) -> None:
    """Servers from 4.0 on stop an async function, first by an app's event, later by /cancel."""
    job = start(app, server, "/hold_async", key)
    assert job.cancel()
    assert_cancelled(job)
    assert server.control.await_stopped(key)
    assert server.control.ledger(key)["cancelled"] == 1


def unstoppable() -> list[Any]:
    """Return the functions that a server cannot stop."""
    return [
        pytest.param(version, endpoint, id=f"{version}-{endpoint}")
        for version in SERVERS
        for endpoint in ("/hold", "/hold_async")
        if endpoint == "/hold" or not has(version, "async cancel")
    ]


@pytest.mark.parametrize(("server", "endpoint"), unstoppable(), indirect=["server"])
def test_cancelled_job_of_a_function_that_runs_on(server: Server, key: str, endpoint: str) -> None:
    """If a function cannot be stopped, its job is cancelled at once, and the function runs on."""
    with Client(server.url) as app:
        job = start(app, server, endpoint, key)
        assert job.cancel()
        assert_cancelled(job)
        assert app.predict("/echo", ["next"])[0] == "next"
    server.control.release(key)
    assert server.control.await_stopped(key)
    counts = server.control.ledger(key)
    assert (counts["finished"], counts["cancelled"]) == (1, 0)


def test_cancelled_direct_call_is_closed_at_once(app: Client, key: str, server: Server) -> None:
    """The request of a cancelled direct call is closed at once."""
    job = app.submit("/await_count", [key, "started", 1])
    assert job.cancel()
    assert_cancelled(job)
    assert app.predict("/direct", ["abc"])[0] == "cba"
    start(app, server, "/hold", key)  # so that the function can return


# -- time of the cancel


def test_cancel_is_done_once(app: Client, server: Server, key: str) -> None:
    """A second cancel() returns True and has no effect."""
    statuses = EventRecorder()
    job = start(app, server, "/hold", key).on("status", statuses)
    assert job.cancel()
    assert job.cancel()
    assert_cancelled(job)
    job.on("log", print)  # returns after all requests to the server
    assert [status.message for status in statuses.events].count("Cancelled.") == 1


def test_cancel_after_the_end(app: Client) -> None:
    """A job that has ended cannot be cancelled."""
    job = app.submit("/echo", ["x"])
    assert job.result(BOUND)[0] == "x"
    assert not job.cancel()
    assert not job.cancelled()
    assert job.result()[0] == "x"
    failed = app.submit("/fail", ["x"])
    assert failed.exception(BOUND) is not None
    assert not failed.cancel()


def test_cancel_at_once(app: Client, server: Server, key: str) -> None:
    """A job that is cancelled before it has an event id leaves nothing running on the server."""
    jobs = [app.submit("/endless", [key]) for _ in range(5)]
    assert all(job.cancel() for job in jobs)
    for job in jobs:
        assert_cancelled(job)
    assert app.predict("/echo", ["next"])[0] == "next"
    app.close()  # returns after the cancel request to the server
    assert not server.control.ledger(key)["started"] or server.control.await_stopped(key)


@pytest.mark.parametrize("version", SERVERS)
@pytest.mark.parametrize("endpoint", ["/echo", "/endless"])
def test_cancel_while_waiting_in_the_queue(
    server_pool: ServerPool, version: str, endpoint: str
) -> None:
    """A queued job is cancelled at once, and does not delay the queue later."""
    server = server_pool.get(version, auth="user:password", queue_size=3)
    first, second = uuid.uuid4().hex, uuid.uuid4().hex
    with Client(server.url, auth=("user", "password")) as app:
        running = start(app, server, "/hold", first)
        try:
            statuses = EventRecorder()
            waiting = app.submit(endpoint, [second]).on("status", statuses)
            statuses.wait_for(lambda status: status.position is not None)
            assert waiting.cancel()
            assert_cancelled(waiting)
            assert not running.done()
        finally:
            server.control.release(first)
        assert running.result(BOUND)[0] == first
        assert app.predict("/noinput", timeout=BOUND)[0] == "pong"
    assert not server.control.ledger(second)["started"] or server.control.await_stopped(second)


@pytest.mark.parametrize("version", [v for v in SERVERS if has(v, "separate iterators")])
@pytest.mark.parametrize("also", [False, True])
def test_cancelled_job_makes_room_for_the_next(
    server_pool: ServerPool, version: str, also: bool
) -> None:
    """If functions run one at a time, a cancelled job is stopped while the next one waits.

    The next job, if it is cancelled too, is stopped when its turn comes.
    """
    server = server_pool.get(version, auth="user:password", queue_size=3)
    first, second = uuid.uuid4().hex, uuid.uuid4().hex
    with Client(server.url, auth=("user", "password")) as app:
        job = start(app, server, "/endless", first)
        statuses, data = EventRecorder(), EventRecorder()
        waiting = app.submit("/endless", [second]).on("status", statuses).on("data", data)
        statuses.wait_for(lambda status: status.position is not None)
        if also:
            assert waiting.cancel()
        assert job.cancel()
        assert server.control.await_stopped(first)
        if not also:
            data.wait_for(lambda data: data[0] == "1")
            server.control.release(second)
            assert waiting.result(BOUND)[0] == data.values()[-1]
        assert app.predict("/echo", ["next"], timeout=BOUND)[0] == "next"
    assert not server.control.ledger(second)["started"] or server.control.await_stopped(second)


def test_cancel_frees_a_caller_blocked_in_result(app: Client, server: Server, key: str) -> None:
    """cancel() from another thread ends result() and loops without waiting for the server."""
    job = start(app, server, "/hold", key)
    ends: list[type[BaseException]] = []

    def wait(how: Callable[[], object]) -> None:
        try:
            how()
        except concurrent.futures.CancelledError as exc:
            ends.append(type(exc))

    waits = (job.result, job.exception, lambda: list(job), lambda: concurrent.futures.wait([job]))
    threads = [threading.Thread(target=wait, args=(how,)) for how in waits]
    for thread in threads:
        thread.start()
    assert job.cancel()
    for thread in threads:
        thread.join(BOUND)
        assert not thread.is_alive()
    assert len(ends) == 3


def test_cancel_from_a_listener(app: Client, server: Server, key: str) -> None:
    """A listener may cancel its own job."""
    job = app.submit("/endless", [key])
    job.on("data", lambda data: data[0] >= "2" and job.cancel())
    with pytest.raises(concurrent.futures.CancelledError):
        job.result(BOUND)
    assert server.control.await_stopped(key)


# -- other jobs


@servers_with("generator types")
@pytest.mark.parametrize("endpoint", ["/hold", "/hold_async"])
def test_siblings_go_on(
    app: Client, server: Server, new_key: Callable[[], str], endpoint: str
) -> None:
    """If one of three jobs of a function is cancelled, the others continue."""
    keys = [new_key() for _ in range(3)]
    jobs = [start(app, server, endpoint, key) for key in keys]
    assert jobs[1].cancel()
    assert_cancelled(jobs[1])
    assert not jobs[0].done()
    assert not jobs[2].done()
    for one in (2, 0):
        server.control.release(keys[one])
        assert jobs[one].result(BOUND)[0] == keys[one]
    if endpoint == "/hold" or not has(server.version, "async cancel"):
        server.control.release(keys[1])
    assert server.control.await_stopped(keys[1])
    for key in keys:
        counts = server.control.ledger(key)
        assert counts["finished"] + counts["cancelled"] == 1
    assert app.predict("/echo", ["next"])[0] == "next"


@servers_with("separate iterators")
def test_sibling_generators_go_on(app: Client, server: Server, new_key: Callable[[], str]) -> None:
    """If one of three generators of a function is cancelled, the others keep their own values."""
    keys, recorders = [new_key() for _ in range(3)], [EventRecorder() for _ in range(3)]
    jobs = [
        app.submit("/endless", [key]).on("data", recorder) for key, recorder in zip(keys, recorders)
    ]
    for recorder in recorders:
        recorder.wait_for(lambda data: True)
    assert jobs[1].cancel()
    assert_cancelled(jobs[1])
    # /reset stops one generator and has no effect on the others
    if not has(server.version, "cancel"):
        assert server.control.await_stopped(keys[1])
    for one in (0, 2):
        recorders[one].wait_for(lambda data: True, after=len(recorders[one].events) + 2)
        server.control.release(keys[one])
        final = jobs[one].result(BOUND)[0]
        numbers = [str(number) for number in range(int(final) + 1)]
        assert recorders[one].values() == [*numbers, final]
    assert server.control.await_stopped(keys[1])


@servers_without("separate iterators")
def test_sibling_generators_take_turns(
    app: Client, server: Server, new_key: Callable[[], str]
) -> None:
    """On 3.x generators of one function run one after another, and a cancelled one never starts."""
    keys = [new_key() for _ in range(3)]
    jobs = [app.submit("/endless", [key]) for key in keys]
    assert server.control.await_started(keys[0])
    assert jobs[1].cancel()
    assert_cancelled(jobs[1])
    for one in (0, 2):
        assert server.control.await_started(keys[one])
        server.control.release(keys[one])
        jobs[one].result(BOUND)
    assert server.control.ledger(keys[1])["started"] == 0


@servers_without("separate iterators")
def test_next_generator_starts_after_a_cancelled_one(app: Client, server: Server, key: str) -> None:
    """On 3.x a generator gets its own values after another of the same function was cancelled."""
    job = start(app, server, "/endless", key)
    following = app.submit("/count", [3])
    assert following.result(BOUND)[0] == "2"
    assert job.cancel()
    assert server.control.await_stopped(key)
    assert_begins_afresh(app, server)


@pytest.mark.parametrize("version", [v for v in SERVERS if not has(v, "separate iterators")])
def test_next_generator_ignores_late_messages_of_a_cancelled_one(
    version: str, server_pool: ServerPool
) -> None:
    """On 3.x the next job ignores late messages of a job that has ended."""
    server = server_pool.get(version, auth="user:password", queue_size=3)  # one job at a time
    key = uuid.uuid4().hex
    with (
        BreakableRelay(server.url, outlasts=b"process_generating") as relay,
        Client(relay.url, auth=("user", "password")) as app,
    ):
        job = start(app, server, "/endless", key)
        next(iter(job))
        assert job.cancel()
        assert_begins_afresh(app, server)
    assert server.control.await_stopped(key)


@pytest.mark.parametrize("version", [v for v in SERVERS if not has(v, "separate iterators")])
def test_next_generator_ignores_values_of_a_lost_one(version: str, server_pool: ServerPool) -> None:
    """On 3.x the next job does not get the remaining values of a job whose connection broke."""
    server = server_pool.get(version, auth="user:password", queue_size=3)  # one job at a time
    key = uuid.uuid4().hex
    with BreakableRelay(server.url) as relay, Client(relay.url, auth=("user", "password")) as app:
        job = start(app, server, "/endless", key)
        next(iter(job))
        relay.cut()
        with pytest.raises(BrokenStreamError):
            job.result(BOUND)
        assert_begins_afresh(app, server)


def test_other_functions_go_on(app: Client, server: Server, new_key: Callable[[], str]) -> None:
    """Cancelling stops a job at once, also while other functions run in the session."""
    keys = [new_key() for _ in range(3)]
    other, growing = start(app, server, "/hold_async", keys[0]), EventRecorder()
    third = app.submit("/endless_growing", [keys[2]]).on("data", growing)
    job = start(app, server, "/endless", keys[1])
    assert job.cancel()
    assert server.control.await_stopped(keys[1])
    growing.wait_for(lambda data: True, after=len(growing.events) + 2)
    for key in (keys[0], keys[2]):
        server.control.release(key)
    assert other.result(BOUND)[0] == keys[0]
    assert third.result(BOUND)[0] == growing.values()[-1]


def test_isolated_job_has_no_siblings(
    app: Client, server: Server, new_key: Callable[[], str]
) -> None:
    """An isolated job is stopped at once, also while jobs of its function run in the session."""
    keys = [new_key() for _ in range(2)]
    beside = start(app, server, "/endless", keys[0])
    alone = start(app, server, "/endless", keys[1], isolated=True)
    assert alone.cancel()
    assert server.control.await_stopped(keys[1])
    assert not beside.done()
    server.control.release(keys[0])
    beside.result(BOUND)


def test_another_client_is_not_touched(
    app: Client, server: Server, new_key: Callable[[], str]
) -> None:
    """Cancelling has no effect on the jobs of another client."""
    keys = [new_key() for _ in range(2)]
    with Client(server.url) as other:
        job, theirs = start(app, server, "/endless", keys[0]), EventRecorder()
        beside = other.submit("/endless", [keys[1]]).on("data", theirs)
        theirs.wait_for(lambda data: True)
        assert job.cancel()
        assert server.control.await_stopped(keys[0])
        theirs.wait_for(lambda data: True, after=len(theirs.events) + 2)
        server.control.release(keys[1])
        beside.result(BOUND)


def test_session_works_after_many_cancels(app: Client, server: Server, key: str) -> None:
    """After many cancelled jobs the session still runs jobs of every kind."""
    for _ in range(5):
        job, data = app.submit("/endless", [key]), EventRecorder()
        job.on("data", data)
        data.wait_for(lambda data: True)
        assert job.cancel()
    for _ in range(10):
        app.submit("/count", [50]).cancel()
    assert app.predict("/count", [3], timeout=BOUND)[0] == "2"
    assert [job.result(BOUND)[0] for job in [app.submit("/add", [n, 1]) for n in range(5)]] == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert server.control.await_stopped(key)


@servers_with("cancel")
def test_job_cancelled_by_the_app(app: Client, server: Server, key: str) -> None:
    """A job that the app or another client of the session cancels ends as cancelled."""
    statuses = EventRecorder()
    job = start(app, server, "/endless", key).on("status", statuses)
    statuses.wait_for(lambda status: status.stage == "generating")
    cancel_from_outside(app, server, job)
    with pytest.raises(concurrent.futures.CancelledError):
        job.result(BOUND)
    assert_cancelled(job)
    assert app.predict("/echo", ["next"])[0] == "next"


# -- end of the client and of the process


def test_close_stops_everything(server: Server, new_key: Callable[[], str]) -> None:
    """close() cancels every job, and returns after the requests to the server."""
    keys = [new_key() for _ in range(2)]
    app = Client(server.url)
    jobs = [
        start(app, server, "/endless", keys[0]),
        start(app, server, "/endless", keys[1], isolated=True),
    ]
    app.close()
    for job, key in zip(jobs, keys):
        assert_cancelled(job)
        assert server.control.await_stopped(key)


def script(text: str, *arguments: str) -> subprocess.Popen[str]:
    """Run Python code with a client of the package, and wait until it prints that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", text, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


BLOCKED = """
import signal, sys
from gradio_client_sync import Client

signal.signal(signal.SIGINT, signal.default_int_handler)  # background shells switch it off
app = Client(sys.argv[1])
print("ready", flush=True)
app.predict("/endless", [sys.argv[2]])
"""

RUNNING = """
import sys
from gradio_client_sync import Client

app = Client(sys.argv[1])
jobs = [app.submit("/endless", [key], isolated=True) for key in sys.argv[2:]]
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send one process a Ctrl-C")
def test_ctrl_c_stops_the_work(server: Server, key: str) -> None:
    """Ctrl-C in predict() raises `KeyboardInterrupt`, and the server stops the function."""
    with script(BLOCKED, server.url, key) as process:
        try:
            assert server.control.await_started(key)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=EXIT_BOUND)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in errors.splitlines()[-1]
    assert "exception in thread" not in errors.lower()
    assert process.returncode in (-signal.SIGINT, 130)
    assert server.control.await_stopped(key)


FORKED = """
import os, sys
from gradio_client_sync import Client

app = Client(sys.argv[1])
job = app.submit("/hold", [sys.argv[2]])
print("ready", flush=True)
sys.stdin.readline()
child = os.fork()
if child == 0:
    try:
        for inherited in (job.result, job.exception, job.cancel, lambda: next(iter(job))):
            try:
                inherited()
            except RuntimeError as exc:
                print(exc, flush=True)
        print(app.predict("/echo", ["child"])[0], flush=True)
        app.predict("/release", [sys.argv[2]])
    finally:
        os._exit(0)
os.waitpid(child, 0)
print(job.result(20)[0], app.predict("/echo", ["parent"])[0])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_forked_process_leaves_inherited_jobs_alone(server: Server, key: str) -> None:
    """A forked process uses its own connection, and jobs of the parent raise instead of hanging."""
    with script(FORKED, server.url, key) as process:
        try:
            assert server.control.await_started(key)
            output, _ = process.communicate("\n", timeout=BOUND)
        finally:
            process.kill()
    *refusals, child, parent = output.splitlines()
    assert (len(refusals), child, parent) == (4, "child", f"{key} parent")
    assert all("runs in the parent process" in line for line in refusals)


def test_exit_with_running_jobs(server: Server, new_key: Callable[[], str]) -> None:
    """A script that exits while jobs run ends at once without output, and the functions stop."""
    keys = [new_key() for _ in range(3)]
    with script(RUNNING, server.url, *keys) as process:
        try:
            assert all(server.control.await_started(key) for key in keys)
            output, errors = process.communicate("\n", timeout=EXIT_BOUND)
        finally:
            process.kill()
    assert (output, errors, process.returncode) == ("", "", 0)
    assert all(server.control.await_stopped(key) for key in keys)
