"""Servers of the tests of the command line."""

from __future__ import annotations

import pytest

from tests.conftest import GENERATIONS
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import SPOKEN, Server


@pytest.fixture(params=GENERATIONS)
def spoken(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return the last server of each generation, with the app that speaks to its user."""
    return server_pool.get(request.param, app=(SPOKEN,))
