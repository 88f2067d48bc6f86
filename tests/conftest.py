"""Fixtures for all tests: real servers, clients of them, and checks at the end of each test."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import settings

from gradio_client_sync import Client
from tests.support.canary.plugin import Canary, canary, pytest_configure
from tests.support.hub.plugin import hub
from tests.support.schedule import (
    GENERATIONS,
    SERVERS,
    pytest_collection_modifyitems,
    pytest_xdist_make_scheduler,
)
from tests.support.servers.plugin import ServerPool, end_unused, server_pool
from tests.support.servers.server import Server

__all__ = [
    "GENERATIONS",
    "SERVERS",
    "canary",
    "end_unused",
    "hub",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_xdist_make_scheduler",
    "server_pool",
]

# Containers often set this. Hundreds of processes that tests start would each compile all modules
# that they import, which takes longer than most of these tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The time that an example takes depends only on the machine.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an untrusted certificate for 127.0.0.1, with its key in a file beside it."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(path.with_suffix(".key")), "-out", str(path)),
        ],
        check=True,
        capture_output=True,
    )
    return path


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Make Ctrl-C work here, and in processes that tests start.

    A shell starts background processes so that they ignore it, and their children too.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


LEFT_BEHIND = 5.0  # s; a bound for threads that are about to end


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Check that the test leaves no thread of the package."""
    before = set(threading.enumerate())
    yield
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.name.startswith("gradio-")
    ]
    for thread in left:
        thread.join(LEFT_BEHIND)
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"threads left behind: {alive}"


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return each real server in turn."""
    return server_pool.get(request.param)


@pytest.fixture(params=SERVERS[-1:])  # as a parameter, so that the tests are in its group
def newest(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return the newest real server of this run."""
    return server_pool.get(request.param)


@pytest.fixture
def app(server: Server, canary: Canary) -> Iterator[Client]:
    """Yield a client of each real server in turn, with secrets for this server only."""
    with Client(server.url, **canary.options(server.url)) as client:
        yield client


@pytest.fixture
def key(server: Server) -> Iterator[str]:
    """Yield a name for this test's calls on the server; its gate opens at the end."""
    name = uuid.uuid4().hex
    yield name
    server.control.release(name)


@pytest.fixture
def new_key(server: Server) -> Iterator[Callable[[], str]]:
    """Yield a function that makes further names like `key`; their gates open at the end."""
    names: list[str] = []

    def make() -> str:
        names.append(uuid.uuid4().hex)
        return names[-1]

    yield make
    for name in names:
        server.control.release(name)
