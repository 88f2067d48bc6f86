"""A pool of scripted servers: which one gets a call, and what happens if it refuses the call."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Callable

import pytest

from gradio_client_sync import (
    BrokenStreamError,
    ClientClosedError,
    ConfigError,
    ConnectFailedError,
    HTTPStatusError,
    PayloadError,
    Pool,
    QueueFullError,
)
from gradio_client_sync._pool.replica_set import ReplicaSet
from tests.support.listeners import BOUND, EventRecorder
from tests.support.scripted import (
    CLOSE,
    Gate,
    IncomingRequest,
    ScriptedApp,
    completed,
    component,
    config_of,
    dependency,
    generating,
)

pytestmark = pytest.mark.client_only

FULL = {"detail": "Queue is full. Max size is 1 and size is 1."}


class Replica(ScriptedApp):
    """A server of an app with a queued function ``/echo`` and a direct one ``/direct``.

    Attributes:
        name: What its functions return.
        joined: The session of each job that it accepted.
        refuse: The response to a join instead of an event id: a status and a body.
        run: What it sends for a job that it accepted.
    """

    def __init__(self, name: str, **entries: Any) -> None:
        direct = dependency(1, "direct", queue=False)
        super().__init__(config_of(dependency(0, "echo"), direct, **entries))
        self.name = name
        self.joined: list[dict[str, Any]] = []
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()
        self.refuse: tuple[int, Any] | None = None
        self.run: Callable[[IncomingRequest, str], None] = self.complete
        self.scripts.update(
            {
                "GET /info": lambda request: request.answer({}),
                "GET /app_id": lambda request: request.answer({"app_id": 1}),
                "POST /queue/join": self._join,
                "GET /queue/data": self._data,
                "POST /run/direct": lambda request: request.answer({"data": [self.name]}),
            }
        )

    def _join(self, request: IncomingRequest) -> None:
        if self.refuse is not None:
            status, body = self.refuse
            request.answer(body, status)
            return
        with self._lock:
            self.joined.append(request.json)
            event_id = f"e{len(self.joined)}"
            self._waiting[request.json["session_hash"]].append(event_id)
        request.answer({"event_id": event_id})

    def _data(self, request: IncomingRequest) -> None:
        """Run the jobs of a session one after the other, and then end its stream."""
        request.start_stream()
        waiting = self._waiting[request.query["session_hash"]]
        while True:
            with self._lock:
                if not waiting:
                    request.send(CLOSE)
                    request.end_stream()
                    return
                event_id = waiting.pop(0)
            self.run(request, event_id)

    def complete(self, request: IncomingRequest, event_id: str) -> None:
        request.send(completed(event_id, self.name))


def break_off(request: IncomingRequest, event_id: str) -> None:
    request.send({"msg": "process_starts", "event_id": event_id}, generating(event_id, "half"))
    request.break_off()
    raise ConnectionAbortedError  # the script ends, as if the client had hung up


@contextmanager
def replicas(*names: str, **options: Any) -> Iterator[list[Any]]:
    """Yield scripted servers, and a pool of them as the last item."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Replica(name)) for name in names]
        pool = stack.enter_context(Pool([server.url for server in servers], **options))
        yield [*servers, pool]


def states(pool: Pool) -> list[str]:
    return [status.state for status in pool.status()]


def call_until(pool: Pool, reached: Callable[[], bool]) -> None:
    """Make calls until a check, for which calls are the occasion, has had an effect."""
    while not reached():  # the time limit of the test is the bound
        pool.predict("/direct", ["x"])


def users(pool: Pool, *call: Any, **options: Any) -> set[str]:
    """Return the names of the replicas that run calls, after calls until there are two."""
    found: set[str] = set()
    while len(found) < 2:  # the time limit of the test is the bound
        jobs = [pool.submit(*call or ("/direct", ["x"]), **options) for _ in range(4)]
        found.update(job.result(BOUND)[0] for job in jobs)
    return found


# -- which replica ---------------------------------------------------------------------------


def test_pool_calls_go_to_the_replica_with_the_least_to_do() -> None:
    """While one replica has a call, further calls go to the others."""
    gate = Gate()

    def held(request: IncomingRequest, event_id: str) -> None:
        gate.pass_through()
        a.complete(request, event_id)

    with replicas("a", "b") as (a, _b, pool):
        a.run = held
        job = pool.submit("/echo", ["x"])
        gate.wait_until_reached()
        assert [pool.predict("/direct", ["x"])[0] for _ in range(5)] == ["b"] * 5
        assert [status.in_flight for status in pool.status()] == [1, 0]
        gate.open()
        assert job.result(BOUND)[0] == "a"
        assert users(pool) == {"a", "b"}
        assert [status.in_flight for status in pool.status()] == [0, 0]


