"""The official Python and JavaScript clients, and plain HTTP, on a `FakeApp`."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.peers import official_python
from gradio_client_sync.testing import FakeApp, State
from tests.support.oracle.oracle import Oracle

pytestmark = [pytest.mark.oracle, pytest.mark.once]

CALLS = """
import json, sys
from gradio_client import Client
try:
    from gradio_client import handle_file
except ImportError:
    handle_file = str
for url in sys.argv[2:]:
    app = Client(url, verbose=False)
    out = [app.predict(2, 3, api_name="/add")]
    job = app.submit(3, api_name="/count")
    job.result()
    out.append(job.outputs())
    path = app.predict(handle_file(sys.argv[1]), api_name="/copy")
    out.append(open(path).read())
    out += [app.predict(2, api_name="/tally"), app.predict(2, api_name="/tally")]
    try:
        app.predict(api_name="/fail")
    except Exception as exc:
        out.append(str(exc).strip("'"))
    print(json.dumps(out))
"""


def fill(fake: FakeApp) -> None:
    """Give an app functions of every kind."""

    @fake.endpoint("/add")
    def add(a: float, b: float) -> float:
        return a + b

    @fake.endpoint("/count")
    def count(n: int) -> Iterator[str]:
        for index in range(1, n + 1):
            yield "tok " * index

    @fake.endpoint("/copy")
    def copy(document: Path) -> Path:
        return document

    @fake.endpoint("/tally")
    def tally(step: int, seen: State[int] = 0) -> tuple[int, State[int]]:
        return seen + step, seen + step

    @fake.endpoint("/fail")
    def fail() -> str:
        fake.error("boom")


@pytest.mark.parametrize(
    ("generation", "protocols"),
    [("0", ["ws"]), ("2", ["sse", "sse_v1", "sse_v2", "sse_v2.1", "sse_v3"])],
)
def test_official_python_client(generation: str, protocols: list[str], tmp_path: Path) -> None:
    """`gradio_client` calls functions, streams, sends files and reads errors, on each protocol."""
    source = tmp_path / "note.txt"
    source.write_text("content")
    with contextlib.ExitStack() as stack:
        fakes = [stack.enter_context(FakeApp(protocol=protocol)) for protocol in protocols]
        for fake in fakes:
            fill(fake)
        urls = [fake.url for fake in fakes]
        run = subprocess.run(
            [str(official_python(generation)), "-c", CALLS, str(source), *urls],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            # The client sends a saved token to every app.
            env={**os.environ, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN": ""},
        )
        assert run.returncode == 0, run.stderr
        found = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("[")]
        assert len(found) == len(protocols)
        for *values, error in found:
            assert values[0] == 5
            assert values[1][:3] == ["tok ", "tok tok ", "tok tok tok "]
            assert values[2:] == ["content", 2, 4]
            assert "boom" in error


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    missing = Oracle.available()
    if missing is not None:
        pytest.skip(missing)
    with Oracle() as running:
        yield running


@pytest.mark.parametrize("protocol", ["ws", "sse", "sse_v1", "sse_v2", "sse_v2.1", "sse_v3"])
def test_javascript_client(oracle: Oracle, protocol: str) -> None:
    """@gradio/client gets the values, the stages and the errors."""
    client = "0" if protocol == "ws" else "2"
    with FakeApp(protocol=protocol) as fake:
        fill(fake)
        events = oracle.events(client, fake.url, "/count", [3])
        data = [event["data"] for event in events if event["type"] == "data"]
        assert data[:3] == [["tok "], ["tok tok "], ["tok tok tok "]]
        events = oracle.events(client, fake.url, "/add", [2, 3])
        assert [event["data"] for event in events if event["type"] == "data"] == [[5]]
        events = oracle.events(client, fake.url, "/fail", [])
        last = [event for event in events if event["type"] == "status"][-1]
        assert last["stage"] == "error"
        assert last["message"].strip("'") == "boom"
