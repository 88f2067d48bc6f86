"""Servers of the tests of interfaces: the command line, notebooks, terminals, typed modules."""

from __future__ import annotations

import pytest

from tests.conftest import GENERATIONS
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server


@pytest.fixture(params=GENERATIONS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return a server of each generation: what these tests call is tested on every release."""
    return server_pool.get(request.param)
