"""JupyterLab with a real server, a real kernel and a real browser.

JupyterLab is not in the ``tests`` extra: run `pip install jupyterlab` to run these tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.notebooks import render
from tests.interfaces.notebook.test_notebooks import (
    Beacon,
    beacon,
    needs_browser,
    needs_gradio,
    studio,
)
from tests.support.browser import BOUND, Browser
from tests.support.servers.server import Server

__all__ = ["beacon", "studio"]

pytest.importorskip("jupyterlab", reason="needs JupyterLab: pip install jupyterlab")
pytestmark = [pytest.mark.gradio, pytest.mark.once, needs_browser, needs_gradio]

CANARY = Path(__file__).parents[2] / "support" / "servers" / "canary.py"

#: Waits until Lab has opened the notebook and its kernel, runs all cells, and returns the text.
RUN = """
(async () => {
  const found = async test => {
    while (!test()) await new Promise(done => setTimeout(done, 50));
    return test();
  };
  const app = await found(() => window.jupyterapp);
  await app.restored;
  const panel = await found(() => [...app.shell.widgets('main')].find(
    one => one.content?.widgets?.length));
  app.shell.activateById(panel.id);
  await panel.context.ready;
  await panel.sessionContext.ready;
  if (%s) {
    await app.commands.execute('notebook:run-all-cells');
    await panel.context.save();
  }
  await new Promise(done => setTimeout(done, 1500));
  return {
    text: panel.content.node.innerText,
    trusted: panel.content.widgets.every(cell => cell.model.trusted),
  };
})()
"""


class Lab:
    """A Jupyter server for one test; a context manager."""

    def __init__(self, folder: Path, data: Path) -> None:
        settings = data / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ServerApp.port=0", "--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"),
                *("--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"),
                "--LabApp.expose_app_in_browser=True",
            ],
            cwd=folder,
            env={
                **os.environ,
                "JUPYTER_DATA_DIR": str(data),
                "JUPYTER_CONFIG_DIR": str(data / "config"),
                "JUPYTERLAB_SETTINGS_DIR": str(data / "settings"),
                "JUPYTERLAB_WORKSPACES_DIR": str(data / "workspaces"),
                "IPYTHONDIR": str(data / "ipython"),
                "JUPYTER_PREFER_ENV_PATH": "1",
            },
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            _, found, address = line.strip().partition("http://127.0.0.1:")
            if found:
                self.url = f"http://127.0.0.1:{address.split('/')[0]}"
                break
        else:
            raise RuntimeError("Jupyter did not start:\n" + "".join(said))

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=BOUND)


def notebook(path: Path, *cells: str) -> Path:
    """Write a notebook."""
    import nbformat

    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path


def shown(browser: Browser, lab: Lab, name: str, *, run: bool) -> tuple[str, bool]:
    """Open a notebook in Lab and run it if ``run``; return its text, and whether it is trusted."""
    browser.open(f"{lab.url}/lab/tree/{name}?reset")
    seen = browser.run(RUN % str(run).lower())
    return seen["text"], seen["trusted"]


def outputs(browser: Browser, selector: str) -> int:
    """Return the number of matching elements in outputs."""
    found = browser.run(f"document.querySelectorAll('.jp-OutputArea-output {selector}').length")
    return int(found)


def test_lab_shows_results(studio: render.Studio, tmp_path: Path) -> None:
    """A job's line, a picture, players, a table and a plot are displayed."""
    (tmp_path / "work").mkdir()
    notebook(
        tmp_path / "work" / "answers.ipynb",
        f"from gradio_client_sync import Client\napp = Client({studio.url!r})\napp",
        "job = app.submit('/cook', [3])\njob",
        "job.result()",
        "app.predict('/paint', [4])",
        "app.predict('/hum', [440])",
        "app.predict('/film')",
        "app.predict('/weigh', ['animal'])",
        "app.predict('/plot', ['altair'])",
        "app.predict('/page', ['reader'])",
    )
    with Lab(tmp_path / "work", tmp_path / "data") as lab, Browser() as browser:
        text, _ = shown(browser, lab, "answers.ipynb", run=True)
        for wanted in ("Studio", "complete", "3 bowls of porridge", "hedgehog"):
            assert wanted in text, wanted
        for element in (
            "img",
            "audio",
            "video",
            "table",
            ".gradio-client-sync-page",
            ".vega-embed",
        ):
            assert outputs(browser, element), element
        picture = Path(os.environ.get("LAB_PICTURE", tmp_path / "lab.png"))
        browser.screenshot(picture)  # as in docs/notebook.md
        assert picture.stat().st_size > 50_000


def test_nothing_of_an_app_runs_in_lab(
    beacon: Beacon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attacks do nothing in Lab, in a trusted notebook and in one that is opened again."""
    monkeypatch.setenv("CANARY", beacon.url)
    (tmp_path / "work").mkdir()
    with Server(render.GRADIO, app=(CANARY,)) as server:
        path = notebook(
            tmp_path / "work" / "canary.ipynb",
            f"from gradio_client_sync import Client\napp = Client({server.url!r})\napp",
            "app.view_api()",
            "job = app.submit('/everything', ['x'])\njob",
            "answer = job.result()\nanswer",
            "for value in answer: display(value)",
            "app.predict('/everything', ['x'], progress=True)",
            "failed = app.submit('/fail', ['x'])\nfailed.exception()\nfailed",
            "app.function('/everything')",
            "job.status, job.outputs",
        )
        with Lab(tmp_path / "work", tmp_path / "data") as lab, Browser() as browser:
            text, trusted = shown(browser, lab, path.name, run=True)
            assert "Attack." in text and trusted
            assert outputs(browser, ".gradio-client-sync-page")
    saved = json.loads(path.read_text("utf-8"))
    assert all(cell["outputs"] for cell in saved["cells"])
    assert "error" not in {output["output_type"] for cell in saved["cells"]
                           for output in cell["outputs"]}  # fmt: skip
    with Lab(tmp_path / "work", tmp_path / "other") as lab, Browser() as browser:
        text, trusted = shown(browser, lab, path.name, run=False)
        assert "Endpoints" in text and not trusted
        assert outputs(browser, "table")
    assert beacon.called == []
