"""A private Space whose app has a login of its own, besides the token for the Space."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from requests.auth import HTTPBasicAuth

from gradio_client_sync import AuthenticationError, Client
from tests.support.file_app import FileApp
from tests.support.hub.hub import LocalHub, proxy_of
from tests.support.hub.plugin import OWNER
from tests.support.login_gateway import LoginGateway, basic

pytestmark = pytest.mark.client_only


def with_login() -> requests.Session:
    session = requests.Session()
    session.auth = ("me", "pass")
    return session


@pytest.mark.parametrize(
    "login",
    [
        {"http_auth": ("me", "pass")},
        {"http_auth": HTTPBasicAuth("me", "pass")},
        {"session": with_login()},
        {"headers": {"Authorization": "Basic bWU6cGFzcw=="}},
    ],
    ids=["pair", "object", "session", "header"],
)
def test_private_space_with_a_login_of_its_own(hub: LocalHub, login: dict[str, Any]) -> None:
    """The app gets its login, the Space its token, and the Hub only the token."""
    with FileApp() as app, LoginGateway(app.url, basic("Basic bWU6cGFzcw==")) as gate:
        space = hub.add("alice/secret", app=gate.url, private=True)
        with Client("alice/secret", token=OWNER, **login) as client:
            assert client.predict("/file", [b"content"])[0].read() == b"content"
        sent = [request.headers for request in proxy_of(space).seen]
        assert all(headers["authorization"] == "Basic bWU6cGFzcw==" for headers in sent)
        assert all(headers["x-hf-authorization"] == f"Bearer {OWNER}" for headers in sent)
        with pytest.raises(AuthenticationError, match="http_auth="):
            Client("alice/secret", token=OWNER)
