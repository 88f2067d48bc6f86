"""Sessions on real servers: who asks.

Both sides are counted where it matters: the app says how often a session was ended, and which
functions ran.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gradio_client_sync import Client
from tests.listening import BOUND
from tests.scripted import config_of, dependency, scripted
from tests.servers.server import Server

pytestmark = pytest.mark.gradio


def seen(app: Client, endpoint: str = "/whoami", **options: Any) -> dict[str, Any]:
    """What the app's function sees of the request."""
    told: dict[str, Any] = json.loads(app.predict(endpoint, **options)[0])
    return told


# -- who asks


def test_query_reaches_the_function(server: Server) -> None:
    """What the address has after its question mark is in the function's request."""
    with Client(f"{server.url}/?user=J. Doe&note=caf%C3%A9&x=1&x=2#top") as app:
        for options in ({}, {"isolated": True}):
            query = seen(app, **options)["query"]
            assert {name: query[name] for name in ("user", "note", "x")} == {
                "user": "J. Doe",
                "note": "café",
                "x": "2",
            }
        assert "J." not in repr(app)
        assert app.url == server.url


def test_query_reaches_a_direct_function(server: Server) -> None:
    """Also one that skips the queue."""
    with Client(f"{server.url}?user=x") as app:
        assert seen(app, "/direct_whoami")["query"] == {"user": "x"}


def test_query_cannot_name_another_session(server: Server) -> None:
    """A query that looks like the client's own changes neither function nor session."""
    with Client(f"{server.url}?session_hash=other&fn_index=0") as app:
        assert app.predict("/add", [2, 3])[0] == 5
        assert [app.predict("/counter")[0] for _ in range(2)] == [1, 2]
        assert seen(app)["session_hash"] in (None, app.session_hash)


def test_no_query_adds_nothing(app: Client) -> None:
    """Without one, functions see none but what older servers put there themselves."""
    assert seen(app)["query"].keys() <= {"fn_index", "session_hash"}


@pytest.mark.parametrize("endpoint", ["/whoami", "/direct_whoami"])
def test_headers_reach_the_function(server: Server, endpoint: str) -> None:
    """The client's own headers are in the function's request, in every session."""
    with Client(server.url, headers={"X-Team": "blue"}) as app:
        assert seen(app, endpoint)["headers"]["x-team"] == "blue"


def test_query_is_in_no_error() -> None:
    """A query may hold a secret, so errors name the address without it."""

    def refuse(x: Any) -> None:
        assert x.query["key"] == "hunter2"
        x.answer({"detail": "no"}, 418)

    config = config_of(dependency(0, "echo"), dependency(1, "direct", queue=False))
    with scripted(config, join=refuse) as app:
        app.scripts["POST /run/direct"] = refuse
        with Client(f"{app.url}/?key=hunter2") as client:
            for endpoint in ("/echo", "/direct"):
                error = client.submit(endpoint, ["x"]).exception(BOUND)
                assert "418" in str(error)
                assert "hunter2" not in f"{error!r} {vars(error)}"
