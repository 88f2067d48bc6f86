"""Several replicas of an app behind a gateway without sticky sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gradio_client_sync import (
    AppError,
    AuthenticationError,
    BrokenStreamError,
    Client,
    DownloadError,
    GradioClientError,
)
from tests.conftest import SERVERS
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.replicas_gateway import ReplicasGateway
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = [pytest.mark.gradio, pytest.mark.once]

CAUSE = r"several replicas .*without sticky sessions.*session affinity"
LATER = 55.0  # s; a bound for failures: servers send a heartbeat every 15 s
KNOWN = [v for v in SERVERS if v in ("3.50.2", "4.0.2", "4.12.0", "4.44.1", "5.50.0", "6.31.0")]
QUEUED = [v for v in KNOWN if v != "3.50.2"]  # on 3.50.2 each job has one connection
SILENT = [  # each takes 15 s
    version if version == "6.31.0" else pytest.param(version, marks=pytest.mark.long)
    for version in QUEUED
    if version in ("4.44.1", "5.50.0", "6.31.0")
]


@pytest.fixture(scope="module")
def second(request: pytest.FixtureRequest) -> Iterator[dict[str, Server]]:
    """Yield the second replica of each version, which starts at its first use."""
    with ExitStack() as stack:

        class Servers(dict[str, Server]):
            def __missing__(self, version: str) -> Server:
                self[version] = stack.enter_context(Server(version))
                return self[version]

        yield Servers()


def both(pool: ServerPool, second: dict[str, Server], version: str) -> list[Server]:
    return [pool.get(version), second[version]]


def spread(servers: list[Server], rules: dict[str, int]) -> ReplicasGateway:
    return ReplicasGateway([server.url for server in servers], rules)


def ran(servers: list[Server], name: str) -> int:
    return sum(server.control.executions().get(name, 0) for server in servers)


@pytest.mark.parametrize("version", QUEUED)
def test_replicas_a_stream_at_another_server_is_named(
    server_pool: ServerPool, second: dict[str, Server], version: str
) -> None:
    """If the stream goes to another server, the error names the cause, and nothing runs twice."""
    servers = both(server_pool, second, version)
    before = ran(servers, "echo")
    with spread(servers, {"/queue/join": 0, "/queue/data": 1}) as gateway:
        with Client(gateway.url, retries=3) as app:
            with pytest.raises(BrokenStreamError, match=CAUSE) as caught:
                app.predict("/echo", ["x"], timeout=LATER)
            assert caught.value.accepted is not False
            job = app.submit("/echo", ["y"], timeout=LATER)
            assert isinstance(job.exception(LATER), BrokenStreamError)
            message = job.status.message
            assert message is not None
            assert "session affinity" in message
    assert ran(servers, "echo") - before <= 2


@pytest.mark.parametrize("version", SILENT)
def test_replicas_a_stream_that_is_silent_but_alive_is_named(
    server_pool: ServerPool, second: dict[str, Server], version: str
) -> None:
    """If the other server knows the session, its stream has only heartbeats; the error says why."""
    servers = both(server_pool, second, version)
    with spread(servers, {"/queue/": 0}) as gateway, Client(gateway.url) as app:
        assert app.predict("/echo", ["x"], timeout=LATER)[0] == "x"
        gateway.rules = {"/queue/join": 1, "/queue/data": 0}
        with pytest.raises(BrokenStreamError, match=f"no message arrived for it.*{CAUSE}"):
            app.predict("/echo", ["y"], timeout=LATER)


@pytest.mark.parametrize("version", KNOWN)
def test_replicas_files_of_another_server_are_named(
    server_pool: ServerPool, second: dict[str, Server], version: str, tmp_path: Path
) -> None:
    """If the file of a result or an upload is on another server, the error names the cause."""
    servers = both(server_pool, second, version)
    with spread(servers, {"/queue/": 0, "file=": 1}) as gateway, Client(gateway.url) as app:
        made = app.predict("/make_file", [10], timeout=LATER)[0]
        with pytest.raises(DownloadError, match=f"made.*{CAUSE}"):
            made.read()
    if version in ("3.50.2", "4.0.2", "4.12.0"):
        return  # these read any file, and both servers run on this machine
    with spread(servers, {"/queue/": 0, "/upload": 1}) as gateway, Client(gateway.url) as app:
        with pytest.raises(AppError, match=CAUSE):
            app.predict("/file", [b"content"], timeout=LATER)


@pytest.mark.parametrize("version", KNOWN)
def test_replicas_with_a_login_each_are_named(version: str) -> None:
    """If a login is valid at one server only, the error names the cause, in any request."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(version, auth="user:password")) for _ in range(2)]
        with spread(servers, {"/login": 0, "/config": 1}) as gateway:
            with pytest.raises(AuthenticationError, match=r"accepted the login.*several replicas"):
                Client(gateway.url, auth=("user", "password"))
        with spread(servers, {"/login": 0, "/config": 0}) as gateway:
            with Client(gateway.url, auth=("user", "password")) as app:
                gateway.rules = {"/run/": 1}
                with pytest.raises(GradioClientError, match=CAUSE):
                    app.predict("/direct", ["abc"], timeout=LATER)


@pytest.mark.parametrize("version", KNOWN)
def test_replicas_are_not_blamed_for_one_server(
    server_pool: ServerPool, second: dict[str, Server], version: str
) -> None:
    """If one server fails, or another replaces it, the error does not blame replicas."""
    servers = both(server_pool, second, version)
    with FaultProxy(servers[0].url) as proxy, Client(proxy.url) as app:
        proxy.fault = Fault(b"/queue/", 9, after=b"process_starts")
        with pytest.raises(BrokenStreamError) as caught:
            app.predict("/echo", ["x"], timeout=LATER)
        assert "replicas" not in str(caught.value)
    with spread(servers, {"": 0}) as gateway, Client(gateway.url) as app:
        made = app.predict("/make_file", [10], timeout=LATER)[0]
        gateway.rules = {"": 1}
        with pytest.raises(DownloadError) as gone:
            made.read()
        assert "replicas" not in str(gone.value)
