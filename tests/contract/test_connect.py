"""How a client finds an app, logs in, and closes the connection."""

from __future__ import annotations

import concurrent.futures
import contextlib
import gc
import http.server
import json
import pickle
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from gradio_client_sync import (
    AuthenticationError,
    Client,
    ClientClosedError,
    ConfigError,
    ConnectFailedError,
    GradioClientError,
    UnsupportedAppError,
)
from gradio_client_sync import client as client_alias
from tests.conftest import SERVERS
from tests.support.generations import has
from tests.support.http_server import HttpServer
from tests.support.listeners import BOUND, EventRecorder
from tests.support.schedule import protocol_of
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio

LOGIN = ("user", "password")


def assert_works(app: Client) -> None:
    """Check that queued, direct and streaming calls work."""
    assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"
    assert app.predict("/direct", ["abc"], timeout=BOUND)[0] == "cba"
    assert [data[0] for data in app.submit("/count", [2])] == ["0", "1", "1"]


# -- URLs


def test_client_attributes(app: Client, server: Server) -> None:
    """A client has the app's URL, config, protocol and session hash."""
    assert (app.source, app.url) == (server.url, server.url)
    assert app.protocol == protocol_of(server.version)
    assert app.config["version"].strip() == server.version
    assert len(app.session_hash) >= 10
    assert server.url in repr(app)
    assert client_alias is Client


FORMS = (
    "{}",
    "{}/",
    " {} ",
    "{}/?__theme=dark",
    "{}/#top",
    "{}?a=b#c",
    "{}/config",
    "{}//",
    "{}/gradio_api",
)


def test_forms_of_a_url(server: Server) -> None:
    """A URL works in any form that a browser shows."""
    for form in FORMS:
        with Client(form.format(server.url)) as app:
            assert app.url == server.url
            assert app.predict("/direct", ["abc"])[0] == "cba"


@pytest.mark.parametrize("version", SERVERS)
def test_app_below_a_path(server_pool: ServerPool, version: str) -> None:
    """An app that is mounted below a path works with any form of its URL."""
    server = server_pool.get(version, mount="/app", show_error=False)
    for form in ("{}", "{}/", "{}/config", "{}/?view=api"):
        with Client(form.format(server.url)) as app:
            assert app.url == server.url
            assert_works(app)
    with Client(server.url) as app:
        assert "/echo" in app.view_api()["named_endpoints"]
    with pytest.raises(ConfigError, match="mounted below a path, the URL"):
        Client(server.url[: -len("/app")])


@pytest.mark.parametrize("version", SERVERS)
def test_root_that_is_wrong(server_pool: ServerPool, version: str) -> None:
    """A wrong ``root`` in the app's config has no effect."""
    server = server_pool.get(version, root_path="https://wrong.invalid/sub")
    with Client(server.url) as app:
        assert app.url == server.url
        assert_works(app)


def test_config_from_the_page(server: Server) -> None:
    """If ``/config`` cannot be reached, the client reads the config from the page."""
    for status in (404, 500):  # 500: apps of Gradio 3 with state that cannot be written as JSON
        with front(server.url, hidden="/config", status=status) as url, Client(url) as app:
            assert app.url == url
            assert app.config["version"].strip() == server.version
            names = {d["api_name"] for d in app.config["dependencies"]}
            assert "echo" in names


@contextlib.contextmanager
def front(target: str, *, hidden: str, status: int) -> Iterator[str]:
    """Serve the pages of another server, except for one."""
    import urllib.request

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith(hidden):
                self.send_error(status)
                return
            with urllib.request.urlopen(target + self.path, timeout=BOUND) as answer:
                body = answer.read()
            self.send_response(200)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with HttpServer(Handler) as server:
        yield server.url


