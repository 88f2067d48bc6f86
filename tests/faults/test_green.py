"""Green threads: gevent and eventlet, which replace threads and sockets."""

from __future__ import annotations

import importlib.util
import uuid
from pathlib import Path

import pytest

from tests.conftest import SERVERS
from tests.support.processes import run_python
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server
from tests.support.tls_proxy import behind_tls, make_certificate

pytestmark = pytest.mark.gradio

VERSIONS = [
    pytest.param(version, marks=pytest.mark.long if version == "4.44.1" else ())
    for version in ("3.50.2", "4.44.1", "6.31.0")
    if version in SERVERS
]
LIBRARIES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"needs {name}"),
    )
    for name in ("gevent", "eventlet")
]

FIRST = {
    "gevent": "from gevent import monkey; monkey.patch_all()",
    # it warns that it is deprecated
    "eventlet": "import warnings; warnings.simplefilter('ignore')\n"
    "import eventlet; eventlet.monkey_patch()",
}
SCRIPT = """
import concurrent.futures
import socket
import sys
import threading
import time

from gradio_client_sync import AppError, Client, JobTimeoutError

library, url, key, certificate = sys.argv[1:]
verify = certificate or True
assert library in socket.socket.__module__, "nothing was patched"

with Client(url, verify=verify) as app:
    assert app.predict("/echo", ["x"])[0] == "x"
    assert [data[0] for data in app.submit("/count", [3])] == ["0", "1", "2", "2"]

    heard = []
    job = app.submit("/count", [3]).on("data", lambda data: heard.append(data[0]))
    assert job.result()[0] == heard[-1] == "2" and len(heard) == 4

    ticks = 0
    def tick():
        global ticks
        while not over.wait(0.01):
            ticks += 1
    over = threading.Event()
    ticker = threading.Thread(target=tick)
    ticker.start()
    jobs = [app.submit("/progress", [3]) for _ in range(20)]
    assert [job.result(30)[0] for job in jobs] == ["done"] * 20
    over.set()
    ticker.join()
    assert ticks > 5, "waiting for jobs held up the other greenlets"

    texts = [str(n) for n in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert [data[0] for data in pool.map(lambda n: app.predict("/echo", [n]), texts)] == texts

    job = app.submit("/endless", [key + " cancelled"])
    next(iter(job))
    assert job.cancel()
    assert concurrent.futures.wait([job], 5).done == {job} and job.cancelled()

    began = time.monotonic()
    try:
        app.predict("/hold", [key + " late"], timeout=0.5)
    except JobTimeoutError:
        assert time.monotonic() - began < 1.5
    else:
        raise AssertionError("no timeout")

    assert app.predict("/file", [b"content"])[0].read() == b"content"
    try:
        app.predict("/fail", ["boom"])
    except AppError as exc:
        assert exc.message == "boom"
    closed = app.submit("/endless", [key + " closed"])
    next(iter(closed))
    began = time.monotonic()
assert closed.cancelled() and time.monotonic() - began < 3
assert not [t.name for t in threading.enumerate() if t.name.startswith("gradio-")]

app = Client(url, verify=verify)
next(iter(app.submit("/endless", [key + " at exit"])))
print("all of it")
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def do_it_all(server: Server, library: str, url: str, verify: str = "") -> None:
    key, code = uuid.uuid4().hex, f"{FIRST[library]}\n{SCRIPT}"
    assert run_python(code, library, url, key, verify) == "all of it\n"
    for which in ("cancelled", "closed", "at exit"):
        assert server.control.await_stopped(f"{key} {which}"), which
    server.control.release(f"{key} late")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_green_threads(server_pool: ServerPool, version: str, library: str) -> None:
    """With green threads and sockets everything works and can be stopped."""
    server = server_pool.get(version)
    do_it_all(server, library, server.url)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_green_threads_over_tls(
    server_pool: ServerPool, version: str, library: str, certificate: Path
) -> None:
    """Another greenlet can end a read over TLS."""
    server = server_pool.get(version)
    with behind_tls(server.url, certificate) as url:
        do_it_all(server, library, url, str(certificate))
