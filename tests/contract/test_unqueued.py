"""Calls of functions that skip the queue: the calling thread sends them, usually without a job."""

from __future__ import annotations

import concurrent.futures
import signal
import threading
from collections.abc import Iterator

import pytest

from gradio_client_sync import (
    AppError,
    BrokenStreamError,
    Client,
    GradioClientError,
    HTTPStatusError,
    JobTimeoutError,
    ProtocolError,
    RateLimitError,
)
from gradio_client_sync.errors import no_thread
from tests.support.processes import run_python
from tests.support.scripted import WAIT, Gate, IncomingRequest, ScriptedApp, config_of, dependency

RUN = "POST /run/direct"


@pytest.fixture(autouse=True)
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the signal handler of pytest-timeout, for which each call would make a job."""
    monkeypatch.setattr("gradio_client_sync._calls.unqueued.getsignal", {}.get)


def echo(x: IncomingRequest) -> None:
    x.answer({"data": x.json["data"]})


@pytest.fixture
def server() -> Iterator[ScriptedApp]:
    with ScriptedApp(config_of(dependency(0, "direct", queue=False))) as app:
        app.scripts[RUN] = echo
        yield app


def own_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("gradio-")}


def is_at_rest(app: Client) -> bool:
    """Return whether the call has released everything that it held."""
    connection = app._connection
    return not connection._admission._holders and not any(connection._sessions._uses.values())


def test_direct_call_starts_no_thread(server: ScriptedApp) -> None:
    """`predict` sends a single request from the calling thread and starts no other thread."""
    before = own_threads()
    with Client(server.url) as app:
        assert app.predict("/direct", ["a"])[0] == "a"
        assert own_threads() == before
        assert is_at_rest(app)


def test_direct_call_on_windows_reads_on_another_thread(
    server: ScriptedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows, Ctrl-C does not end a read of the main thread, so a job reads."""
    monkeypatch.setattr("gradio_client_sync._calls.unqueued.ENDS_READS", False)
    readers: list[set[threading.Thread]] = []

    def run(x: IncomingRequest) -> None:
        readers.append(own_threads())
        echo(x)

    server.scripts[RUN] = run
    with Client(server.url) as app, concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(app.predict, "/direct", ["a"]).result(WAIT)  # Ctrl-C does not strike there
        assert app.predict("/direct", ["a"])[0] == "a"
    assert [len(threads) for threads in readers] == [0, 1]


def test_direct_call_that_was_not_accepted_is_sent_again(server: ScriptedApp) -> None:
    """A call that a gateway did not pass on is sent again, as in any other job."""
    refusals = [503, 502]

    def run(x: IncomingRequest) -> None:
        if refusals:
            x.answer({"detail": "no"}, refusals.pop())
        else:
            echo(x)

    server.scripts[RUN] = run
    with Client(server.url, retries=2) as app:
        # After a 502 nobody knows whether the function ran, so only the caller can allow a retry.
        assert app.predict("/direct", ["a"], idempotent=True)[0] == "a"
        assert server.count(RUN) == 3
        refusals[:] = [502]
        with pytest.raises(HTTPStatusError, match="502"):
            app.predict("/direct", ["a"])
        assert server.count(RUN) == 4
        assert is_at_rest(app)


def test_direct_call_that_was_lost_is_not_sent_again(server: ScriptedApp) -> None:
    """A call whose response is lost is sent again only if ``idempotent`` allows a second run."""
    lost = [1]

    def run(x: IncomingRequest) -> None:
        if lost:
            lost.pop()
            x.break_off()
        else:
            echo(x)

    server.scripts[RUN] = run
    with Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match="may have accepted") as caught:
            app.predict("/direct", ["a"])
        assert (caught.value.accepted, server.count(RUN)) == (None, 1)
        lost.append(1)
        assert app.predict("/direct", ["a"], idempotent=True)[0] == "a"
        assert server.count(RUN) == 3
        assert is_at_rest(app)


@pytest.mark.parametrize("text", ["boom", "", None])
def test_direct_call_whose_function_raises(server: ScriptedApp, text: str | None) -> None:
    """An error of the app is raised as in any other job, and the call is not sent again."""
    server.scripts[RUN] = lambda x: x.answer({"error": text}, 500)
    with Client(server.url) as app:
        with pytest.raises(AppError) as caught:
            app.predict("/direct", ["a"], idempotent=True)
        assert caught.value.message == text
        assert server.count(RUN) == 1
        assert is_at_rest(app)


