"""`doctor`: names one cause for every problem."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from tests.interfaces.cli.test_cli import guarded, run
from tests.support.generations import servers_with
from tests.support.http_server import HttpServer
from tests.support.hub.connect_proxy import ConnectProxy, certificate
from tests.support.hub.hub import LocalHub, proxy_of
from tests.support.scripted import WAIT, ScriptedApp, config_of
from tests.support.servers.server import Server
from tests.support.tls_proxy import behind_tls, make_certificate

__all__ = ["certificate", "guarded"]


def cause_of(*arguments: str, **variables: str) -> tuple[int, str, str]:
    """Return the exit code, the named cause, and the complete output."""
    code, output, stderr = run("doctor", *arguments, **variables)
    assert stderr == ""
    assert output.count("Cause:") == 1, output
    return code, output.rpartition("Cause: ")[2].strip(), output


@pytest.fixture
def nobody() -> Iterator[str]:
    """Yield a host and port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.gradio
def test_doctor_finds_nothing_wrong_with_a_real_app(server: Server) -> None:
    """For a working app of any release, the doctor finds nothing and exits with 0."""
    code, output, stderr = run("doctor", server.url)
    assert (code, stderr) == (0, "")
    assert output.endswith("Everything works.\n") and server.version.strip() in output


@pytest.mark.gradio
def test_doctor_finds_the_app_above_a_wrong_path(server: Server) -> None:
    """A URL below the app's is a wrong path, and the right URL is printed."""
    code, cause, report = cause_of(f"{server.url}/some/where")
    assert (code, cause) == (6, "wrong path")
    assert f"There is a Gradio app at {server.url}/" in report


@pytest.fixture(scope="module")
def mounted() -> Iterator[Server]:
    with Server("6.31.0", mount="/gradio") as server:
        yield server


@pytest.mark.gradio
def test_doctor_finds_the_app_below_a_site(mounted: Server) -> None:
    """The URL of a site is a wrong path if the app is at a usual path below it."""
    code, cause, report = cause_of(mounted.url.removesuffix("/gradio"))
    assert (code, cause) == (6, "wrong path") and f"at {mounted.url}" in report


def test_doctor_names_dns() -> None:
    """For a host without an address the cause is DNS."""
    assert cause_of("http://no-such-host.invalid")[:2] == (5, "DNS")


def test_doctor_names_the_connection(nobody: str) -> None:
    """For a port on which nothing listens the cause is the connection."""
    assert cause_of(f"http://{nobody}")[:2] == (5, "no connection")


def test_doctor_names_the_proxy(nobody: str) -> None:
    """If the proxy does not respond, it is the cause, and its password is not shown."""
    code, cause, report = cause_of(
        "http://app.example",
        http_proxy=f"http://user:hunter2@{nobody}",
        HTTP_PROXY=f"http://user:hunter2@{nobody}",
        no_proxy="",
        NO_PROXY="",
    )
    assert (code, cause) == (5, "proxy") and "hunter2" not in report


def test_doctor_names_the_proxy_that_refuses() -> None:
    """If the proxy responds with an error, it is the cause."""
    with ScriptedApp() as proxy:
        for method in ("GET http://app.example/config", "GET http://app.example/"):
            proxy.scripts[method] = lambda x: x.answer(b"<h1>no route</h1>", 503, "text/html")
        proxy.scripts["GET /config"] = proxy.scripts["GET http://app.example/config"]
        variables = dict.fromkeys(("http_proxy", "HTTP_PROXY"), proxy.url)
        code, cause, report = cause_of("http://app.example", **variables, no_proxy="", NO_PROXY="")
    assert (code, cause) == (5, "proxy") and proxy.url in report


def test_doctor_names_tls() -> None:
    """If the server of an https URL speaks plain http, the cause is TLS."""
    with ScriptedApp() as app:
        code, cause, report = cause_of(app.url.replace("http:", "https:"))
    assert (code, cause) == (5, "TLS") and "does not use TLS" in report


@pytest.mark.gradio
def test_doctor_names_tls_behind_a_url_of_plain_http(newest: Server, tmp_path: Path) -> None:
    """If the server of an http URL expects TLS, the cause is TLS, and the right URL is printed."""
    with behind_tls(newest.url, make_certificate(tmp_path)) as url:
        code, cause, report = cause_of(url.replace("https:", "http:"))
    assert (code, cause) == (5, "TLS") and f"Connect to {url}." in report


