"""Gateways in front of real servers that require a login or a client certificate.

Basic and certificates are those of nginx. Digest, tokens and Negotiate are those of a gateway of
the tests, and the client's side is the one that `requests` and packages for it have.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable

import pytest
import requests
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth

from gradio_client_sync import AuthenticationError, Client, ConnectFailedError, cli
from tests.conftest import SERVERS
from tests.support.file_app import FileApp, filedata
from tests.support.gateway import Gateway, ResponseForm
from tests.support.intermediary import Intermediary
from tests.support.listeners import BOUND, EventRecorder
from tests.support.login_gateway import LoginGateway, basic, bearer, digest, negotiate
from tests.support.nginx import NGINX, client_certificate, nginx
from tests.support.scripted import scripted
from tests.support.servers.plugin import ServerPool

VERSIONS = [v for v in ("3.50.2", "6.31.0") if v in SERVERS]

needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


class RenewedToken(AuthBase):
    """A token that is renewed when the gateway refuses it."""

    def __init__(self, accepted: set[str]) -> None:
        self.accepted = accepted
        self.renewed = 0
        self._token = "expired"
        self._lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.register_hook("response", self._renew)
        return request

    def _renew(self, response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != 401:
            return response
        assert b"401 Authorization Required" in response.content or response.request.method
        response.close()
        with self._lock:
            self.renewed += 1
            self._token = f"token {self.renewed}"
            self.accepted.add(self._token)
        again = response.request.copy()
        again.headers["Authorization"] = f"Bearer {self._token}"
        return response.connection.send(again, **options)


class Negotiating(AuthBase):
    """A login that begins when the gateway asks for it, as packages for Kerberos do."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.register_hook("response", self._respond)
        return request

    def _respond(self, response: requests.Response, **options: Any) -> requests.Response:
        if "Negotiate" not in response.headers.get("www-authenticate", ""):
            return response
        assert response.content
        response.raw.release_conn()
        again = response.request.copy()
        again.headers["Authorization"] = "Negotiate c2VjcmV0"
        last = response.connection.send(again, **options)
        last.history.append(response)
        return last


def use_everything(app: Client, tmp_path: Path, server: Any) -> None:
    """Make calls, send and read files, and cancel a call on the server."""
    assert app.predict("/echo", ["ü"], timeout=BOUND)[0] == "ü"
    path = tmp_path / "long.bin"
    path.write_bytes(bytes(300_000))
    assert app.predict("/file", [path], timeout=BOUND)[0].read() == bytes(300_000)
    key = os.urandom(8).hex()
    running, values = app.submit("/endless", [key]), EventRecorder()
    running.on("data", values)
    values.wait_for()
    assert running.cancel()
    assert server.control.await_stopped(key)


@pytest.mark.gradio
@needs_nginx
@pytest.mark.parametrize("version", VERSIONS)
def test_basic_login_of_nginx(server_pool: ServerPool, version: str, tmp_path: Path) -> None:
    """A pair, and the object of `requests`, log in on every request."""
    server = server_pool.get(version)
    with nginx(tmp_path, server.url, login=("user", "päss")) as gate:
        for login in (("user", "päss"), HTTPBasicAuth("user", "päss".encode())):
            with Client(gate.url, http_auth=_as_sent(login)) as app:
                use_everything(app, tmp_path, server)
        assert not gate.statuses() & {"400", "401", "403"}
        for wrong in ({"http_auth": ("user", "wrong")}, {"auth": ("user", "päss")}, {}):
            with pytest.raises(AuthenticationError, match=r"requires a login.*http_auth=\("):
                Client(gate.url, **wrong)


def _as_sent(login: Any) -> Any:
    """Return a pair so that its Latin-1 form, as `requests` sends it, is UTF-8 for nginx."""
    return tuple(t.encode().decode("latin-1") for t in login) if type(login) is tuple else login


@pytest.fixture(scope="module")
def client_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return client_certificate(tmp_path_factory.mktemp("client"))


