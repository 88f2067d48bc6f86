"""``python -m benchmarks``: prepare the clients, start the servers, and measure all in turn.

The contestants take turns on one server in one run, for several rounds. So other load on the
machine affects all of them in the same way. The output shows the medians of the rounds, and the
medians and quartiles of their ratios.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from benchmarks import files, maps, report, singles
from benchmarks.peers import NAMES, Process, Result, missing
from benchmarks.picture import draw
from benchmarks.rows import GROWTH, NEWEST, ROWS, Row
from tests.support.servers.server import Server

HERE = Path(__file__).parent
PICTURES = HERE.parent / "docs" / "pictures"
WARM_UP = 5  # calls before the first round


@contextmanager
def serving(version: str, *options: str) -> Iterator[str]:
    """Run the app of the benchmark on a real server; yield its URL."""
    with Server(version, app=(HERE / "app.py", *options), fresh=True) as server:
        yield server.url


def measure(row: Row, url: str, short: bool) -> dict[str, dict[int, Result]]:
    """Measure all contestants in turn; return the results by contestant and round."""
    count, rounds = row.count[short], row.rounds[short]
    new_servers = row.new_servers and not short
    names = [name for name in row.contestants if missing(name) is None]
    found: dict[str, dict[int, Result]] = {name: {} for name in names}
    with ExitStack() as stack:
        kept = {}
        if not (row.fresh or new_servers):
            kept = {name: stack.enter_context(Process(name, url)) for name in names}
            for process in kept.values():
                process.ask(row.task, WARM_UP)
        for turn in range(rounds):
            # A server slows down with each call, so the contestants alternate in going first.
            for name in names if turn % 2 == 0 else reversed(names):
                if turn % row.peers_every and name not in ("raw", "ours"):
                    continue
                if new_servers:
                    with serving(row.server, *row.options) as own, Process(name, own) as process:
                        process.ask(row.task, WARM_UP)
                        found[name][turn] = process.ask(row.task, count)
                elif row.fresh:
                    with Process(name, url) as process:
                        process.ask("predict", WARM_UP)
                        process.ask(row.task, 1)  # import what only this task needs
                        found[name][turn] = process.ask(row.task, count)
                else:
                    found[name][turn] = kept[name].ask(row.task, count)
    return found


def grow(url: str, short: bool) -> dict[str, Any]:
    """Measure how cost grows with the numbers of jobs, updates and bytes.

    Short runs leave out the largest numbers.
    """
    plots: dict[str, Any] = {}
    for title, (task, all_counts, limits) in GROWTH.items():
        counts = all_counts[:-1] if short else all_counts
        plots[title] = {}
        for name, most in limits.items():
            plots[title][name] = points = []
            for count in counts:
                if count <= most:
                    with Process(name, url) as process:
                        process.ask("predict", WARM_UP)
                        points.append([count, process.ask(task, count)._asdict()])
                    print(f"  {title}: {NAMES[name]}, {count}", flush=True)
    return plots


def main() -> None:
    """Parse the command line, measure, print the results, and write the files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="few rounds, for CI; no pictures")
    parser.add_argument(
        "--only", metavar="TEXT", default="", help="only rows with TEXT in the name"
    )
    parser.add_argument("--growth", action="store_true", help="also measure how cost grows")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--draw", type=Path, metavar="FILE", help="only draw the results in FILE")
    options = parser.parse_args()
    if options.draw is not None:
        draw(json.loads(options.draw.read_text(encoding="utf-8")), PICTURES)
        return
    found: dict[str, Any] = {"machine": report.machine(), "rows": [], "growth": {}}

    def keep(row: dict[str, Any] | None = None) -> None:
        """Print a row, and write all results so far, because a run may be interrupted."""
        if row is not None:
            found["rows"].append(row)
            report.show(row)
        found["machine"]["load after"] = report.load()
        if options.output is not None:
            options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

    rows = [row for row in ROWS if options.only in row.name and row.count[options.short]]
    for server in sorted({(row.server, row.options) for row in rows}, reverse=True):
        with serving(server[0], *server[1]) as url:
            for row in rows:
                if (row.server, row.options) == server:
                    results = measure(row, url, options.short)
                    keep(report.summarise(row, results, options.short))
    for single in (*singles.SINGLES, *maps.SINGLES):
        if options.only in single.name:
            server = serving(NEWEST, *single.options) if single.has_server else nullcontext("")
            with server as url:
                keep(single.measure(url, options.short))
    if options.only in "a large file":
        size, rounds = (10, 1) if options.short else (300, 5)
        found["files"] = [row._asdict() for row in files.run(NEWEST, size, rounds)]
        keep()
    if options.growth:
        with serving(NEWEST) as url:
            found["growth"] = grow(url, options.short)
        keep()
    if not options.short and not options.only:
        draw(found, PICTURES)


if __name__ == "__main__":
    main()