def answering(status: int, body: str, kind: str) -> type[http.server.BaseHTTPRequestHandler]:
    """Make a handler that sends the same response to every request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


# -- errors


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, "<html><body>It works!</body></html>", "text/html"),
        (404, "<html><body>Nothing here</body></html>", "text/html"),
        (200, '{"hello": "world"}', "application/json"),
        (200, "[1, 2]", "application/json"),
        (200, "", "text/plain"),
        (200, '{"version": "4.44.1"}', "application/json"),
    ],
)
def test_responses_without_gradio(status: int, body: str, kind: str) -> None:
    """A response that is not from a Gradio app gives an error that says so."""
    with HttpServer(answering(status, body, kind)) as server:
        with pytest.raises(ConfigError) as caught:
            Client(server.url)
        assert not isinstance(caught.value, UnsupportedAppError)
        assert "Gradio" in str(caught.value) or "config" in str(caught.value)


def test_gradio_2() -> None:
    """An app of Gradio 2 gives an error with its version and what to do."""
    config = {"version": "2.9.4\n", "components": [], "dependencies": [], "mode": "interface"}
    with HttpServer(answering(200, json.dumps(config), "application/json")) as server:
        with pytest.raises(UnsupportedAppError, match=r"2\.9\.4") as caught:
            Client(server.url)
    assert caught.value.version == "2.9.4"


def test_unknown_protocol() -> None:
    """A queue protocol that this client does not know is named in the error."""
    config = {"version": "9.0.0", "protocol": "sse_v9", "components": [], "dependencies": []}
    with HttpServer(answering(200, json.dumps(config), "application/json")) as server:
        with pytest.raises(UnsupportedAppError, match=r"sse_v9.*Upgrade"):
            Client(server.url)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_in_trouble(status: int) -> None:
    """A failing server gives an error with the response's status."""
    with HttpServer(answering(status, "oh no", "text/plain")) as server:
        with pytest.raises(GradioClientError, match=str(status)) as caught:
            Client(server.url)
    assert not isinstance(caught.value, ConfigError)


