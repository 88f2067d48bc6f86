"""Programs that show the variables of each frame show no secret of the client.

Some show the frames of an error, others those of all threads while they run.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from gradio_client_sync import Client, GradioClientError, Pool
from gradio_client_sync._tracebacks import SWITCH
from gradio_client_sync._transport.connections import RequestHandle
from gradio_client_sync._transport.http import Http
from tests.conftest import SERVERS
from tests.support.gateway import Gateway, ResponseForm
from tests.support.hub.hub import Account, LocalHub, proxy_of
from tests.support.scripted import config_of, dependency, scripted
from tests.support.secret_watch import (
    BASIC,
    JWT,
    SECRET,
    WatchingApp,
    dumped,
    running,
    secrets_in,
)
from tests.support.servers.plugin import ServerPool


def options() -> dict[str, Any]:
    session = requests.Session()
    session.headers["X-Session"] = SECRET
    return {
        "hf_token": SECRET,
        "allow_insecure_token": True,
        "auth": ("me", SECRET),
        "http_auth": ("me", SECRET),
        "headers": {"X-Key": SECRET},
        "cookies": {"key": SECRET},
        "oauth_token": SECRET,
        "session": session,
        "retries": 0,
    }


def failure(call: Callable[[], object]) -> BaseException:
    with pytest.raises((GradioClientError, TypeError, ValueError)) as caught:
        call()
    return caught.value


@pytest.mark.client_only
@pytest.mark.parametrize("switch", ["", "full"])
def test_frames_show_no_secrets(monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
    """No variable of the package's frames is left in an error, nor in its hidden causes."""
    monkeypatch.setenv(SWITCH, switch)
    failures = [
        failure(lambda: Client("http://127.0.0.1:9", **options())),
        failure(lambda: Client("http://127.0.0.1:9", **{**options(), "retries": "x"})),
        failure(lambda: Client("http://127.0.0.1:9", **options(), colour="red")),
        failure(lambda: Client(f"http://127.0.0.1:9/?token={SECRET}")),
        failure(lambda: Client(f"nohttp://127.0.0.1:9/?token={SECRET}")),
        failure(lambda: Client(f"http://me:{SECRET}@127.0.0.1:9")),
        failure(lambda: Client(f"http://127.0.0.1:9?token={SECRET}", colour="red")),
        failure(lambda: Pool([f"http://me:{SECRET}@127.0.0.1:9"])),
        failure(lambda: Pool(f"http://127.0.0.1:9?token={SECRET}")),
        failure(lambda: Pool([f"http://127.0.0.1:9?token={SECRET}"] * 2)),
    ]
    config = config_of(dependency(0, "add"), dependency(1, "run", queue=False))
    with scripted(config, join=lambda x: x.break_off()) as app:
        app.scripts["POST /run/run"] = lambda x: x.break_off()
        with Client(app.url, **options()) as client:
            failures += [
                failure(lambda: client.predict("/run", ["x"])),
                failure(lambda: client.predict("/add", ["x"], headers={"X-Call": SECRET})),
                failure(lambda: client.submit("/add", ["x"]).result()),
            ]
    shown = [text for exc in failures for text in dumped(exc, __file__)]
    shown += [f"{exc!r} {vars(exc)}" for exc in failures]
    assert [text for text in shown if SECRET in text] == []


class Mounted(HTTPAdapter):
    """An adapter of the user."""


def with_session(**attributes: Any) -> requests.Session:
    session = requests.Session()
    session.headers["X-Session"] = SECRET
    session.cookies.set("session", SECRET, domain="127.0.0.1")
    for name, value in attributes.items():
        setattr(session, name, value)
    return session


def mounted() -> requests.Session:
    session = with_session()
    session.mount("http://", Mounted())
    return session


VARIANTS: dict[str, Callable[[], dict[str, Any]]] = {
    "token": lambda: {"token": SECRET, "allow_insecure_token": True},
    "pair": lambda: {"http_auth": ("me", SECRET)},
    "object": lambda: {"http_auth": HTTPBasicAuth("me", SECRET)},
    "session": lambda: {"session": with_session(auth=("me", SECRET))},
    "adapter": lambda: {"session": mounted()},
}


def use(client: Client) -> None:
    """Call, upload and download, with headers for the calls."""
    headers = {"X-Call": SECRET}
    assert client.predict("/direct", ["x"], headers=headers)[0] == "x"
    assert client.submit("/file", ["y"], headers=headers).result()[0] == "y"
    call = client.function("/direct").with_options(headers=headers).with_options(headers=None)
    assert call("z") == "z"
    assert client.predict("/file", [b"content"])[0].read() == b"content"
    assert list(secrets_in(client, "client", {})) == []
    assert list(secrets_in(vars(call), "function", {})) == []


