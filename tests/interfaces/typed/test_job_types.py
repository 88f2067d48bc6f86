"""The types of jobs and results, as a type checker sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.interfaces.typed.test_codegen import ROOT

pytestmark = pytest.mark.once

#: What users write, with the types that they get; the lines with a comment are mistakes.
USE = """
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Optional

from typing_extensions import assert_type

from gradio_client_sync import Data, Job, Log, RemoteFile, Status, compat
from gradio_client_sync.compat.utils import StatusUpdate
from gradio_client_sync.events import Event, TextPiece, Upload
from gradio_client_sync.types import Stage


def use(job: Job, data: Data, file: RemoteFile) -> None:
    assert_type(job.events("data"), Iterator[Data])
    assert_type(job.events("upload"), Iterator[Upload])
    assert_type(job.events("data", "log"), Iterator[Event])
    assert_type(job.events(), Iterator[Event])
    assert_type(job.events("data", idle=5), Iterator[Optional[Event]])
    for event in job.events():
        if event.type == "data":
            assert_type(event, Data)
        elif event.type == "status":
            assert_type(event.stage, Stage)
        elif event.type == "log":
            assert_type(event, Log)
    for piece in job.text("out"):
        assert_type(piece, TextPiece)
        assert_type(piece.restarts, bool)
        print(piece.upper())
    assert_type(job.on("data", print), Job)

    @job.on("status")
    def watch(status: Status) -> int:
        return len(status.stage)

    assert_type(watch(job.status), int)
    with job as same:
        assert_type(same, Job)

    assert_type(data[0], Any)
    assert_type(data["label"], Any)
    assert_type(data[1:], list[Any])
    assert_type(data.plain(), list[Any])
    values: list[Any] = data
    first, second = data
    print(data == [1], replace(data, data=[2]), values, first, second)
    file.save("a").exists()

    @job.on("data")  # the listener takes a status
    def wrong(status: Status) -> None: ...

    job.events("datas")  # no kind of event
    job.on("log", lambda log: log.stage)  # a log has no stage
    data.endpoint = "/g"  # a result is frozen


def use_compat(client: compat.Client) -> None:
    assert_type(client.view_api(print_info=False, return_format="dict"), dict[str, Any])
    assert_type(client.view_api(None, False, "str"), str)
    client.view_api()
    job = client.submit(1, api_name="/f", result_callbacks=[print], b=compat.handle_file("a"))
    assert_type(job, compat.Job)
    assert_type(job.status(), StatusUpdate)
    assert_type(client.predict(1, 2, api_name="/f", headers={"a": "b"}), Any)
    client.session_hash = "s"
    assert_type(client.view_api(return_format="str"), str)
    assert_type(job.communicator.job.latest_status, StatusUpdate)

    async def read() -> None:
        async for update in job:
            if update.type == "output":
                print(update.outputs, update.final)
            else:
                assert_type(update, StatusUpdate)

    client.protocol = "ws"  # it cannot be set
    client.predict(1, api_name=3)  # a name is a text
"""


def test_types_are_those_of_the_docs(tmp_path: Path) -> None:
    """A type checker knows events by kind, pieces, decorators and outputs, and finds mistakes."""
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(USE, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "use.py")],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = USE.splitlines()
    mistakes = [n for n, line in enumerate(lines, 1) if "  # " in line and "noqa" not in line]
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert sorted({int(line.split(":")[1]) for line in errors}) == mistakes, done.stdout
