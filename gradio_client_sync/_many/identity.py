"""`Identity`: by what a journal recognises an item in a later run.

An item is recognised by its payload. A file counts by its content, not by its name. A payload that
occurs several times counts by how often it has occurred before, so the items of a run are
identified in their order.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Callable

from .._files.sources import Link, LocalFile, PathFile, StreamFile, open_file
from .._transport.body import CHUNK_BYTES
from ..errors import GradioClientError
from ..files import RemoteFile, _is_picture, _package, _ServerFile
from .journal_format import KEY_LENGTH, ItemKey
from .number_table import NumberTable

#: Bytes; the hash of a larger file is remembered by the file's path, size and time of change.
LARGE = 2**18

_REMEMBERED = 1_000  # hashes of files that are kept in memory
_LONGEST = 4_096  # characters of a payload in a journal

#: A large file: its absolute path, size and time of change (ns).
FileState = tuple[str, int, int]


class Identity:
    """Makes the keys of the items of one run.

    Args:
        known_hash: Returns the hash of a large file that an earlier run has read; ``None`` if
            that file is not known, or has changed.
    """

    def __init__(self, known_hash: Callable[[FileState], str | None] = lambda state: None) -> None:
        self._known_hash = known_hash
        self._hashes: OrderedDict[FileState, str] = OrderedDict()
        self._occurred = NumberTable()

    def key(self, index: int, payload: Any) -> ItemKey:
        """Return the key of the next item.

        This never fails: a payload that cannot be sent, such as a file that does not exist, has a
        key, too. An item with a stream that can be read only once has a key that no other item
        has.

        Args:
            index: The position of the item among the payloads.
            payload: The payload, as for `submit`.
        """
        reading = _Reading(self)
        text = reading.text(payload)
        digest = hashlib.blake2b(text.encode(), digest_size=KEY_LENGTH // 2)
        number = int.from_bytes(digest.digest()[:8], "big")
        before = self._occurred.get(number) or 0
        self._occurred.put(number, before + 1)
        if before:
            digest.update(f" {before}".encode())
        shown = text if not reading.has_objects else _shown(payload)
        if shown is not None and len(shown) > _LONGEST:
            shown = None
        return ItemKey(digest.hexdigest(), index, shown, tuple(reading.hashed))

    def hash_of(self, path: str, status: os.stat_result) -> tuple[str, FileState]:
        """Return the hash of a file on disk, and the state of the file that has it."""
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
        return known, state


class _Reading:
    """Turns one payload into text that is equal for equal payloads.

    Attributes:
        has_objects: The payload has values that are not JSON, such as files.
        hashed: The large files in it.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self.has_objects = False
        self.hashed: list[tuple[str, int, int, str]] = []

    def text(self, payload: Any) -> str:
        try:
            return json.dumps(payload, sort_keys=True, default=self._described)
        except (TypeError, ValueError, RecursionError):
            # Such as keys that are no texts. `submit` refuses them, so no result is ever found.
            self.has_objects = True
            return _unlike_others()

    def _described(self, value: Any) -> Any:
        """Return a value that is not JSON as JSON. Values with equal content are equal."""
        self.has_objects = True
        if isinstance(value, Mapping):
            return dict(value)
        try:
            described = self._file(value)
        except (GradioClientError, OSError, ValueError):
            described = ["unreadable", _name(value)]
        if described is not None:
            return described
        return _plain_object(value)

    def _file(self, value: Any) -> Any:
        """Return what identifies a file; ``None`` if the value is not a file."""
        if isinstance(value, (bytes, bytearray, memoryview)):
            return _content(_hash([value]))
        if isinstance(value, RemoteFile):
            return _remote(value)
        if isinstance(value, _ServerFile):
            return _remote(value.remote)
        if isinstance(value, Link):
            return ["link", value.url]
        if isinstance(value, PathFile):
            return self._on_disk(os.fspath(value.path))
        if isinstance(value, os.PathLike):
            return self._on_disk(os.path.expanduser(os.fsdecode(value)))
        if _is_picture(value):
            return ["picture", value.mode, value.size, _hash([value.tobytes()]), value.getpalette()]
        if not isinstance(value, LocalFile):
            if _package(value) in ("numpy", "pandas") or not hasattr(value, "read"):
                return None
            value = open_file(value)
        if isinstance(value, StreamFile):
            return _unlike_others()
        with value.open() as file:
            return _content(_hash(iter(lambda: file.read(CHUNK_BYTES), b"")))

    def _on_disk(self, path: str) -> Any:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return _unlike_others() if stat.S_ISFIFO(status.st_mode) else ["unreadable", path]
        digest, state = self._identity.hash_of(path, status)
        if state[1] >= LARGE:
            self.hashed.append((*state, digest))
        return _content(digest)


def _content(digest: str) -> Any:
    return ["content", digest]


def _hash(pieces: Iterable[Any]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _unlike_others() -> str:
    return secrets.token_hex(16)


def _remote(file: RemoteFile) -> Any:
    """Return what identifies a file on a server. It is not downloaded for this."""
    inline = file._facts.inline
    if inline is not None:
        return ["inline", _hash([inline.encode()])]
    return ["remote", file.path, file.url, file.size]


def _plain_object(value: Any) -> Any:
    """Return what identifies an array, a table, a date or another object."""
    package = _package(value)
    if package == "numpy" and hasattr(value, "dtype"):
        if value.ndim == 0:
            return value.item()
        if value.dtype.hasobject:
            return value.tolist()
        return ["array", value.dtype.str, value.shape, _hash([value.tobytes()])]
    if package == "pandas" and hasattr(value, "to_numpy"):
        columns = list(value.columns) if hasattr(value, "columns") else []
        return ["table", columns, list(getattr(value, "index", ())), value.to_numpy().tolist()]
    if isinstance(value, Set):
        return ["set", sorted(map(repr, value))]
    if isinstance(value, Sequence):
        return list(value)
    kind: Any = type(value)
    if kind.__repr__ is object.__repr__:
        return _unlike_others()
    return [kind.__qualname__, repr(value)]


def _shown(payload: Any) -> str | None:
    """Return a payload as JSON text, with a text for each object in it."""
    try:
        return json.dumps(payload, default=_name)
    except (TypeError, ValueError, RecursionError):
        return None


def _name(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, RemoteFile):
        return value.path or value.orig_name
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if isinstance(value, PathFile):
        return os.fspath(value.path)
    if isinstance(value, Link):
        return value.url
    if isinstance(value, LocalFile):
        return value.orig_name
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{len(value)} bytes"
    name = getattr(value, "name", None)
    if isinstance(name, str):
        return name
    return f"<{type(value).__name__}>"
