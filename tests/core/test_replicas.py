"""How replicas are recognised, and when the client checks for them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_client_sync import BrokenStreamError, Client
from gradio_client_sync._protocol.replicas import CAUSE, ENOUGH, MOST, is_clear, take_turns
from gradio_client_sync._session import replicas as _replicas
from gradio_client_sync._transport import shared_stream
from gradio_client_sync._transport.http import Http
from gradio_client_sync._transport.http_options import HttpOptions
from tests.support.listeners import BOUND
from tests.support.scripted import (
    CLOSE,
    Gate,
    IncomingRequest,
    ScriptedApp,
    completed,
    config_of,
    scripted,
)


@pytest.mark.parametrize(
    ("ids", "turns"),
    [
        ([], False),
        ([1], False),
        ([1, 1, 1], False),
        ([1, 2], False),
        ([1, 1, 2, 2], False),
        ([1, 2, 3], False),
        ([1, 2, 1], True),
        ([1, 1, 2, 2, 1], True),
        ([1, 401, 1], True),
        ([1, 2, 3, 2], True),
    ],
)
def test_replicas_show_by_an_id_that_comes_back(ids: list[int], turns: bool) -> None:
    """Replicas are recognised by an id that comes back, which a restart never causes."""
    assert take_turns(ids) is turns


@given(st.lists(st.integers(0, 2)))
def test_replicas_enough_is_asked_and_no_more(ids: list[int]) -> None:
    """The check ends after some requests, and later if a change of the id is not clear yet."""
    seen: list[int] = []
    for one in itertools.chain(ids, itertools.repeat(7)):
        if is_clear(seen):
            break
        seen.append(one)
    assert len(seen) <= MOST
    assert take_turns(seen) or len(seen) in (ENOUGH, MOST)


def app_with_ids(app: ScriptedApp, ids: Iterable[Any]) -> tuple[Http, _replicas.ReplicaCheck]:
    """Return a check of an app with these ids: ``None`` breaks the connection."""
    left = iter(ids)

    def answer(exchange: IncomingRequest) -> None:
        one = next(left)
        if one is None:
            exchange.break_off()
        elif one == 401:
            exchange.answer({"detail": "Not authenticated"}, 401)
        else:
            exchange.answer({"app_id": one})

    app.scripts["GET /app_id"] = answer
    http = Http(app.url, HttpOptions(headers={"x-mine": "1"}, cookies={"mine": "cookie"}))
    return http, _replicas.ReplicaCheck(http, f"{app.url}/app_id", known=True)


@pytest.mark.parametrize(
    ("ids", "requests", "found"),
    [
        (itertools.cycle([1, 2]), 3, True),
        (itertools.cycle([1, 401]), 3, True),
        (itertools.repeat(1), ENOUGH, False),
        (itertools.chain([1, 1], itertools.repeat(2)), MOST, False),
        ([1, None], 2, False),
        ([None], 1, False),
    ],
)
def test_replicas_are_asked_for_on_new_connections(
    ids: Iterable[Any], requests: int, found: bool
) -> None:
    """Each request of the check uses a new connection, with the client's headers and cookies."""
    ports: list[int] = []
    with ScriptedApp() as app:
        http, replicas = app_with_ids(app, ids)
        script = app.scripts["GET /app_id"]

        def remember(exchange: IncomingRequest) -> None:
            ports.append(exchange.port)
            script(exchange)

        app.scripts["GET /app_id"] = remember
        assert replicas.cause() == (CAUSE if found else "")
        assert replicas.cause() == (CAUSE if found else "")  # the result is kept
        assert app.count("GET /app_id") == len(set(ports)) == requests
        assert all("x-mine: 1" in head and "mine=cookie" in head for head in app.heads)
        http.close()


def test_replicas_of_an_app_without_an_id_are_not_looked_for() -> None:
    """Servers before 3.50 have no id, so there is no check."""
    with ScriptedApp() as app:
        http = Http(app.url)
        assert _replicas.ReplicaCheck(http, f"{app.url}/app_id", known=False).cause() == ""
        assert not app.requests
        http.close()


def test_replicas_are_not_looked_for_by_a_closed_client() -> None:
    """A closed client makes no check."""
    with ScriptedApp() as app:
        http, replicas = app_with_ids(app, itertools.cycle([1, 2]))
        http.close()
        assert replicas.cause() == ""
        assert not app.requests


# -- on the shared stream


HEARTBEAT = {"msg": "heartbeat"}
ESTIMATION = {"msg": "estimation", "event_id": "e1", "rank": 0, "queue_size": 1, "rank_eta": 1}


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a job count as silent as soon as it has joined."""
    monkeypatch.setattr(shared_stream, "SILENT_AFTER", 0.0)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("spread", [True, False])
def test_replicas_a_job_that_hears_nothing_has_the_cause_found_out(spread: bool) -> None:
    """If a job gets no message, a heartbeat starts a check on another thread than the reader's."""
    checked = Gate()
    ids = itertools.cycle([1, 2]) if spread else itertools.repeat(1)
    last = itertools.count(1)

    def app_id(exchange: IncomingRequest) -> None:
        exchange.answer({"app_id": next(ids)})
        if next(last) == (3 if spread else ENOUGH):
            checked.open()

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(HEARTBEAT)
        checked.pass_through()
        if not spread:
            exchange.send(completed("e1", "late"), CLOSE)
            exchange.end_stream()
        else:
            assert exchange.wait_for_hangup()

    with scripted(config_of(app_id=1), join=joined, data=data) as server:
        server.scripts["GET /app_id"] = app_id
        with Client(server.url) as app:
            job = app.submit("/echo", ["x"])
            if spread:
                error = job.exception(BOUND)
                assert isinstance(error, BrokenStreamError)
                assert "no message arrived for it. The app seems to run as several" in str(error)
                assert error.accepted is True
                assert str(error).count("replicas") == 1
            else:
                assert job.result(BOUND)[0] == "late"


@pytest.mark.usefixtures("at_once")
def test_replicas_are_not_looked_for_while_a_job_hears_something() -> None:
    """A job that gets messages, also in a long queue, causes no check."""

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        exchange.send(ESTIMATION, HEARTBEAT, HEARTBEAT, completed("e1", "end"), CLOSE)
        exchange.end_stream()

    with scripted(config_of(app_id=1), join=joined, data=data) as server:
        with Client(server.url) as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "end"
        assert server.count("GET /app_id") == 0


def test_replicas_a_stream_that_says_that_it_breaks_is_over() -> None:
    """A stream that reports an error is closed, also if a gateway keeps the connection open."""
    broken: dict[str, Any] = {"msg": "unexpected_error", "message": "404: Not Found"}
    turn, names = itertools.count(), iter(["e1", "e2"])

    def data(exchange: IncomingRequest) -> None:
        exchange.start_stream()
        if next(turn) == 0:
            exchange.send({**broken, "event_id": None, "success": False})
            assert exchange.wait_for_hangup()
        else:
            exchange.send(completed("e2", "second"), CLOSE)
            exchange.end_stream()

    def join(exchange: IncomingRequest) -> None:
        exchange.answer({"event_id": next(names)})

    with scripted(join=join, data=data) as server, Client(server.url) as app:
        with pytest.raises(BrokenStreamError, match="404: Not Found"):
            app.predict("/echo", ["x"], timeout=BOUND)
        assert app.predict("/echo", ["y"], timeout=BOUND)[0] == "second"


def joined(exchange: IncomingRequest) -> None:
    exchange.answer({"event_id": "e1"})
