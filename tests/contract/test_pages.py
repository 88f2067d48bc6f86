"""URLs of single pages of a multi-page app, as a browser shows them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AuthenticationError, Client, ConfigError
from tests.conftest import SERVERS
from tests.support.gateway import Gateway, ResponseForm
from tests.support.listeners import BOUND
from tests.support.scripted import IncomingRequest, ScriptedApp, config_of
from tests.support.servers.server import Server

pytestmark = pytest.mark.once

PAGES = Path(__file__).parents[1] / "support" / "servers" / "several_pages.py"
VERSIONS = [version for version in SERVERS if version in ("5.50.0", "6.31.0")]
MODES = [
    "csr",
    pytest.param("ssr", marks=pytest.mark.skipif(not shutil.which("node"), reason="no Node")),
]
TAILS = (
    "/second",
    "/second/",
    "/second?__theme=dark#top",
    "/second/?view=api",
    "/second/config",
    "/notes.v2",
    "/a+b",
    "/a%2Bb/",
    "/config?page=second",
    "/?view=api",
)


def start(version: str, mode: str, **options: Any) -> Server:
    return Server(version, app=[PAGES, *(["--ssr"] if mode == "ssr" else [])], **options)


@pytest.fixture(
    scope="module", params=[(v, m) for v in VERSIONS for m in ("csr", "ssr")], ids="-".join
)
def pages(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield a real app with several pages, rendered by the browser or by Node."""
    version, mode = request.param
    with start(version, mode) as server:
        yield server


@pytest.mark.gradio
def test_pages_any_url_of_a_page_connects(pages: Server) -> None:
    """The URL of any page connects to the app, with the functions of all pages."""
    for tail in TAILS:
        with Client(pages.url + tail) as app:
            assert app.url == pages.url, tail
            assert app.predict("/second", ["x"], timeout=BOUND)[0] == "second x"
            assert app.predict("/first", ["x"], timeout=BOUND)[0] == "first x"


@pytest.mark.gradio
def test_pages_unknown_page_is_an_error(pages: Server) -> None:
    """An unknown page gives an error that names the app and its pages, also in SSR mode."""
    for tail in ("/third", "/index.html", "/Second"):
        with pytest.raises(ConfigError, match=r"has no page .*'second'.*Connect to http") as caught:
            Client(pages.url + tail)
        assert repr(tail[1:]) in str(caught.value)
    with pytest.raises(ConfigError, match="There is no Gradio app"):
        Client(f"{pages.url}/second/third")


@pytest.mark.gradio
def test_pages_cost_one_more_request(pages: Server) -> None:
    """The URL of a page costs one more request, for the config above it."""
    with Gateway(pages.url, ResponseForm()) as gateway:
        for tail, expected in (("", ["/config"]), ("/second", ["/second/config", "/config"])):
            gateway.requests.clear()
            with Client(gateway.url + tail):
                paths = [request.split(" ")[1] for request in gateway.requests]
                # Node sends other requests through the same gateway.
                assert [path for path in paths if path.endswith("/config")] == expected


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_pages_of_an_app_with_a_login(version: str) -> None:
    """A page uses the login of its app; without one, the error says what to pass."""
    with start(version, "csr", auth="user:password") as server:
        with pytest.raises(AuthenticationError, match="auth="):
            Client(f"{server.url}/second")
        with Client(f"{server.url}/second", auth=("user", "password")) as app:
            assert app.url == server.url
            assert app.predict("/second", ["x"], timeout=BOUND)[0] == "second x"


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_pages_of_an_app_below_a_path(version: str) -> None:
    """Pages work if the app is mounted below a path."""
    with start(version, "csr", mount="/tools/app") as server:
        for tail in ("", "/", "/second", "/second/?x=1"):
            with Client(server.url + tail) as app:
                assert app.url == server.url
                assert app.predict("/second", ["x"], timeout=BOUND)[0] == "second x"


# -- scripted servers


def page(exchange: IncomingRequest) -> None:
    exchange.answer(b"<html>rendered</html>", kind="text/html")


def elsewhere(exchange: IncomingRequest) -> None:
    exchange.answer(b"", 302, headers={"Location": "http://elsewhere.invalid/config"})


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_pages_error_is_about_the_url_of_the_user(status: int) -> None:
    """If the URL above fails, the error is about the URL that the user gave."""
    with ScriptedApp() as app:
        app.scripts["GET /config"] = lambda x: x.answer({"detail": "no"}, status)
        with pytest.raises(ConfigError, match=r"There is no Gradio app at .*/second"):
            Client(f"{app.url}/second", retries=0)


@pytest.mark.parametrize("detail", ["Not authenticated", {"error": "Not authenticated"}])
def test_pages_app_above_with_a_login(detail: Any) -> None:
    """If the app above requires a login, the error says so, also in SSR mode."""
    with ScriptedApp() as app:
        app.scripts["GET /config"] = lambda x: x.answer({"detail": detail}, 401)
        app.scripts["GET /second/"] = app.scripts["GET /second/config"] = page
        with pytest.raises(AuthenticationError, match="auth="):
            Client(f"{app.url}/second")


def test_pages_search_does_not_follow_redirects_to_other_servers() -> None:
    """A redirect to another server is not followed in the search for the app."""
    with ScriptedApp() as app:
        app.scripts["GET /config"] = elsewhere
        with pytest.raises(ConfigError, match="There is no Gradio app"):
            Client(f"{app.url}/second")
        assert app.requests == ["GET /second/config", "GET /config", "GET /second/"]


@pytest.mark.parametrize("pages", [None, [], "second", [["", "Home"]], [[], None, [5], "second"]])
def test_pages_of_an_app_without_any(pages: Any) -> None:
    """An app with one page has no further pages."""
    config = config_of(**({} if pages is None else {"pages": pages}))
    with ScriptedApp(config) as app:
        with pytest.raises(ConfigError, match="it has one page only"):
            Client(f"{app.url}/second")
