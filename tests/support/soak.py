"""Mixed load with random faults, on servers of three generations, with a check of every run.

Run ``python -m tests.support.soak [SECONDS] [SEED]``. Each submit must end once, with its own
values, and the app counts how often its functions run. A job that succeeded must have run exactly
once, a job that cannot have run must not have run, and no job may run twice. The seed decides the
calls of each thread and the sequence of the faults; which call meets which fault depends on timing.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import CancelledError
from typing import Any

from gradio_client_sync import (
    BrokenStreamError,
    Client,
    DownloadError,
    GradioClientError,
    HTTPStatusError,
    Job,
    UploadError,
)
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.servers.server import Server

VERSIONS = ("3.50.2", "4.44.1", "6.31.0")
THREADS = 6  # per server
TIMEOUT = 20.0  # s
PACE = 0.25  # s between two faults
ENDPOINTS = ("echo", "count", "fail", "file")

GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def some_fault(chance: random.Random) -> Fault:
    """Return a random fault for one or two of the next requests."""
    return chance.choice(
        (
            Fault(b"/queue/", action="reset"),
            Fault(b"/queue/join", 2, GATEWAY),
            Fault(b"/queue/", after=b'"msg"', nth=chance.randrange(1, 9)),
            Fault(b"/upload", action="reset"),
            Fault(b"/file=", after=b"\r\n\r\n", offset=chance.randrange(20_000)),
            Fault(b"", pace=0.001),
        )
    )


class Outcomes:
    """The outcomes of all submits to one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.ends: Counter[str] = Counter()
        self.ran: Counter[str] = Counter()  # those that certainly ran, each once
        self.may_have_run: Counter[str] = Counter()

    def record(self, name: str, error: BaseException | None) -> None:
        """Record the outcome of a call."""
        with self._lock:
            self.ends[f"{name}: {type(error).__name__ if error else 'done'}"] += 1
            if (
                error is None
                or isinstance(error, DownloadError)
                or name == "fail" == _app_message(error)
            ):
                self.ran[name] += 1
            elif not _cannot_have_run(error):
                self.may_have_run[name] += 1

    def counts_agree(self, executions: dict[str, int]) -> bool:
        """Print the counts of both sides, and return whether they agree."""
        good = True
        for name in ENDPOINTS:
            ran, sure, unsure = executions.get(name, 0), self.ran[name], self.may_have_run[name]
            good = good and sure <= ran <= sure + unsure
            print(f"  {name} ran {ran} times: {sure} for sure, {unsure} that may have run")
        return good


def _app_message(error: BaseException) -> str | None:
    """Return the text that the app's function raised."""
    return getattr(error, "message", None)


def _cannot_have_run(error: BaseException) -> bool:
    if isinstance(error, BrokenStreamError):
        return error.accepted is False
    return isinstance(error, (HTTPStatusError, UploadError))


def call(app: Client, chance: random.Random, label: str) -> tuple[str, BaseException | None]:
    """Make one call and wait for its end; check that it has the right result or a typed error."""
    name = chance.choice((*ENDPOINTS, "echo"))
    size = chance.choice((10, 20_000))  # more bytes would take minutes
    values: dict[str, Any] = {"echo": label, "count": 5, "fail": "fail", "file": bytes(size)}
    job = app.submit(f"/{name}", [values[name]], timeout=TIMEOUT)
    cancel_at = chance.randrange(4) if name == "count" and chance.random() < 0.3 else None
    began = time.monotonic()
    try:
        check(job, name, values[name], cancel_at)
        return name, None
    except (GradioClientError, CancelledError) as exc:
        assert time.monotonic() - began < TIMEOUT + 2, f"{label} took {time.monotonic() - began} s"
        assert job.done(), label
        return name, exc


def check(job: Job, name: str, value: Any, cancel_at: int | None) -> None:
    """Wait for a job, and check its result."""
    if name == "count":
        got = []
        for data in job:
            if len(got) == cancel_at:
                job.cancel()
            got.append(data[0])
        assert got == ["0", "1", "2", "3", "4", "4"], got
        return
    result = job.result()
    if name == "echo":
        assert result[0] == value, (result[0], value)
    elif name == "file":
        assert result[0].read() == value
    else:
        raise AssertionError(f"{name} gave {result!r}")


def soak(version: str, seconds: float, seed: int) -> bool:
    """Put one server under load; return whether the counts of both sides agree."""
    chance, outcomes, failures = random.Random(f"{version} {seed}"), Outcomes(), []
    with Server(version) as server, FaultProxy(server.url) as proxy, Client(proxy.url) as app:
        until, pace = time.monotonic() + seconds, threading.Event()

        def run(number: int) -> None:
            own = random.Random(f"{version} {seed} {number}")
            calls = 0
            try:
                while time.monotonic() < until:
                    calls += 1
                    outcomes.record(*call(app, own, f"{number}.{calls}"))
            except BaseException as exc:  # noqa: BLE001 - printed below
                failures.append(exc)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        faults = 0
        while time.monotonic() < until:
            pace.wait(PACE)
            proxy.struck, proxy.fault = 0, some_fault(chance)
            faults += 1
        proxy.fault = None
        for thread in threads:
            thread.join()
        ran = server.control.executions()
    print(f"{version}: {sum(outcomes.ends.values())} submits, {faults} faults")
    for end, times in sorted(outcomes.ends.items()):
        print(f"  {end} {times}")
    agree = outcomes.counts_agree(ran) and not failures
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("gradio-")]
    for failure in (*failures, *left):
        print(f"  NOT GOOD: {failure!r}")
    return agree and not left


def main(seconds: float = 600.0, seed: int = 1) -> int:
    """Run the load on one server after the other, for ``seconds`` in total."""
    print(f"seed {seed}, {seconds:g} s")
    good = [soak(version, seconds / len(VERSIONS), seed) for version in VERSIONS]
    print("The outcomes balance." if all(good) else "THE OUTCOMES DO NOT BALANCE.")
    return not all(good)


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2]), *map(int, sys.argv[2:3])))
