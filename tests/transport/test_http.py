"""`Http`: which URLs requests may go to, what they carry, and how they end."""

from __future__ import annotations

import concurrent.futures
import errno
import pickle
import re
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from gradio_client_sync import (
    AppError,
    AuthenticationError,
    Client,
    ConfigError,
    ConnectFailedError,
    GradioClientError,
    HTTPStatusError,
    RateLimitError,
)
from gradio_client_sync._transport.connections import RequestHandle
from gradio_client_sync._transport.http import Http
from gradio_client_sync._transport.http_options import HttpOptions
from gradio_client_sync.job import control_of
from tests.support.listeners import BOUND
from tests.support.scripted import (
    CLOSE,
    WAIT,
    Gate,
    IncomingRequest,
    ScriptedApp,
    completed,
    config_of,
    scripted,
)
from tests.support.scripted import dependency as dependency_of

DIRECT = config_of(dependency_of(0, "direct", queue=False))


@pytest.fixture
def direct() -> Iterator[ScriptedApp]:
    with ScriptedApp(DIRECT) as server:
        yield server


def redirect(status: int, location: str) -> object:
    return lambda x: x.answer(b"", status, headers={"Location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_http_follows_redirects_on_the_same_server(direct: ScriptedApp, status: int) -> None:
    """A redirect on the same server changes the app's root URL."""
    direct.scripts["GET /old/config"] = redirect(status, "/new/config")  # type: ignore[assignment]
    direct.scripts["GET /new/config"] = direct.scripts["GET /config"]
    with Client(f"{direct.url}/old") as app:
        assert app.url == f"{direct.url}/new"


def test_http_does_not_follow_redirects_to_other_servers(direct: ScriptedApp) -> None:
    """A redirect to another server is not followed, and nothing is sent there."""
    with ScriptedApp(DIRECT) as other:
        direct.scripts["GET /config"] = redirect(302, f"{other.url}/config")  # type: ignore[assignment]
        with pytest.raises(ConnectFailedError, match="another server"):
            Client(direct.url, headers={"X-Secret": "s"})
        assert other.requests == []


def test_http_redirect_to_an_invalid_url_is_not_followed(direct: ScriptedApp) -> None:
    """A redirect to an invalid URL raises an error of this package."""
    direct.scripts["GET /config"] = redirect(302, "http://[x")  # type: ignore[assignment]
    with pytest.raises(ConnectFailedError, match="Invalid IPv6"):
        Client(direct.url)


def test_http_redirects_in_circles_are_an_error(direct: ScriptedApp) -> None:
    """Endless redirects are an error."""
    direct.scripts["GET /config"] = redirect(302, "/config")  # type: ignore[assignment]
    with pytest.raises(ConnectFailedError, match="redirects in a row"):
        Client(direct.url)


def test_http_root_in_the_config_is_not_trusted() -> None:
    """Requests go to the user's URL, whatever ``root`` the config has."""
    config = {**DIRECT, "root": "http://192.0.2.1:9/elsewhere"}
    with ScriptedApp(config) as server, Client(server.url) as app:
        server.scripts["POST /run/direct"] = lambda x: x.answer({"data": ["ok"]})
        assert app.predict("/direct", ["a"])[0] == "ok"


def test_http_sends_headers_and_cookies_in_every_request() -> None:
    """Each request has the user's headers and cookies, and the cookies that the server set."""
    seen: dict[str, tuple[str | None, str | None]] = {}

    def note(x: IncomingRequest) -> None:
        seen[f"{x.method} {x.path}"] = (x.headers.get("X-Mine"), x.headers.get("Cookie"))

    def config(x: IncomingRequest) -> None:
        note(x)
        x.answer(config_of(), headers={"Set-Cookie": "replica=7; Path=/"})

    def join(x: IncomingRequest) -> None:
        note(x)
        x.answer({"event_id": "e"})

    def data(x: IncomingRequest) -> None:
        note(x)
        x.start_stream()
        x.send(completed("e", "ok"), CLOSE)
        x.end_stream()

    with scripted(join=join, data=data) as server:
        server.scripts["GET /config"] = config
        with Client(server.url, headers={"X-Mine": "h"}, cookies={"a": "b"}) as app:
            app.predict("/echo", ["x"])
    assert [header for header, _ in seen.values()] == ["h"] * 3
    assert [set((cookie or "").split("; ")) for _, cookie in seen.values()] == [
        {"a=b"},
        {"a=b", "replica=7"},
        {"a=b", "replica=7"},
    ]


def test_http_headers_are_sent_once() -> None:
    """No header is sent twice: the user's Host replaces ours, but not our Content-Type."""
    with scripted(join=lambda x: x.answer({"event_id": "e"})) as server:

        def data(x: IncomingRequest) -> None:
            x.start_stream()
            x.send(completed("e", "ok"), CLOSE)
            x.end_stream()

        server.scripts["GET /queue/data"] = data
        with Client(server.url, headers={"host": "app.example", "X-Mine": "a"}) as app:
            own = {"content-type": "text/plain", "x-mine": "b", "X-Gradio-User": "me"}
            app.predict("/echo", ["x"], headers=own)
    config, join, stream = (re.findall(r"(?m)^([\w-]+): (.*?)\r?$", head) for head in server.heads)
    for head in config, join, stream:
        names = [name.lower() for name, _ in head]
        assert len(set(names)) == len(names), head
        assert ("host", "app.example") in head
    assert ("Content-Type", "application/json") in join
    assert ("x-mine", "b") in join and ("X-Gradio-User", "me") in join
    assert ("X-Mine", "a") in stream


def test_http_headers_are_sent_once_to_websockets() -> None:
    """In a websocket's handshake too, the user's Host and cookies replace ours."""
    config = {**config_of(), "version": "3.50.2", "protocol": "ws", "api_prefix": ""}
    with ScriptedApp(config) as server:
        headers, cookies = {"host": "app.example", "Cookie": "mine=1"}, {"other": "2"}
        server.scripts["GET /queue/join"] = lambda x: x.answer({}, 400)
        with Client(server.url, headers=headers, cookies=cookies) as app:
            with pytest.raises(HTTPStatusError):
                app.predict("/echo", ["x"])
    for head in server.heads:
        names = [name.lower() for name in re.findall(r"(?m)^([\w-]+): ", head)]
        assert len(set(names)) == len(names), head
        assert "app.example" in head and "mine=1" in head and "other=2" not in head


def test_http_reuses_its_connection(direct: ScriptedApp) -> None:
    """Requests in a row use one connection."""
    ports = set()

    def run(x: IncomingRequest) -> None:
        ports.add(x._handler.client_address[1])
        x.answer({"data": ["ok"]})

    direct.scripts["POST /run/direct"] = run
    http = Http(direct.url)
    try:
        for _ in range(20):
            assert http.post(f"{direct.url}/gradio_api/run/direct", b"{}").status == 200
    finally:
        http.close()
    assert len(ports) == 1


def test_http_pool_is_closed_without_the_queue_of_urllib3() -> None:
    """The pool is closed without urllib3's queue, whose lock may stay locked after a signal."""
    http = Http("http://127.0.0.1")
    pool = http.context.network_path("http://127.0.0.1").pool
    queue = pool._factory.pool
    assert queue is not None
    with queue.mutex:
        closing = threading.Thread(target=http.close)
        closing.start()
        closing.join(BOUND)
        stuck = closing.is_alive()
    assert not stuck


def test_http_connection_is_not_reused_after_a_plain_500(direct: ScriptedApp) -> None:
    """After a plain-text 500 the connection is not reused: servers then drop it silently."""
    ports = []

    def run(x: IncomingRequest) -> None:
        ports.append(x._handler.client_address[1])
        if len(ports) == 1:
            x.answer(b"Internal Server Error", 500, "text/plain")
        else:
            x.answer({"data": ["ok"]})

    direct.scripts["POST /run/direct"] = run
    with Client(direct.url) as app:
        with pytest.raises(HTTPStatusError, match="500"):
            app.predict("/direct", ["a"])
        assert app.predict("/direct", ["a"])[0] == "ok"
    assert len(set(ports)) == 2


def test_http_direct_call_has_no_read_timeout(direct: ScriptedApp) -> None:
    """A direct call has no read timeout, because a function may take long."""
    gate = Gate()

    def run(x: IncomingRequest) -> None:
        gate.pass_through()
        x.answer({"data": ["late"]})

    direct.scripts["POST /run/direct"] = run
    with Client(direct.url, timeout=(WAIT, 0.4)) as app:
        job = app.submit("/direct", ["a"])
        gate.wait_until_reached()
        with pytest.raises(concurrent.futures.TimeoutError):
            job.exception(0.8)
        gate.open()
        assert job.result(WAIT)[0] == "late"


def test_http_cancelled_direct_call_hangs_up(direct: ScriptedApp) -> None:
    """Cancelling a direct call closes its connection."""
    hung_up = threading.Event()

    def run(x: IncomingRequest) -> None:
        waiting.set()
        if x.wait_for_hangup():
            hung_up.set()
        x.break_off()

    waiting = threading.Event()
    direct.scripts["POST /run/direct"] = run
    with Client(direct.url) as app:
        job = app.submit("/direct", ["a"])
        assert waiting.wait(WAIT)
        assert job.cancel()
        assert hung_up.wait(WAIT)


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (500, {"error": "boom", "title": "Oops", "duration": 3}, AppError, "boom"),
        (500, {"error": None}, AppError, "show_error=False"),
        (401, {"detail": "Not authenticated"}, AuthenticationError, "auth="),
        (403, {"detail": {"error": "Not yours", "auth_message": ""}}, AuthenticationError, "yours"),
        (404, {"detail": "Not Found"}, HTTPStatusError, "404"),
        (429, {"detail": "slow"}, RateLimitError, "wait 70 s"),
        (502, b"<html>Bad gateway</html>", HTTPStatusError, "responded with 502\\."),
        (307, b"", HTTPStatusError, "redirects to 'https://other.example/' \\(307\\). Connect to"),
    ],
)
def test_http_each_status_has_its_error(
    direct: ScriptedApp, status: int, body: object, error: type[Exception], says: str
) -> None:
    """Each status has its own error, which contains the server's text and can be pickled."""
    kind = "text/html" if isinstance(body, bytes) else "application/json"
    headers = {"Retry-After": "70"}  # longer than a job waits
    if status == 307:
        headers = {"Location": "https://other.example/"}
    direct.scripts["POST /run/direct"] = lambda x: x.answer(body, status, kind, headers)
    with Client(direct.url) as app, pytest.raises(error, match=says) as caught:
        app.predict("/direct", ["a"])
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert copy.__dict__ == caught.value.__dict__


