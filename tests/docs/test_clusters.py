"""A real Dask cluster, and the scripts of the page about it.

They run in their own processes, because a cluster starts threads and processes, and warns.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SERVERS
from tests.docs.test_docs import ADDRESS, NEWEST, PAGES, Block, blocks
from tests.support.processes import BOUND
from tests.support.servers.plugin import ServerPool

pytestmark = [pytest.mark.gradio, pytest.mark.once]

VERSIONS = [
    version if version == NEWEST else pytest.param(version, marks=pytest.mark.long)
    for version in ("3.50.2", NEWEST)
    if version in SERVERS
]
PAGE = "docs/processes.md"

CLUSTER = """
import collections, json, os, signal, sys, uuid
from dask.distributed import Client as Scheduler, LocalCluster, get_worker
from gradio_client_sync import Client

url, folder = sys.argv[1:]

def total(n, app):
    return app.predict("/add", [n, 1], timeout=60)[0]

def session(n, app):
    return get_worker().address, app.session_hash

def make(app):
    return app.predict("/make_file", [10], timeout=60)[0]

def fail(app):
    app.predict("/fail", ["x"], timeout=60)

def begin(app):
    return app.submit("/echo", ["x"])

def survive(app):
    flag = os.path.join(folder, "killed")
    if not os.path.exists(flag):
        next(iter(app.submit("/endless", [uuid.uuid4().hex])))  # the app is at it
        open(flag, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return app.predict("/echo", ["again"], timeout=60)[0]

found = {}
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=4, dashboard_address=None) as cluster:
        with Scheduler(cluster) as dask, Client(url) as app:
            found["as it is"] = dask.gather(dask.map(total, range(8), app=app))
            bound = dask.map(app.predict, ["/echo", "/echo"], [["a"], ["b"]])
            found["bound"] = [data[0] for data in dask.gather(bound)]
            found["function"] = dask.gather(dask.map(app.function("/add"), range(3), range(3)))
            there = dask.scatter(app, broadcast=True)
            found["scattered"] = dask.gather(dask.map(total, range(100), app=there))
            seen = set(dask.gather(dask.map(session, range(40), app=there, pure=False)))
            found["clients"] = max(collections.Counter(worker for worker, _ in seen).values())
            found["file"] = len(dask.submit(make, there).result().read())
            for name, call in (("error", fail), ("job", begin)):
                try:
                    dask.submit(call, there).result()
                except Exception as error:
                    found[name] = type(error).__name__, str(error)
            kept = dask.submit(Client, url)  # which Dask can make again, unlike what was scattered
            found["survived"] = dask.submit(survive, kept).result()
    print(json.dumps(found))
"""


def run_script(text: str, folder: Path, *arguments: str) -> str:
    """Run a script from a file, which workers can import, and return its output."""
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_dask_tasks_get_clients(server_pool: ServerPool, version: str, tmp_path: Path) -> None:
    """A client can be passed to tasks in any way, and results can be returned, except jobs."""
    server = server_pool.get(version)
    found = json.loads(run_script(CLUSTER, tmp_path, server.url, str(tmp_path)))
    assert found["as it is"] == list(range(1, 9))
    assert found["bound"] == ["a", "b"]
    assert found["function"] == [0, 2, 4]
    assert found["scattered"] == list(range(1, 101))
    assert found["clients"] == 1
    assert found["file"] == 10
    assert found["error"] == ["AppError", "'/fail' of the app raised: x"]
    assert found["job"][0] == "TypeError" and "A Job cannot be pickled" in found["job"][1]
    assert found["survived"] == "again"


#: Parts of the page that need hundreds of megabytes, so they were run by hand.
BY_HAND = ("Ray", "Spark")
SCRIPTS = [block for block in blocks(PAGE, "python") if block.heading not in BY_HAND]


@pytest.mark.skipif(NEWEST not in SERVERS, reason="the page is about the newest server")
@pytest.mark.parametrize("block", SCRIPTS, ids=lambda block: block.heading)
def test_scripts_of_the_page_run(block: Block, server_pool: ServerPool, tmp_path: Path) -> None:
    """Each script of the page runs unchanged in its own file."""
    server = server_pool.get(NEWEST, app=(PAGES,))
    printed = run_script(block.text.replace(ADDRESS, server.url), tmp_path)
    assert printed.splitlines() == ["5050", *(["b'RIFF'"] if block.heading == "Dask" else [])]
