"""`Client(session=…)`: a `requests.Session` whose settings and adapters apply."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Any, BinaryIO, Optional

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from gradio_client_sync import Client, ConnectFailedError, JobTimeoutError
from tests.conftest import SERVERS
from tests.support.file_app import FileApp, filedata
from tests.support.gateway import Gateway, ResponseForm
from tests.support.listeners import BOUND, EventRecorder
from tests.support.scripted import Gate, scripted
from tests.support.servers.plugin import ServerPool

VERSIONS = [v for v in ("3.50.2", "6.31.0") if v in SERVERS]


def heads(app: FileApp) -> str:
    return "\n".join(app.heads).lower()


@pytest.mark.client_only
def test_session_headers_cookies_and_login_are_sent() -> None:
    """The session's own headers, its cookies for this host, and its login are sent."""
    session = requests.Session()
    session.headers.update({"X-One": "session", "X-Two": b"session", "Accept": None})
    session.cookies.set("here", "1", domain="127.0.0.1")
    session.cookies.set("there", "2", domain="example.org")
    session.auth = ("me", "pass")
    with FileApp() as app:
        with Client(app.url, session=session, headers={"x-one": "client"}) as client:
            assert client.predict("/file", [b"content"])[0].read() == b"content"
        sent = heads(app)
        count = len(app.heads)
    assert sent.count("x-one: client") == sent.count("x-two: session") == count
    assert (
        sent.count("cookie: here=1\n") == sent.count("authorization: basic bwu6cgfzcw==") == count
    )
    assert "python-requests" not in sent
    assert "there" not in sent


@pytest.mark.client_only
def test_session_decides_about_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `trust_env`, .netrc and proxies of the environment are used; without it, they are not.

    Without a session, .netrc is not read.
    """
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password pass")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    trusting, other = requests.Session(), requests.Session()
    other.trust_env = False
    with FileApp() as app:
        for session, sent in ((None, 0), (other, 0), (trusting, 1)):
            app.heads.clear()
            Client(app.url, session=session).close()
            assert heads(app).count("authorization: basic bwu6cgfzcw==") == sent
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        Client(app.url, session=other).close()
        with pytest.raises(ConnectFailedError, match="HTTP_PROXY"):
            Client(app.url, session=trusting, retries=0)
        trusting.proxies["http"] = ""
        Client(app.url, session=trusting).close()


class Recording(HTTPAdapter):
    """An adapter that records what it sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        self.sent.append(f"{request.method} {request.path_url.partition('?')[0]}")
        return super().send(request, *args, **options)


@pytest.mark.client_only
def test_adapter_sends_every_request_below_its_prefix() -> None:
    """The longest prefix counts, and adapters that are as requests made them send nothing."""
    session, mounted, never = requests.Session(), Recording(), Recording()
    with FileApp() as app, scripted() as other:
        other.scripts["GET /there"] = lambda x: x.answer(b"there")
        session.mount("http://127", never)
        session.mount(app.url.upper(), mounted)
        session.mount(other.url, HTTPAdapter())
        with Client(app.url, session=session) as client:
            assert client.predict("/file", [b"content"])[0].read() == b"content"
            app.output = [filedata(f"{other.url}/there")]
            assert client.predict("/direct", ["x"])[0].read() == b"there"
        prefix = app.config["api_prefix"]
        assert sorted(sent.replace(prefix, "") for sent in mounted.sent) == sorted(app.requests)
    assert never.sent == []


@pytest.mark.client_only
def test_request_of_an_adapter_ends_with_its_job() -> None:
    """A deadline ends a call at once, though its adapter still waits for a response."""
    session, gate = requests.Session(), Gate()
    session.mount("http://", Recording())
    with FileApp() as app:
        app.scripts["POST /run/direct"] = lambda x: (gate.pass_through(), x.answer({"data": [1]}))[
            1
        ]
        with Client(app.url, session=session) as client:
            with pytest.raises(JobTimeoutError):
                client.predict("/direct", ["x"], timeout=0.3)
            gate.open()


