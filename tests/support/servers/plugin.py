"""The pytest fixture that shares real servers between all tests of a run.

A server starts when a test first needs it. After each module, all servers are suspended until a
test needs them again, because an idle server of Gradio 6 uses four percent of a core. Only the
servers used most recently are kept: there are many kinds, and each takes 200 MB. Each server still
starts only once, because the tests of one version run one after the other (`schedule`). To use
this, import `server_pool` and `end_unused` in ``conftest.py``.
"""

from __future__ import annotations

import threading
from typing import Any, Iterator

import pytest

from tests.support.servers.environments import VERSIONS
from tests.support.servers.server import Server

__all__ = ["VERSIONS", "ServerPool", "end_unused", "server_pool"]

KEPT = 8  # servers that stay between modules: the plain one of a version, and those with options


class ServerPool:
    """Running servers by version and options; safe to use from several threads."""

    def __init__(self) -> None:
        self._servers: dict[tuple[Any, ...], Server] = {}
        self._lock = threading.Lock()

    def get(self, version: str, **options: Any) -> Server:
        """Return the server of ``version`` with these options of `Server`; start it if needed.

        A server that has ended is replaced. Tests that end a server on purpose start their own
        `Server` instead.
        """
        wanted = (version, *sorted(options.items()))
        # held while starting: other threads that request the same server must wait anyway
        with self._lock:
            server = self._servers.pop(wanted, None)  # ordered by use, the latest last
            if server is None or server.process.poll() is not None:
                if server is not None:
                    server.stop()
                server = Server(version, **options)
            server.resume()
            self._servers[wanted] = server
            return server

    def end_unused(self) -> None:
        """Stop all servers except the few that were used most recently, and suspend those."""
        with self._lock:
            for wanted in list(self._servers)[:-KEPT]:
                self._servers.pop(wanted).stop()
            for server in self._servers.values():
                server.pause()

    def close(self) -> None:
        """Stop all servers."""
        with self._lock:
            while self._servers:
                self._servers.popitem()[1].stop()


@pytest.fixture(scope="session")
def server_pool() -> Iterator[ServerPool]:
    """Yield the servers of this run: ``server_pool.get("6.31.0").url``."""
    pool = ServerPool()
    yield pool
    pool.close()


@pytest.fixture(scope="module", autouse=True)
def end_unused(request: pytest.FixtureRequest) -> Iterator[None]:
    """Stop or suspend the servers after each module."""
    # Not as an argument: then every test would have `server_pool`, and seem to call a server.
    pool: ServerPool = request.getfixturevalue("server_pool")
    yield
    pool.end_unused()
