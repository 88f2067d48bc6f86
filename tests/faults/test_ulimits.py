"""Limits of the process: too few threads, files or stack for the submitted jobs."""

from __future__ import annotations

import json
import sys

import pytest

from tests.conftest import SERVERS
from tests.support.processes import run_python
from tests.support.servers.plugin import ServerPool

pytestmark = [
    pytest.mark.gradio,
    pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux"),
]

VERSIONS = [
    pytest.param(version, marks=pytest.mark.long if version == "4.44.1" else ())
    for version in ("3.50.2", "4.44.1", "6.31.0")
    if version in SERVERS
]
JOBS = 60

SCRIPT = """
import json, resource, sys, threading
from pathlib import Path
from gradio_client_sync import Client, GradioClientError

url, what, count = sys.argv[1:]
MiB = 2**20
with Client(url, deadline=30, retries=0) as app:
    app.predict("/echo", ["x"])
    if what == "threads":  # room for 20 more
        threading.stack_size(64 * MiB)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        room = pages * resource.getpagesize() + 20 * 64 * MiB
        resource.setrlimit(resource.RLIMIT_AS, (room, room))
    elif what == "files":
        used = len(list(Path("/proc/self/fd").iterdir()))
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, used + 20))
    elif what == "stack":
        size = 32 * 1024  # the least that there is; Python 3.15 needs more, by its build
        while True:
            try:
                threading.stack_size(size)
                break
            except ValueError:
                size += 4096
    jobs, errors = [], []
    for n in range(int(count)):
        try:
            jobs.append(app.submit("/echo", [str(n)]))
        except GradioClientError as exc:
            errors.append(exc)
    for job in jobs:
        error = job.exception(60)
        if error is not None:
            errors.append(error)
    messages = sorted({f"{type(exc).__name__}: {exc}" for exc in errors})
    done = len([job for job in jobs if job.exception() is None])
    print(json.dumps([done, len(errors), messages, app.predict("/echo", ["again"])[0]]))
"""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("what", ["threads", "files", "stack"])
def test_each_job_ends_at_a_limit(server_pool: ServerPool, version: str, what: str) -> None:
    """A job above a limit fails with an error that names the limit, and the client still works."""
    server = server_pool.get(version)
    printed = run_python(SCRIPT, server.url, what, str(JOBS))
    done, failed, errors, again = json.loads(printed)
    assert done + failed == JOBS and again == "again"
    # The jobs of a shared stream need one more thread for its reader. Without it, all of them fail.
    assert done or (what, version) in (("threads", "4.44.1"), ("threads", "6.31.0"))
    word = {"threads": "No thread could be started", "files": "ulimit -n"}
    if what == "stack":
        assert not errors
    else:
        # Jobs that were just joining when the reader got no thread fail with a broken stream.
        others = [error for error in errors if word[what] not in error]
        assert len(others) < len(errors) or not errors, errors
        assert all(what == "threads" and "while the job was joining" in e for e in others), others
    if what == "threads" or (what, version) == ("files", "3.50.2"):
        assert failed  # each job has a websocket; later servers have one stream for all jobs
