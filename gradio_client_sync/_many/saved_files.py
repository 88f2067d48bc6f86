"""Where the files of results were saved, for a journal and for the results that it gives."""

from __future__ import annotations

import os
from pathlib import Path

from ..files import RemoteFile


def saved_path(file: RemoteFile) -> str | None:
    """Return where the user has had a file written; ``None`` if nowhere, or not any more."""
    saved = [path for folder, path in list(file._saved.items()) if folder is not None]
    for path in (*saved, *list(file._written)):
        if path.is_file():
            return os.path.abspath(path)
    return None


def note_saved(file: RemoteFile, path: str | None) -> RemoteFile:
    """Note where an earlier run has saved a file, so that it is read there.

    Args:
        file: The file of a result.
        path: The path. Nothing is noted if there is no file any more.
    """
    if path is not None and os.path.isfile(path):
        file._saved[os.path.dirname(path)] = Path(path)
    return file