def context_with(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.gradio
@needs_nginx
@pytest.mark.parametrize("version", VERSIONS)
def test_client_certificate_for_nginx(
    server_pool: ServerPool,
    version: str,
    tmp_path: Path,
    certificate: Path,
    client_pair: tuple[Path, Path],
) -> None:
    """A pair of files, one file, and an SSL context give the certificate on every request."""
    server, (own, key) = server_pool.get(version), client_pair
    both = tmp_path / "both.pem"
    both.write_text(own.read_text() + key.read_text())
    with nginx(tmp_path, server.url, certificate=certificate, clients=own) as gate:
        for options in (
            {"verify": certificate, "cert": (own, str(key))},
            {"verify": False, "cert": both},
            {"verify": context_with(certificate, own, key)},
        ):
            with Client(gate.url, **options) as app:  # type: ignore[arg-type]
                use_everything(app, tmp_path, server)
        assert not gate.statuses() & {"400", "401", "403"}
        with pytest.raises(AuthenticationError, match=r"requires a client certificate.*cert=\("):
            Client(gate.url, verify=certificate)
        key = certificate.with_suffix(".key")
        with pytest.raises(AuthenticationError, match=r"does not accept.*cert="):
            Client(gate.url, verify=certificate, cert=(certificate, key))


LOGINS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "digest": lambda: (digest("me", "pass"), HTTPDigestAuth("me", "pass")),
    "digest, short nonces": lambda: (digest("me", "pass", 2), HTTPDigestAuth("me", "pass")),
    "renewed token": lambda: (bearer(accepted := set()), RenewedToken(accepted)),
    "negotiate": lambda: (negotiate("c2VjcmV0"), Negotiating()),
}


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", LOGINS)
def test_login_of_requests(
    server_pool: ServerPool, version: str, name: str, tmp_path: Path
) -> None:
    """A login with hooks acts on requests, uploads, streams, downloads and the handshake."""
    server, (rule, login) = server_pool.get(version), LOGINS[name]()
    with LoginGateway(server.url, rule) as gate, Client(gate.url, http_auth=login) as app:
        use_everything(app, tmp_path, server)
        for route in ("/config", "/queue/join", "/upload", "file="):
            assert gate.saw(route, passed=True), route
        assert gate.saw("/config", passed=False)
    if isinstance(login, RenewedToken):
        assert login.renewed == 1


# -- what the client alone decides


