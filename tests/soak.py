"""Mixed load with random faults, on servers of three generations, until the books are balanced.

Run as ``python -m tests.soak [SECONDS] [SEED]``. Each submit has one end here; the app counts how
often its function ran. What succeeded ran once, what cannot have run did not, nothing ran twice.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import CancelledError

from gradio_client_sync import BrokenStreamError, Client, GradioClientError, HTTPStatusError
from tests.faults.proxy import Fault, Proxy
from tests.servers.server import Server

VERSIONS = ("3.50.2", "4.44.1", "6.31.0")
THREADS = 6  # per server
TIMEOUT = 20.0  # s
PACE = 1.0  # s between two faults

GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
FAULTS = (
    lambda: Fault(b"/queue/", action="reset"),
    lambda: Fault(b"/queue/join", 2, GATEWAY),
    lambda: Fault(b"/queue/", after=b'"msg"', nth=random.randrange(1, 9)),
    lambda: Fault(b"", pace=0.001),
)


class Books:
    """What became of the submits of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.ends: Counter[str] = Counter()
        self.submitted = self.sure = self.maybe = 0  # of /echo: ran once, or may have

    def note(self, name: str, error: BaseException | None) -> None:
        with self._lock:
            self.submitted += 1
            self.ends[f"{name}: {type(error).__name__ if error else 'done'}"] += 1
            if name == "/echo":
                ran_not = isinstance(error, HTTPStatusError) or (
                    isinstance(error, BrokenStreamError) and error.accepted is False
                )
                self.sure += error is None
                self.maybe += error is not None and not ran_not


def work(app: Client, books: Books, chance: random.Random, until: float) -> None:
    while time.monotonic() < until:
        name, value = chance.choice(
            [("/echo", "x"), ("/echo", "y"), ("/count", 5), ("/fail", "x"), ("/file", b"content")]
        )
        job = app.submit(name, [value], timeout=TIMEOUT)
        if name == "/count" and chance.random() < 0.3:
            job.cancel()
        try:
            error = job.exception(TIMEOUT + 0.5)
        except CancelledError as exc:
            error = exc
        assert error is None or isinstance(error, (GradioClientError, CancelledError)), repr(error)
        books.note(name, error)


def soak(version: str, seconds: float, seed: int) -> bool:
    """Run one server under load; whether its books balance."""
    chance, books, failures = random.Random(f"{version} {seed}"), Books(), []
    with Server(version) as server, Proxy(server.url) as proxy, Client(proxy.url) as app:
        until, pace = time.monotonic() + seconds, threading.Event()

        def run(number: int) -> None:
            try:
                work(app, books, random.Random(f"{version} {seed} {number}"), until)
            except BaseException as exc:  # noqa: BLE001 - told below
                failures.append(exc)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        faults = 0
        while time.monotonic() < until:
            pace.wait(PACE)
            proxy.struck, proxy.fault = 0, chance.choice(FAULTS)()
            faults += 1
        proxy.fault = None
        for thread in threads:
            thread.join()
        ran = server.control.executions().get("echo", 0)
    balanced = not failures and books.sure <= ran <= books.sure + books.maybe
    print(f"{version}: {books.submitted} submits, {faults} faults, {dict(books.ends)}")
    print(f"  /echo ran {ran} times: {books.sure} values, {books.maybe} that may have run")
    for failure in failures:
        print(f"  {failure!r}")
    return balanced


if __name__ == "__main__":
    span = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    good = [soak(version, span / len(VERSIONS), start) for version in VERSIONS]
    print("The books balance." if all(good) else "THE BOOKS DO NOT BALANCE.")
    sys.exit(not all(good))