def test_http_app_error_of_a_direct_call_has_its_fields(direct: ScriptedApp) -> None:
    """The error of a direct call has title, duration and visibility."""
    body = {"error": "boom", "title": "Oops", "duration": 3, "visible": False}
    direct.scripts["POST /run/direct"] = lambda x: x.answer(body, 500)
    with Client(direct.url) as app, pytest.raises(AppError) as caught:
        app.predict("/direct", ["a"])
    error = caught.value
    assert (error.message, error.title, error.duration, error.visible) == ("boom", "Oops", 3, False)


def test_http_html_instead_of_json_is_an_error(direct: ScriptedApp) -> None:
    """An HTML page with status 200 is an error and not a value."""
    from gradio_client_sync import ProtocolError

    direct.scripts["POST /run/direct"] = lambda x: x.answer(b"<html>wait</html>", 200, "text/html")
    with Client(direct.url) as app, pytest.raises(ProtocolError, match="<html>wait"):
        app.predict("/direct", ["a"])


def test_http_token_is_not_sent_in_the_clear() -> None:
    """A token for another machine is refused over plain http, before anything is sent."""
    with pytest.raises(AuthenticationError, match="not encrypted") as caught:
        Client("http://192.0.2.1:9", hf_token="hf_secret")
    assert "hf_secret" not in str(caught.value)


