"""Maps in executors: threads, processes, workers that die, and a real Dask cluster."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    AppError,
    AuthenticationError,
    BrokenStreamError,
    Client,
    ClientClosedError,
    PayloadError,
    Pool,
)
from gradio_client_sync._many import remote
from gradio_client_sync._many.executors import CHUNK, ChunkedCaller
from gradio_client_sync._many.items import Item, ItemRefused
from tests.conftest import SERVERS
from tests.support.processes import BOUND
from tests.support.servers.server import Server

NEWEST = SERVERS[-1]


# -- chunks, without a server -----------------------------------------------------------------


class ChunkExecutor:
    """An executor of chunks whose ends the test decides."""

    def __init__(self, room: int) -> None:
        self.free = room
        self.chunks: list[tuple[list[int], concurrent.futures.Future[Any]]] = []
        self.changed = threading.Condition()

    def room(self) -> int:
        return self.free

    def submit(self, caller: bytes, payloads: list[tuple[int, bytes]]) -> Any:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        with self.changed:
            self.chunks.append(([index for index, _ in payloads], future))
            self.changed.notify_all()
        return future

    def forget(self, future: Any) -> None:
        pass

    def chunk(self, number: int) -> tuple[list[int], concurrent.futures.Future[Any]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.chunks) > number, BOUND)
            return self.chunks[number]


class Caller:
    """The caller of this process; its results are their own records."""

    endpoint, most, batch, servers, retries = "/f", 64, 1, 1, 3
    parameters = fingerprint = None

    def restore(self, recorded: Any) -> Any:
        return recorded

    def remote(self) -> Any:
        return None, "/f", {}


def answers(indices: list[int]) -> list[Any]:
    return [remote.Done(index, None) for index in indices]  # type: ignore[arg-type]


@pytest.fixture
def threads() -> Iterator[concurrent.futures.ThreadPoolExecutor]:
    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        yield pool


def test_executors_chunks_go_where_there_is_room(threads: Any) -> None:
    """Items wait if no worker is free, and share the next chunk. More workers get more chunks."""
    executor = ChunkExecutor(1)
    caller = ChunkedCaller(Caller(), executor)  # type: ignore[arg-type]
    calls = [threads.submit(caller.call, Item(0, "x"))]
    first, future = executor.chunk(0)
    assert first == [0]
    calls += [threads.submit(caller.call, Item(n, "x")) for n in range(1, 41)]
    while len(caller._waiting) < 40:  # the time limit of the test is the bound
        threads.submit(int).result()
    future.set_result(answers(first))
    second, future = executor.chunk(1)
    assert len(second) == CHUNK and len(executor.chunks) == 2
    executor.free = 2  # a worker has joined
    future.set_result(answers(second))
    third, future = executor.chunk(2)
    fourth, other = executor.chunk(3)
    assert len(third) + len(fourth) == 8 and abs(len(third) - len(fourth)) <= 1
    future.set_result(answers(third))
    other.set_result(answers(fourth))
    assert sorted(call.result(BOUND) for call in calls) == list(range(41))


def test_executors_ends_of_items(threads: Any) -> None:
    """Each item gets its own result, error or cancellation, and its own error if a worker dies."""
    executor = ChunkExecutor(1)
    caller = ChunkedCaller(Caller(), executor)  # type: ignore[arg-type]

    def start(number: int) -> tuple[Item, Any, concurrent.futures.Future[Any]]:
        item = Item(number, "x")
        call = threads.submit(caller.call, item)
        _, future = executor.chunk(number)
        return item, call, future

    _, call, future = start(0)
    future.set_result([remote.Failed(AppError("no"), accepted=True)])
    assert isinstance(call.exception(BOUND), AppError)
    _, call, future = start(1)
    future.set_result([remote.Failed(AppError("full"), accepted=False)])
    assert isinstance(call.exception(BOUND), ItemRefused)
    _, call, future = start(2)
    future.set_exception(BrokenProcessPool("killed"))
    error = call.exception(BOUND)
    assert (
        isinstance(error, BrokenStreamError) and error.accepted is None and "killed" in str(error)
    )
    _, call, future = start(3)
    future.set_result(None)  # a cluster has run the chunk on a second worker
    assert isinstance(call.exception(BOUND), BrokenStreamError)
    item, call, future = start(4)
    item.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        call.result(BOUND)
    future.set_result(answers([4]))
    with pytest.raises(PayloadError, match="item 5 cannot be sent to a worker"):
        caller.call(Item(5, threading.Lock()))


@pytest.mark.parametrize("wrong", [3, "threads", concurrent.futures.ProcessPoolExecutor])
@pytest.mark.gradio
@pytest.mark.once
def test_executors_mistakes(wrong: Any, newest: Server) -> None:
    """An object that is not an executor is refused, with the line to write."""
    with Client(newest.url) as app, pytest.raises(TypeError, match="executor must be"):
        app.map("/add", [[1, 2]], executor=wrong)


# -- real servers -----------------------------------------------------------------------------


@pytest.mark.gradio
@pytest.mark.once
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_executors_give_the_results_of_a_local_map(newest: Server, tmp_path: Path) -> None:
    """Threads and processes: results, files, errors and journal are those of a map without them."""
    payloads = [[n, 1] for n in range(30)]
    with Client(newest.url) as app, Pool([newest.url]) as pool:
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            assert [d[0] for d in app.map("/add", payloads, executor=threads)] == list(range(1, 31))
        with concurrent.futures.ProcessPoolExecutor(2) as processes:
            journal = tmp_path / "run.jsonl"
            found = app.map("/add", payloads, executor=processes, journal=journal)
            assert [data[0] for data in found] == list(range(1, 31))
            again = app.map("/add", payloads, executor=processes, journal=journal)
            assert {outcome.replayed for outcome in again.outcomes()} == {True}
            [made] = app.map("/make_file", [[10]], executor=processes)
            assert len(made[0].read()) == 10  # by the client of this process
            [failed] = app.map("/fail", [["x"]], executor=processes, on_error="return")
            assert isinstance(failed, AppError)
            assert [d[0] for d in pool.map("/add", [[1, 2]], executor=processes)] == [3]
            with Client(newest.url, headers={"x-told": "a secret"}) as secretive:
                errors = secretive.map("/add", payloads, executor=processes, on_error="return")
                # A pickle contains no secrets, so the client of the process cannot connect.
                assert {type(error) for error in errors} == {AuthenticationError}
            for maps in (app, pool):
                for executor in (processes, None):
                    headers = {"x-told": "a secret"}
                    [heard] = maps.map("/whoami", [[]], headers=headers, executor=executor)
                    assert json.loads(heard[0])["headers"]["x-told"] == "a secret"
            for process in processes._processes.values():
                os.kill(process.pid, signal.SIGTERM)
                process.join(BOUND)
            with pytest.raises((BrokenStreamError, ClientClosedError)):
                list(app.map("/add", payloads, executor=processes))


CLUSTER = """
import json, os, signal, sys
from dask.distributed import Client as Scheduler, LocalCluster, get_worker
from gradio_client_sync import BrokenStreamError, Client, read_journal

