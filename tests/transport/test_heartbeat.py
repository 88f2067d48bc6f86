"""The heartbeat of a session, on a scripted server: when it opens, breaks and ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gradio_client_sync import Client, _client
from gradio_client_sync._connection import connection as _connection
from tests.support.listeners import BOUND
from tests.support.scripted import (
    CLOSE,
    IncomingRequest,
    ScriptedApp,
    completed,
    config_of,
    scripted,
)

HASH = "session1"
ROUTE = f"GET /heartbeat/{HASH}"


def join(x: IncomingRequest) -> None:
    x.answer({"event_id": "e1"})


def data(x: IncomingRequest) -> None:
    x.start_stream()
    x.send(completed("e1", "done"), CLOSE)
    x.end_stream()


@pytest.fixture
def app() -> Iterator[ScriptedApp]:
    """Yield an app that requests a heartbeat."""
    with scripted(config_of(connect_heartbeat=True), join=join, data=data) as running:
        yield running


def beat(x: IncomingRequest) -> None:
    x.start_stream()
    x.send(b"ALIVE")


def test_heartbeat_waits_for_the_first_call(app: ScriptedApp) -> None:
    """The heartbeat opens with the first call, because before there is nothing to clean up."""
    ended = threading.Event()

    def live(x: IncomingRequest) -> None:
        beat(x)
        assert x.wait_for_hangup()
        ended.set()

    app.scripts[ROUTE] = live
    with Client(app.url, session_hash=HASH) as client:
        assert not app.count(ROUTE)
        for _ in range(2):
            client.predict("/echo", ["x"], timeout=BOUND)
        app.wait_for(ROUTE)
        assert not ended.is_set()
    assert ended.wait(BOUND)
    assert app.count(ROUTE) == 1


def test_heartbeat_begins_before_the_client_closes(
    app: ScriptedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """close() waits briefly until the heartbeat has begun, so the server knows the session."""
    monkeypatch.setattr(_connection, "GOODBYE", BOUND)  # also on a slow machine
    monkeypatch.setattr(_client, "CLOSE_GRACE", BOUND)
    requested, begin, gone = threading.Event(), threading.Event(), threading.Event()

    def live(x: IncomingRequest) -> None:
        requested.set()
        assert begin.wait(BOUND)
        beat(x)
        assert x.wait_for_hangup()
        gone.set()

    app.scripts[ROUTE] = live
    client = Client(app.url, session_hash=HASH)
    client.predict("/echo", ["x"], timeout=BOUND)
    assert requested.wait(BOUND)
    closing = threading.Thread(target=client.close)
    closing.start()
    assert client._lifecycle._closing.wait(BOUND)
    closing.join(0.2)
    assert closing.is_alive() and not gone.is_set()
    begin.set()
    assert gone.wait(BOUND)
    closing.join(BOUND)
    assert not closing.is_alive()


def test_heartbeat_that_never_begins_does_not_keep_a_client_open(app: ScriptedApp) -> None:
    """close() does not wait for long if the heartbeat never begins."""
    app.scripts[ROUTE] = lambda x: x.wait_for_hangup()  # type: ignore[assignment,return-value]
    client = Client(app.url, session_hash=HASH)
    client.predict("/echo", ["x"], timeout=BOUND)
    app.wait_for(ROUTE)
    closing = threading.Thread(target=client.close)
    closing.start()
    closing.join(BOUND)
    assert not closing.is_alive()


@pytest.mark.parametrize("asks", [{}, {"connect_heartbeat": False}, {"connect_heartbeat": None}])
def test_heartbeat_is_only_for_apps_that_ask(asks: dict[str, Any]) -> None:
    """An app that does not request a heartbeat gets none."""
    with scripted(config_of(**asks), join=join, data=data) as app:
        with Client(app.url, session_hash=HASH) as client:
            client.predict("/echo", ["x"], timeout=BOUND)
        assert not app.count(ROUTE)


@pytest.mark.parametrize(
    "new",
    [
        {"components": [{"id": 9, "type": "state", "props": {}}]},
        {"dependencies": [{"id": 9, "targets": [[None, "unload"]]}]},
    ],
    ids=["state", "unload"],
)
def test_heartbeat_comes_with_a_render_that_needs_it(new: dict[str, Any]) -> None:
    """Rendered state or a rendered ``unload`` event starts the heartbeat."""

    def render(x: IncomingRequest) -> None:
        message = completed("e1", "done")
        message["output"]["render_config"] = {"render_id": 0, **new}
        x.start_stream()
        x.send(message, CLOSE)
        x.end_stream()

    with scripted(config_of(), join=join, data=render) as app:
        app.scripts[ROUTE] = beat
        with Client(app.url, session_hash=HASH) as client:
            client.predict("/echo", ["x"], timeout=BOUND)
            app.wait_for(ROUTE)


@pytest.mark.parametrize("how", ["broken off", "ended", "in trouble"])
def test_heartbeat_is_repaired(
    app: ScriptedApp, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A heartbeat that breaks, ends or gets a 503 is opened again, with one warning."""
    times = iter(range(10))

    def live(x: IncomingRequest) -> None:
        if next(times) == 2:
            beat(x)
            assert x.wait_for_hangup()
        elif how == "in trouble":
            x.answer({"detail": "restarting"}, 503)
        else:
            beat(x)
            if how == "ended":
                x.end_stream()
            x.break_off()

    app.scripts[ROUTE] = live
    with caplog.at_level(logging.DEBUG, "gradio_client_sync"):
        with Client(app.url, session_hash=HASH) as client:
            client.predict("/echo", ["x"], timeout=BOUND)
            app.wait_for(ROUTE, times=3)
    broke = [record for record in caplog.records if " broke " in record.getMessage()]
    assert all(f"session on the app at {app.url} broke" in r.getMessage() for r in broke)
    assert all(HASH not in record.getMessage() for record in broke)
    assert [record.levelname for record in broke] == ["WARNING", "DEBUG"]
    assert "again in 0.5 s" in broke[0].getMessage()
    assert "again in 1 s" in broke[1].getMessage()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_heartbeat_is_not_retried_after_a_refusal(
    app: ScriptedApp, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A heartbeat that the server refuses is not opened again, and calls continue."""
    app.scripts[ROUTE] = lambda x: x.answer({"detail": "no"}, status)
    with caplog.at_level(logging.WARNING, "gradio_client_sync"):
        with Client(app.url, session_hash=HASH) as client:
            for _ in range(3):
                client.predict("/echo", ["x"], timeout=BOUND)
            app.wait_for(ROUTE)
    assert app.count(ROUTE) == 1
    (said,) = [r.getMessage() for r in caplog.records if "heartbeat" in r.getMessage()]
    assert f"the app at {app.url}" in said and HASH not in said
    assert "refused it" in said
    assert str(status) in said


def test_close_ends_the_wait_for_a_repair(app: ScriptedApp) -> None:
    """close() ends the wait for the next attempt, and no further one is made."""

    def live(x: IncomingRequest) -> None:
        x.answer({"detail": "restarting"}, 503)

    app.scripts[ROUTE] = live
    client = Client(app.url, session_hash=HASH)
    client.predict("/echo", ["x"], timeout=BOUND)
    app.wait_for(ROUTE, times=3)  # the next wait takes two seconds
    client.close()
    assert app.count(ROUTE) == 3


def test_reset_opens_a_heartbeat_of_its_own(app: ScriptedApp) -> None:
    """A reset closes the heartbeat, and the new session opens its own with its first call."""
    ended = threading.Event()

    def live(x: IncomingRequest) -> None:
        beat(x)
        assert x.wait_for_hangup()
        ended.set()

    app.scripts[ROUTE] = live
    with Client(app.url, session_hash=HASH) as client:
        client.predict("/echo", ["x"], timeout=BOUND)
        app.wait_for(ROUTE)
        client.reset_session()
        assert ended.wait(BOUND)
        second = f"GET /heartbeat/{client.session_hash}"
        app.scripts[second] = beat
        assert not app.count(second)
        client.predict("/echo", ["x"], timeout=BOUND)
        app.wait_for(second)
    assert app.count(ROUTE) == 1