def test_http_token_goes_to_the_app_and_never_into_a_repr(direct: ScriptedApp) -> None:
    """A token is sent to the named app, and is not in the client's repr."""
    seen: list[str | None] = []

    def config(x: IncomingRequest) -> None:
        seen.append(x.headers.get("Authorization"))
        x.answer(DIRECT)

    direct.scripts["GET /config"] = config
    with Client(direct.url, hf_token="hf_secret") as app:
        assert seen == ["Bearer hf_secret"]
        assert "hf_secret" not in repr(app)


def test_http_netrc_passwords_are_not_sent(
    direct: ScriptedApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passwords from a netrc file are not sent."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[str | None] = []

    def config(x: IncomingRequest) -> None:
        seen.append(x.headers.get("Authorization"))
        x.answer(DIRECT)

    direct.scripts["GET /config"] = config
    Client(direct.url).close()
    assert seen == [None]


def test_http_proxies_are_used(direct: ScriptedApp) -> None:
    """A proxy in the options gets the request for the app's URL."""
    paths: list[str] = []

    def config(x: IncomingRequest) -> None:
        paths.append(x._handler.path)
        x.answer(DIRECT)

    direct.scripts["GET /config"] = config
    with Client("http://app.invalid:80", proxies={"http": direct.url}) as app:
        assert app.url == "http://app.invalid:80"
    assert paths == ["http://app.invalid:80/config"]


def test_http_unusable_proxy_is_named() -> None:
    """If the proxy cannot be reached, the error names the proxy and not the app."""
    with pytest.raises(ConnectFailedError, match="proxy"):
        Client("http://app.invalid", proxies={"http": "http://127.0.0.1:9"})


def test_http_invalid_proxy_is_named_in_the_error() -> None:
    """If the proxy's response to CONNECT is not HTTP, the error names the proxy."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(ConnectFailedError, match=r"app\.invalid.* through a proxy.*proxies="):
            Client("https://app.invalid", proxies={"https": proxy}, retries=0)
        thread.join()


def test_http_page_without_gradio_is_an_error(direct: ScriptedApp) -> None:
    """If a web server has no Gradio app, the error says so and quotes its response."""
    direct.scripts["GET /config"] = lambda x: x.answer(b"<html>Hello</html>", 200, "text/html")
    direct.scripts["GET /"] = lambda x: x.answer(b"<html>Hello</html>", 200, "text/html")
    with pytest.raises(ConfigError, match="There is no Gradio app"):
        Client(direct.url)


def test_http_app_is_found_by_its_page(direct: ScriptedApp) -> None:
    """If /config fails, the client reads the config from the page."""
    import json

    page = f"<html><script>window.gradio_config = {json.dumps(DIRECT)};</script></html>"
    direct.scripts["GET /config"] = lambda x: x.answer({"detail": "no"}, 404)
    direct.scripts["GET /"] = lambda x: x.answer(page.encode(), 200, "text/html")
    with Client(direct.url) as app:
        assert app.config["version"] == "6.31.0"


@pytest.fixture
def tls(certificate: Path) -> Iterator[ScriptedApp]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with ScriptedApp(DIRECT) as server:
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
        server.url = server.url.replace("http:", "https:")
        yield server


def test_http_untrusted_certificate_is_refused(tls: ScriptedApp) -> None:
    """The error for an untrusted certificate mentions `verify`."""
    with pytest.raises(ConnectFailedError, match="verify="):
        Client(tls.url)


def test_http_verify_takes_a_bundle_or_false(tls: ScriptedApp, certificate: Path) -> None:
    """A path in ``verify`` names the trusted certificates; False accepts any."""
    for verify in (str(certificate), False):
        with Client(tls.url, verify=verify) as app:
            assert app.protocol == "sse_v3"


def test_http_cancelled_call_over_tls_hangs_up(tls: ScriptedApp, certificate: Path) -> None:
    """Cancelling also ends a read over TLS."""
    waiting, gone = threading.Event(), Gate()

    def run(x: IncomingRequest) -> None:
        waiting.set()
        gone.pass_through()

    tls.scripts["POST /run/direct"] = run
    with Client(tls.url, verify=str(certificate)) as app:
        job = app.submit("/direct", ["a"])
        assert waiting.wait(WAIT)
        assert job.cancel()
        assert control_of(job).wait_released(WAIT)
        gone.open()


def test_http_small_request_is_one_write() -> None:
    """The head and a small body of a request are sent together, so the server wakes up once."""
    body = b'{"data":["x"]}'
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        http = Http(url)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(http.post, f"{url}/run/predict", body)
            connection, _ = listener.accept()
            with connection:
                first = connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                assert answer.result(WAIT).body == b"{}"
        http.close()
    assert first.startswith(b"POST /run/predict HTTP/1.1\r\n")
    assert first.endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("secure", [False, True])
def test_http_response_before_the_end_of_the_body_is_read(
    tls: ScriptedApp, direct: ScriptedApp, certificate: Path, secure: bool
) -> None:
    """A response before the end of the body is read, also over TLS, where the exception differs."""
    server = tls if secure else direct
    server.unread.add("POST /run/direct")
    server.scripts["POST /run/direct"] = lambda x: x.answer({"detail": "too long"}, 413)
    with Client(server.url, verify=str(certificate)) as app:
        with pytest.raises(HTTPStatusError, match="413 \\(too long\\)"):
            app.predict("/direct", ["x" * 20_000_000])


def test_http_read_timeout_does_not_limit_a_slow_upload(direct: ScriptedApp) -> None:
    """The read timeout limits the server's silence, and not the time of a whole upload."""

    def run(x: IncomingRequest) -> None:
        pace = threading.Event()
        for _ in range(20):  # in total longer than the read timeout
            x.read(200_000)
            pace.wait(0.05)
        x.read(int(x.headers["content-length"]) - 4_000_000)
        x.answer({"data": ["taken"]})

    direct.unread.add("POST /run/direct")
    direct.scripts["POST /run/direct"] = run
    with Client(direct.url, timeout=(WAIT, 0.5)) as app:
        assert app.predict("/direct", ["x" * 20_000_000])[0] == "taken"


def test_http_cookie_that_cannot_be_sent_is_not_kept(direct: ScriptedApp) -> None:
    """A server's cookie that cannot be sent is dropped, so later requests still work."""
    headers = {"Set-Cookie": "a=b\0c; Path=/"}
    direct.scripts["POST /run/direct"] = lambda x: x.answer({"data": ["y"]}, headers=headers)
    with Client(direct.url) as app:
        assert [app.predict("/direct", ["x"])[0] for _ in range(2)] == ["y", "y"]
    assert "Cookie:" not in direct.heads[-1]


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_http_headers_that_frame_a_request_are_refused(direct: ScriptedApp, name: str) -> None:
    """Headers that define a body's length, as in headers copied from a browser, are refused."""
    with pytest.raises(ValueError, match=name):
        Client(direct.url, headers={name: "92"})


class SlowToEnd:
    """A socket whose shutdown takes time."""

    def __init__(self, call: RequestHandle) -> None:
        self._call = call
        self.let_go = threading.Event()

    def shutdown(self, how: int) -> None:
        def let_go() -> None:
            self._call.attach(None)
            self.let_go.set()

        threading.Thread(target=let_go).start()
        assert not self.let_go.wait(0.2), "its next request would be cut"


def test_http_connection_is_reused_only_after_an_abort() -> None:
    """A connection is not reused until an abort of its last request has ended."""
    call = RequestHandle()
    sock = SlowToEnd(call)
    call.attach(cast(socket.socket, sock))
    call.abort()
    assert sock.let_go.wait(WAIT)


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer open-sesame"}, {"Cookie": "door=open-sesame; last=x"}],
    ids=["token", "cookies"],
)
@pytest.mark.parametrize("status", [403, 200, 302])
def test_http_secrets_of_one_call_are_in_no_error(
    direct: ScriptedApp, headers: dict[str, str], status: int
) -> None:
    """Secrets in the headers of a call are not in its error, even if the server repeats them."""
    body = b"you sent open-sesame"
    direct.scripts["POST /run/direct"] = lambda x: x.answer(body, status, kind="text/html")
    with Client(direct.url) as app:
        error = app.submit("/direct", ["a"], headers=headers).exception(WAIT)
    assert isinstance(error, GradioClientError)
    texts: list[object] = []
    cause: BaseException | None = error
    while cause is not None:
        texts += [str(cause), vars(cause), getattr(cause, "doc", "")]
        cause = cause.__cause__ or cause.__context__
    assert "sesame" not in repr(texts) and "***" in repr(texts)


