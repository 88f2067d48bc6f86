"""Defaults that are files: they are sent back as the app's own, and open no local file."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, Callable

import pytest

from gradio_client_sync import Client
from tests.conftest import SERVERS
from tests.support.scripted import IncomingRequest, component, config_of, dependency, scripted
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import COMPONENTS, Server

pytestmark = pytest.mark.once


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    return server_pool.get(request.param, app=(COMPONENTS,))


@pytest.mark.gradio
def test_default_file_is_sent_back_as_the_apps_own(app: Client) -> None:
    """A missing value is replaced by the app's own file, without an upload."""
    for endpoint in ("/default_image", "/default_file"):
        uploads: list[Any] = []
        job = app.submit(endpoint, ["x"]).on("upload", uploads.append)
        text, file = json.loads(job.result(20)[0])
        assert text == "x" and file["size"] >= 6
        assert uploads == []


KINDS = (
    "file image audio video gallery imageeditor multimodaltextbox chatbot model3d json textbox "
    "uploadbutton fileexplorer dataframe label highlightedtext"
).split()
META = {"_type": "gradio.FileData"}

#: Forms in which an app can name a file of the client's machine.
DEFAULTS: tuple[Callable[[str], Any], ...] = (
    lambda path: path,
    lambda path: f"file://{path}",
    lambda path: [path],
    lambda path: {"path": path, "meta": META},
    lambda path: {"path": path, "url": path, "orig_name": "x", "meta": META},
    lambda path: [{"path": path, "meta": META}],
    lambda path: {"video": {"path": path, "meta": META}, "subtitles": None},
    lambda path: [{"image": {"path": path, "meta": META}, "caption": None}],
    lambda path: {"background": {"path": path, "meta": META}, "layers": [], "composite": None},
    lambda path: {"text": path, "files": [{"path": path, "meta": META}]},
    lambda path: [{"role": "user", "content": {"file": {"path": path, "meta": META}}}],
    lambda path: [[{"file": {"path": path, "meta": META}}, path]],
    lambda path: {"name": path, "data": None, "is_file": True},
)


@pytest.mark.parametrize("kind", KINDS)
def test_default_that_names_a_local_file_opens_none(kind: str, tmp_path: Path) -> None:
    """A hostile app gets back its own path, and no byte of the file."""
    canary = tmp_path / "canary.txt"
    secret = secrets.token_hex(16)
    canary.write_text(secret)
    bodies: list[bytes] = []

    def run(exchange: IncomingRequest) -> None:
        bodies.append(exchange.body)
        exchange.answer({"data": ["done"]})

    for number, default in enumerate(DEFAULTS):
        config = config_of(
            dependency(0, "f", queue=False),
            components=[component(1, kind, value=default(str(canary))), component(2)],
        )
        with scripted(config) as hostile, Client(hostile.url) as app:
            hostile.scripts["POST /run/f"] = run
            assert app.predict("/f").data == ["done"]
            assert hostile.count("POST /upload") == 0, default(str(canary))
        assert len(bodies) == number + 1
        assert "canary.txt" in bodies[-1].decode()
        assert secret not in bodies[-1].decode()
