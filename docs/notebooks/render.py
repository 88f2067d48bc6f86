"""Run the example notebooks against `app.py`, and take the screenshots in the docs.

``python -m docs.notebooks.render`` writes ``pictures/*.webp``. It needs the ``tests`` extra, Pillow
and Chromium, and runs the app on the Gradio server of the tests. The notebooks are committed
without outputs. ``tests/interfaces/notebook/test_notebooks.py`` checks their outputs with the
functions in this module.
"""

from __future__ import annotations

import copy
import html
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
APP_URL = "http://127.0.0.1:7860"  # in the notebooks
GRADIO = "6.31.0"
RUN_TIMEOUT = 120  # s for each cell; ends a cell that hangs
BROWSER_TIMEOUT = 90  # s
WIDTH = 860  # of a page, in pixels
WIDGETS = "application/vnd.jupyter.widget-state+json"
WIDGET = "application/vnd.jupyter.widget-view+json"


def notebooks() -> list[Path]:
    """Return the paths of the example notebooks."""
    return sorted(HERE.glob("*.ipynb"))


class Studio:
    """The app of the notebooks in its own process, as a context manager."""

    def __init__(self) -> None:
        from tests.support.servers.environments import prepare

        self._folder = tempfile.TemporaryDirectory(prefix="studio-")
        log = Path(self._folder.name) / "log.txt"
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [str(prepare(GRADIO)), "-I", "-X", "utf8", str(HERE / "app.py"), "--free"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, "GRADIO_TEMP_DIR": self._folder.name, "NO_PROXY": "*"},
            )
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        line = self._process.stdout.readline()
        if not line:
            output = log.read_text(encoding="utf-8", errors="replace")
            self.close()
            raise RuntimeError(f"The studio did not start:\n{output}")
        self.url: str = json.loads(line)["url"]

    def close(self) -> None:
        """End the app."""
        self._process.communicate()  # this closes its standard input, so the app ends
        self._folder.cleanup()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def private_sockets(folder: str) -> dict[str, str]:
    """Return options for a kernel without ports: another process could take a port before it."""
    return {} if os.name == "nt" else {"transport": "ipc", "ip": os.path.join(folder, "kernel")}


def execute(path: Path, url: str) -> Any:
    """Run a notebook against the app at ``url``, and return it with its outputs."""
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.reads(path.read_text(encoding="utf-8"), 4)
    for cell in notebook.cells:
        cell.source = cell.source.replace(APP_URL, url)
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        NotebookClient(
            notebook,
            timeout=RUN_TIMEOUT,
            kernel_name="python3",
            resources={"metadata": {"path": HERE}},
            config=Config(KernelManager=private_sockets(folder)),
        ).execute()
    executed = nbformat.writes(notebook).replace(url, APP_URL)
    return nbformat.reads(executed, 4)


def to_html(notebook: Any) -> str:
    """Return an executed notebook as an HTML page that loads nothing from other hosts."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        mathjax_url="", require_js_url="", jquery_url="", widget_renderer_url=""
    )
    body, _ = exporter.from_notebook_node(without_widgets(notebook))
    return body


def without_widgets(notebook: Any) -> Any:
    """Replace widgets by their last state as HTML: the page has no kernel and loads no scripts."""
    notebook = copy.deepcopy(notebook)
    widgets = notebook.metadata.pop("widgets", {})
    states = {
        name: model["state"] for name, model in widgets.get(WIDGETS, {"state": {}})["state"].items()
    }
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).pop(WIDGET, None)
            if view is not None:
                output["data"]["text/html"] = _widget_html(view["model_id"], states)
    return notebook


def _widget_html(model_id: str, states: dict[str, Any]) -> str:
    state = states.get(model_id.replace("IPY_MODEL_", ""), {})
    if state.get("layout") and "children" in state:
        layout = states.get(state["layout"].replace("IPY_MODEL_", ""), {})
        if layout.get("visibility") == "hidden":
            return ""
        inside = "".join(_widget_html(child, states) for child in state["children"])
        return f'<div style="display:flex;gap:.5em;align-items:center">{inside}</div>'
    if "max" in state:
        color = {"success": "#3a9d4a", "danger": "#c44e52"}.get(state.get("bar_style"), "#4c8bf5")
        return (
            f'<progress max="{state["max"]}" value="{state["value"]}" '
            f'style="flex:1;accent-color:{color}"></progress>'
        )
    return f"<span>{state.get('value', html.escape(str(state)))}</span>"


def chromium() -> str | None:
    """Return the path of Chromium; ``None`` if it is not installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


def browse(page: Path, *options: str) -> str:
    """Open a page in Chromium, and return its output."""
    browser = chromium()
    if browser is None:
        raise RuntimeError("Chromium is not installed; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        done = subprocess.run(
            [
                *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking", "--hide-scrollbars"),
                *("--disable-component-update", "--disable-sync", f"--user-data-dir={profile}"),
                *("--virtual-time-budget=10000", *options, page.as_uri()),
            ],
            capture_output=True,
            timeout=BROWSER_TIMEOUT,
            check=True,
        )
    return done.stdout.decode("utf-8", "replace")


def photograph(page: Path, picture: Path, height: int = 3000) -> None:
    """Save a screenshot of a page, without the empty part below it."""
    from PIL import Image, ImageChops

    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        raw = Path(folder) / "raw.png"
        browse(page, f"--window-size={WIDTH},{height}", f"--screenshot={raw}")
        with Image.open(raw) as opened:
            image = opened.convert("RGB")
    blank = Image.new("RGB", image.size, image.getpixel((image.width - 1, image.height - 1)))
    box = ImageChops.difference(image, blank).getbbox()
    bottom = min(image.height, (box[3] if box else image.height) + 16)
    picture.parent.mkdir(exist_ok=True)
    image.crop((0, 0, image.width, bottom)).save(picture, quality=72, method=6)


def main() -> None:
    """Save the screenshots of all notebooks."""
    with Studio() as studio, tempfile.TemporaryDirectory(prefix="notebooks-") as folder:
        for path in notebooks():
            page = Path(folder) / f"{path.stem}.html"
            page.write_text(to_html(execute(path, studio.url)), encoding="utf-8")
            picture = PICTURES / f"{path.stem}.webp"
            photograph(page, picture)
            print(
                f"{picture.relative_to(HERE)}: {picture.stat().st_size // 1000} kB", file=sys.stderr
            )


if __name__ == "__main__":
    main()
