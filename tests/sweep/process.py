"""Find the apps of a folder, and start one as a subprocess."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

LAUNCHER = Path(__file__).with_name("launcher.py")


class App(NamedTuple):
    """One app of the folder.

    Attributes:
        name: The name of its folder, or of its file.
        script: The file to run.
    """

    name: str
    script: Path


def apps_in(folder: Path) -> list[App]:
    """Return the apps ``NAME/run.py`` and ``NAME.py`` of a folder, by name."""
    in_folders = [App(path.parent.name, path) for path in folder.glob("*/run.py")]
    alone = [App(path.stem, path) for path in folder.glob("*.py") if path.stem != "__init__"]
    return sorted([*in_folders, *alone])


class NotStartedError(RuntimeError):
    """An app did not start; the text is the last line of its log."""


class AppProcess:
    """One running app; a context manager.

    The app runs in a copy of its folder, so it can write there.

    Args:
        app: The app.
        python: The interpreter that has Gradio.
        packages: Folders with further packages for the app.
        timeout: Seconds until it has to be ready.

    Attributes:
        url: The URL of the app.
        version: The release of Gradio.
        folder: The copy of its folder.
        log: The file with what the app printed.

    Raises:
        NotStartedError: The app ended, or was not ready in time.
    """

    def __init__(self, app: App, python: Path, packages: Sequence[Path], timeout: float) -> None:
        self._top = Path(tempfile.mkdtemp(prefix="sweep-"))
        self.folder, self.log = self._top / "app", self._top / "log.txt"
        if app.script.name == "run.py":
            shutil.copytree(app.script.parent, self.folder)
        else:
            self.folder.mkdir()
            shutil.copy(app.script, self.folder)
        options = [f"--packages={folder}" for folder in packages]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(python), "-I", "-X", "utf8", str(LAUNCHER), app.script.name, *options],
                cwd=self.folder,
                env={
                    **os.environ,
                    "GRADIO_TEMP_DIR": str(self._top / "files"),
                    "TMPDIR": str(self._top),
                    "HF_HOME": str(self._top / "hub"),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            ready = self._await_ready(timeout)
        except BaseException:
            self._end()
            raise
        self.url, self.version = ready["url"], ready["version"]

    def _await_ready(self, timeout: float) -> dict[str, str]:
        stdout = self.process.stdout
        assert stdout is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=timeout)
        except queue.Empty:
            raise NotStartedError(f"not ready after {timeout:.0f} s") from None
        if not line:
            said = self.said(0).strip().splitlines()
            raise NotStartedError(said[-1][:300] if said else "ended without a word")
        ready: dict[str, str] = json.loads(line)
        return ready

    def said(self, since: int) -> str:
        """Return what the app has printed since a position of its log."""
        with self.log.open("rb") as log:
            log.seek(since)
            return log.read().decode("utf-8", "replace")

    def position(self) -> int:
        """Return the present end of the log."""
        return self.log.stat().st_size

    def _end(self) -> None:
        self.process.kill()  # this also wakes the thread that reads the output
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self._top, ignore_errors=True)

    def __enter__(self) -> AppProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end()
