"""Rows that need more than one task: new processes, waiting jobs, and counted connections."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any, Callable, NamedTuple

from benchmarks.peers import Process, missing, official_python
from benchmarks.report import reach
from benchmarks.rows import NEWEST, Limit
from benchmarks.tap import Tap
from tests.support.oracle.oracle import Oracle

_ONE_CALL = "import {0}; app = {0}.Client({1!r}{2}); assert app.predict({3}) is not None"
_HEARTBEAT = 15  # s between two heartbeats of a server
_SETTLED = 7  # s after which an idle client has ended its threads


class Single(NamedTuple):
    """One of these rows.

    Attributes:
        name: A part of its name.
        measure: Measures it; takes the server's URL, and whether it is a short run.
        options: Options of the app.
        has_server: Whether it needs a real server.
    """

    name: str
    measure: Callable[[str, bool], dict[str, Any]]
    options: tuple[str, ...] = ()
    has_server: bool = True


def row(
    name: str, count: int, rounds: int, seconds: dict[str, list[float]], limits: list[Any]
) -> dict[str, Any]:
    contestants = {who: {"seconds": sorted(each)[len(each) // 2]} for who, each in seconds.items()}
    return {
        "name": name,
        "server": NEWEST,
        "count": count,
        "rounds": rounds,
        "contestants": contestants,
        "limits": limits,
    }


def cpu_of_children() -> float:
    """Return the CPU time of all processes that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def times(
    commands: dict[str, list[str]],
    rounds: int,
    folder: Path | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Run each command in turn; return the seconds of each round by `clock`."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    # An installed package has bytecode. Without it, this would measure Python's compiler.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    run = partial(subprocess.run, check=True, capture_output=True, cwd=folder, env=environment)
    for command in commands.values():
        run(command)
    for turn in range(rounds):
        in_order = list(commands.items())
        for name, command in in_order if turn % 2 == 0 else reversed(in_order):
            start = clock()
            run(command)
            seconds[name].append(clock() - start)
    return seconds


def first_call(url: str, short: bool) -> dict[str, Any]:
    """Measure a process that starts, imports, connects, makes one call and ends."""
    ours = _ONE_CALL.format("gradio_client_sync", url, "", "'/echo', ['x']")
    official = _ONE_CALL.format("gradio_client", url, ", verbose=False", "'x', api_name='/echo'")
    commands = {
        "ours": [sys.executable, "-c", ours],
        "official": [str(official_python("2")), "-c", official],
    }
    folder = None
    if missing("javascript") is None:
        folder = Oracle.prepare()
        script = (
            'import { Client } from "client-2";'
            f'const app = await Client.connect("{url}");'
            'await app.predict("/echo", ["x"]); process.exit(0);'
        )
        commands["javascript"] = ["node", "--input-type=module", "-e", script]
    rounds = 2 if short else 12
    seconds = times(commands, rounds, folder)
    ratios = [a / b for a, b in zip(seconds["ours"], seconds["official"])]
    limit = Limit("seconds", 0.5, "official")
    found = row("first call in a fresh process", 1, rounds, seconds, [])
    found["limits"] = [reach(limit, sorted(ratios)[len(ratios) // 2], ratios)]
    return found


def first_call_cpu(url: str, short: bool) -> dict[str, Any]:
    """Measure the CPU time of the same process, compared with importing `requests` alone."""
    ours = _ONE_CALL.format("gradio_client_sync", url, "", "'/echo', ['x']")
    commands = {
        "import requests": [sys.executable, "-c", "import requests"],
        "ours": [sys.executable, "-c", ours],
    }
    rounds = 2 if short else 25
    seconds = times(commands, rounds, clock=cpu_of_children)
    ratios = [a / b for a, b in zip(seconds["ours"], seconds["import requests"])]
    limit = Limit("CPU", 1.4, "import requests")
    found = row("CPU time of a first call in a fresh process", 1, rounds, seconds, [])
    found["limits"] = [reach(limit, sorted(ratios)[len(ratios) // 2], ratios)]
    return found


def importing(_: str, short: bool) -> dict[str, Any]:
    """Measure the cost of ``import gradio_client_sync``, and count what it loads."""
    loads = (
        "import sys, gradio_client_sync; names = ('requests', 'urllib3', 'websocket', "
        "'huggingface_hub'); sys.exit(sum(name in sys.modules for name in names))"
    )
    rounds = 2 if short else 22
    seconds = times(
        {
            "bare interpreter": [sys.executable, "-c", "pass"],
            "ours": [sys.executable, "-c", "import gradio_client_sync"],
        },
        rounds,
    )
    more = [(a - b) * 1000 for a, b in zip(seconds["ours"], seconds["bare interpreter"])]
    loaded = float(subprocess.run([sys.executable, "-c", loads], check=False).returncode)
    found = row("import", 1, rounds, seconds, [])
    found["limits"] = [
        reach(
            Limit("milliseconds more than a bare interpreter", 40), sorted(more)[rounds // 2], more
        ),
        reach(Limit("dependencies loaded", 0), loaded, [loaded]),
    ]
    return found


def waiting(url: str, short: bool) -> dict[str, Any]:
    """Measure jobs that wait in the server's queue: the memory of each, and the CPU of all."""
    count, idle = (100, 3) if short else (1000, 10)
    with Process("ours", url) as process:
        process.ask("predict", 5)
        joined = process.ask("wait", count)
        rest = process.ask("idle", idle)
    each, share = joined.rss / count, rest.cpu / idle * 100
    limits = [
        reach(Limit("kB each", 60), each, [each]),
        reach(Limit("percent of a core", 1), share, [share]),
    ]
    return row("jobs waiting in the server's queue", count, 1, {"ours": joined.seconds}, limits)


def connections(url: str, short: bool) -> dict[str, Any]:
    """Count the connections that calls one after another open."""
    count = 20 if short else 100
    with Tap(url) as tap, Process("ours", tap.url) as process:
        result = process.ask("predict", count)
    opened = float(tap.connections)
    limit = reach(Limit("connections", 3), opened, [opened])
    return row(
        "connections of calls one after another", count, 1, {"ours": result.seconds}, [limit]
    )


def heartbeat(url: str, short: bool) -> dict[str, Any]:
    """Count how often an idle client wakes up without data from the server."""
    idle = 3 if short else 2 * _HEARTBEAT
    with Process("ours", url) as process:
        process.ask("predict", 5)
        process.ask("idle", _SETTLED)
        before = process.ask("wakes", 0).right
        rest = process.ask("idle", idle)
        after = process.ask("wakes", 0).right
    sent = -(-idle // _HEARTBEAT)  # at most
    wakes = float(max(0, after - before - sent))
    limit = reach(Limit("wake-ups", 0), wakes, [wakes])
    return row("idle, with an open heartbeat", idle, 1, {"ours": rest.seconds}, [limit])


def clients(url: str, short: bool) -> dict[str, Any]:
    """Measure many clients in one process."""
    count = 8 if short else 64
    with Tap(url) as tap, Process("ours", tap.url) as process:
        result = process.ask("clients", count)
        assert result.right == count
    configs = tap.paths["/config"] / (count + 1)  # the contestant itself has one client more
    infos = float(sum(n for path, n in tap.paths.items() if path.endswith("/info")))
    limits = [
        reach(Limit("/config each", 1), configs, [configs]),
        reach(Limit("/info in all", 0), infos, [infos]),
    ]
    return row("clients in one process", count, 1, {"ours": result.seconds}, limits)


SINGLES = (
    Single("first call in a fresh process", first_call),
    Single("CPU time of a first call", first_call_cpu),
    Single("import", importing, has_server=False),
    Single("jobs waiting", waiting),
    Single("connections", connections),
    Single("idle", heartbeat, ("--heartbeat",)),
    Single("clients", clients),
)
