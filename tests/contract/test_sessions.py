"""Sessions on real servers: state, reset, the heartbeat, rendered functions, query and token.

Both sides are checked where possible: the app counts how often a session ended, and which functions
ran.
"""

from __future__ import annotations

import concurrent.futures
import json
import threading
from typing import Any

import pytest

from gradio_client_sync import Client, EndpointNotFoundError
from gradio_client_sync._transport.connections import RequestHandle
from gradio_client_sync._transport.deadlines import NEVER
from tests.support.breakable_relay import BreakableRelay
from tests.support.generations import servers_with, servers_without
from tests.support.listeners import BOUND, EventRecorder
from tests.support.scripted import completed, config_of, dependency, scripted
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio


def seen(app: Client, endpoint: str = "/whoami", **options: Any) -> dict[str, Any]:
    """Return what the app's function sees of the request."""
    request: dict[str, Any] = json.loads(app.predict(endpoint, **options)[0])
    return request


# -- state


def test_state_survives_until_the_reset(app: Client) -> None:
    """State continues from call to call, and each reset starts a new state."""
    assert [app.predict("/counter")[0] for _ in range(3)] == [1, 2, 3]
    for _ in range(2):
        before = app.session_hash
        app.reset_session()
        assert app.session_hash != before
        assert [app.predict("/counter")[0] for _ in range(2)] == [1, 2]


def test_reset_to_a_named_session(newest: Server) -> None:
    """A reset with an id continues the session of this id, and refuses an invalid id."""
    with Client(newest.url) as one, Client(newest.url) as other:
        assert one.predict("/counter")[0] == 1
        other.reset_session(one.session_hash)
        assert other.session_hash == one.session_hash
        assert other.predict("/counter")[0] == 2
        with pytest.raises(ValueError, match="session_hash"):
            other.reset_session("a b")


def test_reset_is_about_one_client(app: Client, server: Server) -> None:
    """A reset does not change the session and state of another client."""
    with Client(server.url) as other:
        assert other.predict("/counter")[0] == 1
        app.reset_session()
        assert app.predict("/counter")[0] == 1
        assert other.predict("/counter")[0] == 2


def test_job_under_way_survives_the_reset(app: Client, server: Server, key: str) -> None:
    """A running job of the old session continues to its end, beside jobs of the new one."""
    old, values = app.submit("/endless", [key]), EventRecorder()
    old.on("data", values)
    values.wait_for()
    app.reset_session()
    assert app.predict("/echo", ["new"])[0] == "new"
    count = len(values.events)
    values.wait_for(after=count)
    server.control.release(key)
    last = old.result(BOUND)
    assert last[0] == str(server.control.ledger(key)["ticks"] - 1)
    assert [data[0] for data in old.outputs][-1] == last[0]


def test_reset_during_calls(app: Client, server: Server) -> None:
    """Calls that run during resets each succeed once, in the old session or the new one."""
    before = server.control.executions()["echo"] if server.control.executions() else 0
    stop = threading.Event()

    def reset() -> int:
        count = 0
        while not stop.is_set():
            app.reset_session()
            count += 1
            app.predict("/echo", ["between"])
        return count

    with concurrent.futures.ThreadPoolExecutor() as pool:
        resets = pool.submit(reset)
        jobs = [app.submit("/echo", [str(n)]) for n in range(40)]
        texts = [job.result(BOUND)[0] for job in jobs]
        stop.set()
        between = resets.result(BOUND)
    assert texts == [str(n) for n in range(40)]
    assert between >= 1
    assert server.control.executions()["echo"] - before == 40 + between


def test_reset_of_a_closed_client(server: Server) -> None:
    """reset_session() raises after close()."""
    app = Client(server.url)
    app.close()
    with pytest.raises(RuntimeError, match="closed"):
        app.reset_session()


# -- the heartbeat


@servers_with("heartbeat")
def test_session_is_ended_by_the_close(server: Server) -> None:
    """close() runs the app's ``unload`` handlers for the session once."""
    with Client(server.url) as app:
        name = app.session_hash
        app.predict("/echo", ["hi"])
        assert server.control.ledger(name)["unloaded"] == 0
    assert server.control.await_unloaded(name)
    assert server.control.ledger(name)["unloaded"] == 1


