"""The websocket of Gradio 3: when it is opened, and the headers of its handshake."""

from __future__ import annotations

import base64
import hashlib

import pytest

from gradio_client_sync._transport.base import Aborted
from gradio_client_sync._transport.http import Http
from gradio_client_sync._transport.http_options import HttpOptions
from gradio_client_sync._transport.ws import WebSocketChannel
from gradio_client_sync.errors import AuthenticationError, ConnectFailedError
from tests.support.scripted import IncomingRequest, ScriptedApp

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept(x: IncomingRequest) -> None:
    key = x.headers["sec-websocket-key"]
    proof = base64.b64encode(hashlib.sha1(f"{key}{GUID}".encode()).digest()).decode()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": proof}
    x.start(101, upgrade)


def headers_of(head: str) -> dict[str, str]:
    lines = (line.partition(": ") for line in head.splitlines()[1:] if line)
    return {name.lower(): value for name, _, value in lines}


def opened(options: HttpOptions, **own: str) -> dict[str, str]:
    """Return the headers of a handshake, by lower-case name."""
    with ScriptedApp() as app:
        app.scripts["GET /queue/join"] = accept
        http = Http(app.url, options)
        url = f"ws{app.url[4:]}/gradio_api/queue/join"
        WebSocketChannel.connect(http, url, lambda abort: True, headers=own).close()
        http.close()
        return headers_of(app.heads[0])


def test_ws_headers_follow_the_rule_of_requests() -> None:
    """A call's header replaces the client's, and a Cookie header replaces the cookie jar."""
    options = HttpOptions({"x-a": "all", "x-b": "all", "Cookie": "mine=1"}, {"jar": "2"})
    sent = opened(options, **{"X-B": "call"})
    assert (sent["x-a"], sent["x-b"], sent["cookie"]) == ("all", "call", "mine=1")
    assert opened(HttpOptions({}, {"jar": "2"}))["cookie"] == "jar=2"
    assert opened(HttpOptions({}, {"jar": "2"}), cookie="call=3")["cookie"] == "call=3"


def test_ws_handshake_keeps_its_own_headers() -> None:
    """Headers about the body and its type are not sent in a handshake."""
    sent = opened(HttpOptions({"Accept": "x/y", "Content-Type": "x/y", "Connection": "close"}))
    assert "content-type" not in sent
    assert "accept" not in sent
    assert "accept-encoding" not in sent
    assert sent["connection"] == "Upgrade"


@pytest.mark.parametrize(("named", "host"), [({}, None), ({"host": "my.app"}, "my.app")])
def test_ws_host_header(named: dict[str, str], host: str | None) -> None:
    """The Host is the server's or the user's, as in every request."""
    sent = opened(HttpOptions(named))
    assert sent["host"] == (host or sent["origin"].partition("//")[2])
    assert sent["origin"].startswith("http://127.0.0.1:")


def test_ws_login_is_sent_in_the_secure_cookie_too() -> None:
    """Servers around 3.23 read a login only from the secure cookie, so plain http sends it too."""
    cookie = opened(HttpOptions({}, {"access-token-unsecure": "t"}))["cookie"]
    assert cookie == "access-token-unsecure=t; access-token=t"


def test_ws_is_not_opened_by_its_constructor() -> None:
    """If the job has ended before, no connection is opened."""
    with ScriptedApp() as app:
        http = Http(app.url)
        with pytest.raises(Aborted):
            WebSocketChannel.connect(http, f"ws{app.url[4:]}/x", lambda abort: False)
        assert not app.heads
        http.close()


def test_ws_refusals_are_errors() -> None:
    """A missing login is named in the error, and so is a response that opens no websocket."""
    with ScriptedApp() as app:
        app.scripts["GET /secret"] = lambda x: x.answer({"detail": "who are you?"}, 401)
        app.scripts["GET /wrong"] = lambda x: x.start(101, {"Sec-WebSocket-Accept": "another"})
        http = Http(app.url)
        with pytest.raises(AuthenticationError, match="Opening a websocket"):
            WebSocketChannel.connect(http, f"ws{app.url[4:]}/gradio_api/secret", lambda a: True)
        with pytest.raises(ConnectFailedError, match="did not open a websocket"):
            WebSocketChannel.connect(http, f"ws{app.url[4:]}/gradio_api/wrong", lambda a: True)
        http.close()