def test_pool_reads_the_queue_of_its_replicas() -> None:
    """A replica whose queue is long because of others gets fewer calls."""
    gate = Gate()

    def queued(request: IncomingRequest, event_id: str) -> None:
        status = {"msg": "estimation", "event_id": event_id, "rank": 7, "queue_size": 8}
        request.send(status)
        gate.pass_through()
        a.complete(request, event_id)

    with replicas("a", "b") as (a, b, pool):
        a.run = queued
        statuses = EventRecorder()
        first = pool.submit("/echo", ["x"]).on("status", statuses)
        statuses.wait_for(lambda status: status.position == 7)
        b.run = lambda request, event_id: gate.pass_through()  # held: it has more and more to do
        held = [pool.submit("/direct", ["x"]) for _ in range(3)]
        assert {job.result(BOUND)[0] for job in held} == {"b"}
        assert pool.status()[0].queued == 8
        gate.open()
        assert first.result(BOUND)[0] == "a"


def test_pool_state_stays_on_one_replica() -> None:
    """Functions with session state run where the state is, also if that replica has more to do."""
    entries = {"components": [component(1), component(2), component(3, "state")]}
    stateful = dependency(2, "count", inputs=[1, 3], outputs=[2, 3], queue=False)
    with ExitStack() as stack:
        servers = [stack.enter_context(Replica(name, **entries)) for name in ("a", "b")]
        for server in servers:
            server.config["dependencies"].append(stateful)
            server.scripts["POST /run/count"] = lambda request, server=server: request.answer(
                {"data": [server.name, None]}
            )
        pool = stack.enter_context(Pool([server.url for server in servers]))
        seen = [pool.predict("/count", ["x"])[0] for _ in range(3)]
        assert seen == ["a"] * 3 and "b" in users(pool)
        assert users(pool, "/count", ["x"], isolated=True) == {"a", "b"}
        servers[0].scripts["POST /run/count"] = lambda request: request.answer({}, 503)
        with pytest.raises(HTTPStatusError, match=r"session state .*reset_session\(\)"):
            pool.predict("/count", ["x"], timeout=0.2)
        pool.reset_session()
        assert pool.predict("/count", ["x"])[0] == "b"


# -- refused calls ---------------------------------------------------------------------------


def test_pool_full_queue_sends_a_call_elsewhere() -> None:
    """A full queue is no failure as long as another replica takes the call."""
    with replicas("a", "b") as (a, b, pool):
        a.refuse = (503, FULL)
        stages = EventRecorder()
        job = pool.submit("/echo", ["x"]).on("status", stages)
        assert job.result(BOUND)[0] == "b"
        assert [s.stage for s in stages.events] == ["pending", "complete"]
        assert b.joined[0]["data"] == ["x"]
        assert [s.state for s in pool.status()] == ["full", "up"]
        assert [pool.predict("/echo", ["x"])[0] for _ in range(3)] == ["b"] * 3
        assert a.count("POST /queue/join") == 1  # it was not asked again and again
        b.refuse = (503, FULL)
        with pytest.raises(QueueFullError, match=rf"The other replicas .*{a.url} \(full\)"):
            pool.predict("/echo", ["x"])


def test_pool_lost_call_goes_elsewhere_only_if_idempotent() -> None:
    """A call that a replica had accepted is not sent again, unless it may run twice."""
    with replicas("a", "b", retries=0) as (a, b, pool):
        a.run = break_off
        with pytest.raises(BrokenStreamError, match="idempotent=True") as caught:
            pool.predict("/echo", ["x"])
        assert caught.value.accepted is True and not b.joined
        assert states(pool) == ["down", "up"]
        call_until(pool, lambda: states(pool) == ["up", "up"])
        assert pool.predict("/echo", ["x"], idempotent=True)[0] == "b"
        assert len(a.joined) == 2 and len(b.joined) == 1


def test_pool_moved_job_starts_again() -> None:
    """Listeners and loops of a job that moves get all values of the next replica."""
    with replicas("a", "b") as (a, b, pool):
        a.run = break_off
        job = pool.submit("/echo", ["x"], idempotent=True)
        values, stages = EventRecorder(), EventRecorder()
        job.on("data", values).on("status", stages)
        assert job.result(BOUND)[0] == "b"
        assert [data[0] for data in values.events] == ["half", "b"]
        assert [data[0] for data in job] == ["half", "b"]
        order = [status.stage for status in stages.events]
        assert order.count("pending") >= 2 and order[-1] == "complete"
        assert len(a.joined) == len(b.joined) == 1
        assert job.event_id == "e1" and job.done()


