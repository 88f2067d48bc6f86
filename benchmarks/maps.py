"""Rows of `Client.map` that need more items than a real server has time for.

A real server becomes slower with each call, so 100,000 calls of it take a quarter of an hour. These
rows measure only this package, with a `FakeApp` in a process of its own as the server.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.peers import Process
from benchmarks.report import reach
from benchmarks.rows import Limit
from benchmarks.singles import Single, row

_SERVER = """
import sys
from gradio_client_sync.testing import FakeApp

def echo(text: str) -> str:
    return text

with FakeApp() as fake:
    fake.endpoint("/echo")(echo)
    print(fake.url, flush=True)
    sys.stdin.read()
"""

#: kB. A client remembers the ids of 10,000 jobs that have ended, which takes 2.5 MB, and the blocks
#: of Python's allocator are not full. After 30,000 items the memory of a process was the same as
#: after 40,000.
MEMORY = 8192


@contextmanager
def fake_server() -> Iterator[str]:
    """Run a fake app with the endpoint ``/echo``; yield its URL."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def memory(_: str, short: bool) -> dict[str, Any]:
    """Compare the memory that maps of 1,000 and of 100,000 items need."""
    seconds: dict[str, list[float]] = {}
    limits = []
    with fake_server() as url:
        for count in (100, 1000) if short else (1000, 100_000):
            with Process("ours", url) as process:
                process.ask("flat", 20)
                result = process.ask("flat", count)
            assert result.right == count
            seconds[f"{count:,} items"] = result.seconds
            limit = Limit(f"kB more for {count:,} items", MEMORY)
            limits.append(reach(limit, result.rss, [result.rss]))
    return {**row("memory of a map", count, 1, seconds, limits), "server": "as a FakeApp"}


def resume(_: str, short: bool) -> dict[str, Any]:
    """Measure how long a map takes to go on, if its journal has all items but the last."""
    count, rounds = (1000, 1) if short else (100_000, 3)
    seconds: dict[str, list[float]] = {"first result": [], "first call": []}
    with fake_server() as url, Process("ours", url) as process:
        process.ask("flat", 20)
        for _ in range(rounds):
            result = process.ask("resume", count)
            assert result.right == count + 1
            for name, value in zip(seconds, result.seconds):
                seconds[name].append(value)
    limits = [
        reach(Limit(f"seconds to the {name}", bound), sorted(each)[rounds // 2], each)
        for (name, each), bound in zip(seconds.items(), (2.0, 5.0))
    ]
    found = row("map with a journal of done items", count, rounds, seconds, limits)
    return {**found, "server": "as a FakeApp"}


SINGLES = (
    Single("memory of a map", memory, has_server=False),
    Single("map with a journal of done items", resume, has_server=False),
)
