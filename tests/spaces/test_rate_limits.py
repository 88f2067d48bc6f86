"""Rate limits (429): the client waits where that is safe and in time, and otherwise raises.

Waiting is safe if the server has accepted nothing, which is always so before a job has joined. A
limit that ends after the caller's deadline is raised at once, with the time of its end.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    BrokenStreamError,
    Client,
    RateLimitError,
    duplicate,
)
from tests.conftest import SERVERS
from tests.support.generations import servers_with
from tests.support.hub.hub import LocalHub, proxy_of
from tests.support.hub.plugin import OWNER
from tests.support.hub.space_proxy import SpaceProxy
from tests.support.listeners import BOUND
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio

FIVE = (5, "5", "5.0")


@pytest.fixture
def limited(server: Server) -> Iterator[SpaceProxy]:
    """Yield a proxy in front of each real server in turn."""
    proxy = SpaceProxy(server.url, lambda request: None)
    yield proxy
    proxy.close()


# -- of a Space ---------------------------------------------------------------------------


def test_rate_limit_of_the_config_is_waited_for(hub: LocalHub, newest: Server) -> None:
    """After a Space's rate limit has ended, the client connects."""
    space = hub.add("alice/busy", app=newest.url)
    proxy_of(space).limit("/config", 0.01, times=2)
    with Client("alice/busy"):
        assert len(proxy_of(space).requests_to("/config")) == 3


def test_rate_limit_beyond_wake_timeout_is_an_error(hub: LocalHub, newest: Server) -> None:
    """A limit beyond ``wake_timeout`` raises at once."""
    space = hub.add("alice/busy", app=newest.url)
    proxy_of(space).limit("/config", 600)
    with pytest.raises(RateLimitError, match="asks to wait 600 s") as caught:
        Client("alice/busy", wake_timeout=60)
    assert caught.value.retry_after == 600


def test_rate_limit_of_a_join_is_waited_for(hub: LocalHub, server: Server) -> None:
    """A refused join is repeated on every generation, because the job has not run."""
    space = hub.add("alice/busy", app=server.url)
    with Client("alice/busy") as app:
        proxy_of(space).limit("/queue/join", 0.01, times=2)
        assert app.predict("/add", [2, 3])[0] in FIVE
        assert proxy_of(space).refuse == []
        proxy_of(space).limit("/run/", None)
        assert app.predict("/direct", ["a"])[0]
        assert proxy_of(space).refuse == []


def test_rate_limit_of_a_join_that_lasts_is_an_error(hub: LocalHub, server: Server) -> None:
    """A limit that lasts too long fails the job, with the time of its end."""
    space = hub.add("alice/busy", app=server.url)
    with Client("alice/busy") as app:
        proxy_of(space).limit("/queue/join", 600)
        with pytest.raises(RateLimitError) as caught:
            app.predict("/add", [2, 3])
        assert caught.value.retry_after == 600
        proxy_of(space).limit("/run/", 600)
        with pytest.raises(RateLimitError) as caught:
            app.predict("/direct", ["a"])
        assert caught.value.retry_after == 600


@servers_with("shared stream")
def test_rate_limit_of_a_stream_is_waited_for(hub: LocalHub, server: Server) -> None:
    """A refused stream is opened later, because the server keeps the jobs' messages."""
    space = hub.add("alice/busy", app=server.url)
    with Client("alice/busy") as app:
        proxy_of(space).limit("/queue/data", 0.01, times=2)
        assert app.predict("/add", [2, 3])[0] in FIVE
        proxy_of(space).limit("/queue/data", 600)
        with pytest.raises(BrokenStreamError, match="rate limit"):
            app.predict("/add", [2, 3])
        proxy_of(space).limit("/queue/data", 20)
        job = app.submit("/add", [2, 3])
        assert proxy_of(space).refused.wait(BOUND)
    assert job.cancelled()


@servers_with("shared stream")
def test_rate_limit_wait_can_be_cancelled(hub: LocalHub, server: Server) -> None:
    """A job that waits for a limit is cancelled at once."""
    space = hub.add("alice/busy", app=server.url)
    with Client("alice/busy") as app:
        proxy_of(space).limit("/queue/join", 25)
        job = app.submit("/add", [2, 3])
        assert proxy_of(space).refused.wait(BOUND)
        assert job.cancel()
        assert job.cancelled()
        assert len(proxy_of(space).requests_to("/queue/join")) == 1


# -- within a call's time -----------------------------------------------------------------

LATER = 25.0  # s that the server requests; the client would wait so long without a deadline
TIME = 20.0  # s until the call's deadline; no test waits for it


def test_rate_limit_beyond_the_deadline_of_connecting_is_an_error(newest: Server) -> None:
    """A limit beyond the client's deadline raises at once while connecting."""
    proxy = SpaceProxy(newest.url, lambda request: None)
    try:
        proxy.limit("/config", LATER)
        with pytest.raises(RateLimitError, match="asks to wait 25 s") as caught:
            Client(proxy.url, deadline=TIME)
        assert caught.value.retry_after == LATER
        assert len(proxy.seen) == 1
    finally:
        proxy.close()


