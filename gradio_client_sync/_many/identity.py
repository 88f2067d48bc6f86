"""`Identity`: how a journal recognises an item in a later run.

An item is recognised by its payload. For a file, its content matters and not its name. Equal
payloads are numbered, so the items of a run have to be identified in their order.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Callable

from .._files.sources import Link, LocalFile, PathFile, StreamFile, open_file
from .._protocol.api.payload import _plain as as_sent
from .._transport.body import CHUNK_BYTES
from ..errors import GradioClientError
from ..files import RemoteFile, _is_picture, _package, _ServerFile
from .journal_format import KEY_LENGTH, ItemKey
from .number_table import NumberTable

#: Bytes. A journal has the hashes of larger files, so that a later run need not read these.
LARGE = 2**18

_REMEMBERED = 1_000  # hashes of files that are kept in memory
_LONGEST = 4_096  # characters of a payload in a journal

#: A file on disk: its absolute path, size and time of change (ns).
FileState = tuple[str, int, int]


def _unknown(state: FileState) -> str | None:
    return None


class Identity:
    """Makes the keys of the items of one run.

    Args:
        known_hash: Returns the hash of a large file that an earlier run has read; ``None`` if
            that file is not known, or has changed.
    """

    def __init__(self, known_hash: Callable[[FileState], str | None] = _unknown) -> None:
        self._known_hash = known_hash
        self._hashes: OrderedDict[FileState, str] = OrderedDict()
        self._counts = NumberTable()

    def key(self, index: int, payload: Any) -> ItemKey:
        """Return the key of the next item.

        A payload that cannot be sent also has a key, such as one with a file that does not exist. A
        stream that can be read only once is not read, so the key of its item is always new.

        Args:
            index: The position of the item among the payloads.
            payload: The payload, as for `submit`.
        """
        reading = _Reading(self._file_hash)
        text = reading.text(payload)
        digest = hashlib.blake2b(text.encode(), digest_size=KEY_LENGTH // 2)
        number = int.from_bytes(digest.digest()[:8], "big")
        count = self._counts.get(number) or 0
        self._counts.put(number, count + 1)
        if count:
            digest.update(f" {count}".encode())
        shown = _shown(payload) if reading.has_objects else text
        if shown is not None and len(shown) > _LONGEST:
            shown = None
        return ItemKey._make(
            text=digest.hexdigest(), index=index, payload=shown, hashed=tuple(reading.large)
        )

    def _file_hash(self, path: str, status: os.stat_result) -> tuple[FileState, str]:
        """Return the state of a file on disk, and the hash of its content."""
        state = (os.path.abspath(path), status.st_size, status.st_mtime_ns)
        known = self._hashes.get(state)
        if known is None and state[1] >= LARGE:
            known = self._known_hash(state)
        if known is None:
            with open(path, "rb", buffering=0) as file:
                known = _hash(iter(lambda: file.read(CHUNK_BYTES), b""))
        self._hashes[state] = known
        self._hashes.move_to_end(state)
        if len(self._hashes) > _REMEMBERED:
            self._hashes.popitem(last=False)
        return state, known


class _Reading:
    """Converts one payload to a text. Equal payloads have equal texts.

    Args:
        file_hash: Returns the state and the hash of a file on disk.

    Attributes:
        has_objects: Whether the payload has values that are not JSON, such as files.
        large: The state and the hash of each large file in it.
    """

    def __init__(self, file_hash: Callable[[str, os.stat_result], tuple[FileState, str]]) -> None:
        self._file_hash = file_hash
        self.has_objects = False
        self.large: list[tuple[str, int, int, str]] = []

    def text(self, payload: Any) -> str:
        for is_sorted in (True, False):  # keys of several types cannot be sorted
            try:
                return json.dumps(payload, sort_keys=is_sorted, default=self._described)
            except (TypeError, ValueError, RecursionError):
                self.has_objects = True
        return json.dumps(_unsendable(payload))

    def _described(self, value: Any) -> Any:
        """Return JSON for a value that is not JSON: equal for values with equal content."""
        self.has_objects = True
        try:
            described = self._file(value)
        except (GradioClientError, OSError, ValueError):
            return ["\0unreadable", _name(value)]
        if described is not None:
            return described
        if _is_numbers(value):
            return ["\0array", value.dtype.str, value.shape, _hash([value.tobytes()])]
        if isinstance(value, Sequence):
            return list(value)
        try:
            return as_sent(value)
        except TypeError:
            return _unsendable(value)

    def _file(self, value: Any) -> Any:
        """Return what identifies a file; ``None`` if the value is not a file."""
        if isinstance(value, (bytes, bytearray, memoryview)):
            return _content(_hash([bytes(value)]))
        if isinstance(value, (RemoteFile, _ServerFile)):
            return _remote(value if isinstance(value, RemoteFile) else value.remote)
        if isinstance(value, Link):
            return ["\0link", value.url]
        if isinstance(value, (os.PathLike, PathFile)):
            return self._on_disk(_path(value))
        if _is_picture(value):
            pixels = _hash([value.tobytes()])
            return ["\0picture", value.mode, value.size, pixels, value.getpalette()]
        if not isinstance(value, LocalFile):
            if _package(value) in ("numpy", "pandas") or not hasattr(value, "read"):
                return None
            value = open_file(value)
        if isinstance(value, StreamFile):
            return ["\0stream", secrets.token_hex(16)]
        with value.open() as file:
            return _content(_hash(iter(lambda: file.read(CHUNK_BYTES), b"")))

    def _on_disk(self, path: str) -> Any:
        status = os.stat(path)
        if stat.S_ISFIFO(status.st_mode):
            return ["\0stream", secrets.token_hex(16)]
        if not stat.S_ISREG(status.st_mode):
            return ["\0unreadable", path]
        state, digest = self._file_hash(path, status)
        if state[1] >= LARGE:
            self.large.append((*state, digest))
        return _content(digest)


def _is_numbers(value: Any) -> bool:
    """Return whether a value is an array whose content is in its memory."""
    if _package(value) != "numpy" or not hasattr(value, "dtype"):
        return False
    return value.ndim > 0 and not value.dtype.hasobject


def _content(digest: str) -> list[str]:
    return ["\0content", digest]


def _unsendable(value: Any) -> list[str]:
    """Return the text for a value that no call accepts; its item always fails."""
    return ["\0unsendable", type(value).__qualname__]


def _remote(file: RemoteFile) -> list[Any]:
    """Return what identifies a file on a server. It is not downloaded for this."""
    inline = file._facts.inline
    if inline is not None:
        return ["\0inline", _hash([inline.encode()])]
    return ["\0remote", file.path, file.url, file.size]


def _hash(pieces: Iterable[bytes]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _path(value: os.PathLike[str] | PathFile) -> str:
    path = value.path if isinstance(value, PathFile) else value
    return os.path.expanduser(os.fsdecode(path))


# -- for readers of the journal -------------------------------------------------------


def _shown(payload: Any) -> str | None:
    """Return a payload as JSON text, with a name for each file in it; ``None`` if impossible."""
    try:
        return json.dumps(payload, default=_name)
    except (TypeError, ValueError, RecursionError):
        return None


def _name(value: Any) -> Any:
    if isinstance(value, RemoteFile):
        return value.path or value.orig_name
    if isinstance(value, (os.PathLike, PathFile)):
        return _path(value)
    if isinstance(value, Link):
        return value.url
    if isinstance(value, LocalFile):
        return value.orig_name
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if _package(value) == "numpy" and hasattr(value, "item") and value.ndim == 0:
        return value.item()
    name = getattr(value, "name", None) if hasattr(value, "read") else None
    return name if isinstance(name, str) else f"<{type(value).__name__}>"
