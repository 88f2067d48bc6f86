"""Functions of components: on real servers, and in the requests that are sent for them."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    Client,
    ClientClosedError,
    EndpointNotFoundError,
    FileError,
    HTTPStatusError,
    PayloadError,
)
from tests.support.generations import servers_with, servers_without
from tests.support.listeners import BOUND
from tests.support.scripted import Gate, component, config_of, scripted
from tests.support.servers.server import Server


def component_id(app: Client) -> int:
    """Return the id of the component that has a server function."""
    (number,) = (c["id"] for c in app.config["components"] if c["props"].get("server_fns"))
    return int(number)


@pytest.mark.gradio
@servers_with("server functions")
@pytest.mark.parametrize("data", [None, "text", 2.5, ["a", {"b": None}], {"é": [True]}])
def test_server_function_is_given_json(app: Client, data: Any) -> None:
    """The function receives the value unchanged, and its result is returned."""
    assert app.component_server(component_id(app), "describe", data) == {"json": data}


@pytest.mark.gradio
@servers_with("forms")
def test_server_function_is_given_files(app: Client, tmp_path: Path) -> None:
    """A form carries texts and files of every kind, with their names."""
    path = tmp_path / 'we"ird é.txt'
    path.write_bytes(b"from a path")
    form = {
        "text": "ü\r\n--x",
        "number": 3,
        "flag": True,
        "list": ["a"],
        "path": path,
        "bytes": b"raw",
        "view": memoryview(b"viewed"),
        "open": io.BytesIO(b"opened"),
        "component_id": "999",
    }
    result = app.component_server(component_id(app), "describe", {"binary": True, "data": form})
    assert result["fields"] == {
        "text": "ü\r\n--x",
        "number": "3",
        "flag": "true",
        "list": '["a"]',
        "component_id": str(component_id(app)),
        "fn_name": "describe",
        "session_hash": app.session_hash,
    }
    name = result["files"][0][0]
    assert "ird é.txt" in name
    assert result["files"] == [
        [name, "from a path"],
        ["blob", "raw"],
        ["blob", "viewed"],
        ["blob", "opened"],
    ]


@pytest.mark.gradio
@servers_with("server functions")
def test_server_function_that_fails(app: Client) -> None:
    """A failing function raises `HTTPStatusError`, because servers do not say why it failed."""
    with pytest.raises(HTTPStatusError, match=r"'describe' of component \d+") as caught:
        app.component_server(component_id(app), "describe", "fail")
    assert caught.value.status_code == 500
    assert app.component_server(component_id(app), "describe", "next") == {"json": "next"}


@pytest.mark.gradio
@servers_with("server functions")
def test_server_function_that_does_not_exist(app: Client, server: Server) -> None:
    """A function that the component does not declare is not called; old servers would run it."""
    number = component_id(app)
    with pytest.raises(EndpointNotFoundError, match="it has describe") as caught:
        app.component_server(number, "postprocess", "x")
    assert caught.value.candidates == ("describe",)
    other = next(c["id"] for c in app.config["components"] if c["id"] != number)
    with pytest.raises(EndpointNotFoundError, match="has no server functions"):
        app.component_server(other, "describe", "x")
    with pytest.raises(EndpointNotFoundError, match="no component 99999"):
        app.component_server(99999, "describe", "x")


@pytest.mark.gradio
@servers_without("server functions")
def test_server_functions_came_with_3_47(app: Client) -> None:
    """Before 3.47 no component has server functions, and the error says so."""
    number = app.config["components"][0]["id"]
    with pytest.raises(EndpointNotFoundError, match=r"none before Gradio 3\.47"):
        app.component_server(number, "describe", "x")


@pytest.mark.gradio
@servers_with("heartbeat")
def test_server_function_uses_the_session(server: Server) -> None:
    """A session that only server functions used is ended too."""
    with Client(server.url) as app:
        app.component_server(component_id(app), "describe", "x")
    assert server.control.await_unloaded(app.session_hash)


# -- scripted servers


CONFIG = config_of(components=[component(1), component(2), component(3, server_fns=["list"])])
ROUTE = "POST /component_server"


def test_server_function_that_is_gone() -> None:
    """If the server no longer knows the function, the error is an `EndpointNotFoundError`."""
    with scripted(CONFIG) as app, Client(app.url) as client:
        app.scripts[ROUTE] = lambda x: x.answer({"detail": "Function not found."}, 404)
        with pytest.raises(EndpointNotFoundError, match="Function not found"):
            client.component_server(3, "list")


@pytest.mark.parametrize(
    ("data", "error", "text"),
    [
        (object(), PayloadError, "cannot be written as JSON"),
        ({"binary": True}, PayloadError, "fields are missing"),
        (
            {"binary": True, "data": {"a": {"b": object()}}},
            PayloadError,
            "cannot be written as JSON",
        ),
        ({"binary": True, "data": {"a": io.StringIO("x")}}, PayloadError, "binary mode"),
        ({"binary": True, "data": {"a": Path("/nowhere/at all")}}, FileError, "cannot be read"),
    ],
)
def test_server_function_data_that_cannot_be_sent(data: Any, error: Any, text: str) -> None:
    """Data that cannot be sent raises before any request."""
    with scripted(CONFIG) as app, Client(app.url) as client:
        with pytest.raises(error, match=text):
            client.component_server(3, "list", data)
        assert not app.count(ROUTE)


def test_plain_strings_are_no_paths(tmp_path: Path) -> None:
    """A text that names a file of this machine is sent as text, also in a form."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"canary")
    bodies: list[bytes] = []

    def note(x: Any) -> None:
        bodies.append(x.body)
        x.answer(None)

    with scripted(CONFIG) as app, Client(app.url) as client:
        app.scripts[ROUTE] = note
        client.component_server(3, "list", str(secret))
        client.component_server(3, "list", {"binary": True, "data": {"path": str(secret)}})
    assert len(bodies) == 2
    assert not any(b"canary" in body for body in bodies)


def test_close_releases_a_blocked_server_function() -> None:
    """Closing the client ends the call with `ClientClosedError`."""
    gate, errors = Gate(), []

    def hold(x: Any) -> None:
        gate.pass_through()
        x.answer(None)

    with scripted(CONFIG) as app:
        app.scripts[ROUTE] = hold
        client = Client(app.url)

        def call() -> None:
            with pytest.raises(ClientClosedError, match="'list' of component 3") as caught:
                client.component_server(3, "list")
            errors.append(caught.value)

        thread = threading.Thread(target=call)
        thread.start()
        gate.wait_until_reached()
        client.close()
        thread.join(BOUND)
        gate.open()
    assert len(errors) == 1
    with pytest.raises(ClientClosedError):
        client.component_server(3, "list")
