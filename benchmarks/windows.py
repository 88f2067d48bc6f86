"""``python -m benchmarks.windows``: how fast `map` is with each number in flight, and with its own.

It runs real servers of several kinds. On each, `map` runs for some seconds with each fixed number
in flight, and without a number, so that it finds one. All of them take turns in several rounds. In
the later rounds, only the two fastest fixed numbers take part. Meanwhile another user
calls the same function now and then, and measures how long the call waits.
"""

from __future__ import annotations

import argparse
import itertools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import report
from benchmarks.rows import NEWEST
from gradio_client_sync import Client, GradioClientError
from tests.support.servers.server import Server

APP = Path(__file__).with_name("windows_app.py")
NUMBERS = (1, 2, 4, 8, 16, 32, 64)
SECONDS = 3.0  # s of each run
ROUNDS = 3
PAUSE = 0.5  # s between two calls of the other user


class Kind(NamedTuple):
    """One app.

    Attributes:
        name: What is special about it.
        seconds: How long a call takes.
        options: The other options of the app.
        ideal: The calls per second that it can end; ``None`` if the machine decides this.
        server: The release of Gradio.
    """

    name: str
    seconds: float
    options: tuple[str, ...]
    ideal: float | None
    server: str = NEWEST


KINDS = (
    Kind("limit 1", 0.05, ("--limit=1",), 20),
    Kind("limit 4", 0.1, ("--limit=4",), 40),
    Kind("limit 16", 0.2, ("--limit=16",), 80),
    Kind("no limit", 0.3, (), None),
    Kind("full queue", 0.1, ("--limit=4", "--max-size=4"), 40),
    Kind("batches", 0.2, ("--limit=1", "--batch=8"), 40),
    Kind("rate limit (429)", 0.1, ("--rate=20",), 20),
    Kind("limit 4, Gradio 3", 0.1, ("--limit=4",), 40, "3.50.2"),
)


class Run(NamedTuple):
    """What one run has measured; `waited` has the seconds of each call of the other user."""

    rate: float
    in_flight: float
    refused: int
    waited: list[float]


class OtherUser:
    """Another user of the app, who calls the function now and then.

    Args:
        url: The URL of the app.
        seconds: How long a call takes.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self._app = Client(url, headers={"X-Other": "1"})
        self._seconds = seconds
        self._paused = threading.Event()

    def call(self) -> float:
        """Call the function until it has run; return how long that took, without its own time."""
        began = time.perf_counter()
        while True:
            try:
                self._app.predict("/work", ["other"])
            except GradioClientError:  # the queue is full
                self._paused.wait(0.1)
                continue
            return max(0.0, time.perf_counter() - began - self._seconds)

    def calls_until(self, ended: threading.Event, waited: list[float]) -> None:
        """Call the function again and again, and add the waiting times to a list."""
        while not ended.wait(PAUSE):
            waited.append(self.call())

    def close(self) -> None:
        self._app.close()


def run(app: Client, other: OtherUser, number: int | None, seconds: float) -> Run:
    """Run a map for some seconds."""
    other.call()  # what an earlier run has left has then ended
    waited: list[float] = []
    ended = threading.Event()
    thread = threading.Thread(target=other.calls_until, args=(ended, waited), daemon=True)
    thread.start()
    in_flight: list[int] = []
    began = time.perf_counter()
    payloads = ([str(index)] for index in itertools.count())
    with app.map("/work", payloads, in_flight=number) as results:
        for _ in results.as_completed():
            in_flight.append(results.counts.in_flight)
            took = time.perf_counter() - began
            if took > seconds:
                break
        refused = results.counts.refused
    ended.set()
    thread.join()
    return Run(len(in_flight) / took, median(in_flight[len(in_flight) // 2 :]), refused, waited)


def measure(kind: Kind, seconds: float, rounds: int) -> dict[str, Any]:
    """Measure one kind of app; return its entry of the output."""
    options = (f"--seconds={kind.seconds}", *kind.options)
    runs: dict[int | None, list[Run]] = {number: [] for number in (*NUMBERS, None)}
    with Server(kind.server, app=(APP, *options), fresh=True) as server:
        other, app = OtherUser(server.url, kind.seconds), Client(server.url)
        try:
            other.call()
            alone = [other.call() for _ in range(5)]
            numbers = list(runs)
            for turn in range(rounds):
                for number in numbers if turn % 2 == 0 else reversed(numbers):
                    runs[number].append(run(app, other, number, seconds))
                fastest = sorted(NUMBERS, key=lambda number: runs[number][0].rate)[-2:]
                numbers = [*sorted(fastest), None]
        finally:
            app.close()
            other.close()
    fixed = {number: median(one.rate for one in runs[number]) for number in NUMBERS}
    best = max(numbers[:-1], key=lambda number: fixed[number or 0])
    ratios = [found.rate / one.rate for found, one in zip(runs[None], runs[best])]
    return {
        "name": kind.name,
        "server": kind.server,
        "seconds": kind.seconds,
        "ideal": kind.ideal,
        "fixed": [{"in_flight": n, **summary(runs[n])} for n in NUMBERS],
        "found": {"in_flight": median(one.in_flight for one in runs[None]), **summary(runs[None])},
        "best": best,
        "ratio": median(ratios),
        "waited_alone": median(alone),
    }


def summary(runs: list[Run]) -> dict[str, Any]:
    """Return the medians of several runs."""
    waited = [seconds for one in runs for seconds in one.waited]
    return {
        "rate": median(one.rate for one in runs),
        "refused": median(one.refused for one in runs),
        "waited": median(waited) if waited else None,
    }


def lines(entry: dict[str, Any]) -> Iterator[str]:
    """Yield an entry of the output as lines of a table."""
    yield f"{entry['name']} ({entry['server']}): {entry['seconds']} s each"
    yield "    in flight   rate  refused  other user waits"
    rows = [
        *entry["fixed"],
        {**entry["found"], "in_flight": f"found {entry['found']['in_flight']:g}"},
    ]
    for row in rows:
        waited = "-" if row["waited"] is None else f"{row['waited']:.2f} s"
        yield f"    {row['in_flight']:>9} {row['rate']:6.1f} {row['refused']:8g}  {waited:>16}"
    yield (
        f"    found/best: {entry['ratio']:.2f} (best: {entry['best']}); "
        f"the other user alone waits {entry['waited_alone']:.2f} s"
    )


def main() -> None:
    """Parse the command line, measure, and print the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.windows", description=__doc__)
    parser.add_argument(
        "--only", metavar="TEXT", default="", help="only apps with TEXT in the name"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each run")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the results as JSON")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": report.machine(), "apps": []}
    for kind in KINDS:
        if options.only in kind.name:
            found["apps"].append(measure(kind, options.seconds, options.rounds))
            print("\n".join(lines(found["apps"][-1])), flush=True)
            found["machine"]["load after"] = report.load()
            if options.output is not None:
                options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
