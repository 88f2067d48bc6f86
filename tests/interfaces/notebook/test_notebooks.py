"""The example notebooks, in a real kernel and in a real browser in which no script may run."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from docs.notebooks import render
from gradio_client_sync._notebook.values import Renderer
from tests.conftest import SERVERS
from tests.interfaces.notebook.test_notebook import COMPONENTS, Content, data, hostile_values
from tests.support.attacks import ATTACKS, MARK, SVG
from tests.support.http_server import HttpServer
from tests.support.kernel import Kernel, errors
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.once

needs_browser = pytest.mark.skipif(
    render.chromium() is None, reason="needs Chromium; on Debian: apt-get install chromium"
)
needs_gradio = pytest.mark.skipif(
    render.GRADIO not in SERVERS, reason=f"needs the server of Gradio {render.GRADIO}"
)

#: What the page of each notebook must contain.
SHOWN = {
    "chat": ("Quite well, thank you", "<img", "text-align:right"),
    "files_and_media": (
        *("<audio", "<video", "<table", "data:image/webp", "gradio-client-sync-page", "svg+xml"),
    ),
    "first_call": ("Studio", "Bonjour, Grace!", "80.0 %", "<mark", "/greet"),
    "many_calls": (
        *("Bonjour, Barbara!", "complete", "7 items", "1 failed", "item 2: AppError"),
        *("cherry cake", "a cake of mud", "<table"),
    ),
    "many_jobs": ("380", "plum cake", "cancelled"),
    "plots": ("data:image/svg+xml", "<title>", "in the queue", "running"),
    "progress": ("/cook: ", "5/5", "4 bowls of porridge", "kites.mp4"),
    "streaming": ("complete", "the sea in its hand", "38 values"),
}


class Beacon(HttpServer):
    """A server that records requests; without a request, no script ran and nothing was loaded."""

    def __init__(self) -> None:
        self.called: list[str] = []
        called = self.called

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                called.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        super().__init__(Handler)


# -- a browser


@pytest.fixture
def beacon() -> Iterator[Beacon]:
    """Yield a server that must get no request."""
    with Beacon() as beacon:
        yield beacon


def shown_in_browser(beacon: Beacon, parts: list[str], folder: Path) -> str:
    """Open a page with these parts, and return the resulting document."""
    page = folder / "page.html"
    body = "\n".join(parts).replace(MARK, beacon.url)
    text = f"<!doctype html><meta charset=utf-8><title>quiet</title><body>{body}<p id=end>"
    page.write_text(text, encoding="utf-8")
    return render.browse(page, "--dump-dom")


@needs_browser
@pytest.mark.parametrize(
    ("part", "call"),
    [
        (ATTACKS[0], "/ran"),
        (f"<iframe sandbox='allow-scripts' srcdoc=\"{ATTACKS[0]}\"></iframe>", "/ran"),
        (f"<iframe sandbox='' srcdoc=\"<img src='{MARK}/img'>\"></iframe>", "/img"),
        (f"<iframe sandbox='' srcdoc=\"{ATTACKS[0]}\"></iframe>", None),
        (SVG, "/ran"),
    ],
    ids=["script", "no sandbox", "image", "sandbox", "svg"],
)
def test_beacon_reports_a_request(
    beacon: Beacon, tmp_path: Path, part: str, call: str | None
) -> None:
    """Without protection the attacks do send requests."""
    shown_in_browser(beacon, [part], tmp_path)
    assert call in beacon.called if call else not beacon.called


@needs_browser
def test_nothing_of_an_app_runs_in_a_browser(beacon: Beacon, tmp_path: Path) -> None:
    """No attack in any value runs a script or loads anything in a browser."""
    parts: list[str] = []
    for attack in ATTACKS:
        for component in ("", *COMPONENTS):
            parts += (Renderer().html(value, component) for value in hostile_values(attack))
        parts.append(data(attack, attack, outputs=((attack, attack),) * 2)._repr_html_() or "")
        for mime_type in ("image/svg+xml", "text/html", attack):
            file = Content(mime_type, SVG.replace(MARK, beacon.url).encode(), attack)
            file.url = attack
            parts.append(Renderer().html(file))
    dom = shown_in_browser(beacon, parts, tmp_path)
    assert "<title>quiet</title>" in dom and '<p id="end">' in dom
    assert beacon.called == []
    assert dom.count("gradio-client-sync-page") >= len(ATTACKS)


# -- the examples


@pytest.fixture(scope="module")
def studio() -> Iterator[render.Studio]:
    """Yield the app of the notebooks."""
    with render.Studio() as studio:
        yield studio


@pytest.mark.gradio
@needs_gradio
@pytest.mark.parametrize("path", render.notebooks(), ids=lambda path: path.stem)
def test_example_runs_and_shows(path: Path, studio: render.Studio, tmp_path: Path) -> None:
    """Each notebook runs without an error, and a browser shows its results."""
    pytest.importorskip("nbclient")
    pytest.importorskip("nbconvert")
    notebook = render.execute(path, studio.url)
    for output in (o for cell in notebook.cells for o in cell.get("outputs", ())):
        assert output.output_type != "error"
        if output.output_type == "stream":
            assert output.name == "stdout" and "values" in output.text  # from print() only
    page = tmp_path / f"{path.stem}.html"
    page.write_text(render.to_html(notebook), encoding="utf-8")
    written = page.read_text(encoding="utf-8").replace("\u2007", " ")
    for wanted in SHOWN[path.stem]:
        assert wanted in written, wanted
    if render.chromium() is None:
        pytest.skip("the notebook runs; to open it needs Chromium: apt-get install chromium")
    picture = tmp_path / "page.png"
    dom = render.browse(page, "--dump-dom")
    assert all(wanted in dom.replace("\u2007", " ") for wanted in SHOWN[path.stem])
    render.browse(page, f"--window-size={render.WIDTH},1200", f"--screenshot={picture}")
    assert picture.stat().st_size > 10_000


def test_examples_are_committed_bare() -> None:
    """The notebooks have no outputs, and name their app's URL."""
    assert {path.stem for path in render.notebooks()} == SHOWN.keys()
    for path in render.notebooks():
        text = path.read_text(encoding="utf-8")
        assert '"output_type"' not in text and render.APP_URL in text


