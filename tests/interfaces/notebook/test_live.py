"""`live`: a job in a notebook, from its line to its result or error."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future, wait
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from docs.notebooks import render
from gradio_client_sync import AppError, Client, Data, Job, Status
from gradio_client_sync._notebook.live import job_bundle, line_html, seconds_text
from gradio_client_sync.events import Progress, Timings
from tests.conftest import GENERATIONS
from tests.interfaces.notebook.test_notebook import check
from tests.interfaces.notebook.test_notebooks import needs_gradio
from tests.support.kernel import Kernel
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import DRAWN, Server

NOW = datetime.now(timezone.utc)


def status(stage: Any = "pending", **fields: Any) -> Status:
    """Return a status of a job."""
    return Status(stage, True, "/look", 0, NOW, **fields)


class Ended(Future[Any]):
    """A job with the members that a display uses."""

    endpoint: str | int = "/look"
    timings = Timings(queued=0.5, started=2.0, first_data=4.0, done=5.0)

    def __init__(self, latest: Status) -> None:
        super().__init__()
        self.status = latest


def line(latest: Status, **times: float) -> str:
    """Return the text of the line of a job that has not ended."""
    job = Ended(latest)
    job.timings = Timings(**times)
    return check(line_html(job, latest, None)).words  # type: ignore[arg-type]


# -- the line


def test_line_says_what_the_job_does() -> None:
    """A line says in words whether a job waits in the queue or runs, and never "pending"."""
    assert line(status()) == "● /look joining the queue"
    assert line(status(position=2, size=5)) == "● /look in the queue · 2 ahead"
    assert line(status(position=0, size=1, eta=3.2)) == "● /look in the queue · next · about 3 s"
    assert line(status(position=0)) == "● /look running"
    assert line(status(), started=1.0) == "● /look running"
    bar = Progress(0.5, 1, 2, "steps", "Cooking")
    assert line(status(progress_data=[bar])).startswith("● /look running")
    assert line(status("generating")) == "● /look generating"


def test_line_says_how_long_a_job_took() -> None:
    """A line of a job that has ended has its time in the queue, and the time that it ran."""
    job = Ended(status("complete"))
    job.set_result(Data(["x"], "/look", 0, NOW))
    took = "took 5.0 s: 1.5 s in the queue, 3.0 s running"
    assert check(job_bundle(job)["text/html"]).words == f"● /look complete · {took}x"  # type: ignore[arg-type]
    job.timings = Timings(started=0.1, done=0.25)
    assert "complete · took 0.2 sx" in check(job_bundle(job)["text/html"]).words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0004, "0 ms"), (0.012, "12 ms"), (0.25, "0.2 s"), (9.94, "9.9 s"), (9.96, "10 s"),
     (119.4, "119 s"), (119.6, "2 min 0 s"), (3_725, "1 h 2 min")],
)  # fmt: skip
def test_times_are_short(seconds: float, shown: str) -> None:
    """Times are shown with as many digits as matter."""
    assert seconds_text(seconds) == shown


def test_error_is_below_the_line() -> None:
    """A job that failed shows its error, escaped."""
    job = Ended(status("error", message="no"))
    job.set_exception(AppError("The app said: <b>no</b>"))
    words = check(job_bundle(job)["text/html"]).words  # type: ignore[arg-type]
    assert words.startswith("● /look failed · took 5.0 s")
    assert words.endswith("AppError: The app said: <b>no</b>")


def test_cancelled_job_says_so() -> None:
    """A job that was cancelled says so, with the text of the error that its result raises."""

    class Cancelled(Ended):
        def exception(self, timeout: float | None = None) -> BaseException | None:
            raise CancelledError("The job of '/look' was cancelled.")

    job = Cancelled(status("complete", success=False))
    job.cancel()
    words = check(job_bundle(job)["text/html"]).words  # type: ignore[arg-type]
    assert words.startswith("● /look cancelled · took") and words.endswith("was cancelled.")


# -- real apps


@pytest.fixture(scope="module", params=GENERATIONS)
def drawn(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return the server of an app with plots, pages and errors."""
    return server_pool.get(request.param, app=(DRAWN,))


def html_of(job: Job) -> str:
    """Return the display of a job in a notebook."""
    html = job._repr_html_()
    assert html is not None
    check(html)
    return html


@pytest.mark.gradio
def test_ended_job_shows_its_result_or_error(drawn: Server) -> None:
    """A job of a real app shows its result as a result is shown, or its error; and its times."""
    with Client(drawn.url) as app:
        job = app.submit("/bars")
        result = job.result()
        html = html_of(job)
        assert "complete" in html and "took " in html and " running" in html
        assert "in the queue" in html and "<img" in html
        assert "text/html" not in result._repr_mimebundle_() or result._repr_html_() in html
        failed = app.submit("/fail", ["no <b>bold</b> words"])
        failed.exception()
        words = check(html_of(failed)).words
        assert "failed · took" in words and "no <b>bold</b> words" in words
        page = app.submit("/page", ["x"])
        page.result()
        assert "A long paragraph." in check(html_of(page)).words


