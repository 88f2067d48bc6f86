"""Logins of ``httpx`` for a gateway, with the real ``httpx``, in front of a real server."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Callable

import httpx
import pytest

from gradio_client_sync.compat import Client, handle_file
from gradio_client_sync.compat._httpx_auth import login
from tests.conftest import SERVERS
from tests.support.login_gateway import LoginGateway, Rule, basic, bearer, digest
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.once


class Renewed(httpx.Auth):
    """A token that is renewed when the gateway refuses it. It reads the refusal."""

    requires_response_body = True

    def __init__(self, accepted: set[str]) -> None:
        self.accepted = accepted
        self.token = "expired"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self.token}"
        response = yield request
        if response.status_code == 401:
            assert b"401" in response.content or request.method == "HEAD"
            self.token = os.urandom(4).hex()
            self.accepted.add(self.token)
            request.headers["Authorization"] = f"Bearer {self.token}"
            yield request


class Issued(httpx.Auth):
    """A token that another server issues. The test gives its address."""

    issuer = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        issued = yield httpx.Request("GET", f"{self.issuer}/config")
        assert issued.json()["version"]
        yield add_token(request)


def either(asked: Any) -> str | None:
    """Ask for Basic or Digest, in one header."""
    challenge = DIGEST(asked)
    return challenge and f'Basic realm="a", {challenge}'


DIGEST = digest("me", "pass")


def add_token(request: Any) -> Any:
    request.headers["Authorization"] = "Bearer mine"
    return request


LOGINS: dict[str, Callable[[], tuple[Rule, Any]]] = {
    "pair": lambda: (basic("Basic bWU6cGFzcw=="), (b"me", "pass")),
    "digest": lambda: (digest("me", "pass", 2), httpx.DigestAuth("me", "pass")),
    "one of two": lambda: (either, httpx.DigestAuth("me", "pass")),
    "renewed": lambda: (bearer(accepted := set()), Renewed(accepted)),
    "issued": lambda: (bearer({"mine"}), Issued()),
    "function": lambda: (bearer({"mine"}), add_token),
}


#: Digest is tried on Gradio 3, where a login acts on the websocket's handshake, too.
COMBINED = [
    *(("3.50.2", name) for name in ("digest",) if "3.50.2" in SERVERS),
    *((version, name) for version in SERVERS[-1:] for name in LOGINS if name != "digest"),
]


@pytest.mark.gradio
@pytest.mark.parametrize(("version", "name"), COMBINED)
def test_login_of_httpx(server_pool: ServerPool, version: str, name: str, tmp_path: Path) -> None:
    """It acts on requests, uploads, streams and downloads."""
    server, (rule, auth) = server_pool.get(version), LOGINS[name]()
    if isinstance(auth, Issued):
        auth.issuer = server.url
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(100_000))
    with LoginGateway(server.url, rule) as gate:
        options: dict[str, Any] = {"verbose": False, "download_files": tmp_path / "out"}
        with Client(gate.url, httpx_kwargs={"auth": auth}, **options) as client:
            assert client.predict("hi", api_name="/echo") == "hi"
            back = client.predict(handle_file(path), api_name="/file")
            assert Path(back).read_bytes() == bytes(100_000)
            assert list(client.submit(2, api_name="/count")) == ["0", "1"]
        for route in ("/config", "/queue/join", "/upload", "file="):
            assert gate.saw(route, passed=True), route


def test_other_objects_are_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other objects are refused, and not shown; ``httpx`` need not be imported."""
    for wrong in ("secret", ("secret",), httpx.BasicAuth, 3):
        with pytest.raises(TypeError, match="must be a pair") as caught:
            login(wrong)
        assert "secret" not in str(caught.value)
    monkeypatch.delitem(sys.modules, "httpx")
    assert login(None) is None and login(add_token) is add_token and login(["a", "b"]) == ("a", "b")