@servers_with("heartbeat")
def test_session_of_direct_calls_is_ended_too(server: Server) -> None:
    """A session that only direct calls used is ended too."""
    with Client(server.url) as app:
        name = app.session_hash
        app.predict("/direct", ["hi"])
    assert server.control.await_unloaded(name)


@servers_with("heartbeat")
def test_reset_ends_the_old_session(app: Client, server: Server) -> None:
    """A reset ends an old session without jobs at once, and not the new one."""
    old = app.session_hash
    app.predict("/echo", ["hi"])
    app.reset_session()
    assert server.control.await_unloaded(old)
    app.predict("/echo", ["hi"])
    assert server.control.ledger(app.session_hash)["unloaded"] == 0


@servers_with("heartbeat")
def test_old_session_ends_with_its_last_job(app: Client, server: Server, key: str) -> None:
    """After a reset, the old session ends when its last job has finished or was cancelled."""
    old = app.session_hash
    finishing, cancelled = app.submit("/hold", [key]), app.submit("/hold_async", [key])
    assert server.control.await_started(key, 2)
    app.reset_session()
    assert app.predict("/echo", ["new"])[0] == "new"
    assert cancelled.cancel()
    assert server.control.ledger(old)["unloaded"] == 0
    server.control.release(key)
    assert finishing.result(BOUND)[0] == key
    assert server.control.await_unloaded(old)
    assert server.control.ledger(old)["unloaded"] == 1


@servers_with("heartbeat")
def test_isolated_session_ends_with_its_job(app: Client, server: Server) -> None:
    """An isolated session ends with its job."""
    name = seen(app, isolated=True)["session_hash"]
    assert name != app.session_hash
    assert server.control.await_unloaded(name)


@servers_with("heartbeat")
def test_heartbeat_is_opened_again(server: Server) -> None:
    """A heartbeat that was cut is opened again, so the app counts a second end."""
    with BreakableRelay(server.url) as relay:
        with Client(relay.url) as app:
            name = app.session_hash
            assert app.predict("/counter")[0] == 1
            relay.wait_for(b"ALIVE", 1)
            relay.cut()
            assert server.control.await_unloaded(name, 1)
            relay.wait_for(b"ALIVE", 2)
            assert app.predict("/counter")[0] == 2  # state continues after the cut
        assert server.control.await_unloaded(name, 2)
    assert server.control.ledger(name)["unloaded"] == 2


@servers_without("heartbeat")
def test_no_heartbeat_where_the_server_has_no_route_for_it(app: Client, server: Server) -> None:
    """An app without a heartbeat route works without a heartbeat."""
    assert not app.config.get("connect_heartbeat")
    assert app.predict("/echo", ["hi"])[0] == "hi"


# -- rendered functions


def rendered(app: Client, label: str, **options: Any) -> int:
    """Make the app render, and return the number of the function that it made."""
    renders = EventRecorder()
    app.submit("/apply", [label], **options).on("render", renders).result(BOUND)
    number: int = renders.events[-1].data["dependencies"][0]["id"]
    return number


@servers_with("render")
def test_rendered_function_is_called_by_name_and_number(app: Client, server: Server) -> None:
    """A rendered function is an endpoint like any other, also after further renders."""
    base = app.view_api()["named_endpoints"]
    assert "/rendered" not in base
    for label in ("first", "second", "third"):
        number = rendered(app, label)
        assert app.predict("/rendered", ["x"])[0] == f"{label} x"
        assert app.predict(number, ["y"])[0] == f"{label} y"
        parameters = app.view_api()["named_endpoints"]["/rendered"]["parameters"]
        assert [parameter["label"] for parameter in parameters] == [label]
        assert app.predict("/rendered", {label: "z"})[0] == f"{label} z"
        assert app.predict("/echo", ["still there"])[0] == "still there"
    assert base.keys() < app.view_api()["named_endpoints"].keys()


@servers_with("render")
def test_reset_removes_rendered_functions(app: Client) -> None:
    """After a reset, a rendered function cannot be called until it is rendered again."""
    number = rendered(app, "old")
    app.reset_session()
    for endpoint in ("/rendered", number):
        with pytest.raises(EndpointNotFoundError):
            app.submit(endpoint, ["x"])
    rendered(app, "new")
    assert app.predict("/rendered", ["x"])[0] == "new x"