def test_connection_refused() -> None:
    """The error says that nothing listens at the port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(ConnectFailedError, match="Check the URL") as caught:
            Client(f"http://127.0.0.1:{port}")
    assert isinstance(caught.value, ConnectionError)
    assert str(port) in str(caught.value)


def test_unknown_host() -> None:
    """The error says that the host does not exist; ``.invalid`` never does."""
    with pytest.raises(ConnectFailedError, match=r"gradio\.invalid"):
        Client("http://gradio.invalid:7860", timeout=5)


@pytest.mark.parametrize(
    "source",
    [
        "127.0.0.1:7860",
        "localhost",
        "htp://127.0.0.1:7860",
        "ws://127.0.0.1:7860",
        "file:///etc/passwd",
        "http://",
        "http://:7860",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://[::1",
        "",
        "   ",
    ],
)
def test_malformed_urls_are_refused(source: str) -> None:
    """A malformed URL is refused without a request, and the error shows a correct one."""
    with pytest.raises(ConfigError, match=r"URL.*'http://"):
        Client(source)


def test_password_in_the_url() -> None:
    """A URL with a password is refused, and the error does not repeat the password."""
    with pytest.raises(ConfigError, match="auth=") as caught:
        Client("http://user:secret@127.0.0.1:7860")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("source", [None, 7860, b"http://127.0.0.1", ["http://127.0.0.1"]])
def test_source_is_text(source: Any) -> None:
    """A source that is not a string is refused."""
    with pytest.raises(TypeError, match="URL or the name of a Space"):
        Client(source)


# -- login


@pytest.mark.parametrize("version", SERVERS)
def test_login(server_pool: ServerPool, version: str) -> None:
    """With the right login all calls work: queue, websocket, direct calls and the API info."""
    server = server_pool.get(version, auth="user:password", queue_size=3)
    with Client(server.url, auth=LOGIN) as app:
        assert_works(app)
        assert "/echo" in app.view_api()["named_endpoints"]
        assert app.predict("/echo", ["isolated"], isolated=True)[0] == "isolated"
        assert "password" not in repr(app)


@pytest.mark.parametrize("version", SERVERS)
def test_login_that_is_wrong(server_pool: ServerPool, version: str) -> None:
    """A wrong or missing login gives an error that says what to do, without the password."""
    server = server_pool.get(version, auth="user:password", queue_size=3)
    with pytest.raises(AuthenticationError, match="auth=") as missing:
        Client(server.url)
    assert missing.value.status_code == 401
    with pytest.raises(
        AuthenticationError, match="does not accept the login of user 'user'"
    ) as bad:
        Client(server.url, auth=("user", "hunter2"))
    assert "hunter2" not in str(bad.value)
    assert bad.value.status_code in (400, 401)


def test_login_where_none_is_needed(server: Server) -> None:
    """If the app needs no login, a given login is not sent."""
    with Client(server.url, auth=LOGIN) as app:
        assert app.predict("/echo", ["x"])[0] == "x"


@pytest.mark.parametrize("auth", ["user:password", ("user",), ("user", None), 5])
def test_login_is_a_pair(auth: Any) -> None:
    """``auth`` must be a pair of user and password."""
    with pytest.raises(TypeError, match="auth=") as caught:
        Client("http://127.0.0.1:1", auth=auth)
    assert "user:password" not in str(caught.value)


def test_a_cookie_is_one_cookie() -> None:
    """A cookie with a semicolon is refused, because its rest would become another cookie."""
    with pytest.raises(ValueError, match="'mine'") as caught:
        Client("http://127.0.0.1:1", cookies={"mine": "secret;access-token=x"})
    assert "secret" not in str(caught.value)


def test_headers_and_cookies_reach_the_app(server: Server) -> None:
    """Each call has the user's headers and cookies, over websockets too."""
    options: Any = {"headers": {"X-Mine": "header"}, "cookies": {"mine": "cookie"}}
    with Client(server.url, **options) as app:
        seen = json.loads(app.predict("/whoami")[0])["headers"]
    assert seen["x-mine"] == "header"
    assert "mine=cookie" in seen["cookie"]


# -- the API


def test_view_api(app: Client, server: Server) -> None:
    """view_api() describes the endpoints of every server, and prints them as a table."""
    api = app.view_api()
    named = api["named_endpoints"]
    assert {"/echo", "/add", "/defaults", "/counter_middle", "/direct", "/endless"} <= set(named)
    assert not {"/private", "/unlisted_event", "/apply"} & set(named)
    assert ("/unnamed_event" in named) == has(server.version, "function names")
    parameters = named["/defaults"]["parameters"]
    assert [p["parameter_name"] for p in parameters] == ["text", "number", "flag", "choice"]
    assert [p.get("parameter_default") for p in parameters[1:]] == [2, True, "red"]
    assert [p["parameter_has_default"] for p in parameters] == [False, True, True, True]
    assert [p["parameter_name"] for p in named["/counter_middle"]["parameters"]] == [
        "text",
        "number",
    ]
    assert len(named["/counter_middle"]["returns"]) == 1
    if has(server.version, "generator types"):
        assert named["/count"]["type"]["generator"]
    shown = str(api)
    assert "/defaults" in shown
    assert server.version in shown


# -- closing


def test_close(server: Server) -> None:
    """close() may be called again, and later calls are refused."""
    app = Client(server.url)
    job = app.submit("/echo", ["x"])
    assert job.result(BOUND)[0] == "x"
    app.close()
    app.close()
    assert job.result()[0] == "x"
    assert [data[0] for data in job] == ["x"]
    for call in (
        lambda: app.submit("/echo", ["x"]),
        lambda: app.predict("/echo", ["x"]),
        app.view_api,
    ):
        with pytest.raises(ClientClosedError):
            call()
    assert "closed" in repr(app)


