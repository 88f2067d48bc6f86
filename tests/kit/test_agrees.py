"""The same calls on a `FakeApp` and on the real server of its release give the same events."""

from __future__ import annotations

import concurrent.futures
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client, Data, Job, Log, Status
from gradio_client_sync.testing import FakeApp
from tests.support.fake_server import fill
from tests.support.servers.server import Server

pytestmark = pytest.mark.once

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


def events_of(job: Job) -> list[Any]:
    """Return the events of a job, without times and without repeated estimations."""
    seen: list[Any] = []

    def note(event: Any) -> None:
        if isinstance(event, Data):
            seen.append(("data", event.data))
        elif isinstance(event, Log):
            seen.append(("log", event.log, event.level, event.title, event.duration, event.visible))
        elif isinstance(event, Status):
            line = ("status", event.stage, event.success, event.code, event.message)
            if seen[-1:] != [line]:
                seen.append(line)

    for kind in ("data", "status", "log"):
        job.on(kind, note)  # type: ignore[call-overload]
    error = job.exception(timeout=30)
    seen.append((type(error).__name__, str(error), getattr(error, "title", None)))
    return seen


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
