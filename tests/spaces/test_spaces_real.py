"""Real Gradio servers as Spaces: asleep, private, rate-limited, and called for visitors.

Each server is behind a `SpaceProxy`, which checks who may pass and records the requests.
"""

from __future__ import annotations

import logging
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    AuthenticationError,
    Client,
    ClientClosedError,
    SpaceNotReadyError,
    SpaceStatus,
)
from gradio_client_sync._transport import connections
from tests.conftest import SERVERS
from tests.support.http_server import HttpServer
from tests.support.hub.connect_proxy import ConnectProxy, certificate
from tests.support.hub.hub import LocalHub, proxy_of
from tests.support.hub.plugin import OWNER, READER, STRANGER
from tests.support.hub.space_proxy import SpaceProxy, SpaceRequest
from tests.support.listeners import BOUND
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

__all__ = ["certificate"]

pytestmark = pytest.mark.gradio

FRONT = Path(__file__).parents[1] / "support" / "hub" / "front.py"
FIVE = (5, "5", "5.0")
CANARY = "hf_canaryCanaryCanary"
COOKIE = "c00kie-canary"


# -- waking -------------------------------------------------------------------------------


def test_spaces_real_sleeping_one_is_woken(hub: LocalHub, newest: Server) -> None:
    """A request wakes a sleeping Space, and the client connects as soon as it runs."""
    order = ["SLEEPING", "BUILDING", "APP_STARTING", "RUNNING"]
    space = hub.add("alice/open", *order, app=newest.url)
    statuses: list[SpaceStatus] = []
    with Client("alice/open", status_callback=statuses.append) as app:
        assert app.predict("/add", [2, 3])[0] in FIVE
        assert app.source == "alice/open"
        assert app.url == proxy_of(space).url
    assert [status.detail for status in statuses] == order
    assert [request.path for request in proxy_of(space).seen][:2] == ["/", "/config"]
    assert [call.path for call in hub.calls] == ["/api/spaces/alice/open"] * 4


def test_spaces_real_running_one_costs_two_requests(hub: LocalHub, newest: Server) -> None:
    """Connecting to a running Space takes one request to the Hub and one to the app."""
    space = hub.add("alice/open", app=newest.url)
    with Client("alice/open"):
        assert [request.path for request in proxy_of(space).seen] == ["/config"]
        assert [call.path for call in hub.calls] == ["/api/spaces/alice/open"]


def test_spaces_real_late_app_is_waited_for(hub: LocalHub, newest: Server) -> None:
    """If the proxy still responds in place of the app, the client waits for the app."""
    space = hub.add("alice/open", app=newest.url)
    proxy_of(space).refuse.append(("/config", 503, {}))
    with Client("alice/open") as app:
        assert app.predict("/add", [2, 3])[0] in FIVE


def test_spaces_real_wait_ends_at_wake_timeout(hub: LocalHub) -> None:
    """A Space that does not start within `wake_timeout` raises."""
    hub.add("alice/stuck", "BUILDING")
    with pytest.raises(SpaceNotReadyError, match=r"within 0\.2 s"):
        Client("alice/stuck", wake_timeout=0.2)


def test_spaces_real_close_ends_a_wait(hub: LocalHub) -> None:
    """close() in another thread ends the wait."""
    hub.add("alice/stuck", "BUILDING")
    waits, ended = threading.Event(), threading.Event()
    client = Client.__new__(Client)

    def connect() -> None:
        with pytest.raises(ClientClosedError):
            client.__init__("alice/stuck", status_callback=lambda _: waits.set())  # type: ignore[misc]
        ended.set()

    thread = threading.Thread(target=connect)
    thread.start()
    assert waits.wait(BOUND)
    client.close()
    assert ended.wait(BOUND)
    thread.join()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as on POSIX systems")
