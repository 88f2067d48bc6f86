"""One contestant: a process that runs tasks and reports what they cost.

It runs with an interpreter that has the contestant's package, as ``contestants.py NAME URL``. It
reads commands, one JSON list per line, and writes one JSON line for each:

    [task, count]  →  {"seconds": [...], "cpu": s, "rss": kB, "threads": n, "right": n}

``seconds`` has one entry per call, or one for the whole task. ``cpu`` is the CPU time of the
process, ``rss`` the growth of its memory, ``threads`` the number of its threads when all jobs were
running, and ``right`` the number of correct results. The first line of output says that the
contestant is connected. Besides the package, only the standard library is used.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Callable

if __package__:
    from benchmarks.raw import Raw
else:
    from raw import Raw

AT_ONCE = 16  # calls in flight of the task `many`
RESULT_TIMEOUT = 300.0  # s for one result; only a call that hangs needs so long


def words(count: int) -> str:
    """Return the last value of ``/grow``."""
    return "".join(f"{number % 1000:03} " for number in range(count))


class Ours:
    """gradio_client_sync."""

    journal: Path | None = None

    def __init__(self, url: str) -> None:
        from gradio_client_sync import Client

        self._make: Callable[[], Any] = lambda: Client(url)
        self._app = self._make()
        self._waiting: list[Any] = []

    def call(self, endpoint: str, value: Any) -> Any:
        return self._app.predict(endpoint, [value])[0]

    def iterate(self, endpoint: str, value: Any) -> Any:
        last = None
        for data in self._app.submit(endpoint, [value]):
            last = data[0]
        return last

    def start(self, endpoint: str, values: list[Any]) -> list[Any]:
        return [self._app.submit(endpoint, [value]) for value in values]

    def result(self, job: Any) -> Any:
        return job.result(RESULT_TIMEOUT)[0]

    def many(self, endpoint: str, values: list[Any], at_once: int) -> list[Any]:
        payloads = ([value] for value in values)
        results = self._app.map(endpoint, payloads, in_flight=at_once, journal=self.journal)
        return [data[0] for data in results]

    def flat(self, endpoint: str, count: int) -> int:
        """Map a generator, and keep nothing; return how many results are correct."""
        results = self._app.map(endpoint, ([str(n)] for n in range(count)), in_flight=AT_ONCE)
        return sum(data[0] == str(number) for number, data in enumerate(results))

    def resume(self, endpoint: str, count: int) -> tuple[list[float], int]:
        """Go on where a journal of done items ends.

        Returns:
            The seconds to the first result and to that of the first call, and how many are correct.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "run.jsonl")
            _write_journal(path, endpoint, count)
            payloads, right = ([str(number)] for number in range(count + 1)), 0
            start, first = time.perf_counter(), 0.0
            with self._app.map(endpoint, payloads, journal=path) as results:
                for outcome in results.outcomes():
                    first = first or time.perf_counter() - start
                    right += outcome.data[0] == outcome.payload[0]
                    right -= outcome.replayed is (outcome.index == count)
            return [first, time.perf_counter() - start], right

    def connect(self) -> None:
        self._make().close()

    def wait(self, count: int) -> None:
        """Make `count` jobs wait in the server's queue."""
        self._waiting = self.start("/wait", [str(n) for n in range(count)])
        pace = threading.Event()
        while any(job.timings.queued is None for job in self._waiting):  # there is no event for it
            pace.wait(0.05)

    def clients(self, count: int) -> int:
        """Create `count` clients, and make one call with each."""
        apps = [self._make() for _ in range(count)]
        return sum(app.predict("/echo", ["x"])[0] == "x" for app in apps)


class Found(Ours):
    """gradio_client_sync, which finds how many calls to have in flight."""

    def many(self, endpoint: str, values: list[Any], at_once: int) -> list[Any]:
        return [data[0] for data in self._app.map(endpoint, ([value] for value in values))]