class NoServer(BaseAdapter):
    """An adapter without connections of urllib3, which fails as one for Unix sockets does."""

    def send(self, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
        from urllib3.exceptions import ProtocolError

        raise requests.ConnectionError(ProtocolError("Connection aborted.", missing))

    def close(self) -> None:
        pass


@pytest.mark.client_only
def test_adapter_that_cannot_connect() -> None:
    """Errors of adapters are those of connections, also for URLs that only an adapter reads."""
    session = requests.Session()
    session.mount("http+unix://", NoServer())
    session.mount("http://", Recording())
    for url, said in (
        ("http+unix://%2Ftmp%2FNone.sock/", "%2FNone.sock.*cannot be reached: No such file"),
        ("http://127.0.0.1:9", "127.0.0.1:9 cannot be reached: Connection refused"),
    ):
        with pytest.raises(ConnectFailedError, match=f"(?i){said}"):
            Client(url, session=session, retries=0)


class Peers(Gateway):
    """A gateway that keeps the addresses of its clients."""

    def __init__(self, url: str) -> None:
        super().__init__(url, ResponseForm())
        self.peers: set[str] = set()

    def handle(self, near: socket.socket) -> None:
        self.peers.add(near.getpeername()[0])
        super().handle(near)


class FromAddress(HTTPAdapter):
    """An adapter with a source address."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=("127.0.0.2", 0), **options)


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_adapter_with_a_source_address(server_pool: ServerPool, version: str) -> None:
    """All connections come from the address, also the websocket of Gradio 3."""
    session, server = requests.Session(), server_pool.get(version)
    session.mount("http://", FromAddress())
    with Peers(server.url) as gate, Client(gate.url, session=session) as app:
        assert app.predict("/file", [bytes(300_000)], timeout=BOUND)[0].read() == bytes(300_000)
        running, values = app.submit("/endless", [f"address {version}"]), EventRecorder()
        running.on("data", values)
        values.wait_for()
        assert running.cancel()
        assert server.control.await_stopped(f"address {version}")
        assert gate.peers == {"127.0.0.2"}


class PasswordProxy(Gateway):
    """A proxy that requires a password, and leads every host to one server."""

    def __init__(self, url: str) -> None:
        super().__init__(url, ResponseForm())
        self.tunnels: list[str] = []

    def refuse(self, head: str) -> Optional[bytes]:
        method, target, _ = head.partition("\r\n")[0].split(" ")
        if target.startswith("/"):
            return None  # within a tunnel
        if "proxy-authorization: basic bwu6cgfzcw==" not in head.lower():
            return b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        if method != "CONNECT":
            return None
        self.tunnels.append(target)
        return b"HTTP/1.1 200 Connection established\r\n\r\n"

    def _answer(self, near: socket.socket, head: str, reader: BinaryIO) -> bool:
        return super()._answer(near, head.replace(" http://app.example", " ", 1), reader)


@pytest.mark.gradio
@pytest.mark.skipif("3.50.2" not in SERVERS, reason="needs a server with websockets")
@pytest.mark.parametrize("is_mounted", [True, False])
def test_websocket_through_a_proxy_with_a_password(
    server_pool: ServerPool, is_mounted: bool
) -> None:
    """The websocket goes through a tunnel to the app, also if an adapter opens the connection."""
    session = requests.Session()
    if is_mounted:
        session.mount("http://", Recording())
    with PasswordProxy(server_pool.get("3.50.2").url) as proxy:
        session.proxies["http"] = proxy.url.replace("//", "//me:pass@")
        with Client("http://app.example", session=session) as app:
            assert app.predict("/add", [2, 3], timeout=BOUND)[0] == 5
        assert proxy.tunnels == ["app.example:80"]


@pytest.mark.client_only
@pytest.mark.parametrize("is_mounted", [True, False])
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_hosts_of_no_proxy_are_reached_without_the_proxy(
    monkeypatch: pytest.MonkeyPatch, is_mounted: bool, name: str
) -> None:
    """`NO_PROXY` holds for requests, and for those of an adapter."""
    session = requests.Session()
    if is_mounted:
        session.mount("http://", Recording())
    for known in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(known, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with FileApp() as app:
        with pytest.raises(ConnectFailedError, match="HTTP_PROXY"):
            Client(app.url, session=session, retries=0)
        for hosts in ("example.org,127.0.0.1", "127.0.0.0/8", "*"):
            monkeypatch.setenv(name, hosts)
            with Client(app.url, session=session) as client:
                assert client.predict("/file", [b"content"])[0].read() == b"content"


def test_session_and_context_do_not_go_together_with_an_adapter() -> None:
    """A context cannot get into the connections of the user's adapter; the error says so."""
    import ssl

    session = requests.Session()
    session.mount("https://", Recording())
    with pytest.raises(TypeError, match="Give the context to the adapter"):
        Client("https://127.0.0.1:9", session=session, verify=ssl.create_default_context())
