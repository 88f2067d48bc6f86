"""Threads, forks and other processes that use a client or a copy of it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import multiprocessing
import os
import uuid
import warnings
from pathlib import Path

import pytest

from gradio_client_sync import Client
from tests.conftest import SERVERS
from tests.support.listeners import BOUND
from tests.support.processes import run_python
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio

VERSIONS = [
    version if version == "6.31.0" else pytest.param(version, marks=pytest.mark.long)
    for version in ("3.50.2", "4.44.1", "6.31.0")
    if version in SERVERS
]
#: Bytes; the system does not get back all freed memory at once.
GROWTH = 4 * 2**20


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_fork_leaves_the_parent_alone(server_pool: ServerPool, version: str) -> None:
    """A forked child has its own connection, and a job of the parent continues."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    with Client(server.url) as app:
        job = app.submit("/hold", [key])
        assert server.control.await_started(key)
        with warnings.catch_warnings():
            # the process has threads, on purpose
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            status = 1
            try:
                status = 0 if app.predict("/echo", ["child"], timeout=BOUND)[0] == "child" else 2
                app.close()
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert app.predict("/echo", ["parent"], timeout=BOUND)[0] == "parent"
        server.control.release(key)
        assert job.result(BOUND)[0] == key


def call_pickled(app: Client, text: str) -> str:
    with app:
        return str(app.predict("/echo", [text], timeout=BOUND)[0])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_client_works_in_a_process_pool(server_pool: ServerPool, version: str, method: str) -> None:
    """A pickled client connects again in the other process, also while this one has jobs."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    context, texts = multiprocessing.get_context(method), ["a", "b", "c", "d"]
    with Client(server.url, deadline=BOUND, retries=1) as app, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the process has threads, on purpose
        job = app.submit("/hold", [key])
        assert server.control.await_started(key)
        with concurrent.futures.ProcessPoolExecutor(2, context) as pool:
            assert list(pool.map(call_pickled, [app] * 4, texts)) == texts
        server.control.release(key)
        assert job.result(BOUND)[0] == key


IMPORTS = """
import sys, threading
from gradio_client_sync import Client

class Finder:
    def find_spec(self, name, path, target=None):
        if threading.current_thread() is not threading.main_thread():
            imported.append(name)

imported = []
sys.meta_path.insert(0, Finder())
with Client(sys.argv[1]) as app:
    heard = []
    job = app.submit("/count", [3]).on("data", heard.append).on("status", heard.append)
    job.result()
    app.predict("/digest", [b"content" * 100_000])
    app.predict("/direct", ["x"])
    job = app.submit("/endless", [sys.argv[2]])
    next(iter(job))
    job.cancel()
    try:
        app.predict("/fail", ["x"], timeout=20)
    except ValueError:
        pass
print(*imported)
"""


@pytest.mark.parametrize("version", [v for v in ("3.50.2", "4.0.2", "6.31.0") if v in SERVERS])
def test_threads_import_nothing(server_pool: ServerPool, version: str) -> None:
    """Worker threads import nothing: a fork during an import could never import that module."""
    imported = run_python(IMPORTS, server_pool.get(version).url, uuid.uuid4().hex)
    assert not [name for name in imported.split() if name.startswith("gradio_client_sync")], (
        imported
    )
    assert not imported.split(), imported


@pytest.mark.parametrize("version", VERSIONS)
def test_jobs_can_be_awaited(server_pool: ServerPool, version: str) -> None:
    """Jobs can be awaited in a running event loop, and do not block it."""

    async def main() -> list[str]:
        with Client(server_pool.get(version).url) as app:
            jobs = [app.submit("/echo", [str(n)], timeout=BOUND) for n in range(10)]
            results = await asyncio.gather(*map(asyncio.wrap_future, jobs))
            return [result[0] for result in results]

    assert asyncio.run(main()) == [str(n) for n in range(10)]


@pytest.mark.parametrize("version", VERSIONS)
def test_fifty_threads_share_a_client(server_pool: ServerPool, version: str) -> None:
    """Each of fifty threads gets its own results, and each call runs once."""
    server = server_pool.get(version)
    before = server.control.executions().get("echo", 0)
    with Client(server.url) as app, concurrent.futures.ThreadPoolExecutor(50) as pool:

        def call(number: int) -> bool:
            return all(
                app.predict("/echo", [f"{number} {n}"], timeout=60)[0] == f"{number} {n}"
                for n in range(4)
            )

        assert all(pool.map(call, range(50)))
    assert server.control.executions()["echo"] - before == 200


LIVES = """
import gc, json, resource, sys, tempfile, threading
from pathlib import Path
from gradio_client_sync import Client

url, what, times, bound = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])

def live():
    with Client(url, deadline=bound) as app:
        assert app.predict("/echo", ["x"])[0] == "x"

def call():
    assert app.predict("/echo", ["x"])[0] == "x"

def state():
    gc.collect()
    for thread in threading.enumerate():
        if thread.name.startswith("gradio-"):
            thread.join(bound)
    folder, memory = Path("/proc/self/fd"), Path("/proc/self/statm")
    descriptors = len(list(folder.iterdir())) if folder.exists() else 0
    files = sorted(path.name for path in Path(tempfile.gettempdir()).iterdir())
    pages = int(memory.read_text().split()[1]) if memory.exists() else 0
    return [threading.active_count(), descriptors, files], pages * resource.getpagesize()

def use(times):
    global app
    if what == "clients":
        for _ in range(times):
            live()
    else:
        with Client(url, deadline=bound) as app:
            for _ in range(times):
                call()

use(max(20, times // 10))  # what is made once, such as caches, does not count
before, memory = state()
use(times)
after, later = state()
print(json.dumps([before, after, later - memory]))
"""


@pytest.mark.timeout(1000)  # many calls, on servers that take 50 ms for each
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("what", "times"),
    [
        ("clients", 50),
        pytest.param("clients", 1000, marks=pytest.mark.long),
        pytest.param("predicts", 10_000, marks=pytest.mark.long),
    ],
)
def test_many_clients_and_calls_leave_nothing(
    server_pool: ServerPool, version: str, what: str, times: int, tmp_path: Path
) -> None:
    """Many clients and calls leave no thread, socket, descriptor, file or memory."""
    url, variables = server_pool.get(version).url, {**os.environ, "TMPDIR": str(tmp_path)}
    arguments = (url, what, str(times), str(BOUND))
    before, after, grown = json.loads(run_python(LIVES, *arguments, env=variables, bound=900))
    assert after == before
    assert grown < GROWTH, f"{grown / 2**20:.1f} MiB more"