class Journaled(Ours):
    """gradio_client_sync with a journal."""

    def many(self, endpoint: str, values: list[Any], at_once: int) -> list[Any]:
        with tempfile.TemporaryDirectory() as folder:
            self.journal = Path(folder, "run.jsonl")
            return super().many(endpoint, values, at_once)


class Official:
    """gradio_client, the official Python client."""

    def __init__(self, url: str) -> None:
        import gradio_client

        options: dict[str, Any] = {"verbose": False}
        if not gradio_client.__version__.startswith("0."):
            options["analytics_enabled"] = False
        self._make: Callable[[], Any] = lambda: gradio_client.Client(url, **options)
        self._app = self._make()

    def call(self, endpoint: str, value: Any) -> Any:
        return self._app.predict(value, api_name=endpoint)

    def iterate(self, endpoint: str, value: Any) -> Any:
        last = None
        for value_so_far in self._app.submit(value, api_name=endpoint):
            last = value_so_far
        return last

    def start(self, endpoint: str, values: list[Any]) -> list[Any]:
        return [self._app.submit(value, api_name=endpoint) for value in values]

    def result(self, job: Any) -> Any:
        return job.result(timeout=RESULT_TIMEOUT)

    def many(self, endpoint: str, values: list[Any], _: int) -> list[Any]:
        """Call the endpoint in a pool of threads of its default size, as its users do."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(partial(self.call, endpoint), values))

    def connect(self) -> None:
        self._make()


class Compat(Official):
    """gradio_client_sync.compat, with the calls of the official client."""

    def __init__(self, url: str) -> None:
        from gradio_client_sync.compat import Client

        self._make = lambda: Client(url, verbose=False)
        self._app = self._make()


class Tasks:
    """The tasks of a contestant."""

    def __init__(self, contestant: Any) -> None:
        self._contestant = contestant
        self.threads = 0

    def predict(self, count: int, endpoint: str = "/echo") -> tuple[list[float], int]:
        """Make calls one after another."""
        seconds, right = [], 0
        for _ in range(count):
            start = time.perf_counter()
            right += self._contestant.call(endpoint, "hello") == "hello"
            seconds.append(time.perf_counter() - start)
        return seconds, right

    def direct(self, count: int) -> tuple[list[float], int]:
        """Make calls that skip the queue, one after another."""
        return self.predict(count, "/direct")

    def connect(self, count: int) -> tuple[list[float], int]:
        """Connect several times, one after another."""
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self._contestant.connect()
            seconds.append(time.perf_counter() - start)
        return seconds, count

    def burst(self, count: int) -> tuple[list[float], int]:
        """Submit all calls at once."""
        texts = [str(number) for number in range(count)]
        start = time.perf_counter()
        jobs = self._contestant.start("/echo", texts)
        self.threads = threading.active_count()
        right = 0
        for job, text in zip(jobs, texts):
            try:
                right += self._contestant.result(job) == text
            except (Exception, CancelledError):  # noqa: BLE001 - any failure counts as a lost call
                continue
        return [time.perf_counter() - start], right

    def many(self, count: int) -> tuple[list[float], int]:
        """Call an endpoint many times, with a fixed number of calls in flight."""
        texts = [str(number) for number in range(count)]
        start = time.perf_counter()
        results = self._contestant.many("/echo", texts, AT_ONCE)
        seconds = time.perf_counter() - start
        return [seconds], sum(result == text for result, text in zip(results, texts))

    def flat(self, count: int) -> tuple[list[float], int]:
        """Map a generator, and keep nothing."""
        start = time.perf_counter()
        right = self._contestant.flat("/echo", count)
        return [time.perf_counter() - start], right

    def resume(self, count: int) -> tuple[list[float], int]:
        """Go on where the journal of a map ends."""
        result: tuple[list[float], int] = self._contestant.resume("/echo", count)
        return result

    def iterate(self, count: int) -> tuple[list[float], int]:
        """Read each value of a growing text."""
        start = time.perf_counter()
        last = self._contestant.iterate("/grow", count)
        return [time.perf_counter() - start], int(last == words(count))

    def final(self, count: int) -> tuple[list[float], int]:
        """Read only the last value of a growing text."""
        start = time.perf_counter()
        last = self._contestant.call("/grow", count)
        return [time.perf_counter() - start], int(last == words(count))

    def blob(self, kilobytes: int) -> tuple[list[float], int]:
        """Read one large value."""
        start = time.perf_counter()
        value = self._contestant.call("/blob", kilobytes)
        return [time.perf_counter() - start], int(len(_list(value)) == kilobytes)

    def chat(self, count: int) -> tuple[list[float], int]:
        """Read each value of a growing conversation."""
        start = time.perf_counter()
        last = self._contestant.iterate("/chat", count)
        return [time.perf_counter() - start], int(len(_list(last)) == count)

    def wait(self, count: int) -> tuple[list[float], int]:
        """Wait for jobs that wait in the server's queue."""
        start = time.perf_counter()
        self._contestant.wait(count)
        self.threads = threading.active_count()
        return [time.perf_counter() - start], count

    def idle(self, seconds: int) -> tuple[list[float], int]:
        """Do nothing."""
        threading.Event().wait(seconds)
        return [float(seconds)], 0

    def wakes(self, _: int) -> tuple[list[float], int]:
        """Return as ``right`` how many times the other threads have woken up so far.

        This is a separate task, because reading the state of a thousand threads takes more time
        than the threads themselves.
        """
        return [0.0], wakes()

    def clients(self, count: int) -> tuple[list[float], int]:
        """Create clients in one process."""
        start = time.perf_counter()
        right = self._contestant.clients(count)
        return [time.perf_counter() - start], right