def test_http_secrets_in_redirects_are_in_no_error(direct: ScriptedApp) -> None:
    """Secrets that a server puts into a redirect's URL are not in the error."""
    for there in ("http://elsewhere.example/?t=open-sesame", "http://[open-sesame"):
        headers = {"Location": there}
        direct.scripts["GET /config"] = lambda x: x.answer(b"", 302, headers=headers)  # noqa: B023
        with pytest.raises(ConnectFailedError) as caught:
            Client(direct.url, headers={"Authorization": "Bearer open-sesame"})
        assert "sesame" not in repr([str(caught.value), vars(caught.value)])


def test_http_rate_limit_patience_covers_all_attempts(direct: ScriptedApp) -> None:
    """The rate limit patience covers all attempts of a request, also with a 503 in between."""
    answers = [(429, {"Retry-After": "0.5"}), (503, {}), (429, {"Retry-After": "0.5"}), (200, {})]

    def answer(x: IncomingRequest) -> None:
        status, headers = answers.pop(0)
        x.answer({}, status, headers=headers)

    direct.scripts["GET /limited"] = answer
    http = Http(direct.url, HttpOptions(rate_limit_patience=0.6, retries=1))
    assert http.get(f"{direct.url}/limited").status == 429
    assert [status for status, _ in answers] == [200]
    http.close()


