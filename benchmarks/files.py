"""``python -m benchmarks.files``: the cost of the upload and download of a large file.

Each contestant is a process of its own, on one real server. It uploads a small file to warm up.
Then it uploads the large file to a function that computes its hash. Then it lets the app create a
file of the same size, and downloads it. The output shows seconds, and the growth of the process.

Such a process also runs this module, as ``files.py NAME URL PATH``, with an interpreter that has
the contestant's package. So the module imports only the standard library at the top.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

LABELS = {
    "ours": "gradio_client_sync",
    "official": "gradio_client 2.7.2",
    "curl": "curl",
}
MB = 2**20


class Row(NamedTuple):
    """The median results of one contestant; the growth is in bytes."""

    name: str
    seconds_up: float
    growth_up: float
    seconds_down: float
    growth_down: float


# -- functions of the contestant's process


def kilobytes(name: str) -> int:
    found = re.search(name + r":\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def measured(work: Callable[[], object]) -> tuple[float, int]:
    """Return the seconds that the work took, and the largest growth of the process in bytes."""
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak of the memory
    before, start = kilobytes("VmRSS"), time.perf_counter()
    work()
    return time.perf_counter() - start, max(0, kilobytes("VmHWM") - before) * 1024


def ours(url: str, path: Path) -> list[float]:
    from gradio_client_sync import Client

    with Client(url) as app:
        app.predict("/digest", [b"warm"])
        wanted = digest(path)
        size = path.stat().st_size

        def up() -> None:
            assert json.loads(app.predict("/digest", [path])[0])["sha256"] == wanted

        def down() -> None:
            assert app.predict("/make_file", [size])[0].download().stat().st_size == size

        return [*measured(up), *measured(down)]


def official(url: str, path: Path) -> list[float]:
    from gradio_client import Client, handle_file

    app: Any = Client(url, verbose=False)
    app.predict(handle_file(__file__), api_name="/digest")
    wanted = digest(path)
    size = path.stat().st_size

    def up() -> None:
        result = app.predict(handle_file(str(path)), api_name="/digest")
        assert json.loads(result)["sha256"] == wanted

    def down() -> None:
        assert Path(app.predict(size, api_name="/make_file")).stat().st_size == size

    return [*measured(up), *measured(down)]


def curl(url: str, path: Path) -> list[float]:
    """Make the requests of Gradio's guide for curl: upload, call, read the result, download."""
    with urllib.request.urlopen(f"{url}/config") as response:
        root = f"{url}{json.load(response).get('api_prefix') or ''}"
    wanted = digest(path)
    size = path.stat().st_size

    def run(*arguments: str) -> str:
        command = ["curl", "-sf", *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    def call(name: str, value: object) -> Any:
        body = json.dumps({"data": [value]})
        joined = run("-H", "Content-Type: application/json", "-d", body, f"{root}/call/{name}")
        events = run("-N", f"{root}/call/{name}/{json.loads(joined)['event_id']}")
        return json.loads(events.rstrip().rpartition("data: ")[2])[0]

    def up() -> None:
        [uploaded] = json.loads(run("-F", f"files=@{path}", f"{root}/upload"))
        file = {"path": uploaded, "meta": {"_type": "gradio.FileData"}}
        assert json.loads(call("digest", file))["sha256"] == wanted

    def down() -> None:
        made = call("make_file", size)["path"]
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "downloaded")
            run("-o", str(target), f"{root}/file={made}")
            assert target.stat().st_size == size

    def spent(work: Callable[[], None]) -> tuple[float, int]:
        start = time.perf_counter()
        work()
        # The peak of the largest child so far, so it never falls. It is all memory of curl,
        # because no process was there before.
        grown = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        return time.perf_counter() - start, grown

    return [*spent(up), *spent(down)]


def digest(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(MB), b""):
            sha.update(piece)
    return sha.hexdigest()


CONTESTANTS = {"ours": ours, "official": official, "curl": curl}


# -- functions of the process that compares them


def compare(url: str, megabytes: int, rounds: int) -> list[Row]:
    """Let all contestants transfer files to and from the app; return the medians.

    Args:
        url: The URL of the app.
        megabytes: The size of a file.
        rounds: How many turns each contestant takes.
    """
    names = [name for name in LABELS if name != "curl" or shutil.which("curl")]
    results: dict[str, list[list[float]]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            results[name].append(turn(url, name, megabytes, number))
    return [Row(name, *map(median, zip(*turns))) for name, turns in results.items()]


def turn(url: str, name: str, megabytes: int, number: int) -> list[float]:
    """Run one turn of a contestant, with a new file that the server does not have yet."""
    from benchmarks.peers import official_python

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sent.bin")
        with path.open("wb") as file:
            for block in range(megabytes):
                file.write(f"{name:<10}{number:>6}{block:>16}".encode() * (MB // 32))
        python = official_python("2") if name == "official" else sys.executable
        ran = subprocess.run(
            [str(python), __file__, name, url, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    seconds_and_growth: list[float] = json.loads(ran.stdout.splitlines()[-1])
    return seconds_and_growth


def show(rows: list[Row]) -> str:
    """Return the rows as a table."""
    lines = [f"{'':<24} {'up':>8} {'grew by':>10} {'down':>8} {'grew by':>10}"]
    for row in rows:
        up, grown_up = f"{row.seconds_up:.2f} s", f"{row.growth_up / MB:.1f} MB"
        down, grown_down = f"{row.seconds_down:.2f} s", f"{row.growth_down / MB:.1f} MB"
        label = LABELS[row.name]
        lines.append(f"{label:<24} {up:>8} {grown_up:>10} {down:>8} {grown_down:>10}")
    return "\n".join(lines)


def run(server: str, megabytes: int, rounds: int) -> list[Row]:
    """Start a server, measure all contestants in turn, and print the results."""
    from tests.support.servers.server import Server

    with Server(server, fresh=True) as running:
        rows = compare(running.url, megabytes, rounds)
    print(f"\nGradio {server}, {megabytes} MB\n{show(rows)}", flush=True)
    return rows


def main() -> None:
    """Parse the command line, and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description=__doc__)
    parser.add_argument("--server", default="6.31.0", help="release of Gradio (6.31.0)")
    parser.add_argument("--size", type=int, default=300, help="megabytes (300)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contestant (3)")
    options = parser.parse_args()
    run(options.server, options.size, options.rounds)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in CONTESTANTS:
        print(json.dumps(CONTESTANTS[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))))
    else:
        main()