@pytest.mark.gradio
def test_doctor_names_an_untrusted_certificate(
    newest: Server, certificate: Path, hub: LocalHub
) -> None:
    """For an untrusted certificate, or one for another name, the cause is TLS."""
    space = hub.add("alice/open", app=newest.url)
    tunnel = ConnectProxy(proxy_of(space), certificate)
    through = {"HTTPS_PROXY": tunnel.url, "https_proxy": tunnel.url, "NO_PROXY": "", "no_proxy": ""}
    try:
        code, cause, report = cause_of("https://app.hf.space.example", **through)
        assert (code, cause) == (5, "TLS") and "CERTIFICATE_VERIFY_FAILED" in report
        through["REQUESTS_CA_BUNDLE"] = str(certificate)
        code, cause, report = cause_of("https://app.example", **through)
        assert (code, cause) == (5, "TLS") and "app.example" in report
        assert run("doctor", "https://app.example", "--insecure", **through)[0] == 0
    finally:
        tunnel.close()


def test_doctor_names_the_login() -> None:
    """If the login is missing or not accepted, it is the cause."""
    with ScriptedApp() as app:
        app.scripts["GET /config"] = lambda x: x.answer({"auth_required": True}, 401)
        app.scripts["POST /login"] = lambda x: x.answer({"detail": "no"}, 400)
        assert cause_of(app.url)[:2] == (4, "login")
        assert cause_of(app.url, "--auth", "ada:hunter2")[:2] == (4, "login")


@pytest.mark.gradio
def test_doctor_names_the_login_of_a_real_app(guarded: Server) -> None:
    """For a real app with a login, a missing or wrong one is the cause, and a right one works."""
    assert cause_of(guarded.url)[:2] == (4, "login")
    assert cause_of(guarded.url, "--auth", "ada:wrong")[:2] == (4, "login")
    assert run("doctor", guarded.url, "--auth", "ada:secret:word")[0] == 0


def test_doctor_names_a_web_server_that_serves_files() -> None:
    """A web server that serves files is not Gradio."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    with HttpServer(Quiet) as server:
        found = cause_of(f"{server.url}/")
    assert found[:2] == (6, "not Gradio")


def test_doctor_recognises_a_site_that_is_not_gradio() -> None:
    """Another web server is not Gradio."""
    with ScriptedApp() as app:
        app.scripts = {"GET /": lambda x: x.answer(b"<h1>Hello</h1>", kind="text/html")}
        assert cause_of(app.url)[:2] == (6, "not Gradio")


def test_doctor_recognises_an_invalid_url() -> None:
    """A malformed URL is named as the cause."""
    assert cause_of("127.0.0.1:7860")[:2] == (6, "invalid URL")


def test_doctor_names_the_version() -> None:
    """An unknown protocol is an unsupported version."""
    with ScriptedApp(config_of(version="9.0.0", protocol="quic")) as app:
        assert cause_of(app.url)[:2] == (6, "unsupported version")


def test_doctor_names_the_server() -> None:
    """If the app itself fails, the server is the cause."""
    with ScriptedApp() as app:
        app.scripts["GET /config"] = lambda x: x.answer(b"oops", 500, "text/plain")
        assert cause_of(app.url)[:2] == (5, "server error")


@contextmanager
def holding_proxy(behind: str) -> Iterator[str]:
    """Yield the URL of a reverse proxy that sends responses only when they are complete."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):  # the client of an endless stream has hung up
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                with opener.open(behind + self.path, timeout=WAIT) as answer:
                    body = answer.read()
                    kind = answer.headers["content-type"]
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with HttpServer(Handler) as proxy:
        yield proxy.url


@pytest.mark.gradio
@servers_with("endless stream")
def test_doctor_names_a_buffering_proxy(server: Server) -> None:
    """A proxy that waits for the end of an endless stream is named as the cause."""
    with holding_proxy(server.url) as url:
        code, cause, report = cause_of(url)
    assert (code, cause) == (5, "buffering proxy") and f"Gradio {server.version.strip()}" in report


def test_report_is_for_an_issue_and_holds_no_secret(nobody: str) -> None:
    """The report has versions, names of options and the cause, and no secret."""
    secrets = ("hf_secrettoken", "hunter2", "s3cr3t")
    variables = {"https_proxy": f"http://user:{secrets[1]}@127.0.0.1:3128"}
    with ScriptedApp() as app:
        app.scripts["GET /config"] = lambda x: x.answer({"detail": x.headers["X-Key"]}, 403)
        code, output, stderr = run(
            *("doctor", app.url, "--report", "--token", secrets[0], "--auth", f"ada:{secrets[1]}"),
            *("--header", f"X-Key: Bearer {secrets[2]}"),
            **variables,
        )
    assert (code, stderr) == (4, "")
    assert "- cause: login" in output and "requests 2." in output
    assert "- options: token, auth, header X-Key" in output
    assert "https http://127.0.0.1:3128" in output
    assert not any(secret in output for secret in secrets)
