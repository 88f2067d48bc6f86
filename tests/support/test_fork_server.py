"""`servers.fork_server`: a forked app is like one in a new interpreter, and ends alone."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from typing import Any

import pytest

from tests.support.servers.fork_server import ForkedProcess, available
from tests.support.servers.server import Server

pytestmark = [
    pytest.mark.gradio,
    pytest.mark.once,
    pytest.mark.skipif(not available, reason="only Linux has what a fork server needs"),
]

#: What two processes of one app have of their own.
OWN = ("app_id", "root", "root_url", "username")


def config_of(server: Server) -> dict[str, Any]:
    with urllib.request.urlopen(f"{server.url}/config") as response:
        text = re.sub(r" at 0x[0-9a-f]+>", ">", response.read().decode())
    config: dict[str, Any] = json.loads(text)
    return {key: value for key, value in config.items() if key not in OWN}


def test_forked_app_is_like_one_in_a_new_interpreter(newest: Server) -> None:
    """The config is the same, except for what is random or an address."""
    with Server(newest.version, fresh=True) as fresh:
        assert not isinstance(fresh.process, ForkedProcess)
        assert isinstance(newest.process, ForkedProcess)
        assert config_of(newest) == config_of(fresh)


def test_forked_app_ends_alone(newest: Server) -> None:
    """A killed app has its exit code, and another one still works."""
    with Server(newest.version) as other:
        assert other.process.poll() is None
        other.process.kill()
        assert other.process.wait(10) == -signal.SIGKILL == other.process.poll()
        assert newest.control.executions() is not None
    with Server(newest.version) as another:
        assert another.control.executions() == {}
        process = another.process
    assert process.poll() == 0