# -- a kernel


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """Yield a real kernel."""
    kernel = Kernel(tmp_path)
    yield kernel
    kernel.close()


@pytest.fixture
def newest(server_pool: ServerPool) -> Server:
    """Return a server of the newest release."""
    return server_pool.get(render.GRADIO)


CONNECT = "from gradio_client_sync import Client\napp = Client({url!r})"


@pytest.mark.gradio
@needs_gradio
@pytest.mark.parametrize("options", ["", ", progress=True"], ids=["plain", "progress"])
def test_interrupting_a_cell_cancels_on_the_server(
    kernel: Kernel, newest: Server, options: str, request: pytest.FixtureRequest
) -> None:
    """The stop button raises KeyboardInterrupt, and cancels the job on the server."""
    key = f"{request.node.name}-{id(kernel)}"
    assert not errors(kernel.run(CONNECT.format(url=newest.url)))
    run = kernel.start(f"app.predict('/endless', [{key!r}]{options})")
    assert newest.control.await_started(key)
    kernel.interrupt()
    assert errors(kernel.finish(run)) == ["KeyboardInterrupt"]
    assert newest.control.await_stopped(key)
    again = kernel.run("print(app.predict('/count', [2])[0])")
    assert [m["text"] for m in again if m["type"] == "stream"] == ["1\n"]


@pytest.mark.gradio
@needs_gradio
def test_job_has_a_line_that_changes_in_place(kernel: Kernel, newest: Server) -> None:
    """A displayed job is updated in its own display until its end."""
    kernel.run(CONNECT.format(url=newest.url))
    messages = kernel.run("job = app.submit('/progress', [6])\ndisplay(job)\njob.result()[0]")
    (first,) = [m for m in messages if m["type"] == "display_data"]
    updates = [m for m in messages if m["type"] == "update_display_data"]
    assert updates and {m["transient"]["display_id"] for m in updates} == {
        first["transient"]["display_id"]
    }
    pages = [m["data"]["text/html"] for m in updates]
    assert any("of 6 steps" in page for page in pages)
    assert "complete" in pages[-1]
    later = kernel.run("job")
    assert "complete" in next(m for m in later if m["type"] == "display_data")["data"]["text/html"]


@pytest.mark.gradio
@needs_gradio
def test_progress_in_a_kernel_is_not_on_stdout(kernel: Kernel, newest: Server) -> None:
    """Bars are widgets or on standard error, and a value has all its display types."""
    kernel.run(CONNECT.format(url=newest.url))
    messages = kernel.run("app.predict('/progress', [3], progress=True)")
    assert not errors(messages)
    assert not [m for m in messages if m["type"] == "stream" and m["name"] == "stdout"]
    bars = [m for m in messages if m["type"] in ("display_data", "stream")]
    assert "/progress" in str(bars)
    (result,) = [m for m in messages if m["type"] == "execute_result"]
    assert {"text/plain", "text/html"} <= result["data"].keys()
    assert "done" in result["data"]["text/html"]