@pytest.mark.client_only
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("is_proxied", [False, True])
def test_running_frames_show_no_secrets(variant: str, is_proxied: bool) -> None:
    """Nor do attributes of our objects, while the client logs in, calls, uploads and downloads."""
    given = {
        "auth": ("me", SECRET),
        "headers": {"X-Key": SECRET},
        "cookies": {"key": SECRET},
        "oauth_token": SECRET,
        "retries": 0,
        **VARIANTS[variant](),
    }
    with WatchingApp() as app:
        source = app.url
        if is_proxied:
            given["proxies"] = {"http": app.url.replace("//", f"//me:{SECRET}@")}
            source = "http://app.example"
        with Client(f"{source}/?token={SECRET}", **given) as client:
            app.shown |= running()
            use(client)
        assert app.shown == set()
        assert app.tokens == [SECRET] * 4
        sent = "\n".join(app.heads)
        assert sent.count(f"X-Key: {SECRET}") == len(app.heads)
        assert sent.count(f"X-Call: {SECRET}") == 3
        assert sent.count(f"?token={SECRET}") == 4
        assert sent.count(f"Proxy-Authorization: Basic {BASIC}") == is_proxied * len(app.heads)


class WatchingGateway(Gateway):
    """A gateway that looks at the frames of the client during each request."""

    shown: frozenset[str] = frozenset()

    def refuse(self, head: str) -> Optional[bytes]:
        self.shown |= running()
        return None


@pytest.mark.gradio
@pytest.mark.skipif("3.50.2" not in SERVERS, reason="needs a server with websockets")
@pytest.mark.parametrize("variant", VARIANTS)
def test_running_handshakes_show_no_secrets(server_pool: ServerPool, variant: str) -> None:
    """Nor does the handshake of a websocket."""
    given = {"headers": {"X-Key": SECRET}, "cookies": {"key": SECRET}, **VARIANTS[variant]()}
    with WatchingGateway(server_pool.get("3.50.2").url, ResponseForm()) as gate:
        with Client(f"{gate.url}?token={SECRET}", **given) as client:
            assert client.predict("/add", [2, 3], headers={"X-Call": SECRET})[0] == 5
            assert list(secrets_in(client, "client", {})) == []
        assert gate.shown == set()
        assert sum(f"?token={SECRET}" in one for one in gate.requests) == 1


@pytest.mark.client_only
def test_frames_that_wait_for_a_space_show_no_secrets(hub: LocalHub) -> None:
    """A status callback is called from frames that hold the token."""
    shown: set[str] = set()
    statuses = []

    def on_status(status: object) -> None:
        statuses.append(status)
        shown.update(running())

    with scripted() as app:
        hub.accounts[SECRET] = Account("alice")
        hub.add("alice/asleep", "SLEEPING", "RUNNING", app=app.url)
        with Client("alice/asleep", hf_token=SECRET, status_callback=on_status) as client:
            assert list(secrets_in(client, "client", {})) == []
    assert statuses != []
    assert shown == set()


@pytest.mark.client_only
def test_running_frames_of_a_private_space_show_no_signature(hub: LocalHub) -> None:
    """Streams of a private Space have a signature in their URL, which opens it like the token."""
    with WatchingApp() as app:
        hub.accounts[SECRET] = Account("alice")
        space = hub.add("alice/secret", app=app.url, private=True)
        given: dict[str, Any] = {"auth": ("me", SECRET), "oauth_token": SECRET}
        with Client("alice/secret", token=SECRET, **given) as client:
            assert client.submit("/file", ["y"], headers={"X-Call": SECRET}).result()[0] == "y"
            assert list(secrets_in(client, "client", {})) == []
        assert any(JWT in request.query.get("__sign", "") for request in proxy_of(space).seen)
        assert app.shown == set()


@pytest.mark.client_only
def test_response_with_a_cookie_does_not_show_it() -> None:
    """A cookie may be a login. It is kept for later requests, also while the body is not read."""
    with WatchingApp() as app:
        app.scripts["GET /there"] = lambda x: x.answer(
            b"there", headers={"Set-Cookie": f"key={SECRET}"}
        )
        http = Http(app.url)
        try:
            with http.fetch(f"{app.url}/there", RequestHandle()) as download:
                assert list(secrets_in(download, "download", {})) == []
                assert download.read() == b"there"
            assert http.get(f"{app.url}/there").body == b"there"
        finally:
            http.close()
        assert app.shown == set()
        assert f"Cookie: key={SECRET}" in app.heads[-1]
