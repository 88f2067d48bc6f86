"""Downloads over bad networks and onto full disks."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from gradio_client_sync import Client, DownloadError, DownloadTimeoutError, RemoteFile
from tests.conftest import SERVERS
from tests.support.fault_proxy import Fault, FaultProxy, page
from tests.support.listeners import BOUND, LATE
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio

VERSIONS = [v for v in ("3.50.2", "4.44.1", "6.31.0") if v in SERVERS]
SIZE = 3_000_000  # bytes
LIMIT = 0.5  # s

DELAYS = {
    "silence": Fault(b"file=", 99, action="stall"),
    "silence in the middle": Fault(b"file=", 99, after=b"\r\n\r\n", offset=9_000, action="stall"),
    "dripping": Fault(b"file=", 99, pace=0.01),
}
METHODS: dict[str, Callable[[RemoteFile], object]] = {
    "download": lambda file: file.download(timeout=LIMIT),
    "read": lambda file: file.read(timeout=LIMIT),
    "open": lambda file: file.open(timeout=LIMIT),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("delay", DELAYS)
def test_download_ends_at_its_deadline(
    server_pool: ServerPool, version: str, delay: str, tmp_path: Path
) -> None:
    """A download that is delayed in any way ends at its deadline, and leaves no file."""
    server = server_pool.get(version)
    with FaultProxy(server.url) as proxy, Client(proxy.url, download_dir=tmp_path) as app:
        made = app.predict("/make_file", [SIZE], timeout=BOUND)[0]
        proxy.fault = DELAYS[delay]
        for method in METHODS.values():
            began = time.monotonic()
            with pytest.raises(DownloadTimeoutError, match="timeout=") as caught:
                method(made)
            assert time.monotonic() - began < LIMIT + LATE
            assert caught.value.timeout == LIMIT and isinstance(caught.value, TimeoutError)
        assert list(tmp_path.iterdir()) == []
        proxy.fault = None
        assert made.download(timeout=BOUND).stat().st_size == SIZE


def test_client_deadline_applies_to_downloads(server_pool: ServerPool) -> None:
    """The client's deadline also counts for implicit downloads, and for waits for another one."""
    with FaultProxy(server_pool.get(VERSIONS[-1]).url) as proxy, Client(proxy.url) as patient:
        made = patient.predict("/make_file", [SIZE], timeout=BOUND)[0]
        with Client(proxy.url, deadline=LIMIT) as app:
            hasty = app.predict("/make_file", [SIZE], timeout=BOUND)[0]
            proxy.fault = Fault(b"file=", 99, action="stall")
            with pytest.raises(DownloadTimeoutError):
                os.fspath(hasty)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            first = pool.submit(made.download, timeout=BOUND)
            with pytest.raises(DownloadTimeoutError):
                made.download(timeout=LIMIT)
            proxy.fault = None
            proxy.cut()
            assert first.result(BOUND).stat().st_size == SIZE


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder on a file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        pytest.skip(f"no file system can be mounted here: {exc}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_download_to_a_full_disk(server_pool: ServerPool, version: str, small_disk: Path) -> None:
    """If the disk is full, the error names the folder and its free space, and no file is left."""
    (small_disk / "kept.txt").write_text("kept")
    with Client(server_pool.get(version).url) as app:
        made = app.predict("/make_file", [SIZE], timeout=BOUND)[0]
        with pytest.raises(DownloadError, match=r"No space left.*\d+ bytes free") as caught:
            made.download(small_disk, timeout=BOUND)
        assert str(small_disk) in str(caught.value)
        assert caught.value.path == str(small_disk / "made.bin")
        assert [path.name for path in small_disk.iterdir()] == ["kept.txt"]
        assert len(made.read()) == SIZE
        small = app.predict("/make_file", [1_000], timeout=BOUND)[0]
        assert small.download(small_disk).parent == small_disk


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "fault",
    [
        Fault(b"file=", 2, action="reset"),
        Fault(b"file=", 2, page("502 Bad Gateway")),
        Fault(b"file=", 1, after=b"\r\n\r\n", offset=500_000, action="reset"),
        Fault(b"file=", 1, after=b"\r\n\r\n", offset=500_000),
    ],
    ids=["reset", "502", "reset in the middle", "cut in the middle"],
)
def test_failed_download_is_retried(
    server_pool: ServerPool, version: str, fault: Fault, tmp_path: Path
) -> None:
    """A failed download is retried, and one that broke off continues from there."""
    server = server_pool.get(version)
    with FaultProxy(server.url) as proxy, Client(proxy.url) as app:
        made = app.predict("/make_file", [SIZE], timeout=BOUND)[0]
        whole = app.predict("/make_file", [SIZE], timeout=BOUND)[0].read(timeout=BOUND)
        proxy.fault = fault
        assert made.download(tmp_path, timeout=BOUND).read_bytes() == whole
        assert proxy.struck == fault.times and len(whole) == SIZE
