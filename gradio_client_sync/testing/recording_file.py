"""`RecordingFile`: the file of a recording, and the folder with the files beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .._protocol.values.filename import safe_name
from .._transport.signal_safe import new_lock
from .._version import __version__
from .cassette import FORMAT, digest


class RecordingFile:
    """The file of a recording, and the folder with the files that apps have sent.

    The lines are written to a temporary file. `close` replaces the earlier recording by it, so an
    incomplete recording never exists.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._folder = path.with_suffix(".files")
        self._lock = new_lock()
        self._names: set[str] = set()
        self._new_names: set[str] = set()
        self._is_kept = True
        self._part = path.with_name(f".{path.name}.{os.getpid()}-{id(self)}")
        self._out = self._part.open("w", encoding="utf-8", newline="\n")
        self.write({"cassette": FORMAT, "made_by": f"gradio_client_sync {__version__}"})

    def write(self, line: dict[str, Any]) -> None:
        """Write a line, unless the file is closed."""
        with self._lock:
            if not self._out.closed:
                self._out.write(json.dumps(line, ensure_ascii=False) + "\n")

    def keep(self, path: str, content: bytes) -> str:
        """Keep a file, and return its path relative to the recording.

        Args:
            path: Its path on the server.
            content: Its content.
        """
        self._folder.mkdir(exist_ok=True)
        kept = self._folder / f"{digest(content)}-{safe_name(urlsplit(path).path)}"
        if not kept.exists():
            self._new_names.add(kept.name)
        kept.write_bytes(content)
        self._names.add(kept.name)
        return f"{self._folder.name}/{kept.name}"

    def discard(self) -> None:
        """Discard this recording in `close`, so that an earlier one stays."""
        self._is_kept = False

    def close(self) -> None:
        """Replace the earlier recording, and remove files that only the earlier one used."""
        with self._lock:
            self._out.close()
        if self._is_kept:
            os.replace(self._part, self._path)
            unused = {path.name for path in self._folder.glob("*-*")} - self._names
        else:
            self._part.unlink()
            unused = self._new_names
        for name in unused:
            (self._folder / name).unlink()
        if unused and not any(self._folder.iterdir()):
            self._folder.rmdir()
