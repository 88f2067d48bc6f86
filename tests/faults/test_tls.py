"""Real servers behind TLS with an untrusted certificate, also with faults on the connection."""

from __future__ import annotations

import concurrent.futures
from pathlib import Path

import pytest

from gradio_client_sync import BrokenStreamError, Client, ConnectFailedError, JobTimeoutError
from tests.conftest import SERVERS
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.gateway import Gateway, ResponseForm
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.plugin import ServerPool

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
