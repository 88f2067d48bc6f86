"""A pool of real servers: one that is killed and replaced, one that is full, Spaces, files."""

from __future__ import annotations

import contextlib
import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradio_client_sync import BrokenStreamError, Client, ConfigError, Pool
from tests.conftest import SERVERS
from tests.docs.test_docs import blocks
from tests.pool.test_pool import call_until, states
from tests.support.fault_proxy import FaultProxy
from tests.support.hub.hub import LocalHub, proxy_of
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import CHATS, Server

pytestmark = [pytest.mark.gradio, pytest.mark.once]

NEWEST = SERVERS[-1]


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """Yield a server of the same app that runs one job at a time, with room for another one."""
    with Server(NEWEST, queue_size=1) as server:
        yield server


def ran(server: Server, name: str) -> int:
    return server.control.executions().get(name, 0)


def test_pool_real_server_is_killed_and_replaced(newest: Server) -> None:
    """No call is lost or runs twice, except those that the killed server had accepted."""
    before = ran(newest, "echo")
    with Server(NEWEST) as first, FaultProxy(first.url) as proxy:
        with Pool([proxy.url, newest.url]) as pool:
            keys = [uuid.uuid4().hex for _ in range(3)]
            started = EventRecorder()
            lost = pool.submit("/hold", [keys[0]]).on("status", started)
            started.wait_for(lambda status: status.stage == "pending" and status.position == 0)
            assert first.control.await_started(keys[0])
            other = pool.submit("/hold", [keys[1]])
            assert newest.control.await_started(keys[1])
            again = pool.submit("/hold", [keys[2]], idempotent=True)
            assert first.control.await_started(keys[2])
            first.kill()
            proxy.cut()
            assert isinstance(lost.exception(BOUND), BrokenStreamError)
            jobs = [pool.submit("/echo", [str(n)]) for n in range(50)]
            assert [job.result(BOUND)[0] for job in jobs] == [str(n) for n in range(50)]
            assert newest.control.await_started(keys[2])
            for key in keys:
                newest.control.release(key)
            assert [other.result(BOUND)[0], again.result(BOUND)[0]] == keys[1:]
            assert newest.control.ledger(keys[0])["started"] == 0  # only idempotent ones run again
            assert ran(newest, "echo") - before == 50
            assert states(pool) == ["down", "up"]
            with Server(NEWEST) as replacement:
                proxy.target = int(replacement.url.rpartition(":")[2])

                def is_back() -> bool:
                    pool.predict("/direct", ["x"])
                    return states(pool) == ["up", "up"]

                call_until(pool, is_back)
                jobs = [pool.submit("/echo", [str(n)]) for n in range(20)]
                assert [job.result(BOUND)[0] for job in jobs] == [str(n) for n in range(20)]
                assert ran(replacement, "echo") > 0
                assert ran(replacement, "echo") + ran(newest, "echo") - before == 70


def test_pool_real_full_queue(newest: Server, small: Server) -> None:
    """While others fill the queue of a replica, the pool uses the other one, and then both."""
    key = uuid.uuid4().hex
    before = ran(small, "echo")
    with Client(small.url) as foreign, Pool([small.url, newest.url]) as pool:
        held = [foreign.submit("/hold", [key])]
        assert small.control.await_started(key)
        waiting = EventRecorder()
        held.append(foreign.submit("/hold", [key]).on("status", waiting))
        waiting.wait_for(lambda status: status.position is not None)
        jobs = [pool.submit("/echo", [str(n)]) for n in range(40)]
        assert [job.result(BOUND)[0] for job in jobs] == [str(n) for n in range(40)]
        # The files of a refused call are uploaded to the next replica.
        uploads = [pool.submit("/digest", [bytes([n]) * 100]) for n in range(6)]
        found = [json.loads(job.result(BOUND)[0]) for job in uploads]
        assert {one["size"] for one in found} == {100} and len(
            {one["sha256"] for one in found}
        ) == 6
        assert ran(small, "echo") == before and states(pool) == ["full", "up"]
        small.control.release(key)
        assert all(job.result(BOUND)[0] == key for job in held)
        while ran(small, "echo") == before:  # the time limit of the test is the bound
            pool.predict("/echo", ["x"])
        assert states(pool) == ["up", "up"]


def test_pool_real_files_and_state(newest: Server, small: Server, tmp_path: Path) -> None:
    """A file of one replica reaches the other, and session state stays on one."""
    with Pool([newest.url, small.url]) as pool:
        made = pool.predict("/make_file", [1000])[0]
        home = made.url.rpartition("/gradio_api")[0]
        digests = [json.loads(pool.predict("/digest", [made])[0])["sha256"] for _ in range(4)]
        assert len(set(digests)) == 1 and home in (newest.url, small.url)
        assert [status.done > 1 for status in pool.status()] == [True, True]
        sizes = [[n] for n in range(10, 20)]
        for _ in range(2):  # the second time from the journal: each file is where it was made
            files = [d[0] for d in pool.map("/make_file", sizes, journal=tmp_path / "run.jsonl")]
            assert len({file.url.partition("/gradio_api")[0] for file in files}) == 2
            assert [len(file.read()) for file in files] == list(range(10, 20))
        assert [pool.predict("/counter")[0] for _ in range(5)] == [1, 2, 3, 4, 5]
        pool.reset_session()
        assert pool.predict("/counter")[0] == 1
        add = pool.function("/add")
        assert [add(n, b=1) for n in range(4)] == [1, 2, 3, 4]


def test_pool_real_spaces(hub: LocalHub, newest: Server, small: Server) -> None:
    """Spaces are replicas, too: a sleeping one is woken, and one that fails is left out."""
    hub.add("alice/one", "SLEEPING", "RUNNING", app=newest.url)
    hub.add("alice/two", app=small.url)
    hub.add("alice/three", "RUNTIME_ERROR")
    with Pool(["alice/one", "alice/two", "alice/three"]) as pool:
        assert states(pool) == ["up", "up", "down"]
        assert "SpaceNotReadyError" in repr(pool.status()[2].error)
        urls = [str(client.url) for client in pool.clients[:2]]
        assert urls == [proxy_of(hub.spaces[f"alice/{n}"]).url for n in ("one", "two")]
        for n in range(6):
            assert pool.predict("/echo", [str(n)])[0] == str(n)
        assert all(status.done for status in pool.status()[:2])


@pytest.mark.long
def test_pool_real_different_apps(newest: Server, server_pool: ServerPool) -> None:
    """Two different apps are not accepted as replicas."""
    chats = server_pool.get(NEWEST, app=(CHATS,))
    with pytest.raises(ConfigError, match=f"At {chats.url}, it has no endpoint '/echo'; .* more"):
        Pool([newest.url, chats.url])


@pytest.mark.parametrize("block", blocks("docs/replicas.md", "python"), ids=lambda b: b.line)
def test_pool_real_docs(block: object, newest: Server, small: Server) -> None:
    """The code of the page runs."""
    text = getattr(block, "text", "")
    text = text.replace("http://gpu-1:7860", newest.url).replace("http://gpu-2:7860", small.url)
    names: dict[str, object] = {"Pool": Pool}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(text, names)
    assert printed.getvalue().splitlines()[0] in ("5", "hello 2")