def test_direct_call_with_a_rate_limit_is_no_error_of_the_app(server: ScriptedApp) -> None:
    """A rate limiter's response is no error of the app, though it has an `error` too."""
    limit = {"error": "Rate limit exceeded: 1 per 1 hour"}
    server.scripts[RUN] = lambda x: x.answer(limit, 429, headers={"Retry-After": "600"})
    with Client(server.url) as app:
        with pytest.raises(RateLimitError, match="Rate limit exceeded") as caught:
            app.predict("/direct", ["a"])
        assert caught.value.retry_after == 600


@pytest.mark.parametrize("begun", [False, True])
def test_direct_call_ends_at_its_deadline(server: ScriptedApp, begun: bool) -> None:
    """The deadline closes the connection, also when half of the response has arrived."""
    hung_up = threading.Event()

    def run(x: IncomingRequest) -> None:
        if begun:
            x.start(200, {"Content-Type": "application/json", "Content-Length": 100})
            x.write(b'{"data": [')
        if x.wait_for_hangup():
            hung_up.set()

    server.scripts[RUN] = run
    with Client(server.url) as app:
        with pytest.raises(JobTimeoutError, match=r"no result within 0\.2 s") as caught:
            app.predict("/direct", ["a"], timeout=0.2)
        assert (caught.value.timeout, caught.value.endpoint) == (0.2, "/direct")
        assert hung_up.wait(WAIT)
        server.scripts[RUN] = echo
        assert app.predict("/direct", ["b"], timeout=WAIT)[0] == "b"
        assert is_at_rest(app)


def test_direct_call_is_cancelled_by_close(server: ScriptedApp) -> None:
    """close() cancels the call, and a thread that waits for it gets `CancelledError`."""
    gate = Gate()
    server.scripts[RUN] = lambda x: gate.pass_through()
    app = Client(server.url)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(app.predict, "/direct", ["a"])
        gate.wait_until_reached()
        app.close()
        with pytest.raises(concurrent.futures.CancelledError):
            call.result(WAIT)
        gate.open()


def test_direct_call_takes_a_slot(server: ScriptedApp) -> None:
    """Direct calls and jobs together never exceed ``max_workers``, and all of them run."""
    gate, most, under_way = Gate(), 0, 0
    lock = threading.Lock()

    def run(x: IncomingRequest) -> None:
        nonlocal most, under_way
        with lock:
            under_way += 1
            most = max(most, under_way)
        gate.pass_through()
        with lock:
            under_way -= 1
        echo(x)

    server.scripts[RUN] = run
    with Client(server.url, max_workers=2) as app, concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(app.predict, "/direct", [number]) for number in range(4)]
        jobs = [app.submit("/direct", [number]) for number in range(4, 8)]
        server.wait_for(RUN, 2)
        gate.open()
        got = [call.result(WAIT)[0] for call in [*calls, *jobs]]
    assert got == list(range(8))
    assert most == 2


def test_direct_call_interrupted_by_a_signal_leaves_nothing(server: ScriptedApp) -> None:
    """Ctrl-C ends the call at once; the server sees the end, and the client still works."""
    hung_up = threading.Event()

    def run(x: IncomingRequest) -> None:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)  # type: ignore[arg-type]
        if x.wait_for_hangup():
            hung_up.set()

    server.scripts[RUN] = run
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Client(server.url) as app:
            with pytest.raises(KeyboardInterrupt):
                app.predict("/direct", ["a"])
            assert hung_up.wait(WAIT)
            assert is_at_rest(app)
            server.scripts[RUN] = echo
            assert app.predict("/direct", ["b"])[0] == "b"
    finally:
        signal.signal(signal.SIGINT, handler)


