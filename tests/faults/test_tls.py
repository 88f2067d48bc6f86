"""Real servers behind TLS with an untrusted certificate, also with faults on the connection."""

from __future__ import annotations

import concurrent.futures
import contextlib
import re
import socket
import ssl
from pathlib import Path

import pytest

from gradio_client_sync import BrokenStreamError, Client, ConnectFailedError, JobTimeoutError
from tests.conftest import SERVERS
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.gateway import Gateway, ResponseForm
from tests.support.intermediary import Intermediary
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.plugin import ServerPool
from tests.support.tls_proxy import behind_tls, make_certificate

pytestmark = pytest.mark.gradio

VERSIONS = [v for v in ("3.50.2", "4.0.2", "4.44.1", "6.31.0") if v in SERVERS]


def test_untrusted_certificate_is_named_in_the_error(
    server_pool: ServerPool, certificate: Path
) -> None:
    """The error names the certificate as the cause, and says what to do."""
    server = server_pool.get(VERSIONS[-1])
    with Gateway(server.url, ResponseForm(), str(certificate)) as gateway:
        with pytest.raises(ConnectFailedError, match=r"self.signed.*verify=.*verify=False"):
            Client(gateway.url)
        name = gateway.url.replace("127.0.0.1", "localhost")
        with pytest.raises(ConnectFailedError, match=r"(?i)hostname mismatch.*'localhost'"):
            Client(name, verify=certificate)
        assert gateway.requests == []
    with pytest.raises(ConnectFailedError, match=r"does not use TLS.*http://"):
        Client(server.url.replace("http:", "https:"))
    with pytest.raises(ConnectFailedError, match=r"/nowhere\.pem"):
        Client(gateway.url, verify="/nowhere.pem")


class OnTheWrongPort(Intermediary):
    """A server that treats each request of the wrong protocol as real servers do.

    Args:
        response: What it sends to a request of plain HTTP; ``None`` closes the connection.
    """

    def __init__(self, response: bytes | None) -> None:
        super().__init__("http://127.0.0.1:1")
        self._response = response

    def handle(self, near: socket.socket) -> None:
        got = near.recv(1000)
        if got.startswith((b"GET", b"HEAD")) and self._response is not None:
            near.sendall(self._response)
        self.end(near)


@pytest.mark.parametrize("path", ["", "/app"])
def test_http_url_of_a_port_with_tls(server_pool: ServerPool, tmp_path: Path, path: str) -> None:
    """A URL of plain http for a port with TLS: the error names the right URL."""
    server = server_pool.get(VERSIONS[-1])
    with behind_tls(server.url, make_certificate(tmp_path)) as url:
        right = f"{url}{path}"
        expected = f"expects TLS, and the URL is one of plain http. Connect to {right}."
        with pytest.raises(ConnectFailedError, match=re.escape(expected)) as caught:
            Client(right.replace("https:", "http:"), retries=0, headers={"authorization": "s3"})
        assert caught.value.url == right.replace("https:", "http:")


NGINX = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 31\r\n\r\nplain HTTP request to HTTPS port"


def test_port_with_tls_that_responds_to_plain_http(certificate: Path) -> None:
    """Servers such as nginx respond to plain HTTP on their TLS port with status 400."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))

    class Both(OnTheWrongPort):
        def handle(self, near: socket.socket) -> None:
            if near.recv(1, socket.MSG_PEEK) != b"\x16":  # the first byte of TLS
                super().handle(near)
                return
            with contextlib.suppress(OSError):  # the client ends the connection
                context.wrap_socket(near, server_side=True).close()
            self.end(near)

    with Both(NGINX) as server:
        with pytest.raises(ConnectFailedError, match=r"expects TLS.*Connect to https://"):
            Client(server.url, retries=0)


@pytest.mark.parametrize("response", [b"HTTP/1.1 404 Not Found\r\n\r\n", None])
def test_https_url_of_a_port_without_tls(response: bytes | None) -> None:
    """An https URL for a port without TLS: the error says so if the server speaks HTTP."""
    with OnTheWrongPort(response) as server:
        url = server.url.replace("http:", "https:")
        expected = "the TLS handshake failed" if response is None else f"Connect to {server.url}"
        with pytest.raises(ConnectFailedError, match=expected) as caught:
            Client(url, retries=0)
        assert "certificate of" not in str(caught.value)


def test_scheme_is_not_checked_through_a_proxy(certificate: Path) -> None:
    """With a proxy, the client does not connect directly, not even to check the scheme."""
    with OnTheWrongPort(None) as server, OnTheWrongPort(None) as proxy:
        with pytest.raises(ConnectFailedError) as caught:
            Client(server.url, retries=0, proxies={"http": proxy.url})
        assert "TLS" not in str(caught.value)


@pytest.mark.parametrize("blind", [False, True], ids=["path", "blind"])
@pytest.mark.parametrize("version", VERSIONS)
def test_everything_goes_through_tls(
    server_pool: ServerPool, version: str, certificate: Path, blind: bool
) -> None:
    """Queue, stream, files and cancelling work with a trusted and with an unchecked certificate."""
    server = server_pool.get(version)
    verify = False if blind else certificate
    key = f"tls {version} {blind}"
    with Gateway(server.url, ResponseForm(), str(certificate)) as gateway:
        with Client(gateway.url, verify=verify) as app:
            assert app.predict("/echo", ["ü"], timeout=BOUND)[0] == "ü"
            assert app.predict("/file", [b"x" * 300_000], timeout=BOUND)[0].read() == b"x" * 300_000
            running, values = app.submit("/endless", [key]), EventRecorder()
            running.on("data", values)
            values.wait_for()
            assert running.cancel()
            assert server.control.await_stopped(key)


@pytest.mark.parametrize("version", VERSIONS)
def test_faults_within_tls(server_pool: ServerPool, version: str, certificate: Path) -> None:
    """A stream that stalls ends at the deadline, and one that is cut raises `BrokenStreamError`."""
    server = server_pool.get(version)
    with (
        FaultProxy(server.url) as proxy,
        Gateway(proxy.url, ResponseForm(), str(certificate)) as gateway,
    ):
        for action, error in (("stall", JobTimeoutError), ("cut", BrokenStreamError)):
            with Client(gateway.url, verify=certificate) as app:
                assert app.predict("/echo", ["first"], timeout=BOUND)[0] == "first"
                proxy.struck = 0
                proxy.fault = Fault(b"/queue/", 9, after=b"process_generating", action=action)
                limit = 1.0 if action == "stall" else BOUND
                jobs = [app.submit("/tokens", [50], timeout=limit) for _ in range(4)]
                concurrent.futures.wait(jobs, limit + 0.5)
                assert [type(job.exception(0)) for job in jobs] == [error] * 4
                proxy.fault = None
                if action == "stall":
                    continue  # the session's stream may still be the one that stalls
                assert app.predict("/echo", ["next"], timeout=BOUND)[0] == "next"
