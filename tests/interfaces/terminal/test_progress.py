"""`_progress`: what the bars of jobs and downloads show, and where."""

from __future__ import annotations

import concurrent.futures
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Callable

import pytest

from gradio_client_sync import AppError, Client, MissingDependencyError
from gradio_client_sync._terminal.progress import ProgressBars
from gradio_client_sync.events import Progress, Status, Upload
from gradio_client_sync.testing import FakeApp
from tests.support.listeners import BOUND, EventRecorder
from tests.support.servers.server import Server

tqdm = pytest.importorskip("tqdm", reason="needs the extra progress")

NOW = datetime.now(timezone.utc)
STARTED: dict[str, Any] = {"position": 0, "size": None}


@pytest.fixture(autouse=True)
def no_bar_left() -> Iterator[None]:
    """Check that every bar is closed at the end of a test; otherwise tqdm would keep its line."""
    yield
    assert not list(tqdm.tqdm._instances)


class Staged(concurrent.futures.Future):  # type: ignore[type-arg]  # of nothing
    """A job whose events the test decides."""

    endpoint = "/staged"

    def __init__(self) -> None:
        super().__init__()
        self.listeners: dict[str, Callable[[Any], object]] = {}

    def on(self, event: str, listener: Callable[[Any], object]) -> Staged:
        self.listeners[event] = listener
        return self

    def status(self, stage: str = "pending", **fields: Any) -> None:
        self.listeners["status"](Status(stage, True, "/staged", 0, NOW, **fields))  # type: ignore[arg-type]

    def upload(self, done: int, total: int | None) -> None:
        self.listeners["upload"](Upload(done, total, "/staged", 0, NOW))

    def progress(self, *bars: tuple[Any, ...]) -> None:
        """Send a status with these bars: fraction, index, length, unit and text of each."""
        self.status(progress_data=[Progress(*bar) for bar in bars])


@pytest.fixture
def watch() -> Iterator[Callable[[], Staged]]:
    """Return a function that makes a job with bars; close the bars at the end."""
    made = []

    def make() -> Staged:
        job, bars = Staged(), ProgressBars()
        bars.watch(job)  # type: ignore[arg-type]  # it has the needed methods
        made.append(bars)
        return job

    yield make
    for bars in made:
        bars.close()