def test_direct_call_waits_shortly_at_first(
    server: ScriptedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first wait is short: a signal just before it is noticed only when the wait ends."""
    waits: list[float | None] = []

    def wait(sock: object, timeout: float | None) -> bool:
        waits.append(timeout)
        return True

    monkeypatch.setattr("gradio_client_sync._transport.connections.wait_for_read", wait)
    with Client(server.url) as app:
        assert app.predict("/direct", ["a"])[0] == "a"
    assert waits == [0.5]


def test_direct_call_that_fails_by_a_bug(
    server: ScriptedApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception becomes an error of this package, and the log has the details."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("gradio_client_sync._calls.unqueued.answered", fail)
    with Client(server.url) as app:
        with pytest.raises(ProtocolError, match="a bug") as caught:
            app.predict("/direct", ["a"])
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert "failed unexpectedly" in caplog.text
        assert is_at_rest(app)


HANDLED = """
import signal, sys
from gradio_client_sync import Client

class Alarm(Exception):
    pass

def raise_error(*_):
    raise {error}

with Client(sys.argv[1]) as app:
    assert app.predict("/direct", ["a"])[0] == "a"
    signal.signal(signal.SIGALRM, raise_error)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        app.predict("/direct", ["hang"], idempotent=True)
    except {error} as exc:
        print("raised", type(exc).__name__)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no alarms")
@pytest.mark.parametrize("error", ["Alarm", "TimeoutError"])
def test_direct_call_raises_the_exception_of_a_handler(server: ScriptedApp, error: str) -> None:
    """An exception of a signal handler reaches the caller, and the request is not sent again."""
    gone = Gate()

    def run(x: IncomingRequest) -> None:
        if x.json["data"] == ["hang"]:
            gone.pass_through()
        echo(x)

    server.scripts[RUN] = run
    assert run_python(HANDLED.format(error=error), server.url).strip() == f"raised {error}"
    gone.open()
    assert server.count(RUN) == 2


def test_direct_call_that_fails_releases_its_slot(server: ScriptedApp) -> None:
    """A call that failed releases its slot and does not wait for another one."""
    gate = Gate()

    def run(x: IncomingRequest) -> None:
        if x.json["data"] == ["fail"]:
            gate.pass_through()
            x.answer({"error": "boom"}, 500)
        else:
            x.wait_for_hangup()

    server.scripts[RUN] = run
    with Client(server.url, max_workers=1) as app, concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(app.predict, "/direct", ["fail"])
        gate.wait_until_reached()
        job = app.submit("/direct", ["next"])
        gate.open()
        with pytest.raises(AppError, match="boom"):
            call.result(WAIT)
        server.wait_for(RUN, 2)
        assert job.cancel()


def test_direct_call_that_succeeds_lets_the_next_one_run(server: ScriptedApp) -> None:
    """A call that succeeded passes its slot to the next one."""
    gate = Gate()

    def run(x: IncomingRequest) -> None:
        if x.json["data"] == ["first"]:
            gate.pass_through()
        echo(x)

    server.scripts[RUN] = run
    with Client(server.url, max_workers=1) as app, concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(app.predict, "/direct", ["first"])
        gate.wait_until_reached()
        jobs = [app.submit("/direct", [number]) for number in range(3)]
        gate.open()
        assert call.result(WAIT)[0] == "first"
        assert [job.result(WAIT)[0] for job in jobs] == [0, 1, 2]


def test_direct_call_is_cancelled_by_close_before_others_are_waited_for(
    server: ScriptedApp,
) -> None:
    """close() cancels direct calls before it waits for the server's response to a cancelled job."""
    server.config["dependencies"].append(dependency(1, "slow"))
    joined, gate, stalled = threading.Event(), Gate(), Gate()
    server.scripts[RUN] = lambda x: gate.pass_through()

    def join(x: IncomingRequest) -> None:
        x.answer({"event_id": "e1"})
        joined.set()

    def stream(x: IncomingRequest) -> None:
        x.start_stream()
        x.send({"msg": "process_starts", "event_id": "e1"})
        x.wait_for_hangup()

    server.scripts["POST /queue/join"] = join
    server.scripts["GET /queue/data"] = stream
    server.scripts["POST /cancel"] = lambda x: stalled.pass_through()
    app = Client(server.url)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        job = app.submit("/slow", ["x"])
        assert joined.wait(WAIT)
        call = pool.submit(app.predict, "/direct", ["a"])
        gate.wait_until_reached()
        closing = pool.submit(app.close)
        with pytest.raises(concurrent.futures.CancelledError):
            call.result(WAIT)
        stalled.open()
        closing.result(WAIT)
        gate.open()
    assert job.cancelled()


def test_direct_call_that_fails_says_so_where_no_thread_can_be_started(
    server: ScriptedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no thread can be started, a failed call raises its failure, and a job the cause."""
    server.scripts[RUN] = lambda x: x.answer({"error": "boom"}, 500)
    with Client(server.url) as app:
        reason = RuntimeError("can't start new thread")

        def start(task: object) -> None:
            raise no_thread(reason) from reason

        monkeypatch.setattr(app._connection._workers, "start", start)
        with pytest.raises(AppError, match="boom"):
            app.predict("/direct", ["a"])
        with pytest.raises(GradioClientError, match="No thread") as caught:
            app.submit("/direct", ["a"])
        assert caught.value.__context__ is reason  # not printed: the message has its text
        assert is_at_rest(app)
        monkeypatch.undo()
