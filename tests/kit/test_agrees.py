"""The same calls on a `FakeApp` and on the real server of its release give the same events."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client, Data, Job, Log, Status
from gradio_client_sync.testing import FakeApp, State
from tests.support.servers.server import Server

STRUCTURES = (
    {"a": [1, 0], "s": "xy", "table": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]},
    {"a": [1, 0, 1], "s": "xyy", "table": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "new": True},
    {"a": [1], "s": "xyy", "table": [[1], [4]], "new": {"deep": ["p"]}},
    {"a": [], "table": [[1, 0], [5], [6, 7, 8]], "new": {"deep": ["pq", {"r": None}]}},
)

CALLS: list[tuple[str, list[Any]]] = [
    ("/add", [2, 3]),
    ("/pair", ["text"]),
    ("/nothing", ["text"]),
    ("/noinput", []),
    ("/defaults", ["text"]),
    ("/count", [3]),
    ("/tokens", [3]),
    ("/structure", [4]),
    ("/empty", []),
    ("/fail", ["bad"]),
    ("/crash", ["worse"]),
    ("/fail_midway", [2]),
    ("/counter", []),
    ("/counter", []),
    ("/direct", ["abc"]),
    ("/direct_fail", ["bad"]),
]


def fill(fake: FakeApp) -> None:
    """Give a fake app the functions of the tests' server."""

    @fake.endpoint
    def add(a: float, b: float) -> float:
        return a + b

    @fake.endpoint
    def pair(text: str) -> tuple[str, int]:
        return text.upper(), len(text)

    @fake.endpoint
    def nothing(text: str) -> None:
        return None

    @fake.endpoint
    def noinput() -> str:
        return "pong"

    @fake.endpoint
    def defaults(text: str, number: float = 2, flag: bool = True, choice: str = "red") -> str:
        return f"{text} {number:g} {flag} {choice}"

    @fake.endpoint
    def count(n: float) -> Iterator[str]:
        for index in range(int(n)):
            yield str(index)

    @fake.endpoint
    def tokens(n: float) -> Iterator[str]:
        for index in range(1, int(n) + 1):
            yield " ".join(f"tok{number}" for number in range(index))

    @fake.endpoint
    def structure(n: float) -> Iterator[tuple[Any, str]]:
        for index in range(int(n)):
            yield STRUCTURES[index], "same"

    @fake.endpoint
    def empty() -> Iterator[str]:
        yield from ()

    def fail(text: str) -> str:
        fake.error(text, title="Oops", duration=7)

    fake.endpoint("/fail")(fail)
    fake.endpoint("/direct_fail", queue=False)(fail)

    @fake.endpoint
    def crash(text: str) -> str:
        raise ValueError(text)

    @fake.endpoint
    def fail_midway(n: float) -> Iterator[str]:
        for index in range(int(n)):
            yield str(index)
        fake.error("midway")

    @fake.endpoint
    def logs(text: str) -> str:
        fake.log(text)
        fake.log(text, "warning")
        return text

    @fake.endpoint
    def counter(value: State[int] = 0) -> tuple[int, State[int]]:
        return value + 1, value + 1

    @fake.endpoint("/direct", queue=False)
    def direct(text: str) -> str:
        return text[::-1]

    @fake.endpoint
    def file(upload: Path) -> Path:
        return upload

    @fake.endpoint
    def endless(key: str) -> Iterator[str]:
        index = 0
        while True:
            yield str(index)
            index += 1


def events_of(job: Job) -> list[Any]:
    """Return what a job told, without times and without repeated estimations."""
    told: list[Any] = []

    def note(event: Any) -> None:
        if isinstance(event, Data):
            told.append(("data", event.data))
        elif isinstance(event, Log):
            told.append(("log", event.log, event.level, event.title, event.duration, event.visible))
        elif isinstance(event, Status):
            line = ("status", event.stage, event.success, event.code, event.message)
            if told[-1:] != [line]:
                told.append(line)

    for kind in ("data", "status", "log"):
        job.on(kind, note)  # type: ignore[call-overload]
    error = job.exception(timeout=30)
    told.append((type(error).__name__, str(error), getattr(error, "title", None)))
    return told


@pytest.mark.gradio
def test_fake_app_agrees_with_the_real_server(server: Server) -> None:
    """Values, stages, edits, errors and state of a fake are those of its release."""
    with FakeApp(version=server.version.strip()) as fake:
        fill(fake)
        with Client(fake.url) as one, Client(server.url) as two:
            assert one.protocol == two.protocol
            for name, payload in CALLS:
                ours, theirs = (events_of(app.submit(name, payload)) for app in (one, two))
                assert ours == theirs, name
            if fake._app.generation.since(3, 36):
                ours, theirs = (events_of(app.submit("/logs", ["said"])) for app in (one, two))
                assert ours == theirs


@pytest.mark.gradio
def test_fake_app_agrees_about_files(server: Server, tmp_path: Path) -> None:
    """A file goes in and comes out with the same name, type and content."""
    source = tmp_path / "note 1.txt"
    source.write_text("content")
    with FakeApp(version=server.version.strip()) as fake:
        fill(fake)
        found = []
        for url in (fake.url, server.url):
            with Client(url, download_dir=tmp_path / url[-5:]) as app:
                file = app.predict("/file", [source])[0]
                found.append((Path(file).read_text(), file.orig_name, file.mime_type, file.size))
        assert found[0] == found[1]


@pytest.mark.gradio
def test_fake_app_agrees_about_cancelled_generators(server: Server, key: str) -> None:
    """A cancelled generator ends as on the real server."""
    with FakeApp(version=server.version.strip()) as fake:
        fill(fake)
        for url in (fake.url, server.url):
            with Client(url) as app:
                job = app.submit("/endless", [key])
                next(iter(job))
                assert job.cancel()
                with pytest.raises(concurrent.futures.CancelledError):
                    job.result(timeout=30)
                assert app.predict("/add", [1, 1])[0] == 2
