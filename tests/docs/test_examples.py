"""The scripts in ``examples/``, which run unchanged with the app beside them."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client
from tests.conftest import SERVERS
from tests.support.media import png, wav
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import EXAMPLES

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    "image": ["cat.png"],
    "audio": ["speech.wav"],
    "chat": ["cat.png"],
    "dataframe": [],
    "plot": [],
}
SAYS = {
    "image": "mirrored.png image/png\nsaved as ",
    "audio": "0.10 s at 8000 Hz",
    "chat": "You said 'What is this?' and sent 1 file(s).\n",
    "dataframe": "pears    4.0",
    "plot": "saved as plot.",
}


def test_examples_are_all_run() -> None:
    """Each script is in the list of this module."""
    names = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert names == {*SCRIPTS, "studio", "tracing"}


@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in SERVERS if v in ("4.44.1", "5.50.0", "6.31.0")])
@pytest.mark.parametrize("name", SCRIPTS)
def test_example_does_what_it_says(
    name: str, version: str, server_pool: ServerPool, tmp_path: Path
) -> None:
    """The script ends with success, prints what it should, and saves its files."""
    if name == "dataframe" and importlib.util.find_spec("pandas") is None:
        pytest.skip("needs pandas")
    if name == "plot" and version != "4.44.1":
        pytest.skip("of these servers, only that of 4.44.1 has matplotlib")
    (tmp_path / "cat.png").write_bytes(png(0, 128, 0))
    (tmp_path / "speech.wav").write_bytes(wav(800))
    url = server_pool.get(version, app=(EXAMPLES,)).url
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py"), url, *SCRIPTS[name]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert SAYS[name] in done.stdout
    saved = {path.suffix for path in tmp_path.iterdir()} - {".wav"}
    assert saved == ({".png", ".webp"} if name == "plot" else {".png"})
    if name == "image":
        assert (tmp_path / "mirrored.png").read_bytes().startswith(b"\x89PNG")
    if name == "audio":
        assert "sent 1644 of 1644" in done.stdout


@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in SERVERS if v in ("4.44.1", "6.31.0")])
def test_page_about_files_runs(
    version: str, server_pool: ServerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code of docs/files.md runs from top to bottom, and writes its files."""
    monkeypatch.chdir(tmp_path)
    Path("cat.png").write_bytes(png(0, 128, 0))
    Path("speech.wav").write_bytes(wav(800))
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert len(blocks) >= 6
    with Client(server_pool.get(version, app=(EXAMPLES,)).url) as app:
        names = {"app": app}
        for block in blocks:
            exec(compile(block, "docs/files.md", "exec"), names)
    assert Path("mirrored.png").read_bytes() == Path("pictures", "mirrored.png").read_bytes()
    assert Path("copy.png").read_bytes().startswith(b"\x89PNG")


def run_tracing(*arguments: str) -> tuple[int, str, list[dict[str, Any]]]:
    """Run the example; return its exit code, its output, and its spans from the inner one on."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "tracing.py"), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    text = done.stderr
    spans: list[dict[str, Any]] = []
    decoder = json.JSONDecoder()
    while text.lstrip().startswith("{"):
        span, end = decoder.raw_decode(text.lstrip())
        text = text.lstrip()[end:]
        spans.append(span)
    return done.returncode, done.stdout, spans


@pytest.mark.gradio
@pytest.mark.parametrize("endpoint", ["/whoami", "/direct_whoami"])
@pytest.mark.parametrize("version", [v for v in SERVERS if v in ("3.50.2", "4.44.1", "6.31.0")])
def test_tracing_sends_its_span_to_the_app(
    version: str, endpoint: str, server_pool: ServerPool
) -> None:
    """The app gets the call's span as ``traceparent``, and the span has the call's steps."""
    pytest.importorskip("opentelemetry.sdk")
    code, said, (call, visit) = run_tracing(server_pool.get(version).url, endpoint)
    assert code == 0
    trace, span = (call["context"][name][2:] for name in ("trace_id", "span_id"))
    assert json.loads(said)["headers"]["traceparent"].startswith(f"00-{trace}-{span}-")
    assert call["parent_id"] == visit["context"]["span_id"]
    steps = [event["name"] for event in call["events"]]
    direct = endpoint == "/direct_whoami"
    assert steps == [*(() if direct else ["queued"]), "started", "first_data", "done"]
    times = [event["timestamp"] for event in call["events"]]
    assert [call["start_time"], *times, call["end_time"]] == sorted(
        [call["start_time"], *times, call["end_time"]]
    )
    assert call["attributes"]["gradio.bytes"] > 100


@pytest.mark.gradio
def test_tracing_records_failures(server_pool: ServerPool) -> None:
    """The span of a call that fails has the error."""
    pytest.importorskip("opentelemetry.sdk")
    code, _, (call, _) = run_tracing(server_pool.get(SERVERS[-1]).url, "/fail", "boom")
    assert code == 1
    assert call["status"]["status_code"] == "ERROR" and "boom" in call["status"]["description"]
    assert [event["name"] for event in call["events"]] == ["queued", "started", "done", "exception"]