url, folder = sys.argv[1:]

def clients():
    from gradio_client_sync._many.remote import _callers
    return len(_callers)

if __name__ == "__main__":
    found = {}
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        with Scheduler(cluster) as dask, Client(url) as app:
            pids = dask.run(os.getpid)
            path = os.path.join(folder, "run.jsonl")
            results = []
            payloads = [[n, 1] for n in range(60)]
            for data in app.map("/add", payloads, executor=dask, idempotent=True, journal=path):
                results.append(data[0])
                if len(results) == 10:
                    os.kill(next(iter(pids.values())), signal.SIGKILL)
                if len(results) == 20:
                    cluster.scale(3)  # one joins late
            found["results"] = results == [n + 1 for n in range(60)]
            found["journal"] = sorted(o.index for o in read_journal(path)) == list(range(60))
            found["clients"] = max(dask.run(clients).values())
            once = app.map("/add", payloads[:20], executor=dask, on_error="return")
            kinds = {type(data).__name__ for data in once}
            found["kinds"] = sorted(kinds)
    print(json.dumps(found))
"""


@pytest.mark.gradio
@pytest.mark.once
def test_executors_dask_cluster(newest: Server, tmp_path: Path) -> None:
    """On a real cluster, no item is lost if a worker is killed, and each worker connects once."""
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    done = subprocess.run(
        [sys.executable, str(script), newest.url, str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {"results": True, "journal": True, "clients": 1, "kinds": ["Data"]}