@pytest.mark.client_only
def test_login_stays_on_the_origin_of_the_app() -> None:
    """No login goes to another server: neither a pair, nor what a function sets."""
    seen: list[Any] = []

    def elsewhere(request: Any) -> None:
        seen.append(request.headers["Authorization"])
        request.answer(b"there")

    def token(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = "Bearer secret"
        return request

    with FileApp() as app, scripted() as other:
        other.scripts["GET /there"] = elsewhere
        app.scripts["GET /file=/moved"] = lambda x: x.start(
            302, {"Location": f"{other.url}/there", "Content-Length": 0}
        )
        for login in (("me", "secret"), token):
            with Client(app.url, http_auth=login) as client:
                for output in (filedata(f"{other.url}/there"), filedata("/moved")):
                    app.output = [output]
                    assert client.predict("/direct", ["x"])[0].read() == b"there"
        sent = [head.lower().count("\nauthorization: ") for head in app.heads]
        assert set(sent) == {1}
    assert seen == [None] * 4


@contextmanager
def asking_for_certificates(certificate: Path, client: Path) -> Iterator[tuple[str, list[Any]]]:
    """Yield the URL of a server that asks for a certificate, and the certificates it got."""
    seen: list[Any] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    context.load_verify_locations(client)
    context.verify_mode = ssl.CERT_OPTIONAL
    with scripted() as app:
        server = app._server
        server.socket = context.wrap_socket(server.socket, server_side=True)

        def answer(request: Any) -> None:
            seen.append(request._handler.connection.getpeercert())
            request.answer(app.config if request.path == "/config" else b"there")

        app.scripts["GET /there"] = app.scripts["GET /config"] = answer
        yield app.url.replace("http:", "https:"), seen


@pytest.mark.client_only
def test_certificate_stays_on_the_origin_of_the_app(
    certificate: Path, client_pair: tuple[Path, Path]
) -> None:
    """A server that a link leads to gets no certificate, though it asks for one."""
    own, key = client_pair
    with FileApp() as app, asking_for_certificates(certificate, own) as (url, seen):
        for options in (
            {"verify": certificate, "cert": client_pair},
            {"verify": context_with(certificate, own, key)},
        ):
            with Client(app.url, **options) as client:  # type: ignore[arg-type]
                app.output = [filedata(f"{url}/there")]
                assert client.predict("/direct", ["x"])[0].read() == b"there"
    assert seen == [None, None] or seen == [{}, {}]


@pytest.mark.client_only
def test_login_that_fails_is_named() -> None:
    """An exception of the function, and a function that returns nothing, name http_auth."""
    with FileApp() as app:
        for login, said in (
            (lambda request: 1 / 0, r"http_auth= failed.*/config: ZeroDivisionError"),
            (lambda request: None, "http_auth= failed.*did not return the request"),
        ):
            with pytest.raises(AuthenticationError, match=said):
                Client(app.url, http_auth=login)
        assert app.requests == []


@pytest.mark.client_only
def test_certificate_that_cannot_be_used_is_named(
    tmp_path: Path, certificate: Path, client_pair: tuple[Path, Path]
) -> None:
    """The error names cert= and the reason, and nothing asks for a passphrase."""
    own, key = client_pair
    locked = tmp_path / "locked.key"
    command = ["openssl", "pkcs8", "-topk8", "-in", str(key), "-out", str(locked)]
    subprocess.run([*command, "-passout", "pass:secret"], check=True, capture_output=True)
    other = certificate.with_suffix(".key")
    for cert, said in (
        ((own, tmp_path / "none.key"), "no such file"),
        ((own, locked), "the key is encrypted"),
        (own, "no PEM file with both"),
        ((own, other), "the key does not fit"),
    ):
        with pytest.raises(ConnectFailedError, match=f"cert=.*{said}"):
            Client("https://127.0.0.1:9", cert=cert)


def command(*words: str, **variables: str) -> tuple[int, str, str]:
    """Run the command line; return its exit code, standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "gradio_client_sync", *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=BOUND,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.client_only
def test_command_line_logs_in_to_a_gateway(
    certificate: Path, client_pair: tuple[Path, Path]
) -> None:
    """``--http-auth``, its variable, and ``--cert`` with ``--cert-key``."""
    with FileApp("json") as app, LoginGateway(app.url, basic("Basic bWU6cGE6c3M=")) as gate:
        call = ("predict", gate.url, "/direct", "7")
        assert command(*call, "--http-auth", "me:pa:ss") == (0, "7\n", "")
        assert command(*call, GRADIO_CLIENT_SYNC_HTTP_AUTH="me:pa:ss") == (0, "7\n", "")
        code, _, stderr = command(*call, "--http-auth", "me:wrong")
        assert code == 4 and "wrong," not in stderr
        assert "On the command line, http_auth is --http-auth user:password" in stderr
        code, _, stderr = command(*call, "--http-auth", "me")
        assert code == 2 and "GRADIO_CLIENT_SYNC_HTTP_AUTH to USER:PASSWORD" in stderr
    own, key = map(str, client_pair)
    with asking_for_certificates(certificate, client_pair[0]) as (url, seen):
        words = ("view-api", url, "--cert", own)
        assert command(*words, "--cert-key", key, REQUESTS_CA_BUNDLE=str(certificate))[0] == 0
        assert seen[0]["subject"] == ((("commonName", "client"),),)
        code, _, stderr = command(*words, REQUESTS_CA_BUNDLE=str(certificate))
        assert code != 0 and "cert is --cert client.pem --cert-key client.key" in stderr
        assert "--cert-key is the key of --cert" in command(*words[:2], "--cert-key", key)[2]


@pytest.mark.client_only
def test_command_line_trusts_the_certificates_that_it_gets(
    certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--ca`` is a file of trusted certificates. Without it, an error says to write it."""
    wrong = tmp_path / "no.pem"
    wrong.write_text("no certificate")
    with FileApp("json") as app, Gateway(app.url, ResponseForm(), str(certificate)) as gate:
        call = ("predict", gate.url, "/direct", "7")
        assert cli.main([*call, "--ca", str(certificate)]) == 0
        assert capsys.readouterr() == ("7\n", "")
        for words, said in (
            ((), "verify is --ca ca.pem, verify=False is --insecure"),
            (("--ca", str(wrong)), "The trusted certificates for https://127.0.0.1"),
            (("--ca", str(tmp_path / "none.pem")), "none.pem"),
            (("--ca", str(certificate), "--insecure"), "Omit one of them"),
            (("--cacert", str(certificate)), "Did you mean --ca?"),
        ):
            assert cli.main([*call, *words]) != 0
            assert said in capsys.readouterr().err


class WantingCertificates(Intermediary):
    """A server that refuses clients without a trusted certificate, with an alert of TLS."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__("http://127.0.0.1:1", "https")
        self._context = context

    def handle(self, near: socket.socket) -> None:
        with suppress(OSError):  # the handshake fails
            self._context.wrap_socket(near, server_side=True).close()
        self.end(near)


@pytest.mark.client_only
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("is_given", [False, True])
def test_alert_about_a_certificate_names_cert(
    certificate: Path, client_pair: tuple[Path, Path], newest: ssl.TLSVersion, is_given: bool
) -> None:
    """The error names cert=, whether the server refuses the handshake or what follows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    context.load_verify_locations(client_pair[0])
    context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, newest
    wrong = (certificate, certificate.with_suffix(".key")) if is_given else None
    said = "does not accept.*cert=" if is_given else r"pass cert=\('client.pem'"
    with WantingCertificates(context) as server:
        with pytest.raises(ConnectFailedError, match=f"(?i){said}"):
            Client(server.url, verify=certificate, cert=wrong, retries=0)


@pytest.mark.client_only
def test_trusted_certificates_of_the_environment(
    certificate: Path, client_pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables of requests count before that of OpenSSL, and a session may ignore them."""
    distrusting = requests.Session()
    distrusting.trust_env = False
    with asking_for_certificates(certificate, client_pair[0]) as (url, _):
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            with monkeypatch.context() as patch:
                patch.delenv("REQUESTS_CA_BUNDLE", raising=False)
                patch.delenv("CURL_CA_BUNDLE", raising=False)
                patch.setenv("SSL_CERT_FILE", "/nowhere.pem")
                with pytest.raises(ConnectFailedError, match="not trusted"):
                    Client(url, retries=0)
                patch.setenv(name, str(certificate))
                Client(url).close()
                with pytest.raises(ConnectFailedError, match="not trusted"):
                    Client(url, retries=0, session=distrusting)


PAGE = Path(__file__).parents[2] / "docs" / "gateways.md"
SHOWN = "https://example.org/app"


@pytest.mark.client_only
def test_page_about_gateways(
    tmp_path: Path, certificate: Path, client_pair: tuple[Path, Path], monkeypatch: Any
) -> None:
    """The code of the page connects to the gateways that it is about."""
    user, token, _ = "Basic dXNlcjpwYXNzd29yZA==", {"second"}, monkeypatch.chdir(tmp_path)
    tokens = iter(["first", "second", "third"])
    Path("ca.pem").write_bytes(certificate.read_bytes())
    Path("client.pem").write_bytes(client_pair[0].read_bytes())
    key = ["openssl", "pkcs8", "-topk8", "-in", str(client_pair[1]), "-passout", "pass:secret"]
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```$", PAGE.read_text("utf-8"))
    names: dict[str, Any] = {"new_token": lambda: next(tokens)}
    with FileApp() as app:
        rules = (basic(user), digest("user", "password"), bearer(token), bearer({"third"}))
        for rule, block in zip(rules, blocks):
            with LoginGateway(app.url, rule) as gate:
                exec(block.replace(SHOWN, gate.url), names)
                names["app"].close()
        with LoginGateway(app.url, basic(user)) as gate:
            for block in blocks[6:]:
                exec(block.replace(SHOWN, gate.url).replace("https://example.org", gate.url), names)
                names["app"].close()
            assert all("x-tenant: blue" in head.lower() for head in gate.requests)
    for block in blocks[4:6]:
        if "password" in block:
            subprocess.run([*key, "-out", "client.key"], check=True, capture_output=True)
        else:
            Path("client.key").write_bytes(client_pair[1].read_bytes())
        with asking_for_certificates(certificate, client_pair[0]) as (url, seen):
            exec(block.replace(SHOWN, url), names)
            names["app"].close()
            assert seen[0]["subject"] == ((("commonName", "client"),),)
    assert len(blocks) == 8
