"""The environments of the contestants, created when they are needed, and their processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.oracle.oracle import Oracle
from tests.support.servers.environments import cache_folder, uv_command

HERE = Path(__file__).parent

#: The releases of the official client: the newest, and the last for Gradio 3 with dependencies
#: of its time.
OFFICIAL = {
    "2": ("gradio_client==2.7.2",),
    "0": ("gradio_client==0.6.1", "huggingface_hub<0.26", "httpx<0.28"),
}
NAMES = {
    "raw": "raw wire",
    "ours": "gradio_client_sync",
    "found": "number found by map",
    "journal": "map with a journal",
    "compat": "gradio_client_sync.compat",
    "javascript": "@gradio/client 2.7.0",
    "javascript-0": "@gradio/client 0.2.1",
    "official": "gradio_client 2.7.2",
    "official-0": "gradio_client 0.6.1",
}


class Result(NamedTuple):
    """The cost of one task; see `contestants`."""

    seconds: list[float]
    cpu: float
    rss: int
    threads: int
    right: int


class Process:
    """The process of a contestant; a context manager."""

    def __init__(self, name: str, url: str) -> None:
        command, folder = command_of(name, url)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
        )
        self._read()

    def ask(self, task: str, count: int) -> Result:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([task, count]) + "\n")
        self._process.stdin.flush()
        return Result(**self._read())

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended with {self._process.wait()}")
        return json.loads(line)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()


def command_of(name: str, url: str) -> tuple[list[str], Path | None]:
    """Return the command that starts a contestant, and its working folder."""
    kind, _, generation = name.partition("-")
    script = str(HERE / "contestants.py")
    if kind == "javascript":
        folder = Oracle.prepare()
        shutil.copy(HERE / "contestant.mjs", folder)
        return ["node", "contestant.mjs", url, generation or "2"], folder
    python = official_python(generation or "2") if kind == "official" else Path(sys.executable)
    return [str(python), script, kind, url], None


def official_python(generation: str) -> Path:
    """Return an interpreter that has the official client."""
    needs = OFFICIAL[generation]
    folder = cache_folder().parent / "peers" / needs[0].replace("==", "-")
    python = folder / "bin" / "python"
    if not python.exists():
        uv = uv_command()
        subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), *needs], check=True)
    return python


def missing(name: str) -> str | None:
    """Return why a contestant cannot run on this machine; ``None`` if it can."""
    return Oracle.available() if name.startswith("javascript") else None