@servers_with("render")
def test_rendered_function_is_not_for_other_sessions(app: Client, server: Server) -> None:
    """A rendered function is refused in an isolated call and by another client."""
    number = rendered(app, "mine")
    with pytest.raises(EndpointNotFoundError, match="isolated"):
        app.predict("/rendered", ["x"], isolated=True)
    with Client(server.url) as other, pytest.raises(EndpointNotFoundError):
        other.predict(number, ["x"])
    assert app.predict(number, ["x"])[0] == "mine x"


@servers_with("render")
def test_isolated_render_stays_in_its_session(app: Client) -> None:
    """A function that an isolated job rendered cannot be called later."""
    rendered(app, "isolated", isolated=True)
    with pytest.raises(EndpointNotFoundError):
        app.submit("/rendered", ["x"])


# -- query and headers


def test_query_reaches_the_function(server: Server) -> None:
    """The query of the URL is in the request that the function sees."""
    with Client(f"{server.url}/?user=J. Doe&note=caf%C3%A9&x=1&x=2#top") as app:
        for options in ({}, {"isolated": True}):
            query = seen(app, **options)["query"]
            assert {name: query[name] for name in ("user", "note", "x")} == {
                "user": "J. Doe",
                "note": "café",
                "x": "2",
            }
        app.reset_session()
        assert seen(app)["query"]["user"] == "J. Doe"
        assert "J." not in repr(app)
        assert app.url == server.url


def test_query_reaches_a_direct_function(server: Server) -> None:
    """The query is also in the request of a function that skips the queue."""
    with Client(f"{server.url}?user=x") as app:
        assert seen(app, "/direct_whoami")["query"] == {"user": "x"}


def test_query_cannot_name_another_session(server: Server) -> None:
    """A ``session_hash`` or ``fn_index`` in the query changes neither session nor function."""
    with Client(f"{server.url}?session_hash=other&fn_index=0") as app:
        assert app.predict("/add", [2, 3])[0] == 5
        assert [app.predict("/counter")[0] for _ in range(2)] == [1, 2]
        assert seen(app)["session_hash"] in (None, app.session_hash)


def test_no_query_adds_nothing(app: Client) -> None:
    """Without a query, functions see only the parameters that older servers add."""
    assert seen(app)["query"].keys() <= {"fn_index", "session_hash"}


@pytest.mark.parametrize("endpoint", ["/whoami", "/direct_whoami"])
def test_headers_reach_the_function(server: Server, endpoint: str) -> None:
    """The client's headers are in the function's request, in every session."""
    with Client(server.url, headers={"X-Team": "blue"}) as app:
        assert seen(app, endpoint)["headers"]["x-team"] == "blue"
        app.reset_session()
        assert seen(app, endpoint)["headers"]["x-team"] == "blue"


def test_query_is_in_no_error() -> None:
    """Errors show the URL without its query, which may hold a secret."""

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


# -- tokens


@servers_with("tokens")
def test_token_reaches_the_function_that_declares_it(server: Server) -> None:
    """A function with ``gr.OAuthToken`` gets the token, or sees that there is none."""
    with Client(server.url, oauth_token="hf_asked") as app:
        assert app.predict("/token")[0] == "hf_asked"
        assert app.predict("/token", isolated=True)[0] == "hf_asked"
        described = app.view_api()
        assert described["named_endpoints"]["/token"]["oauth_token"] in ("required", "optional")
        assert str(described).count("your Hugging Face token: pass oauth_token= to Client.") == sum(
            "oauth_token" in endpoint for endpoint in described["named_endpoints"].values()
        )
        assert "oauth_token" not in described["named_endpoints"]["/echo"]
    with Client(server.url) as app:
        assert app.predict("/token")[0] == "(none)"