@pytest.mark.parametrize(
    ("endpoint", "payload", "route"),
    [("/add", [2, 3], "/queue/join"), ("/direct", ["a"], "/run/")],
)
def test_rate_limit_beyond_the_deadline_of_a_call_is_an_error(
    limited: SpaceProxy, endpoint: str, payload: list[Any], route: str
) -> None:
    """A limit beyond a call's deadline raises at once, on every generation and both routes."""
    with Client(limited.url) as app:
        limited.limit(route, LATER)
        with pytest.raises(RateLimitError) as caught:
            app.predict(endpoint, payload, timeout=TIME)
        assert (caught.value.retry_after, caught.value.status_code) == (LATER, 429)
        assert len(limited.requests_to(route)) == 1
        limited.limit(route, 0.01)
        assert app.predict(endpoint, payload, timeout=TIME)[0]


def test_rate_limit_of_an_upload(limited: SpaceProxy, tmp_path: Path) -> None:
    """A refused upload is repeated if that is in time, on every generation."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"hello" * 1000)
    with Client(limited.url, download_dir=tmp_path / "down") as app:
        limited.limit("/upload", LATER)
        with pytest.raises(RateLimitError, match=r"Uploading 'a\.txt'") as caught:
            app.predict("/file", [path], timeout=TIME)
        assert caught.value.retry_after == LATER
        assert len(limited.requests_to("/upload")) == 1
        limited.limit("/upload", 0.01)
        uploads: list[tuple[int, Any]] = []
        job = app.submit("/file", [path], timeout=TIME)
        job.on("upload", lambda upload: uploads.append((upload.done_bytes, upload.total_bytes)))
        assert job.result(BOUND)[0].read() == b"hello" * 1000
        assert len(limited.requests_to("/upload")) == 3
    assert uploads == sorted(uploads)
    assert uploads[-1] == (5000, 5000)


def test_rate_limit_of_an_upload_that_cannot_be_repeated(limited: SpaceProxy) -> None:
    """A stream that can be read only once is not sent again, and the job fails."""

    class Stream(io.RawIOBase):
        name = "once.bin"

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            return 0

    with Client(limited.url) as app:
        limited.limit("/upload", 0.01)
        with pytest.raises(RateLimitError, match=r"once\.bin"):
            app.predict("/file", [Stream()], timeout=TIME)
        assert len(limited.requests_to("/upload")) == 1


def test_rate_limit_of_a_download(limited: SpaceProxy, tmp_path: Path) -> None:
    """A refused download is repeated if that is in time, on every generation."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"hello")
    with Client(limited.url, download_dir=tmp_path / "down") as app:
        [remote] = app.predict("/file", [path])
        limited.limit("/file=", 0.01)
        assert remote.read() == b"hello"
        [remote] = app.predict("/file", [path])  # content that was read is not fetched again
        limited.limit("/file=", 600)
        with pytest.raises(RateLimitError, match="asks to wait 600 s") as caught:
            remote.read()
        assert caught.value.retry_after == 600


def test_rate_limit_of_a_login(server_pool: ServerPool) -> None:
    """A refused login is repeated within the deadline."""
    app = server_pool.get(SERVERS[-1], auth="user:password")
    proxy = SpaceProxy(app.url, lambda request: None)
    try:
        proxy.limit("/login", LATER)
        with pytest.raises(RateLimitError) as caught:
            Client(proxy.url, auth=("user", "password"), deadline=TIME)
        assert caught.value.retry_after == LATER
        proxy.limit("/login", 0.01)
        with Client(proxy.url, auth=("user", "password"), deadline=TIME) as client:
            assert client.predict("/add", [2, 3])[0] in FIVE
    finally:
        proxy.close()


@pytest.mark.skipif(SERVERS[-1] < "5", reason="older servers have no app_id")
def test_rate_limit_of_the_check_for_a_changed_app(newest: Server) -> None:
    """A limit of the check for a changed app does not delay or fail the call."""
    proxy = SpaceProxy(newest.url, lambda request: None)
    try:
        with Client(proxy.url) as app:
            app._connection.http.heard = -1e9  # as after a long silence
            proxy.limit("/app_id", LATER)
            assert app.predict("/add", [2, 3], timeout=TIME)[0] in FIVE
            assert len(proxy.requests_to("/app_id")) == 1
    finally:
        proxy.close()


# -- of the Hub ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step", ["GET .*/erin/paint$", "whoami", "POST", "hardware", "variables", "GET .*/alice/paint$"]
)
def test_rate_limit_of_a_copy(hub: LocalHub, newest: Server, step: str) -> None:
    """Each step of a copy is repeated after a short limit, and raises after a long one."""
    hub.add("erin/paint", app=newest.url)
    hub.add("alice/paint", app=newest.url, variables={"A": "1"})
    options: dict[str, Any] = {"hardware": "cpu-basic", "variables": {"A": "1"}}
    hub.fail(step, 429, {"Retry-After": "0.01"})
    with duplicate("erin/paint", hf_token=OWNER, **options) as app:
        assert app.source == "alice/paint"
    hub.fail(step, 429, {"Retry-After": "600"})
    with pytest.raises(RateLimitError) as caught:
        duplicate("erin/paint", hf_token=OWNER, **options)
    assert caught.value.retry_after == 600.0
    assert OWNER not in str(caught.value)
