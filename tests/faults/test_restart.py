"""A server that is killed (SIGKILL) during everything, and replaced by another one."""

from __future__ import annotations

import concurrent.futures
import threading
from pathlib import Path

import pytest

from gradio_client_sync import BrokenStreamError, Client, DownloadError
from tests.conftest import SERVERS
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.generations import has
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio

VERSIONS = [
    version if version in ("3.50.2", "6.31.0") else pytest.param(version, marks=pytest.mark.long)
    for version in ("3.50.2", "4.0.2", "4.44.1", "6.31.0")
    if version in SERVERS
]
LATER = 90.0  # s; includes the start of the second server
CONTENT = bytes(8_000_000)


@pytest.mark.parametrize("version", VERSIONS)
def test_server_is_killed_in_every_phase_at_once(version: str, tmp_path: Path) -> None:
    """Jobs of the killed server fail, others run on the next one, and nothing runs twice.

    When it is killed, there are jobs in the queue, a stream, an upload and a download.
    """
    with Server(version, queue_size=20) as first, FaultProxy(first.url) as proxy:
        with Client(proxy.url, retries=8, deadline=LATER) as app:
            made = app.predict("/make_file", [len(CONTENT)])[0]
            app_id = app.config["app_id"]
            values, sent, fetched = EventRecorder(), EventRecorder(), threading.Event()
            streaming = app.submit("/endless", ["k"]).on("data", values)
            values.wait_for()  # its only worker is busy from now on
            waiting = [app.submit("/echo", [f"waits {n}"]) for n in range(2)]
            again = app.submit("/echo", ["again"], idempotent=True)
            for job in (*waiting, again):
                place = EventRecorder()
                job.on("status", place)
                place.wait_for(lambda status: status.position is not None)
            proxy.fault = Fault(b"/upload", action="stall")
            uploading = app.submit("/file", [CONTENT]).on("upload", sent)
            sent.wait_for(lambda upload: 0 < upload.done_bytes < len(CONTENT))
            proxy.struck, proxy.fault = (
                0,
                Fault(b"file=", after=b"\r\n\r\n", offset=300_000, action="stall"),
            )
            with concurrent.futures.ThreadPoolExecutor() as pool:
                download = pool.submit(
                    made.download, tmp_path, progress=lambda done, total: fetched.set()
                )
                assert fetched.wait(BOUND)
                first.kill()
                # These servers get a job's data when its turn comes, so a waiting job cannot have
                # run.
                has_data = not has(version, "polled for data")
                for job in (streaming, *(waiting if has_data else [])):
                    error = job.exception(BOUND)
                    assert isinstance(error, BrokenStreamError), error
                    assert error.accepted is True
                with Server(version) as second:
                    proxy.target = int(second.url.rpartition(":")[2])
                    proxy.cut()  # the stalled connections
                    assert again.result(LATER)[0] == "again"
                    assert uploading.result(LATER)[0].read() == CONTENT
                    with pytest.raises(DownloadError, match=r"made\.bin|404"):
                        download.result(LATER)
                    assert list(tmp_path.iterdir()) == []
                    assert app.predict("/echo", ["next"])[0] == "next"
                    assert app.config["app_id"] != app_id
                    if not has_data:
                        assert [job.result(LATER)[0] for job in waiting] == ["waits 0", "waits 1"]
                    ran = 2 if has_data else 4
                    assert second.control.executions() == {"echo": ran, "file": 1}
