"""``/info`` is requested once, and after a failure only again after some time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gradio_client_sync import Client
from gradio_client_sync._session import info as _info
from gradio_client_sync._transport import once as _once
from gradio_client_sync._transport.deadlines import NEVER, Deadline
from gradio_client_sync._transport.http import Http
from gradio_client_sync._transport.http_options import HttpOptions
from gradio_client_sync.errors import ClientClosedError, EndpointNotFoundError
from tests.conftest import SERVERS
from tests.support.gateway import Gateway, ResponseForm
from tests.support.listeners import BOUND
from tests.support.scripted import Gate, IncomingRequest, ScriptedApp
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.once

NO_INFO = Path(__file__).parents[1] / "support" / "servers" / "no_info.py"
VERSIONS = [version for version in SERVERS if version != "3.23.0"]  # /info came with 3.26


@pytest.fixture(scope="module", params=VERSIONS)
def broken(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield a real server whose ``/info`` responds with 500."""
    with Server(request.param, app=[NO_INFO]) as server:
        yield server


@pytest.fixture
def gateway(broken: Server) -> Iterator[Gateway]:
    """Yield a gateway to that server, which records the requests."""
    with Gateway(broken.url, ResponseForm()) as gateway:
        yield gateway


def info_requests(gateway: Gateway) -> int:
    """Return the number of requests for ``/info``."""
    return sum("/info" in request.partition("\r\n")[0] for request in gateway.requests)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


@pytest.mark.gradio
@pytest.mark.parametrize("version", SERVERS)
def test_one_endpoint_is_described(version: str, server_pool: ServerPool) -> None:
    with Client(server_pool.get(version).url) as app:
        everything = app.view_api()
        name = next(iter(everything["named_endpoints"]))
        for given in (name, name[1:]):
            one = app.view_api(given)
            assert one["named_endpoints"] == {name: everything["named_endpoints"][name]}
            assert not one["unnamed_endpoints"]
            assert f"── {name} " in str(one)
        with pytest.raises(EndpointNotFoundError, match="/no_such"):
            app.view_api("/no_such")


@pytest.mark.gradio
@pytest.mark.client_only
def test_info_that_fails_is_requested_once(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """If ``/info`` fails, calls by name use the config, with one warning and one request."""
    with Client(gateway.url) as app:
        for name in ("/times", "/direct", "/times"):
            assert app.predict(name, {"text": "ab", "how_many": 2})[0] == "abab"
            assert app.predict(name, {"text": "ab"})[0] == "ababab"
        assert info_requests(gateway) == 1
        (warning,) = warnings(caplog)
        assert "/info" in warning
        assert "500" in warning
        assert set(app.view_api()["named_endpoints"]) == {"/times", "/direct"}
        assert info_requests(gateway) == 2  # view_api() always requests the description
        assert app.predict("/times", {"text": "ab"})[0] == "ababab"
        assert info_requests(gateway) == 2
    with Client(gateway.url) as app:
        assert app.predict("/times", {"text": "x"})[0] == "xxx"
    assert info_requests(gateway) == 3


@pytest.mark.gradio
def test_info_is_requested_once_by_several_threads(gateway: Gateway) -> None:
    """Calls that begin at the same time share one request."""
    with Client(gateway.url) as app, ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda n: app.predict("/times", {"text": "x"})[0], range(16))
        assert list(results) == ["xxx"] * 16
    assert info_requests(gateway) == 1


# -- failures that are kept for some time


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_once, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("status", "body", "seconds"),
    [
        (500, b"oh no", _info.FAILED),
        (403, b"", _info.FAILED),
        (200, b"<html>login</html>", _info.FAILED),
        (502, b"", _info.FAILED_TEMPORARILY),
        (429, b"", _info.FAILED_TEMPORARILY),
        (504, b"", _info.FAILED_TEMPORARILY),
    ],
)
def test_info_failure_is_kept_for_some_time(
    status: int, body: bytes, seconds: float, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure is kept for some time, longer for the app's own than for a gateway's."""
    with ScriptedApp() as app:
        app.scripts["GET /info"] = lambda x: x.answer(body, status)
        http = Http(app.url, HttpOptions(rate_limit_patience=0.0))
        info = _info.Info(http, f"{app.url}/info")
        for late, times in ((0.0, 1), (seconds - 1, 1), (2.0, 2)):
            clock.now += late
            assert info.get(NEVER) is None
            assert app.count("GET /info") == times
        assert len(warnings(caplog)) == 1
        assert info.get(NEVER, again=True) is None
        assert len(warnings(caplog)) == 2  # a call that requests it always gets the warning
        info.forget()
        app.scripts["GET /info"] = lambda x: x.answer({"named_endpoints": {}})
        assert info.get(NEVER) == {"named_endpoints": {}}
        clock.now += 10 * seconds
        assert info.get(NEVER, again=True) == {"named_endpoints": {}}
        assert app.count("GET /info") == 4
        http.close()
        info.forget()
        with pytest.raises(ClientClosedError):
            info.get(NEVER)


def test_info_failure_by_a_short_deadline_is_not_kept() -> None:
    """A failure that the caller's short deadline caused is not kept."""
    gate = Gate()

    def wait(exchange: IncomingRequest) -> None:
        gate.pass_through()
        exchange.answer({"named_endpoints": {}})

    with ScriptedApp() as app:
        app.scripts["GET /info"] = wait
        http = Http(app.url)
        info = _info.Info(http, f"{app.url}/info")
        assert info.get(Deadline.after(0.05)) is None
        gate.open()
        assert info.get(Deadline.after(BOUND)) == {"named_endpoints": {}}
        http.close()


def test_info_of_a_server_that_has_none_is_empty() -> None:
    """A 404 means an empty description: servers before 3.26 have none."""
    with ScriptedApp() as app:
        http = Http(app.url)
        info = _info.Info(http, f"{app.url}/info")
        assert info.get(NEVER) == info.get(NEVER, again=True) == {}
        assert app.count("GET /info") == 1
        http.close()