def test_pool_server_that_is_gone_is_left_out_and_taken_back() -> None:
    """Calls of a replica without a server go to others; a check finds the server again."""
    with replicas("a", "b") as (a, _b, pool):
        gone: Callable[[IncomingRequest], None] = lambda request: request.answer({}, 502)  # noqa: E731
        kept = dict(a.scripts)
        a.scripts.update(dict.fromkeys(a.scripts, gone))
        assert [pool.submit("/echo", ["x"]).result(BOUND)[0] for _ in range(3)] == ["b"] * 3
        status = pool.status()[0]
        assert status.state == "down" and isinstance(status.error, HTTPStatusError)
        assert status.checked_in is not None
        a.scripts.update(kept)
        call_until(pool, lambda: states(pool) == ["up", "up"])
        assert pool.status()[0].error is None
        assert users(pool, "/echo", ["x"]) == {"a", "b"}


def test_pool_job_is_cancelled_on_its_second_replica() -> None:
    """A job that has moved is cancelled where it is, and counts there."""
    gate = Gate()
    with replicas("a", "b") as (a, b, pool):
        a.refuse = (503, FULL)
        b.run = lambda request, event_id: gate.pass_through()
        b.scripts["POST /cancel"] = lambda request: request.answer({"success": True})
        job = pool.submit("/echo", ["x"])
        gate.wait_until_reached()
        assert [status.in_flight for status in pool.status()] == [0, 1]
        assert job.cancel() and job.cancelled()
        b.wait_for("POST /cancel")
        gate.open()
        assert [status.in_flight for status in pool.status()] == [0, 0]
        assert a.count("POST /cancel") == 0


def test_pool_closing_one_client_does_not_end_jobs_that_moved_on() -> None:
    """A job belongs to the client of its present replica only."""
    gate = Gate()

    def held(request: IncomingRequest, event_id: str) -> None:
        gate.pass_through()
        b.complete(request, event_id)

    with replicas("a", "b") as (a, b, pool):
        a.refuse, b.run = (503, FULL), held
        job = pool.submit("/echo", ["x"])
        gate.wait_until_reached()
        pool.clients[0].close()
        gate.open()
        assert job.result(BOUND)[0] == "b"


# -- connecting ------------------------------------------------------------------------------


def test_pool_address_that_does_not_respond_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """At the start, one replica that responds is enough; the others are checked later."""
    with Replica("a") as a, Replica("b") as b:
        kept = b.scripts["GET /config"]
        b.scripts["GET /config"] = lambda request: request.answer({}, 502)
        with Pool([a.url, b.url], retries=0) as pool:
            assert f"{b.url} is left out of the pool" in caplog.text
            assert states(pool) == ["up", "down"] and "1 up" in repr(pool)
            assert pool.predict("/direct", ["x"])[0] == "a"
            b.scripts["GET /config"] = kept
            call_until(pool, lambda: states(pool) == ["up", "up"])
            assert users(pool) == {"a", "b"}


def test_pool_without_a_replica_that_responds_raises() -> None:
    """The error is that of the first address, and names the others."""
    with Replica("a") as a, Replica("b") as b:
        urls = [a.url, b.url]
    with pytest.raises(ConnectFailedError, match=rf"{urls[0]} .*{urls[1]} \(ConnectFailedError"):
        Pool(urls, retries=0)


def test_pool_with_different_endpoints_raises() -> None:
    """Replicas have to have the same endpoints; the error says how they differ."""
    with Replica("a") as a, Replica("b") as b:
        b.config["dependencies"][0]["api_name"] = "other"
        with pytest.raises(ConfigError) as caught:
            Pool([a.url, b.url])
        assert caught.value.url == b.url
        assert f"At {b.url}, it has no endpoint '/echo'; it also has endpoint '/other'." in str(
            caught.value
        )


def test_pool_replica_that_comes_back_with_other_endpoints_stays_out() -> None:
    """A replica that was replaced by another app gets no calls until it has the endpoints again."""
    with replicas("a", "b") as (a, _b, pool):
        gone: Callable[[IncomingRequest], None] = lambda request: request.answer({}, 502)  # noqa: E731
        kept = dict(a.scripts)
        a.scripts.update(dict.fromkeys(a.scripts, gone))
        assert pool.submit("/echo", ["x"]).result(BOUND)[0] == "b"
        a.config = config_of(dependency(0, "other"), app_id=2)
        a.scripts.update(kept)
        a.scripts["GET /app_id"] = lambda request: request.answer({"app_id": 2})
        call_until(pool, lambda: states(pool) == ["different", "up"])
        assert "'/other'" in str(pool.status()[0].error)
        assert {pool.predict("/direct", ["x"])[0] for _ in range(4)} == {"b"}


