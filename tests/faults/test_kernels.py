"""The end of a notebook's kernel, in each phase of a job."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SERVERS
from tests.support.job_phases import assert_stopped, held_in, server_for
from tests.support.kernel import Kernel, errors
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio

VERSIONS = [
    pytest.param(version, marks=() if version == "6.31.0" else pytest.mark.long)
    for version in ("3.50.2", "4.44.1", "6.31.0")
    if version in SERVERS
]
#: Cells that leave a job in a phase; `ready` is set when the client has reached it.
CELLS = {
    "uploading": "job = app.submit('/digest', [bytes(50_000_000)]).on('upload', say_ready)",
    "queued": """job = app.submit('/hold', [key])
job.on('status', lambda status: status.position is not None and say_ready(status))""",
    "running": "job = app.submit('/hold_async', [key]).on('status', say_ready)",
    "streaming": "job = app.submit('/endless', [key]).on('data', say_ready)",
}
CELL = """import threading
from gradio_client_sync import Client
app, key, ready = Client({url!r}), {key!r}, threading.Event()
say_ready = lambda event: ready.set()
{job}
assert ready.wait(20)"""

WAIT = """try:
    print("waiting")
    job.result()
except KeyboardInterrupt:
    job.cancel()
    raise"""
GONE = 10.0  # s; it usually takes 0.2 s, and longer on a busy machine


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path)
    yield kernel
    kernel.close()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "phase",
    [
        pytest.param(phase, marks=() if phase in ("running", "streaming") else pytest.mark.long)
        for phase in CELLS
    ],
)
@pytest.mark.parametrize("waiting", [False, True], ids=["beside", "interrupted"])
def test_closed_notebook_stops_its_jobs(
    kernel: Kernel, server_pool: ServerPool, version: str, phase: str, waiting: bool
) -> None:
    """A kernel that shuts down ends at once, and its functions on the server stop."""
    server, key = server_for(phase, server_pool, version), uuid.uuid4().hex
    executed = server.control.executions()
    with held_in(phase, server, key) as url:
        assert not errors(kernel.run(CELL.format(url=url, key=key, job=CELLS[phase])))
        if phase == "running":
            assert server.control.await_started(key)
        if waiting:
            run = kernel.start(WAIT)
            kernel.await_print(run)
            kernel.interrupt()
            assert errors(kernel.finish(run)) == ["KeyboardInterrupt"]
        else:
            assert kernel.shut_down() < GONE
    assert_stopped(phase, server, key, executed)
    server.control.release(key)