@pytest.mark.gradio
def test_final_value_is_known_with_the_last_status(drawn: Server) -> None:
    """A listener of the last status can read the result, before the Future resolves."""
    seen: list[tuple[bool, Data | None]] = []
    with Client(drawn.url) as app:
        job = app.submit("/html", ["x"])
        job.on("status", lambda status: seen.append((job.done(), job._final())))
        assert job.result() is seen[-1][1]
        assert seen[-1][0] is False and seen[0][1] is None
        failed = app.submit("/fail", ["x"])
        wait([failed])
        assert failed._final() is None


def test_job_that_ends_while_it_is_displayed_shows_its_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The result is drawn at once: listeners may get the missed events after the cell has ended."""
    import sys

    from gradio_client_sync._notebook import live

    shown: list[str] = []
    job = Ended(status())
    job.on = lambda kind, listener: job  # type: ignore[attr-defined]

    def display(bundle: dict[str, str], **_: Any) -> Any:
        shown.append(bundle["text/html"])
        job.status = status("complete")
        job.set_result(Data(["x"], "/look", 0, NOW))
        return SimpleNamespace(update=lambda bundle, raw: shown.append(bundle["text/html"]))

    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))  # type: ignore[arg-type]
    live.show(job)  # type: ignore[arg-type]
    first, *_, last = (check(html).words for html in shown)
    assert "complete" not in first and last.endswith("x") and "complete · took" in last


def test_job_that_is_displayed_late_shows_all_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a job is counted from its submit, also if its first seen status is its last."""
    import sys

    from gradio_client_sync._notebook import live

    shown: list[str] = []
    listeners: dict[str, Any] = {}
    job = Ended(status())
    job.timings = Timings(queued=0.5, started=2.0, first_data=4.0)
    job._age = lambda: 5.0  # type: ignore[attr-defined]
    job._final = lambda: Data(["x"], "/look", 0, NOW)  # type: ignore[attr-defined]

    def on(kind: str, listener: Any) -> Ended:
        listeners[kind] = listener
        return job

    job.on = on  # type: ignore[attr-defined]
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(bundle["text/html"]))
    display = SimpleNamespace(display=lambda bundle, **_: handle)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython.display", display)  # type: ignore[arg-type]
    live.show(job)  # type: ignore[arg-type]
    listeners["status"](status("complete"))
    assert "took 5.0 s: 1.5 s in the queue, 3.0 s running" in check(shown[-1]).words


@pytest.mark.gradio
def test_displayed_job_shows_its_end(
    app: Client, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The display of a running job is replaced by its result, its error, or its cancellation."""
    import sys

    from gradio_client_sync._notebook import live

    shown: list[str] = []
    changed = threading.Condition()

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            with changed:
                shown.append(bundle["text/html"])
                changed.notify_all()

    display = SimpleNamespace(
        display=lambda bundle, **_: shown.append(bundle["text/html"]) or Handle()
    )
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "IPython.display", display)  # type: ignore[arg-type]

    job = app.submit("/count", [3])
    live.show(job)
    job.result()
    words = check(shown[-1]).words
    assert "complete · took" in words and words.endswith("2")

    shown.clear()
    job = app.submit("/endless", [key])
    live.show(job)
    next(iter(job))
    job.cancel()
    with changed:
        assert changed.wait_for(lambda: shown and "cancelled" in shown[-1], 30)

    shown.clear()
    job = app.submit("/fail_midway", [3])
    live.show(job)
    error = job.exception()
    with changed:
        assert changed.wait_for(lambda: str(error)[:20] in check(shown[-1]).words, 30)
    assert "failed" in shown[-1]


@pytest.mark.gradio
@pytest.mark.once
@needs_gradio
def test_line_in_a_kernel_becomes_the_result(tmp_path: Any, server_pool: ServerPool) -> None:
    """In a real kernel, a cell that waits for its displayed job has the result in the display."""
    server = server_pool.get(render.GRADIO, app=(DRAWN,))
    kernel = Kernel(tmp_path)
    try:
        kernel.run(f"from gradio_client_sync import Client\napp = Client({server.url!r})")
        messages = kernel.run("job = app.submit('/bars')\ndisplay(job)\nwait = job.result()")
        last = [m for m in messages if m["type"] in ("display_data", "update_display_data")][-1]
        page = last["data"]["text/html"]
        assert "complete" in page and "<img" in page and "in the queue" in page
        (again,) = [m for m in kernel.run("job") if m["type"] == "display_data"]
        assert "<img" in again["data"]["text/html"]
    finally:
        kernel.close()
