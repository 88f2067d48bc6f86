"""Files too large for memory, to every real server and back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.processes import run_python
from tests.support.servers.server import Server

pytestmark = [
    pytest.mark.gradio,
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc"),
]

MB = 2**20
GROWTH = 16 * MB  # the limit for a file of any length

#: 300 MB on the newest server of each form of file values, elsewhere enough to show in memory.
LARGE = {"3.50.2": 300 * MB, "6.31.0": 300 * MB}
LESS_LARGE = 64 * MB

ROUND_TRIP = """
import hashlib, sys
from pathlib import Path
from gradio_client_sync import Client

def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

def digest(path):
    hashed = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(2**18):
            hashed.update(piece)
    return hashed.hexdigest()

url, path = sys.argv[1:]
with Client(url) as app:
    app.predict("/file", [b"warm"])[0].read()
    sent, before = digest(path), peak()
    back = app.predict("/file", [Path(path)])[0]
    received = back.download(Path(path).parent / "back")
    print(peak() - before, digest(received) == sent, received.stat().st_size)
"""


def test_large_files_go_there_and_back_without_memory(server: Server, tmp_path: Path) -> None:
    """A large file arrives unchanged, and memory does not grow with its size."""
    length = LARGE.get(server.version, LESS_LARGE)
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        for number in range(length // MB):
            file.write(number.to_bytes(4, "big") * (MB // 4))
    grown, same, size = run_python(ROUND_TRIP, server.url, str(path)).split()
    assert (same, int(size)) == ("True", length)
    assert int(grown) < GROWTH, f"memory grew by {int(grown) / MB:.1f} MB"