def test_http_closed_idle_connections_are_dropped_together() -> None:
    """Idle connections that the server closed are removed all at once, and cause one check."""
    both, hang_up = threading.Barrier(2), threading.Event()

    def script(x: IncomingRequest) -> None:
        both.wait(WAIT)
        x.answer({})
        assert hang_up.wait(WAIT)
        x.break_off()

    with scripted() as server:
        server.scripts["GET /one"] = script
        http, url = Http(server.url), f"{server.url}/one"
        with concurrent.futures.ThreadPoolExecutor(2) as threads:
            for answer in [threads.submit(http.get, url) for _ in range(2)]:
                assert answer.result().status == 200
        pool = http.context.network_path(url).pool
        kept = list(pool._idle)
        assert len(kept) == 2
        http.drop_cut(url)
        assert pool._idle == kept
        hang_up.set()
        for pooled in kept:
            select.select([pooled.connection.sock], [], [], WAIT)  # until the end has arrived
        assert http.was_cut(url)
        http.drop_cut(url)
        assert not http.was_cut(url)
        assert pool._idle == []
        http.close()


class Refusing(socket.socket):
    """A socket of a system that refuses one of the options of keep-alive."""

    opened: ClassVar[list[dict[int, int]]] = []

    def setsockopt(self, level: int, option: int, *value: Any) -> None:
        if level == socket.IPPROTO_TCP and option == getattr(socket, "TCP_KEEPINTVL", None):
            raise OSError(errno.EINVAL, "Invalid argument")
        super().setsockopt(level, option, *value)

    def settimeout(self, value: float | None) -> None:  # before each request
        options = socket.SO_KEEPALIVE, socket.TCP_NODELAY
        levels = socket.SOL_SOCKET, socket.IPPROTO_TCP
        self.opened.append({o: self.getsockopt(level, o) for level, o in zip(levels, options)})
        super().settimeout(value)


def test_http_keeps_alive_as_far_as_the_system_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option that the system refuses ends no connection, and the other ones are set."""
    with scripted() as app:
        monkeypatch.setattr(socket, "socket", Refusing)
        http = Http(app.url)
        assert http.get(f"{app.url}/config").status == 200
        http.close()
    assert Refusing.opened[-1] == {socket.SO_KEEPALIVE: 1, socket.TCP_NODELAY: 1}