def drawn(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines drawn since the last call; check that nothing is on standard output."""
    captured = capsys.readouterr()
    assert captured.out == ""
    return [line.rstrip() for line in re.split(r"[\r\n]|\x1b\[A", captured.err) if line.strip()]


# -- the text of a line


def test_line_shows_the_position_in_the_queue(
    watch: Callable[[], Staged], capsys: pytest.CaptureFixture[str]
) -> None:
    """A waiting job has a line with its position, the queue's size and the expected time."""
    staged = watch()
    staged.status(position=2, size=5, eta=12.3)
    staged.status(position=0, size=3)
    staged.status(**STARTED, eta=4.0)
    lines = drawn(capsys)
    assert "/staged: in the queue, 2 ahead of 5, about 12 s [00:00]" in lines
    assert "/staged: in the queue, next [00:00]" in lines
    assert lines[-1] == "/staged: running, about 4 s [00:00]"


def test_line_counts_in_the_apps_own_units(
    watch: Callable[[], Staged], capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted progress has its unit and text, and is full when the job is done."""
    staged = watch()
    staged.progress((None, 3, 12, "pages", "reading"))
    assert "/staged: reading:  25%" in drawn(capsys)[-1]
    staged.status("complete", success=True)
    last = drawn(capsys)[-1]
    assert "/staged: done: 100%" in last and "12/12 [" in last and "pages/s" in last


def test_line_shows_a_fraction_as_percent(
    watch: Callable[[], Staged], capsys: pytest.CaptureFixture[str]
) -> None:
    """Progress without a count is shown in percent."""
    staged = watch()
    staged.progress((0.4, None, None, None, None))
    assert drawn(capsys)[-1].startswith("/staged:  40%|████")


def test_line_shows_bytes_while_files_are_sent(
    watch: Callable[[], Staged], capsys: pytest.CaptureFixture[str]
) -> None:
    """An upload is counted in bytes, and a late upload event does not bring its bar back."""
    staged = watch()
    staged.upload(0, 4 * 1024 * 1024)
    staged.upload(4 * 1024 * 1024, 4 * 1024 * 1024)
    assert any("/staged: sending:   0%" in line and "4.00M" in line for line in drawn(capsys))
    staged.status(**STARTED)
    assert drawn(capsys)[-1] == "/staged: running [00:00]"
    staged.upload(1, 2)
    assert drawn(capsys) == []


def test_lines_of_nested_progress_come_and_go(
    watch: Callable[[], Staged], capsys: pytest.CaptureFixture[str]
) -> None:
    """An inner bar has its own line for as long as it exists."""
    staged = watch()
    staged.progress((None, 1, 2, "epochs", "train"), (None, 5, 9, "batches", "fit"))
    assert len(list(tqdm.tqdm._instances)) == 2
    assert any(line.startswith("  fit:  56%") for line in drawn(capsys))
    staged.progress((None, 2, 2, "epochs", "train"))
    assert len(list(tqdm.tqdm._instances)) == 1


def test_line_shows_control_characters_as_text(
    watch: Callable[[], Staged], capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters and braces in texts are shown as text, and long texts are cut."""
    staged = watch()
    staged.progress((None, 1, 2, "\x1b[2J", "\x1b]0;x\x07{bar}\nnext"))
    staged.progress((None, 1, 3, None, "long " * 1000))
    lines = drawn(capsys)
    assert any(r"\x1b]0;x\x07{bar} next" in line for line in lines)
    assert not any("\x1b" in line or "\x07" in line for line in lines)
    assert max(map(len, lines)) < 300


@pytest.mark.parametrize(
    "bar",
    [
        (None, float("nan"), 3, None, None),
        (float("inf"), None, None, None, None),
        (None, -5, -3, "x", "y"),
        (None, 10**400, 10**400, "x", "y"),
        (None, 7, 0, None, None),
        (None, None, None, None, None),
        (3.5, None, None, None, None),
    ],
)
def test_line_survives_any_number(watch: Callable[[], Staged], bar: tuple[Any, ...]) -> None:
    """Numbers that cannot be drawn are left out, and raise nothing."""
    staged = watch()
    staged.progress(bar)
    staged.progress((None, 1, 2, None, None))
    staged.status("complete", success=True)


def test_line_ends_once(watch: Callable[[], Staged], capsys: pytest.CaptureFixture[str]) -> None:
    """After the end of the job, later events draw nothing."""
    staged = watch()
    staged.status("error", message="no")
    assert drawn(capsys)[-1] == "/staged: failed [00:00]"
    staged.progress((None, 1, 2, None, None))
    staged.status("complete", success=True)
    assert drawn(capsys) == []


def test_bars_without_tqdm_are_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without tqdm the call raises before it is sent, and the error names the extra."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with FakeApp() as server:
        server.endpoint("/count")(lambda n: n)
        with Client(server.url) as app:
            with pytest.raises(MissingDependencyError, match=r"client-sync\[progress\]") as info:
                app.predict("/count", [1], progress=True)
        assert info.value.extra == "progress"
    assert server.calls == []


# -- on real servers


@pytest.mark.client_only
@pytest.mark.gradio
def test_predict_draws_progress(app: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """The app's steps are drawn, nothing is on standard output, and the value is returned."""
    assert app.predict("/progress", [4], progress=True)[0] == "done"
    lines = drawn(capsys)
    assert any("/progress: step " in line and "/4 [" in line for line in lines)
    assert lines[-1].startswith("/progress: done: 100%")


@pytest.mark.client_only
@pytest.mark.gradio
def test_predict_ends_its_line_on_an_error(app: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """If the app fails, the line says so and ends."""
    with pytest.raises(AppError):
        app.predict("/fail", ["no"], progress=True)
    captured = capsys.readouterr().err
    assert "/fail: failed" in captured and captured.endswith("\n")


@pytest.mark.client_only
@pytest.mark.gradio
def test_bars_of_several_jobs_stack(app: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """Each job has its own line, and all lines are there at the end."""
    jobs = [app.submit("/progress", [steps]).show_progress() for steps in (3, 4, 5)]
    concurrent.futures.wait(jobs, BOUND)
    err = capsys.readouterr().err
    assert "\n\n" in err and "\x1b[A\x1b[A" in err  # moves to the third line and back
    assert len(re.findall(r"/progress: done[^\r\n]*[\r\n]+", err)) >= 3


@pytest.mark.client_only
@pytest.mark.gradio
def test_bar_of_a_cancelled_job_ends(
    app: Client, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """cancel() ends the line before it returns."""
    data = EventRecorder()
    job = app.submit("/endless", [key]).on("data", data).show_progress()
    data.wait_for()
    assert job.cancel()
    assert drawn(capsys)[-1].startswith("/endless: cancelled")


@pytest.mark.client_only
@pytest.mark.gradio
def test_bar_added_after_the_end_shows_the_end(
    app: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job that has already ended leaves one line."""
    job = app.submit("/count", [2])
    job.result(BOUND)
    assert job.show_progress() is job
    assert drawn(capsys)[-1].startswith("/count: done")


@pytest.mark.gradio
def test_predict_draws_an_upload(app: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """An upload is counted in bytes; before 3.19 files are part of the call."""
    app.predict("/file", [b"x" * 3_000_000], progress=True)
    assert any("/file: sending: 100%" in line and "2.86M/2.86M" in line for line in drawn(capsys))


@pytest.mark.gradio
def test_download_draws_bytes(
    app: Client, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A download has a bar with the file's name."""
    file = app.predict("/file", [b"y" * 300_000])[0]
    assert file.download(tmp_path, progress=True).stat().st_size == 300_000
    assert "293k/293k" in drawn(capsys)[-1]


INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # background shells switch it off
from gradio_client_sync import Client
with Client(sys.argv[1]) as app:
    try:
        app.predict("/endless", [sys.argv[2]], progress=True)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.client_only
@pytest.mark.gradio
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process")
def test_interrupt_ends_the_line(server: Server, key: str) -> None:
    """Ctrl-C ends the line, cancels on the server, and raises in the caller."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(INTERRUPTED), server.url, key],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.control.await_started(key)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=BOUND)
    finally:
        process.kill()
        process.wait()
    assert out == "interrupted\n"
    assert err.rstrip(" ").endswith("\n")
    assert re.split(r"[\r\n]+", err.strip())[-1].startswith("/endless: cancelled")
    assert server.control.await_stopped(key)
