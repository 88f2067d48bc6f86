"""``python -m benchmarks``: prepare the peers, start a server, run everyone in turn.

The contestants take turns on one server in one run, several rounds each, so that what the
machine does besides hits all of them alike. Printed are medians, and ratios of medians.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.oracle.oracle import Oracle
from tests.servers.environments import cache_folder, uv_command
from tests.servers.server import Server

HERE = Path(__file__).parent
PEER = "gradio_client==2.7.2"
LABELS = {
    "raw": "raw wire (http.client)",
    "ours": "gradio_client_sync",
    "javascript": "@gradio/client 2.7.0 (Node)",
    "official": "gradio_client 2.7.2",
}


class Process:
    """A contestant's process."""

    def __init__(self, command: list[str], folder: Path | None = None) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
        )
        self.connecting: float = self._read()

    def ask(self, kind: str, count: int) -> list[float]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([kind, count]) + "\n")
        self._process.stdin.flush()
        answer: list[float] = self._read()
        return answer

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def official_python() -> Path:
    """An environment with the official client, made at first need."""
    folder = cache_folder().parent / "peers" / PEER.replace("==", "-")
    python = folder / "bin" / "python"
    if not python.exists():
        uv = uv_command()
        subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), PEER], check=True)
    return python


def commands(url: str) -> dict[str, tuple[list[str], Path | None]]:
    script = str(HERE / "contestants.py")
    found: dict[str, tuple[list[str], Path | None]] = {
        "raw": ([sys.executable, script, "raw", url], None),
        "ours": ([sys.executable, script, "ours", url], None),
        "official": ([str(official_python()), script, "official", url], None),
    }
    reason = Oracle.available()
    if reason is None:
        folder = Oracle.prepare()
        shutil.copy(HERE / "contestant.mjs", folder)
        found["javascript"] = (["node", "contestant.mjs", url], folder)
    else:
        print(f"without the JavaScript client: {reason}")
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--server", default="6.31.0", help="which real Gradio (6.31.0)")
    parser.add_argument("--rounds", type=int, default=10, help="turns of each contestant (10)")
    parser.add_argument("--calls", type=int, default=20, help="calls in each turn (20)")
    parser.add_argument("--burst", type=int, default=100, help="calls submitted at once (100)")
    options = parser.parse_args()
    with Server(options.server) as server:
        processes = {name: Process(*found) for name, found in commands(server.url).items()}
        order = [name for name in LABELS if name in processes]
        calls: dict[str, list[float]] = {name: [] for name in order}
        bursts: dict[str, list[list[float]]] = {name: [] for name in order}
        for process in processes.values():
            process.ask("predict", 5)  # warm
        for _ in range(options.rounds):
            for name in order:
                calls[name] += processes[name].ask("predict", options.calls)
        for _ in range(options.rounds):
            for name in order[1:]:
                bursts[name].append(processes[name].ask("burst", options.burst))
        for process in processes.values():
            process.close()
    raw = median(calls["raw"])
    print(f"\nGradio {options.server}: {options.rounds} rounds of {options.calls} calls of /echo,")
    print("one after another; median of all, and as a multiple of the raw wire")
    for name in order:
        middle = median(calls[name])
        print(f"  {LABELS[name]:<30} {middle * 1000:8.1f} ms   {middle / raw:6.2f} ×")
    print(
        f"\n{options.rounds} times {options.burst} calls submitted at once; median, and lost calls"
    )
    for name in order[1:]:
        seconds = median(result[0] for result in bursts[name])
        lost = sum(options.burst - int(result[1]) for result in bursts[name])
        total = options.burst * options.rounds
        print(f"  {LABELS[name]:<30} {seconds * 1000:8.0f} ms   {lost} of {total} lost")


if __name__ == "__main__":
    main()