def test_with_closes(server: Server, key: str) -> None:
    """Leaving a ``with`` block ends the running jobs and the client's threads."""
    with Client(server.url) as app:
        job, data = app.submit("/endless", [key]), EventRecorder()
        job.on("data", data)
        data.wait_for(lambda data: True)
    assert job.cancelled()
    with pytest.raises(concurrent.futures.CancelledError):
        job.result()
    assert not package_threads()


def package_threads() -> list[str]:
    """Return the names of this package's running threads."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith("gradio-")]


def test_unreferenced_client_closes_at_once(server: Server) -> None:
    """An unreferenced client closes at once: a finished call leaves no reference cycle."""
    gone = threading.Event()
    gc.disable()
    try:
        app = Client(server.url)
        assert app.predict("/echo", ["x"])[0] == "x"
        watched = weakref.ref(app, lambda _: gone.set())
        del app
        assert gone.wait(BOUND)
        assert watched() is None
    finally:
        gc.enable()


def test_collected_client_leaves_nothing(server: Server) -> None:
    """A client without references is collected, and its threads end."""
    app = Client(server.url)
    jobs = [app.submit("/count", [3]) for _ in range(3)]
    assert [job.result(BOUND)[0] for job in jobs] == ["2"] * 3
    gone = weakref.ref(app)
    threads = [t for t in threading.enumerate() if t.name.startswith("gradio-")]
    del app, jobs
    gc.collect()
    for thread in threads:
        thread.join(BOUND)
    assert gone() is None
    assert not package_threads()


def test_temporary_client(server: Server) -> None:
    """A running job keeps its client alive."""
    job = Client(server.url).submit("/count", [3])
    gc.collect()
    assert job.result(BOUND)[0] == "2"
    assert [data[0] for data in job] == ["0", "1", "2", "2"]
    assert Client(server.url).predict("/echo", ["x"])[0] == "x"
    del job
    gc.collect()


def test_pickled_client_opens_its_own_connection(server: Server) -> None:
    """A pickle has the client's arguments, and the copy opens its own session."""
    app = Client(server.url)
    assert app.predict("/counter")[0] == 1
    with pickle.loads(pickle.dumps(app)) as copy:
        assert copy.url == app.url
        assert copy.session_hash != app.session_hash
        assert copy.predict("/counter")[0] == 1
        assert app.predict("/counter")[0] == 2
    app.close()


def test_session_can_be_taken_up_again(server: Server) -> None:
    """A client with the session hash of an earlier one finds its state."""
    with Client(server.url) as first:
        assert first.predict("/counter")[0] == 1
        session = first.session_hash
    with Client(server.url, session_hash=session) as second:
        assert second.session_hash == session
        assert second.predict("/counter")[0] == 2


def test_many_threads_share_a_client(server: Server) -> None:
    """Twenty threads can share a client from its first call on."""
    answers: list[Any] = [None] * 20
    barrier = threading.Barrier(20)
    with Client(server.url) as app:

        def work(number: int) -> None:
            barrier.wait(BOUND)
            answers[number] = app.predict("/defaults", [str(number)], timeout=BOUND * 2)[0]

        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(BOUND * 2)
    assert answers == [f"{number} 2 True red" for number in range(20)]


@pytest.mark.client_only
def test_server_that_dies(server: Server) -> None:
    """If the server dies, its job fails and says whether the function may have run."""
    own = Server(server.version)
    try:
        with Client(own.url) as app:
            job = app.submit("/hold", ["key"])
            assert own.control.await_started("key")
            own.kill()
            error = job.exception(BOUND)
            assert isinstance(error, ConnectionError)
            assert "may have run" in str(error)
            later = app.submit("/echo", ["x"]).exception(BOUND)
            assert isinstance(later, ConnectionError)
    finally:
        own.kill()


def test_repr_before_the_arguments_are_checked() -> None:
    """repr() works before the arguments are checked, as debuggers may call it then."""
    assert repr(Client.__new__(Client)) == "<Client … (not connected yet)>"
