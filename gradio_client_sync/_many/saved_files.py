"""Where the files of results were saved, for a journal and for the results that it gives."""

from __future__ import annotations

import os
from pathlib import Path

from ..files import RemoteFile


def saved_path(file: RemoteFile) -> str | None:
    """Return the path to which a file was saved; ``None`` if there is no such file now."""
    saved = [path for folder, path in list(file._saved.items()) if folder is not None]
    for path in (*saved, *list(file._written)):
        if path.is_file():
            return os.path.abspath(path)
    return None


def note_saved(file: RemoteFile, path: str | None) -> RemoteFile:
    """Let a file be read from the path to which an earlier run has saved it.

    Args:
        file: The file of a result.
        path: The path. It is ignored if no file is there now.
    """
    if path is not None and os.path.isfile(path):
        file._saved[os.path.dirname(path)] = Path(path)
    return file