def test_spaces_real_ctrl_c_ends_a_wait(hub: LocalHub) -> None:
    """Ctrl-C ends the wait at once with KeyboardInterrupt."""
    hub.add("alice/stuck", "BUILDING")
    code = (
        "import gradio_client_sync as g\n"
        "try: g.Client('alice/stuck', status_callback=lambda s: print(s.detail, flush=True))\n"
        "except KeyboardInterrupt: print('interrupted', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "BUILDING\n"
        process.send_signal(signal.SIGINT)
        ready, _, _ = select.select([process.stdout], [], [], BOUND)
        assert ready, "the wait went on"
        assert process.stdout.readline() == "interrupted\n"


# -- private Spaces -----------------------------------------------------------------------


def test_spaces_real_private_ones_get_the_token_with_every_request(
    hub: LocalHub, server: Server
) -> None:
    """Config, info, joins, streams and files all carry the token, on every generation."""
    space = hub.add("alice/secret", app=server.url, private=True)
    with Client("alice/secret", hf_token=OWNER) as app:
        assert app.predict("/add", [2, 3])[0] in FIVE
        assert app.predict("/direct", ["a"])[0]
        values = [data[0] for data in app.submit("/count", [3])]
        assert len(values) >= 3
        app.view_api()
    seen = proxy_of(space).seen
    assert len(seen) >= 5
    assert {request.token for request in seen} == {OWNER}
    assert any("join" in request.path for request in seen)


#: The requests that the JavaScript clients sign (2.7.0, and 0.2.1 for websockets).
SIGNED = ("GET /queue/join", "GET /queue/data", "GET /heartbeat")


def test_spaces_real_streams_of_private_ones_are_signed(hub: LocalHub, server: Server) -> None:
    """Websockets, event streams and heartbeats carry the Hub's signature, and no other request."""
    space = hub.add("alice/secret", app=server.url, private=True)
    with Client("alice/secret", hf_token=OWNER) as app:
        app.predict("/add", [2, 3])
        list(app.submit("/count", [2]))
    seen = proxy_of(space).seen
    signed = [request for request in seen if "__sign" in request.query]
    assert signed
    for request in seen:
        route = f"{request.method} {request.path.replace('/gradio_api', '')}"
        assert (request in signed) is route.startswith(SIGNED), route
    # a stream and a heartbeat may start at the same time
    assert len(hub.requests_to("jwt")) in (1, 2)
    assert {call.token for call in hub.requests_to("jwt")} == {OWNER}


def test_spaces_real_public_ones_are_not_signed(hub: LocalHub, newest: Server) -> None:
    """Requests to a public Space are not signed, so there is no wait for a signature."""
    space = hub.add("alice/open", app=newest.url)
    with Client("alice/open", hf_token=OWNER) as app:
        app.predict("/add", [2, 3])
    assert hub.requests_to("jwt") == []
    assert all("__sign" not in request.query for request in proxy_of(space).seen)


def test_spaces_real_private_ones_work_without_a_signature(hub: LocalHub, server: Server) -> None:
    """If the Hub gives no signature, the header alone is enough for all requests."""
    hub.add("alice/secret", app=server.url, private=True)
    hub.fail("jwt", 500, times=10)
    with Client("alice/secret", hf_token=OWNER) as app:
        assert app.predict("/add", [2, 3])[0] in FIVE


def test_spaces_real_private_ones_work_by_signature_alone(hub: LocalHub, server: Server) -> None:
    """A stream works with the signature alone, which is its purpose."""
    space = hub.add("alice/secret", app=server.url, private=True)
    blind = proxy_of(space)
    check = blind.check

    def streams_by_signature(request: SpaceRequest) -> Any:
        if "__sign" in request.query:
            request = request._replace(headers={})
        return check(request)

    blind.check = streams_by_signature
    with Client("alice/secret", hf_token=OWNER) as app:
        assert app.predict("/add", [2, 3])[0] in FIVE


def test_spaces_real_files_of_private_ones_carry_the_token(
    hub: LocalHub, server: Server, tmp_path: Path
) -> None:
    """Uploads and downloads carry the token too, on every generation."""
    space = hub.add("alice/secret", app=server.url, private=True)
    path = tmp_path / "a.txt"
    path.write_bytes(b"hello")
    with Client("alice/secret", hf_token=OWNER, download_dir=tmp_path / "down") as app:
        [answer] = app.predict("/file", [path])
        assert answer.read() == b"hello"
        assert answer.download().read_bytes() == b"hello"
    assert {request.token for request in proxy_of(space).seen} == {OWNER}
    assert proxy_of(space).requests_to("/file=")


def test_spaces_real_the_app_never_sees_the_token(hub: LocalHub, newest: Server) -> None:
    """The proxy removes the token, and the app gets the user's own header."""
    hub.add("alice/secret", app=newest.url, private=True)
    with Client("alice/secret", hf_token=OWNER) as app:
        assert OWNER not in app.predict("/whoami")[0]
    own_headers = {"authorization": "Basic bWU6cHc="}
    with Client("alice/secret", hf_token=OWNER, headers=own_headers) as app:
        answer = app.predict("/whoami")[0]
    assert "Basic bWU6cHc=" in answer
    assert OWNER not in answer


def test_spaces_real_a_refusal_by_the_proxy_says_whose_token_it_was(
    hub: LocalHub, newest: Server
) -> None:
    """If the proxy refuses, the error names the token's account and its role."""
    space = hub.add("alice/secret", app=newest.url, private=True, readers={"bob"})
    statuses: list[SpaceStatus] = []
    proxy_of(space).check = lambda request: (403, "<html>No.</html>")
    with pytest.raises(AuthenticationError, match="'bob' and has the role 'read'") as caught:
        Client("alice/secret", hf_token=READER, status_callback=statuses.append)
    assert caught.value.status_code == 403
    assert READER not in str(caught.value)
    assert [status.message for status in statuses] == [
        "Space is running.",
        "Could not load this space.",
    ]


def test_spaces_real_a_refusal_without_a_token_says_so(hub: LocalHub, newest: Server) -> None:
    """If the proxy refuses a request without a token, the error says so."""
    space = hub.add("alice/open", app=newest.url)
    proxy_of(space).check = lambda request: (401, "<html>No.</html>")
    with pytest.raises(AuthenticationError, match="No token was given, and none is saved"):
        Client("alice/open")


def test_spaces_real_app_with_its_own_login(hub: LocalHub, server_pool: ServerPool) -> None:
    """A Space with its own login says so, and accepts it beside the token."""
    app = server_pool.get(SERVERS[-1], auth="user:password")
    hub.add("alice/secret", app=app.url, private=True)
    with pytest.raises(AuthenticationError, match=r"auth=\('user', 'password'\)"):
        Client("alice/secret", hf_token=OWNER)
    with Client("alice/secret", hf_token=OWNER, auth=("user", "password")) as client:
        assert client.predict("/add", [2, 3])[0] in FIVE


def test_spaces_real_private_space_refuses_other_accounts(hub: LocalHub, newest: Server) -> None:
    """Other accounts are refused, with and without a token."""
    space = hub.add("alice/secret", app=newest.url, private=True)
    for token in (None, STRANGER):
        with pytest.raises(Exception, match="alice/secret"):
            Client("alice/secret", hf_token=token)
        with pytest.raises(AuthenticationError):
            Client(proxy_of(space).url, hf_token=token)


# -- requests with a token ----------------------------------------------------------------


def test_spaces_real_the_saved_token_is_for_spaces_only(
    hub: LocalHub, newest: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The saved token is used for private Spaces, and sent to no other app."""
    monkeypatch.setenv("HF_TOKEN", OWNER)
    space = hub.add("alice/secret", app=newest.url, private=True)
    for source in ("alice/secret", f"{hub.url}/spaces/alice/secret"):
        with Client(source) as app:
            assert app.predict("/add", [2, 3])[0] in FIVE
    assert {request.token for request in proxy_of(space).seen} == {OWNER}
    plain = SpaceProxy(newest.url, lambda request: None)
    try:
        with Client(plain.url) as app:
            app.predict("/add", [2, 3])
    finally:
        plain.close()
    assert plain.seen
    for request in plain.seen:
        assert OWNER not in str(request)


def test_spaces_real_the_saved_token_of_a_file_is_found(
    hub: LocalHub, newest: Server, tmp_path: Path
) -> None:
    """A new process uses the token that `login` saved, and reads HF_ENDPOINT at its start."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "token").write_text(OWNER)
    space = hub.add("alice/secret", app=newest.url, private=True)
    code = (
        "import gradio_client_sync as g; print(g.Client('alice/secret').predict('/add', [2, 3])[0])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HF_HOME": str(home), "HF_ENDPOINT": hub.url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout.strip() in ("5", "5.0"), run.stderr
    assert {request.token for request in proxy_of(space).seen} == {OWNER}


def test_spaces_real_the_saved_token_can_be_switched_off(
    hub: LocalHub, newest: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's switch against implicit tokens also applies here."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", OWNER)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
    space = hub.add("alice/open", app=newest.url)
    Client("alice/open").close()
    assert {call.token for call in hub.calls} == {None}
    assert {request.token for request in proxy_of(space).seen} == {None}


def test_spaces_real_token_is_not_sent_over_plain_http(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No token is sent to a plain-http URL: an explicit one raises, a saved one is left out."""
    hub.add("alice/open", address="http://192.0.2.1:9")
    with pytest.raises(AuthenticationError, match="allow_insecure_token=True") as caught:
        Client("alice/open", hf_token=OWNER)
    assert OWNER not in str(caught.value)
    monkeypatch.setenv("HF_ENDPOINT", "http://192.0.2.1:9")
    with pytest.raises(AuthenticationError, match="not encrypted"):
        Client("alice/open", hf_token=OWNER)


class OpenAddress(HttpServer):
    """A host that is not this machine, reached through a proxy that records requests."""

    def __init__(self, app: str) -> None:
        self.seen: list[bytes] = []
        outer = self

        class Forward(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append(f"{self.path}\n{self.headers}".encode())
                host, _, port = app.rpartition("//")[2].partition(":")
                path = "/" + self.path.split("/", 3)[3]
                with socket.create_connection((host, int(port))) as far:
                    far.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                    while chunk := far.recv(65536):
                        self.wfile.write(chunk)

            def log_message(self, *args: Any) -> None:
                pass

        super().__init__(Forward)


def test_spaces_real_allow_insecure_token(
    hub: LocalHub, newest: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``allow_insecure_token`` an explicit token is sent, and a saved one never is."""
    order = OpenAddress(newest.url)
    options: dict[str, Any] = {"proxies": {"http": order.url}}
    try:
        Client("http://192.0.2.1:9", hf_token=OWNER, allow_insecure_token=True, **options).close()
        assert f"Bearer {OWNER}".encode() in order.seen[-1]
        hub.add("alice/open", address="http://192.0.2.1:9")
        monkeypatch.setenv("HF_TOKEN", OWNER)
        Client("alice/open", allow_insecure_token=True, **options).close()
        assert len(order.seen) == 2
        assert OWNER.encode() not in order.seen[-1]
    finally:
        order.close()


@pytest.fixture
def tunnel(hub: LocalHub, newest: Server, certificate: Path) -> Iterator[ConnectProxy]:
    """Yield a proxy that leads to https://alice-secret.hf.space, a private, sleeping Space."""
    space = hub.add("alice/secret", "SLEEPING", "RUNNING", app=newest.url, private=True)
    tunnel = ConnectProxy(proxy_of(space), certificate)
    yield tunnel
    tunnel.close()


@pytest.mark.parametrize("idle", [False, True])
def test_spaces_real_app_url_on_hugging_face_is_a_space(
    hub: LocalHub,
    tunnel: ConnectProxy,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    idle: bool,
) -> None:
    """The URL https://user-space.hf.space is woken and gets the saved token, like user/space."""
    if idle:  # connections that were idle for long are opened again, through the proxy
        monkeypatch.setattr(connections, "_REUSE_SECONDS", 0.0)
    monkeypatch.setenv("HF_TOKEN", OWNER)
    statuses: list[SpaceStatus] = []
    with Client(
        "https://alice-secret.hf.space",
        proxies={"https": tunnel.url},
        verify=certificate,
        status_callback=statuses.append,
    ) as app:
        assert app.predict("/add", [2, 3])[0] in FIVE
        assert app.url == "https://alice-secret.hf.space"
    assert [status.detail for status in statuses] == ["SLEEPING", "RUNNING"]
    assert set(tunnel.hosts) == {"alice-secret.hf.space:443"}
    assert hub.requests_to("by-subdomain/alice-secret")
    seen = proxy_of(hub.spaces["alice/secret"]).seen
    assert {request.token for request in seen} == {OWNER}
    assert any("__sign" in request.query for request in seen)


# -- canaries -----------------------------------------------------------------------------


def test_spaces_real_secrets_do_not_leak(
    hub: LocalHub,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tokens and cookies are in no log, repr, error or pickle, and go to one origin only."""
    caplog.set_level(logging.DEBUG)
    hub.accounts[CANARY] = hub.accounts[OWNER]
    space = hub.add("alice/secret", app=server.url, private=True)
    shown: list[object] = []
    with Client("alice/secret", hf_token=CANARY, cookies={"session": COOKIE}) as app:
        app.predict("/add", [2, 3])
        job = app.submit("/fail", ["x"])
        shown += [job, job.exception(), repr(app), str(app), app.config]
        with pytest.raises(Exception) as caught:  # noqa: PT011 - any error; it is checked below
            app.predict("/no_such_endpoint", [])
        shown += [caught.value]
    proxy_of(space).check = lambda request: (403, f"<html>{request.headers}</html>")
    for source in ("alice/secret", "alice/nothing"):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - any error; it is checked below
            Client(source, hf_token=CANARY, cookies={"session": COOKIE})
        shown += [caught.value, caught.value.__dict__]
    errors = [value for value in shown if isinstance(value, Exception)]
    texts = [caplog.text, *(repr(value) + str(value) for value in shown)]
    texts += [pickle.dumps(error).decode("latin-1") for error in errors]
    for text in texts:
        assert CANARY not in text
        assert COOKIE not in text
    assert {call.token for call in hub.calls} == {CANARY}
    elsewhere = SpaceProxy(server.url, lambda request: None)
    try:
        monkeypatch.setenv("HF_TOKEN", CANARY)
        with Client(elsewhere.url) as app:
            app.predict("/add", [2, 3])
    finally:
        elsewhere.close()
    assert not [request for request in elsewhere.seen if CANARY in str(request)]


def test_spaces_real_redirect_is_not_followed(hub: LocalHub, newest: Server) -> None:
    """A redirect of a Space to another host is not followed."""
    elsewhere = SpaceProxy(newest.url, lambda request: None)
    space = hub.add("alice/open", app=newest.url)
    proxy_of(space).refuse.append(("/config", 302, {"Location": f"{elsewhere.url}/config"}))
    try:
        with pytest.raises(Exception, match="not followed"):
            Client("alice/open", hf_token=OWNER)
    finally:
        elsewhere.close()
    assert elsewhere.seen == []
