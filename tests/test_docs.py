"""The pages on the command line and on typed modules, run as they stand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SERVERS
from tests.servers.plugin import ServerPool
from tests.test_codegen import ROOT

DOCS = ROOT / "docs"
ADDRESS = "http://127.0.0.1:7860"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def url(server_pool: ServerPool) -> str:
    """An app that has what the pages call."""
    if "6.31.0" not in SERVERS:
        pytest.skip("the pages are about the newest server")
    return server_pool.get("6.31.0").url


def blocks(page: str, kind: str) -> list[str]:
    text = DOCS.joinpath(page).read_text("utf-8")
    return [found[2] for found in BLOCK.finditer(text) if found[1] == kind]


def commands(page: str) -> Iterator[tuple[str, str]]:
    """Each command of the console blocks, with the output that is shown."""
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def run(command: str, url: str, folder: Path) -> str:
    """Run a command line of this package as a shell would, and return its output."""
    line, _, filtered = command.replace(ADDRESS, url).partition(" | ")
    program, *arguments = shlex.split(line)
    assert program == "gradio-client-sync"
    done = subprocess.run(
        [sys.executable, "-m", "gradio_client_sync", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    if not filtered:
        return done.stdout
    assert filtered == "tail -n 1"
    return done.stdout.splitlines(keepends=True)[-1]


@pytest.mark.gradio
@pytest.mark.parametrize("page", ["command-line.md", "typed-modules.md"])
def test_console_blocks_show_what_is_printed(page: str, url: str, tmp_path: Path) -> None:
    """Every command is run, and prints what the page says."""
    shown = list(commands(page))
    assert shown
    for command, output in shown:
        assert run(command, url, tmp_path) == output, command


@pytest.mark.gradio
def test_python_blocks_run(url: str, tmp_path: Path) -> None:
    """The code runs as it stands, after the command before it."""
    [(command, _)] = commands("typed-modules.md")
    run(command, url, tmp_path)
    outputs = []
    for block in blocks("typed-modules.md", "python"):
        done = subprocess.run(
            [sys.executable, "-c", block.replace(ADDRESS, url)],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
        )
        assert (done.returncode, done.stderr) == (0, "")
        outputs.append(done.stdout)
    assert outputs[0].splitlines() == ["5", "a 2 True blue", "0", "1", "2", "2"]
    assert outputs[1].splitlines()[1:] == ["a 3 True red", "['0', '1', '2', '2'] 2"]
