"""Convert values of the plain client to those of `gradio_client`: files become paths."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from typing import Any, Callable

from ..events import Data
from ..files import RemoteFile

_CHUNK = 2**20  # bytes


class Results:
    """Converts the values of a client's calls.

    Args:
        folder: The folder for downloads; ``None`` if files stay on the server.
        keep_path: Called with each path that the server names, if files stay there.
    """

    def __init__(self, folder: str | None, keep_path: Callable[[Any], None]) -> None:
        self._folder = folder
        self._keep_path = keep_path

    def value(self, data: Data) -> Any:
        """Return the value of a call, after its files were downloaded."""
        return value_of(data, self._of_file)

    def _of_file(self, file: RemoteFile) -> Any:
        if self._folder is not None:
            return downloaded(file, self._folder)
        return self.sent(file)

    def sent(self, file: RemoteFile) -> Any:
        """Return a file in the form in which the server sent it."""
        self._keep_path(file.sent)
        return dict(file.sent) if isinstance(file.sent, dict) else file.sent


def value_of(data: Data, of_file: Callable[[RemoteFile], Any]) -> Any:
    """Return the value of a call: the only output itself, several as a tuple, ``()`` for none.

    Args:
        data: The value of the plain client.
        of_file: Returns the value for a file.
    """
    values = tuple(outputs_of(data, of_file))
    return values[0] if len(values) == 1 else values


def outputs_of(data: Data, of_file: Callable[[RemoteFile], Any]) -> list[Any]:
    """Return the outputs, with updates as the server sent them.

    Args:
        data: The value of the plain client.
        of_file: Returns the value for a file.
    """
    updates = data.updates
    return [_plain(updates.get(index, value), of_file) for index, value in enumerate(data)]


def _plain(value: Any, of_file: Callable[[RemoteFile], Any]) -> Any:
    # The values of one job share their parts, and scripts may change them. So each is copied.
    kind = type(value)
    if kind is str or kind is int or kind is float:
        return value
    if kind is RemoteFile:
        return of_file(value)
    if isinstance(value, dict):
        return {key: _plain(part, of_file) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, of_file) for part in value]
    return value


def downloaded(file: RemoteFile, folder: str) -> str:
    """Download a file to ``{folder}/{hash of its content}/{name}``, and return its path.

    Args:
        file: The file.
        folder: The folder for all downloads. It is created if it does not exist.

    Raises:
        GradioClientError: The file cannot be downloaded or written.
    """
    os.makedirs(folder, exist_ok=True)
    part = tempfile.mkdtemp(prefix=".part-", dir=folder)
    try:
        # A recording gets its suffix when it is downloaded.
        saved = (
            file.download(part)
            if file.is_stream
            else file.save(os.path.join(part, file.server_name))
        )
        digest = hashlib.sha256()
        with open(saved, "rb") as content:
            for piece in iter(lambda: content.read(_CHUNK), b""):
                digest.update(piece)
        target = os.path.join(folder, digest.hexdigest(), saved.name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.replace(saved, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return os.path.realpath(target)
