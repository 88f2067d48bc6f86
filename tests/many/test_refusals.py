"""Items that the app refuses: rate limits, gateways, a full queue, an app that restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from gradio_client_sync import Client, HTTPStatusError
from tests.support.scripted import IncomingRequest, ScriptedApp, config_of, dependency

RUN = "POST /run/direct"

pytestmark = pytest.mark.once


@pytest.fixture
def server() -> Iterator[ScriptedApp]:
    with ScriptedApp(config_of(dependency(0, "direct", queue=False))) as app:
        yield app


def echo(x: IncomingRequest) -> None:
    x.answer({"data": x.json["data"]})


@pytest.mark.parametrize("status", [429, 503])
def test_items_that_a_gateway_refuses_go_again(server: ScriptedApp, status: int) -> None:
    """They are called once, and there is no storm of refusals."""
    lock, seen = threading.Lock(), []

    def run(x: IncomingRequest) -> None:
        with lock:
            seen.append(x.json["data"][0])
            refuses = len(seen) in (3, 4, 9)
        if refuses:
            x.answer({"detail": "later"}, status, headers={"Retry-After": "0.01"})
        else:
            echo(x)

    server.scripts[RUN] = run
    with Client(server.url) as app:
        results = app.map("/direct", [[str(number)] for number in range(12)])
        outcomes = list(results.outcomes())
    assert [outcome.data[0] for outcome in outcomes] == [str(number) for number in range(12)]
    assert {outcome.attempts for outcome in outcomes} == {1}
    assert results.counts.refused == 3
    assert len(seen) == 15


def test_items_that_may_have_run_do_not_go_again(server: ScriptedApp) -> None:
    """A gateway may send a 502 while the function runs."""
    server.scripts[RUN] = lambda x: x.answer({"detail": "bad gateway"}, 502)
    with Client(server.url) as app:
        errors = list(app.map("/direct", [["a"], ["b"]], on_error="return"))
    assert [error.status_code for error in errors if isinstance(error, HTTPStatusError)] == [
        502
    ] * 2
    assert server.count(RUN) == 2