def _write_journal(path: Path, endpoint: str, count: int) -> None:
    """Write a journal as a map of `count` items does, without the calls."""
    from gradio_client_sync._many.journal import Journal
    from gradio_client_sync._many.journal_format import Recorded

    with Journal.open(str(path), endpoint, None) as journal:
        for number in range(count):
            recorded = Recorded.of_data(
                [str(number)], 0.1, 1, time.time(), updates={}, saved_path=lambda _: None
            )
            journal.append(journal.identify(number, [str(number)]), recorded)


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):  # the official client returns JSON as the path of a file
        value = json.loads(Path(value).read_text(encoding="utf-8"))
    if isinstance(value, dict):
        value = json.loads(Path(value["path"]).read_text(encoding="utf-8"))
    return list(value)


def resident() -> int:
    """Return the memory of this process in kB."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def wakes() -> int:
    """Return how many times the threads of this process have waited, except the main thread."""
    count = 0
    for status in Path("/proc/self/task").glob("*/status"):
        if status.parent.name != str(os.getpid()):
            for line in status.read_text(encoding="ascii").splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    count += int(line.split()[1])
    return count


CONTESTANTS: dict[str, Callable[[str], Any]] = {
    "raw": Raw,
    "ours": Ours,
    "found": Found,
    "journal": Journaled,
    "compat": Compat,
    "official": Official,
}


def main(name: str, url: str) -> None:
    """Connect, then run the tasks that are read from standard input."""
    contestant = CONTESTANTS[name](url)
    tasks = Tasks(contestant)
    print(json.dumps("connected"), flush=True)
    for line in sys.stdin:
        task, count = json.loads(line)
        if isinstance(contestant, Raw):
            contestant.begin()
        rss, cpu, tasks.threads = resident(), time.process_time(), 0
        seconds, right = getattr(tasks, task)(count)
        result = {
            "seconds": seconds,
            "cpu": time.process_time() - cpu,
            "rss": resident() - rss,
            "threads": tasks.threads,
            "right": right,
        }
        print(json.dumps(result), flush=True)
    os._exit(0)  # without waiting for jobs that still run


if __name__ == "__main__":
    main(*sys.argv[1:])