# -- the object ------------------------------------------------------------------------------


def test_pool_close_ends_jobs_and_refuses_calls() -> None:
    """After close(), running jobs are cancelled and calls raise ClientClosedError."""
    gate = Gate()
    with replicas("a", "b") as (a, b, pool):
        a.run = b.run = lambda request, event_id: gate.pass_through()
        job = pool.submit("/echo", ["x"])
        gate.wait_until_reached()
        pool.close()
        gate.open()
        assert job.cancelled()
        with pytest.raises(ClientClosedError):
            pool.predict("/echo", ["x"])
        pool.close()
        assert "(closed)" in repr(pool) and len(pool.status()) == 2


def test_pool_is_pickled_and_copied_without_connections() -> None:
    """A pickle or copy of a pool connects at its first use."""
    with replicas("a", "b") as (a, _b, pool):
        before = a.count("GET /config")
        for other in (pickle.loads(pickle.dumps(pool)), copy.copy(pool), copy.deepcopy(pool)):
            assert a.count("GET /config") == before
            with other:
                assert users(other) == {"a", "b"}
            before = a.count("GET /config")
        assert pool.predict("/direct", ["x"])[0] in ("a", "b")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_pool_works_after_a_fork() -> None:
    """A forked process makes its own connections, and its calls do not count for the parent."""
    with replicas("a", "b") as (_a, _b, pool):
        assert pool.predict("/direct", ["x"])[0] == "a"
        child = os.fork()
        if not child:
            code = 1
            try:
                code = 0 if users(pool) == {"a", "b"} else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert sum(status.done for status in pool.status()) == 1


def test_pool_that_is_dropped_is_collected() -> None:
    """A pool without references is collected, and its jobs continue until they end."""
    with Replica("a") as a:
        pool = Pool([a.url])
        job = pool.submit("/echo", ["x"])
        del pool
        gc.collect()
        assert job.result(BOUND)[0] == "a"
        del job
        gc.collect()
        assert not any(isinstance(one, ReplicaSet) for one in gc.get_objects())


def test_pool_function_and_view_api() -> None:
    """Functions of a pool go through it, and its description is that of one replica."""
    with replicas("a", "b") as (_, _, pool):
        direct = pool.function("/direct")
        assert direct("x") in ("a", "b")
        assert direct.submit("x").result(BOUND) in ("a", "b")
        assert "/echo" in pool.view_api()["named_endpoints"]
        assert users(pool, 1, ["x"]) == {"a", "b"}
        threads = [threading.Thread(target=pool.predict, args=("/direct", ["x"])) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [status.in_flight for status in pool.status()] == [0, 0]


# -- mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        (["http://a"], {}, TypeError, r"not one text. Write Pool\(\['http://a'\]\)"),
        (["http://a", "http://b"], {}, TypeError, r'Write Pool\(\["http://a", "http://b"\]\)'),
        ([], {}, TypeError, r"needs a list of addresses"),
        ([[]], {}, ValueError, "the list is empty"),
        ([{"http://a": 1}], {}, TypeError, "not dict"),
        ([[3]], {}, TypeError, "not 3"),
        ([["http://a", "http://a/"]], {}, ValueError, "twice"),
        ([["http://a"]], {"ssl_verify": False}, TypeError, "Write verify=False"),
        ([["http://a"]], {"header": {}}, TypeError, "Did you mean headers="),
        ([["http://a"]], {"timeout": "1"}, TypeError, "timeout"),
        ([["http://a"]], {"session_hash": "x"}, TypeError, "its own session"),
    ],
)
def test_pool_mistakes_are_explained(
    arguments: list[Any], options: dict[str, Any], error: type[Exception], text: str
) -> None:
    """Natural mistakes get a message with the line to write. Nothing is sent."""
    with pytest.raises(error, match=text):
        Pool(*arguments, **options)


def test_pool_mistakes_of_calls_are_those_of_a_client() -> None:
    """Calls in the form of another client, and attributes of a client, are explained."""
    with replicas("a") as (a, pool):
        with pytest.raises(PayloadError, match=r'predict\("/echo", \["x"\]\)'):
            pool.predict("x", api_name="/echo")
        with pytest.raises(AttributeError, match=r"Write pool.clients\[0\].config"):
            _ = pool.config
        with pytest.raises(AttributeError, match=r'predict\("/echo"'):
            _ = pool.echo
        with pytest.raises(TypeError, match="not a Client"):
            Pool(pool.clients[0])  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="takes addresses"):
            Pool(pool.clients)  # type: ignore[arg-type]
        assert a.count("POST /run/direct") == 0
