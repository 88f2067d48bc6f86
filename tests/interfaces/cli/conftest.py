"""Servers of the tests of the command line."""

from __future__ import annotations

import pytest

from tests.conftest import SERVERS
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import SPOKEN, Server

#: The last release of each generation.
GENERATIONS = ("3.50.2", "4.44.1", "5.50.0", "6.31.0")


@pytest.fixture(params=[version for version in GENERATIONS if version in SERVERS])
def spoken(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return the last server of each generation, with the app that speaks to its user."""
    return server_pool.get(request.param, app=(SPOKEN,))