def test_token_is_not_sent_to_other_functions() -> None:
    """A function gets no token if it does not declare one, or if it is not described."""
    bodies: dict[int, dict[str, Any]] = {}

    def join(x: Any) -> None:
        bodies[x.json["fn_index"]] = x.json
        x.answer({"event_id": f"e{x.json['fn_index']}"})

    def data(x: Any) -> None:
        x.start_stream()
        for number in sorted(bodies):
            x.send(completed(f"e{number}", "done"))
        x.end_stream()

    names = ("asks", "may ask", "does not", "not described")
    config = config_of(*(dependency(n, name.replace(" ", "_")) for n, name in enumerate(names)))
    info = {
        "/asks": {"oauth_token": "required"},
        "/may_ask": {"oauth_token": "optional"},
        "/does_not": {},
    }
    with scripted(config, join=join, data=data) as app:
        app.scripts["GET /info"] = lambda x: x.answer({"named_endpoints": info})
        with Client(app.url, oauth_token="hf_canary") as client:
            for number in range(len(names)):
                client.predict(number, ["x"], timeout=BOUND)
    assert [bodies[n].get("oauth_token") for n in range(4)] == [
        "hf_canary",
        "hf_canary",
        None,
        None,
    ]
    assert "hf_canary" not in json.dumps([bodies[2], bodies[3]])


def test_session_continues_when_its_app_is_replaced() -> None:
    """If the app is replaced, the session uses its new functions, also after a reset."""
    other = config_of(dependency(0, "wipe"), dependency(1, "echo"), app_id="second")
    with scripted() as server:
        server.scripts["GET /config"] = lambda x: x.answer(config_of(app_id="first"))
        server.scripts["GET /app_id"] = lambda x: x.answer({"app_id": "second"})
        with Client(server.url) as app:
            connection = app._connection
            place = connection._sessions.enter()
            app.reset_session()
            server.scripts["GET /config"] = lambda x: x.answer(other)
            connection._watcher.check(RequestHandle(), NEVER)
            assert place.session_hash != app.session_hash
            assert place.table is connection.table
            assert connection.table.resolve("echo").fn_index == 1
            connection._sessions.leave(place)


def test_app_id_from_the_route_only_costs_one_config() -> None:
    """If the config has no ``app_id``, as before 3.3x, the client gets it from the route."""
    runs = iter(["one", "one", "one", "two", "one", "one"])
    configs = []

    def config(x: Any) -> None:
        configs.append(x)
        x.answer(config_of())

    with scripted() as server:
        server.scripts["GET /config"] = config
        server.scripts["GET /app_id"] = lambda x: x.answer({"app_id": next(runs)})
        with Client(server.url) as app:
            look = app._connection.app.check
            assert [look(RequestHandle(), NEVER) for _ in range(3)] == [None, None, None]
            assert len(configs) == 2
            assert look(RequestHandle(), NEVER) is not None
            assert len(configs) == 3
            assert look(RequestHandle(), NEVER) is not None  # as if replicas take turns
            assert look(RequestHandle(), NEVER) is None
            assert len(configs) == 3


@pytest.mark.parametrize("status", [403, 404, 405])
def test_app_without_a_route_for_its_id_is_compared_by_its_config(status: int) -> None:
    """If there is no route for the ``app_id``, changed functions in the config show a new app."""
    with scripted() as server:
        server.scripts["GET /config"] = lambda x: x.answer(config_of(app_id="one"))
        server.scripts["GET /app_id"] = lambda x: x.answer({}, status=status)
        with Client(server.url) as app:
            known = app._connection.app
            assert known.check(RequestHandle(), NEVER) is None
            count = len(server.requests)
            changed = config_of(dependency(0, "wipe"), dependency(1, "echo"), app_id="one")
            server.scripts["GET /config"] = lambda x: x.answer(changed)
            assert known.check(RequestHandle(), NEVER) is not None
            assert len(server.requests) == count + 1
            assert known.table.resolve("echo").fn_index == 1


def test_app_in_development_is_compared_by_its_config() -> None:
    """In development mode the ``app_id`` may stay the same, so the config is compared."""
    with scripted() as server:
        server.scripts["GET /config"] = lambda x: x.answer(config_of(app_id=7, dev_mode=True))
        with Client(server.url) as app:
            known = app._connection.app
            assert known.check(RequestHandle(), NEVER) is None
            changed = config_of(dependency(0, "wipe"), app_id=7, dev_mode=True)
            server.scripts["GET /config"] = lambda x: x.answer(changed)
            assert known.check(RequestHandle(), NEVER) is not None
